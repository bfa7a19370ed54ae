//! Registers survive the crate's calls: those that a function saves for its caller, and around the system-call
//! instruction those that the kernel preserves and the assembly doesn't name.

#![no_std]
#![no_main]

#[path = "../registers/mod.rs"]
mod registers;
#[path = "../runtime.rs"]
mod runtime;

use core::{arch::asm, array, fmt::Arguments as Name, mem};
use freestanding::{Arguments, Counts};
use linux_socketpair::{Errno, IoSliceMut, OwnedFd, PollFd, PollFlags, Shutdown, UnixStream, fd, poll};
use registers::{CALL_SAVED, Vector};

type Words = [usize; CALL_SAVED.len()];
type Lanes = [u64; size_of::<Vector>() / 8];

unsafe extern "C" {
    /// Loads the call-saved registers from `values`, calls `function`, and stores them to `seen`.
    safe fn call_with_registers(values: &Words, seen: &mut Words, function: extern "C" fn());
}

/// A number for each place, of which every byte depends on the place.
fn sample(at: usize) -> u64 {
    (at as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn lanes(at: usize) -> Lanes {
    array::from_fn(|lane| sample(at << lane))
}

extern "C" fn calls_of_every_arity() {
    let calls = || {
        let (a, b) = UnixStream::pair()?;
        a.send(b"x")?;
        b.socket_type()?;
        b.recv(&mut [0])?;
        b.shutdown(Shutdown::Both)?;
        b.close()
    };
    assert!(calls() == Ok(()));
}

/// Returns the word. The compiler knows only that it is in a register.
#[inline(always)]
fn hidden(mut word: usize) -> usize {
    // SAFETY: the assembly is a comment.
    unsafe { asm!("/* {} */", inout(reg) word, options(nomem, nostack, preserves_flags)) };
    word
}

/// Defines a function that has a word and a vector for each name, more than any architecture has registers, live around
/// `call`, and returns whether they are the same afterwards. In arrays they would be in memory.
macro_rules! survive {
    ($($live:ident)+) => {
        #[inline(never)]
        fn survive(call: impl FnOnce() -> Result<(), Errno>) -> bool {
            let mut at = 0;
            $(
                at += 1;
                // SAFETY: any bits make a vector.
                let vector = unsafe { mem::transmute::<Lanes, Vector>(lanes(at)) };
                let $live = (hidden(sample(at) as usize), registers::hidden(vector));
            )+
            let mut same = call() == Ok(());
            let mut at = 0;
            $(
                at += 1;
                let (word, vector) = (hidden($live.0), registers::hidden($live.1));
                // SAFETY: any vector makes bits.
                let vector = unsafe { mem::transmute::<Vector, Lanes>(vector) };
                same &= word == sample(at) as usize && vector == lanes(at);
            )+
            same
        }
    };
}
survive! { a b c d e f g h i j k l m n o p q r s t u v w x y z aa bb cc dd ee ff gg hh ii jj kk ll mm nn }

#[unsafe(no_mangle)]
fn main(_: Arguments) -> i32 {
    let mut counts = Counts::default();
    let mut test = |name: Name<'_>, survived| {
        if survived {
            counts.pass(name);
        } else {
            counts.fail(name);
        }
    };

    let values = array::from_fn(|at| sample(at) as usize);
    let mut seen = [0; CALL_SAVED.len()];
    call_with_registers(&values, &mut seen, calls_of_every_arity);
    for (name, (seen, value)) in CALL_SAVED.iter().zip(seen.iter().zip(values)) {
        test(
            format_args!("{name} survives a function that makes calls"),
            *seen == value,
        );
    }

    let (a, b) = UnixStream::pair().expect("a pair");
    let clone = OwnedFd::from(a.try_clone().expect("a clone"));
    let mut around = |name, survived| test(format_args!("what is live around {name} survives"), survived);
    around("socketpair", survive(|| UnixStream::pair().map(mem::forget)));
    around("sendto", survive(|| a.send(b"x").map(drop)));
    around("getsockopt", survive(|| b.socket_type().map(drop)));
    around("recvfrom", survive(|| b.recv(&mut [0]).map(drop)));
    around("shutdown", survive(|| b.shutdown(Shutdown::Both)));
    around(
        "recvmsg",
        survive(|| b.recv_vectored(&mut [IoSliceMut::new(&mut [0])]).map(drop)),
    );
    around("fcntl", survive(|| b.try_clone().map(mem::forget)));
    around(
        "poll",
        survive(|| poll(&mut [PollFd::new(&b, PollFlags::IN)], None).map(drop)),
    );
    around("close", survive(|| fd::close(clone)));

    if CALL_SAVED.is_empty() {
        counts.skip(
            "the registers that a function preserves",
            "src/registers has no file for this architecture",
        );
    }
    counts.close()
}
