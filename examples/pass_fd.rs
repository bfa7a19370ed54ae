//! A parent hands an open file to a forked child, which reads it though it never opened it.
//!
//! ```sh
//! cargo run --example pass_fd
//! ```

use linux_socketpair::{
    ControlMessage, Descriptor, Errno, IoSlice, IoSliceMut, MessageFlags, RecvControl, SendControl,
};
use linux_socketpair::{Socket, read, space};
use std::{fs::File, os::fd::IntoRawFd, process::ExitCode};

const NONE: MessageFlags = MessageFlags::empty();

fn main() -> ExitCode {
    let [ours, theirs] = Socket::seqpacket_pair().expect("a pair");
    // SAFETY: this program has one thread, so the child may do whatever a program does.
    match unsafe { libc::fork() } {
        -1 => ExitCode::FAILURE,
        0 => {
            drop(ours);
            child(&theirs).map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
        }
        pid => {
            drop(theirs);
            parent(&ours).expect("the file is passed");
            let mut status = 0;
            // SAFETY: `status` is ours.
            unsafe { libc::waitpid(pid, &mut status, 0) };
            println!("parent: the child ended with status {status}");
            ExitCode::from(u8::from(status != 0))
        }
    }
}

fn parent(socket: &Socket) -> Result<(), Errno> {
    let file = File::open("/proc/version").expect("a file");
    // SAFETY: the file's descriptor is nobody else's any more.
    let file = unsafe { Descriptor::from_raw_fd(file.into_raw_fd()) };
    println!("parent: passes descriptor {}", file.as_raw_fd());

    let files = [file];
    let mut control = SendControl::<{ space::rights(1) }>::new();
    control.rights(&files)?;
    socket.send_message(&[IoSlice::new(b"read this")], &control, NONE)?;
    Ok(())
}

fn child(socket: &Socket) -> Result<(), Errno> {
    let mut text = [0; 16];
    let mut control = RecvControl::<{ space::rights(1) }>::new();
    let received = socket.recv_message(&mut [IoSliceMut::new(&mut text)], &mut control, NONE)?;
    println!("child: is told {:?}", String::from_utf8_lossy(&text[..received.len]));

    // An error if anything that was passed had to be left out.
    for message in control.messages()? {
        if let ControlMessage::Rights(files) = message {
            for file in files {
                let mut content = [0; 64];
                // SAFETY: the descriptor is ours.
                let len = unsafe { read(file.as_raw_fd(), &mut content)? };
                let content = String::from_utf8_lossy(&content[..len]);
                println!("child: reads {content:?} from descriptor {}", file.as_raw_fd());
            }
        }
    }
    Ok(())
}
