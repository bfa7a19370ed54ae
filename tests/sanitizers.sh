#!/bin/sh
# Runs the hosted tests and the documentation's examples under AddressSanitizer, which detects out-of-bounds accesses and
# use after free, and under ThreadSanitizer, which detects data races. The standard library is built with them. It needs the
# nightly toolchain.
#
#   sh tests/sanitizers.sh [address] [thread]
set -u
# shellcheck source=tests/check.sh
. "$(dirname "$0")/check.sh"
PATH=$PATH:$HOME/.cargo/bin
export CARGO_TERM_COLOR=never
# The child of a fork starts threads: there they make the first calls of a process.
export TSAN_OPTIONS=die_after_fork=0
dir=$CARGO_TARGET_DIR/sanitizers
[ $# -gt 0 ] || set -- address thread

triple=$(rustc -vV | sed -n 's/^host: //p')
allocates=a_backtrace_inside_a_system_call_reaches_its_caller
filters=each_step_that_a_filter_rejects_is_reported_with_its_errno
supervised=a_number_that_is_no_pidfd_is_not_owned
echo "skip  $allocates (it allocates in a signal handler, on purpose)"
echo "skip  $filters (AddressSanitizer needs a call that is rejected there)"
echo "skip  $supervised (ThreadSanitizer doesn't know that the kernel suspends a supervised call)"

status=0
for sanitizer; do
	echo "$sanitizer:"
	export CARGO_TARGET_DIR="$dir/$sanitizer" RUSTFLAGS="-Zsanitizer=$sanitizer" RUSTDOCFLAGS="-Zsanitizer=$sanitizer"
	# With a target named, the flags do not apply to what is built for the host: build scripts and macros.
	cargo +nightly test -q --locked -Zbuild-std --target "$triple" --all-features --no-fail-fast -- \
		--skip "$allocates" --skip "$filters" --skip "$supervised" || status=1
done
exit $status
