//! Code of users that compiles, and does the same, with and without the feature `std`.

use linux_socketpair::{
    AsFd, AsRawFd, BorrowedFd, ControlMessage, Errno, FromRawFd, Incomplete, IntoRawFd, IoSlice, IoSliceMut,
    MessageFlags, OwnedFd, PollFd, PollFlags, RawFd, RecvControl, SendControl, Shutdown, Socket, Truncated,
    UnixDatagram, UnixSeqpacket, UnixStream, fd, kind, poll, space,
};
use std::{fs, mem::MaybeUninit, time::Duration};

use common::{in_qemu, skip};

mod common;

const SOL_SOCKET: i32 = linux_raw_sys::net::SOL_SOCKET as i32;
const SO_PRIORITY: i32 = linux_raw_sys::net::SO_PRIORITY as i32;
const SO_TYPE: i32 = linux_raw_sys::net::SO_TYPE as i32;

/// A user's own type, with the traits that generic code requires.
struct Connection {
    socket: UnixStream,
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl From<Connection> for OwnedFd {
    fn from(connection: Connection) -> Self {
        connection.socket.into()
    }
}

fn is_readable(fd: impl AsFd) -> Result<bool, Errno> {
    let mut fds = [PollFd::new(&fd, PollFlags::IN)];
    poll(&mut fds, Some(Duration::ZERO))?;
    Ok(fds[0].ready().contains(PollFlags::IN))
}

/// `?` converts the error of `try_clone`, which is std's or this crate's.
fn duplicate(fd: &OwnedFd) -> Result<OwnedFd, Errno> {
    let duplicate = fd.try_clone()?;
    let second = duplicate.as_fd().try_clone_to_owned()?;
    fd::close(duplicate)?;
    Ok(second)
}

fn is_open(fd: RawFd) -> bool {
    fs::read_link(format!("/proc/self/fd/{fd}")).is_ok()
}

fn through_a_raw_file_descriptor<T: FromRawFd + IntoRawFd + AsRawFd>(owner: T) -> T {
    let fd = owner.as_raw_fd();
    let raw = owner.into_raw_fd();
    assert_eq!(raw, fd);
    // SAFETY: its owner has just released it.
    unsafe { T::from_raw_fd(raw) }
}

/// With a count that is known only at run time, in generic code.
fn send_all<T: kind::Kind, F: AsFd>(socket: &Socket<T>, fds: &[F]) -> Result<(), Errno> {
    let mut memory = vec![MaybeUninit::uninit(); space::rights(fds.len())];
    let mut control = SendControl::new(&mut memory);
    control.push_rights(fds.iter().map(AsFd::as_fd))?;
    socket.send_message(&[IoSlice::new(b"x")], &control).map(drop)
}

fn recv_all<T: kind::Kind, Fd: AsFd>(socket: &Socket<T, Fd>, most: usize) -> Result<Vec<OwnedFd>, Errno> {
    let mut memory = vec![MaybeUninit::uninit(); space::rights(most)];
    let mut control = RecvControl::new(&mut memory);
    control.set_max_descriptors(most);
    socket.recv_message(&mut [IoSliceMut::new(&mut [0])], &mut control)?;
    control.descriptors()?.collect()
}

/// With a count that is known at compile time.
struct Receiver<const WORDS: usize>([MaybeUninit<usize>; WORDS]);

impl<const WORDS: usize> Receiver<WORDS> {
    fn recv<T: kind::Kind>(&mut self, socket: &Socket<T>) -> Result<usize, Errno> {
        let mut control = RecvControl::new(&mut self.0);
        socket.recv_message(&mut [IoSliceMut::new(&mut [0])], &mut control)?;
        Ok(control.descriptors()?.count())
    }
}

#[test]
fn an_owned_file_descriptor_is_an_int_with_a_niche() {
    assert_eq!((size_of::<OwnedFd>(), size_of::<Option<OwnedFd>>()), (4, 4));
    assert_eq!(
        (size_of::<BorrowedFd<'_>>(), size_of::<Option<BorrowedFd<'_>>>()),
        (4, 4)
    );
    assert_eq!((size_of::<UnixStream>(), size_of::<Option<UnixStream>>()), (4, 4));
    assert_eq!(size_of::<Option<UnixStream<BorrowedFd<'_>>>>(), 4);
    fn is<T: Send + Sync + Unpin + std::panic::UnwindSafe + std::fmt::Debug>() {}
    is::<OwnedFd>();
    is::<BorrowedFd<'_>>();
    is::<UnixStream>();
    is::<UnixDatagram>();
    is::<UnixSeqpacket<BorrowedFd<'_>>>();
    is::<PollFd<'_>>();
    is::<IoSlice<'_>>();
    fn copies<T: Copy>() {}
    copies::<BorrowedFd<'_>>();
    copies::<PollFd<'_>>();
    copies::<IoSlice<'_>>();
}

#[test]
fn an_int_is_its_own_raw_file_descriptor() {
    let fd: RawFd = 7;
    assert_eq!((fd.as_raw_fd(), fd.into_raw_fd()), (7, 7));
    // SAFETY: a number owns nothing.
    assert_eq!(unsafe { RawFd::from_raw_fd(7) }, 7);
}

#[test]
fn owners_and_borrowers_convert() -> Result<(), Errno> {
    let (a, b) = UnixStream::pair()?;
    let raw = a.as_raw_fd();
    let a = through_a_raw_file_descriptor(a);
    let owned = through_a_raw_file_descriptor(OwnedFd::from(a));
    assert_eq!(owned.as_raw_fd(), raw);
    let text = format!("{owned:?} {:?}", owned.as_fd());
    assert_eq!(text, format!("OwnedFd {{ fd: {raw} }} BorrowedFd {{ fd: {raw} }}"));
    assert_ne!(duplicate(&owned)?.as_raw_fd(), raw);
    let connection = Connection {
        socket: UnixStream::try_from(owned)?,
    };
    b.send(b"x")?;
    assert!(is_readable(&connection)? && is_readable(connection.as_fd())? && !is_readable(&b)?);
    {
        let borrowed = UnixStream::borrow_fd(&connection)?;
        assert_eq!(borrowed.recv(&mut [0; 4])?, 1);
        assert_eq!(format!("{borrowed:?}"), format!("UnixStream {{ fd: {raw} }}"));
    }
    assert!(is_open(raw));
    fd::close(connection)?;
    assert_eq!(b.recv(&mut [0; 4])?, 0);
    Ok(())
}

#[test]
fn every_owner_can_be_closed_and_returns_errors() -> Result<(), Errno> {
    let (a, b) = UnixStream::pair()?;
    let (c, d) = UnixDatagram::pair()?;
    let (e, f) = UnixSeqpacket::pair()?;
    let (b, d, f): (OwnedFd, OwnedFd, OwnedFd) = (b.into(), d.into(), f.into());
    a.close()?;
    c.close()?;
    e.close()?;
    fd::close(b)?;
    fd::close(d)?;
    fd::close(f)
}

#[test]
fn file_descriptors_of_any_owner_are_passed() -> Result<(), Errno> {
    let (a, b) = UnixSeqpacket::pair()?;
    let (c, d) = UnixStream::pair()?;
    let owned: [OwnedFd; 2] = [c.try_clone()?.into(), d.try_clone()?.into()];
    let borrowed: [BorrowedFd<'_>; 2] = [c.as_fd(), d.as_fd()];
    send_all(&a, &owned)?;
    send_all(&a, &borrowed)?;
    send_all(&a, &[&c, &d])?;
    for _ in 0..3 {
        assert_eq!(recv_all(&UnixSeqpacket::borrow_fd(&b)?, 2)?.len(), 2);
    }

    // Mixed owners in one message, and several messages, which the kernel joins.
    let mut memory = [MaybeUninit::uninit(); space::rights(4) + space::rights(2) + space::rights(2)];
    let mut control = SendControl::new(&mut memory);
    control.push_rights([c.as_fd(), owned[0].as_fd(), borrowed[1], a.as_fd()])?;
    control.push_rights(borrowed)?;
    control.push_rights(owned.iter().map(AsFd::as_fd))?;
    let send = || a.send_message(&[IoSlice::new(b"x")], &control);
    send()?;
    assert_eq!(recv_all(&b, 8)?.len(), 8);
    send()?;
    assert_eq!(Receiver([MaybeUninit::uninit(); space::rights(8)]).recv(&b), Ok(8));
    // Seven leave room for an eighth where a word is 64 bits.
    if cfg!(target_pointer_width = "32") && in_qemu() {
        skip("truncated file descriptors", "QEMU user mode doesn't set MSG_CTRUNC");
        return Ok(());
    }
    send()?;
    assert_eq!(recv_all(&b, 7).map(drop), Err(Errno::ENOBUFS));
    Ok(())
}

#[test]
fn truncation_is_reported_and_what_arrived_can_still_be_taken() -> Result<(), Errno> {
    let (a, b) = UnixDatagram::pair()?;
    send_all(&a, &[&a, &a, &a])?;
    let mut memory = [MaybeUninit::uninit(); space::rights(3)];
    let mut control = RecvControl::new(&mut memory);
    control.set_max_descriptors(2);
    b.recv_message(&mut [IoSliceMut::new(&mut [0])], &mut control)?;
    assert!(control.is_truncated());
    let error: Truncated = control.messages().unwrap_err();
    let taken: Vec<OwnedFd> = control
        .partial_messages()
        .filter_map(|message| match message {
            ControlMessage::Rights(rights) => Some(rights),
            _ => None,
        })
        .flatten()
        .collect::<Result<_, _>>()?;
    // It outlives the buffer, in an error of any kind.
    drop(control);
    assert_eq!((taken.len(), Errno::from(error)), (2, Errno::ENOBUFS));
    let _: Box<dyn std::error::Error + Send + Sync> = error.into();
    Ok(())
}

#[test]
fn every_type_and_error_prints_what_it_is() -> Result<(), Errno> {
    let ((a, b), (c, _d)) = (UnixStream::pair()?, UnixDatagram::pair()?);
    let (e, _f) = UnixSeqpacket::pair()?;
    for (seen, name, fd) in [
        (format!("{a:?}"), "UnixStream", a.as_raw_fd()),
        (format!("{c:?}"), "UnixDatagram", c.as_raw_fd()),
        (format!("{e:?}"), "UnixSeqpacket", e.as_raw_fd()),
    ] {
        assert_eq!(seen, format!("{name} {{ fd: {fd} }}"));
    }
    let entry = PollFd::new(&a, PollFlags::IN | PollFlags::OUT);
    let fd = a.as_raw_fd();
    assert_eq!(
        format!("{entry:?}"),
        format!("PollFd {{ fd: {fd}, events: PollFlags(IN | OUT), ready: PollFlags(0x0) }}")
    );

    let mut memory = [MaybeUninit::uninit(); space::rights(1) + 2];
    let mut control = SendControl::new(&mut memory);
    control.push_rights([b.as_fd()])?;
    let words = space::rights(1);
    assert_eq!(
        format!("{control:?}"),
        format!("SendControl {{ words: {words}, of: {} }}", words + 2)
    );
    a.send_message(&[IoSlice::new(b"x")], &control)?;
    let mut memory = [MaybeUninit::uninit(); space::rights(1)];
    let mut control = RecvControl::new(&mut memory);
    control.set_max_descriptors(0);
    b.recv_message(&mut [IoSliceMut::new(&mut [0])], &mut control)?;
    let seen = format!("{control:?}");
    let of = words * size_of::<usize>();
    let found = |bytes| seen == format!("RecvControl {{ bytes: {bytes}, of: {of}, truncated: true }}");
    assert!((of - 4..=of).any(found), "{seen}");
    assert_eq!(
        control.messages().unwrap_err().to_string(),
        "control messages were truncated: too little memory for them, too many file descriptors, or a security module \
         denied one"
    );

    let other = UnixDatagram::try_from(OwnedFd::from(a)).unwrap_err();
    assert_eq!(format!("{other:?}"), "FromFdError { errno: EPROTOTYPE, .. }");
    assert_eq!(
        other.to_string(),
        format!(
            "the file descriptor is not a socket of the expected kind: {}",
            Errno::EPROTOTYPE
        )
    );
    for (errno, expected) in [
        (Some(Errno::EPIPE), format!("after 3 bytes: {}", Errno::EPIPE)),
        (None, "end of stream after 3 bytes".to_owned()),
    ] {
        assert_eq!(Incomplete { done: 3, errno }.to_string(), expected);
    }
    let bytes = &mut [1, 2];
    assert_eq!(
        format!("{:?} {:?}", IoSlice::new(&[3]), IoSliceMut::new(bytes)),
        "[3] [1, 2]"
    );
    Ok(())
}

#[test]
fn size_hint_bounds_the_file_descriptors_that_are_left() -> Result<(), Errno> {
    let (a, b) = UnixDatagram::pair()?;
    send_all(&a, &[&a, &a, &a])?;
    let mut memory = [MaybeUninit::uninit(); space::rights(3)];
    let mut control = RecvControl::new(&mut memory);
    b.recv_message(&mut [IoSliceMut::new(&mut [0])], &mut control)?;
    for left in (1..=3).rev() {
        let Some(ControlMessage::Rights(mut rights)) = control.messages()?.next() else {
            panic!("no file descriptors");
        };
        // None is known to be left: one that was taken before is passed over.
        assert_eq!(rights.size_hint(), (0, Some(3)));
        rights.next().expect("one is left")?;
        assert_eq!(rights.size_hint(), (0, Some(left - 1)));
        assert!(control.descriptors()?.size_hint().0 == 0);
    }
    assert_eq!(control.descriptors()?.count(), 0);
    Ok(())
}

#[test]
fn entries_of_poll_can_be_changed_and_ignored() -> Result<(), Errno> {
    let pairs = [UnixStream::pair()?, UnixStream::pair()?];
    let mut fds: Vec<PollFd<'_>> = pairs.iter().map(|(a, _)| PollFd::new(a, PollFlags::IN)).collect();
    for (_, b) in &pairs {
        b.send(b"x")?;
    }
    assert_eq!(poll(&mut fds, Some(Duration::ZERO))?, 2);
    assert_eq!(fds[1].fd().map(|fd| fd.as_raw_fd()), Some(pairs[1].0.as_raw_fd()));
    let paused = std::mem::replace(&mut fds[0], PollFd::ignored());
    assert!(fds[0].fd().is_none());
    fds[1].set_events(PollFlags::OUT);
    assert_eq!(poll(&mut fds, Some(Duration::ZERO))?, 1);
    let ready = [&fds[0], &fds[1]].map(PollFd::ready);
    assert_eq!(
        (ready, fds[1].events()),
        ([PollFlags::empty(), PollFlags::OUT], PollFlags::OUT)
    );
    fds[0] = paused;
    assert_eq!(poll(&mut fds, Some(Duration::ZERO))?, 2);
    Ok(())
}

#[test]
fn options_that_the_crate_does_not_name_are_set_and_read() -> Result<(), Errno> {
    let (a, _b) = UnixStream::pair()?;
    // SAFETY: SO_PRIORITY is an int.
    let priority = unsafe {
        a.set_option(SOL_SOCKET, SO_PRIORITY, &5_i32.to_ne_bytes())?;
        i32::from_ne_bytes(
            a.option(SOL_SOCKET, SO_PRIORITY, &mut [0; 4])?
                .try_into()
                .expect("an int"),
        )
    };
    assert_eq!(priority, 5);
    for (room, expected) in [(2, 2), (4, 4), (8, 4), (0, 0)] {
        if room == 0 && in_qemu() {
            skip("an option without room for it", "QEMU user mode returns EFAULT");
            continue;
        }
        let mut value = vec![0xa5; room];
        // SAFETY: SO_TYPE is an int; the kernel writes as much of it as there is room for.
        let written = unsafe { a.option(SOL_SOCKET, SO_TYPE, &mut value)? };
        assert_eq!(written.len(), expected);
    }
    // SAFETY: there are no such options.
    let errors = unsafe {
        [
            a.option(SOL_SOCKET, 9999, &mut [0; 4]).map(drop),
            a.set_option(SOL_SOCKET, 9999, &[0; 4]),
        ]
    };
    assert_eq!(errors, [Err(Errno::ENOPROTOOPT); 2]);
    Ok(())
}

#[test]
fn messages_are_distinguished_from_truncated_ones_and_end_of_stream() -> Result<(), Errno> {
    let (a, b) = UnixSeqpacket::pair()?;
    b.set_pass_credentials(true)?;
    a.send(b"12345")?;
    let added = [MessageFlags::empty(), MessageFlags::PEEK, MessageFlags::TRUNC];
    for flags in added {
        assert_eq!(b.next_message_len_with_flags(flags | MessageFlags::DONTWAIT)?, 5);
    }
    let mut buf = [0; 3];
    assert_eq!(b.recv_with_flags(&mut buf, MessageFlags::PEEK), Ok(3));
    assert_eq!(
        b.recv_with_flags(&mut buf, MessageFlags::PEEK | MessageFlags::TRUNC),
        Ok(5)
    );
    assert_eq!(b.recv(&mut buf), Err(Errno::EMSGSIZE));
    a.send(b"12345")?;
    assert_eq!(b.recv_with_flags(&mut buf, MessageFlags::TRUNC), Ok(5));
    a.send(b"")?;
    a.shutdown(Shutdown::Write)?;
    assert_eq!(b.recv_or_eof(&mut buf), Ok(Some(0)));
    assert_eq!(b.recv_or_eof(&mut buf), Ok(None));
    b.set_pass_credentials(false)?;
    assert_eq!(b.recv_or_eof(&mut buf), Err(Errno::EINVAL));
    Ok(())
}
