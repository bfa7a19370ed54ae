/work/main/tests/freestanding/target/x86_64-unknown-linux-gnu/debug/deps/freestanding-c8f910c62ce12802.d: src/lib.rs src/machine/x86_64.rs src/raw.rs Cargo.toml

/work/main/tests/freestanding/target/x86_64-unknown-linux-gnu/debug/deps/libfreestanding-c8f910c62ce12802.rmeta: src/lib.rs src/machine/x86_64.rs src/raw.rs Cargo.toml

src/lib.rs:
src/machine/x86_64.rs:
src/raw.rs:
Cargo.toml:

# env-dep:CLIPPY_ARGS=-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__
# env-dep:CLIPPY_CONF_DIR
