#!/bin/sh
# Fetches a kernel of Debian's, once, and prints the folder in the cache that holds it as `vmlinuz`, with its modules for TIPC:
#
#   sh tests/kernel.sh SUITE ARCHITECTURE FLAVOUR
#
# It is fetched from where this machine's own packages come from, under a configuration of its own for that release.
set -u
suite=$1 arch=$2 flavour=$3
dir=${XDG_CACHE_HOME:-$HOME/.cache}/linux-socketpair/$suite-$arch-$flavour
if [ -e "$dir/vmlinuz" ]; then
	echo "$dir"
	exit
fi

die() { echo "tests/kernel.sh: Debian's package linux-image-$flavour ($suite, $arch) is needed: $*" >&2; exit 1; }
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1)
[ -n "$mirror" ] || die "this machine has no source of packages; apt-get update?"

rm -rf "$dir.new"
mkdir -p "$dir.new/apt/lists/partial" "$dir.new/apt/archives/partial" "$dir.new/modules" || exit 1
cd "$dir.new" || exit 1
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >apt/sources.list
: >apt/status
apt() {
	command=$1
	shift
	"$command" -o Dir::Etc::SourceList="$PWD/apt/sources.list" -o Dir::Etc::SourceParts=- -o Dir::State::Lists="$PWD/apt/lists" \
		-o Dir::State::Status="$PWD/apt/status" -o Dir::Cache="$PWD/apt" -o APT::Architecture="$arch" \
		-o APT::Architectures="$arch" -o Acquire::Languages=none -o APT::Sandbox::User=root "$@"
}
apt apt-get -qq update >apt/log 2>&1 || die "apt-get update: $(tail -n 3 apt/log)"
# The flavour's package is empty; it depends on the kernel of the day.
package=$(apt apt-cache depends "linux-image-$flavour" | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
[ -n "$package" ] || die "no kernel of that name"
apt apt-get -qq download "$package" >apt/log 2>&1 || die "apt-get download $package: $(tail -n 3 apt/log)"
dpkg -x ./*.deb unpacked || die "dpkg -x"

cp unpacked/boot/vmlinu[xz]-* vmlinuz || die "no kernel in the package"
for module in udp_tunnel ip6_udp_tunnel tipc; do
	file=$(find unpacked -name "$module.ko*" | head -n 1)
	case $file in
	*.xz) xz -dc "$file" >"modules/$module.ko" ;;
	*) cp "$file" "modules/$module.ko" ;;
	esac || die "no module $module in the package"
done
echo "${package#linux-image-}" >release
rm -rf apt unpacked ./*.deb
mv "$dir.new" "$dir" && echo "$dir"
