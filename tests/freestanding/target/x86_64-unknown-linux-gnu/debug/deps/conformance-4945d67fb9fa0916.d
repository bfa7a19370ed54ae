/work/main/tests/freestanding/target/x86_64-unknown-linux-gnu/debug/deps/conformance-4945d67fb9fa0916.d: src/bin/conformance/main.rs src/bin/conformance/doors.rs src/bin/conformance/memory.rs src/bin/conformance/pairs.rs src/bin/conformance/refusals.rs src/bin/conformance/report.rs Cargo.toml

/work/main/tests/freestanding/target/x86_64-unknown-linux-gnu/debug/deps/libconformance-4945d67fb9fa0916.rmeta: src/bin/conformance/main.rs src/bin/conformance/doors.rs src/bin/conformance/memory.rs src/bin/conformance/pairs.rs src/bin/conformance/refusals.rs src/bin/conformance/report.rs Cargo.toml

src/bin/conformance/main.rs:
src/bin/conformance/doors.rs:
src/bin/conformance/memory.rs:
src/bin/conformance/pairs.rs:
src/bin/conformance/refusals.rs:
src/bin/conformance/report.rs:
Cargo.toml:

# env-dep:CLIPPY_ARGS=-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__
# env-dep:CLIPPY_CONF_DIR
