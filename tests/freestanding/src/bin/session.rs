//! One session over the whole API, for a kernel that refuses: `tests/faults.sh` has it refuse each call in turn.
//!
//! What is refused is skipped, and the session goes on. At the end it tells how many descriptors were open before it
//! and are open now; they must be as many.

#![no_std]
#![no_main]

#[path = "../../../../examples/init/src/memory.rs"]
mod memory;

use core::{mem::MaybeUninit, panic::PanicInfo, time::Duration};
use freestanding::{Arguments, println, raw};
use linux_raw_sys::general::{__NR_lseek, __NR_rt_sigaction, SIGPIPE};
use linux_socketpair::{
    ControlMessage, Descriptor, Domain, Errno, IoSlice, IoSliceMut, MessageFlags, PollFd, PollFlags, RecvControl,
    SendControl, Shutdown, Socket, SocketFlags, SocketType, close, poll, read, socketpair, socketpair_into, space,
    write,
};

/// What was refused must not be waited for.
const NOW: MessageFlags = MessageFlags::DONTWAIT;
const SOON: Option<Duration> = Some(Duration::from_micros(1));
const CONTROL: usize = space::rights(3) + space::CREDENTIALS + space::PIDFD + space::security(64);

/// Counted by calls that the crate doesn't make, so that none of them is refused.
fn open_descriptors() -> usize {
    const BADF: isize = -(Errno::EBADF.raw_os_error() as isize);
    // SAFETY: to be moved by nothing from where it is changes no file.
    let is_open = |&fd: &usize| unsafe { raw::syscall(__NR_lseek, [fd, 0, 1]) } != BADF;
    (0..64).filter(is_open).count()
}

#[derive(Default)]
struct Session {
    steps: u32,
    refused: u32,
}

impl Session {
    /// Takes note of a step's answer.
    fn step<T, E>(&mut self, answer: Result<T, E>) -> Option<T> {
        self.steps += 1;
        self.refused += u32::from(answer.is_err());
        answer.ok()
    }

    fn raw_calls(&mut self) {
        let (domain, ty, flags) = (Domain::UNIX, SocketType::STREAM, SocketFlags::NONBLOCK);
        let mut sv = [0; 2];
        // SAFETY: `sv` is ours to write.
        let into = unsafe { socketpair_into(domain, ty, flags, 0, &mut sv) };
        for pair in [socketpair(domain, ty, flags, 0), into.map(|()| sv)] {
            let Some([a, b]) = self.step(pair) else { continue };
            // SAFETY: both descriptors are ours.
            unsafe {
                self.step(write(a, b"bytes"));
                self.step(read(b, &mut [0; 8]));
                self.step(close(a));
                self.step(close(b));
            }
        }
    }

    fn bytes(&mut self, [a, b]: &[Socket; 2]) {
        let mut buf = [0; 16];
        self.step(a.send(b"bytes", NOW));
        self.step(b.recv(&mut buf, NOW | MessageFlags::PEEK));
        self.step(b.recv(&mut buf, NOW));
        self.step(a.send_all(b"bytes", NOW));
        self.step(b.recv_exact(&mut buf[..5], NOW));
        self.step(a.send_vectored(&[IoSlice::new(b"by"), IoSlice::new(b"tes")], NOW));
        let (one, other) = buf.split_at_mut(3);
        self.step(b.recv_vectored(&mut [IoSliceMut::new(one), IoSliceMut::new(other)], NOW));
        self.step(a.send(b"bytes", NOW));
        self.step(b.recv_uninit(&mut [const { MaybeUninit::uninit() }; 16], NOW));
        let mut fds = [PollFd::new(a, PollFlags::IN), PollFd::new(b, PollFlags::OUT)];
        self.step(poll(&mut fds, SOON));
    }

    /// Sends descriptors and credentials, and takes of what arrives as much as is said.
    fn control(&mut self, [a, b]: &[Socket; 2], taken: usize) {
        self.step(b.set_pass_credentials(true));
        // Of these, older kernels refuse some by themselves.
        self.step(b.set_pass_pidfd(true));
        self.step(b.set_pass_security(true));
        self.step(b.set_pass_rights(true));
        let duplicate = self.step(b.duplicate());
        let lent = [Some(a), Some(b), duplicate.as_ref()].map(|socket| socket.unwrap_or(a));
        let mut sent = SendControl::<CONTROL>::new();
        self.step(sent.rights(&lent));
        if let Some(credentials) = self.step(b.peer_credentials()) {
            self.step(sent.credentials(credentials));
        }
        self.step(a.send_message(&[IoSlice::new(b"control")], &sent, NOW));

        let mut control = RecvControl::<CONTROL>::new();
        let mut buf = [0; 16];
        self.step(b.recv_message(&mut [IoSliceMut::new(&mut buf)], &mut control, NOW));
        let Some(messages) = self.step(control.messages()) else {
            return;
        };
        for message in messages {
            match message {
                ControlMessage::Rights(rights) => rights.take(taken).map(Socket::from).for_each(|passed| {
                    self.step(passed.socket_type());
                }),
                ControlMessage::Pidfd(pidfd) => _ = self.step(pidfd),
                _ => {}
            }
        }
        // Into the same space, which closes what was not taken. A message of which the end is cut off is an error; what
        // came with it is there all the same, and is not taken either.
        self.step(a.send_message(&[IoSlice::new(b"control")], &sent, NOW));
        self.step(b.recv_message(&mut [IoSliceMut::new(&mut buf[..1])], &mut control, NOW));
        // This stays on its way until the peer is closed. Were it the peer's own end, that would keep it open.
        let lent = [a];
        let mut sent = SendControl::<CONTROL>::new();
        self.step(sent.rights(&lent));
        self.step(a.send_message(&[IoSlice::new(b"unread")], &sent, NOW));
    }

    fn options(&mut self, socket: &Socket) {
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
        self.step(socket.duplicate());
    }

    /// Whoever sends to a closed peer is refused, and not killed.
    fn end(&mut self, [a, b]: [Socket; 2]) {
        self.step(a.shutdown(Shutdown::Read));
        self.step(b.shutdown(Shutdown::Write));
        drop(b);
        // It takes the ECONNRESET, which raises nothing.
        self.step(a.recv(&mut [0], NOW));
        self.step(a.send(b"x", NOW));
        self.step(a.send_vectored(&[IoSlice::new(b"x")], NOW));
        self.step(Descriptor::from(a).close());
    }
}

#[unsafe(no_mangle)]
fn main(_: Arguments) -> i32 {
    // SIGPIPE is to kill, whatever was inherited: zeros are the kernel's default action.
    let default = [0_usize; 8];
    // SAFETY: the kernel reads the action, which is shorter, and writes nothing.
    unsafe { raw::syscall(__NR_rt_sigaction, [SIGPIPE as usize, default.as_ptr() as usize, 0, 8]) };
    let before = open_descriptors();
    let mut session = Session::default();
    session.raw_calls();
    for (make, taken) in [
        (Socket::stream_pair as fn() -> Result<[Socket; 2], Errno>, 3),
        (Socket::dgram_pair, 1),
        (Socket::seqpacket_pair, 0),
    ] {
        if let Some(pair) = session.step(make()) {
            session.bytes(&pair);
            session.control(&pair, taken);
            session.end(pair);
        }
    }
    if let Some([a, _b]) = session.step(Socket::stream_pair()) {
        session.options(&a);
    }
    let after = open_descriptors();
    println!("steps {} refused {}", session.steps, session.refused);
    println!("descriptors {before} {after}");
    i32::from(before != after)
}

#[panic_handler]
fn panic(panic: &PanicInfo<'_>) -> ! {
    println!("FAIL  {panic}");
    raw::exit(101)
}
