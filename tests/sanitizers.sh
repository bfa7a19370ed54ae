#!/bin/sh
# The hosted tests and the examples of the documentation under AddressSanitizer, which sees memory used out of bounds or
# after its end, and under ThreadSanitizer, which sees data races. The standard library is built with them.
#
#   sh tests/sanitize.sh [address] [thread]
set -u
cd "$(dirname "$0")/.." || exit 1
PATH=$PATH:$HOME/.cargo/bin
export CARGO_TERM_COLOR=never
# The child of a fork starts threads, which is where they make the first calls of a process.
export TSAN_OPTIONS=die_after_fork=0
dir=${CARGO_TARGET_DIR:-$PWD/target}/sanitize
[ $# -gt 0 ] || set -- address thread

status=0
for sanitizer; do
	echo "$sanitizer:"
	export CARGO_TARGET_DIR="$dir/$sanitizer" RUSTFLAGS="-Zsanitizer=$sanitizer" RUSTDOCFLAGS="-Zsanitizer=$sanitizer"
	# Where a target is named, the flags don't reach what is built for the host: build scripts and macros.
	cargo +nightly test -q --locked -Zbuild-std --target x86_64-unknown-linux-gnu --all-features --no-fail-fast || status=1
done
exit $status
