//! System calls that don't use the crate under test. A negative result is a negated errno.

use core::{ffi::CStr, ptr, slice, time::Duration};
use linux_raw_sys::{general::*, if_tun, net, prctl};

use crate::machine::{CALLS_BEFORE_PRLIMIT64, CALLS_WITH_TIME_IN_WORDS, MMAP_READS_MEMORY, fork, syscall6, wait};
pub use crate::machine::{IDS, SOCKETCALL};

/// A system call with fewer arguments than six.
///
/// # Safety
///
/// As the system call that it makes.
pub unsafe fn syscall<const N: usize>(number: u32, arguments: [usize; N]) -> isize {
    let mut all = [0; 6];
    for (word, argument) in all.iter_mut().zip(arguments) {
        *word = argument;
    }
    // SAFETY: as the caller guarantees.
    unsafe { syscall6(number, all) }
}

pub fn exit(status: i32) -> ! {
    loop {
        // SAFETY: it ends the program.
        unsafe { syscall6(__NR_exit_group, [status as usize, 0, 0, 0, 0, 0]) };
    }
}

/// fcntl, for which 32-bit architectures have a second number.
#[cfg(target_pointer_width = "64")]
pub const FCNTL: u32 = __NR_fcntl;
#[cfg(target_pointer_width = "32")]
pub const FCNTL: u32 = __NR_fcntl64;

/// ppoll with 64-bit time.
#[cfg(target_pointer_width = "64")]
pub const PPOLL: u32 = __NR_ppoll;
#[cfg(target_pointer_width = "32")]
pub const PPOLL: u32 = __NR_ppoll_time64;

/// ppoll with 64-bit time, and the one that 32-bit machines use where a kernel lacks that.
pub const PPOLLS: &[u32] = match CALLS_WITH_TIME_IN_WORDS {
    Some([with_words, ..]) => &[PPOLL, with_words],
    None => &[PPOLL],
};

/// recvmmsg with 64-bit time.
#[cfg(target_pointer_width = "64")]
pub const RECVMMSG: u32 = __NR_recvmmsg;
#[cfg(target_pointer_width = "32")]
pub const RECVMMSG: u32 = __NR_recvmmsg_time64;

/// recvmmsg with 64-bit time, and the one that 32-bit machines use where a kernel lacks that.
pub const RECVMMSGS: &[u32] = match CALLS_WITH_TIME_IN_WORDS {
    Some([.., with_words]) if with_words != RECVMMSG => &[RECVMMSG, with_words],
    _ => &[RECVMMSG],
};

pub fn fcntl(fd: i32, command: u32) -> isize {
    // SAFETY: the commands used here have no argument and change nothing.
    unsafe { syscall(FCNTL, [fd as usize, command as usize]) }
}

/// The status flags, without the one that QEMU user mode 10 adds on 64-bit machines.
pub fn status_flags(fd: i32) -> isize {
    match fcntl(fd, F_GETFL) {
        flags @ 0.. => flags & !(O_LARGEFILE as isize),
        errno => errno,
    }
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

/// Makes this process independent of what it inherited: every signal has its default disposition and is unblocked, and the
/// descriptors 0 to 2 alone are open, as far as tests look.
pub fn reset_inherited() {
    let zeros = [0_usize; 8]; // struct sigaction; the first eight bytes also a mask
    for signal in 1..=64 {
        // SAFETY: the kernel reads `zeros` alone. SIGKILL and SIGSTOP can't be changed.
        unsafe { syscall(__NR_rt_sigaction, [signal, zeros.as_ptr() as usize, 0, 8]) };
    }
    // SAFETY: the kernel reads `zeros` alone.
    unsafe {
        syscall(
            __NR_rt_sigprocmask,
            [SIG_SETMASK as usize, zeros.as_ptr() as usize, 0, 8],
        )
    };
    (3..1024).for_each(|fd| _ = close(fd));
    // The lowest that is free. Unlike /dev/null it exists everywhere.
    while let 0..=2 = epoll() {}
    close(3);
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

/// The monotonic clock. 32-bit kernels before 5.1 have only the call with 32-bit seconds.
pub fn now() -> Duration {
    #[cfg(target_pointer_width = "32")]
    {
        let mut time = __kernel_timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the kernel writes `time` only.
        let ret = unsafe { syscall(__NR_clock_gettime64, [CLOCK_MONOTONIC as usize, &raw mut time as usize]) };
        if ret != -(linux_raw_sys::errno::ENOSYS as isize) {
            assert!(ret == 0, "clock_gettime64: {ret}");
            return Duration::new(time.tv_sec as u64, time.tv_nsec as u32);
        }
    }
    let Some([_, with_words, _]) = CALLS_WITH_TIME_IN_WORDS else {
        panic!("every kernel has clock_gettime64")
    };
    let mut time = [0_usize; 2]; // struct timespec: seconds, nanoseconds
    // SAFETY: the kernel writes `time` only.
    let ret = unsafe { syscall(with_words, [CLOCK_MONOTONIC as usize, &raw mut time as usize]) };
    assert!(ret == 0, "clock_gettime: {ret}");
    Duration::new(time[0] as u64, time[1] as u32)
}

pub fn getpid() -> i32 {
    // SAFETY: it has no arguments.
    unsafe { syscall(__NR_getpid, []) as i32 }
}

/// A system call on a socket. Older kernels have only `socketcall` where it exists; it takes the operation's number and
/// the arguments in memory.
///
/// # Safety
///
/// As the system call that it makes.
unsafe fn socket_call<const N: usize>(number: u32, operation: u32, arguments: [usize; N]) -> isize {
    // SAFETY: the caller guarantees it for the call, and the kernel only reads `arguments`.
    unsafe {
        let ret = syscall(number, arguments);
        match SOCKETCALL {
            Some(number) if ret == -(linux_raw_sys::errno::ENOSYS as isize) => {
                syscall(number, [operation as usize, arguments.as_ptr() as usize])
            }
            _ => ret,
        }
    }
}

pub fn getsockopt(fd: i32, option: u32) -> Result<i32, isize> {
    option_of(fd, option, 0)
}

/// The seconds and microseconds of SO_RCVTIMEO or SO_SNDTIMEO, in words.
pub fn timeout(fd: i32, option: u32) -> Result<[isize; 2], isize> {
    option_of(fd, option, [0; 2])
}

fn option_of<V: Copy>(fd: i32, option: u32, mut value: V) -> Result<V, isize> {
    let mut len = size_of::<V>() as u32;
    let arguments = [
        fd as usize,
        net::SOL_SOCKET as usize,
        option as usize,
        &raw mut value as usize,
        &raw mut len as usize,
    ];
    // SAFETY: the kernel writes `value` and `len` only; both types are ints.
    match unsafe { socket_call(__NR_getsockopt, net::SYS_GETSOCKOPT, arguments) } {
        0 => Ok(value),
        ret => Err(ret),
    }
}

/// Creates a socket and closes it; returns the result of close(2), or of socket(2) if that failed.
pub fn socket(domain: u32, ty: u32) -> isize {
    // SAFETY: no memory is involved, and nothing else uses the file descriptor.
    unsafe {
        match socket_call(__NR_socket, net::SYS_SOCKET, [domain as usize, ty as usize, 0]) {
            fd @ 0.. => syscall(__NR_close, [fd as usize]),
            ret => ret,
        }
    }
}

pub fn close(fd: i32) -> isize {
    // SAFETY: callers close what they opened.
    unsafe { syscall(__NR_close, [fd as usize]) }
}

/// A descriptor that is no socket.
pub fn epoll() -> i32 {
    // SAFETY: no memory is involved.
    unsafe { syscall(__NR_epoll_create1, [0]) as i32 }
}

pub fn duplicate(fd: i32) -> i32 {
    // SAFETY: no memory is involved.
    unsafe { syscall(__NR_dup, [fd as usize]) as i32 }
}

/// Closes what was opened since [`open_descriptors`] returned `before`.
pub fn close_since(before: u64) {
    for fd in (0..64).filter(|fd| open_descriptors() & !before & 1 << fd != 0) {
        close(fd);
    }
}

/// Makes a pair of streams from arguments whose high halves are set, and closes it.
pub fn socketpair_with_high_halves() -> isize {
    let high = !0 << (usize::BITS / 2);
    let mut sv = [0_i32; 2];
    // SAFETY: the kernel writes `sv` alone, and the descriptors are our own.
    unsafe {
        let ret = syscall(__NR_socketpair, [high | 1, high | 1, high, &raw mut sv as usize]);
        if ret == 0 {
            sv.into_iter().for_each(|fd| _ = close(fd));
        }
        ret
    }
}

/// Sets the soft limit of open files.
pub fn limit_descriptors(soft: u64) {
    let [_, hard] = open_files_limit(None);
    open_files_limit(Some([soft, hard]));
}

/// Sets the soft and the hard limit of open files to the same value; only root may raise the hard one.
pub fn raise_limit(limit: u64) {
    open_files_limit(Some([limit; 2]));
}

/// The soft and the hard limit of open files.
pub fn descriptor_limits() -> [u64; 2] {
    open_files_limit(None)
}

/// Returns the soft and the hard limit of open files, or sets them. Kernels before 2.6.36 have only the calls whose limits
/// are words.
fn open_files_limit(set: Option<[u64; 2]>) -> [u64; 2] {
    let mut limits = set.unwrap_or_default();
    let at = &raw mut limits as usize;
    let [new, old] = if set.is_some() { [at, 0] } else { [0, at] };
    // SAFETY: the kernel reads or writes `limits` only.
    let ret = unsafe { syscall(__NR_prlimit64, [0, RLIMIT_NOFILE as usize, new, old]) };
    let lacks_prlimit64 = ret == -(linux_raw_sys::errno::ENOSYS as isize);
    if let Some([setrlimit, getrlimit]) = CALLS_BEFORE_PRLIMIT64.filter(|_| lacks_prlimit64) {
        let mut words = limits.map(|limit| limit as usize);
        let number = if set.is_some() { setrlimit } else { getrlimit };
        // SAFETY: the kernel reads or writes `words` only.
        let ret = unsafe { syscall(number, [RLIMIT_NOFILE as usize, &raw mut words as usize]) };
        assert!(ret == 0, "getrlimit or setrlimit: {ret}");
        return words.map(|word| word as u64);
    }
    assert!(ret == 0, "prlimit64: {ret}");
    limits
}

pub const PAGE: usize = 65536; // a multiple of every page size in use

/// Fresh memory that can be read and written.
fn fresh_memory(len: usize) -> *mut u8 {
    #[cfg(target_pointer_width = "64")]
    const MMAP: u32 = __NR_mmap;
    #[cfg(target_pointer_width = "32")]
    const MMAP: u32 = __NR_mmap2;
    let (protection, flags) = (PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
    let arguments = [0, len, protection as usize, flags as usize, usize::MAX, 0];
    let in_memory = [arguments.as_ptr() as usize, 0, 0, 0, 0, 0];
    // SAFETY: the memory is fresh, and nothing else has it.
    let memory = unsafe { syscall6(MMAP, if MMAP_READS_MEMORY { in_memory } else { arguments }) };
    assert!(!(-4095..0).contains(&memory), "mmap: {memory}");
    ptr::with_exposed_provenance_mut(memory as usize)
}

/// Two fresh pages, the first writable, the second with the protection `second`.
pub fn two_pages(second: u32) -> *mut u8 {
    let pages = fresh_memory(2 * PAGE);
    // SAFETY: nothing uses the second page yet.
    let ret = unsafe { syscall(__NR_mprotect, [pages as usize + PAGE, PAGE, second as usize]) };
    assert!(ret == 0, "mprotect: {ret}");
    pages
}

/// Runs `child` in a process of its own and returns its wait status: 256 times the exit status, or the signal.
pub fn in_child(child: impl FnOnce() -> i32) -> i32 {
    beside_child(child, || Ok::<_, ()>(())).unwrap_or(-1)
}

/// Runs `child` in a process of its own, `parent` here meanwhile, and returns the child's wait status.
pub fn beside_child<E>(child: impl FnOnce() -> i32, parent: impl FnOnce() -> Result<(), E>) -> Result<i32, E> {
    // SAFETY: a fork; the child has a copy of everything and never returns from here.
    let pid = unsafe { fork() };
    assert!(pid >= 0, "clone: {pid}");
    if pid == 0 {
        exit(child());
    }
    let outcome = parent();
    let (waited, status) = wait(pid, 0);
    assert!(waited == pid, "waitid: {waited}");
    outcome.map(|()| status)
}

/// include/uapi/linux/seccomp.h
const SECCOMP_MODE_FILTER: usize = 2;
const SECCOMP_RET_ALLOW: u32 = 0x7fff_0000;
const SECCOMP_RET_ERRNO: u32 = 0x0005_0000;
const SECCOMP_RET_KILL_PROCESS: u32 = 0x8000_0000;
/// The offset of the first argument's low half in what a filter reads; arguments have eight bytes each.
const ARGUMENTS: u32 = if cfg!(target_endian = "big") { 20 } else { 16 };

const fn statement(code: u32, k: u32) -> if_tun::sock_filter {
    if_tun::sock_filter {
        code: code as u16,
        jt: 0,
        jf: 0,
        k,
    }
}

const LOAD_NUMBER: if_tun::sock_filter = load(0);

const fn load(at: u32) -> if_tun::sock_filter {
    statement(if_tun::BPF_LD | if_tun::BPF_W | if_tun::BPF_ABS, at)
}

const fn action(value: u32) -> if_tun::sock_filter {
    statement(if_tun::BPF_RET | if_tun::BPF_K, value)
}

/// The next `otherwise` statements are skipped unless the loaded word, a call or an argument, is `number`.
const fn skip_unless(number: u32, otherwise: u8) -> if_tun::sock_filter {
    if_tun::sock_filter {
        jf: otherwise,
        ..statement(if_tun::BPF_JMP | if_tun::BPF_JEQ | if_tun::BPF_K, number)
    }
}

/// A seccomp filter, built statement by statement.
pub struct Filter {
    program: [if_tun::sock_filter; 64],
    len: usize,
}

impl Filter {
    fn new() -> Self {
        Self {
            program: [LOAD_NUMBER; 64],
            len: 1,
        }
    }

    fn push(&mut self, statements: &[if_tun::sock_filter]) {
        for statement in statements {
            self.program[self.len] = *statement;
            self.len += 1;
        }
    }

    /// Applies to this process and its children from now on. `last` is the action for calls that no statement decides.
    fn install(mut self, last: u32) {
        self.push(&[action(last)]);
        let program = if_tun::sock_fprog {
            len: self.len as u16,
            filter: self.program.as_mut_ptr(),
        };
        // SAFETY: the kernel reads the program, all of whose jumps stay within it.
        let results = unsafe {
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
        assert!(results == (0, 0), "prctl: {results:?}");
    }
}

/// Each of the system calls fails with an errno from now on.
pub fn reject(calls: impl IntoIterator<Item = (u32, u32)>) {
    let mut filter = Filter::new();
    for (number, errno) in calls {
        filter.push(&[skip_unless(number, 1), action(SECCOMP_RET_ERRNO | errno)]);
    }
    filter.install(SECCOMP_RET_ALLOW);
}

/// The system call fails with an errno from now on when its argument at `place` is `argument`.
pub fn reject_when(number: u32, place: u32, argument: u32, errno: u32) {
    let mut filter = Filter::new();
    filter.push(&[
        skip_unless(number, 3),
        load(ARGUMENTS + 8 * place),
        skip_unless(argument, 1),
        action(SECCOMP_RET_ERRNO | errno),
    ]);
    filter.install(SECCOMP_RET_ALLOW);
}

/// Each of the system calls fails with an errno from now on when its third argument, a socket option, is one of `options`.
#[cfg(target_pointer_width = "32")]
pub fn reject_options(calls: [u32; 2], options: [u32; 2], errno: u32) {
    let mut filter = Filter::new();
    for number in calls {
        filter.push(&[
            skip_unless(number, 6),
            load(ARGUMENTS + 8 * 2),
            skip_unless(options[0], 1),
            action(SECCOMP_RET_ERRNO | errno),
            skip_unless(options[1], 1),
            action(SECCOMP_RET_ERRNO | errno),
            LOAD_NUMBER,
        ]);
    }
    filter.install(SECCOMP_RET_ALLOW);
}

/// Each of the system calls fails from now on with the errno that its argument at `place` is.
pub fn reject_with_argument(calls: &[u32], place: u32) {
    let mut filter = Filter::new();
    for &number in calls {
        filter.push(&[
            skip_unless(number, 4),
            load(ARGUMENTS + 8 * place),
            statement(if_tun::BPF_ALU | if_tun::BPF_AND | if_tun::BPF_K, 0xfff),
            statement(if_tun::BPF_ALU | if_tun::BPF_OR | if_tun::BPF_K, SECCOMP_RET_ERRNO),
            statement(if_tun::BPF_RET | if_tun::BPF_A, 0),
        ]);
    }
    // `socketcall` must not change the errno of the direct call.
    if let Some(number) = SOCKETCALL {
        filter.push(&[
            skip_unless(number, 1),
            action(SECCOMP_RET_ERRNO | linux_raw_sys::errno::ENOSYS),
        ]);
    }
    filter.install(SECCOMP_RET_ALLOW);
}

/// The system call fails with an errno from now on when its argument at `place` is `argument`. Any other call, except exit_group,
/// kills this process.
pub fn reject_only(number: u32, place: u32, argument: u32, errno: u32) {
    let mut filter = Filter::new();
    filter.push(&[
        skip_unless(__NR_exit_group, 1),
        action(SECCOMP_RET_ALLOW),
        skip_unless(number, 3),
        load(ARGUMENTS + 8 * place),
        skip_unless(argument, 1),
        action(SECCOMP_RET_ERRNO | errno),
    ]);
    filter.install(SECCOMP_RET_KILL_PROCESS);
}

/// Any other system call than these and exit_group kills this process from now on.
pub fn allow_only(calls: impl IntoIterator<Item = u32>) {
    let mut filter = Filter::new();
    for number in calls.into_iter().chain([__NR_exit_group]) {
        filter.push(&[skip_unless(number, 1), action(SECCOMP_RET_ALLOW)]);
    }
    filter.install(SECCOMP_RET_KILL_PROCESS);
}

/// Mounts a file system on a directory, which it creates unless it exists.
pub fn mount(kind: &CStr, at: &CStr) -> isize {
    // SAFETY: the kernel reads the strings alone.
    unsafe {
        let made = syscall(__NR_mkdirat, [AT_FDCWD as usize, at.as_ptr() as usize, 0o755]);
        assert!(
            made == 0 || made == -(linux_raw_sys::errno::EEXIST as isize),
            "mkdirat: {made}"
        );
        syscall(
            __NR_mount,
            [
                kind.as_ptr() as usize,
                at.as_ptr() as usize,
                kind.as_ptr() as usize,
                0,
                0,
            ],
        )
    }
}

pub fn mkdir(path: &CStr) -> isize {
    // SAFETY: the kernel reads the string alone.
    unsafe { syscall(__NR_mkdirat, [AT_FDCWD as usize, path.as_ptr() as usize, 0o755]) }
}

/// Whether `path` is the root directory now: root may change it, and so may most processes in a user namespace of their own.
#[cfg(target_arch = "x86")]
pub fn change_root(path: &CStr) -> bool {
    let change = || {
        // SAFETY: the kernel reads the string alone.
        unsafe { syscall(__NR_chroot, [path.as_ptr() as usize]) == 0 }
    };
    // SAFETY: no memory is involved.
    change() || unsafe { syscall(__NR_unshare, [CLONE_NEWUSER as usize]) } == 0 && change()
}

fn open(path: &CStr, flags: u32) -> isize {
    // SAFETY: the kernel reads the string alone.
    unsafe {
        syscall(
            __NR_openat,
            [AT_FDCWD as usize, path.as_ptr() as usize, flags as usize, 0],
        )
    }
}

/// Writes a line to a file in /proc or /sys.
pub fn write_to(path: &CStr, line: &[u8]) -> isize {
    match open(path, O_WRONLY) {
        // SAFETY: the kernel reads `line` alone.
        fd @ 0.. => unsafe {
            let written = syscall(__NR_write, [fd as usize, line.as_ptr() as usize, line.len()]);
            close(fd as i32);
            written
        },
        errno => errno,
    }
}

/// The number that a file in /proc or /sys begins with.
pub fn number_in(path: &CStr) -> Option<u64> {
    let mut buf = [0_u8; 32];
    let fd = open(path, O_RDONLY);
    // SAFETY: the kernel writes within `buf` alone.
    let len = unsafe { syscall(__NR_read, [fd as usize, buf.as_mut_ptr() as usize, buf.len()]) };
    close(fd as i32);
    let digits = buf
        .get(..usize::try_from(len).ok()?)?
        .iter()
        .take_while(|byte| byte.is_ascii_digit());
    Some(digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}

/// The content of a file, at most 16 MiB of it, in memory that is never returned.
pub fn content(path: &CStr) -> Option<&'static [u8]> {
    const LEN: usize = 16 << 20;
    let memory = fresh_memory(LEN);
    let fd = open(path, O_RDONLY);
    let mut len = 0;
    while len < LEN {
        // SAFETY: the kernel writes within the memory alone.
        match unsafe { syscall(__NR_read, [fd as usize, memory as usize + len, LEN - len]) } {
            more @ 1.. => len += more as usize,
            _ => break,
        }
    }
    close(fd as i32);
    // SAFETY: the memory is fresh, and nothing else has it.
    (len > 0).then(|| unsafe { slice::from_raw_parts(memory, len) })
}

/// Loads a module from its file.
pub fn load_module(path: &CStr) -> isize {
    match open(path, O_RDONLY | O_CLOEXEC) {
        // SAFETY: the kernel reads the empty string of parameters alone.
        fd @ 0.. => unsafe {
            let loaded = syscall(__NR_finit_module, [fd as usize, c"".as_ptr() as usize, 0]);
            close(fd as i32);
            loaded
        },
        errno => errno,
    }
}

/// Moves this process to a network namespace of its own.
pub fn own_network() -> isize {
    // SAFETY: no memory is involved.
    unsafe { syscall(__NR_unshare, [CLONE_NEWNET as usize]) }
}

/// Becomes an unprivileged user.
pub fn drop_privileges() -> isize {
    // SAFETY: no memory is involved.
    unsafe { syscall(__NR_setuid, [65534]) }
}

/// Gives up every capability, as each process may.
pub fn drop_capabilities() -> isize {
    let (header, data) = (OF_THIS_PROCESS, NO_CAPABILITIES);
    // SAFETY: the kernel reads both; it writes `header` only if it doesn't know the version.
    unsafe { syscall(__NR_capset, [&raw const header as usize, data.as_ptr() as usize]) }
}

/// Sets the supplementary groups of this process, as a privileged one may.
pub fn set_groups(groups: &[u32]) -> isize {
    // SAFETY: the kernel reads the groups.
    unsafe { syscall(IDS[0], [groups.len(), groups.as_ptr() as usize]) }
}

/// What a signal handler receives of the interrupted code: include/uapi/asm/ucontext.h, sigcontext.h.
#[cfg(target_arch = "x86")]
#[repr(C)]
pub struct Context {
    _before: [usize; 16],
    pub eax: isize,
    _between: [usize; 2],
    pub eip: usize,
}

#[cfg(target_arch = "x86")]
core::arch::global_asm!(
    ".globl return_from_signal",
    "return_from_signal:",
    "mov eax, {number}",
    "int 0x80",
    number = const __NR_rt_sigreturn,
);

/// A signal runs `handler` from now on. The handler can return also without the vDSO, which contains the kernel's sigreturn.
#[cfg(target_arch = "x86")]
pub fn on_signal(signal: u32, handler: extern "C" fn(i32, *const u8, *const Context)) {
    unsafe extern "C" {
        fn return_from_signal();
    }
    // struct sigaction: the handler, the flags, where it returns to, the signals to block
    let flags = (SA_SIGINFO | SA_RESTORER) as usize;
    let action = [handler as usize, flags, return_from_signal as *const () as usize, 0, 0];
    // SAFETY: the kernel reads `action` alone, and the handler may run at any time.
    let ret = unsafe { syscall(__NR_rt_sigaction, [signal as usize, action.as_ptr() as usize, 0, 8]) };
    assert!(ret == 0, "rt_sigaction: {ret}");
}

/// SIGALRM every 10 ms: a single one could come before the call that it is to interrupt.
#[cfg(target_arch = "x86")]
pub fn start_timer() {
    let timer = [0, 10_000, 0, 10_000]; // seconds and microseconds: the interval, the time to the first
    // SAFETY: the kernel reads `timer` alone.
    let ret = unsafe { syscall(__NR_setitimer, [ITIMER_REAL as usize, timer.as_ptr() as usize, 0]) };
    assert!(ret == 0, "setitimer: {ret}");
}

#[cfg(target_arch = "x86")]
pub fn wait_for_signal() {
    // SAFETY: no memory is involved.
    unsafe { syscall(__NR_pause, []) };
}

pub fn power_off() -> ! {
    let command = [LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_POWER_OFF].map(|word| word as usize);
    // SAFETY: no memory is involved.
    unsafe { syscall(__NR_reboot, command) };
    exit(0)
}

/// Major and minor number of the running kernel's release.
pub fn kernel_release() -> (u32, u32) {
    let mut names = [0_u8; size_of::<linux_raw_sys::system::new_utsname>()];
    // SAFETY: the kernel writes within `names` alone.
    let ret = unsafe { syscall(__NR_uname, [names.as_mut_ptr() as usize]) };
    assert!(ret == 0, "uname: {ret}");
    // The release is the third name; each has 65 bytes.
    let mut numbers = names[130..].split(|byte| !byte.is_ascii_digit()).map(|digits| {
        digits
            .iter()
            .fold(0, |number, digit| number * 10 + u32::from(digit - b'0'))
    });
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

/// Whether the kernel has seccomp filters: it tries to read one before it rejects the call.
pub fn has_seccomp_filters() -> bool {
    const EFAULT: isize = -14;
    // SAFETY: there is no filter to install.
    unsafe { syscall(__NR_prctl, [prctl::PR_SET_SECCOMP as usize, SECCOMP_MODE_FILTER, 0]) == EFAULT }
}

/// Whether this process has a filter.
pub fn has_filter() -> bool {
    // SAFETY: no memory is involved.
    unsafe { syscall(__NR_prctl, [prctl::PR_GET_SECCOMP as usize]) != 0 }
}

/// Each of the system calls kills this process from now on.
pub fn kill_at<const N: usize>(calls: [u32; N]) {
    let mut filter = Filter::new();
    for number in calls {
        filter.push(&[skip_unless(number, 1), action(SECCOMP_RET_KILL_PROCESS)]);
    }
    filter.install(SECCOMP_RET_ALLOW);
}

const OF_THIS_PROCESS: __user_cap_header_struct = __user_cap_header_struct {
    version: _LINUX_CAPABILITY_VERSION_3,
    pid: 0,
};

const NO_CAPABILITIES: [__user_cap_data_struct; 2] = [__user_cap_data_struct {
    effective: 0,
    permitted: 0,
    inheritable: 0,
}; 2];

/// Whether this process has the capability, `CAP_*`.
pub fn has_capability(capability: u32) -> bool {
    let (header, mut data) = (OF_THIS_PROCESS, NO_CAPABILITIES);
    // SAFETY: the kernel reads `header` and writes `data` alone.
    let ret = unsafe { syscall(__NR_capget, [&raw const header as usize, data.as_mut_ptr() as usize]) };
    assert!(ret == 0, "capget: {ret}");
    data[capability as usize / 32].effective & 1 << (capability % 32) != 0
}

/// A new socket without a peer, or the negated errno.
pub fn open_socket(domain: u32, ty: u32) -> isize {
    // SAFETY: no memory is involved.
    unsafe { syscall(__NR_socket, [domain as usize, ty as usize, 0]) }
}

/// Both ends of a new pipe.
pub fn pipe() -> [i32; 2] {
    let mut fds = [0_i32; 2];
    // SAFETY: the kernel writes `fds` alone.
    let ret = unsafe { syscall(__NR_pipe2, [fds.as_mut_ptr() as usize, 0]) };
    assert!(ret == 0, "pipe2: {ret}");
    fds
}

/// recvmsg(2) of one byte to `byte`, with `control` of `control_len` bytes. Returns its result, `msg_controllen` and `msg_flags`.
///
/// # Safety
///
/// Nothing else may rely on what is at `byte` and in the control memory.
pub unsafe fn recvmsg(fd: i32, byte: *mut u8, control: *mut u8, control_len: usize) -> (isize, usize, u32) {
    let mut iovec = iovec {
        iov_base: byte.cast(),
        iov_len: 1,
    };
    let mut message = net::msghdr {
        msg_name: ptr::null_mut(),
        msg_namelen: 0,
        msg_iov: (&raw mut iovec).cast(),
        msg_iovlen: 1,
        msg_control: control.cast(),
        msg_controllen: control_len as _,
        msg_flags: 0,
    };
    // SAFETY: the kernel writes `message`, and what the caller permits.
    let ret = unsafe { syscall(__NR_recvmsg, [fd as usize, &raw mut message as usize, 0]) };
    (ret, message.msg_controllen as usize, message.msg_flags)
}

/// Creates a file with this content.
#[cfg(target_arch = "x86")]
pub fn create_file(path: &CStr, content: &[u8]) -> isize {
    // SAFETY: the kernel reads the string and `content` alone.
    unsafe {
        let flags = O_WRONLY | O_CREAT | O_EXCL;
        match syscall(
            __NR_openat,
            [AT_FDCWD as usize, path.as_ptr() as usize, flags as usize, 0o644],
        ) {
            fd @ 0.. => {
                let written = syscall(__NR_write, [fd as usize, content.as_ptr() as usize, content.len()]);
                close(fd as i32);
                written
            }
            errno => errno,
        }
    }
}

#[cfg(target_arch = "x86")]
pub fn create_fifo(path: &CStr) -> isize {
    let mode = S_IFIFO | 0o644;
    // SAFETY: the kernel reads the string alone.
    unsafe {
        syscall(
            __NR_mknodat,
            [AT_FDCWD as usize, path.as_ptr() as usize, mode as usize, 0],
        )
    }
}

/// Whether other processes don't see this process's mounts from now on.
#[cfg(target_arch = "x86")]
pub fn own_mounts() -> bool {
    let (none, root, flags) = (c"none".as_ptr() as usize, c"/".as_ptr() as usize, MS_REC | MS_PRIVATE);
    // SAFETY: the kernel reads the strings alone.
    unsafe {
        syscall(__NR_unshare, [CLONE_NEWNS as usize]) == 0
            && syscall(__NR_mount, [none, root, 0, flags as usize, 0]) == 0
    }
}

/// # Safety
///
/// Nothing may use the memory any more.
#[cfg(target_arch = "x86")]
pub unsafe fn unmap(address: usize, len: usize) -> isize {
    // SAFETY: as the caller guarantees.
    unsafe { syscall(__NR_munmap, [address, len]) }
}

/// Replaces the auxiliary vector that the kernel reports for this process. It must end with a pair of zeros.
#[cfg(target_arch = "x86")]
pub fn set_auxv(pairs: &[[usize; 2]]) -> isize {
    let (address, len) = (pairs.as_ptr() as usize, size_of_val(pairs));
    // SAFETY: the kernel reads `pairs` alone.
    unsafe {
        syscall(
            __NR_prctl,
            [
                prctl::PR_SET_MM as usize,
                prctl::PR_SET_MM_AUXV as usize,
                address,
                len,
                0,
            ],
        )
    }
}

/// Whether PR_GET_AUXV reports the auxiliary vector.
#[cfg(target_arch = "x86")]
pub fn reports_auxv() -> bool {
    let mut auxv = [0_usize; 128];
    let (at, size) = (auxv.as_mut_ptr() as usize, size_of_val(&auxv));
    // SAFETY: the kernel writes within `auxv` alone.
    unsafe { syscall(__NR_prctl, [prctl::PR_GET_AUXV as usize, at, size, 0, 0]) > 0 }
}
