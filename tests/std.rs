//! The feature `std`.
#![cfg(feature = "std")]

use linux_socketpair::{
    ControlMessage, Descriptor, Domain, Errno, IoSlice, IoSliceMut, MessageFlags, PollFd, PollFlags, RecvControl,
    SendControl, Socket, SocketFlags, SocketType, poll, socketpair, space,
};
use std::{
    io::{self, Read, Write},
    os::{
        fd::{AsFd, AsRawFd, FromRawFd, IntoRawFd, OwnedFd},
        unix::net::{UnixDatagram, UnixStream},
    },
    time::Duration,
};

#[test]
fn an_errno_becomes_the_io_error_of_the_same_number() {
    for raw in 1..=4095 {
        let error = io::Error::from(Errno::from_raw_os_error(raw).expect("an errno"));
        assert_eq!(error.raw_os_error(), Some(raw));
    }
    assert_eq!(io::Error::from(Errno::EAGAIN).kind(), io::ErrorKind::WouldBlock);
}

#[test]
fn the_question_mark_converts() {
    fn make() -> io::Result<[i32; 2]> {
        Ok(socketpair(Domain::INET, SocketType::STREAM, SocketFlags::CLOEXEC, 0)?)
    }
    assert_eq!(make().unwrap_err().raw_os_error(), Some(libc::EOPNOTSUPP));

    fn end() -> io::Result<()> {
        let [_, b] = Socket::stream_pair()?;
        Ok(b.recv_exact(&mut [0; 4], MessageFlags::empty())?)
    }
    assert_eq!(end().unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
}

/// The same number, and the same socket, through a conversion.
fn passes_through<T: From<Socket> + AsRawFd>(back: impl FnOnce(T) -> Socket) -> io::Result<()> {
    let [a, mut b] = Socket::stream_pair()?;
    let fd = a.as_raw_fd();
    let there = T::from(a);
    assert_eq!(there.as_raw_fd(), fd);
    let mut a = back(there);
    assert_eq!(a.as_raw_fd(), fd);
    a.write_all(b"through")?;
    let mut buf = [0; 7];
    b.read_exact(&mut buf)?;
    assert_eq!(&buf, b"through");
    drop(a);
    assert_eq!(b.read(&mut buf)?, 0, "the only one of its end is closed");
    Ok(())
}

#[test]
fn conversions_keep_the_descriptor_and_its_owner() -> io::Result<()> {
    passes_through(|there: OwnedFd| there.into())?;
    passes_through(|there: Descriptor| there.into())?;
    passes_through(|there: UnixStream| OwnedFd::from(there).into())?;
    passes_through(|there: UnixDatagram| OwnedFd::from(there).into())?;
    passes_through(|there: Socket| {
        // SAFETY: the number is ours.
        unsafe { <Socket as FromRawFd>::from_raw_fd(IntoRawFd::into_raw_fd(there)) }
    })?;
    passes_through(|there: Descriptor| Socket::from(Descriptor::from(OwnedFd::from(there))))
}

#[test]
fn the_standard_library_s_types_talk_to_ours() -> io::Result<()> {
    let [a, b] = Socket::stream_pair()?;
    let mut stream = UnixStream::from(a);
    stream.write_all(b"to ours")?;
    let mut buf = [0; 7];
    (&b).read_exact(&mut buf)?;
    (&b).write_all(&buf)?;
    stream.read_exact(&mut buf)?;
    assert_eq!(&buf, b"to ours");

    let [a, b] = Socket::dgram_pair()?;
    let datagram = UnixDatagram::from(a);
    assert_eq!(datagram.send(b"one")?, 3);
    assert_eq!(b.recv(&mut buf, MessageFlags::empty())?, 3);
    Ok(())
}

#[test]
fn read_and_write_take_several_buffers() -> io::Result<()> {
    let [mut a, mut b] = Socket::seqpacket_pair()?;
    let sent = a.write_vectored(&[io::IoSlice::new(b"ab"), io::IoSlice::new(b""), io::IoSlice::new(b"cde")])?;
    let (mut x, mut y) = ([0; 1], [0; 9]);
    let received = b.read_vectored(&mut [io::IoSliceMut::new(&mut x), io::IoSliceMut::new(&mut y)])?;
    assert_eq!((sent, received, &x, &y[..5]), (5, 5, b"a", &b"bcde\0"[..]));
    a.flush()
}

#[test]
fn read_tells_of_a_message_that_does_not_fit() -> io::Result<()> {
    let [mut a, mut b] = Socket::dgram_pair()?;
    a.write_all(b"too long")?;
    assert_eq!(b.read(&mut [0; 4]).unwrap_err().raw_os_error(), Some(libc::EMSGSIZE));
    Ok(())
}

#[test]
fn writing_to_a_closed_peer_raises_no_signal() -> io::Result<()> {
    // Rust's runtime ignores SIGPIPE; here it would end the program.
    // SAFETY: it is the default of a program.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    let [mut a, b] = Socket::stream_pair()?;
    drop(b);
    assert_eq!(a.write(b"x").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    assert_eq!(
        a.write_vectored(&[io::IoSlice::new(b"x")]).unwrap_err().kind(),
        io::ErrorKind::BrokenPipe
    );
    Ok(())
}

#[test]
fn what_the_standard_library_owns_is_passed_and_polled() -> io::Result<()> {
    let [a, b] = Socket::seqpacket_pair()?;
    let (stream, mut peer) = UnixStream::pair()?;
    peer.write_all(b"!")?;
    let fd = stream.as_fd();
    let lent = <&Descriptor>::from(&fd);
    assert_eq!(lent.as_raw_fd(), stream.as_raw_fd());

    let mut fds = [PollFd::new(lent, PollFlags::IN)];
    assert_eq!(poll(&mut fds, Some(Duration::ZERO))?, 1);

    let descriptors = [lent];
    let mut control = SendControl::<{ space::rights(1) }>::new();
    control.rights(&descriptors)?;
    a.send_message(&[IoSlice::new(b"x")], &control, MessageFlags::empty())?;
    let mut control = RecvControl::<{ space::rights(1) }>::new();
    b.recv_message(&mut [IoSliceMut::new(&mut [0])], &mut control, MessageFlags::empty())?;
    let passed = control.messages().expect("whole").find_map(|message| match message {
        ControlMessage::Rights(mut rights) => rights.next().map(OwnedFd::from),
        _ => None,
    });
    let mut byte = [0];
    UnixStream::from(passed.expect("a descriptor")).read_exact(&mut byte)?;
    assert_eq!(&byte, b"!");
    Ok(())
}
