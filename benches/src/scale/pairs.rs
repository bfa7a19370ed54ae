//! Pairs, and holding many of them.

use libc::{c_int, c_uint};
use linux_socketpair::UnixStream;
use std::{
    sync::mpsc::{self, Sender},
    thread::{self, JoinHandle},
};

/// A pair that is closed on drop.
pub trait Pair: Send + Sized + 'static {
    fn make() -> Self;
}

pub type Ours = (UnixStream, UnixStream);

impl Pair for Ours {
    fn make() -> Self {
        UnixStream::pair().expect("a pair")
    }
}

/// The same with libc.
pub struct Libcs([c_int; 2]);

impl Pair for Libcs {
    fn make() -> Self {
        let mut sv = [0; 2];
        let ty = libc::SOCK_STREAM | libc::SOCK_CLOEXEC;
        // SAFETY: the call writes `sv` alone.
        let ret = unsafe { libc::socketpair(libc::AF_UNIX, ty, 0, sv.as_mut_ptr()) };
        assert_eq!(ret, 0, "a pair");
        Self(sv)
    }
}

impl Drop for Libcs {
    fn drop(&mut self) {
        for fd in self.0 {
            // SAFETY: the descriptor is owned here, and not used again.
            unsafe { libc::close(fd) };
        }
    }
}

/// How many threads use a table of file descriptors.
#[derive(Clone, Copy)]
pub enum Table {
    /// One, as in a program with one thread.
    Own,
    /// Two, as in a program with several.
    Shared,
}

impl Table {
    /// Calls `run` in a thread with such a table, as small as that of a program that has just begun.
    pub fn run<T: Send>(self, run: impl FnOnce() -> T + Send) -> T {
        thread::scope(|scope| {
            let thread = scope.spawn(|| {
                let [first, last] = [3, c_uint::MAX];
                // SAFETY: other threads keep their file descriptors, and this one has none yet.
                let ret = unsafe { libc::syscall(libc::SYS_close_range, first, last, libc::CLOSE_RANGE_UNSHARE) };
                assert_eq!(ret, 0, "close_range, since Linux 5.9");
                match self {
                    Self::Own => run(),
                    Self::Shared => thread::scope(|scope| scope.spawn(run).join()).expect("it ends"),
                }
            });
            thread.join().expect("it ends")
        })
    }
}

/// Pairs that are alive: in this thread's table as many as fit, the others in tables of other threads.
pub struct Held<P> {
    pairs: Vec<P>,
    elsewhere: Vec<Elsewhere>,
    count: usize,
    table: Table,
    room: usize,
}

struct Elsewhere {
    keep: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl<P: Pair> Held<P> {
    /// `room` pairs fit into a table.
    pub fn new(table: Table, room: usize) -> Self {
        Self {
            pairs: Vec::with_capacity(room),
            elsewhere: Vec::new(),
            count: 0,
            table,
            room,
        }
    }

    /// Makes pairs until there are `count`.
    pub fn fill(&mut self, count: usize) {
        self.pairs.resize_with(count.min(self.room), P::make);
        let here = self.pairs.len().max(self.count);
        for from in (here..count).step_by(self.room) {
            self.elsewhere
                .push(Elsewhere::new::<P>(self.table, self.room.min(count - from)));
        }
        self.count = count;
    }

    /// How many tables there are.
    pub fn tables(&self) -> usize {
        1 + self.elsewhere.len()
    }
}

impl Elsewhere {
    fn new<P: Pair>(table: Table, count: usize) -> Self {
        let (keep, kept) = mpsc::channel::<()>();
        let (made, all) = mpsc::channel();
        let hold = move || {
            let mut pairs = Vec::with_capacity(count);
            pairs.resize_with(count, P::make);
            made.send(()).expect("it is waited for");
            // Nothing is sent: this returns when the other side is dropped.
            let _ = kept.recv();
        };
        let thread = thread::spawn(move || table.run(hold));
        all.recv().expect("all are made");
        Self {
            keep: Some(keep),
            thread: Some(thread),
        }
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        drop(self.keep.take());
        if let Some(thread) = self.thread.take() {
            thread.join().expect("it ends");
        }
    }
}
