#!/bin/sh
# Checks that formatting, lints, documentation and scripts are silent, in all packages.
set -u
# shellcheck source=tests/check.sh
. "$(dirname "$0")/check.sh"
host=$(rustc -vV | sed -n 's/^host: //p')

# silent FOLDER COMMAND...
silent() {
	folder=$1
	shift
	check "$folder: $*" "$(cd "$folder" && "$@" 2>&1)" ""
}

silent . cargo fmt --all --check
for options in '' --all-features; do
	# shellcheck disable=SC2086 # an option, or none
	silent . cargo clippy -q --locked --all-targets $options -- -D warnings
	# shellcheck disable=SC2086 # an option, or none
	silent . env RUSTDOCFLAGS='-D warnings' cargo doc -q --locked --no-deps $options
done
for package in tests/freestanding tests/size examples/event_loops examples/init; do
	silent $package cargo fmt --check
	silent $package cargo clippy -q --locked --all-features --target "$host" -- -D warnings
done
silent benches cargo fmt --check
silent benches cargo clippy -q --locked --all-targets --all-features -- -D warnings
silent tests/fuzz cargo fmt --check
# shellcheck disable=SC2046 # a list of files
silent . shellcheck -x -S warning $(grep -l '^#!' tests/*.sh .cargo/* .ci/run)
close_count
