#!/bin/sh
# Compares the kernel's constants that the crate uses with the C library's headers:
#
#   sh tests/constants.sh TARGET
#
# The names are those in src/ and arch/ that linux-raw-sys, src/uapi.rs or arch/mod.rs defines. The target's C compiler
# prints each one's value, and rustc compares it in a `const` assertion; nothing runs. Constants that the headers lack,
# because the headers are older or because the kernel doesn't export them, are skipped by name.
set -u
# shellcheck source=tests/check.sh
. "$(dirname "$0")/check.sh"
usage 1 "$@"
require_target "$1"

dir=$CARGO_TARGET_DIR/tests/constants/$target
mkdir -p "$dir/src" || exit 1
arch=$(rustc --print cfg --target "$triple" | sed -n 's/^target_arch="\(.*\)"$/\1/p')
bindings=$(cargo metadata --locked --format-version 1 --filter-platform "$triple" |
	sed -n 's/.*"manifest_path":"\([^"]*\/linux-raw-sys-[^"]*\)\/Cargo\.toml".*/\1/p')/src/$arch

# Writes NAME PATH for each constant.
sed 's,//.*,,' src/*.rs src/*/*.rs arch/*.rs | grep -oE '[A-Z_][A-Z0-9_]{2,}[a-z0-9_]*' | sort -u |
	awk -v defined='^ *pub(\\(crate\\))? const [A-Za-z0-9_]+: (u32|i32) =' '
		FILENAME == "-" { used[$1]; next }
		$0 ~ defined {
			sub(/: .*/, "")
			name = $NF
			module = FILENAME
			sub(/.*\//, "", module)
			sub(/\.rs$/, "", module)
			if (!(name in used)) next
			if (FILENAME == "src/uapi.rs" || FILENAME == "arch/mod.rs") own[name] = FILENAME
			else if (!(name in own)) print name, "linux_raw_sys::" module "::" name
		}
		END { for (name in own) print name, (own[name] == "arch/mod.rs" ? "arch::" : "uapi::") name }
	' - src/uapi.rs arch/mod.rs "$bindings"/auxvec.rs "$bindings"/errno.rs "$bindings"/general.rs "$bindings"/ioctl.rs \
		"$bindings"/net.rs "$bindings"/prctl.rs | sort -u >"$dir/names"

{
	printf '#define _GNU_SOURCE\n'
	printf '#include <%s>\n' errno.h fcntl.h poll.h signal.h sys/ioctl.h sys/prctl.h sys/resource.h sys/socket.h \
		asm/unistd.h linux/auxvec.h linux/capability.h linux/net.h linux/sched.h linux/sockios.h \
		linux/wait.h
	printf 'void values(void) {\n'
	while read -r name path; do
		printf '#ifdef %s\n__asm__("VALUE %s %%0" :: "i"((int)(%s)));\n#endif\n' "$name" "$path" "$name"
	done <"$dir/names"
	printf '}\n'
} >"$dir/values.c"
# glibc's own stubs.h includes another file for each ABI, and some of those are missing.
mkdir -p "$dir/include/gnu" && : >"$dir/include/gnu/stubs.h"
# shellcheck disable=SC2086 # a list of options
"$cc" $cflags -O1 -S -I "$dir/include" -o "$dir/values.s" "$dir/values.c" || exit 1

{
	printf '#![no_std]\n#![allow(dead_code, unused_imports)]\n'
	printf '#[path = "%s"]\nmod %s;\n' "$PWD/src/uapi.rs" uapi "$PWD/arch/mod.rs" arch
	# Some assemblers write $ or # before a number.
	sed -n 's/^[[:space:]]*VALUE \([^ ]*\) [$#]*\(-*[0-9]*\)$/\1 \2/p' "$dir/values.s" |
		awk '{ printf "const _: () = assert!(%s as i32 == %s, \"the headers have %s\");\n", $1, $2, $2 }'
} >"$dir/src/lib.rs"
{
	printf '[package]\nname = "constants"\nversion = "0.0.0"\nedition = "2024"\n\n[workspace]\n\n[dependencies]\n'
	grep '^linux-raw-sys = ' Cargo.toml
} >"$dir/Cargo.toml"
cp Cargo.lock "$dir"

[ "$toolchain" != nightly ] || set -- +nightly -Z build-std=core,compiler_builtins
[ "$toolchain" = nightly ] || set --
(cd "$dir" && cargo "$@" check -q --offline --target "$triple") >"$dir/log" 2>&1
status=$?
[ $status = 0 ] || cat "$dir/log"
values=$(grep -c '^const _' "$dir/src/lib.rs")
differ=$(grep -c '^error.*the headers have' "$dir/log")
check "constants that differ from the headers, of $values" "$differ, status $status" "0, status 0"
for name in $(awk '
	FILENAME ~ /names$/ { name[$2] = $1; next }
	sub(/^const _.*assert!\(/, "") { delete name[$1] }
	END { for (path in name) print name[path] }' "$dir/names" "$dir/src/lib.rs" | sort); do
	skip "$name" "the headers lack it"
done
[ "$values" -gt 200 ] || check "names found in src and arch" "$values" "more than 200"
close_count
