use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::{Errno, read, write};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recv, recvmsg, send, sendmsg, socketpair, sockopt,
};

use super::{FullPeer, Peer};
use crate::workloads::{Opened, Type};

pub struct Rustix;

impl Peer for Rustix {
    type End = OwnedFd;
    type Error = Errno;

    #[inline]
    fn pair(ty: Type) -> Result<[OwnedFd; 2], Errno> {
        let ty = match ty {
            Type::Stream => SocketType::STREAM,
            Type::Dgram => SocketType::DGRAM,
            Type::Seqpacket => SocketType::SEQPACKET,
        };
        socketpair(AddressFamily::UNIX, ty, SocketFlags::CLOEXEC, None).map(Into::into)
    }

    #[inline]
    fn write(end: &OwnedFd, bytes: &[u8]) -> Result<usize, Errno> {
        write(end, bytes)
    }

    #[inline]
    fn read(end: &OwnedFd, bytes: &mut [u8]) -> Result<usize, Errno> {
        read(end, bytes)
    }

    #[inline]
    fn so_error(end: &OwnedFd) -> Result<i32, Errno> {
        Ok(sockopt::socket_error(end)?.err().map_or(0, Errno::raw_os_error))
    }
}

impl FullPeer for Rustix {
    type Borrowed<'a> = BorrowedFd<'a>;

    #[inline]
    fn send(end: &OwnedFd, bytes: &[u8]) -> Result<usize, Errno> {
        send(end, bytes, SendFlags::NOSIGNAL)
    }

    #[inline]
    fn recv(end: &OwnedFd, bytes: &mut [u8]) -> Result<usize, Errno> {
        let (len, _) = recv(end, bytes, RecvFlags::empty())?;
        Ok(len)
    }

    fn borrow(opened: &Opened) -> BorrowedFd<'_> {
        opened.file().as_fd()
    }

    #[inline]
    fn pass<const N: usize>(end: &OwnedFd, descriptors: &[BorrowedFd<'_>; N]) -> Result<usize, Errno> {
        match N {
            1 => pass::<{ rustix::cmsg_space!(ScmRights(1)) }>(end, descriptors),
            _ => pass::<{ rustix::cmsg_space!(ScmRights(253)) }>(end, descriptors),
        }
    }

    #[inline]
    fn take<const N: usize>(end: &OwnedFd) -> Result<usize, Errno> {
        match N {
            1 => take::<{ rustix::cmsg_space!(ScmRights(1)) }>(end),
            _ => take::<{ rustix::cmsg_space!(ScmRights(253)) }>(end),
        }
    }

    #[inline]
    fn so_type(end: &OwnedFd) -> Result<i32, Errno> {
        Ok(sockopt::socket_type(end)?.as_raw() as i32)
    }

    #[inline]
    fn so_peercred(end: &OwnedFd) -> Result<i32, Errno> {
        Ok(sockopt::socket_peercred(end)?.pid.as_raw_pid())
    }

    #[inline]
    fn so_sndbuf(end: &OwnedFd) -> Result<i32, Errno> {
        Ok(sockopt::socket_send_buffer_size(end)? as i32)
    }
}

#[inline]
fn pass<const BYTES: usize>(end: &OwnedFd, descriptors: &[BorrowedFd<'_>]) -> Result<usize, Errno> {
    let mut space = [MaybeUninit::uninit(); BYTES];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !control.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(Errno::NOBUFS);
    }
    sendmsg(end, &[IoSlice::new(&[0])], &mut control, SendFlags::NOSIGNAL)
}

#[inline]
fn take<const BYTES: usize>(end: &OwnedFd) -> Result<usize, Errno> {
    let mut space = [MaybeUninit::uninit(); BYTES];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = recvmsg(
        end,
        &mut [IoSliceMut::new(&mut [0])],
        &mut control,
        RecvFlags::CMSG_CLOEXEC,
    )?;
    if received.flags.contains(ReturnFlags::CTRUNC) {
        return Err(Errno::NOBUFS);
    }
    let mut count = 0;
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(descriptors) = message {
            for descriptor in descriptors {
                drop(descriptor);
                count += 1;
            }
        }
    }
    Ok(count)
}
