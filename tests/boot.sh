#!/bin/sh
# Boots a kernel of Debian's under QEMU, with a program as its first process, and shows what comes over the serial console:
#
#   sh tests/boot.sh TARGET KERNEL PROGRAM LAST-LINE
#
# KERNEL is the folder that tests/kernel.sh prints. The initramfs holds the program, as /init, and the modules. A boot that
# hasn't printed LAST-LINE, a pattern, and turned itself off within its time has failed.
# SELinux is chosen because it has labels even without a policy.
set -u
target=$1 kernel=$2 program=$3 last_line=$4

case $target in
x86_64) machine='qemu-system-x86_64 -cpu max' console=ttyS0 ;;
i386) machine='qemu-system-i386 -cpu max' console=ttyS0 ;;
aarch64) machine='qemu-system-aarch64 -machine virt -cpu max' console=ttyAMA0 ;;
riscv64) machine='qemu-system-riscv64 -machine virt -cpu rv64,v=true,vext_spec=v1.0' console=ttyS0 ;;
esac

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
mkdir "$work/root" && cp "$program" "$work/root/init" && cp -r "$kernel/modules" "$work/root" || exit 1
(cd "$work/root" && find . | cpio --quiet -o -H newc) >"$work/initramfs" || exit 1

# shellcheck disable=SC2086 # a command and its options
timeout 120 $machine -m 512 -nographic -no-reboot -kernel "$kernel/vmlinuz" -initrd "$work/initramfs" \
	-append "console=$console panic=-1 quiet security=selinux" </dev/null 2>&1 | tr -d '\r' |
	awk '/^(ok|FAIL|skip)  |^init: |^service: |^[0-9]+ passed|anic/' | tee "$work/console"
if grep -qE "$last_line" "$work/console" && ! grep -q 'Kernel panic' "$work/console"; then
	echo "boot of $(basename "$kernel"): ended as it should"
else
	echo "boot of $(basename "$kernel"): FAILED"
	exit 1
fi
