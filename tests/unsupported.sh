#!/bin/sh
# Checks that building for an unsupported target fails with one clear line, and that no supported target is rejected:
#
#   sh tests/unsupported.sh TRIPLE...
#
# The crate is built for each TRIPLE, whose library rustup has to have. For all other targets that rustc knows, only the
# build script runs, with the environment that cargo would give it. Supported is Linux, Android included, on an
# architecture and pointer width in tests/targets.
set -u
cd "$(dirname "$0")/.." || exit 1
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"
targets=tests/targets
. tests/targets.sh
. tests/check.sh
dir=$CARGO_TARGET_DIR/tests/unsupported
mkdir -p "$dir"
rustc=$(rustc --print sysroot)/bin/rustc
"$rustc" --edition 2024 -o "$dir/build-script" build.rs || exit 1

# machine TRIPLE: its architecture and pointer width.
machine() {
	"$rustc" --print cfg --target "$1" | sed -n 's/^target_arch="\(.*\)"/\1/p; s/^target_pointer_width="\(.*\)"/\1/p' |
		tr '\n' ' '
}
machines=$(for name in $(all_targets); do describe target "$name" && machine "$triple" && echo; done)

# run_build_script TRIPLE: prints the errors.
run_build_script() (
	while IFS='=' read -r key value; do
		case $key in target_* | unix | windows) ;; *) continue ;; esac
		value=${value#\"}
		variable=CARGO_CFG_$(echo "$key" | tr a-z A-Z)
		eval "value=\${$variable:+\$$variable,}\${value%\\\"}"
		export "$variable=$value"
	done <"$dir/cfg"
	TARGET=$1 HOST=$host CARGO_MANIFEST_DIR=$PWD OUT_DIR=$dir "$dir/build-script" 2>&1 | grep '^cargo::error=\|panicked'
)

# names_all ERROR TRIPLE: whether the error names the target and every one that is supported.
names_all() {
	for name in "$2" $(all_targets); do
		case $1 in *"$name"*) ;; *) return 1 ;; esac
	done
}

host=$(rustc -vV | sed -n 's/^host: //p')
accepted=0 rejected=0 wrong=
for triple in $("$rustc" --print target-list); do
	"$rustc" --print cfg --target "$triple" >"$dir/cfg" 2>/dev/null || continue
	errors=$(run_build_script "$triple")
	if grep -q '^target_os="\(linux\|android\)"$' "$dir/cfg" && echo "$machines" | grep -qxF "$(machine "$triple")"; then
		accepted=$((accepted + 1))
		[ -z "$errors" ] || wrong="$wrong $triple"
	else
		rejected=$((rejected + 1))
		[ "$(echo "$errors" | grep -c .)" = 1 ] && names_all "$errors" "$triple" || wrong="$wrong $triple"
	fi
done
check "supported targets exist" "$([ $accepted -ge "$(all_targets | wc -l)" ] && echo yes)" yes
check "$accepted targets accepted, $rejected rejected in one line; wrong" "$wrong" ""

for triple; do
	errors=$(cargo check -q --locked --target "$triple" 2>&1 | grep '^error')
	check "cargo check --target $triple: its first error names the target and the supported ones" \
		"$(names_all "$(echo "$errors" | head -n 1)" "$triple" && echo yes)" yes
	echo "$errors" | head -n 1 | sed 's/^/      /'
done

close_count
