//! Where i386 enters the kernel: at the vDSO's entry, or with `int 0x80`.
//!
//! The first call of a process decides it, so each test forks a process before this one makes a call.

use core::ffi::CStr;
use freestanding::{Arguments, raw};
use linux_raw_sys::{auxvec::*, general::*, prctl::PR_GET_AUXV};
use linux_socketpair::{Domain, Errno, IntoRawFd, SocketFlags, SocketType, UnixStream, close, read, socketpair};

use crate::report::{Needs, Otherwise, Outcome, Report, requires, same};
use crate::sandbox::FIRST_CALL;

/// What a process reports in its status.
const VDSO: i32 = 1;
const INT_0X80: i32 = 2;
const NO_PAIR: i32 = 3;
const NOT_PREPARED: i32 = 4;
const NOT_INTERRUPTED: i32 = 5;

const EPERM: isize = -(linux_raw_sys::errno::EPERM as isize);

/// The kernel's vDSO in this process: zeros if there is none.
#[derive(Clone, Copy)]
struct Vdso {
    image: usize,
    entry: usize,
}

static mut OFFERED: Vdso = Vdso { image: 0, entry: 0 };

fn offered() -> Vdso {
    // SAFETY: written once, before anything reads it.
    unsafe { (&raw const OFFERED).read() }
}

/// Where a process must enter the kernel if nothing prevents the search: PR_GET_AUXV exists since Linux 6.4.
fn expected() -> i32 {
    // QEMU user mode 10 offers an entry on the stack alone.
    if offered().entry != 0 && raw::reports_auxv() {
        VDSO
    } else {
        INT_0X80
    }
}

pub fn tests(report: &mut Report, arguments: Arguments) {
    let value_of = |key| arguments.auxv(key).unwrap_or(0);
    // SAFETY: nothing reads it yet.
    unsafe {
        OFFERED = Vdso {
            image: value_of(AT_SYSINFO_EHDR),
            entry: value_of(AT_SYSINFO),
        }
    };

    let name = match (expected(), offered().entry) {
        (VDSO, _) => "the kernel is entered at the vDSO's entry",
        (_, 0) => "the kernel is entered with int 0x80: no entry is offered",
        _ => "the kernel is entered with int 0x80: PR_GET_AUXV reports no entry",
    };
    report.test(Needs::Calls, name, || enters(expected(), || true));
    // 0 is success without effect.
    let errnos = [Errno::EINVAL, Errno::EPERM, Errno::ENOSYS].map(Errno::raw_os_error);
    for errno in errnos.into_iter().chain([0]) {
        report.test(
            Needs::Seccomp,
            format_args!("a filter returns {errno} from PR_GET_AUXV: int 0x80"),
            || {
                enters(INT_0X80, || {
                    raw::reject_when(__NR_prctl, 0, PR_GET_AUXV, errno as u32);
                    true
                })
            },
        );
        report.test(
            Needs::Seccomp,
            format_args!("a filter returns {errno} from rt_sigprocmask, whatever is asked: int 0x80"),
            || {
                enters(INT_0X80, || {
                    raw::reject([(__NR_rt_sigprocmask, errno as u32)]);
                    true
                })
            },
        );
    }
    report.test(
        Needs::Calls,
        "the vDSO was unmapped: int 0x80, and no crash",
        || match offered() {
            Vdso { image: 0, .. } => Err(Otherwise::Skipped("there is no vDSO")),
            _ => enters(INT_0X80, unmap_vdso),
        },
    );
    for (what, auxv) in AUXVS {
        report.test(
            Needs::Kernel("it has no PR_SET_MM"),
            format_args!("the kernel reports {what}"),
            || {
                requires!(6, 4);
                // Inside a user namespace a process has the capability, and is denied all the same.
                if raw::in_child(|| (raw::set_auxv(&[[0; 2]]) == EPERM).into()) != 0 {
                    return Err(Otherwise::Skipped("without CAP_SYS_RESOURCE it can't be made so"));
                }
                let auxv = auxv(offered());
                let expected = if auxv == [(AT_SYSINFO_EHDR, offered().image), (AT_SYSINFO, offered().entry)] {
                    expected()
                } else {
                    INT_0X80
                };
                enters(expected, || {
                    let [first, second] = auxv.map(|(key, value)| [key as usize, value]);
                    raw::set_auxv(&[first, second, [0; 2]]) == 0
                })
            },
        );
    }

    report.test(
        Needs::Seccomp,
        "nothing is opened, and no path is looked up, during the search",
        || {
            enters(expected(), || {
                raw::kill_at([
                    __NR_open,
                    __NR_openat,
                    __NR_openat2,
                    __NR_access,
                    __NR_readlink,
                    __NR_stat64,
                    __NR_fstatat64,
                    __NR_statx,
                ]);
                true
            })
        },
    );
    report.test(
        Needs::Calls,
        "no descriptor is free: the first call is EMFILE, and the entry is found",
        || {
            enters(expected(), || {
                raw::leave_free(0);
                let result = UnixStream::pair().map(drop);
                raw::limit_descriptors(64);
                result == Err(Errno::EMFILE)
            })
        },
    );
    for (what, forge) in FORGERIES {
        report.test(
            Needs::Calls,
            format_args!("in a root directory where proc/self/auxv is {what}"),
            || forged_root(forge),
        );
    }

    report.test(
        Needs::Seccomp,
        "the entry is looked up once: afterwards only the calls are made",
        || {
            same!(
                pair_status(|| UnixStream::pair().map(keep_open).is_ok(), &[__NR_socketpair]),
                0
            );
            Ok(())
        },
    );
    report.test(
        Needs::Seccomp,
        "an entry that was not found isn't looked up again",
        || {
            let prepare = || {
                raw::reject_when(__NR_prctl, 0, PR_GET_AUXV, Errno::EINVAL.raw_os_error() as u32);
                UnixStream::pair().map(keep_open).is_ok()
            };
            same!(pair_status(prepare, &[__NR_socketpair]), 0);
            Ok(())
        },
    );

    const FIRST_CALLS: [u32; 3] = [__NR_prctl, __NR_rt_sigprocmask, __NR_socketpair];
    report.test(
        Needs::Seccomp,
        format_args!("a sandbox that allows only this: {FIRST_CALL}"),
        || {
            requires!(4, 3);
            same!(pair_status(|| true, &FIRST_CALLS), 0);
            Ok(())
        },
    );
    for (without, needed) in [(__NR_prctl, true), (__NR_rt_sigprocmask, expected() == VDSO)] {
        report.test(
            Needs::Seccomp,
            format_args!("a sandbox without call {without}: {FIRST_CALL}"),
            || {
                requires!(4, 3);
                let calls = FIRST_CALLS.map(|call| if call == without { __NR_socketpair } else { call });
                same!(pair_status(|| true, &calls) & 0x7f, if needed { SIGSYS } else { 0 });
                Ok(())
            },
        );
    }

    report.test(Needs::Calls, "a signal handler can make the first call", || {
        let status = raw::in_child(|| {
            raw::on_signal(SIGALRM, first_call_in_handler);
            raw::start_timer();
            raw::wait_for_signal();
            NOT_INTERRUPTED
        });
        same!(status, 0);
        Ok(())
    });
    report.test(Needs::Calls, "the first call can be one that fails", || {
        let status = raw::in_child(|| {
            let before = raw::open_descriptors();
            // SAFETY: the number is no descriptor.
            let result = unsafe { close(-1) };
            i32::from(result != Err(Errno::EBADF) || raw::open_descriptors() != before)
        });
        same!(status, 0);
        Ok(())
    });
}

/// Makes two entries of an auxiliary vector, given the kernel's vDSO.
type Auxv = fn(Vdso) -> [(u32, usize); 2];

/// Auxiliary vectors in place of the kernel's, such as a kernel or a loader may report.
const AUXVS: [(&str, Auxv); 7] = [
    ("what it did: the entry is used", |Vdso { image, entry }| {
        [(AT_SYSINFO_EHDR, image), (AT_SYSINFO, entry)]
    }),
    (
        "no AT_SYSINFO, as some 64-bit kernels: int 0x80",
        |Vdso { image, .. }| [(AT_SYSINFO_EHDR, image), (AT_PAGESZ, 4096)],
    ),
    (
        "an AT_SYSINFO of 0, as with vdso=0: int 0x80",
        |Vdso { image, .. }| [(AT_SYSINFO_EHDR, image), (AT_SYSINFO, 0)],
    ),
    ("no AT_SYSINFO_EHDR: int 0x80", |Vdso { entry, .. }| {
        [(AT_PAGESZ, 4096), (AT_SYSINFO, entry)]
    }),
    ("an entry far from the image: int 0x80", |Vdso { image, .. }| {
        [
            (AT_SYSINFO_EHDR, image),
            (AT_SYSINFO, end_process as *const () as usize),
        ]
    }),
    ("an image that is not mapped: int 0x80", |_| {
        let unmapped = raw::two_pages(PROT_NONE).addr() + raw::PAGE;
        [(AT_SYSINFO_EHDR, unmapped), (AT_SYSINFO, unmapped + 16)]
    }),
    ("an image that is no ELF file: int 0x80", |_| {
        let zeros = raw::two_pages(PROT_NONE).addr();
        [(AT_SYSINFO_EHDR, zeros), (AT_SYSINFO, zeros + 16)]
    }),
];

/// Prepares a process and starts a timer. The call that the timer interrupts must have entered the kernel as expected.
fn enters(expected: i32, prepare: impl FnOnce() -> bool) -> Outcome {
    let status = raw::in_child(|| {
        if !prepare() {
            return NOT_PREPARED;
        }
        raw::on_signal(SIGALRM, report_entry);
        raw::start_timer();
        let Ok([a, _b]) = socketpair(Domain::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, 0) else {
            return NO_PAIR;
        };
        // SAFETY: the descriptor is ours.
        _ = unsafe { read(a, &mut [0; 1]) };
        NOT_INTERRUPTED
    });
    same!(status, expected << 8);
    Ok(())
}

/// Where an interrupted call is about to fail with EINTR, the next instruction follows the one that entered the kernel. Signals
/// that interrupt no call are ignored.
extern "C" fn report_entry(_: i32, _: *const u8, context: *const raw::Context) {
    const INT: [u8; 2] = [0xcd, 0x80];
    // SAFETY: the kernel put the context there.
    let raw::Context { eax, eip, .. } = unsafe { &*context };
    if *eax != -(Errno::EINTR.raw_os_error() as isize) {
        return;
    }
    let Vdso { image, entry } = offered();
    if image != 0 && eip.wrapping_sub(image) <= (entry | 4095) - image {
        raw::exit(VDSO);
    }
    // SAFETY: the instruction before has been executed.
    if unsafe { (*eip as *const [u8; 2]).sub(1).read() } == INT {
        raw::exit(INT_0X80);
    }
}

extern "C" fn first_call_in_handler(_: i32, _: *const u8, _: *const raw::Context) {
    raw::exit(if UnixStream::pair().is_ok() { 0 } else { NO_PAIR })
}

/// The descriptors of a pair stay open, since closing them is a call that a filter may not allow.
fn keep_open((a, b): (UnixStream, UnixStream)) {
    _ = (a.into_raw_fd(), b.into_raw_fd());
}

/// The wait status of a process that is prepared, and then makes a pair while only some calls are allowed.
fn pair_status(prepare: impl FnOnce() -> bool, calls: &[u32]) -> i32 {
    raw::in_child(|| {
        if !prepare() {
            return NOT_PREPARED;
        }
        raw::allow_only(calls.iter().copied());
        if UnixStream::pair().map(keep_open).is_ok() {
            0
        } else {
            NO_PAIR
        }
    })
}

/// Removes the vDSO, as a loader may. Kernels unmap only the whole of it, so sizes are tried.
fn unmap_vdso() -> bool {
    let Vdso { image, entry } = offered();
    let up_to_entry = (entry.max(image) | 4095) + 1 - image;
    // SAFETY: only a call of the vDSO would use the memory.
    (0..4).any(|pages| unsafe { raw::unmap(image, up_to_entry + pages * 4096) == 0 })
}

const AUXV: &CStr = c"/tmp/proc/self/auxv";

/// Creates the file.
type Forge = fn() -> isize;

/// What another user may put in the place of the auxiliary vector of a process with that root directory.
const FORGERIES: [(&str, Forge); 2] = [
    ("forged: it has no influence", || {
        let forged = [
            AT_SYSINFO_EHDR as usize,
            offered().image,
            AT_SYSINFO as usize,
            end_process as *const () as usize,
            AT_NULL as usize,
            0,
        ];
        let mut bytes = [0; size_of::<[usize; 6]>()];
        for (place, word) in bytes.chunks_exact_mut(size_of::<usize>()).zip(forged) {
            place.copy_from_slice(&word.to_ne_bytes());
        }
        raw::create_file(AUXV, &bytes)
    }),
    ("a FIFO: nothing waits for it", || raw::create_fifo(AUXV)),
];

extern "C" fn end_process() {
    raw::exit(99)
}

/// Changes the root directory to a file system of the process's own, with that file.
fn forged_root(forge: Forge) -> Outcome {
    if raw::in_child(|| raw::own_mounts().into()) == 0 {
        return Err(Otherwise::Skipped("it can't mount"));
    }
    enters(expected(), || {
        raw::own_mounts()
            && raw::mount(c"tmpfs", c"/tmp") == 0
            && [c"/tmp/proc", c"/tmp/proc/self"].map(raw::mkdir) == [0, 0]
            && forge() >= 0
            && raw::change_root(c"/tmp")
    })
}
