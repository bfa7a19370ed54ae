//! How much stack each call needs. A call is made on a stack of its own that was filled with a pattern; afterwards the pattern
//! shows how far down the stack was written.
//!
//! The arguments are elsewhere, and so is the result. What counts is everything below the caller's frame: the return
//! address where the machine keeps it there, the saved registers, the crate's own structures. In optimized code the
//! crate is inlined, and it is the stack of a function that makes this one call.
//!
//! A form with flags needs the stack of its plain form, and functions that make no call and only return what they hold
//! are not measured.
//!
//!     stack [BUDGET]... [report] [qemu-user]
//!
//! The budgets are a row of `stack_budgets`. Without them the figures are only printed. With `report` a call over its budget is
//! skipped instead of failed; with `qemu-user` the calls through `socketcall` are skipped.

#![no_std]
#![no_main]

#[path = "../runtime.rs"]
mod runtime;

use core::{
    cell::UnsafeCell,
    fmt::{self, Write},
    mem::{ManuallyDrop, MaybeUninit},
    ptr, slice,
    time::Duration,
};
use freestanding::{
    Arguments, Counts,
    machine::{STACK_STEP, call_on_stack},
    println, raw,
};
use linux_raw_sys::general::*;
use linux_socketpair::process::{Args, Command, FdMapping, Signal, SignalFd, SignalSet, any_ended, exit_status, reap};
use linux_socketpair::{
    AsFd, AsRawFd, BorrowedFd, ControlMessage, Credentials, Domain, Errno, FromRawFd, Incomplete, IoSlice, IoSliceMut,
    MessageFlags, OwnedFd, PollFd, PollFlags, RawFd, RecvControl, RecvMessage, SendControl, SendMessage, Shutdown,
    Socket, SocketFlags, SocketType, UnixDatagram, UnixSeqpacket, UnixStream, close, explain, explain::Cause, fd, kind,
    poll, read, socketpair, socketpair_into, space, syscall, write,
};

/// Where there is `socketcall`, these fail with ENOSYS, so that the calls go through it; the last one on 32-bit machines.
const DIRECT: [u32; 12] = [
    __NR_socketpair,
    __NR_sendto,
    __NR_sendmsg,
    __NR_recvfrom,
    __NR_recvmsg,
    __NR_getsockopt,
    __NR_setsockopt,
    __NR_shutdown,
    __NR_sendmmsg,
    *raw::RECVMMSGS.last().unwrap(),
    raw::RECVMMSG,
    raw::PPOLL,
];

const SPACE: usize = space::rights(2) + space::CREDENTIALS;

/// Memory that the arguments refer to.
struct Memory {
    buf: [u8; 64],
    control: [[MaybeUninit<usize>; SPACE]; 3],
    sent: [IoSlice<'static>; 1],
    places: [IoSliceMut<'static>; 1],
}

impl Memory {
    const fn new() -> Self {
        Self {
            buf: [0; 64],
            control: [[MaybeUninit::uninit(); SPACE]; 3],
            sent: [IoSlice::new(b"one")],
            places: [IoSliceMut::new(&mut [])],
        }
    }
}

/// The arguments of a call, and the place of its result. None of it is dropped: file descriptors are closed by number.
struct Fixture<'a> {
    a: UnixSeqpacket,
    b: UnixSeqpacket,
    /// The same descriptors, for the calls that only streams have. To the kernel they are SEQPACKET sockets.
    stream_a: UnixStream,
    stream_b: UnixStream,
    borrowed: [BorrowedFd<'a>; 2],
    buf: [u8; 64],
    message: [u8; 6],
    uninit: [MaybeUninit<u8>; 64],
    groups: [u32; 64],
    parts: [IoSlice<'a>; 2],
    places: [IoSliceMut<'a>; 1],
    fds: [PollFd<'a>; 2],
    sent: SendControl<'a>,
    unsent: SendControl<'a>,
    received: RecvControl<'a>,
    send_message: SendMessage<'a>,
    recv_message: RecvMessage<'a>,
    credentials: Credentials,
    number: u32,
    timeout: Option<Duration>,
    errno: Errno,
    flags: MessageFlags,
    names: [&'a str; 3],
    result: Place,
}

impl<'a> Fixture<'a> {
    /// Makes no call.
    fn new([a, b]: [&'a UnixSeqpacket; 2], memory: &'a mut Memory) -> Self {
        let [sent, unsent, received] = &mut memory.control;
        Self {
            a: own(a),
            b: own(b),
            stream_a: own(a),
            stream_b: own(b),
            borrowed: [a.as_fd(), b.as_fd()],
            buf: [b'x'; 64],
            message: [0; 6],
            uninit: [MaybeUninit::uninit(); 64],
            groups: [0; 64],
            parts: [IoSlice::new(b"one"), IoSlice::new(b"two")],
            places: [IoSliceMut::new(&mut memory.buf)],
            fds: [PollFd::new(a, PollFlags::IN), PollFd::new(b, PollFlags::IN)],
            sent: SendControl::new(sent),
            unsent: SendControl::new(unsent),
            received: RecvControl::new(received),
            send_message: SendMessage::new(&memory.sent),
            recv_message: RecvMessage::new(&mut memory.places),
            credentials: Credentials { pid: 0, uid: 0, gid: 0 },
            number: 1,
            timeout: Some(Duration::from_millis(1)),
            errno: Errno::EAGAIN,
            flags: MessageFlags::PEEK | MessageFlags::from_bits_retain(1 << 31),
            names: ["EAGAIN", "UNIX", "PEEK | DONTWAIT"],
            result: Place([MaybeUninit::uninit(); 16]),
        }
    }

    /// Receives credentials and two file descriptors, and leaves as much waiting.
    fn prepare(&mut self) -> Result<(), Errno> {
        self.b.set_pass_credentials(true)?;
        self.credentials = self.a.peer_credentials()?;
        self.sent.push_rights(self.borrowed)?;
        self.sent.push_credentials(self.credentials)?;
        self.a.send_message(&self.parts, &self.sent)?;
        self.a.send_message(&self.parts, &self.sent)?;
        self.b.recv_message(&mut self.places, &mut self.received).map(drop)
    }
}

/// Another owner of the same file descriptor.
fn own<T: FromRawFd>(socket: &UnixSeqpacket) -> T {
    // SAFETY: at most one of its owners is ever dropped.
    unsafe { T::from_raw_fd(socket.as_raw_fd()) }
}

/// Memory of the caller's.
struct Place([MaybeUninit<u64>; 16]);

impl Place {
    /// Keeps all of a result, so that the compiler can't omit any of it, and returns the errno, or 0.
    fn keep<T>(&mut self, result: Result<T, Errno>) -> i32 {
        const { assert!(size_of::<Result<T, Errno>>() <= size_of::<Self>() && align_of::<T>() <= align_of::<Self>()) };
        let errno = result.as_ref().map_or_else(|errno| errno.raw_os_error(), |_| 0);
        // SAFETY: it fits.
        unsafe { self.0.as_mut_ptr().cast::<Result<T, Errno>>().write(result) };
        errno
    }
}

type Call = extern "C" fn(&mut Fixture<'_>) -> i32;

/// Makes a function of each call that contains nothing else.
macro_rules! calls {
    ($($name:literal: |$fixture:ident| $result:expr;)+) => {
        &[$({
            extern "C" fn call($fixture: &mut Fixture<'_>) -> i32 {
                let result = $result;
                $fixture.result.keep(result)
            }
            ($name, call as Call)
        },)+]
    };
}

const UNIX: Domain = Domain::UNIX;
const STREAM: SocketType = SocketType::STREAM;
const CLOEXEC: SocketFlags = SocketFlags::CLOEXEC;

const FIRST: &[(&str, Call)] = calls! {
    "socketpair, the first call of the process": |f| socketpair(UNIX, STREAM, CLOEXEC, 0);
};

/// The error is the result that is expected.
fn fails<T>(result: Result<T, impl Into<Errno>>, expected: Errno) -> Result<(), Errno> {
    match result.map_err(Into::into) {
        Err(errno) if errno == expected => Ok(()),
        Err(errno) => Err(errno),
        Ok(_) => Err(Errno::EPROTO),
    }
}

const PROCESSES: &[(&str, Call)] = calls! {
    "Command::spawn": |f| fails(Command::new(c"/no/such", Args::EMPTY).spawn(), Errno::ENOENT);
    "Command::spawn, with settings": |f| {
        let maps = [FdMapping::new(&f.a, f.b.as_raw_fd()), FdMapping::new(&f.b, f.a.as_raw_fd())];
        let mut command = Command::new(c"/no/such", Args::EMPTY);
        command.new_session().fds(&maps).current_dir(c"/").parent_death_signal(Signal::HUP);
        fails(command.spawn(), Errno::ENOENT)
    };
    "Command::spawn_with_socket": |f| {
        let started = Command::new(c"/no/such", Args::EMPTY).spawn_with_socket::<kind::Stream>(&[0, 1]);
        fails(started, Errno::ENOENT)
    };
    "any_ended": |f| fails(any_ended(), Errno::ECHILD);
    "reap": |f| fails(reap(f.number as i32), Errno::ECHILD);
    "exit_status": |f| {
        // An emulator has other errors.
        let _ = exit_status(&f.a);
        Ok(())
    };
    "SignalFd": |f| {
        let received = SignalFd::new_with(SignalSet::EMPTY, SocketFlags::NONBLOCK).and_then(|signals| signals.recv());
        fails(received, Errno::EAGAIN)
    };
    "syscall": |f| {
        // SAFETY: the call accesses no memory.
        fails(unsafe { syscall::<__NR_dup3>([f.number as usize; 6]) }, Errno::EINVAL)
    };
};
const CALLS: &[(&str, Call)] = calls! {
    "a function without a call": |f| Ok(());
    "socketpair": |f| socketpair(UNIX, STREAM, CLOEXEC, 0);
    "socketpair_into": |f| {
        // SAFETY: nothing relies on what is in `buf`.
        unsafe { socketpair_into(UNIX, STREAM, CLOEXEC, 0, f.buf.as_mut_ptr().cast()) }
    };
    "read": |f| {
        // SAFETY: the descriptor is owned here.
        unsafe { read(f.b.as_raw_fd(), &mut f.buf) }
    };
    "write": |f| {
        // SAFETY: the descriptor is owned here.
        unsafe { write(f.a.as_raw_fd(), &f.buf) }
    };
    "close": |f| {
        // SAFETY: the descriptor is owned here, and not used again.
        unsafe { close(f.a.as_raw_fd()) }
    };
    "poll": |f| poll(&mut f.fds, f.timeout);
    "fd::is_close_on_exec": |f| fd::is_close_on_exec(&f.a);
    "fd::set_close_on_exec": |f| fd::set_close_on_exec(&f.a, true);
    "fd::close": |f| fd::close(own::<OwnedFd>(&f.a));
    "OwnedFd::try_clone": |f| f.borrowed[0].try_clone_to_owned();
    "OwnedFd, dropped": |f| {
        drop(own::<OwnedFd>(&f.a));
        Ok(())
    };
    "UnixStream::pair": |f| UnixStream::pair();
    "UnixDatagram::pair": |f| UnixDatagram::pair();
    "UnixSeqpacket::pair": |f| UnixSeqpacket::pair();
    "UnixStream::pair_with": |f| UnixStream::pair_with(CLOEXEC);
    "Socket::close": |f| own::<UnixStream>(&f.a).close();
    "Socket, dropped": |f| {
        drop(own::<UnixStream>(&f.a));
        Ok(())
    };
    "Socket::try_from": |f| UnixSeqpacket::try_from(own::<OwnedFd>(&f.a)).map_err(Errno::from);
    "Socket::borrow_fd": |f| Socket::<kind::Seqpacket, _>::borrow_fd(&f.a).map(|socket| socket.as_raw_fd());
    "Socket::try_clone": |f| f.a.try_clone();
    "Socket::send": |f| f.a.send(&f.buf);
    "Socket::send_vectored": |f| f.a.send_vectored(&f.parts);
    "Socket::send_message": |f| f.a.send_message(&f.parts, &f.sent);
    "UnixStream::send_message": |f| f.stream_a.send_message(&f.parts, &f.sent);
    "UnixStream::send_all": |f| f.stream_a.send_all(&f.buf).map_err(Errno::from);
    "Socket::recv": |f| f.b.recv(&mut f.buf);
    "UnixStream::recv": |f| f.stream_b.recv(&mut f.buf);
    "Socket::recv_uninit": |f| f.b.recv_uninit(&mut f.uninit);
    "Socket::recv_vectored": |f| f.b.recv_vectored(&mut f.places);
    "Socket::recv_message": |f| f.b.recv_message(&mut f.places, &mut f.received);
    "UnixStream::recv_message": |f| f.stream_b.recv_message(&mut f.places, &mut f.received);
    "Socket::recv_message_uninit": |f| {
        f.b.recv_message_uninit(&mut f.uninit, &mut f.received).map(|(_, received)| received)
    };
    "UnixStream::recv_exact": |f| f.stream_b.recv_exact(&mut f.message).map_err(Errno::from);
    "Socket::send_messages": |f| f.a.send_messages(slice::from_mut(&mut f.send_message));
    "RecvMessage::received": |f| f.recv_message.received();
    "UnixSeqpacket::recv_or_eof": |f| f.b.recv_or_eof(&mut f.buf);
    "Socket::next_message_len": |f| f.b.next_message_len();
    "Socket::shutdown": |f| f.a.shutdown(Shutdown::Both);
    "Socket::peer_credentials": |f| f.a.peer_credentials();
    "Socket::peer_pidfd": |f| f.a.peer_pidfd();
    "Socket::peer_groups": |f| f.a.peer_groups(&mut f.groups);
    "Socket::peer_group_count": |f| f.a.peer_group_count();
    "Socket::peer_security": |f| f.a.peer_security(&mut f.buf);
    "Socket::peer_security_len": |f| f.a.peer_security_len();
    "Socket::socket_type": |f| f.a.socket_type();
    "Socket::domain": |f| f.a.domain();
    "Socket::protocol": |f| f.a.protocol();
    "Socket::take_error": |f| f.a.take_error();
    "Socket::pass_credentials": |f| f.a.pass_credentials();
    "Socket::set_pass_credentials": |f| f.a.set_pass_credentials(true);
    "Socket::pass_pidfd": |f| f.a.pass_pidfd();
    "Socket::set_pass_pidfd": |f| f.a.set_pass_pidfd(true);
    "Socket::pass_rights": |f| f.a.pass_rights();
    "Socket::set_pass_rights": |f| f.a.set_pass_rights(true);
    "Socket::pass_security": |f| f.a.pass_security();
    "Socket::set_pass_security": |f| f.a.set_pass_security(true);
    "Socket::send_buffer_size": |f| f.a.send_buffer_size();
    "Socket::set_send_buffer_size": |f| f.a.set_send_buffer_size(f.number as usize);
    "Socket::recv_buffer_size": |f| f.a.recv_buffer_size();
    "Socket::set_recv_buffer_size": |f| f.a.set_recv_buffer_size(f.number as usize);
    "Socket::force_send_buffer_size": |f| f.a.force_send_buffer_size(f.number as usize);
    "Socket::force_recv_buffer_size": |f| f.a.force_recv_buffer_size(f.number as usize);
    "Socket::set_rights_notrunc": |f| f.a.set_rights_notrunc(true);
    "UnixStream::set_pass_bytes_to_recv": |f| f.stream_a.set_pass_bytes_to_recv(true);
    "UnixStream::recv_low_water_mark": |f| f.stream_a.recv_low_water_mark();
    "UnixStream::set_recv_low_water_mark": |f| f.stream_a.set_recv_low_water_mark(f.number as usize);
    "Socket::pass_timestamps": |f| f.a.pass_timestamps();
    "Socket::set_pass_timestamps": |f| f.a.set_pass_timestamps(true);
    "Socket::pass_timestamps_micros": |f| f.a.pass_timestamps_micros();
    "Socket::set_pass_timestamps_micros": |f| f.a.set_pass_timestamps_micros(true);
    "Socket::send_timeout": |f| f.a.send_timeout();
    "Socket::set_send_timeout": |f| f.a.set_send_timeout(f.timeout);
    "Socket::recv_timeout": |f| f.a.recv_timeout();
    "Socket::set_recv_timeout": |f| f.a.set_recv_timeout(f.timeout);
    "Socket::peek_offset": |f| f.a.peek_offset();
    "Socket::set_peek_offset": |f| f.a.set_peek_offset(Some(f.number));
    "Socket::bytes_to_recv": |f| f.b.bytes_to_recv();
    "Socket::memory_sent": |f| f.a.memory_sent();
    "Socket::is_nonblocking": |f| f.a.is_nonblocking();
    "Socket::set_nonblocking": |f| f.a.set_nonblocking(true);
    "Socket::option": |f| {
        // SAFETY: SO_TYPE writes an int.
        unsafe { f.a.option(1, 3, &mut f.buf) }
    };
    "Socket::set_option": |f| {
        // SAFETY: SO_PRIORITY reads an int.
        unsafe { f.a.set_option(1, 12, &f.number.to_ne_bytes()) }
    };
    "SendControl::push_rights": |f| f.unsent.push_rights(f.borrowed);
    "SendControl::push_credentials": |f| f.unsent.push_credentials(f.credentials);
    "SendControl::push": |f| {
        // SAFETY: the payload contains no descriptors.
        unsafe { f.unsent.push(1, 2, &f.message) }
    };
    "RecvControl::messages": |f| f.received.messages().map_err(Errno::from);
    "ControlMessages::next": |f| f.received.messages().map(|mut all| all.next()).map_err(Errno::from);
    "Rights::next": |f| {
        f.received.messages().map_err(Errno::from).map(|mut all| {
            all.find_map(|message| match message {
                ControlMessage::Rights(mut rights) => rights.next(),
                _ => None,
            })
        })
    };
    "Descriptors::next": |f| f.received.descriptors().map(|mut all| all.next()).map_err(Errno::from);
    "RecvControl::clear": |f| {
        f.received.clear();
        Ok(())
    };
    "RecvControl, dropped": |f| {
        // SAFETY: nothing else drops it.
        unsafe { ptr::drop_in_place(&mut f.received) };
        Ok(())
    };
};

/// Those that make several system calls, or receive several messages, and need more than the others.
const LARGER: &[(&str, Call)] = calls! {
    "UnixStream::send_message_all": |f| f.stream_a.send_message_all(&mut f.parts, &mut f.sent).map_err(Errno::from);
    "UnixStream::recv_message_exact": |f| {
        f.stream_b
            .recv_message_exact(&mut [IoSliceMut::new(&mut f.message)], &mut f.received)
            .map_err(Errno::from)
    };
    "Socket::recv_messages": |f| {
        f.b.recv_messages(slice::from_mut(&mut f.recv_message), slice::from_mut(&mut f.received))
    };
};

const TEXTS: &[(&str, Call)] = calls! {
    "Errno, displayed": |f| print(format_args!("{}", f.errno));
    "Errno, for debugging": |f| print(format_args!("{:?}", f.errno));
    "Errno, parsed": |f| f.names[0].parse::<Errno>().map_err(|_| Errno::EINVAL);
    "Domain, for debugging": |f| print(format_args!("{:?}", Domain::from_bits_retain(f.number)));
    "Domain, parsed": |f| f.names[1].parse::<Domain>().map_err(|_| Errno::EINVAL);
    "MessageFlags, displayed": |f| print(format_args!("{}", f.flags));
    "MessageFlags, for debugging": |f| print(format_args!("{:?}", f.flags));
    "MessageFlags, parsed": |f| f.names[2].parse::<MessageFlags>().map_err(|_| Errno::EINVAL);
    "Incomplete, displayed": |f| {
        let (done, errno) = (f.buf.len(), Some(f.errno));
        print(format_args!("{}", Incomplete { done, errno }))
    };
    "Credentials, for debugging": |f| print(format_args!("{:?}", f.credentials));
    "PollFd, for debugging": |f| print(format_args!("{:?}", f.fds[0]));
    "RecvControl, for debugging": |f| print(format_args!("{:?}", f.received));
};

const EXPLANATIONS: &[(&str, Call)] = calls! {
    "explain::socketpair": |f| Ok(explain::socketpair(UNIX, STREAM, CLOEXEC, f.number as i32, Errno::EPERM));
    "Cause::in_detail": |f| Ok(Cause::SystemLimit(f.errno).in_detail());
    "Cause::in_detail, EMFILE": |f| Ok(Cause::TooManyDescriptors(None).in_detail());
    "Cause::in_detail, EPERM": |f| Ok(Cause::FilterOrKernel(UNIX, f.errno).in_detail());
    "Cause, displayed": |f| print(format_args!("{}", Cause::NoPairs(Domain::from_bits_retain(f.number))));
};

/// Discards what is printed.
#[inline(always)]
fn print(text: fmt::Arguments<'_>) -> Result<(), Errno> {
    struct Nowhere;
    impl Write for Nowhere {
        fn write_str(&mut self, _: &str) -> fmt::Result {
            Ok(())
        }
    }
    Nowhere.write_fmt(text).map_err(|_| Errno::EIO)
}

/// The stack with the pattern. Its highest words belong to the caller's frame.
#[repr(align(16))]
struct Stack(UnsafeCell<[usize; WORDS]>);

const WORDS: usize = 2048;
const TOP: usize = WORDS - 4;

// SAFETY: the program has one thread.
unsafe impl Sync for Stack {}

static STACK: Stack = Stack(UnsafeCell::new([0; WORDS]));

/// A different word at each place, so that none that was copied from another looks untouched.
fn pattern(at: usize) -> usize {
    (at + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_u64 as usize)
}

/// Makes the call on that stack, and returns how many bytes of it were needed, and the errno.
fn measure(call: Call, fixture: &mut Fixture<'_>) -> (usize, i32) {
    let stack = STACK.0.get().cast::<usize>();
    for at in 0..WORDS {
        // SAFETY: it is a word of the stack, on which nothing runs.
        unsafe { stack.add(at).write_volatile(pattern(at)) };
    }
    // SAFETY: no call needs so much stack, which the first word shows.
    let errno = unsafe { call_on_stack(call as *const (), ptr::from_mut(fixture) as usize, stack.add(TOP)) } as i32;
    // SAFETY: it is a word of the stack, on which nothing runs any more.
    let untouched = |at: &usize| unsafe { stack.add(*at).read_volatile() == pattern(*at) };
    let untouched = (0..TOP).take_while(untouched).count();
    assert!(untouched > 0, "the stack is too small");
    (
        ((TOP - untouched) * size_of::<usize>()).next_multiple_of(STACK_STEP),
        errno,
    )
}

struct Report {
    counts: Counts,
    enforce: bool,
}

impl Report {
    fn note(&mut self, name: &str, how: &str, bytes: usize, budget: Option<usize>, errno: i32) {
        // Where the kernel has no such option, or the user may not set it, the call was made all the same. EFAULT is QEMU's for
        // an empty list.
        let errno = Errno::from_raw_os_error(errno).filter(|errno| match *errno {
            Errno::ENOPROTOOPT | Errno::EOPNOTSUPP | Errno::EFAULT => false,
            Errno::EPERM => !matches!(
                name,
                "Socket::force_send_buffer_size" | "Socket::force_recv_buffer_size"
            ),
            _ => true,
        });
        let counts = &mut self.counts;
        match (format_args!("{bytes:5} {name}{how}"), errno, budget) {
            (needed, Some(errno), _) => counts.fail(format_args!("{needed}: {errno}")),
            (needed, None, None) => counts.skip(needed, "no budget"),
            (needed, None, Some(budget)) if bytes <= budget => counts.pass(needed),
            (needed, None, Some(budget)) if self.enforce => counts.fail(format_args!("{needed}, more than {budget}")),
            (needed, None, Some(budget)) => counts.skip(needed, format_args!("more than {budget}")),
        }
    }

    /// Makes each on a pair of its own, and returns how much they needed together.
    fn measure(&mut self, calls: &[(&str, Call)], how: &str, budget: Option<usize>) -> usize {
        let mut together = 0;
        for &(name, call) in calls {
            let before = raw::open_descriptors();
            let (a, b) = UnixSeqpacket::pair().expect("a pair");
            let (a, b) = (ManuallyDrop::new(a), ManuallyDrop::new(b));
            let mut memory = Memory::new();
            let mut fixture = ManuallyDrop::new(Fixture::new([&a, &b], &mut memory));
            fixture.prepare().expect("messages");
            let (bytes, errno) = measure(call, &mut fixture);
            self.note(name, how, bytes, budget, errno);
            together += bytes;
            raw::close_since(before);
        }
        together
    }
}

#[unsafe(no_mangle)]
fn main(arguments: Arguments) -> i32 {
    let [first, each, all, text, explanation, larger, processes] = [1, 2, 3, 4, 5, 6, 7].map(|at| arguments.number(at));
    let mut report = Report {
        counts: Counts::default(),
        enforce: !arguments.contain(c"report"),
    };
    println!("      bytes of stack");

    // SAFETY: nothing uses or closes these.
    let ends = [0, 1].map(|fd: RawFd| ManuallyDrop::new(unsafe { UnixSeqpacket::from_raw_fd(fd) }));
    let mut memory = Memory::new();
    let mut fixture = ManuallyDrop::new(Fixture::new([&ends[0], &ends[1]], &mut memory));
    let (name, call) = FIRST[0];
    let (bytes, errno) = measure(call, &mut fixture);
    report.note(name, "", bytes, first, errno);

    report.measure(TEXTS, "", text);
    report.measure(EXPLANATIONS, "", explanation);
    report.measure(PROCESSES, "", processes);
    let together = report.measure(CALLS, "", each);
    report.note("all of these calls together", "", together, all, 0);
    report.measure(LARGER, "", larger);
    if raw::SOCKETCALL.is_some() && arguments.contain(c"qemu-user") {
        report
            .counts
            .skip("the calls through socketcall", "QEMU user mode has no seccomp");
    } else if raw::SOCKETCALL.is_some() {
        let calls = &DIRECT[..DIRECT.len() - usize::from(cfg!(target_pointer_width = "64"))];
        raw::reject(
            calls
                .iter()
                .map(|&number| (number, Errno::ENOSYS.raw_os_error() as u32)),
        );
        let together = report.measure(CALLS, ", through socketcall", each);
        report.note("all of these calls together", ", through socketcall", together, all, 0);
        report.measure(LARGER, ", through socketcall", larger);
    }
    report.counts.close()
}
