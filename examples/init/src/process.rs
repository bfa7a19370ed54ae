//! The few system calls that are no business of a socket's: processes, and the machine's end.

use core::{fmt, ptr};
use linux_raw_sys::general::*;
use linux_socketpair::{AsRawFd, BorrowedFd, Errno, RawFd};

use crate::machine::{fork, syscall6, wait};

/// A program's arguments as the kernel leaves them: pointers to strings, the last of which is null.
pub type Arguments = *const *const u8;

unsafe fn syscall<const N: usize>(number: u32, arguments: [usize; N]) -> Result<usize, Errno> {
    let mut all = [0; 6];
    all.iter_mut()
        .zip(arguments)
        .for_each(|(all, argument)| *all = argument);
    // SAFETY: the caller answers for the call.
    decode(unsafe { syscall6(number, all) })
}

fn decode(ret: isize) -> Result<usize, Errno> {
    match Errno::from_raw_os_error(ret.wrapping_neg() as i32) {
        Some(errno) if ret < 0 => Err(errno),
        _ => Ok(ret as usize),
    }
}

pub fn exit(status: i32) -> ! {
    loop {
        // SAFETY: it ends the program.
        let _ = unsafe { syscall(__NR_exit_group, [status as usize]) };
    }
}

pub fn id() -> i32 {
    // SAFETY: it has no arguments.
    unsafe { syscall(__NR_getpid, []) }.map_or(0, |pid| pid as i32)
}

/// Ends this process as a fault would.
pub fn kill_self() -> ! {
    // SAFETY: it touches no memory.
    let _ = unsafe { syscall(__NR_kill, [id() as usize, SIGKILL as usize]) };
    exit(1)
}

/// Starts the program at `path` in a process of its own, where `channel` is descriptor `at`; returns its number.
///
/// # Safety
///
/// `path` is a string that ends with NUL, and `arguments` such as [`Arguments`] says.
pub unsafe fn start(path: *const u8, arguments: Arguments, channel: BorrowedFd<'_>, at: RawFd) -> Result<i32, Errno> {
    // SAFETY: this program has one thread; the child goes on below.
    let pid = decode(unsafe { fork() })?;
    if pid != 0 {
        return Ok(pid as i32);
    }
    // SAFETY: the child has one thread and no use for what `at` was; the strings are as the caller says.
    unsafe {
        // Unlike `channel`, its duplicate stays open on exec. The numbers differ: `at` is below those that are given out.
        if syscall(__NR_dup3, [channel.as_raw_fd() as usize, at as usize, 0]).is_ok() {
            let _ = syscall(
                __NR_execve,
                [path as usize, arguments as usize, ptr::null::<u8>() as usize],
            );
        }
    }
    exit(127)
}

/// Waits for a child that has ended, if there is one: its number and its wait status.
pub fn reap() -> Result<Option<(i32, i32)>, Errno> {
    let (ret, status) = wait(-1, WNOHANG);
    let pid = decode(ret)? as i32;
    Ok((pid != 0).then_some((pid, status)))
}

/// Writes what is in memory to the disks, and turns the machine off. Whoever is not PID 1 just exits.
pub fn power_off() -> ! {
    if id() == 1 {
        let command = [LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_POWER_OFF].map(|word| word as usize);
        // SAFETY: neither touches memory of ours.
        let _ = unsafe { (syscall(__NR_sync, []), syscall(__NR_reboot, command)) };
    }
    exit(0)
}

/// Standard output: for PID 1 the console.
pub struct Console;

impl fmt::Write for Console {
    fn write_str(&mut self, mut text: &str) -> fmt::Result {
        while !text.is_empty() {
            // SAFETY: nobody in this program owns or closes standard output.
            let written = unsafe { linux_socketpair::write(1, text.as_bytes()) }.map_err(|_| fmt::Error)?;
            text = text.get(written..).unwrap_or_default();
        }
        Ok(())
    }
}
