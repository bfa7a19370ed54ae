#!/bin/sh
# Checks that the published package stands alone: outside of the repository its tests and examples pass, its documentation is
# built without a warning, also as docs.rs builds it, and what its pages mention is in it.
set -u
# shellcheck source=tests/check.sh
. "$(dirname "$0")/check.sh"
repository=$PWD
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export CARGO_TARGET_DIR="$dir/target" CARGO_TERM_COLOR=never

cargo package -q -p linux-socketpair --allow-dirty --no-verify >"$dir/log" 2>&1 && tar -xf "$dir"/target/package/*.crate -C "$dir" ||
	{ cat "$dir/log"; exit 1; }
cd "$dir"/linux-socketpair-* || exit 1

# passes COMMAND...
passes() {
	"$@" >"$dir/log" 2>&1
	status=$?
	[ $status = 0 ] || tail -n 40 "$dir/log"
	check "$* (status)" $status 0
}
for features in '' --all-features; do
	# shellcheck disable=SC2086 # an option, or none
	passes cargo test -q --locked $features
	check "    tests passed there: at least 30" \
		"$([ "$(awk '/^test result: / { passed += $4 } END { print passed }' "$dir/log")" -ge 30 ] && echo yes)" yes
	# shellcheck disable=SC2086 # an option, or none
	passes env RUSTDOCFLAGS='-D warnings' cargo doc -q --locked --no-deps $features
done
for example in examples/*.rs; do
	example=$(basename "$example" .rs)
	passes cargo run -q --locked --all-features --example "$example"
done
check "crates built: the package and two" "$(cargo tree --locked --prefix none -e all --target all | sed 's/ .*//' | sort -u | wc -l)" 3
if rustup toolchain list | grep -q ^nightly; then
	passes env RUSTDOCFLAGS='--cfg docsrs -D warnings' cargo +nightly doc -q --locked --no-deps --all-features
else
	skip "the documentation as docs.rs builds it" "nightly is missing"
fi

# What README, the changelog and the documentation of items and examples mention: the target of a link, or the source of a
# picture, is in the package. A path is in it too, or in the repository if the section contains that word.
# shellcheck disable=SC2046 # a list of files
awk '
	function finish() {
		for (at = 1; at <= count; at++) print page, (linked[at] ? "link" : section ~ /repository/ ? "repository" : "path"), found[at]
		section = ""
		count = 0
	}
	function collect(pattern, link) {
		rest = text
		while (match(rest, pattern)) {
			found[++count] = substr(rest, RSTART, RLENGTH)
			linked[count] = link
			sub(/^\]\(/, "", found[count])
			sub(/[).]*$/, "", found[count])
			rest = substr(rest, RSTART + RLENGTH)
		}
	}
	FNR == 1 { finish(); page = FILENAME }
	{
		text = $0
		documentation = page !~ /[.]rs$/ || sub(/^ *\/\/[\/!] ?/, "", text)
		if (!documentation || page !~ /[.]rs$/ && /^#/) finish()
		if (!documentation) next
		section = section "\n" text
		if (page ~ /[.]rs$/) collect("\\]\\([^)#:]*[/.][^):]*\\)", 1)
		else collect("\\]\\([^)#:]+\\)", 1)
		gsub(/https?:[^ )>]*/, "", text)
		gsub(/\]\([^)]*\)/, "", text)
		collect("((src|tests|examples|benches|[.]cargo|[.]ci)/[A-Za-z0-9_./-]*[A-Za-z0-9_-]|arch/[a-z0-9_]+[.]rs|[A-Z]+[.]md)", 0)
	}
	END { finish() }' README.md CHANGELOG.md $(find src arch examples -name '*.rs') | sort -u >"$dir/mentioned"
while read -r page kind path; do
	if [ "$kind" = repository ]; then
		check "$page: $path, in the repository" "$([ -e "$path" ] || [ -e "$repository/$path" ] && echo exists)" exists
	else
		check "$page: $path" "$([ -e "$path" ] && echo exists)" exists
	fi
done <"$dir/mentioned"
check "README mentions paths" "$([ "$(grep -c '^README.md ' "$dir/mentioned")" -gt 0 ] && echo yes)" yes
close_count
