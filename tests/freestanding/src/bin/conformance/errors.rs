//! The errors of socketpair(2): the order of the kernel's checks, what it writes, and that nothing stays open.
//!
//! The order, and that `sv` is written, were measured on Linux 5.10 and later; they differ on 4.8.

use core::ptr;
use freestanding::raw::{self, PAGE};
use linux_raw_sys::general::{PROT_NONE, PROT_READ};
use linux_socketpair::{Domain, Errno, RawFd, SocketFlags, SocketType, socketpair, socketpair_into};

use crate::pairs::{Pair, TYPES};
use crate::report::{Needs, Otherwise, Outcome, Report, must, requires, same};

/// The content of `sv` before a call: no file descriptors.
const UNTOUCHED: [RawFd; 2] = [-7, -11];

#[derive(Clone, Copy)]
enum Sv {
    Untouched,
    Written,
}

struct Row {
    what: &'static str,
    call: (u32, u32, u32, i32),
    errno: Errno,
    sv: Sv,
    needs: Needs,
}

const UNIX: u32 = Domain::UNIX.bits();
const INET: u32 = Domain::INET.bits();
const INET6: u32 = Domain::INET6.bits();
const NETLINK: u32 = Domain::NETLINK.bits();
const STREAM: u32 = SocketType::STREAM.bits();
const RAW: u32 = SocketType::RAW.bits();
const RDM: u32 = SocketType::RDM.bits();

const UNKNOWN_FLAGS: Needs = Needs::Kernel("it accepts unknown flags");
const BAD_FLAG_FIRST: Needs = Needs::Kernel("it checks the domain before the flags");

/// Domain, type, flags and protocol; the errno; and whether the kernel writes `sv` before it fails.
const fn row(what: &'static str, call: (u32, u32, u32, i32), errno: Errno, sv: Sv, needs: Needs) -> Row {
    Row {
        what,
        call,
        errno,
        sv,
        needs,
    }
}

#[rustfmt::skip]
const ROWS: &[Row] = &[
    row("an unknown bit in the flags", (UNIX, STREAM, 0x10, 0), Errno::EINVAL, Sv::Untouched, UNKNOWN_FLAGS),
    row("an unknown bit in the type", (UNIX, STREAM | 0x1000, 0, 0), Errno::EINVAL, Sv::Untouched, UNKNOWN_FLAGS),
    row("bit 30", (UNIX, STREAM | 1 << 30, 0, 0), Errno::EINVAL, Sv::Untouched, UNKNOWN_FLAGS),
    row("bit 31", (UNIX, STREAM, 1 << 31, 0), Errno::EINVAL, Sv::Untouched, UNKNOWN_FLAGS),
    row("type -1", (UNIX, !0, 0, 0), Errno::EINVAL, Sv::Untouched, UNKNOWN_FLAGS),
    row("a bad flag comes before a bad domain", (99, STREAM, 0x10, 0), Errno::EINVAL, Sv::Untouched, BAD_FLAG_FIRST),
    row("domain 0", (0, STREAM, 0, 0), Errno::EAFNOSUPPORT, Sv::Written, Needs::Calls),
    row("domain -1", (!0, STREAM, 0, 0), Errno::EAFNOSUPPORT, Sv::Written, Needs::Calls),
    row("domain 46", (46, STREAM, 0, 0), Errno::EAFNOSUPPORT, Sv::Written, Needs::Calls),
    row("domain 2147483647", (i32::MAX as u32, STREAM, 0, 0), Errno::EAFNOSUPPORT, Sv::Written, Needs::Calls),
    row("a domain that is never registered", (Domain::UNSPEC.bits(), STREAM, 0, 0), Errno::EAFNOSUPPORT, Sv::Written, Needs::Calls),
    row("a bad domain comes before a bad type", (99, 12, 0, 0), Errno::EAFNOSUPPORT, Sv::Written, Needs::Calls),
    row("a bad domain comes before a bad protocol", (99, STREAM, 0, 7), Errno::EAFNOSUPPORT, Sv::Written, Needs::Calls),
    row("type 11", (UNIX, 11, 0, 0), Errno::EINVAL, Sv::Written, Needs::Calls),
    row("type 12", (UNIX, 12, 0, 0), Errno::EINVAL, Sv::Written, Needs::Calls),
    row("type 13", (UNIX, 13, 0, 0), Errno::EINVAL, Sv::Written, Needs::Calls),
    row("type 14", (UNIX, 14, 0, 0), Errno::EINVAL, Sv::Written, Needs::Calls),
    row("type 15", (UNIX, 15, 0, 0), Errno::EINVAL, Sv::Written, Needs::Calls),
    row("AF_UNIX, protocol 2", (UNIX, STREAM, 0, 2), Errno::EPROTONOSUPPORT, Sv::Written, Needs::Calls),
    row("AF_UNIX, protocol -1", (UNIX, STREAM, 0, -1), Errno::EPROTONOSUPPORT, Sv::Written, Needs::Calls),
    row("AF_UNIX, protocol 2147483647", (UNIX, STREAM, 0, i32::MAX), Errno::EPROTONOSUPPORT, Sv::Written, Needs::Calls),
    row("AF_UNIX, protocol -2147483648", (UNIX, STREAM, 0, i32::MIN), Errno::EPROTONOSUPPORT, Sv::Written, Needs::Calls),
    row("AF_UNIX, a bad protocol comes before a bad type", (UNIX, RDM, 0, 2), Errno::EPROTONOSUPPORT, Sv::Written, Needs::Calls),
    row("AF_UNIX, type 0", (UNIX, 0, 0, 0), Errno::ESOCKTNOSUPPORT, Sv::Written, Needs::Calls),
    row("AF_UNIX, RDM", (UNIX, RDM, 0, 0), Errno::ESOCKTNOSUPPORT, Sv::Written, Needs::Calls),
    row("AF_UNIX, DCCP", (UNIX, 6, 0, 0), Errno::ESOCKTNOSUPPORT, Sv::Written, Needs::Calls),
    row("AF_UNIX, type 7", (UNIX, 7, 0, 0), Errno::ESOCKTNOSUPPORT, Sv::Written, Needs::Calls),
    row("AF_UNIX, type 8", (UNIX, 8, 0, 0), Errno::ESOCKTNOSUPPORT, Sv::Written, Needs::Calls),
    row("AF_UNIX, type 9", (UNIX, 9, 0, 0), Errno::ESOCKTNOSUPPORT, Sv::Written, Needs::Calls),
    row("AF_UNIX, PACKET", (UNIX, 10, 0, 0), Errno::ESOCKTNOSUPPORT, Sv::Written, Needs::Calls),
    row("AF_INET stream", (INET, STREAM, 0, 0), Errno::EOPNOTSUPP, Sv::Written, Needs::Calls),
    row("AF_INET6 stream", (INET6, STREAM, 0, 0), Errno::EOPNOTSUPP, Sv::Written, Needs::Calls),
    row("AF_VSOCK stream", (Domain::VSOCK.bits(), STREAM, 0, 0), Errno::EOPNOTSUPP, Sv::Written, Needs::Calls),
    row("AF_NETLINK raw", (NETLINK, RAW, 0, 0), Errno::EOPNOTSUPP, Sv::Written, Needs::Calls),
    row("AF_INET stream, protocol 17", (INET, STREAM, 0, 17), Errno::EPROTONOSUPPORT, Sv::Written, Needs::Calls),
    row("AF_INET raw, protocol 0", (INET, RAW, 0, 0), Errno::EPROTONOSUPPORT, Sv::Written, Needs::Calls),
    row("AF_INET type 0", (INET, 0, 0, 0), Errno::ESOCKTNOSUPPORT, Sv::Written, Needs::Calls),
    row("AF_NETLINK stream", (NETLINK, STREAM, 0, 0), Errno::ESOCKTNOSUPPORT, Sv::Written, Needs::Calls),
];

impl Row {
    /// A domain that this kernel has not registered is EAFNOSUPPORT before everything that the row is about.
    fn errno(&self) -> Errno {
        let unregistered = raw::socket(self.call.0, STREAM) == -(Errno::EAFNOSUPPORT.raw_os_error() as isize);
        if unregistered && matches!(self.sv, Sv::Written) {
            Errno::EAFNOSUPPORT
        } else {
            self.errno
        }
    }

    fn call_into(&self, sv: *mut [RawFd; 2]) -> Result<(), Errno> {
        let (domain, ty, flags, protocol) = self.call;
        // SAFETY: callers pass memory of their own, or none.
        unsafe {
            socketpair_into(
                Domain::from_bits_retain(domain),
                SocketType::from_bits_retain(ty),
                SocketFlags::from_bits_retain(flags),
                protocol,
                sv,
            )
        }
    }

    fn fails(&self) -> Outcome {
        let (domain, ty, flags, protocol) = self.call;
        let result = socketpair(
            Domain::from_bits_retain(domain),
            SocketType::from_bits_retain(ty),
            SocketFlags::from_bits_retain(flags),
            protocol,
        );
        same!(result.map(|[a, _]| a), self.errno());
        Ok(())
    }

    fn leaves_sv(&self) -> Outcome {
        requires!(5, 10);
        let mut sv = UNTOUCHED;
        same!(self.call_into(&mut sv), self.errno());
        match self.sv {
            Sv::Untouched => same!(sv == UNTOUCHED, true),
            Sv::Written => {
                let lowest = raw::open_descriptors().trailing_ones();
                same!(sv[0], lowest);
                same!(sv[1] > sv[0], true);
                same!(raw::fcntl(sv[0], 1), Errno::EBADF);
                same!(raw::fcntl(sv[1], 1), Errno::EBADF);
            }
        }
        Ok(())
    }

    fn leaks_nothing(&self) -> Outcome {
        let before = raw::open_descriptors();
        for _ in 0..100 {
            same!(self.call_into(&mut [0; 2]), self.errno());
        }
        same!(raw::open_descriptors(), before);
        Ok(())
    }
}

pub fn tests(report: &mut Report) {
    for row in ROWS {
        report.test(row.needs, format_args!("{}: {:?}", row.what, row.errno()), || {
            row.fails()
        });
        let needs = match row.needs {
            Needs::Calls => Needs::Kernel("it writes sv only on success"),
            kernel => kernel,
        };
        let sv = if matches!(row.sv, Sv::Written) {
            "two numbers that are not open"
        } else {
            "unchanged"
        };
        report.test(needs, format_args!("{}: sv is {sv}", row.what), || row.leaves_sv());
        report.test(row.needs, format_args!("{}: nothing leaks", row.what), || {
            row.leaks_nothing()
        });
    }
    for slots in 0..2 {
        report.test(
            Needs::Calls,
            format_args!("{slots} free descriptors: EMFILE, nothing leaks"),
            || emfile(slots),
        );
        report.test(
            Needs::Kernel("it checks the domain first"),
            format_args!("{slots} free descriptors: EMFILE comes before all errors but those of the flags"),
            || emfile_comes_first(slots),
        );
    }
    report.test(Needs::Calls, "two free descriptors are enough", two_slots);
    for (place, at) in PLACES {
        report.test(Needs::Calls, format_args!("{place}: EFAULT"), || efault(at));
        report.test(
            Needs::Kernel("it copies last, and leaks the pair"),
            format_args!("{place}: EFAULT comes before all errors but those of the flags and EMFILE, nothing leaks"),
            || efault_comes_first(at),
        );
    }
    report.test(
        Needs::Kernel("it copies last"),
        "across the end of a page: sv[0] is written, sv[1] is not",
        half_written,
    );
    if cfg!(target_pointer_width = "64") {
        report.test(Needs::Calls, "the kernel ignores the high halves of ints", || {
            same!(raw::socketpair_with_high_halves(), 0);
            Ok(())
        });
    }
}

/// Runs `f` while all but `free` of the descriptors below 64 are open.
fn with_free(free: usize, f: impl FnOnce() -> Outcome) -> Outcome {
    let mut pairs = [const { None }; 32];
    for pair in &mut pairs {
        *pair = Pair::new(SocketType::STREAM, SocketFlags::empty()).ok();
    }
    // An odd number was open before, so one is still free.
    let free_now = raw::open_descriptors().count_zeros() as usize;
    let spare = if free_now == 1 { raw::duplicate(0) } else { -1 };
    if let (1.., Some(Some(last))) = (free, pairs.iter_mut().rev().find(|pair| pair.is_some())) {
        for end in &mut last.0[..free] {
            raw::close(end.take().unwrap_or(-1));
        }
    }
    let outcome = match raw::open_descriptors().count_zeros() as usize {
        now if now == free => f(),
        now => Err(Otherwise::Failed {
            seen: [now as isize, free as isize],
            line: line!(),
        }),
    };
    raw::close(spare);
    outcome
}

fn emfile(free: usize) -> Outcome {
    with_free(free, || {
        let before = raw::open_descriptors();
        for ty in TYPES {
            same!(Pair::new(ty, SocketFlags::CLOEXEC).map(drop), Errno::EMFILE);
        }
        same!(raw::open_descriptors(), before);
        Ok(())
    })
}

fn emfile_comes_first(free: usize) -> Outcome {
    requires!(5, 10);
    with_free(free, || {
        for row in ROWS {
            let expected = if matches!(row.sv, Sv::Untouched) {
                row.errno
            } else {
                Errno::EMFILE
            };
            let mut sv = UNTOUCHED;
            same!(row.call_into(&mut sv), expected);
            same!(sv == UNTOUCHED, true);
            same!(row.call_into(ptr::null_mut()), expected);
        }
        Ok(())
    })
}

fn two_slots() -> Outcome {
    with_free(2, || {
        drop(must!(Pair::new(SocketType::DGRAM, SocketFlags::empty())));
        Ok(())
    })
}

/// Where `sv` is.
type Place = fn() -> *mut [RawFd; 2];

/// Memory that can't be written.
const PLACES: [(&str, Place); 4] = [
    ("sv at NULL", ptr::null_mut),
    ("sv on a read-only page", || {
        raw::two_pages(PROT_READ).wrapping_add(PAGE).cast()
    }),
    ("sv on a page without access", || {
        raw::two_pages(PROT_NONE).wrapping_add(PAGE).cast()
    }),
    ("sv across the end of a page", || {
        raw::two_pages(PROT_NONE).wrapping_add(PAGE - 4).cast()
    }),
];

const VALID: Row = row("", (UNIX, STREAM, 0, 0), Errno::EFAULT, Sv::Written, Needs::Calls);

fn efault(at: Place) -> Outcome {
    let before = raw::open_descriptors();
    same!(VALID.call_into(at()), Errno::EFAULT);
    raw::close_since(before);
    Ok(())
}

fn efault_comes_first(at: Place) -> Outcome {
    requires!(5, 10);
    let (at, before) = (at(), raw::open_descriptors());
    same!(VALID.call_into(at), Errno::EFAULT);
    for row in ROWS {
        same!(
            row.call_into(at),
            if matches!(row.sv, Sv::Untouched) {
                row.errno
            } else {
                Errno::EFAULT
            }
        );
    }
    same!(raw::open_descriptors(), before);
    Ok(())
}

fn half_written() -> Outcome {
    requires!(5, 10);
    let at = raw::two_pages(PROT_NONE).wrapping_add(PAGE - 4).cast::<[RawFd; 2]>();
    same!(VALID.call_into(at), Errno::EFAULT);
    // SAFETY: the first four bytes are on the page that can be read.
    same!(
        unsafe { at.cast::<RawFd>().read() },
        raw::open_descriptors().trailing_ones()
    );
    Ok(())
}
