//! Messages with file descriptors, for the peers whose users write control messages themselves.

use std::mem::{MaybeUninit, size_of};
use std::os::fd::RawFd;
use std::ptr;

use libc::{CMSG_DATA, CMSG_FIRSTHDR, CMSG_LEN, CMSG_NXTHDR, CMSG_SPACE, cmsghdr, iovec, msghdr};

const SPACE: usize = space(253);

/// Aligned as a header is.
#[repr(C)]
union Control {
    _header: cmsghdr,
    bytes: MaybeUninit<[u8; SPACE]>,
}

const fn payload(count: usize) -> u32 {
    (count * size_of::<RawFd>()) as u32
}

const fn space(count: usize) -> usize {
    // SAFETY: it only calculates.
    unsafe { CMSG_SPACE(payload(count)) as usize }
}

/// A message that points to the bytes, and to nothing else.
#[inline]
fn message(bytes: &mut iovec) -> msghdr {
    // SAFETY: each field may be null or 0.
    let mut message: msghdr = unsafe { MaybeUninit::zeroed().assume_init() };
    message.msg_iov = bytes;
    message.msg_iovlen = 1;
    message
}

/// The same with `control`, which has room for `count` descriptors.
#[inline]
fn message_with(bytes: &mut iovec, control: &mut Control, count: usize) -> msghdr {
    let mut message = message(bytes);
    message.msg_control = ptr::from_mut(control).cast();
    message.msg_controllen = space(count) as _;
    message
}

/// Calls `send` with a message of one byte and the descriptors.
#[inline]
pub fn pass<T, const N: usize>(descriptors: &[RawFd; N], send: impl FnOnce(&msghdr) -> T) -> T {
    const { assert!(N <= 253) };
    let mut byte = [0_u8];
    let mut bytes = iovec {
        iov_base: byte.as_mut_ptr().cast(),
        iov_len: 1,
    };
    let mut control = Control {
        bytes: MaybeUninit::uninit(),
    };
    let message = message_with(&mut bytes, &mut control, N);
    // SAFETY: the control buffer has room for a header and `N` descriptors; the kernel doesn't read its padding.
    unsafe {
        let header = CMSG_FIRSTHDR(&message);
        (*header).cmsg_len = CMSG_LEN(payload(N)) as _;
        (*header).cmsg_level = libc::SOL_SOCKET;
        (*header).cmsg_type = libc::SCM_RIGHTS;
        ptr::copy_nonoverlapping(descriptors.as_ptr(), CMSG_DATA(header).cast(), N);
    }
    send(&message)
}

/// Calls `recv` with a message to fill, and `close` with each descriptor that came with it. Returns how many there were, or 0 if
/// some were discarded.
#[inline]
pub fn take<E, const N: usize>(
    recv: impl FnOnce(&mut msghdr) -> Result<usize, E>,
    mut close: impl FnMut(RawFd) -> Result<usize, E>,
) -> Result<usize, E> {
    const { assert!(N <= 253) };
    let mut byte = [0_u8];
    let mut bytes = iovec {
        iov_base: byte.as_mut_ptr().cast(),
        iov_len: 1,
    };
    let mut control = Control {
        bytes: MaybeUninit::uninit(),
    };
    let mut message = message_with(&mut bytes, &mut control, N);
    recv(&mut message)?;
    let mut count = 0;
    // SAFETY: the kernel wrote the control messages, and how many bytes they are.
    unsafe {
        let mut header = CMSG_FIRSTHDR(&message);
        while !header.is_null() {
            if ((*header).cmsg_level, (*header).cmsg_type) == (libc::SOL_SOCKET, libc::SCM_RIGHTS) {
                let len = (*header).cmsg_len as usize - CMSG_LEN(0) as usize;
                let data = CMSG_DATA(header).cast::<RawFd>();
                for at in 0..len / size_of::<RawFd>() {
                    close(data.add(at).read_unaligned())?;
                    count += 1;
                }
            }
            header = CMSG_NXTHDR(&message, header);
        }
    }
    let discarded = message.msg_flags & libc::MSG_CTRUNC != 0;
    Ok(if discarded { 0 } else { count })
}
