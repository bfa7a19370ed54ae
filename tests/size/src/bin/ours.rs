#![no_std]
#![no_main]

use linux_socketpair::{Domain, Errno, SocketFlags, SocketType, read, socketpair, write};

fn use_pair() -> Result<(), Errno> {
    let [a, b] = socketpair(Domain::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, 0)?;
    let mut buf = 0_u64.to_ne_bytes(); // one word is cleared in fewer bytes than five bytes are
    // SAFETY: the descriptors are owned here, and the kernel reads no more than `buf` holds.
    unsafe {
        write(a, b"hello")?;
        let len = read(b, &mut buf)?;
        write(1, buf.get_unchecked(..len))?;
    }
    Ok(())
}

#[unsafe(no_mangle)]
extern "C" fn main() -> ! {
    size::exit(match use_pair() {
        Ok(()) => 0,
        Err(errno) => errno.raw_os_error(),
    })
}
