//! Every call of the crate, once, on input that comes from outside: linked, it must hold no panic.

#![no_std]
#![no_main]

use core::{mem::MaybeUninit, panic::PanicInfo, time::Duration};
use freestanding::{Arguments, raw};
use linux_socketpair::{
    ControlMessage, Descriptor, Domain, Errno, IoSlice, IoSliceMut, MessageFlags, PollFd, PollFlags, RecvControl,
    SendControl, Shutdown, Socket, SocketFlags, SocketType, close, poll, read, socketpair, socketpair_into, space,
    write,
};

/// The argument count, of which the compiler knows nothing.
static mut INPUT: usize = 0;

fn input() -> usize {
    // SAFETY: written once, before anything reads it.
    unsafe { (&raw const INPUT).read_volatile() }
}

fn raw_calls() -> Result<(), Errno> {
    let [domain, ty, flags] =
        [Domain::UNIX.bits(), SocketType::STREAM.bits(), 0].map(|bits| bits.wrapping_mul(input() as u32));
    let domain = Domain::from_bits_retain(domain);
    let ty = SocketType::from_bits_retain(ty);
    let flags = SocketFlags::from_bits_retain(flags);
    let [a, b] = socketpair(domain, ty, flags, input() as i32 - 1)?;
    let mut buf = [0; 8];
    let mut sv = [0; 2];
    // SAFETY: all descriptors and all memory are ours.
    unsafe {
        write(a, b"hello")?;
        read(b, &mut buf)?;
        close(a)?;
        close(b)?;
        socketpair_into(domain, ty, flags, 0, &mut sv)?;
        close(sv[0])?;
        close(sv[1])
    }
}

fn bytes() -> Result<(), Errno> {
    let flags = MessageFlags::from_bits_retain(input() as u32 - 1);
    let [a, b] = Socket::stream_pair()?;
    let mut buf = [0; 8];
    let mut uninit = [const { MaybeUninit::uninit() }; 8];
    a.send(b"hello", flags)?;
    a.send_vectored(&[IoSlice::new(b"a"), IoSlice::new(b"b")], flags)?;
    a.send_all(b"hello", flags)?;
    b.recv(&mut buf, flags | MessageFlags::PEEK)?;
    b.recv_exact(&mut buf, flags)?;
    b.recv_uninit(&mut uninit, flags)?;
    a.send_all(&buf, flags)?;
    b.recv_vectored(&mut [IoSliceMut::new(&mut buf)], flags)?;
    a.shutdown(Shutdown::Write)?;
    b.recv(&mut buf, flags)?;
    let [a, _b] = Socket::dgram_pair()?;
    let a = a.duplicate()?;
    a.send(b"x", flags)?;
    let [a, b] = Socket::pair(Domain::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, 0)?;
    // SAFETY: the number is ours.
    drop(unsafe { Socket::from_raw_fd(a.into_raw_fd()) });
    Descriptor::from(b).close()
}

fn control() -> Result<(), Errno> {
    let flags = MessageFlags::empty();
    let [a, b] = Socket::seqpacket_pair()?;
    b.set_pass_credentials(true)?;
    let _ = (
        b.set_pass_pidfd(true),
        b.set_pass_security(true),
        b.set_pass_rights(true),
    );
    let descriptors = [&a, &b, &a];
    let mut sent = SendControl::<{ space::rights(3) + space::CREDENTIALS }>::new();
    sent.rights(descriptors.get(..input()).unwrap_or_default())?;
    sent.credentials(b.peer_credentials()?)?;
    a.send_message(&[IoSlice::new(b"x")], &sent, flags)?;
    let mut buf = [0; 8];
    let mut control =
        RecvControl::<{ space::rights(3) + space::CREDENTIALS + space::PIDFD + space::security(64) }>::new();
    b.recv_message(&mut [IoSliceMut::new(&mut buf)], &mut control, flags)?;
    let mut taken = [None, None, None, None];
    let mut places = taken.iter_mut();
    for message in control.messages()? {
        match message {
            ControlMessage::Rights(rights) => {
                for (descriptor, place) in rights.zip(&mut places) {
                    *place = Some(descriptor);
                }
            }
            ControlMessage::Credentials(credentials) => _ = credentials.pid,
            ControlMessage::Pidfd(pidfd) => _ = pidfd?,
            ControlMessage::Security(label) => _ = label.len(),
            _ => {}
        }
    }
    a.send(b"x", flags)?;
    b.recv_message(&mut [], &mut control, flags | MessageFlags::TRUNC)?;
    match control.messages() {
        Ok(messages) => _ = messages.count(),
        Err(truncated) => _ = truncated.into_messages().count(),
    }
    control.clear();
    Ok(())
}

fn options() -> Result<(), Errno> {
    let [a, b] = Socket::stream_pair()?;
    let timeout = Duration::from_nanos(input() as u64);
    let _ = (a.peer_pidfd(), a.peer_groups(&mut [0; 4]), a.peer_group_count());
    let _ = (a.peer_security(&mut [0; 4]), a.peer_security_len());
    let _ = (a.socket_type(), a.domain(), a.protocol(), a.take_error());
    let _ = (a.pass_credentials(), a.pass_pidfd(), a.pass_rights(), a.pass_security());
    let _ = (
        a.send_buffer_size(),
        a.set_send_buffer_size(input()),
        a.recv_buffer_size(),
        a.set_recv_buffer_size(input()),
    );
    let _ = (
        a.set_send_timeout(Some(timeout)),
        a.send_timeout(),
        a.set_recv_timeout(Some(timeout)),
        a.recv_timeout(),
    );
    let _ = (
        a.set_peek_offset(Some(input() as u32)),
        a.peek_offset(),
        a.bytes_to_recv(),
        a.memory_sent(),
    );
    let _ = (
        a.set_nonblocking(true),
        a.is_nonblocking(),
        a.set_close_on_exec(false),
        a.is_close_on_exec(),
    );
    let mut fds = [PollFd::new(&a, PollFlags::OUT), PollFd::new(&b, PollFlags::IN)];
    poll(&mut fds, Some(timeout))?;
    let ready = fds.iter().find(|fd| !fd.ready().is_empty());
    ready.map_or(Err(Errno::ETIME), |fd| {
        if fd.as_raw_fd() == a.as_raw_fd() {
            Ok(())
        } else {
            Err(Errno::ENOTUNIQ)
        }
    })
}

#[unsafe(no_mangle)]
fn main(arguments: Arguments) -> i32 {
    // SAFETY: nothing reads it yet.
    unsafe { INPUT = arguments.count() };
    match raw_calls()
        .and_then(|()| bytes())
        .and_then(|()| control())
        .and_then(|()| options())
    {
        Ok(()) => 0,
        Err(errno) => errno.raw_os_error(),
    }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    raw::exit(101)
}
