//! A backtrace that is taken inside a system call reaches the function that made it, as debuggers and profilers expect.

use hosted::{on_signal, skip};
use linux_socketpair::{Errno, UnixStream};
use std::backtrace::Backtrace;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::{fs, hint::black_box, thread, time::Duration};

static CALLER_FOUND: AtomicBool = AtomicBool::new(false);

extern "C" fn take_backtrace(_: i32) {
    // The interrupted thread waits in a system call, so it holds no lock that this needs.
    let backtrace = Backtrace::force_capture().to_string();
    CALLER_FOUND.fetch_or(backtrace.contains("a_function_that_waits"), Relaxed);
}

/// Returns whether a signal interrupted it.
#[inline(never)]
fn a_function_that_waits(end: &UnixStream) -> bool {
    black_box(end).recv(&mut [0]) == Err(Errno::EINTR)
}

#[test]
fn a_backtrace_inside_a_system_call_reaches_its_caller() {
    if fs::read_to_string("/proc/self/comm").is_ok_and(|emulator| emulator.starts_with("qemu-ppc")) {
        skip(
            "backtraces",
            "QEMU user mode: no unwinding from this signal handler, without this crate either",
        );
        return;
    }
    let (end, _peer) = UnixStream::pair().expect("a pair");
    // SAFETY: the handler interrupts `recv` alone.
    let waiting_thread = unsafe {
        on_signal(libc::SIGUSR1, take_backtrace);
        libc::pthread_self()
    };
    // A signal that comes before the thread waits finds no caller; the next one does.
    let mut attempts = 0;
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Relaxed) {
                thread::sleep(Duration::from_millis(20));
                // SAFETY: the thread outlives the scope.
                unsafe { libc::pthread_kill(waiting_thread, libc::SIGUSR1) };
            }
        });
        while !CALLER_FOUND.load(Relaxed) && attempts < 100 {
            attempts += i32::from(a_function_that_waits(&end));
        }
        done.store(true, Relaxed);
    });
    assert!(CALLER_FOUND.load(Relaxed), "not found by {attempts} backtraces");
}
