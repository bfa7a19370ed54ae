//! The feature `std`.

extern crate std;

use self::std::io;

use crate::Errno;

/// The same errno, as the standard library's error.
impl From<Errno> for io::Error {
    fn from(errno: Errno) -> Self {
        Self::from_raw_os_error(errno.raw_os_error())
    }
}
