//! What several tests use.

#[path = "../../common/mod.rs"]
mod common;

use linux_socketpair::{BorrowedFd, OwnedFd};
use std::{
    ffi::CStr,
    fs::{self, File},
    io::{Read, Seek, Write},
    os::fd::AsRawFd,
    sync::{Mutex, PoisonError},
};

pub use common::{in_qemu, skip};

/// The standard library's owner of a file descriptor, of which this crate's is another type without the feature `std`.
pub fn into_std(fd: impl Into<OwnedFd>) -> std::os::fd::OwnedFd {
    let raw = linux_socketpair::IntoRawFd::into_raw_fd(fd.into());
    // SAFETY: the owner has just given it up.
    unsafe { std::os::fd::FromRawFd::from_raw_fd(raw) }
}

/// This crate's owner of a file descriptor of the standard library.
pub fn from_std(fd: impl Into<std::os::fd::OwnedFd>) -> OwnedFd {
    let raw = std::os::fd::IntoRawFd::into_raw_fd(fd.into());
    // SAFETY: the owner has just given it up.
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

/// Runs `test` while no other test of the program runs; it must leave open as many file descriptors as it found.
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

/// The wait status of a child that runs `f`: 0 if that returns true, 1 << 8 if false.
pub fn in_child(f: impl FnOnce() -> bool) -> i32 {
    // SAFETY: the child ends with `_exit`. Of what other threads may hold it uses only the allocator, which the C
    // library makes usable in it.
    let child = unsafe {
        let child = libc::fork();
        if child == 0 {
            libc::alarm(10);
            libc::_exit(if f() { 0 } else { 1 });
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
