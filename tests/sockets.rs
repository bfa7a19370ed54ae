//! What this crate sends, rustix and libc receive, and the other way round; signals, and exec.

use linux_socketpair::{
    ControlMessage, Credentials, Descriptor, Errno, IoSlice, IoSliceMut, MessageFlags, RecvControl, SendControl,
    Socket, space,
};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
};
use std::{
    fs::File,
    io::{Read, Seek, Write},
    mem::MaybeUninit,
    os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd},
    process::Command,
    ptr,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::Duration,
};

const NONE: MessageFlags = MessageFlags::empty();

/// Files of one byte each, by which it is seen which is which.
fn files(contents: &[u8]) -> Vec<File> {
    let file = |&byte| {
        let fd = rustix::fs::memfd_create("witness", rustix::fs::MemfdFlags::CLOEXEC).expect("memfd");
        let mut file = File::from(fd);
        file.write_all(&[byte]).expect("write");
        file
    };
    contents.iter().map(file).collect()
}

fn contents(fds: impl IntoIterator<Item = OwnedFd>) -> Vec<u8> {
    let content = |fd| {
        let (mut file, mut byte) = (File::from(fd), [0]);
        file.rewind().and_then(|()| file.read_exact(&mut byte)).expect("read");
        byte[0]
    };
    fds.into_iter().map(content).collect()
}

/// A descriptor of this crate's for a file of the standard library's.
fn descriptors(files: &[File]) -> Vec<Descriptor> {
    // SAFETY: `dup` makes a new descriptor, which is nobody else's.
    files
        .iter()
        .map(|file| unsafe { Descriptor::from_raw_fd(libc::dup(file.as_raw_fd())) })
        .collect()
}

fn owned(descriptor: Descriptor) -> OwnedFd {
    // SAFETY: it was the descriptor's alone.
    unsafe { OwnedFd::from_raw_fd(descriptor.into_raw_fd()) }
}

fn borrowed(socket: &Socket) -> BorrowedFd<'_> {
    // SAFETY: it is open as long as the socket is borrowed.
    unsafe { BorrowedFd::borrow_raw(socket.as_raw_fd()) }
}

/// What a message with control messages comes to: bytes, contents of descriptors, credentials.
type Seen = (Vec<u8>, Vec<u8>, Option<(i32, u32, u32)>);

fn we_send(socket: &Socket, bytes: &[u8], files: &[File]) {
    let descriptors = descriptors(files);
    let mut control = SendControl::<{ space::rights(253) }>::new();
    if !files.is_empty() {
        control.rights(&descriptors).expect("space");
    }
    assert_eq!(
        socket.send_message(&[IoSlice::new(bytes)], &control, NONE),
        Ok(bytes.len())
    );
}

fn we_receive(socket: &Socket) -> Seen {
    let mut buf = [0; 64];
    let mut control = RecvControl::<{ space::CREDENTIALS + space::rights(253) }>::new();
    let received = socket
        .recv_message(&mut [IoSliceMut::new(&mut buf)], &mut control, NONE)
        .expect("a message");
    let (mut passed, mut sender) = (Vec::new(), None);
    for message in control.messages().expect("all of it") {
        match message {
            ControlMessage::Rights(rights) => passed.extend(contents(rights.map(owned))),
            ControlMessage::Credentials(Credentials { pid, uid, gid }) => sender = Some((pid, uid, gid)),
            other => panic!("{other:?}"),
        }
    }
    (buf[..received.len].to_vec(), passed, sender)
}

fn rustix_sends(socket: &Socket, bytes: &[u8], files: &[File]) {
    let fds: Vec<BorrowedFd<'_>> = files.iter().map(std::os::fd::AsFd::as_fd).collect();
    let mut space = vec![MaybeUninit::uninit(); 4096];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !fds.is_empty() {
        assert!(control.push(SendAncillaryMessage::ScmRights(&fds)));
    }
    let sent = rustix::net::sendmsg(
        borrowed(socket),
        &[std::io::IoSlice::new(bytes)],
        &mut control,
        SendFlags::empty(),
    );
    assert_eq!(sent.expect("sent"), bytes.len());
}

fn rustix_receives(socket: &Socket) -> Seen {
    let mut buf = [0; 64];
    let mut space = vec![MaybeUninit::uninit(); 4096];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let bufs = &mut [std::io::IoSliceMut::new(&mut buf)];
    let received =
        rustix::net::recvmsg(borrowed(socket), bufs, &mut control, RecvFlags::CMSG_CLOEXEC).expect("a message");
    let (mut passed, mut sender) = (Vec::new(), None);
    for message in control.drain() {
        match message {
            RecvAncillaryMessage::ScmRights(rights) => passed.extend(contents(rights)),
            RecvAncillaryMessage::ScmCredentials(by) => {
                sender = Some((by.pid.as_raw_nonzero().get(), by.uid.as_raw(), by.gid.as_raw()));
            }
            _ => panic!("something else"),
        }
    }
    (buf[..received.bytes].to_vec(), passed, sender)
}

fn libc_sends(socket: &Socket, bytes: &[u8], files: &[File]) {
    let len = files.len() * 4;
    let mut space = [0_usize; 512];
    let mut iov = libc::iovec {
        iov_base: bytes.as_ptr().cast_mut().cast(),
        iov_len: bytes.len(),
    };
    // SAFETY: the header is of zeros and what is set here; the space has room for 253 descriptors.
    unsafe {
        let mut header = MaybeUninit::<libc::msghdr>::zeroed().assume_init();
        (header.msg_iov, header.msg_iovlen) = (&raw mut iov, 1);
        if !files.is_empty() {
            header.msg_control = space.as_mut_ptr().cast();
            header.msg_controllen = libc::CMSG_SPACE(len as u32) as _;
            let message = libc::CMSG_FIRSTHDR(&header);
            (*message).cmsg_level = libc::SOL_SOCKET;
            (*message).cmsg_type = libc::SCM_RIGHTS;
            (*message).cmsg_len = libc::CMSG_LEN(len as u32) as _;
            for (at, file) in files.iter().enumerate() {
                libc::CMSG_DATA(message)
                    .cast::<i32>()
                    .add(at)
                    .write_unaligned(file.as_raw_fd());
            }
        }
        assert_eq!(libc::sendmsg(socket.as_raw_fd(), &header, 0), bytes.len() as isize);
    }
}

fn libc_receives(socket: &Socket) -> Seen {
    let (mut buf, mut space) = ([0_u8; 64], [0_usize; 512]);
    let mut iov = libc::iovec {
        iov_base: buf.as_mut_ptr().cast(),
        iov_len: buf.len(),
    };
    let (mut passed, mut sender) = (Vec::new(), None);
    // SAFETY: the header is of zeros and what is set here; the macros stay within the space.
    let received = unsafe {
        let mut header = MaybeUninit::<libc::msghdr>::zeroed().assume_init();
        (header.msg_iov, header.msg_iovlen) = (&raw mut iov, 1);
        (header.msg_control, header.msg_controllen) = (space.as_mut_ptr().cast(), size_of_val(&space) as _);
        let received = libc::recvmsg(socket.as_raw_fd(), &mut header, libc::MSG_CMSG_CLOEXEC);
        let mut message = libc::CMSG_FIRSTHDR(&header);
        while !message.is_null() {
            let payload = libc::CMSG_DATA(message).cast::<i32>();
            let ints = ((*message).cmsg_len as usize - libc::CMSG_LEN(0) as usize) / 4;
            let int = |at| payload.add(at).read_unaligned();
            match (*message).cmsg_type {
                libc::SCM_RIGHTS => passed.extend(contents((0..ints).map(|at| OwnedFd::from_raw_fd(int(at))))),
                libc::SCM_CREDENTIALS => sender = Some((int(0), int(1) as u32, int(2) as u32)),
                other => panic!("{other}"),
            }
            message = libc::CMSG_NXTHDR(&header, message);
        }
        received
    };
    (buf[..received as usize].to_vec(), passed, sender)
}

type Sender = fn(&Socket, &[u8], &[File]);
type Receiver = fn(&Socket) -> Seen;

#[test]
fn whoever_sends_whoever_receives_it_is_the_same() {
    const SENDERS: [(&str, Sender); 3] = [("we", we_send), ("rustix", rustix_sends), ("libc", libc_sends)];
    const RECEIVERS: [(&str, Receiver); 3] = [("we", we_receive), ("rustix", rustix_receives), ("libc", libc_receives)];
    let all: Vec<u8> = (0..=252).collect();
    let me = (
        std::process::id() as i32,
        rustix::process::getuid().as_raw(),
        rustix::process::getgid().as_raw(),
    );
    for make in [Socket::stream_pair, Socket::dgram_pair, Socket::seqpacket_pair] {
        for pass_credentials in [false, true] {
            let [a, b] = make().expect("a pair");
            b.set_pass_credentials(pass_credentials).expect("an option");
            for (sender, send) in SENDERS {
                for (receiver, receive) in RECEIVERS {
                    for count in [0, 1, 2, 3, 100, 253] {
                        send(&a, b"bytes", &files(&all[..count]));
                        let expected = (b"bytes".to_vec(), all[..count].to_vec(), pass_credentials.then_some(me));
                        assert_eq!(
                            receive(&b),
                            expected,
                            "{sender} send {count} descriptors, {receiver} receive"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn credentials_that_are_sent_arrive_with_all_three() {
    let [a, b] = Socket::seqpacket_pair().expect("a pair");
    b.set_pass_credentials(true).expect("an option");
    let own = a.peer_credentials().expect("an option");
    let mut control = SendControl::<{ space::CREDENTIALS }>::new();
    control.credentials(own).expect("space");
    for receive in [we_receive, rustix_receives, libc_receives] {
        a.send_message(&[IoSlice::new(b"I")], &control, NONE).expect("sent");
        assert_eq!(receive(&b), (b"I".to_vec(), vec![], Some((own.pid, own.uid, own.gid))));
    }
}

static SIGNALS: AtomicUsize = AtomicUsize::new(0);

extern "C" fn count_signal(_: i32) {
    SIGNALS.fetch_add(1, Ordering::Relaxed);
}

/// SIGUSR1 interrupts calls, and does nothing else.
fn interrupting_handler() {
    // SAFETY: the handler does nothing but count, atomically; the action is of zeros and what is set here.
    unsafe {
        let mut action = MaybeUninit::<libc::sigaction>::zeroed().assume_init();
        action.sa_sigaction = count_signal as extern "C" fn(i32) as usize;
        assert_eq!(libc::sigaction(libc::SIGUSR1, &action, ptr::null_mut()), 0);
    }
}

/// Sends SIGUSR1 to this thread, again and again, while `f` runs.
fn under_signals<T>(f: impl FnOnce() -> T) -> T {
    interrupting_handler();
    let over = AtomicBool::new(false);
    // SAFETY: it has no conditions.
    let thread = unsafe { libc::pthread_self() };
    /// Also when `f` fails, or the scope would wait for ever.
    struct Over<'a>(&'a AtomicBool);
    impl Drop for Over<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    thread::scope(|scope| {
        let _over = Over(&over);
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                // SAFETY: the thread outlives the scope.
                unsafe { libc::pthread_kill(thread, libc::SIGUSR1) };
                thread::sleep(Duration::from_micros(50));
            }
        });
        f()
    })
}

#[test]
fn send_all_and_recv_exact_finish_over_signals() {
    const LEN: usize = 4 << 20;
    let content: Vec<u8> = (0..LEN).map(|at| (at % 251) as u8).collect();
    let before = SIGNALS.load(Ordering::Relaxed);
    // Whoever comes first is interrupted before there is anything to show for it.
    for [sender_waits, receiver_waits] in [[0, 20], [20, 0]].map(|waits| waits.map(Duration::from_millis)) {
        let [a, b] = Socket::stream_pair().expect("a pair");
        // Whoever fails closes its end, so that the other does not wait for ever.
        thread::scope(|scope| {
            let (b, content) = (b, &content);
            scope.spawn(move || {
                thread::sleep(sender_waits);
                under_signals(|| a.send_all(content, NONE)).expect("all is sent");
            });
            thread::sleep(receiver_waits);
            let mut received = vec![0; LEN];
            under_signals(|| b.recv_exact(&mut received, NONE)).expect("all is received");
            assert!(received == *content);
        });
    }
    assert!(SIGNALS.load(Ordering::Relaxed) > before, "there were signals");
}

#[test]
fn a_signal_ends_the_waiting() {
    let [a, b] = Socket::dgram_pair().expect("a pair");
    assert_eq!(under_signals(|| b.recv(&mut [0; 8], NONE)), Err(Errno::EINTR));
    let mut fds = [linux_socketpair::PollFd::new(&b, linux_socketpair::PollFlags::IN)];
    assert_eq!(
        under_signals(|| linux_socketpair::poll(&mut fds, None)),
        Err(Errno::EINTR)
    );
    while a.send(&[0; 4000], MessageFlags::DONTWAIT).is_ok() {}
    assert_eq!(under_signals(|| a.send(&[0; 4000], NONE)), Err(Errno::EINTR));
}

#[test]
fn only_what_is_meant_to_survives_exec() {
    let [a, b] = Socket::seqpacket_pair().expect("a pair");
    let descriptors = [&a];
    let mut control = SendControl::<{ space::rights(1) }>::new();
    control.rights(&descriptors).expect("space");
    a.send_message(&[IoSlice::new(b"x")], &control, NONE).expect("sent");
    let mut control = RecvControl::<{ space::rights(1) }>::new();
    b.recv_message(&mut [IoSliceMut::new(&mut [0])], &mut control, NONE)
        .expect("received");
    let passed = control.messages().expect("whole").find_map(|message| match message {
        ControlMessage::Rights(mut rights) => rights.next(),
        _ => None,
    });
    let passed = passed.expect("a descriptor");
    let duplicate = a.duplicate().expect("a duplicate");
    let open_in_child = |fd: i32| {
        let script = format!("test -e /proc/$$/fd/{fd}");
        Command::new("sh")
            .args(["-c", &script])
            .status()
            .expect("a shell")
            .success()
    };
    for fd in [a.as_raw_fd(), b.as_raw_fd(), passed.as_raw_fd(), duplicate.as_raw_fd()] {
        assert!(!open_in_child(fd), "{fd} is closed on exec");
    }
    passed.set_close_on_exec(false).expect("set");
    assert!(open_in_child(passed.as_raw_fd()), "and kept where that is asked for");
}
