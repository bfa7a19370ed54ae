//! The system calls that the crate has no function for.

use core::{ffi::CStr, fmt, mem::MaybeUninit, time::Duration};
#[cfg(target_pointer_width = "64")]
use linux_raw_sys::general::__NR_clock_gettime as CLOCK_GETTIME;
// Since Linux 5.1.
#[cfg(target_pointer_width = "32")]
use linux_raw_sys::general::__NR_clock_gettime64 as CLOCK_GETTIME;
use linux_raw_sys::{general::*, prctl::PR_SET_CHILD_SUBREAPER};
use linux_socketpair::process::Signal;
use linux_socketpair::{Errno, FromRawFd, OwnedFd, poll, syscall};

/// All processes but this one. Only PID 1 signals them: for any other process they would be all of the user's.
pub const EVERYTHING: i32 = -1;

/// How the machine ends.
#[derive(Clone, Copy)]
pub enum Shutdown {
    PowerOff = LINUX_REBOOT_CMD_POWER_OFF as isize,
    Restart = LINUX_REBOOT_CMD_RESTART as isize,
}

impl fmt::Display for Shutdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PowerOff => "power off",
            Self::Restart => "restart",
        })
    }
}

/// Time since the machine was started.
pub fn now() -> Duration {
    let mut time = MaybeUninit::<__kernel_timespec>::zeroed();
    // SAFETY: the kernel writes `time`, in which zeros are valid too.
    let time = unsafe {
        let _ = syscall::<CLOCK_GETTIME>([CLOCK_MONOTONIC as usize, time.as_mut_ptr() as usize, 0, 0, 0, 0]);
        time.assume_init()
    };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

pub fn sleep(time: Duration) {
    let _ = poll(&mut [], Some(time));
}

/// A call whose arguments are numbers alone.
fn call<const NUMBER: u32>(a: usize, b: usize, c: usize) -> Result<usize, Errno> {
    // SAFETY: it is used for calls that access no memory.
    unsafe { syscall::<NUMBER>([a, b, c, 0, 0, 0]) }
}

pub fn id() -> i32 {
    call::<__NR_getpid>(0, 0, 0).map_or(0, |id| id as i32)
}

pub fn parent_id() -> i32 {
    call::<__NR_getppid>(0, 0, 0).map_or(0, |id| id as i32)
}

pub fn is_pid_1() -> bool {
    id() == 1
}

pub fn kill(id: i32, signal: Signal) {
    let _ = call::<__NR_kill>(id as usize, signal.as_raw() as usize, 0);
}

pub fn exit(status: i32) -> ! {
    loop {
        let _ = call::<__NR_exit_group>(status as usize, 0, 0);
    }
}

/// Orphans become children of this process, as they do of PID 1.
pub fn adopt_orphans() {
    let _ = call::<__NR_prctl>(PR_SET_CHILD_SUBREAPER as usize, 1, 0);
}

/// From now on Ctrl-Alt-Del is SIGINT for PID 1; before, it restarts the machine at once.
pub fn catch_ctrl_alt_del() {
    reboot(LINUX_REBOOT_CMD_CAD_OFF);
}

/// Writes what is in memory to the disks and ends the machine. Any other process than PID 1 exits, and so does a container's
/// PID 1 that may not end the machine.
pub fn shut_down(how: Shutdown) -> ! {
    if is_pid_1() {
        let _ = call::<__NR_sync>(0, 0, 0);
        reboot(how as u32);
    }
    exit(0)
}

fn reboot(command: u32) {
    let _ = call::<__NR_reboot>(
        LINUX_REBOOT_MAGIC1 as usize,
        LINUX_REBOOT_MAGIC2 as usize,
        command as usize,
    );
}

pub fn open(path: &CStr, flags: u32) -> Result<OwnedFd, Errno> {
    let flags = flags | O_NOCTTY;
    let arguments = [AT_FDCWD as usize, path.as_ptr() as usize, flags as usize, 0, 0, 0];
    // SAFETY: `path` ends with NUL, and the file descriptor is new.
    unsafe { syscall::<__NR_openat>(arguments).map(|fd| OwnedFd::from_raw_fd(fd as i32)) }
}

/// Makes a file that is the console: character device 5, 1.
pub fn make_console(path: &CStr) -> Result<(), Errno> {
    let (mode, device) = (S_IFCHR | 0o600, 5 << 8 | 1);
    let arguments = [AT_FDCWD as usize, path.as_ptr() as usize, mode as usize, device, 0, 0];
    // SAFETY: `path` ends with NUL.
    unsafe { syscall::<__NR_mknodat>(arguments) }.map(drop)
}
