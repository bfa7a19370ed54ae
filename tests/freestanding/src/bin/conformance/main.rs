//! What must hold wherever this crate runs: natively, under QEMU user mode (with the argument `qemu-user`), and as the first
//! process of a kernel, where the machine's limits are tested too.
//!
//! With the argument `uses` it prints README's list of what a sandbox must allow.

#![no_std]
#![no_main]

mod boot;
mod bytes;
mod control;
mod conversions;
mod denied_rights;
mod errors;
mod explain;
mod many_messages;
mod messages;
mod options;
mod pairs;
mod polling;
mod processes;
mod report;
#[path = "../../runtime.rs"]
mod runtime;
mod sandbox;
mod silent_success;
mod socketcall_fallback;
#[cfg(target_arch = "x86")]
mod vdso_entry;
mod whole_messages;

use freestanding::{Arguments, raw};
use report::Report;

#[unsafe(no_mangle)]
fn main(arguments: Arguments) -> i32 {
    if arguments.contain(c"uses") {
        sandbox::print_uses();
        return 0;
    }
    if arguments.contain(processes::CHILD) {
        return processes::child(arguments);
    }
    raw::reset_inherited();
    let first_process = raw::getpid() == 1;
    let mut report = Report::new(arguments.contain(c"qemu-user"));
    raw::limit_descriptors(64);
    let before = raw::open_descriptors();
    #[cfg(target_arch = "x86")]
    vdso_entry::tests(&mut report, arguments);
    pairs::tests(&mut report);
    errors::tests(&mut report);
    bytes::tests(&mut report);
    messages::tests(&mut report);
    control::tests(&mut report);
    whole_messages::tests(&mut report);
    many_messages::tests(&mut report);
    conversions::tests(&mut report);
    options::tests(&mut report);
    polling::tests(&mut report);
    processes::tests(&mut report, arguments);
    silent_success::tests(&mut report);
    socketcall_fallback::tests(&mut report);
    if first_process {
        boot::mount(&mut report);
    }
    explain::tests(&mut report);
    sandbox::tests(&mut report);
    if first_process {
        boot::tests(&mut report);
    }
    report.test(
        report::Needs::Kernel("a failed copy to sv leaks the pair"),
        "nothing is left open at the end",
        || {
            report::same!(raw::open_descriptors(), before);
            Ok(())
        },
    );
    let status = report.counts.close();
    if first_process {
        raw::power_off();
    }
    status
}
