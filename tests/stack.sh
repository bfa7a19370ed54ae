#!/bin/sh
# Measures the stack that each call needs, natively or under QEMU user mode, and enforces tests/freestanding/stack_budgets with
# the compiler that they hold for:
#
#   sh tests/stack.sh TARGET dev|release
set -u
# shellcheck source=tests/check.sh
. "$(dirname "$0")/check.sh"
usage 2 "$@"
require_target "$1"
profile=$2
. tests/compiler.sh

(cd tests/freestanding && cargo build -q --locked --target "$triple" --profile "$profile" --bin stack) || exit 1
program=$CARGO_TARGET_DIR/$triple/$([ "$profile" = dev ] && echo debug || echo release)/stack
# shellcheck disable=SC2046 # numbers, or nothing
set -- "$program" $(awk -v target="$target" -v profile="$profile" '$1 == target && $2 == profile { print $3, $4, $5, $6, $7, $8, $9 }' \
	tests/freestanding/stack_budgets)
[ $# -gt 1 ] || echo "      tests/freestanding/stack_budgets has no row for $target"
[ $native = yes ] || set -- "$emulator" "$@" qemu-user
[ $enforce = yes ] || { echo "      $why_not: figures only"; set -- "$@" report; }
limited 600 "$@"
