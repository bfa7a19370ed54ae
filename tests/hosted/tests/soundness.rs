//! Safe code is sound with every file descriptor and every kernel, and every file descriptor that the kernel installs
//! has an owner. control_messages.rs has what needs no system call.
//!
//! The tests count the file descriptors of the process, so they run one at a time.

use linux_socketpair::{
    AsFd, BorrowedFd, ControlMessage, Credentials, Domain, Errno, FromRawFd, Incomplete, IoSlice, IoSliceMut,
    MessageFlags, OwnedFd, Received, RecvControl, RecvMessage, SendControl, SendMessage, Socket, SocketType,
    UnixDatagram, UnixSeqpacket, UnixStream, kind, socketpair, space,
};
use rustix::net::{AddressFamily, Protocol, SendFlags, SocketFlags};
use std::{
    io,
    mem::MaybeUninit,
    net::Ipv4Addr,
    num::NonZeroU32,
    os::fd::{AsRawFd, IntoRawFd},
    thread,
    time::{Duration, Instant},
};

use hosted::{
    alone, borrow, borrow_std, contents, files, from_std, in_qemu, install_filter, into_std, open_descriptors, skip,
};

type StdFd = std::os::fd::OwnedFd;

const SENT: u8 = b'Z';
/// The content of memory that nothing has written.
const UNWRITTEN: u8 = 0xa5;

/// A nonblocking file descriptor from which something can be received, and what must stay open for that.
struct Subject {
    fd: StdFd,
    _peer: Vec<StdFd>,
}

type Make = fn() -> io::Result<Subject>;

/// Kinds of files, and the type to which each can be converted, or the errno.
const KINDS: [(&str, Make, Result<SocketType, Errno>); 11] = [
    ("STREAM", unix::<kind::Stream>, Ok(SocketType::STREAM)),
    ("DGRAM", unix::<kind::Datagram>, Ok(SocketType::DGRAM)),
    ("SEQPACKET", unix::<kind::Seqpacket>, Ok(SocketType::SEQPACKET)),
    ("TCP", || tcp(None), Err(Errno::EAFNOSUPPORT)),
    ("MPTCP", || tcp(NonZeroU32::new(262)), Err(Errno::EAFNOSUPPORT)),
    ("UDP", udp, Err(Errno::EAFNOSUPPORT)),
    ("netlink", netlink, Err(Errno::EAFNOSUPPORT)),
    ("pipe", pipe, Err(Errno::ENOTSOCK)),
    ("eventfd", eventfd, Err(Errno::ENOTSOCK)),
    ("file", file, Err(Errno::ENOTSOCK)),
    ("O_PATH", path, Err(Errno::EBADF)),
];

/// With credentials, a pidfd and two file descriptors, and on a stream with an out-of-band byte.
fn unix<T: kind::Kind>() -> io::Result<Subject> {
    let (a, b) = Socket::<T>::pair().map_err(io_error)?;
    b.set_pass_credentials(true).map_err(io_error)?;
    let _ = b.set_pass_pidfd(true);
    b.set_nonblocking(true).map_err(io_error)?;
    let mut memory = [MaybeUninit::uninit(); space::rights(2)];
    let mut control = SendControl::new(&mut memory);
    control.push_rights([a.as_fd(), b.as_fd()]).map_err(io_error)?;
    a.send_message(&[IoSlice::new(&[SENT; 24])], &control)
        .map_err(io_error)?;
    // Before Linux 5.15 AF_UNIX has none, and messages never have.
    let _ = a.send_with_flags(&[SENT], MessageFlags::OOB);
    a.send(&[SENT; 24]).map_err(io_error)?;
    Ok(Subject {
        fd: into_std(b),
        _peer: vec![into_std(a)],
    })
}

fn tcp(protocol: Option<NonZeroU32>) -> io::Result<Subject> {
    let socket = || {
        let (family, flags) = (AddressFamily::INET, SocketFlags::CLOEXEC);
        rustix::net::socket_with(
            family,
            rustix::net::SocketType::STREAM,
            flags,
            protocol.map(Protocol::from_raw),
        )
    };
    let (listener, a) = (socket()?, socket()?);
    rustix::net::bind(&listener, &std::net::SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0))?;
    rustix::net::listen(&listener, 1)?;
    rustix::net::connect(&a, &rustix::net::getsockname(&listener)?)?;
    let b = rustix::net::accept_with(&listener, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK)?;
    // Thousands of them are made: none may linger in the kernel after close.
    rustix::net::sockopt::set_socket_linger(&a, Some(Duration::ZERO))?;
    rustix::net::send(&a, &[SENT; 24], SendFlags::empty())?;
    // MPTCP has none.
    let _ = rustix::net::send(&a, &[SENT], SendFlags::OOB);
    rustix::net::send(&a, &[SENT; 24], SendFlags::empty())?;
    wait_for(&b)?;
    Ok(Subject { fd: b, _peer: vec![a] })
}

fn udp() -> io::Result<Subject> {
    let bind = || std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0));
    let (a, b) = (bind()?, bind()?);
    b.set_nonblocking(true)?;
    for _ in 0..2 {
        a.send_to(&[SENT; 24], b.local_addr()?)?;
    }
    wait_for(&b)?;
    Ok(Subject {
        fd: b.into(),
        _peer: vec![a.into()],
    })
}

fn netlink() -> io::Result<Subject> {
    let socket = || {
        let (family, flags) = (AddressFamily::NETLINK, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK);
        let protocol = NonZeroU32::new(libc::NETLINK_USERSOCK as u32).map(Protocol::from_raw);
        rustix::net::socket_with(family, rustix::net::SocketType::RAW, flags, protocol)
    };
    let (a, b) = (socket()?, socket()?);
    // SAFETY: any bytes make an address.
    let mut address = unsafe { MaybeUninit::<libc::sockaddr_nl>::zeroed().assume_init() };
    address.nl_family = libc::AF_NETLINK as u16;
    let mut len = size_of_val(&address) as libc::socklen_t;
    // SAFETY: the calls access the address, its length and the bytes alone.
    let results = unsafe {
        let at = (&raw mut address).cast();
        let bound = libc::bind(b.as_raw_fd(), at, len) == 0 && libc::getsockname(b.as_raw_fd(), at, &mut len) == 0;
        let send = || libc::sendto(a.as_raw_fd(), [SENT; 24].as_ptr().cast(), 24, 0, at, len) == 24;
        bound && send() && send()
    };
    if !results {
        return Err(io::Error::last_os_error());
    }
    Ok(Subject { fd: b, _peer: vec![a] })
}

fn pipe() -> io::Result<Subject> {
    let mut fds = [-1; 2];
    // SAFETY: the call writes two file descriptors, which are new.
    let [b, a] = unsafe {
        if libc::pipe2(fds.as_mut_ptr(), libc::O_CLOEXEC | libc::O_NONBLOCK) != 0 {
            return Err(io::Error::last_os_error());
        }
        fds.map(|fd| <StdFd as std::os::fd::FromRawFd>::from_raw_fd(fd))
    };
    rustix::io::write(&a, &[SENT; 24])?;
    Ok(Subject { fd: b, _peer: vec![a] })
}

fn eventfd() -> io::Result<Subject> {
    // SAFETY: the call accesses no memory.
    let fd = unsafe { libc::eventfd(1, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(Subject {
        // SAFETY: it is new.
        fd: unsafe { std::os::fd::FromRawFd::from_raw_fd(fd) },
        _peer: vec![],
    })
}

fn file() -> io::Result<Subject> {
    Ok(Subject {
        fd: files(&[SENT]).remove(0).into(),
        _peer: vec![],
    })
}

fn path() -> io::Result<Subject> {
    Ok(Subject {
        fd: rustix::fs::open(
            "/",
            rustix::fs::OFlags::PATH | rustix::fs::OFlags::CLOEXEC,
            rustix::fs::Mode::empty(),
        )?,
        _peer: vec![],
    })
}

fn io_error(errno: Errno) -> io::Error {
    io::Error::from_raw_os_error(errno.raw_os_error())
}

fn wait_for(fd: &impl AsRawFd) -> io::Result<()> {
    let mut fds = [linux_socketpair::PollFd::from_borrowed_fd(
        borrow(fd),
        linux_socketpair::PollFlags::IN,
    )];
    match linux_socketpair::poll(&mut fds, Some(Duration::from_secs(10))).map_err(io_error)? {
        0 => Err(io::ErrorKind::TimedOut.into()),
        _ => Ok(()),
    }
}

/// Calls `f` for each kind that this machine has, and names the others.
fn for_each_kind(mut f: impl FnMut(&str, Make, Result<SocketType, Errno>)) {
    for (name, make, fits) in KINDS {
        match make() {
            Ok(_) => f(name, make, fits),
            Err(error) => skip(name, error),
        }
    }
}

/// The length that was returned, and the bytes, where they are returned.
type Outcome = Result<(usize, Vec<u8>), Errno>;
/// Receives into memory that is `UNWRITTEN`.
type Receive<T> = fn(&Socket<T>, &mut [MaybeUninit<u8>], &mut RecvControl<'_>, MessageFlags) -> Outcome;

/// The memory is `UNWRITTEN`, and so initialized.
fn init(buf: &mut [MaybeUninit<u8>]) -> &mut [u8] {
    // SAFETY: as stated.
    unsafe { std::slice::from_raw_parts_mut(buf.as_mut_ptr().cast(), buf.len()) }
}

/// The same in two buffers.
fn in_two(buf: &mut [MaybeUninit<u8>]) -> [IoSliceMut<'_>; 2] {
    let at = buf.len() / 3;
    let (x, y) = init(buf).split_at_mut(at);
    [x, y].map(IoSliceMut::new)
}

fn len(result: Result<usize, Errno>) -> Outcome {
    result.map(|len| (len, vec![]))
}

/// The functions that every kind of socket has; those without flags ignore the argument.
fn common_functions<T: kind::Kind>() -> Vec<(&'static str, Receive<T>)> {
    vec![
        ("recv", |socket, buf, _, _| len(socket.recv(init(buf)))),
        ("recv_with_flags", |socket, buf, _, flags| {
            len(socket.recv_with_flags(init(buf), flags))
        }),
        ("recv_vectored", |socket, buf, _, _| {
            len(socket.recv_vectored(&mut in_two(buf)))
        }),
        ("recv_vectored_with_flags", |socket, buf, _, flags| {
            len(socket.recv_vectored_with_flags(&mut in_two(buf), flags))
        }),
        ("recv_uninit", |socket, buf, _, _| {
            socket.recv_uninit(buf).map(|bytes| (bytes.len(), bytes.to_vec()))
        }),
        ("recv_uninit_with_flags", |socket, buf, _, flags| {
            let bytes = socket.recv_uninit_with_flags(buf, flags)?;
            Ok((bytes.len(), bytes.to_vec()))
        }),
        ("recv_message", |socket, buf, control, _| {
            let received = socket.recv_message(&mut [IoSliceMut::new(init(buf))], control)?;
            Ok((received.len, vec![]))
        }),
        ("recv_message_with_flags", |socket, buf, control, flags| {
            let received = socket.recv_message_with_flags(&mut [IoSliceMut::new(init(buf))], control, flags)?;
            Ok((received.len, vec![]))
        }),
        ("recv_message_uninit", |socket, buf, control, _| {
            let (bytes, received) = socket.recv_message_uninit(buf, control)?;
            Ok((received.len, bytes.to_vec()))
        }),
        ("recv_message_uninit_with_flags", |socket, buf, control, flags| {
            let (bytes, received) = socket.recv_message_uninit_with_flags(buf, control, flags)?;
            Ok((received.len, bytes.to_vec()))
        }),
    ]
}

fn stream_functions() -> Vec<(&'static str, Receive<kind::Stream>)> {
    let mut functions = common_functions();
    functions.push(("recv_exact", |socket, buf, _, _| {
        let done = socket.recv_exact(init(buf)).map(|()| buf.len());
        len(done.or_else(|incomplete| incomplete.errno.map_or(Ok(incomplete.done), Err)))
    }));
    functions.push(("recv_message_exact", |socket, buf, control, _| {
        let size = buf.len();
        let done = socket.recv_message_exact(&mut in_two(buf), control).map(|()| size);
        len(done.or_else(|incomplete| incomplete.errno.map_or(Ok(incomplete.done), Err)))
    }));
    #[cfg(feature = "std")]
    {
        functions.push(("Read::read", |mut socket, buf, _, _| {
            len(io::Read::read(&mut socket, init(buf)).map_err(Errno::from))
        }));
        functions.push(("Read::read_vectored", |mut socket, buf, _, _| {
            len(io::Read::read_vectored(&mut socket, &mut in_two(buf)).map_err(Errno::from))
        }));
        functions.push(("Read::read_exact", |mut socket, buf, _, _| {
            let result = io::Read::read_exact(&mut socket, init(buf)).map_err(Errno::from);
            len(result.map(|()| buf.len()))
        }));
        functions.push(("Read::read_to_end", |mut socket, _, _, _| {
            len(io::Read::read_to_end(&mut socket, &mut vec![])
                .map_err(Errno::from)
                .map(|_| 0))
        }));
    }
    functions
}

fn message_functions<T: kind::Messages>() -> Vec<(&'static str, Receive<T>)> {
    let mut functions = common_functions();
    functions.push(("recv_messages", |socket, buf, control, _| {
        recv_messages(socket, buf, control, MessageFlags::empty())
    }));
    functions.push(("recv_messages_with_flags", recv_messages));
    // Their result is no length within the buffer.
    functions.push(("next_message_len", |socket, _, _, _| {
        len(socket.next_message_len().map(|_| 0))
    }));
    functions.push(("next_message_len_with_flags", |socket, _, _, flags| {
        len(socket.next_message_len_with_flags(flags).map(|_| 0))
    }));
    functions
}

/// Into two messages, the first with memory for control messages.
fn recv_messages<T: kind::Messages>(
    socket: &Socket<T>,
    buf: &mut [MaybeUninit<u8>],
    control: &mut RecvControl<'_>,
    flags: MessageFlags,
) -> Outcome {
    let mut bufs = in_two(buf).map(|buf| [buf]);
    let mut messages = bufs.each_mut().map(|bufs| RecvMessage::new(bufs));
    let count = socket.recv_messages_with_flags(&mut messages, std::slice::from_mut(control), flags)?;
    let received: Vec<_> = messages[..count].iter().map(RecvMessage::partially_received).collect();
    let len = received.iter().map(|received| received.len).sum();
    let bytes = messages[..count].iter().zip(received).flat_map(|(message, received)| {
        let buf = &message.bufs()[0];
        buf[..received.len.min(buf.len())].to_vec()
    });
    let bytes = bytes.collect();
    // With this flag TCP writes none, so these would be the bytes of before.
    Ok((
        len,
        if flags.contains(MessageFlags::TRUNC) {
            vec![]
        } else {
            bytes
        },
    ))
}

fn seqpacket_functions() -> Vec<(&'static str, Receive<kind::Seqpacket>)> {
    let mut functions = message_functions();
    functions.push(("recv_or_eof", |socket, buf, _, _| {
        len(socket.recv_or_eof(init(buf)).map(Option::unwrap_or_default))
    }));
    functions
}

/// Each single bit, each two of the bits that matter to a receiver, and all of those together.
fn flag_sets() -> Vec<MessageFlags> {
    let receive = MessageFlags::PEEK
        | MessageFlags::TRUNC
        | MessageFlags::OOB
        | MessageFlags::WAITALL
        | MessageFlags::ERRQUEUE
        | MessageFlags::DONTWAIT
        | MessageFlags::CMSG_CLOEXEC;
    let bits = || (0..32).map(|bit| MessageFlags::from_bits_retain(1 << bit));
    let pairs = receive.iter().flat_map(|x| receive.iter().map(move |y| x | y));
    let triples =
        [MessageFlags::PEEK, MessageFlags::DONTWAIT].map(|flag| MessageFlags::TRUNC | MessageFlags::WAITALL | flag);
    let mut sets: Vec<_> = bits()
        .chain(pairs)
        .chain(triples)
        .chain([MessageFlags::empty(), receive])
        .collect();
    sets.sort_by_key(|flags| flags.bits());
    sets.dedup();
    sets
}

/// Calls `function` on a subject as if it were an end of a pair of type `T`. Returns whether it received something.
fn call<T: kind::Kind>(subject: Subject, function: Receive<T>, size: usize, flags: MessageFlags, name: &str) -> bool {
    let mut memory = [MaybeUninit::uninit(); space::rights(2) + space::CREDENTIALS + space::PIDFD];
    let mut control = RecvControl::new(&mut memory);
    let mut buf = [const { MaybeUninit::new(UNWRITTEN) }; 64];
    let buf = &mut buf[..size];
    // SAFETY: it is open and owned, as the function requires.
    let socket = unsafe { Socket::<T>::from_raw_fd(subject.fd.into_raw_fd()) };
    match function(&socket, buf, &mut control, flags) {
        Ok((len, bytes)) => {
            // The kernel returns 1 for an out-of-band byte of AF_UNIX even if there is no room for it.
            let room = size.max(flags.contains(MessageFlags::OOB).into());
            assert!(
                len <= room || flags.contains(MessageFlags::TRUNC),
                "{name}: {len} bytes in {size}"
            );
            assert!(bytes.len() <= size, "{name}: {bytes:?}");
            assert!(
                bytes.iter().all(|byte| [SENT, 0].contains(byte)),
                "{name}: not received, nor initialized: {bytes:x?}"
            );
            len > 0
        }
        Err(errno) => {
            assert_ne!(errno, Errno::EFAULT, "{name}");
            false
        }
    }
}

fn call_all<T: kind::Kind>(ty: &str, functions: Vec<(&str, Receive<T>)>) {
    for_each_kind(|kind, make, fits| {
        let (mut calls, mut received) = (0, 0);
        for &(function, receive) in &functions {
            // It has no memory for file descriptors, or too little for credentials.
            let is_short =
                ["recv_or_eof", "recv_message_exact"].contains(&function) || function.starts_with("recv_messages");
            if in_qemu() && is_short && fits.is_ok() {
                skip(
                    function,
                    "QEMU user mode installs file descriptors that there is no memory for, and writes credentials behind it",
                );
                continue;
            }
            let sets = if function.ends_with("with_flags") {
                flag_sets()
            } else {
                vec![MessageFlags::empty()]
            };
            for flags in sets {
                for size in [0, 4, 64] {
                    let name = format!("{function} of {ty}, {flags:?}, {size} bytes, {kind}");
                    let subject = make().expect("a subject");
                    let before = open_descriptors() - subject._peer.len() - 1;
                    received += usize::from(call(subject, receive, size, flags, &name));
                    assert_eq!(open_descriptors(), before, "{name}: file descriptors");
                    calls += 1;
                }
            }
        }
        eprintln!("{ty} on {kind}: {received} of {calls} calls received something");
        let is_socket = !matches!(fits, Err(Errno::ENOTSOCK | Errno::EBADF));
        assert_eq!(received > calls / 4, is_socket);
    });
}

#[test]
fn every_receiving_function_is_sound_with_every_flag_on_any_file_descriptor() {
    alone(|| {
        call_all("UnixStream", stream_functions());
        call_all("UnixDatagram", message_functions::<kind::Datagram>());
        call_all("UnixSeqpacket", seqpacket_functions());
    });
}

fn convert<T: kind::Kind>(name: &str, fd: StdFd, ty: SocketType, fits: Result<SocketType, Errno>) {
    let identity = |fd: &StdFd| {
        let stat = rustix::fs::fstat(fd).expect("open");
        (fd.as_raw_fd(), stat.st_dev, stat.st_ino)
    };
    let before = identity(&fd);
    let expected = match fits {
        Ok(fits) if fits == ty => None,
        Ok(_) => Some(Errno::EPROTOTYPE),
        Err(errno) => Some(errno),
    };
    let borrowed = borrow(&fd);
    let result = Socket::<T, BorrowedFd<'_>>::try_from(borrowed);
    assert_eq!(
        result.as_ref().err().map(|error| error.errno()),
        expected,
        "{name} as {ty}, borrowed"
    );
    if let Err(error) = result {
        assert_eq!(borrow_std(&error.into_fd()).as_raw_fd(), before.0);
    }
    let result = Socket::<T, BorrowedFd<'_>>::borrow_fd(&borrowed);
    assert_eq!(result.err(), expected, "{name} as {ty}, borrowed");

    let result = Socket::<T>::try_from(from_std(fd));
    assert_eq!(
        result.as_ref().err().map(|error| error.errno()),
        expected,
        "{name} as {ty}"
    );
    let fd = match result {
        Ok(socket) => socket.into(),
        Err(error) => {
            let expected = expected.expect("an error");
            assert_eq!(
                format!("{error:?}"),
                format!("FromFdError {{ errno: {expected:?}, .. }}")
            );
            assert!(error.to_string().contains(&expected.to_string()), "{error}");
            error.into_fd()
        }
    };
    assert_eq!(
        identity(&into_std(fd)),
        before,
        "{name} as {ty}: the same file descriptor"
    );
}

#[test]
fn a_conversion_accepts_what_fits_and_returns_what_does_not() {
    alone(|| {
        for_each_kind(|name, make, fits| {
            convert::<kind::Stream>(name, make().expect("one").fd, SocketType::STREAM, fits);
            convert::<kind::Datagram>(name, make().expect("one").fd, SocketType::DGRAM, fits);
            convert::<kind::Seqpacket>(name, make().expect("one").fd, SocketType::SEQPACKET, fits);
        });
    });
}

/// A stream with data and then an out-of-band byte in it. To peek with an empty buffer fails with EAGAIN, and the
/// kernel has installed a pidfd by then. `None` where there are no pidfds or no such bytes.
fn failing_with_a_pidfd() -> Option<(UnixStream, UnixStream)> {
    let (a, b) = UnixStream::pair().expect("a pair");
    b.set_nonblocking(true).expect("set");
    let ready = b
        .set_pass_pidfd(true)
        .and_then(|()| a.send(b"data"))
        .and_then(|_| a.send_with_flags(b"!", MessageFlags::OOB));
    match ready {
        Ok(_) => Some((a, b)),
        Err(errno) => {
            skip("a pidfd of a failed call", errno);
            None
        }
    }
}

fn pidfds(control: &mut RecvControl<'_>) -> usize {
    let pidfd = |message: &ControlMessage<'_>| matches!(message, ControlMessage::Pidfd(Ok(_)));
    control.partial_messages().filter(pidfd).count()
}

#[test]
fn a_pidfd_that_a_failed_call_installed_is_owned() {
    alone(|| {
        let Some((_a, b)) = failing_with_a_pidfd() else { return };
        let open = open_descriptors();
        let mut memory = [MaybeUninit::uninit(); space::PIDFD];
        let mut control = RecvControl::new(&mut memory);
        // The caller's own call.
        let recvmsg = |control: &mut RecvControl<'_>| {
            let (at, len) = control.as_raw_parts();
            let mut iovec = libc::iovec {
                iov_base: at.cast(),
                iov_len: 0,
            };
            // SAFETY: any bytes make a header; the call writes to the control memory alone, and nothing else has since.
            unsafe {
                let mut header = MaybeUninit::<libc::msghdr>::zeroed().assume_init();
                (header.msg_iov, header.msg_iovlen) = (&raw mut iovec, 1);
                (header.msg_control, header.msg_controllen) = (at.cast(), len as _);
                let ret = libc::recvmsg(
                    borrow_std(&b).as_raw_fd(),
                    &mut header,
                    libc::MSG_PEEK | libc::MSG_CMSG_CLOEXEC,
                );
                let errno = Errno::from_raw_os_error(io::Error::last_os_error().raw_os_error().unwrap_or(0));
                control.set_received(len, MessageFlags::empty());
                (ret, errno)
            }
        };
        assert_eq!(recvmsg(&mut control), (-1, Some(Errno::EAGAIN)));
        let installed = open_descriptors() - open;
        assert_eq!(pidfds(&mut control), installed, "all are found");
        assert_eq!(open_descriptors(), open, "and closed");
        if installed == 0 {
            skip("a pidfd of a failed call", "this kernel installs none");
        }
        for _ in 0..100 {
            assert_eq!(recvmsg(&mut control), (-1, Some(Errno::EAGAIN)));
            assert!(open_descriptors() - open <= installed, "one at most, of the last call");
        }
        drop(control);
        assert_eq!(open_descriptors(), open);

        // The crate's calls: it makes none with an empty buffer if it takes the socket for a stream.
        let mut memory = [MaybeUninit::uninit(); space::PIDFD];
        let mut control = RecvControl::new(&mut memory);
        let bufs = &mut [IoSliceMut::new(&mut [])];
        let received = b.recv_message_with_flags(bufs, &mut control, MessageFlags::PEEK);
        assert_eq!(received.map(|received| received.len), Ok(0));
        assert_eq!(open_descriptors(), open);
        // SAFETY: it is open, and owned by the duplicate alone.
        let disguised =
            unsafe { UnixSeqpacket::from_raw_fd(into_std(b.try_clone().expect("a duplicate")).into_raw_fd()) };
        let open = open_descriptors();
        for _ in 0..100 {
            let bufs = &mut [IoSliceMut::new(&mut [])];
            let received = disguised.recv_message_with_flags(bufs, &mut control, MessageFlags::PEEK);
            assert_eq!(received, Err(Errno::EAGAIN));
            assert!(open_descriptors() - open <= installed, "one at most, of the last call");
        }
        control.clear();
        assert_eq!(open_descriptors(), open);
        for _ in 0..100 {
            let mut messages = [RecvMessage::new(&mut [])];
            let controls = std::slice::from_mut(&mut control);
            let received = disguised.recv_messages_with_flags(&mut messages, controls, MessageFlags::PEEK);
            assert_eq!(received, Err(Errno::EAGAIN));
            assert_eq!((open_descriptors(), control.is_empty()), (open, true));
        }
        assert_eq!(
            disguised.recv_uninit_with_flags(&mut [], MessageFlags::PEEK),
            Err(Errno::EAGAIN)
        );
        assert_eq!(open_descriptors(), open);
    });
}

/// At end of stream, and where there is nothing to receive, the kernel writes credentials of process 0 and user 0.
#[test]
fn credentials_are_received_only_with_a_message() {
    alone(|| {
        let (a, b) = UnixStream::pair().expect("a pair");
        b.set_nonblocking(true).expect("set");
        b.set_pass_credentials(true).expect("set");
        let mut memory = [MaybeUninit::uninit(); space::CREDENTIALS];
        let mut control = RecvControl::new(&mut memory);
        let mut receive = || {
            let received = b.recv_message(&mut [IoSliceMut::new(&mut [0; 4])], &mut control);
            let pid = control.messages().expect("complete").find_map(|message| match message {
                ControlMessage::Credentials(sender) => Some(sender.pid as u32),
                _ => None,
            });
            (received.map(|received| received.len), pid)
        };
        assert_eq!(receive(), (Err(Errno::EAGAIN), None));
        a.send(b"x").expect("sent");
        assert_eq!(receive(), (Ok(1), Some(std::process::id())));
        drop(a);
        assert_eq!(receive(), (Ok(0), None));
    });
}

fn repeat_without_a_message<T: kind::Kind>() {
    let (a, b) = Socket::<T>::pair().expect("a pair");
    b.set_nonblocking(true).expect("set");
    b.set_pass_credentials(true).expect("set");
    let _ = b.set_pass_pidfd(true);
    let open = open_descriptors();
    let mut memory = [MaybeUninit::uninit(); space::rights(2) + space::CREDENTIALS + space::PIDFD];
    let mut control = RecvControl::new(&mut memory);
    for _ in 0..200 {
        let received = b.recv_message(&mut [IoSliceMut::new(&mut [0; 4])], &mut control);
        assert_eq!(received, Err(Errno::EAGAIN));
        assert!(control.is_empty());
        assert_eq!(b.recv_uninit(&mut [MaybeUninit::uninit(); 4]), Err(Errno::EAGAIN));
    }
    assert_eq!(open_descriptors(), open);
    drop(a);
}

#[test]
fn receiving_nothing_repeatedly_leaks_nothing() {
    alone(|| {
        repeat_without_a_message::<kind::Stream>();
        repeat_without_a_message::<kind::Datagram>();
        repeat_without_a_message::<kind::Seqpacket>();
    });
}

/// Runs `f` in a thread in which some system calls succeed without being made: those with the number and, if one is given, the
/// value as an argument. Returns `None` where there are no filters.
fn with_filter<T: Send>(rules: &[(libc::c_long, Option<(u32, u32)>)], f: impl FnOnce() -> T + Send) -> Option<T> {
    // The constants of linux/bpf_common.h, linux/seccomp.h
    let statement = |code, k| libc::sock_filter { code, jt: 0, jf: 0, k };
    let load = |offset| statement(0x20, offset);
    let skip_unless = |k, jf| libc::sock_filter {
        code: 0x15,
        jt: 0,
        jf,
        k,
    };
    let low_half = if cfg!(target_endian = "big") { 4 } else { 0 };
    let mut program = vec![];
    for &(number, argument) in rules {
        program.push(load(0));
        match argument {
            None => program.push(skip_unless(number as u32, 1)),
            Some((at, value)) => program.extend([
                skip_unless(number as u32, 3),
                load(16 + 8 * at + low_half),
                skip_unless(value, 1),
            ]),
        }
        program.push(statement(0x06, libc::SECCOMP_RET_ERRNO));
    }
    program.push(statement(0x06, libc::SECCOMP_RET_ALLOW));
    thread::scope(|scope| {
        let thread = scope.spawn(|| match install_filter(&mut program, 0) {
            Ok(_) => Some(f()),
            Err(error) => {
                skip("calls that succeed and write nothing", error);
                None
            }
        });
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

#[test]
fn a_call_that_succeeds_without_writing_returns_nothing() {
    fn receive<T: kind::Kind>(socket: &Socket<T>, victim: &BorrowedFd<'_>) {
        assert_eq!(socket.recv(&mut [UNWRITTEN; 4]), Ok(0));
        assert_eq!(
            socket.recv_uninit(&mut [const { MaybeUninit::new(UNWRITTEN) }; 4]),
            Ok(&mut [][..])
        );
        // Memory that already contains an SCM_RIGHTS message.
        let mut memory = [MaybeUninit::uninit(); space::rights(1)];
        let mut control = SendControl::new(&mut memory);
        control.push_rights([*victim]).expect("there is memory");
        let mut control = RecvControl::new(&mut memory);
        let received = socket.recv_message(&mut [IoSliceMut::new(&mut [0; 4])], &mut control);
        assert_eq!(received.map(|received| received.len), Ok(0));
        assert_eq!(control.partial_messages().count(), 0);
        assert_eq!(control.descriptors().map(Iterator::count), Ok(0));
    }
    fn receive_all(socket: &UnixStream, victim: &BorrowedFd<'_>) {
        let mut memory = [MaybeUninit::uninit(); 2 * space::rights(1)];
        let mut control = SendControl::new(&mut memory);
        control.push_rights([*victim]).expect("there is memory");
        let nothing = Err(Incomplete { done: 0, errno: None });
        assert_eq!(
            socket.send_message_all(&mut [IoSlice::new(b"x")], &mut control),
            nothing
        );
        let mut control = RecvControl::new(&mut memory);
        for _ in 0..2 {
            let received = socket.recv_message_exact(&mut [IoSliceMut::new(&mut [0; 4])], &mut control);
            assert_eq!((received, control.is_empty()), (nothing, true));
        }
    }
    fn receive_many<T: kind::Messages>(socket: &Socket<T>, victim: &BorrowedFd<'_>) {
        let mut memory = [MaybeUninit::uninit(); space::rights(1)];
        let mut control = SendControl::new(&mut memory);
        control.push_rights([*victim]).expect("there is memory");
        let bufs = [IoSlice::new(b"x")];
        let mut messages = [SendMessage::with_control(&bufs, &control)];
        assert_eq!(socket.send_messages(&mut messages), Ok(0));
        let mut controls = [RecvControl::new(&mut memory)];
        let mut buf = [0; 4];
        let mut bufs = [IoSliceMut::new(&mut buf)];
        let mut messages = [RecvMessage::new(&mut bufs)];
        assert_eq!(socket.recv_messages(&mut messages, &mut controls), Ok(0));
        assert_eq!(messages[0].received(), Ok(Received::default()));
        assert_eq!(controls[0].partial_messages().count(), 0);
    }
    fn options<T: kind::Kind>(socket: &Socket<T>) {
        assert_eq!(Socket::<T>::pair().map(drop), Err(Errno::EPROTO));
        assert_eq!(socket.peer_pidfd().map(drop), Err(Errno::EPROTO));
        let none = Credentials {
            pid: 0,
            uid: u32::MAX,
            gid: u32::MAX,
        };
        assert_eq!(socket.peer_credentials(), Ok(none));
        assert_eq!(socket.peer_groups(&mut [7; 4]), Err(Errno::EPROTO));
        assert_eq!(socket.peer_security(&mut [7; 4]), Err(Errno::EPROTO));
        assert_eq!(socket.peer_group_count(), Ok(0));
        assert_eq!(socket.take_error(), Ok(None));
        assert_eq!(socket.recv_timeout(), Ok(None));
        assert_eq!((socket.domain(), socket.protocol()), (Ok(Domain::UNSPEC), Ok(0)));
        assert_eq!(Socket::<T, _>::borrow_fd(socket).map(drop), Err(Errno::EAFNOSUPPORT));
        // SAFETY: the kernel is not called.
        let value = unsafe {
            socket
                .option(libc::SOL_SOCKET, libc::SO_TYPE, &mut [7; 4])
                .map(|value| value.to_vec())
        };
        assert_eq!(value, Ok(vec![7; 4]));
    }
    alone(|| {
        let rules = [
            libc::SYS_socketpair,
            libc::SYS_getsockopt,
            libc::SYS_recvmsg,
            libc::SYS_recvfrom,
            libc::SYS_sendmsg,
            libc::SYS_sendmmsg,
            #[cfg(target_pointer_width = "64")]
            libc::SYS_recvmmsg,
            // recvmmsg_time64, which the crate libc lacks for some architectures; all have the same number.
            #[cfg(target_pointer_width = "32")]
            417,
        ]
        .map(|number| (number, None));
        let (a, stream) = UnixStream::pair().expect("a pair");
        let (_b, datagram) = UnixDatagram::pair().expect("a pair");
        let (_c, seqpacket) = UnixSeqpacket::pair().expect("a pair");
        let victim = a.as_fd();
        let open = open_descriptors();
        with_filter(&rules, || {
            receive(&stream, &victim);
            receive(&datagram, &victim);
            receive(&seqpacket, &victim);
            let raw = socketpair(
                Domain::UNIX,
                SocketType::STREAM,
                linux_socketpair::SocketFlags::CLOEXEC,
                0,
            );
            assert_eq!(raw, Ok([-1; 2]));
            assert_eq!(datagram.next_message_len(), Ok(0));
            assert_eq!(
                seqpacket.recv_or_eof(&mut [0; 4]),
                Err(Errno::EINVAL),
                "it is not known which"
            );
            assert!(stream.recv_exact(&mut [0; 4]).is_err());
            receive_all(&stream, &victim);
            receive_many(&datagram, &victim);
            receive_many(&seqpacket, &victim);
            options(&stream);
            options(&datagram);
            options(&seqpacket);
        });
        assert_eq!(open_descriptors(), open);
        assert_eq!((a.send(b"open"), stream.recv(&mut [0; 4])), (Ok(4), Ok(4)));
    });
}

/// gVisor knows only the old options for timeouts, and reports success for unknown ones.
#[test]
fn a_receive_timeout_expires_where_the_new_options_do_nothing() {
    const SO_RCVTIMEO_NEW: u32 = 66;
    const SO_SNDTIMEO_NEW: u32 = 67;
    if cfg!(target_pointer_width = "32") {
        return skip("timeouts without the new options", "32-bit machines need them");
    }
    let rules = [SO_RCVTIMEO_NEW, SO_SNDTIMEO_NEW].map(|name| (libc::SYS_setsockopt, Some((2, name))));
    alone(|| {
        let (a, b) = UnixDatagram::pair().expect("a pair");
        thread::scope(|scope| {
            let thread = scope.spawn(|| {
                with_filter(&rules, || {
                    let timeout = Some(Duration::from_millis(20));
                    b.set_recv_timeout(timeout).expect("set");
                    b.set_send_timeout(timeout).expect("set");
                    let begins = Instant::now();
                    assert_eq!(b.recv(&mut [0; 4]), Err(Errno::EAGAIN));
                    while b.send(&[0; 4000]).is_ok() {}
                    assert!(begins.elapsed() < Duration::from_secs(5));
                })
            });
            let begins = Instant::now();
            while !thread.is_finished() && begins.elapsed() < Duration::from_secs(10) {
                thread::sleep(Duration::from_millis(1));
            }
            // If it waits indefinitely, this ends it.
            a.shutdown(linux_socketpair::Shutdown::Both).expect("shut down");
        });
    });
}

/// Sends a byte with file descriptors for the files.
fn pass<T: kind::Kind>(socket: &Socket<T>, files: &[std::fs::File]) {
    let mut memory = vec![MaybeUninit::uninit(); space::rights(files.len())];
    let mut control = SendControl::new(&mut memory);
    control.push_rights(files.iter().map(borrow)).expect("there is memory");
    assert_eq!(socket.send_message(&[IoSlice::new(b"x")], &control), Ok(1));
}

fn taken(control: &mut RecvControl<'_>) -> Vec<u8> {
    let rights = control.partial_messages().filter_map(|message| match message {
        ControlMessage::Rights(rights) => Some(rights),
        _ => None,
    });
    contents(rights.flatten().map(|fd| into_std(fd.expect("a file descriptor"))))
}

#[test]
fn file_descriptors_on_a_stream_are_never_discarded_silently() {
    alone(|| {
        let (a, b) = UnixStream::pair().expect("a pair");
        b.set_nonblocking(true).expect("set");
        let files = files(&[1, 2]);
        let mut memory = [MaybeUninit::uninit(); space::rights(2)];
        let mut control = RecvControl::new(&mut memory);

        pass(&a, &files);
        // An empty buffer receives nothing.
        for flags in [MessageFlags::empty(), MessageFlags::PEEK] {
            assert_eq!(b.recv_with_flags(&mut [], flags), Ok(0));
            assert_eq!(b.recv_vectored_with_flags(&mut [], flags), Ok(0));
            assert_eq!(b.recv_uninit_with_flags(&mut [], flags), Ok(&mut [][..]));
            let bufs = &mut [IoSliceMut::new(&mut []), IoSliceMut::new(&mut [])];
            assert_eq!(
                b.recv_message_with_flags(bufs, &mut control, flags)
                    .map(|received| received.len),
                Ok(0)
            );
            assert_eq!(
                b.recv_message_uninit_with_flags(&mut [], &mut control, flags).map(drop),
                Ok(())
            );
        }
        assert_eq!(b.recv_exact(&mut []), Ok(()));
        #[cfg(feature = "std")]
        {
            assert_eq!(io::Read::read(&mut &b, &mut []).ok(), Some(0));
            assert_eq!(io::Read::read_vectored(&mut &b, &mut []).ok(), Some(0));
        }
        b.recv_message(&mut [IoSliceMut::new(&mut [0])], &mut control)
            .expect("received");
        assert_eq!(taken(&mut control), [1, 2]);

        // Nor is a control message sent without a byte with which it can arrive.
        let mut memory = [MaybeUninit::uninit(); space::rights(1)];
        let mut sent = SendControl::new(&mut memory);
        sent.push_rights([borrow(&files[0])]).expect("there is memory");
        assert_eq!(a.send_message(&[], &sent), Err(Errno::EINVAL));
        assert_eq!(
            a.send_message(&[IoSlice::new(b""), IoSlice::new(b"")], &sent),
            Err(Errno::EINVAL)
        );
        assert_eq!(a.send_message(&[], &SendControl::new(&mut [])), Ok(0));

        // With an out-of-band byte the kernel discards the descriptors that came with the data.
        pass(&a, &files);
        match a.send_with_flags(b"!", MessageFlags::OOB) {
            Ok(_) => {
                let (bufs, flags) = (&mut [IoSliceMut::new(&mut [])], MessageFlags::OOB);
                let received = b.recv_message_with_flags(bufs, &mut control, flags);
                assert_eq!(received, Err(Errno::EINVAL));
                let received = b.recv_message_uninit_with_flags(&mut [], &mut control, flags);
                assert_eq!(received.map(drop), Err(Errno::EINVAL));
                assert_eq!(b.recv_with_flags(&mut [0], MessageFlags::OOB), Ok(1));
            }
            Err(errno) => skip("out-of-band bytes", errno),
        }
        b.recv_message(&mut [IoSliceMut::new(&mut [0])], &mut control)
            .expect("received");
        assert_eq!(taken(&mut control), [1, 2]);
    });
}

#[test]
fn a_received_file_descriptor_is_closed_exactly_once() {
    type Step = fn(&mut RecvControl<'_>) -> Vec<u8>;
    const STEPS: [(&str, Step, &[u8]); 9] = [
        ("nothing is taken", |_| vec![], &[]),
        ("all are taken", |control| taken(control), &[1, 2, 3]),
        (
            "one is taken",
            |control| {
                let fd = control.descriptors().expect("complete").next().expect("one");
                contents([into_std(fd.expect("a file descriptor"))])
            },
            &[1],
        ),
        (
            "the second one is taken",
            |control| {
                let fd = control.descriptors().expect("complete").nth(1).expect("one");
                contents([into_std(fd.expect("a file descriptor"))])
            },
            &[2],
        ),
        (
            "one is taken, and the others later",
            |control| {
                let fd = control.descriptors().expect("complete").next().expect("one");
                let mut all = contents([into_std(fd.expect("a file descriptor"))]);
                all.extend(taken(control));
                all
            },
            &[1, 2, 3],
        ),
        (
            "the iterators are forgotten",
            |control| {
                control.messages().expect("complete").for_each(std::mem::forget);
                taken(control)
            },
            &[1, 2, 3],
        ),
        (
            "cleared",
            |control| {
                control.clear();
                taken(control)
            },
            &[],
        ),
        (
            "used for a call of the caller's own",
            |control| {
                control.as_raw_parts();
                taken(control)
            },
            &[],
        ),
        (
            "used again by a call that fails",
            |control| {
                let (_a, b) = UnixSeqpacket::pair().expect("a pair");
                let received =
                    b.recv_message_with_flags(&mut [IoSliceMut::new(&mut [0])], control, MessageFlags::DONTWAIT);
                assert_eq!(received, Err(Errno::EAGAIN));
                taken(control)
            },
            &[],
        ),
    ];
    alone(|| {
        let files = files(&[1, 2, 3]);
        let (a, b) = UnixSeqpacket::pair().expect("a pair");
        for (name, step, expected) in STEPS {
            let open = open_descriptors();
            let mut memory = [MaybeUninit::uninit(); space::rights(3)];
            let mut control = RecvControl::new(&mut memory);
            for _ in 0..3 {
                pass(&a, &files);
                b.recv_message(&mut [IoSliceMut::new(&mut [0])], &mut control)
                    .expect("received");
                assert_eq!(open_descriptors(), open + 3, "{name}");
                assert_eq!(step(&mut control), expected, "{name}");
            }
            drop(control);
            assert_eq!(open_descriptors(), open, "{name}");
            let free = free_descriptor();
            assert!(files.iter().all(|file| file.as_raw_fd() < free), "{name}");
        }
    });
}

/// The lowest free file descriptor.
fn free_descriptor() -> i32 {
    let (a, _) = UnixStream::pair().expect("a pair");
    borrow_std(&a).as_raw_fd()
}

#[test]
fn no_more_file_descriptors_are_kept_than_the_limit_allows() {
    alone(|| {
        let files = files(&[1, 2, 3, 4, 5]);
        let (a, b) = UnixSeqpacket::pair().expect("a pair");
        let mut memory = [MaybeUninit::uninit(); space::rights(5)];
        let mut control = RecvControl::new(&mut memory);
        for (max, expected) in [
            (0, &[][..]),
            (1, &[1]),
            (2, &[1, 2]),
            (5, &[1, 2, 3, 4, 5]),
            (6, &[1, 2, 3, 4, 5]),
        ] {
            let open = open_descriptors();
            control.set_max_descriptors(max);
            pass(&a, &files);
            b.recv_message(&mut [IoSliceMut::new(&mut [0])], &mut control)
                .expect("received");
            assert_eq!(open_descriptors(), open + expected.len(), "{max}");
            let truncated = max < 5;
            assert_eq!(
                (control.is_truncated(), control.messages().is_err()),
                (truncated, truncated),
                "{max}"
            );
            assert_eq!(control.descriptors().is_err(), truncated, "{max}");
            assert_eq!(taken(&mut control), expected, "{max}");
            control.clear();
            assert_eq!((control.is_truncated(), control.is_empty()), (false, true), "{max}");
            assert_eq!(open_descriptors(), open, "{max}");
        }
    });
}

#[test]
fn too_little_memory_for_file_descriptors_is_reported() {
    alone(|| {
        if in_qemu() {
            return skip(
                "too little memory for file descriptors",
                "QEMU user mode installs all, and reports nothing",
            );
        }
        let files = files(&[1, 2, 3]);
        let (a, b) = UnixSeqpacket::pair().expect("a pair");
        for words in 0..space::rights(3) {
            let mut memory = vec![MaybeUninit::uninit(); words];
            let mut control = RecvControl::new(&mut memory);
            let open = open_descriptors();
            pass(&a, &files);
            let received = b
                .recv_message(&mut [IoSliceMut::new(&mut [0])], &mut control)
                .expect("received");
            let kept = open_descriptors() - open;
            assert!(
                received.flags.contains(MessageFlags::CTRUNC) && control.is_truncated() && kept < 3,
                "{words}"
            );
            assert!(control.messages().is_err() && control.descriptors().is_err(), "{words}");
            assert_eq!(taken(&mut control), [1, 2][..kept], "{words}");
        }
    });
}

#[test]
fn file_descriptors_of_a_truncated_message_are_owned() {
    alone(|| {
        let files = files(&[1, 2]);
        let mut memory = [MaybeUninit::uninit(); space::rights(2)];
        let mut control = RecvControl::new(&mut memory);
        let (a, b) = UnixDatagram::pair().expect("a pair");
        pass(&a, &files);
        let received = b.recv_message(&mut [IoSliceMut::new(&mut [])], &mut control);
        assert_eq!(received, Err(Errno::EMSGSIZE));
        assert_eq!(taken(&mut control), [1, 2]);
        pass(&a, &files);
        assert_eq!(
            b.recv_message_uninit(&mut [], &mut control).map(drop),
            Err(Errno::EMSGSIZE)
        );
        assert_eq!(taken(&mut control), [1, 2]);
    });
}

#[test]
fn a_negative_count_of_bytes_is_an_error() {
    alone(|| {
        // The kernel reports the size of a file less the position in it.
        let file = files(&[1]).remove(0);
        rustix::fs::seek(&file, rustix::fs::SeekFrom::Start(6)).expect("set");
        // SAFETY: it is open and owned.
        let socket = unsafe { UnixStream::from_raw_fd(file.into_raw_fd()) };
        assert_eq!(socket.bytes_to_recv(), Err(Errno::EOVERFLOW));
    });
}

#[test]
fn recv_exact_reports_what_it_received_before_end_of_stream() {
    alone(|| {
        let (a, b) = UnixStream::pair().expect("a pair");
        a.send_all(b"ab").expect("sent");
        drop(a);
        let mut buf = [0; 4];
        let incomplete = b.recv_exact(&mut buf).unwrap_err();
        assert_eq!((incomplete.done, incomplete.errno, &buf), (2, None, b"ab\0\0"));
        assert_eq!(Errno::from(incomplete), Errno::ENODATA);
    });
}

/// What only one kind of socket can do exists on that kind alone, and no owner is copied or compared.
#[allow(clippy::no_effect_underscore_binding, reason = "they compile or they don't")]
mod absent {
    use super::*;

    struct Absent;

    /// Its methods are called where the type has none of that name.
    trait Otherwise: Sized {
        fn send_all(self) -> Absent {
            Absent
        }
        fn recv_exact(self) -> Absent {
            Absent
        }
        fn next_message_len(self) -> Absent {
            Absent
        }
        fn recv_or_eof(self) -> Absent {
            Absent
        }
        fn send_message_all(self) -> Absent {
            Absent
        }
        fn recv_message_exact(self) -> Absent {
            Absent
        }
        fn send_messages(self) -> Absent {
            Absent
        }
        fn recv_messages(self) -> Absent {
            Absent
        }
        fn set_pass_timestamps(self) -> Absent {
            Absent
        }
        fn set_pass_bytes_to_recv(self) -> Absent {
            Absent
        }
        fn recv_low_water_mark(self) -> Absent {
            Absent
        }
    }

    impl<T: kind::Kind> Otherwise for &Socket<T> {}

    #[test]
    fn methods_of_another_kind_do_not_exist() {
        alone(|| {
            let (stream, _a) = UnixStream::pair().expect("a pair");
            let (datagram, _b) = UnixDatagram::pair().expect("a pair");
            let (seqpacket, _c) = UnixSeqpacket::pair().expect("a pair");
            let _: [Absent; 5] = [
                (&stream).next_message_len(),
                (&stream).recv_or_eof(),
                (&stream).send_messages(),
                (&stream).recv_messages(),
                (&stream).set_pass_timestamps(),
            ];
            let _: [Absent; 7] = [
                (&datagram).send_all(),
                (&datagram).recv_exact(),
                (&datagram).recv_or_eof(),
                (&datagram).send_message_all(),
                (&datagram).recv_message_exact(),
                (&datagram).set_pass_bytes_to_recv(),
                (&datagram).recv_low_water_mark(),
            ];
            let _: [Absent; 4] = [
                (&seqpacket).send_all(),
                (&seqpacket).recv_exact(),
                (&seqpacket).send_message_all(),
                (&seqpacket).recv_message_exact(),
            ];
        });
    }

    /// Compiles only if the type doesn't implement the trait: otherwise it is ambiguous which `f` is meant.
    macro_rules! not_implemented {
        ($Trait:path: $($Type:ty),+ $(,)?) => {$(
            const _: fn() = || {
                trait Ambiguous<A> {
                    fn f() {}
                }
                impl<T: ?Sized> Ambiguous<()> for T {}
                struct Implemented;
                impl<T: ?Sized + $Trait> Ambiguous<Implemented> for T {}
                let _ = <$Type as Ambiguous<_>>::f;
            };
        )+};
    }

    // std's read_to_end probes with a small buffer, for which a message would be truncated.
    not_implemented!(io::Read: UnixDatagram, UnixSeqpacket, &'static UnixDatagram, &'static UnixSeqpacket);
    not_implemented!(io::Write: UnixDatagram, UnixSeqpacket, &'static UnixDatagram, &'static UnixSeqpacket);
    not_implemented!(Clone: OwnedFd, UnixStream, UnixDatagram, UnixSeqpacket, RecvControl<'static>);
    not_implemented!(PartialEq: OwnedFd, UnixStream, UnixDatagram, UnixSeqpacket);
    not_implemented!(std::hash::Hash: OwnedFd, UnixStream, UnixDatagram, UnixSeqpacket);
}
