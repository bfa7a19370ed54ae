//! Finds the target's program in assembly, `assembly/ARCHITECTURE.s`, and its variant with `int 0x80`.

use std::{env, path::Path};

fn main() {
    println!("cargo::rerun-if-changed=assembly");
    let arch = env::var("CARGO_CFG_TARGET_ARCH").expect("cargo sets it");
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("assembly");
    for (variable, suffix) in [("ASSEMBLY", ""), ("ASSEMBLY_INT80", "_int80")] {
        let file = folder.join(format!("{arch}{suffix}.s"));
        let file = if file.exists() { file } else { folder.join("none.s") };
        println!("cargo::rustc-env={variable}={}", file.display());
    }
}
