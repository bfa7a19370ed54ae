//! How much stack each call takes: it is made on a stack of its own, painted before, and the paint tells afterwards how
//! far down that was written to.
//!
//! What a caller gives lies elsewhere, and so does the answer. What counts is all below the caller's frame: the return
//! address where the machine keeps it there, the registers that are saved, the crate's own structures. Optimized, the
//! crate is inlined, and it is the stack of a function that makes this one call.
//!
//! Left out is what makes no call and only hands out what it holds.

#![no_std]
#![no_main]

#[path = "../../../../examples/init/src/memory.rs"]
mod memory;

use core::{
    arch::asm,
    cell::UnsafeCell,
    fmt::{self, Write},
    mem::{ManuallyDrop, MaybeUninit},
    panic::PanicInfo,
    ptr,
    time::Duration,
};
use freestanding::{Arguments, println, raw};
#[cfg(target_arch = "x86")]
use linux_raw_sys::general::*;
use linux_socketpair::{
    ControlMessage, Credentials, Descriptor, Domain, Errno, Incomplete, IoSlice, IoSliceMut, MessageFlags, PollFd,
    PollFlags, RecvControl, SendControl, Shutdown, Socket, SocketFlags, SocketType, close, poll, read, socketpair,
    socketpair_into, space, write,
};

/// The most bytes that may be taken, optimized and not: by the first call of a process, by any other, by all of those
/// together, and by printing or parsing, most of which is Rust's own code. They hold for Rust 1.85 to 1.95, and only
/// ever go down.
#[cfg(target_arch = "x86_64")]
const BUDGETS: [[usize; 4]; 2] = [[16, 96, 1_600, 1_250], [450, 1_600, 34_500, 2_250]];
#[cfg(target_arch = "x86")]
const BUDGETS: [[usize; 4]; 2] = [[600, 152, 4_700, 1_000], [1_600, 1_050, 30_500, 1_400]];
#[cfg(target_arch = "aarch64")]
const BUDGETS: [[usize; 4]; 2] = [[80, 144, 5_300, 1_250], [500, 1_750, 40_500, 2_250]];
#[cfg(target_arch = "riscv64")]
const BUDGETS: [[usize; 4]; 2] = [[16, 80, 1_300, 1_250], [500, 1_650, 35_500, 2_250]];

/// What a filter refuses so that the second doors open.
#[cfg(target_arch = "x86")]
const DIRECT: [u32; 8] = [
    __NR_socketpair,
    __NR_sendto,
    __NR_sendmsg,
    __NR_recvmsg,
    __NR_getsockopt,
    __NR_setsockopt,
    __NR_shutdown,
    __NR_ppoll_time64,
];
#[cfg(not(target_arch = "x86"))]
const DIRECT: [u32; 0] = [];

/// Where it only moves by so much, the stack pointer is lower than what was written to.
const STEP: usize = if cfg!(any(target_arch = "aarch64", target_arch = "riscv64")) {
    16
} else {
    size_of::<usize>()
};

const SPACE: usize = space::rights(2) + space::CREDENTIALS;

/// What a caller gives, and where the answer goes. None of it is dropped: what is open is closed by its number.
struct Given<'a> {
    a: Socket,
    b: Socket,
    lent: &'a [&'a Socket; 2],
    buf: [u8; 64],
    message: [u8; 6],
    uninit: [MaybeUninit<u8>; 64],
    groups: [u32; 64],
    parts: [IoSlice<'a>; 2],
    places: [IoSliceMut<'a>; 1],
    fds: [PollFd<'a>; 2],
    sent: SendControl<'a, SPACE>,
    unsent: SendControl<'a, SPACE>,
    received: RecvControl<SPACE>,
    credentials: Credentials,
    number: u32,
    timeout: Option<Duration>,
    errno: Errno,
    flags: MessageFlags,
    names: [&'a str; 3],
    answer: Answer,
}

impl<'a> Given<'a> {
    /// Makes no call.
    fn new([a, b]: [&'a Socket; 2], lent: &'a [&'a Socket; 2], place: &'a mut [u8]) -> Self {
        Self {
            a: own(a),
            b: own(b),
            lent,
            buf: [b'x'; 64],
            message: [0; 6],
            uninit: [MaybeUninit::uninit(); 64],
            groups: [0; 64],
            parts: [IoSlice::new(b"one"), IoSlice::new(b"two")],
            places: [IoSliceMut::new(place)],
            fds: [PollFd::new(a, PollFlags::IN), PollFd::new(b, PollFlags::IN)],
            sent: SendControl::new(),
            unsent: SendControl::new(),
            received: RecvControl::new(),
            credentials: Credentials { pid: 0, uid: 0, gid: 0 },
            number: 1,
            timeout: Some(Duration::from_millis(1)),
            errno: Errno::EAGAIN,
            flags: MessageFlags::PEEK | MessageFlags::from_bits_retain(1 << 31),
            names: ["EAGAIN", "UNIX", "PEEK | DONTWAIT"],
            answer: Answer([MaybeUninit::uninit(); 16]),
        }
    }

    /// Credentials and two descriptors have been received, and as much again is waiting to be.
    fn prepare(&mut self) -> Result<(), Errno> {
        self.b.set_pass_credentials(true)?;
        self.credentials = self.a.peer_credentials()?;
        self.sent.rights(self.lent)?;
        self.sent.credentials(self.credentials)?;
        self.a.send_message(&self.parts, &self.sent, NONE)?;
        self.a.send_message(&self.parts, &self.sent, NONE)?;
        self.b
            .recv_message(&mut self.places, &mut self.received, NONE)
            .map(drop)
    }
}

/// The same end, with one owner more.
fn own(socket: &Socket) -> Socket {
    // SAFETY: none but one of them is ever dropped.
    unsafe { Socket::from_raw_fd(socket.as_raw_fd()) }
}

/// Memory of the caller's.
struct Answer([MaybeUninit<u64>; 16]);

impl Answer {
    /// Keeps all of an answer, so that the compiler can leave nothing of it out, and tells the errno, or 0.
    fn keep<T>(&mut self, answer: Result<T, Errno>) -> i32 {
        const { assert!(size_of::<Result<T, Errno>>() <= size_of::<Self>() && align_of::<T>() <= align_of::<Self>()) };
        let errno = answer.as_ref().map_or_else(|errno| errno.raw_os_error(), |_| 0);
        // SAFETY: it fits.
        unsafe { self.0.as_mut_ptr().cast::<Result<T, Errno>>().write(answer) };
        errno
    }
}

type Call = extern "C" fn(&mut Given<'_>) -> i32;

/// Makes of each call a function in which there is nothing else.
macro_rules! calls {
    ($($name:literal: |$given:ident| $answer:expr;)+) => {
        &[$({
            extern "C" fn call($given: &mut Given<'_>) -> i32 {
                let answer = $answer;
                $given.answer.keep(answer)
            }
            ($name, call as Call)
        },)+]
    };
}

const NONE: MessageFlags = MessageFlags::empty();
const UNIX: Domain = Domain::UNIX;
const STREAM: SocketType = SocketType::STREAM;
const CLOEXEC: SocketFlags = SocketFlags::CLOEXEC;

const FIRST: &[(&str, Call)] = calls! {
    "socketpair, the first call of the process": |given| socketpair(UNIX, STREAM, CLOEXEC, 0);
};

const CALLS: &[(&str, Call)] = calls! {
    "a function without a call": |given| Ok(());
    "socketpair": |given| socketpair(UNIX, STREAM, CLOEXEC, 0);
    "socketpair_into": |given| {
        // SAFETY: nothing relies on what is in `buf`.
        unsafe { socketpair_into(UNIX, STREAM, CLOEXEC, 0, given.buf.as_mut_ptr().cast()) }
    };
    "read": |given| {
        // SAFETY: the descriptor is ours.
        unsafe { read(given.b.as_raw_fd(), &mut given.buf) }
    };
    "write": |given| {
        // SAFETY: the descriptor is ours.
        unsafe { write(given.a.as_raw_fd(), &given.buf) }
    };
    "close": |given| {
        // SAFETY: the descriptor is ours, and not used again.
        unsafe { close(given.a.as_raw_fd()) }
    };
    "poll": |given| poll(&mut given.fds, given.timeout);
    "Descriptor::duplicate": |given| given.a.as_ref().duplicate();
    "Descriptor::is_close_on_exec": |given| given.a.as_ref().is_close_on_exec();
    "Descriptor::set_close_on_exec": |given| given.a.as_ref().set_close_on_exec(true);
    "Descriptor::close": |given| Descriptor::from(own(&given.a)).close();
    "Descriptor, dropped": |given| {
        drop(Descriptor::from(own(&given.a)));
        Ok(())
    };
    "Socket::pair": |given| Socket::pair(UNIX, STREAM, CLOEXEC, 0);
    "Socket::stream_pair": |given| Socket::stream_pair();
    "Socket::dgram_pair": |given| Socket::dgram_pair();
    "Socket::seqpacket_pair": |given| Socket::seqpacket_pair();
    "Socket, dropped": |given| {
        drop(own(&given.a));
        Ok(())
    };
    "Socket::duplicate": |given| given.a.duplicate();
    "Socket::send": |given| given.a.send(&given.buf, NONE);
    "Socket::send_vectored": |given| given.a.send_vectored(&given.parts, NONE);
    "Socket::send_message": |given| given.a.send_message(&given.parts, &given.sent, NONE);
    "Socket::send_all": |given| given.a.send_all(&given.buf, NONE).map_err(Errno::from);
    "Socket::recv": |given| given.b.recv(&mut given.buf, NONE);
    "Socket::recv_uninit": |given| given.b.recv_uninit(&mut given.uninit, NONE);
    "Socket::recv_vectored": |given| given.b.recv_vectored(&mut given.places, NONE);
    "Socket::recv_message": |given| given.b.recv_message(&mut given.places, &mut given.received, NONE);
    "Socket::recv_exact": |given| given.b.recv_exact(&mut given.message, NONE).map_err(Errno::from);
    "Socket::shutdown": |given| given.a.shutdown(Shutdown::Both);
    "Socket::peer_credentials": |given| given.a.peer_credentials();
    "Socket::peer_pidfd": |given| given.a.peer_pidfd();
    "Socket::peer_groups": |given| given.a.peer_groups(&mut given.groups);
    "Socket::peer_group_count": |given| given.a.peer_group_count();
    "Socket::peer_security": |given| given.a.peer_security(&mut given.buf);
    "Socket::peer_security_len": |given| given.a.peer_security_len();
    "Socket::socket_type": |given| given.a.socket_type();
    "Socket::domain": |given| given.a.domain();
    "Socket::protocol": |given| given.a.protocol();
    "Socket::take_error": |given| given.a.take_error();
    "Socket::pass_credentials": |given| given.a.pass_credentials();
    "Socket::set_pass_credentials": |given| given.a.set_pass_credentials(true);
    "Socket::pass_pidfd": |given| given.a.pass_pidfd();
    "Socket::set_pass_pidfd": |given| given.a.set_pass_pidfd(true);
    "Socket::pass_rights": |given| given.a.pass_rights();
    "Socket::set_pass_rights": |given| given.a.set_pass_rights(true);
    "Socket::pass_security": |given| given.a.pass_security();
    "Socket::set_pass_security": |given| given.a.set_pass_security(true);
    "Socket::send_buffer_size": |given| given.a.send_buffer_size();
    "Socket::set_send_buffer_size": |given| given.a.set_send_buffer_size(given.number as usize);
    "Socket::recv_buffer_size": |given| given.a.recv_buffer_size();
    "Socket::set_recv_buffer_size": |given| given.a.set_recv_buffer_size(given.number as usize);
    "Socket::send_timeout": |given| given.a.send_timeout();
    "Socket::set_send_timeout": |given| given.a.set_send_timeout(given.timeout);
    "Socket::recv_timeout": |given| given.a.recv_timeout();
    "Socket::set_recv_timeout": |given| given.a.set_recv_timeout(given.timeout);
    "Socket::peek_offset": |given| given.a.peek_offset();
    "Socket::set_peek_offset": |given| given.a.set_peek_offset(Some(given.number));
    "Socket::bytes_to_recv": |given| given.b.bytes_to_recv();
    "Socket::memory_sent": |given| given.a.memory_sent();
    "Socket::is_nonblocking": |given| given.a.is_nonblocking();
    "Socket::set_nonblocking": |given| given.a.set_nonblocking(true);
    "Socket::is_close_on_exec": |given| given.a.is_close_on_exec();
    "Socket::set_close_on_exec": |given| given.a.set_close_on_exec(true);
    "SendControl::rights": |given| given.unsent.rights(given.lent);
    "SendControl::credentials": |given| given.unsent.credentials(given.credentials);
    "RecvControl::messages": |given| given.received.messages().map_err(Errno::from);
    "ControlMessages::next": |given| given.received.messages().map(|mut all| all.next()).map_err(Errno::from);
    "Rights::next": |given| {
        given.received.messages().map_err(Errno::from).map(|mut all| {
            all.find_map(|message| match message {
                ControlMessage::Rights(mut rights) => rights.next(),
                _ => None,
            })
        })
    };
    "RecvControl::clear": |given| {
        given.received.clear();
        Ok(())
    };
    "RecvControl, dropped": |given| {
        // SAFETY: nothing else drops it.
        unsafe { ptr::drop_in_place(&mut given.received) };
        Ok(())
    };
};

const TEXTS: &[(&str, Call)] = calls! {
    "Errno, displayed": |given| print(format_args!("{}", given.errno));
    "Errno, for debugging": |given| print(format_args!("{:?}", given.errno));
    "Errno, parsed": |given| given.names[0].parse::<Errno>().map_err(|_| Errno::EINVAL);
    "Domain, for debugging": |given| print(format_args!("{:?}", Domain::from_bits_retain(given.number)));
    "Domain, parsed": |given| given.names[1].parse::<Domain>().map_err(|_| Errno::EINVAL);
    "MessageFlags, displayed": |given| print(format_args!("{}", given.flags));
    "MessageFlags, for debugging": |given| print(format_args!("{:?}", given.flags));
    "MessageFlags, parsed": |given| given.names[2].parse::<MessageFlags>().map_err(|_| Errno::EINVAL);
    "Incomplete, displayed": |given| {
        let (done, errno) = (given.buf.len(), Some(given.errno));
        print(format_args!("{}", Incomplete { done, errno }))
    };
    "Credentials, for debugging": |given| print(format_args!("{:?}", given.credentials));
    "PollFd, for debugging": |given| print(format_args!("{:?}", given.fds[0]));
    "RecvControl, for debugging": |given| print(format_args!("{:?}", given.received));
};

/// Prints to nowhere.
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

/// The painted stack. Its highest words belong to the caller's frame.
#[repr(align(16))]
struct Stack(UnsafeCell<[usize; WORDS]>);

const WORDS: usize = 2048;
const TOP: usize = WORDS - 4;

// SAFETY: the program has one thread.
unsafe impl Sync for Stack {}

static STACK: Stack = Stack(UnsafeCell::new([0; WORDS]));

/// Another in each place, so that no word looks untouched to which one was copied.
fn paint(at: usize) -> usize {
    (at + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_u64 as usize)
}

/// Makes the call on the painted stack, and tells how many bytes of that it took and the errno.
fn measure(call: Call, given: &mut Given<'_>) -> (usize, i32) {
    let stack = STACK.0.get().cast::<usize>();
    for at in 0..WORDS {
        // SAFETY: it is a word of the stack, which nothing runs on.
        unsafe { stack.add(at).write_volatile(paint(at)) };
    }
    // SAFETY: no call needs so much stack; the first word tells.
    let errno = unsafe { call_on_stack(call, given, stack.add(TOP)) };
    // SAFETY: it is a word of the stack, which nothing runs on any more.
    let untouched = |at: &usize| unsafe { stack.add(*at).read_volatile() == paint(*at) };
    let untouched = (0..TOP).take_while(untouched).count();
    assert!(untouched > 0, "the stack is too small");
    (((TOP - untouched) * size_of::<usize>()).next_multiple_of(STEP), errno)
}

/// # Safety
///
/// Below `top`, a multiple of 16, lies as much unused memory as the call takes, and a word at it.
unsafe fn call_on_stack(call: Call, given: &mut Given<'_>, top: *mut usize) -> i32 {
    let given = ptr::from_mut(given) as usize;
    let errno: usize;
    // SAFETY: the caller answers for the stack; its own is put back from a register that functions keep for callers.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        asm!(
            "mov r12, rsp",
            "mov rsp, {top}",
            "call {call}",
            "mov rsp, r12",
            top = in(reg) top,
            call = in(reg) call,
            in("rdi") given,
            lateout("rax") errno,
            out("r12") _,
            clobber_abi("C"),
        );
        #[cfg(target_arch = "x86")]
        asm!(
            "mov edi, esp",
            "mov esp, {top}",
            "mov [esp], {given}",
            "call {call}",
            "mov esp, edi",
            top = in(reg) top,
            given = in(reg) given,
            call = in(reg) call,
            lateout("eax") errno,
            out("edi") _,
            clobber_abi("C"),
        );
        #[cfg(target_arch = "aarch64")]
        asm!(
            "mov x20, sp",
            "mov sp, {top}",
            "blr {call}",
            "mov sp, x20",
            top = in(reg) top,
            call = in(reg) call,
            inlateout("x0") given => errno,
            out("x20") _,
            clobber_abi("C"),
        );
        #[cfg(target_arch = "riscv64")]
        asm!(
            "mv s2, sp",
            "mv sp, {top}",
            "jalr {call}",
            "mv sp, s2",
            top = in(reg) top,
            call = in(reg) call,
            inlateout("a0") given => errno,
            out("s2") _,
            clobber_abi("C"),
        );
    }
    errno as i32
}

#[derive(Default)]
struct Report {
    passed: u32,
    failed: u32,
}

impl Report {
    fn note(&mut self, name: &str, how: &str, bytes: usize, budget: usize, errno: i32) {
        // An option that the kernel doesn't know was asked for all the same. EFAULT is QEMU's, of an empty list.
        let errno = Errno::from_raw_os_error(errno)
            .filter(|errno| !matches!(*errno, Errno::ENOPROTOOPT | Errno::EOPNOTSUPP | Errno::EFAULT));
        let ok = errno.is_none() && bytes <= budget;
        self.passed += u32::from(ok);
        self.failed += u32::from(!ok);
        match errno {
            _ if ok => println!("ok    {bytes:5} {name}{how}"),
            None => println!("FAIL  {bytes:5} {name}{how}, more than {budget}"),
            Some(errno) => println!("FAIL  {bytes:5} {name}{how}: {errno}"),
        }
    }

    /// Each on a pair of its own; tells how much they took together.
    fn measure(&mut self, calls: &[(&str, Call)], how: &str, budget: usize) -> usize {
        let mut together = 0;
        for &(name, call) in calls {
            let before = raw::open_descriptors();
            let ends = ManuallyDrop::new(Socket::seqpacket_pair().expect("a pair"));
            let (ends, mut place) = (ends.each_ref(), [0; 64]);
            let mut given = ManuallyDrop::new(Given::new(ends, &ends, &mut place));
            given.prepare().expect("messages");
            let (bytes, errno) = measure(call, &mut given);
            self.note(name, how, bytes, budget, errno);
            together += bytes;
            let opened = raw::open_descriptors() & !before;
            (0..64)
                .filter(|fd| opened & 1 << fd != 0)
                .for_each(|fd| _ = raw::close(fd));
        }
        together
    }
}

#[unsafe(no_mangle)]
fn main(arguments: Arguments) -> i32 {
    let [first, most, all, text] = BUDGETS[usize::from(cfg!(debug_assertions))];
    let (mut report, mut skipped) = (Report::default(), 0);
    println!("      bytes of stack");

    // SAFETY: nothing uses or closes these.
    let ends = [0, 1].map(|fd| ManuallyDrop::new(unsafe { Socket::from_raw_fd(fd) }));
    let ends = [&*ends[0], &*ends[1]];
    let mut given = ManuallyDrop::new(Given::new(ends, &ends, &mut []));
    let (name, call) = FIRST[0];
    let (bytes, errno) = measure(call, &mut given);
    report.note(name, "", bytes, first, errno);

    report.measure(TEXTS, "", text);
    let together = report.measure(CALLS, "", most);
    report.note("all of these calls together", "", together, all, 0);
    if !DIRECT.is_empty() && arguments.contain(c"qemu-user") {
        println!("skip  the second doors (QEMU user-mode has no seccomp)");
        skipped += 1;
    } else if !DIRECT.is_empty() {
        raw::refuse(DIRECT.map(|number| (number, Errno::ENOSYS.raw_os_error() as u32)));
        let together = report.measure(CALLS, ", second door", most);
        report.note("all of these calls together", ", second door", together, all, 0);
    }
    println!("{} passed, {} failed, {skipped} skipped", report.passed, report.failed);
    i32::from(report.failed > 0)
}

#[panic_handler]
fn panic(panic: &PanicInfo<'_>) -> ! {
    println!("FAIL  {panic}");
    raw::exit(101)
}
