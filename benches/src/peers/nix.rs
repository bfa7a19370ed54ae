use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag, SockType, getsockopt, recv, recvmsg, send,
    sendmsg, socketpair, sockopt,
};
use nix::unistd::{read, write};

use super::{FullPeer, Peer};
use crate::workloads::{Opened, Type};

pub struct Nix;

impl Peer for Nix {
    type End = OwnedFd;
    type Error = Errno;

    #[inline]
    fn pair(ty: Type) -> Result<[OwnedFd; 2], Errno> {
        let ty = match ty {
            Type::Stream => SockType::Stream,
            Type::Dgram => SockType::Datagram,
            Type::Seqpacket => SockType::SeqPacket,
        };
        socketpair(AddressFamily::Unix, ty, None, SockFlag::SOCK_CLOEXEC).map(Into::into)
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
        getsockopt(end, sockopt::SocketError)
    }
}

impl FullPeer for Nix {
    type Borrowed<'a> = RawFd;

    #[inline]
    fn send(end: &OwnedFd, bytes: &[u8]) -> Result<usize, Errno> {
        send(end.as_raw_fd(), bytes, MsgFlags::MSG_NOSIGNAL)
    }

    #[inline]
    fn recv(end: &OwnedFd, bytes: &mut [u8]) -> Result<usize, Errno> {
        recv(end.as_raw_fd(), bytes, MsgFlags::empty())
    }

    fn borrow(opened: &Opened) -> RawFd {
        *opened.fd()
    }

    #[inline]
    fn pass<const N: usize>(end: &OwnedFd, descriptors: &[RawFd; N]) -> Result<usize, Errno> {
        let control = [ControlMessage::ScmRights(descriptors)];
        let bytes = [IoSlice::new(&[0])];
        sendmsg::<()>(end.as_raw_fd(), &bytes, &control, MsgFlags::MSG_NOSIGNAL, None)
    }

    #[inline]
    fn take<const N: usize>(end: &OwnedFd) -> Result<usize, Errno> {
        let mut space = nix::cmsg_space!([RawFd; N]);
        let mut byte = [0];
        let mut bytes = [IoSliceMut::new(&mut byte)];
        let received = recvmsg::<()>(
            end.as_raw_fd(),
            &mut bytes,
            Some(&mut space),
            MsgFlags::MSG_CMSG_CLOEXEC,
        )?;
        let mut count = 0;
        for message in received.cmsgs()? {
            if let ControlMessageOwned::ScmRights(descriptors) = message {
                for fd in descriptors {
                    // SAFETY: the kernel installed it for this process.
                    drop(unsafe { OwnedFd::from_raw_fd(fd) });
                    count += 1;
                }
            }
        }
        Ok(count)
    }

    #[inline]
    fn so_type(end: &OwnedFd) -> Result<i32, Errno> {
        Ok(getsockopt(end, sockopt::SockType)? as i32)
    }

    #[inline]
    fn so_peercred(end: &OwnedFd) -> Result<i32, Errno> {
        Ok(getsockopt(end, sockopt::PeerCredentials)?.pid())
    }

    #[inline]
    fn so_sndbuf(end: &OwnedFd) -> Result<i32, Errno> {
        Ok(getsockopt(end, sockopt::SndBuf)? as i32)
    }
}
