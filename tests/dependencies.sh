#!/bin/sh
# Checks the crate's features and dependencies with cargo's tools: every set of features compiles; licences and sources are those
# that deny.toml allows; no dependency has a known vulnerability.
#
#   sh tests/dependencies.sh
#
# A tool that is missing is installed by cargo where tests/run.sh runs this, and otherwise skipped by name.
set -u
# shellcheck source=tests/check.sh
. "$(dirname "$0")/check.sh"
export CARGO_TERM_COLOR=never

# tool NAME: whether cargo-NAME is installed, now or before.
tool() {
	command -v "cargo-$1" >/dev/null && return
	[ "${INSTALL:-no}" = yes ] || { skip "cargo $1" "missing: cargo install --locked cargo-$1"; return 1; }
	echo "cargo install --locked cargo-$1"
	limited 1200 cargo install -q --locked "cargo-$1" && return
	skip "cargo $1" "failed: cargo install --locked cargo-$1"
	return 1
}

if tool hack; then
	cargo hack check -q --locked --feature-powerset
	check "cargo hack check --feature-powerset (status)" $? 0
fi

if tool deny; then
	cargo deny --offline --locked check bans licenses sources
	check "cargo deny check bans licenses sources (status)" $? 0
	advisories=$(limited 120 cargo deny --locked check advisories 2>&1)
	status=$?
	case $status-$advisories in
	124-* | 137-* | [!0]*"failed to fetch advisory database"*) skip "cargo deny check advisories" "the database can't be fetched" ;;
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
