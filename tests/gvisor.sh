#!/bin/sh
# Runs programs under gVisor, which implements Linux's system calls itself:
#
#   sh tests/gvisor.sh CONFORMANCE PAIR PASS_FD INIT
#   sh tests/gvisor.sh --update CONFORMANCE PAIR
#
# Some results differ from the kernel's. tests/gvisor_differences lists them: the result, then the test's name or what the example
# prints. Everything else must be as on Linux. A listed test may pass too, since later versions of gVisor are closer to Linux.
# --update writes the list again, from the programs' output; use Debian 12's gVisor, which differs most.
set -u
# shellcheck source=tests/check.sh
. "$(dirname "$0")/check.sh"
usage 3 "$@"

# gVisor overwrites a file from its beginning: a pipe keeps the output in order.
# The shell in between keeps a program from being the first process.
sandbox() { limited 300 runsc --rootless --ignore-cgroups --network=none "do" sh -c '"$@"; exit $?' - "$@" </dev/null 2>&1 | cat; }

# differences: prints those of the conformance program's output, from lines `FAIL  NAME: SEEN, … EXPECTED (line N)`.
differences() { sed -n 's/^FAIL  \(.*\): \(-\{0,1\}[0-9]*\), [a-z]* -\{0,1\}[0-9]* (line [0-9]*)$/\2 \1/p'; }

if [ "$1" = --update ]; then
	list=$(grep '^#' tests/gvisor_differences && sandbox "$2" | differences && sandbox "$3" | tail -n 1 | sed 's/^/pair /')
	printf '%s\n' "$list" >tests/gvisor_differences
	exit
fi

output=$(mktemp) || exit 1
trap 'rm -f "$output"' EXIT
sandbox "$1" >"$output"
sed -n '/^skip  /p' "$output"
skipped=$(grep -c '^skip  ' "$output")
passed=$(grep -c '^ok  ' "$output")
differences <"$output" | grep -xFf tests/gvisor_differences | sed 's/^/ok    as gVisor: /'
passed=$((passed + $(differences <"$output" | grep -cxFf tests/gvisor_differences)))
check "conformance: results that differ from Linux and are not in tests/gvisor_differences" \
	"$(differences <"$output" | grep -vxFf tests/gvisor_differences)" ""
check "conformance: other failures" "$(grep '^FAIL  ' "$output" | grep -v ', [a-z]* -\{0,1\}[0-9]* (line [0-9]*)$')" ""
check "conformance: runs to its end" "$(tail -n 1 "$output" | sed 's/[0-9][0-9]*/N/g')" "N passed, N failed, N skipped"

check "example pair: last line" "$(sandbox "$2" | tail -n 1)" "$(sed -n 's/^pair //p' tests/gvisor_differences)"
check "example pass_fd: last line" "$(sandbox "$3" | tail -n 1)" "parent: the child ended with status 0"
check "example init: last line" "$(sandbox "$4" | tail -n 1)" "init: power off"

close_count
