//! Many messages per call.

use core::{slice, time::Duration};
use freestanding::raw;
use linux_raw_sys::general::PROT_NONE;
use linux_socketpair::{
    AsFd, BorrowedFd, ControlMessage, Errno, FromRawFd, IntoRawFd, IoSlice, IoSliceMut, MessageFlags, Received,
    RecvControl, RecvMessage, SendControl, SendMessage, Socket, SocketType, UnixSeqpacket, UnixStream, fd,
    kind::{Kind, Messages},
    space,
};

use crate::bytes::pair;
use crate::control::{NothingLeaks, declare, send};
use crate::report::{Needs, Outcome, Report, missing, must, same, tests};

/// recvmmsg(2)'s flag, which linux-raw-sys lacks.
const MSG_WAITFORONE: u32 = 0x1_0000;

const NO_CTRUNC: Needs =
    Needs::Kernel("it doesn't set MSG_CTRUNC, and installs descriptors that there is no memory for");

pub fn tests(report: &mut Report) {
    let needs = if receives() {
        Needs::Calls
    } else {
        Needs::Kernel("on riscv32 it has no recvmmsg")
    };
    let mut report = NothingLeaks(report);
    tests! { report;
        each message kind (needs) "send_messages, recv_messages: each message arrives as it was sent": there_and_back;
        each message kind (needs) "recv_messages: messages beyond those that it has buffers for stay": fewer_places;
        each message kind (needs) "recv_messages: a truncated message is EMSGSIZE, and the others are not": truncated;
        each message kind (needs) "recv_messages waits for the first message only": waits_for_one;
        each message kind (needs) "recv_messages: descriptors are in the RecvControl of their message": controls;
        each message kind (NO_CTRUNC) "recv_messages: a message without memory for descriptors reports it":
            without_control;
        each message kind (needs) "recv_messages: what was not taken is closed when the memory is used again, also by a call that fails":
            used_again;
        each message kind (needs) "recv_messages: each RecvControl has its own limit of descriptors": max_descriptors;
        each message kind (needs) "recv_messages: descriptors are close-on-exec if any RecvControl requires it":
            close_on_exec;
        each message kind (needs) "recv_messages: PEEK returns the first message in every place": peeked;
        each message kind (Needs::Kernel("it reports an error after the first message at once, or not at all")) "recv_messages: the next call returns an error that came after the first message":
            error_after_the_first;
        each message kind (needs) "send_messages: a call with the rest returns an error that came after the first message":
            unsent;
        each message kind (needs) "send_messages: messages beyond what the buffer holds are not sent": no_room;
        each message kind (needs) "send_messages: a closed peer is EPIPE, or ECONNREFUSED on DGRAM": closed;
        each message kind (needs) "send_messages: of more than 1024 messages 1024 are sent, and by the next call the rest":
            more_than_1024;
        (needs) "SEQPACKET: recv_messages: at end of stream the remaining places are empty messages": end_of_stream;
        (Needs::Kernel("1024 are the most")) "SEQPACKET: recv_messages receives more than 1024 messages":
            receives_more_than_1024;
    }
}

/// Declares `$count` messages to receive, of `$len` bytes each.
macro_rules! declare_messages {
    ($name:ident: $count:expr, $len:expr) => {
        let mut memory = [[0_u8; $len]; $count];
        let mut bufs = memory.each_mut().map(|buf| [IoSliceMut::new(buf)]);
        let mut $name = bufs.each_mut().map(|bufs| RecvMessage::new(bufs));
    };
}

/// Declares `$count` controls, of `$words` words each.
macro_rules! declare_controls {
    ($name:ident: $count:expr, $words:expr) => {
        let mut memory = [[core::mem::MaybeUninit::uninit(); $words]; $count];
        let mut $name = memory.each_mut().map(|memory| RecvControl::new(memory));
    };
}

/// Whether these bytes were received, in one buffer.
fn is(message: &RecvMessage<'_>, bytes: &[u8]) -> bool {
    let flags = match message.received() {
        Ok(Received { len, flags }) if len == bytes.len() => flags,
        _ => return false,
    };
    // The kernel also returns some flags of the call.
    !flags.intersects(MessageFlags::TRUNC | MessageFlags::CTRUNC) && message.bufs()[0].starts_with(bytes)
}

/// Whether the system call exists.
fn receives() -> bool {
    UnixSeqpacket::pair().is_ok_and(|(_a, b)| {
        declare_messages!(received: 1, 1);
        b.recv_messages_with_flags(&mut received, &mut [], MessageFlags::DONTWAIT) != Err(Errno::ENOSYS)
    })
}

fn there_and_back<T: Messages>() -> Outcome {
    let (a, b) = must!(pair::<T>());
    let bufs = [
        &[IoSlice::new(b"one")][..],
        &[IoSlice::new(b"t"), IoSlice::new(b""), IoSlice::new(b"wo")],
        &[IoSlice::new(b"a third one")],
        &[IoSlice::new(b"4")],
    ];
    let mut messages = bufs.map(SendMessage::new);
    declare_messages!(received: 6, 12);
    same!(a.send_messages(&mut []), 0);
    same!(b.recv_messages(&mut [], &mut []), 0);
    same!(b.recv_messages(&mut received, &mut []), Errno::EAGAIN);
    for _ in 0..3 {
        same!(a.send_messages(&mut messages), 4);
        same!(b.recv_messages(&mut received, &mut []), 4);
        for (message, expected) in received.iter().zip([&b"one"[..], b"two", b"a third one", b"4"]) {
            same!(is(message, expected), true);
        }
        for message in &received[4..] {
            same!(
                message.received().is_ok_and(|received| received == Received::default()),
                true
            );
        }
    }
    // Fewer than there are places for.
    same!(a.send_messages(&mut messages[..1]), 1);
    same!(b.recv_messages(&mut received, &mut []), 1);
    same!(is(&received[0], b"one"), true);
    same!(received[1].partially_received().len, 0);

    // Several buffers to receive into.
    let (mut one, mut two) = ([0; 2], [0; 4]);
    let mut bufs = [
        IoSliceMut::new(&mut one),
        IoSliceMut::new(&mut []),
        IoSliceMut::new(&mut two),
    ];
    let mut message = [RecvMessage::new(&mut bufs)];
    same!(a.send_messages(&mut messages[1..2]), 1);
    same!(b.recv_messages(&mut message, &mut []), 1);
    same!(message[0].bufs().len(), 3);
    same!(
        &*message[0].bufs()[0] == b"tw" && &*message[0].bufs()[2] == b"o\0\0\0",
        true
    );
    Ok(())
}

fn fewer_places<T: Messages>() -> Outcome {
    let (a, b) = must!(pair::<T>());
    let bufs = [[IoSlice::new(b"1")], [IoSlice::new(b"2")], [IoSlice::new(b"3")]];
    same!(
        a.send_messages(&mut bufs.each_ref().map(|bufs| SendMessage::new(bufs))),
        3
    );
    declare_messages!(received: 2, 4);
    same!(b.recv_messages(&mut received, &mut []), 2);
    same!(is(&received[0], b"1") && is(&received[1], b"2"), true);
    same!(b.recv_messages(&mut received, &mut []), 1);
    same!(is(&received[0], b"3"), true);
    same!(b.recv_messages(&mut received, &mut []), Errno::EAGAIN);
    Ok(())
}

fn truncated<T: Messages>() -> Outcome {
    const NONE: MessageFlags = MessageFlags::empty();
    let (a, b) = must!(pair::<T>());
    let bufs = [[IoSlice::new(b"1234")], [IoSlice::new(b"12345")], [IoSlice::new(b"1")]];
    declare_messages!(received: 3, 4);
    for (flags, len) in [(NONE, 4), (MessageFlags::TRUNC, 5)] {
        same!(
            a.send_messages(&mut bufs.each_ref().map(|bufs| SendMessage::new(bufs))),
            3
        );
        same!(b.recv_messages_with_flags(&mut received, &mut [], flags), 3);
        same!(received[0].received().map(|received| received.len), 4);
        same!(received[1].received().map(|received| received.len), Errno::EMSGSIZE);
        same!(received[2].received().map(|received| received.len), 1);
        same!(received[1].partially_received().len, len);
        same!(
            received[1].partially_received().flags.contains(MessageFlags::TRUNC),
            true
        );
        same!(&*received[1].bufs()[0] == b"1234", true);
    }
    Ok(())
}

fn waits_for_one<T: Messages>() -> Outcome {
    let (a, b) = must!(Socket::<T>::pair());
    declare_messages!(received: 4, 4);
    // Given already, MSG_WAITFORONE stays.
    for flags in [MessageFlags::empty(), MessageFlags::from_bits_retain(MSG_WAITFORONE)] {
        must!(a.set_recv_timeout(Some(Duration::from_secs(10))));
        must!(b.set_recv_timeout(Some(Duration::from_secs(20))));
        let status = raw::beside_child(
            || (a.send(b"late").is_err() || a.recv(&mut [0]).is_err()).into(),
            || {
                same!(b.recv_messages_with_flags(&mut received, &mut [], flags), 1);
                same!(is(&received[0], b"late"), true);
                must!(b.send(b"x"));
                Ok(())
            },
        )?;
        same!(status, 0);
    }
    same!(
        b.recv_messages_with_flags(&mut received, &mut [], MessageFlags::DONTWAIT),
        Errno::EAGAIN
    );
    Ok(())
}

/// Sends messages of one byte, each with as many descriptors as `counts` states.
fn send_rights<T: Kind + Messages, const N: usize>(a: &Socket<T>, counts: [usize; N]) -> Result<usize, Errno> {
    let mut memory = [[core::mem::MaybeUninit::uninit(); space::rights(8)]; N];
    let mut controls = memory.each_mut().map(|memory| SendControl::new(memory));
    for (control, count) in controls.iter_mut().zip(counts) {
        if count > 0 {
            control.push_rights([a.as_fd(); 8].into_iter().take(count))?;
        }
    }
    let bufs = [IoSlice::new(b"x")];
    a.send_messages(
        &mut controls
            .each_ref()
            .map(|control| SendMessage::with_control(&bufs, control)),
    )
}

fn controls<T: Messages>() -> Outcome {
    let (a, b) = must!(pair::<T>());
    let own = must!(a.peer_credentials());
    let before = raw::count_descriptors();
    declare_messages!(received: 5, 4);
    declare_controls!(controls: 5, space::rights(8) + space::CREDENTIALS);
    for pass_credentials in [false, true] {
        must!(b.set_pass_credentials(pass_credentials));
        for counts in [[1, 0, 3], [0, 8, 1]] {
            same!(send_rights(&a, counts), 3);
            same!(b.recv_messages(&mut received, &mut controls), 3);
            same!(raw::count_descriptors(), before + counts.iter().sum::<usize>() as u32);
            for (control, expected) in controls.iter_mut().zip(counts) {
                let mut count = 0;
                let mut sender = None;
                for message in must!(control.messages()) {
                    match message {
                        ControlMessage::Rights(rights) => {
                            for fd in rights {
                                same!(fd::is_close_on_exec(must!(fd)), true);
                                count += 1;
                            }
                        }
                        ControlMessage::Credentials(credentials) => sender = Some(credentials),
                        _ => missing!(),
                    }
                }
                same!(count, expected);
                same!(sender.is_some(), pass_credentials);
                same!(sender.is_none_or(|sender| sender == own), true);
            }
            same!(controls[3].is_empty() && controls[4].is_empty(), true);
        }
    }
    Ok(())
}

fn without_control<T: Messages>() -> Outcome {
    let (a, b) = must!(pair::<T>());
    let before = raw::count_descriptors();
    same!(send_rights(&a, [1, 2, 3]), 3);
    declare_messages!(received: 3, 4);
    declare_controls!(controls: 2, space::rights(1));
    same!(b.recv_messages(&mut received, &mut controls), 3);
    let truncated = received.each_ref().map(|message| {
        let flags = message.partially_received().flags;
        flags.contains(MessageFlags::CTRUNC)
    });
    // On 64-bit machines the padding has room for a second one.
    let second = cfg!(target_pointer_width = "32");
    same!(truncated == [false, second, true], true);
    same!(controls[0].is_truncated(), false);
    same!(controls[1].is_truncated(), second);
    same!(controls[1].descriptors().is_err(), second);
    same!(raw::count_descriptors(), before + if second { 2 } else { 3 });
    Ok(())
}

fn used_again<T: Messages>() -> Outcome {
    let (a, b) = must!(pair::<T>());
    let before = raw::count_descriptors();
    declare_messages!(received: 3, 4);
    declare_controls!(controls: 4, space::rights(8));
    same!(send_rights(&a, [2, 3, 4]), 3);
    same!(b.recv_messages(&mut received, &mut controls), 3);
    same!(raw::count_descriptors(), before + 9);
    same!(send_rights(&a, [1]), 1);
    same!(b.recv_messages(&mut received[1..], &mut controls), 1);
    same!(raw::count_descriptors(), before + 1);
    same!(must!(controls[0].descriptors()).count(), 1);
    same!(controls[1].is_empty() && controls[2].is_empty(), true);
    same!(send_rights(&a, [2, 3, 4]), 3);
    same!(b.recv_messages(&mut received, &mut controls), 3);
    same!(raw::count_descriptors(), before + 9);
    same!(b.recv_messages(&mut received, &mut controls), Errno::EAGAIN);
    same!(raw::count_descriptors(), before);
    same!(controls.iter().all(RecvControl::is_empty), true);
    // A call without messages does the same.
    same!(send_rights(&a, [2, 3, 4]), 3);
    same!(b.recv_messages(&mut received, &mut controls), 3);
    same!(b.recv_messages(&mut [], &mut controls), 0);
    same!(raw::count_descriptors(), before);
    Ok(())
}

fn max_descriptors<T: Messages>() -> Outcome {
    let (a, b) = must!(pair::<T>());
    let before = raw::count_descriptors();
    declare_messages!(received: 3, 4);
    declare_controls!(controls: 3, space::rights(8));
    controls[0].set_max_descriptors(2);
    controls[1].set_max_descriptors(1);
    same!(send_rights(&a, [2, 3, 4]), 3);
    same!(b.recv_messages(&mut received, &mut controls), 3);
    same!(raw::count_descriptors(), before + 2 + 1 + 4);
    same!(
        controls.each_ref().map(|control| control.is_truncated()) == [false, true, false],
        true
    );
    Ok(())
}

fn close_on_exec<T: Messages>() -> Outcome {
    let (a, b) = must!(pair::<T>());
    declare_messages!(received: 2, 4);
    declare_controls!(controls: 2, space::rights(1));
    for (settings, expected) in [
        ([false, false], false),
        ([false, true], true),
        ([true, false], true),
        ([true, true], true),
    ] {
        for (control, on) in controls.iter_mut().zip(settings) {
            control.set_close_on_exec(on);
        }
        same!(send_rights(&a, [1, 1]), 2);
        same!(b.recv_messages(&mut received, &mut controls), 2);
        for control in &mut controls {
            let Some(fd) = must!(control.descriptors()).next() else {
                missing!();
            };
            same!(fd::is_close_on_exec(must!(fd)), expected);
        }
    }
    Ok(())
}

fn peeked<T: Messages>() -> Outcome {
    let (a, b) = must!(pair::<T>());
    let before = raw::count_descriptors();
    must!(send(&a, &a, 2));
    must!(a.send(b"second"));
    declare_messages!(received: 3, 8);
    declare_controls!(controls: 3, space::rights(2));
    same!(
        b.recv_messages_with_flags(&mut received, &mut controls, MessageFlags::PEEK),
        3
    );
    same!(received.iter().all(|message| is(message, b"x")), true);
    same!(raw::count_descriptors(), before + 6);
    same!(b.recv_messages(&mut received, &mut controls), 2);
    same!(is(&received[0], b"x") && is(&received[1], b"second"), true);
    same!(raw::count_descriptors(), before + 2);
    Ok(())
}

/// The second message is received into memory that can't be written.
fn error_after_the_first<T: Messages>() -> Outcome {
    let inaccessible = raw::two_pages(PROT_NONE).wrapping_add(raw::PAGE);
    let (a, b) = must!(pair::<T>());
    let _ = b.set_pass_pidfd(true);
    let before = raw::count_descriptors();
    for how in 0..3 {
        // SAFETY: nothing but the kernel accesses it, which checks.
        let inaccessible = unsafe { slice::from_raw_parts_mut(inaccessible, 1) };
        let mut memory = [[0; 1]; 2];
        let [first, third] = &mut memory;
        let mut bufs = [
            [IoSliceMut::new(first)],
            [IoSliceMut::new(inaccessible)],
            [IoSliceMut::new(third)],
        ];
        let mut received = bufs.each_mut().map(|bufs| RecvMessage::new(bufs));
        declare_controls!(controls: 3, space::rights(8) + space::PIDFD);
        same!(send_rights(&a, [1, 2, 3]), 3);
        same!(b.recv_messages(&mut received, &mut controls), 1);
        same!(is(&received[0], b"x"), true);
        same!(controls[0].is_empty(), false);
        same!(controls[1].is_empty() && controls[2].is_empty(), true);
        controls[0].clear();
        same!(raw::count_descriptors(), before);
        match how {
            0 => same!(b.recv_messages(&mut received[..1], &mut []), Errno::EFAULT),
            1 => same!(b.send(b"x"), Errno::EFAULT),
            _ => same!(must!(b.take_error()), Some(Errno::EFAULT)),
        }
        // The third message is the next: the second was discarded.
        same!(b.recv_messages(&mut received[..1], &mut controls), 1);
        let descriptors = must!(controls[0].descriptors()).count();
        same!(descriptors, 3);
        same!(b.recv(&mut [0]), Errno::EAGAIN);
    }
    Ok(())
}

fn unsent<T: Messages>() -> Outcome {
    let (a, b) = must!(pair::<T>());
    // SAFETY: it is not open, which is what is tested; this program has one thread.
    let closed = unsafe { BorrowedFd::borrow_raw(999) };
    declare!(wrong: SendControl, space::rights(1));
    must!(wrong.push_rights([closed]));
    let bufs = [IoSlice::new(b"x")];
    let mut messages = [
        SendMessage::new(&bufs),
        SendMessage::with_control(&bufs, &wrong),
        SendMessage::new(&bufs),
    ];
    same!(a.send_messages(&mut messages), 1);
    same!(must!(a.take_error()).is_none(), true);
    same!(a.send_messages(&mut messages[1..]), Errno::EBADF);
    same!(a.send_messages(&mut messages[2..]), 1);
    declare_messages!(received: 4, 4);
    same!(b.recv_messages(&mut received, &mut []), 2);
    Ok(())
}

fn no_room<T: Messages>() -> Outcome {
    let (a, b) = must!(Socket::<T>::pair());
    let content = [7; 2000];
    let bufs = [IoSlice::new(&content)];
    let mut messages = [(); 400].map(|()| SendMessage::new(&bufs));
    let mut sent = 0;
    loop {
        match a.send_messages_with_flags(&mut messages, MessageFlags::DONTWAIT) {
            Ok(count) => sent += count,
            Err(errno) => {
                same!(errno, Errno::EAGAIN);
                break;
            }
        }
    }
    let mut received = 0;
    declare_messages!(places: 16, 2000);
    while let Ok(count) = b.recv_messages_with_flags(&mut places, &mut [], MessageFlags::DONTWAIT) {
        same!(places[..count].iter().all(|message| is(message, &content)), true);
        received += count;
    }
    same!(sent > 16, true);
    same!(received, sent);
    Ok(())
}

fn closed<T: Messages>() -> Outcome {
    let (a, b) = must!(pair::<T>());
    let bufs = [IoSlice::new(b"x")];
    let mut messages = [(); 3].map(|()| SendMessage::new(&bufs));
    drop(b);
    let expected = if T::TYPE == SocketType::DGRAM {
        Errno::ECONNREFUSED
    } else {
        Errno::EPIPE
    };
    same!(a.send_messages(&mut messages), expected);
    // Of AF_UNIX, only a stream raises SIGPIPE: without the flag, and where it is given already.
    let (stream, peer) = must!(UnixStream::pair());
    drop(peer);
    // SAFETY: the owner gives it up.
    let disguised = unsafe { Socket::<T>::from_raw_fd(stream.into_raw_fd()) };
    for flags in [MessageFlags::empty(), MessageFlags::NOSIGNAL] {
        same!(disguised.send_messages_with_flags(&mut messages, flags), Errno::EPIPE);
    }
    Ok(())
}

/// A child receives meanwhile, and counts.
fn more_than_1024<T: Messages>() -> Outcome {
    const COUNT: usize = 1500;
    let (a, b) = must!(Socket::<T>::pair());
    let bufs = [IoSlice::new(b"x")];
    let mut messages = [(); COUNT].map(|()| SendMessage::new(&bufs));
    let status = raw::beside_child(
        || {
            declare_messages!(received: 100, 1);
            let mut count = 0;
            while count < COUNT {
                match b.recv_messages(&mut received, &mut []) {
                    Ok(more) if received[..more].iter().all(|message| is(message, b"x")) => count += more,
                    _ => return 1,
                }
            }
            0
        },
        || {
            same!(a.send_messages(&mut messages), 1024);
            same!(a.send_messages(&mut messages[1024..]), COUNT - 1024);
            Ok(())
        },
    )?;
    same!(status, 0);
    Ok(())
}

fn end_of_stream() -> Outcome {
    let (a, b): (UnixSeqpacket, UnixSeqpacket) = must!(pair());
    must!(b.set_pass_credentials(true));
    must!(a.send(b"last"));
    must!(a.send(b""));
    drop(a);
    declare_messages!(received: 5, 4);
    declare_controls!(controls: 5, space::CREDENTIALS);
    same!(b.recv_messages(&mut received, &mut controls), 5);
    same!(is(&received[0], b"last"), true);
    same!(received[1..].iter().all(|message| is(message, b"")), true);
    // A message comes with credentials, and end of stream without.
    let empty = controls.each_ref().map(|control| control.is_empty());
    same!(empty == [false, false, true, true, true], true);
    Ok(())
}

fn receives_more_than_1024() -> Outcome {
    const COUNT: usize = 1500;
    let (a, b): (UnixSeqpacket, UnixSeqpacket) = must!(pair());
    must!(a.send(b"x"));
    drop(a);
    declare_messages!(received: COUNT, 1);
    same!(b.recv_messages(&mut received, &mut []), COUNT);
    same!(
        is(&received[0], b"x") && received[1..].iter().all(|message| is(message, b"")),
        true
    );
    Ok(())
}
