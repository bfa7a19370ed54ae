#!/bin/sh
# The smallest program that makes a pair, sends five bytes through it and prints them, beside its peers:
#
#   sh tests/size.sh TARGET TRIPLE SIZE
#
# SIZE is the program of binutils for that target. tests/size/ holds the programs: over this crate, over rustix, and by
# hand. Each must do its work, and the first keep its budget.
set -u
target=$1 triple=$2 size=$3
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$(cd "$(dirname "$0")/.." && pwd)/target}"
cd "$(dirname "$0")" || exit 1
. ./same.sh
. ./compiler.sh

programs="by_hand ours by_rustix" emulator=
case $target in
i386) programs="by_hand_int80 $programs" ;;
aarch64 | riscv64) emulator=qemu-$target ;;
esac

(cd size && cargo build -q --locked --release --target "$triple") || exit 1

program() { printf %s "$CARGO_TARGET_DIR/$triple/release/$1"; }
text() { "$size" "$(program "$1")" | awk 'NR == 2 { print $1 }'; }
file() { wc -c <"$(program "$1")" | tr -d ' '; }

for name in $programs; do
	same "$name: says, and ends with" "$($emulator "$(program "$name")"; echo " $?")" "hello 0"
	$emulator "$(program "$name")" >/dev/full
	same "$name: ends, where there is no room, with ENOSPC" $? 28
done

printf '      %-14s %6s %6s %12s\n' "" text file "to by_hand's"
for name in $programs; do
	echo "$name $(text "$name") $(file "$name") $(file by_hand)"
done | awk '{ printf "      %-14s %6d %6d %+11.1f%%\n", $1, $2, $3, 100 * $3 / $4 - 100 }'

# budget WHAT SEEN EXPECTED
budget() {
	same "ours: bytes of $1" "$2" "$3"
	[ "$2" -ge "$3" ] || echo "      it takes less: write that to tests/size/budgets"
}
# shellcheck disable=SC2046 # two numbers
set -- $(sed -n "s/^$target //p" size/budgets)
budget text "$(text ours)" "$1"
budget file "$(file ours)" "$2"

close_count
