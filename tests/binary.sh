#!/bin/sh
# What a freestanding program is, and what stands between its caller and the kernel:
#
#   sh tests/binary.sh TARGET OBJDUMP SMALLEST-UNOPTIMIZED SMALLEST EVERYTHING CONFORMANCE
set -u
target=$1 objdump=$2 unoptimized=$3 smallest=$4 everything=$5 conformance=$6

# i386 enters by an address in a register; until the process knows it, what finds it is called.
case $target in
x86_64) entry='^syscall' doors=1 call='^call' ;;
i386) entry='^call +\*%e' doors=2 call='^call +[^*].*<[^>]*>$' ;;
aarch64) entry='^svc' doors=1 call='^blr?' ;;
riscv64) entry='^ecall' doors=1 call='^jalr?' ;;
esac

. "$(dirname "$0")/same.sh"

for program in "$unoptimized" "$smallest" "$everything" "$conformance"; do
	name=$(basename "$(dirname "$program")")/$(basename "$program")
	same "$name: symbols in all" "$([ "$("$objdump" -t "$program" | wc -l)" -gt 4 ] && echo some)" some
	same "$name: undefined symbols" "$("$objdump" -t "$program" | grep -cF '*UND*')" 0
	same "$name: interpreters" "$("$objdump" -p "$program" | grep -c INTERP)" 0
	same "$name: dynamic sections" "$("$objdump" -p "$program" | grep -c DYNAMIC)" 0
	same "$name: needed libraries" "$("$objdump" -p "$program" | grep -c NEEDED)" 0
done
for program in "$unoptimized" "$smallest" "$everything"; do
	name=$(basename "$(dirname "$program")")/$(basename "$program")
	same "$name: memory functions" "$("$objdump" -t "$program" | grep -cE ' (mem(cpy|move|set|cmp)|bcmp|strlen)$')" 0
done

# What can panic names what it panics with: `conformance` does, and shows that it would be seen here.
same "everything: what can panic" "$("$objdump" -t "$everything" | grep -ci panic)" 0
same "conformance: what can panic" "$([ "$("$objdump" -t "$conformance" | grep -ci panic)" -gt 0 ] && echo some)" some

# The function make_pair of `smallest` is socketpair, inlined, and nothing else.
make_pair=$("$objdump" -d --no-show-raw-insn "$smallest" |
	awk '/^[0-9a-f]+ <.*>:$/ { inside = / <make_pair>:$/ } inside && /^ / { sub(/^ *[0-9a-f]+:[ \t]*/, ""); print }')
echo "$make_pair" | sed 's/^/      /'
same "socketpair: system-call instructions" "$(echo "$make_pair" | grep -cE "$entry")" "$doors"
same "socketpair: calls" "$(echo "$make_pair" | grep -E "$call([[:space:]]|$)" | grep -cv find_entry)" 0

close_count
