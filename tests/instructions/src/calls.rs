//! The calls, a row each: by this crate, by the crate `syscalls`, and the pair by everybody.

use core::{fmt::Debug, mem::MaybeUninit, slice};
use linux_raw_sys::{general::*, ioctl::*, net::*};
use linux_socketpair::*;
use std::{io, os::unix::net::UnixStream};

use crate::place::Place;
use crate::{compare, given, raw, repeat};

const NONE: MessageFlags = MessageFlags::empty();

/// Makes a function of each, whose symbol is `PEER.CALL`, and `make`, which calls them.
macro_rules! calls {
    (|$place:ident| $($call:ident { $($peer:ident: $work:expr;)+ })+) => {
        $(mod $call {
            use super::*;
            $(
                #[unsafe(export_name = concat!(stringify!($peer), ".", stringify!($call)))]
                #[inline(never)]
                #[allow(unused_variables, reason = "a new pair needs no place")]
                pub fn $peer($place: &mut Place) -> impl Debug + use<> {
                    let work = |$place: &mut Place| $work;
                    given(concat!(stringify!($peer), ".", stringify!($call)), work($place))
                }
            )+
        })+

        /// Makes each call so many times.
        pub fn make(times: usize, without: &[String]) {
            $(if !without.iter().any(|call| call == stringify!($call)) {
                compare(stringify!($call), &[$((stringify!($peer), repeat(times, $call::$peer))),+]);
            })+
        }
    };
}

calls! { |p|
    socketpair {
        ours: {
            let [a, b] = socketpair(Domain::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, 0)?;
            // SAFETY: both are ours.
            unsafe {
                close(a)?;
                close(b)
            }
        };
        syscalls: {
            let [a, b] = raw::socketpair(SOCK_STREAM | O_CLOEXEC)?;
            raw::close(a)?;
            raw::close(b)
        };
        libc: {
            let ty = libc::SOCK_STREAM | libc::SOCK_CLOEXEC;
            let mut sv = [0; 2];
            // SAFETY: `sv` is ours to write, and so are the descriptors that it then holds.
            let done = unsafe {
                libc::socketpair(libc::AF_UNIX, ty, 0, sv.as_mut_ptr()) == 0
                    && libc::close(sv[0]) == 0
                    && libc::close(sv[1]) == 0
            };
            if done { Ok(()) } else { Err(io::Error::last_os_error()) }
        };
        std: UnixStream::pair().map(drop);
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
            // SAFETY: `sv` is ours to write, and so are the descriptors that it then holds.
            unsafe {
                socketpair_into(Domain::UNIX, p.ty, p.flags, 0, sv.as_mut_ptr())?;
                let [a, b] = sv.assume_init();
                close(a)?;
                close(b)
            }
        };
        syscalls: {
            let [a, b] = raw::socketpair(p.ty.bits() | p.flags.bits())?;
            raw::close(a)?;
            raw::close(b)
        };
    }
    pair {
        ours: Socket::pair(Domain::UNIX, p.ty, p.flags, 0).map(drop);
        syscalls: raw::socketpair(p.ty.bits() | p.flags.bits()).map(raw::close_all);
    }
    stream_pair {
        ours: Socket::stream_pair().map(drop);
        syscalls: raw::socketpair(SOCK_STREAM | O_CLOEXEC).map(raw::close_all);
    }
    dgram_pair {
        ours: Socket::dgram_pair().map(drop);
        syscalls: raw::socketpair(SOCK_DGRAM | O_CLOEXEC).map(raw::close_all);
    }
    seqpacket_pair {
        ours: Socket::seqpacket_pair().map(drop);
        syscalls: raw::socketpair(SOCK_SEQPACKET | O_CLOEXEC).map(raw::close_all);
    }
    close {
        // SAFETY: the place gives it up.
        ours: unsafe { close(p.spare) };
        syscalls: raw::close(p.spare);
    }
    duplicate {
        ours: p.a.duplicate().map(drop);
        syscalls: raw::fcntl(p.fd(), F_DUPFD_CLOEXEC, 0).map(|fd| raw::close_all([fd as RawFd]));
    }
    read {
        // SAFETY: it is the place's.
        ours: unsafe { read(p.fd(), &mut p.bytes) };
        syscalls: raw::read(p.fd(), &mut p.bytes);
    }
    write {
        // SAFETY: it is the place's.
        ours: unsafe { write(p.fd(), &p.bytes) };
        syscalls: raw::write(p.fd(), &p.bytes);
    }
    send {
        ours: p.a.send(&p.bytes, NONE);
        syscalls: raw::send(p.fd(), &p.bytes);
    }
    send_all {
        ours: p.a.send_all(&p.bytes, NONE).map_err(Errno::from);
        syscalls: raw::send_all(p.fd(), &p.bytes).map_err(|incomplete| incomplete.errno);
    }
    send_vectored {
        ours: p.a.send_vectored(&[IoSlice::new(&p.halves[0]), IoSlice::new(&p.halves[1])], NONE);
        syscalls: raw::send_vectored(p.fd(), &[raw::buffer(&p.halves[0]), raw::buffer(&p.halves[1])]);
    }
    // With a descriptor.
    send_message {
        ours: {
            let mut control = SendControl::<{ space::rights(1) }>::new();
            control.rights(slice::from_ref(&p.b))?;
            p.a.send_message(&[IoSlice::new(&p.bytes)], &control, NONE)
        };
        syscalls: raw::send_message(p.fd(), &p.bytes, SCM_RIGHTS, p.b.as_raw_fd());
    }
    send_message_credentials {
        ours: {
            let mut control = SendControl::<{ space::CREDENTIALS }>::new();
            control.credentials(p.credentials)?;
            p.a.send_message(&[IoSlice::new(&p.bytes)], &control, NONE)
        };
        syscalls: raw::send_message(p.fd(), &p.bytes, SCM_CREDENTIALS, p.credentials);
    }
    recv {
        ours: p.a.recv(&mut p.bytes, NONE);
        syscalls: raw::recv(p.fd(), &mut p.bytes);
    }
    recv_uninit {
        ours: p.a.recv_uninit(&mut p.space, NONE).map(|bytes| bytes.len());
        syscalls: raw::recv_uninit(p.fd(), &mut p.space).map(|bytes| bytes.len());
    }
    recv_exact {
        ours: p.a.recv_exact(&mut p.bytes, NONE).map_err(Errno::from);
        syscalls: raw::recv_exact(p.fd(), &mut p.bytes).map_err(|incomplete| incomplete.errno);
    }
    recv_vectored {
        ours: {
            let [one, two] = &mut p.halves;
            p.a.recv_vectored(&mut [IoSliceMut::new(one), IoSliceMut::new(two)], NONE)
        };
        syscalls: {
            let [one, two] = &mut p.halves;
            raw::recv_vectored(p.a.as_raw_fd(), &mut [raw::buffer_mut(one), raw::buffer_mut(two)])
        };
    }
    // With a descriptor, which is closed.
    recv_message {
        ours: {
            let mut control = RecvControl::<{ space::rights(1) }>::new();
            let received = p.with_rights.recv_message(&mut [IoSliceMut::new(&mut p.bytes)], &mut control, NONE)?;
            for message in control.messages()? {
                if let ControlMessage::Rights(rights) = message {
                    rights.for_each(drop);
                }
            }
            Ok::<_, Errno>(received.len)
        };
        syscalls: raw::recv_rights(p.with_rights.as_raw_fd(), &mut p.bytes);
    }
    recv_message_credentials {
        ours: {
            let mut control = RecvControl::<{ space::CREDENTIALS }>::new();
            p.with_credentials.recv_message(&mut [IoSliceMut::new(&mut p.bytes)], &mut control, NONE)?;
            let mut credentials = None;
            for message in control.messages()? {
                if let ControlMessage::Credentials(told) = message {
                    credentials = Some(told);
                }
            }
            Ok::<_, Errno>(credentials)
        };
        syscalls: raw::recv_credentials(p.with_credentials.as_raw_fd(), &mut p.bytes);
    }
    shutdown {
        ours: p.a.shutdown(Shutdown::Both);
        syscalls: raw::shutdown(p.fd(), SHUT_RDWR);
    }
    poll {
        ours: poll(&mut [PollFd::new(&p.a, PollFlags::IN), PollFd::new(&p.b, PollFlags::IN)], p.timeout);
        syscalls: raw::poll(&mut [raw::pollfd(p.fd(), POLLIN), raw::pollfd(p.b.as_raw_fd(), POLLIN)], p.timeout);
    }
    peer_credentials {
        ours: p.a.peer_credentials();
        syscalls: raw::option(p.fd(), SO_PEERCRED, Credentials { pid: 0, uid: 0, gid: 0 });
    }
    peer_pidfd {
        ours: p.a.peer_pidfd().map(drop);
        syscalls: raw::option(p.fd(), SO_PEERPIDFD, -1).map(|fd| raw::close_all([fd]));
    }
    peer_groups {
        ours: p.a.peer_groups(&mut p.groups).map(|groups| groups.len());
        syscalls: raw::list(p.a.as_raw_fd(), SO_PEERGROUPS, &mut p.groups).map(|groups| groups.len());
    }
    peer_group_count {
        ours: p.a.peer_group_count();
        syscalls: raw::list_len::<u32>(p.fd(), SO_PEERGROUPS);
    }
    peer_security {
        ours: p.a.peer_security(&mut p.bytes).map(|label| label.len());
        syscalls: raw::list(p.a.as_raw_fd(), SO_PEERSEC, &mut p.bytes).map(|label| label.len());
    }
    peer_security_len {
        ours: p.a.peer_security_len();
        syscalls: raw::list_len::<u8>(p.fd(), SO_PEERSEC);
    }
    socket_type {
        ours: p.a.socket_type();
        syscalls: raw::option(p.fd(), SO_TYPE, 0).map(SocketType::from_bits_retain);
    }
    domain {
        ours: p.a.domain();
        syscalls: raw::option(p.fd(), SO_DOMAIN, 0).map(Domain::from_bits_retain);
    }
    protocol {
        ours: p.a.protocol();
        syscalls: raw::option(p.fd(), SO_PROTOCOL, 0);
    }
    take_error {
        ours: p.a.take_error();
        syscalls: raw::option(p.fd(), SO_ERROR, 0).map(|errno| (errno != 0).then(|| syscalls::Errno::new(errno)));
    }
    pass_credentials {
        ours: p.a.pass_credentials();
        syscalls: raw::option(p.fd(), SO_PASSCRED, 0).map(|on| on != 0);
    }
    set_pass_credentials {
        ours: p.a.set_pass_credentials(p.on);
        syscalls: raw::set_option(p.fd(), SO_PASSCRED, i32::from(p.on));
    }
    pass_pidfd {
        ours: p.a.pass_pidfd();
        syscalls: raw::option(p.fd(), SO_PASSPIDFD, 0).map(|on| on != 0);
    }
    set_pass_pidfd {
        ours: p.a.set_pass_pidfd(p.on);
        syscalls: raw::set_option(p.fd(), SO_PASSPIDFD, i32::from(p.on));
    }
    pass_rights {
        ours: p.a.pass_rights();
        syscalls: raw::option(p.fd(), SO_PASSRIGHTS, 0).map(|on| on != 0);
    }
    set_pass_rights {
        ours: p.a.set_pass_rights(p.on);
        syscalls: raw::set_option(p.fd(), SO_PASSRIGHTS, i32::from(p.on));
    }
    pass_security {
        ours: p.a.pass_security();
        syscalls: raw::option(p.fd(), SO_PASSSEC, 0).map(|on| on != 0);
    }
    set_pass_security {
        ours: p.a.set_pass_security(p.on);
        syscalls: raw::set_option(p.fd(), SO_PASSSEC, i32::from(p.on));
    }
    send_buffer_size {
        ours: p.a.send_buffer_size();
        syscalls: raw::option(p.fd(), SO_SNDBUF, 0_u32).map(|size| size as usize);
    }
    set_send_buffer_size {
        ours: p.a.set_send_buffer_size(p.size);
        syscalls: raw::set_option(p.fd(), SO_SNDBUF, i32::try_from(p.size).unwrap_or(i32::MAX));
    }
    recv_buffer_size {
        ours: p.a.recv_buffer_size();
        syscalls: raw::option(p.fd(), SO_RCVBUF, 0_u32).map(|size| size as usize);
    }
    set_recv_buffer_size {
        ours: p.a.set_recv_buffer_size(p.size);
        syscalls: raw::set_option(p.fd(), SO_RCVBUF, i32::try_from(p.size).unwrap_or(i32::MAX));
    }
    send_timeout {
        ours: p.a.send_timeout();
        syscalls: raw::timeout(p.fd(), SO_SNDTIMEO_NEW);
    }
    set_send_timeout {
        ours: p.a.set_send_timeout(p.timeout);
        syscalls: raw::set_timeout(p.fd(), SO_SNDTIMEO_NEW, p.timeout);
    }
    recv_timeout {
        ours: p.a.recv_timeout();
        syscalls: raw::timeout(p.fd(), SO_RCVTIMEO_NEW);
    }
    set_recv_timeout {
        ours: p.a.set_recv_timeout(p.timeout);
        syscalls: raw::set_timeout(p.fd(), SO_RCVTIMEO_NEW, p.timeout);
    }
    peek_offset {
        ours: p.a.peek_offset();
        syscalls: raw::option(p.fd(), SO_PEEK_OFF, -1).map(|offset| u32::try_from(offset).ok());
    }
    set_peek_offset {
        ours: p.a.set_peek_offset(p.offset);
        syscalls: raw::set_peek_offset(p.fd(), p.offset);
    }
    bytes_to_recv {
        ours: p.a.bytes_to_recv();
        syscalls: raw::ioctl(p.fd(), FIONREAD, 0).map(|bytes| bytes as usize);
    }
    memory_sent {
        ours: p.b.memory_sent();
        syscalls: raw::ioctl(p.b.as_raw_fd(), TIOCOUTQ, 0).map(|bytes| bytes as usize);
    }
    is_nonblocking {
        ours: p.a.is_nonblocking();
        syscalls: raw::fcntl(p.fd(), F_GETFL, 0).map(|flags| flags & O_NONBLOCK != 0);
    }
    set_nonblocking {
        ours: p.a.set_nonblocking(p.on);
        syscalls: raw::ioctl(p.fd(), FIONBIO, i32::from(p.on)).map(drop);
    }
    is_close_on_exec {
        ours: p.a.is_close_on_exec();
        syscalls: raw::fcntl(p.fd(), F_GETFD, 0).map(|flags| flags & FD_CLOEXEC != 0);
    }
    set_close_on_exec {
        ours: p.a.set_close_on_exec(p.on);
        syscalls: raw::fcntl(p.fd(), F_SETFD, if p.on { FD_CLOEXEC } else { 0 }).map(drop);
    }
}
