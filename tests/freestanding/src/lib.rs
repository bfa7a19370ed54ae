//! What a program without libc needs: where it starts, how it ends, what it prints, and a few system calls that don't
//! use the crate under test.

#![no_std]

pub mod machine;
pub mod raw;

use core::{
    ffi::{CStr, c_char},
    fmt,
};
use linux_raw_sys::{auxvec::AT_EXECFN, general::__NR_write};

/// What the kernel puts on the stack: the number of arguments, and behind it as many pointers to strings.
#[derive(Clone, Copy)]
pub struct Arguments(*const usize);

impl Arguments {
    /// How many there are, the program's name included.
    pub fn count(self) -> usize {
        // SAFETY: the kernel put it there.
        unsafe { self.0.read() }
    }

    /// The environment: pointers to strings, then null.
    pub fn environment(self) -> *const *const c_char {
        // SAFETY: the kernel put it behind the arguments and their null pointer.
        unsafe { self.0.add(1 + self.count() + 1).cast() }
    }

    /// The path that the program was executed with.
    pub fn program(self) -> Option<&'static CStr> {
        let path = self.auxv(AT_EXECFN)?;
        // SAFETY: the kernel put the string behind the auxiliary vector, where it stays.
        Some(unsafe { CStr::from_ptr(core::ptr::with_exposed_provenance(path)) })
    }

    /// The value of `key`, such as `AT_PAGESZ`, in the auxiliary vector. It lies behind the arguments and the
    /// environment.
    pub fn auxv(self, key: u32) -> Option<usize> {
        // SAFETY: the kernel put them there: pointers up to a null one, twice, then pairs up to the key AT_NULL.
        unsafe {
            let mut at = self.0.add(1 + self.count() + 1);
            while at.read() != 0 {
                at = at.add(1);
            }
            let mut at = at.add(1).cast::<[usize; 2]>();
            while at.read()[0] != 0 {
                if at.read()[0] == key as usize {
                    return Some(at.read()[1]);
                }
                at = at.add(1);
            }
        }
        None
    }

    /// The decimal number at that place; the program's name is at 0.
    pub fn number(self, at: usize) -> Option<usize> {
        if at >= self.count() {
            return None;
        }
        // SAFETY: the kernel put it there, and it ends with a zero.
        let argument = unsafe { CStr::from_ptr(self.0.add(1 + at).cast::<*const c_char>().read()) };
        argument.to_str().ok()?.parse().ok()
    }

    /// Whether any but the first, the program's name, is `word`.
    pub fn contain(self, word: &CStr) -> bool {
        // SAFETY: the kernel put them there, and a comparison that ends at the first difference stays within both
        // strings.
        unsafe {
            (1..self.count()).any(|i| {
                let argument = self.0.add(1 + i).cast::<*const u8>().read();
                word.to_bytes_with_nul()
                    .iter()
                    .enumerate()
                    .all(|(at, &byte)| argument.add(at).read() == byte)
            })
        }
    }
}

unsafe extern "Rust" {
    /// What the program does; its value is the exit status.
    safe fn main(arguments: Arguments) -> i32;
}

extern "C" fn start(stack: *const usize) -> ! {
    raw::exit(main(Arguments(stack)))
}

/// The precompiled `core` names it in its unwind tables; a program that aborts on panic never calls it.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

/// Standard output, unbuffered.
pub struct Stdout;

impl fmt::Write for Stdout {
    fn write_str(&mut self, mut text: &str) -> fmt::Result {
        while !text.is_empty() {
            // SAFETY: the kernel reads `text` alone.
            match unsafe { raw::syscall(__NR_write, [1, text.as_ptr() as usize, text.len()]) } {
                written @ 1.. => text = &text[written as usize..],
                _ => return Err(fmt::Error),
            }
        }
        Ok(())
    }
}

/// Prints a line.
#[macro_export]
macro_rules! println {
    ($($argument:tt)*) => {{
        use core::fmt::Write;
        // Without standard output there is nowhere to report an error.
        let _ = writeln!($crate::Stdout, $($argument)*);
    }};
}

/// Counts tests, and prints a line for each.
#[derive(Default)]
pub struct Counts {
    passed: u32,
    failed: u32,
    skipped: u32,
}

impl Counts {
    pub fn pass(&mut self, test: impl fmt::Display) {
        self.passed += 1;
        println!("ok    {test}");
    }

    pub fn fail(&mut self, test: impl fmt::Display) {
        self.failed += 1;
        println!("FAIL  {test}");
    }

    pub fn skip(&mut self, test: impl fmt::Display, reason: impl fmt::Display) {
        self.skipped += 1;
        println!("skip  {test} ({reason})");
    }

    /// Prints the counts, and returns the exit status: 0 if nothing failed and something was tested or skipped.
    pub fn close(&self) -> i32 {
        let Self {
            passed,
            failed,
            skipped,
        } = self;
        println!("{passed} passed, {failed} failed, {skipped} skipped");
        i32::from(*failed > 0 || passed + skipped == 0)
    }
}
