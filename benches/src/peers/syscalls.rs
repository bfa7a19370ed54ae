use syscalls::{Errno, Sysno, syscall};

use super::raw_system_calls::Enter;

pub struct Syscalls;

impl Enter for Syscalls {
    type Error = Errno;

    #[inline]
    unsafe fn enter<const N: usize>(number: Sysno, arguments: [usize; N]) -> Result<usize, Errno> {
        // SAFETY: as the caller guarantees.
        unsafe {
            match *arguments.as_slice() {
                [a] => syscall!(number, a),
                [a, b, c] => syscall!(number, a, b, c),
                [a, b, c, d] => syscall!(number, a, b, c, d),
                [a, b, c, d, e] => syscall!(number, a, b, c, d, e),
                [a, b, c, d, e, f] => syscall!(number, a, b, c, d, e, f),
                _ => unreachable!(),
            }
        }
    }
}
