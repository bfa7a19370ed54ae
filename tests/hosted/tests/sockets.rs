//! Rustix and libc receive what this crate sends, and it receives what they send; signals, and exec.

use linux_socketpair::{
    ControlMessage, Credentials, Errno, IoSlice, IoSliceMut, MessageFlags, PollFd, PollFlags, RecvControl, RecvMessage,
    SendControl, SendMessage, Socket, UnixDatagram, UnixSeqpacket, UnixStream, fd, kind, poll, space,
};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
};
use std::{
    fs::File,
    mem::MaybeUninit,
    os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd},
    process::Command,
    ptr,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use hosted::{borrow, borrow_std, contents, files, in_qemu, into_std, on_signal, skip};

/// What was received: the bytes, the contents of the files that were passed, the credentials.
type Message = (Vec<u8>, Vec<u8>, Option<(i32, u32, u32)>);

fn crate_sends<T: kind::Kind>(socket: &Socket<T>, bytes: &[u8], files: &[File]) {
    let mut memory = vec![MaybeUninit::uninit(); space::rights(files.len())];
    let mut control = SendControl::new(&mut memory);
    if !files.is_empty() {
        control.push_rights(files.iter().map(borrow)).expect("there is memory");
    }
    assert_eq!(socket.send_message(&[IoSlice::new(bytes)], &control), Ok(bytes.len()));
}

fn crate_receives<T: kind::Kind>(socket: &Socket<T>) -> Message {
    let mut buf = [0; 64];
    let mut memory = [MaybeUninit::uninit(); space::CREDENTIALS + space::rights(253)];
    let mut control = RecvControl::new(&mut memory);
    let received = socket
        .recv_message(&mut [IoSliceMut::new(&mut buf)], &mut control)
        .expect("a message");
    let (mut passed, mut sender) = (Vec::new(), None);
    for message in control.messages().expect("nothing was discarded") {
        match message {
            ControlMessage::Rights(rights) => {
                passed.extend(contents(rights.map(|fd| into_std(fd.expect("a file descriptor")))));
            }
            ControlMessage::Credentials(Credentials { pid, uid, gid }) => sender = Some((pid, uid, gid)),
            other => panic!("{other:?}"),
        }
    }
    (buf[..received.len].to_vec(), passed, sender)
}

fn rustix_sends<T: kind::Kind>(socket: &Socket<T>, bytes: &[u8], files: &[File]) {
    let fds: Vec<BorrowedFd<'_>> = files.iter().map(std::os::fd::AsFd::as_fd).collect();
    let mut memory = vec![MaybeUninit::uninit(); 4096];
    let mut control = SendAncillaryBuffer::new(&mut memory);
    if !fds.is_empty() {
        assert!(control.push(SendAncillaryMessage::ScmRights(&fds)));
    }
    let sent = rustix::net::sendmsg(
        borrow_std(socket),
        &[std::io::IoSlice::new(bytes)],
        &mut control,
        SendFlags::empty(),
    );
    assert_eq!(sent.expect("sent"), bytes.len());
}

fn rustix_receives<T: kind::Kind>(socket: &Socket<T>) -> Message {
    let mut buf = [0; 64];
    let mut memory = vec![MaybeUninit::uninit(); 4096];
    let mut control = RecvAncillaryBuffer::new(&mut memory);
    let bufs = &mut [std::io::IoSliceMut::new(&mut buf)];
    let received =
        rustix::net::recvmsg(borrow_std(socket), bufs, &mut control, RecvFlags::CMSG_CLOEXEC).expect("a message");
    let (mut passed, mut sender) = (Vec::new(), None);
    for message in control.drain() {
        match message {
            RecvAncillaryMessage::ScmRights(rights) => passed.extend(contents(rights)),
            RecvAncillaryMessage::ScmCredentials(by) => {
                sender = Some((by.pid.as_raw_nonzero().get(), by.uid.as_raw(), by.gid.as_raw()));
            }
            _ => panic!("another control message"),
        }
    }
    (buf[..received.bytes].to_vec(), passed, sender)
}

fn libc_sends<T: kind::Kind>(socket: &Socket<T>, bytes: &[u8], files: &[File]) {
    let len = files.len() * 4;
    let mut memory = [0_usize; 512];
    let mut iov = libc::iovec {
        iov_base: bytes.as_ptr().cast_mut().cast(),
        iov_len: bytes.len(),
    };
    // SAFETY: the header is of zeros and what is set here; the memory has room for 253 file descriptors.
    unsafe {
        let mut header = MaybeUninit::<libc::msghdr>::zeroed().assume_init();
        (header.msg_iov, header.msg_iovlen) = (&raw mut iov, 1);
        if !files.is_empty() {
            header.msg_control = memory.as_mut_ptr().cast();
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
        assert_eq!(
            libc::sendmsg(borrow_std(socket).as_raw_fd(), &header, 0),
            bytes.len() as isize
        );
    }
}

fn libc_receives<T: kind::Kind>(socket: &Socket<T>) -> Message {
    let (mut buf, mut memory) = ([0_u8; 64], [0_usize; 512]);
    let mut iov = libc::iovec {
        iov_base: buf.as_mut_ptr().cast(),
        iov_len: buf.len(),
    };
    let (mut passed, mut sender) = (Vec::new(), None);
    // SAFETY: the header is of zeros and what is set here; the macros stay within the memory.
    let received = unsafe {
        let mut header = MaybeUninit::<libc::msghdr>::zeroed().assume_init();
        (header.msg_iov, header.msg_iovlen) = (&raw mut iov, 1);
        (header.msg_control, header.msg_controllen) = (memory.as_mut_ptr().cast(), size_of_val(&memory) as _);
        let received = libc::recvmsg(borrow_std(socket).as_raw_fd(), &mut header, libc::MSG_CMSG_CLOEXEC);
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

fn everything_is_received_by_every_receiver<T: kind::Kind>() {
    type Sender<T> = fn(&Socket<T>, &[u8], &[File]);
    type Receiver<T> = fn(&Socket<T>) -> Message;
    let senders: [(&str, Sender<T>); 3] = [("crate", crate_sends), ("rustix", rustix_sends), ("libc", libc_sends)];
    let receivers: [(&str, Receiver<T>); 3] = [
        ("crate", crate_receives),
        ("rustix", rustix_receives),
        ("libc", libc_receives),
    ];
    let all: Vec<u8> = (0..=252).collect();
    let own = (
        std::process::id() as i32,
        rustix::process::getuid().as_raw(),
        rustix::process::getgid().as_raw(),
    );
    for pass_credentials in [false, true] {
        let (a, b) = Socket::<T>::pair().expect("a pair");
        b.set_pass_credentials(pass_credentials).expect("an option");
        for (sender, send) in senders {
            for (receiver, receive) in receivers {
                for count in [0, 1, 2, 3, 100, 253] {
                    send(&a, b"bytes", &files(&all[..count]));
                    let expected = (
                        b"bytes".to_vec(),
                        all[..count].to_vec(),
                        pass_credentials.then_some(own),
                    );
                    assert_eq!(
                        receive(&b),
                        expected,
                        "{sender} sends {count} file descriptors, {receiver} receives"
                    );
                }
            }
        }
    }
}

#[test]
fn what_one_library_sends_another_receives() {
    everything_is_received_by_every_receiver::<kind::Stream>();
    everything_is_received_by_every_receiver::<kind::Datagram>();
    everything_is_received_by_every_receiver::<kind::Seqpacket>();
}

#[test]
fn credentials_arrive_as_they_were_sent() {
    let (a, b) = UnixSeqpacket::pair().expect("a pair");
    b.set_pass_credentials(true).expect("an option");
    let own = a.peer_credentials().expect("an option");
    let mut memory = [MaybeUninit::uninit(); space::CREDENTIALS];
    let mut control = SendControl::new(&mut memory);
    control.push_credentials(own).expect("there is memory");
    for receive in [crate_receives, rustix_receives, libc_receives] {
        a.send_message(&[IoSlice::new(b"I")], &control).expect("sent");
        assert_eq!(receive(&b), (b"I".to_vec(), vec![], Some((own.pid, own.uid, own.gid))));
    }
}

static SIGNALS: AtomicUsize = AtomicUsize::new(0);

extern "C" fn count_signal(_: i32) {
    SIGNALS.fetch_add(1, Ordering::Relaxed);
}

/// Sends SIGUSR1 to this thread repeatedly while `f` runs.
fn under_signals<T>(f: impl FnOnce() -> T) -> T {
    // SAFETY: the handler only counts, atomically.
    unsafe { on_signal(libc::SIGUSR1, count_signal) };
    let done = AtomicBool::new(false);
    // SAFETY: it has no conditions.
    let thread = unsafe { libc::pthread_self() };
    /// Also if `f` panics, or the scope would wait indefinitely.
    struct Done<'a>(&'a AtomicBool);
    impl Drop for Done<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    thread::scope(|scope| {
        let _done = Done(&done);
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                // SAFETY: the thread outlives the scope.
                unsafe { libc::pthread_kill(thread, libc::SIGUSR1) };
                thread::sleep(Duration::from_micros(50));
            }
        });
        f()
    })
}

/// Sends and receives under signals in two threads. The one that starts first is interrupted before anything was sent or
/// received.
fn send_and_receive_under_signals(send: impl Fn(&UnixStream, &[u8]) + Sync, receive: impl Fn(&UnixStream, &mut [u8])) {
    let content: Vec<u8> = (0..4 << 20).map(|at| (at % 251) as u8).collect();
    let before = SIGNALS.load(Ordering::Relaxed);
    for [sender_waits, receiver_waits] in [[0, 20], [20, 0]].map(|waits| waits.map(Duration::from_millis)) {
        let (a, b) = UnixStream::pair().expect("a pair");
        // The one that fails closes its end, so the other doesn't wait indefinitely.
        thread::scope(|scope| {
            let (b, send, content) = (b, &send, &content);
            scope.spawn(move || {
                thread::sleep(sender_waits);
                under_signals(|| send(&a, content));
            });
            thread::sleep(receiver_waits);
            let mut received = vec![0; content.len()];
            under_signals(|| receive(&b, &mut received));
            assert!(received == *content);
        });
    }
    assert!(SIGNALS.load(Ordering::Relaxed) > before, "there were signals");
}

#[test]
fn send_all_and_recv_exact_continue_after_signals() {
    send_and_receive_under_signals(
        |socket, bytes| socket.send_all(bytes).expect("all is sent"),
        |socket, buf| socket.recv_exact(buf).expect("all is received"),
    );
}

/// With descriptors at the beginning and in the middle, of which each arrives once.
#[test]
fn whole_messages_continue_after_signals_with_their_file_descriptors() {
    let send = |socket: &UnixStream, content: &[u8]| {
        let files = files(&[1, 2, 3]);
        let mut memory = [MaybeUninit::uninit(); space::rights(2)];
        let mut control = SendControl::new(&mut memory);
        for (bytes, files) in [(&content[..1001], &files[..2]), (&content[1001..], &files[2..])] {
            control.push_rights(files.iter().map(borrow)).expect("there is memory");
            let (one, two) = bytes.split_at(bytes.len() / 3);
            socket
                .send_message_all(&mut [IoSlice::new(one), IoSlice::new(two)], &mut control)
                .expect("all is sent");
        }
    };
    send_and_receive_under_signals(send, |socket, buf| {
        let mut memory = [MaybeUninit::uninit(); 2 * space::rights(2)];
        let mut control = RecvControl::new(&mut memory);
        socket
            .recv_message_exact(&mut [IoSliceMut::new(buf)], &mut control)
            .expect("all is received");
        let fds = control.descriptors().expect("nothing was discarded");
        assert_eq!(
            contents(fds.map(|fd| into_std(fd.expect("a file descriptor")))),
            [1, 2, 3]
        );
    });
}

/// Of each message its bytes, and the contents of the files that were passed.
type Many = Vec<(Vec<u8>, Vec<u8>)>;

fn crate_sends_many<T: kind::Messages>(socket: &Socket<T>, messages: &[(&[u8], &[File])]) -> usize {
    let mut memory = vec![[MaybeUninit::uninit(); space::rights(3)]; messages.len()];
    let controls: Vec<_> = memory
        .iter_mut()
        .zip(messages)
        .map(|(memory, (_, files))| {
            let mut control = SendControl::new(memory);
            control.push_rights(files.iter().map(borrow)).expect("there is memory");
            control
        })
        .collect();
    let bufs: Vec<_> = messages.iter().map(|(bytes, _)| [IoSlice::new(bytes)]).collect();
    let messages = bufs.iter().zip(&controls).zip(messages);
    let mut messages: Vec<_> = messages
        .map(|((bufs, control), (_, files))| match files {
            [] => SendMessage::new(bufs),
            _ => SendMessage::with_control(bufs, control),
        })
        .collect();
    socket.send_messages(&mut messages).expect("sent")
}

fn crate_receives_many<T: kind::Messages>(socket: &Socket<T>, count: usize) -> Many {
    let mut memory = vec![[MaybeUninit::uninit(); space::rights(3)]; count];
    let mut controls: Vec<_> = memory.iter_mut().map(|memory| RecvControl::new(memory)).collect();
    let mut memory = vec![[0; 64]; count];
    let mut bufs: Vec<_> = memory.iter_mut().map(|buf| [IoSliceMut::new(buf)]).collect();
    let mut messages: Vec<_> = bufs.iter_mut().map(|bufs| RecvMessage::new(bufs)).collect();
    let count = socket.recv_messages(&mut messages, &mut controls).expect("received");
    let messages = messages.iter().zip(&mut controls).take(count);
    let message = |(message, control): (&RecvMessage<'_>, &mut RecvControl<'_>)| {
        let len = message.received().expect("whole").len;
        let fds = control.descriptors().expect("nothing was discarded");
        (
            message.bufs()[0][..len].to_vec(),
            contents(fds.map(|fd| into_std(fd.expect("a file descriptor")))),
        )
    };
    messages.map(message).collect()
}

/// Headers of libc, each with memory for 64 bytes and for three file descriptors.
struct LibcMessages {
    headers: Vec<libc::mmsghdr>,
    iovecs: Vec<libc::iovec>,
    bytes: Vec<[u8; 64]>,
    control: Vec<[usize; 8]>,
}

impl LibcMessages {
    fn new(count: usize) -> Self {
        // SAFETY: any bytes make a header.
        let header = || unsafe { MaybeUninit::<libc::mmsghdr>::zeroed().assume_init() };
        let mut this = Self {
            headers: (0..count).map(|_| header()).collect(),
            iovecs: Vec::new(),
            bytes: vec![[0; 64]; count],
            control: vec![[0; 8]; count],
        };
        this.iovecs = this
            .bytes
            .iter_mut()
            .map(|bytes| libc::iovec {
                iov_base: bytes.as_mut_ptr().cast(),
                iov_len: 64,
            })
            .collect();
        for ((header, iovec), control) in this.headers.iter_mut().zip(&mut this.iovecs).zip(&mut this.control) {
            (header.msg_hdr.msg_iov, header.msg_hdr.msg_iovlen) = (iovec, 1);
            header.msg_hdr.msg_control = control.as_mut_ptr().cast();
            header.msg_hdr.msg_controllen = size_of_val(control) as _;
        }
        this
    }
}

fn libc_sends_many<T: kind::Messages>(socket: &Socket<T>, messages: &[(&[u8], &[File])]) -> usize {
    let mut memory = LibcMessages::new(messages.len());
    for (at, (bytes, files)) in messages.iter().enumerate() {
        memory.bytes[at][..bytes.len()].copy_from_slice(bytes);
        memory.iovecs[at].iov_len = bytes.len();
        let header = &mut memory.headers[at].msg_hdr;
        let len = size_of_val(*files) as u32 / size_of::<File>() as u32 * 4;
        // SAFETY: there is memory for three file descriptors.
        unsafe {
            header.msg_controllen = if len > 0 { libc::CMSG_SPACE(len) as _ } else { 0 };
            if let Some(message) = libc::CMSG_FIRSTHDR(header).as_mut() {
                (message.cmsg_level, message.cmsg_type) = (libc::SOL_SOCKET, libc::SCM_RIGHTS);
                message.cmsg_len = libc::CMSG_LEN(len) as _;
                let payload = libc::CMSG_DATA(message).cast::<i32>();
                for (at, file) in files.iter().enumerate() {
                    payload.add(at).write_unaligned(file.as_raw_fd());
                }
            }
        }
    }
    let (at, len) = (memory.headers.as_mut_ptr(), memory.headers.len() as u32);
    // SAFETY: the headers point to memory that is as long as they say.
    unsafe { libc::sendmmsg(borrow_std(socket).as_raw_fd(), at, len, 0) as usize }
}

fn libc_receives_many<T: kind::Messages>(socket: &Socket<T>, count: usize) -> Many {
    let mut memory = LibcMessages::new(count);
    let (at, len) = (memory.headers.as_mut_ptr(), memory.headers.len() as u32);
    let flags = libc::MSG_WAITFORONE | libc::MSG_CMSG_CLOEXEC;
    // SAFETY: the headers point to memory that is as long as they say.
    let count = unsafe { libc::recvmmsg(borrow_std(socket).as_raw_fd(), at, len, flags as _, ptr::null_mut()) };
    let headers = memory.headers.iter().zip(&memory.bytes).take(count as usize);
    headers
        .map(|(header, bytes)| {
            let mut fds = Vec::new();
            // SAFETY: the kernel wrote the messages, and installed the file descriptors.
            unsafe {
                let message = libc::CMSG_FIRSTHDR(&header.msg_hdr);
                if !message.is_null() {
                    let payload = libc::CMSG_DATA(message).cast::<i32>();
                    let len = ((*message).cmsg_len as usize - libc::CMSG_LEN(0) as usize) / 4;
                    fds.extend((0..len).map(|at| OwnedFd::from_raw_fd(payload.add(at).read_unaligned())));
                }
            }
            (bytes[..header.msg_len as usize].to_vec(), contents(fds))
        })
        .collect()
}

fn many_messages_are_received_by_every_receiver<T: kind::Messages>() {
    type Sender<T> = fn(&Socket<T>, &[(&[u8], &[File])]) -> usize;
    type Receiver<T> = fn(&Socket<T>, usize) -> Many;
    let senders: [(&str, Sender<T>); 2] = [("crate", crate_sends_many), ("libc", libc_sends_many)];
    let receivers: [(&str, Receiver<T>); 2] = [("crate", crate_receives_many), ("libc", libc_receives_many)];
    let files = files(&[1, 2, 3]);
    let all: [(&[u8], &[File]); 6] = [
        (b"one", &files[..1]),
        (b"", &[]),
        (b"two and three", &files[1..]),
        (&[7; 64], &files),
        (b"4", &[]),
        (b"5", &files[2..]),
    ];
    let expected: Many = all
        .iter()
        .map(|(bytes, files)| {
            let copies = files.iter().map(|file| file.try_clone().expect("a duplicate").into());
            (bytes.to_vec(), contents(copies))
        })
        .collect();
    let (a, b) = Socket::<T>::pair().expect("a pair");
    for (sender, send) in senders {
        for (receiver, receive) in receivers {
            for count in [1, 2, 6] {
                for room in [1, 2, 5, 6, 7, 30] {
                    let names = format!("{sender} sends {count}, {receiver} receives {room}");
                    assert_eq!(send(&a, &all[..count]), count, "{names}");
                    let mut received = Many::new();
                    while received.len() < count {
                        let more = receive(&b, room);
                        assert_eq!(more.len(), room.min(count - received.len()), "{names}");
                        received.extend(more);
                    }
                    assert_eq!(received, expected[..count], "{names}");
                }
            }
        }
    }
}

#[test]
fn many_messages_that_one_library_sends_another_receives() {
    if in_qemu() {
        return skip("many messages", "QEMU user mode receives no empty one");
    }
    many_messages_are_received_by_every_receiver::<kind::Datagram>();
    many_messages_are_received_by_every_receiver::<kind::Seqpacket>();
}

#[test]
fn a_signal_interrupts_a_call_that_waits() {
    let (a, b) = UnixDatagram::pair().expect("a pair");
    assert_eq!(under_signals(|| b.recv(&mut [0; 8])), Err(Errno::EINTR));
    assert_eq!(under_signals(|| b.next_message_len()), Err(Errno::EINTR));
    let mut buf = [0; 8];
    let mut bufs = [IoSliceMut::new(&mut buf)];
    let mut messages = [RecvMessage::new(&mut bufs)];
    assert_eq!(
        under_signals(|| b.recv_messages(&mut messages, &mut [])),
        Err(Errno::EINTR)
    );
    // It leaves no error behind.
    assert_eq!(b.take_error(), Ok(None));
    let mut fds = [PollFd::new(&b, PollFlags::IN)];
    assert_eq!(under_signals(|| poll(&mut fds, None)), Err(Errno::EINTR));
    while a.send_with_flags(&[0; 4000], MessageFlags::DONTWAIT).is_ok() {}
    assert_eq!(under_signals(|| a.send(&[0; 4000])), Err(Errno::EINTR));
}

#[test]
fn a_child_inherits_only_the_file_descriptors_that_are_not_close_on_exec() {
    let (a, b) = UnixSeqpacket::pair().expect("a pair");
    let mut sent = [MaybeUninit::uninit(); space::rights(1)];
    let mut sent = SendControl::new(&mut sent);
    sent.push_rights([fd::AsFd::as_fd(&a)]).expect("there is memory");
    let mut memory = [MaybeUninit::uninit(); space::rights(1)];
    let mut control = RecvControl::new(&mut memory);
    let mut receive = |close_on_exec| {
        a.send_message(&[IoSlice::new(b"x")], &sent).expect("sent");
        control.set_close_on_exec(close_on_exec);
        b.recv_message(&mut [IoSliceMut::new(&mut [0])], &mut control)
            .expect("received");
        let fd = control.descriptors().expect("nothing was discarded").next();
        into_std(fd.expect("one").expect("a file descriptor"))
    };
    let (passed, inherited) = (receive(true), receive(false));
    let duplicate = into_std(a.try_clone().expect("a duplicate"));
    let is_open_in_child = |fd: i32| {
        let script = format!("test -e /proc/$$/fd/{fd}");
        Command::new("sh")
            .args(["-c", &script])
            .status()
            .expect("a shell")
            .success()
    };
    let ends = [borrow_std(&a), borrow_std(&b)].map(|fd| fd.as_raw_fd());
    for fd in [ends[0], ends[1], passed.as_raw_fd(), duplicate.as_raw_fd()] {
        assert!(!is_open_in_child(fd), "{fd} is close-on-exec");
    }
    assert!(is_open_in_child(inherited.as_raw_fd()));
    fd::set_close_on_exec(borrow(&passed), false).expect("set");
    assert!(is_open_in_child(passed.as_raw_fd()));
}
