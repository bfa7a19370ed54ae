#!/bin/sh
# Downloads a Debian kernel, once, and prints the folder in the cache that contains it: `vmlinuz`, `release`, and in
# `modules` those of TIPC, AF_VSOCK and ATM. It is downloaded again when the list of these changes.
#
#   sh tests/debian_kernel.sh SUITE ARCHITECTURE FLAVOUR
#
# SUITE is any that Debian serves; `experimental` means the newest of experimental and sid. The packages come from this
# machine's mirror, with a separate configuration of apt.
set -u
# shellcheck source=tests/check.sh
. "$(dirname "$0")/check.sh"
usage 3 "$@"
suite=$1 arch=$2 flavour=$3
dir=${XDG_CACHE_HOME:-$HOME/.cache}/linux-socketpair/$suite-$arch-$flavour
modules="udp_tunnel ip6_udp_tunnel tipc vsock atm"
cached() { [ "$(cat "$dir/wanted" 2>/dev/null)" = "$modules" ] && echo "$dir"; }
cached && exit
# One process at a time: the kernels of several targets are the same.
mkdir -p "${dir%/*}" && exec 9>"$dir.lock" && flock 9 || exit 1
cached && exit

die() { echo "Debian's package linux-image-$flavour ($suite, $arch) is unavailable: $*" >&2; exit 1; }
# shellcheck disable=SC2016 # apt expands it
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1)
[ -n "$mirror" ] || die "this machine has no source of packages; run apt-get update"

rm -rf "$dir.new"
mkdir -p "$dir.new/apt/lists/partial" "$dir.new/apt/archives/partial" "$dir.new/modules" "$dir.new/unpacked" || exit 1
cd "$dir.new" || exit 1
for from in "$suite" $([ "$suite" != experimental ] || echo sid); do
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $from main"
done >apt/sources.list
: >apt/status
apt() {
	command=$1
	shift
	"$command" -o Dir::Etc::SourceList="$PWD/apt/sources.list" -o Dir::Etc::SourceParts=- -o Dir::State::Lists="$PWD/apt/lists" \
		-o Dir::State::Status="$PWD/apt/status" -o Dir::Cache="$PWD/apt" -o APT::Architecture="$arch" \
		-o APT::Architectures="$arch" -o Acquire::Languages=none -o Acquire::Check-Valid-Until=false \
		-o APT::Sandbox::User=root -o APT::Default-Release="$suite" "$@"
}
apt apt-get -qq update >apt/log 2>&1 || die "apt-get update: $(tail -n 3 apt/log)"
# The flavour's package is empty and depends on the current kernel; that is one package, or from 6.19 on several.
packages=$(apt apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
	--no-enhances "linux-image-$flavour" 2>/dev/null | grep -E '^linux-(image|binary|modules)-[0-9]' | sort -u)
[ -n "$packages" ] || die "the suite has no such kernel"
# download PACKAGE...
download() {
	for package; do
		apt apt-get -qq download "$package" >apt/log 2>&1 || return
	done
}
# shellcheck disable=SC2086 # a list of packages
download $packages || {
	reason="apt-get download $package: $(tail -n 3 apt/log)"
	# Where the mirror lacks the current kernel, the newest one that it has is taken.
	rm -f ./*.deb
	for package in $(apt apt-cache search --names-only "^linux-image-[0-9][0-9.]*(-[0-9]+|[+][a-z0-9]+)-$flavour\$" |
		cut -d ' ' -f 1 | sort -rV); do
		download "$package" && break
	done
	ls ./*.deb >/dev/null 2>&1 || die "$reason"
	packages=$package
}
for package in *.deb; do
	dpkg -x "$package" unpacked || die "dpkg -x $package"
done

kernel=$(find unpacked \( -path '*/boot/vmlinu[xz]-*' -o -path '*/lib/modules/*/vmlinuz' \) -type f | head -n 1)
[ -n "$kernel" ] || die "no kernel in $(echo $packages)"
for module in $modules; do
	file=$(find unpacked -name "$module.ko*" | head -n 1)
	case $file in
	'') grep -q "/$module.ko$" "$(find unpacked -name modules.builtin | head -n 1)" || echo "no module $module" >&2 ;;
	*.xz) xz -dc "$file" >"modules/$module.ko" ;;
	*) cp "$file" "modules/$module.ko" ;;
	esac || die "the module $module can't be unpacked"
done
find unpacked -path '*/lib/modules/*' -prune -name '[0-9]*' -exec basename {} \; | head -n 1 >release
echo "$modules" >wanted
cp "$kernel" vmlinuz || exit 1
rm -rf apt unpacked ./*.deb
rm -rf "$dir" && mv "$dir.new" "$dir" && echo "$dir"
