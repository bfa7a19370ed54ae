# For the scripts that source this file: compares what was seen with what was expected, prints a line for each, and the
# closing count. `limited` runs a program with a time limit.

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

# limited SECONDS COMMAND...
limited() {
	limit=$1
	shift
	timeout -k 10 "$limit" "$@"
	ended=$?
	case $ended in 124 | 137) echo "FAIL  timed out after $limit s: $1" ;; esac
	return $ended
}
