//! async-io's `Async`, which smol uses: a call that would block waits until the end is ready.
//!
//! `Async::new` makes the end nonblocking. When the closure returns `EAGAIN`, `read_with` and `write_with` wait until the end is
//! ready, and call it again.

use async_io::Async;
use futures_lite::future;
use linux_socketpair::{AsFd, IoSlice, IoSliceMut, OwnedFd, RecvControl, SendControl, UnixSeqpacket, space};
use std::{io, mem::MaybeUninit};

fn main() -> io::Result<()> {
    let (a, b) = UnixSeqpacket::pair()?;
    let (a, b) = (Async::new(a)?, Async::new(b)?);
    let ((), (bytes, passed)) = async_io::block_on(future::try_zip(send(a), receive(b)))?;
    println!("async_io: {bytes} bytes and {passed} file descriptor");
    Ok(())
}

/// Sends more than the buffer holds, then a file descriptor.
async fn send(socket: Async<UnixSeqpacket>) -> io::Result<()> {
    for _ in 0..1000 {
        socket.write_with(|socket| Ok(socket.send(&[0; 1024])?)).await?;
    }
    let stdin = io::stdin();
    socket
        .write_with(|socket| {
            let mut memory = [MaybeUninit::uninit(); space::rights(1)];
            let mut control = SendControl::new(&mut memory);
            control.push_rights([stdin.as_fd()])?;
            Ok(socket.send_message(&[IoSlice::new(b"stdin")], &control)?)
        })
        .await?;
    Ok(())
}

/// Receives until the peer is closed. Returns how many bytes and file descriptors came.
async fn receive(socket: Async<UnixSeqpacket>) -> io::Result<(usize, usize)> {
    let (mut bytes, mut passed) = (0, Vec::<OwnedFd>::new());
    loop {
        let received = socket.read_with(|socket| {
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
