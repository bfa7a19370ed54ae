//! From how many messages on it pays to send them with one system call and to receive them with one, compared with a call for
//! each, through one socket, in one thread. Sending and receiving all of them is timed: plain, compared with `send` and `recv`,
//! and with the sender's credentials, compared with `send_message` and `recv_message`.

use std::{fs, mem::MaybeUninit, slice, time::Instant};

use linux_socketpair::{
    Errno, IoSlice, IoSliceMut, RecvControl, RecvMessage, SendControl, SendMessage, Socket,
    kind::{Datagram, Messages, Seqpacket},
    space,
};

const COUNTS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];
const LENGTHS: [usize; 2] = [1, 1024];
/// The least time counts: whatever else the machine does only adds to it.
const ROUNDS: usize = 200;
/// The messages of a sample, however many of them a call has.
const MESSAGES: usize = 768;

/// Nanoseconds per message.
struct Times {
    single: f64,
    many: f64,
}

/// Nanoseconds per message, `count` at a time.
fn time(count: usize, mut send_and_receive: impl FnMut()) -> f64 {
    let repeats = MESSAGES / count;
    let begins = Instant::now();
    (0..repeats).for_each(|_| send_and_receive());
    begins.elapsed().as_nanos() as f64 / (repeats * count) as f64
}

/// With `count` messages at a time; the two ways take turns.
fn measure<T: Messages>(count: usize, len: usize, credentials: bool) -> Result<Times, Errno> {
    let (a, b) = Socket::<T>::pair()?;
    b.set_pass_credentials(credentials)?;
    let sent = vec![7; len];
    let sent_bufs = [IoSlice::new(&sent)];
    let mut to_send: Vec<_> = (0..count).map(|_| SendMessage::new(&sent_bufs)).collect();
    let mut memory = vec![vec![0; len]; count];
    let mut bufs: Vec<_> = memory.iter_mut().map(|buf| [IoSliceMut::new(buf)]).collect();
    let mut to_recv: Vec<_> = bufs.iter_mut().map(|bufs| RecvMessage::new(bufs)).collect();
    let mut memory = vec![[MaybeUninit::uninit(); space::CREDENTIALS]; if credentials { count } else { 0 }];
    let mut controls: Vec<_> = memory.iter_mut().map(|memory| RecvControl::new(memory)).collect();

    let (mut buf, mut memory) = (vec![0; len], [MaybeUninit::uninit(); space::CREDENTIALS]);
    let mut control = RecvControl::new(&mut memory);
    let nothing = SendControl::new(&mut []);
    let mut plain = || {
        for _ in 0..count {
            assert_eq!(a.send(&sent), Ok(len));
        }
        for _ in 0..count {
            assert_eq!(b.recv(&mut buf), Ok(len));
        }
    };
    let mut buf = vec![0; len];
    let mut with_credentials = || {
        for _ in 0..count {
            assert_eq!(a.send_message(&sent_bufs, &nothing), Ok(len));
        }
        let mut buf = IoSliceMut::new(&mut buf);
        for _ in 0..count {
            let received = b.recv_message(slice::from_mut(&mut buf), &mut control);
            assert_eq!(received.map(|received| received.len), Ok(len));
            assert!(!control.is_empty());
        }
    };
    let mut many = || {
        assert_eq!(a.send_messages(&mut to_send), Ok(count));
        assert_eq!(b.recv_messages(&mut to_recv, &mut controls), Ok(count));
        for message in &to_recv {
            assert_eq!(message.received().map(|received| received.len), Ok(len));
        }
        assert!(!controls.iter().any(RecvControl::is_empty));
    };
    let mut round = || Times {
        single: if credentials {
            time(count, &mut with_credentials)
        } else {
            time(count, &mut plain)
        },
        many: time(count, &mut many),
    };
    let first = round();
    Ok((0..ROUNDS).fold(first, |least, _| {
        let times = round();
        Times {
            single: least.single.min(times.single),
            many: least.many.min(times.many),
        }
    }))
}

fn print<T: Messages>(name: &str) -> Result<(), Errno> {
    for (credentials, what) in [(false, "plain"), (true, "with credentials")] {
        for len in LENGTHS {
            println!("\n## {name}, {len} byte{}, {what}\n", if len == 1 { "" } else { "s" });
            println!("| messages | single calls, ns a message | one call, ns a message | one call takes |");
            println!("|--:|--:|--:|--:|");
            for count in COUNTS {
                let Times { single, many } = measure::<T>(count, len, credentials)?;
                println!("| {count} | {single:.0} | {many:.0} | {:.2} |", many / single);
            }
        }
    }
    Ok(())
}

fn main() -> Result<(), Errno> {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    println!("Linux {}", release.trim());
    print::<Datagram>("DGRAM")?;
    print::<Seqpacket>("SEQPACKET")
}
