//! An emulator or a seccomp filter that returns 0 from a system call, and writes nothing.

use core::mem::MaybeUninit;
use freestanding::raw;
use linux_raw_sys::general::*;
use linux_raw_sys::net::{SCM_RIGHTS, SOL_SOCKET};
use linux_socketpair::process::{any_ended, exit_status, reap};
use linux_socketpair::{
    AsFd, AsRawFd, BorrowedFd, Credentials, Domain, Errno, Incomplete, IoSlice, IoSliceMut, MessageFlags, OwnedFd,
    Received, RecvControl, RecvMessage, SendControl, SendMessage, SocketFlags, SocketType, UnixDatagram, UnixSeqpacket,
    UnixStream, socketpair, space,
};

use crate::report::{Needs, Outcome, Report, same, tests};

/// One end of a pair, and something to check with it.
type Check = fn(&UnixStream) -> bool;

const CHECKS: &[(&str, Check)] = &[
    ("pair is EPROTO", |_| {
        UnixStream::pair().map(drop) == Err(Errno::EPROTO)
            && UnixDatagram::pair().map(drop) == Err(Errno::EPROTO)
            && UnixSeqpacket::pair_with(SocketFlags::empty()).map(drop) == Err(Errno::EPROTO)
    }),
    ("socketpair returns no descriptors", |_| {
        let pair = socketpair(Domain::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, 0);
        pair == Ok([-1; 2])
    }),
    ("peer_credentials are those of no process", |end| {
        let (pid, uid, gid) = (0, u32::MAX, u32::MAX);
        end.peer_credentials() == Ok(Credentials { pid, uid, gid })
    }),
    ("peer_pidfd is EPROTO", |end| {
        end.peer_pidfd().map(drop) == Err(Errno::EPROTO)
    }),
    ("peer_groups is EPROTO", |end| {
        end.peer_groups(&mut [0; 4]) == Err(Errno::EPROTO) && end.peer_groups(&mut []) == Err(Errno::EPROTO)
    }),
    ("peer_group_count is 0", |end| end.peer_group_count() == Ok(0)),
    ("peer_security is EPROTO", |end| {
        end.peer_security(&mut [b'x'; 8]) == Err(Errno::EPROTO) && end.peer_security(&mut []) == Err(Errno::EPROTO)
    }),
    ("options are off, 0 or absent", |end| {
        end.socket_type().is_ok_and(|ty| ty.bits() == 0)
            && end.domain().is_ok_and(|domain| domain.bits() == 0)
            && end.protocol() == Ok(0)
            && end.take_error() == Ok(None)
            && end.pass_credentials() == Ok(false)
            && end.pass_pidfd() == Ok(false)
            && end.send_buffer_size() == Ok(0)
            && end.recv_timeout() == Ok(None)
            && end.peek_offset() == Ok(None)
            && end.recv_low_water_mark() == Ok(1)
    }),
    ("no descriptor is converted, and all stay open", |end| {
        let Ok(clone) = end.try_clone() else { return false };
        let fd = OwnedFd::from(clone);
        let borrowed = UnixStream::borrow_fd(&fd).map(drop).is_err()
            && UnixSeqpacket::<BorrowedFd<'_>>::try_from(fd.as_fd()).is_err();
        let number = fd.as_raw_fd();
        match UnixDatagram::try_from(fd) {
            Ok(_) => false,
            Err(error) => {
                let fd = error.into_fd();
                borrowed && fd.as_raw_fd() == number && raw::fcntl(number, F_GETFD) >= 0
            }
        }
    }),
    ("nothing is received", |end| {
        let mut buf = [7; 8];
        end.recv(&mut buf) == Ok(0)
            && end.recv_vectored(&mut [IoSliceMut::new(&mut buf)]) == Ok(0)
            && end
                .recv_uninit(&mut [MaybeUninit::uninit(); 8])
                .is_ok_and(|bytes| bytes.is_empty())
            && buf == [7; 8]
    }),
    ("recv_message returns no control messages, and closes nothing", |end| {
        let (mut memory, fd) = forged_rights(end);
        let mut control = RecvControl::new(&mut memory);
        let none = |control: &mut RecvControl<'_>| {
            control.is_empty()
                && !control.is_truncated()
                && control.messages().is_ok_and(|messages| messages.count() == 0)
                && control.descriptors().is_ok_and(|descriptors| descriptors.count() == 0)
        };
        let received = end.recv_message(&mut [IoSliceMut::new(&mut [0; 8])], &mut control);
        let first = received == Ok(Received::default()) && none(&mut control);
        let second = end
            .recv_message_uninit(&mut [MaybeUninit::uninit(); 8], &mut control)
            .is_ok_and(|(bytes, _)| bytes.is_empty())
            && none(&mut control);
        drop(control);
        first && second && raw::fcntl(fd, F_GETFD) >= 0
    }),
    (
        "recv_message_exact and send_message_all end, with nothing done",
        |end| {
            let (mut memory, fd) = forged_rights(end);
            let mut control = RecvControl::new(&mut memory);
            let mut unsent = [MaybeUninit::uninit(); space::rights(1)];
            let mut unsent = SendControl::new(&mut unsent);
            let nothing = Err(Incomplete { done: 0, errno: None });
            let results = [
                end.recv_message_exact(&mut [IoSliceMut::new(&mut [0; 8])], &mut control),
                end.recv_message_exact(&mut [IoSliceMut::new(&mut [0; 8])], &mut control),
                end.send_message_all(&mut [IoSlice::new(b"x")], &mut unsent),
            ];
            let none = control.is_empty() && control.messages().is_ok_and(|messages| messages.count() == 0);
            drop(control);
            results == [nothing; 3] && none && raw::fcntl(fd, F_GETFD) >= 0
        },
    ),
    (
        "recv_messages and send_messages return no messages, and close nothing",
        |end| {
            // SAFETY: the filter lets nothing through to the socket.
            let end_of_messages = unsafe { UnixSeqpacket::from_fd_unchecked(end.as_fd()) };
            let (mut memory, fd) = forged_rights(end);
            let mut controls = [RecvControl::new(&mut memory)];
            let mut buf = [0; 8];
            let mut bufs = [IoSliceMut::new(&mut buf)];
            let mut messages = [RecvMessage::new(&mut bufs)];
            let none = end_of_messages.recv_messages(&mut messages, &mut controls) == Ok(0)
                && messages[0].received() == Ok(Received::default())
                && controls[0].is_empty()
                && end_of_messages.send_messages(&mut [SendMessage::new(&[IoSlice::new(b"x")])]) == Ok(0);
            drop(controls);
            none && raw::fcntl(fd, F_GETFD) >= 0
        },
    ),
    ("exit_status is EPROTO", |end| exit_status(end) == Err(Errno::EPROTO)),
    ("no child is waited for", |_| {
        any_ended() == Ok(None) && reap(1) == Ok(None)
    }),
    ("recv_or_eof and next_message_len return no message", |end| {
        // SAFETY: the filter lets nothing through to the socket.
        let end = unsafe { UnixSeqpacket::from_fd_unchecked(end.as_fd()) };
        end.recv_or_eof(&mut [0; 8]) == Err(Errno::EINVAL) && end.next_message_len() == Ok(0)
    }),
];

/// Memory that holds a control message with an open descriptor, as an earlier call may have left it.
fn forged_rights(end: &UnixStream) -> ([MaybeUninit<usize>; space::rights(1)], i32) {
    const HEADER: usize = space::rights(0) * size_of::<usize>();
    let fd = raw::duplicate(end.as_raw_fd());
    let mut memory = [MaybeUninit::new(0); space::rights(1)];
    let at = memory.as_mut_ptr();
    // SAFETY: the memory is that of such a message.
    unsafe {
        at.cast::<usize>().write(HEADER + 4);
        let header_end = at.byte_add(HEADER).cast::<i32>();
        header_end.sub(2).write(SOL_SOCKET as i32);
        header_end.sub(1).write(SCM_RIGHTS as i32);
        header_end.write(fd);
    }
    (memory, fd)
}

pub fn tests(report: &mut Report) {
    for (name, check) in CHECKS {
        report.test(Needs::Seccomp, format_args!("success without effect: {name}"), || {
            let status = raw::in_child(|| {
                let Ok((end, peer)) = UnixStream::pair() else { return 2 };
                if peer.send_with_flags(b"x", MessageFlags::DONTWAIT) != Ok(1) {
                    return 3;
                }
                let calls = [
                    __NR_socketpair,
                    __NR_getsockopt,
                    __NR_recvmsg,
                    __NR_recvfrom,
                    __NR_sendmsg,
                    __NR_sendmmsg,
                    raw::RECVMMSG,
                    __NR_ioctl,
                    __NR_waitid,
                ];
                raw::reject(calls.map(|call| (call, 0)));
                i32::from(!check(&end))
            });
            same!(status, 0);
            Ok(())
        });
    }
    tests! { report;
        (Needs::Seccomp) "the forged control messages of these tests would be received": forged_rights_are_rights;
    }
}

/// Shows that the memory above would have been read as a message.
fn forged_rights_are_rights() -> Outcome {
    let Ok((end, _peer)) = UnixStream::pair() else {
        crate::report::missing!();
    };
    let (forged, fd) = forged_rights(&end);
    let mut memory = [MaybeUninit::uninit(); space::rights(1)];
    let mut control = RecvControl::new(&mut memory);
    let (address, len) = control.as_raw_parts();
    // SAFETY: it is written as a call would, and the descriptor is given up to it.
    unsafe {
        address.cast::<[MaybeUninit<usize>; space::rights(1)]>().write(forged);
        control.set_received(len, MessageFlags::empty());
    }
    drop(control);
    same!(raw::fcntl(fd, F_GETFD), Errno::EBADF);
    Ok(())
}
