//! Builds and runs the conformance program. It is for `cargo mutants`, which runs `cargo test` only, and is run where it is
//! named: see the part `mutants` of `run.sh`.

use std::{env, process::Command};

#[test]
fn the_conformance_program_succeeds() {
    let target = env::var("MUTANTS_TARGET").expect("MUTANTS_TARGET names the target");
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/freestanding");
    let target_dir = concat!(env!("CARGO_MANIFEST_DIR"), "/target/conformance");
    let built = Command::new(env!("CARGO"))
        .args([
            "build",
            "-q",
            "--locked",
            "--bin",
            "conformance",
            "--target",
            &target,
            "--target-dir",
            target_dir,
        ])
        .current_dir(dir)
        .status();
    assert!(built.expect("cargo runs").success());
    let program = format!("{target_dir}/{target}/debug/conformance");
    assert!(Command::new(program).status().expect("it runs").success());
}
