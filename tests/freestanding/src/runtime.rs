//! What the standard library would provide to programs that format text or panic: a panic handler, and the functions of the C
//! library that a compiler may call on its own. Programs that must link without those functions don't contain this module, so
//! it is no part of the library. The init example has the same functions: its folder is copied alone.
//!
//! The accesses are volatile: otherwise the compiler would recognize the loops, and each function would call itself. The caller
//! guarantees what C requires: `len` bytes at each pointer, or a zero at the end.

use core::{
    ffi::{c_char, c_int, c_void},
    panic::PanicInfo,
};
use freestanding::{println, raw};

#[panic_handler]
fn panic(panic: &PanicInfo<'_>) -> ! {
    println!("FAIL  {panic}");
    raw::exit(101)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut c_void, from: *const c_void, len: usize) -> *mut c_void {
    let (bytes, source) = (to.cast::<u8>(), from.cast::<u8>());
    for at in 0..len {
        // SAFETY: `at` is below `len`.
        unsafe { bytes.add(at).write_volatile(source.add(at).read_volatile()) };
    }
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memmove(to: *mut c_void, from: *const c_void, len: usize) -> *mut c_void {
    let (bytes, source) = (to.cast::<u8>(), from.cast::<u8>());
    let forwards = to.addr() <= from.addr();
    for step in 0..len {
        // A byte must be read before it is overwritten.
        let at = if forwards { step } else { len - 1 - step };
        // SAFETY: `at` is below `len`.
        unsafe { bytes.add(at).write_volatile(source.add(at).read_volatile()) };
    }
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memset(to: *mut c_void, byte: c_int, len: usize) -> *mut c_void {
    for at in 0..len {
        // SAFETY: `at` is below `len`.
        unsafe { to.cast::<u8>().add(at).write_volatile(byte as u8) };
    }
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(a: *const c_void, b: *const c_void, len: usize) -> c_int {
    let (a, b) = (a.cast::<u8>(), b.cast::<u8>());
    for at in 0..len {
        // SAFETY: `at` is below `len`.
        let (a, b) = unsafe { (a.add(at).read_volatile(), b.add(at).read_volatile()) };
        if a != b {
            return c_int::from(a) - c_int::from(b);
        }
    }
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(a: *const c_void, b: *const c_void, len: usize) -> c_int {
    // SAFETY: the condition is the same.
    unsafe { memcmp(a, b, len) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn strlen(text: *const c_char) -> usize {
    let mut len = 0;
    // SAFETY: the zero was not reached yet.
    while unsafe { text.add(len).read_volatile() } != 0 {
        len += 1;
    }
    len
}

/// A `wchar_t` has 32 bits on Linux.
#[unsafe(no_mangle)]
unsafe extern "C" fn wcslen(text: *const u32) -> usize {
    let mut len = 0;
    // SAFETY: the zero was not reached yet.
    while unsafe { text.add(len).read_volatile() } != 0 {
        len += 1;
    }
    len
}
