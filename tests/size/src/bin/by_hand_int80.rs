#![no_std]
#![no_main]

use core::panic::PanicInfo;

#[cfg(target_arch = "x86")]
core::arch::global_asm!(include_str!("../../by_hand/i386_int80.s"), options(raw));

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}
