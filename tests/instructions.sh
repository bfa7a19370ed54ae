#!/bin/sh
# Counts the instructions between a caller and the kernel, and holds them against tests/instructions/budgets:
#
#   sh tests/instructions.sh x86_64|i386|aarch64|riscv64 [FILE]
#
# Each call of the crate is a function of tests/instructions; beside it is the same work by the crate `syscalls`, and
# for the pair by others. What counts is what runs from a function's first instruction to its return, without the
# kernel's own: callgrind counts it, and on another architecture it is the disassembly of what QEMU runs. It is the
# difference of two runs, so that what is done once doesn't count.
#
# Over its budget a count fails. Under it, it fails until the budget is lowered to it: a budget only goes down. A call
# without a row fails as well. What the kernel refuses, or QEMU in its place, is skipped by name.
#
# With FILE, the counts are added to it, a line each: target, call, peer, count, with tabs between.
set -u
target=$1 file=${2:-/dev/null}
case $file in /*) ;; *) file=$PWD/$file ;; esac
cd "$(dirname "$0")/.." || exit 1
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"

case $target in
x86_64) triple=x86_64-unknown-linux-gnu emulator= ;;
i386) triple=i686-unknown-linux-gnu emulator= ;;
aarch64) triple=aarch64-unknown-linux-gnu emulator=qemu-aarch64 ;;
riscv64) triple=riscv64gc-unknown-linux-gnu emulator=qemu-riscv64 ;;
*) echo "no target $target" >&2; exit 1 ;;
esac

. tests/compiler.sh
(cd tests/instructions && cargo build -q --locked --release --target "$triple") || exit
program=$CARGO_TARGET_DIR/$triple/release/instructions
counts=$CARGO_TARGET_DIR/tests/instructions.$target
mkdir -p "$counts"
# The names of their functions, as the tables of symbols have them: PEER.CALL.
functions='^(ours|syscalls|libc|nix|rustix|std)[.]'

# Where there are groups to count, the kernel answers otherwise than where there are none.
without=
: >"$counts/refused"
grep -q '^Groups:.*[0-9]' /proc/self/status && {
	echo "peer_group_count its user has groups" >"$counts/refused"
	without=peer_group_count
}
# It ends at the first call that is refused, and is asked again without it.
# shellcheck disable=SC2086 # a list of calls
while ! refused=$($emulator "$program" 1 $without); do
	[ -n "$refused" ] || exit
	call=$(expr "$refused" : 'refused [a-z]*\.\([a-z_]*\) ') || exit
	echo "$call errno ${refused##* }" >>"$counts/refused"
	without="$without $call"
done

# count TIMES: a line each, the function and what it took in so many times, and how much of that saves d8 to d15.
# shellcheck disable=SC2086 # a list of calls
count() {
	if [ -z "$emulator" ]; then
		valgrind -q --tool=callgrind --callgrind-out-file="$counts/callgrind" --compress-strings=no --compress-pos=no \
			--vgdb=no "$program" "$1" $without >&2 || exit
		# A function's lines are its own costs, and those of what it called, each behind its line `calls=`.
		awk -v functions="$functions" '
			/^fn=/ { name = substr($0, 4) }
			/^[0-9]/ && name ~ functions { took[name] += $2 }
			END { for (name in took) print name, took[name], 0 }' "$counts/callgrind"
	else
		# A block is disassembled when it is met first (`IN:`), and named each time that it runs (`Trace`).
		"$emulator" -d in_asm,exec,nochain "$program" "$1" $without 2>&1 >/dev/null | awk -v functions="$functions" '
			/^IN:/ { block = "" }
			/^0x/ {
				at = $1
				gsub(/^0x0*|:$/, "", at)
				if (block == "") { block = at; length_of[block] = saves_of[block] = 0 }
				length_of[block]++
				if (/[\t ](stp|ldp|str|ldr)[\t ]+d(8|9|1[0-5]),/) saves_of[block]++
			}
			/^Trace/ {
				split($0, part, "/")
				at = part[2]
				sub(/^0*/, "", at)
				if ($NF ~ functions) name = $NF
				else if ($NF ~ /instructions.*repeat/) name = "" # which calls them
				if (name != "") { took[name] += length_of[at]; saves[name] += saves_of[at] }
			}
			END { for (name in took) print name, took[name], saves[name] }'
	fi
}
count 10 | sort >"$counts/ten"
count 20 | sort >"$counts/twenty"
join "$counts/ten" "$counts/twenty" | sed 's/\./ /' |
	awk '{ print $2, $1, ($5 - $3) / 10, ($6 - $4) / 10 }' >"$counts/each"
awk -v target="$target" '{ print target, $1, $2, $3 }' OFS='\t' "$counts/each" >>"$file"

# The calls that there are: the public functions that give a Result. Control messages are only written and read.
awk '
	/^ *pub (unsafe )?fn / && FILENAME !~ /control/ { name = $0; sub(/.* fn /, "", name); sub(/[<(].*/, "", name) }
	name != "" && /\) -> Result</ { print name }
	/\{$/ { name = "" }' src/*.rs | sort -u >"$counts/calls"

awk -v target="$target" '
	function line(verdict, call, note) {
		more = count[call] > beside[call] ? "+" count[call] - beside[call] : ""
		printf "%-5s %-26s %5s %9s %5s %7s%s\n", verdict, call, count[call], beside[call], more, budget[call], note
		verdicts[verdict]++
	}
	FILENAME ~ /budgets$/ && /^# call / { for (at = 3; at <= NF; at++) if ($at == target) column = at - 1 }
	FILENAME ~ /budgets$/ && !/^#/ { rows[++last] = $1; budget[$1] = $column }
	FILENAME ~ /refused$/ { name = $1; sub(/^[^ ]* /, ""); refused[name] = $0 }
	FILENAME ~ /each$/ && $2 == "ours" { count[$1] = $3; saves[$1] = $4 }
	FILENAME ~ /each$/ && $2 == "syscalls" { beside[$1] = $3 }
	FILENAME ~ /each$/ && $2 !~ /^(ours|syscalls)$/ { others[$1] = others[$1] ", " $2 " " $3 }
	FILENAME ~ /(each|calls)$/ && !($1 in budget) { rows[++last] = $1; budget[$1] = "-" }
	END {
		printf "%-5s %-26s %5s %9s %5s %7s\n", "", "call", "ours", "syscalls", "more", "budget"
		for (at = 1; at <= last; at++) {
			call = rows[at]
			note = others[call] (saves[call] ? ", " saves[call] " of ours for d8 to d15" : "")
			if (call in refused) line("skip", call, ", not here: " refused[call])
			else if (!(call in count)) line("FAIL", call, ", a call without a count")
			else if (count[call] !~ /^[0-9]+$/) line("FAIL", call, ", which differs from time to time")
			else if (budget[call] == "-") line("FAIL", call, ", a count without a budget")
			else if (count[call] > budget[call]) line("FAIL", call, ", over its budget")
			else if (count[call] < budget[call]) line("FAIL", call, ", to which the budget is to be lowered")
			else line("ok", call, note)
			if (count[call] == "") continue
			all++
			under += count[call] <= beside[call]
			under_but += count[call] - saves[call] <= beside[call]
		}
		printf "%d of %d at or under the crate syscalls", under, all
		print (under_but > under ? ", " under_but " but for d8 to d15" : "")
		printf "%d passed, %d failed, %d skipped\n", verdicts["ok"], verdicts["FAIL"], verdicts["skip"]
		exit verdicts["FAIL"] > 0
	}' tests/instructions/budgets "$counts/refused" "$counts/each" "$counts/calls"
