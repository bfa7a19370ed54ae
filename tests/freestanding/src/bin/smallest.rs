//! All raw functions in a program without libc and without `memcpy`: it links only if no call of the crate needs
//! either.

#![no_std]
#![no_main]

use core::panic::PanicInfo;
use freestanding::{Arguments, raw};
use linux_socketpair::{Domain, Errno, SocketFlags, SocketType, close, read, socketpair, socketpair_into, write};

#[unsafe(no_mangle)]
#[inline(never)]
fn make_pair() -> Result<[i32; 2], Errno> {
    socketpair(Domain::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, 0)
}

fn use_pair() -> Result<(), Errno> {
    let [a, b] = make_pair()?;
    // Not `[0; 8]`, for which an unoptimized build would call `memset`.
    let mut buf = 0_u64.to_ne_bytes();
    let mut sv = [0, 0];
    // SAFETY: all descriptors and all memory are ours.
    unsafe {
        write(a, b"hello")?;
        let len = read(b, &mut buf)?;
        write(1, buf.get(..len).unwrap_or(&[]))?;
        close(a)?;
        close(b)?;
        socketpair_into(Domain::UNIX, SocketType::DGRAM, SocketFlags::empty(), 0, &mut sv)?;
        close(sv[0])?;
        close(sv[1])
    }
}

#[unsafe(no_mangle)]
fn main(_: Arguments) -> i32 {
    match use_pair() {
        Ok(()) => 0,
        Err(errno) => errno.raw_os_error(),
    }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    raw::exit(101)
}
