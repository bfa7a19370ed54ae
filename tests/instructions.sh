#!/bin/sh
# Counts the instructions between a caller and the kernel, and compares them with tests/instructions/budgets and budgets_more:
#
#   sh tests/instructions.sh TARGET [FILE]
#
# tests/instructions has a function for each call of the crate, and one for the same work with the crate `syscalls`; for the pair
# also with other crates. The instructions from a function's first to its return are counted, without the kernel's own: by
# callgrind natively, elsewhere in the disassembly of what QEMU runs. The difference of two runs is taken, so that what runs
# only once does not count.
#
# A count over its budget fails. A count under it fails until the budget is lowered: budgets only go down. On a target that is
# tested every day, a call without a row fails too. A call that the kernel, or QEMU, rejects is skipped by name. With another
# compiler than the one that the budgets hold for, the counts are only printed.
#
# With FILE, the counts are appended to it, one per line: target, call, peer, count, separated by tabs.
set -u
file=${2:-/dev/null}
case $file in /*) ;; *) file=$PWD/$file ;; esac
# shellcheck source=tests/check.sh
. "$(dirname "$0")/check.sh"
usage 1 "$@"
require_target "$1"
[ $native = no ] || emulator=
. tests/compiler.sh

# Linked statically, so that a program of another architecture or width needs no loader.
flags='["-C", "target-feature=+crt-static", "-C", "relocation-model=static"]'
# The crate `syscalls` enables a feature of inline assembly that is stable by now.
(cd benches && RUSTC_BOOTSTRAP=syscalls cargo build -q --locked --profile instructions --features instructions --bin instructions --target "$triple" \
	--config "target.$triple.rustflags=$flags") || exit
program=$CARGO_TARGET_DIR/$triple/instructions/instructions
counts=$CARGO_TARGET_DIR/tests/instructions.$target
mkdir -p "$counts"
# The symbols of the functions: PEER.CALL.
functions='^(ours|syscalls|libc|nix|rustix|std)[.]'

# The budget is that of a user without groups.
without=
: >"$counts/rejected"
grep -q '^Groups:.*[0-9]' /proc/self/status && {
	echo "peer_group_count its user has groups" >"$counts/rejected"
	without=peer_group_count
}
# The program ends at the first call that fails, and is started again without it.
# shellcheck disable=SC2086 # a list of calls
while ! rejected=$($emulator "$program" 1 $without); do
	[ -n "$rejected" ] || exit
	call=$(expr "$rejected" : 'rejected [a-z]*\.\([a-z_]*\) ') || exit
	echo "$call errno ${rejected##* }" >>"$counts/rejected"
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

# The calls that must be counted are the public functions that return a Result, except those for control messages, which make
# no call; forms with flags, which equal their plain form; and those for processes, which cost the kernel a thousand times as much.
# shellcheck disable=SC2046 # a list of files
awk '
	/^ *pub (unsafe )?fn / && FILENAME !~ /control|process/ { name = $0; sub(/.* fn /, "", name); sub(/[<(].*/, "", name) }
	name != "" && name !~ /_with_flags$/ && /\) -> Result</ { print name }
	/\{$/ { name = "" }' $(find src -name '*.rs') | sort -u >"$counts/calls"

awk -v target="$target" -v tested="$tested" -v enforce="$enforce" -v why_not="$why_not" '
	function line(verdict, call, note) {
		more = count[call] > beside[call] ? "+" count[call] - beside[call] : ""
		printf "%-5s %-26s %5s %9s %5s %7s%s\n", verdict, call, count[call], beside[call], more, budget[call], note
		verdicts[verdict]++
	}
	FNR == 1 { column = 0 }
	FILENAME ~ /budgets/ && /^# call / { for (at = 3; at <= NF; at++) if ($at == target) column = at - 1 }
	FILENAME ~ /budgets/ && !/^#/ {
		if (!($1 in budget)) { rows[++last] = $1; budget[$1] = "-" }
		if (column) { has_budgets = 1; budget[$1] = $column }
	}
	FILENAME ~ /rejected$/ { name = $1; sub(/^[^ ]* /, ""); rejected[name] = $0 }
	FILENAME ~ /each$/ && $2 == "ours" { count[$1] = $3; saves[$1] = $4 }
	FILENAME ~ /each$/ && $2 == "syscalls" { beside[$1] = $3 }
	FILENAME ~ /each$/ && $2 !~ /^(ours|syscalls)$/ { others[$1] = others[$1] ", " $2 " " $3 }
	FILENAME ~ /(each|calls)$/ && !($1 in budget) { rows[++last] = $1; budget[$1] = "-" }
	END {
		if (!has_budgets) { enforce = "no"; why_not = "no table in tests/instructions has budgets for " target }
		if (enforce == "no") print "      " why_not ": counts only"
		printf "%-5s %-26s %5s %9s %5s %7s\n", "", "call", "ours", "syscalls", "more", "budget"
		for (at = 1; at <= last; at++) {
			call = rows[at]
			note = others[call] (saves[call] ? ", " saves[call] " of ours for d8 to d15" : "")
			if (call in rejected) line("skip", call, ", fails here: " rejected[call])
			else if (!(call in count)) line("FAIL", call, ", no count")
			else if (count[call] !~ /^[0-9]+$/) line("FAIL", call, ", differs from run to run")
			else if (enforce == "no") line("skip", call, note)
			else if (budget[call] == "-") line(tested == "everyday" ? "FAIL" : "skip", call, ", no budget")
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
	}' tests/instructions/budgets tests/instructions/budgets_more "$counts/rejected" "$counts/each" "$counts/calls"
