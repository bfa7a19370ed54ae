#!/bin/sh
# Counts the instructions between a caller and the kernel, and compares them with tests/instructions/budgets:
#
#   sh tests/instructions.sh TARGET [FILE]
#
# Each call of the crate is a function of tests/instructions; beside it is the same work with the crate `syscalls`, and for
# the pair with others. What counts is what runs from a function's first instruction to its return, without the kernel's
# own: callgrind counts it natively, elsewhere it is the disassembly of what QEMU runs. It is the difference of two runs,
# so that what runs once does not count.
#
# A count over its budget fails. A count under it fails until the budget is lowered: budgets only go down. A call without a
# row fails as well. A call that the kernel, or QEMU in its place, rejects is skipped by name. With another compiler than the
# one that the budgets hold for, the counts are only printed.
#
# With FILE, the counts are appended to it, one per line: target, call, peer, count, separated by tabs.
set -u
file=${2:-/dev/null}
case $file in /*) ;; *) file=$PWD/$file ;; esac
cd "$(dirname "$0")/.." || exit 1
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"
targets=tests/targets
. tests/targets.sh
describe target "$1" || { echo "no target $1 in tests/targets" >&2; exit 1; }
[ $native = no ] || emulator=
. tests/compiler.sh

(cd tests/instructions && cargo build -q --locked --release --target "$triple") || exit
program=$CARGO_TARGET_DIR/$triple/release/instructions
counts=$CARGO_TARGET_DIR/tests/instructions.$target
mkdir -p "$counts"
# The symbols of the functions: PEER.CALL.
functions='^(ours|syscalls|libc|nix|rustix|std)[.]'

# A user with groups gets another result than one without.
without=
: >"$counts/refused"
grep -q '^Groups:.*[0-9]' /proc/self/status && {
	echo "peer_group_count its user has groups" >"$counts/refused"
	without=peer_group_count
}
# The program ends at the first call that fails, and is started again without it.
# shellcheck disable=SC2086 # a list of calls
while ! refused=$($emulator "$program" 1 $without); do
	[ -n "$refused" ] || exit
	call=$(expr "$refused" : 'refused [a-z]*\.\([a-z_]*\) ') || exit
	echo "$call errno ${refused##* }" >>"$counts/refused"
	without="$without $call"
done

# count TIMES: prints for each function its name, its instructions in so many runs, and how many of them save d8 to d15.
# shellcheck disable=SC2086 # a list of calls
count() {
	if [ -z "$emulator" ]; then
		valgrind -q --tool=callgrind --callgrind-out-file="$counts/callgrind" --compress-strings=no --compress-pos=no \
			--vgdb=no "$program" "$1" $without >&2 || exit
		# A function's lines are its own costs, and after each line `calls=` those of the function it called.
		awk -v functions="$functions" '
			/^fn=/ { name = substr($0, 4) }
			/^[0-9]/ && name ~ functions { took[name] += $2 }
			END { for (name in took) print name, took[name], 0 }' "$counts/callgrind"
	else
		# A block is disassembled when it runs first (`IN:`), and named each time that it runs (`Trace`).
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

# The calls that must be counted: the public functions that return a Result. Control messages are only written and read, a form
# with flags is its plain form, and starting a process costs the kernel a thousand times as much.
# shellcheck disable=SC2046 # a list of files
awk '
	/^ *pub (unsafe )?fn / && FILENAME !~ /control|process/ { name = $0; sub(/.* fn /, "", name); sub(/[<(].*/, "", name) }
	name != "" && name !~ /_with_flags$/ && /\) -> Result</ { print name }
	/\{$/ { name = "" }' $(find src -name '*.rs') | sort -u >"$counts/calls"

awk -v target="$target" -v enforce="$enforce" -v why_not="$why_not" '
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
		if (!column) { enforce = "no"; why_not = "tests/instructions/budgets has no column for " target }
		if (enforce == "no") print "      " why_not ": counts only"
		printf "%-5s %-26s %5s %9s %5s %7s\n", "", "call", "ours", "syscalls", "more", "budget"
		for (at = 1; at <= last; at++) {
			call = rows[at]
			note = others[call] (saves[call] ? ", " saves[call] " of ours for d8 to d15" : "")
			if (call in refused) line("skip", call, ", fails here: " refused[call])
			else if (!(call in count)) line("FAIL", call, ", no count")
			else if (count[call] !~ /^[0-9]+$/) line("FAIL", call, ", differs from run to run")
			else if (enforce == "no") line("skip", call, note)
			else if (budget[call] == "-") line("FAIL", call, ", no budget")
			else if (count[call] > budget[call]) line("FAIL", call, ", over its budget")
			else if (count[call] < budget[call]) line("FAIL", call, ", under its budget: lower that")
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
