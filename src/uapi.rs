//! Constants and structures of the kernel's headers that linux-raw-sys lacks.

use linux_raw_sys::general;

/// include/linux/socket.h
pub(crate) const AF_LOCAL: u32 = 1;
/// include/linux/socket.h
pub(crate) const AF_ROUTE: u32 = 16;
/// include/linux/socket.h
pub(crate) const AF_IB: u32 = 27;
/// include/linux/socket.h
pub(crate) const AF_MPLS: u32 = 28;

/// include/linux/net.h
pub(crate) const SOCK_DCCP: u32 = 6;
/// include/linux/net.h
pub(crate) const SOCK_PACKET: u32 = 10;
/// include/linux/net.h: the bits that hold the socket's type, without flags
pub(crate) const SOCK_TYPE_MASK: u32 = 0xf;
/// include/linux/net.h: one more than the last type
pub(crate) const SOCK_MAX: u32 = SOCK_PACKET + 1;
/// include/linux/net.h, which defines it this way
pub(crate) const SOCK_CLOEXEC: u32 = general::O_CLOEXEC;
/// include/linux/net.h, which defines it this way
pub(crate) const SOCK_NONBLOCK: u32 = general::O_NONBLOCK;

/// include/linux/socket.h
pub(crate) const SCM_PIDFD: u32 = 4;
/// include/uapi/asm-generic/socket.h
pub(crate) const SO_RIGHTS_NOTRUNC: u32 = 85;

/// include/linux/socket.h
pub(crate) const MSG_WAITFORONE: u32 = 0x1_0000;
/// include/uapi/linux/uio.h
pub(crate) const UIO_MAXIOV: u32 = 1024;

/// include/uapi/asm-generic/signal-defs.h
pub(crate) const SIG_DFL: usize = 0;
/// include/uapi/asm-generic/signal-defs.h
pub(crate) const SIG_IGN: usize = 1;

/// include/uapi/linux/pidfd.h, `_IOWR(0xff, 11, struct pidfd_info)`, whose first version has 64 bytes
pub(crate) const PIDFD_GET_INFO: u32 = 0xc040_ff0b;
/// include/uapi/linux/pidfd.h
pub(crate) const PIDFD_INFO_EXIT: u64 = 1 << 3;

/// include/uapi/linux/pidfd.h
#[allow(non_camel_case_types, reason = "the kernel's name")]
#[repr(C)]
pub(crate) struct pidfd_info {
    pub(crate) mask: u64,
    pub(crate) cgroupid: u64,
    /// Process, thread group and parent, and eight user and group IDs.
    pub(crate) ids: [u32; 11],
    pub(crate) exit_code: i32,
}
