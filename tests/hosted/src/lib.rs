//! Helpers that several tests share.

#[path = "../../common/mod.rs"]
mod common;

use linux_socketpair::{BorrowedFd, OwnedFd};
use std::{
    ffi::CStr,
    fs::{self, File},
    io::{self, Read, Seek, Write},
    mem::MaybeUninit,
    os::fd::AsRawFd,
    panic::{AssertUnwindSafe, catch_unwind},
    ptr,
    sync::{Mutex, PoisonError},
};

pub use common::{in_qemu, skip};

/// Converts an owner to the standard library's type, which is another one without the feature `std`.
pub fn into_std(fd: impl Into<OwnedFd>) -> std::os::fd::OwnedFd {
    let raw = linux_socketpair::IntoRawFd::into_raw_fd(fd.into());
    // SAFETY: its owner has just released it.
    unsafe { std::os::fd::FromRawFd::from_raw_fd(raw) }
}

/// Converts an owner of the standard library's to this crate's type.
pub fn from_std(fd: impl Into<std::os::fd::OwnedFd>) -> OwnedFd {
    let raw = std::os::fd::IntoRawFd::into_raw_fd(fd.into());
    // SAFETY: its owner has just released it.
    unsafe { linux_socketpair::FromRawFd::from_raw_fd(raw) }
}

/// Borrows a file descriptor of the standard library.
pub fn borrow<T: AsRawFd>(fd: &T) -> BorrowedFd<'_> {
    // SAFETY: it is open for as long as its owner is borrowed.
    unsafe { BorrowedFd::borrow_raw(fd.as_raw_fd()) }
}

/// Borrows a file descriptor for the standard library.
pub fn borrow_std<T: linux_socketpair::AsRawFd>(fd: &T) -> std::os::fd::BorrowedFd<'_> {
    // SAFETY: it is open for as long as its owner is borrowed.
    unsafe { std::os::fd::BorrowedFd::borrow_raw(fd.as_raw_fd()) }
}

/// Files with one byte each, which identifies them.
pub fn files(contents: &[u8]) -> Vec<File> {
    let file = |&byte| {
        let fd = rustix::fs::memfd_create("one byte", rustix::fs::MemfdFlags::CLOEXEC).expect("memfd_create");
        let mut file = File::from(fd);
        file.write_all(&[byte]).expect("write");
        file
    };
    contents.iter().map(file).collect()
}

/// The bytes of such files.
pub fn contents(fds: impl IntoIterator<Item = std::os::fd::OwnedFd>) -> Vec<u8> {
    let content = |fd| {
        let (mut file, mut byte) = (File::from(fd), [0]);
        file.rewind().and_then(|()| file.read_exact(&mut byte)).expect("read");
        byte[0]
    };
    fds.into_iter().map(content).collect()
}

pub fn open_descriptors() -> usize {
    fs::read_dir("/proc/self/fd").expect("/proc").count()
}

/// Runs `test` while no other does; it must leave open as many file descriptors as it found. So all tests of a program that uses
/// this run in it, but for those that open nothing: even [`in_qemu`] opens a file.
pub fn alone(test: impl FnOnce()) {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let before = open_descriptors();
    test();
    assert_eq!(
        open_descriptors(),
        before,
        "as many file descriptors are open as before"
    );
}

/// A signal interrupts system calls from now on, and runs the handler.
///
/// # Safety
///
/// The handler does only what a signal handler may do.
pub unsafe fn on_signal(signal: i32, handler: extern "C" fn(i32)) {
    // SAFETY: as the caller guarantees; the rest of the action, such as SA_RESTART, may be zeros.
    unsafe {
        let mut action = MaybeUninit::<libc::sigaction>::zeroed().assume_init();
        action.sa_sigaction = handler as *const () as usize;
        assert_eq!(libc::sigaction(signal, &action, ptr::null_mut()), 0);
    }
}

/// Installs a seccomp filter in this thread. With `SECCOMP_FILTER_FLAG_NEW_LISTENER` among `flags` it returns the listener.
pub fn install_filter(program: &mut [libc::sock_filter], flags: libc::c_ulong) -> io::Result<i32> {
    let program = libc::sock_fprog {
        len: program.len() as u16,
        filter: program.as_mut_ptr(),
    };
    let mode = libc::SECCOMP_SET_MODE_FILTER;
    // SAFETY: the calls read the program, and affect this thread alone.
    let result = unsafe {
        match libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) {
            0 => libc::syscall(libc::SYS_seccomp, mode, flags, &raw const program),
            _ => -1,
        }
    };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(result as i32)
}

/// The former limits of open files, restored on drop.
pub struct Limit(libc::rlimit);

impl Limit {
    /// Sets the soft limit.
    pub fn set(soft: impl FnOnce(&libc::rlimit) -> libc::rlim_t) -> Self {
        let mut before = MaybeUninit::<libc::rlimit>::uninit();
        // SAFETY: the call writes the limits, both of them if it succeeds.
        let before = unsafe {
            assert_eq!(libc::getrlimit(libc::RLIMIT_NOFILE, before.as_mut_ptr()), 0);
            before.assume_init()
        };
        let rlim_cur = soft(&before);
        let limit = libc::rlimit { rlim_cur, ..before };
        // SAFETY: the call reads the limits.
        assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) }, 0);
        Self(before)
    }
}

impl Drop for Limit {
    fn drop(&mut self) {
        // SAFETY: the call reads the limits.
        assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &self.0) }, 0);
    }
}

/// The wait status of a child that runs `f`: 0 if that returns true, 1 << 8 if false, 101 << 8 if it panics.
pub fn in_child(f: impl FnOnce() -> bool) -> i32 {
    // SAFETY: the child ends with `_exit`. Of what other threads may hold it uses only the allocator, which the C
    // library makes usable in it.
    let child = unsafe {
        let child = libc::fork();
        if child == 0 {
            libc::alarm(10);
            libc::_exit(match catch_unwind(AssertUnwindSafe(f)) {
                Ok(true) => 0,
                Ok(false) => 1,
                Err(_) => 101,
            });
        }
        child
    };
    assert!(child > 0, "fork");
    let mut status = -1;
    // SAFETY: the call writes `status` alone.
    assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
    status
}

/// Makes `path` the root directory; in a user namespace where this user may not. The process must have one thread.
pub fn chroot(path: &CStr) -> bool {
    // SAFETY: neither call accesses memory but the path.
    unsafe {
        libc::chroot(path.as_ptr()) == 0
            || (libc::unshare(libc::CLONE_NEWUSER) == 0 && libc::chroot(path.as_ptr()) == 0)
    }
}
