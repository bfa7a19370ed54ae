# For the scripts that source this file: they run in the repository's root, and can compare what was seen with what was
# expected, which prints a line for each comparison and a closing count.

# Programs start with the same file descriptors as from a terminal. dash can't close those above 9, and make's flags name some.
[ -e /proc/self/fd/0 ] || exec </dev/null
exec 3<&- 4<&- 5<&- 6<&- 7<&- 8<&- 9<&-
unset MAKEFLAGS MFLAGS CARGO_MAKEFLAGS
# With flags in the environment, cargo ignores those of config.toml; the number of threads there is only a default; and a search
# path can lead `cd` elsewhere.
unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS RUSTDOCFLAGS CARGO_ENCODED_RUSTDOCFLAGS CARGO_BUILD_TARGET RUST_TEST_THREADS CDPATH
# Relative to the folder in which the script was started, as for cargo.
case ${CARGO_TARGET_DIR:-/} in /*) ;; *) CARGO_TARGET_DIR=$PWD/$CARGO_TARGET_DIR ;; esac
cd "$(dirname "$0")/.." || exit 1
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"
targets=tests/targets
# shellcheck source=tests/targets.sh
. tests/targets.sh

# usage COUNT "$@": unless the script has so many arguments, it ends with the comment that it begins with.
usage() {
	[ $# -gt "$1" ] || { sed -n '2,/^[^#]/s/^# \{0,1\}//p' "tests/${0##*/}" >&2; exit 1; }
}

passed=0 failed=0 skipped=0

# check WHAT SEEN EXPECTED
check() {
	if [ "$2" = "$3" ]; then
		passed=$((passed + 1))
		echo "ok    $1: $2"
	else
		failed=$((failed + 1))
		echo "FAIL  $1: $2, expected $3"
	fi
}

# skip WHAT REASON
skip() {
	skipped=$((skipped + 1))
	echo "skip  $1 ($2)"
}

close_count() {
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" = 0 ]
}

# limited SECONDS COMMAND...: runs it with a time limit.
limited() {
	limit=$1
	shift
	timeout -k 10 "$limit" "$@"
	ended=$?
	case $ended in 124 | 137) echo "FAIL  timed out after $limit s: $1" ;; esac
	return $ended
}
