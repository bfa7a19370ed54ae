//! Socket calls on architectures that have two entries for them.
//!
//! There, all socket calls went through one system call, `socketcall`, which accepts an operation and a block of
//! arguments, until each of them got a number of its own: on powerpc in Linux 2.6.37, on i386 and s390x in Linux 4.3.
//! The direct call comes first: a sandbox can inspect its arguments, and rejects `socketcall` because it can't inspect
//! those. Only ENOSYS leads to `socketcall`: an older kernel returns it, and so does a filter older than the direct
//! calls.

use linux_raw_sys::{errno, general, net};

use super::{syscall2, syscall3, syscall4, syscall5, syscall6};

const FIRST_ERROR: usize = negated(4095);

#[inline]
pub(crate) unsafe fn socketcall2<const NUMBER: u32>(a: usize, b: usize) -> usize {
    // SAFETY: the caller vouches for the call, which is the same through both entries.
    unsafe {
        match syscall2::<NUMBER>(a, b) {
            ret @ ..FIRST_ERROR => ret,
            ret => unless_enosys(ret, const { operation(NUMBER) }, a, b, 0, 0, 0, 0),
        }
    }
}

#[inline]
pub(crate) unsafe fn socketcall3<const NUMBER: u32>(a: usize, b: usize, c: usize) -> usize {
    // SAFETY: the caller vouches for the call, which is the same through both entries.
    unsafe {
        match syscall3::<NUMBER>(a, b, c) {
            ret @ ..FIRST_ERROR => ret,
            ret => unless_enosys(ret, const { operation(NUMBER) }, a, b, c, 0, 0, 0),
        }
    }
}

#[inline]
pub(crate) unsafe fn socketcall4<const NUMBER: u32>(a: usize, b: usize, c: usize, d: usize) -> usize {
    // SAFETY: the caller vouches for the call, which is the same through both entries.
    unsafe {
        match syscall4::<NUMBER>(a, b, c, d) {
            ret @ ..FIRST_ERROR => ret,
            ret => unless_enosys(ret, const { operation(NUMBER) }, a, b, c, d, 0, 0),
        }
    }
}

#[inline]
pub(crate) unsafe fn socketcall5<const NUMBER: u32>(a: usize, b: usize, c: usize, d: usize, e: usize) -> usize {
    // SAFETY: the caller vouches for the call, which is the same through both entries.
    unsafe {
        match syscall5::<NUMBER>(a, b, c, d, e) {
            ret @ ..FIRST_ERROR => ret,
            ret => unless_enosys(ret, const { operation(NUMBER) }, a, b, c, d, e, 0),
        }
    }
}

#[inline]
pub(crate) unsafe fn socketcall6<const NUMBER: u32>(
    a: usize,
    b: usize,
    c: usize,
    d: usize,
    e: usize,
    f: usize,
) -> usize {
    // SAFETY: the caller vouches for the call, which is the same through both entries.
    unsafe {
        match syscall6::<NUMBER>(a, b, c, d, e, f) {
            ret @ ..FIRST_ERROR => ret,
            ret => unless_enosys(ret, const { operation(NUMBER) }, a, b, c, d, e, f),
        }
    }
}

/// What `socketcall` returns if `ret` is ENOSYS, otherwise `ret`. Not inlined, so that success costs the one
/// comparison that distinguishes it from errors.
///
/// # Safety
///
/// The operation and its arguments must make a socket call that the caller may make.
#[cold]
#[inline(never)]
#[allow(
    clippy::too_many_arguments,
    reason = "passing them in the caller's memory would cost the caller a register"
)]
unsafe fn unless_enosys(
    ret: usize,
    operation: usize,
    a: usize,
    b: usize,
    c: usize,
    d: usize,
    e: usize,
    f: usize,
) -> usize {
    if ret != negated(errno::ENOSYS) {
        return ret;
    }
    let block = [a, b, c, d, e, f];
    // SAFETY: as the caller vouches; the operation reads only as many words as the call has arguments.
    unsafe { syscall2::<{ general::__NR_socketcall }>(operation, &raw const block as usize) }
}

/// The operation of `socketcall` that corresponds to the system call `number`.
const fn operation(number: u32) -> usize {
    (match number {
        general::__NR_socketpair => net::SYS_SOCKETPAIR,
        general::__NR_sendto => net::SYS_SENDTO,
        general::__NR_recvfrom => net::SYS_RECVFROM,
        general::__NR_sendmsg => net::SYS_SENDMSG,
        general::__NR_recvmsg => net::SYS_RECVMSG,
        general::__NR_sendmmsg => net::SYS_SENDMMSG,
        general::__NR_recvmmsg => net::SYS_RECVMMSG,
        general::__NR_getsockopt => net::SYS_GETSOCKOPT,
        general::__NR_setsockopt => net::SYS_SETSOCKOPT,
        general::__NR_shutdown => net::SYS_SHUTDOWN,
        _ => panic!("not a socket call"),
    }) as usize
}

/// An errno as the kernel returns it: negated.
pub(super) const fn negated(errno: u32) -> usize {
    (errno as usize).wrapping_neg()
}
