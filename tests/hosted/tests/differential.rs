//! socketpair(2) returns what it returns through libc and through rustix, for any arguments.
//!
//! One test, in a program of its own: it counts the file descriptors of the process, so nothing may run beside it.

use linux_socketpair::{Domain, Errno, RawFd, SocketFlags, SocketType, close, socketpair};
use proptest::{prelude::*, test_runner::Config};
use rustix::net::{AddressFamily, Protocol};
use std::{io, os::fd::IntoRawFd};

use hosted::open_descriptors;

/// Of each end: its type, domain, protocol, file descriptor flags and file status flags.
type Pair = [[i32; 5]; 2];

fn inspect_and_close(sv: [RawFd; 2]) -> Pair {
    let pair = sv.map(|fd| {
        let option = |name| {
            let (mut value, mut len) = (0_i32, 4);
            // SAFETY: the option writes an int.
            let ret = unsafe { libc::getsockopt(fd, libc::SOL_SOCKET, name, (&raw mut value).cast(), &raw mut len) };
            assert_eq!((ret, len), (0, 4));
            value
        };
        // SAFETY: neither command has an argument.
        let flags = unsafe { [libc::fcntl(fd, libc::F_GETFD), libc::fcntl(fd, libc::F_GETFL)] };
        [
            option(libc::SO_TYPE),
            option(libc::SO_DOMAIN),
            option(libc::SO_PROTOCOL),
            flags[0],
            flags[1],
        ]
    });
    for fd in sv {
        // SAFETY: the caller gives it up.
        assert_eq!(unsafe { close(fd) }, Ok(()));
    }
    pair
}

fn this_crate(domain: u32, ty: u32, flags: u32, protocol: i32) -> Result<Pair, i32> {
    let flags = SocketFlags::from_bits_retain(flags);
    socketpair(
        Domain::from_bits_retain(domain),
        SocketType::from_bits_retain(ty),
        flags,
        protocol,
    )
    .map(inspect_and_close)
    .map_err(Errno::raw_os_error)
}

fn libc(domain: u32, ty: u32, flags: u32, protocol: i32) -> Result<Pair, i32> {
    let mut sv = [-1; 2];
    // SAFETY: `sv` has room for two file descriptors.
    match unsafe { libc::socketpair(domain as i32, (ty | flags) as i32, protocol, sv.as_mut_ptr()) } {
        0 => Ok(inspect_and_close(sv)),
        _ => Err(io::Error::last_os_error().raw_os_error().expect("errno")),
    }
}

/// `None` for what rustix can't express: its domains have 16 bits.
fn rustix(domain: u32, ty: u32, flags: u32, protocol: i32) -> Option<Result<Pair, i32>> {
    let domain = AddressFamily::from_raw(domain.try_into().ok()?);
    let flags = rustix::net::SocketFlags::from_bits_retain(flags);
    let protocol = std::num::NonZeroU32::new(protocol as u32).map(Protocol::from_raw);
    Some(
        match rustix::net::socketpair(domain, rustix::net::SocketType::from_raw(ty), flags, protocol) {
            Ok((a, b)) => Ok(inspect_and_close([a.into_raw_fd(), b.into_raw_fd()])),
            Err(errno) => Err(errno.raw_os_error()),
        },
    )
}

proptest! {
    #![proptest_config(Config { cases: 8192, failure_persistence: None, ..Config::default() })]

    #[test]
    fn socketpair_returns_what_libc_and_rustix_return(
        domain in prop_oneof![4 => Just(1), 3 => 0..50_u32, 1 => any::<u32>()],
        ty in prop_oneof![4 => 1..6_u32, 2 => 0..20_u32, 1 => any::<u32>()],
        flags in prop_oneof![
            4 => prop::sample::select(vec![0, 0x800, 0x80000, 0x80800]),
            1 => (0..32_u32).prop_map(|bit| 1 << bit),
            1 => any::<u32>(),
        ],
        protocol in prop_oneof![4 => 0..2_i32, 2 => -1..20_i32, 1 => any::<i32>()],
    ) {
        let before = open_descriptors();
        let result = this_crate(domain, ty, flags, protocol);
        prop_assert_eq!(open_descriptors(), before);
        prop_assert_eq!(&result, &libc(domain, ty, flags, protocol));
        if let Some(rustix) = rustix(domain, ty, flags, protocol) {
            prop_assert_eq!(&result, &rustix);
        }
    }
}
