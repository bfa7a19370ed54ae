//! The feature `std`.
#![cfg(feature = "std")]

use linux_socketpair::{Domain, Errno, SocketFlags, SocketType, socketpair};
use std::io;

#[test]
fn an_errno_becomes_the_io_error_of_the_same_number() {
    for raw in 1..=4095 {
        let error = io::Error::from(Errno::from_raw_os_error(raw).expect("an errno"));
        assert_eq!(error.raw_os_error(), Some(raw));
    }
    assert_eq!(io::Error::from(Errno::EAGAIN).kind(), io::ErrorKind::WouldBlock);
}

#[test]
fn the_question_mark_converts() {
    fn make() -> io::Result<[i32; 2]> {
        Ok(socketpair(Domain::INET, SocketType::STREAM, SocketFlags::CLOEXEC, 0)?)
    }
    assert_eq!(make().unwrap_err().raw_os_error(), Some(libc::EOPNOTSUPP));
}
