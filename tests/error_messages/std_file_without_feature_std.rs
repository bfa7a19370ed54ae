//! error: `File` doesn't implement the `AsFd` of linux-socketpair
//! note: enable the feature `std` of linux-socketpair to use the standard library's types

use linux_socketpair::{PollFd, PollFlags};
use std::fs::File;

pub fn entry(file: &File) -> PollFd<'_> {
    PollFd::new(file, PollFlags::IN)
}
