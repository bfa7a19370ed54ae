//! One use of the whole API, in which each call may fail: `tests/fault_injection.sh` makes one system call fail after
//! another.
//!
//! What depends on a failed call is skipped, and the rest continues. At the end as many descriptors must be open as before: it
//! prints both numbers.

#![no_std]
#![no_main]

#[path = "../runtime.rs"]
mod runtime;

use core::{mem::MaybeUninit, time::Duration};
use freestanding::{Arguments, println, raw};
use linux_raw_sys::general::{__NR_geteuid as GETEUID, __NR_kill, __NR_lseek, __NR_rt_sigaction, SIGPIPE, SIGUSR1};
use linux_socketpair::process::{Args, Command, FdMapping, Signal, SignalFd, SignalSet, any_ended, exit_status, reap};
use linux_socketpair::{
    AsFd, AsRawFd, BorrowedFd, ControlMessage, Domain, Errno, IoSlice, IoSliceMut, MessageFlags, OwnedFd, PollFd,
    PollFlags, RecvControl, RecvMessage, SendControl, SendMessage, Shutdown, Socket, SocketFlags, SocketType,
    UnixDatagram, UnixSeqpacket, UnixStream, close, explain,
    explain::Cause,
    fd,
    kind::{Datagram, Kind, Messages, Seqpacket, Stream},
    poll, read, socketpair, socketpair_into, space, syscall, write,
};

/// Nothing waits for what was not sent.
const NOW: MessageFlags = MessageFlags::DONTWAIT;
const SOON: Option<Duration> = Some(Duration::from_micros(1));
const CONTROL: usize = space::rights(3) + space::CREDENTIALS + space::PIDFD + space::payload(64);

/// Counted with a call that the crate doesn't make, so that none is injected.
fn open_descriptors() -> usize {
    const BADF: isize = -(Errno::EBADF.raw_os_error() as isize);
    // SAFETY: moving a file's position by nothing changes no file.
    let is_open = |&fd: &usize| unsafe { raw::syscall(__NR_lseek, [fd, 0, 1]) } != BADF;
    (0..64).filter(is_open).count()
}

#[derive(Default)]
struct Steps {
    made: u32,
    failed: u32,
}

impl Steps {
    /// Counts a step by its result.
    fn step<T, E>(&mut self, result: Result<T, E>) -> Option<T> {
        self.made += 1;
        self.failed += u32::from(result.is_err());
        result.ok()
    }

    fn raw_calls(&mut self) {
        let (domain, ty, flags) = (Domain::UNIX, SocketType::STREAM, SocketFlags::NONBLOCK);
        let mut sv = [0; 2];
        // SAFETY: the kernel writes `sv` alone.
        let into = unsafe { socketpair_into(domain, ty, flags, 0, &mut sv) };
        for pair in [socketpair(domain, ty, flags, 0), into.map(|()| sv)] {
            let Some([a, b]) = self.step(pair) else { continue };
            // SAFETY: both descriptors are owned here.
            unsafe {
                self.step(write(a, b"bytes"));
                self.step(read(b, &mut [0; 8]));
                self.step(close(a));
                self.step(close(b));
            }
        }
    }

    fn bytes<T: Kind>(&mut self, a: &Socket<T>, b: &Socket<T>) {
        let mut buf = [0; 16];
        self.step(a.send_with_flags(b"bytes", NOW));
        self.step(b.recv_with_flags(&mut buf, NOW | MessageFlags::PEEK));
        self.step(b.recv_with_flags(&mut buf, NOW));
        self.step(a.send_vectored_with_flags(&[IoSlice::new(b"by"), IoSlice::new(b"tes")], NOW));
        let (one, other) = buf.split_at_mut(3);
        self.step(b.recv_vectored_with_flags(&mut [IoSliceMut::new(one), IoSliceMut::new(other)], NOW));
        self.step(a.send_with_flags(b"bytes", NOW));
        self.step(b.recv_uninit_with_flags(&mut [const { MaybeUninit::uninit() }; 16], NOW));
        let mut fds = [PollFd::new(a, PollFlags::IN), PollFd::new(b, PollFlags::OUT)];
        self.step(poll(&mut fds, SOON));
    }

    /// Without flags these calls could wait, so both ends are nonblocking.
    fn stream(&mut self, a: &UnixStream, b: &UnixStream) {
        if self
            .step(a.set_nonblocking(true))
            .and(self.step(b.set_nonblocking(true)))
            .is_some()
        {
            self.step(a.send_all(b"bytes"));
            self.step(b.recv_exact(&mut [0; 5]));
            let mut memory = [MaybeUninit::uninit(); space::rights(2)];
            let mut sent = SendControl::new(&mut memory);
            let mut memory = [MaybeUninit::uninit(); 2 * CONTROL];
            let mut control = RecvControl::new(&mut memory);
            let mut buf = [0; 5];
            let mut bufs = [IoSliceMut::new(&mut buf)];
            for part in [&b"by"[..], b"tes"] {
                self.step(sent.push_rights([a.as_fd(), b.as_fd()]));
                self.step(a.send_message_all(&mut [IoSlice::new(part)], &mut sent));
                self.step(b.recv_message_exact(&mut bufs, &mut control));
            }
            if let Some(mut descriptors) = self.step(control.descriptors()) {
                descriptors.next();
            }
        }
    }

    fn messages<T: Messages>(&mut self, a: &Socket<T>, b: &Socket<T>) {
        self.step(a.send_with_flags(b"message", NOW));
        self.step(b.next_message_len_with_flags(NOW));
        self.step(b.recv_with_flags(&mut [0; 16], NOW));
        let mut memory = [MaybeUninit::uninit(); space::rights(1)];
        let mut sent = SendControl::new(&mut memory);
        self.step(sent.push_rights([a.as_fd()]));
        let bufs = [IoSlice::new(b"message")];
        let mut to_send = [(); 3].map(|()| SendMessage::with_control(&bufs, &sent));
        let mut memory = [[MaybeUninit::uninit(); space::rights(1)]; 4];
        let mut controls = memory.each_mut().map(|memory| RecvControl::new(memory));
        let mut memory = [[0; 16]; 4];
        let mut bufs = memory.each_mut().map(|buf| [IoSliceMut::new(buf)]);
        let mut messages = bufs.each_mut().map(|bufs| RecvMessage::new(bufs));
        for _ in 0..2 {
            self.step(a.send_messages_with_flags(&mut to_send, NOW));
            self.step(b.recv_messages_with_flags(&mut messages, &mut controls, NOW));
            controls[0].partial_messages().for_each(drop);
        }
        self.step(b.set_pass_timestamps(true));
        self.step(b.pass_timestamps());
        self.step(b.set_pass_timestamps_micros(true));
        self.step(b.pass_timestamps_micros());
    }

    fn end_of_stream(&mut self) {
        let Some((a, b)) = self.step(UnixSeqpacket::pair_with(SocketFlags::NONBLOCK)) else {
            return;
        };
        self.step(b.set_pass_credentials(true));
        self.step(a.send_with_flags(b"", NOW));
        drop(a);
        self.step(b.recv_or_eof(&mut [0; 16]));
        self.step(b.recv_or_eof(&mut [0; 16]));
    }

    /// Sends descriptors and credentials, and takes as many of the descriptors that arrive.
    fn control<T: Kind>(&mut self, a: &Socket<T>, b: &Socket<T>, taken: usize) {
        self.step(b.set_pass_credentials(true));
        // Of these, some fail on older kernels.
        self.step(b.set_pass_pidfd(true));
        self.step(b.set_pass_security(true));
        self.step(b.set_pass_rights(true));
        let clone = self.step(b.try_clone());
        let third = clone.as_ref().map_or(a.as_fd(), AsFd::as_fd);
        let mut memory = [MaybeUninit::uninit(); CONTROL];
        let mut sent = SendControl::new(&mut memory);
        self.step(sent.push_rights([a.as_fd(), b.as_fd(), third]));
        if let Some(credentials) = self.step(b.peer_credentials()) {
            self.step(sent.push_credentials(credentials));
        }
        self.step(a.send_message_with_flags(&[IoSlice::new(b"control")], &sent, NOW));

        let mut memory = [MaybeUninit::uninit(); CONTROL];
        let mut control = RecvControl::new(&mut memory);
        let mut buf = [0; 16];
        self.step(b.recv_message_with_flags(&mut [IoSliceMut::new(&mut buf)], &mut control, NOW));
        let Some(messages) = self.step(control.messages()) else {
            return;
        };
        for message in messages {
            match message {
                ControlMessage::Rights(rights) => {
                    for passed in rights.take(taken) {
                        if let Some(end) = self.step(passed) {
                            self.step(fd::is_close_on_exec(&end));
                            self.step(Socket::<T>::try_from(end));
                        }
                    }
                }
                ControlMessage::Pidfd(pidfd) => _ = self.step(pidfd),
                _ => {}
            }
        }
        // Into the same memory, which closes what was not taken, and with fewer descriptors than come. A truncated
        // message is an error; what came with it is there all the same, and is not taken either.
        control.set_max_descriptors(2);
        for len in [1, 16] {
            self.step(a.send_message_with_flags(&[IoSlice::new(b"control")], &sent, NOW));
            self.step(b.recv_message_with_flags(&mut [IoSliceMut::new(&mut buf[..len])], &mut control, NOW));
        }
        self.step(a.send_message_with_flags(&[IoSlice::new(b"control")], &sent, NOW));
        let uninit = &mut [const { MaybeUninit::uninit() }; 16];
        self.step(b.recv_message_uninit_with_flags(uninit, &mut control, NOW));
        self.step(control.descriptors());
        // This stays in flight until the peer is closed. If it were the peer's own end, that would keep it open.
        let mut memory = [MaybeUninit::uninit(); CONTROL];
        let mut sent = SendControl::new(&mut memory);
        self.step(sent.push_rights([a.as_fd()]));
        self.step(a.send_message_with_flags(&[IoSlice::new(b"unread")], &sent, NOW));
    }

    fn conversions(&mut self, end: &UnixStream) {
        self.step(UnixStream::borrow_fd(end));
        self.step(UnixDatagram::<BorrowedFd<'_>>::try_from(end.as_fd()));
        if let Some(clone) = self.step(end.try_clone()) {
            let clone = match UnixStream::try_from(OwnedFd::from(clone)) {
                Ok(clone) => clone.into(),
                Err(error) => error.into_fd(),
            };
            self.step(clone.try_clone());
            self.step(clone.as_fd().try_clone_to_owned());
            self.step(fd::set_close_on_exec(&clone, false));
            self.step(fd::close(clone));
        }
    }

    fn options(&mut self, socket: &UnixStream) {
        self.step(socket.socket_type());
        self.step(socket.domain());
        self.step(socket.protocol());
        self.step(socket.take_error());
        self.step(socket.peer_pidfd());
        self.step(socket.peer_groups(&mut [0; 64]));
        self.step(socket.peer_group_count());
        self.step(socket.peer_security(&mut [0; 64]));
        self.step(socket.peer_security_len());
        self.step(socket.pass_credentials());
        self.step(socket.pass_pidfd());
        self.step(socket.pass_rights());
        self.step(socket.pass_security());
        self.step(socket.set_send_buffer_size(65536));
        self.step(socket.send_buffer_size());
        self.step(socket.set_recv_buffer_size(65536));
        self.step(socket.recv_buffer_size());
        self.step(socket.force_send_buffer_size(65536));
        self.step(socket.force_recv_buffer_size(65536));
        self.step(socket.set_rights_notrunc(true));
        self.step(socket.set_pass_bytes_to_recv(true));
        self.step(socket.set_recv_low_water_mark(1));
        self.step(socket.recv_low_water_mark());
        self.step(socket.set_send_timeout(SOON));
        self.step(socket.send_timeout());
        self.step(socket.set_recv_timeout(SOON));
        self.step(socket.recv_timeout());
        self.step(socket.set_peek_offset(Some(1)));
        self.step(socket.peek_offset());
        self.step(socket.bytes_to_recv());
        self.step(socket.memory_sent());
        self.step(socket.set_nonblocking(true));
        self.step(socket.is_nonblocking());
        self.step(socket.set_close_on_exec(false));
        self.step(socket.is_close_on_exec());
        self.step(socket.try_clone());
    }

    /// What can't be read leaves a cause as it is, or a figure unknown.
    fn explanations(&mut self) {
        let Cause::TooManyDescriptors(found) = Cause::TooManyDescriptors(None).in_detail() else {
            return;
        };
        self.step(found.and_then(|found| found.open).ok_or(()));
        let limit = Cause::SystemLimit(Errno::ENFILE);
        self.step(if limit.in_detail() == limit { Ok(()) } else { Err(()) });
        let (domain, ty, flags) = (Domain::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC);
        let repeated = explain::socketpair(domain, ty, flags, 0, Errno::EACCES);
        self.step(if repeated == Cause::SucceedsNow(Errno::EACCES) {
            Ok(())
        } else {
            Err(())
        });
    }

    /// Sending to a closed peer is an error, and no signal.
    fn end<T: Kind>(&mut self, a: Socket<T>, b: Socket<T>) {
        self.step(a.shutdown(Shutdown::Read));
        self.step(b.shutdown(Shutdown::Write));
        drop(b);
        // It takes the ECONNRESET, which raises nothing.
        self.step(a.recv_with_flags(&mut [0], NOW));
        self.step(a.send_with_flags(b"x", NOW));
        self.step(a.send_vectored_with_flags(&[IoSlice::new(b"x")], NOW));
        self.step(a.close());
    }

    /// Children that execute no program: a hook ends them when everything is set.
    fn processes(&mut self, end: &UnixStream) {
        let mut hook = || raw::exit(0);
        let mut command = Command::new(c"/", Args::EMPTY);
        // SAFETY: it ends the child.
        unsafe { command.pre_exec(&mut hook) };
        if let Some((_socket, mut child)) = self.step(command.spawn_with_socket::<Stream>(&[0, 1])) {
            self.step(child.signal(Signal::CONT));
            self.step(child.try_wait());
            self.step(child.wait());
        }
        // SAFETY: the call has no arguments.
        let user = unsafe { syscall::<GETEUID>([0; 6]) }.unwrap_or(0) as u32;
        let maps = [FdMapping::new(end, 60), FdMapping::new(end, end.as_raw_fd())];
        let mut hook = || raw::exit(0);
        let mut command = Command::new(c"/", Args::EMPTY);
        command.new_session().current_dir(c"/").fds(&maps).user(user);
        command.parent_death_signal(Signal::HUP);
        if user == 0 {
            command.group(0).groups(&[]);
        }
        // SAFETY: it ends the child.
        if let Some(mut child) = self.step(unsafe { command.pre_exec(&mut hook) }.spawn()) {
            self.step(child.wait());
        }
        self.step(any_ended());
        self.step(reap(1));
        self.step(exit_status(end));
        let signals = SignalFd::new_with(SignalSet::EMPTY.with(Signal::USR1), SocketFlags::NONBLOCK);
        if let Some(signals) = self.step(signals) {
            // SAFETY: the call accesses no memory, and the signal is blocked.
            let _ = unsafe { syscall::<__NR_kill>([raw::getpid() as usize, SIGUSR1 as usize, 0, 0, 0, 0]) };
            self.step(signals.recv());
        }
    }

    fn pair<T: Kind>(&mut self, taken: usize, more: fn(&mut Self, &Socket<T>, &Socket<T>)) {
        if let Some((a, b)) = self.step(Socket::<T>::pair()) {
            self.bytes(&a, &b);
            more(self, &a, &b);
            self.control(&a, &b, taken);
            self.end(a, b);
        }
    }
}

#[unsafe(no_mangle)]
fn main(_: Arguments) -> i32 {
    // SIGPIPE must end the program, whatever was inherited: zeros are the default action.
    let default = [0_usize; 8];
    // SAFETY: the kernel reads the action, which is shorter, and writes nothing.
    unsafe { raw::syscall(__NR_rt_sigaction, [SIGPIPE as usize, default.as_ptr() as usize, 0, 8]) };
    let before = open_descriptors();
    let mut steps = Steps::default();
    steps.raw_calls();
    steps.pair::<Stream>(3, Steps::stream);
    steps.pair::<Datagram>(1, Steps::messages);
    steps.pair::<Seqpacket>(0, Steps::messages);
    steps.end_of_stream();
    steps.explanations();
    if let Some((a, _b)) = steps.step(UnixStream::pair()) {
        steps.conversions(&a);
        steps.options(&a);
        steps.processes(&a);
    }
    let after = open_descriptors();
    println!("steps {} failed {}", steps.made, steps.failed);
    println!("descriptors {before} {after}");
    i32::from(before != after)
}
