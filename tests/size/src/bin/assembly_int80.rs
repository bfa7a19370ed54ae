#![no_std]
#![no_main]

use core::panic::PanicInfo;

core::arch::global_asm!(include_str!(env!("ASSEMBLY_INT80")), options(raw));

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}
