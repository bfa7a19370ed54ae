#!/bin/sh
# Runs the init example on this machine: as PID 1 of a PID namespace, where the kernel permits one.
#
#   sh tests/init.sh PROGRAM
#   sh tests/init.sh --faults FILE
#
# --faults checks what it printed elsewhere when started with the argument `faults`: what happened, in order, to each service of
# FAULTS in examples/init/src/demo.rs.
set -u
# shellcheck source=tests/check.sh
. "$(dirname "$0")/check.sh"
usage 1 "$@"

# lines NAME: what init logs about a service, in one line, without numbers that differ each time.
lines() {
	sed -n "s/^init: $1: //p" "$log" | sed 's/PID [0-9]*/PID N/; s/ in [0-9]* ms$/ in N ms/; s/, and known by a pidfd$//' | joined
}
joined() { tr '\n' ';'; }

# expect NAME LINE...
expect() {
	name=$1
	shift
	check "$name" "$(lines "$name")" "$(printf '%s\n' "$@" | joined)"
}

# expect_failures NAME LINE...: the lines of each of five lives, in which `#` is the life's number, with delays between them; then
# init gives up.
expect_failures() {
	name=$1
	shift
	check "$name" "$(lines "$name")" "$({
		for life in 1 2 3 4 5; do
			printf '%s\n' "$@" | sed "s/#/$life/"
			[ $life = 5 ] || echo "again in N ms"
		done
		echo "given up after 5 failures in N ms"
	} | joined)"
	check "$name: delays" "$(sed -n "s/^init: $name: again in \([0-9]* ms\)$/\1/p" "$log" | joined)" "50 ms;100 ms;200 ms;400 ms;"
	took=$(sed -n "s/^init: $name: given up after 5 failures in \([0-9]*\) ms$/\1/p" "$log")
	check "$name: at least as long as that" "$([ "${took:-0}" -ge 750 ] && echo yes)" yes
}

check_faults() {
	log=$1
	expect_failures missing "exec: ENOENT: no such file or directory"
	expect_failures folder "exec: EACCES: permission denied"
	expect_failures mute "life # is PID N" "exit status: 3"
	expect_failures flood "life # is PID N" ready "exit status: 1"
	expect silent "life 1 is PID N" "isn't ready in time: SIGTERM" "exit status: 0" "is not started again"
	expect closing "life 1 is PID N" ready "closed its channel and runs on: SIGTERM" SIGKILL "signal: 9 (SIGKILL)" \
		"is not started again"
	expect parent "life 1 is PID N" ready "exit status: 0" "is not started again"
	expect impostor "life 1 is PID N" ready "PID N is not the service; its message is ignored" "exit status: 0"
	expect babbler "life 1 is PID N" ready "an unknown message" "an unknown message" "an unknown message" "exit status: 0" \
		"is not started again"
	# These live until the shutdown: neither the other services' failures nor their end has touched them.
	expect stubborn "life 1 is PID N" ready "signal: 9 (SIGKILL)"
	expect plain "life 1 is PID N" "exit status: 0"
	expect steady "life 1 is PID N" ready "exit status: 0"
	check "many: lives" "$(grep -c '^init: many: ready' "$log")" 300
	check "many: the last one" "$(lines many | sed 's/.*;life/life/')" "life 300 is PID N;ready;exit status: 0;"
	check "an orphan, reaped while the services run" \
		"$(sed '/^init: shutdown/,$d' "$log" | grep -c '^init: orphan PID [0-9]*: exit status: 7$')" 1
	check "the shutdown's signals" "$(lines shutdown)" "SIGTERM;SIGKILL;"
	check "last line" "$(grep '^init: ' "$log" | tail -n 1)" "init: power off"
}

if [ "$1" = --faults ]; then
	check_faults "$2"
	close_count
	exit
fi

program=$(realpath "$1")
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
# In a PID namespace reboot(2) ends only PID 1: with SIGINT instead of turning the machine off, with SIGHUP instead of a restart.
alone='' off=0 restarted=0 panicked=101
if unshare --pid --fork true 2>/dev/null; then
	alone="unshare --pid --fork" off=130 restarted=129 panicked=129
else
	skip "the init example as PID 1" "unshare: no PID namespace"
fi

# run WORD...: sets `seen` to the status and the last line. The shell in between reports a signal as a status. Its limit of open
# files, 60 more than are inherited, would be reached if each of many lives left one open.
limit_of_files=$((60 + $(ls /proc/self/fd | wc -l)))
run() {
	# shellcheck disable=SC2086 # a command and its options, or nothing
	seen=$(limited 120 sh -c 'ulimit -n '$limit_of_files'; "$@"; exit $?' - $alone "$program" "$@" 2>/dev/null >"$work/log" </dev/null; echo $?)
	seen="$seen $(tail -n 1 "$work/log")"
}

check "as any process: last line" "$(limited 60 "$program" | tail -n 1)" "init: power off"
limited 60 "$program" parent >"$work/log"
check "as any process: the only service ends" "$(sed '/^init: orphan /d' "$work/log" | sed 1,3d | joined)" \
	"$(printf 'init: %s\n' "parent: exit status: 0" "parent: is not started again" "no service is left" "shutdown: SIGTERM" \
		"power off" | joined)"
# On a loaded machine it can end before the shutdown begins.
check "as any process: its orphan is reaped" "$(sed -n 's/^init: orphan PID [0-9]*: //p' "$work/log")" "exit status: 7"
run
check "as PID 1: status and last line" "$seen" "$off init: power off"
run faults
check "with faults: status and last line" "$seen" "$off init: power off"
check_faults "$work/log"
run interrupt
check "a service sends SIGINT: status and last line" "$seen" "$restarted init: restart"
run panic
check "a panic: status and last line" "$seen" "$panicked on request"

# child PROCESS ARGUMENT...: waits until the process has a child that executes the program with these arguments.
child() {
	parent=$1
	shift
	for _ in $(seq 100); do
		# shellcheck disable=SC2013 # numbers
		for child in $(cat "/proc/$parent/task/$parent/children"); do
			[ "$(tr '\0' '\n' <"/proc/$child/cmdline" | joined)" != "$(printf '%s\n' "$program" "$@" | joined)" ] ||
				{ echo "$child"; return; }
		done
		sleep 0.1
	done
}

# until_signal SIGNAL DESCRIPTOR: runs it with the steady service, and sends it the signal. DESCRIPTOR, or `-` for none, is its
# standard input, output and error. Sets `seen` to the status, and `files` to init's standard input and output and the service's
# standard output and channel.
until_signal() {
	timeout -k 5 60 "$program" steady <&"$2" >&"$2" 2>&"$2" &
	timeout=$!
	init=$(child $timeout steady)
	service=$(child "$init" demo steady)
	files=$(readlink "/proc/$init/fd/0" "/proc/$init/fd/1" "/proc/$service/fd/1" "/proc/$service/fd/3" | sed 's/:.*//' | joined)
	kill "-$1" "$init"
	wait $timeout
	seen="status $?"
}

for case in "TERM power off" "PWR power off" "INT restart"; do
	rm -f "$work/log"
	exec 8<>"$work/log"
	until_signal "${case%% *}" 8
	check "SIG${case%% *}: status and last line" "$seen $(tail -n 1 "$work/log")" "status 0 init: ${case#* }"
done

until_signal TERM -
check "without standard input and output: status" "$seen" "status 0"
check "without standard input and output: what is open in their place, and the service's channel" "$files" "/;/;/;socket;"

{ "$program" interrupt; echo "status $?" >"$work/status"; } | :
check "standard output is a pipe that is closed: status" "$(cat "$work/status")" "status 0"
mkfifo "$work/pipe" && exec 8<>"$work/pipe" && head -c 65536 /dev/zero >&8
until_signal TERM 8
check "standard output is a pipe that is full: status" "$seen" "status 0"

exec 8>&-
close_count
