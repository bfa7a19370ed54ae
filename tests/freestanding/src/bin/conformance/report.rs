//! One line a test, and the closing count.

use core::fmt;
use freestanding::println;

/// Where a test can show what it is for.
#[derive(Clone, Copy)]
pub enum Needs {
    /// The system calls, by whomever they are answered.
    Calls,
    /// The kernel itself: QEMU user-mode answers otherwise, as the text says.
    Kernel(&'static str),
}

pub struct Report {
    in_qemu: bool,
    passed: u32,
    failed: u32,
    skipped: u32,
}

pub type Outcome = Result<(), Failure>;

/// What was seen in place of what was expected, and the line that looked.
pub struct Failure {
    pub seen: [isize; 2],
    pub line: u32,
}

impl Report {
    pub fn new(in_qemu: bool) -> Self {
        Self {
            in_qemu,
            passed: 0,
            failed: 0,
            skipped: 0,
        }
    }

    pub fn test(&mut self, needs: Needs, name: impl fmt::Display, test: impl FnOnce() -> Outcome) {
        if let (true, Needs::Kernel(why)) = (self.in_qemu, needs) {
            self.skipped += 1;
            println!("skip  {name} (QEMU user-mode: {why})");
            return;
        }
        match test() {
            Ok(()) => {
                self.passed += 1;
                println!("ok    {name}");
            }
            Err(Failure {
                seen: [seen, expected],
                line,
            }) => {
                self.failed += 1;
                println!("FAIL  {name}: {seen}, not {expected} (line {line})");
            }
        }
    }

    pub fn close(&self) -> bool {
        println!(
            "{} passed, {} failed, {} skipped",
            self.passed, self.failed, self.skipped
        );
        self.failed == 0 && self.passed > 0
    }
}

/// A number to hold against another: what a call returned, or the errno with which it refused, negated.
pub trait Seen {
    fn seen(self) -> isize;
}

macro_rules! numbers {
    ($($number:ty)+) => {$(
        impl Seen for $number {
            fn seen(self) -> isize {
                self as isize
            }
        }
    )+};
}

numbers! { isize usize i32 u32 u64 bool }

impl Seen for () {
    fn seen(self) -> isize {
        0
    }
}

impl Seen for linux_socketpair::Errno {
    fn seen(self) -> isize {
        -self.raw_os_error() as isize
    }
}

impl<T: Seen, E: Seen> Seen for Result<T, E> {
    fn seen(self) -> isize {
        self.map_or_else(E::seen, T::seen)
    }
}

/// Ends the test, failed, unless both sides are the same number.
macro_rules! same {
    ($seen:expr, $expected:expr) => {{
        let seen = [$crate::report::Seen::seen($seen), $crate::report::Seen::seen($expected)];
        if seen[0] != seen[1] {
            return Err($crate::report::Failure { seen, line: line!() });
        }
    }};
}
pub(crate) use same;

/// The value, or the end of the test, failed.
macro_rules! must {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(errno) => {
                let seen = [$crate::report::Seen::seen(errno), 0];
                return Err($crate::report::Failure { seen, line: line!() });
            }
        }
    };
}
pub(crate) use must;
