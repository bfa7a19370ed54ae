//! Chooses the file of `arch/` that serves the target, or says in one line why none does.

use std::{env, fs, path::Path};

/// One line an architecture: rustc's name for it, its pointer width, its file in `arch/`.
const ARCHITECTURES: [(&str, &str, &str); 4] = [
    ("x86_64", "64", "x86_64"),
    ("x86", "32", "i386"),
    ("aarch64", "64", "aarch64"),
    ("riscv64", "64", "riscv64"),
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let var = |name| env::var(name).unwrap_or_else(|_| panic!("cargo sets {name}"));
    let arch = var("CARGO_CFG_TARGET_ARCH");
    let width = var("CARGO_CFG_TARGET_POINTER_WIDTH");
    let linux = matches!(var("CARGO_CFG_TARGET_OS").as_str(), "linux" | "android");

    match ARCHITECTURES
        .iter()
        .find(|(a, w, _)| linux && *a == arch && *w == width)
    {
        Some((_, _, file)) => {
            let file = Path::new(&var("CARGO_MANIFEST_DIR"))
                .join("arch")
                .join(file)
                .with_extension("rs");
            let chosen = Path::new(&var("OUT_DIR")).join("arch.rs");
            fs::write(chosen, format!("#[path = {file:?}]\nmod selected;\n")).expect("OUT_DIR takes a file");
        }
        None => println!(
            "cargo::error=no file in arch/ serves {} ({width}-bit {arch}): \
             Linux on x86_64, i386 (x86), aarch64 and riscv64 works",
            var("TARGET"),
        ),
    }
}
