//! One line for each test, and the closing count.

use core::fmt;
use freestanding::{Counts, raw};
use linux_socketpair::process::{ExitStatus, SpawnError};
use linux_socketpair::{Errno, Incomplete, Truncated};

/// What a test needs in order to prove something.
#[derive(Clone, Copy)]
pub enum Needs {
    /// The system calls, whatever implements them.
    Calls,
    /// A kernel: QEMU user mode differs, as the text states.
    Kernel(&'static str),
    /// Seccomp filters: Linux 3.5, where they are built in, and not QEMU user mode.
    Seccomp,
}

pub struct Report {
    in_qemu: bool,
    seccomp: bool,
    pub counts: Counts,
}

pub type Outcome = Result<(), Otherwise>;

/// Why a test did not pass.
pub enum Otherwise {
    /// What was seen, what was expected, and the line that compared them.
    Failed { seen: [isize; 2], line: u32 },
    /// What this kernel lacks.
    Skipped(&'static str),
    /// The kernel is older than this.
    Since(u32, u32),
}

impl Report {
    pub fn new(in_qemu: bool) -> Self {
        Self {
            in_qemu,
            seccomp: raw::has_seccomp_filters(),
            counts: Counts::default(),
        }
    }

    pub fn test(&mut self, needs: Needs, name: impl fmt::Display, test: impl FnOnce() -> Outcome) {
        let counts = &mut self.counts;
        match needs {
            Needs::Kernel(why) if self.in_qemu => {
                return counts.skip(name, format_args!("QEMU user mode: {why}"));
            }
            Needs::Seccomp if !self.seccomp => return counts.skip(name, "there are no seccomp filters"),
            _ => {}
        }
        match test() {
            Ok(()) => counts.pass(name),
            Err(Otherwise::Failed {
                seen: [seen, expected],
                line,
            }) => counts.fail(format_args!("{name}: {seen}, expected {expected} (line {line})")),
            Err(Otherwise::Skipped(why)) => counts.skip(name, why),
            Err(Otherwise::Since(major, minor)) => counts.skip(name, format_args!("since Linux {major}.{minor}")),
        }
    }
}

/// Runs tests, each with its name and its function, and with what it needs, in parentheses, if that is more than `Needs::Calls`.
/// A generic test is run for `each kind` of socket, or `each message kind`: those that keep the boundaries of messages.
macro_rules! tests {
    ($report:expr;) => {};
    ($report:expr; each kind $(($needs:expr))? $name:literal: $test:ident; $($rest:tt)*) => {
        let needs = $crate::report::needs!($($needs)?);
        $report.test(needs, concat!("STREAM: ", $name), $test::<linux_socketpair::kind::Stream>);
        $crate::report::tests! { $report; each message kind (needs) $name: $test; $($rest)* }
    };
    ($report:expr; each message kind $(($needs:expr))? $name:literal: $test:ident; $($rest:tt)*) => {
        let needs = $crate::report::needs!($($needs)?);
        $report.test(needs, concat!("DGRAM: ", $name), $test::<linux_socketpair::kind::Datagram>);
        $report.test(needs, concat!("SEQPACKET: ", $name), $test::<linux_socketpair::kind::Seqpacket>);
        $crate::report::tests! { $report; $($rest)* }
    };
    ($report:expr; $(($needs:expr))? $name:literal: $test:ident; $($rest:tt)*) => {
        $report.test($crate::report::needs!($($needs)?), $name, $test);
        $crate::report::tests! { $report; $($rest)* }
    };
}
pub(crate) use tests;

macro_rules! needs {
    () => {
        $crate::report::Needs::Calls
    };
    ($needs:expr) => {
        $needs
    };
}
pub(crate) use needs;

/// A number to compare: what a call returned, or its errno, negated.
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

numbers! { isize usize u8 i32 u16 u32 u64 bool }

impl Seen for () {
    fn seen(self) -> isize {
        0
    }
}

impl Seen for Incomplete {
    fn seen(self) -> isize {
        self.errno.map_or(0, Seen::seen)
    }
}

impl Seen for Truncated {
    fn seen(self) -> isize {
        Errno::from(self).seen()
    }
}

impl Seen for SpawnError {
    fn seen(self) -> isize {
        self.errno().seen()
    }
}

/// The wait status.
impl Seen for ExitStatus {
    fn seen(self) -> isize {
        match self {
            Self::Exited(code) => isize::from(code) << 8,
            Self::Signaled { signal, core_dumped } => signal.as_raw() as isize | isize::from(core_dumped) << 7,
        }
    }
}

impl<T: Seen> Seen for Option<T> {
    fn seen(self) -> isize {
        self.map_or(-1, T::seen)
    }
}

impl Seen for Errno {
    fn seen(self) -> isize {
        -self.raw_os_error() as isize
    }
}

impl<T: Seen, E: Seen> Seen for Result<T, E> {
    fn seen(self) -> isize {
        self.map_or_else(E::seen, T::seen)
    }
}

/// Ends the test as failed, unless both sides are the same number.
macro_rules! same {
    ($seen:expr, $expected:expr) => {{
        let seen = [$crate::report::Seen::seen($seen), $crate::report::Seen::seen($expected)];
        if seen[0] != seen[1] {
            return Err($crate::report::Otherwise::Failed { seen, line: line!() });
        }
    }};
}
pub(crate) use same;

/// The value of a result; an error ends the test as failed.
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

/// The value of an option; on a kernel that is older than the option, the call must fail with `ENOPROTOOPT`, which ends
/// the test.
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

/// Skips the test on an older kernel.
macro_rules! requires {
    ($major:literal, $minor:literal) => {
        if freestanding::raw::kernel_release() < ($major, $minor) {
            return Err($crate::report::Otherwise::Since($major, $minor));
        }
    };
}
pub(crate) use requires;

/// Ends the test as failed, since something that is expected is missing.
macro_rules! missing {
    () => {
        return Err($crate::report::Otherwise::Failed {
            seen: [0, 1],
            line: line!(),
        })
    };
}
pub(crate) use missing;
