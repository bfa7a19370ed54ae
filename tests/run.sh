#!/bin/sh
# Runs every test on every target, or what is named:
#
#   sh tests/run.sh [TARGET...] [more] [unsupported] [new_architecture] [errors] [package] [android] [docs] [nightly] [miri]
#                   [gvisor] [sanitizers] [boot[:TARGET[:FOLDER]]...] [style] [dependencies] [fuzz] [mutants[:FILE]...]
#
# TARGET       one of tests/targets: hosted tests and examples, conformance program natively and under QEMU user mode, costs
# more         the targets that are not tested every day, android, docs and nightly
# unsupported  other targets are rejected at build time, in one line
# new_architecture  the three places that tests/README.md lists suffice for a new architecture
# errors       the messages for a missing feature and other mistakes state what to do
# package      the published package stands alone
# android      the crate builds for Android, where rustup has the library
# docs         the documentation builds for each target that Cargo.toml lists for docs.rs
# nightly      conformance program on targets of tests/targets for which nightly builds `core` from source
# miri         what makes no system call, under Miri
# gvisor       conformance program and examples under gVisor
# sanitizers   hosted tests under AddressSanitizer and ThreadSanitizer
# boot         conformance program and init example as the first process of Debian's kernels, from the oldest that Debian
#              serves to the newest; of one target; or of the kernel in a folder that contains `vmlinuz` and, optionally,
#              `modules`: sh tests/run.sh boot:i386:/tmp/linux-4.4
# fuzz         the parser of control messages, for a minute
# mutants      each change that cargo-mutants makes to src/, or to one file of it, is noticed by the hosted tests or by the
#              conformance program, except for those in tests/mutants: sh tests/run.sh mutants:src/poll.rs
# style        formatting, lints, documentation and scripts
# dependencies every set of features compiles; licences, sources and vulnerabilities of what is used
#
# Without a name it runs the targets that are tested every day, unsupported, errors, package, android with the targets that
# rustup has installed, miri and gvisor. `boot` alone means the targets that are tested every day. Two parts run at a time.
#
# It needs rustup. As root on Debian it installs what else is missing; otherwise it lists that in one line, and ends. What is
# unavailable is skipped by name, with the reason. nightly, miri and gvisor are skipped too if they are not named and something
# is missing. It ends with a table and the line `N passed, N failed, N skipped`. The exit status is 1 if something failed, and 2
# if something that was named had to be skipped.
set -u
# shellcheck source=tests/check.sh
. "$(dirname "$0")/check.sh"
PATH=$PATH:$HOME/.cargo/bin
# Some programs end by a signal that would dump core files here.
# shellcheck disable=SC3045 # dash and busybox have -S
ulimit -S -c 0
# Parts that this script runs install what they lack.
export CARGO_TERM_COLOR=never INSTALL=yes
logs=$CARGO_TARGET_DIR/tests
table=$logs/table

say() { printf '%s\n' "$*"; }
die() { say "tests/run.sh: $*" >&2; exit 1; }

# needs NAME: what it needs from Debian, one `PROGRAM-OR-FILE PACKAGE` per line. Everything needs a linker for build scripts.
needs() {
	echo cc gcc
	echo /usr/include/stdio.h libc6-dev
	case $1 in
	unsupported | errors | package | android | docs | miri | sanitizers | dependencies) ;;
	new_architecture) needs "$(emulated_target)" ;;
	style) echo shellcheck shellcheck ;;
	nightly)
		for name in $(nightly_targets); do
			describe target "$name"
			echo "$emulator qemu-user"
		done
		;;
	gvisor) echo runsc runsc ;;
	fuzz) echo c++ g++ ;;
	mutants*) echo qemu-i386 qemu-user ;;
	boot*)
		echo cpio cpio
		echo xz xz-utils
		describe target "$(boot_target "$1")"
		echo "${machine%% *} $system"
		;;
	*)
		describe target "$1"
		echo "$emulator qemu-user"
		echo objdump binutils
		[ $host = yes ] || echo "$cc ${packages%% *}"
		[ $host = yes ] || echo "$sysroot/include/stdio.h ${packages##* }"
		[ $native = no ] || { echo strace strace; echo valgrind valgrind; }
		;;
	esac
}

# missing NAME: the packages that it lacks.
missing() {
	needs "$1" | while read -r program package; do
		command -v "$program" >/dev/null || [ -e "$program" ] || say "$package"
	done
}

# boot_target boot:TARGET[:FOLDER]
boot_target() { say "$1" | cut -d : -f 2; }

# The first target that is tested every day and whose programs need an emulator.
emulated_target() {
	for name in $(everyday_targets); do
		describe target "$name"
		[ $native = yes ] || { say "$name"; return; }
	done
}

# unavailable NAME REASON: skips it.
unavailable() {
	say "skip  $1 ($2)"
	say "$1	skipped: $2		0	0	1	0" >>"$table"
	skip_list="$skip_list$1 "
	[ $named = no ] || : >"$table.skipped"
}

# nightly NAME COMPONENT...: whether Rust's nightly is installed. It is installed if the part was named.
nightly() {
	name=$1
	shift
	# shellcheck disable=SC2046 # a list of options
	set -- rustup toolchain install nightly --profile minimal --no-self-update $(printf -- '--component %s ' "$@")
	if rustup toolchain list | grep -q ^nightly; then
		absent=
		for component in $(say "$*" | sed 's/.*--no-self-update//; s/--component//g'); do
			rustup component list --toolchain nightly --installed | grep -q "^$component" || absent="$absent $component"
		done
		[ -n "$absent" ] || return 0
		set -- rustup component add --toolchain nightly $absent
	fi
	if [ $named = yes ]; then
		say "$name: $*"
		"$@" >"$logs/rustup.log" 2>&1 && return
		unavailable "$name" "failed: $*"
	else
		unavailable "$name" "missing: $*"
	fi
	return 1
}

# prepare NAME: installs what it needs with rustup and cargo.
prepare() {
	case $1 in
	errors | package | android | docs | dependencies) return ;;
	style)
		say "style: rustup component add rustfmt clippy"
		rustup component add rustfmt clippy >"$logs/rustup.log" 2>&1 && return
		unavailable style "failed: rustup component add rustfmt clippy"
		;;
	nightly) nightly nightly rust-src && return ;;
	miri) nightly miri miri rust-src && return ;;
	sanitizers) nightly sanitizers rust-src && return ;;
	fuzz) nightly fuzz rust-src && cargo_tool fuzz cargo-fuzz && return ;;
	mutants*) rust_target "$1" i686-unknown-linux-gnu && cargo_tool "$1" cargo-mutants && return ;;
	gvisor)
		runsc --rootless --ignore-cgroups --network=none "do" true >"$logs/gvisor.log" 2>&1 && return
		unavailable gvisor "runsc: $(tail -n 1 "$logs/gvisor.log")"
		;;
	unsupported) rust_target unsupported wasm32-unknown-unknown && return ;;
	new_architecture)
		describe target "$(emulated_target)"
		rust_target new_architecture "$triple" && return
		;;
	boot*)
		describe target "$(boot_target "$1")"
		rust_target "$1" "$triple" && return
		;;
	*)
		describe target "$1"
		rust_target "$1" "$triple" && return
		;;
	esac
	return 1
}

# rust_target NAME TRIPLE: whether rustup has installed that target's library, now or before.
rust_target() {
	rustup target list --installed | grep -qx "$2" && return
	say "$1: rustup target add $2"
	rustup target add "$2" >"$logs/rustup.log" 2>&1 && return
	unavailable "$1" "failed: rustup target add $2"
	return 1
}

# cargo_tool NAME TOOL: whether that tool is installed, now or before.
cargo_tool() {
	command -v "$2" >/dev/null && return
	say "$1: cargo install --locked $2"
	cargo install -q --locked "$2" >"$logs/cargo.log" 2>&1 && return
	unavailable "$1" "failed: cargo install --locked $2"
	return 1
}

# part ROW PLACE WHAT COMMAND...: runs a part, shows its output, and adds its counts to the table.
part() {
	row=$1 place=$2 what=$3 log=$logs/$(printf %s "$1-$3-$2" | tr -c a-zA-Z0-9_ -).log
	shift 3
	say "... $row: $what${place:+, $place}"
	began=$(date +%s)
	("$@" 2>&1; say "exit $?") >"$log"
	took=$(($(date +%s) - began))
	# In one piece: two parts run at a time.
	(
		flock 9
		say "--- $row: $what${place:+, $place}"
		sed '/^exit [0-9]*$/d; s/^/    /' "$log"
	) 9>"$table.lock"
	# The counts are libtest's and the programs' own. A part that fails without counting a failure, or that tests nothing, is one
	# failure.
	awk -v row="$row" -v what="$what" -v place="$place" -v took="$took" '
		/^test result: / { passed += $4; failed += $6; skipped += $8 }
		/^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ { passed += $1; failed += $3; skipped += $5 }
		/^exit [0-9]+$/ { status = $2 }
		END {
			if (!failed && (status || !(passed + skipped))) failed = 1
			print row, what, place, passed + 0, failed + 0, skipped + 0, took
		}' OFS='\t' "$log" >>"$table"
}

# program PROFILE NAME: the path of a program that was built before.
program() { say "$CARGO_TARGET_DIR/$triple/$([ "$1" = dev ] && say debug || say "$1")/$2"; }

# Natively load.rs makes a million pairs.
hosted() {
	unset LINUX_SOCKETPAIR_LOAD
	[ $native = no ] || export LINUX_SOCKETPAIR_LOAD=1
	limited 3600 cargo test -q --locked --target "$triple" &&
		limited 3600 cargo test -q --locked --target "$triple" --all-features --lib --test feature_std --test portable \
			--test soundness --test control_messages
}

# last_line PATTERN COMMAND...: runs it, and checks the last line that it prints.
last_line() {
	pattern=$1
	shift
	limited 600 "$@" >"$logs/output"
	ended=$?
	cat "$logs/output"
	if [ $ended = 0 ] && tail -n 1 "$logs/output" | grep -q "$pattern"; then
		say "1 passed, 0 failed, 0 skipped"
	else
		say "FAIL  status $ended; last line expected: $pattern"
		say "0 passed, 1 failed, 0 skipped"
	fi
}

example() { last_line "$2" cargo run -q --locked --target "$triple" --features std --example "$1"; }

# The init example is a package of its own. A copy of its folder is built elsewhere, with nothing from this repository but the
# crate, which cargo would download. It executes itself, which QEMU user mode can't.
init() {
	arch=$(rustc --print cfg --target "$triple" | sed -n 's/^target_arch="\(.*\)"$/\1/p')
	if ! grep -q "target_arch = \"$arch\"" examples/init/src/start.rs; then
		say "skip  the init example (its start.rs has no start for $arch)"
		say "0 passed, 0 failed, 1 skipped"
		return
	fi
	crate="patch.crates-io.linux-socketpair.path='$PWD'"
	copy=$(mktemp -d) && cp -r examples/init "$copy" || return
	(cd "$copy/init" && cargo build -q --locked --target "$triple" --target-dir "$CARGO_TARGET_DIR/copy" --config "$crate")
	ended=$?
	rm -rf "$copy"
	[ $ended = 0 ] || return
	(cd examples/init && cargo build -q --locked --target "$triple" && cargo build -q --locked --target "$triple" --release) ||
		return
	if [ $native = yes ]; then
		sh tests/init.sh "$(program release init)"
	else
		say "skip  the init example's run (QEMU user mode executes no program of another architecture)"
		say "0 passed, 0 failed, 1 skipped"
	fi
}

# The programs for event loops are a package of their own. io_uring can be disabled, and filters reject it.
event_loops() {
	(cd examples/event_loops && cargo build -q --locked --target "$triple") || return
	for loop in tokio async_io mio epoll; do
		last_line "^$loop: 1024005 bytes and 1 file descriptor$" "$(program dev $loop)"
	done
	if "$(program dev io_uring)" 2>&1 | grep -q '^Error: Os { code: \(1\|38\),'; then
		say "skip  io_uring (not permitted here; kernel.io_uring_disabled is $(cat /proc/sys/kernel/io_uring_disabled 2>&1))"
		say "0 passed, 0 failed, 1 skipped"
	else
		last_line "^io_uring: 5 bytes and 1 file descriptor$" "$(program dev io_uring)"
	fi
}

# freestanding PROFILE [OPTION...]: builds the programs without libc; unoptimized, only those that are used.
freestanding() {
	profile=$1
	shift
	# shellcheck disable=SC2046 # two words, or none
	[ "$profile" != dev ] || set -- --bin conformance $(smallest_unoptimized >/dev/null && echo --bin smallest) "$@"
	(cd tests/freestanding && cargo build -q --locked --target "$triple" --profile "$profile" "$@")
}

smallest_unoptimized() {
	case " $lacks " in
	*" unoptimized "*) return 1 ;;
	esac
	program dev smallest
}

# conformance PROFILE [EMULATOR]
conformance() {
	profile=$1
	shift
	freestanding "$profile" && limited 1800 "$@" "$(program "$profile" conformance)" ${1:+qemu-user}
}

# build_vectors: builds the loops with calls inside, with the vector registers enabled, in a folder of its own.
build_vectors() {
	freestanding release --bin vectors --target-dir "$CARGO_TARGET_DIR/vectors" \
		--config "target.$triple.rustflags=[\"-C\", \"target-feature=$vectors\"]"
}

run_vectors() {
	build_vectors && limited 600 "$CARGO_TARGET_DIR/vectors/$triple/release/vectors"
}

# Compares README's list of what a sandbox must allow with the rows that the conformance program proves.
sandbox_table() {
	"$(program release conformance)" uses >"$logs/sandbox_table" || return
	sed -n '/^## What a sandbox must allow/,/^## /{ /^- /p; }' README.md >"$logs/sandbox_table.README"
	diff "$logs/sandbox_table.README" "$logs/sandbox_table" && say "$(wc -l <"$logs/sandbox_table") passed, 0 failed, 0 skipped"
}

# Builds without optimization, for size and for speed, in both code models, with a frame pointer, which takes one more register.
code_models() {
	for level in 0 3 '"s"'; do
		for model in static pic; do
			flags='["-C", "force-frame-pointers=yes", "-C", "relocation-model='$model'", "-C", "link-arg=-no-pie"]'
			say "opt-level $level, $model, frame pointers"
			freestanding release --bin conformance --target-dir "$CARGO_TARGET_DIR/code_models" \
				--config "profile.release.opt-level=$level" --config "target.$triple.rustflags=$flags" || return
			limited 1800 "$CARGO_TARGET_DIR/code_models/$triple/release/conformance" >"$logs/code_model.log" ||
				{ cat "$logs/code_model.log"; return 1; }
			tail -n 1 "$logs/code_model.log"
		done
	done
}

run_target() {
	describe target "$1"
	runner=CARGO_TARGET_$(say "$triple" | tr a-z- A-Z_)_RUNNER
	export "$runner=.cargo/emulate"
	runs=$([ $native = yes ] && say native || say "$emulator")
	part "$target" "$runs" "hosted tests" hosted
	part "$target" "$runs" "example pair" example pair '^INET, STREAM: .*EOPNOTSUPP'
	part "$target" "$runs" "example pass_fd" example pass_fd '^parent: the child ended with status 0$'
	part "$target" "$runs" "example init" init
	[ $host = no ] || part "$target" native "event loops" event_loops
	for profile in dev release; do
		[ $native = no ] || part "$target" native "conformance, $profile" conformance "$profile"
		part "$target" "$emulator" "conformance, $profile" conformance "$profile" "$emulator"
	done
	# shellcheck disable=SC2046 # an emulator, or nothing
	part "$target" "$runs" registers limited 600 $([ $native = yes ] || say "$emulator") "$(program release registers)"
	if [ $native = yes ]; then
		part "$target" native "fault injection" sh tests/fault_injection.sh "$(program release fault_injection)"
		part "$target" "" "README's list of system calls" sandbox_table
		[ -z "$vectors" ] || part "$target" native "vectors, $vectors" run_vectors
	fi
	for profile in dev release; do
		part "$target" "$runs" "stack, $profile" sh tests/stack.sh "$target" "$profile"
	done
	part "$target" "" "what the binary contains" sh tests/binary.sh "$target" "$(program release smallest)" \
		"$(program release everything)" "$(program release conformance)" "$(smallest_unoptimized)"
	part "$target" "" constants sh tests/constants.sh "$target"
	for cost in instructions size; do
		part "$target" "" "$cost" sh "tests/$cost.sh" "$target"
	done
	for name in $also; do
		part "$target" native "$name" "$name"
	done
	# Miri has a runner of its own.
	unset "$runner"
}

# run_boots NAME: builds the programs of a target, and boots its kernels with them.
run_boots() {
	describe target "$(boot_target "$1")"
	freestanding release --bin conformance && (cd examples/init && cargo build -q --locked --target "$triple" --release) &&
		{ [ -z "$vectors" ] || [ $native = yes ] || build_vectors; } ||
		{ part "$target" "" "build for boot" false; return; }
	folder=$(say "$1" | cut -s -d : -f 3-)
	if [ -n "$folder" ]; then
		boot "$folder" "$(basename "$folder")"
		return
	fi
	for kernel in $kernels; do
		IFS=/ read -r suite arch flavour options <<-END
			$kernel
		END
		if folder=$(sh tests/debian_kernel.sh "$suite" "$arch" "$flavour" 2>"$logs/kernel.log"); then
			boot "$folder" "$(cat "$folder/release")" $options
		else
			unavailable "$1" "$(tail -n 1 "$logs/kernel.log")"
		fi
	done
}

# boot FOLDER RELEASE [OPTION...]
boot() {
	folder=$1 on="booted $2${3:+ $3}"
	shift 2
	part "$target" "$on" conformance sh tests/boot.sh "$target" "$folder" "$(program release conformance)" \
		' passed, 0 failed, ' "$@"
	[ -z "$vectors" ] || [ $native = yes ] || part "$target" "$on" "vectors, $vectors" sh tests/boot.sh "$target" "$folder" \
		"$CARGO_TARGET_DIR/vectors/$triple/release/vectors" '^6 passed, 0 failed' "$@"
	part "$target" "$on" "example init" boot_init "$@"
}

# boot_init [OPTION...]: with all faults at once and no console at the start; then until Ctrl-Alt-Del or, where the machine has no
# keyboard, its signal; then with a panic.
boot_init() {
	boot_with faults '^init: power off' "$@" && sh tests/init.sh --faults "$logs/boot"
	if [ "$keyboard" = yes ]; then
		export KEYS=ctrl-alt-delete KEYS_AFTER='steady: ready'
		boot_with steady '^init: restart' "$@"
		unset KEYS KEYS_AFTER
	else
		boot_with interrupt '^init: restart' "$@"
	fi
	boot_with panic 'init: panicked at ' "$@"
}

# boot_with WORD LAST-LINE [OPTION...]: the word is init's argument.
boot_with() {
	word=$1 line=$2
	shift 2
	NO_CONSOLE=$([ "$word" = faults ] && say yes) sh tests/boot.sh "$target" "$folder" "$(program release init)" "$line" "$@" \
		-- "$word" >"$logs/boot"
	ended=$?
	grep -v '^init: many: ' "$logs/boot"
	say "$((1 - (ended > 0))) passed, $((ended > 0)) failed, 0 skipped"
}

# build_std PROGRAM: builds a program without libc, together with `core`, and runs it.
build_std() {
	(cd tests/freestanding && cargo +nightly build -q --locked --release --target "$triple" --bin "$1" \
		-Z build-std=core,compiler_builtins --config "target.$triple.rustflags=[$rustflags]") &&
		limited 1800 "$emulator" "$(program release "$1")" qemu-user
}

constants_if_compiler() {
	if command -v "$cc" >/dev/null; then
		sh tests/constants.sh "$target"
	else
		skip "constants" "missing packages: $packages"
		close_count
	fi
}

run_nightly() {
	for name in $(nightly_targets); do
		describe target "$name"
		part "$target" "$emulator" "conformance, release" build_std conformance
		part "$target" "$emulator" registers build_std registers
		part "$target" "" constants constants_if_compiler
	done
}

# installed TRIPLE WHAT: whether rustup has that target's library. It is installed if the part was named.
installed() {
	rustup target list --installed | grep -qx "$1" && return
	if [ $named = no ]; then
		skip "$2" "rustup has not installed that target; \`sh tests/run.sh more\` does"
	elif rustup target add "$1" >"$logs/rustup.log" 2>&1; then
		return
	else
		skip "$2" "failed: rustup target add"
	fi
	return 1
}

run_android() {
	for triple in $(rustup target list | sed -n 's/^\([^ ]*android[^ ]*\).*/\1/p'); do
		installed "$triple" "cargo check --target $triple" || continue
		for features in "" std; do
			cargo check -q --locked -p linux-socketpair --target "$triple" --features "$features"
			check "cargo check --target $triple --features '$features' (status)" $? 0
		done
	done
	close_count
}

run_docs() {
	for triple in $(sed -n '/^targets = \[/,/^\]/s/^ *"\(.*\)",$/\1/p' Cargo.toml); do
		installed "$triple" "cargo doc --target $triple" || continue
		RUSTDOCFLAGS='-D warnings' cargo doc -q --locked --no-deps --all-features --target "$triple"
		check "cargo doc --target $triple (status)" $? 0
	done
	close_count
}

run_gvisor() {
	for name in $(all_targets); do
		describe target "$name" && [ $host = yes ] && break
	done
	freestanding release --bin conformance && cargo build -q --locked --target "$triple" --features std --examples &&
		(cd examples/init && cargo build -q --locked --target "$triple" --release) &&
		sh tests/gvisor.sh "$(program release conformance)" "$(program dev examples/pair)" "$(program dev examples/pass_fd)" \
			"$(program release init)"
}

# New inputs are stored with the build, not in the repository's corpus.
run_fuzz() {
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

# mutate OPTION...: tries the mutants that no earlier call has noticed. They are built in a copy of the tree.
mutate() {
	say "cargo mutants $*"
	# What never ended is noticed too.
	[ ! -e "$found/timeout.txt" ] || cat "$found/timeout.txt" >>"$found/caught.txt"
	env -u CARGO_TARGET_DIR CARGO_PROFILE_DEV_DEBUG=none CARGO_PROFILE_TEST_DEBUG=none \
		cargo mutants --no-times --iterate --jobs "${JOBS:-2}" -o "$CARGO_TARGET_DIR" "$@" >"$logs/mutants.log" 2>&1
	status=$?
	case $status in
	0 | 2 | 3) ;; # 2: some were not noticed; 3: some took too long
	*) tail -n 40 "$logs/mutants.log"; return $status ;;
	esac
}

# run_mutants NAME: the conformance program is the fastest; then the hosted tests, and what a 32-bit machine has of its own.
run_mutants() {
	file=$(say "$1" | cut -s -d : -f 2)
	file=${file:-src/**}
	found=$CARGO_TARGET_DIR/mutants.out
	rm -rf "$found" "$found.old"
	for name in $(all_targets); do
		describe target "$name" && [ $host = yes ] && break
	done
	CONFORMANCE=$triple mutate --file "$file" -C=--test=conformance &&
		mutate --file "$file" --test-package=linux-socketpair,hosted &&
		mutate --file "$file" --test-package=linux-socketpair,hosted --all-features &&
		CONFORMANCE="i686-unknown-linux-gnu qemu-i386" mutate --file "$file" -C=--test=conformance || return
	without_place() { sed 's/^\([^:]*\):[0-9]*:[0-9]*:/\1:/' "$@" | sort; }
	without_place "$found/missed.txt" >"$logs/mutants.survive"
	grep -v '^#\|^$' tests/mutants | sort >"$logs/mutants.equivalent"
	comm -23 "$logs/mutants.survive" "$logs/mutants.equivalent" | sed 's/^/FAIL  /' | tee "$logs/mutants.failed"
	survive=$(wc -l <"$logs/mutants.survive") failed=$(wc -l <"$logs/mutants.failed")
	noticed=$(cat "$found/caught.txt" "$found/previously_caught.txt" "$found/timeout.txt" | wc -l)
	say "$noticed noticed or not compiled, $((survive - failed)) equivalent"
	say "$noticed passed, $failed failed, $((survive - failed)) skipped"
	[ "$failed" = 0 ]
}

# run NAME: runs all parts of it.
run() {
	case $1 in
	unsupported) part unsupported "" "rejected at build time" sh tests/unsupported.sh wasm32-unknown-unknown ;;
	errors) part errors "" "what they report" sh tests/error_messages.sh ;;
	mutants*) part "${1%%:*}" native "${1#*:}" run_mutants "$1" ;;
	dependencies) part dependencies "" "features, licences, vulnerabilities" sh tests/dependencies.sh ;;
	new_architecture) part new_architecture "" "three places suffice" sh tests/new_architecture.sh "$(emulated_target)" ;;
	android) part android "" "cargo check" run_android ;;
	docs) part docs "" "cargo doc" run_docs ;;
	nightly) run_nightly ;;
	miri)
		part miri "" "what makes no system call" limited 3600 env MIRIFLAGS="-Zmiri-disable-isolation -Zmiri-recursive-validation" \
			cargo +nightly miri test --locked --lib --test control_messages --test names_and_numbers
		;;
	gvisor) part gvisor gVisor "conformance, examples" run_gvisor ;;
	sanitizers)
		part sanitizers native "hosted tests, AddressSanitizer" limited 3600 sh tests/sanitizers.sh address
		part sanitizers native "hosted tests, ThreadSanitizer" limited 3600 sh tests/sanitizers.sh thread
		;;
	package) part package native "stands alone" sh tests/package.sh ;;
	style) part style "" "silent tools" sh tests/style.sh ;;
	fuzz) part fuzz native "control messages, 60 seconds" run_fuzz ;;
	boot*) run_boots "$1" ;;
	*) run_target "$1" ;;
	esac
}

# next: removes the first name from the queue, and prints it.
next() (
	flock 9
	read -r first <"$table.queue" || exit 1
	sed -i 1d "$table.queue"
	say "$first"
) 9>"$table.lock"

# worker FOLDER: runs what is next until the queue is empty, with a build directory of its own, since cargo locks it.
worker() {
	export CARGO_TARGET_DIR="$1"
	logs=$1/tests
	mkdir -p "$logs" || exit 1
	while name=$(next); do run "$name"; done
}

named=yes skip_list=' '
# shellcheck disable=SC2046 # a list of names
[ $# -gt 0 ] || { named=no; set -- $(everyday_targets) miri gvisor package unsupported errors android; }
# A folder's name may contain spaces.
IFS='
'
# shellcheck disable=SC2046 # a list of names
set -- $(for name; do
	case $name in
	more) say $(more_targets) android docs nightly ;;
	boot) everyday_targets | sed 's/^/boot:/' ;;
	*) say "$name" ;;
	esac
done)
unset IFS
for name; do
	case $name in
	unsupported | new_architecture | errors | package | android | docs | nightly | miri | gvisor | sanitizers | boot) continue ;;
	style | dependencies | fuzz | mutants) continue ;;
	mutants:*)
		[ -e "${name#mutants:}" ] || die "there is no file ${name#mutants:}"
		continue
		;;
	boot:*:*) [ -e "${name#boot:*:}/vmlinuz" ] || die "${name#boot:*:} contains no vmlinuz" ;;
	esac
	describe target "${name#boot:}" || describe target "$(say "$name" | sed -n 's/^boot:\([^:]*\):.*/\1/p')" ||
		die "there is no $name, but: $(all_targets | tr '\n' ' ')more unsupported new_architecture errors package android docs" \
			"nightly miri gvisor sanitizers boot boot:TARGET style dependencies fuzz mutants mutants:FILE"
done
command -v rustup >/dev/null || die "rustup, Rust's installer, is missing"

# Packages first: a user who can't install them sees all that is missing, in one line.
packages_of_all=$(for name; do
	case $named-$name in no-nightly | no-miri | no-gvisor) [ "$(id -u)" = 0 ] || continue ;; esac
	missing "$name"
done | sort -u | tr '\n' ' ')
if [ -n "$packages_of_all" ]; then
	install="apt-get install --no-install-recommends $packages_of_all"
	[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || die "these packages are missing; as root on Debian: $install"
fi
mkdir -p "$logs" && : >"$table" && rm -f "$table.skipped" || exit 1
if [ -n "$packages_of_all" ]; then
	say "$install"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update >"$logs/apt.log" 2>&1
	# One that is unavailable must not prevent the others.
	# shellcheck disable=SC2086 # a list of packages
	apt-get install -y --no-install-recommends $packages_of_all >>"$logs/apt.log" 2>&1 || for package in $packages_of_all; do
		apt-get install -y --no-install-recommends "$package" >>"$logs/apt.log" 2>&1
	done
fi
for name; do
	lacking=$(missing "$name" | tr '\n' ' ')
	if [ -n "$lacking" ]; then
		unavailable "$name" "missing packages: ${lacking% }"
	else
		prepare "$name"
	fi
done

for name; do
	case $skip_list in *" $name "*) ;; *) say "$name" ;; esac
done >"$table.queue"
if [ "$(wc -l <"$table.queue")" -gt 1 ] && [ "$(nproc)" -gt 1 ]; then
	worker "$CARGO_TARGET_DIR/second" &
fi
worker "$CARGO_TARGET_DIR"
wait

# The table for tests/README.md: each target, by place and kernel.
awk -F '\t' -v targets="$({ all_targets; nightly_targets; } | tr '\n' ' ')" -v native="$(uname -r | sed 's/-.*//')" -v day="$(date -u +%Y-%m-%d)" '
	index(" " targets, " " $1 " ") == 0 || $2 ~ /^skipped/ { next }
	{
		place = $3
		linux = native
		if (place ~ /^qemu-/) place = "QEMU user mode"
		if (place == "") { place = "inspected"; linux = "" }
		if (place ~ /^booted /) { linux = substr(place, 8); place = "booted" }
		row = $1 " | " place " | " linux
		if (!(row in passed)) rows[++count] = row
		passed[row] += $4; failed[row] += $5; skipped[row] += $6
	}
	END {
		if (count) print "\n| target | place | Linux | passed | failed | skipped | on |\n|---|---|---|---|---|---|---|"
		for (at = 1; at <= count; at++) {
			row = rows[at]
			print "| " row " | " passed[row] " | " failed[row] " | " skipped[row] " | " day " |"
		}
	}' "$table"

say
awk -F '\t' -v skipped_by_name="$([ ! -e "$table.skipped" ] || say yes)" '
	BEGIN { printf "%-11s %-56s %7s %7s %7s %7s\n", "target", "part", "passed", "failed", "skipped", "seconds" }
	{
		printf "%-11s %-56s %7d %7d %7d %7d\n", $1, $2 ($3 ? ", " $3 : ""), $4, $5, $6, $7
		passed += $4; failed += $5; skipped += $6
	}
	END {
		printf "\n%d passed, %d failed, %d skipped\n", passed, failed, skipped
		exit failed ? 1 : skipped_by_name == "yes" ? 2 : 0
	}' "$table"
