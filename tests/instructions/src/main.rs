//! Makes every call TIMES times, with this crate and with others, except the calls that are named:
//!
//!     instructions TIMES [CALL...]
//!
//! Each call is a function of its own with the symbol `PEER.CALL`; tests/instructions.sh counts its instructions. What a call
//! needs is made before each, outside of that function. When a call fails, the program prints its name and the errno, and
//! exits.

#![warn(clippy::undocumented_unsafe_blocks)]

mod calls;
mod fixture;
mod reference;

use core::{fmt::Debug, hint::black_box};
use std::{env, process};

use fixture::Fixture;

/// An error with an errno.
trait Error {
    fn errno(self) -> i32;
}

impl Error for linux_socketpair::Errno {
    #[inline(always)]
    fn errno(self) -> i32 {
        self.raw_os_error()
    }
}

impl Error for syscalls::Errno {
    #[inline(always)]
    fn errno(self) -> i32 {
        self.into_raw()
    }
}

impl Error for nix::Error {
    #[inline(always)]
    fn errno(self) -> i32 {
        self as i32
    }
}

impl Error for rustix::io::Errno {
    #[inline(always)]
    fn errno(self) -> i32 {
        self.raw_os_error()
    }
}

impl Error for std::io::Error {
    #[inline(always)]
    fn errno(self) -> i32 {
        self.raw_os_error().unwrap_or(-1)
    }
}

/// The value of a call. Success costs the branch that distinguishes it from an error.
#[inline(always)]
fn value<T, E: Error>(function: &str, result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| rejected(function, error.errno()))
}

/// The name makes each function different from all others: the compiler would merge equal ones.
#[cold]
#[inline(never)]
fn rejected(function: &str, errno: i32) -> ! {
    println!("rejected {function} {errno}");
    process::exit(2)
}

/// Makes a call `times` times, each with a fixture of its own, and returns the last value.
#[inline(never)]
fn repeat<T: Debug>(times: usize, call: fn(&mut Fixture) -> T) -> String {
    let mut last = None;
    for _ in 0..times {
        last = Some(black_box(call)(&mut Fixture::new()));
    }
    format!("{last:?}")
}

/// Only the same work can be compared: all peers must return the same.
fn compare(call: &str, values: &[(&str, String)]) {
    for [(one, value), (other, value_too)] in values.array_windows() {
        assert_eq!(value, value_too, "{call}: {one} and {other}");
    }
}

fn main() {
    let mut arguments = env::args().skip(1);
    let times = arguments.next().and_then(|times| times.parse().ok());
    let without: Vec<String> = arguments.collect();
    calls::make(times.expect("instructions TIMES [CALL...]"), &without);
}
