//! Makes a pair of each type, sends bytes both ways, and shows what it did.
//!
//! ```sh
//! cargo run --example pair
//! ```

use linux_socketpair::{Domain, Errno, RawFd, SocketFlags, SocketType, close, read, socketpair, write};

fn main() -> Result<(), Errno> {
    for ty in [SocketType::STREAM, SocketType::DGRAM, SocketType::SEQPACKET] {
        let [a, b] = socketpair(Domain::UNIX, ty, SocketFlags::CLOEXEC, 0)?;
        println!("{ty}: file descriptors {a} and {b}");
        send(a, b, "ping")?;
        send(b, a, "pong, two of them")?;
        // SAFETY: `main` owns both descriptors, and does not use them again.
        unsafe {
            close(a)?;
            close(b)?;
        }
    }
    // TCP has no pairs.
    match socketpair(Domain::INET, SocketType::STREAM, SocketFlags::CLOEXEC, 0) {
        Ok(_) => unreachable!("Linux has never done that"),
        Err(errno) => println!("INET, STREAM: errno {}, {errno}", errno.raw_os_error()),
    }
    Ok(())
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
