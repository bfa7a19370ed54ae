//! Under load, under signals, while programs are started and peers are killed: all data arrives, and no file descriptor stays
//! open.
//!
//! The tests count the file descriptors of the process and change its limits, so they run one at a time. Each prints
//! its counts, which `--nocapture` shows. With LINUX_SOCKETPAIR_LOAD in the environment it makes a million pairs.

use linux_socketpair::{
    AsFd, Errno, IoSlice, IoSliceMut, MessageFlags, OwnedFd, PollFd, PollFlags, RecvControl, SendControl, Shutdown,
    Socket, SocketType, UnixStream, kind, poll, space,
};
use std::{
    collections::BTreeMap,
    env,
    mem::MaybeUninit,
    process::{Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use hosted::{Limit, alone, on_signal, open_descriptors};

/// Longer than anything here waits for.
const LONG: Duration = Duration::from_secs(20);

/// A generic function for each kind of socket.
macro_rules! of_each_kind {
    ($f:ident) => {
        [$f::<kind::Stream>, $f::<kind::Datagram>, $f::<kind::Seqpacket>]
    };
}

fn free_descriptors() -> impl Iterator<Item = i32> {
    // SAFETY: the command has no argument and changes nothing.
    (0..).filter(|&fd| unsafe { libc::fcntl(fd, libc::F_GETFD) } < 0)
}

#[derive(Default)]
struct Counts {
    begun: AtomicUsize,
    used: AtomicUsize,
    rejected: AtomicUsize,
}

fn make_and_use_pairs<T: kind::Kind>(pairs: usize, counts: &Counts) {
    while counts.begun.fetch_add(1, Relaxed) < pairs {
        let begins = Instant::now();
        let (a, b) = loop {
            match Socket::<T>::pair() {
                Err(Errno::EMFILE) if begins.elapsed() < LONG => _ = counts.rejected.fetch_add(1, Relaxed),
                pair => break pair.expect("a pair, or EMFILE"),
            }
            thread::yield_now();
        };
        let mut byte = [0];
        assert_eq!(a.send(b"x"), Ok(1));
        assert_eq!((b.recv(&mut byte), &byte), (Ok(1), b"x"));
        counts.used.fetch_add(1, Relaxed);
    }
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
        let counts = Counts::default();
        let beyond = free_descriptors().nth(FREE).expect("it is endless");
        let limit = Limit::set(|_| beyond as libc::rlim_t);
        thread::scope(|scope| {
            for make_and_use_pairs in of_each_kind!(make_and_use_pairs).into_iter().cycle().take(THREADS) {
                let counts = &counts;
                scope.spawn(move || make_and_use_pairs(pairs, counts));
            }
        });
        drop(limit);
        let [used, rejected] = [counts.used, counts.rejected].map(AtomicUsize::into_inner);
        eprintln!("{used} pairs made, used and closed by {THREADS} threads; {rejected} times EMFILE");
        assert_eq!(used, pairs);
        assert!(rejected > 0, "the limit was reached");
    });
}

fn pair<T: kind::Kind>() -> Result<[OwnedFd; 2], Errno> {
    Socket::<T>::pair().map(|(a, b)| [a.into(), b.into()])
}

#[test]
fn pairs_up_to_the_limit_of_open_files_are_all_closed() {
    // Of the kernel's memory each takes more than a kilobyte.
    const MOST: libc::rlim_t = 20_000;
    alone(|| {
        // One of them is open only for the count.
        let open = open_descriptors() - 1;
        let mut soft = 0;
        let limit = Limit::set(|limit| {
            soft = limit.rlim_max.min(MOST);
            soft
        });
        let mut pairs = Vec::new();
        let error = of_each_kind!(pair)
            .into_iter()
            .cycle()
            .find_map(|pair| pair().map(|pair| pairs.push(pair)).err());
        eprintln!("{} pairs, then {error:?}: the limit is {soft}", pairs.len());
        assert_eq!(error, Some(Errno::EMFILE));
        assert_eq!(pairs.len(), (soft as usize - open) / 2);
        drop(pairs);
        drop(limit);
    });
}

/// Makes file descriptors in every way, and uses them.
fn make_descriptors<T: kind::Kind>() -> Result<usize, Errno> {
    let (a, b) = Socket::<T>::pair()?;
    let duplicates = [a.try_clone()?, b.try_clone()?];
    let mut memory = [MaybeUninit::uninit(); space::rights(2)];
    let mut control = SendControl::new(&mut memory);
    control.push_rights(duplicates.iter().map(AsFd::as_fd))?;
    a.send_message(&[IoSlice::new(b"x")], &control)?;
    let mut memory = [MaybeUninit::uninit(); space::rights(2)];
    let mut control = RecvControl::new(&mut memory);
    b.recv_message(&mut [IoSliceMut::new(&mut [0])], &mut control)?;
    // The second one remains in `control`.
    let passed = control.descriptors()?.next().ok_or(Errno::EBADF)??;
    Socket::<T>::try_from(passed)?.send(b"y")?;
    Ok(2 + 2 + 2)
}

/// How many sockets are open in a program that is started now.
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
fn no_child_inherits_a_socket_at_any_time() {
    const STARTERS: usize = 2;
    const EXECS: usize = 200;
    alone(|| {
        let before = inherited_sockets();
        let [made, started] = [const { AtomicUsize::new(0) }; 2];
        // It lives as long as one of the threads that start programs, even if they panic.
        let starting = Arc::new(());
        let some_starting = Arc::downgrade(&starting);
        thread::scope(|scope| {
            let (made, started, some_starting) = (&made, &started, &some_starting);
            for make_descriptors in of_each_kind!(make_descriptors) {
                scope.spawn(move || {
                    while some_starting.strong_count() > 0 {
                        made.fetch_add(make_descriptors().expect("file descriptors"), Relaxed);
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

/// Registers this thread for signals.
fn register(threads: &Mutex<Vec<libc::pid_t>>) {
    // SAFETY: it has no conditions.
    threads.lock().expect("threads").push(unsafe { libc::gettid() });
}

/// Repeats a call that a signal interrupted, and counts how often.
fn repeat<T>(interrupted: &AtomicUsize, mut call: impl FnMut() -> Result<T, Errno>) -> T {
    loop {
        match call() {
            Err(Errno::EINTR) => _ = interrupted.fetch_add(1, Relaxed),
            result => return result.expect("success, or EINTR"),
        }
    }
}

const LEN: usize = 1000;

fn message(number: usize) -> [u8; LEN] {
    [(number % 251) as u8; LEN]
}

fn send_bytes(socket: &UnixStream, bytes: &[u8; LEN], _: &AtomicUsize) {
    socket.send_all(bytes).expect("all is sent");
}

fn recv_bytes(socket: &UnixStream, buf: &mut [u8; LEN], _: &AtomicUsize) {
    socket.recv_exact(buf).expect("all is received");
}

fn send_message<T: kind::Messages>(socket: &Socket<T>, bytes: &[u8; LEN], interrupted: &AtomicUsize) {
    assert_eq!(repeat(interrupted, || socket.send(bytes)), LEN);
}

fn recv_message<T: kind::Messages>(socket: &Socket<T>, buf: &mut [u8; LEN], interrupted: &AtomicUsize) {
    assert_eq!(repeat(interrupted, || socket.recv(buf)), LEN);
}

fn wait_until(condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < LONG, "it never comes");
        thread::yield_now();
    }
}

/// Exchanges messages while signals interrupt both sides. Returns how many signals, and how many EINTR in the sender and in the
/// receiver. Each waits once until signals have interrupted the other, which can't go on meanwhile.
fn exchange_under_signals<T: kind::Kind + Send>(
    messages: usize,
    send: fn(&Socket<T>, &[u8; LEN], &AtomicUsize),
    recv: fn(&Socket<T>, &mut [u8; LEN], &AtomicUsize),
) -> [usize; 3] {
    let counts = [const { AtomicUsize::new(0) }; 4];
    let [signals, sent, sender, receiver] = &counts;
    let threads = Mutex::new(Vec::new());
    thread::scope(|scope| {
        let threads = &threads;
        let (a, b) = Socket::<T>::pair().expect("a pair");
        a.set_send_buffer_size(1 << 16).expect("an option");
        let workers = [
            scope.spawn(move || {
                register(threads);
                wait_until(|| receiver.load(Relaxed) > 0);
                for number in 0..messages {
                    send(&a, &message(number), sender);
                    sent.fetch_add(1, Relaxed);
                }
            }),
            scope.spawn(move || {
                register(threads);
                // It sends nothing while many signals come. `send_all` returns no EINTR.
                let sender_waits = || {
                    let (before, many) = (sent.load(Relaxed), signals.load(Relaxed) + 100);
                    wait_until(|| signals.load(Relaxed) >= many);
                    sent.load(Relaxed) == before && (sender.load(Relaxed) > 0 || T::TYPE == SocketType::STREAM)
                };
                let mut buf = [0; LEN];
                for number in 0..messages {
                    if number == messages / 2 {
                        wait_until(sender_waits);
                    }
                    // So signals interrupt both ways to wait.
                    if number % 2 == 0 {
                        let mut fds = [PollFd::new(&b, PollFlags::IN)];
                        assert_eq!(repeat(receiver, || poll(&mut fds, Some(LONG))), 1);
                    }
                    recv(&b, &mut buf, receiver);
                    assert!(buf == message(number), "message {number}");
                }
            }),
        ];
        while !workers.iter().all(|worker| worker.is_finished()) {
            for &thread in threads.lock().expect("threads").iter() {
                // SAFETY: whichever thread of this process has the number by now, the handler does nothing.
                let ret = unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), thread, libc::SIGUSR1) };
                signals.fetch_add(usize::from(ret == 0), Relaxed);
            }
            thread::sleep(Duration::from_micros(50));
        }
    });
    [signals, sender, receiver].map(|count| count.load(Relaxed))
}

#[test]
fn messages_arrive_complete_and_in_order_while_signals_interrupt_every_call() {
    const MESSAGES: usize = 20_000;
    // SAFETY: the handler does nothing.
    unsafe { on_signal(libc::SIGUSR1, interrupt) };
    alone(|| {
        let counts = [
            exchange_under_signals::<kind::Stream>(MESSAGES, send_bytes, recv_bytes),
            exchange_under_signals::<kind::Datagram>(MESSAGES, send_message, recv_message),
            exchange_under_signals::<kind::Seqpacket>(MESSAGES, send_message, recv_message),
        ];
        eprintln!(
            "{MESSAGES} messages of each type arrived; [signals, EINTR of the sender, of the receiver]: {counts:?}"
        );
    });
}

type Step<T> = fn(&Socket<T>, &UnixStream, &mut RecvControl<'_>) -> Result<usize, Errno>;

/// One message with two file descriptors.
fn pass<T: kind::Kind>(socket: &Socket<T>, passed: &UnixStream) -> Result<usize, Errno> {
    let mut memory = [MaybeUninit::uninit(); space::rights(2)];
    let mut control = SendControl::new(&mut memory);
    control.push_rights([passed.as_fd(); 2])?;
    socket.send_message(&[IoSlice::new(b"pass")], &control)
}

/// What the child does before it is killed: how many bytes and file descriptors each step sends, and the step.
fn steps<T: kind::Kind>() -> [(usize, usize, Step<T>); 9] {
    [
        (5, 0, |socket, _, _| socket.send(b"hello")),
        (0, 0, |socket, _, _| {
            poll(&mut [PollFd::new(socket, PollFlags::IN)], Some(LONG))
        }),
        (0, 0, |socket, _, _| {
            socket.recv_with_flags(&mut [0; 4], MessageFlags::PEEK)
        }),
        (4, 2, |socket, passed, _| pass(socket, passed)),
        (0, 0, |socket, _, control| {
            let received = socket.recv_message(&mut [IoSliceMut::new(&mut [0; 4])], control)?;
            Ok(received.len)
        }),
        (4, 2, |socket, passed, _| pass(socket, passed)),
        (0, 0, |socket, _, _| socket.recv(&mut [0; 4])),
        (2, 0, |socket, _, _| {
            socket.send_vectored(&[IoSlice::new(b"a"), IoSlice::new(b"b")])
        }),
        (0, 0, |socket, _, _| socket.shutdown(Shutdown::Write).map(|()| 1)),
    ]
}

/// Executes `steps` and is killed. It is the child of a fork: it allocates nothing, and doesn't return.
fn child<T: kind::Kind>(socket: &Socket<T>, passed: &UnixStream, steps: &[(usize, usize, Step<T>)]) -> ! {
    let mut memory = [MaybeUninit::uninit(); space::rights(2)];
    let mut control = RecvControl::new(&mut memory);
    for (number, (_, _, step)) in (1..).zip(steps) {
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

/// How often each errno came on the side that survives.
#[derive(Default)]
struct Results {
    calls: usize,
    errors: BTreeMap<String, usize>,
}

impl Results {
    /// Accepts only the errnos that are documented for a peer that is closed, and EAGAIN.
    fn note<T>(&mut self, result: Result<T, Errno>) -> Option<T> {
        const CLOSED: [Errno; 4] = [Errno::EPIPE, Errno::ECONNRESET, Errno::ECONNREFUSED, Errno::ENOTCONN];
        self.calls += 1;
        let errno = match result {
            Ok(value) => return Some(value),
            Err(errno) => errno,
        };
        assert!(CLOSED.contains(&errno) || errno == Errno::EAGAIN, "{errno}");
        *self.errors.entry(format!("{errno:?}")).or_default() += 1;
        None
    }
}

fn exchange_with_a_peer_that_is_killed<T: kind::Kind>(count: usize, results: &mut Results) {
    let (ours, theirs) = Socket::<T>::pair().expect("a pair");
    let ty = ours.socket_type().expect("an option");
    // A datagram socket doesn't report that its peer is closed: this does.
    let (lives, life) = UnixStream::pair().expect("a pair");
    let (watch, passed) = UnixStream::pair().expect("a pair");
    let steps = &steps()[..count];
    // SAFETY: the child makes only calls that a child of a fork may make.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "fork");
    if pid == 0 {
        drop((ours, lives, watch));
        child(&theirs, &passed, steps);
    }
    drop((theirs, life));

    let sent = [results.note(pass(&ours, &passed)), results.note(ours.send(b"more"))];
    let (mut bytes, mut descriptors) = (0, 0);
    let mut memory = [MaybeUninit::uninit(); space::rights(2)];
    let mut control = RecvControl::new(&mut memory);
    loop {
        let mut fds = [PollFd::new(&ours, PollFlags::IN), PollFd::new(&lives, PollFlags::IN)];
        assert_ne!(
            results.note(poll(&mut fds, Some(LONG))),
            Some(0),
            "it waits indefinitely"
        );
        let dead = !fds[1].ready().is_empty();
        let mut buf = [0; 16];
        let buf = &mut [IoSliceMut::new(&mut buf)];
        match ours.recv_message_with_flags(buf, &mut control, MessageFlags::DONTWAIT) {
            Err(Errno::EAGAIN) if !dead => continue,
            // Reported once; what was sent before is still there.
            Err(Errno::ECONNRESET) => _ = results.note::<()>(Err(Errno::ECONNRESET)),
            result => match results.note(result.map(|received| received.len)) {
                None | Some(0) => break,
                Some(len) => bytes += len,
            },
        }
        // The second one remains in `control`.
        if let Some(fd) = control.descriptors().expect("nothing was discarded").next() {
            fd.expect("a file descriptor");
            descriptors += 2;
        }
    }
    // Sending to a closed datagram peer discards what came from it.
    let expected = if ty == SocketType::DGRAM && sent.contains(&None) {
        (0, 0)
    } else {
        steps.iter().fold((0, 0), |sum, step| (sum.0 + step.0, sum.1 + step.1))
    };
    assert_eq!((bytes, descriptors), expected, "{ty}: sent in {count} steps");

    let mut status = 0;
    // SAFETY: the call writes `status` alone.
    assert_eq!(unsafe { libc::waitpid(pid, &mut status, 0) }, pid);
    // The signal; otherwise an exit status, which is the number of the step that failed.
    assert_eq!(status, libc::SIGKILL);
    let errors = [
        results.note(pass(&ours, &passed)),
        results.note(ours.send(b"x")),
        results.note(ours.send_vectored(&[IoSlice::new(b"x")])),
        results.note(ours.send_message(&[IoSlice::new(b"x")], &SendControl::new(&mut []))),
    ];
    assert_eq!(errors, [None; 4], "{ty}: nothing can be sent to a closed peer");
    results.note(ours.recv_with_flags(&mut [0; 4], MessageFlags::DONTWAIT));
    results.note(ours.shutdown(Shutdown::Both));

    drop((ours, passed));
    assert_eq!(poll(&mut [PollFd::new(&watch, PollFlags::IN)], Some(LONG)), Ok(1));
    // End of stream: no passed file descriptor is open anywhere.
    assert_eq!(watch.recv_with_flags(&mut [0], MessageFlags::DONTWAIT), Ok(0));
}

#[test]
fn what_a_peer_sent_arrives_at_whatever_step_it_is_killed() {
    const ROUNDS: usize = 30;
    alone(|| {
        // SAFETY: without a handler, SIGPIPE ends this process.
        let before = unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
        let mut results = Results::default();
        let mut killed = 0;
        for exchange in of_each_kind!(exchange_with_a_peer_that_is_killed) {
            for steps in 0..=steps::<kind::Stream>().len() {
                for _ in 0..ROUNDS {
                    exchange(steps, &mut results);
                    killed += 1;
                }
            }
        }
        // SAFETY: it restores the handler.
        unsafe { libc::signal(libc::SIGPIPE, before) };
        let Results { calls, errors } = results;
        eprintln!("{killed} peers killed, all that they had sent arrived; {calls} calls, no SIGPIPE, {errors:?}");
    });
}
