//! The errors of system calls.

use core::{error, fmt, num::NonZeroI32, str::FromStr};

use crate::types::{ParseError, parse_number};

/// The kernel's errnos.
mod uapi {
    pub(super) use crate::arch::EDEADLOCK;
    pub(super) use linux_raw_sys::errno::*;
}

/// The error number of a system call, from 1 to 4095.
///
/// In memory it is negated, as the kernel returns it, so an error costs no instruction, and `Result<(), Errno>` has the size of
/// an int. `Debug` and parsing use the constant's name; `Display` adds the description of strerror(3). With the feature `std` it
/// converts from and to [`std::io::Error`], also with `?`.
///
/// ```
/// use linux_socketpair::Errno;
///
/// assert_eq!(Errno::EMFILE.raw_os_error(), 24);
/// assert_eq!(format!("{:?}", Errno::EMFILE), "EMFILE");
/// assert_eq!(Errno::EMFILE.to_string(), "EMFILE: too many open files");
/// assert_eq!("EMFILE".parse(), Ok(Errno::EMFILE));
/// ```
///
/// Manual page: [errno(3)](https://man7.org/linux/man-pages/man3/errno.3.html).
///
/// [`std::io::Error`]: https://doc.rust-lang.org/std/io/struct.Error.html
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Errno(NonZeroI32);

impl Errno {
    /// The positive number, as C's `errno` has it.
    #[inline]
    #[must_use]
    pub const fn raw_os_error(self) -> i32 {
        -self.0.get()
    }

    /// The errno with a positive number: `Some` for 1 to 4095, the numbers that the kernel can return, named or not.
    #[inline]
    #[must_use]
    pub const fn from_raw_os_error(raw: i32) -> Option<Self> {
        match decode((raw as isize).wrapping_neg() as usize) {
            Ok(_) => None,
            Err(errno) => Some(errno),
        }
    }

    #[inline]
    fn named(self) -> Option<(&'static str, &'static str)> {
        NAMES
            .iter()
            .find(|(errno, ..)| *errno == self)
            .map(|&(_, name, description)| (name, description))
    }
}

/// Decodes what the kernel returned: from -4095 to -1 a negated errno, everything else a value.
#[inline]
pub(crate) const fn decode(ret: usize) -> Result<usize, Errno> {
    if ret > usize::MAX - 4095 {
        // SAFETY: none of the numbers from -4095 to -1 has a low half of zeros.
        Err(Errno(unsafe { NonZeroI32::new_unchecked(ret as i32) }))
    } else {
        Ok(ret)
    }
}

impl fmt::Debug for Errno {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.named() {
            Some((name, _)) => f.pad(name),
            None => write!(f, "Errno({})", self.raw_os_error()),
        }
    }
}

impl fmt::Display for Errno {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.named() {
            Some((name, description)) => write!(f, "{name}: {description}"),
            None => write!(f, "errno {}", self.raw_os_error()),
        }
    }
}

impl FromStr for Errno {
    type Err = ParseError;

    /// Accepts a constant's name, or a number from 1 to 4095: decimal, or hexadecimal with `0x`.
    #[inline]
    fn from_str(text: &str) -> Result<Self, ParseError> {
        match NAMES.iter().find(|(_, name, _)| *name == text) {
            Some((errno, ..)) => Ok(*errno),
            None => parse_number(text)
                .and_then(|raw| i32::try_from(raw).ok())
                .and_then(Self::from_raw_os_error)
                .ok_or(ParseError(
                    "the name of an errno, such as EAGAIN, or a number from 1 to 4095",
                )),
        }
    }
}

impl error::Error for Errno {}

macro_rules! errnos {
    ($($name:ident $description:literal,)+) => {
        impl Errno {
            $(
                #[doc = concat!($description, ".")]
                pub const $name: Self = match Self::from_raw_os_error(uapi::$name as i32) {
                    Some(errno) => errno,
                    None => panic!("not an errno"),
                };
            )+
        }

        /// An errno with two names prints the first.
        const NAMES: &[(Errno, &str, &str)] = &[$((Errno::$name, stringify!($name), $description)),+];
    };
}

errnos! {
    EPERM "operation not permitted",
    ENOENT "no such file or directory",
    ESRCH "no such process",
    EINTR "interrupted system call",
    EIO "input/output error",
    ENXIO "no such device or address",
    E2BIG "argument list too long",
    ENOEXEC "exec format error",
    EBADF "bad file descriptor",
    ECHILD "no child processes",
    EAGAIN "resource temporarily unavailable",
    ENOMEM "cannot allocate memory",
    EACCES "permission denied",
    EFAULT "bad address",
    ENOTBLK "block device required",
    EBUSY "device or resource busy",
    EEXIST "file exists",
    EXDEV "invalid cross-device link",
    ENODEV "no such device",
    ENOTDIR "not a directory",
    EISDIR "is a directory",
    EINVAL "invalid argument",
    ENFILE "too many open files in system",
    EMFILE "too many open files",
    ENOTTY "inappropriate ioctl for device",
    ETXTBSY "text file busy",
    EFBIG "file too large",
    ENOSPC "no space left on device",
    ESPIPE "illegal seek",
    EROFS "read-only file system",
    EMLINK "too many links",
    EPIPE "broken pipe",
    EDOM "numerical argument out of domain",
    ERANGE "numerical result out of range",
    EDEADLK "resource deadlock avoided",
    ENAMETOOLONG "file name too long",
    ENOLCK "no locks available",
    ENOSYS "function not implemented",
    ENOTEMPTY "directory not empty",
    ELOOP "too many levels of symbolic links",
    ENOMSG "no message of desired type",
    EIDRM "identifier removed",
    ECHRNG "channel number out of range",
    EL2NSYNC "level 2 not synchronized",
    EL3HLT "level 3 halted",
    EL3RST "level 3 reset",
    ELNRNG "link number out of range",
    EUNATCH "protocol driver not attached",
    ENOCSI "no CSI structure available",
    EL2HLT "level 2 halted",
    EBADE "invalid exchange",
    EBADR "invalid request descriptor",
    EXFULL "exchange full",
    ENOANO "no anode",
    EBADRQC "invalid request code",
    EBADSLT "invalid slot",
    EBFONT "bad font file format",
    ENOSTR "device not a stream",
    ENODATA "no data available",
    ETIME "timer expired",
    ENOSR "out of streams resources",
    ENONET "machine is not on the network",
    ENOPKG "package not installed",
    EREMOTE "object is remote",
    ENOLINK "link has been severed",
    EADV "advertise error",
    ESRMNT "srmount error",
    ECOMM "communication error on send",
    EPROTO "protocol error",
    EMULTIHOP "multihop attempted",
    EDOTDOT "RFS specific error",
    EBADMSG "bad message",
    EOVERFLOW "value too large for defined data type",
    ENOTUNIQ "name not unique on network",
    EBADFD "file descriptor in bad state",
    EREMCHG "remote address changed",
    ELIBACC "can not access a needed shared library",
    ELIBBAD "accessing a corrupted shared library",
    ELIBSCN ".lib section in a.out corrupted",
    ELIBMAX "attempting to link in too many shared libraries",
    ELIBEXEC "cannot exec a shared library directly",
    EILSEQ "invalid or incomplete multibyte or wide character",
    ERESTART "interrupted system call should be restarted",
    ESTRPIPE "streams pipe error",
    EUSERS "too many users",
    ENOTSOCK "socket operation on non-socket",
    EDESTADDRREQ "destination address required",
    EMSGSIZE "message too long",
    EPROTOTYPE "protocol wrong type for socket",
    ENOPROTOOPT "protocol not available",
    EPROTONOSUPPORT "protocol not supported",
    ESOCKTNOSUPPORT "socket type not supported",
    EOPNOTSUPP "operation not supported",
    EPFNOSUPPORT "protocol family not supported",
    EAFNOSUPPORT "address family not supported by protocol",
    EADDRINUSE "address already in use",
    EADDRNOTAVAIL "cannot assign requested address",
    ENETDOWN "network is down",
    ENETUNREACH "network is unreachable",
    ENETRESET "network dropped connection on reset",
    ECONNABORTED "software caused connection abort",
    ECONNRESET "connection reset by peer",
    ENOBUFS "no buffer space available",
    EISCONN "transport endpoint is already connected",
    ENOTCONN "transport endpoint is not connected",
    ESHUTDOWN "cannot send after transport endpoint shutdown",
    ETOOMANYREFS "too many references: cannot splice",
    ETIMEDOUT "connection timed out",
    ECONNREFUSED "connection refused",
    EHOSTDOWN "host is down",
    EHOSTUNREACH "no route to host",
    EALREADY "operation already in progress",
    EINPROGRESS "operation now in progress",
    ESTALE "stale file handle",
    EUCLEAN "structure needs cleaning",
    ENOTNAM "not a XENIX named type file",
    ENAVAIL "no XENIX semaphores available",
    EISNAM "is a named type file",
    EREMOTEIO "remote I/O error",
    EDQUOT "disk quota exceeded",
    ENOMEDIUM "no medium found",
    EMEDIUMTYPE "wrong medium type",
    ECANCELED "operation canceled",
    ENOKEY "required key not available",
    EKEYEXPIRED "key has expired",
    EKEYREVOKED "key has been revoked",
    EKEYREJECTED "key was rejected by service",
    EOWNERDEAD "owner died",
    ENOTRECOVERABLE "state not recoverable",
    ERFKILL "operation not possible due to RF-kill",
    EHWPOISON "memory page has hardware error",
    EWOULDBLOCK "resource temporarily unavailable",
    EDEADLOCK "file locking deadlock error",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_minus_4095_to_minus_1_and_nothing_else_is_an_errno() {
        for number in 1..=4095 {
            assert_eq!(decode(-number as usize).map_err(Errno::raw_os_error), Err(number));
        }
        for value in [
            0,
            1,
            4095,
            -4096,
            -4097,
            i32::MAX as isize,
            i32::MIN as isize,
            isize::MAX,
            isize::MIN,
        ] {
            assert_eq!(decode(value as usize), Ok(value as usize));
        }
        #[cfg(target_pointer_width = "64")]
        for value in [
            0xffff_ffff_usize,
            0xffff_f001,
            0x1_0000_0000 - 4095,
            0x7fff_ffff_ffff_ffff,
        ] {
            assert_eq!(decode(value), Ok(value), "its low half alone looks like an errno");
        }
    }
}
