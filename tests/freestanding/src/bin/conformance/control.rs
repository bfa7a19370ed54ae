//! Control messages: what is sent arrives, and every descriptor has one owner.

use core::mem;
use freestanding::raw;
use linux_raw_sys::general::{F_GETFD, FD_CLOEXEC};
use linux_socketpair::{
    ControlMessage, Credentials, Descriptor, Domain, Errno, IoSlice, IoSliceMut, MessageFlags, Received, RecvControl,
    Rights, SendControl, Socket, SocketFlags, SocketType, space,
};

use crate::pairs::TYPES;
use crate::report::{Needs, Otherwise, Outcome, Report, missing, must, same, since};

const NONE: MessageFlags = MessageFlags::empty();
const NO_PIDFD: Needs = Needs::Kernel("it has no SO_PASSPIDFD");

fn pair(ty: SocketType) -> Result<[Socket; 2], Errno> {
    Socket::pair(Domain::UNIX, ty, SocketFlags::NONBLOCK, 0)
}

/// Sends one byte, and `count` times `descriptor` with it.
fn send(from: &Socket, descriptor: &impl AsRef<Descriptor>, count: usize) -> Result<usize, Errno> {
    let mut control = SendControl::<{ space::rights(254) }>::new();
    let descriptors = [descriptor; 254];
    control.rights(&descriptors[..count])?;
    from.send_message(&[IoSlice::new(b"x")], &control, NONE)
}

fn recv<const WORDS: usize>(to: &Socket, control: &mut RecvControl<WORDS>) -> Result<Received, Errno> {
    to.recv_message(&mut [IoSliceMut::new(&mut [0; 4])], control, NONE)
}

/// The descriptors of the first message that carries some.
fn rights<const WORDS: usize>(control: &mut RecvControl<WORDS>) -> Option<Rights<'_>> {
    let mut messages = match control.messages() {
        Ok(messages) => messages,
        Err(truncated) => truncated.into_messages(),
    };
    messages.find_map(|message| match message {
        ControlMessage::Rights(rights) => Some(rights),
        _ => None,
    })
}

/// Runs a test with room for many descriptors, after which as many are open as before.
fn nothing_leaks(test: impl FnOnce() -> Outcome) -> Outcome {
    raw::limit_descriptors(1024);
    let before = raw::count_descriptors();
    let outcome = test();
    let after = raw::count_descriptors();
    raw::limit_descriptors(64);
    outcome?;
    same!(after, before);
    Ok(())
}

pub fn tests(report: &mut Report) {
    let mut test = |needs, name: &str, test: fn() -> Outcome| report.test(needs, name, || nothing_leaks(test));
    test(Needs::Calls, "0 to 253 descriptors are passed, on each type", counts);
    test(Needs::Calls, "254 descriptors: EINVAL", || {
        let [a, _b] = must!(pair(SocketType::STREAM));
        same!(send(&a, &a, 254), Errno::EINVAL);
        Ok(())
    });
    test(
        Needs::Calls,
        "a passed descriptor is the same open file, closed on exec",
        same_file,
    );
    test(Needs::Calls, "a descriptor that is not open: EBADF", || {
        let [a, _b] = must!(pair(SocketType::STREAM));
        // SAFETY: not open, which is what is tested; this program has one thread.
        let closed = unsafe { Descriptor::borrow_raw(&999) };
        same!(send(&a, closed, 1), Errno::EBADF);
        Ok(())
    });
    test(
        Needs::Calls,
        "too little space to send: ENOBUFS, and what was added before stays",
        full,
    );
    test(Needs::Calls, "descriptors that nobody asks for are closed", nobody_asks);
    test(
        Needs::Calls,
        "descriptors that are taken in part: the rest are closed",
        taken_in_part,
    );
    test(
        Needs::Calls,
        "descriptors of a message that is passed over are closed, whatever is before it",
        passed_over,
    );
    test(
        Needs::Calls,
        "descriptors of an earlier message are closed when the space is used again",
        used_again,
    );
    test(Needs::Calls, "nothing is handed over twice", never_twice);
    test(
        Needs::Calls,
        "a plain recv of a message with descriptors closes them",
        plain_recv,
    );
    test(
        Needs::Calls,
        "descriptors that come with a message too long for its buffer are owned",
        cut_message,
    );
    test(Needs::Calls, "peeked descriptors are owned, and arrive again", peeked);
    test(
        Needs::Kernel("it doesn't set MSG_CTRUNC"),
        "too little space: told, and what arrived is owned",
        truncated,
    );
    test(
        Needs::Kernel("it doesn't set MSG_CTRUNC"),
        "no space at all: told",
        no_space,
    );
    test(
        Needs::Calls,
        "too few free descriptors: told, and what arrived is owned",
        too_few_free,
    );
    test(
        Needs::Calls,
        "credentials: the kernel's when asked for, the sender's own",
        credentials,
    );
    test(
        Needs::Calls,
        "credentials of a process that doesn't exist: ESRCH",
        || {
            let [a, _b] = must!(pair(SocketType::STREAM));
            let mut control = SendControl::<{ space::CREDENTIALS }>::new();
            must!(control.credentials(Credentials {
                pid: i32::MAX,
                uid: 0,
                gid: 0
            }));
            same!(a.send_message(&[IoSlice::new(b"x")], &control, NONE), Errno::ESRCH);
            Ok(())
        },
    );
    test(
        Needs::Calls,
        "credentials and descriptors come in one message, both whole",
        several,
    );
    test(Needs::Calls, "several messages of descriptors arrive as one", merged);
    test(
        NO_PIDFD,
        "a pidfd comes with each message when asked for, closed on exec",
        pidfd,
    );
    test(NO_PIDFD, "a pidfd that nobody takes is closed", pidfd_not_taken);
    test(
        NO_PIDFD,
        "a pidfd for which no descriptor is free is an errno, not a descriptor",
        pidfd_refused,
    );
    test(
        Needs::Calls,
        "a security label comes where there are labels, and nowhere else",
        security,
    );
    test(Needs::Calls, "descriptors go to another process", between_processes);
}

fn counts() -> Outcome {
    for ty in TYPES {
        let [a, b] = must!(pair(ty));
        for count in [0, 1, 2, 3, 64, 252, 253] {
            same!(send(&a, &a, count), 1);
            let mut control = RecvControl::<{ space::rights(253) }>::new();
            let received = must!(recv(&b, &mut control));
            same!(received.len, 1);
            same!(received.flags.contains(MessageFlags::CTRUNC), false);
            same!(must!(control.messages()).count(), usize::from(count > 0));
            same!(rights(&mut control).map_or(0, Iterator::count), count);
        }
    }
    Ok(())
}

fn same_file() -> Outcome {
    let [a, b] = must!(pair(SocketType::STREAM));
    let [c, d] = must!(pair(SocketType::SEQPACKET));
    must!(send(&a, &c, 1));
    drop(c);
    let mut control = RecvControl::<{ space::rights(1) }>::new();
    must!(recv(&b, &mut control));
    let passed = rights(&mut control)
        .and_then(|mut rights| rights.next())
        .map(Socket::from);
    let Some(passed) = passed else { missing!() };
    same!(raw::fcntl(passed.as_raw_fd(), F_GETFD), FD_CLOEXEC);
    same!(passed.send(b"through", NONE), 7);
    same!(d.recv(&mut [0; 8], NONE), 7);
    drop(passed);
    same!(d.recv(&mut [0; 8], NONE), 0);
    Ok(())
}

fn full() -> Outcome {
    let [a, b] = must!(pair(SocketType::STREAM));
    let descriptors = [&a; 8];
    let mut control = SendControl::<{ space::rights(2) }>::new();
    must!(control.rights(&descriptors[..2]));
    same!(control.rights(&descriptors[..1]), Errno::ENOBUFS);
    same!(control.rights(&descriptors), Errno::ENOBUFS);
    same!(
        control.credentials(Credentials { pid: 1, uid: 0, gid: 0 }),
        Errno::ENOBUFS
    );
    must!(a.send_message(&[IoSlice::new(b"x")], &control, NONE));
    let mut control = RecvControl::<{ space::rights(8) }>::new();
    must!(recv(&b, &mut control));
    same!(rights(&mut control).map_or(0, Iterator::count), 2);
    same!(SendControl::<0>::new().rights(&descriptors[..0]), Errno::ENOBUFS);
    Ok(())
}

fn nobody_asks() -> Outcome {
    let [a, b] = must!(pair(SocketType::STREAM));
    must!(send(&a, &a, 9));
    let mut control = RecvControl::<{ space::rights(9) }>::new();
    let before = raw::count_descriptors();
    must!(recv(&b, &mut control));
    same!(raw::count_descriptors(), before + 9);
    drop(control);
    same!(raw::count_descriptors(), before);
    Ok(())
}

fn taken_in_part() -> Outcome {
    let [a, b] = must!(pair(SocketType::STREAM));
    must!(send(&a, &a, 9));
    let mut control = RecvControl::<{ space::rights(9) }>::new();
    let before = raw::count_descriptors();
    must!(recv(&b, &mut control));
    let taken = rights(&mut control).map(|mut rights| [rights.next(), rights.next(), rights.next()]);
    same!(raw::count_descriptors(), before + 9);
    control.clear();
    same!(raw::count_descriptors(), before + 3);
    drop(taken);
    same!(raw::count_descriptors(), before);
    Ok(())
}

/// Credentials come first, and with their 12 bytes end where no word does: whoever stops there must not lose what follows.
fn passed_over() -> Outcome {
    let [a, b] = must!(pair(SocketType::STREAM));
    must!(b.set_pass_credentials(true));
    must!(send(&a, &a, 5));
    let before = raw::count_descriptors();
    let mut control = RecvControl::<{ space::CREDENTIALS + space::rights(5) }>::new();
    must!(recv(&b, &mut control));
    same!(raw::count_descriptors(), before + 5);
    let first = must!(control.messages()).next();
    same!(matches!(first, Some(ControlMessage::Credentials(_))), true);
    drop(control);
    same!(raw::count_descriptors(), before);
    Ok(())
}

fn used_again() -> Outcome {
    let [a, b] = must!(pair(SocketType::SEQPACKET));
    let mut control = RecvControl::<{ space::rights(9) }>::new();
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
    let [a, b] = must!(pair(SocketType::STREAM));
    must!(send(&a, &a, 4));
    let mut control = RecvControl::<{ space::rights(4) }>::new();
    must!(recv(&b, &mut control));
    let first = rights(&mut control).map(|mut rights| [rights.next(), rights.next()]);
    same!(
        rights(&mut control).map_or(0, |rights| rights.map(mem::drop).count()),
        2
    );
    same!(rights(&mut control).map_or(0, Iterator::count), 0);
    let open = first
        .iter()
        .flatten()
        .flatten()
        .filter(|fd| raw::fcntl(fd.as_raw_fd(), F_GETFD) >= 0)
        .count();
    same!(open, 2);
    Ok(())
}

fn plain_recv() -> Outcome {
    let [a, b] = must!(pair(SocketType::STREAM));
    must!(send(&a, &a, 4));
    let before = raw::count_descriptors();
    same!(b.recv(&mut [0; 4], NONE), 1);
    same!(raw::count_descriptors(), before);
    Ok(())
}

fn cut_message() -> Outcome {
    let [a, b] = must!(pair(SocketType::SEQPACKET));
    let mut sent = SendControl::<{ space::rights(2) }>::new();
    let descriptors = [&a, &b];
    must!(sent.rights(&descriptors));
    must!(a.send_message(&[IoSlice::new(b"too long")], &sent, NONE));
    let before = raw::count_descriptors();
    let mut control = RecvControl::<{ space::rights(2) }>::new();
    same!(recv(&b, &mut control).map(|received| received.len), Errno::EMSGSIZE);
    same!(rights(&mut control).map_or(0, Iterator::count), 2);
    same!(raw::count_descriptors(), before);
    Ok(())
}

fn peeked() -> Outcome {
    let [a, b] = must!(pair(SocketType::SEQPACKET));
    must!(send(&a, &a, 2));
    for flags in [MessageFlags::PEEK, MessageFlags::PEEK, NONE] {
        let mut control = RecvControl::<{ space::rights(2) }>::new();
        must!(b.recv_message(&mut [IoSliceMut::new(&mut [0; 4])], &mut control, flags));
        same!(rights(&mut control).map_or(0, Iterator::count), 2);
    }
    Ok(())
}

fn truncated() -> Outcome {
    let [a, b] = must!(pair(SocketType::STREAM));
    for count in [4, 5, 100] {
        must!(send(&a, &a, count));
        let before = raw::count_descriptors();
        let mut control = RecvControl::<{ space::rights(3) }>::new();
        let received = must!(recv(&b, &mut control));
        // What pads three descriptors to a word has room for another.
        let room = (space::rights(3) * size_of::<usize>() - space::rights(0) * size_of::<usize>()) / 4;
        let fits = count == 4 && room == 4;
        same!(received.flags.contains(MessageFlags::CTRUNC), !fits);
        same!(control.messages().is_err(), !fits);
        same!(raw::count_descriptors(), before + room as u32);
        same!(rights(&mut control).map_or(0, Iterator::count), room);
        same!(raw::count_descriptors(), before);
    }
    Ok(())
}

fn no_space() -> Outcome {
    let [a, b] = must!(pair(SocketType::STREAM));
    must!(send(&a, &a, 2));
    let before = raw::count_descriptors();
    let mut control = RecvControl::<0>::new();
    must!(recv(&b, &mut control));
    same!(raw::count_descriptors(), before);
    same!(
        control.messages().map(Iterator::count).map_err(Errno::from),
        Errno::ENOBUFS
    );
    Ok(())
}

fn too_few_free() -> Outcome {
    let [a, b] = must!(pair(SocketType::STREAM));
    must!(send(&a, &a, 6));
    let open = raw::count_descriptors();
    raw::leave_free(2);
    let mut control = RecvControl::<{ space::rights(6) }>::new();
    let received = recv(&b, &mut control);
    raw::limit_descriptors(1024);
    same!(must!(received).flags.contains(MessageFlags::CTRUNC), true);
    same!(control.messages().is_err(), true);
    same!(raw::count_descriptors(), open + 2);
    same!(rights(&mut control).map_or(0, Iterator::count), 2);
    same!(raw::count_descriptors(), open);
    Ok(())
}

fn expect_credentials<const WORDS: usize>(control: &mut RecvControl<WORDS>, expected: Credentials) -> Outcome {
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

fn credentials() -> Outcome {
    for ty in TYPES {
        let [a, b] = must!(pair(ty));
        let own = must!(a.peer_credentials());
        same!(own.pid, raw::getpid());
        must!(b.set_pass_credentials(true));
        let mut control = RecvControl::<{ space::CREDENTIALS }>::new();
        must!(a.send(b"x", NONE));
        must!(recv(&b, &mut control));
        expect_credentials(&mut control, own)?;
        let mut sent = SendControl::<{ space::CREDENTIALS }>::new();
        must!(sent.credentials(own));
        must!(a.send_message(&[IoSlice::new(b"x")], &sent, NONE));
        must!(recv(&b, &mut control));
        expect_credentials(&mut control, own)?;
        must!(b.set_pass_credentials(false));
    }
    Ok(())
}

fn several() -> Outcome {
    let [a, b] = must!(pair(SocketType::DGRAM));
    must!(b.set_pass_credentials(true));
    let own = must!(a.peer_credentials());
    let mut sent = SendControl::<{ space::rights(3) + space::CREDENTIALS }>::new();
    let descriptors = [&a, &b, &a];
    must!(sent.rights(&descriptors));
    must!(sent.credentials(own));
    must!(a.send_message(&[IoSlice::new(b"x")], &sent, NONE));
    let mut control = RecvControl::<{ space::rights(3) + space::CREDENTIALS }>::new();
    must!(recv(&b, &mut control));
    expect_credentials(&mut control, own)?;
    same!(must!(control.messages()).count(), 2);
    same!(rights(&mut control).map_or(0, Iterator::count), 3);
    Ok(())
}

fn merged() -> Outcome {
    let [a, b] = must!(pair(SocketType::SEQPACKET));
    let mut sent = SendControl::<{ 3 * space::rights(2) }>::new();
    let descriptors = [&a, &b];
    for _ in 0..3 {
        must!(sent.rights(&descriptors));
    }
    must!(a.send_message(&[IoSlice::new(b"x")], &sent, NONE));
    let mut control = RecvControl::<{ space::rights(6) }>::new();
    must!(recv(&b, &mut control));
    same!(must!(control.messages()).count(), 1);
    same!(rights(&mut control).map_or(0, Iterator::count), 6);
    Ok(())
}

fn pidfd() -> Outcome {
    let [a, b] = must!(pair(SocketType::STREAM));
    since!((6, 5), b.set_pass_pidfd(true));
    must!(a.send(b"x", NONE));
    let mut control = RecvControl::<{ space::PIDFD }>::new();
    must!(recv(&b, &mut control));
    let Some(ControlMessage::Pidfd(pidfd)) = must!(control.messages()).next() else {
        missing!();
    };
    same!(must!(pidfd).is_close_on_exec(), true);
    same!(must!(control.messages()).count(), 0);
    Ok(())
}

fn pidfd_not_taken() -> Outcome {
    let [a, b] = must!(pair(SocketType::STREAM));
    since!((6, 5), b.set_pass_pidfd(true));
    let before = raw::count_descriptors();
    must!(send(&a, &a, 2));
    let mut control = RecvControl::<{ space::PIDFD + space::rights(2) }>::new();
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

fn pidfd_refused() -> Outcome {
    let [a, b] = must!(pair(SocketType::STREAM));
    since!((6, 5), b.set_pass_pidfd(true));
    must!(a.send(b"x", NONE));
    raw::leave_free(0);
    let mut control = RecvControl::<{ space::PIDFD }>::new();
    let received = recv(&b, &mut control);
    raw::limit_descriptors(1024);
    must!(received);
    let Some(ControlMessage::Pidfd(pidfd)) = must!(control.messages()).next() else {
        missing!();
    };
    same!(pidfd.map(drop), Errno::EMFILE);
    Ok(())
}

fn security() -> Outcome {
    let [a, b] = must!(pair(SocketType::STREAM));
    must!(b.set_pass_security(true));
    let labels = b.peer_security_len().is_ok();
    must!(a.send(b"x", NONE));
    let mut control = RecvControl::<{ space::security(256) }>::new();
    must!(recv(&b, &mut control));
    let label = must!(control.messages())
        .any(|message| matches!(message, ControlMessage::Security(label) if !label.is_empty()));
    same!(label && !labels, false);
    if labels {
        Ok(())
    } else {
        Err(Otherwise::Skipped("this kernel's security modules have no labels"))
    }
}

fn between_processes() -> Outcome {
    let [a, b] = must!(Socket::seqpacket_pair());
    let [c, d] = must!(pair(SocketType::STREAM));
    must!(b.set_pass_credentials(true));
    let status = raw::beside_child(
        || send(&a, &c, 2).is_err().into(),
        || {
            let mut control = RecvControl::<{ space::rights(2) + space::CREDENTIALS }>::new();
            must!(recv(&b, &mut control));
            let Some(ControlMessage::Credentials(sender)) = must!(control.messages()).next() else {
                missing!();
            };
            same!(sender.pid > 0 && sender.pid != raw::getpid(), true);
            for end in rights(&mut control).into_iter().flatten().map(Socket::from) {
                same!(end.send(b"x", NONE), 1);
            }
            same!(d.recv(&mut [0; 4], NONE), 2);
            Ok(())
        },
    )?;
    same!(status, 0);
    Ok(())
}
