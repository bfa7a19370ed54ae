//! A security module denies a file descriptor: here a BPF program denies the second of each message.

use core::{ffi::CStr, ptr};
use freestanding::raw;
use linux_raw_sys::general::__NR_bpf;
use linux_socketpair::{
    AsRawFd, ControlMessage, Errno, FromRawFd, IoSliceMut, MessageFlags, OwnedFd, RecvControl, Socket,
    kind::{Datagram, Kind, Seqpacket, Stream},
    space,
};

use crate::control::{declare, send};
use crate::report::{Needs, Otherwise, Outcome, Report, missing, must, same};

/// include/uapi/linux/bpf.h
const BPF_MAP_CREATE: usize = 0;
const BPF_MAP_LOOKUP_ELEM: usize = 1;
const BPF_MAP_UPDATE_ELEM: usize = 2;
const BPF_PROG_LOAD: usize = 5;
const BPF_RAW_TRACEPOINT_OPEN: usize = 17;
const BPF_MAP_TYPE_ARRAY: u32 = 2;
const BPF_PROG_TYPE_LSM: u32 = 29;
const BPF_LSM_MAC: u32 = 27;

pub fn tests(report: &mut Report) {
    report.test(
        Needs::Calls,
        "a descriptor that a security module denies: its errno in its place, or nothing from there on",
        || {
            let denial = Denial::new()?;
            for_kind::<Stream>(&denial)?;
            for_kind::<Datagram>(&denial)?;
            for_kind::<Seqpacket>(&denial)
        },
    );
}

fn for_kind<T: Kind>(denial: &Denial) -> Outcome {
    let (a, b) = must!(Socket::<T>::pair());
    let has_option = raw::kernel_release() >= (7, 3);
    let before = raw::count_descriptors();
    for on in [false, true] {
        match b.set_rights_notrunc(on) {
            Err(Errno::ENOPROTOOPT) if !has_option => {}
            result => must!(result),
        }
        let on = on && has_option;
        must!(send(&a, &a, 3));
        denial.begin();
        declare!(control: RecvControl, space::rights(3));
        let received = must!(b.recv_message(&mut [IoSliceMut::new(&mut [0])], &mut control));
        if denial.count() == 0 {
            return Err(Otherwise::Skipped("BPF is no security module of this kernel"));
        }
        same!(received.flags.contains(MessageFlags::CTRUNC), !on);
        same!(control.is_truncated(), !on);
        same!(control.descriptors().is_err(), !on);
        let mut seen = [0; 4];
        for message in control.partial_messages() {
            let ControlMessage::Rights(rights) = message else {
                missing!();
            };
            for (place, fd) in seen.iter_mut().zip(rights) {
                *place = fd.map_or_else(|errno| -errno.raw_os_error(), |_| 1);
            }
        }
        let denied = -Errno::EACCES.raw_os_error();
        same!(seen == if on { [1, denied, 1, 0] } else { [1, 0, 0, 0] }, true);
        drop(control);
        same!(raw::count_descriptors(), before);
    }
    Ok(())
}

/// The BPF program, in force until this is dropped.
struct Denial {
    /// An array of one number: how many descriptors were received since `begin`.
    count: OwnedFd,
    _program: OwnedFd,
    _link: OwnedFd,
}

impl Denial {
    fn new() -> Result<Self, Otherwise> {
        raw::mount(c"sysfs", c"/sys");
        let Some(function) = function_of_kernel(b"bpf_lsm_file_receive") else {
            return Err(Otherwise::Skipped("this kernel has no type information"));
        };
        let count = bpf(BPF_MAP_CREATE, &mut words([BPF_MAP_TYPE_ARRAY, 4, 8, 1]))?;
        let code = code(count.as_raw_fd());
        let mut attributes = [0_u32; 36];
        attributes[..2].copy_from_slice(&[BPF_PROG_TYPE_LSM, code.len() as u32]);
        set_pointer(&mut attributes, 2, code.as_ptr().cast());
        set_pointer(&mut attributes, 4, c"GPL".as_ptr().cast());
        attributes[17] = BPF_LSM_MAC;
        attributes[27] = function;
        let program = bpf(BPF_PROG_LOAD, &mut attributes)?;
        let mut attributes = [0; 36];
        attributes[2] = program.as_raw_fd() as u32;
        let link = bpf(BPF_RAW_TRACEPOINT_OPEN, &mut attributes)?;
        Ok(Self {
            count,
            _program: program,
            _link: link,
        })
    }

    fn begin(&self) {
        self.access(BPF_MAP_UPDATE_ELEM, &mut 0);
    }

    fn count(&self) -> u64 {
        let mut count = 0;
        self.access(BPF_MAP_LOOKUP_ELEM, &mut count);
        count
    }

    fn access(&self, command: usize, count: &mut u64) {
        let key = 0_u32;
        let mut attributes = words([self.count.as_raw_fd() as u32]);
        set_pointer(&mut attributes, 2, ptr::from_ref(&key).cast());
        set_pointer(&mut attributes, 4, ptr::from_mut(count).cast::<u8>().cast_const());
        // SAFETY: the kernel reads the key, and reads or writes the count.
        let ret = unsafe {
            raw::syscall(
                __NR_bpf,
                [command, attributes.as_mut_ptr() as usize, size_of_val(&attributes)],
            )
        };
        assert!(ret == 0, "bpf: {ret}");
    }
}

fn words<const N: usize>(first: [u32; N]) -> [u32; 36] {
    let mut attributes = [0; 36];
    attributes[..N].copy_from_slice(&first);
    attributes
}

/// A pointer has 64 bits in the attributes, on every machine.
fn set_pointer(attributes: &mut [u32; 36], at: usize, pointer: *const u8) {
    let address = pointer as usize as u64;
    let bytes = address.to_ne_bytes();
    for (word, bytes) in attributes[at..at + 2].iter_mut().zip(bytes.chunks_exact(4)) {
        *word = u32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    }
}

/// A call that returns a file descriptor.
fn bpf(command: usize, attributes: &mut [u32; 36]) -> Result<OwnedFd, Otherwise> {
    // SAFETY: the kernel reads the attributes and what they point to.
    let ret = unsafe {
        raw::syscall(
            __NR_bpf,
            [command, attributes.as_mut_ptr() as usize, size_of_val(attributes)],
        )
    };
    if ret < 0 {
        return Err(Otherwise::Skipped(
            "this kernel accepts no BPF program as a security module",
        ));
    }
    // SAFETY: it is new.
    Ok(unsafe { OwnedFd::from_raw_fd(ret as i32) })
}

/// An instruction of a BPF program: operation, destination, source, offset, number.
const fn instruction(code: u8, [destination, source]: [u8; 2], offset: i16, number: i32) -> [u8; 8] {
    let registers = if cfg!(target_endian = "big") {
        destination << 4 | source
    } else {
        source << 4 | destination
    };
    let ([a, b], [c, d, e, f]) = (offset.to_ne_bytes(), number.to_ne_bytes());
    [code, registers, a, b, c, d, e, f]
}

/// Counts in the map, and returns an errno for the second one.
fn code(map: i32) -> [[u8; 8]; 17] {
    [
        instruction(0x62, [10, 0], -4, 0), // the key, 0, on the stack
        instruction(0xbf, [2, 10], 0, 0),
        instruction(0x07, [2, 0], 0, -4),
        instruction(0x18, [1, 1], 0, map),
        instruction(0, [0, 0], 0, 0),
        instruction(0x85, [0, 0], 0, 1), // bpf_map_lookup_elem
        instruction(0x55, [0, 0], 2, 0),
        instruction(0xb7, [0, 0], 0, 0),
        instruction(0x95, [0, 0], 0, 0),
        instruction(0x79, [1, 0], 0, 0), // r1 = the count
        instruction(0xbf, [2, 1], 0, 0),
        instruction(0x07, [2, 0], 0, 1),
        instruction(0x7b, [0, 2], 0, 0), // the count = r1 + 1
        instruction(0xb7, [0, 0], 0, 0),
        instruction(0x55, [1, 0], 1, 1),
        instruction(0xb7, [0, 0], 0, -Errno::EACCES.raw_os_error()),
        instruction(0x95, [0, 0], 0, 0),
    ]
}

/// The number that the kernel's type information (BTF) gives to its function of that name.
fn function_of_kernel(name: &[u8]) -> Option<u32> {
    const DESCRIPTION: &CStr = c"/sys/kernel/btf/vmlinux";
    let content = raw::content(DESCRIPTION)?;
    let word = |at: usize| Some(u32::from_ne_bytes(content.get(at..at + 4)?.try_into().ok()?));
    // include/uapi/linux/btf.h
    let begin = word(4)? as usize;
    let (types, types_len) = (begin + word(8)? as usize, word(12)? as usize);
    let strings = begin + word(16)? as usize;
    let (mut at, mut id) = (types, 1);
    while at < types + types_len {
        let (name_at, info) = (word(at)? as usize, word(at + 4)?);
        let (kind, count) = (info >> 24 & 0x1f, (info & 0xffff) as usize);
        let is_it = |found: &[u8]| found.strip_prefix(name).is_some_and(|rest| rest.starts_with(&[0]));
        if kind == 12 && is_it(content.get(strings + name_at..)?) {
            return Some(id);
        }
        at += 12
            + match kind {
                1 | 14 | 17 => 4,
                3 => 12,
                4 | 5 | 15 | 19 => 12 * count,
                6 | 13 => 8 * count,
                _ => 0,
            };
        id += 1;
    }
    None
}
