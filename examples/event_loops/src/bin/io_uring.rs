//! io_uring(7), through the crate io-uring: the kernel makes the calls, with the control messages that this crate holds.
//!
//! An end need not be nonblocking. What a call points to belongs to the kernel until the call has completed.

use io_uring::{IoUring, opcode::RecvMsg, opcode::SendMsg, squeue, types::Fd};
use linux_socketpair::{
    AsFd, AsRawFd, Errno, IoSlice, IoSliceMut, MessageFlags, RecvControl, SendControl, UnixStream, space,
};
use std::{io, mem, mem::MaybeUninit};

fn main() -> io::Result<()> {
    let mut ring = IoUring::new(1)?;
    let (a, b) = UnixStream::pair()?;

    let mut memory = [MaybeUninit::uninit(); space::rights(1)];
    let mut control = SendControl::new(&mut memory);
    let stdin = io::stdin();
    control.push_rights([stdin.as_fd()])?;
    send(&mut ring, &a, &[IoSlice::new(b"stdin")], &control)?;

    let mut memory = [MaybeUninit::uninit(); space::rights(1)];
    let mut control = RecvControl::new(&mut memory);
    let bytes = receive(&mut ring, &b, &mut [IoSliceMut::new(&mut [0; 16])], &mut control)?;
    let passed = control.descriptors()?.count();
    println!("io_uring: {bytes} bytes and {passed} file descriptor");
    Ok(())
}

fn send(
    ring: &mut IoUring,
    socket: &UnixStream,
    bufs: &[IoSlice<'_>],
    control: &SendControl<'_>,
) -> Result<usize, Errno> {
    let control = control.as_bytes();
    // SAFETY: all zeros is a valid msghdr.
    let mut message: libc::msghdr = unsafe { mem::zeroed() };
    message.msg_iov = bufs.as_ptr().cast_mut().cast();
    message.msg_iovlen = bufs.len() as _;
    message.msg_control = control.as_ptr().cast_mut().cast();
    message.msg_controllen = control.len() as _;
    let entry = SendMsg::new(Fd(socket.as_raw_fd()), &message).flags(MessageFlags::NOSIGNAL.bits());
    // SAFETY: the message and what it points to outlive this call.
    unsafe { complete(ring, &entry.build()) }
}

fn receive(
    ring: &mut IoUring,
    socket: &UnixStream,
    bufs: &mut [IoSliceMut<'_>],
    control: &mut RecvControl<'_>,
) -> Result<usize, Errno> {
    let (memory, len) = control.as_raw_parts();
    // SAFETY: all zeros is a valid msghdr.
    let mut message: libc::msghdr = unsafe { mem::zeroed() };
    message.msg_iov = bufs.as_mut_ptr().cast();
    message.msg_iovlen = bufs.len() as _;
    message.msg_control = memory.cast();
    message.msg_controllen = len as _;
    let entry = RecvMsg::new(Fd(socket.as_raw_fd()), &mut message).flags(MessageFlags::CMSG_CLOEXEC.bits());
    // SAFETY: the message and what it points to outlive this call.
    let result = unsafe { complete(ring, &entry.build()) };
    let flags = MessageFlags::from_bits_retain(message.msg_flags as u32);
    // SAFETY: one call wrote to the memory.
    unsafe { control.set_received(message.msg_controllen as usize, flags) };
    // With an error, or at end of stream, Linux can install a pidfd, and write credentials of zeros.
    if matches!(result, Err(_) | Ok(0)) {
        control.clear();
    }
    result
}

/// Makes a call, and waits until it has completed.
///
/// # Safety
///
/// What `entry` points to stays where it is until this returns.
unsafe fn complete(ring: &mut IoUring, entry: &squeue::Entry) -> Result<usize, Errno> {
    // SAFETY: as the caller guarantees.
    unsafe { ring.submission().push(entry) }.expect("the ring is empty");
    loop {
        if let Some(entry) = ring.completion().next() {
            return usize::try_from(entry.result())
                .map_err(|_| Errno::from_raw_os_error(-entry.result()).unwrap_or(Errno::EIO));
        }
        // After an error, such as a signal, the memory still belongs to the kernel.
        let _ = ring.submit_and_wait(1);
    }
}
