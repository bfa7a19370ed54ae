//! The same work with the crate `syscalls`, as a careful caller does it: with `syscall!`, which distinguishes values from errnos,
//! and with the same checks and results. Memory for control messages is not filled with zeros here.

use core::{mem::MaybeUninit, ptr, slice, time::Duration};
use linux_raw_sys::{general::iovec, general::*, net::*};
use linux_socketpair::{Credentials, RawFd, space};
use syscalls::{Errno, Sysno, syscall};

const WORD: usize = size_of::<usize>();
const HEADER: usize = size_of::<cmsghdr>();

#[cfg(target_pointer_width = "64")]
const PPOLL: Sysno = Sysno::ppoll;
#[cfg(target_pointer_width = "32")]
const PPOLL: Sysno = Sysno::ppoll_time64;

// The options with time of 64 bits that this crate sets.
#[cfg(target_pointer_width = "32")]
pub use linux_raw_sys::net::{
    SO_RCVTIMEO_NEW as RCVTIMEO, SO_SNDTIMEO_NEW as SNDTIMEO, SO_TIMESTAMP_NEW as TIMESTAMP,
    SO_TIMESTAMPNS_NEW as TIMESTAMPNS,
};
#[cfg(target_pointer_width = "64")]
pub use linux_raw_sys::net::{
    SO_RCVTIMEO_OLD as RCVTIMEO, SO_SNDTIMEO_OLD as SNDTIMEO, SO_TIMESTAMP_OLD as TIMESTAMP,
    SO_TIMESTAMPNS_OLD as TIMESTAMPNS,
};

/// include/uapi/asm-generic/socket.h
pub const SO_RIGHTS_NOTRUNC: u32 = 85;

/// How many bytes `send_all` or `recv_exact` transferred before it failed.
#[expect(dead_code, reason = "this crate returns it to its caller too")]
pub struct Incomplete {
    pub done: usize,
    pub errno: Errno,
}

#[inline(always)]
pub fn socketpair(ty: u32) -> Result<[RawFd; 2], Errno> {
    let mut sv = MaybeUninit::<[RawFd; 2]>::uninit();
    // SAFETY: the kernel writes `sv`, and where it succeeds all of it.
    unsafe {
        syscall!(Sysno::socketpair, AF_UNIX, ty, 0, sv.as_mut_ptr())?;
        Ok(sv.assume_init())
    }
}

#[inline(always)]
pub fn close(fd: RawFd) -> Result<(), Errno> {
    // SAFETY: the caller owns the descriptor.
    unsafe { syscall!(Sysno::close, fd) }.map(drop)
}

/// Discards errors, as dropping does.
#[inline(always)]
pub fn close_all<const COUNT: usize>(fds: [RawFd; COUNT]) {
    for fd in fds {
        let _ = close(fd);
    }
}

#[inline(always)]
pub fn read(fd: RawFd, buf: &mut [u8]) -> Result<usize, Errno> {
    // SAFETY: the kernel writes within `buf` alone.
    unsafe { syscall!(Sysno::read, fd, buf.as_mut_ptr(), buf.len()) }
}

#[inline(always)]
pub fn write(fd: RawFd, buf: &[u8]) -> Result<usize, Errno> {
    // SAFETY: the kernel reads within `buf` alone.
    unsafe { syscall!(Sysno::write, fd, buf.as_ptr(), buf.len()) }
}

#[inline(always)]
pub fn send(fd: RawFd, buf: &[u8]) -> Result<usize, Errno> {
    // SAFETY: the kernel reads within `buf` alone; there is no address.
    unsafe { syscall!(Sysno::sendto, fd, buf.as_ptr(), buf.len(), MSG_NOSIGNAL, 0, 0) }
}

#[inline(always)]
pub fn send_all(fd: RawFd, buf: &[u8]) -> Result<(), Incomplete> {
    let mut done = 0;
    while let Some(rest) = buf.get(done..).filter(|rest| !rest.is_empty()) {
        match send(fd, rest) {
            Ok(0) => {
                return Err(Incomplete {
                    done,
                    errno: Errno::ENODATA,
                });
            }
            Ok(len) => done += len,
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(Incomplete { done, errno }),
        }
    }
    Ok(())
}

#[inline(always)]
fn header(bufs: *const iovec, count: usize, control: *const u8, len: usize) -> msghdr {
    msghdr {
        msg_name: ptr::null_mut(),
        msg_namelen: 0,
        msg_iov: bufs.cast_mut().cast(),
        msg_iovlen: count as _,
        msg_control: control.cast_mut().cast(),
        msg_controllen: len as _,
        msg_flags: 0,
    }
}

#[inline(always)]
pub fn buffer(buf: &[u8]) -> iovec {
    iovec {
        iov_base: buf.as_ptr().cast_mut().cast(),
        iov_len: buf.len() as _,
    }
}

#[inline(always)]
pub fn buffer_mut(buf: &mut [u8]) -> iovec {
    iovec {
        iov_base: buf.as_mut_ptr().cast(),
        iov_len: buf.len() as _,
    }
}

#[inline(always)]
fn sendmsg(fd: RawFd, message: &msghdr) -> Result<usize, Errno> {
    // SAFETY: the kernel reads what the header points to, which outlives the call.
    unsafe { syscall!(Sysno::sendmsg, fd, ptr::from_ref(message), MSG_NOSIGNAL) }
}

#[inline(always)]
pub fn send_vectored(fd: RawFd, bufs: &[iovec]) -> Result<usize, Errno> {
    sendmsg(fd, &header(bufs.as_ptr(), bufs.len(), ptr::null(), 0))
}

/// A control message in memory.
#[repr(C)]
struct Control<T> {
    header: cmsghdr,
    payload: T,
}

#[inline(always)]
fn control<T>(ty: u32, payload: T) -> Control<T> {
    Control {
        header: cmsghdr {
            cmsg_len: (HEADER + size_of::<T>()) as _,
            cmsg_level: SOL_SOCKET as _,
            cmsg_type: ty as _,
        },
        payload,
    }
}

#[inline(always)]
pub fn send_message<T>(fd: RawFd, buf: &[u8], ty: u32, payload: T) -> Result<usize, Errno> {
    let control = control(ty, payload);
    sendmsg(
        fd,
        &header(&buffer(buf), 1, ptr::from_ref(&control).cast(), size_of_val(&control)),
    )
}

/// The payload goes out with the first byte.
#[inline(always)]
pub fn send_message_all<T: Copy>(fd: RawFd, buf: &[u8], ty: u32, payload: T) -> Result<(), Errno> {
    let mut first = Some(payload);
    let mut rest = buf;
    while !rest.is_empty() {
        let result = match first {
            Some(payload) => send_message(fd, rest, ty, payload),
            None => send(fd, rest),
        };
        match result {
            Ok(0) => return Err(Errno::ENODATA),
            Ok(len) => {
                first = None;
                rest = rest.get(len..).unwrap_or_default();
            }
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

#[inline(always)]
pub fn message(bufs: &[iovec], control: *const u8, len: usize) -> mmsghdr {
    mmsghdr {
        msg_hdr: header(bufs.as_ptr(), bufs.len(), control, len),
        msg_len: 0,
    }
}

/// The second one with a file descriptor.
#[inline(always)]
pub fn send_messages(fd: RawFd, bytes: [&[u8; 4]; 2], payload: RawFd) -> Result<usize, Errno> {
    let control = control(SCM_RIGHTS, payload);
    let bufs = bytes.map(|bytes| [buffer(bytes)]);
    let mut messages = [
        message(&bufs[0], ptr::null(), 0),
        message(&bufs[1], ptr::from_ref(&control).cast(), size_of_val(&control)),
    ];
    // SAFETY: the kernel reads what the messages point to, which outlives the call.
    unsafe { syscall!(Sysno::sendmmsg, fd, messages.as_mut_ptr(), messages.len(), MSG_NOSIGNAL) }
}

#[inline(always)]
fn recvmsg(fd: RawFd, message: &mut msghdr, flags: u32) -> Result<usize, Errno> {
    // SAFETY: the kernel writes what the header points to, which outlives the call.
    unsafe { syscall!(Sysno::recvmsg, fd, ptr::from_mut(message), flags) }
}

#[inline(always)]
pub fn recv_vectored(fd: RawFd, bufs: &mut [iovec]) -> Result<usize, Errno> {
    let mut message = header(bufs.as_ptr(), bufs.len(), ptr::null(), 0);
    let len = recvmsg(fd, &mut message, 0)?;
    if message.msg_flags & MSG_TRUNC != 0 {
        return Err(Errno::EMSGSIZE);
    }
    Ok(len)
}

#[inline(always)]
fn recvfrom(fd: RawFd, buf: &mut [u8], flags: u32) -> Result<usize, Errno> {
    // SAFETY: the kernel writes within `buf` alone; there is no address.
    unsafe { syscall!(Sysno::recvfrom, fd, buf.as_mut_ptr(), buf.len(), flags, 0, 0) }
}

#[inline(always)]
pub fn recv(fd: RawFd, buf: &mut [u8]) -> Result<usize, Errno> {
    match recvfrom(fd, buf, MSG_TRUNC)? {
        len if len > buf.len() => Err(Errno::EMSGSIZE),
        len => Ok(len),
    }
}

#[inline(always)]
pub fn recv_stream(fd: RawFd, buf: &mut [u8]) -> Result<usize, Errno> {
    recvfrom(fd, buf, 0)
}

#[inline(always)]
pub fn recv_uninit(fd: RawFd, buf: &mut [MaybeUninit<u8>]) -> Result<&mut [u8], Errno> {
    // SAFETY: only the kernel accesses it, and writes.
    let buf = unsafe { slice::from_raw_parts_mut(buf.as_mut_ptr().cast::<u8>(), buf.len()) };
    let len = recv_vectored(fd, &mut [buffer_mut(buf)])?;
    Ok(buf.get_mut(..len).unwrap_or_default())
}

#[inline(always)]
pub fn next_message_len(fd: RawFd) -> Result<usize, Errno> {
    recvfrom(fd, &mut [], MSG_PEEK | MSG_TRUNC)
}

#[inline(always)]
pub fn recv_exact(fd: RawFd, buf: &mut [u8]) -> Result<(), Incomplete> {
    let mut done = 0;
    while let Some(rest) = buf.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match recv_stream(fd, rest) {
            Ok(0) => {
                return Err(Incomplete {
                    done,
                    errno: Errno::ENODATA,
                });
            }
            Ok(len) => done += len,
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(Incomplete { done, errno }),
        }
    }
    Ok(())
}

/// Receives, and calls `control` for each control message of SOL_SOCKET with its type, its payload and the payload's
/// length.
#[inline(always)]
fn recv_message<const WORDS: usize>(
    fd: RawFd,
    buf: &mut [u8],
    control: impl FnMut(u32, *const u8, usize),
) -> Result<usize, Errno> {
    let mut memory = [const { MaybeUninit::<usize>::uninit() }; WORDS];
    let bufs = [buffer_mut(buf)];
    let mut message = header(bufs.as_ptr(), 1, memory.as_mut_ptr().cast(), size_of_val(&memory));
    let len = recvmsg(fd, &mut message, MSG_CMSG_CLOEXEC)?;
    parse(&message, control)?;
    if message.msg_flags & MSG_TRUNC != 0 {
        return Err(Errno::EMSGSIZE);
    }
    Ok(len)
}

#[inline(always)]
fn parse(message: &msghdr, mut control: impl FnMut(u32, *const u8, usize)) -> Result<(), Errno> {
    let mut at = message.msg_control.cast::<u8>().cast_const();
    let mut rest = message.msg_controllen;
    while rest >= HEADER {
        // SAFETY: the kernel wrote so much, and a header at each multiple of a word.
        let header = unsafe { at.cast::<cmsghdr>().read() };
        let taken = header.cmsg_len;
        if taken < HEADER || taken > rest {
            break;
        }
        // SAFETY: the kernel wrote the payload behind the header.
        let payload = unsafe { at.add(HEADER) };
        if header.cmsg_level == SOL_SOCKET as _ {
            control(header.cmsg_type as u32, payload, taken - HEADER);
        }
        let step = taken.next_multiple_of(WORD).min(rest);
        // SAFETY: the kernel wrote so much.
        at = unsafe { at.add(step) };
        rest -= step;
    }
    if message.msg_flags & MSG_CTRUNC != 0 {
        return Err(Errno::ENOBUFS);
    }
    Ok(())
}

#[inline(always)]
pub fn received(message: &mmsghdr) -> Result<usize, Errno> {
    if message.msg_hdr.msg_flags & MSG_TRUNC != 0 {
        return Err(Errno::EMSGSIZE);
    }
    Ok(message.msg_len as usize)
}

#[cfg(target_pointer_width = "64")]
const RECVMMSG: Sysno = Sysno::recvmmsg;
#[cfg(target_pointer_width = "32")]
const RECVMMSG: Sysno = Sysno::recvmmsg_time64;

/// Closes each file descriptor that was received.
#[inline(always)]
pub fn recv_messages(fd: RawFd, halves: &mut [[u8; 4]; 2]) -> Result<(usize, usize), Errno> {
    let mut memory = [[const { MaybeUninit::<usize>::uninit() }; space::rights(1)]; 2];
    let bufs = halves.each_mut().map(|half| [buffer_mut(half)]);
    let mut messages = [0, 1].map(|at: usize| {
        let memory = &mut memory[at];
        message(&bufs[at], memory.as_mut_ptr().cast(), size_of_val(memory))
    });
    let flags = MSG_CMSG_CLOEXEC | 0x1_0000; // MSG_WAITFORONE
    // SAFETY: the kernel writes what the messages point to, which outlives the call; there is no timeout.
    let count = unsafe { syscall!(RECVMMSG, fd, messages.as_mut_ptr(), messages.len(), flags, 0) }?;
    for message in messages.get(..count).unwrap_or_default() {
        parse(&message.msg_hdr, close_rights)?;
    }
    Ok((count, received(&messages[0])?))
}

#[inline(always)]
fn close_rights(ty: u32, payload: *const u8, len: usize) {
    if ty == SCM_RIGHTS {
        for at in 0..len / size_of::<RawFd>() {
            // SAFETY: the payload holds so many descriptors.
            let _ = close(unsafe { payload.cast::<RawFd>().add(at).read() });
        }
    }
}

/// Closes each file descriptor that was received.
#[inline(always)]
pub fn recv_rights(fd: RawFd, buf: &mut [u8]) -> Result<usize, Errno> {
    recv_message::<{ space::rights(1) }>(fd, buf, close_rights)
}

/// The same, part by part, each with memory of its own.
#[inline(always)]
pub fn recv_message_exact(fd: RawFd, buf: &mut [u8]) -> Result<(), Errno> {
    let mut done = 0;
    while let Some(rest) = buf.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match recv_message::<{ space::rights(1) }>(fd, rest, close_rights) {
            Ok(0) => return Err(Errno::ENODATA),
            Ok(len) => done += len,
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

#[inline(always)]
pub fn recv_credentials(fd: RawFd, buf: &mut [u8]) -> Result<Option<Credentials>, Errno> {
    let mut credentials = None;
    recv_message::<{ space::CREDENTIALS }>(fd, buf, |ty, payload, len| {
        if ty == SCM_CREDENTIALS && len == size_of::<Credentials>() {
            // SAFETY: the payload is as long as credentials are, and they are made of ints.
            credentials = Some(unsafe { payload.cast::<Credentials>().read_unaligned() });
        }
    })?;
    Ok(credentials)
}

#[inline(always)]
pub fn recv_or_eof(fd: RawFd, buf: &mut [u8]) -> Result<Option<usize>, Errno> {
    let mut is_message = false;
    let len = recv_message::<{ space::CREDENTIALS }>(fd, buf, |_, _, _| is_message = true)?;
    match (len, is_message) {
        (0, false) if option(fd, SO_PASSCRED, 0)? != 0 => Ok(None),
        (0, false) => Err(Errno::EINVAL),
        _ => Ok(Some(len)),
    }
}

#[inline(always)]
pub fn shutdown(fd: RawFd, how: u32) -> Result<(), Errno> {
    // SAFETY: no memory is involved.
    unsafe { syscall!(Sysno::shutdown, fd, how) }.map(drop)
}

#[inline(always)]
pub fn fcntl(fd: RawFd, command: u32, argument: u32) -> Result<u32, Errno> {
    // SAFETY: no memory is involved.
    unsafe { syscall!(Sysno::fcntl, fd, command, argument) }.map(|ret| ret as u32)
}

#[inline(always)]
pub fn ioctl(fd: RawFd, request: u32, mut value: i32) -> Result<i32, Errno> {
    // SAFETY: each request here takes an int.
    unsafe { syscall!(Sysno::ioctl, fd, request, &raw mut value) }?;
    Ok(value)
}

/// Returns also the length that the kernel wrote.
#[inline(always)]
fn getsockopt<T: ?Sized>(fd: RawFd, name: u32, value: &mut T) -> (Result<usize, Errno>, usize) {
    let mut len = size_of_val(value) as u32;
    let at = ptr::from_mut(value).cast::<u8>();
    // SAFETY: the kernel writes within `value` and `len`, and every `T` used here is made of numbers.
    let ret = unsafe { syscall!(Sysno::getsockopt, fd, SOL_SOCKET, name, at, &raw mut len) };
    (ret, len as usize)
}

#[inline(always)]
pub fn option<T>(fd: RawFd, name: u32, mut value: T) -> Result<T, Errno> {
    getsockopt(fd, name, &mut value).0.map(|_| value)
}

#[inline(always)]
pub fn set_option<T>(fd: RawFd, name: u32, value: T) -> Result<(), Errno> {
    // SAFETY: the kernel reads `value` alone.
    unsafe {
        syscall!(
            Sysno::setsockopt,
            fd,
            SOL_SOCKET,
            name,
            &raw const value,
            size_of::<T>()
        )
    }
    .map(drop)
}

/// The part of `list` that was written.
#[inline(always)]
pub fn list<T>(fd: RawFd, name: u32, list: &mut [T]) -> Result<&mut [T], Errno> {
    let (ret, len) = getsockopt(fd, name, list);
    ret.map(|_| list.get_mut(..len / size_of::<T>()).unwrap_or_default())
}

#[inline(always)]
pub fn list_len<T>(fd: RawFd, name: u32) -> Result<usize, Errno> {
    match getsockopt::<[T]>(fd, name, &mut []) {
        (Ok(_) | Err(Errno::ERANGE), len) => Ok(len / size_of::<T>()),
        (Err(errno), _) => Err(errno),
    }
}

#[inline(always)]
pub fn timeout(fd: RawFd, name: u32) -> Result<Option<Duration>, Errno> {
    let mut time = [0_i64; 2];
    let (ret, len) = getsockopt(fd, name, &mut time);
    ret?;
    match time {
        _ if len != size_of_val(&time) => Err(Errno::ENOPROTOOPT),
        [0, 0] => Ok(None),
        [seconds, micros] => Ok(Some(Duration::new(seconds as u64, micros as u32 * 1000))),
    }
}

#[inline(always)]
pub fn set_timeout(fd: RawFd, name: u32, timeout: Option<Duration>) -> Result<(), Errno> {
    let time = match timeout {
        None => [0, 0],
        Some(Duration::ZERO) => return Err(Errno::EINVAL),
        Some(timeout) => {
            let micros = timeout.subsec_nanos().wrapping_add(999) / 1000;
            match i64::try_from(timeout.as_secs()) {
                Ok(seconds) if micros < 1_000_000 => [seconds, micros.into()],
                Ok(seconds) if seconds < i64::MAX => [seconds + 1, 0],
                _ => [0, 0],
            }
        }
    };
    set_option(fd, name, time)
}

#[inline(always)]
pub fn check_socket(fd: RawFd, ty: u32) -> Result<(), Errno> {
    match (option(fd, SO_DOMAIN, 0)?, option(fd, SO_TYPE, 0)?) {
        (AF_UNIX, found) if found == ty => Ok(()),
        (AF_UNIX, _) => Err(Errno::EPROTOTYPE),
        _ => Err(Errno::EAFNOSUPPORT),
    }
}

#[inline(always)]
pub fn set_peek_offset(fd: RawFd, offset: Option<u32>) -> Result<(), Errno> {
    let offset = match offset {
        None => -1,
        Some(offset) if offset > i32::MAX as u32 => return Err(Errno::EINVAL),
        Some(offset) => offset as i32,
    };
    set_option(fd, SO_PEEK_OFF, offset)
}

#[inline(always)]
pub fn pollfd(fd: RawFd, events: u32) -> pollfd {
    pollfd {
        fd,
        events: events as i16,
        revents: 0,
    }
}

#[inline(always)]
pub fn poll(fds: &mut [pollfd], timeout: Option<Duration>) -> Result<usize, Errno> {
    let mut timeout = timeout.map(|timeout| __kernel_timespec {
        tv_sec: timeout.as_secs().min(i64::MAX as u64) as i64,
        tv_nsec: timeout.subsec_nanos().into(),
    });
    let timeout = timeout.as_mut().map_or(ptr::null_mut(), ptr::from_mut);
    // SAFETY: the kernel writes within `fds` and `timeout`; there is no signal mask.
    unsafe { syscall!(PPOLL, fds.as_mut_ptr(), fds.len(), timeout, 0, 0) }
}
