# For the scripts that hold what a compiler made against budgets: with $triple set, all that follows is compiled by the one
# for which they hold. It is installed where another is the default.

budgets_hold_for=1.95.0
if [ "$(rustc --version | cut -d ' ' -f 2)" != "$budgets_hold_for" ]; then
	rustup toolchain install "$budgets_hold_for" --profile minimal --no-self-update >&2 &&
		rustup target add "$triple" --toolchain "$budgets_hold_for" >&2 ||
		{ echo "the budgets hold for Rust $budgets_hold_for: rustup toolchain install $budgets_hold_for" >&2; exit 1; }
	export RUSTUP_TOOLCHAIN="$budgets_hold_for"
fi
