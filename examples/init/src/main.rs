//! PID 1 of a machine that does one thing: it starts a service, supervises it over a socket pair, and turns the machine off
//! when the service says so.
//!
//! No libc, no allocator, no `/proc`, nothing in the file system but this program: init and service are the same file.

#![no_std]
#![no_main]

#[path = "../../../tests/freestanding/src/machine/mod.rs"]
mod machine;
mod memory;
mod process;

use core::{ffi::CStr, fmt::Write, mem::MaybeUninit, panic::PanicInfo, time::Duration};
use linux_socketpair::{
    AsFd, AsRawFd, BorrowedFd, ControlMessage, Errno, FromRawFd, IoSlice, IoSliceMut, OwnedFd, PollFd, PollFlags,
    RawFd, RecvControl, SendControl, UnixSeqpacket, poll, space,
};
use process::{Arguments, Console};

/// Where the service finds its end of the control channel: the first number behind standard input, output and error.
const CHANNEL: RawFd = 3;

/// The argument by which this program is the service and not init.
const SERVICE: &CStr = c"service";

macro_rules! log {
    ($($argument:tt)+) => {
        // Without a console the text is discarded.
        let _ = writeln!(Console, $($argument)+);
    };
}

/// The kernel's first instruction jumps into `_start`, in `machine`, and that comes here with the stack: the number of
/// arguments, and behind it the arguments.
extern "C" fn start(stack: *const usize) -> ! {
    // SAFETY: the kernel left them so.
    let (count, arguments) = unsafe { (stack.read(), stack.add(1).cast::<*const u8>()) };
    // SAFETY: a comparison that ends at the first difference stays within both strings.
    let is_service = count == 2
        && unsafe {
            let argument = arguments.add(1).read();
            SERVICE
                .to_bytes_with_nul()
                .iter()
                .enumerate()
                .all(|(at, &byte)| argument.add(at).read() == byte)
        };
    let outcome = if is_service { serve() } else { supervise(arguments) };
    if let Err(errno) = outcome {
        log!("{}: {errno}", if is_service { "service" } else { "init" });
        process::exit(1);
    }
    process::power_off()
}

/// How a life of the service ended.
enum End {
    Died,
    AskedForPowerOff,
}

/// Init: starts the service again as often as it dies.
fn supervise(arguments: Arguments) -> Result<(), Errno> {
    log!("init: PID {}", process::id());
    for life in 1_u8.. {
        let (channel, pid) = start_service(arguments)?;
        log!("init: life {life} of the service is PID {pid}");
        greet(&channel, life)?;
        let end = listen(&channel, pid)?;
        drop(channel);
        reap(pid)?;
        if let End::AskedForPowerOff = end {
            log!("init: power off");
            break;
        }
        log!("init: the service died");
    }
    Ok(())
}

fn start_service(arguments: Arguments) -> Result<(UnixSeqpacket, i32), Errno> {
    let (ours, theirs) = UnixSeqpacket::pair()?;
    // From now on each message says who sent it; since Linux 6.5 also by a pidfd.
    ours.set_pass_credentials(true)?;
    match ours.set_pass_pidfd(true) {
        Ok(()) | Err(Errno::ENOPROTOOPT) => {}
        Err(errno) => return Err(errno),
    }
    // SAFETY: the program's own name is a string of the kernel's, and the new arguments end with null.
    let pid = unsafe {
        let name = arguments.read();
        process::start(
            name,
            [name, SERVICE.as_ptr().cast(), core::ptr::null()].as_ptr(),
            theirs.as_fd(),
            CHANNEL,
        )?
    };
    Ok((ours, pid))
}

/// The first message: which life it is, and the console to write to.
fn greet(channel: &UnixSeqpacket, life: u8) -> Result<(), Errno> {
    // SAFETY: this program never closes its standard output.
    let console = unsafe { BorrowedFd::borrow_raw(1) };
    let mut memory = [MaybeUninit::uninit(); space::rights(1)];
    let mut control = SendControl::new(&mut memory);
    control.push_rights([console])?;
    channel.send_message(&[IoSlice::new(&[life])], &control)?;
    Ok(())
}

/// Hears what the service says, until it asks for power off or is gone.
fn listen(channel: &UnixSeqpacket, pid: i32) -> Result<End, Errno> {
    let mut pidfd: Option<OwnedFd> = None;
    loop {
        let alive = pidfd
            .as_ref()
            .map_or(PollFd::ignored(), |pidfd| PollFd::new(pidfd, PollFlags::IN));
        let mut fds = [PollFd::new(channel, PollFlags::IN), alive];
        match poll(&mut fds, None) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
        if fds[0].ready().is_empty() {
            // Only the pidfd is ready: the process has ended, though another one may hold its end of the channel.
            return Ok(End::Died);
        }

        let mut buf = [0; 32];
        let mut memory = [MaybeUninit::uninit(); space::CREDENTIALS + space::PIDFD];
        let mut control = RecvControl::new(&mut memory);
        let len = match channel.recv_message(&mut [IoSliceMut::new(&mut buf)], &mut control) {
            // Its end of the channel is closed, and with that the service is over too.
            Ok(received) if received.len == 0 => return Ok(End::Died),
            Err(Errno::ECONNRESET) => return Ok(End::Died),
            received => received?.len,
        };
        let mut sender = 0;
        for message in control.messages()? {
            match message {
                ControlMessage::Credentials(credentials) => sender = credentials.pid,
                ControlMessage::Pidfd(Ok(descriptor)) => pidfd = Some(descriptor),
                _ => {}
            }
        }
        if sender != pid {
            log!("init: PID {sender} is not the service; its message is ignored");
            continue;
        }
        match buf.get(..len).unwrap_or_default() {
            b"ready" => {
                log!(
                    "init: the service is ready{}",
                    if pidfd.is_some() { ", and known by a pidfd" } else { "" }
                );
            }
            b"power off" => return Ok(End::AskedForPowerOff),
            _ => {
                log!("init: an unknown message");
            }
        }
    }
}

/// Waits for `pid`, which is over or will be when it sees that its channel is; and for whatever else has ended, since PID 1
/// is the parent of all orphans.
fn reap(pid: i32) -> Result<(), Errno> {
    loop {
        match process::reap() {
            Ok(Some((ended, status))) => {
                log!("init: PID {ended} ended with status {status}");
                if ended == pid {
                    return Ok(());
                }
            }
            Ok(None) => _ = poll(&mut [], Some(Duration::from_millis(1))),
            Err(errno) => return Err(errno),
        }
    }
}

/// The service: an example of one. In its first life it is killed, to show what happens then; in its second it has the
/// machine turned off.
fn serve() -> Result<(), Errno> {
    // SAFETY: init put the channel there for this program, which takes it once.
    let channel = unsafe { UnixSeqpacket::from_raw_fd(CHANNEL) };
    channel.set_close_on_exec(true)?;
    let mut life = [0];
    let mut memory = [MaybeUninit::uninit(); space::rights(1)];
    let mut control = RecvControl::new(&mut memory);
    channel.recv_message(&mut [IoSliceMut::new(&mut life)], &mut control)?;
    let console = control.descriptors()?.next().ok_or(Errno::EBADF)??;
    channel.send(b"ready")?;
    // SAFETY: the file descriptor is owned here.
    unsafe {
        linux_socketpair::write(
            console.as_raw_fd(),
            b"service: written to the console that was passed\n",
        )?
    };
    if life == [1] {
        process::kill_self();
    }
    channel.send(b"power off")?;
    // Init closes its end when it has received that.
    channel.recv(&mut [0])?;
    process::exit(0)
}

#[panic_handler]
fn panic(panic: &PanicInfo<'_>) -> ! {
    log!("{panic}");
    process::exit(101)
}

/// The precompiled `core` names it in its unwind tables; a program that aborts on panic never calls it.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}
