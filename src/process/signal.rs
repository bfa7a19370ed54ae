//! Signals, sets of them, and a file descriptor that receives them.

use core::fmt;
use linux_raw_sys::general;

use crate::errno::Errno;
use crate::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use crate::syscalls;
use crate::types::SocketFlags;

/// A signal, from 1 to 64.
///
/// ```
/// use linux_socketpair::process::Signal;
///
/// assert_eq!(Signal::TERM.as_raw(), 15);
/// assert_eq!(Signal::TERM.to_string(), "SIGTERM");
/// assert_eq!(Signal::from_raw(9), Some(Signal::KILL));
/// assert_eq!(Signal::from_raw(65), None);
/// ```
///
/// Manual page: [signal(7)](https://man7.org/linux/man-pages/man7/signal.7.html).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(transparent)]
pub struct Signal(i32);

macro_rules! signals {
    ($($(#[$doc:meta])* $NAME:ident $name:literal = $value:ident;)+) => {
        impl Signal {
            $($(#[$doc])* #[doc(alias = $name)] pub const $NAME: Self = Self(general::$value as i32);)+
        }

        const NAMES: &[(Signal, &str)] = &[$((Signal::$NAME, $name),)+];
    };
}

signals! {
    /// Hangup of the terminal, or end of the controlling process.
    HUP "SIGHUP" = SIGHUP;
    /// Interrupt from the keyboard; for PID 1, Ctrl-Alt-Del.
    INT "SIGINT" = SIGINT;
    /// Quit from the keyboard.
    QUIT "SIGQUIT" = SIGQUIT;
    /// Illegal instruction.
    ILL "SIGILL" = SIGILL;
    /// Breakpoint.
    TRAP "SIGTRAP" = SIGTRAP;
    /// abort(3).
    ABRT "SIGABRT" = SIGABRT;
    /// Bus error.
    BUS "SIGBUS" = SIGBUS;
    /// Arithmetic exception.
    FPE "SIGFPE" = SIGFPE;
    /// Kill; can't be caught, blocked or ignored.
    KILL "SIGKILL" = SIGKILL;
    /// For the program's use.
    USR1 "SIGUSR1" = SIGUSR1;
    /// Invalid memory access.
    SEGV "SIGSEGV" = SIGSEGV;
    /// For the program's use.
    USR2 "SIGUSR2" = SIGUSR2;
    /// Write to a pipe or stream without a reader.
    PIPE "SIGPIPE" = SIGPIPE;
    /// alarm(2).
    ALRM "SIGALRM" = SIGALRM;
    /// Termination.
    TERM "SIGTERM" = SIGTERM;
    /// Stack fault of a coprocessor; the kernel doesn't use it.
    STKFLT "SIGSTKFLT" = SIGSTKFLT;
    /// A child has ended or stopped.
    CHLD "SIGCHLD" = SIGCHLD;
    /// Continue if stopped.
    CONT "SIGCONT" = SIGCONT;
    /// Stop; can't be caught, blocked or ignored.
    STOP "SIGSTOP" = SIGSTOP;
    /// Stop from the keyboard.
    TSTP "SIGTSTP" = SIGTSTP;
    /// Terminal input of a background process.
    TTIN "SIGTTIN" = SIGTTIN;
    /// Terminal output of a background process.
    TTOU "SIGTTOU" = SIGTTOU;
    /// Urgent data on a socket.
    URG "SIGURG" = SIGURG;
    /// CPU time limit exceeded.
    XCPU "SIGXCPU" = SIGXCPU;
    /// File size limit exceeded.
    XFSZ "SIGXFSZ" = SIGXFSZ;
    /// Virtual alarm clock.
    VTALRM "SIGVTALRM" = SIGVTALRM;
    /// Profiling timer expired.
    PROF "SIGPROF" = SIGPROF;
    /// The window was resized.
    WINCH "SIGWINCH" = SIGWINCH;
    /// Input or output is possible.
    IO "SIGIO" = SIGIO;
    /// Power failure.
    PWR "SIGPWR" = SIGPWR;
    /// Bad system call; a seccomp filter can raise it.
    SYS "SIGSYS" = SIGSYS;
}

impl Signal {
    /// The highest number.
    pub(super) const MAX: i32 = 64;

    /// The signal with this number: `Some` for 1 to 64, named or not. The real-time signals begin at 32.
    #[inline]
    #[must_use]
    pub const fn from_raw(number: i32) -> Option<Self> {
        if 1 <= number && number <= Self::MAX {
            Some(Self(number))
        } else {
            None
        }
    }

    /// A signal that the kernel reports, not checked.
    #[inline]
    pub(super) const fn from_kernel(number: i32) -> Self {
        Self(number)
    }

    /// The number.
    #[inline]
    #[must_use]
    pub const fn as_raw(self) -> i32 {
        self.0
    }
}

/// The name, or `signal` and the number where there is none.
impl fmt::Display for Signal {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NAMES.iter().find(|(signal, _)| signal == self) {
            Some((_, name)) => f.pad(name),
            None => write!(f, "signal {}", self.0),
        }
    }
}

/// Like `Display`.
impl fmt::Debug for Signal {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A set of signals. In memory it is the kernel's `sigset_t`.
///
/// ```
/// use linux_socketpair::process::{Signal, SignalSet};
///
/// const SET: SignalSet = SignalSet::EMPTY.with(Signal::CHLD).with(Signal::TERM);
/// assert!(SET.contains(Signal::TERM) && !SET.contains(Signal::INT));
/// assert_eq!(format!("{SET:?}"), "{SIGTERM, SIGCHLD}");
/// ```
///
/// Manual page: [sigsetops(3)](https://man7.org/linux/man-pages/man3/sigsetops.3.html).
#[doc(alias = "sigset_t")]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct SignalSet([usize; WORDS]);

/// The kernel's set is an array of `unsigned long`: on 32-bit machines the lower signals come first in either byte order.
const WORDS: usize = Signal::MAX as usize / usize::BITS as usize;

impl SignalSet {
    /// No signal.
    #[doc(alias = "sigemptyset")]
    pub const EMPTY: Self = Self([0; WORDS]);

    /// All signals. The kernel ignores KILL and STOP in it.
    #[doc(alias = "sigfillset")]
    pub const ALL: Self = Self([usize::MAX; WORDS]);

    /// The set with `signal`.
    #[doc(alias = "sigaddset")]
    #[inline]
    #[must_use]
    pub const fn with(mut self, signal: Signal) -> Self {
        let mut word = 0;
        while word < WORDS {
            self.0[word] |= Self::bit(signal, word);
            word += 1;
        }
        self
    }

    /// The set without `signal`.
    #[doc(alias = "sigdelset")]
    #[inline]
    #[must_use]
    pub const fn without(mut self, signal: Signal) -> Self {
        let mut word = 0;
        while word < WORDS {
            self.0[word] &= !Self::bit(signal, word);
            word += 1;
        }
        self
    }

    /// Whether `signal` is in the set.
    #[doc(alias = "sigismember")]
    #[inline]
    #[must_use]
    pub const fn contains(self, signal: Signal) -> bool {
        let (mut word, mut found) = (0, false);
        while word < WORDS {
            found |= self.0[word] & Self::bit(signal, word) != 0;
            word += 1;
        }
        found
    }

    /// The bit of `signal` in a word, or 0 if it is in another one.
    #[inline]
    const fn bit(signal: Signal, word: usize) -> usize {
        let at = (signal.0 as usize).wrapping_sub(1);
        if at / usize::BITS as usize == word {
            1 << (at % usize::BITS as usize)
        } else {
            0
        }
    }
}

impl fmt::Debug for SignalSet {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = (1..=Signal::MAX).map(Signal);
        f.debug_set()
            .entries(all.filter(|&signal| self.contains(signal)))
            .finish()
    }
}

/// Receives signals through a file descriptor, which [`poll`](crate::poll) can wait for.
///
/// The signals are blocked in the thread that created it, and stay blocked after it is dropped. In a program with threads,
/// block them before the threads are started: the kernel delivers a signal to any thread that doesn't block it.
///
/// ```
/// use linux_socketpair::process::{Signal, SignalFd, SignalSet};
///
/// unsafe extern "C" {
///     safe fn raise(signal: i32) -> i32;
/// }
///
/// let signals = SignalFd::new(SignalSet::EMPTY.with(Signal::USR1))?;
/// raise(Signal::USR1.as_raw());
/// let received = signals.recv()?;
/// assert_eq!(received.signal, Signal::USR1);
/// assert_eq!(received.pid as u32, std::process::id());
/// # Ok::<(), linux_socketpair::Errno>(())
/// ```
///
/// Manual page: [signalfd(2)](https://man7.org/linux/man-pages/man2/signalfd.2.html).
#[doc(alias("signalfd", "signalfd4"))]
#[derive(Debug)]
pub struct SignalFd(OwnedFd);

/// A signal that a [`SignalFd`] received.
#[doc(alias = "signalfd_siginfo")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReceivedSignal {
    /// The signal.
    pub signal: Signal,
    /// Why it was sent, `si_code`: 0 (`SI_USER`) by kill(2), `SI_KERNEL` (128) or another positive number by the kernel.
    pub code: i32,
    /// The process that sent it, or the child that CHLD reports; 0 if the kernel sent it or the process has no ID in this PID
    /// namespace.
    pub pid: i32,
    /// The real user ID of that process.
    pub uid: u32,
    /// For CHLD: exit code or signal, depending on `code`.
    pub status: i32,
    /// The integer that sigqueue(3) sent.
    pub value: i32,
}

impl SignalFd {
    /// Blocks `signals` in the calling thread, in addition to those that are blocked, and opens a file descriptor for them,
    /// close-on-exec.
    ///
    /// KILL and STOP can't be received; in the set they are ignored. Since Linux 2.6.27.
    ///
    /// # Errors
    ///
    /// - `EMFILE`: no file descriptor is free under `RLIMIT_NOFILE`
    /// - `ENFILE`, `ENOMEM`: a system-wide limit
    /// - `ENODEV`: the kernel can't mount its internal file system for such file descriptors
    ///
    /// After an error the signals are not blocked.
    #[inline]
    pub fn new(signals: SignalSet) -> Result<Self, Errno> {
        Self::new_with(signals, SocketFlags::CLOEXEC)
    }

    /// Opens one like [`new`](Self::new), with flags: [`SocketFlags::NONBLOCK`], with which [`recv`](Self::recv) does not wait,
    /// and [`SocketFlags::CLOEXEC`].
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new), and:
    ///
    /// - `EINVAL`: a flag that the kernel doesn't know
    #[inline]
    pub fn new_with(signals: SignalSet, flags: SocketFlags) -> Result<Self, Errno> {
        let before = syscalls::rt_sigprocmask(general::SIG_BLOCK, &signals)?;
        let fd = syscalls::signalfd4(&signals, flags.bits());
        if fd.is_err() {
            // It can't fail: it just worked.
            let _ = syscalls::rt_sigprocmask(general::SIG_SETMASK, &before);
        }
        fd.map(Self)
    }

    /// Receives the next signal, and waits for one if none is pending.
    ///
    /// # Errors
    ///
    /// - `EAGAIN`: none is pending, and the file descriptor is nonblocking
    /// - `EINTR`: interrupted by a signal that is not in the set
    /// - `EPROTO`: an emulator returned something other than a signal
    #[inline]
    pub fn recv(&self) -> Result<ReceivedSignal, Errno> {
        syscalls::read_signal(self.0.as_fd()).map(|info| ReceivedSignal {
            signal: Signal(info[0] as i32),
            code: info[2] as i32,
            pid: info[3] as i32,
            uid: info[4],
            status: info[10] as i32,
            value: info[11] as i32,
        })
    }
}

impl AsFd for SignalFd {
    #[inline]
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for SignalFd {
    #[inline]
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl From<SignalFd> for OwnedFd {
    #[inline]
    fn from(signals: SignalFd) -> Self {
        signals.0
    }
}
