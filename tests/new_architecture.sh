#!/bin/sh
# Checks what tests/README.md states under "Adding an architecture":
#
#   sh tests/new_architecture.sh TARGET
#
# In a copy of the sources, all that names TARGET's architecture is removed. There the crate rejects the target in one line,
# and a program for this machine builds and runs. Then the places that README lists are restored, and nothing else: the
# conformance program passes, and what is optional is skipped by name. A folder there means what its mod.rs selects.
set -u
# shellcheck source=tests/check.sh
. "$(dirname "$0")/check.sh"
usage 1 "$@"
sources=$PWD
export CARGO_TARGET_DIR="$CARGO_TARGET_DIR/new_architecture"

arch_of() { rustc --print cfg --target "$1" | sed -n 's/^target_arch="\(.*\)"$/\1/p'; }
require_target "$1"
names=
arch=$(arch_of "$triple")
for name in $(all_targets) $(nightly_targets); do
	describe target "$name"
	[ "$(arch_of "$triple")" != "$arch" ] || names="$names $name"
	[ $host = no ] || host_triple=$triple
done
describe target "$1"

copy=$(mktemp -d) || exit 1
trap 'rm -rf "$copy"' EXIT
tar -cf - --exclude=./target --exclude=./.git . | tar -xf - -C "$copy" && cd "$copy" || exit 1

# file_of FOLDER: the file that FOLDER/mod.rs selects for the architecture.
file_of() {
	tr -d '\n' <"$sources/$1/mod.rs" | sed 's/#\[/\n/g' |
		sed -n "s/^cfg_attr(.*target_arch = \"$arch\".*path = \"\([^\"]*\)\".*/\1/p"
}

# remove FOLDER: removes that file, and the attribute that selects it.
remove() {
	rm "$1/$(file_of "$1")" && awk -v selector="target_arch = \"$arch\"" '
		{ text = text == "" ? $0 : text "\n" $0 }
		text ~ /^#\[cfg_attr\(/ && text !~ /\)\]$/ { next }
		text !~ /^#\[cfg_attr\(/ || index(text, selector) == 0 { print text }
		{ text = "" }' "$sources/$1/mod.rs" >"$1/mod.rs"
}

# restore PLACE: a file, or of a folder its mod.rs and what that selects.
restore() {
	case $1 in
	*/) cp "$sources/$1mod.rs" "$sources/$1$(file_of "$1")" "$1" ;;
	*) cp "$sources/$1" "$1" ;;
	esac
}

# edit FILE AWK-PROGRAM: `is_ours(name)` is whether it is one of the targets.
edit() {
	awk -v names="$names " "function is_ours(name) { return index(names, \" \" name \" \") } $2" "$sources/$1" >"$1"
}

remove arch
remove tests/freestanding/src/machine
edit tests/targets '$1 == "target" { ours = is_ours($2) } !ours { print }'
# What is optional.
remove tests/freestanding/src/registers
edit tests/freestanding/stack_budgets '!is_ours($1) { print }'
edit tests/size/budgets '!is_ours($1) { print }'
rm -f "tests/size/assembly/$arch.s"
for file in tests/instructions/budgets tests/instructions/budgets_more; do
	edit $file '/^# call / { for (at = 3; at <= NF; at++) if (is_ours($at)) column = at - 1 }
		column { sub(/^# /, "#"); $column = "-"; sub(/^#/, "# ") } { print }'
done

# A mod.rs may name what is unusual about it, and vectors.rs enables its target feature. The others are documents, as is the
# beginning of src/lib.rs; and the init example, which a new architecture needn't run.
check "other files that name $arch or$names" "$(grep -rlwE "$arch$(echo "$names" | tr ' ' '|')" . | grep -vE \
	'^./(README.md|CHANGELOG.md|Cargo.toml|costs.svg|src/lib.rs|examples/init/.*|tests/README.md|benches/.*|arch/mod.rs|tests/freestanding/src/(machine/mod|bin/vectors).rs)$')" ""
errors=$(cargo check -q --locked --target "$triple" 2>&1 | grep '^error: linux-socketpair@')
echo "      $errors"
check "without them: errors that name $triple" "$(echo "$errors" | grep -c "$triple")" 1
check "without them: errors that name $arch as supported" "$(echo "$errors" | grep -c "bit $arch\(,\|$\)")" 0
(cd tests/freestanding && cargo build -q --locked --release --target "$host_triple" --bin smallest)
check "without them: output of a program for $host_triple" "$("$CARGO_TARGET_DIR/$host_triple/release/smallest")" hello

places=$(sed -n '/^## Adding an architecture/,/^## /s/^- `\([^`]*\)`.*/\1/p' tests/README.md)
check "places" "$(echo "$places" | wc -l)" 3
for place in $places; do
	restore "$place" || exit 1
done
check "errors of the conformance program's build" "$(cd tests/freestanding &&
	cargo build --locked --release --target "$triple" --bin conformance 2>&1 | grep -cE '^(error|warning)')" 0
[ $native = no ] && run="$emulator" || run=
limited 600 $run "$CARGO_TARGET_DIR/$triple/release/conformance" ${run:+qemu-user} >"$copy/log"
check "conformance under ${run:-this machine} (status)" $? 0
tail -n 1 "$copy/log" | sed 's/^/      /'

# optional WHAT REASON COMMAND...: whether it passes, and skips for that reason.
optional() {
	what=$1 reason=$2
	shift 2
	"$@" >"$copy/log" 2>&1
	check "$what (status)" $? 0
	grep -F "$reason" "$copy/log" | head -n 1 | sed 's/^/      /'
	check "$what: skipped by name" "$([ "$(grep -cF "$reason" "$copy/log")" -gt 0 ] && echo yes)" yes
}
registers() {
	(cd tests/freestanding && cargo build -q --locked --release --target "$triple" --bin registers) &&
		limited 60 $run "$CARGO_TARGET_DIR/$triple/release/registers"
}
optional registers "src/registers has no file for this architecture" registers
optional stack "(no budget)" sh tests/stack.sh "$target" release
optional size "tests/size/assembly has none for $arch" sh tests/size.sh "$target"
optional "size's budget" "tests/size/budgets has no row for $target" sh tests/size.sh "$target"
optional instructions "no table in tests/instructions has budgets for $target" sh tests/instructions.sh "$target"
close_count
