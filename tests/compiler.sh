# For the scripts that compare a compiler's output with budgets: selects the compiler that the budgets hold for. They source
# this file with the target's `triple` set; from there on cargo uses that compiler, and `enforce` is yes. It is taken from the
# user's toolchains, which are never modified; tests/run.sh installs a missing one into a cache of its own. Where it is
# unavailable, and with BUDGETS=report in the environment, the default compiler is used, and figures are printed without being
# enforced.

pinned=1.95.0
enforce=yes
compiler=$(rustc --version | cut -d ' ' -f 2)

# has_pinned: whether RUSTUP_HOME has that compiler with the target's library.
has_pinned() {
	rustup toolchain list | grep -q "^$pinned-" &&
		rustup target list --toolchain "$pinned" --installed | grep -qx "$triple"
}

# install_pinned: installs it into the cache, if tests/run.sh runs this; one process at a time.
install_pinned() {
	mkdir -p "$RUSTUP_HOME" && exec 9>"$RUSTUP_HOME/lock" && flock 9
	has_pinned || {
		[ "${INSTALL:-}" = yes ] && echo "      rustup toolchain install $pinned; rustup target add $triple: in $RUSTUP_HOME" &&
			{ rustup toolchain install "$pinned" --profile minimal --no-self-update && rustup target add "$triple"; } \
				>"$RUSTUP_HOME/log" 2>&1
	}
	installed=$?
	exec 9>&-
	return $installed
}

if [ "${BUDGETS:-}" = report ]; then
	enforce=no
elif [ "$compiler" != "$pinned" ]; then
	user_home=${RUSTUP_HOME:-} user_toolchain=${RUSTUP_TOOLCHAIN:-}
	export RUSTUP_TOOLCHAIN="$pinned"
	has_pinned || {
		export RUSTUP_HOME="${XDG_CACHE_HOME:-$HOME/.cache}/linux-socketpair/rustup"
		install_pinned
	} || {
		unset RUSTUP_HOME RUSTUP_TOOLCHAIN
		[ -z "$user_home" ] || export RUSTUP_HOME="$user_home"
		[ -z "$user_toolchain" ] || export RUSTUP_TOOLCHAIN="$user_toolchain"
		enforce=no
	}
	[ $enforce = no ] || compiler=$pinned CARGO_TARGET_DIR=$CARGO_TARGET_DIR/rust-$pinned
fi
why_not="budgets hold for Rust $pinned, this is $compiler"
