#!/bin/sh
# Checks that building for an unsupported target fails with one clear line, and that no supported target is rejected:
#
#   sh tests/unsupported.sh TRIPLE...
#
# The crate is built for each TRIPLE, whose library rustup must have installed. For all other targets that rustc knows, only the
# build script runs, with the environment that cargo would provide. Supported are Linux and Android on the architectures and
# pointer widths in tests/targets.
set -u
# shellcheck source=tests/check.sh
. "$(dirname "$0")/check.sh"
usage 1 "$@"
dir=$CARGO_TARGET_DIR/tests/unsupported
mkdir -p "$dir"
rustc=$(rustc --print sysroot)/bin/rustc
"$rustc" --edition 2024 -o "$dir/build-script" build.rs || exit 1

# read_cfg TRIPLE: sets `cfg` to the variables with which cargo describes the target to a build script, and `machine` to
# its architecture and pointer width.
read_cfg() {
	cfg=$("$rustc" --print cfg --target "$1" 2>/dev/null | awk -F '"' '
		{ name = toupper($1); sub(/=$/, "", name) }
		name ~ /^(TARGET_|UNIX$|WINDOWS$)/ {
			if (name in value) value[name] = value[name] "," $2
			else value[name] = $2
		}
		END { for (name in value) print "CARGO_CFG_" name "=" value[name] }')
	machine="$(of ARCH) $(of POINTER_WIDTH)"
}
of() { expr "$cfg" : ".*CARGO_CFG_TARGET_$1=\([a-z0-9_]*\)"; }

machines=$(for name in $(all_targets) $(nightly_targets); do describe target "$name" && read_cfg "$triple" && echo "$machine"; done)

# names_all ERROR TRIPLE: whether the error names the target and every architecture that is supported.
names_all() {
	case $1 in *"$2"*) ;; *) return 1 ;; esac
	echo "$machines" | while read -r arch width; do
		case $1 in *"$width-bit $arch"*) ;; *) return 1 ;; esac
	done
}

host=$(rustc -vV | sed -n 's/^host: //p')
minor=$("$rustc" -V | sed 's/^rustc 1\.\([0-9]*\).*/\1/')
accepted=0 rejected=0 rejected_linux='' wrong=''
for triple in $("$rustc" --print target-list); do
	read_cfg "$triple"
	[ -n "$cfg" ] || continue
	# shellcheck disable=SC2086 # a list of settings
	errors=$(env $cfg TARGET="$triple" HOST="$host" CARGO_MANIFEST_DIR="$PWD" OUT_DIR="$dir" RUSTC="$rustc" "$dir/build-script" 2>&1 |
		grep '^cargo::error=\|panicked')
	case $(of OS) in linux | android) supported=yes ;; *) supported=no ;; esac
	[ $supported = no ] || echo "$machines" | grep -qxF "$machine" || supported=no
	if [ $supported = yes ]; then
		accepted=$((accepted + 1))
		# Inline assembly of some needs a newer compiler.
		needed=$(expr "$errors" : '.*needs Rust 1\.\([0-9]*\) or later')
		[ -z "$errors" ] || [ "${needed:-0}" -gt "$minor" ] || wrong="$wrong $triple"
	else
		rejected=$((rejected + 1))
		[ "$(of OS)" != linux ] || rejected_linux="$rejected_linux $triple"
		[ "$(echo "$errors" | grep -c .)" = 1 ] && names_all "$errors" "$triple" || wrong="$wrong $triple"
	fi
done
check "supported targets exist" "$([ $accepted -ge "$(all_targets | wc -l)" ] && echo yes)" yes
# The families that the README names.
for family in gnux32 ilp32 mips sparc; do
	case $rejected_linux in *"$family"*) is_rejected=yes ;; *) is_rejected=no ;; esac
	check "Linux on $family is rejected" $is_rejected yes
done
check "$accepted targets accepted, $rejected rejected in one line; wrong" "$wrong" ""

for triple; do
	error=$(cargo check -q --locked -p linux-socketpair --target "$triple" 2>&1 | grep '^error: linux-socketpair@')
	names_all "$error" "$triple"
	check "cargo check --target $triple: an error names the target and the supported ones (status)" $? 0
	echo "      $error"
done

close_count
