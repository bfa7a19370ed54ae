# For the scripts beside it: what was seen held against what was expected, a line each, and the closing count.

passed=0 failed=0

# same WHAT SEEN EXPECTED
same() {
	if [ "$2" = "$3" ]; then
		passed=$((passed + 1))
		echo "ok    $1: $2"
	else
		failed=$((failed + 1))
		echo "FAIL  $1: $2, not $3"
	fi
}

close_count() {
	echo "$passed passed, $failed failed, 0 skipped"
	[ "$failed" = 0 ]
}
