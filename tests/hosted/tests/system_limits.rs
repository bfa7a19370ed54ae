//! Which limit of the system is used up. In namespaces of its own the test replaces the files that say it by others of the same
//! file systems: those in /proc by names of processes, a cgroup's directory by a tmpfs below the mounted cgroups.

use linux_socketpair::explain::{Cause, OpenFiles, Usage};
use linux_socketpair::{Errno, UnixStream};
use std::{ffi::CString, fs, path::Path, process, ptr};

use hosted::{alone, in_child, in_qemu, skip};

const CGROUPS: &str = "/sys/fs/cgroup";

fn c_string(text: &str) -> CString {
    CString::new(text).expect("no zero")
}

fn mount(source: &str, target: &str, kind: &str, flags: libc::c_ulong) -> bool {
    let [source, target, kind] = [source, target, kind].map(c_string);
    // SAFETY: the call reads the strings alone.
    unsafe { libc::mount(source.as_ptr(), target.as_ptr(), kind.as_ptr(), flags, ptr::null()) == 0 }
}

fn bind(source: &str, target: &str) {
    assert!(mount(source, target, "", libc::MS_BIND), "{source} over {target}");
}

/// Names this process, of which /proc/self/comm shows the first 15 bytes and a newline.
fn rename(name: &str) {
    assert!(name.len() <= 15);
    let name = c_string(name);
    // SAFETY: the call reads the string alone.
    assert_eq!(unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr()) }, 0);
}

/// A child that waits, with the name that this process has.
fn namesake() -> i32 {
    // SAFETY: the child makes calls that use no memory, and ends after ten seconds at the latest.
    unsafe {
        let child = libc::fork();
        if child == 0 {
            libc::alarm(10);
            libc::pause();
            libc::_exit(0);
        }
        assert!(child > 0, "fork");
        child
    }
}

/// What `memory.max` and `memory.current` contain; nothing where they don't exist.
type Memory = Option<(&'static str, &'static str)>;

fn make_memory(directory: &str, memory: Memory) {
    fs::create_dir_all(directory).expect("a directory");
    if let Some((max, current)) = memory {
        fs::write(format!("{directory}/memory.max"), max).expect("a file");
        fs::write(format!("{directory}/memory.current"), current).expect("a file");
    }
}

/// The files of one case.
struct Files {
    /// /proc/sys/fs/file-nr.
    file_nr: &'static str,
    /// This network namespace's AF_UNIX sockets.
    pairs: usize,
    /// Of the process's own cgroup, and of the one that contains it.
    memory: [Memory; 2],
    /// What the process's cgroup is called below that of the test.
    cgroup: &'static str,
}

const FREE: Files = Files {
    file_nr: "1 0 1000",
    pairs: 0,
    memory: [None; 2],
    cgroup: "/b",
};

/// Whether the namespaces and mounts are permitted, where there is the kernel and no emulator. They are made in this process.
fn make_namespaces() -> bool {
    // SAFETY: no memory is involved.
    let unshared = unsafe { libc::unshare(libc::CLONE_NEWNS | libc::CLONE_NEWNET) };
    unshared == 0
        && mount("", "/", "", libc::MS_REC | libc::MS_PRIVATE)
        && mount("none", "/sys/fs", "tmpfs", 0)
        && fs::create_dir(CGROUPS).is_ok()
        && mount("none", CGROUPS, "cgroup2", 0)
        && Cgroup::new().is_some()
}

/// A new cgroup of this process's, which is removed when it is dropped, with what is mounted over it.
struct Cgroup {
    name: String,
    directory: String,
}

impl Cgroup {
    fn new() -> Option<Self> {
        // So short that the cgroups below it fit into the name of a process.
        let name = format!("t{:x}", process::id());
        let directory = format!("{CGROUPS}/{name}");
        fs::create_dir(&directory).ok()?;
        Some(Self { name, directory })
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        let target = c_string(&self.directory);
        // SAFETY: the call reads the string alone.
        unsafe { libc::umount2(target.as_ptr(), libc::MNT_DETACH) };
        let _ = fs::remove_dir(&self.directory);
    }
}

/// Runs the test, unless it can't be done here.
fn where_permitted(name: &str, test: impl FnOnce()) {
    alone(|| {
        if in_qemu() {
            // The tests of this crate recognize it by the process's name.
            skip(name, "the process is renamed");
        } else if in_child(make_namespaces) != 0 {
            skip(name, "namespaces or mounts are not permitted");
        } else {
            test();
        }
    });
}

/// Whether `test` returns true in a process that reads these files.
fn with(files: &Files, test: impl FnOnce() -> bool) -> bool {
    let status = in_child(|| {
        assert!(make_namespaces());
        rename(files.file_nr);
        let child = namesake();
        bind(&format!("/proc/{child}/comm"), "/proc/sys/fs/file-nr");

        let cgroup = Cgroup::new().expect("a cgroup");
        let Cgroup { name, directory } = &cgroup;
        assert!(mount("none", directory, "tmpfs", 0));
        make_memory(directory, files.memory[1]);
        make_memory(&format!("{directory}{}", files.cgroup), files.memory[0]);
        // Nothing above the cgroups is read.
        make_memory("/sys/fs", Some(("1\n", "1\n")));
        rename(&format!("0::/{name}{}", files.cgroup));
        bind("/proc/self/comm", "/proc/thread-self/cgroup");

        let pairs: Vec<_> = (0..files.pairs).map(|_| UnixStream::pair()).collect();
        let right = test();
        drop(pairs);
        // SAFETY: the child is this process's.
        unsafe {
            libc::kill(child, libc::SIGKILL);
            libc::waitpid(child, ptr::null_mut(), 0);
        }
        right
    });
    status == 0
}

fn usage(used: u64, limit: u64) -> Usage {
    Usage { used, limit }
}

/// `None` means that nothing is known: before Linux 5.15, `ENOMEM` too may be a limit of files or sockets.
fn assert_cause(files: &Files, errno: Errno, expected: Option<Cause>) {
    let right = with(files, || {
        let cause = Cause::SystemLimit(errno).in_detail();
        let right = match expected {
            Some(expected) => cause == expected,
            None => cause == Cause::SystemLimit(errno) || (cause, errno) == (Cause::OutOfMemory, Errno::ENOMEM),
        };
        if !right {
            eprintln!("{cause:?}");
        }
        right
    });
    assert!(
        right,
        "{errno:?}, {}, {:?}, {} pairs",
        files.file_nr, files.memory, files.pairs
    );
}

#[test]
fn the_limit_that_is_used_up_to_within_a_sixteenth_is_the_cause() {
    const ENFILE: Errno = Errno::ENFILE;
    const ENOMEM: Errno = Errno::ENOMEM;
    let file_nr = |file_nr| Files { file_nr, ..FREE };
    let memory = |own, parent| Files {
        memory: [own, parent],
        ..FREE
    };
    let of_memory = |used, limit| Some(Cause::MemoryCgroup(usage(used, limit), ENOMEM));
    let full = Some(("200\n", "200\n"));
    where_permitted("limits that are used up", || {
        for errno in [ENFILE, ENOMEM] {
            assert_cause(&FREE, errno, None);
        }
        for (text, used, limit) in [
            ("32 0 32", 32, 32),
            ("30 0 32", 30, 32),
            ("33\t0\t32", 33, 32),
            ("150 0 160", 150, 160),
            ("90 0 95", 90, 95),
        ] {
            assert_cause(
                &file_nr(text),
                ENFILE,
                Some(Cause::TooManyFiles(Some(usage(used, limit)))),
            );
            // The kernel returns it for nothing that files use up.
            assert_cause(&file_nr(text), ENOMEM, None);
        }
        for text in [
            "29 0 32",
            "149 0 160",
            "9/ 0 9",
            "9: 0 9",
            "9 0",
            "9 0 9x",
            "-9 0 9",
            "x",
        ] {
            assert_cause(&file_nr(text), ENFILE, None);
        }
        for errno in [ENFILE, ENOMEM] {
            let files = Files {
                file_nr: "1 0 5",
                pairs: 5,
                ..memory(full, None)
            };
            assert_cause(&files, errno, Some(Cause::TooManySockets(usage(10, 10), errno)));
            let more = Files { pairs: 4, ..files };
            assert_cause(&more, errno, Some(Cause::MemoryCgroup(usage(200, 200), errno)));
        }
        for (own, parent, expected) in [
            (full, None, of_memory(200, 200)),
            (None, full, of_memory(200, 200)),
            // The one with the least left, and of two the process's own.
            (Some(("300\n", "299\n")), Some(("500\n", "500\n")), of_memory(500, 500)),
            (Some(("300\n", "300\n")), Some(("500\n", "499\n")), of_memory(300, 300)),
            (Some(("300\n", "300\n")), Some(("500\n", "500\n")), of_memory(300, 300)),
            (Some(("300\n", "500\n")), Some(("500\n", "499\n")), of_memory(500, 300)),
            (Some(("max\n", "300\n")), full, of_memory(200, 200)),
            (Some(("99999999999999999999\n", "1\n")), full, of_memory(200, 200)),
            (Some(("160\n", "149\n")), None, None),
            (Some(("\n", "300\n")), None, None),
            (None, None, None),
        ] {
            assert_cause(&memory(own, parent), ENOMEM, expected);
        }
        // One more directory in between.
        let deeper = Files {
            cgroup: "/b/c",
            ..memory(full, None)
        };
        assert_cause(&deeper, ENOMEM, of_memory(200, 200));
    });
}

/// What was known is asked again.
#[test]
fn details_are_read_anew() {
    let files = Files {
        file_nr: "9 0 9",
        ..FREE
    };
    let full = Cause::TooManyFiles(Some(usage(9, 9)));
    let old = usage(1, 1);
    where_permitted("details read anew", || {
        for cause in [
            Cause::TooManyFiles(None),
            Cause::TooManyFiles(Some(old)),
            Cause::TooManySockets(old, Errno::ENFILE),
            Cause::MemoryCgroup(old, Errno::ENFILE),
            full,
        ] {
            assert!(with(&files, || cause.in_detail() == full), "{cause:?}");
        }
        let files = Files {
            memory: [Some(("9", "9")), None],
            ..FREE
        };
        let full = Cause::MemoryCgroup(usage(9, 9), Errno::ENOMEM);
        assert!(with(&files, || Cause::OutOfMemory.in_detail() == full));
    });
}

/// Linux before 6.2 reports the size 0.
#[test]
fn no_size_is_no_count_of_file_descriptors() {
    where_permitted("no size", || {
        let right = with(&FREE, || {
            assert!(Path::new("/proc/thread-self/fd").is_dir());
            bind("/proc/sys", "/proc/thread-self/fd");
            let cause = Cause::TooManyDescriptors(None).in_detail();
            matches!(cause, Cause::TooManyDescriptors(Some(OpenFiles { open: None, .. })))
        });
        assert!(right);
    });
}

/// A process that is in the outermost cgroup has no limit of its own, and one whose path is cut has none that is known.
#[test]
fn a_path_that_is_not_whole_is_not_followed() {
    let files = Files {
        memory: [None, Some(("9", "9"))],
        ..FREE
    };
    where_permitted("a path that is not whole", || {
        for path in ["0::/", "0:", "1::/", "0::/nothing", ""] {
            let right = with(&files, || {
                rename(path);
                matches!(
                    Cause::SystemLimit(Errno::ENFILE).in_detail(),
                    Cause::SystemLimit(Errno::ENFILE)
                )
            });
            assert!(right, "{path}");
        }
    });
}

/// What else is mounted over a cgroup's directory must not block.
#[test]
fn a_fifo_in_place_of_a_file_is_no_limit() {
    where_permitted("a FIFO", || {
        let right = with(&FREE, || {
            let directory = fs::read_to_string("/proc/self/comm").expect("a name");
            let path = format!(
                "{CGROUPS}/{}/memory.max",
                directory.trim_end().trim_start_matches("0::/")
            );
            // SAFETY: the call reads the string alone.
            assert_eq!(unsafe { libc::mkfifo(c_string(&path).as_ptr(), 0o666) }, 0);
            Cause::SystemLimit(Errno::ENFILE).in_detail() == Cause::SystemLimit(Errno::ENFILE)
        });
        assert!(right);
    });
}
