/work/main/tests/freestanding/target/x86_64-unknown-linux-gnu/debug/deps/smallest-2f7796f26f3211cb.d: src/bin/smallest.rs Cargo.toml

/work/main/tests/freestanding/target/x86_64-unknown-linux-gnu/debug/deps/libsmallest-2f7796f26f3211cb.rmeta: src/bin/smallest.rs Cargo.toml

src/bin/smallest.rs:
Cargo.toml:

# env-dep:CLIPPY_ARGS=-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__
# env-dep:CLIPPY_CONF_DIR
