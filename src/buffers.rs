//! Several buffers for one call.
//!
//! With the feature `std` these are the standard library's types, which are the kernel's `iovec` in memory as well.

#[cfg(not(feature = "std"))]
mod without_std {
    use core::{ffi::c_void, fmt, marker::PhantomData, mem, ops::Deref, ops::DerefMut, slice};
    use linux_raw_sys::general::iovec;

    /// A buffer to send from. In memory it is the kernel's `iovec`.
    #[doc(alias = "iovec")]
    #[derive(Clone, Copy)]
    #[repr(transparent)]
    pub struct IoSlice<'a>(iovec, PhantomData<&'a [u8]>);

    /// A buffer to receive into. In memory it is the kernel's `iovec`.
    #[doc(alias = "iovec")]
    #[repr(transparent)]
    pub struct IoSliceMut<'a>(iovec, PhantomData<&'a mut [u8]>);

    // SAFETY: it is a `&[u8]`.
    unsafe impl Send for IoSlice<'_> {}
    // SAFETY: it is a `&[u8]`.
    unsafe impl Sync for IoSlice<'_> {}
    // SAFETY: it is a `&mut [u8]`.
    unsafe impl Send for IoSliceMut<'_> {}
    // SAFETY: it is a `&mut [u8]`.
    unsafe impl Sync for IoSliceMut<'_> {}

    impl<'a> IoSlice<'a> {
        /// Wraps the bytes of `buf`.
        #[inline]
        #[must_use]
        pub const fn new(buf: &'a [u8]) -> Self {
            let iov_base = buf.as_ptr().cast_mut().cast::<c_void>();
            let iov_len = buf.len() as _;
            Self(iovec { iov_base, iov_len }, PhantomData)
        }

        /// Removes the first `n` bytes.
        ///
        /// # Panics
        ///
        /// If `n` is more than the number of bytes.
        #[inline]
        pub fn advance(&mut self, n: usize) {
            // SAFETY: the buffer is one of `'a`.
            let bytes: &'a [u8] = unsafe { slice::from_raw_parts(self.0.iov_base.cast(), self.len()) };
            *self = Self::new(&bytes[n..]);
        }

        /// Removes the first `n` bytes of several buffers, such as those that were sent.
        ///
        /// # Panics
        ///
        /// If `n` is more than the number of bytes.
        #[inline]
        pub fn advance_slices(bufs: &mut &mut [Self], mut n: usize) {
            while let Some(first) = bufs.first_mut() {
                if n < first.len() {
                    first.advance(n);
                    return;
                }
                n -= first.len();
                *bufs = mem::take(bufs).split_at_mut(1).1;
            }
            assert_eq!(n, 0, "advanced beyond the end of the buffers");
        }
    }

    impl<'a> IoSliceMut<'a> {
        /// Wraps the bytes of `buf`.
        #[inline]
        #[must_use]
        pub const fn new(buf: &'a mut [u8]) -> Self {
            let iov_base = buf.as_mut_ptr().cast::<c_void>();
            let iov_len = buf.len() as _;
            Self(iovec { iov_base, iov_len }, PhantomData)
        }

        /// Removes the first `n` bytes.
        ///
        /// # Panics
        ///
        /// If `n` is more than the number of bytes.
        #[inline]
        pub fn advance(&mut self, n: usize) {
            // SAFETY: the buffer is one of `'a`, and this was its only reference.
            let bytes: &'a mut [u8] = unsafe { slice::from_raw_parts_mut(self.0.iov_base.cast(), self.len()) };
            *self = Self::new(&mut bytes[n..]);
        }

        /// Removes the first `n` bytes of several buffers, such as those that were received.
        ///
        /// # Panics
        ///
        /// If `n` is more than the number of bytes.
        #[inline]
        pub fn advance_slices(bufs: &mut &mut [Self], mut n: usize) {
            while let Some(first) = bufs.first_mut() {
                if n < first.len() {
                    first.advance(n);
                    return;
                }
                n -= first.len();
                *bufs = mem::take(bufs).split_at_mut(1).1;
            }
            assert_eq!(n, 0, "advanced beyond the end of the buffers");
        }
    }

    impl Deref for IoSlice<'_> {
        type Target = [u8];

        #[inline]
        fn deref(&self) -> &[u8] {
            // SAFETY: it was made from such a slice.
            unsafe { slice::from_raw_parts(self.0.iov_base.cast(), self.0.iov_len as usize) }
        }
    }

    impl Deref for IoSliceMut<'_> {
        type Target = [u8];

        #[inline]
        fn deref(&self) -> &[u8] {
            // SAFETY: it was made from such a slice.
            unsafe { slice::from_raw_parts(self.0.iov_base.cast(), self.0.iov_len as usize) }
        }
    }

    impl DerefMut for IoSliceMut<'_> {
        #[inline]
        fn deref_mut(&mut self) -> &mut [u8] {
            // SAFETY: it was made from such a slice.
            unsafe { slice::from_raw_parts_mut(self.0.iov_base.cast(), self.0.iov_len as usize) }
        }
    }

    impl fmt::Debug for IoSlice<'_> {
        #[inline]
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            (**self).fmt(f)
        }
    }

    impl fmt::Debug for IoSliceMut<'_> {
        #[inline]
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            (**self).fmt(f)
        }
    }
}

#[cfg(feature = "std")]
pub use std::io::{IoSlice, IoSliceMut};
#[cfg(not(feature = "std"))]
pub use without_std::{IoSlice, IoSliceMut};

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use linux_raw_sys::general::iovec;
    use std::format;

    #[test]
    fn a_slice_is_the_bytes_that_it_was_made_from() {
        assert_eq!(&*IoSlice::new(b"bytes"), b"bytes");
        assert_eq!(&*IoSlice::new(b""), b"");
        let mut bytes = *b"bytes";
        let mut slice = IoSliceMut::new(&mut bytes);
        slice[0] = b'B';
        assert_eq!(&*slice, b"Bytes");
        assert_eq!(
            format!("{:?} {slice:?}", IoSlice::new(&[1])),
            "[1] [66, 121, 116, 101, 115]"
        );
        assert_eq!(&bytes, b"Bytes");
    }

    #[test]
    fn a_slice_can_be_advanced_to_its_end() {
        let mut bufs = [IoSlice::new(b"ab"), IoSlice::new(b""), IoSlice::new(b"cde")];
        let mut rest = &mut bufs[..];
        IoSlice::advance_slices(&mut rest, 3);
        assert_eq!((rest.len(), &*rest[0]), (1, &b"de"[..]));
        rest[0].advance(1);
        assert_eq!(&*rest[0], b"e");
        IoSlice::advance_slices(&mut rest, 1);
        assert!(rest.is_empty());

        let (mut x, mut y) = ([1, 2], [3, 4, 5]);
        let mut bufs = [IoSliceMut::new(&mut x), IoSliceMut::new(&mut y)];
        let mut rest = &mut bufs[..];
        IoSliceMut::advance_slices(&mut rest, 3);
        assert_eq!(rest.len(), 1);
        rest[0][0] = 9;
        rest[0].advance(1);
        assert_eq!(&*rest[0], [5]);
        IoSliceMut::advance_slices(&mut rest, 1);
        assert!(rest.is_empty());
        assert_eq!((x, y), ([1, 2], [3, 9, 5]));
    }

    #[test]
    fn a_slice_can_not_be_advanced_beyond_its_end() {
        let advances: [fn(); 4] = [
            || IoSlice::new(b"ab").advance(3),
            || IoSliceMut::new(&mut [0; 2]).advance(3),
            || IoSlice::advance_slices(&mut &mut [IoSlice::new(b"a"), IoSlice::new(b"b")][..], 3),
            || IoSliceMut::advance_slices(&mut &mut [IoSliceMut::new(&mut [0; 2])][..], 3),
        ];
        for advance in advances {
            assert!(std::panic::catch_unwind(advance).is_err());
        }
    }

    #[test]
    fn in_memory_it_is_an_iovec() {
        let iovec = (size_of::<iovec>(), align_of::<iovec>());
        assert_eq!((size_of::<IoSlice<'_>>(), align_of::<IoSlice<'_>>()), iovec);
        assert_eq!((size_of::<IoSliceMut<'_>>(), align_of::<IoSliceMut<'_>>()), iovec);
    }
}
