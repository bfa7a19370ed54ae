/work/main/tests/freestanding/target/x86_64-unknown-linux-gnu/debug/deps/linux_socketpair-74b2ea6f94f955b0.d: /work/main/src/lib.rs /work/main/src/../arch/mod.rs /work/main/src/errno.rs /work/main/src/pair.rs /work/main/src/syscalls.rs /work/main/src/types.rs /work/main/src/uapi.rs /work/main/src/../README.md /work/main/tests/freestanding/target/x86_64-unknown-linux-gnu/debug/build/linux-socketpair-35ef87fb4aec86b8/out/arch.rs /work/main/arch/x86_64.rs

/work/main/tests/freestanding/target/x86_64-unknown-linux-gnu/debug/deps/liblinux_socketpair-74b2ea6f94f955b0.rmeta: /work/main/src/lib.rs /work/main/src/../arch/mod.rs /work/main/src/errno.rs /work/main/src/pair.rs /work/main/src/syscalls.rs /work/main/src/types.rs /work/main/src/uapi.rs /work/main/src/../README.md /work/main/tests/freestanding/target/x86_64-unknown-linux-gnu/debug/build/linux-socketpair-35ef87fb4aec86b8/out/arch.rs /work/main/arch/x86_64.rs

/work/main/src/lib.rs:
/work/main/src/../arch/mod.rs:
/work/main/src/errno.rs:
/work/main/src/pair.rs:
/work/main/src/syscalls.rs:
/work/main/src/types.rs:
/work/main/src/uapi.rs:
/work/main/src/../README.md:
/work/main/tests/freestanding/target/x86_64-unknown-linux-gnu/debug/build/linux-socketpair-35ef87fb4aec86b8/out/arch.rs:
/work/main/arch/x86_64.rs:

# env-dep:OUT_DIR=/work/main/tests/freestanding/target/x86_64-unknown-linux-gnu/debug/build/linux-socketpair-35ef87fb4aec86b8/out
