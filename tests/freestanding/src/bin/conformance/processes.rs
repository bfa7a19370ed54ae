//! Children: what they inherit, how they fail, how they end.

use core::{ffi::CStr, time::Duration};
use freestanding::{Arguments, raw};
use linux_raw_sys::{general::*, prctl};
use linux_socketpair::kind::{Seqpacket, Stream};
use linux_socketpair::process::{
    ArgArray, Args, Command, ExitStatus, FdMapping, Signal, SignalFd, SignalSet, Step, any_ended, exit_status, reap,
};
use linux_socketpair::{
    AsFd, AsRawFd, ControlMessage, Errno, FromRawFd, IoSliceMut, OwnedFd, PollFd, PollFlags, RawFd, RecvControl,
    SocketFlags, UnixSeqpacket, UnixStream, poll, space, syscall,
};

use crate::control::declare;
use crate::report::{Needs, Otherwise, Outcome, Report, missing, must, requires, same, tests};

/// With this argument the program is a child that reports its state.
pub const CHILD: &CStr = c"as-child";

/// Where the child finds its socket.
const AT: RawFd = 3;

/// The child executes this program.
const EXEC: Needs = Needs::Kernel("it executes no program of another architecture");

/// This program, as a child.
struct Program<'a> {
    path: &'a CStr,
    args: Args<'a>,
}

impl<'a> Program<'a> {
    fn command(&self) -> Command<'a> {
        Command::new(self.path, self.args)
    }
}

/// The state in which a program begins.
#[derive(Clone, Copy, Default)]
#[repr(C)]
struct State {
    open: u64,
    blocked: u64,
    ignored: u64,
    caught: u64,
    leads_session: u64,
    users: [u64; 3],
    groups: [u64; 3],
    supplementary: u64,
    arguments: u64,
    environment: u64,
    parent_death: u64,
    parent: u64,
}

const SIZE: usize = size_of::<State>();

/// A system call.
fn call<const N: usize>(number: u32, arguments: [usize; N]) -> isize {
    // SAFETY: used here with calls that access what their arguments point to.
    unsafe { raw::syscall(number, arguments) }
}

fn word_of(set: [usize; 64 / usize::BITS as usize]) -> u64 {
    set.iter().rev().fold(0, |word, &part| {
        word.checked_shl(usize::BITS).unwrap_or(0) | part as u64
    })
}

fn blocked() -> u64 {
    let mut set = [0_usize; 64 / usize::BITS as usize];
    call(__NR_rt_sigprocmask, [0, 0, &raw mut set as usize, 8]);
    word_of(set)
}

/// The handler of a signal: 0 is the default, 1 that it is ignored.
fn handler(signal: usize) -> usize {
    let mut action = [0_usize; 8];
    call(__NR_rt_sigaction, [signal, 0, action.as_mut_ptr() as usize, 8]);
    action[0]
}

fn set_handler(signal: Signal, handler: usize) {
    let mut action = [0_usize; 8];
    action[0] = handler;
    call(
        __NR_rt_sigaction,
        [signal.as_raw() as usize, action.as_ptr() as usize, 0, 8],
    );
}

fn signals_with(test: fn(usize) -> bool) -> u64 {
    (1..=64)
        .filter(|&signal| test(handler(signal)))
        .fold(0, |set, signal| set | 1 << (signal - 1))
}

#[cfg(any(target_arch = "x86", target_arch = "arm"))]
const GET_IDS: [u32; 3] = [__NR_getresuid32, __NR_getresgid32, __NR_getgroups32];
#[cfg(not(any(target_arch = "x86", target_arch = "arm")))]
const GET_IDS: [u32; 3] = [__NR_getresuid, __NR_getresgid, __NR_getgroups];

impl State {
    fn new(arguments: Option<Arguments>) -> Self {
        let ids = |number| {
            let mut ids = [0_u32; 3];
            let [a, b, c] = ids.each_mut().map(|id| &raw mut *id as usize);
            call(number, [a, b, c]);
            ids.map(u64::from)
        };
        let mut parent_death = 0_i32;
        let at = &raw mut parent_death as usize;
        call(__NR_prctl, [prctl::PR_GET_PDEATHSIG as usize, at, 0, 0, 0]);
        Self {
            open: raw::open_descriptors(),
            blocked: blocked(),
            ignored: signals_with(|handler| handler == 1),
            caught: signals_with(|handler| handler > 1),
            leads_session: (call(__NR_getsid, [0]) == call(__NR_getpid, [])).into(),
            users: ids(GET_IDS[0]),
            groups: ids(GET_IDS[1]),
            supplementary: call(GET_IDS[2], [0, 0]) as u64,
            arguments: arguments.map_or(0, Arguments::count) as u64,
            // SAFETY: the kernel put it there.
            environment: arguments.map_or(0, |all| unsafe { Args::from_ptr(all.environment()) }.iter().count()) as u64,
            parent_death: parent_death as u64,
            parent: call(__NR_getppid, []) as u64,
        }
    }
}

/// The child: sends its state, and ends with the code that it receives.
pub fn child(arguments: Arguments) -> i32 {
    let state = State::new(Some(arguments));
    call(__NR_write, [AT as usize, &raw const state as usize, SIZE]);
    let mut code = 0_u8;
    call(__NR_read, [AT as usize, &raw mut code as usize, 1]);
    code.into()
}

/// What the child sends.
fn state(socket: &UnixSeqpacket) -> Result<State, Errno> {
    let mut state = State::default();
    // SAFETY: any bytes make a state.
    let bytes = unsafe { &mut *(&raw mut state).cast::<[u8; SIZE]>() };
    match socket.recv(bytes)? {
        SIZE => Ok(state),
        _ => Err(Errno::EPROTO),
    }
}

/// What a hook returns if every check held; otherwise it returns the line of the check.
fn right() -> Result<(), Errno> {
    Err(errno(4095))
}

fn errno(number: u32) -> Errno {
    Errno::from_raw_os_error(number as i32).unwrap_or(Errno::EPROTO)
}

/// Checks a condition in a hook.
macro_rules! check {
    ($condition:expr) => {
        if !$condition {
            return Err(errno(line!()));
        }
    };
}

/// The program doesn't matter: the hook fails before it would be executed.
fn hooked<'a>() -> Command<'a> {
    Command::new(c"/", Args::EMPTY)
}

/// Runs `hook` in a child of `command`: it must end with `right`.
fn in_hook<'a>(command: &mut Command<'a>, hook: &'a mut dyn FnMut() -> Result<(), Errno>) -> Outcome {
    // SAFETY: the hooks here make system calls alone.
    unsafe { command.pre_exec(hook) };
    let mask = blocked();
    let error = command.spawn();
    same!(blocked(), mask);
    match error {
        Ok(_) => missing!(),
        Err(error) => {
            same!(error.errno().raw_os_error(), 4095);
            same!(error.step() == Step::Hook, true);
        }
    }
    same!(any_ended().map(|ended| ended.is_some()), Errno::ECHILD);
    Ok(())
}

/// A start must fail, and leave no child and no descriptor.
fn fails(command: &mut Command<'_>, step: Step, errno: Errno) -> Outcome {
    let (open, mask) = (raw::open_descriptors(), blocked());
    match command.spawn() {
        Ok(_) => missing!(),
        Err(error) => {
            same!(error, errno);
            same!(error.step() as u8 as u32, step as u8 as u32);
        }
    }
    same!(any_ended().map(|ended| ended.is_some()), Errno::ECHILD);
    same!(raw::open_descriptors(), open);
    same!(blocked(), mask);
    Ok(())
}

pub fn tests(report: &mut Report, arguments: Arguments) {
    let program = arguments.program().unwrap_or(c"/init");
    let args = ArgArray::new([program, CHILD]);
    let args = args.as_args();
    let this = Program { path: program, args };

    for (path, errno) in [
        (c"/no/such/program", Errno::ENOENT),
        (c"", Errno::ENOENT),
        (c"/", Errno::EACCES),
    ] {
        report.test(
            Needs::Calls,
            format_args!("spawn: the path {path:?} can't be executed"),
            || fails(&mut Command::new(path, args), Step::Exec, errno),
        );
    }
    report.test(Needs::Calls, "spawn: a directory that doesn't exist is ENOENT", || {
        fails(hooked().current_dir(c"/no/such"), Step::Directory, Errno::ENOENT)
    });
    tests! { report;
        "spawn: targets that are negative or occur twice are EINVAL, and those beyond the limit EBADF": impossible;
    }
    report.test(Needs::Calls, "spawn: the user or group u32::MAX is EINVAL", || {
        fails(hooked().user(u32::MAX), Step::User, Errno::EINVAL)?;
        fails(hooked().group(u32::MAX), Step::Group, Errno::EINVAL)
    });
    tests! { report;
        "spawn: too few free descriptors are EMFILE at the step that lacks them": too_few;
        "spawn: numbers are swapped at the limit, and with no more free descriptors than necessary": just_enough;
        "spawn: the errno of a hook is returned": errnos_of_hook;
        "spawn: a hook can end the child, which is then waited for as usual": hooks_end;
        "spawn: a core dump before the program ends the child alone": dumps_core;
        "spawn: handlers are reset, and ignored signals stay ignored": dispositions;
        "spawn: a signal to the child ends it, and runs no handler of the parent": signal_in_child;
    }
    report.test(
        Needs::Kernel("it never blocks some signals"),
        "spawn: all signals are blocked during the start",
        || {
            in_hook(&mut hooked(), &mut || {
                check!(blocked() | 1 << 8 | 1 << 18 == u64::MAX);
                right()
            })
        },
    );
    tests! { report;
        "spawn: session, directory and parent-death signal are set": settings;
        "spawn: user and groups are set": users;
        "spawn: an unprivileged process can set the user that it has": own_user;
    }
    report.test(
        Needs::Calls,
        "spawn: four descriptors are mapped to each other's numbers in every order",
        || {
            for order in 0..4_usize.pow(4) {
                orders(order)?;
            }
            Ok(())
        },
    );
    tests! { report;
        "spawn: a descriptor is mapped to several free numbers": free_numbers;
        "spawn: descriptors are mapped to numbers that the pair and the report have": taken_numbers;
        "spawn: it works while the standard descriptors are closed": closed_standard;
        "reap: a child is reaped by its process ID after its Child was dropped": reaps;
    }
    report.test(Needs::Calls, "spawn: a hundred failures leave nothing open", || {
        let before = raw::open_descriptors();
        for _ in 0..100 {
            fails(&mut Command::new(c"/no/such", args), Step::Exec, Errno::ENOENT)?;
        }
        same!(raw::open_descriptors(), before);
        Ok(())
    });

    report.test(
        EXEC,
        "spawn: the program finds its arguments, environment, descriptors and socket",
        || inherits(&this),
    );
    report.test(
        EXEC,
        "spawn: the program has the dispositions and the mask that were set",
        || program_signals(&this),
    );
    report.test(EXEC, "wait: exit codes are returned", || exit_codes(&this));
    report.test(EXEC, "signal: a child is killed, or stopped and continued", || {
        signals(&this)
    });
    report.test(
        Needs::Seccomp,
        "signal: without pidfd_send_signal, kill sends it",
        || signal_by_number(&this),
    );
    report.test(EXEC, "pidfd: it is readable when the child has ended", || {
        pidfd_polls(&this)
    });
    report.test(EXEC, "pidfd: a received one reports the exit status", || {
        received_pidfd(&this)
    });
    report.test(EXEC, "spawn: a hundred children leave nothing open", || many(&this));
    report.test(EXEC, "spawn: the parent sees what a hook wrote", || shared(&this));

    tests! { report;
        "SignalFd: it receives its signals, and can be polled": signal_fd;
        "SignalFd: SIGCHLD reports the child": signal_of_child;
    }
    report.test(Needs::Calls, "syscall: any system call can be made", || {
        // SAFETY: these calls have no arguments, or none that is memory.
        unsafe {
            same!(syscall::<__NR_getpid>([0; 6]), raw::getpid());
            same!(syscall::<__NR_dup3>([0, 0, 0, 0, 0, 0]), Errno::EINVAL);
        }
        Ok(())
    });
}

fn impossible() -> Outcome {
    let (a, b) = must!(UnixStream::pair());
    let fds = |first, second| [FdMapping::new(&a, first), FdMapping::new(&b, second)];
    fails(hooked().fds(&fds(-1, 3)), Step::Descriptors, Errno::EINVAL)?;
    fails(hooked().fds(&fds(3, 3)), Step::Descriptors, Errno::EINVAL)?;
    fails(hooked().fds(&fds(3, 4096)), Step::Descriptors, Errno::EBADF)?;
    for at in [&[][..], &[5, 5], &[-1], &[3]] {
        match hooked().fds(&fds(3, 4)).spawn_with_socket::<Stream>(at) {
            Ok(_) => missing!(),
            Err(error) => {
                same!(error, Errno::EINVAL);
                same!(error.step() == Step::Descriptors, true);
            }
        }
    }
    Ok(())
}

/// Room for fewer descriptors than the pair, the pidfd and a temporary number need.
fn too_few() -> Outcome {
    let status = raw::in_child(|| {
        let (Ok((a, _b)), has_pidfds) = (UnixStream::pair(), raw::kernel_release() >= (5, 2)) else {
            return 1;
        };
        let map = [FdMapping::new(&a, 5)];
        for (free, step) in [(0, Step::Report), (1, Step::Report), (2, Step::Clone)] {
            raw::leave_free(free);
            let error = hooked().fds(&map).spawn().map(drop);
            let expected = match error {
                // Without pidfds, or in QEMU, two suffice.
                Err(error) if free == 2 && error.step() == Step::Exec => !has_pidfds || error.errno() == Errno::EACCES,
                Err(error) => error.step() == step && error.errno() == Errno::EMFILE,
                Ok(()) => false,
            };
            if !expected {
                return 2 + free as i32;
            }
        }
        0
    });
    same!(status, 0);
    Ok(())
}

fn own_user() -> Outcome {
    let status = raw::in_child(|| {
        raw::drop_privileges();
        let args = ArgArray::new([c"none"]);
        let user = call(raw::IDS[3], []) as u32;
        // Only root drops supplementary groups.
        if user == 0 {
            return 77;
        }
        let error = Command::new(c"/", args.as_args()).user(user).spawn().map(drop);
        i32::from(error.map_err(|error| error.step()) != Err(Step::Exec))
    });
    if status == 77 << 8 {
        return Err(Otherwise::Skipped("this process can't become an unprivileged user"));
    }
    same!(status, 0);
    Ok(())
}

/// The two highest numbers are swapped by way of lower ones. A number without a socket needs nothing but the pair and the pidfd.
fn just_enough() -> Outcome {
    let status = raw::in_child(|| {
        let (Ok((a, b)), Ok((c, _d))) = (UnixStream::pair(), UnixStream::pair()) else {
            return 1;
        };
        for (socket, at) in [(&a, 62), (&b, 63)] {
            if call(
                __NR_dup3,
                [socket.as_raw_fd() as usize, at as usize, O_CLOEXEC as usize],
            ) != at
            {
                return 2;
            }
        }
        // SAFETY: the file descriptors are new.
        let high = [62, 63].map(|fd| unsafe { OwnedFd::from_raw_fd(fd) });
        let maps = [FdMapping::new(&high[0], 63), FdMapping::new(&high[1], 62)];
        let swapped = in_hook(hooked().fds(&maps), &mut || {
            check!(raw::fcntl(62, F_GETFD) == 0 && raw::fcntl(63, F_GETFD) == 0);
            right()
        });
        let maps = [FdMapping::new(&c, 1)];
        raw::leave_free(3);
        let replaced = in_hook(hooked().fds(&maps), &mut || {
            check!(raw::fcntl(1, F_GETFD) == 0);
            right()
        });
        i32::from(swapped.is_err()) + 2 * i32::from(replaced.is_err())
    });
    same!(status, 0);
    Ok(())
}

fn errnos_of_hook() -> Outcome {
    for number in [1, 2, 127, 128, 255, 256, 4094, 4095] {
        let mut hook = || Err(errno(number));
        let mut command = hooked();
        // SAFETY: it does nothing.
        unsafe { command.pre_exec(&mut hook) };
        fails(&mut command, Step::Hook, errno(number))?;
        // The hook can be called again.
        fails(&mut command, Step::Hook, errno(number))?;
    }
    Ok(())
}

/// Such a hook makes no report, as when a program is executed.
fn hooks_end() -> Outcome {
    for code in [0, 1, 42, 127, 255] {
        let mut hook = || raw::exit(code);
        let mut command = hooked();
        // SAFETY: it ends the child.
        let mut child = must!(unsafe { command.pre_exec(&mut hook) }.spawn());
        same!(child.wait(), code << 8);
        same!(child.try_wait(), code << 8);
        same!(child.signal(Signal::TERM), Errno::ESRCH);
        same!(reap(child.id()), Errno::ECHILD);
    }
    let mut hook = || {
        call(__NR_kill, [raw::getpid() as usize, SIGKILL as usize]);
        Ok(())
    };
    let mut command = hooked();
    // SAFETY: it ends the child.
    let mut child = must!(unsafe { command.pre_exec(&mut hook) }.spawn());
    same!(child.wait(), SIGKILL);
    same!(child.wait().map(ExitStatus::success), false);
    Ok(())
}

/// By a signal that comes when the child has set its mask. Older kernels end all processes that share the memory.
fn dumps_core() -> Outcome {
    requires!(5, 16);
    let status = raw::in_child(|| {
        let mut hook = || {
            call(__NR_kill, [raw::getpid() as usize, SIGQUIT as usize]);
            Ok(())
        };
        let mut command = hooked();
        // SAFETY: it makes system calls.
        let Ok(mut child) = unsafe { command.pre_exec(&mut hook) }.spawn() else {
            return 2;
        };
        (child.wait().map(ExitStatus::signal) != Ok(Some(Signal::QUIT))).into()
    });
    same!(status, 0);
    Ok(())
}

extern "C" fn never(_: i32) {
    raw::exit(99)
}

/// Runs a test with three signals handled or ignored, and restores their dispositions.
fn with_dispositions(test: impl FnOnce() -> Outcome) -> Outcome {
    let all = [
        (Signal::USR1, never as *const () as usize),
        (Signal::USR2, 1),
        (Signal::PIPE, 1),
    ];
    all.iter().for_each(|&(signal, handler)| set_handler(signal, handler));
    let outcome = test();
    all.iter().for_each(|&(signal, _)| set_handler(signal, 0));
    outcome
}

fn dispositions() -> Outcome {
    with_dispositions(|| {
        in_hook(&mut hooked(), &mut || {
            check!([10, 12, 13].map(handler) == [0, 1, 0]);
            right()
        })?;
        in_hook(hooked().default_signals(SignalSet::EMPTY), &mut || {
            check!([10, 12, 13].map(handler) == [0, 1, 1]);
            right()
        })?;
        in_hook(hooked().default_signals(SignalSet::ALL), &mut || {
            check!((1..=64).all(|signal| handler(signal) == 0));
            right()
        })?;
        // The parent's are as they were.
        same!([10, 12, 13].map(handler) == [never as *const () as usize, 1, 1], true);
        Ok(())
    })
}

/// The signal is pending in the child until the mask is set.
fn signal_in_child() -> Outcome {
    with_dispositions(|| {
        let mut hook = || {
            call(__NR_kill, [raw::getpid() as usize, SIGUSR1 as usize]);
            Ok(())
        };
        let mut command = hooked();
        // SAFETY: it makes a system call.
        let mut child = must!(unsafe { command.pre_exec(&mut hook) }.spawn());
        same!(child.wait(), SIGUSR1);
        // Blocked, it stays pending, and the start fails as it does without it.
        command.signal_mask(SignalSet::EMPTY.with(Signal::USR1));
        fails(&mut command, Step::Exec, Errno::EACCES)
    })
}

fn settings() -> Outcome {
    let parent = raw::getpid();
    let mut command = hooked();
    in_hook(&mut command, &mut || {
        let state = State::new(None);
        check!(state.leads_session == 0);
        check!(state.parent_death == 0);
        check!(state.parent == parent as u64);
        right()
    })?;
    let mut command = hooked();
    command
        .new_session()
        .current_dir(c"/")
        .parent_death_signal(Signal::USR2);
    in_hook(&mut command, &mut || {
        let state = State::new(None);
        check!(state.leads_session == 1);
        check!(state.parent_death == SIGUSR2.into());
        let mut buf = [0_u8; 8];
        check!(call(__NR_getcwd, [buf.as_mut_ptr() as usize, buf.len()]) == 2);
        check!(buf[..2] == *b"/\0");
        right()
    })
}

/// Of the memory, which a child could share.
fn is_dumpable() -> isize {
    call(__NR_prctl, [prctl::PR_GET_DUMPABLE as usize, 0, 0, 0, 0])
}

/// Sets all three IDs of a kind without the crate.
fn set_ids(number: u32, id: u32) -> isize {
    call(number, [id as usize; 3])
}

/// The errno of a call without the crate, which changes a child alone.
fn errno_in_child(change: impl FnOnce() -> isize) -> Option<Errno> {
    match raw::in_child(|| -change() as i32) >> 8 {
        0 => None,
        number => Some(errno(number as u32)),
    }
}

/// What this process may not do, because it lacks a capability or because its user namespace lacks the ID, must fail as it
/// does without the crate.
fn users() -> Outcome {
    const GROUPS: [u32; 3] = [7, 8, 9];
    let mine = State::new(None);
    let is_root = mine.users[1] == 0;
    let [_, set_group, set_user, _] = raw::IDS;
    let groups = errno_in_child(|| raw::set_groups(&GROUPS));
    let group = errno_in_child(|| set_ids(set_group, 65533));
    let user = errno_in_child(|| set_ids(set_user, 65534));
    if let Some(errno) = groups {
        fails(hooked().groups(&GROUPS), Step::Groups, errno)?;
    }
    if let Some(errno) = group {
        fails(hooked().group(65533), Step::Group, errno)?;
    }
    if let (Some(errno), true) = (user, groups.is_none() || !is_root) {
        fails(hooked().user(65534), Step::User, errno)?;
    }
    if !is_root || groups.or(group).or(user).is_some() {
        return Ok(());
    }
    in_hook(hooked().user(65534).group(65533).groups(&GROUPS), &mut || {
        let state = State::new(None);
        check!(state.users == [65534; 3]);
        check!(state.groups == [65533; 3]);
        check!(state.supplementary == 3);
        right()
    })?;
    // The parent keeps its own, and a user without groups has none.
    let now = State::new(None);
    same!(now.users == mine.users && now.groups == mine.groups, true);
    same!(now.supplementary, mine.supplementary);
    same!(is_dumpable(), 1);
    // One with more than 16 bits, where the user namespace has it.
    let user = errno_in_child(|| set_ids(set_user, 70000)).map_or(70000, |_| 65532);
    in_hook(hooked().user(user).parent_death_signal(Signal::TERM), &mut || {
        let state = State::new(None);
        check!(state.users == [u64::from(user); 3]);
        check!(state.groups == mine.groups);
        check!(state.supplementary == 0);
        check!(state.parent_death == SIGTERM.into());
        right()
    })
}

/// Maps four sockets, recognized by their peers, to each other's numbers. The digits of `order`, to base 4, are their targets. If
/// two have the same target, the start must fail.
fn orders(order: usize) -> Outcome {
    const N: usize = 4;
    let pairs = [
        must!(UnixStream::pair()),
        must!(UnixStream::pair()),
        must!(UnixStream::pair()),
        must!(UnixStream::pair()),
    ];
    let numbers = pairs.each_ref().map(|(_, b)| b.as_raw_fd());
    let to: [RawFd; N] = core::array::from_fn(|i| numbers[order / N.pow(i as u32) % N]);
    let maps: [FdMapping<'_>; N] = core::array::from_fn(|i| FdMapping::new(&pairs[i].1, to[i]));
    if (0..N).any(|i| to[..i].contains(&to[i])) {
        return fails(hooked().fds(&maps), Step::Descriptors, Errno::EINVAL);
    }
    in_hook(hooked().fds(&maps), &mut || {
        for (i, &to) in to.iter().enumerate() {
            check!(raw::fcntl(to, F_GETFD) == 0);
            let name = i as u8;
            check!(call(__NR_write, [to as usize, &raw const name as usize, 1]) == 1);
        }
        right()
    })?;
    for (i, (a, _)) in pairs.iter().enumerate() {
        let mut name = [99; 2];
        same!(a.recv(&mut name), 1);
        same!(usize::from(name[0]), i);
    }
    Ok(())
}

/// Maps one socket to several numbers, one of which the report's descriptor has.
fn free_numbers() -> Outcome {
    let (a, b) = must!(UnixStream::pair());
    // The numbers behind `b` are free: the report gets the first two.
    let first = b.as_raw_fd();
    let to = [first, first + 1, first + 2, first + 5, 63];
    let maps = to.map(|to| FdMapping::new(&b, to));
    in_hook(hooked().fds(&maps), &mut || {
        for to in to {
            check!(raw::fcntl(to, F_GETFD) == 0);
            check!(call(__NR_write, [to as usize, c"x".as_ptr() as usize, 1]) == 1);
        }
        check!(raw::fcntl(first + 3, F_GETFD) != 0);
        right()
    })?;
    same!(a.recv(&mut [0; 9]), 5);
    same!(b.is_close_on_exec(), true);
    Ok(())
}

/// Something is mapped to the numbers of the child's end and of the report.
fn taken_numbers() -> Outcome {
    let (a, b) = must!(UnixStream::pair());
    let first = b.as_raw_fd() + 1;
    let to: [RawFd; 4] = core::array::from_fn(|i| first + i as RawFd);
    let maps = to.map(|to| FdMapping::new(&b, to));
    let mut hook = || {
        let at = first + 9;
        call(__NR_write, [at as usize, c"socket".as_ptr() as usize, 6]);
        for to in to {
            call(__NR_write, [to as usize, c"x".as_ptr() as usize, 1]);
        }
        raw::exit(0)
    };
    let mut command = hooked();
    // SAFETY: it makes system calls and ends the child.
    unsafe { command.fds(&maps).pre_exec(&mut hook) };
    let (socket, mut child) = must!(command.spawn_with_socket::<Stream>(&[first + 9]));
    same!(child.wait(), 0);
    same!(a.recv(&mut [0; 9]), 4);
    same!(socket.recv(&mut [0; 9]), 6);
    same!(socket.recv(&mut [0; 9]), 0);
    Ok(())
}

/// The pair, the report and the pidfd then get the lowest numbers.
fn closed_standard() -> Outcome {
    let status = raw::in_child(|| {
        (0..3).for_each(|fd| _ = raw::close(fd));
        let mut hook = || {
            for fd in [0, 1] {
                check!(raw::fcntl(fd, F_GETFD) == 0);
                check!(call(__NR_write, [fd as usize, c"x".as_ptr() as usize, 1]) == 1);
            }
            right()
        };
        let mut command = hooked();
        // SAFETY: it makes system calls.
        unsafe { command.pre_exec(&mut hook) };
        let error = command.spawn_with_socket::<Stream>(&[0, 1]);
        let code = match error {
            Err(error) if error.errno().raw_os_error() == 4095 => 0,
            _ => 2,
        };
        if raw::open_descriptors() & 7 == 0 { code } else { 3 }
    });
    same!(status, 0);
    Ok(())
}

fn reaps() -> Outcome {
    same!(reap(raw::getpid()), Errno::ECHILD);
    same!(reap(0), Errno::EINVAL);
    let status = raw::in_child(|| {
        let mut hook = || raw::exit(7);
        let mut command = hooked();
        // SAFETY: it ends the child.
        let Ok(child) = unsafe { command.pre_exec(&mut hook) }.spawn() else {
            return 1;
        };
        let id = child.id();
        drop(child);
        // It ends soon, and remains a zombie until it is waited for.
        loop {
            match any_ended() {
                Ok(Some(ended)) => {
                    let right =
                        ended.pid == id && ended.status == ExitStatus::Exited(7) && any_ended() == Ok(Some(ended));
                    let reaped = reap(id) == Ok(Some(ExitStatus::Exited(7)));
                    return if right && reaped && any_ended() == Err(Errno::ECHILD) {
                        0
                    } else {
                        2
                    };
                }
                Ok(None) => {}
                Err(_) => return 3,
            }
        }
    });
    same!(status, 0);
    Ok(())
}

fn inherits(this: &Program<'_>) -> Outcome {
    let mut command = this.command();
    let env = ArgArray::new([c"A=1", c"B=2", c"C=3"]);
    let mine = State::new(None);
    let open = raw::open_descriptors();
    let (socket, mut child) = must!(command.spawn_with_socket::<Seqpacket>(&[AT]));
    let found = must!(state(&socket));
    same!(found.arguments, 2_u32);
    same!(found.environment, 0_u32);
    same!(found.open, open | 1 << AT);
    same!(found.parent, raw::getpid());
    same!(found.users == mine.users && found.groups == mine.groups, true);
    same!(child.try_wait().map(|status| status.is_none()), true);
    same!(child.pidfd().is_some(), raw::kernel_release() >= (5, 2));
    must!(socket.send(&[5]));
    same!(child.wait(), 5 << 8);
    drop((socket, child));

    // A second child of the same command, with the end at other numbers.
    let (socket, mut child) = must!(command.env(env.as_args()).spawn_with_socket::<Seqpacket>(&[0, AT, 9]));
    let found = must!(state(&socket));
    same!(found.environment, 3_u32);
    same!(found.open, open | 1 << AT | 1 | 1 << 9);
    drop(socket);
    same!(child.wait(), 0);
    drop(child);
    same!(raw::open_descriptors(), open);
    Ok(())
}

fn program_signals(this: &Program<'_>) -> Outcome {
    let mut command = this.command();
    with_dispositions(|| {
        let usr2_and_term = SignalSet::EMPTY.with(Signal::USR2).with(Signal::TERM);
        for (mask, defaults) in [
            (None, None),
            (Some(usr2_and_term), Some(SignalSet::EMPTY)),
            (Some(SignalSet::ALL), Some(usr2_and_term)),
        ] {
            if let Some(mask) = mask {
                command.signal_mask(mask);
            }
            if let Some(defaults) = defaults {
                command.default_signals(defaults);
            }
            let (socket, mut child) = must!(command.spawn_with_socket::<Seqpacket>(&[AT]));
            let found = must!(state(&socket));
            same!(found.caught, 0_u32);
            let [usr2, pipe] = [1_u64 << 11, 1 << 12];
            let (blocked, ignored) = match defaults {
                None => (0, usr2),
                Some(SignalSet::EMPTY) => (usr2 | 1 << 14, usr2 | pipe),
                Some(_) => (!(1 << 8 | 1 << 18), pipe),
            };
            same!(found.blocked, blocked);
            same!(found.ignored & (usr2 | pipe | 1 << 9), ignored);
            drop(socket);
            same!(child.wait(), 0);
        }
        Ok(())
    })
}

fn exit_codes(this: &Program<'_>) -> Outcome {
    let mut command = this.command();
    for code in [0, 1, 2, 126, 127, 128, 255_u8] {
        let (socket, mut child) = must!(command.spawn_with_socket::<Seqpacket>(&[AT]));
        must!(socket.send(&[code]));
        same!(child.wait().map(ExitStatus::code), i32::from(code));
        same!(child.wait().map(ExitStatus::success), code == 0);
    }
    Ok(())
}

fn signals(this: &Program<'_>) -> Outcome {
    let mut command = this.command();
    for signal in [Signal::KILL, Signal::TERM, Signal::HUP] {
        let (_socket, mut child) = must!(command.spawn_with_socket::<Seqpacket>(&[AT]));
        same!(child.try_wait().map(|status| status.is_none()), true);
        must!(child.signal(signal));
        same!(child.wait(), signal.as_raw());
        same!(
            child.wait().map(ExitStatus::signal).map(|seen| seen == Some(signal)),
            true
        );
        same!(child.signal(signal), Errno::ESRCH);
    }
    // A stopped child has not ended.
    let (socket, mut child) = must!(command.spawn_with_socket::<Seqpacket>(&[AT]));
    must!(state(&socket));
    must!(child.signal(Signal::STOP));
    must!(poll(&mut [], Some(Duration::from_millis(20))));
    same!(child.try_wait().map(|status| status.is_none()), true);
    same!(any_ended().map(|ended| ended.is_none()), true);
    must!(child.signal(Signal::CONT));
    must!(socket.send(&[3]));
    same!(child.wait(), 3 << 8);
    Ok(())
}

fn signal_by_number(this: &Program<'_>) -> Outcome {
    let mut command = this.command();
    let status = raw::in_child(|| {
        raw::reject([(__NR_pidfd_send_signal, linux_raw_sys::errno::ENOSYS)]);
        let Ok((socket, mut child)) = command.spawn_with_socket::<Seqpacket>(&[AT]) else {
            return 1;
        };
        let sent = child.signal(Signal::TERM);
        // A child that is sent no signal exits then.
        drop(socket);
        let signal = child.wait().map(ExitStatus::signal);
        i32::from(sent.is_err() || signal != Ok(Some(Signal::TERM)))
    });
    same!(status, 0);
    Ok(())
}

fn pidfd_polls(this: &Program<'_>) -> Outcome {
    let mut command = this.command();
    requires!(5, 2);
    let (socket, mut child) = must!(command.spawn_with_socket::<Seqpacket>(&[AT]));
    let Some(pidfd) = child.pidfd() else { missing!() };
    same!(raw::fcntl(pidfd.as_raw_fd(), F_GETFD), FD_CLOEXEC);
    let mut fds = [PollFd::from_borrowed_fd(pidfd, PollFlags::IN)];
    same!(poll(&mut fds, Some(Duration::from_millis(20))), 0);
    must!(socket.send(&[9]));
    same!(poll(&mut fds, None), 1);
    same!(child.wait(), 9 << 8);

    let (socket, child) = must!(command.spawn_with_socket::<Seqpacket>(&[AT]));
    let pid = child.id();
    let Some(pidfd) = child.into_pidfd() else { missing!() };
    must!(socket.send(&[8]));
    must!(poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], None));
    same!(reap(pid), 8 << 8);
    Ok(())
}

/// The pidfd that comes with a message.
fn pidfd_of(socket: &UnixSeqpacket) -> Result<Option<OwnedFd>, Errno> {
    declare!(control: RecvControl, space::CREDENTIALS + space::PIDFD);
    socket.recv_message(&mut [IoSliceMut::new(&mut [0; SIZE])], &mut control)?;
    let mut pidfd = None;
    for message in control.messages().map_err(Errno::from)? {
        if let ControlMessage::Pidfd(Ok(fd)) = message {
            pidfd = Some(fd);
        }
    }
    Ok(pidfd)
}

fn received_pidfd(this: &Program<'_>) -> Outcome {
    requires!(6, 15);
    for code in [0_u8, 1, 200] {
        let (ours, theirs) = must!(UnixSeqpacket::pair());
        must!(ours.set_pass_pidfd(true));
        let maps = [FdMapping::new(&theirs, AT)];
        let mut child = must!(this.command().fds(&maps).spawn());
        let Some(pidfd) = must!(pidfd_of(&ours)) else {
            missing!()
        };
        same!(exit_status(&pidfd).map(|status| status.is_none()), true);
        must!(ours.send(&[code]));
        must!(poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], None));
        same!(child.wait(), i32::from(code) << 8);
        same!(exit_status(&pidfd), i32::from(code) << 8);
        same!(exit_status(&ours).map(|status| status.is_none()), Errno::ENOTTY);
    }
    Ok(())
}

fn many(this: &Program<'_>) -> Outcome {
    let mut command = this.command();
    let before = raw::open_descriptors();
    for i in 0..100_u8 {
        let (socket, mut child) = must!(command.spawn_with_socket::<Seqpacket>(&[AT]));
        must!(socket.send(&[i]));
        same!(child.wait(), i32::from(i) << 8);
    }
    same!(raw::open_descriptors(), before);
    same!(any_ended().map(|ended| ended.is_some()), Errno::ECHILD);
    Ok(())
}

/// Memory is shared with the child until the program is executed.
fn shared(this: &Program<'_>) -> Outcome {
    let (mut called, mut wrote) = (0, [0_u32; 64]);
    let mut hook = || {
        called += 1;
        wrote.fill(called);
        Ok(())
    };
    let mut command = this.command();
    // SAFETY: it writes its own memory.
    unsafe { command.pre_exec(&mut hook) };
    for _ in 0..3 {
        let (socket, mut child) = must!(command.spawn_with_socket::<Seqpacket>(&[AT]));
        drop(socket);
        same!(child.wait(), 0);
    }
    same!(called, 3_u32);
    same!(wrote == [3; 64], true);
    Ok(())
}

fn signal_fd() -> Outcome {
    let mine = blocked();
    let signals = must!(SignalFd::new_with(
        SignalSet::EMPTY.with(Signal::USR1).with(Signal::USR2),
        SocketFlags::CLOEXEC | SocketFlags::NONBLOCK
    ));
    same!(raw::fcntl(signals.as_raw_fd(), F_GETFD), FD_CLOEXEC);
    same!(blocked(), mine | 1 << 9 | 1 << 11);
    same!(signals.recv().map(|received| received.code), Errno::EAGAIN);
    let mut fds = [PollFd::new(&signals, PollFlags::IN)];
    same!(poll(&mut fds, Some(Duration::ZERO)), 0);
    call(__NR_kill, [raw::getpid() as usize, SIGUSR2 as usize]);
    same!(poll(&mut fds, None), 1);
    let received = must!(signals.recv());
    same!(received.signal == Signal::USR2, true);
    same!(received.pid, raw::getpid());
    same!(received.code, 0);
    same!(signals.recv().map(|received| received.code), Errno::EAGAIN);
    same!(must!(SignalFd::new(SignalSet::EMPTY)).as_fd().as_raw_fd() >= 0, true);
    let flags = SocketFlags::from_bits_retain(1 << 30);
    same!(SignalFd::new_with(SignalSet::ALL, flags).map(|_| 0), Errno::EINVAL);
    same!(blocked(), mine | 1 << 9 | 1 << 11);
    restore_mask();
    Ok(())
}

/// Unblocks all signals.
fn restore_mask() {
    call(
        __NR_rt_sigprocmask,
        [SIG_SETMASK as usize, [0_usize; 2].as_ptr() as usize, 0, 8],
    );
}

fn signal_of_child() -> Outcome {
    let signals = must!(SignalFd::new(SignalSet::EMPTY.with(Signal::CHLD)));
    let mut hook = || raw::exit(6);
    let mut command = hooked();
    // SAFETY: it ends the child.
    let mut child = must!(unsafe { command.pre_exec(&mut hook) }.spawn());
    let received = must!(signals.recv());
    same!(received.signal == Signal::CHLD, true);
    same!(received.pid, child.id());
    same!(received.code, CLD_EXITED);
    same!(received.status, 6);
    same!(child.wait(), 6 << 8);
    restore_mask();
    Ok(())
}
