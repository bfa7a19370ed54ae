#!/bin/sh
# Checks that error messages state what to do: the compiler's for the programs in tests/error_messages, each of which begins with
# the lines that it must report; cargo's; and those of the scripts.
set -u
# shellcheck source=tests/check.sh
. "$(dirname "$0")/check.sh"
dir=$CARGO_TARGET_DIR/tests/error_messages
mkdir -p "$dir"
host=$(rustc -vV | sed -n 's/^host: //p')
built=$dir/$host/debug

# reports WHAT TEXT LINE...: whether each line is in the text.
reports() {
	what=$1 text=$2
	shift 2
	for line; do
		case $text in
		*"$line"*) check "$what reports" "$line" "$line" ;;
		*) check "$what reports" "$text" "$line" ;;
		esac
	done
}

cargo build -q --locked --target "$host" --target-dir "$dir" || exit 1
for program in tests/error_messages/*.rs; do
	seen=$(rustc --edition 2024 --crate-type lib --emit metadata --out-dir "$dir" -L "dependency=$built/deps" \
		--extern "linux_socketpair=$built/liblinux_socketpair.rlib" "$program" 2>&1)
	while read -r comment line; do
		[ "$comment" = '//!' ] || break
		reports "$(basename "$program" .rs)" "$(echo "$seen" | sed 's/^error\[E[0-9]*\]/error/')" "$line"
	done <"$program"
done

reports "an example that needs std" "$(cargo run -q --locked --example pass_fd 2>&1)" 'requires the features: `std`' '--features="std"'
reports "an unknown target" "$(sh tests/run.sh i387 2>&1)" "there is no i387, but: x86_64 i386"
reports "a folder without a kernel" "$(sh tests/run.sh "boot:i386:$dir" 2>&1)" "$dir contains no vmlinuz"
reports "a script without its arguments" "$(sh tests/size.sh 2>&1)" "sh tests/size.sh TARGET"
reports "a script with an unknown target" "$(sh tests/size.sh i387 2>&1)" "has no target 'i387', but: x86_64 i386"
if [ -e /usr/bin/rustup ]; then
	skip "a machine without rustup" "the system has one"
else
	reports "a machine without rustup" "$(HOME=$dir PATH=/usr/bin:/bin sh tests/run.sh 2>&1)" "rustup, Rust's installer, is missing"
fi
close_count
