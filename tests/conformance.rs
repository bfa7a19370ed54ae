//! Builds the conformance program and runs it, for `cargo mutants`, which runs only `cargo test`. `cargo test` runs this only if
//! it is named, as the part `mutants` of `run.sh` does.

use std::{env, process::Command};

/// The variable CONFORMANCE contains the target, and then emulators with which to run it again.
#[test]
fn the_conformance_program_passes() {
    let settings = env::var("CONFORMANCE").expect("CONFORMANCE=TARGET [EMULATOR]...");
    let mut settings = settings.split_whitespace();
    let target = settings.next().expect("a target");
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/freestanding");
    let target_dir = concat!(env!("CARGO_MANIFEST_DIR"), "/target/conformance");
    let build = [
        "build",
        "-q",
        "--locked",
        "--bin",
        "conformance",
        "--target-dir",
        target_dir,
        "--target",
        target,
    ];
    let run = |command: &mut Command| assert!(command.status().expect("it runs").success());

    run(Command::new(env!("CARGO")).args(build).current_dir(dir));
    let program = format!("{target_dir}/{target}/debug/conformance");
    // What never ends must not outlive this test.
    let limited = |args: &[&str]| run(Command::new("timeout").args(["--kill-after=1", "120"]).args(args));
    limited(&[&program]);
    for emulator in settings {
        limited(&[emulator, &program, "qemu-user"]);
    }
}
