//! Raw calls as witnesses: none of them passes through the crate under test. A negative answer is a negated errno.

use core::ptr;
use linux_raw_sys::{general::*, if_tun, net, prctl};

use crate::machine::syscall6;

/// # Safety
///
/// As the system call that it makes.
pub unsafe fn syscall<const N: usize>(number: u32, arguments: [usize; N]) -> isize {
    let mut all = [0; 6];
    for (word, argument) in all.iter_mut().zip(arguments) {
        *word = argument;
    }
    // SAFETY: the caller answers for the call.
    unsafe { syscall6(number, all) }
}

pub fn exit(status: i32) -> ! {
    loop {
        // SAFETY: it ends the program.
        unsafe { syscall6(__NR_exit_group, [status as usize, 0, 0, 0, 0, 0]) };
    }
}

pub fn fcntl(fd: i32, command: u32) -> isize {
    // SAFETY: only commands that take nothing and change nothing are asked for here.
    unsafe { syscall(__NR_fcntl, [fd as usize, command as usize]) }
}

/// Which of the descriptors below 64 are open, a bit each.
pub fn open_descriptors() -> u64 {
    (0..64)
        .filter(|&fd| fcntl(fd, F_GETFD) >= 0)
        .fold(0, |open, fd| open | 1 << fd)
}

/// How many descriptors are open.
pub fn count_descriptors() -> u32 {
    (0..1024).filter(|&fd| fcntl(fd, F_GETFD) >= 0).count() as u32
}

/// Sets the soft limit of open files so that `free` descriptors are free.
pub fn leave_free(free: usize) {
    limit_descriptors(
        (0..)
            .filter(|&fd| fcntl(fd, F_GETFD) < 0)
            .nth(free)
            .map_or(0, |fd| fd as u64),
    );
}

pub fn getpid() -> i32 {
    // SAFETY: it has no arguments.
    unsafe { syscall(__NR_getpid, []) as i32 }
}

pub fn getsockopt(fd: i32, option: u32) -> Result<i32, isize> {
    let (mut value, mut len) = (0_i32, 4_u32);
    let at = [
        fd as usize,
        net::SOL_SOCKET as usize,
        option as usize,
        &raw mut value as usize,
        &raw mut len as usize,
    ];
    // SAFETY: the kernel writes `value` and `len` alone.
    match unsafe { syscall(__NR_getsockopt, at) } {
        0 => Ok(value),
        refused => Err(refused),
    }
}

/// A socket of the domain, closed at once: what the kernel says of it.
pub fn socket(domain: u32, ty: u32) -> isize {
    // SAFETY: no memory is involved, and the descriptor is our own.
    unsafe {
        match syscall(__NR_socket, [domain as usize, ty as usize, 0]) {
            fd @ 0.. => syscall(__NR_close, [fd as usize]),
            refused => refused,
        }
    }
}

pub fn close(fd: i32) -> isize {
    // SAFETY: callers close what they made.
    unsafe { syscall(__NR_close, [fd as usize]) }
}

/// A descriptor that is no socket.
pub fn epoll() -> i32 {
    // SAFETY: it makes a descriptor and touches nothing else.
    unsafe { syscall(__NR_epoll_create1, [0]) as i32 }
}

pub fn duplicate(fd: i32) -> i32 {
    // SAFETY: it makes a descriptor and touches nothing else.
    unsafe { syscall(__NR_dup, [fd as usize]) as i32 }
}

/// Closes what was opened since [`open_descriptors`] told `before`.
pub fn close_since(before: u64) {
    for fd in (0..64).filter(|fd| open_descriptors() & !before & 1 << fd != 0) {
        close(fd);
    }
}

/// A stream pair from arguments of which the kernel is to see the low halves alone; closed at once.
pub fn socketpair_with_rubbish() -> isize {
    let rubbish = !0 << (usize::BITS / 2);
    let mut sv = [0_i32; 2];
    // SAFETY: the kernel writes `sv` alone, and the descriptors are our own.
    unsafe {
        let answer = syscall(
            __NR_socketpair,
            [rubbish | 1, rubbish | 1, rubbish, &raw mut sv as usize],
        );
        if answer == 0 {
            sv.into_iter().for_each(|fd| _ = close(fd));
        }
        answer
    }
}

/// Sets the soft limit of open files.
pub fn limit_descriptors(soft: u64) {
    let mut limit = rlimit64 {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the kernel writes, then reads, `limit` alone.
    let answers = unsafe {
        let read = syscall(__NR_prlimit64, [0, RLIMIT_NOFILE as usize, 0, &raw mut limit as usize]);
        limit.rlim_cur = soft;
        (
            read,
            syscall(
                __NR_prlimit64,
                [0, RLIMIT_NOFILE as usize, &raw const limit as usize, 0],
            ),
        )
    };
    assert!(answers == (0, 0), "prlimit64: {answers:?}");
}

pub const PAGE: usize = 65536; // a multiple of every page size in use

/// Two fresh pages, the first writable, the second with the protection `second`.
pub fn two_pages(second: u32) -> *mut u8 {
    #[cfg(target_arch = "x86")]
    const MMAP: u32 = __NR_mmap2;
    #[cfg(not(target_arch = "x86"))]
    const MMAP: u32 = __NR_mmap;
    let (protection, flags) = (PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
    // SAFETY: the memory is fresh, and nobody else's.
    unsafe {
        let pages = syscall(MMAP, [0, 2 * PAGE, protection as usize, flags as usize, usize::MAX, 0]);
        assert!(!(-4095..0).contains(&pages), "mmap: {pages}");
        let answer = syscall(__NR_mprotect, [pages as usize + PAGE, PAGE, second as usize]);
        assert!(answer == 0, "mprotect: {answer}");
        ptr::with_exposed_provenance_mut(pages as usize)
    }
}

/// Runs `child` in a process of its own and returns its wait status: 256 times the exit status, or the signal.
pub fn in_child(child: impl FnOnce() -> i32) -> i32 {
    beside_child(child, || Ok::<_, ()>(())).unwrap_or(-1)
}

/// Runs `child` in a process of its own, `parent` here meanwhile, and returns the child's wait status.
pub fn beside_child<E>(child: impl FnOnce() -> i32, parent: impl FnOnce() -> Result<(), E>) -> Result<i32, E> {
    // SAFETY: a fork; the child has a copy of everything and never returns from here.
    let pid = unsafe { syscall(__NR_clone, [SIGCHLD as usize]) };
    assert!(pid >= 0, "clone: {pid}");
    if pid == 0 {
        exit(child());
    }
    let outcome = parent();
    let mut status = 0;
    // SAFETY: the kernel writes `status` alone.
    let waited = unsafe { syscall(__NR_wait4, [pid as usize, &raw mut status as usize]) };
    assert!(waited == pid, "wait4: {waited}");
    outcome.map(|()| status)
}

/// include/uapi/linux/seccomp.h
const SECCOMP_MODE_FILTER: usize = 2;
const SECCOMP_RET_ALLOW: u32 = 0x7fff_0000;
const SECCOMP_RET_ERRNO: u32 = 0x0005_0000;

/// Has the kernel answer each of the system calls with an errno, for this process and for good.
pub fn refuse<const N: usize>(calls: [(u32, u32); N]) {
    let statement = |code: u32, k| if_tun::sock_filter {
        code: code as u16,
        jt: 0,
        jf: 0,
        k,
    };
    let mut program = [[statement(0, 0); 2]; 16];
    assert!(N + 2 <= program.len());
    let load_number = statement(if_tun::BPF_LD | if_tun::BPF_W | if_tun::BPF_ABS, 0);
    let answer = |with| statement(if_tun::BPF_RET | if_tun::BPF_K, with);
    program[0] = [load_number; 2];
    for (step, (number, errno)) in program[1..].iter_mut().zip(calls) {
        let unless_equal = if_tun::BPF_JMP | if_tun::BPF_JEQ | if_tun::BPF_K;
        *step = [
            if_tun::sock_filter {
                jf: 1,
                ..statement(unless_equal, number)
            },
            answer(SECCOMP_RET_ERRNO | errno),
        ];
    }
    program[N + 1] = [answer(SECCOMP_RET_ALLOW); 2];
    let program = if_tun::sock_fprog {
        len: 2 * (N as u16 + 2),
        filter: program.as_mut_ptr().cast(),
    };
    // SAFETY: the kernel reads the program, all of whose jumps stay within it.
    let answers = unsafe {
        (
            syscall(__NR_prctl, [prctl::PR_SET_NO_NEW_PRIVS as usize, 1]),
            syscall(
                __NR_prctl,
                [
                    prctl::PR_SET_SECCOMP as usize,
                    SECCOMP_MODE_FILTER,
                    &raw const program as usize,
                ],
            ),
        )
    };
    assert!(answers == (0, 0), "prctl: {answers:?}");
}
