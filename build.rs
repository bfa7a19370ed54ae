//! Rejects, with one line each, a target that no file of `arch/` supports, and a compiler that can't compile that file. A
//! target is supported if `arch/mod.rs` selects a file for it.

use std::{env, fs, process::Command};

/// What one `cfg_attr` of `arch/mod.rs` contains: the architecture, its pointer width, and the file.
struct Architecture<'a> {
    name: &'a str,
    width: &'a str,
    file: &'a str,
}

impl<'a> Architecture<'a> {
    /// `attribute` is `all(target_arch = "NAME", target_pointer_width = "WIDTH"), path = "FILE")]`, on one line or several.
    fn from_attribute(attribute: &'a str) -> Option<Self> {
        let mut quoted = attribute.split('"').skip(1).step_by(2);
        Some(Self {
            name: quoted.next()?,
            width: quoted.next()?,
            file: quoted.next()?,
        })
    }

    /// The minor version of the first Rust 1.x that compiles the file. A file that needs more than the crate's
    /// `rust-version` has a line that states it.
    fn rust_minor(&self) -> Option<u32> {
        let text = fs::read_to_string(format!("arch/{}", self.file)).expect("arch/mod.rs names files in arch/");
        let line = text.lines().find_map(|line| line.strip_prefix("//! - Rust: 1."))?;
        Some(line.parse().expect("a minor version"))
    }
}

fn main() {
    println!("cargo::rerun-if-changed=arch");
    let var = |name| env::var(name).unwrap_or_else(|_| panic!("cargo sets {name}"));
    let (target, os) = (var("TARGET"), var("CARGO_CFG_TARGET_OS"));
    let (arch, width) = (var("CARGO_CFG_TARGET_ARCH"), var("CARGO_CFG_TARGET_POINTER_WIDTH"));

    let supported: Vec<_> = include_str!("arch/mod.rs")
        .split("#[cfg_attr(")
        .skip(1)
        .filter_map(Architecture::from_attribute)
        .collect();
    let found = supported.iter().find(|row| row.name == arch && row.width == width);
    let Some(found) = found.filter(|_| os == "linux" || os == "android") else {
        let supported: Vec<_> = supported
            .iter()
            .map(|row| format!("{}-bit {}", row.width, row.name))
            .collect();
        println!(
            "cargo::error={target} ({os}, {width}-bit {arch}) is not supported; supported are linux and android on {}",
            supported.join(", "),
        );
        return;
    };
    if let Some(minor) = found.rust_minor() {
        let version = Command::new(var("RUSTC"))
            .arg("--version")
            .output()
            .expect("cargo sets RUSTC to a compiler");
        let version = String::from_utf8_lossy(&version.stdout);
        // rustc 1.95.0 (59807616e 2026-04-14)
        let present = version
            .split('.')
            .nth(1)
            .and_then(|present| present.parse::<u32>().ok());
        if present.is_some_and(|present| present < minor) {
            println!(
                "cargo::error={target} needs Rust 1.{minor} or later for inline assembly; this is {}",
                version.trim()
            );
        }
    }
}
