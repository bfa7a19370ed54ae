//! error: `File` doesn't implement the `AsRawFd` of linux-socketpair
//! error: `File` doesn't implement the `IntoRawFd` of linux-socketpair
//! error: `File` doesn't implement the `FromRawFd` of linux-socketpair
//! note: enable the feature `std` of linux-socketpair to use the standard library's types

use linux_socketpair::{AsRawFd, FromRawFd, IntoRawFd};
use std::fs::File;

pub fn clone(file: File) -> File {
    fn number(owner: &impl AsRawFd) -> i32 {
        owner.as_raw_fd()
    }
    fn release(owner: impl IntoRawFd) -> i32 {
        owner.into_raw_fd()
    }
    fn own<T: FromRawFd>(number: i32) -> T {
        // SAFETY: this is not compiled.
        unsafe { T::from_raw_fd(number) }
    }
    assert_eq!(number(&file), 3);
    own(release(file))
}
