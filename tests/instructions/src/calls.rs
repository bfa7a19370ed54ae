//! The calls, one row each: with this crate, with the crate `syscalls`, and the pair with all of them.
//!
//! A call with flags has no row: its plain form is the same call with constant flags.

use core::{fmt::Debug, hint::black_box, mem::MaybeUninit, ptr};
use linux_raw_sys::{general::*, ioctl::*, net::*};
use linux_socketpair::*;
use std::io;

use crate::fixture::Fixture;
use crate::{compare, reference, repeat, value};

/// Defines a function for each, with the symbol `PEER.CALL`, and `make`, which calls them.
macro_rules! calls {
    (|$fixture:ident| $($call:ident { $($peer:ident: $work:expr;)+ })+) => {
        $(mod $call {
            use super::*;
            $(
                #[unsafe(export_name = concat!(stringify!($peer), ".", stringify!($call)))]
                #[inline(never)]
                #[allow(unused_variables, reason = "a new pair needs no fixture")]
                pub fn $peer($fixture: &mut Fixture) -> impl Debug + use<> {
                    let work = |$fixture: &mut Fixture| $work;
                    value(concat!(stringify!($peer), ".", stringify!($call)), work($fixture))
                }
            )+
        })+

        /// Makes each call `times` times, except those in `without`.
        pub fn make(times: usize, without: &[String]) {
            $(if !without.iter().any(|call| call == stringify!($call)) {
                compare(stringify!($call), &[$((stringify!($peer), repeat(times, $call::$peer))),+]);
            })+
        }
    };
}

calls! { |f|
    socketpair {
        ours: {
            let [a, b] = socketpair(Domain::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, 0)?;
            // SAFETY: both are owned here.
            unsafe {
                close(a)?;
                close(b)
            }
        };
        syscalls: {
            let [a, b] = reference::socketpair(SOCK_STREAM | O_CLOEXEC)?;
            reference::close(a)?;
            reference::close(b)
        };
        libc: {
            let ty = libc::SOCK_STREAM | libc::SOCK_CLOEXEC;
            let mut sv = [0; 2];
            // SAFETY: the kernel writes `sv` alone; the descriptors that it then holds are owned here.
            let done = unsafe {
                libc::socketpair(libc::AF_UNIX, ty, 0, sv.as_mut_ptr()) == 0
                    && libc::close(sv[0]) == 0
                    && libc::close(sv[1]) == 0
            };
            if done { Ok(()) } else { Err(io::Error::last_os_error()) }
        };
        std: std::os::unix::net::UnixStream::pair().map(drop);
        nix: {
            use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
            socketpair(AddressFamily::Unix, SockType::Stream, None, SockFlag::SOCK_CLOEXEC).map(drop)
        };
        rustix: {
            use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
            socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None).map(drop)
        };
    }
    socketpair_into {
        ours: {
            let mut sv = MaybeUninit::<[RawFd; 2]>::uninit();
            // SAFETY: the kernel writes `sv` alone; the descriptors that it then holds are owned here.
            unsafe {
                socketpair_into(Domain::UNIX, SocketType::STREAM, f.flags, 0, sv.as_mut_ptr())?;
                let [a, b] = sv.assume_init();
                close(a)?;
                close(b)
            }
        };
        syscalls: {
            let [a, b] = reference::socketpair(SOCK_STREAM | f.flags.bits())?;
            reference::close(a)?;
            reference::close(b)
        };
    }
    pair {
        ours: UnixStream::pair().map(drop);
        syscalls: reference::socketpair(SOCK_STREAM | O_CLOEXEC).map(reference::close_all);
    }
    pair_with {
        ours: UnixStream::pair_with(f.flags).map(drop);
        syscalls: reference::socketpair(SOCK_STREAM | f.flags.bits()).map(reference::close_all);
    }
    close {
        // SAFETY: the fixture owns it, and doesn't use it again.
        ours: unsafe { close(f.spare) };
        syscalls: reference::close(f.spare);
    }
    try_clone {
        ours: f.a.try_clone().map(drop);
        syscalls: reference::fcntl(f.fd(), F_DUPFD_CLOEXEC, 0).map(|fd| reference::close_all([fd as RawFd]));
    }
    try_clone_to_owned {
        ours: f.a.as_fd().try_clone_to_owned().map(drop);
        syscalls: reference::fcntl(f.fd(), F_DUPFD_CLOEXEC, 0).map(|fd| reference::close_all([fd as RawFd]));
    }
    read {
        // SAFETY: it is the fixture's.
        ours: unsafe { read(f.fd(), &mut f.bytes) };
        syscalls: reference::read(f.fd(), &mut f.bytes);
    }
    syscall {
        // SAFETY: the kernel writes within the fixture's bytes.
        ours: unsafe { syscall::<__NR_read>([f.fd() as usize, f.bytes.as_mut_ptr() as usize, f.bytes.len(), 0, 0, 0]) };
        syscalls: reference::read(f.fd(), &mut f.bytes);
    }
    write {
        // SAFETY: it is the fixture's.
        ours: unsafe { write(f.fd(), &f.bytes) };
        syscalls: reference::write(f.fd(), &f.bytes);
    }
    send {
        ours: f.a.send(&f.bytes);
        syscalls: reference::send(f.fd(), &f.bytes);
    }
    send_all {
        ours: f.stream.send_all(&f.bytes).map_err(Errno::from);
        syscalls: reference::send_all(f.stream.as_raw_fd(), &f.bytes).map_err(|incomplete| incomplete.errno);
    }
    send_vectored {
        ours: f.a.send_vectored(&[IoSlice::new(&f.halves[0]), IoSlice::new(&f.halves[1])]);
        syscalls: reference::send_vectored(f.fd(), &[reference::buffer(&f.halves[0]), reference::buffer(&f.halves[1])]);
    }
    // With a file descriptor.
    send_message {
        ours: {
            let mut memory = [MaybeUninit::uninit(); space::rights(1)];
            let mut control = SendControl::new(&mut memory);
            control.push_rights([f.b.as_fd()])?;
            f.a.send_message(&[IoSlice::new(&f.bytes)], &control)
        };
        syscalls: reference::send_message(f.fd(), &f.bytes, SCM_RIGHTS, f.b.as_raw_fd());
    }
    send_message_stream {
        ours: {
            let mut memory = [MaybeUninit::uninit(); space::rights(1)];
            let mut control = SendControl::new(&mut memory);
            control.push_rights([f.b.as_fd()])?;
            f.stream.send_message(&[IoSlice::new(&f.bytes)], &control)
        };
        syscalls: reference::send_message(f.stream.as_raw_fd(), &f.bytes, SCM_RIGHTS, f.b.as_raw_fd());
    }
    send_message_credentials {
        ours: {
            let mut memory = [MaybeUninit::uninit(); space::CREDENTIALS];
            let mut control = SendControl::new(&mut memory);
            control.push_credentials(f.credentials)?;
            f.a.send_message(&[IoSlice::new(&f.bytes)], &control)
        };
        syscalls: reference::send_message(f.fd(), &f.bytes, SCM_CREDENTIALS, f.credentials);
    }
    send_message_all {
        ours: {
            let mut memory = [MaybeUninit::uninit(); space::rights(1)];
            let mut control = SendControl::new(&mut memory);
            control.push_rights([f.b.as_fd()])?;
            f.stream.send_message_all(&mut [IoSlice::new(&f.bytes)], &mut control).map_err(Errno::from)
        };
        syscalls: reference::send_message_all(f.stream.as_raw_fd(), &f.bytes, SCM_RIGHTS, f.b.as_raw_fd());
    }
    // Two messages, one with a file descriptor.
    send_messages {
        ours: {
            let mut memory = [MaybeUninit::uninit(); space::rights(1)];
            let mut control = SendControl::new(&mut memory);
            control.push_rights([f.b.as_fd()])?;
            let bufs = [[IoSlice::new(&f.halves[0])], [IoSlice::new(&f.halves[1])]];
            f.a.send_messages(&mut [SendMessage::new(&bufs[0]), SendMessage::with_control(&bufs[1], &control)])
        };
        syscalls: reference::send_messages(f.fd(), [&f.halves[0], &f.halves[1]], f.b.as_raw_fd());
    }
    recv {
        ours: f.a.recv(&mut f.bytes);
        syscalls: reference::recv(f.fd(), &mut f.bytes);
    }
    recv_stream {
        ours: f.stream.recv(&mut f.bytes);
        syscalls: reference::recv_stream(f.stream.as_raw_fd(), &mut f.bytes);
    }
    recv_uninit {
        ours: f.a.recv_uninit(&mut f.memory).map(|bytes| bytes.len());
        syscalls: reference::recv_uninit(f.fd(), &mut f.memory).map(|bytes| bytes.len());
    }
    recv_exact {
        ours: f.stream.recv_exact(&mut f.bytes).map_err(Errno::from);
        syscalls: reference::recv_exact(f.stream.as_raw_fd(), &mut f.bytes).map_err(|incomplete| incomplete.errno);
    }
    recv_vectored {
        ours: {
            let [one, two] = &mut f.halves;
            f.a.recv_vectored(&mut [IoSliceMut::new(one), IoSliceMut::new(two)])
        };
        syscalls: {
            let [one, two] = &mut f.halves;
            let mut bufs = [reference::buffer_mut(one), reference::buffer_mut(two)];
            reference::recv_vectored(f.a.as_raw_fd(), &mut bufs)
        };
    }
    recv_or_eof {
        ours: f.with_credentials.recv_or_eof(&mut f.bytes);
        syscalls: reference::recv_or_eof(f.with_credentials.as_raw_fd(), &mut f.bytes);
    }
    next_message_len {
        ours: f.a.next_message_len();
        syscalls: reference::next_message_len(f.fd());
    }
    // With a file descriptor, which is closed.
    recv_message {
        ours: {
            let mut memory = [MaybeUninit::uninit(); space::rights(1)];
            let mut control = RecvControl::new(&mut memory);
            let received = f.with_rights.recv_message(&mut [IoSliceMut::new(&mut f.bytes)], &mut control)?;
            for message in control.messages()? {
                if let ControlMessage::Rights(rights) = message {
                    rights.for_each(drop);
                }
            }
            Ok::<_, Errno>(received.len)
        };
        syscalls: reference::recv_rights(f.with_rights.as_raw_fd(), &mut f.bytes);
    }
    recv_message_stream {
        ours: {
            let mut memory = [MaybeUninit::uninit(); space::rights(1)];
            let mut control = RecvControl::new(&mut memory);
            let received = f.stream_with_rights.recv_message(&mut [IoSliceMut::new(&mut f.bytes)], &mut control)?;
            control.descriptors()?.try_for_each(|fd| fd.map(drop))?;
            Ok::<_, Errno>(received.len)
        };
        syscalls: reference::recv_rights(f.stream_with_rights.as_raw_fd(), &mut f.bytes);
    }
    recv_message_exact {
        ours: {
            let mut memory = [MaybeUninit::uninit(); space::rights(1)];
            let mut control = RecvControl::new(&mut memory);
            f.stream_with_rights.recv_message_exact(&mut [IoSliceMut::new(&mut f.bytes)], &mut control)?;
            control.descriptors()?.try_for_each(|fd| fd.map(drop))
        };
        syscalls: reference::recv_message_exact(f.stream_with_rights.as_raw_fd(), &mut f.bytes);
    }
    // Two places, and one message with a file descriptor.
    recv_messages {
        ours: {
            let mut memory = [[MaybeUninit::uninit(); space::rights(1)]; 2];
            let [one, two] = &mut memory;
            let mut controls = [RecvControl::new(one), RecvControl::new(two)];
            let mut halves = f.halves.each_mut().map(|half| [IoSliceMut::new(half)]);
            let [one, two] = &mut halves;
            let mut messages = [RecvMessage::new(one), RecvMessage::new(two)];
            let count = f.with_rights_of_four.recv_messages(&mut messages, &mut controls)?;
            for control in &mut controls[..count] {
                control.descriptors()?.try_for_each(|fd| fd.map(drop))?;
            }
            Ok::<_, Errno>((count, messages[0].received()?.len))
        };
        syscalls: reference::recv_messages(f.with_rights_of_four.as_raw_fd(), &mut f.halves);
    }
    // What was received is known, so there is no call.
    received {
        ours: black_box(&RecvMessage::new(&mut [])).received().map(|received| received.len);
        syscalls: reference::received(black_box(&reference::message(&[], ptr::null(), 0)));
    }
    recv_message_uninit {
        ours: {
            let mut memory = [MaybeUninit::uninit(); space::rights(1)];
            let mut control = RecvControl::new(&mut memory);
            let (_, received) = f.with_rights.recv_message_uninit(&mut f.memory, &mut control)?;
            control.descriptors()?.try_for_each(|fd| fd.map(drop))?;
            Ok::<_, Errno>(received.len)
        };
        syscalls: reference::recv_rights(f.with_rights.as_raw_fd(), &mut f.bytes);
    }
    recv_message_credentials {
        ours: {
            let mut memory = [MaybeUninit::uninit(); space::CREDENTIALS];
            let mut control = RecvControl::new(&mut memory);
            f.with_credentials.recv_message(&mut [IoSliceMut::new(&mut f.bytes)], &mut control)?;
            let mut credentials = None;
            for message in control.messages()? {
                if let ControlMessage::Credentials(sender) = message {
                    credentials = Some(sender);
                }
            }
            Ok::<_, Errno>(credentials)
        };
        syscalls: reference::recv_credentials(f.with_credentials.as_raw_fd(), &mut f.bytes);
    }
    shutdown {
        ours: f.a.shutdown(Shutdown::Both);
        syscalls: reference::shutdown(f.fd(), SHUT_RDWR);
    }
    poll {
        ours: poll(&mut [PollFd::new(&f.a, PollFlags::IN), PollFd::new(&f.b, PollFlags::IN)], f.timeout);
        syscalls: {
            let mut fds = [f.fd(), f.b.as_raw_fd()].map(|fd| reference::pollfd(fd, POLLIN));
            reference::poll(&mut fds, f.timeout)
        };
    }
    peer_credentials {
        ours: f.a.peer_credentials();
        syscalls: reference::option(f.fd(), SO_PEERCRED, Credentials { pid: 0, uid: 0, gid: 0 });
    }
    peer_pidfd {
        ours: f.a.peer_pidfd().map(drop);
        syscalls: reference::option(f.fd(), SO_PEERPIDFD, -1).map(|fd| reference::close_all([fd]));
    }
    peer_groups {
        ours: f.a.peer_groups(&mut f.groups).map(|groups| groups.len());
        syscalls: reference::list(f.a.as_raw_fd(), SO_PEERGROUPS, &mut f.groups).map(|groups| groups.len());
    }
    peer_group_count {
        ours: f.a.peer_group_count();
        syscalls: reference::list_len::<u32>(f.fd(), SO_PEERGROUPS);
    }
    peer_security {
        ours: f.a.peer_security(&mut f.bytes).map(|label| label.len());
        syscalls: reference::list(f.a.as_raw_fd(), SO_PEERSEC, &mut f.bytes).map(|label| label.len());
    }
    peer_security_len {
        ours: f.a.peer_security_len();
        syscalls: reference::list_len::<u8>(f.fd(), SO_PEERSEC);
    }
    socket_type {
        ours: f.a.socket_type();
        syscalls: reference::option(f.fd(), SO_TYPE, 0).map(SocketType::from_bits_retain);
    }
    domain {
        ours: f.a.domain();
        syscalls: reference::option(f.fd(), SO_DOMAIN, 0).map(Domain::from_bits_retain);
    }
    protocol {
        ours: f.a.protocol();
        syscalls: reference::option(f.fd(), SO_PROTOCOL, 0);
    }
    take_error {
        ours: f.a.take_error();
        syscalls: reference::option(f.fd(), SO_ERROR, 0).map(|errno| (errno != 0).then(|| syscalls::Errno::new(errno)));
    }
    pass_credentials {
        ours: f.a.pass_credentials();
        syscalls: reference::option(f.fd(), SO_PASSCRED, 0).map(|on| on != 0);
    }
    set_pass_credentials {
        ours: f.a.set_pass_credentials(f.on);
        syscalls: reference::set_option(f.fd(), SO_PASSCRED, i32::from(f.on));
    }
    pass_pidfd {
        ours: f.a.pass_pidfd();
        syscalls: reference::option(f.fd(), SO_PASSPIDFD, 0).map(|on| on != 0);
    }
    set_pass_pidfd {
        ours: f.a.set_pass_pidfd(f.on);
        syscalls: reference::set_option(f.fd(), SO_PASSPIDFD, i32::from(f.on));
    }
    pass_rights {
        ours: f.a.pass_rights();
        syscalls: reference::option(f.fd(), SO_PASSRIGHTS, 0).map(|on| on != 0);
    }
    set_pass_rights {
        ours: f.a.set_pass_rights(f.on);
        syscalls: reference::set_option(f.fd(), SO_PASSRIGHTS, i32::from(f.on));
    }
    pass_security {
        ours: f.a.pass_security();
        syscalls: reference::option(f.fd(), SO_PASSSEC, 0).map(|on| on != 0);
    }
    set_pass_security {
        ours: f.a.set_pass_security(f.on);
        syscalls: reference::set_option(f.fd(), SO_PASSSEC, i32::from(f.on));
    }
    send_buffer_size {
        ours: f.a.send_buffer_size();
        syscalls: reference::option(f.fd(), SO_SNDBUF, 0_u32).map(|size| size as usize);
    }
    set_send_buffer_size {
        ours: f.a.set_send_buffer_size(f.size);
        syscalls: reference::set_option(f.fd(), SO_SNDBUF, i32::try_from(f.size).unwrap_or(i32::MAX));
    }
    recv_buffer_size {
        ours: f.a.recv_buffer_size();
        syscalls: reference::option(f.fd(), SO_RCVBUF, 0_u32).map(|size| size as usize);
    }
    set_recv_buffer_size {
        ours: f.a.set_recv_buffer_size(f.size);
        syscalls: reference::set_option(f.fd(), SO_RCVBUF, i32::try_from(f.size).unwrap_or(i32::MAX));
    }
    force_send_buffer_size {
        ours: f.a.force_send_buffer_size(f.size);
        syscalls: reference::set_option(f.fd(), SO_SNDBUFFORCE, i32::try_from(f.size).unwrap_or(i32::MAX));
    }
    force_recv_buffer_size {
        ours: f.a.force_recv_buffer_size(f.size);
        syscalls: reference::set_option(f.fd(), SO_RCVBUFFORCE, i32::try_from(f.size).unwrap_or(i32::MAX));
    }
    set_rights_notrunc {
        ours: f.a.set_rights_notrunc(f.on);
        syscalls: reference::set_option(f.fd(), reference::SO_RIGHTS_NOTRUNC, i32::from(f.on));
    }
    set_pass_bytes_to_recv {
        ours: f.stream.set_pass_bytes_to_recv(f.on);
        syscalls: reference::set_option(f.stream.as_raw_fd(), SO_INQ, i32::from(f.on));
    }
    recv_low_water_mark {
        ours: f.stream.recv_low_water_mark();
        syscalls: reference::option(f.stream.as_raw_fd(), SO_RCVLOWAT, 0).map(|bytes| bytes as usize);
    }
    set_recv_low_water_mark {
        ours: f.stream.set_recv_low_water_mark(f.size);
        syscalls: reference::set_option(f.stream.as_raw_fd(), SO_RCVLOWAT, i32::try_from(f.size).unwrap_or(i32::MAX));
    }
    pass_timestamps {
        ours: f.a.pass_timestamps();
        syscalls: reference::option(f.fd(), reference::TIMESTAMPNS, 0).map(|on| on != 0);
    }
    set_pass_timestamps {
        ours: f.a.set_pass_timestamps(f.on);
        syscalls: reference::set_option(f.fd(), reference::TIMESTAMPNS, i32::from(f.on));
    }
    pass_timestamps_micros {
        ours: f.a.pass_timestamps_micros();
        syscalls: reference::option(f.fd(), reference::TIMESTAMP, 0).map(|on| on != 0);
    }
    set_pass_timestamps_micros {
        ours: f.a.set_pass_timestamps_micros(f.on);
        syscalls: reference::set_option(f.fd(), reference::TIMESTAMP, i32::from(f.on));
    }
    send_timeout {
        ours: f.a.send_timeout();
        syscalls: reference::timeout(f.fd(), reference::SNDTIMEO);
    }
    set_send_timeout {
        ours: f.a.set_send_timeout(f.timeout);
        syscalls: reference::set_timeout(f.fd(), reference::SNDTIMEO, f.timeout);
    }
    recv_timeout {
        ours: f.a.recv_timeout();
        syscalls: reference::timeout(f.fd(), reference::RCVTIMEO);
    }
    set_recv_timeout {
        ours: f.a.set_recv_timeout(f.timeout);
        syscalls: reference::set_timeout(f.fd(), reference::RCVTIMEO, f.timeout);
    }
    peek_offset {
        ours: f.a.peek_offset();
        syscalls: reference::option(f.fd(), SO_PEEK_OFF, -1).map(|offset| u32::try_from(offset).ok());
    }
    set_peek_offset {
        ours: f.a.set_peek_offset(f.offset);
        syscalls: reference::set_peek_offset(f.fd(), f.offset);
    }
    bytes_to_recv {
        ours: f.a.bytes_to_recv();
        syscalls: reference::ioctl(f.fd(), FIONREAD, 0).map(|bytes| bytes as usize);
    }
    memory_sent {
        ours: f.b.memory_sent();
        syscalls: reference::ioctl(f.b.as_raw_fd(), TIOCOUTQ, 0).map(|bytes| bytes as usize);
    }
    is_nonblocking {
        ours: f.a.is_nonblocking();
        syscalls: reference::fcntl(f.fd(), F_GETFL, 0).map(|flags| flags & O_NONBLOCK != 0);
    }
    set_nonblocking {
        ours: f.a.set_nonblocking(f.on);
        syscalls: reference::ioctl(f.fd(), FIONBIO, i32::from(f.on)).map(drop);
    }
    is_close_on_exec {
        ours: f.a.is_close_on_exec();
        syscalls: reference::fcntl(f.fd(), F_GETFD, 0).map(|flags| flags & FD_CLOEXEC != 0);
    }
    set_close_on_exec {
        ours: f.a.set_close_on_exec(f.on);
        syscalls: reference::fcntl(f.fd(), F_SETFD, if f.on { FD_CLOEXEC } else { 0 }).map(drop);
    }
    option {
        // SAFETY: SO_TYPE writes an int.
        ours: unsafe { f.a.option(SOL_SOCKET as i32, SO_TYPE as i32, &mut f.bytes[..4]) }.map(|value| value.len());
        syscalls: reference::list(f.a.as_raw_fd(), SO_TYPE, &mut f.bytes[..4]).map(|value| value.len());
    }
    set_option {
        // SAFETY: SO_PASSCRED reads an int.
        ours: unsafe { f.a.set_option(SOL_SOCKET as i32, SO_PASSCRED as i32, &f.halves[0]) };
        syscalls: reference::set_option(f.fd(), SO_PASSCRED, f.halves[0]);
    }
    borrow_fd {
        ours: UnixSeqpacket::borrow_fd(&f.a).map(drop);
        syscalls: reference::check_socket(f.fd(), SOCK_SEQPACKET);
    }
}
