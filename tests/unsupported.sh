#!/bin/sh
# What is no target is refused at build time, in one line that names it and those that are:
#
#   sh tests/others.sh TRIPLE
#
# TRIPLE is built for in earnest. For the rest rustc brings no library, so the build script alone is asked.
set -u
works='Linux on x86_64, i386 (x86), aarch64 and riscv64 works'
dir=$CARGO_TARGET_DIR/tests/others
mkdir -p "$dir"

. "$(dirname "$0")/same.sh"

errors=$(cargo check -q --locked --target "$1" 2>&1 | grep '^error: ' | grep -v 'build script logged errors')
same "cargo check --target $1" "$errors" \
	"error: linux-socketpair@0.1.0: no file in arch/ serves $1 (32-bit arm): $works"

rustc --edition 2024 -o "$dir/build-script" build.rs || exit 1
# ask TRIPLE ARCH WIDTH OS
ask() {
	rm -f "$dir/arch.rs"
	TARGET=$1 CARGO_CFG_TARGET_ARCH=$2 CARGO_CFG_TARGET_POINTER_WIDTH=$3 CARGO_CFG_TARGET_OS=$4 \
		CARGO_MANIFEST_DIR=$PWD OUT_DIR=$dir "$dir/build-script" | grep -v rerun-if-changed
	cat "$dir/arch.rs" 2>/dev/null
}
while read -r triple arch width os; do
	same "$triple" "$(ask "$triple" "$arch" "$width" "$os")" \
		"cargo::error=no file in arch/ serves $triple ($width-bit $arch): $works"
done <<END
x86_64-unknown-linux-gnux32 x86_64 32 linux
aarch64-unknown-linux-gnu_ilp32 aarch64 32 linux
riscv32gc-unknown-linux-gnu riscv32 32 linux
s390x-unknown-linux-gnu s390x 64 linux
powerpc64le-unknown-linux-gnu powerpc64 64 linux
loongarch64-unknown-linux-gnu loongarch64 64 linux
x86_64-unknown-freebsd x86_64 64 freebsd
aarch64-apple-darwin aarch64 64 macos
END
while read -r triple arch width os file; do
	same "$triple" "$(ask "$triple" "$arch" "$width" "$os")" "#[path = \"$PWD/arch/$file\"]
mod door;"
done <<END
x86_64-unknown-linux-gnu x86_64 64 linux x86_64.rs
i686-unknown-linux-musl x86 32 linux i386.rs
aarch64-linux-android aarch64 64 android aarch64.rs
riscv64gc-unknown-linux-gnu riscv64 64 linux riscv64.rs
END

close_count
