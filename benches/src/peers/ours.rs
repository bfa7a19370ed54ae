use std::mem::MaybeUninit;

use linux_socketpair::{
    AsRawFd, BorrowedFd, Errno, IoSlice, IoSliceMut, RecvControl, SendControl, Socket, kind::Kind, read, space, write,
};

use super::{FullPeer, Peer};
use crate::workloads::{Opened, Type};

/// Each kind of socket is a type.
impl<T: Kind + 'static> Peer for Socket<T> {
    type End = Self;
    type Error = Errno;

    #[inline]
    fn pair(_: Type) -> Result<[Self; 2], Errno> {
        Self::pair().map(Into::into)
    }

    #[inline]
    fn write(end: &Self, bytes: &[u8]) -> Result<usize, Errno> {
        // SAFETY: the descriptor is owned by `end`.
        unsafe { write(end.as_raw_fd(), bytes) }
    }

    #[inline]
    fn read(end: &Self, bytes: &mut [u8]) -> Result<usize, Errno> {
        // SAFETY: the descriptor is owned by `end`.
        unsafe { read(end.as_raw_fd(), bytes) }
    }

    #[inline]
    fn so_error(end: &Self) -> Result<i32, Errno> {
        Ok(end.take_error()?.map_or(0, Errno::raw_os_error))
    }
}

impl<T: Kind + 'static> FullPeer for Socket<T> {
    type Borrowed<'a> = BorrowedFd<'a>;

    #[inline]
    fn send(end: &Self, bytes: &[u8]) -> Result<usize, Errno> {
        end.send(bytes)
    }

    #[inline]
    fn recv(end: &Self, bytes: &mut [u8]) -> Result<usize, Errno> {
        end.recv(bytes)
    }

    fn borrow(opened: &Opened) -> BorrowedFd<'_> {
        // SAFETY: it stays open for as long as it is borrowed.
        unsafe { BorrowedFd::borrow_raw(*opened.fd()) }
    }

    #[inline]
    fn pass<const N: usize>(end: &Self, descriptors: &[BorrowedFd<'_>; N]) -> Result<usize, Errno> {
        match N {
            1 => pass::<_, { space::rights(1) }>(end, descriptors),
            _ => pass::<_, { space::rights(253) }>(end, descriptors),
        }
    }

    #[inline]
    fn take<const N: usize>(end: &Self) -> Result<usize, Errno> {
        match N {
            1 => take::<_, { space::rights(1) }>(end),
            _ => take::<_, { space::rights(253) }>(end),
        }
    }

    #[inline]
    fn so_type(end: &Self) -> Result<i32, Errno> {
        Ok(end.socket_type()?.bits() as i32)
    }

    #[inline]
    fn so_peercred(end: &Self) -> Result<i32, Errno> {
        Ok(end.peer_credentials()?.pid)
    }

    #[inline]
    fn so_sndbuf(end: &Self) -> Result<i32, Errno> {
        Ok(end.send_buffer_size()? as i32)
    }
}

#[inline]
fn pass<T: Kind, const WORDS: usize>(end: &Socket<T>, descriptors: &[BorrowedFd<'_>]) -> Result<usize, Errno> {
    let mut memory = [MaybeUninit::uninit(); WORDS];
    let mut control = SendControl::new(&mut memory);
    control.push_rights(descriptors.iter().copied())?;
    end.send_message(&[IoSlice::new(&[0])], &control)
}

#[inline]
fn take<T: Kind, const WORDS: usize>(end: &Socket<T>) -> Result<usize, Errno> {
    let mut memory = [MaybeUninit::uninit(); WORDS];
    let mut control = RecvControl::new(&mut memory);
    end.recv_message(&mut [IoSliceMut::new(&mut [0])], &mut control)?;
    let mut count = 0;
    for descriptor in control.descriptors()? {
        drop(descriptor?);
        count += 1;
    }
    Ok(count)
}
