//! Arguments and environment, as execve(2) expects them.

use core::ffi::{CStr, c_char};
use core::{fmt, marker::PhantomData, ptr, slice};

use crate::errno::Errno;

/// One string of a program's arguments or environment, or [`END`](Self::END). In memory it is the pointer that execve(2) expects.
///
/// ```
/// use linux_socketpair::process::{Arg, Args};
///
/// // A list whose length is known only at run time:
/// let mut list = vec![Arg::new(c"ls")];
/// list.extend([c"-l", c"/"].map(Arg::new));
/// list.push(Arg::END);
/// let args = Args::from_slice(&list)?;
/// assert_eq!(args.iter().count(), 3);
/// # Ok::<(), linux_socketpair::Errno>(())
/// ```
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Arg<'a>(*const c_char, PhantomData<&'a CStr>);

// SAFETY: it is a shared reference to a string.
unsafe impl Send for Arg<'_> {}
// SAFETY: as above.
unsafe impl Sync for Arg<'_> {}

impl<'a> Arg<'a> {
    /// The null pointer that ends a list.
    pub const END: Arg<'static> = Arg(ptr::null(), PhantomData);

    /// A string.
    #[inline]
    #[must_use]
    pub const fn new(string: &'a CStr) -> Self {
        Self(string.as_ptr(), PhantomData)
    }

    /// The string; `None` for [`END`](Self::END).
    #[inline]
    #[must_use]
    pub fn to_c_str(self) -> Option<&'a CStr> {
        if self.0.is_null() {
            return None;
        }
        let (first, mut len) = (self.0.cast::<u8>(), 0);
        // SAFETY: a pointer that is not null was made from a string that is borrowed for as long, and NUL ends it. Volatile, or
        // the compiler would call `strlen`, which a program without libc may lack.
        unsafe {
            while first.add(len).read_volatile() != 0 {
                len += 1;
            }
            Some(CStr::from_bytes_with_nul_unchecked(slice::from_raw_parts(
                first,
                len + 1,
            )))
        }
    }
}

impl fmt::Debug for Arg<'_> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_c_str() {
            Some(string) => fmt::Debug::fmt(string, f),
            None => f.write_str("END"),
        }
    }
}

/// `N` strings and the null pointer that ends them.
///
/// ```
/// use linux_socketpair::process::ArgArray;
///
/// static ARGS: ArgArray<'static, 2> = ArgArray::new([c"cat", c"-u"]);
/// assert_eq!(ARGS.as_args().iter().nth(1), Some(c"-u"));
/// ```
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ArgArray<'a, const N: usize> {
    strings: [Arg<'a>; N],
    end: Arg<'a>,
}

impl<'a, const N: usize> ArgArray<'a, N> {
    /// A list of `N` strings.
    #[inline]
    #[must_use]
    pub const fn new(strings: [&'a CStr; N]) -> Self {
        let mut all = [Arg::END; N];
        let mut i = 0;
        while i < N {
            all[i] = Arg::new(strings[i]);
            i += 1;
        }
        Self {
            strings: all,
            end: Arg::END,
        }
    }

    /// Borrows the list.
    #[inline]
    #[must_use]
    pub const fn as_args(&self) -> Args<'_> {
        Args(ptr::from_ref(self).cast(), PhantomData)
    }
}

/// A program's arguments or environment, borrowed: an array of pointers to strings, which ends with a null pointer.
///
/// [`ArgArray`] makes one from a fixed number of strings, [`from_slice`](Self::from_slice) from any number.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Args<'a>(*const Arg<'a>, PhantomData<&'a [Arg<'a>]>);

// SAFETY: it is a shared reference to strings.
unsafe impl Send for Args<'_> {}
// SAFETY: as above.
unsafe impl Sync for Args<'_> {}

impl<'a> Args<'a> {
    /// No strings.
    pub const EMPTY: Args<'static> = Args(&Arg::END, PhantomData);

    /// The strings up to the first [`Arg::END`].
    ///
    /// # Errors
    ///
    /// - `EINVAL`: there is no [`Arg::END`]
    ///
    /// The example of [`Arg`] shows it.
    #[inline]
    pub fn from_slice(strings: &'a [Arg<'a>]) -> Result<Self, Errno> {
        match strings.iter().any(|string| string.0.is_null()) {
            true => Ok(Self(strings.as_ptr(), PhantomData)),
            false => Err(Errno::EINVAL),
        }
    }

    /// The strings at a pointer, such as `argv` and `environ` of a program without libc.
    ///
    /// A program with libc can pass on its own environment from `environ`, which it must not change meanwhile.
    ///
    /// # Safety
    ///
    /// `strings` points to pointers to strings that end with NUL; the last pointer is null. All of them stay valid and
    /// unchanged for as long as `'a`.
    #[doc(alias("argv", "envp", "environ"))]
    #[inline]
    #[must_use]
    pub const unsafe fn from_ptr(strings: *const *const c_char) -> Self {
        Self(strings.cast(), PhantomData)
    }

    /// The pointer that execve(2) expects.
    #[inline]
    #[must_use]
    pub const fn as_ptr(self) -> *const *const c_char {
        self.0.cast()
    }

    /// The strings, one after the other.
    #[inline]
    pub fn iter(self) -> impl Iterator<Item = &'a CStr> {
        let mut next = self.0;
        core::iter::from_fn(move || {
            // SAFETY: `next` is within the list, and does not pass the null pointer at its end.
            let string = unsafe { next.read() }.to_c_str()?;
            // SAFETY: the string is not the end, so another pointer follows.
            next = unsafe { next.add(1) };
            Some(string)
        })
    }
}

impl fmt::Debug for Args<'_> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
