//! The first calls of a process. On i386 they determine how the kernel is entered. Each is made in a child: this process makes
//! none.

use linux_socketpair::{Errno, UnixSeqpacket};
use std::{ffi::CString, fs, os::unix::ffi::OsStrExt, path::Path, sync::Barrier, thread};

use hosted::{alone, chroot, in_child, in_qemu, skip};

const THREADS: usize = 8;

fn a_message_arrives() -> Result<bool, Errno> {
    let (a, b) = UnixSeqpacket::pair()?;
    let mut buf = [0; 8];
    a.send(b"first")?;
    Ok(b.recv(&mut buf)? == 5 && buf.starts_with(b"first"))
}

fn messages_arrive_in_all_threads() -> bool {
    let barrier = Barrier::new(THREADS);
    thread::scope(|scope| {
        let threads = [(); THREADS].map(|()| {
            scope.spawn(|| {
                barrier.wait();
                a_message_arrives() == Ok(true)
            })
        });
        threads
            .into_iter()
            .all(|thread| thread.join().is_ok_and(|arrived| arrived))
    })
}

#[test]
fn eight_threads_can_make_the_first_call_at_once() {
    alone(|| {
        if in_qemu() {
            return skip(
                "the first call in eight threads",
                "QEMU user mode fails if the child of a fork starts threads",
            );
        }
        for _ in 0..100 {
            assert_eq!(in_child(messages_arrive_in_all_threads), 0, "its wait status");
        }
    });
}

/// In a root directory that others can write, `proc/self/auxv` contains whatever they put there.
#[test]
fn the_first_call_uses_no_file_below_the_root_directory() {
    alone(|| {
        const CHROOT_FAILED: i32 = 77 << 8;
        let root = std::env::temp_dir().join(format!("linux-socketpair-{}", std::process::id()));
        let auxv = root.join("proc/self/auxv");
        let c_string = |path: &Path| CString::new(path.as_os_str().as_bytes()).expect("no zero");
        let root_path = c_string(&root);
        let test = || {
            in_child(|| {
                if !chroot(&root_path) {
                    // SAFETY: it ends the process, and runs nothing of it.
                    unsafe { libc::_exit(CHROOT_FAILED >> 8) };
                }
                a_message_arrives() == Ok(true)
            })
        };
        fs::create_dir_all(auxv.parent().expect("a directory")).expect("directories");

        // AT_SYSINFO_EHDR and AT_SYSINFO, both an address where nothing is mapped, and AT_NULL.
        let forged: Vec<u8> = [33, 4096, 32, 4096, 0, 0_usize]
            .iter()
            .flat_map(|word| word.to_ne_bytes())
            .collect();
        fs::write(&auxv, forged).expect("a file");
        let with_file = test();

        fs::remove_file(&auxv).expect("removed");
        // SAFETY: the call reads the path alone.
        assert_eq!(unsafe { libc::mkfifo(c_string(&auxv).as_ptr(), 0o666) }, 0);
        let with_fifo = test();

        fs::remove_dir_all(&root).expect("removed");
        if [with_file, with_fifo].contains(&CHROOT_FAILED) {
            return skip(
                "the first call after chroot",
                "neither chroot nor a user namespace is permitted",
            );
        }
        assert_eq!([with_file, with_fifo], [0, 0], "the wait statuses");
    });
}
