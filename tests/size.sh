#!/bin/sh
# Compares the smallest program that makes a pair, sends five bytes through it and prints them with others that do the same:
#
#   sh tests/size.sh TARGET
#
# tests/size/ contains the programs: with this crate, with rustix, and, for some architectures, in assembly. Each must work, and
# the first must keep its budget in tests/size/budgets.
set -u
# shellcheck source=tests/check.sh
. "$(dirname "$0")/check.sh"
usage 1 "$@"
require_target "$1"
. tests/compiler.sh

# build PROGRAM
build() { (cd tests/size && cargo build -q --locked --release --target "$triple" --bin "$1"); }
build ours || exit 1
arch=$(rustc --print cfg --target "$triple" | sed -n 's/^target_arch="\(.*\)"$/\1/p')

run=
[ $native = yes ] || run=$emulator
program() { printf %s "$CARGO_TARGET_DIR/$triple/release/$1"; }
text() { "$size" "$(program "$1")" | awk 'NR == 2 { print $1 }'; }
file() { wc -c <"$(program "$1")" | tr -d ' '; }

programs=ours
log=$CARGO_TARGET_DIR/tests/size.$target.log
mkdir -p "$CARGO_TARGET_DIR/tests"
if build with_rustix 2>"$log"; then
	programs="$programs with_rustix"
elif grep -q 'unable to find library -lc' "$log"; then
	skip "the size of the program with rustix" "its calls go through libc on $arch"
else
	cat "$log"
	exit 1
fi
for name in assembly assembly_int80; do
	if [ -e "tests/size/assembly/$arch${name#assembly}.s" ]; then
		build $name || exit 1
		programs="$name $programs"
	elif [ $name = assembly ]; then
		skip "the size of the program in assembly" "tests/size/assembly has none for $arch"
	fi
done
for name in $programs; do
	check "$name: output and exit status" "$(limited 60 $run "$(program "$name")"; echo " $?")" "hello 0"
	limited 60 $run "$(program "$name")" >/dev/full
	check "$name: exit status when standard output is full (ENOSPC)" $? 28
done

printf '      %-14s %6s %6s\n' "" text file
for name in $programs; do
	printf '      %-14s %6d %6d\n' "$name" "$(text "$name")" "$(file "$name")"
done

# budget WHAT SEEN BUDGET
budget() {
	if [ $enforce = no ]; then
		skip "ours: bytes of $1: $2, budget ${3:-missing}" "$why_not"
	elif [ -z "$3" ]; then
		skip "ours: bytes of $1: $2" "tests/size/budgets has no row for $target"
	else
		check "ours: bytes of $1" "$2" "$3"
		[ "$2" -ge "$3" ] || echo "      smaller than its budget: lower that in tests/size/budgets"
	fi
}
budget text "$(text ours)" "$(awk -v target="$target" '$1 == target { print $2 }' tests/size/budgets)"
budget file "$(file ours)" "$(awk -v target="$target" '$1 == target { print $3 }' tests/size/budgets)"

close_count
