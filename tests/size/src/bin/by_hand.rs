#![no_std]
#![no_main]

use core::{arch::global_asm, panic::PanicInfo};

#[cfg(target_arch = "x86_64")]
global_asm!(include_str!("../../by_hand/x86_64.s"), options(raw));
#[cfg(target_arch = "x86")]
global_asm!(include_str!("../../by_hand/i386.s"), options(raw));
#[cfg(target_arch = "aarch64")]
global_asm!(include_str!("../../by_hand/aarch64.s"), options(raw));
#[cfg(target_arch = "riscv64")]
global_asm!(include_str!("../../by_hand/riscv64.s"), options(raw));

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}
