//! Under load, under signals, beside execs and killed peers: nothing is lost, and nothing stays open.
//!
//! The tests count the descriptors of the process and change its limits, so they take turns. Each prints what it
//! counted, which `--nocapture` shows. With LINUX_SOCKETPAIR_LOAD in the environment, the pairs are a million.

use linux_socketpair::{
    ControlMessage, Errno, IoSlice, IoSliceMut, MessageFlags, PollFd, PollFlags, RecvControl, SendControl, Shutdown,
    Socket, poll, space,
};
use std::{
    collections::BTreeMap,
    env, fs,
    mem::MaybeUninit,
    process::{Command, Stdio},
    ptr,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

const NONE: MessageFlags = MessageFlags::empty();
/// Longer than anything here waits for.
const LONG: Duration = Duration::from_secs(20);

type MakePair = fn() -> Result<[Socket; 2], Errno>;

const TYPES: [(&str, MakePair); 3] = [
    ("STREAM", Socket::stream_pair),
    ("DGRAM", Socket::dgram_pair),
    ("SEQPACKET", Socket::seqpacket_pair),
];

fn open_descriptors() -> usize {
    fs::read_dir("/proc/self/fd").expect("/proc").count()
}

/// Runs `test` while no other test runs; it must leave open as many descriptors as it found.
fn alone(test: impl FnOnce()) {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let before = open_descriptors();
    test();
    assert_eq!(open_descriptors(), before, "nothing is left open");
}

/// The limits of open files as they were, put back when it is dropped.
struct Limit(libc::rlimit);

impl Limit {
    fn set(soft: impl FnOnce(&libc::rlimit) -> libc::rlim_t) -> Self {
        let mut before = MaybeUninit::<libc::rlimit>::uninit();
        // SAFETY: the call writes the limits, and where it succeeds it wrote both.
        let before = unsafe {
            assert_eq!(libc::getrlimit(libc::RLIMIT_NOFILE, before.as_mut_ptr()), 0);
            before.assume_init()
        };
        let rlim_cur = soft(&before);
        let limit = libc::rlimit { rlim_cur, ..before };
        // SAFETY: the call reads the limits.
        assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) }, 0);
        Self(before)
    }
}

impl Drop for Limit {
    fn drop(&mut self) {
        // SAFETY: the call reads the limits.
        assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &self.0) }, 0);
    }
}

fn free_descriptors() -> impl Iterator<Item = i32> {
    // SAFETY: the command takes no argument and changes nothing.
    (0..).filter(|&fd| unsafe { libc::fcntl(fd, libc::F_GETFD) } < 0)
}

#[test]
fn pairs_made_by_many_threads_at_the_limit_of_open_files_all_work_and_are_closed() {
    const THREADS: usize = 8;
    // Room for fewer pairs than there are threads, and for half a pair, which must not be used up.
    const FREE: usize = 9;
    let pairs = match env::var_os("LINUX_SOCKETPAIR_LOAD") {
        Some(_) => 1_000_000,
        None => 40_000,
    };
    alone(|| {
        let [begun, used, refused] = [const { AtomicUsize::new(0) }; 3];
        let beyond = free_descriptors().nth(FREE).expect("it is endless");
        let limit = Limit::set(|_| beyond as libc::rlim_t);
        thread::scope(|scope| {
            let (begun, used, refused) = (&begun, &used, &refused);
            for (_, make) in TYPES.into_iter().cycle().take(THREADS) {
                scope.spawn(move || {
                    while begun.fetch_add(1, Relaxed) < pairs {
                        let begins = Instant::now();
                        let [a, b] = loop {
                            match make() {
                                Err(Errno::EMFILE) if begins.elapsed() < LONG => _ = refused.fetch_add(1, Relaxed),
                                pair => break pair.expect("a pair, or EMFILE"),
                            }
                            thread::yield_now();
                        };
                        let mut byte = [0];
                        assert_eq!(a.send(b"x", NONE), Ok(1));
                        assert_eq!((b.recv(&mut byte, NONE), &byte), (Ok(1), b"x"));
                        used.fetch_add(1, Relaxed);
                    }
                });
            }
        });
        drop(limit);
        let [used, refused] = [used, refused].map(AtomicUsize::into_inner);
        eprintln!("{used} pairs made, used and closed by {THREADS} threads; {refused} times EMFILE");
        assert_eq!(used, pairs);
        assert!(refused > 0, "the limit was met");
    });
}

#[test]
fn pairs_up_to_the_limit_of_open_files_are_all_closed() {
    const MOST: libc::rlim_t = 200_000;
    alone(|| {
        // The count includes the descriptor that counts, which is free again.
        let open = open_descriptors() - 1;
        let mut soft = 0;
        let limit = Limit::set(|limit| {
            soft = limit.rlim_max.min(MOST);
            soft
        });
        let mut pairs = Vec::new();
        let refusal = TYPES
            .into_iter()
            .cycle()
            .find_map(|(_, make)| make().map(|pair| pairs.push(pair)).err());
        eprintln!("{} pairs, then {refusal:?}: the limit is {soft}", pairs.len());
        assert_eq!(refusal, Some(Errno::EMFILE));
        assert_eq!(pairs.len(), (soft as usize - open) / 2);
        drop(pairs);
        drop(limit);
    });
}

/// Makes a descriptor in each way that there is, and uses it.
fn make_descriptors(make: MakePair) -> Result<usize, Errno> {
    let [a, b] = make()?;
    let descriptors = [a.duplicate()?, b.duplicate()?];
    let mut sent = SendControl::<{ space::rights(2) }>::new();
    sent.rights(&descriptors)?;
    a.send_message(&[IoSlice::new(b"x")], &sent, NONE)?;
    let mut control = RecvControl::<{ space::rights(2) }>::new();
    b.recv_message(&mut [IoSliceMut::new(&mut [0])], &mut control, NONE)?;
    for message in control.messages()? {
        if let ControlMessage::Rights(mut rights) = message {
            // The other one is left to `control`.
            Socket::from(rights.next().ok_or(Errno::EBADF)?).send(b"y", NONE)?;
        }
    }
    Ok(2 + 2 + 2)
}

/// How many sockets a program finds open that is started now.
fn inherited_sockets() -> i32 {
    let script = r#"n=0; for fd in /proc/$$/fd/*; do [ ! -S "$fd" ] || n=$((n + 1)); done; exit $n"#;
    let mut shell = Command::new("sh");
    shell
        .args(["-c", script])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    shell.status().expect("a shell").code().expect("an exit status")
}

#[test]
fn no_child_inherits_a_socket_whenever_it_is_started() {
    const STARTERS: usize = 2;
    const EXECS: usize = 200;
    alone(|| {
        let before = inherited_sockets();
        let [made, started] = [const { AtomicUsize::new(0) }; 2];
        // It lives as long as one of those who start programs, however they end.
        let starting = Arc::new(());
        let some_starting = Arc::downgrade(&starting);
        thread::scope(|scope| {
            let (made, started, some_starting) = (&made, &started, &some_starting);
            for (_, make) in TYPES {
                scope.spawn(move || {
                    while some_starting.strong_count() > 0 {
                        made.fetch_add(make_descriptors(make).expect("descriptors"), Relaxed);
                    }
                });
            }
            for starting in vec![starting; STARTERS] {
                scope.spawn(move || {
                    for _ in 0..EXECS / STARTERS {
                        assert_eq!(inherited_sockets(), before);
                        started.fetch_add(1, Relaxed);
                    }
                    drop(starting);
                });
            }
        });
        let [made, started] = [made, started].map(AtomicUsize::into_inner);
        eprintln!("{started} programs started beside {made} sockets made, duplicated and passed: none was inherited");
        assert_eq!(started, EXECS);
    });
}

extern "C" fn interrupt(_: i32) {}

/// Has this thread signalled from now on.
fn enlist(threads: &Mutex<Vec<libc::pid_t>>) {
    // SAFETY: it has no conditions.
    threads.lock().expect("threads").push(unsafe { libc::gettid() });
}

/// Calls again what a signal ended, and counts how often.
fn again<T>(interrupted: &AtomicUsize, mut call: impl FnMut() -> Result<T, Errno>) -> T {
    loop {
        match call() {
            Err(Errno::EINTR) => _ = interrupted.fetch_add(1, Relaxed),
            answer => return answer.expect("an answer"),
        }
    }
}

const MESSAGE: usize = 1000;

fn message(number: usize) -> [u8; MESSAGE] {
    [(number % 251) as u8; MESSAGE]
}

#[test]
fn messages_arrive_whole_and_in_order_while_signals_interrupt_everything() {
    const MESSAGES: usize = 20_000;
    // SAFETY: the handler does nothing; the action, without SA_RESTART, is of zeros and the handler.
    unsafe {
        let mut action = MaybeUninit::<libc::sigaction>::zeroed().assume_init();
        action.sa_sigaction = interrupt as extern "C" fn(i32) as usize;
        assert_eq!(libc::sigaction(libc::SIGUSR1, &action, ptr::null_mut()), 0);
    }
    alone(|| {
        let [sent, received, interrupted] = [const { AtomicUsize::new(0) }; 3];
        let mut signals = 0;
        let threads = Mutex::new(Vec::new());
        thread::scope(|scope| {
            let (sent, received, interrupted, threads) = (&sent, &received, &interrupted, &threads);
            let mut workers = Vec::new();
            for (name, make) in TYPES {
                let [a, b] = make().expect("a pair");
                workers.push(scope.spawn(move || {
                    enlist(threads);
                    for number in 0..MESSAGES {
                        match name {
                            "STREAM" => a.send_all(&message(number), NONE).expect("all is sent"),
                            _ => assert_eq!(again(interrupted, || a.send(&message(number), NONE)), MESSAGE),
                        }
                        sent.fetch_add(1, Relaxed);
                    }
                }));
                workers.push(scope.spawn(move || {
                    enlist(threads);
                    let mut buf = [0; MESSAGE];
                    for number in 0..MESSAGES {
                        // Signals meet the one and the other waiting.
                        if number % 2 == 0 {
                            let mut fds = [PollFd::new(&b, PollFlags::IN)];
                            assert_eq!(again(interrupted, || poll(&mut fds, Some(LONG))), 1);
                        }
                        match name {
                            "STREAM" => b.recv_exact(&mut buf, NONE).expect("all is received"),
                            _ => assert_eq!(again(interrupted, || b.recv(&mut buf, NONE)), MESSAGE),
                        }
                        assert!(buf == message(number), "{name}: message {number}");
                        received.fetch_add(1, Relaxed);
                    }
                }));
            }
            while !workers.iter().all(|worker| worker.is_finished()) {
                for &thread in threads.lock().expect("threads").iter() {
                    // SAFETY: whichever thread of this process has the number by now, the handler does nothing.
                    let answer = unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), thread, libc::SIGUSR1) };
                    signals += usize::from(answer == 0);
                }
                thread::sleep(Duration::from_micros(50));
            }
        });
        let [sent, received, interrupted] = [sent, received, interrupted].map(AtomicUsize::into_inner);
        eprintln!("{sent} messages sent, {received} received; {signals} signals, {interrupted} times EINTR");
        assert_eq!((sent, received), (TYPES.len() * MESSAGES, TYPES.len() * MESSAGES));
        assert!(interrupted > 0, "signals interrupted");
    });
}

type Control = RecvControl<{ space::rights(2) }>;
type Step = fn(&Socket, &Socket, &mut Control) -> Result<usize, Errno>;

/// One message with two descriptors.
fn pass(socket: &Socket, passed: &Socket) -> Result<usize, Errno> {
    let descriptors = [passed, passed];
    let mut control = SendControl::<{ space::rights(2) }>::new();
    control.rights(&descriptors)?;
    socket.send_message(&[IoSlice::new(b"pass")], &control, NONE)
}

/// What the child does before it is killed: how many bytes and descriptors each step sends, and the step.
const STEPS: [(usize, usize, Step); 9] = [
    (5, 0, |socket, _, _| socket.send(b"hello", NONE)),
    (0, 0, |socket, _, _| {
        poll(&mut [PollFd::new(socket, PollFlags::IN)], Some(LONG))
    }),
    (0, 0, |socket, _, _| socket.recv(&mut [0; 4], MessageFlags::PEEK)),
    (4, 2, |socket, passed, _| pass(socket, passed)),
    (0, 0, |socket, _, control| {
        let received = socket.recv_message(&mut [IoSliceMut::new(&mut [0; 4])], control, NONE)?;
        Ok(received.len)
    }),
    (4, 2, |socket, passed, _| pass(socket, passed)),
    (0, 0, |socket, _, _| socket.recv(&mut [0; 4], NONE)),
    (2, 0, |socket, _, _| {
        socket.send_vectored(&[IoSlice::new(b"a"), IoSlice::new(b"b")], NONE)
    }),
    (0, 0, |socket, _, _| socket.shutdown(Shutdown::Write).map(|()| 1)),
];

/// Goes the first `steps` and is killed. It is the child of a fork: it allocates nothing, and doesn't return.
fn child(socket: &Socket, passed: &Socket, steps: usize) -> ! {
    let mut control = Control::new();
    for (number, (_, _, step)) in (1..).zip(STEPS.iter().take(steps)) {
        if !matches!(step(socket, passed, &mut control), Ok(1..)) {
            // SAFETY: it ends the process, and runs nothing of it.
            unsafe { libc::_exit(number) };
        }
    }
    // SAFETY: a child of a fork may make these calls; the first doesn't return.
    unsafe {
        libc::kill(libc::getpid(), libc::SIGKILL);
        libc::_exit(0)
    }
}

/// How often each errno came, on the side that lives on.
#[derive(Default)]
struct Answers {
    calls: usize,
    refusals: BTreeMap<String, usize>,
}

impl Answers {
    /// Takes no errno but those that are documented of a peer that is gone, and EAGAIN where waiting is not wanted.
    fn note<T>(&mut self, answer: Result<T, Errno>) -> Option<T> {
        const GONE: [Errno; 4] = [Errno::EPIPE, Errno::ECONNRESET, Errno::ECONNREFUSED, Errno::ENOTCONN];
        self.calls += 1;
        let errno = match answer {
            Ok(value) => return Some(value),
            Err(errno) => errno,
        };
        assert!(GONE.contains(&errno) || errno == Errno::EAGAIN, "{errno}");
        *self.refusals.entry(format!("{errno:?}")).or_default() += 1;
        None
    }
}

fn exchange_with_one_who_is_killed(name: &str, make: MakePair, steps: usize, answers: &mut Answers) {
    let [ours, theirs] = make().expect("a pair");
    // DGRAM doesn't tell that the peer is closed: this does.
    let [lives, life] = Socket::stream_pair().expect("a pair");
    let [witness, passed] = Socket::stream_pair().expect("a pair");
    // SAFETY: the child makes calls alone that a child of a fork may make.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "fork");
    if pid == 0 {
        drop((ours, lives, witness));
        child(&theirs, &passed, steps);
    }
    drop((theirs, life));

    let sent = [
        answers.note(pass(&ours, &passed)),
        answers.note(ours.send(b"more", NONE)),
    ];
    let (mut bytes, mut descriptors) = (0, 0);
    loop {
        let mut fds = [PollFd::new(&ours, PollFlags::IN), PollFd::new(&lives, PollFlags::IN)];
        assert_ne!(answers.note(poll(&mut fds, Some(LONG))), Some(0), "it waits for ever");
        let dead = !fds[1].ready().is_empty();
        let (mut buf, mut control) = ([0; 16], Control::new());
        let buf = &mut [IoSliceMut::new(&mut buf)];
        match ours.recv_message(buf, &mut control, MessageFlags::DONTWAIT) {
            Err(Errno::EAGAIN) if !dead => continue,
            // Told once; what came before the end is still there.
            Err(Errno::ECONNRESET) => _ = answers.note::<()>(Err(Errno::ECONNRESET)),
            answer => match answers.note(answer.map(|received| received.len)) {
                None | Some(0) => break,
                Some(len) => bytes += len,
            },
        }
        for message in control.messages().expect("all of it") {
            if let ControlMessage::Rights(mut rights) = message {
                // The other one is left to `control`.
                descriptors += 2 * usize::from(rights.next().is_some());
            }
        }
    }
    let told = STEPS[..steps]
        .iter()
        .fold((0, 0), |told, step| (told.0 + step.0, told.1 + step.1));
    // Sending to a closed DGRAM peer throws away what came from it.
    let expected = if name == "DGRAM" && sent.contains(&None) {
        (0, 0)
    } else {
        told
    };
    assert_eq!((bytes, descriptors), expected, "{name}: sent in {steps} steps");

    let mut status = 0;
    // SAFETY: the call writes `status` alone.
    assert_eq!(unsafe { libc::waitpid(pid, &mut status, 0) }, pid);
    // The signal; else an exit status, which is that of the step that failed.
    assert_eq!(status, libc::SIGKILL);
    let refused = [
        answers.note(pass(&ours, &passed)),
        answers.note(ours.send(b"x", NONE)),
        answers.note(ours.send_vectored(&[IoSlice::new(b"x")], NONE)),
        answers.note(ours.send_all(b"x", NONE).map(|()| 1).map_err(Errno::from)),
    ];
    assert_eq!(refused, [None; 4], "{name}: nothing can be sent to the dead");
    answers.note(ours.recv(&mut [0; 4], MessageFlags::DONTWAIT));
    answers.note(ours.shutdown(Shutdown::Both));

    drop((ours, passed));
    assert_eq!(poll(&mut [PollFd::new(&witness, PollFlags::IN)], Some(LONG)), Ok(1));
    // The end: no passed descriptor is left anywhere.
    assert_eq!(witness.recv(&mut [0], MessageFlags::DONTWAIT), Ok(0));
}

#[test]
fn a_peer_may_be_killed_at_every_step_of_an_exchange() {
    const ROUNDS: usize = 30;
    alone(|| {
        // SAFETY: without a handler, whatever raises SIGPIPE ends this process.
        let before = unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
        let mut answers = Answers::default();
        for (name, make) in TYPES {
            for steps in 0..=STEPS.len() {
                for _ in 0..ROUNDS {
                    exchange_with_one_who_is_killed(name, make, steps, &mut answers);
                }
            }
        }
        // SAFETY: as it was.
        unsafe { libc::signal(libc::SIGPIPE, before) };
        let (killed, Answers { calls, refusals }) = (TYPES.len() * (STEPS.len() + 1) * ROUNDS, answers);
        eprintln!("{killed} peers killed, all that they had sent arrived; {calls} calls, no SIGPIPE, {refusals:?}");
    });
}
