//! Control messages: what is sent arrives, and every file descriptor has one owner.

use core::{mem, slice};
use freestanding::raw;
use linux_raw_sys::general::{CAP_SYS_ADMIN, F_GETFD, FD_CLOEXEC, PROT_NONE};
use linux_raw_sys::net::{SCM_CREDENTIALS, SCM_RIGHTS, SOL_SOCKET};
use linux_socketpair::{
    AsFd, AsRawFd, BorrowedFd, ControlMessage, Credentials, Errno, IoSlice, IoSliceMut, MessageFlags, OwnedFd,
    Received, RecvControl, SendControl, Socket, UnixDatagram, UnixSeqpacket, UnixStream, fd, kind::Kind, space,
};

use crate::bytes::pair;
use crate::report::{Needs, Otherwise, Outcome, Report, missing, must, requires, same, since, tests};

const NO_PIDFD: Needs = Needs::Kernel("it has no SO_PASSPIDFD");
pub const NO_CTRUNC: Needs = Needs::Kernel("it doesn't set MSG_CTRUNC");
const SCM_PIDFD: i32 = 4;

/// Declares a `SendControl` or a `RecvControl` over so many words of memory.
macro_rules! declare {
    ($name:ident: $Control:ident, $words:expr) => {
        let mut memory = [core::mem::MaybeUninit::uninit(); $words];
        let mut $name = $Control::new(&mut memory);
    };
}
pub(crate) use declare;

/// Sends one byte with `count` copies of the descriptor `fd`.
pub fn send<T: Kind>(from: &Socket<T>, fd: &impl AsFd, count: usize) -> Result<usize, Errno> {
    declare!(control: SendControl, space::rights(254));
    control.push_rights([fd.as_fd(); 254].into_iter().take(count))?;
    from.send_message(&[IoSlice::new(b"x")], &control)
}

fn recv<T: Kind>(to: &Socket<T>, control: &mut RecvControl<'_>) -> Result<Received, Errno> {
    to.recv_message(&mut [IoSliceMut::new(&mut [0; 4])], control)
}

/// How many descriptors come with the next byte.
pub fn recv_count<T: Kind>(to: &Socket<T>) -> Result<usize, Errno> {
    declare!(control: RecvControl, space::rights(253));
    recv(to, &mut control)?;
    Ok(control.descriptors()?.count())
}

/// How many descriptors were received and not taken, including those of a truncated message. They are closed.
fn count(control: &mut RecvControl<'_>) -> usize {
    let mut count = 0;
    for message in control.partial_messages() {
        if let ControlMessage::Rights(rights) = message {
            count += rights.count();
        }
    }
    count
}

/// Runs each test with a limit of many descriptors, and requires that as many are open afterwards as before.
pub struct NothingLeaks<'a>(pub &'a mut Report);

impl NothingLeaks<'_> {
    pub fn test(&mut self, needs: Needs, name: &str, test: fn() -> Outcome) {
        self.0.test(needs, name, || {
            raw::limit_descriptors(1024);
            let before = raw::count_descriptors();
            let outcome = test();
            let after = raw::count_descriptors();
            raw::limit_descriptors(64);
            outcome?;
            same!(after, before);
            Ok(())
        });
    }
}

pub fn tests(report: &mut Report) {
    let mut report = NothingLeaks(report);
    tests! { report;
        each kind "0 to 253 descriptors are passed": counts;
        each kind "recv closes the descriptors that come with the bytes": plain_recv;
        each kind "descriptors received with PEEK are owned, and arrive again": peeked;
        each kind "credentials arrive whether the sender sends them or the kernel adds them": credentials;
        "passing 254 descriptors is EINVAL": too_many;
        "a passed descriptor refers to the same open file, and is close-on-exec": same_file;
        "passing a descriptor that is not open is EBADF": not_open;
        "descriptors of different owners arrive in the order in which they were added": positions;
        "adding what there is no memory for is ENOBUFS, and keeps what was added before": full;
        "a control message of any level and type is sent": any_message;
        "descriptors that are not taken are closed": not_taken;
        "descriptors that are not taken are closed though others were": taken_in_part;
        "descriptors in a control message that is skipped are closed": skipped_message;
        "descriptors of an earlier message are closed when the memory is used again": used_again;
        "no descriptor is returned twice": never_twice;
        "descriptors that come with a truncated message are owned": truncated_message;
        (NO_CTRUNC) "too little memory is reported, and what arrived is owned": too_little_memory;
        (NO_CTRUNC) "no memory at all is reported": no_memory;
        (NO_CTRUNC) "recv_or_eof closes the descriptors that come with the message": recv_or_eof;
        "too few free descriptors are reported, and what arrived is owned": too_few_free;
        "set_max_descriptors is exact: descriptors beyond it are closed, and that is reported": max_descriptors;
        "set_close_on_exec(false) makes received descriptors inheritable": close_on_exec;
        "credentials of a process that doesn't exist are ESRCH, or EPERM without CAP_SYS_ADMIN": no_such_process;
        "credentials and descriptors arrive together, both complete": several;
        "several messages of descriptors arrive as one": merged;
        "as_raw_parts and set_received serve the caller's own recvmsg": raw_parts;
        "an errno in the place of a descriptor is returned in its position": errno_in_position;
        (NO_PIDFD) "a pidfd comes with each message, close-on-exec": pidfd;
        (NO_PIDFD) "a pidfd that is not taken is closed": pidfd_not_taken;
        (NO_PIDFD) "a pidfd for which no descriptor is free is EMFILE in its place": pidfd_without_room;
        (NO_PIDFD) "a call that fails after it has installed a pidfd leaks nothing": fails_with_pidfd;
        "at end of stream there are no credentials, and no pidfd": end_of_stream;
        "a security label arrives if and only if a security module has labels": security;
        "descriptors and credentials pass between processes": between_processes;
    }
}

fn counts<T: Kind>() -> Outcome {
    let (a, b) = must!(pair::<T>());
    for sent in [0, 1, 2, 3, 64, 252, 253] {
        same!(send(&a, &a, sent), 1);
        declare!(control: RecvControl, space::rights(253));
        let received = must!(recv(&b, &mut control));
        same!(received.len, 1);
        same!(received.flags.contains(MessageFlags::CTRUNC), false);
        same!(control.is_truncated(), false);
        same!(control.is_empty(), sent == 0);
        same!(must!(control.messages()).count(), usize::from(sent > 0));
        same!(must!(control.descriptors()).count(), sent);
        same!(must!(control.descriptors()).count(), 0);
    }
    Ok(())
}

/// Since Linux 2.6.38; before, 255 were accepted.
fn too_many() -> Outcome {
    requires!(3, 0);
    let (a, _b) = must!(UnixStream::pair());
    same!(send(&a, &a, 254), Errno::EINVAL);
    Ok(())
}

fn same_file() -> Outcome {
    let (a, b) = must!(UnixStream::pair());
    let (c, d) = must!(UnixSeqpacket::pair());
    must!(send(&a, &c, 1));
    drop(c);
    declare!(control: RecvControl, space::rights(1));
    must!(recv(&b, &mut control));
    let Some(passed) = must!(control.descriptors()).next() else {
        missing!();
    };
    let passed = must!(UnixSeqpacket::try_from(must!(passed)).map_err(Errno::from));
    same!(raw::fcntl(passed.as_raw_fd(), F_GETFD), FD_CLOEXEC);
    same!(passed.send(b"through"), 7);
    same!(d.recv(&mut [0; 8]), 7);
    drop(passed);
    same!(d.recv(&mut [0; 8]), 0);
    Ok(())
}

fn not_open() -> Outcome {
    let (a, _b) = must!(UnixStream::pair());
    // SAFETY: it is not open, which is what is tested; this program has one thread.
    let closed = unsafe { BorrowedFd::borrow_raw(999) };
    same!(send(&a, &closed, 1), Errno::EBADF);
    Ok(())
}

fn positions() -> Outcome {
    let (a, b) = must!(UnixStream::pair());
    let (c, d) = must!(UnixDatagram::pair());
    let owned: OwnedFd = must!(d.try_clone()).into();
    declare!(sent: SendControl, space::rights(2) + space::rights(1));
    must!(sent.push_rights([a.as_fd(), c.as_fd()]));
    must!(sent.push_rights(slice::from_ref(&owned).iter().map(AsFd::as_fd)));
    must!(a.send_message(&[IoSlice::new(b"x")], &sent));
    declare!(control: RecvControl, space::rights(3));
    must!(recv(&b, &mut control));
    let mut descriptors = must!(control.descriptors());
    let mut next = || descriptors.next().unwrap_or(Err(Errno::ENODATA));
    let [first, second, third] = [must!(next()), must!(next()), must!(next())];
    same!(next().map(drop), Errno::ENODATA);
    same!(UnixStream::borrow_fd(&first).map(drop), 0);
    let second = must!(UnixDatagram::borrow_fd(&second));
    same!(second.send(b"second"), 6);
    same!(must!(UnixDatagram::borrow_fd(&third)).recv(&mut [0; 8]), 6);
    Ok(())
}

fn full() -> Outcome {
    let (a, b) = must!(UnixStream::pair());
    declare!(control: SendControl, space::rights(2));
    must!(control.push_rights([a.as_fd(); 2]));
    same!(control.push_rights([a.as_fd()]), Errno::ENOBUFS);
    same!(control.push_rights([a.as_fd(); 8]), Errno::ENOBUFS);
    let own = must!(a.peer_credentials());
    same!(control.push_credentials(own), Errno::ENOBUFS);
    // SAFETY: there is no descriptor in it.
    same!(unsafe { control.push(0, 0, &[]) }, Errno::ENOBUFS);
    must!(a.send_message(&[IoSlice::new(b"x")], &control));
    same!(recv_count(&b), 2);
    control.clear();
    must!(control.push_rights([a.as_fd()]));
    must!(a.send_message(&[IoSlice::new(b"x")], &control));
    same!(recv_count(&b), 1);
    same!(SendControl::new(&mut []).push_rights([]), Errno::ENOBUFS);
    Ok(())
}

/// Credentials as bytes, which the kernel accepts, and a pidfd, which it rejects.
fn any_message() -> Outcome {
    let (a, b) = must!(UnixStream::pair());
    must!(b.set_pass_credentials(true));
    let own = must!(a.peer_credentials());
    let mut payload = [0; 12];
    for (place, number) in payload.chunks_exact_mut(4).zip([own.pid as u32, own.uid, own.gid]) {
        place.copy_from_slice(&number.to_ne_bytes());
    }
    declare!(sent: SendControl, space::payload(12));
    // SAFETY: there is no descriptor in it.
    must!(unsafe { sent.push(SOL_SOCKET as i32, SCM_CREDENTIALS as i32, &payload) });
    must!(a.send_message(&[IoSlice::new(b"x")], &sent));
    declare!(control: RecvControl, space::CREDENTIALS);
    must!(recv(&b, &mut control));
    expect_credentials(&mut control, own)?;
    sent.clear();
    // SAFETY: the kernel accepts no such message.
    must!(unsafe { sent.push(SOL_SOCKET as i32, SCM_PIDFD, &[0; 4]) });
    same!(a.send_message(&[IoSlice::new(b"x")], &sent), Errno::EINVAL);
    Ok(())
}

fn not_taken() -> Outcome {
    let (a, b) = must!(UnixStream::pair());
    must!(send(&a, &a, 9));
    declare!(control: RecvControl, space::rights(9));
    let before = raw::count_descriptors();
    must!(recv(&b, &mut control));
    same!(raw::count_descriptors(), before + 9);
    drop(control);
    same!(raw::count_descriptors(), before);
    Ok(())
}

fn taken_in_part() -> Outcome {
    let (a, b) = must!(UnixStream::pair());
    must!(send(&a, &a, 9));
    declare!(control: RecvControl, space::rights(9));
    let before = raw::count_descriptors();
    must!(recv(&b, &mut control));
    let mut descriptors = must!(control.descriptors());
    let taken = [descriptors.next(), descriptors.next(), descriptors.next()];
    same!(raw::count_descriptors(), before + 9);
    control.clear();
    same!(raw::count_descriptors(), before + 3);
    drop(taken);
    same!(raw::count_descriptors(), before);
    Ok(())
}

/// Credentials come first. Their 12 bytes end within a word, and what follows must be found.
fn skipped_message() -> Outcome {
    let (a, b) = must!(UnixStream::pair());
    must!(b.set_pass_credentials(true));
    must!(send(&a, &a, 5));
    let before = raw::count_descriptors();
    declare!(control: RecvControl, space::CREDENTIALS + space::rights(5));
    must!(recv(&b, &mut control));
    same!(raw::count_descriptors(), before + 5);
    let first = must!(control.messages()).next();
    same!(matches!(first, Some(ControlMessage::Credentials(_))), true);
    drop(control);
    same!(raw::count_descriptors(), before);
    Ok(())
}

fn used_again() -> Outcome {
    let (a, b): (UnixSeqpacket, UnixSeqpacket) = must!(pair());
    declare!(control: RecvControl, space::rights(9));
    let before = raw::count_descriptors();
    for count in [9, 1, 0, 4] {
        must!(send(&a, &a, count));
        must!(recv(&b, &mut control));
        same!(raw::count_descriptors(), before + count as u32);
    }
    same!(recv(&b, &mut control).map(|received| received.len), Errno::EAGAIN);
    same!(raw::count_descriptors(), before);
    same!(must!(control.messages()).count(), 0);
    Ok(())
}

fn never_twice() -> Outcome {
    let (a, b) = must!(UnixStream::pair());
    must!(send(&a, &a, 4));
    declare!(control: RecvControl, space::rights(4));
    must!(recv(&b, &mut control));
    let mut descriptors = must!(control.descriptors());
    let first = [descriptors.next(), descriptors.next()];
    same!(must!(control.descriptors()).map(mem::drop).count(), 2);
    same!(count(&mut control), 0);
    let open = first
        .iter()
        .flatten()
        .flatten()
        .filter(|fd| raw::fcntl(fd.as_raw_fd(), F_GETFD) >= 0)
        .count();
    same!(open, 2);
    Ok(())
}

fn plain_recv<T: Kind>() -> Outcome {
    let (a, b) = must!(pair::<T>());
    must!(send(&a, &a, 4));
    let before = raw::count_descriptors();
    same!(b.recv(&mut [0; 4]), 1);
    same!(raw::count_descriptors(), before);
    Ok(())
}

fn recv_or_eof() -> Outcome {
    let (a, b) = must!(UnixSeqpacket::pair());
    must!(b.set_pass_credentials(true));
    must!(send(&a, &a, 4));
    let before = raw::count_descriptors();
    same!(must!(b.recv_or_eof(&mut [0; 4])), Some(1));
    same!(raw::count_descriptors(), before);
    Ok(())
}

fn peeked<T: Kind>() -> Outcome {
    let (a, b) = must!(pair::<T>());
    must!(send(&a, &a, 2));
    for flags in [MessageFlags::PEEK, MessageFlags::PEEK, MessageFlags::empty()] {
        declare!(control: RecvControl, space::rights(2));
        must!(b.recv_message_with_flags(&mut [IoSliceMut::new(&mut [0; 4])], &mut control, flags));
        same!(must!(control.descriptors()).count(), 2);
    }
    Ok(())
}

fn truncated_message() -> Outcome {
    let (a, b): (UnixSeqpacket, UnixSeqpacket) = must!(pair());
    declare!(sent: SendControl, space::rights(2));
    must!(sent.push_rights([a.as_fd(), b.as_fd()]));
    must!(a.send_message(&[IoSlice::new(b"too long")], &sent));
    let before = raw::count_descriptors();
    declare!(control: RecvControl, space::rights(2));
    same!(recv(&b, &mut control).map(|received| received.len), Errno::EMSGSIZE);
    // The control messages are whole.
    same!(control.is_truncated(), false);
    same!(raw::count_descriptors(), before + 2);
    same!(must!(control.descriptors()).count(), 2);
    same!(raw::count_descriptors(), before);
    Ok(())
}

fn too_little_memory() -> Outcome {
    let (a, b) = must!(UnixStream::pair());
    for sent in [4, 5, 100] {
        must!(send(&a, &a, sent));
        let before = raw::count_descriptors();
        declare!(control: RecvControl, space::rights(3));
        let received = must!(recv(&b, &mut control));
        // The padding of three descriptors has room for another.
        let room = (space::rights(3) - space::rights(0)) * size_of::<usize>() / 4;
        let fits = sent <= room;
        same!(received.flags.contains(MessageFlags::CTRUNC), !fits);
        same!(control.is_truncated(), !fits);
        same!(control.messages().is_err(), !fits);
        same!(control.descriptors().is_err(), !fits);
        same!(raw::count_descriptors(), before + room as u32);
        same!(count(&mut control), room);
        same!(raw::count_descriptors(), before);
        // It is reported until the memory is used again.
        same!(control.is_truncated(), !fits);
        must!(a.send(b"x"));
        must!(recv(&b, &mut control));
        same!(must!(control.messages()).count(), 0);
    }
    Ok(())
}

fn no_memory() -> Outcome {
    let (a, b) = must!(UnixStream::pair());
    must!(send(&a, &a, 2));
    let before = raw::count_descriptors();
    let mut control = RecvControl::new(&mut []);
    must!(recv(&b, &mut control));
    same!(raw::count_descriptors(), before);
    same!(control.is_truncated(), true);
    same!(control.is_empty(), true);
    same!(
        control.messages().map(Iterator::count).map_err(Errno::from),
        Errno::ENOBUFS
    );
    same!(control.partial_messages().count(), 0);
    Ok(())
}

fn too_few_free() -> Outcome {
    let (a, b) = must!(UnixStream::pair());
    must!(send(&a, &a, 6));
    let open = raw::count_descriptors();
    raw::leave_free(2);
    declare!(control: RecvControl, space::rights(6));
    let received = recv(&b, &mut control);
    raw::limit_descriptors(1024);
    same!(must!(received).flags.contains(MessageFlags::CTRUNC), true);
    same!(control.messages().is_err(), true);
    same!(control.descriptors().map(Iterator::count), Errno::ENOBUFS);
    same!(raw::count_descriptors(), open + 2);
    same!(count(&mut control), 2);
    same!(raw::count_descriptors(), open);
    Ok(())
}

fn max_descriptors() -> Outcome {
    let (a, b) = must!(UnixStream::pair());
    declare!(control: RecvControl, space::rights(9));
    for (sent, max) in [(3, 3), (4, 3), (3, 2), (9, 1), (1, 0), (0, 0), (9, 9), (9, usize::MAX)] {
        must!(send(&a, &a, sent));
        control.set_max_descriptors(max);
        control.clear();
        let before = raw::count_descriptors();
        must!(recv(&b, &mut control));
        let kept = sent.min(max);
        same!(raw::count_descriptors(), before + kept as u32);
        same!(control.is_truncated(), sent > max);
        same!(control.messages().is_err(), sent > max);
        same!(count(&mut control), kept);
    }
    Ok(())
}

fn close_on_exec() -> Outcome {
    let (a, b) = must!(UnixStream::pair());
    let has_pidfd = b.set_pass_pidfd(true).is_ok();
    declare!(control: RecvControl, space::PIDFD + space::rights(2));
    for on in [true, false, true] {
        control.set_close_on_exec(on);
        must!(send(&a, &a, 2));
        must!(recv(&b, &mut control));
        let mut pidfds = 0;
        for message in must!(control.messages()) {
            match message {
                ControlMessage::Rights(rights) => {
                    for fd in rights {
                        same!(fd::is_close_on_exec(must!(fd)), on);
                    }
                }
                ControlMessage::Pidfd(pidfd) => {
                    pidfds += 1;
                    same!(fd::is_close_on_exec(must!(pidfd)), true);
                }
                _ => missing!(),
            }
        }
        same!(pidfds == 1, has_pidfd);
    }
    Ok(())
}

fn expect_credentials(control: &mut RecvControl<'_>, expected: Credentials) -> Outcome {
    match must!(control.messages()).next() {
        Some(ControlMessage::Credentials(seen)) => {
            same!(seen.pid, expected.pid);
            same!(seen.uid, expected.uid);
            same!(seen.gid, expected.gid);
            Ok(())
        }
        _ => missing!(),
    }
}

fn credentials<T: Kind>() -> Outcome {
    let (a, b) = must!(pair::<T>());
    let own = must!(a.peer_credentials());
    same!(own.pid, raw::getpid());
    must!(b.set_pass_credentials(true));
    declare!(control: RecvControl, space::CREDENTIALS);
    must!(a.send(b"x"));
    must!(recv(&b, &mut control));
    expect_credentials(&mut control, own)?;
    declare!(sent: SendControl, space::CREDENTIALS);
    must!(sent.push_credentials(own));
    must!(a.send_message(&[IoSlice::new(b"x")], &sent));
    must!(recv(&b, &mut control));
    expect_credentials(&mut control, own)?;
    must!(b.set_pass_credentials(false));
    must!(a.send(b"x"));
    must!(recv(&b, &mut control));
    same!(control.is_empty(), true);
    Ok(())
}

/// Before Linux 3.0 the kernel doesn't check that the process exists. CAP_SYS_ADMIN counts if it is one of the user
/// namespace that owns the PID namespace: only then a process may send its parent's process ID.
fn no_such_process() -> Outcome {
    requires!(3, 0);
    let (a, _b) = must!(UnixStream::pair());
    let own = must!(a.peer_credentials());
    let send_as = |pid| {
        declare!(control: SendControl, space::CREDENTIALS);
        control.push_credentials(Credentials { pid, ..own })?;
        a.send_message(&[IoSlice::new(b"x")], &control)
    };
    let parent = raw::getpid();
    let is_privileged = raw::in_child(|| (send_as(parent) == Err(Errno::EPERM)).into()) == 0;
    same!(is_privileged && !raw::has_capability(CAP_SYS_ADMIN), false);
    same!(
        send_as(i32::MAX),
        if is_privileged { Errno::ESRCH } else { Errno::EPERM }
    );
    Ok(())
}

fn several() -> Outcome {
    let (a, b) = must!(UnixDatagram::pair());
    must!(b.set_pass_credentials(true));
    let own = must!(a.peer_credentials());
    declare!(sent: SendControl, space::rights(3) + space::CREDENTIALS);
    must!(sent.push_rights([a.as_fd(), b.as_fd(), a.as_fd()]));
    must!(sent.push_credentials(own));
    must!(a.send_message(&[IoSlice::new(b"x")], &sent));
    declare!(control: RecvControl, space::rights(3) + space::CREDENTIALS);
    must!(recv(&b, &mut control));
    expect_credentials(&mut control, own)?;
    same!(must!(control.messages()).count(), 2);
    // `descriptors` finds them behind the other message.
    same!(must!(control.descriptors()).count(), 3);
    Ok(())
}

fn merged() -> Outcome {
    let (a, b) = must!(UnixSeqpacket::pair());
    declare!(sent: SendControl, 3 * space::rights(2));
    for _ in 0..3 {
        must!(sent.push_rights([a.as_fd(), b.as_fd()]));
    }
    must!(a.send_message(&[IoSlice::new(b"x")], &sent));
    declare!(control: RecvControl, space::rights(6));
    must!(recv(&b, &mut control));
    same!(must!(control.messages()).count(), 1);
    same!(must!(control.descriptors()).count(), 6);
    Ok(())
}

fn raw_parts() -> Outcome {
    if raw::SOCKETCALL.is_some() {
        requires!(4, 3);
    }
    let (a, b) = must!(UnixStream::pair());
    declare!(control: RecvControl, space::rights(4));
    let before = raw::count_descriptors();
    for (sent, max) in [(4, usize::MAX), (2, usize::MAX), (4, 3)] {
        control.set_max_descriptors(max);
        must!(send(&a, &a, sent));
        let (address, len) = control.as_raw_parts();
        same!(len, space::rights(4) * size_of::<usize>());
        same!(raw::count_descriptors(), before);
        // SAFETY: the memory is the buffer's, and one call writes to it.
        unsafe {
            let (received, len, flags) = raw::recvmsg(b.as_raw_fd(), &mut 0, address, len);
            same!(received, 1);
            control.set_received(len, MessageFlags::from_bits_retain(flags));
        }
        same!(raw::count_descriptors(), before + sent.min(max) as u32);
        same!(control.is_truncated(), sent > max);
    }
    same!(count(&mut control), 3);
    // As if after a call that was not made.
    let (_, len) = control.as_raw_parts();
    // SAFETY: no call has written to the memory.
    unsafe { control.set_received(len, MessageFlags::empty()) };
    same!(must!(control.messages()).count(), 0);
    Ok(())
}

/// With SO_RIGHTS_NOTRUNC, since Linux 7.3, a descriptor that a security module denies is an errno in its place.
fn errno_in_position() -> Outcome {
    let (a, b) = must!(UnixStream::pair());
    let open = [must!(a.try_clone()), must!(b.try_clone())].map(linux_socketpair::IntoRawFd::into_raw_fd);
    declare!(control: RecvControl, space::rights(4));
    let (address, _) = control.as_raw_parts();
    let header = (space::rights(0) * size_of::<usize>()) / 4;
    let ints = [
        open[0],
        -Errno::EACCES.raw_os_error(),
        -Errno::EPERM.raw_os_error(),
        open[1],
    ];
    // SAFETY: it is the memory of a message, written as the kernel would, and the descriptors are given up to it.
    unsafe {
        let at = address.cast::<i32>();
        address.cast::<usize>().write(4 * (header + ints.len()));
        at.add(header - 2).write(SOL_SOCKET as i32);
        at.add(header - 1).write(SCM_RIGHTS as i32);
        at.add(header).cast::<[i32; 4]>().write(ints);
        control.set_received(4 * (header + ints.len()), MessageFlags::empty());
    }
    let mut descriptors = must!(control.descriptors());
    same!(descriptors.next().map(|fd| fd.map(|fd| fd.as_raw_fd())), open[0]);
    same!(descriptors.next().map(|fd| fd.map(drop)), Errno::EACCES);
    same!(descriptors.next().map(|fd| fd.map(drop)), Errno::EPERM);
    // The last is closed with the buffer.
    drop(control);
    same!(raw::fcntl(open[1], F_GETFD), Errno::EBADF);
    Ok(())
}

fn pidfd() -> Outcome {
    let (a, b) = must!(UnixStream::pair());
    since!((6, 5), b.set_pass_pidfd(true));
    must!(a.send(b"x"));
    declare!(control: RecvControl, space::PIDFD);
    must!(recv(&b, &mut control));
    same!(must!(control.descriptors()).count(), 0);
    let Some(ControlMessage::Pidfd(pidfd)) = must!(control.messages()).next() else {
        missing!();
    };
    same!(fd::is_close_on_exec(must!(pidfd)), true);
    same!(must!(control.messages()).count(), 0);
    Ok(())
}

fn pidfd_not_taken() -> Outcome {
    let (a, b) = must!(UnixStream::pair());
    since!((6, 5), b.set_pass_pidfd(true));
    let before = raw::count_descriptors();
    must!(send(&a, &a, 2));
    declare!(control: RecvControl, space::PIDFD + space::rights(2));
    must!(recv(&b, &mut control));
    same!(raw::count_descriptors(), before + 3);
    control.clear();
    same!(raw::count_descriptors(), before);
    must!(send(&a, &a, 2));
    must!(recv(&b, &mut control));
    for message in must!(control.messages()) {
        drop(message);
    }
    same!(raw::count_descriptors(), before + 2);
    Ok(())
}

fn pidfd_without_room() -> Outcome {
    let (a, b) = must!(UnixStream::pair());
    since!((6, 5), b.set_pass_pidfd(true));
    must!(a.send(b"x"));
    raw::leave_free(0);
    declare!(control: RecvControl, space::PIDFD);
    let received = recv(&b, &mut control);
    raw::limit_descriptors(1024);
    must!(received);
    let Some(ControlMessage::Pidfd(pidfd)) = must!(control.messages()).next() else {
        missing!();
    };
    same!(pidfd.map(drop), Errno::EMFILE);
    Ok(())
}

/// The kernel installs the pidfd, and then can't write the byte. The first part shows that it does so.
fn fails_with_pidfd() -> Outcome {
    let inaccessible = raw::two_pages(PROT_NONE).wrapping_add(raw::PAGE);
    let (a, b) = must!(UnixStream::pair());
    since!((6, 5), b.set_pass_pidfd(true));
    must!(send(&a, &a, 2));
    let before = raw::open_descriptors();
    let mut memory = [0_usize; space::PIDFD + space::rights(2)];
    // SAFETY: the memory is this call's, and the kernel checks the address.
    let (result, ..) = unsafe {
        raw::recvmsg(
            b.as_raw_fd(),
            inaccessible,
            memory.as_mut_ptr().cast(),
            size_of_val(&memory),
        )
    };
    same!(result, Errno::EFAULT);
    let installs = raw::open_descriptors() != before;
    raw::close_since(before);

    // SAFETY: nothing but the kernel accesses it, which checks.
    let inaccessible = unsafe { slice::from_raw_parts_mut(inaccessible, 1) };
    for flags in [MessageFlags::PEEK, MessageFlags::empty()] {
        must!(send(&a, &a, 2));
        declare!(control: RecvControl, space::PIDFD + space::rights(2));
        same!(
            b.recv_message_with_flags(&mut [IoSliceMut::new(inaccessible)], &mut control, flags)
                .map(|received| received.len),
            Errno::EFAULT
        );
        same!(control.is_empty(), true);
        same!(control.partial_messages().count(), 0);
        same!(raw::open_descriptors(), before);
    }
    if installs {
        Ok(())
    } else {
        Err(Otherwise::Skipped("this kernel installs none"))
    }
}

/// At end of stream the kernel reports a sender, though there is none.
fn end_of_stream() -> Outcome {
    let (a, b) = must!(UnixStream::pair());
    must!(b.set_pass_credentials(true));
    let _ = b.set_pass_pidfd(true);
    drop(a);
    let before = raw::count_descriptors();
    declare!(control: RecvControl, space::CREDENTIALS + space::PIDFD);
    for _ in 0..2 {
        same!(must!(recv(&b, &mut control)).len, 0);
        same!(control.is_empty(), true);
        same!(must!(control.messages()).count(), 0);
        same!(raw::count_descriptors(), before);
    }
    Ok(())
}

fn security() -> Outcome {
    const NO_LABELS: Outcome = Err(Otherwise::Skipped("this kernel's security modules have no labels"));
    let (a, b) = must!(UnixStream::pair());
    match b.set_pass_security(true) {
        Err(Errno::EOPNOTSUPP) => return NO_LABELS,
        result => must!(result),
    }
    let labels = b.peer_security_len().is_ok();
    must!(a.send(b"x"));
    declare!(control: RecvControl, space::payload(256));
    must!(recv(&b, &mut control));
    let label = must!(control.messages())
        .any(|message| matches!(message, ControlMessage::Security(label) if !label.is_empty()));
    same!(label && !labels, false);
    if labels { Ok(()) } else { NO_LABELS }
}

fn between_processes() -> Outcome {
    let (a, b) = must!(UnixSeqpacket::pair());
    let (c, d) = must!(UnixStream::pair());
    must!(b.set_pass_credentials(true));
    let status = raw::beside_child(
        || send(&a, &c, 2).is_err().into(),
        || {
            declare!(control: RecvControl, space::rights(2) + space::CREDENTIALS);
            must!(recv(&b, &mut control));
            let Some(ControlMessage::Credentials(sender)) = must!(control.messages()).next() else {
                missing!();
            };
            same!(sender.pid > 0 && sender.pid != raw::getpid(), true);
            for passed in must!(control.descriptors()) {
                same!(must!(UnixStream::borrow_fd(&must!(passed))).send(b"x"), 1);
            }
            same!(d.recv(&mut [0; 4]), 2);
            Ok(())
        },
    )?;
    same!(status, 0);
    Ok(())
}
