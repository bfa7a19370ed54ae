//! Makes a pair of each type, sends bytes both ways, and shows what it did.
//!
//! ```sh
//! cargo run --example pair
//! ```

use linux_socketpair::{Domain, Errno, RawFd, SocketFlags, SocketType, close, explain, read, socketpair, write};
use std::process::ExitCode;

/// The arguments of every call.
const FLAGS: SocketFlags = SocketFlags::CLOEXEC;
const PROTOCOL: i32 = 0;

fn main() -> ExitCode {
    for ty in [SocketType::STREAM, SocketType::DGRAM, SocketType::SEQPACKET] {
        match socketpair(Domain::UNIX, ty, FLAGS, PROTOCOL) {
            Ok(pair) => {
                if let Err(errno) = use_pair(ty, pair) {
                    eprintln!("{ty}: {errno}");
                    return ExitCode::FAILURE;
                }
            }
            Err(errno) => {
                let cause = explain::socketpair(Domain::UNIX, ty, FLAGS, PROTOCOL, errno).in_detail();
                eprintln!("{ty}: {cause}");
                return ExitCode::FAILURE;
            }
        }
    }
    // TCP has no pairs.
    match socketpair(Domain::INET, SocketType::STREAM, FLAGS, PROTOCOL) {
        Ok(_) => unreachable!("no Linux supports that"),
        Err(errno) => {
            let cause = explain::socketpair(Domain::INET, SocketType::STREAM, FLAGS, PROTOCOL, errno);
            println!("INET, STREAM: errno {}, {cause}", errno.raw_os_error());
        }
    }
    ExitCode::SUCCESS
}

fn use_pair(ty: SocketType, [a, b]: [RawFd; 2]) -> Result<(), Errno> {
    println!("{ty}: file descriptors {a} and {b}");
    send(a, b, "ping")?;
    send(b, a, "pong, two of them")?;
    // SAFETY: `main` owns both descriptors, and does not use them again.
    unsafe {
        close(a)?;
        close(b)
    }
}

fn send(from: RawFd, to: RawFd, text: &str) -> Result<(), Errno> {
    let mut buf = [0; 64];
    // SAFETY: `main` owns both descriptors.
    let (sent, received) = unsafe { (write(from, text.as_bytes())?, read(to, &mut buf)?) };
    println!(
        "  {from} -> {to}: {sent} bytes sent, {received} received: {:?}",
        String::from_utf8_lossy(&buf[..received])
    );
    Ok(())
}
