//! epoll(7), through rustix, with an end that other code owns.
//!
//! An owned end is used in the same way. epoll reports an end as long as it is ready, so one call for each event suffices. It
//! registers the open file, not the file descriptor: an end that is closed while a duplicate is open is still reported, unless it
//! was deleted before.

use linux_socketpair::{
    AsFd, BorrowedFd, Errno, IoSlice, IoSliceMut, MessageFlags, OwnedFd, RecvControl, SendControl, UnixSeqpacket, space,
};
use rustix::{buffer::spare_capacity, event::epoll};
use std::{io, mem::MaybeUninit, thread};

fn main() -> io::Result<()> {
    let (a, b) = UnixSeqpacket::pair()?;
    let owner = OwnedFd::from(b);
    let sender = thread::spawn(move || send(&a));

    let b = UnixSeqpacket::borrow_fd(&owner)?;
    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    epoll::add(&epoll, &b, epoll::EventData::new_u64(0), epoll::EventFlags::IN)?;
    let mut events = Vec::with_capacity(8);
    let (mut bytes, mut passed) = (0, Vec::<OwnedFd>::new());
    'receive: loop {
        epoll::wait(&epoll, spare_capacity(&mut events), None)?;
        for _ in events.drain(..) {
            match receive(&b, &mut passed) {
                Ok(0) => break 'receive,
                Ok(len) => bytes += len,
                Err(Errno::EAGAIN) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }
    epoll::delete(&epoll, &b)?;
    sender.join().expect("no panic")?;
    println!("epoll: {bytes} bytes and {} file descriptor", passed.len());
    Ok(())
}

/// Doesn't wait: another process may have received the message first. The mode of the end stays as its owner set it.
fn receive(socket: &UnixSeqpacket<BorrowedFd<'_>>, passed: &mut Vec<OwnedFd>) -> Result<usize, Errno> {
    let mut memory = [MaybeUninit::uninit(); space::rights(1)];
    let mut control = RecvControl::new(&mut memory);
    let mut buf = [0; 1024];
    let received =
        socket.recv_message_with_flags(&mut [IoSliceMut::new(&mut buf)], &mut control, MessageFlags::DONTWAIT)?;
    for fd in control.descriptors()? {
        passed.push(fd?);
    }
    Ok(received.len)
}

/// Sends more than the buffer holds, then a file descriptor. It waits for room.
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
