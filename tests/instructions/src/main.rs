//! Makes every call so many times, by this crate and by others, except those that are named:
//!
//!     instructions TIMES [CALL...]
//!
//! Each call is a function of its own, under the name `PEER.CALL`, whose instructions are counted by whoever runs the
//! program. What a call needs is made anew before each, outside of that function. Where the kernel refuses a call, the
//! program says so and ends.

#![warn(clippy::undocumented_unsafe_blocks)]

mod calls;
mod place;
mod raw;

use core::{fmt::Debug, hint::black_box};
use std::{env, process};

use place::Place;

/// What tells the errno of a refusal.
trait Refusal {
    fn errno(self) -> i32;
}

impl Refusal for linux_socketpair::Errno {
    #[inline(always)]
    fn errno(self) -> i32 {
        self.raw_os_error()
    }
}

impl Refusal for syscalls::Errno {
    #[inline(always)]
    fn errno(self) -> i32 {
        self.into_raw()
    }
}

impl Refusal for nix::Error {
    #[inline(always)]
    fn errno(self) -> i32 {
        self as i32
    }
}

impl Refusal for rustix::io::Errno {
    #[inline(always)]
    fn errno(self) -> i32 {
        self.raw_os_error()
    }
}

impl Refusal for std::io::Error {
    #[inline(always)]
    fn errno(self) -> i32 {
        self.raw_os_error().unwrap_or(-1)
    }
}

/// What a call gives. A success pays for a refusal with the branch that tells them apart.
#[inline(always)]
fn given<T, E: Refusal>(function: &str, result: Result<T, E>) -> T {
    result.unwrap_or_else(|refusal| refused(function, refusal.errno()))
}

/// The name makes each function differ from all others: of two that are alike the compiler makes one.
#[cold]
#[inline(never)]
fn refused(function: &str, errno: i32) -> ! {
    println!("refused {function} {errno}");
    process::exit(2)
}

/// Makes a call so many times, each in a place of its own, and tells what the last of them gave.
#[inline(never)]
fn repeat<T: Debug>(times: usize, call: fn(&mut Place) -> T) -> String {
    let mut last = None;
    for _ in 0..times {
        last = Some(black_box(call)(&mut Place::new()));
    }
    format!("{last:?}")
}

/// Only the same work can be compared: all peers must give the same.
fn compare(call: &str, given: &[(&str, String)]) {
    for [(one, gave), (other, gave_too)] in given.array_windows() {
        assert_eq!(gave, gave_too, "{call}: by {one} and by {other}");
    }
}

fn main() {
    let mut arguments = env::args().skip(1);
    let times = arguments.next().and_then(|times| times.parse().ok());
    let without: Vec<String> = arguments.collect();
    calls::make(times.expect("instructions TIMES [CALL...]"), &without);
}
