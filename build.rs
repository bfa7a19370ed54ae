//! Rejects a target that no file of `arch/` serves, and a compiler that can't compile the file, in one line each.

use std::{env, process::Command};

/// What the crate supports: rustc's name and pointer width, and the minor version of the first Rust 1.x that has
/// inline assembly for it; 0 where the crate's minimum Rust has.
const ARCHITECTURES: [(&str, &str, u32); 10] = [
    ("aarch64", "64", 0),
    ("arm", "32", 0),
    ("loongarch64", "64", 0),
    ("powerpc", "32", 95),
    ("powerpc64", "64", 95),
    ("riscv32", "32", 0),
    ("riscv64", "64", 0),
    ("s390x", "64", 0),
    ("x86", "32", 0),
    ("x86_64", "64", 0),
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let var = |name| env::var(name).unwrap_or_else(|_| panic!("cargo sets {name}"));
    let (target, os) = (var("TARGET"), var("CARGO_CFG_TARGET_OS"));
    let (arch, width) = (var("CARGO_CFG_TARGET_ARCH"), var("CARGO_CFG_TARGET_POINTER_WIDTH"));

    let supported = ARCHITECTURES.iter().find(|row| row.0 == arch && row.1 == width);
    match supported.filter(|_| os == "linux" || os == "android") {
        None => println!(
            "cargo::error={target} ({os}, {width}-bit {arch}) is not supported; supported are linux and android on {}",
            ARCHITECTURES
                .map(|(arch, width, _)| format!("{width}-bit {arch}"))
                .join(", "),
        ),
        Some((_, _, 0)) => {}
        Some((_, _, minor)) => {
            let version = Command::new(var("RUSTC"))
                .arg("--version")
                .output()
                .expect("cargo sets RUSTC to a compiler");
            let version = String::from_utf8_lossy(&version.stdout);
            // rustc 1.95.0 (59807616e 2026-04-14)
            let found = version.split('.').nth(1).and_then(|found| found.parse::<u32>().ok());
            if found.is_some_and(|found| found < *minor) {
                println!(
                    "cargo::error={target} needs Rust 1.{minor} or later for inline assembly; this is {}",
                    version.trim()
                );
            }
        }
    }
}
