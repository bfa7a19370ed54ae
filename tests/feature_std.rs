//! What the feature `std` adds: the standard library's types, traits and errors.
#![cfg(feature = "std")]

use linux_socketpair::{
    Domain, Errno, FromFdError, PollFd, PollFlags, RecvControl, SendControl, SocketFlags, SocketType, Truncated,
    UnixDatagram, UnixSeqpacket, UnixStream, fd, poll, socketpair, space,
};
use std::{
    fs::File,
    io::{self, IoSlice, IoSliceMut, Read, Write},
    mem::MaybeUninit,
    net::{TcpListener, TcpStream},
    os::{
        fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd},
        unix::net,
    },
    process::{Command, Stdio},
    time::Duration,
};

#[test]
fn an_errno_becomes_the_io_error_of_the_same_number_and_back() {
    for raw in 1..=4095 {
        let errno = Errno::from_raw_os_error(raw).expect("an errno");
        let error = io::Error::from(errno);
        assert_eq!(error.raw_os_error(), Some(raw));
        assert_eq!(Errno::from(error), errno);
    }
    assert_eq!(io::Error::from(Errno::EAGAIN).kind(), io::ErrorKind::WouldBlock);
    assert_eq!(
        Errno::from(io::Error::from(io::ErrorKind::UnexpectedEof)),
        Errno::ENODATA
    );
    assert_eq!(Errno::from(io::Error::other("no errno")), Errno::EIO);
}

#[test]
fn the_question_mark_converts_every_error() {
    fn make() -> io::Result<[i32; 2]> {
        Ok(socketpair(Domain::INET, SocketType::STREAM, SocketFlags::CLOEXEC, 0)?)
    }
    assert_eq!(
        make().unwrap_err().raw_os_error(),
        Some(Errno::EOPNOTSUPP.raw_os_error())
    );

    fn end() -> io::Result<()> {
        let (_, b) = UnixStream::pair()?;
        Ok(b.recv_exact(&mut [0; 4])?)
    }
    assert_eq!(end().unwrap_err().kind(), io::ErrorKind::UnexpectedEof);

    fn convert(fd: OwnedFd) -> io::Result<UnixStream> {
        Ok(UnixStream::try_from(fd)?)
    }
    let file = File::open("/dev/null").expect("a file");
    assert_eq!(
        convert(file.into()).unwrap_err().raw_os_error(),
        Some(Errno::ENOTSOCK.raw_os_error())
    );

    /// Receives a byte with at most one file descriptor. There is memory for two, because QEMU user mode doesn't report what
    /// there is no memory for.
    fn receive(socket: &UnixSeqpacket) -> io::Result<Vec<OwnedFd>> {
        let mut memory = [MaybeUninit::uninit(); space::rights(2)];
        let mut control = RecvControl::new(&mut memory);
        control.set_max_descriptors(1);
        socket.recv_message(&mut [IoSliceMut::new(&mut [0])], &mut control)?;
        Ok(control.descriptors()?.collect::<Result<_, _>>()?)
    }
    fn receive_or_errno(socket: &UnixSeqpacket) -> Result<usize, Errno> {
        Ok(receive(socket)?.len())
    }
    let (a, b) = UnixSeqpacket::pair().expect("a pair");
    for count in [1, 2, 2] {
        let mut memory = vec![MaybeUninit::uninit(); space::rights(count)];
        let mut control = SendControl::new(&mut memory);
        control.push_rights(vec![a.as_fd(); count]).expect("there is memory");
        a.send_message(&[IoSlice::new(b"x")], &control).expect("sent");
    }
    assert_eq!(receive(&b).expect("one").len(), 1);
    assert_eq!(
        receive(&b).unwrap_err().raw_os_error(),
        Some(Errno::ENOBUFS.raw_os_error())
    );
    assert_eq!(receive_or_errno(&b), Err(Errno::ENOBUFS));
    fn is_an_error<T: Into<io::Error> + Into<Errno> + std::error::Error + Send + Sync + 'static>() {}
    is_an_error::<Truncated>();
    is_an_error::<linux_socketpair::Incomplete>();
    is_an_error::<FromFdError>();
}

/// Converts a stream and converts it back: it keeps its file descriptor, and still works.
fn keeps<T: AsRawFd>(to: impl FnOnce(UnixStream) -> T, back: impl FnOnce(T) -> UnixStream) -> io::Result<()> {
    let (a, mut b) = UnixStream::pair()?;
    let fd = a.as_raw_fd();
    let converted = to(a);
    assert_eq!(converted.as_raw_fd(), fd);
    let mut a = back(converted);
    assert_eq!(a.as_raw_fd(), fd);
    a.write_all(b"through")?;
    let mut buf = [0; 7];
    b.read_exact(&mut buf)?;
    assert_eq!(&buf, b"through");
    drop(a);
    assert_eq!(b.read(&mut buf)?, 0, "the only file descriptor of its end is closed");
    Ok(())
}

#[test]
fn conversions_keep_the_file_descriptor_open() -> io::Result<()> {
    keeps(OwnedFd::from, |fd| fd.try_into().expect("a stream"))?;
    keeps(net::UnixStream::from, |stream| stream.try_into().expect("a stream"))?;
    keeps(File::from, |file| OwnedFd::from(file).try_into().expect("a stream"))?;
    keeps(IntoRawFd::into_raw_fd, |fd| {
        // SAFETY: its owner has just released it.
        unsafe { FromRawFd::from_raw_fd(fd) }
    })?;

    let (a, b) = UnixDatagram::pair()?;
    let datagram = net::UnixDatagram::from(a);
    assert_eq!(datagram.send(b"one")?, 3);
    assert_eq!(b.recv(&mut [0; 8])?, 3);
    let a = UnixDatagram::try_from(datagram)?;
    assert_eq!(b.send(b"two")?, 3);
    assert_eq!(a.recv(&mut [0; 8])?, 3);
    let _: [File; 2] = [a.into(), UnixSeqpacket::pair()?.0.into()];
    Ok(())
}

#[test]
fn a_child_inherits_an_end_as_its_standard_output() -> io::Result<()> {
    let (a, mut b) = UnixStream::pair()?;
    let status = Command::new("sh")
        .args(["-c", "echo through the end"])
        .stdin(Stdio::from(UnixSeqpacket::pair()?.0))
        .stdout(Stdio::from(a))
        .status()?;
    assert!(status.success());
    let mut text = String::new();
    b.read_to_string(&mut text)?;
    assert_eq!(text, "through the end\n");
    Ok(())
}

/// The standard library converts any file descriptor to its `UnixStream`.
#[test]
fn a_socket_of_another_kind_in_a_type_of_std_is_returned() -> io::Result<()> {
    let connect = |listener: TcpListener| Ok((TcpStream::connect(listener.local_addr()?)?, listener.accept()?.0));
    let (tcp, mut peer) = match TcpListener::bind("127.0.0.1:0").and_then(connect) {
        Ok(sockets) => sockets,
        // libtest doesn't capture this output.
        Err(error) => return writeln!(io::stderr(), "skip  a TCP socket in a type of std ({error})"),
    };
    let fd = tcp.as_raw_fd();
    let error = UnixStream::try_from(net::UnixStream::from(OwnedFd::from(tcp))).unwrap_err();
    assert_eq!(error.errno(), Errno::EAFNOSUPPORT);
    let returned: net::UnixStream = error.into_fd();
    assert_eq!(returned.as_raw_fd(), fd);
    TcpStream::from(OwnedFd::from(returned)).write_all(b"open")?;
    peer.read_exact(&mut [0; 4])?;

    let (a, _b) = UnixSeqpacket::pair()?;
    let fd = a.as_raw_fd();
    let error = UnixDatagram::try_from(net::UnixDatagram::from(OwnedFd::from(a))).unwrap_err();
    assert_eq!(error.errno(), Errno::EPROTOTYPE);
    assert_eq!(error.into_fd().as_raw_fd(), fd);
    Ok(())
}

#[test]
fn a_socket_of_std_can_be_borrowed() -> io::Result<()> {
    let (a, mut b) = net::UnixStream::pair()?;
    {
        let mut borrowed: UnixStream<BorrowedFd<'_>> = UnixStream::borrow_fd(&a)?;
        borrowed.write_all(b"borrowed")?;
    }
    let mut buf = [0; 8];
    b.read_exact(&mut buf)?;
    assert_eq!(&buf, b"borrowed");
    assert_eq!(UnixDatagram::borrow_fd(&a).map(drop), Err(Errno::EPROTOTYPE));
    assert_eq!(
        UnixStream::try_from(io::stdin().as_fd()).map(drop).is_ok(),
        UnixStream::borrow_fd(&io::stdin()).is_ok()
    );
    (&a).write_all(b"still open")
}

#[test]
fn files_of_any_owner_are_passed() -> io::Result<()> {
    let (a, b) = UnixSeqpacket::pair()?;
    let file = File::open("/dev/null")?;
    let (stream, mut peer) = net::UnixStream::pair()?;
    let owned: Vec<OwnedFd> = vec![file.try_clone()?.into(), stream.try_clone()?.into()];
    let borrowed: &[BorrowedFd<'_>] = &[file.as_fd(), stream.as_fd()];
    let files: &[&File] = &[&file, &file];

    let mut memory = [MaybeUninit::uninit(); 3 * space::rights(2) + space::rights(4)];
    let mut control = SendControl::new(&mut memory);
    control.push_rights(owned.iter().map(AsFd::as_fd))?;
    control.push_rights(borrowed.iter().copied())?;
    control.push_rights(files.iter().map(AsFd::as_fd))?;
    control.push_rights([file.as_fd(), owned[0].as_fd(), stream.as_fd(), a.as_fd()])?;
    a.send_message(&[IoSlice::new(b"x")], &control)?;

    let mut memory = [MaybeUninit::uninit(); space::rights(10)];
    let mut control = RecvControl::new(&mut memory);
    b.recv_message(&mut [IoSliceMut::new(&mut [0])], &mut control)?;
    let fds: Vec<OwnedFd> = control.descriptors()?.collect::<Result<_, _>>()?;
    assert_eq!(fds.len(), 10);
    net::UnixStream::from(fds.into_iter().nth(1).expect("the stream")).write_all(b"!")?;
    let mut byte = [0];
    peer.read_exact(&mut byte)?;
    assert_eq!(&byte, b"!");
    Ok(())
}

#[test]
fn streams_of_std_are_polled_in_a_loop() -> io::Result<()> {
    fn ready(streams: &[net::UnixStream]) -> io::Result<Vec<usize>> {
        let mut fds = Vec::with_capacity(streams.len());
        for stream in streams {
            fds.push(PollFd::new(stream, PollFlags::IN));
        }
        poll(&mut fds, Some(Duration::ZERO))?;
        let ready = |(_, fd): &(usize, PollFd<'_>)| fd.ready().contains(PollFlags::IN);
        Ok(fds.into_iter().enumerate().filter(ready).map(|(at, _)| at).collect())
    }
    let (ends, mut peers): (Vec<_>, Vec<_>) = [net::UnixStream::pair()?, net::UnixStream::pair()?].into_iter().unzip();
    assert_eq!(ready(&ends)?, []);
    peers[1].write_all(b"x")?;
    assert_eq!(ready(&ends)?, [1]);
    Ok(())
}

#[test]
fn owners_of_std_can_be_closed_and_return_errors() -> io::Result<()> {
    fd::close(File::open("/dev/null")?)?;
    fd::close(net::UnixStream::pair()?.0)?;
    fd::close(TcpListener::bind("127.0.0.1:0")?)?;
    assert!(fd::is_close_on_exec(File::open("/dev/null")?)?);
    Ok(())
}

#[test]
fn read_and_write_use_several_buffers() -> io::Result<()> {
    let (mut a, mut b) = UnixStream::pair()?;
    let sent = a.write_vectored(&[IoSlice::new(b"ab"), IoSlice::new(b""), IoSlice::new(b"cde")])?;
    let (mut x, mut y) = ([0; 1], [0; 9]);
    let received = b.read_vectored(&mut [IoSliceMut::new(&mut x), IoSliceMut::new(&mut y)])?;
    assert_eq!((sent, received, &x, &y[..5]), (5, 5, b"a", &b"bcde\0"[..]));
    a.flush()?;
    (&a).flush()
}

#[test]
fn read_and_write_leave_buffers_beyond_the_limit_to_the_next_call() -> io::Result<()> {
    let (mut a, mut b) = UnixStream::pair()?;
    let bytes: Vec<u8> = (0..1025_usize).map(|at| at as u8).collect();
    let bufs: Vec<IoSlice<'_>> = bytes
        .iter()
        .map(|byte| IoSlice::new(std::slice::from_ref(byte)))
        .collect();
    assert_eq!(a.write_vectored(&bufs)?, 1024);
    assert_eq!((&a).write_vectored(&bufs[1024..])?, 1);
    assert_eq!(a.send_vectored(&bufs), Err(Errno::EMSGSIZE), "as sendmsg(2)");
    let mut received = vec![0; 1025];
    let mut bufs: Vec<IoSliceMut<'_>> = received.chunks_mut(1).map(IoSliceMut::new).collect();
    assert_eq!(b.read_vectored(&mut bufs)?, 1024);
    assert_eq!((&b).read_vectored(&mut bufs[1024..])?, 1);
    assert_eq!(received, bytes);
    Ok(())
}

#[test]
fn a_stream_is_read_to_its_end() -> io::Result<()> {
    let (a, mut b) = UnixStream::pair()?;
    let bytes: Vec<u8> = (0..100_000_usize).map(|at| (at % 251) as u8).collect();
    std::thread::scope(|scope| {
        let bytes = &bytes;
        scope.spawn(move || (&a).write_all(bytes).expect("sent"));
        let mut received = Vec::new();
        assert_eq!(b.read_to_end(&mut received)?, bytes.len());
        assert!(received == *bytes);
        Ok(())
    })
}

#[test]
fn writing_to_a_closed_peer_raises_no_signal() -> io::Result<()> {
    const SIGPIPE: i32 = 13;
    const SIG_DFL: usize = 0;
    unsafe extern "C" {
        fn signal(number: i32, handler: usize) -> usize;
    }
    // Rust's runtime ignores SIGPIPE; here it would end the program.
    // SAFETY: it is the default of a program.
    unsafe { signal(SIGPIPE, SIG_DFL) };
    let (mut a, b) = UnixStream::pair()?;
    drop(b);
    // Another test's child has a copy of it until it executes its program.
    poll(&mut [PollFd::new(&a, PollFlags::HUP)], None)?;
    assert_eq!(a.write(b"x").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    let vectored = a.write_vectored(&[IoSlice::new(b"x")]);
    assert_eq!(vectored.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    Ok(())
}
