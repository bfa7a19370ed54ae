//! The first calls of a process, made by many threads at once. On i386 each of them finds out where the kernel is entered.

use linux_socketpair::{Errno, MessageFlags, Socket};
use std::{sync::Barrier, thread};

const THREADS: usize = 8;

fn a_message_arrives() -> Result<bool, Errno> {
    let [a, b] = Socket::seqpacket_pair()?;
    let mut buf = [0; 8];
    a.send(b"first", MessageFlags::empty())?;
    Ok(b.recv(&mut buf, MessageFlags::empty())? == 5 && buf.starts_with(b"first"))
}

fn they_all_arrive() -> bool {
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

/// This process makes no call of its own, so each child's are its first.
#[test]
fn eight_threads_can_make_the_first_call_at_once() {
    for _ in 0..100 {
        // SAFETY: the child is left by `_exit`, and of what other threads may have held it uses the allocator alone, which
        // the C library puts in order for it.
        let child = unsafe {
            let child = libc::fork();
            if child == 0 {
                libc::_exit(if they_all_arrive() { 0 } else { 1 });
            }
            child
        };
        assert!(child > 0, "fork");
        let mut status = -1;
        // SAFETY: the call writes `status` alone.
        assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
        assert_eq!(status, 0, "its wait status");
    }
}
