//! The limits on file descriptors, and raising them.

use std::{fs, mem::MaybeUninit};

use crate::proc;

/// Bytes that the kernel needs for a file descriptor of a pair, and half as much again.
const MEMORY: u64 = 4 << 10;
const NR_OPEN: &str = "/proc/sys/fs/nr_open";
const FILE_MAX: &str = "/proc/sys/fs/file-max";

/// Settings of the kernel as they were, restored on drop.
#[derive(Default)]
pub struct Limits(Vec<(&'static str, u64)>);

impl Limits {
    /// Raises the limits to so many file descriptors, or as many as possible. Returns how many a table can have, and how many
    /// there can be in all.
    pub fn raise(descriptors: u64) -> (Self, [u64; 2]) {
        let mut limits = Self::default();
        let [soft, hard] = get();
        if hard < descriptors {
            limits.raise_setting(NR_OPEN, descriptors);
            set([descriptors; 2]);
        }
        let [_, hard] = get();
        set([hard; 2]);
        let [table, _] = get();
        println!("RLIMIT_NOFILE: {table}, and was {soft}");

        let open = proc::open_files();
        limits.raise_setting(FILE_MAX, open + descriptors);
        let files = proc::setting(FILE_MAX).map_or(u64::MAX, |most| most.saturating_sub(open));
        let memory = proc::memory_available() / MEMORY;
        println!("the system permits {files} more open files, and has memory for {memory} descriptors");
        (limits, [table, files.min(memory)])
    }

    fn raise_setting(&mut self, path: &'static str, wanted: u64) {
        let Some(before) = proc::setting(path).filter(|&before| before < wanted) else {
            return;
        };
        match fs::write(path, wanted.to_string()) {
            Ok(()) => {
                println!("{path}: {wanted}, restored to {before} at the end");
                self.0.push((path, before));
            }
            Err(error) => println!("{path}: {before}, {error}"),
        }
    }
}

impl Drop for Limits {
    fn drop(&mut self) {
        for (path, before) in &self.0 {
            if let Err(error) = fs::write(path, before.to_string()) {
                println!("{path}: not restored to {before}, {error}");
            }
        }
    }
}

/// The soft and the hard limit of file descriptors.
fn get() -> [u64; 2] {
    let mut limit = MaybeUninit::<libc::rlimit>::uninit();
    // SAFETY: the call writes the limits, and where it succeeds it wrote both.
    let limit = unsafe {
        assert_eq!(libc::getrlimit(libc::RLIMIT_NOFILE, limit.as_mut_ptr()), 0);
        limit.assume_init()
    };
    [limit.rlim_cur, limit.rlim_max].map(|limit| usize::try_from(limit).map_or(u64::MAX, |limit| limit as u64))
}

/// Does nothing where that is not permitted.
fn set([soft, hard]: [u64; 2]) {
    let limit = libc::rlimit {
        rlim_cur: soft as libc::rlim_t,
        rlim_max: hard as libc::rlim_t,
    };
    // SAFETY: the call reads the limits.
    unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) };
}
