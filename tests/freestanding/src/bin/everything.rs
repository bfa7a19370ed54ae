//! Every call of the crate, once, on input from outside: the linked program must contain no panic.

#![no_std]
#![no_main]

use core::{mem::MaybeUninit, panic::PanicInfo, time::Duration};
use freestanding::{Arguments, raw};
use linux_raw_sys::general::__NR_kill;
use linux_socketpair::process::{
    Arg, ArgArray, Args, Command, FdMapping, Signal, SignalFd, SignalSet, Step, any_ended, exit_status, reap,
};
use linux_socketpair::{
    AsFd, AsRawFd, BorrowedFd, ControlMessage, Domain, Errno, FromRawFd, IntoRawFd, IoSlice, IoSliceMut, MessageFlags,
    OwnedFd, PollFd, PollFlags, RecvControl, RecvMessage, SendControl, SendMessage, Shutdown, Socket, SocketFlags,
    SocketType, UnixDatagram, UnixSeqpacket, UnixStream, close, explain, fd, kind, poll, read, socketpair,
    socketpair_into, space, syscall, write,
};

/// The number of arguments, which is unknown to the compiler.
static mut INPUT: usize = 0;

fn input() -> usize {
    // SAFETY: it is written once, before anything reads it.
    unsafe { (&raw const INPUT).read_volatile() }
}

fn raw_calls() -> Result<(), Errno> {
    let [domain, ty, flags] =
        [Domain::UNIX.bits(), SocketType::STREAM.bits(), 0].map(|bits| bits.wrapping_mul(input() as u32));
    let domain = Domain::from_bits_retain(domain);
    let ty = SocketType::from_bits_retain(ty);
    let flags = SocketFlags::from_bits_retain(flags);
    let [a, b] = socketpair(domain, ty, flags, input() as i32 - 1)?;
    let mut buf = [0; 8];
    let mut sv = [0; 2];
    // SAFETY: all descriptors are owned here, and all memory may be written.
    unsafe {
        write(a, b"hello")?;
        read(b, &mut buf)?;
        close(a)?;
        close(b)?;
        socketpair_into(domain, ty, flags, 0, &mut sv)?;
        close(sv[0])?;
        close(sv[1])
    }
}

fn explanations() -> Result<(), Errno> {
    let errno = Errno::from_raw_os_error(input() as i32).unwrap_or(Errno::EMFILE);
    let domain = Domain::from_bits_retain(input() as u32);
    let (ty, flags) = (
        SocketType::from_bits_retain(input() as u32),
        SocketFlags::from_bits_retain(input() as u32),
    );
    let causes = [
        explain::socketpair(domain, ty, flags, 0, errno),
        explain::pair_with::<kind::Stream>(flags, errno),
    ];
    let error = causes
        .iter()
        .map(|cause| cause.in_detail().errno())
        .find(|found| *found != errno);
    error.map_or(Ok(()), Err)
}

fn stream() -> Result<(), Errno> {
    let flags = MessageFlags::from_bits_retain(input() as u32 - 1);
    let (a, b) = UnixStream::pair()?;
    let mut buf = [0; 8];
    let mut uninit = [const { MaybeUninit::uninit() }; 8];
    a.send_with_flags(b"hello", flags)?;
    a.send_vectored_with_flags(&[IoSlice::new(b"a"), IoSlice::new(b"b")], flags)?;
    a.send_all(b"hello")?;
    b.recv_with_flags(&mut buf, flags | MessageFlags::PEEK)?;
    b.recv_exact(&mut buf)?;
    b.recv_uninit_with_flags(&mut uninit, flags)?;
    a.send_all(&buf)?;
    b.recv_vectored_with_flags(&mut [IoSliceMut::new(&mut buf)], flags)?;
    whole_messages(&a, &b)?;
    a.shutdown(Shutdown::Write)?;
    b.recv(&mut buf)?;
    conversions(a)
}

fn whole_messages(a: &UnixStream, b: &UnixStream) -> Result<(), Errno> {
    b.set_pass_credentials(true)?;
    let _ = (b.set_pass_pidfd(true), b.set_pass_bytes_to_recv(true));
    let mut buf = [0; 8];
    let mut memory = [MaybeUninit::uninit(); space::rights(2)];
    let mut control = SendControl::new(&mut memory);
    let mut memory = [MaybeUninit::uninit(); 64];
    let mut received = RecvControl::new(&mut memory);
    received.set_max_descriptors(input() + 1);
    for _ in 0..=input() {
        control.push_rights([a.as_fd(), b.as_fd()].into_iter().take(input()))?;
        a.send_message_all(&mut [IoSlice::new(b"a"), IoSlice::new(b"message")], &mut control)?;
        let (one, two) = buf.split_at_mut(input().min(8));
        b.recv_message_exact(&mut [IoSliceMut::new(one), IoSliceMut::new(two)], &mut received)?;
    }
    for fd in received.descriptors()? {
        fd::close(fd?)?;
    }
    b.set_pass_credentials(false)?;
    let _ = (b.set_pass_pidfd(false), b.set_pass_bytes_to_recv(false));
    Ok(())
}

fn conversions(a: UnixStream) -> Result<(), Errno> {
    UnixStream::borrow_fd(&a)?.try_clone()?.close()?;
    let owned = OwnedFd::from(a.try_clone()?);
    fd::set_close_on_exec(&owned, input() > 1)?;
    fd::is_close_on_exec(&owned)?;
    fd::close(owned.try_clone()?)?;
    let a = match UnixDatagram::try_from(owned) {
        Ok(datagram) => datagram.into_raw_fd(),
        Err(error) => UnixStream::try_from(error.into_fd())?.into_raw_fd(),
    };
    // SAFETY: the descriptor is owned here.
    drop(unsafe { UnixStream::from_raw_fd(a) });
    Ok(())
}

fn messages<T: kind::Messages>() -> Result<(), Errno> {
    let flags = MessageFlags::from_bits_retain(input() as u32 - 1);
    let (a, b) = Socket::<T>::pair_with(SocketFlags::CLOEXEC)?;
    let mut buf = [0; 8];
    let mut uninit = [const { MaybeUninit::uninit() }; 8];
    (0..4).try_for_each(|_| a.send(b"hello").map(drop))?;
    b.next_message_len_with_flags(flags)?;
    b.recv_with_flags(&mut buf, flags)?;
    b.recv_uninit_with_flags(&mut uninit, flags)?;
    b.recv_vectored_with_flags(&mut [IoSliceMut::new(&mut buf)], flags)?;
    let mut memory = [MaybeUninit::uninit(); space::rights(1)];
    b.recv_message_uninit_with_flags(&mut uninit, &mut RecvControl::new(&mut memory), flags)?;
    many_messages(&a, &b, flags)?;
    let _ = (
        b.set_pass_timestamps(true),
        b.pass_timestamps(),
        b.set_pass_timestamps_micros(true),
        b.pass_timestamps_micros(),
    );
    b.close()
}

fn many_messages<T: kind::Messages>(a: &Socket<T>, b: &Socket<T>, flags: MessageFlags) -> Result<(), Errno> {
    let mut memory = [MaybeUninit::uninit(); space::rights(1)];
    let mut control = SendControl::new(&mut memory);
    control.push_rights([a.as_fd()].into_iter().take(input()))?;
    let bufs = [IoSlice::new(b"one"), IoSlice::new(b"two")];
    let mut messages = [SendMessage::new(&bufs), SendMessage::with_control(&bufs, &control)];
    a.send_messages_with_flags(&mut messages, flags)?;
    let (mut one, mut two) = ([0; 8], [0; 8]);
    let (mut one, mut two) = ([IoSliceMut::new(&mut one)], [IoSliceMut::new(&mut two)]);
    let mut messages = [RecvMessage::new(&mut one), RecvMessage::new(&mut two)];
    let [mut one, mut two] = [[MaybeUninit::uninit(); space::rights(1)]; 2];
    let mut controls = [RecvControl::new(&mut one), RecvControl::new(&mut two)];
    let count = b.recv_messages_with_flags(&mut messages, &mut controls, flags)?;
    for (message, control) in messages.iter().zip(&mut controls).take(count) {
        let len = message.received()?.len.min(message.partially_received().len);
        let first = message.bufs().first().and_then(|buf| buf.get(..len));
        if first.is_none_or(|bytes| bytes.is_empty()) {
            return Err(Errno::ENODATA);
        }
        control.descriptors()?.for_each(drop);
    }
    Ok(())
}

fn control() -> Result<(), Errno> {
    const SPACE: usize = space::rights(3) + space::CREDENTIALS + space::PIDFD + space::payload(64);
    let flags = MessageFlags::from_bits_retain(input() as u32 - 1);
    let (a, b) = UnixSeqpacket::pair()?;
    b.set_pass_credentials(true)?;
    let _ = (
        b.set_pass_pidfd(true),
        b.set_pass_security(true),
        b.set_pass_rights(true),
    );
    let fds = [a.as_fd(), b.as_fd(), a.as_fd()];
    let mut memory = [MaybeUninit::uninit(); SPACE];
    let mut sent = SendControl::new(&mut memory);
    sent.push_rights(fds.iter().copied().take(input()))?;
    sent.push_credentials(b.peer_credentials()?)?;
    a.send_message_with_flags(&[IoSlice::new(b"x")], &sent, flags)?;
    sent.clear();
    // SAFETY: the payload contains no descriptors.
    unsafe { sent.push(1, 2, [0; 12].get(..input()).unwrap_or_default())? };

    let mut buf = [0; 8];
    let mut memory = [MaybeUninit::uninit(); SPACE];
    let mut control = RecvControl::new(&mut memory);
    control.set_max_descriptors(input());
    control.set_close_on_exec(input() > 1);
    b.recv_message_with_flags(&mut [IoSliceMut::new(&mut buf)], &mut control, flags)?;
    let mut taken = [None, None, None, None];
    let mut places = taken.iter_mut();
    for message in control.messages()? {
        match message {
            ControlMessage::Rights(rights) => {
                for (fd, place) in rights.zip(&mut places) {
                    *place = Some(fd?);
                }
            }
            ControlMessage::Credentials(credentials) => _ = credentials.pid,
            ControlMessage::Pidfd(pidfd) => _ = pidfd?,
            ControlMessage::Security(label) => _ = label.len(),
            ControlMessage::Timestamp(since) => buf[0] = since.subsec_nanos() as u8,
            ControlMessage::BytesToRecv(bytes) => buf[1] = bytes as u8,
            _ => {}
        }
    }
    a.send(b"x")?;
    b.recv_or_eof(&mut buf)?;
    a.send(b"x")?;
    b.recv_message_with_flags(&mut [], &mut control, flags | MessageFlags::TRUNC)?;
    match control.descriptors() {
        Ok(fds) => fds.for_each(drop),
        Err(_) => _ = control.partial_messages().count(),
    }
    control.clear();
    // SAFETY: nothing was written to the memory.
    unsafe {
        let (_, len) = control.as_raw_parts();
        control.set_received(len, flags);
    }
    Ok(())
}

fn options() -> Result<(), Errno> {
    let (a, b) = UnixStream::pair()?;
    let timeout = Duration::from_nanos(input() as u64);
    let _ = (a.peer_pidfd(), a.peer_groups(&mut [0; 4]), a.peer_group_count());
    let _ = (a.peer_security(&mut [0; 4]), a.peer_security_len());
    let _ = (a.socket_type(), a.domain(), a.protocol(), a.take_error());
    let _ = (a.pass_credentials(), a.pass_pidfd(), a.pass_rights(), a.pass_security());
    let _ = (
        a.send_buffer_size(),
        a.set_send_buffer_size(input()),
        a.recv_buffer_size(),
        a.set_recv_buffer_size(input()),
        a.force_send_buffer_size(input()),
        a.force_recv_buffer_size(input()),
    );
    let _ = (
        a.set_rights_notrunc(true),
        a.set_pass_bytes_to_recv(true),
        a.set_recv_low_water_mark(input()),
        a.recv_low_water_mark(),
    );
    let _ = (
        a.set_send_timeout(Some(timeout)),
        a.send_timeout(),
        a.set_recv_timeout(Some(timeout)),
        a.recv_timeout(),
    );
    let _ = (
        a.set_peek_offset(Some(input() as u32)),
        a.peek_offset(),
        a.bytes_to_recv(),
        a.memory_sent(),
    );
    let _ = (
        a.set_nonblocking(true),
        a.is_nonblocking(),
        a.set_close_on_exec(false),
        a.is_close_on_exec(),
    );
    // SAFETY: SO_TYPE, 3, and SO_PRIORITY, 12, are ints.
    let _ = unsafe { (a.option(1, 3, &mut [0; 4]).is_ok(), a.set_option(1, 12, &[0; 4])) };
    let mut fds = [PollFd::new(&a, PollFlags::OUT), PollFd::new(&b, PollFlags::IN)];
    poll(&mut fds, Some(timeout))?;
    let ready = fds.iter().find(|fd| !fd.ready().is_empty());
    ready.map_or(Err(Errno::ETIME), |ready| {
        if ready.fd().map(|fd: BorrowedFd<'_>| fd.as_raw_fd()) == Some(a.as_raw_fd()) {
            Ok(())
        } else {
            Err(Errno::ENOTUNIQ)
        }
    })
}

fn processes() -> Result<(), Errno> {
    let (a, b) = UnixStream::pair()?;
    let signal = Signal::from_raw(input() as i32).ok_or(Errno::EINVAL)?;
    let set = SignalSet::EMPTY.with(signal).without(Signal::TERM);
    let strings = [Arg::new(c"a"), Arg::new(c"b"), Arg::END];
    let args = Args::from_slice(strings.get(input()..).unwrap_or_default())?;
    let env = ArgArray::new([c"A=B", c"C=D"]);
    let maps = [
        FdMapping::new(&a, input() as i32),
        FdMapping::from_borrowed_fd(b.as_fd(), input() as i32 * 2),
    ];
    let groups = [input() as u32, 2];
    let mut called = args.iter().map(|arg| arg.to_bytes().len()).sum::<usize>();
    let mut hook = || {
        called += input();
        Ok(())
    };
    let mut command = Command::new(c"/bin/true", args);
    command.env(env.as_args()).fds(&maps).current_dir(c"/").new_session();
    command.user(input() as u32).group(input() as u32).groups(&groups);
    command
        .signal_mask(set)
        .default_signals(set)
        .parent_death_signal(signal);
    // SAFETY: it writes its own memory.
    unsafe { command.pre_exec(&mut hook) };
    let (end, child) = command.spawn_with_socket::<kind::Stream>(&[input() as i32 + 7])?;
    end.close()?;
    drop(child.into_pidfd());
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) if error.step() == Step::Exec => return Err(error.errno()),
        Err(error) => return Err(error.into()),
    };
    child.signal(signal)?;
    let mut fds = [child.pidfd().map_or(PollFd::ignored(), |pidfd| {
        PollFd::from_borrowed_fd(pidfd, PollFlags::IN)
    })];
    poll(&mut fds, None)?;
    child.try_wait()?;
    let status = child.wait()?;
    let _ = (status.success(), status.code(), status.signal());
    if let Some(ended) = any_ended()? {
        reap(ended.pid)?;
    }
    exit_status(&a)?;
    let signals = SignalFd::new(set)?;
    let other = SignalFd::new_with(set, SocketFlags::from_bits_retain(input() as u32))?;
    let received = signals.recv()?;
    drop(other);
    // SAFETY: the call accesses no memory.
    unsafe { syscall::<__NR_kill>([received.pid as usize, child.id() as usize, 0, 0, 0, 0]) }.map(drop)
}

#[unsafe(no_mangle)]
fn main(arguments: Arguments) -> i32 {
    // SAFETY: nothing reads it yet.
    unsafe { INPUT = arguments.count() };
    match raw_calls()
        .and_then(|()| stream())
        .and_then(|()| messages::<kind::Datagram>())
        .and_then(|()| messages::<kind::Seqpacket>())
        .and_then(|()| control())
        .and_then(|()| options())
        .and_then(|()| explanations())
        .and_then(|()| processes())
    {
        Ok(()) => 0,
        Err(errno) => errno.raw_os_error(),
    }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    raw::exit(101)
}
