#!/bin/sh
# Checks what freestanding programs contain, and what is between a caller and the kernel:
#
#   sh tests/binary.sh TARGET SMALLEST EVERYTHING CONFORMANCE [SMALLEST-UNOPTIMIZED]
set -u
# shellcheck source=tests/check.sh
. "$(dirname "$0")/check.sh"
usage 4 "$@"
require_target "$1"
smallest=$2 everything=$3 conformance=$4 unoptimized=${5:-}

for program in ${unoptimized:+"$unoptimized"} "$smallest" "$everything" "$conformance"; do
	name=$(basename "$(dirname "$program")")/$(basename "$program")
	check "$name: has symbols" "$([ "$("$objdump" -t "$program" | wc -l)" -gt 4 ] && echo yes)" yes
	# ARM's unwind tables name functions of an unwinder, which nothing calls.
	check "$name: undefined symbols" "$("$objdump" -t "$program" | grep -F '*UND*' | grep -cv ' __aeabi_unwind_cpp_pr[01]$')" 0
	check "$name: interpreters" "$("$objdump" -p "$program" | grep -c INTERP)" 0
	check "$name: dynamic sections" "$("$objdump" -p "$program" | grep -c DYNAMIC)" 0
	check "$name: needed libraries" "$("$objdump" -p "$program" | grep -c NEEDED)" 0
done
for program in ${unoptimized:+"$unoptimized"} "$smallest" "$everything"; do
	name=$(basename "$(dirname "$program")")/$(basename "$program")
	check "$name: memory functions" "$("$objdump" -t "$program" | grep -cE ' (mem(cpy|move|set|cmp)|bcmp|strlen|wcslen)$')" 0
done

# A program that can panic contains functions with that word in their names: `conformance` does, which shows that the
# check works.
check "everything: panic functions" "$("$objdump" -t "$everything" | grep -ci panic)" 0
check "conformance: has panic functions" "$([ "$("$objdump" -t "$conformance" | grep -ci panic)" -gt 0 ] && echo yes)" yes

# The function make_pair of `smallest` is `socketpair`, inlined, and nothing else.
make_pair=$("$objdump" -d --no-show-raw-insn "$smallest" |
	awk '/^[0-9a-f]+ <.*>:$/ { inside = / <make_pair>:$/ } inside && /^ *[0-9a-f]+:/ { sub(/^ *[0-9a-f]+:[ \t]*/, ""); print }')
echo "$make_pair" | sed 's/^/      /'
check "socketpair: instructions that enter the kernel" "$(echo "$make_pair" | grep -cE "$entry")" "$entries"
check "socketpair: function calls" \
	"$(echo "$make_pair" | grep -E "$call([[:space:]]|$)" | grep -cvF "${lookup:-no function}")" 0

close_count
