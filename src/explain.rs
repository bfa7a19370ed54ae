//! Why a call of socketpair(2) failed.
//!
//! [`socketpair`] only repeats the failed system call, so a seccomp filter that returned an errno for it doesn't end the
//! process. [`Cause::in_detail`] reads limits and counts, with system calls that a filter must allow.
//!
//! ```
//! use linux_socketpair::{Domain, SocketFlags, SocketType, explain, socketpair};
//!
//! let (domain, ty, flags) = (Domain::INET, SocketType::STREAM, SocketFlags::CLOEXEC);
//! let errno = socketpair(domain, ty, flags, 0).unwrap_err();
//! let cause = explain::socketpair(domain, ty, flags, 0, errno).in_detail();
//! assert_eq!(cause.to_string(), "AF_INET does not support pairs (EOPNOTSUPP); AF_UNIX does");
//! ```

use core::{error, ffi::CStr, fmt, mem::MaybeUninit, slice};
use linux_raw_sys::general::{CGROUP2_SUPER_MAGIC, O_NONBLOCK, O_PATH, O_RDONLY, PROC_SUPER_MAGIC};
use linux_raw_sys::net::AF_MAX;

use crate::errno::Errno;
use crate::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use crate::socket::kind::Kind;
use crate::syscalls;
use crate::types::{Domain, SocketFlags, SocketType};
use crate::uapi::{SOCK_MAX, SOCK_TYPE_MASK};

/// Why a call of socketpair(2) failed. `Display` is one sentence.
///
/// The example of [`explain`](self) shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// `EINVAL`: these flags are unknown to the kernel.
    UnknownFlags(SocketFlags),
    /// `EINVAL`: there is no type with this number.
    UnknownType(SocketType),
    /// `EAFNOSUPPORT`: there is no domain with this number.
    UnknownDomain(Domain),
    /// `EAFNOSUPPORT`: the domain is neither built in nor loaded, or not available in this network namespace.
    UnavailableDomain(Domain),
    /// `EPROTONOSUPPORT`, and `EINVAL` where the domain returns that: the domain doesn't support the protocol for this type.
    UnsupportedProtocol {
        /// The domain.
        domain: Domain,
        /// The type, without flags.
        ty: SocketType,
        /// The protocol.
        protocol: i32,
        /// The errno that the call failed with.
        errno: Errno,
    },
    /// `ESOCKTNOSUPPORT`, `EPROTOTYPE` where the domain returns that, and `EINVAL` in gVisor: the domain doesn't support the
    /// type.
    UnsupportedType {
        /// The domain.
        domain: Domain,
        /// The type, without flags.
        ty: SocketType,
        /// The errno that the call failed with.
        errno: Errno,
    },
    /// `EOPNOTSUPP`: the domain doesn't support pairs.
    NoPairs(Domain),
    /// `EFAULT`: the memory for the file descriptors can't be written.
    Unwritable,
    /// `EMFILE`: fewer than two file descriptors are free under `RLIMIT_NOFILE`, or under `fs.nr_open` if that was lowered below
    /// it.
    TooManyDescriptors(Option<OpenFiles>),
    /// `ENFILE`: as many files are open in the system as `fs.file-max` permits a process without CAP_SYS_ADMIN.
    TooManyFiles(Option<Usage>),
    /// `ENFILE`, or `ENOMEM` before Linux 5.15: there are twice as many AF_UNIX sockets as `fs.file-max`. Those of this network
    /// namespace are counted.
    TooManySockets(Usage, Errno),
    /// `ENOMEM`, or `ENFILE` for an inode: a memory cgroup has reached its `memory.max`. Both figures are in bytes.
    MemoryCgroup(Usage, Errno),
    /// `ENOMEM`: the system is out of memory, or a memory cgroup whose files can't be read.
    OutOfMemory,
    /// `ENFILE` or `ENOMEM`: a limit on files or AF_UNIX sockets is reached, or memory is exhausted.
    /// [`in_detail`](Self::in_detail) finds out which.
    SystemLimit(Errno),
    /// A seccomp filter returned this errno for the call, and the kernel did not handle it.
    Filter(Errno),
    /// A seccomp filter returned this errno; or the kernel did, if it is older than Linux 5.10, or an emulator.
    FilterOrKernel(Domain, Errno),
    /// A security module denied the call with this errno.
    SecurityModule(Errno),
    /// `EPERM`: sockets of the domain and type need a capability, or a security module denied the call.
    Capability(Domain),
    /// The domain failed with this errno for a reason of its own, such as `ENODEV` without the device that it needs.
    DomainError(Domain, Errno),
    /// `ENOSYS`: the kernel was built without sockets.
    NoSockets,
    /// `ENOSYS`: a seccomp filter returned it, or the kernel was built without sockets.
    FilterOrNoSockets,
    /// `EPROTO`, or `Ok` from [`socketpair`](crate::socketpair): a seccomp filter or an emulator reports success without a pair.
    SuccessWithoutPair,
    /// The call succeeded when it was repeated; this was its first errno.
    SucceedsNow(Errno),
    /// None of these explains the errno.
    Unknown(Errno),
}

/// Limits of this process, and how many file descriptors it has open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenFiles {
    /// The soft limit `RLIMIT_NOFILE`: each file descriptor is below it.
    pub soft: u64,
    /// The hard limit, to which the process may raise the soft one.
    pub hard: u64,
    /// How many are open; `None` before Linux 6.2 and where /proc is not mounted.
    pub open: Option<u64>,
}

/// A count and its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// How many there are.
    pub used: u64,
    /// How many there can be.
    pub limit: u64,
}

/// Explains why [`socketpair`](crate::socketpair) with these arguments failed with `errno`.
///
/// The only system call that it makes is the failed one, again, and only where errno and arguments leave the cause open; so a
/// seccomp filter that returned an errno for the call doesn't end the process. If the call succeeds now, the file descriptors are
/// closed.
///
/// Linux 5.10 and later write the file descriptors' numbers before they ask a security module, and a filter returns its errno
/// earlier: that distinguishes [`SecurityModule`](Cause::SecurityModule) from [`FilterOrKernel`](Cause::FilterOrKernel).
///
/// The example of [`explain`](self) shows it.
///
/// Manual pages: [socketpair(2)](https://man7.org/linux/man-pages/man2/socketpair.2.html),
/// [seccomp(2)](https://man7.org/linux/man-pages/man2/seccomp.2.html).
#[doc(alias = "explain_socketpair")]
#[must_use]
pub fn socketpair(domain: Domain, ty: SocketType, flags: SocketFlags, protocol: i32, errno: Errno) -> Cause {
    let bits = ty.bits() | flags.bits();
    let known = SOCK_TYPE_MASK | (SocketFlags::CLOEXEC | SocketFlags::NONBLOCK).bits();
    let unknown = SocketFlags::from_bits_retain(bits & !known);
    let masked = SocketType::from_bits_retain(bits & SOCK_TYPE_MASK);
    let unix = domain == Domain::UNIX;
    let supported = unix
        && matches!(
            masked,
            SocketType::STREAM | SocketType::DGRAM | SocketType::SEQPACKET | SocketType::RAW
        );
    let unsupported_protocol = match errno {
        Errno::EPROTONOSUPPORT => !unix || !matches!(protocol, 0 | AF_UNIX_PROTOCOL),
        Errno::EINVAL => !unix && protocol != 0,
        _ => false,
    };
    match errno {
        Errno::EINVAL if !unknown.is_empty() => Cause::UnknownFlags(unknown),
        Errno::EINVAL if masked.bits() >= SOCK_MAX => Cause::UnknownType(masked),
        _ if unsupported_protocol => Cause::UnsupportedProtocol {
            domain,
            ty: masked,
            protocol,
            errno,
        },
        Errno::ESOCKTNOSUPPORT | Errno::EPROTOTYPE if !supported => Cause::UnsupportedType {
            domain,
            ty: masked,
            errno,
        },
        // gVisor's errno for it.
        Errno::EINVAL if unix && !supported => Cause::UnsupportedType {
            domain,
            ty: masked,
            errno,
        },
        Errno::EAFNOSUPPORT if domain == Domain::UNSPEC || domain.bits() >= AF_MAX => Cause::UnknownDomain(domain),
        Errno::EOPNOTSUPP if !unix => Cause::NoPairs(domain),
        Errno::EFAULT => Cause::Unwritable,
        Errno::EMFILE => Cause::TooManyDescriptors(None),
        Errno::ENFILE | Errno::ENOMEM => Cause::SystemLimit(errno),
        Errno::ENOSYS => Cause::FilterOrNoSockets,
        _ => repeat(domain, ty, flags, protocol, errno),
    }
}

/// Explains why [`Socket::pair_with`](crate::Socket::pair_with) with these flags failed with `errno`;
/// [`Socket::pair`](crate::Socket::pair) has the flag [`CLOEXEC`](SocketFlags::CLOEXEC).
///
/// It is [`socketpair`] with the arguments of that call.
///
/// ```
/// use linux_socketpair::{SocketFlags, UnixStream, explain, kind::Stream};
///
/// match UnixStream::pair() {
///     Ok((a, b)) => println!("{a:?}, {b:?}"),
///     Err(errno) => println!("{}", explain::pair_with::<Stream>(SocketFlags::CLOEXEC, errno)),
/// }
/// ```
#[must_use]
pub fn pair_with<T: Kind>(flags: SocketFlags, errno: Errno) -> Cause {
    socketpair(Domain::UNIX, T::TYPE, flags, 0, errno)
}

/// AF_UNIX accepts its own number as the protocol.
const AF_UNIX_PROTOCOL: i32 = Domain::UNIX.bits() as i32;

/// Repeats the call, which no filter handles differently the second time, and concludes from what is in `sv` then.
fn repeat(domain: Domain, ty: SocketType, flags: SocketFlags, protocol: i32, errno: Errno) -> Cause {
    let mut sv = [-1; 2];
    // SAFETY: `sv` may be written.
    let result = unsafe { syscalls::socketpair_into(domain, ty, flags, protocol, &mut sv) };
    // The memory is read as the kernel wrote it, if it did.
    let [a, b] = sv;
    match result {
        Ok(()) if a < 0 => Cause::SuccessWithoutPair,
        Ok(()) => {
            // SAFETY: the descriptors are new, and nothing else owns them. Sockets close without error.
            let _ = unsafe { (syscalls::close(a), syscalls::close(b)) };
            Cause::SucceedsNow(errno)
        }
        Err(again) if again != errno => Cause::Unknown(errno),
        Err(_) if a < 0 => Cause::FilterOrKernel(domain, errno),
        Err(_) => by_kernel(domain, errno),
    }
}

/// The cause of an errno that no filter returned.
fn by_kernel(domain: Domain, errno: Errno) -> Cause {
    match errno {
        Errno::EAFNOSUPPORT => Cause::UnavailableDomain(domain),
        Errno::EPERM if domain != Domain::UNIX => Cause::Capability(domain),
        Errno::EPERM | Errno::EACCES => Cause::SecurityModule(errno),
        _ if domain == Domain::UNIX => Cause::SecurityModule(errno),
        _ => Cause::DomainError(domain, errno),
    }
}

impl Cause {
    /// Adds limits and counts to the cause, and decides between two causes, as far as it can. Any other cause is returned
    /// unchanged.
    ///
    /// **It makes system calls** for which a seccomp filter may end the process; the README lists them. All of them work when no
    /// file descriptor is free, except those for `ENFILE` and `ENOMEM`, whose figures are in files of /proc and /sys/fs/cgroup.
    ///
    /// - `EMFILE`: the limits, and since Linux 6.2 how many file descriptors are open
    /// - `ENFILE`, `ENOMEM`: which limit is used up, except for at most a sixteenth: that of AF_UNIX sockets, of files in the
    ///   system, or of the process's memory cgroup (version 2, mounted at /sys/fs/cgroup) or one that contains it
    /// - [`FilterOrKernel`](Self::FilterOrKernel), [`FilterOrNoSockets`](Self::FilterOrNoSockets): whether there is a filter,
    ///   and Linux 5.10 or later
    ///
    /// The example of [`explain`](self) shows it.
    #[must_use]
    pub fn in_detail(self) -> Self {
        match self {
            Self::TooManyDescriptors(_) => Self::TooManyDescriptors(open_files()),
            Self::TooManyFiles(_) => system_limit(Errno::ENFILE),
            Self::SystemLimit(errno) | Self::TooManySockets(_, errno) | Self::MemoryCgroup(_, errno) => {
                system_limit(errno)
            }
            Self::OutOfMemory => system_limit(Errno::ENOMEM),
            Self::FilterOrKernel(domain, errno) => match syscalls::seccomp_mode() {
                Ok(0) => by_kernel(domain, errno),
                // This kernel has no filters, or it is QEMU user mode, which knows none.
                Err(Errno::EINVAL) => self,
                _ if is_linux(5, 10) => Self::Filter(errno),
                _ => self,
            },
            Self::FilterOrNoSockets => match syscalls::seccomp_mode() {
                Ok(0) => Self::NoSockets,
                Err(Errno::EINVAL) => self,
                // A kernel that has filters has sockets: CONFIG_SECCOMP_FILTER requires CONFIG_NET.
                _ => Self::Filter(Errno::ENOSYS),
            },
            _ => self,
        }
    }

    /// The errno that the call failed with.
    #[must_use]
    pub const fn errno(&self) -> Errno {
        match *self {
            Self::UnknownFlags(_) | Self::UnknownType(_) => Errno::EINVAL,
            Self::UnknownDomain(_) | Self::UnavailableDomain(_) => Errno::EAFNOSUPPORT,
            Self::NoPairs(_) => Errno::EOPNOTSUPP,
            Self::Unwritable => Errno::EFAULT,
            Self::TooManyDescriptors(_) => Errno::EMFILE,
            Self::TooManyFiles(_) => Errno::ENFILE,
            Self::OutOfMemory => Errno::ENOMEM,
            Self::Capability(_) => Errno::EPERM,
            Self::NoSockets | Self::FilterOrNoSockets => Errno::ENOSYS,
            Self::SuccessWithoutPair => Errno::EPROTO,
            Self::UnsupportedProtocol { errno, .. }
            | Self::UnsupportedType { errno, .. }
            | Self::TooManySockets(_, errno)
            | Self::MemoryCgroup(_, errno)
            | Self::SystemLimit(errno)
            | Self::Filter(errno)
            | Self::FilterOrKernel(_, errno)
            | Self::SecurityModule(errno)
            | Self::DomainError(_, errno)
            | Self::SucceedsNow(errno)
            | Self::Unknown(errno) => errno,
        }
    }
}

impl From<Cause> for Errno {
    #[inline]
    fn from(cause: Cause) -> Self {
        cause.errno()
    }
}

impl error::Error for Cause {}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errno = self.errno();
        match *self {
            Self::UnknownFlags(flags) => write!(
                f,
                "the flags {:#x} are unknown ({errno:?}); SOCK_CLOEXEC and SOCK_NONBLOCK are known",
                flags.bits()
            ),
            Self::UnknownType(ty) => write!(f, "the socket type {} is unknown ({errno:?})", ty.bits()),
            Self::UnknownDomain(domain) => write!(f, "the domain {} is unknown ({errno:?})", domain.bits()),
            Self::UnavailableDomain(domain) => write!(
                f,
                "{} is neither built in nor loaded, or not available in this network namespace ({errno:?})",
                Family(domain)
            ),
            Self::UnsupportedProtocol {
                domain: Domain::UNIX,
                protocol,
                ..
            } => write!(
                f,
                "AF_UNIX does not support protocol {protocol} ({errno:?}); it supports 0"
            ),
            Self::UnsupportedProtocol {
                domain, ty, protocol, ..
            } => write!(
                f,
                "{} does not support protocol {protocol} for {} ({errno:?})",
                Family(domain),
                Type(ty)
            ),
            Self::UnsupportedType {
                domain: Domain::UNIX,
                ty,
                ..
            } => write!(
                f,
                "AF_UNIX does not support {} ({errno:?}); it supports SOCK_STREAM, SOCK_DGRAM and SOCK_SEQPACKET",
                Type(ty)
            ),
            Self::UnsupportedType { domain, ty, .. } => {
                write!(f, "{} does not support {} ({errno:?})", Family(domain), Type(ty))
            }
            Self::NoPairs(domain) => {
                write!(f, "{} does not support pairs ({errno:?}); AF_UNIX does", Family(domain))
            }
            Self::Unwritable => write!(f, "the memory for the file descriptors can't be written ({errno:?})"),
            Self::TooManyDescriptors(None) => {
                write!(f, "RLIMIT_NOFILE: fewer than 2 file descriptors are free ({errno:?})")
            }
            Self::TooManyDescriptors(Some(OpenFiles { soft, hard, open })) => {
                f.write_str("RLIMIT_NOFILE: ")?;
                match open {
                    // The limit was lowered since.
                    Some(open) if open > soft => write!(f, "{open} file descriptors are open, {soft} are permitted")?,
                    Some(open) => write!(f, "{open} of {soft} file descriptors are open")?,
                    None => write!(f, "fewer than 2 of {soft} file descriptors are free")?,
                }
                write!(f, " (hard limit {hard})")
            }
            Self::TooManyFiles(None) => {
                write!(f, "fs.file-max: too many files are open in the system ({errno:?})")
            }
            Self::TooManyFiles(Some(Usage { used, limit })) => {
                write!(
                    f,
                    "fs.file-max: {used} of {limit} files are open in the system ({errno:?})"
                )
            }
            Self::TooManySockets(Usage { used, limit }, _) => write!(
                f,
                "fs.file-max: there are {used} AF_UNIX sockets, at most {limit} are permitted ({errno:?})"
            ),
            Self::MemoryCgroup(Usage { used, limit }, _) => {
                write!(
                    f,
                    "memory.max: the memory cgroup uses {used} of {limit} bytes ({errno:?})"
                )
            }
            Self::OutOfMemory => write!(f, "the system or a memory cgroup is out of memory ({errno:?})"),
            Self::SystemLimit(_) => write!(
                f,
                "fs.file-max, the number of AF_UNIX sockets, or memory is exhausted ({errno:?})"
            ),
            Self::Filter(_) => write!(f, "a seccomp filter rejects socketpair ({errno:?})"),
            Self::FilterOrKernel(domain, _) => write!(
                f,
                "a seccomp filter rejects {} ({errno:?}), or, before Linux 5.10 and in emulators, the kernel does",
                Family(domain)
            ),
            Self::SecurityModule(_) => write!(f, "a security module rejects socketpair ({errno:?})"),
            Self::Capability(domain) => write!(
                f,
                "{} requires a capability, or a security module rejects it ({errno:?})",
                Family(domain)
            ),
            Self::DomainError(domain, _) => write!(f, "{} failed with {errno}", Family(domain)),
            Self::NoSockets => write!(f, "the kernel was built without CONFIG_NET ({errno:?})"),
            Self::FilterOrNoSockets => write!(
                f,
                "a seccomp filter rejects socketpair, or the kernel was built without CONFIG_NET ({errno:?})"
            ),
            Self::SuccessWithoutPair => write!(
                f,
                "a seccomp filter or an emulator reports success without a pair ({errno:?})"
            ),
            Self::SucceedsNow(_) => write!(f, "socketpair succeeds when it is repeated; it failed with {errno:?}"),
            Self::Unknown(_) => write!(f, "the cause is unknown ({errno})"),
        }
    }
}

/// A domain as C names it.
struct Family(Domain);

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = if self.0.bits() < AF_MAX { "AF_" } else { "domain " };
        write!(f, "{prefix}{}", self.0)
    }
}

/// A type as C names it.
struct Type(SocketType);

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = matches!(self.0, SocketType::PACKET) || (1..=6).contains(&self.0.bits());
        write!(f, "{}{}", if named { "SOCK_" } else { "type " }, self.0)
    }
}

/// Needs no free file descriptor.
#[inline(never)]
fn open_files() -> Option<OpenFiles> {
    const OPEN: &CStr = c"/proc/thread-self/fd";

    let (soft, hard) = syscalls::open_files_limit().ok()?;
    let open = if is_on(OPEN, PROC_SUPER_MAGIC) {
        // Older kernels report 0.
        syscalls::size(OPEN).ok().filter(|open| *open > 0)
    } else {
        None
    };
    Some(OpenFiles { soft, hard, open })
}

/// Whether the file exists, on a file system of this kind: a process may have changed its root, where the file may be of any
/// other kind.
#[inline(never)]
fn is_on(path: &CStr, magic: u32) -> bool {
    syscalls::file_system(path) == Ok(magic)
}

/// Whether the kernel is of this release or a later one.
#[inline(never)]
fn is_linux(major: u64, minor: u64) -> bool {
    let release = syscalls::kernel_release().ok().and_then(|text| release(&text));
    release.is_some_and(|release| release >= (major, minor))
}

/// The first two numbers of a release.
fn release(text: &[u8]) -> Option<(u64, u64)> {
    let mut numbers = text.split(|byte| !byte.is_ascii_digit()).map(number);
    Some((numbers.next()??, numbers.next()??))
}

fn system_limit(errno: Errno) -> Cause {
    let files = match files() {
        // No file can be opened to read the counts either.
        Err(Errno::ENFILE) if errno == Errno::ENFILE => return Cause::TooManyFiles(None),
        files => files.ok().flatten(),
    };
    let sockets = files.and_then(|files| {
        Some(Usage {
            used: sockets()?,
            limit: files.limit.saturating_mul(2),
        })
    });
    let memory = memory_cgroup();
    match (sockets, files, memory) {
        (Some(usage), ..) if usage.is_used_up() => Cause::TooManySockets(usage, errno),
        (_, Some(usage), _) if usage.is_used_up() && errno == Errno::ENFILE => Cause::TooManyFiles(Some(usage)),
        (.., Some(usage)) if usage.is_used_up() => Cause::MemoryCgroup(usage, errno),
        // Sockets and files have another errno.
        _ if errno == Errno::ENOMEM && is_linux(5, 15) => Cause::OutOfMemory,
        _ => Cause::SystemLimit(errno),
    }
}

impl Usage {
    /// All but a sixteenth: the kernel counts roughly, and what the failed call had taken is free again.
    fn is_used_up(self) -> bool {
        self.used >= self.limit - self.limit / 16
    }
}

/// How many files are open in the system.
#[inline(never)]
fn files() -> Result<Option<Usage>, Errno> {
    let mut memory = [MaybeUninit::uninit(); 96];
    let mut text = Text::new(&mut memory);
    text.read(&open_proc(c"/proc/sys/fs/file-nr")?)?;
    // How many there are, a zero, and the limit.
    let mut numbers = text.as_bytes().split(u8::is_ascii_whitespace).map(number);
    Ok(match (numbers.next(), numbers.nth(1)) {
        (Some(Some(used)), Some(Some(limit))) => Some(Usage { used, limit }),
        _ => None,
    })
}

/// How many AF_UNIX sockets there are in this network namespace: the third column of the lines of UNIX and UNIX-STREAM.
#[inline(never)]
fn sockets() -> Option<u64> {
    let file = open_proc(c"/proc/thread-self/net/protocols").ok()?;
    let (mut count, mut found) = (0_u64, false);
    let (mut column, mut in_word, mut unix) = (0, false, true);
    let mut value = Some(0_u64);
    let mut name = b"UNIX".iter();
    // A hundred protocols, a few more than there are.
    let mut memory = [MaybeUninit::uninit(); 256];
    let mut text = Text::new(&mut memory);
    for _ in 0..64 {
        if text.read(&file).ok()? == 0 {
            return found.then_some(count);
        }
        for &byte in text.as_bytes() {
            match byte {
                b' ' | b'\n' => {
                    if in_word && column == 2 && unix && name.len() == 0 {
                        count = count.saturating_add(value?);
                        found = true;
                    }
                    column += u32::from(in_word);
                    in_word = false;
                    if byte == b'\n' {
                        (column, unix, name, value) = (0, true, b"UNIX".iter(), Some(0));
                    }
                }
                _ => {
                    in_word = true;
                    match column {
                        0 => unix &= name.next().is_none_or(|expected| *expected == byte),
                        2 => value = push_digit(value, byte),
                        _ => {}
                    }
                }
            }
        }
    }
    None
}

/// The usage of the memory cgroup that has the least left: this process's, or one that contains it.
#[inline(never)]
fn memory_cgroup() -> Option<Usage> {
    const ROOT: &CStr = c"/sys/fs/cgroup";

    let mut memory = [MaybeUninit::uninit(); 512];
    let mut text = Text::new(&mut memory);
    text.read(&open_proc(c"/proc/thread-self/cgroup").ok()?).ok()?;
    // Where version 1 is used too, this is the last line.
    let path = text.path_in_last_line()?;
    if !is_on(ROOT, CGROUP2_SUPER_MAGIC) {
        return None;
    }
    let mut cgroup = syscalls::open(None, ROOT, O_PATH).ok()?;
    let mut parents = 0;
    if !path.is_empty() {
        cgroup = syscalls::open(Some(cgroup.as_fd()), path, O_PATH).ok()?;
        parents = path.to_bytes().split(|byte| *byte == b'/').count();
    }
    let mut least: Option<Usage> = None;
    loop {
        let number = |name| number_in(cgroup.as_fd(), name);
        // There is no limit in the root, nor where the controller is not enabled.
        if let (Some(limit), Some(used)) = (number(c"memory.max"), number(c"memory.current")) {
            let usage = Usage { used, limit };
            if least.is_none_or(|least| usage.left() < least.left()) {
                least = Some(usage);
            }
        }
        if parents == 0 {
            break;
        }
        parents -= 1;
        match syscalls::open(Some(cgroup.as_fd()), c"..", O_PATH) {
            Ok(parent) => cgroup = parent,
            Err(_) => break,
        }
    }
    least
}

impl Usage {
    fn left(self) -> u64 {
        self.limit.saturating_sub(self.used)
    }
}

/// How files are opened: a FIFO in place of one does not block.
const READ: u32 = O_RDONLY | O_NONBLOCK;

fn open_proc(path: &CStr) -> Result<OwnedFd, Errno> {
    if !is_on(path, PROC_SUPER_MAGIC) {
        return Err(Errno::ENOENT);
    }
    syscalls::open(None, path, READ)
}

/// The number that the file begins with, if it does.
#[inline(never)]
fn number_in(directory: BorrowedFd<'_>, path: &CStr) -> Option<u64> {
    let file = syscalls::open(Some(directory), path, READ).ok()?;
    let mut memory = [MaybeUninit::uninit(); 32];
    let mut text = Text::new(&mut memory);
    text.read(&file).ok()?;
    text.as_bytes().split(u8::is_ascii_whitespace).next().and_then(number)
}

/// A decimal number without sign.
fn number(digits: &[u8]) -> Option<u64> {
    let start = if digits.is_empty() { None } else { Some(0) };
    digits.iter().fold(start, |number, digit| push_digit(number, *digit))
}

fn push_digit(number: Option<u64>, digit: u8) -> Option<u64> {
    let value = digit.wrapping_sub(b'0');
    if value > 9 {
        return None;
    }
    number?.checked_mul(10)?.checked_add(value.into())
}

/// What was read from a file.
struct Text<'a> {
    bytes: &'a mut [u8],
    len: usize,
}

impl<'a> Text<'a> {
    fn new(memory: &'a mut [MaybeUninit<u8>]) -> Self {
        for byte in &mut *memory {
            // Volatile, or the compiler would call `memset`, which a program without libc may lack.
            // SAFETY: the byte may be written.
            unsafe { byte.as_mut_ptr().write_volatile(0) };
        }
        let (at, len) = (memory.as_mut_ptr(), memory.len());
        Self {
            // SAFETY: all of it was initialized, which a kernel that reports success might not do.
            bytes: unsafe { slice::from_raw_parts_mut(at.cast(), len) },
            len: 0,
        }
    }

    /// Replaces the text with what is next in the file, and returns its length.
    fn read(&mut self, file: &OwnedFd) -> Result<usize, Errno> {
        self.len = 0;
        // SAFETY: the descriptor is borrowed.
        self.len = unsafe { syscalls::read(file.as_raw_fd(), self.bytes)? };
        Ok(self.len)
    }

    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// What follows `0::/` in the last line, if the text has an end.
    fn path_in_last_line(&mut self) -> Option<&CStr> {
        let (newline, lines) = self.bytes.get_mut(..self.len)?.split_last_mut()?;
        if *newline != b'\n' {
            return None;
        }
        *newline = 0;
        let start = lines.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        match self.bytes.get(start..self.len)? {
            [b'0', b':', b':', b'/', path @ ..] => CStr::from_bytes_with_nul(path).ok(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_begins_with_two_numbers() {
        assert_eq!(release(b"6.18.44\0\0"), Some((6, 18)));
        assert_eq!(release(b"5.10.0-32-amd64"), Some((5, 10)));
        assert_eq!(release(b"10.2+"), Some((10, 2)));
        for text in [&b"7"[..], b"7.", b"v7.1", b".1", b"\0\0", b""] {
            assert_eq!(release(text), None);
        }
    }

    #[test]
    fn the_path_of_the_cgroup_is_in_the_last_line() {
        for (text, path) in [
            (&b"0::/\n"[..], Some(c"")),
            (b"0::/a/b\n", Some(c"a/b")),
            (b"4:memory:/x\n1:cpu:/y\n0::/a\n", Some(c"a")),
            (b"0::/cut", None),
            (b"0::/a\n1:cpu:/y\n", None),
            (b"\n", None),
            (b"", None),
        ] {
            let mut memory = [MaybeUninit::uninit(); 64];
            let mut file = Text::new(&mut memory);
            file.bytes[..text.len()].copy_from_slice(text);
            file.len = text.len();
            assert_eq!(file.path_in_last_line(), path);
        }
    }
}
