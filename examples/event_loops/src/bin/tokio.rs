//! tokio's `AsyncFd`: a call that would block waits until the end is ready.
//!
//! The end must be nonblocking, or the call blocks the thread with all its tasks. When the closure returns `EAGAIN`, `async_io`
//! clears the readiness, waits for it, and calls the closure again.

use linux_socketpair::{
    AsFd, IoSlice, IoSliceMut, OwnedFd, RecvControl, SendControl, SocketFlags, UnixSeqpacket, space,
};
use std::{io, mem::MaybeUninit};
use tokio::io::{Interest, unix::AsyncFd};

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let (a, b) = UnixSeqpacket::pair_with(SocketFlags::CLOEXEC | SocketFlags::NONBLOCK)?;
    // SAFETY: an end that is owned stays open, with the same file descriptor.
    let (a, b) = unsafe { (AsyncFd::register(a)?, AsyncFd::register(b)?) };
    let ((), (bytes, passed)) = tokio::try_join!(send(a), receive(b))?;
    println!("tokio: {bytes} bytes and {passed} file descriptor");
    Ok(())
}

/// Sends more than the buffer holds, then a file descriptor.
async fn send(socket: AsyncFd<UnixSeqpacket>) -> io::Result<()> {
    for _ in 0..1000 {
        socket
            .async_io(Interest::WRITABLE, |socket| Ok(socket.send(&[0; 1024])?))
            .await?;
    }
    let stdin = io::stdin();
    socket
        .async_io(Interest::WRITABLE, |socket| {
            let mut memory = [MaybeUninit::uninit(); space::rights(1)];
            let mut control = SendControl::new(&mut memory);
            control.push_rights([stdin.as_fd()])?;
            Ok(socket.send_message(&[IoSlice::new(b"stdin")], &control)?)
        })
        .await?;
    Ok(())
}

/// Receives until the peer is closed. Returns how many bytes and file descriptors came.
async fn receive(socket: AsyncFd<UnixSeqpacket>) -> io::Result<(usize, usize)> {
    let (mut bytes, mut passed) = (0, Vec::<OwnedFd>::new());
    loop {
        let received = socket.async_io(Interest::READABLE, |socket| {
            let mut memory = [MaybeUninit::uninit(); space::rights(1)];
            let mut control = RecvControl::new(&mut memory);
            let received = socket.recv_message(&mut [IoSliceMut::new(&mut [0; 1024])], &mut control)?;
            for fd in control.descriptors()? {
                passed.push(fd?);
            }
            Ok(received.len)
        });
        match received.await? {
            0 => return Ok((bytes, passed.len())),
            len => bytes += len,
        }
    }
}
