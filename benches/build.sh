#!/bin/sh
# Times the first `cargo build --release` of a crate that depends on this one, and of the same crate with rustix and its feature
# `net`, with rustix's default features and without.
#
#   sh benches/build.sh
#
# Everything is fetched before. Each is built five times from nothing, in turns, so that whatever else the machine does affects
# all of them. At the end it lists the dependencies of each.
set -eu
. "$(dirname "$0")/../tests/check.sh"
crate=$PWD
runs=5
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export CARGO_TARGET_DIR="$dir/target" CARGO_TERM_COLOR=never

# user NAME DEPENDENCY: makes a crate of the code on standard input.
user() {
	mkdir -p "$dir/$1/src"
	cat >"$dir/$1/src/lib.rs"
	printf '[package]\nname = "user"\nversion = "0.0.0"\nedition = "2024"\n[dependencies]\n%s\n' "$2" >"$dir/$1/Cargo.toml"
	(cd "$dir/$1" && cargo fetch -q)
}
user ours "linux-socketpair = { path = \"$crate\" }" <<'END'
use linux_socketpair::{Domain, Errno, RawFd, SocketFlags, SocketType, socketpair};

pub fn pair() -> Result<[RawFd; 2], Errno> {
    socketpair(Domain::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, 0)
}
END
user rustix 'rustix = { version = "1", features = ["net"] }' <<'END'
use rustix::{fd::OwnedFd, io, net::{AddressFamily, SocketFlags, SocketType, socketpair}};

pub fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)
}
END
user rustix-no-std 'rustix = { version = "1", default-features = false, features = ["net"] }' <"$dir/rustix/src/lib.rs"

names="ours rustix rustix-no-std"
rustc --version
for run in $(seq $runs); do
	for name in $names; do
		rm -rf "$CARGO_TARGET_DIR"
		began=$(date +%s%3N)
		(cd "$dir/$name" && cargo build -q --release --offline)
		took=$(($(date +%s%3N) - began))
		echo "$took" >>"$dir/$name/times"
		echo "run $run: $name $took ms"
	done
done

median() { sort -n "$dir/$1/times" | sed -n "$(((runs + 1) / 2))p"; }
for name in $names; do
	echo "$name: median $(median "$name") ms"
done
for name in rustix rustix-no-std; do
	awk -v name=$name -v ours="$(median ours)" -v other="$(median $name)" \
		'BEGIN { printf "ours takes %.2f of the time of %s (goal: under 0.25)\n", ours / other, name }'
done
for name in $names; do
	tree=$(cd "$dir/$name" && cargo tree -q --offline -e normal --prefix none | sed 1d | sort -u)
	echo "$name: $(echo "$tree" | wc -l) crates: $(echo "$tree" | cut -d ' ' -f 1,2 | paste -sd , | sed 's/,/, /g')"
done
