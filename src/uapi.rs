//! Constants of the kernel's headers that linux-raw-sys lacks.

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
/// include/linux/net.h: the bits of a socket's type that are no flags
pub(crate) const SOCK_TYPE_MASK: u32 = 0xf;
/// include/linux/net.h: one more than the last type
pub(crate) const SOCK_MAX: u32 = SOCK_PACKET + 1;
/// include/linux/net.h, which defines it so
pub(crate) const SOCK_CLOEXEC: u32 = general::O_CLOEXEC;
/// include/linux/net.h, which defines it so
pub(crate) const SOCK_NONBLOCK: u32 = general::O_NONBLOCK;

/// include/linux/socket.h
pub(crate) const SCM_PIDFD: u32 = 4;
/// include/uapi/asm-generic/socket.h
pub(crate) const SO_RIGHTS_NOTRUNC: u32 = 85;

/// include/linux/socket.h
pub(crate) const MSG_WAITFORONE: u32 = 0x1_0000;
/// include/uapi/linux/uio.h
pub(crate) const UIO_MAXIOV: u32 = 1024;
