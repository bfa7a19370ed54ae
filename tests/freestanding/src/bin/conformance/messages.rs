//! The boundaries of messages: truncation, the next length, end of stream, and empty buffers.

use core::{mem::MaybeUninit, slice};
use freestanding::raw;
use linux_socketpair::{
    Errno, IoSlice, IoSliceMut, MessageFlags, RecvControl, SendControl, Socket, SocketType, UnixSeqpacket, UnixStream,
    kind::{Kind, Messages},
    space,
};

use crate::bytes::pair;
use crate::control::{declare, recv_count, send};
use crate::report::{Outcome, Report, must, requires, same, tests};

const NONE: MessageFlags = MessageFlags::empty();
const PEEK: MessageFlags = MessageFlags::PEEK;
const TRUNC: MessageFlags = MessageFlags::TRUNC;

pub fn tests(report: &mut Report) {
    tests! { report;
        each kind "recv truncates a message that is longer than the buffer, as the flags require": recv_truncates;
        each kind "recv_vectored truncates a message that is longer than the buffers, as the flags require":
            recv_vectored_truncates;
        each kind "recv_uninit truncates a message that is longer than the memory, as the flags require":
            recv_uninit_truncates;
        each kind "recv_message truncates a message that is longer than the buffers, as the flags require":
            recv_message_truncates;
        each kind "recv_message_uninit truncates a message that is longer than the memory, as the flags require":
            recv_message_uninit_truncates;
        each kind "of uninitialized memory only what was written is returned": uninit;
        each message kind "an empty message is received, and an empty buffer truncates one that isn't empty": empty;
        each message kind "next_message_len returns the length, and leaves the message in place": next_len;
        "SEQPACKET: next_message_len is 0 at end of stream": next_len_at_eof;
        "SEQPACKET: recv_or_eof distinguishes an empty message from end of stream": recv_or_eof;
        "SEQPACKET: recv_or_eof without credentials is EINVAL for 0 bytes": recv_or_eof_without_credentials;
        "STREAM: an empty buffer receives nothing, and leaves bytes and descriptors in place": empty_buffers;
        "STREAM: receiving a message out of band is EINVAL, and leaves the byte in place": message_out_of_band;
        "STREAM: sending control messages without a byte is EINVAL": control_without_bytes;
        each message kind "control messages arrive with an empty message": control_with_empty_message;
    }
}

/// A receiving call into `buf`. Returns its result and, if the call reports them, the flags of the message.
type Recv<T> = fn(&Socket<T>, &mut [u8], MessageFlags) -> Result<(usize, Option<MessageFlags>), Errno>;

/// The buffer as uninitialized memory.
fn uninitialized(buf: &mut [u8]) -> &mut [MaybeUninit<u8>] {
    // SAFETY: it has the same length, and callers write only initialized bytes to it.
    unsafe { slice::from_raw_parts_mut(buf.as_mut_ptr().cast(), buf.len()) }
}

fn recv_truncates<T: Kind>() -> Outcome {
    if T::TYPE != SocketType::STREAM {
        requires!(3, 4);
    }
    truncation::<T>(
        |socket, buf, flags| Ok((socket.recv_with_flags(buf, flags)?, None)),
        true,
    )
}

fn recv_vectored_truncates<T: Kind>() -> Outcome {
    let recv: Recv<T> = |socket, buf, flags| {
        let (first, second) = buf.split_at_mut(buf.len() / 2);
        let bufs = &mut [IoSliceMut::new(first), IoSliceMut::new(second)];
        Ok((socket.recv_vectored_with_flags(bufs, flags)?, None))
    };
    truncation(recv, true)
}

fn recv_uninit_truncates<T: Kind>() -> Outcome {
    let recv: Recv<T> =
        |socket, buf, flags| Ok((socket.recv_uninit_with_flags(uninitialized(buf), flags)?.len(), None));
    truncation(recv, false)
}

fn recv_message_truncates<T: Kind>() -> Outcome {
    let recv: Recv<T> = |socket, buf, flags| {
        let bufs = &mut [IoSliceMut::new(buf)];
        let received = socket.recv_message_with_flags(bufs, &mut RecvControl::new(&mut []), flags)?;
        Ok((received.len, Some(received.flags)))
    };
    truncation(recv, true)
}

fn recv_message_uninit_truncates<T: Kind>() -> Outcome {
    let recv: Recv<T> = |socket, buf, flags| {
        let space = buf.len();
        let mut control = RecvControl::new(&mut []);
        let (bytes, received) = socket.recv_message_uninit_with_flags(uninitialized(buf), &mut control, flags)?;
        if bytes.len() != received.len.min(space) {
            return Err(Errno::EPROTO);
        }
        Ok((received.len, Some(received.flags)))
    };
    truncation(recv, true)
}

/// Receives six bytes into four. `whole` means that the call can return a length beyond its buffer.
fn truncation<T: Kind>(recv: Recv<T>, whole: bool) -> Outcome {
    let stream = T::TYPE == SocketType::STREAM;
    // Before Linux 3.4, TRUNC made no difference.
    let trunc = if whole && !stream && raw::kernel_release() >= (3, 4) {
        6
    } else {
        4
    };
    // The flags, the result, and whether the message is still there afterwards. A stream ignores TRUNC.
    let plain = if stream { Ok(4) } else { Err(Errno::EMSGSIZE) };
    for (flags, expected, remains) in [
        (NONE, plain, false),
        (PEEK, Ok(4), true),
        (TRUNC, Ok(trunc), false),
        (PEEK | TRUNC, Ok(trunc), true),
    ] {
        let (a, b) = must!(pair::<T>());
        must!(a.send(b"abcdef"));
        let mut buf = [0; 4];
        let result = recv(&b, &mut buf, flags);
        same!(result.map(|(len, _)| len), expected);
        same!(&buf == b"abcd", true);
        if let Ok((_, Some(of_message))) = result {
            same!(of_message.contains(TRUNC), !stream);
        }
        let rest = match (remains, stream) {
            (true, _) => Ok(6),
            (false, true) => Ok(2),
            (false, false) => Err(Errno::EAGAIN),
        };
        same!(b.recv(&mut [0; 8]), rest);
    }
    // What fits is never truncated.
    for (flags, len) in [NONE, PEEK, TRUNC, PEEK | TRUNC].into_iter().zip([6, 6, 7, 8]) {
        let (a, b) = must!(pair::<T>());
        must!(a.send(b"abcdef"));
        let mut buf = [0; 8];
        let (received, of_message) = must!(recv(&b, &mut buf[..len], flags));
        same!(received, 6);
        same!(&buf == b"abcdef\0\0", true);
        same!(of_message.is_some_and(|flags| flags.contains(TRUNC)), false);
    }
    Ok(())
}

fn uninit<T: Kind>() -> Outcome {
    let (a, b) = must!(pair::<T>());
    let mut memory = [const { MaybeUninit::uninit() }; 8];
    must!(a.send(b"fresh"));
    same!(must!(b.recv_uninit(&mut memory)) == b"fresh", true);
    must!(a.send(b"fresh"));
    let mut control = RecvControl::new(&mut []);
    let (bytes, received) = must!(b.recv_message_uninit(&mut memory, &mut control));
    same!(bytes == b"fresh", true);
    same!(received.len, 5);
    same!(b.recv_uninit(&mut memory).map(|bytes| bytes.len()), Errno::EAGAIN);
    Ok(())
}

fn empty<T: Messages>() -> Outcome {
    requires!(3, 4);
    let (a, b) = must!(pair::<T>());
    same!(a.send(b""), 0);
    same!(b.recv(&mut [0; 4]), 0);
    same!(a.send(b""), 0);
    same!(b.recv(&mut []), 0);
    same!(b.recv(&mut []), Errno::EAGAIN);
    for (flags, expected) in [(PEEK, Ok(0)), (PEEK | TRUNC, Ok(1)), (NONE, Err(Errno::EMSGSIZE))] {
        must!(a.send(b"x"));
        same!(b.recv_with_flags(&mut [], flags), expected);
        same!(
            b.recv(&mut [0]),
            if expected.is_ok() { Ok(1) } else { Err(Errno::EAGAIN) }
        );
    }
    Ok(())
}

fn next_len<T: Messages>() -> Outcome {
    requires!(3, 4);
    let (a, b) = must!(pair::<T>());
    same!(b.next_message_len(), Errno::EAGAIN);
    for len in [0, 1, 4000] {
        must!(a.send(&[7; 4000][..len]));
        must!(a.send(b"another"));
        for _ in 0..2 {
            same!(b.next_message_len(), len);
            // The flags that are added may be given.
            same!(b.next_message_len_with_flags(PEEK | TRUNC), len);
        }
        same!(b.recv(&mut [0; 4000]), len);
        same!(b.next_message_len(), 7);
        same!(b.recv(&mut [0; 7]), 7);
    }
    let (_a, b) = must!(Socket::<T>::pair());
    same!(b.next_message_len_with_flags(MessageFlags::DONTWAIT), Errno::EAGAIN);
    Ok(())
}

fn next_len_at_eof() -> Outcome {
    requires!(3, 4);
    let (a, b): (UnixSeqpacket, UnixSeqpacket) = must!(pair());
    must!(a.send(b"last"));
    drop(a);
    same!(b.next_message_len(), 4);
    same!(b.recv(&mut [0; 4]), 4);
    same!(b.next_message_len(), 0);
    Ok(())
}

fn recv_or_eof() -> Outcome {
    let (a, b): (UnixSeqpacket, UnixSeqpacket) = must!(pair());
    must!(b.set_pass_credentials(true));
    same!(b.recv_or_eof(&mut [0; 4]).map(drop), Errno::EAGAIN);
    let mut buf = [0; 4];
    for message in [&b"text"[..], b"", b"x", b"too long", b""] {
        must!(a.send(message));
        match message.len() {
            0..=4 => {
                same!(must!(b.recv_or_eof(&mut buf)), Some(message.len()));
                same!(buf.starts_with(message), true);
            }
            _ => same!(b.recv_or_eof(&mut buf).map(drop), Errno::EMSGSIZE),
        }
    }
    must!(a.send(b""));
    drop(a);
    same!(must!(b.recv_or_eof(&mut buf)), Some(0));
    for _ in 0..2 {
        same!(must!(b.recv_or_eof(&mut buf)), None::<usize>);
    }
    Ok(())
}

fn recv_or_eof_without_credentials() -> Outcome {
    let (a, b): (UnixSeqpacket, UnixSeqpacket) = must!(pair());
    must!(a.send(b"text"));
    same!(must!(b.recv_or_eof(&mut [0; 4])), Some(4));
    must!(a.send(b""));
    same!(b.recv_or_eof(&mut [0; 4]).map(drop), Errno::EINVAL);
    drop(a);
    same!(b.recv_or_eof(&mut [0; 4]).map(drop), Errno::EINVAL);
    Ok(())
}

/// Every call with an empty buffer, after which two descriptors and a byte are still there.
fn empty_buffers() -> Outcome {
    type Nothing = fn(&UnixStream) -> Result<usize, Errno>;
    const CALLS: [Nothing; 8] = [
        |b| b.recv(&mut []),
        |b| b.recv_with_flags(&mut [], PEEK),
        |b| b.recv_vectored(&mut []),
        |b| b.recv_vectored(&mut [IoSliceMut::new(&mut []), IoSliceMut::new(&mut [])]),
        |b| Ok(b.recv_uninit(&mut [])?.len()),
        |b| Ok(b.recv_message(&mut [], &mut RecvControl::new(&mut []))?.len),
        |b| {
            declare!(control: RecvControl, space::rights(2));
            let received = b.recv_message(&mut [IoSliceMut::new(&mut [])], &mut control)?;
            Ok(received.len + control.messages()?.count())
        },
        |b| {
            let (bytes, received) = b.recv_message_uninit(&mut [], &mut RecvControl::new(&mut []))?;
            Ok(bytes.len() + received.len)
        },
    ];
    let (a, b): (UnixStream, UnixStream) = must!(pair());
    for call in CALLS {
        must!(send(&a, &a, 2));
        same!(call(&b), 0);
        same!(recv_count(&b), 2);
    }
    // Nor does it wait, which would be EAGAIN.
    for call in CALLS {
        same!(call(&b), 0);
    }
    Ok(())
}

fn message_out_of_band() -> Outcome {
    requires!(5, 15);
    const OOB: MessageFlags = MessageFlags::OOB;
    let (a, b): (UnixStream, UnixStream) = must!(pair());
    must!(a.send_with_flags(b"!", OOB));
    let mut control = RecvControl::new(&mut []);
    let mut buf = [0; 1];
    same!(
        b.recv_message_with_flags(&mut [IoSliceMut::new(&mut buf)], &mut control, OOB)
            .map(drop),
        Errno::EINVAL
    );
    same!(
        b.recv_message_uninit_with_flags(uninitialized(&mut buf), &mut control, OOB)
            .map(drop),
        Errno::EINVAL
    );
    same!(b.recv_with_flags(&mut buf, OOB), 1);
    same!(&buf == b"!", true);
    Ok(())
}

fn control_without_bytes() -> Outcome {
    let (a, b): (UnixStream, UnixStream) = must!(pair());
    declare!(control: SendControl, space::CREDENTIALS);
    must!(control.push_credentials(must!(a.peer_credentials())));
    for bufs in [&[][..], &[IoSlice::new(b"")], &[IoSlice::new(b""), IoSlice::new(b"")]] {
        same!(a.send_message(bufs, &control), Errno::EINVAL);
        same!(
            a.send_message_with_flags(bufs, &control, MessageFlags::MORE),
            Errno::EINVAL
        );
        // Without control messages there is nothing to discard.
        same!(a.send_message(bufs, &SendControl::new(&mut [])), 0);
    }
    same!(a.send_message(&[IoSlice::new(b""), IoSlice::new(b"x")], &control), 1);
    same!(b.recv(&mut [0; 4]), 1);
    Ok(())
}

fn control_with_empty_message<T: Messages>() -> Outcome {
    let (a, b) = must!(pair::<T>());
    let own = must!(a.peer_credentials());
    must!(b.set_pass_credentials(true));
    declare!(control: SendControl, space::CREDENTIALS);
    must!(control.push_credentials(own));
    // QEMU user mode sends nothing if there is no buffer at all.
    same!(a.send_message(&[IoSlice::new(b"")], &control), 0);
    declare!(control: RecvControl, space::CREDENTIALS);
    same!(
        must!(b.recv_message(&mut [IoSliceMut::new(&mut [0])], &mut control)).len,
        0
    );
    same!(must!(control.messages()).count(), 1);
    Ok(())
}
