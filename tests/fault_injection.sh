#!/bin/sh
# Refuses each system call of a session, one at a time, with each errno that it may give:
#
#   sh tests/faults.sh SESSION
#
# Whatever is refused, no signal may end the session, and no descriptor may stay open in it.
set -u
program=$1

passed=0 failed=0
# The errnos of the manual pages, and ENOSYS of whatever has a second door.
errnos() {
	case $1 in
	socketpair) echo EACCES EAFNOSUPPORT EFAULT EINVAL EMFILE ENFILE ENOMEM ENOSYS EOPNOTSUPP EPERM EPROTONOSUPPORT ;;
	sendto | sendmsg)
		echo EACCES EAGAIN EALREADY EBADF ECONNREFUSED ECONNRESET EDESTADDRREQ EFAULT EINTR EINVAL EISCONN EMSGSIZE \
			ENOBUFS ENOMEM ENOSYS ENOTCONN ENOTSOCK EOPNOTSUPP EPERM EPIPE ESRCH ETOOMANYREFS
		;;
	recvmsg) echo EAGAIN EBADF ECONNREFUSED ECONNRESET EFAULT EINTR EINVAL ENOMEM ENOSYS ENOTCONN ENOTSOCK EOPNOTSUPP ;;
	getsockopt) echo EBADF EFAULT EINVAL EMFILE ENODATA ENOPROTOOPT ENOSYS ENOTSOCK EOPNOTSUPP ERANGE ;;
	setsockopt) echo EBADF EDOM EFAULT EINVAL ENOMEM ENOPROTOOPT ENOSYS ENOTSOCK EOPNOTSUPP EPERM ;;
	shutdown) echo EBADF EINVAL ENOSYS ENOTCONN ENOTSOCK ;;
	fcntl) echo EACCES EAGAIN EBADF EBUSY EDEADLK EFAULT EINTR EINVAL EMFILE ENOLCK ENOTDIR EPERM ;;
	ioctl) echo EBADF EFAULT EINVAL ENOTTY ;;
	ppoll | ppoll_time64) echo EFAULT EINTR EINVAL ENOMEM ENOSYS ;;
	esac
}

# session [INJECTION]: runs it; sets its exit status, and how many of its steps were refused.
session() {
	said=$(strace -f --seccomp-bpf -o /dev/null -e trace="${1%%:*}" -e inject="$1" "$program" 2>&1)
	status=$?
	refused=$(echo "$said" | sed -n 's/^steps [0-9]* refused //p')
}

# The session as it is: how often it makes each call, and how many steps this kernel refuses by itself.
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
said=$(strace -f -o "$log" "$program") || {
	echo "FAIL  the session, when nothing is refused: status $?, $said"
	echo "0 passed, 1 failed, 0 skipped"
	exit 1
}
refused_by_itself=$(echo "$said" | sed -n 's/^steps [0-9]* refused //p')

for call in socketpair sendto sendmsg recvmsg getsockopt setsockopt shutdown fcntl ioctl ppoll ppoll_time64; do
	count=$(grep -cE "^([0-9]+ +)?$call\(" "$log")
	# Each machine has one of the two.
	case $call-$count in ppoll*-0) continue ;; esac
	runs=0 told=0 wrong=0
	for errno in $(errnos $call); do
		at=0
		while [ $((at += 1)) -le "$count" ]; do
			session "$call:error=$errno:when=$at"
			runs=$((runs + 1))
			[ "$refused" = "$refused_by_itself" ] || told=$((told + 1))
			[ "$status" = 0 ] || wrong=$((wrong + 1))
			# The first of a kind is enough to see.
			[ "$status" = 0 ] || [ "$wrong" -gt 1 ] || echo "      $call $at, $errno: status $status, $said"
		done
	done
	# Not every refusal is told: some are tried again, or another way, and some take the place of the kernel's own.
	if [ "$wrong" = 0 ] && [ "$told" -gt 0 ]; then
		passed=$((passed + 1))
		echo "ok    $call: $count calls, $runs runs, $told of them told of it"
	else
		failed=$((failed + 1))
		echo "FAIL  $call: $count calls, $runs runs, $told of them told of it, $wrong wrong"
	fi
done
echo "skip  close (a call that is refused so is not made: the descriptor would stay open)"

echo "$passed passed, $failed failed, 1 skipped"
[ "$failed" = 0 ]
