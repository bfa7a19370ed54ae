#!/bin/sh
# Compares the smallest program that makes a pair, sends five bytes through it and prints them with others that do the same:
#
#   sh tests/size.sh TARGET
#
# tests/size/ contains the programs: with this crate, with rustix, and in assembly. Each must work, and the first must keep
# its budget, tests/size/budgets.
set -u
cd "$(dirname "$0")/.." || exit 1
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"
targets=tests/targets
. tests/targets.sh
. tests/check.sh
describe target "$1" || { echo "no target $1 in tests/targets" >&2; exit 1; }
. tests/compiler.sh

(cd tests/size && cargo build -q --locked --release --target "$triple") || exit 1

run=
[ $native = yes ] || run=$emulator
program() { printf %s "$CARGO_TARGET_DIR/$triple/release/$1"; }
text() { "$size" "$(program "$1")" | awk 'NR == 2 { print $1 }'; }
file() { wc -c <"$(program "$1")" | tr -d ' '; }

programs="ours by_rustix"
for name in by_hand by_hand_int80; do
	# by_hand.rs contains by_hand/TARGET.s
	if [ -e "tests/size/by_hand/$target${name#by_hand}.s" ]; then
		programs="$name $programs"
	elif [ $name = by_hand ]; then
		skip "the size of the program in assembly" "tests/size/by_hand has none for $target"
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
