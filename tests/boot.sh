#!/bin/sh
# Boots a kernel under QEMU, with a program as its first process, and shows what the program prints on the serial console:
#
#   sh tests/boot.sh TARGET FOLDER PROGRAM LAST-LINE [KERNEL-OPTION...]
#
# FOLDER contains the kernel as `vmlinuz` and, in `modules`, those that the program loads: tests/debian_kernel.sh makes one. The
# initramfs contains the program, as /init, and the modules. The boot passes if the program prints LAST-LINE, a pattern,
# and the machine turns itself off within the time that tests/targets allows. SELinux is enabled because it has labels even
# without a policy.
#
# With NO_CONSOLE=yes the initramfs has a /dev/console that can't be opened, so that the program starts without standard
# input, output and error. With KEYS=ctrl-alt-delete and KEYS_AFTER=LINE these keys are pressed when LINE, a pattern, has been
# printed: on machines with a keyboard that the kernel knows.
set -u
# shellcheck source=tests/check.sh
. "$(dirname "$0")/check.sh"
usage 4 "$@"
require_target "$1"
folder=$2 program=$3 last_line=$4
shift 4

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
mkdir "$work/root" && cp "$program" "$work/root/init" || exit 1
[ ! -d "$folder/modules" ] || cp -r "$folder/modules" "$work/root" || exit 1
[ -z "${NO_CONSOLE:-}" ] || { mkdir "$work/root/dev" && ln -s /nowhere "$work/root/dev/console"; } || exit 1
(cd "$work/root" && find . | cpio --quiet -o -H newc) >"$work/initramfs" || exit 1

monitor=
if [ -n "${KEYS:-}" ]; then
	mkfifo "$work/monitor.in" "$work/monitor.out" || exit 1
	monitor="-monitor pipe:$work/monitor"
	while [ -d "$work" ]; do
		if grep -qa "$KEYS_AFTER" "$work/serial" 2>/dev/null; then
			# Opened for reading too, so that it doesn't wait for QEMU.
			echo "sendkey $KEYS" 1<>"$work/monitor.in"
			break
		fi
		sleep 0.2
	done &
fi

# shellcheck disable=SC2086 # a command and its options
{
	timeout -k 10 "$seconds" $machine -m 512 -nographic -no-reboot $monitor -kernel "$folder/vmlinuz" -initrd "$work/initramfs" \
		-append "console=$console panic=-1 quiet security=selinux${1:+ $*}" </dev/null 2>&1
	echo $? >"$work/status"
} | tee "$work/serial" | tr -d '\r' | tee "$work/console" |
	grep -aE '^(ok|FAIL|skip)  |init: |^[0-9]+ passed|anic|initial console'

boot="boot of $(basename "$folder")${1:+ ($*)}"
case $(cat "$work/status") in
0)
	if grep -qa 'Kernel panic' "$work/console"; then
		reason="the kernel panicked"
	elif ! grep -qaE "$last_line" "$work/console"; then
		reason="no line matches '$last_line'"
	else
		echo "$boot: the program ended and the machine turned itself off"
		exit
	fi
	;;
124 | 137) reason="timed out after $seconds s" ;;
*) reason="$machine ended with status $(cat "$work/status")" ;;
esac
echo "FAIL  $boot: $reason; last line: $(grep -a . "$work/console" | tail -n 1)"
exit 1
