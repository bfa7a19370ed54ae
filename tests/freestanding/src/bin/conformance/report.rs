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

pub type Outcome = Result<(), Otherwise>;

/// What a test ends with if not with success.
pub enum Otherwise {
    /// What was seen, what was expected, and the line that looked.
    Failed { seen: [isize; 2], line: u32 },
    /// What this kernel lacks.
    Skipped(&'static str),
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
            Err(Otherwise::Failed {
                seen: [seen, expected],
                line,
            }) => {
                self.failed += 1;
                println!("FAIL  {name}: {seen}, not {expected} (line {line})");
            }
            Err(Otherwise::Skipped(why)) => {
                self.skipped += 1;
                println!("skip  {name} ({why})");
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

numbers! { isize usize i32 u16 u32 u64 bool }

impl Seen for () {
    fn seen(self) -> isize {
        0
    }
}

impl Seen for linux_socketpair::Incomplete {
    fn seen(self) -> isize {
        self.errno.map_or(0, Seen::seen)
    }
}

impl Seen for linux_socketpair::Truncated<'_> {
    fn seen(self) -> isize {
        linux_socketpair::Errno::from(self).seen()
    }
}

impl<T: Seen> Seen for Option<T> {
    fn seen(self) -> isize {
        self.map_or(-1, T::seen)
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
            return Err($crate::report::Otherwise::Failed { seen, line: line!() });
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
                return Err($crate::report::Otherwise::Failed { seen, line: line!() });
            }
        }
    };
}
pub(crate) use must;

/// The value; or, on a kernel that is older than the option, the end of the test: the kernel says so, and nothing else.
macro_rules! since {
    ($release:expr, $result:expr) => {
        match $result {
            result if freestanding::raw::kernel_release() < $release => {
                same!(result.map(drop), linux_socketpair::Errno::ENOPROTOOPT);
                return Ok(());
            }
            result => must!(result),
        }
    };
}
pub(crate) use since;

/// Ends the test, failed: what should be here is not.
macro_rules! missing {
    () => {
        return Err($crate::report::Otherwise::Failed {
            seen: [0, 1],
            line: line!(),
        })
    };
}
pub(crate) use missing;
