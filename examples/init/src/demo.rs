//! Services that behave or misbehave: this program, started with the arguments `demo` and one of the words below.

use core::{ffi::CStr, mem::MaybeUninit, time::Duration};
use linux_socketpair::process::{ArgArray, Command, FdMapping, Signal, SignalFd, SignalSet};
use linux_socketpair::{
    AsFd, AsRawFd, Errno, FromRawFd, IoSlice, IoSliceMut, OwnedFd, RecvControl, SendControl, UnixSeqpacket, space,
    write,
};

use crate::channel::CHANNEL;
use crate::kernel::{self, Shutdown};
use crate::service::Context;
use crate::supervisor;
use crate::table::{Restart, Service, THIS_FILE};

/// More lives than 8 bits can count.
const MANY: u64 = 300;

/// Each causes something that a real init must survive.
static FAULTS: [Service; 13] = [
    Service {
        program: Some(c"/there/is/none"),
        ..demo("missing", &[], AGAIN)
    },
    Service {
        program: Some(c"/"),
        ..demo("folder", &[], AGAIN)
    },
    Service {
        channel: false,
        ..demo("plain", &[c"demo", c"plain"], AGAIN)
    },
    demo("mute", &[c"demo", c"mute"], AGAIN),
    demo("flood", &[c"demo", c"flood"], AGAIN),
    demo("silent", &[c"demo", c"silent"], Restart::Never),
    demo("closing", &[c"demo", c"closing"], Restart::Never),
    demo("parent", &[c"demo", c"parent"], Restart::Never),
    demo("impostor", &[c"demo", c"impostor"], Restart::Never),
    demo("babbler", &[c"demo", c"babbler"], Restart::Never),
    demo("stubborn", &[c"demo", c"stubborn"], AGAIN),
    demo("steady", &[c"demo", c"steady"], AGAIN),
    demo("many", &[c"demo", c"many"], AT_ONCE),
];

/// Nothing goes wrong here.
static STEADY: [Service; 1] = [demo("steady", &[c"demo", c"steady"], AGAIN)];

/// When it has ended, only an orphan is left.
static PARENT: [Service; 1] = [demo("parent", &[c"demo", c"parent"], Restart::Never)];

/// One of them sends init the signal of Ctrl-Alt-Del.
static INTERRUPT: [Service; 2] = [
    demo("steady", &[c"demo", c"steady"], AGAIN),
    demo("interrupt", &[c"demo", c"interrupt"], AGAIN),
];

const AGAIN: Restart = Restart::Always {
    delay: Duration::from_millis(50),
    limit: 5,
    settled: Duration::from_secs(10),
};

/// No life that was ready counts as a failure.
const AT_ONCE: Restart = Restart::Always {
    delay: Duration::ZERO,
    limit: 1,
    settled: Duration::ZERO,
};

const fn demo(name: &'static str, arguments: &'static [&'static CStr], restart: Restart) -> Service {
    Service {
        name,
        program: THIS_FILE,
        arguments,
        channel: true,
        restart,
        start_timeout: Duration::from_secs(2),
        stop_timeout: Duration::from_secs(1),
    }
}

/// Supervises the services of one of these tables, if init's first argument names one.
pub fn supervise(word: &[u8], context: Context) -> Option<Result<Shutdown, Errno>> {
    match word {
        b"faults" => Some(supervisor::supervise(&FAULTS, context)),
        b"steady" => Some(supervisor::supervise(&STEADY, context)),
        b"parent" => Some(supervisor::supervise(&PARENT, context)),
        b"interrupt" => Some(supervisor::supervise(&INTERRUPT, context)),
        b"panic" => panic!("on request"),
        _ => None,
    }
}

pub fn run(what: &[u8], context: Context) -> ! {
    kernel::exit(if serve(what, context).is_ok() { 0 } else { 1 })
}

fn serve(what: &[u8], context: Context) -> Result<(), Errno> {
    match what {
        b"mute" => kernel::exit(3),
        b"orphan" => {
            kernel::sleep(Duration::from_millis(100));
            kernel::exit(7);
        }
        _ => {}
    }
    let sigterm = SignalFd::new(SignalSet::EMPTY.with(Signal::TERM))?;
    if what == b"plain" {
        return sigterm.recv().map(drop);
    }
    // SAFETY: init put the channel there, and this is its only owner.
    let channel = unsafe { UnixSeqpacket::from_raw_fd(CHANNEL) };
    channel.set_close_on_exec(true)?;
    if what == b"impersonate" {
        return channel.send(b"power off").map(drop);
    }
    let (life, console) = receive_greeting(&channel)?;
    if what != b"silent" {
        channel.send(b"ready")?;
    }
    match what {
        b"twice" => {
            // SAFETY: the file descriptor is owned here.
            let _ = unsafe { write(console.as_raw_fd(), b"twice: written to the console that init passed\n") };
            if life == 1 {
                kernel::kill(kernel::id(), Signal::KILL);
            }
            channel.send(b"power off")?;
        }
        b"flood" => kernel::exit(1),
        b"closing" => {
            drop(channel);
            ignore_sigterm()
        }
        b"stubborn" => ignore_sigterm(),
        b"parent" => return start(context, c"orphan", &[]),
        b"impostor" => start(context, c"impersonate", &[FdMapping::new(&channel, CHANNEL)])?,
        b"babbler" => {
            channel.send(b"")?;
            channel.send(&[b'x'; 100])?;
            let mut memory = [MaybeUninit::uninit(); space::rights(1)];
            let mut control = SendControl::new(&mut memory);
            control.push_rights([console.as_fd()])?;
            return channel
                .send_message(&[IoSlice::new(b"a descriptor")], &control)
                .map(drop);
        }
        b"many" => {
            kernel::sleep(Duration::from_millis(10));
            if life < MANY {
                return Ok(());
            }
            channel.send(b"power off")?;
        }
        b"interrupt" => kernel::kill(kernel::parent_id(), Signal::INT),
        _ => {}
    }
    sigterm.recv().map(drop)
}

/// Init's first message: which life this is, and the console.
fn receive_greeting(channel: &UnixSeqpacket) -> Result<(u64, OwnedFd), Errno> {
    let mut life = [0; 8];
    let mut memory = [MaybeUninit::uninit(); space::rights(1)];
    let mut control = RecvControl::new(&mut memory);
    channel.recv_message(&mut [IoSliceMut::new(&mut life)], &mut control)?;
    let console = control.descriptors()?.next().ok_or(Errno::EBADF)??;
    Ok((u64::from_ne_bytes(life), console))
}

/// The signal is blocked.
fn ignore_sigterm() -> ! {
    loop {
        kernel::sleep(Duration::from_secs(1));
    }
}

/// Starts this program once more, as a child that is not waited for.
fn start(context: Context, what: &CStr, fds: &[FdMapping<'_>]) -> Result<(), Errno> {
    let args = ArgArray::new([context.this_file, c"demo", what]);
    _ = Command::new(context.this_file, args.as_args()).fds(fds).spawn()?;
    Ok(())
}
