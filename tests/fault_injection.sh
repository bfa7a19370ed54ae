#!/bin/sh
# Makes each system call of a program fail, one at a time, with each errno that the call may return:
#
#   sh tests/fault_injection.sh PROGRAM
#
# strace injects the errnos. Whichever call fails, no signal may end the program, and no file descriptor may stay open in it.
# The program prints `steps N failed N`: how many steps it made, and how many of them failed.
set -u
# shellcheck source=tests/check.sh
. "$(dirname "$0")/check.sh"
usage 1 "$@"
program=$1
forbidden=$(strace -o /dev/null true 2>&1) || {
	skip "fault injection" "$(echo "$forbidden" | head -n 1)"
	close_count
	exit
}

# The errnos of the manual pages, and ENOSYS for calls that have a second entry.
errnos() {
	case $1 in
	socketpair) echo EACCES EAFNOSUPPORT EFAULT EINVAL EMFILE ENFILE ENOMEM ENOSYS EOPNOTSUPP EPERM EPROTONOSUPPORT ;;
	sendto | sendmsg | sendmmsg)
		echo EACCES EAGAIN EALREADY EBADF ECONNREFUSED ECONNRESET EDESTADDRREQ EFAULT EINTR EINVAL EISCONN EMSGSIZE \
			ENOBUFS ENOMEM ENOSYS ENOTCONN ENOTSOCK EOPNOTSUPP EPERM EPIPE ESRCH ETOOMANYREFS
		;;
	recvfrom | recvmsg | recvmmsg | recvmmsg_time64)
		echo EAGAIN EBADF ECONNREFUSED ECONNRESET EFAULT EINTR EINVAL ENOMEM ENOSYS ENOTCONN ENOTSOCK EOPNOTSUPP
		;;
	getsockopt) echo EBADF EFAULT EINVAL EMFILE ENODATA ENOPROTOOPT ENOSYS ENOTSOCK EOPNOTSUPP ERANGE ;;
	setsockopt) echo EBADF EDOM EFAULT EINVAL ENOMEM ENOPROTOOPT ENOSYS ENOTSOCK EOPNOTSUPP EPERM ;;
	shutdown) echo EBADF EINVAL ENOSYS ENOTCONN ENOTSOCK ;;
	fcntl | fcntl64) echo EACCES EAGAIN EBADF EBUSY EDEADLK EFAULT EINTR EINVAL EMFILE ENOLCK ENOTDIR EPERM ;;
	ioctl) echo EBADF EFAULT EINVAL ENOTTY ;;
	rt_sigprocmask | rt_sigaction) echo EFAULT EINVAL ;;
	clone) echo EAGAIN EINVAL ENOMEM ENOSPC ENOSYS EPERM EUSERS ;;
	waitid) echo ECHILD EINTR EINVAL ENOSYS ;;
	pidfd_send_signal) echo EBADF EINVAL ENOSYS EPERM ESRCH ;;
	setsid) echo EPERM ;;
	dup3) echo EBADF EBUSY EINTR EINVAL EMFILE ;;
	chdir) echo EACCES EFAULT EIO ELOOP ENAMETOOLONG ENOENT ENOMEM ENOTDIR ;;
	prctl) echo EACCES EFAULT EINVAL EPERM ;;
	setgroups | setresgid | setresuid | setgroups32 | setresgid32 | setresuid32) echo EAGAIN EFAULT EINVAL ENOMEM EPERM ;;
	signalfd4) echo EBADF EINVAL EMFILE ENFILE ENODEV ENOMEM ;;
	ppoll | ppoll_time64) echo EFAULT EINTR EINVAL ENOMEM ENOSYS ;;
	openat) echo EACCES EINTR ELOOP EMFILE ENFILE ENOENT ENOMEM ENOTDIR ENXIO EPERM ;;
	read) echo EAGAIN EBADF EFAULT EINTR EINVAL EIO EISDIR ;;
	statfs | statfs64) echo EACCES EFAULT EINTR EIO ELOOP ENOENT ENOMEM ENOSYS ENOTDIR EOVERFLOW ;;
	statx) echo EACCES EFAULT EINVAL ELOOP ENOENT ENOMEM ENOSYS ENOTDIR ;;
	prlimit64) echo EFAULT EINVAL ENOSYS EPERM ESRCH ;;
	esac
}

# run OPTION...: runs the program under strace; sets its exit status, and how many of its steps failed.
run() {
	output=$(limited 60 strace -f "$@" "$program" 2>&1)
	status=$?
	failed_steps=$(echo "$output" | sed -n 's/^steps [0-9]* [a-z]* //p')
}

# Without injection: how often the program makes each call, and how many steps fail on this kernel.
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
run -o "$log"
[ "$status" = 0 ] || {
	echo "FAIL  without injection: status $status, $output"
	echo "0 passed, 1 failed, 0 skipped"
	exit 1
}
failed_without=$failed_steps

for call in socketpair sendto sendmsg sendmmsg recvfrom recvmsg recvmmsg recvmmsg_time64 getsockopt setsockopt shutdown fcntl fcntl64 \
	ioctl ppoll ppoll_time64 openat read statfs statfs64 statx prlimit64 rt_sigprocmask rt_sigaction clone waitid pidfd_send_signal \
	setsid dup3 chdir prctl setgroups setgroups32 setresgid setresgid32 setresuid setresuid32 signalfd4; do
	count=$(grep -cE "^([0-9]+ +)?$call\(" "$log")
	# A machine has only some of these.
	case $call-$count in fcntl*-0 | ppoll*-0 | recvmmsg*-0 | statfs*-0 | set*-0 | pidfd_*-0) continue ;; esac
	runs=0 reported=0 wrong=0
	for errno in $(errnos $call); do
		at=0
		while [ $((at += 1)) -le "$count" ]; do
			run --seccomp-bpf -o /dev/null -e trace="$call" -e inject="$call:error=$errno:when=$at"
			runs=$((runs + 1))
			[ "$failed_steps" = "$failed_without" ] || reported=$((reported + 1))
			[ "$status" = 0 ] || wrong=$((wrong + 1))
			# Of wrong outcomes only the first is printed.
			[ "$status" = 0 ] || [ "$wrong" -gt 1 ] || echo "      $call $at, $errno: status $status, $output"
		done
	done
	# Some failures are not reported: the call is repeated or replaced, or the kernel returns that errno by itself.
	check "$call: $count calls, $runs runs, $reported reported; wrong outcomes" "$wrong" 0
	[ "$reported" -gt 0 ] || check "$call: a run that reports the failure" no yes
done
skip close "an injected failure keeps the call from being made, and the descriptor stays open"

close_count
