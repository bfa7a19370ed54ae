//! init: PID 1 of a machine that runs the services of one table, without libc, without allocation, and without any other file.

#![no_std]
#![no_main]

mod channel;
mod console;
mod demo;
mod kernel;
mod memory;
mod service;
mod start;
mod supervisor;
mod table;

use core::{ffi::c_char, panic::PanicInfo, time::Duration};
use linux_socketpair::process::Args;

use console::log;
use kernel::Shutdown;
use service::Context;
use supervisor::supervise;
use table::{Service, THIS_FILE};

/// What the machine runs. To make it yours, change this table, and delete what contains the word `demo`.
static SERVICES: [Service; 2] = [
    Service {
        name: "steady",
        program: THIS_FILE,
        arguments: &[c"demo", c"steady"],
        ..Service::DEFAULT
    },
    // Its first life is killed, and its second requests that the machine is turned off.
    Service {
        name: "twice",
        program: THIS_FILE,
        arguments: &[c"demo", c"twice"],
        ..Service::DEFAULT
    },
];

/// `_start` calls it with a pointer to what the kernel left on the stack: the number of arguments, the arguments, a null pointer, the
/// environment, and a null pointer.
extern "C" fn start(stack: *const usize) -> ! {
    // SAFETY: the kernel put them there, and they stay.
    let (arguments, environment) = unsafe {
        let arguments = stack.add(1).cast::<*const c_char>();
        let environment = arguments.add(stack.read() + 1);
        (Args::from_ptr(arguments), Args::from_ptr(environment))
    };
    let mut words = arguments.iter();
    let this_file = words.next().unwrap_or(c"/init");
    let context = Context { this_file, environment };
    let mut word = || words.next().unwrap_or_default().to_bytes();
    let first = word();
    if first == b"demo" {
        demo::run(word(), context);
    }

    console::open_standard_descriptors();
    if kernel::is_pid_1() {
        kernel::catch_ctrl_alt_del();
    } else {
        kernel::adopt_orphans();
    }
    match demo::supervise(first, context).unwrap_or_else(|| supervise(&SERVICES, context)) {
        Ok(how) => {
            log!("{how}");
            kernel::shut_down(how)
        }
        Err(errno) => panic!("{errno}"),
    }
}

/// PID 1 must not end: the kernel would panic. It restarts the machine, whose disks have then been written.
#[panic_handler]
fn panic(panic: &PanicInfo<'_>) -> ! {
    log!("{panic}");
    if !kernel::is_pid_1() {
        kernel::exit(101);
    }
    kernel::sleep(Duration::from_secs(1));
    kernel::shut_down(Shutdown::Restart)
}

/// The precompiled `core` names it in its unwind tables; a program that aborts on panic never calls it.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}
