use linux_socketpair::{
    ControlMessage, Descriptor, Domain, Errno, IoSlice, IoSliceMut, MessageFlags, RecvControl, SendControl, Socket,
    SocketFlags, SocketType, read, space, write,
};

use super::{FullPeer, Peer};
use crate::works::{Opened, Type};

pub struct Ours;

impl Peer for Ours {
    type End = Socket;
    type Error = Errno;

    #[inline]
    fn pair(ty: Type) -> Result<[Socket; 2], Errno> {
        let ty = SocketType::from_bits_retain(ty as u32);
        Socket::pair(Domain::UNIX, ty, SocketFlags::CLOEXEC, 0)
    }

    #[inline]
    fn write(end: &Socket, bytes: &[u8]) -> Result<usize, Errno> {
        // SAFETY: the descriptor is ours.
        unsafe { write(end.as_raw_fd(), bytes) }
    }

    #[inline]
    fn read(end: &Socket, bytes: &mut [u8]) -> Result<usize, Errno> {
        // SAFETY: the descriptor is ours.
        unsafe { read(end.as_raw_fd(), bytes) }
    }

    #[inline]
    fn so_error(end: &Socket) -> Result<i32, Errno> {
        Ok(end.take_error()?.map_or(0, Errno::raw_os_error))
    }
}

impl FullPeer for Ours {
    type Lent<'a> = &'a Descriptor;

    #[inline]
    fn send(end: &Socket, bytes: &[u8]) -> Result<usize, Errno> {
        end.send(bytes, MessageFlags::empty())
    }

    #[inline]
    fn recv(end: &Socket, bytes: &mut [u8]) -> Result<usize, Errno> {
        end.recv(bytes, MessageFlags::empty())
    }

    #[inline]
    fn recv_whole(end: &Socket, bytes: &mut [u8]) -> Result<usize, Errno> {
        end.recv(bytes, MessageFlags::empty())
    }

    fn lend(opened: &Opened) -> &Descriptor {
        // SAFETY: it stays open for as long as it is borrowed.
        unsafe { Descriptor::borrow_raw(opened.fd()) }
    }

    #[inline]
    fn pass<const N: usize>(end: &Socket, descriptors: &[&Descriptor; N]) -> Result<usize, Errno> {
        match N {
            1 => pass::<{ space::rights(1) }>(end, descriptors),
            _ => pass::<{ space::rights(253) }>(end, descriptors),
        }
    }

    #[inline]
    fn take<const N: usize>(end: &Socket) -> Result<usize, Errno> {
        match N {
            1 => take::<{ space::rights(1) }>(end),
            _ => take::<{ space::rights(253) }>(end),
        }
    }

    #[inline]
    fn so_type(end: &Socket) -> Result<i32, Errno> {
        Ok(end.socket_type()?.bits() as i32)
    }

    #[inline]
    fn so_peercred(end: &Socket) -> Result<i32, Errno> {
        Ok(end.peer_credentials()?.pid)
    }

    #[inline]
    fn so_sndbuf(end: &Socket) -> Result<i32, Errno> {
        Ok(end.send_buffer_size()? as i32)
    }
}

#[inline]
fn pass<const WORDS: usize>(end: &Socket, descriptors: &[&Descriptor]) -> Result<usize, Errno> {
    let mut control = SendControl::<WORDS>::new();
    control.rights(descriptors)?;
    end.send_message(&[IoSlice::new(&[0])], &control, MessageFlags::empty())
}

#[inline]
fn take<const WORDS: usize>(end: &Socket) -> Result<usize, Errno> {
    let mut control = RecvControl::<WORDS>::new();
    end.recv_message(&mut [IoSliceMut::new(&mut [0])], &mut control, MessageFlags::empty())?;
    let mut count = 0;
    for message in control.messages()? {
        if let ControlMessage::Rights(rights) = message {
            for descriptor in rights {
                drop(descriptor);
                count += 1;
            }
        }
    }
    Ok(count)
}
