//! Several buffers for one message.

use core::{ffi::c_void, marker::PhantomData, ops::Deref, ops::DerefMut, slice};
use linux_raw_sys::general::iovec;

/// A part of what is sent. In memory it is the kernel's `iovec`.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct IoSlice<'a>(iovec, PhantomData<&'a [u8]>);

/// A part of where something is received. In memory it is the kernel's `iovec`.
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
    /// The bytes of `buf`.
    #[inline]
    #[must_use]
    pub const fn new(buf: &'a [u8]) -> Self {
        Self(
            iovec {
                iov_base: buf.as_ptr().cast_mut().cast::<c_void>(),
                iov_len: buf.len() as _,
            },
            PhantomData,
        )
    }
}

impl<'a> IoSliceMut<'a> {
    /// The bytes of `buf`.
    #[inline]
    #[must_use]
    pub const fn new(buf: &'a mut [u8]) -> Self {
        Self(
            iovec {
                iov_base: buf.as_mut_ptr().cast::<c_void>(),
                iov_len: buf.len() as _,
            },
            PhantomData,
        )
    }
}

impl Deref for IoSlice<'_> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        // SAFETY: it was made of such a slice.
        unsafe { slice::from_raw_parts(self.0.iov_base.cast(), self.0.iov_len as usize) }
    }
}

impl Deref for IoSliceMut<'_> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        // SAFETY: it was made of such a slice.
        unsafe { slice::from_raw_parts(self.0.iov_base.cast(), self.0.iov_len as usize) }
    }
}

impl DerefMut for IoSliceMut<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: it was made of such a slice.
        unsafe { slice::from_raw_parts_mut(self.0.iov_base.cast(), self.0.iov_len as usize) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_is_the_bytes_that_it_was_made_of() {
        assert_eq!(&*IoSlice::new(b"bytes"), b"bytes");
        assert_eq!(&*IoSlice::new(b""), b"");
        let mut bytes = *b"bytes";
        let mut slice = IoSliceMut::new(&mut bytes);
        slice[0] = b'B';
        assert_eq!(&*slice, b"Bytes");
        assert_eq!(&bytes, b"Bytes");
    }

    #[test]
    fn it_is_the_kernel_s_in_memory() {
        assert_eq!(
            (size_of::<IoSlice<'_>>(), align_of::<IoSlice<'_>>()),
            (size_of::<iovec>(), align_of::<iovec>())
        );
        assert_eq!(
            (size_of::<IoSliceMut<'_>>(), align_of::<IoSliceMut<'_>>()),
            (size_of::<iovec>(), align_of::<iovec>())
        );
    }
}
