//! What init logs, on standard output. A console that doesn't accept text (a serial line with flow control, a terminal that
//! was stopped) must not stop init: lines for which there is no room are dropped.

use core::fmt::{self, Write};
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use core::time::Duration;
use linux_raw_sys::general::{O_PATH, O_RDWR};
use linux_socketpair::{AsRawFd, BorrowedFd, Errno, IntoRawFd, OwnedFd, PollFd, PollFlags, poll, write};

use crate::kernel;

/// How long to wait for room, unless the last wait was in vain.
const PATIENCE: Duration = Duration::from_millis(200);

macro_rules! log {
    ($($argument:tt)+) => { $crate::console::print(format_args!($($argument)+)) };
}
pub(crate) use log;

/// Opens those of the file descriptors 0 to 2 that are closed, so that no socket gets their numbers. The kernel leaves all of
/// them closed if it finds no `/dev/console`. Where there is no console at all, reads and writes fail with EBADF.
pub fn open_standard_descriptors() {
    let nothing = |_| kernel::open(c"/", O_PATH);
    // The kernel gives out the lowest number that is free.
    if nothing(Errno::EBADF).is_ok_and(|fd| fd.as_raw_fd() <= 2) {
        while let Ok(fd) = open_console().or_else(nothing) {
            if fd.as_raw_fd() > 2 {
                break;
            }
            let _ = fd.into_raw_fd();
        }
    }
}

fn open_console() -> Result<OwnedFd, Errno> {
    if !kernel::is_pid_1() {
        return Err(Errno::ENXIO);
    }
    kernel::open(c"/dev/console", O_RDWR).or_else(|_| {
        let _ = kernel::make_console(c"/console");
        kernel::open(c"/console", O_RDWR)
    })
}

/// Standard output: for PID 1 the console.
pub fn standard_output() -> BorrowedFd<'static> {
    // SAFETY: `open_standard_descriptors` opened it, and nothing closes it.
    unsafe { BorrowedFd::borrow_raw(1) }
}

pub fn print(text: fmt::Arguments<'_>) {
    static BLOCKED: AtomicBool = AtomicBool::new(false);
    let mut line = Line { text: [0; 256], len: 0 };
    let _ = write!(line, "init: {text}");
    line.end();

    let timeout = if BLOCKED.load(Relaxed) {
        Duration::ZERO
    } else {
        PATIENCE
    };
    let console = standard_output();
    let mut fds = [PollFd::new(&console, PollFlags::OUT)];
    let _ = poll(&mut fds, Some(timeout));
    let has_room = fds[0].ready().contains(PollFlags::OUT);
    BLOCKED.store(!has_room, Relaxed);
    if has_room {
        // SAFETY: standard output stays open.
        let _ = unsafe { write(console.as_raw_fd(), &line.text[..line.len]) };
    }
}

/// Short enough that a console with room for anything has room for all of it.
struct Line {
    text: [u8; 256],
    len: usize,
}

impl Line {
    fn end(&mut self) {
        self.len = self.len.min(self.text.len() - 1);
        self.text[self.len] = b'\n';
        self.len += 1;
    }
}

/// Text that is too long is truncated.
impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for (to, from) in self.text[self.len..].iter_mut().zip(text.bytes()) {
            *to = from;
            self.len += 1;
        }
        Ok(())
    }
}
