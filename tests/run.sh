#!/bin/sh
# Runs every test on every target, or on those that are named:
#
#   sh tests/run.sh [x86_64] [i386] [aarch64] [riscv64] [others] [miri] [sanitizers] [boot] [fuzz]
#
# Without a name, all but the long runs: sanitizers, which runs the hosted tests under two of them; boot, which boots
# Debian's kernels with the tests as their first process; and fuzz, which looks for a minute for memory that the reader of
# control messages doesn't bear.
#
# It installs what it lacks, and says so: rustup's targets, and as root Debian's packages. It ends with a table and one
# line `N passed, N failed, N skipped`. A test that can't run somewhere is named there, with the reason.
set -u
cd "$(dirname "$0")/.." || exit 1
PATH=$PATH:$HOME/.cargo/bin
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}" CARGO_TERM_COLOR=never
logs=$CARGO_TARGET_DIR/tests
mkdir -p "$logs" || exit 1
: >"$logs/table"

say() { printf '%s\n' "$*"; }
die() { say "tests/run.sh: $*" >&2; exit 1; }

# describe TARGET: sets its triple, its emulator, the prefix of its binutils, and what it needs as THING=PACKAGE.
describe() {
	toolchain=stable emulator= binutils= needs="cc=gcc /usr/include/stdio.h=libc6-dev objdump=binutils"
	case $1 in
	x86_64)
		triple=x86_64-unknown-linux-gnu emulator=qemu-x86_64
		needs="$needs strace=strace valgrind=valgrind"
		;;
	i386)
		triple=i686-unknown-linux-gnu emulator=qemu-i386
		needs="$needs strace=strace valgrind=valgrind i686-linux-gnu-gcc=gcc-i686-linux-gnu /usr/i686-linux-gnu/include/stdio.h=libc6-dev-i386-cross"
		;;
	aarch64)
		triple=aarch64-unknown-linux-gnu emulator=qemu-aarch64 binutils=aarch64-linux-gnu-
		needs="$needs ${binutils}gcc=gcc-aarch64-linux-gnu /usr/aarch64-linux-gnu/include/stdio.h=libc6-dev-arm64-cross"
		;;
	riscv64)
		triple=riscv64gc-unknown-linux-gnu emulator=qemu-riscv64 binutils=riscv64-linux-gnu-
		needs="$needs ${binutils}gcc=gcc-riscv64-linux-gnu /usr/riscv64-linux-gnu/include/stdio.h=libc6-dev-riscv64-cross"
		;;
	others)
		triple=armv7-unknown-linux-gnueabihf
		;;
	miri)
		toolchain=nightly components="miri rust-src"
		;;
	boot)
		triple=x86_64-unknown-linux-gnu
		needs="$needs apt-cache=apt dpkg=dpkg cpio=cpio xz=xz-utils qemu-system-x86_64=qemu-system-x86"
		needs="$needs qemu-system-aarch64=qemu-system-arm qemu-system-riscv64=qemu-system-misc"
		;;
	sanitizers)
		toolchain=nightly components=rust-src
		;;
	fuzz)
		toolchain=nightly components=rust-src
		needs="$needs c++=g++ cargo-fuzz=cargo:cargo-fuzz"
		;;
	*)
		die "no target $1; there are x86_64, i386, aarch64, riscv64, others, miri, sanitizers, boot and fuzz"
		;;
	esac
	[ -z "$emulator" ] || needs="$needs $emulator=qemu-user"
}

# install TARGET: what it lacks of rustup's, of Debian's and of cargo's, and nothing else.
install() {
	if [ "$toolchain" = nightly ]; then
		rustup toolchain list | grep -q ^nightly || {
			say "$1: rustup toolchain install nightly"
			rustup toolchain install nightly --profile minimal --no-self-update || die "$1 needs Rust's nightly: rustup toolchain install nightly"
		}
		for component in $components; do
			rustup component list --toolchain nightly --installed | grep -q "^$component" || {
				say "$1: rustup component add $component --toolchain nightly"
				rustup component add "$component" --toolchain nightly || die "$1 needs Rust's component $component, nightly"
			}
		done
	elif ! rustup target list --installed | grep -qx "$triple"; then
		say "$1: rustup target add $triple"
		rustup target add "$triple" || die "$1 needs Rust's target $triple: rustup target add $triple"
	fi
	missing= crates=
	for need in $needs; do
		command -v "${need%%=*}" >/dev/null || [ -e "${need%%=*}" ] || case ${need#*=} in
		cargo:*) crates="$crates ${need#*:}" ;;
		*) missing="$missing ${need#*=}" ;;
		esac
	done
	if [ -n "$missing" ]; then
		say "$1: apt-get install$missing"
		wants="$1 needs Debian's packages:$missing"
		[ "$(id -u)" = 0 ] || die "$wants (apt-get install them as root)"
		command -v apt-get >/dev/null || die "$wants (there is no apt-get here)"
		{ [ -n "${updated:-}" ] || apt-get update; } >"$logs/apt.log" 2>&1 ||
			die "$wants (apt-get update failed: $logs/apt.log)"
		updated=yes
		# shellcheck disable=SC2086 # a list of packages
		DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing >"$logs/apt.log" 2>&1 ||
			die "$wants (apt-get install failed: $logs/apt.log)"
	fi
	if [ -n "$crates" ]; then
		say "$1: cargo install$crates"
		# shellcheck disable=SC2086 # a list of crates
		cargo install -q --locked $crates || die "$1 needs the programs of these crates:$crates (cargo install failed)"
	fi
}

# part TARGET NAME COMMAND...: runs a part, shows it as it goes, and notes its counts for the table.
part() {
	target=$1 name=$2 log=$logs/$1-$(printf %s "$2" | tr -c a-z0-9 -).log
	shift 2
	say "--- $target: $name"
	{ "$@" 2>&1; say "exit $?"; } | tee "$log" | sed '/^exit [0-9]*$/d; s/^/    /'
	# libtest's counts and our programs' own. A part that fails, or tests nothing, without a failure of its own is one.
	awk -v target="$target" -v name="$name" '
		/^test result: / { passed += $4; failed += $6; skipped += $8 }
		/^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ { passed += $1; failed += $3; skipped += $5 }
		/^exit [0-9]+$/ { status = $2 }
		END {
			if (!failed && (status || !(passed + skipped))) failed = 1
			printf "%-9s %-44s %7d %7d %7d\n", target, name, passed, failed, skipped
		}' "$log" >>"$logs/table"
}

# Where it runs natively, the load is a million pairs, and not some thousands.
hosted() {
	case $target in x86_64 | i386) export LINUX_SOCKETPAIR_LOAD=1 ;; *) unset LINUX_SOCKETPAIR_LOAD ;; esac
	cargo test -q --locked --target "$triple" &&
		cargo test -q --locked --target "$triple" --all-features --lib --test std
}

# example NAME PATTERN: runs it, and wants its last line to match.
example() {
	cargo run -q --locked --target "$triple" --example "$1" >"$logs/example.log" && check_last_line "$2" "$logs/example.log"
}

check_last_line() {
	cat "$2"
	if tail -n 1 "$2" | grep -q "$1"; then say "1 passed, 0 failed, 0 skipped"; else say "0 passed, 1 failed, 0 skipped"; fi
}

# The init example, a package of its own. It starts itself anew, which QEMU user-mode can't.
init() {
	(cd examples/init && cargo build -q --locked --target "$triple" && cargo build -q --locked --target "$triple" --release) ||
		return
	case $target in
	x86_64 | i386) "$(program release init)" >"$logs/init.log" && check_last_line '^init: power off$' "$logs/init.log" ;;
	*)
		say "skip  the life of the init example (QEMU user-mode: exec starts no program of another architecture)"
		say "0 passed, 0 failed, 1 skipped"
		;;
	esac
}

# freestanding PROFILE [OPTION...]: builds the programs without libc. What only optimized code shows is not built otherwise.
freestanding() {
	profile=$1
	shift
	[ "$profile" != dev ] || set -- --bin conformance --bin smallest --bin stack "$@"
	(cd tests/freestanding && cargo build -q --locked --target "$triple" --profile "$profile" "$@")
}

# The program of a profile, built before.
program() { say "$CARGO_TARGET_DIR/$triple/$([ "$1" = dev ] && say debug || say "$1")/$2"; }

conformance() {
	profile=$1
	shift
	freestanding "$profile" && "$@" "$(program "$profile" conformance)" ${1:+qemu-user}
}

# vectors_with FEATURE: builds the loops with calls inside with the vector unit on, in a folder of their own.
vectors_with() {
	freestanding release --bin vectors --target-dir "$CARGO_TARGET_DIR/vectors" \
		--config "target.$triple.rustflags=[\"-C\", \"target-feature=$1\"]"
}

vectors() {
	vectors_with "$1" && "$CARGO_TARGET_DIR/vectors/$triple/release/vectors"
}

# The README's table of what a sandbox must allow, held against the rows that the conformance program proves.
uses() {
	"$(program release conformance)" uses >"$logs/uses" || return
	sed -n '/^## What a sandbox must allow/,/^## /{ /^| what /d; /^|-/d; /^|/p; }' README.md >"$logs/uses.README"
	diff "$logs/uses.README" "$logs/uses" && say "$(wc -l <"$logs/uses") passed, 0 failed, 0 skipped"
}

# i386 is short of registers: every level of optimization, both code models, and a frame pointer that takes one more.
code_models() {
	for level in 0 1 2 3 '"s"' '"z"'; do
		for model in static pic; do
			flags='["-C", "force-frame-pointers=yes", "-C", "relocation-model='$model'", "-C", "link-arg=-no-pie"]'
			say "opt-level $level, $model, frame pointers"
			freestanding release --bin conformance --config "profile.release.opt-level=$level" \
				--config "target.$triple.rustflags=$flags" || return
			"$(program release conformance)" >"$logs/code-model.log" || { cat "$logs/code-model.log"; return 1; }
			tail -n 1 "$logs/code-model.log"
		done
	done
}

# Each architecture's conformance program and init example as the first process of a kernel.
boots() {
	while read -r target suite arch flavour <&3; do
		describe "$target"
		install "$target"
		describe "$target"
		kernel=$(sh tests/kernel.sh "$suite" "$arch" "$flavour") || die "boot: no kernel for $target"
		release=$(cat "$kernel/release")
		freestanding release --bin conformance
		part "$target" "conformance, booted, $release" \
			sh tests/boot.sh "$target" "$kernel" "$(program release conformance)" ' passed, 0 failed, '
		case $target in
		aarch64) feature=+neon ;;
		riscv64) feature=+v ;;
		*) feature= ;;
		esac
		if [ -n "$feature" ]; then
			vectors_with "$feature" 2>&1
			part "$target" "vectors, booted, $release" sh tests/boot.sh "$target" "$kernel" \
				"$CARGO_TARGET_DIR/vectors/$triple/release/vectors" '^6 passed, 0 failed'
		fi
		(cd examples/init && cargo build -q --locked --target "$triple" --release)
		part "$target" "example init, booted, $release" \
			life "$target" "$kernel" "$(program release init)"
	done 3<<-END
		x86_64 bookworm amd64 amd64
		x86_64 trixie amd64 amd64
		i386 bookworm i386 686
		aarch64 trixie arm64 arm64
		riscv64 trixie riscv64 riscv64
	END
}

life() {
	sh tests/boot.sh "$@" '^init: power off' >"$logs/life.log"
	sed '$d' "$logs/life.log" >"$logs/life.init.log"
	check_last_line '^init: power off$' "$logs/life.init.log"
}

# New finds go beside the build, not into the repository's corpus.
fuzz() {
	mkdir -p "$CARGO_TARGET_DIR/corpus"
	cargo +nightly fuzz run --fuzz-dir tests/fuzz --target-dir "$CARGO_TARGET_DIR/fuzz" control_messages \
		"$CARGO_TARGET_DIR/corpus" tests/fuzz/corpus/control_messages -- -max_total_time=60 -print_final_stats=1 2>&1 |
		tee "$logs/fuzz.log" | grep -E '^(stat|SUMMARY|Done)' || :
	if grep -q '^Done [0-9]* runs' "$logs/fuzz.log"; then
		say "1 passed, 0 failed, 0 skipped"
	else
		tail -n 40 "$logs/fuzz.log"
		say "0 passed, 1 failed, 0 skipped"
	fi
}

[ $# -gt 0 ] || set -- x86_64 i386 aarch64 riscv64 others miri
command -v rustup >/dev/null || die "Rust's own installer, rustup, is what this begins with"
for target; do
	describe "$target"
	install "$target"
done
for target; do
	describe "$target"
	case $target in
	others)
		part others "build refused in one line" sh tests/others.sh "$triple"
		continue
		;;
	miri)
		part miri "all that makes no system call" env MIRIFLAGS=-Zmiri-disable-isolation \
			cargo +nightly miri test --locked --lib --test control_messages --test types
		continue
		;;
	sanitizers)
		part sanitizers "hosted tests, AddressSanitizer" sh tests/sanitize.sh address
		part sanitizers "hosted tests, ThreadSanitizer" sh tests/sanitize.sh thread
		continue
		;;
	boot)
		boots
		continue
		;;
	fuzz)
		part fuzz "control messages, 60 seconds" fuzz
		continue
		;;
	esac
	part "$target" "hosted tests" hosted
	part "$target" "example pair" example pair '^INET, STREAM: refused with errno 95, EOPNOTSUPP'
	part "$target" "example pass_fd" example pass_fd '^parent: the child ended with status 0$'
	part "$target" "example init" init
	for profile in dev release; do
		case $target in
		x86_64 | i386) part "$target" "conformance, $profile, native" conformance "$profile" ;;
		esac
		part "$target" "conformance, $profile, $emulator" conformance "$profile" "$emulator"
	done
	case $target in
	x86_64 | i386) runs="native" on= ;;
	*) runs=$emulator on=$emulator ;;
	esac
	for profile in dev release; do
		part "$target" "stack, $profile, $runs" $on "$(program "$profile" stack)"
	done
	part "$target" "what the binary is" sh tests/binary.sh "$target" "${binutils}objdump" \
		"$(program dev smallest)" "$(program release smallest)" "$(program release everything)" \
		"$(program release conformance)"
	part "$target" "instructions of each call" sh tests/instructions.sh "$target"
	part "$target" "size of a program" sh tests/size.sh "$target" "$triple" "${binutils}size"
	case $target in
	x86_64 | i386)
		part "$target" "registers, native" "$(program release registers)"
		part "$target" "every call refused, native" sh tests/faults.sh "$(program release session)"
		part "$target" "the README's system calls" uses
		;;
	*) part "$target" "registers, $emulator" "$emulator" "$(program release registers)" ;;
	esac
	[ "$target" != x86_64 ] || part x86_64 "vectors, AVX2, native" vectors +avx2
	[ "$target" != i386 ] || part i386 "conformance, every code model, native" code_models
done

# What the README holds of the last run: each architecture, by place and kernel.
awk -v native="$(uname -r | sed 's/-.*//')" -v day="$(date -u +%Y-%m-%d)" '
	$1 !~ /^(x86_64|i386|aarch64|riscv64)$/ { next }
	{
		place = "native"
		linux = native
		if (/ qemu-/ || ($1 ~ /^(aarch64|riscv64)$/ && !/booted/)) place = "QEMU user-mode"
		if (/what the binary is|instructions of|size of/) { place = "disassembled, counted"; linux = "" }
		if (match($0, /booted, [^ ]+/)) { place = "booted"; linux = substr($0, RSTART + 8, RLENGTH - 8) }
		row = $1 " | " place " | " linux
		if (!(row in passed)) rows[++count] = row
		passed[row] += $(NF - 2); failed[row] += $(NF - 1); skipped[row] += $NF
	}
	END {
		if (count) print "\n| target | place | Linux | passed | failed | skipped | on |\n|---|---|---|---|---|---|---|"
		for (at = 1; at <= count; at++) {
			row = rows[at]
			print "| " row " | " passed[row] " | " failed[row] " | " skipped[row] " | " day " |"
		}
	}' "$logs/table"

say
printf '%-9s %-44s %7s %7s %7s\n' target part passed failed skipped
cat "$logs/table"
awk '{ p += $(NF - 2); f += $(NF - 1); s += $NF } END { printf "\n%d passed, %d failed, %d skipped\n", p, f, s; exit f > 0 }' \
	"$logs/table"
