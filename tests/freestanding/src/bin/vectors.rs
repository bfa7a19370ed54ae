//! Loops that the compiler turns into vector code, with calls of the crate inside. It keeps factors, steps and predicates in
//! vector registers from one round to the next, and a system call clobbers some of those: if the assembly doesn't declare
//! that, sums are wrong. The vector unit must be enabled: on aarch64 SVE is, in these functions alone, which is the harder
//! case; V on riscv64 and AVX2 on x86_64 are enabled by the build. QEMU user mode clobbers nothing, so this needs a kernel.
//! As the first process it powers the machine off at the end.

#![no_std]
#![no_main]

#[path = "../runtime.rs"]
mod runtime;

use core::hint::black_box;
use freestanding::{Arguments, Counts, raw};
use linux_socketpair::UnixStream;

const NUMBERS: usize = 4096;
const BLOCK: usize = 512;

/// Defines the loops. Each is compiled twice: `pause` makes the calls of the crate before every block, or none, and
/// `one` returns a number as it is, or hides it from the compiler, which then works on one after the other. On aarch64 they
/// require a machine with SVE.
macro_rules! loops {
    ($(
        $name:ident: $number:ty, |$block:ident, $one:ident, $sum:ident| with $given:pat = $value:expr => $body:block
    )+) => {$(
        #[inline(never)]
        #[cfg_attr(target_arch = "aarch64", target_feature(enable = "sve"))]
        unsafe fn $name(pause: impl Fn(), $one: impl Fn($number) -> $number) -> u64 {
            let mut numbers: [$number; NUMBERS] = core::array::from_fn(|at| (at * 7 % 251) as $number);
            let $given = black_box($value);
            let mut $sum = 0_u64;
            for $block in black_box(&mut numbers[..]).chunks_exact_mut(BLOCK) {
                pause();
                $body
            }
            numbers.iter().fold($sum, |sum, &number| sum.rotate_left(1) ^ number as i64 as u64)
        }
    )+};
}

loops! {
    floats: f32, |block, one, _sum| with (factor, addend) = (1.5, 0.25) => {
        for number in block {
            *number = one(*number) * factor + addend;
        }
    }
    doubles: f64, |block, one, _sum| with (factor, addend) = (1.5, 0.25) => {
        for number in block {
            *number = addend - one(*number) * factor;
        }
    }
    products: u32, |block, one, sum| with factor = 0x9e37_79b9_u32 => {
        let products = block.iter().map(|number| one(*number).wrapping_mul(factor));
        sum += u64::from(products.fold(0, u32::wrapping_add));
    }
    positions: u64, |block, one, sum| with (factor, mask) = (0x9e37_79b9_7f4a_7c15_u64, 0xff00_ff00) => {
        for (number, at) in block.iter_mut().zip(0_u64..) {
            *number = one(*number) ^ at.wrapping_mul(factor) & mask;
            sum = sum.wrapping_add(*number);
        }
    }
    choices: i32, |block, one, sum| with (limit, otherwise) = (125, -3) => {
        for number in block {
            let chosen = one(*number);
            *number = if chosen > limit { chosen - limit } else { otherwise };
            sum += u64::from(chosen > limit);
        }
    }
}

#[inline(never)]
#[cfg_attr(target_arch = "aarch64", target_feature(enable = "sve"))]
unsafe fn lanes(pause: impl Fn(), one: impl Fn(u64) -> u64) -> u64 {
    let numbers: [u64; NUMBERS] = core::array::from_fn(|at| at as u64 * 0x9e37_79b9);
    let mut sums = [0_u64; 8];
    for block in black_box(&numbers[..]).chunks_exact(8) {
        pause();
        for (sum, number) in sums.iter_mut().zip(block) {
            *sum = sum.wrapping_add(one(*number));
        }
    }
    black_box(sums).iter().fold(0, |all, &sum| all.rotate_left(1) ^ sum)
}

#[unsafe(no_mangle)]
fn main(_: Arguments) -> i32 {
    let (a, b) = UnixStream::pair().expect("a pair");
    let calls = || {
        let sent = a.send(b"x");
        let received = b.recv(&mut [0]);
        assert!((sent, received) == (Ok(1), Ok(1)));
    };

    let mut counts = Counts::default();
    let mut test = |name, seen: u64, expected: u64| match format_args!("vectors survive calls between blocks of {name}")
    {
        name if seen == expected => counts.pass(name),
        name => counts.fail(format_args!("{name}: {seen:#x}, expected {expected:#x}")),
    };
    // SAFETY: on aarch64 it runs on machines with SVE; elsewhere it requires nothing.
    unsafe {
        test("f32", floats(calls, |number| number), floats(|| (), black_box));
        test("f64", doubles(calls, |number| number), doubles(|| (), black_box));
        test("u32", products(calls, |number| number), products(|| (), black_box));
        test("u64", positions(calls, |number| number), positions(|| (), black_box));
        test("i32", choices(calls, |number| number), choices(|| (), black_box));
        test("eight sums", lanes(calls, |number| number), lanes(|| (), black_box));
    }
    let status = counts.close();
    if raw::getpid() == 1 {
        raw::power_off();
    }
    status
}
