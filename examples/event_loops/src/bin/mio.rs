//! mio's `SourceFd`: an event is reported once when the end becomes ready, so calls are made until one returns `EAGAIN`.
//!
//! The end must be nonblocking, or the last of these calls blocks. mio knows the raw file descriptor only: it is deregistered
//! before the end is closed.

use linux_socketpair::{
    AsFd, AsRawFd, Errno, IoSlice, IoSliceMut, OwnedFd, RecvControl, SendControl, UnixSeqpacket, space,
};
use mio::{Events, Interest, Poll, Token, unix::SourceFd};
use std::{io, mem::MaybeUninit, thread};

fn main() -> io::Result<()> {
    let (a, b) = UnixSeqpacket::pair()?;
    b.set_nonblocking(true)?;
    let sender = thread::spawn(move || send(&a));

    let mut poll = Poll::new()?;
    let fd = b.as_raw_fd();
    poll.registry()
        .register(&mut SourceFd(&fd), Token(0), Interest::READABLE)?;
    let mut events = Events::with_capacity(8);
    let (mut bytes, mut passed) = (0, Vec::<OwnedFd>::new());
    let mut open = true;
    while open {
        poll.poll(&mut events, None)?;
        while open {
            match receive(&b, &mut passed) {
                Ok(0) => open = false,
                Ok(len) => bytes += len,
                Err(Errno::EAGAIN) => break,
                Err(errno) => return Err(errno.into()),
            }
        }
    }
    poll.registry().deregister(&mut SourceFd(&fd))?;
    sender.join().expect("no panic")?;
    println!("mio: {bytes} bytes and {} file descriptor", passed.len());
    Ok(())
}

fn receive(socket: &UnixSeqpacket, passed: &mut Vec<OwnedFd>) -> Result<usize, Errno> {
    let mut memory = [MaybeUninit::uninit(); space::rights(1)];
    let mut control = RecvControl::new(&mut memory);
    let received = socket.recv_message(&mut [IoSliceMut::new(&mut [0; 1024])], &mut control)?;
    for fd in control.descriptors()? {
        passed.push(fd?);
    }
    Ok(received.len)
}

/// Sends more than the buffer holds, then a file descriptor. This end is blocking: it waits for room.
fn send(socket: &UnixSeqpacket) -> Result<usize, Errno> {
    for _ in 0..1000 {
        socket.send(&[0; 1024])?;
    }
    let mut memory = [MaybeUninit::uninit(); space::rights(1)];
    let mut control = SendControl::new(&mut memory);
    let stdin = io::stdin();
    control.push_rights([stdin.as_fd()])?;
    socket.send_message(&[IoSlice::new(b"stdin")], &control)
}
