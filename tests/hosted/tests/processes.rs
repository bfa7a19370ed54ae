//! Children, with libc and the standard library as references.
//!
//! The tests count the process's file descriptors and children, so they run one at a time. With LINUX_SOCKETPAIR_LOAD in the
//! environment ten thousand children are started.

use linux_socketpair::process::{
    Arg, ArgArray, Args, Child, Command, ExitStatus, FdMapping, Signal, SignalSet, SpawnError, Step, any_ended,
};
use linux_socketpair::{Errno, PollFd, PollFlags, RawFd, UnixStream, kind::Stream, poll};
use proptest::prelude::*;
use rustix::process::{Resource, Rlimit};
use std::{
    env,
    ffi::CString,
    fs::{self, File, Permissions},
    io::{self, Read, Seek},
    mem::{self, MaybeUninit},
    os::fd::{AsRawFd, OwnedFd},
    os::unix::fs::{PermissionsExt, symlink},
    os::unix::process::{CommandExt, ExitStatusExt},
    path::PathBuf,
    process, ptr,
    sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering::Relaxed},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use hosted::{Limit, borrow, in_child, in_qemu, install_filter, skip};

/// Runs a test while no other runs; it leaves no file descriptor open, and no child.
fn alone(test: impl FnOnce()) {
    hosted::alone(|| {
        test();
        assert_eq!(any_ended(), Err(Errno::ECHILD), "no child is left");
    });
}

/// A command of /bin/sh that is set up by an expression, and what it wrote to its standard output.
macro_rules! shell {
    ($script:expr $(, $setter:ident($($value:expr),*))*) => {{
        let args = ArgArray::new([c"sh", c"-c", $script]);
        let mut command = Command::new(c"/bin/sh", args.as_args());
        $(command.$setter($($value),*);)*
        output(&mut command)
    }};
}

fn output(command: &mut Command<'_>) -> Result<(String, ExitStatus), SpawnError> {
    let (socket, mut child) = command.spawn_with_socket::<Stream>(&[1])?;
    let text = text(&socket);
    Ok((text, child.wait().expect("a child")))
}

/// Everything up to end of stream.
fn text(socket: &UnixStream) -> String {
    let (mut text, mut buf) = (Vec::new(), [0; 4096]);
    loop {
        match socket.recv(&mut buf).expect("a stream") {
            0 => return String::from_utf8(text).expect("text"),
            len => text.extend_from_slice(&buf[..len]),
        }
    }
}

fn blocked_signals() -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: the call writes the set.
    unsafe {
        assert_eq!(
            libc::pthread_sigmask(libc::SIG_SETMASK, ptr::null(), set.as_mut_ptr()),
            0
        );
        set.assume_init()
    }
}

fn is_blocked(signal: i32) -> bool {
    // SAFETY: the call reads the set.
    unsafe { libc::sigismember(&blocked_signals(), signal) == 1 }
}

/// A folder that is removed with all that is in it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("linux-socketpair-{name}-{}", process::id()));
        fs::create_dir(&path).expect("a new folder");
        Self(path)
    }

    fn file(&self, name: &str, content: &[u8], mode: u32) -> CString {
        let path = self.0.join(name);
        fs::write(&path, content).expect("a file");
        fs::set_permissions(&path, Permissions::from_mode(mode)).expect("its owner");
        self.path(name)
    }

    fn path(&self, name: &str) -> CString {
        CString::new(self.0.join(name).into_os_string().into_encoded_bytes()).expect("no NUL")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).expect("it is there");
    }
}

#[test]
fn a_program_that_cannot_be_executed_is_the_errno_that_std_returns() {
    alone(|| {
        let folder = Folder::new("exec");
        symlink("loop", folder.0.join("loop")).expect("a new link");
        let busy = folder.file("busy", &fs::read("/bin/true").expect("/bin/true"), 0o755);
        if process::Command::new(folder.0.join("busy")).status().is_err() {
            return skip("programs that can't be executed", "nothing can in the temporary folder");
        }
        let writer = File::options()
            .write(true)
            .open(folder.0.join("busy"))
            .expect("the file");
        let long = CString::new(vec![b'x'; 5000]).expect("no NUL");
        let cases = [
            (c"/no/such/program".to_owned(), Errno::ENOENT),
            (c"".to_owned(), Errno::ENOENT),
            (folder.file("no interpreter", b"#!/no/such\n", 0o755), Errno::ENOENT),
            (folder.file("not executable", b"#!/bin/sh\n", 0o644), Errno::EACCES),
            (folder.path("."), Errno::EACCES),
            (folder.file("no format", b"echo hello\n", 0o755), Errno::ENOEXEC),
            (folder.file("empty", b"", 0o755), Errno::ENOEXEC),
            (folder.path("empty/x"), Errno::ENOTDIR),
            (folder.path("loop"), Errno::ELOOP),
            (long, Errno::ENAMETOOLONG),
            (busy, Errno::ETXTBSY),
        ];
        for (path, errno) in &cases {
            let args = ArgArray::new([path.as_c_str()]);
            for _ in 0..2 {
                let error = Command::new(path, args.as_args()).spawn().expect_err("no program");
                assert_eq!((error.step(), error.errno()), (Step::Exec, *errno), "{path:?}");
            }
            // There std doesn't see the error: its child has a copy of the memory.
            if in_qemu() {
                continue;
            }
            let std = process::Command::new(path.to_str().expect("text"))
                .spawn()
                .expect_err("no program");
            assert_eq!(std.raw_os_error(), Some(errno.raw_os_error()), "{path:?}");
        }
        drop(writer);
    });
}

#[test]
fn arguments_that_are_too_long_are_e2big() {
    alone(|| {
        let long = CString::new(vec![b'x'; 200_000]).expect("no NUL");
        let mut list = vec![Arg::new(&long); 100];
        list.push(Arg::END);
        let args = Args::from_slice(&list).expect("it ends");
        let error = Command::new(c"/bin/true", args).spawn().expect_err("too long");
        assert_eq!((error.step(), error.errno()), (Step::Exec, Errno::E2BIG));
        let error = Command::new(c"/bin/true", Args::EMPTY)
            .env(args)
            .spawn()
            .expect_err("too long");
        assert_eq!((error.step(), error.errno()), (Step::Exec, Errno::E2BIG));
    });
}

#[test]
fn the_child_has_the_arguments_environment_and_directory_that_were_set() {
    alone(|| {
        let args = ArgArray::new([
            c"any name",
            c"-c",
            c"echo \"$0|$1|$2|$A|$B|$PWD\"",
            c"zero",
            c"o n e",
            c"",
        ]);
        let env = ArgArray::new([c"A=a b", c"B="]);
        let mut command = Command::new(c"/bin/sh", args.as_args());
        command.env(env.as_args()).current_dir(c"/usr");
        let (text, status) = output(&mut command).expect("a child");
        assert_eq!(
            (text.as_str(), status),
            ("zero|o n e||a b||/usr\n", ExitStatus::Exited(0))
        );

        let args = ArgArray::new([c"env"]);
        let (text, _) = output(&mut Command::new(c"/usr/bin/env", args.as_args())).expect("a child");
        assert_eq!(text, "", "no environment by default");
        // A relative path begins at the new directory.
        let (text, _) = output(
            Command::new(c"./env", args.as_args())
                .env(env.as_args())
                .current_dir(c"/usr/bin"),
        )
        .expect("a child");
        assert_eq!(text, "A=a b\nB=\n");
        unsafe extern "C" {
            static environ: *const *const libc::c_char;
        }
        // SAFETY: no test changes the environment.
        let all = unsafe { Args::from_ptr(environ) };
        let args = ArgArray::new([c"env", c"-0"]);
        let (text, _) = output(Command::new(c"/usr/bin/env", args.as_args()).env(all)).expect("a child");
        assert_eq!(text.matches('\0').count(), env::vars_os().count());
    });
}

/// What a child begins with, as std starts it and as this crate does.
#[test]
fn signals_and_users_are_those_of_a_child_of_std() {
    extern "C" fn handler(_: i32) {}
    alone(|| {
        let set = |signal, action| {
            // SAFETY: the handler does nothing.
            assert_ne!(unsafe { libc::signal(signal, action) }, libc::SIG_ERR);
        };
        set(libc::SIGUSR1, handler as *const () as usize);
        set(libc::SIGUSR2, libc::SIG_IGN);
        let mut mask = MaybeUninit::uninit();
        // SAFETY: the calls write the set and read it.
        unsafe {
            libc::sigemptyset(mask.as_mut_ptr());
            libc::sigaddset(mask.as_mut_ptr(), libc::SIGTERM);
            libc::pthread_sigmask(libc::SIG_BLOCK, mask.as_ptr(), ptr::null_mut());
        }
        let lines = |status: &str| {
            let kept = [
                "Uid",
                "Gid",
                "Groups",
                "SigCgt",
                "Cap",
                "NoNewPrivs",
                "Seccomp:",
                "Cpus_allowed:",
            ];
            let lines = status
                .lines()
                .filter(|line| kept.iter().any(|name| line.starts_with(name)));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        let status = process::Command::new("/bin/cat")
            .arg("/proc/self/status")
            .output()
            .expect("a child")
            .stdout;
        let status = lines(std::str::from_utf8(&status).expect("text"));
        let args = ArgArray::new([c"cat", c"/proc/self/status"]);
        let mut command = Command::new(c"/bin/cat", args.as_args());
        let (text, _) = output(&mut command).expect("a child");
        assert_eq!(lines(&text), status);
        assert!(status.len() > 10, "{status:?}");

        // The mask is empty, where std's child inherits it; and glibc has its child ignore two signals of its own.
        let word = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name)).expect("a line");
            u64::from_str_radix(line[name.len() + 1..].trim(), 16).expect("hexadecimal")
        };
        let (usr2, pipe, term) = (1 << 11, 1 << 12, 1 << 14);
        let own = fs::read_to_string("/proc/thread-self/status").expect("/proc");
        let ignored = word(&own, "SigIgn") & !pipe;
        assert_eq!([word(&text, "SigBlk"), word(&text, "SigIgn")], [0, ignored]);
        command
            .signal_mask(SignalSet::EMPTY.with(Signal::TERM))
            .default_signals(SignalSet::EMPTY);
        let (text, _) = output(&mut command).expect("a child");
        assert_eq!(word(&text, "SigBlk"), term);
        assert_eq!(word(&text, "SigIgn") & (usr2 | pipe), usr2 | pipe);
        command.default_signals(SignalSet::ALL);
        let (text, _) = output(&mut command).expect("a child");
        // The emulator reserves signals 32 and 33.
        let emulators = if in_qemu() { 3 << 31 } else { 0 };
        assert_eq!([word(&text, "SigIgn") & !emulators, word(&text, "SigCgt")], [0, 0]);

        assert!(
            is_blocked(libc::SIGTERM) && !is_blocked(libc::SIGINT),
            "the parent's mask is as it was"
        );
        set(libc::SIGUSR1, libc::SIG_DFL);
        set(libc::SIGUSR2, libc::SIG_DFL);
    });
}

/// Whether this process may change its user, group and groups to any: root may, if it has all capabilities and users.
fn may_change_user() -> bool {
    // SAFETY: the calls change the child alone, and read the groups.
    let change = || unsafe {
        libc::syscall(SET_IDS[0], 1, [70000_u32].as_ptr()) == 0
            && libc::syscall(SET_IDS[1], 70000, 70000, 70000) == 0
            && libc::syscall(SET_IDS[2], 70000, 70000, 70000) == 0
    };
    in_child(change) == 0
}

#[test]
fn user_and_groups_are_set_and_supplementary_groups_dropped() {
    alone(|| {
        let ids = c"grep -E '^(Uid|Gid|Groups):' /proc/self/status | tr -s '\t ' ' '";
        // SAFETY: the call has no arguments.
        if unsafe { libc::geteuid() } != 0 {
            let error = shell!(ids, groups(&[1])).expect_err("no capability");
            assert_eq!((error.step(), error.errno()), (Step::Groups, Errno::EPERM));
            let error = shell!(ids, group(1)).expect_err("no capability");
            assert_eq!((error.step(), error.errno()), (Step::Group, Errno::EPERM));
            let error = shell!(ids, user(0)).expect_err("no capability");
            assert_eq!((error.step(), error.errno()), (Step::User, Errno::EPERM));
            return;
        }
        if !may_change_user() {
            return skip("users and groups", "this root may not change them");
        }
        let (text, _) = shell!(ids, user(12), group(34), groups(&[5, 70000])).expect("a child");
        assert_eq!(text, "Uid: 12 12 12 12\nGid: 34 34 34 34\nGroups: 5 70000 \n");
        let (text, _) = shell!(ids, user(70000)).expect("a child");
        assert_eq!(text, "Uid: 70000 70000 70000 70000\nGid: 0 0 0 0\nGroups: \n");
        // Of a thread that has groups.
        let groups = move || {
            // SAFETY: the call changes this thread alone, and reads the groups.
            assert_eq!(unsafe { libc::syscall(SET_IDS[0], 2, [5_u32, 6].as_ptr()) }, 0);
            let (text, _) = shell!(ids).expect("a child");
            assert!(text.ends_with("Groups: 5 6 \n"), "{text}");
            let (text, _) = shell!(ids, user(70000)).expect("a child");
            assert!(text.ends_with("Groups: \n"), "{text}");
        };
        thread::spawn(groups).join().expect("no panic");
        let std = process::Command::new("/bin/sh")
            .args(["-c", ids.to_str().expect("text")])
            .uid(70000)
            .output()
            .expect("a child");
        assert_eq!(text.as_bytes(), std.stdout);
        // What the new user may not execute.
        let folder = Folder::new("user");
        let path = folder.file("root's", b"#!/bin/sh\n", 0o700);
        let args = ArgArray::new([path.as_c_str()]);
        let error = Command::new(&path, args.as_args())
            .user(70000)
            .spawn()
            .expect_err("not executable");
        assert_eq!((error.step(), error.errno()), (Step::Exec, Errno::EACCES));
        // Nor enter; but the directory is entered before.
        fs::set_permissions(&folder.0, Permissions::from_mode(0o700)).expect("its owner");
        let here = folder.path(".");
        let (text, status) = shell!(c"ls", user(70000), current_dir(&here)).expect("a child");
        assert_eq!((text.as_str(), status.success()), ("", false));
    });
}

/// Whether memory is dumpable belongs to the memory, and the kernel revokes it when a process that uses it changes its user or
/// group.
#[test]
fn a_child_of_another_user_or_group_leaves_the_parent_dumpable() {
    // SAFETY: the call accesses no memory.
    let is_dumpable = || unsafe { libc::prctl(libc::PR_GET_DUMPABLE, 0, 0, 0, 0) };
    alone(|| {
        if !may_change_user() {
            return skip("a child of another user", "this process may not start it");
        }
        let before = is_dumpable();
        assert_eq!(before, 1);
        let args = ArgArray::new([c"true"]);
        for program in [c"/bin/true", c"/no/such"] {
            for (user, group) in [(Some(70000), None), (None, Some(70000)), (Some(70000), Some(70000))] {
                let mut command = Command::new(program, args.as_args());
                user.map(|user| command.user(user));
                group.map(|group| command.group(group));
                match command.spawn() {
                    Ok(mut child) => assert_eq!(child.wait(), Ok(ExitStatus::Exited(0))),
                    Err(error) => assert_eq!((error.step(), error.errno()), (Step::Exec, Errno::ENOENT)),
                }
                assert_eq!(is_dumpable(), before, "after {user:?} {group:?} {program:?}");
            }
        }
    });
}

#[test]
fn a_new_session_has_its_leader_and_no_terminal() {
    alone(|| {
        let fields =
            c"read -r pid name state parent group session terminal rest </proc/self/stat; echo $$ $session $terminal";
        let (text, _) = shell!(fields, new_session()).expect("a child");
        let numbers: Vec<i32> = text
            .split_whitespace()
            .map(|word| word.parse().expect("a number"))
            .collect();
        assert_eq!((numbers[0], numbers[2]), (numbers[1], 0));
        let (text, _) = shell!(fields).expect("a child");
        let numbers: Vec<i32> = text
            .split_whitespace()
            .map(|word| word.parse().expect("a number"))
            .collect();
        // SAFETY: the call accesses no memory.
        assert_eq!(numbers[1], unsafe { libc::getsid(0) });
    });
}

/// The parent is the thread.
#[test]
fn the_parent_death_signal_comes_when_the_thread_ends() {
    alone(|| {
        let start = || {
            let args = ArgArray::new([c"sleep", c"1000"]);
            Command::new(c"/bin/sleep", args.as_args())
                .default_signals(SignalSet::ALL)
                .parent_death_signal(Signal::USR1)
                .spawn()
        };
        let mut child = thread::spawn(start).join().expect("no panic").expect("a child");
        let signal = Signal::USR1;
        assert_eq!(
            child.wait(),
            Ok(ExitStatus::Signaled {
                signal,
                core_dumped: false
            })
        );
        // This thread goes on.
        let mut child = start().expect("a child");
        poll(&mut [], Some(Duration::from_millis(50))).expect("no signal");
        assert_eq!(child.try_wait(), Ok(None));
        child.signal(Signal::KILL).expect("a child");
        assert_eq!(child.wait().map(ExitStatus::signal), Ok(Some(Signal::KILL)));
    });
}

#[test]
fn a_parent_outside_the_pid_namespace_is_alive_and_a_dead_namespace_is_enomem() {
    const NAME: &str = "a child in another PID namespace";
    alone(|| {
        thread::spawn(|| {
            // SAFETY: the call changes where this thread's children run, and the thread ends.
            if unsafe { libc::unshare(libc::CLONE_NEWPID) } != 0 {
                return skip(NAME, io::Error::last_os_error());
            }
            let (text, status) = shell!(c"echo $$", parent_death_signal(Signal::KILL)).expect("a child");
            assert_eq!((text.as_str(), status), ("1\n", ExitStatus::Exited(0)));
            // With its first process the namespace has ended.
            let error = shell!(c"").expect_err("no namespace");
            assert_eq!((error.step(), error.errno()), (Step::Clone, Errno::ENOMEM));
        })
        .join()
        .expect("no panic");
    });
}

/// Open files by which descriptors are recognized: their names are `memfd:A`, `memfd:B` …
fn lettered(count: u8) -> Vec<File> {
    let name = |i| CString::new(vec![b'A' + i]).expect("no NUL");
    (0..count)
        .map(|i| {
            rustix::fs::memfd_create(name(i), rustix::fs::MemfdFlags::CLOEXEC)
                .expect("memfd_create")
                .into()
        })
        .collect()
}

/// `ls` of /proc/self/fd, whose output is the file's. The descriptor that it opens itself is omitted.
fn listing(mut output: &File) -> Vec<String> {
    let mut text = String::new();
    output.rewind().expect("a file");
    output.read_to_string(&mut text).expect("a file");
    output.set_len(0).expect("a file");
    output.rewind().expect("a file");
    let mut lines: Vec<_> = text
        .lines()
        .filter_map(|line| {
            line.split_once("-> ").map(|(head, target)| {
                let number = head.split_whitespace().last().unwrap_or_default();
                format!("{number} {target}")
            })
        })
        .filter(|line| !line.contains("/proc/"))
        .collect();
    lines.sort();
    lines
}

/// The same mapping with libc: all sources move out of the way first.
fn listing_of_reference(maps: &[(RawFd, RawFd)], output: &File) -> Vec<String> {
    let maps = maps.to_vec();
    let mut command = process::Command::new("/bin/ls");
    command.args(["-l", "/proc/self/fd"]);
    // SAFETY: the calls are of those that a child may make.
    unsafe {
        command.pre_exec(move || {
            let mut moved = [0; 16];
            for (moved, (from, _)) in moved.iter_mut().zip(&maps) {
                *moved = libc::fcntl(*from, libc::F_DUPFD_CLOEXEC, 500);
            }
            for (moved, (_, to)) in moved.iter().zip(&maps) {
                assert_eq!(libc::dup2(*moved, *to), *to);
            }
            Ok(())
        });
    }
    assert!(command.status().expect("a child").success());
    listing(output)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if env::var_os("LINUX_SOCKETPAIR_LOAD").is_some() { 400 } else { 40 }, failure_persistence: None, ..ProptestConfig::default() })]

    /// Sources are chosen with repetition, and targets among their numbers, those of the standard descriptors, the next free ones
    /// (which the report and temporary numbers take), and others.
    #[test]
    fn any_mapping_is_that_of_libc(
        choices in proptest::collection::vec((0..6_usize, 0..24_usize), 0..10),
        inherited in any::<bool>(),
    ) {
        alone(|| {
            let files = lettered(6);
            let numbers: Vec<RawFd> = files.iter().map(|file| file.as_raw_fd()).collect();
            let output = File::from(rustix::fs::memfd_create("output", rustix::fs::MemfdFlags::CLOEXEC).expect("memfd_create"));
            let last = output.as_raw_fd();
            let mut maps = vec![(last, 1)];
            if inherited {
                rustix::io::fcntl_setfd(&files[0], rustix::io::FdFlags::empty()).expect("open");
            }
            for (from, to) in choices {
                let to = match to {
                    0..6 => numbers[to],
                    6 => 0,
                    7 => 2,
                    8 => last,
                    9 => 400,
                    to => last + to as RawFd - 9,
                };
                if maps.iter().all(|(_, other)| *other != to) {
                    maps.push((numbers[from], to));
                }
            }
            let reference = listing_of_reference(&maps, &output);
            let fds: Vec<_> = maps.iter().map(|&(from, to)| {
                // SAFETY: the files are open.
                FdMapping::from_borrowed_fd(unsafe { linux_socketpair::BorrowedFd::borrow_raw(from) }, to)
            }).collect();
            let args = ArgArray::new([c"ls", c"-l", c"/proc/self/fd"]);
            let mut command = Command::new(c"/bin/ls", args.as_args());
            command.fds(&fds);
            for _ in 0..2 {
                assert!(command.spawn().expect("a child").wait().expect("a child").success());
                assert_eq!(listing(&output), reference, "{maps:?}");
            }
        });
    }
}

#[test]
fn under_a_tight_limit_each_step_reports_its_error() {
    alone(|| {
        // The lowest numbers are all in use after this, and the next ones free.
        let mut fill = lettered(4);
        let first_free = loop {
            let next = fill.iter().map(|file| file.as_raw_fd()).max().expect("some") + 1;
            // SAFETY: the command has no argument and changes nothing.
            if (next..next + 6).all(|fd| unsafe { libc::fcntl(fd, libc::F_GETFD) } < 0) {
                break next;
            }
            fill.extend(lettered(1));
        };
        let (a, b) = (&fill[0], &fill[1]);
        let swap = [
            FdMapping::from_borrowed_fd(borrow(a), b.as_raw_fd()),
            FdMapping::from_borrowed_fd(borrow(b), a.as_raw_fd()),
        ];
        let args = ArgArray::new([c"true"]);
        let mut outcomes = Vec::new();
        for free in 0..6 {
            let mut command = Command::new(c"/bin/true", args.as_args());
            command.fds(&swap);
            let limit = Limit::set(|_| (first_free + free) as libc::rlim_t);
            let outcome = command.spawn();
            drop(limit);
            outcomes.push(match outcome {
                Ok(mut child) => {
                    // The dynamic loader needs a free number.
                    child.wait().expect("a child");
                    None
                }
                Err(error) => Some((error.step(), error.errno())),
            });
        }
        let emfile = |step| Some((step, Errno::EMFILE));
        let clone = if in_qemu() {
            emfile(Step::Descriptors)
        } else {
            emfile(Step::Clone)
        };
        // The child doesn't have the pidfd; of the two temporary numbers it can use one in its place.
        assert_eq!(outcomes[..3], [emfile(Step::Report), emfile(Step::Report), clone]);
        assert_eq!(outcomes[3], emfile(Step::Descriptors));
        assert_eq!(outcomes[4..], [None, None]);

        // The last free numbers are targets, so that the search for a temporary one ends at the limit.
        let [c, d] = [&fill[2], &fill[3]].map(borrow);
        let [first, second] = swap.clone();
        let fds = [
            first,
            second,
            FdMapping::from_borrowed_fd(c, first_free + 2),
            FdMapping::from_borrowed_fd(d, first_free + 3),
        ];
        let limit = Limit::set(|_| (first_free + 4) as libc::rlim_t);
        let error = Command::new(c"/bin/true", args.as_args()).fds(&fds).spawn();
        drop(limit);
        let error = error.map(|_| ()).map_err(|error| (error.step(), error.errno()));
        assert_eq!(error, Err((Step::Descriptors, Errno::EMFILE)));
    });
}

#[test]
fn ignored_sigchld_leaves_no_zombie_and_no_status() {
    alone(|| {
        // SAFETY: no other test runs.
        let before = unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
        let args = ArgArray::new([c"true"]);
        let mut child = Command::new(c"/bin/true", args.as_args()).spawn().expect("a child");
        assert_eq!(child.wait(), Err(Errno::ECHILD));
        let error = Command::new(c"/no/such", args.as_args())
            .spawn()
            .expect_err("no program");
        assert_eq!((error.step(), error.errno()), (Step::Exec, Errno::ENOENT));
        // SAFETY: as above.
        unsafe { libc::signal(libc::SIGCHLD, before) };
    });
}

#[test]
fn exit_codes_signals_and_core_dumps_are_those_that_std_reports() {
    alone(|| {
        let folder = Folder::new("cores");
        let here = folder.path(".");
        for script in [
            c"exit 0",
            c"exit 1",
            c"exit 255",
            c"kill -KILL $$",
            c"kill -TERM $$",
            c"ulimit -c unlimited; kill -ABRT $$",
            c"ulimit -c 0; kill -SEGV $$",
            c"kill -USR1 $$",
        ] {
            let (_, status) = shell!(script, current_dir(&here)).expect("a child");
            let std = process::Command::new("/bin/sh")
                .args(["-c", script.to_str().expect("text")])
                .current_dir(&folder.0)
                .status()
                .expect("a child");
            assert_eq!(status.code().map(i32::from), std.code());
            assert_eq!(status.signal().map(Signal::as_raw), std.signal());
            assert_eq!(
                matches!(status, ExitStatus::Signaled { core_dumped: true, .. }),
                std.core_dumped(),
                "{script:?}"
            );
            assert_eq!(status.to_string(), std.to_string());
            #[cfg(feature = "std")]
            assert_eq!(process::ExitStatus::from(status), std);
        }
    });
}

#[test]
fn a_stopped_child_has_not_ended() {
    alone(|| {
        let args = ArgArray::new([c"sh", c"-c", c"kill -STOP $$; exit 3"]);
        let mut child = Command::new(c"/bin/sh", args.as_args()).spawn().expect("a child");
        let state = || fs::read_to_string(format!("/proc/{}/stat", child.id())).expect("a child");
        while !state().contains(" T ") {
            thread::yield_now();
        }
        assert_eq!(any_ended(), Ok(None));
        assert_eq!(child.try_wait(), Ok(None));
        child.signal(Signal::CONT).expect("a child");
        assert_eq!(child.wait(), Ok(ExitStatus::Exited(3)));
        assert_eq!(child.signal(Signal::CONT), Err(Errno::ESRCH));
    });
}

/// Set while the signal handler may not run in another process than this one.
static PARENT: AtomicI32 = AtomicI32::new(0);
static IN_PARENT: AtomicUsize = AtomicUsize::new(0);
static IN_CHILD: AtomicUsize = AtomicUsize::new(0);

extern "C" fn count(_: i32) {
    // SAFETY: the call has no arguments.
    let here = unsafe { libc::getpid() } == PARENT.load(Relaxed);
    if here { &IN_PARENT } else { &IN_CHILD }.fetch_add(1, Relaxed);
}

#[test]
fn signal_handlers_run_in_the_parent_alone() {
    alone(|| {
        PARENT.store(process::id() as i32, Relaxed);
        // SAFETY: the handler only counts.
        let before = unsafe {
            let mut action: libc::sigaction = mem::zeroed();
            action.sa_sigaction = count as *const () as usize;
            action.sa_flags = libc::SA_RESTART;
            let mut before = mem::zeroed();
            assert_eq!(libc::sigaction(libc::SIGUSR1, &action, &mut before), 0);
            before
        };
        let (stop, me) = (AtomicBool::new(false), process::id() as i32);
        // SAFETY: the call has no arguments.
        let this_thread = unsafe { libc::syscall(libc::SYS_gettid) } as i32;
        let mut outcomes = [0; 2];
        thread::scope(|scope| {
            // To this thread, which starts children, and to the group, in which they are.
            scope.spawn(|| {
                while !stop.load(Relaxed) {
                    // SAFETY: the signal is handled.
                    unsafe { libc::syscall(libc::SYS_tgkill, me, this_thread, libc::SIGUSR1) };
                    thread::sleep(Duration::from_micros(20));
                }
            });
            let args = ArgArray::new([c"true"]);
            for i in 0..if in_qemu() { 20 } else { 500 } {
                let path = if i % 2 == 0 { c"/bin/true" } else { c"/no/such" };
                match Command::new(path, args.as_args()).spawn() {
                    Ok(mut child) => {
                        let status = loop {
                            match child.wait() {
                                Err(Errno::EINTR) => {}
                                status => break status,
                            }
                        };
                        assert_eq!(status, Ok(ExitStatus::Exited(0)));
                        outcomes[0] += 1;
                    }
                    Err(error) => {
                        assert_eq!((error.step(), error.errno()), (Step::Exec, Errno::ENOENT));
                        outcomes[1] += 1;
                    }
                }
                assert!(!is_blocked(libc::SIGUSR1));
            }
            stop.store(true, Relaxed);
        });
        let counts = [&IN_PARENT, &IN_CHILD].map(|count| count.load(Relaxed));
        eprintln!("{outcomes:?} started and not, {} signals handled", counts[0]);
        assert!(counts[0] > 0);
        assert_eq!(counts[1], 0);
        // SAFETY: the call reads the action.
        unsafe { libc::sigaction(libc::SIGUSR1, &before, ptr::null_mut()) };
    });
}

/// A signal to the child itself, again and again while it starts: it ends the child or comes too early, and no handler runs.
#[test]
fn a_signal_to_the_child_during_the_start_runs_no_handler_there() {
    alone(|| {
        if in_qemu() {
            return skip(
                "a signal to the child during the start",
                "QEMU user mode: the memory is copied",
            );
        }
        PARENT.store(process::id() as i32, Relaxed);
        IN_CHILD.store(0, Relaxed);
        // SAFETY: the handler only counts.
        let before = unsafe { libc::signal(libc::SIGUSR2, count as *const () as usize) };
        let mut hook = || {
            // SAFETY: the calls access no memory; the child may make them.
            unsafe { libc::kill(libc::getpid(), libc::SIGUSR2) };
            Ok(())
        };
        let args = ArgArray::new([c"true"]);
        let mut command = Command::new(c"/bin/true", args.as_args());
        // SAFETY: the hook makes system calls.
        unsafe { command.pre_exec(&mut hook) };
        for _ in 0..100 {
            let mut child = command.spawn().expect("a child");
            assert_eq!(child.wait().map(ExitStatus::signal), Ok(Some(Signal::USR2)));
        }
        // SAFETY: as above.
        unsafe { libc::signal(libc::SIGUSR2, before) };
        assert_eq!(IN_CHILD.load(Relaxed), 0);
    });
}

/// Each child has its own socket and nothing of the other threads.
#[test]
fn children_inherit_nothing_that_other_threads_open() {
    alone(|| {
        let rounds = if in_qemu() { 5 } else { 60 };
        let stop = AtomicBool::new(false);
        let children = AtomicUsize::new(0);
        let (text, _) = shell!(c"ls -l /proc/self/fd").expect("a child");
        let inherited = text.lines().filter(|line| line.contains("->")).count();
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !stop.load(Relaxed) {
                        drop((lettered(3), UnixStream::pair()));
                    }
                });
            }
            let starters: Vec<_> = (0..4)
                .map(|thread| {
                    let children = &children;
                    scope.spawn(move || {
                        for round in 0..rounds {
                            let code = (thread * rounds + round) as u8;
                            let script = CString::new(format!("ls -l /proc/self/fd; exit {code}")).expect("no NUL");
                            let (text, status) = shell!(&script).expect("a child");
                            assert_eq!(status, ExitStatus::Exited(code));
                            let open = text.lines().filter(|line| line.contains("->")).count();
                            assert_eq!((open, text.contains("memfd:")), (inherited, false), "{text}");
                            children.fetch_add(1, Relaxed);
                        }
                    })
                })
                .collect();
            let outcomes: Vec<_> = starters.into_iter().map(|starter| starter.join()).collect();
            stop.store(true, Relaxed);
            assert!(outcomes.iter().all(Result::is_ok));
        });
        eprintln!("{} children", children.into_inner());
    });
}

#[test]
fn ten_thousand_children_leave_nothing() {
    let count = match env::var_os("LINUX_SOCKETPAIR_LOAD") {
        Some(_) => 10_000,
        None => 200,
    };
    alone(|| {
        let (true_, none) = (ArgArray::new([c"true"]), Args::EMPTY);
        let mut ends = [0; 3];
        let began = Instant::now();
        let mut running: Vec<Child> = Vec::new();
        for i in 0..count {
            match i % 3 {
                0 => {
                    let mut child = Command::new(c"/bin/true", true_.as_args()).spawn().expect("a child");
                    assert_eq!(child.wait(), Ok(ExitStatus::Exited(0)));
                }
                1 => {
                    let error = Command::new(c"/no/such", none).spawn().expect_err("no program");
                    assert_eq!(error.step(), Step::Exec);
                }
                _ => running.push(Command::new(c"/bin/true", true_.as_args()).spawn().expect("a child")),
            }
            ends[i % 3] += 1;
            if running.len() > 50 {
                running
                    .drain(..)
                    .for_each(|mut child| assert_eq!(child.wait(), Ok(ExitStatus::Exited(0))));
            }
        }
        running
            .drain(..)
            .for_each(|mut child| assert_eq!(child.wait(), Ok(ExitStatus::Exited(0))));
        eprintln!(
            "{ends:?} children that were waited for, did not start, ran at once; {:?}",
            began.elapsed()
        );
    });
}

/// Installs a filter in this thread, under which a call gets `action` from then on.
fn filter(call: libc::c_long, action: u32) -> bool {
    install(call, action, 0).is_ok()
}

/// The same, with flags of [`install_filter`].
fn install(call: libc::c_long, action: u32, flags: libc::c_ulong) -> io::Result<i32> {
    const LOAD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
    const EQUAL: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
    const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;
    let statement = |code, jf, k| libc::sock_filter { code, jt: 0, jf, k };
    let mut program = [
        statement(LOAD, 0, 0),
        statement(EQUAL, 1, call as u32),
        statement(RETURN, 0, action),
        statement(RETURN, 0, libc::SECCOMP_RET_ALLOW),
    ];
    install_filter(&mut program, flags)
}

#[cfg(any(target_arch = "x86", target_arch = "arm"))]
const SET_IDS: [libc::c_long; 3] = [libc::SYS_setgroups32, libc::SYS_setresgid32, libc::SYS_setresuid32];
#[cfg(not(any(target_arch = "x86", target_arch = "arm")))]
const SET_IDS: [libc::c_long; 3] = [libc::SYS_setgroups, libc::SYS_setresgid, libc::SYS_setresuid];

#[cfg(target_pointer_width = "64")]
const FCNTL: libc::c_long = libc::SYS_fcntl;
#[cfg(target_pointer_width = "32")]
const FCNTL: libc::c_long = libc::SYS_fcntl64;

/// Everything that is set, with the calls that the steps make and no other does.
#[test]
fn each_step_that_a_filter_rejects_is_reported_with_its_errno() {
    let calls = [
        (libc::SYS_rt_sigprocmask, Step::Signals),
        (libc::SYS_socketpair, Step::Report),
        (libc::SYS_clone, Step::Clone),
        (libc::SYS_rt_sigaction, Step::Signals),
        (libc::SYS_setsid, Step::Session),
        (FCNTL, Step::Descriptors),
        (libc::SYS_dup3, Step::Descriptors),
        (libc::SYS_chdir, Step::Directory),
        (SET_IDS[0], Step::Groups),
        (SET_IDS[1], Step::Group),
        (SET_IDS[2], Step::User),
        (libc::SYS_prctl, Step::ParentDeath),
        (libc::SYS_execve, Step::Exec),
    ];
    alone(|| {
        if in_qemu() {
            return skip("filters that reject a step", "QEMU user mode has no seccomp");
        }
        // SAFETY: the call has no arguments.
        if unsafe { libc::geteuid() } == 0 && !may_change_user() {
            return skip("filters that reject a step", "this root may not change users");
        }
        for (call, step) in calls {
            for errno in [
                Errno::EPERM,
                Errno::EMFILE,
                Errno::from_raw_os_error(4095).expect("in range"),
            ] {
                let filtered = move || {
                    let (a, b) = UnixStream::pair().expect("a pair");
                    // SAFETY: the numbers are borrowed from the sockets.
                    let (number, other) = (
                        linux_socketpair::AsRawFd::as_raw_fd(&a),
                        linux_socketpair::AsRawFd::as_raw_fd(&b),
                    );
                    let fds = [FdMapping::new(&a, other), FdMapping::new(&b, number)];
                    let args = ArgArray::new([c"true"]);
                    // SAFETY: the calls have no arguments.
                    let (user, group) = unsafe { (libc::geteuid(), libc::getegid()) };
                    let mut command = Command::new(c"/bin/true", args.as_args());
                    command
                        .new_session()
                        .fds(&fds)
                        .current_dir(c"/")
                        .group(group)
                        .user(user)
                        .parent_death_signal(Signal::HUP);
                    if step == Step::Groups || user == 0 {
                        command.groups(&[]);
                    }
                    if !filter(call, libc::SECCOMP_RET_ERRNO | errno.raw_os_error() as u32) {
                        skip(
                            &format!("a filter that rejects call {call}"),
                            io::Error::last_os_error(),
                        );
                        return;
                    }
                    let error = command.spawn().expect_err("a filter");
                    assert_eq!((error.step(), error.errno()), (step, errno));
                    assert!(call == libc::SYS_rt_sigprocmask || !is_blocked(libc::SIGTERM));
                };
                thread::spawn(filtered).join().expect("no panic");
                assert_eq!(any_ended(), Err(Errno::ECHILD), "{step}");
            }
        }
    });
}

#[test]
fn a_filter_that_kills_the_child_before_the_program_is_its_status() {
    alone(|| {
        // The signal would dump a core file into this folder.
        let limit = Rlimit {
            current: Some(0),
            ..rustix::process::getrlimit(Resource::Core)
        };
        rustix::process::setrlimit(Resource::Core, limit).expect("a lower limit");
        let killed = || {
            let args = ArgArray::new([c"true"]);
            if !filter(libc::SYS_setsid, libc::SECCOMP_RET_KILL_PROCESS) {
                return skip("a filter that kills the child", io::Error::last_os_error());
            }
            let mut child = Command::new(c"/bin/true", args.as_args())
                .new_session()
                .spawn()
                .expect("a child");
            assert_eq!(child.wait().map(ExitStatus::signal), Ok(Some(Signal::SYS)));
        };
        thread::spawn(killed).join().expect("no panic");
    });
}

/// What is returned for a call with these arguments.
type Answer<'a> = dyn FnMut(&[u64; 6]) -> i32 + 'a;

/// Runs `start` in a thread whose calls of that number wait until `answers`, one after the other, return an error for them, or
/// 0 to continue. `None` where that can't be.
fn supervised<T: Send>(
    call: libc::c_long,
    answers: &mut [&mut Answer<'_>],
    start: impl FnOnce() -> T + Send,
) -> Option<T> {
    // SECCOMP_IOCTL_NOTIF_RECV, SECCOMP_IOCTL_NOTIF_SEND
    const RECV: rustix::ioctl::Opcode = rustix::ioctl::opcode::read_write::<libc::seccomp_notif>(b'!', 0);
    const SEND: rustix::ioctl::Opcode = rustix::ioctl::opcode::read_write::<libc::seccomp_notif_resp>(b'!', 1);
    if in_qemu() {
        skip("a call that is supervised", "QEMU user mode has no seccomp");
        return None;
    }
    thread::scope(|scope| {
        let (send, receive) = mpsc::channel();
        let starter = scope.spawn(move || {
            let flags = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER;
            let listener = install(call, libc::SECCOMP_RET_USER_NOTIF, flags);
            let can_start = listener.is_ok();
            send.send(listener).expect("the other thread");
            can_start.then(start)
        });
        match receive.recv().expect("the other thread") {
            Err(error) => skip("a call that is supervised", error),
            Ok(listener) => {
                // SAFETY: the listener is new.
                let listener: OwnedFd = unsafe { std::os::fd::FromRawFd::from_raw_fd(listener) };
                for answer in answers {
                    let mut fds = [PollFd::from_borrowed_fd(borrow(&listener), PollFlags::IN)];
                    assert_eq!(poll(&mut fds, Some(Duration::from_secs(10))), Ok(1), "a call");
                    // SAFETY: both are numbers; the kernel writes within the one and reads the other.
                    unsafe {
                        let (mut call, mut response): (libc::seccomp_notif, libc::seccomp_notif_resp) = mem::zeroed();
                        assert_eq!(libc::ioctl(listener.as_raw_fd(), RECV as _, &raw mut call), 0);
                        (response.id, response.error) = (call.id, answer(&call.data.args));
                        if response.error == 0 {
                            response.flags = libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32;
                        }
                        assert_eq!(libc::ioctl(listener.as_raw_fd(), SEND as _, &raw mut response), 0);
                    }
                }
            }
        }
        starter.join().expect("no panic")
    })
}

/// Linux writes the number before it has finished, so an attempt that fails leaves one that is closed again. QEMU user mode writes
/// 0 where it can't open a pidfd.
#[test]
fn a_number_that_is_no_pidfd_is_not_owned() {
    const PIDFD: u64 = libc::CLONE_PIDFD as u64;
    /// Where the flags are among the arguments.
    const FLAGS: usize = if cfg!(target_arch = "s390x") { 1 } else { 0 };
    let write = |args: &[u64; 6], number: RawFd| {
        // SAFETY: the thread that makes the call waits, and its variable is there.
        unsafe { (args[2] as *mut RawFd).write_volatile(number) };
    };
    for succeeds_with in [None, Some(0)] {
        alone(|| {
            let args = ArgArray::new([c"true"]);
            let mut first = |args: &[u64; 6]| {
                assert_ne!(args[FLAGS] & PIDFD, 0);
                write(args, 1_000_000);
                -libc::EINVAL
            };
            let mut second = |args: &[u64; 6]| {
                assert_eq!(args[FLAGS] & PIDFD, 0);
                succeeds_with.inspect(|&number| write(args, number));
                0
            };
            let start = || Command::new(c"/bin/true", args.as_args()).spawn();
            if let Some(spawned) = supervised(libc::SYS_clone, &mut [&mut first, &mut second], start) {
                let mut child = spawned.expect("a child");
                assert!(child.pidfd().is_none());
                assert_eq!(child.wait(), Ok(ExitStatus::Exited(0)));
            }
        });
    }
}

/// By its number it could be another child, if the program has waited for this one elsewhere.
#[test]
fn a_child_that_did_not_start_is_waited_for_through_its_pidfd() {
    alone(|| {
        let mut which = None;
        let mut answer = |args: &[u64; 6]| {
            which = Some(args[0]);
            0
        };
        let start = || Command::new(c"/no/such", Args::EMPTY).spawn();
        if let Some(spawned) = supervised(libc::SYS_waitid, &mut [&mut answer], start) {
            assert_eq!(spawned.expect_err("no program").step(), Step::Exec);
            assert_eq!(which, Some(libc::P_PIDFD.into()));
        }
    });
}

/// Where the child's memory is a copy, and the parent can't receive what failed.
#[test]
fn a_child_whose_report_cannot_be_received_is_ended() {
    alone(|| {
        let began = Instant::now();
        let mut answer = |_: &[u64; 6]| -libc::EPERM;
        // SAFETY: the call has no arguments.
        let group = unsafe { libc::getegid() };
        let args = ArgArray::new([c"sleep", c"20"]);
        let start = || Command::new(c"/bin/sleep", args.as_args()).group(group).spawn();
        if let Some(spawned) = supervised(libc::SYS_recvfrom, &mut [&mut answer], start) {
            let error = spawned.expect_err("no report");
            assert_eq!((error.step(), error.errno()), (Step::Report, Errno::EPERM));
            assert!(
                began.elapsed() < Duration::from_secs(10),
                "it was not waited for until it ended by itself"
            );
        }
    });
}

/// The child works on the stack of its parent: nothing of the parent's is overwritten.
#[test]
fn only_the_hook_changes_the_memory_of_the_parent() {
    #[inline(never)]
    fn deep(depth: usize, command: &mut Command<'_>) -> u64 {
        let mut words = [depth as u64; 64];
        std::hint::black_box(&mut words);
        if depth > 0 {
            return deep(depth - 1, command) + words.iter().sum::<u64>();
        }
        let mut child = command.spawn().expect("a child");
        assert_eq!(child.wait(), Ok(ExitStatus::Exited(0)));
        words.iter().sum()
    }
    alone(|| {
        if in_qemu() {
            return skip("what a hook wrote", "QEMU user mode: the memory is copied");
        }
        let mut calls = 0;
        let mut hook = || {
            // Deep in the stack.
            let used = std::hint::black_box([0xaa_u8; 16384]);
            calls += 1 + usize::from(used[100] != 0xaa);
            Ok(())
        };
        let args = ArgArray::new([c"true"]);
        let mut command = Command::new(c"/bin/true", args.as_args());
        // SAFETY: the hook writes its own memory.
        unsafe { command.pre_exec(&mut hook) };
        for depth in 0..100_u64 {
            assert_eq!(deep(depth as usize, &mut command), 64 * depth * (depth + 1) / 2);
        }
        assert_eq!(calls, 100);
    });
}

/// Its ID may be another process's by then, so no call is made.
#[test]
fn a_child_that_was_waited_for_is_sent_no_signal() {
    alone(|| {
        let signal = || {
            let args = ArgArray::new([c"true"]);
            let mut child = Command::new(c"/bin/true", args.as_args()).spawn().expect("a child");
            assert_eq!(child.wait(), Ok(ExitStatus::Exited(0)));
            for call in [libc::SYS_pidfd_send_signal, libc::SYS_kill] {
                if in_qemu() || !filter(call, libc::SECCOMP_RET_ERRNO | libc::EPERM as u32) {
                    return skip("no signal to a child that was waited for", "no seccomp filters here");
                }
            }
            assert_eq!(child.signal(Signal::TERM), Err(Errno::ESRCH));
            // SAFETY: no memory is involved.
            assert_eq!(unsafe { libc::kill(child.id(), 0) }, -1);
            assert_eq!(
                io::Error::last_os_error().raw_os_error(),
                Some(libc::EPERM),
                "the filter works"
            );
        };
        thread::spawn(signal).join().expect("no panic");
    });
}

#[test]
fn commands_errors_and_signals_print_what_they_are() {
    let args = ArgArray::new([c"true", c"two"]);
    let command = Command::new(c"/bin/true", args.as_args());
    let printed = format!("{command:?}");
    assert_eq!(
        printed,
        r#"Command { program: "/bin/true", args: ["true", "two"], .. }"#
    );
    let list = [Arg::new(c"one"), Arg::END];
    assert_eq!(format!("{list:?}"), r#"["one", END]"#);

    alone(|| {
        let error = Command::new(c"/no/such", Args::EMPTY).spawn().expect_err("no program");
        assert_eq!(error.to_string(), "exec: ENOENT: no such file or directory");
    });
    assert_eq!(
        format!("{:>5}|{}", Step::Exec, Step::ParentDeath),
        " exec|parent death signal"
    );

    let signals = SignalSet::EMPTY
        .with(Signal::TERM)
        .with(Signal::from_raw(40).expect("in range"));
    assert_eq!(format!("{signals:?}"), "{SIGTERM, signal 40}");
    assert_eq!(format!("{:?}, {:>8}", Signal::KILL, Signal::HUP), "SIGKILL,   SIGHUP");
}

#[test]
fn lists_without_an_end_are_rejected() {
    let list = [Arg::new(c"one"), Arg::new(c"two")];
    assert_eq!(Args::from_slice(&list).map(|_| ()), Err(Errno::EINVAL));
    assert_eq!(Args::from_slice(&[]).map(|_| ()), Err(Errno::EINVAL));
    let list = [Arg::new(c"one"), Arg::END, Arg::new(c"two")];
    let args = Args::from_slice(&list).expect("it ends");
    assert_eq!(args.iter().collect::<Vec<_>>(), [c"one"]);
    assert_eq!(format!("{args:?}"), r#"["one"]"#);
    assert_eq!(Args::EMPTY.iter().count(), 0);
    assert_eq!(ArgArray::new([]).as_args().iter().count(), 0);
}

#[test]
fn signal_sets_are_those_of_libc() {
    for number in 1..=64 {
        let signal = Signal::from_raw(number).expect("in range");
        let set = SignalSet::EMPTY.with(signal);
        assert!((1..=64).all(|other| set.contains(Signal::from_raw(other).expect("in range")) == (other == number)));
        assert!(!SignalSet::ALL.without(signal).contains(signal));
        assert_eq!(set.without(signal), SignalSet::EMPTY);
        let mut libc_set = MaybeUninit::<libc::sigset_t>::zeroed();
        // SAFETY: the set is written by the calls, and its first bytes are the kernel's.
        let bytes = unsafe {
            if libc::sigaddset(libc_set.as_mut_ptr(), number) != 0 {
                continue; // libc keeps some for itself
            }
            libc_set.as_ptr().cast::<[u8; 8]>().read()
        };
        // SAFETY: both are arrays of words.
        assert_eq!(unsafe { mem::transmute::<SignalSet, [u8; 8]>(set) }, bytes, "{signal}");
    }
    assert_eq!([0, -1, 65].map(Signal::from_raw), [None; 3]);
}
