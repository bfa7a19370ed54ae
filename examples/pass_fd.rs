//! A parent passes an open file to a forked child, which reads it without opening it.
//!
//! ```sh
//! cargo run --features std --example pass_fd
//! ```

use linux_socketpair::{IoSlice, IoSliceMut, RecvControl, SendControl, UnixSeqpacket, space};
use std::fs::File;
use std::io::{self, Read};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd};
use std::process::ExitCode;

// Functions of libc, which the standard library links.
unsafe extern "C" {
    fn fork() -> i32;
    fn waitpid(pid: i32, status: &mut i32, options: i32) -> i32;
}

fn main() -> io::Result<ExitCode> {
    let (ours, theirs) = UnixSeqpacket::pair()?;
    // SAFETY: this program has one thread, so the child may do what any program does.
    match unsafe { fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            drop(ours);
            child(&theirs).map(|()| ExitCode::SUCCESS)
        }
        pid => {
            drop(theirs);
            parent(&ours)?;
            let mut status = 0;
            // SAFETY: it writes `status` alone.
            unsafe { waitpid(pid, &mut status, 0) };
            println!("parent: the child ended with status {status}");
            Ok(ExitCode::from(u8::from(status != 0)))
        }
    }
}

fn parent(socket: &UnixSeqpacket) -> io::Result<()> {
    let file = File::open("/proc/version")?;
    println!("parent: passes file descriptor {}", file.as_raw_fd());

    let mut memory = [MaybeUninit::uninit(); space::rights(1)];
    let mut control = SendControl::new(&mut memory);
    control.push_rights([file.as_fd()])?;
    socket.send_message(&[IoSlice::new(b"read this")], &control)?;
    Ok(())
}

fn child(socket: &UnixSeqpacket) -> io::Result<()> {
    let mut text = [0; 16];
    let mut memory = [MaybeUninit::uninit(); space::rights(1)];
    let mut control = RecvControl::new(&mut memory);
    let received = socket.recv_message(&mut [IoSliceMut::new(&mut text)], &mut control)?;
    println!("child: receives {:?}", String::from_utf8_lossy(&text[..received.len]));

    // An error if a file descriptor was discarded.
    for descriptor in control.descriptors()? {
        let mut file = File::from(descriptor?);
        let mut content = [0; 64];
        let len = file.read(&mut content)?;
        let content = String::from_utf8_lossy(&content[..len]);
        println!("child: reads {content:?} from file descriptor {}", file.as_raw_fd());
    }
    Ok(())
}
