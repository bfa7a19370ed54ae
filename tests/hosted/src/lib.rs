//! What several tests use.

use linux_socketpair::{BorrowedFd, OwnedFd};
use std::{
    fs::{self, File},
    io::{Read, Seek, Write},
    os::fd::AsRawFd,
    sync::{Mutex, PoisonError},
};

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

/// Whether QEMU user mode runs this program, which deviates from the kernel here and there.
pub fn in_qemu() -> bool {
    fs::read_to_string("/proc/self/comm").is_ok_and(|name| name.starts_with("qemu-"))
}

/// Names what can't be tested here, also where the output of tests that pass is captured.
pub fn skip(name: &str, reason: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "skip  {name} ({reason})");
}
