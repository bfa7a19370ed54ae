//! Why a call failed. The conformance program produces the causes; here are their texts, and what is read where others can
//! write.

use linux_socketpair::explain::{self, Cause, OpenFiles, Usage};
use linux_socketpair::{Domain, Errno, SocketFlags, SocketType, UnixStream, kind, socketpair};
use std::{ffi::CString, fs, os::unix::ffi::OsStrExt, path::Path, thread};

use hosted::{alone, chroot, in_child, in_qemu, skip};

const UNIX: Domain = Domain::UNIX;
const STREAM: SocketType = SocketType::STREAM;
const CLOEXEC: SocketFlags = SocketFlags::CLOEXEC;

fn usage(used: u64, limit: u64) -> Usage {
    Usage { used, limit }
}

#[test]
fn each_cause_is_a_sentence_with_the_errno() {
    let numbered = Domain::from_bits_retain(99);
    let limits = |open| {
        Cause::TooManyDescriptors(Some(OpenFiles {
            soft: 1024,
            hard: 4096,
            open,
        }))
    };
    let rows = [
        (
            Cause::UnknownFlags(SocketFlags::from_bits_retain(0x10)),
            Errno::EINVAL,
            "the flags 0x10 are unknown (EINVAL); SOCK_CLOEXEC and SOCK_NONBLOCK are known",
        ),
        (
            Cause::UnknownType(SocketType::from_bits_retain(12)),
            Errno::EINVAL,
            "the socket type 12 is unknown (EINVAL)",
        ),
        (
            Cause::UnknownDomain(numbered),
            Errno::EAFNOSUPPORT,
            "the domain 99 is unknown (EAFNOSUPPORT)",
        ),
        (
            Cause::UnavailableDomain(Domain::TIPC),
            Errno::EAFNOSUPPORT,
            "AF_TIPC is neither built in nor loaded, or not available in this network namespace (EAFNOSUPPORT)",
        ),
        (
            Cause::UnsupportedProtocol {
                domain: UNIX,
                ty: STREAM,
                protocol: 2,
                errno: Errno::EPROTONOSUPPORT,
            },
            Errno::EPROTONOSUPPORT,
            "AF_UNIX does not support protocol 2 (EPROTONOSUPPORT); it supports 0",
        ),
        (
            Cause::UnsupportedProtocol {
                domain: Domain::INET,
                ty: SocketType::from_bits_retain(9),
                protocol: -1,
                errno: Errno::EINVAL,
            },
            Errno::EINVAL,
            "AF_INET does not support protocol -1 for type 9 (EINVAL)",
        ),
        (
            Cause::UnsupportedType {
                domain: UNIX,
                ty: SocketType::RDM,
                errno: Errno::ESOCKTNOSUPPORT,
            },
            Errno::ESOCKTNOSUPPORT,
            "AF_UNIX does not support SOCK_RDM (ESOCKTNOSUPPORT); it supports SOCK_STREAM, SOCK_DGRAM and SOCK_SEQPACKET",
        ),
        (
            Cause::UnsupportedType {
                domain: Domain::TIPC,
                ty: SocketType::PACKET,
                errno: Errno::EPROTOTYPE,
            },
            Errno::EPROTOTYPE,
            "AF_TIPC does not support SOCK_PACKET (EPROTOTYPE)",
        ),
        (
            Cause::NoPairs(Domain::INET6),
            Errno::EOPNOTSUPP,
            "AF_INET6 does not support pairs (EOPNOTSUPP); AF_UNIX does",
        ),
        (
            Cause::NoPairs(numbered),
            Errno::EOPNOTSUPP,
            "domain 99 does not support pairs (EOPNOTSUPP); AF_UNIX does",
        ),
        (
            Cause::NoPairs(Domain::from_bits_retain(46)),
            Errno::EOPNOTSUPP,
            "domain 46 does not support pairs (EOPNOTSUPP); AF_UNIX does",
        ),
        (
            Cause::Unwritable,
            Errno::EFAULT,
            "the memory for the file descriptors can't be written (EFAULT)",
        ),
        (
            Cause::TooManyDescriptors(None),
            Errno::EMFILE,
            "RLIMIT_NOFILE: fewer than 2 file descriptors are free (EMFILE)",
        ),
        (
            limits(None),
            Errno::EMFILE,
            "RLIMIT_NOFILE: fewer than 2 of 1024 file descriptors are free (hard limit 4096)",
        ),
        (
            limits(Some(1024)),
            Errno::EMFILE,
            "RLIMIT_NOFILE: 1024 of 1024 file descriptors are open (hard limit 4096)",
        ),
        (
            limits(Some(1025)),
            Errno::EMFILE,
            "RLIMIT_NOFILE: 1025 file descriptors are open, 1024 are permitted (hard limit 4096)",
        ),
        (
            Cause::TooManyFiles(None),
            Errno::ENFILE,
            "fs.file-max: too many files are open in the system (ENFILE)",
        ),
        (
            Cause::TooManyFiles(Some(usage(9, 9))),
            Errno::ENFILE,
            "fs.file-max: 9 of 9 files are open in the system (ENFILE)",
        ),
        (
            Cause::TooManySockets(usage(18, 18), Errno::ENFILE),
            Errno::ENFILE,
            "fs.file-max: there are 18 AF_UNIX sockets, at most 18 are permitted (ENFILE)",
        ),
        (
            Cause::MemoryCgroup(usage(8000, 8192), Errno::ENOMEM),
            Errno::ENOMEM,
            "memory.max: the memory cgroup uses 8000 of 8192 bytes (ENOMEM)",
        ),
        (
            Cause::OutOfMemory,
            Errno::ENOMEM,
            "the system or a memory cgroup is out of memory (ENOMEM)",
        ),
        (
            Cause::SystemLimit(Errno::ENFILE),
            Errno::ENFILE,
            "fs.file-max, the number of AF_UNIX sockets, or memory is exhausted (ENFILE)",
        ),
        (
            Cause::Filter(Errno::EPERM),
            Errno::EPERM,
            "a seccomp filter rejects socketpair (EPERM)",
        ),
        (
            Cause::FilterOrKernel(UNIX, Errno::EPERM),
            Errno::EPERM,
            "a seccomp filter rejects AF_UNIX (EPERM), or, before Linux 5.10 and in emulators, the kernel does",
        ),
        (
            Cause::FilterOrKernel(UNIX, Errno::EAFNOSUPPORT),
            Errno::EAFNOSUPPORT,
            "a seccomp filter rejects AF_UNIX (EAFNOSUPPORT), or, before Linux 5.10 and in emulators, the kernel does",
        ),
        (
            Cause::SecurityModule(Errno::EACCES),
            Errno::EACCES,
            "a security module rejects socketpair (EACCES)",
        ),
        (
            Cause::Capability(Domain::PACKET),
            Errno::EPERM,
            "AF_PACKET requires a capability, or a security module rejects it (EPERM)",
        ),
        (
            Cause::DomainError(Domain::VSOCK, Errno::ENODEV),
            Errno::ENODEV,
            "AF_VSOCK failed with ENODEV: no such device",
        ),
        (
            Cause::NoSockets,
            Errno::ENOSYS,
            "the kernel was built without CONFIG_NET (ENOSYS)",
        ),
        (
            Cause::FilterOrNoSockets,
            Errno::ENOSYS,
            "a seccomp filter rejects socketpair, or the kernel was built without CONFIG_NET (ENOSYS)",
        ),
        (
            Cause::SuccessWithoutPair,
            Errno::EPROTO,
            "a seccomp filter or an emulator reports success without a pair (EPROTO)",
        ),
        (
            Cause::SucceedsNow(Errno::EINTR),
            Errno::EINTR,
            "socketpair succeeds when it is repeated; it failed with EINTR",
        ),
        (
            Cause::Unknown(Errno::EPERM),
            Errno::EPERM,
            "the cause is unknown (EPERM: operation not permitted)",
        ),
    ];
    for (cause, errno, text) in rows {
        assert_eq!(cause.to_string(), text);
        assert_eq!((cause.errno(), Errno::from(cause)), (errno, errno), "{text}");
        let error: Box<dyn std::error::Error + Send + Sync> = cause.into();
        assert_eq!(error.to_string(), text);
        #[cfg(feature = "std")]
        assert_eq!(std::io::Error::from(cause).raw_os_error(), Some(errno.raw_os_error()));
    }
    assert!(size_of::<Cause>() <= 40, "{} bytes", size_of::<Cause>());
}

/// Errnos that don't depend on the arguments need no call.
#[test]
fn pair_with_is_explained_as_its_call_of_socketpair() {
    for errno in [
        Errno::EMFILE,
        Errno::ENFILE,
        Errno::ENOMEM,
        Errno::ENOSYS,
        Errno::EFAULT,
    ] {
        let expected = explain::socketpair(UNIX, SocketType::SEQPACKET, CLOEXEC, 0, errno);
        assert_eq!(explain::pair_with::<kind::Seqpacket>(CLOEXEC, errno), expected);
    }
    let flags = SocketFlags::from_bits_retain(1 << 20);
    let cause = explain::pair_with::<kind::Stream>(CLOEXEC | flags, Errno::EINVAL);
    assert_eq!(cause, Cause::UnknownFlags(flags));
}

/// For every errno, with arguments that the kernel accepts: nothing stays open, and the errno is never another.
#[test]
fn explaining_an_errno_leaves_no_file_descriptor_open() {
    alone(|| {
        for number in 1..=4095 {
            let errno = Errno::from_raw_os_error(number).expect("an errno");
            let cause = explain::socketpair(UNIX, STREAM, CLOEXEC, 0, errno);
            assert_eq!(cause.errno(), errno);
        }
    });
}

/// QEMU user mode doesn't write `sv` on failure, and knows nothing of filters, so nothing is claimed there.
#[test]
fn an_unavailable_domain_is_not_attributed_to_a_filter() {
    alone(|| {
        let domain = Domain::NETBEUI; // no Linux has it
        let errno = socketpair(domain, STREAM, CLOEXEC, 0).unwrap_err();
        assert_eq!(errno, Errno::EAFNOSUPPORT);
        let cause = explain::socketpair(domain, STREAM, CLOEXEC, 0, errno);
        let expected = if in_qemu() {
            Cause::FilterOrKernel(domain, errno)
        } else {
            Cause::UnavailableDomain(domain)
        };
        assert_eq!((cause, cause.in_detail()), (expected, expected));
    });
}

fn c_string(path: &Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).expect("no zero")
}

const FILES: [&str; 5] = [
    "proc/thread-self/fd/0",
    "proc/sys/fs/file-nr",
    "proc/thread-self/net/protocols",
    "proc/thread-self/cgroup",
    "sys/fs/cgroup/memory.max",
];

type Make = fn(&Path);

/// In a root directory that others can write, proc and sys contain whatever they put there.
#[test]
fn files_that_the_kernel_did_not_provide_are_not_used() {
    const CHROOT_FAILED: i32 = 77 << 8;
    alone(|| {
        let root = std::env::temp_dir().join(format!("linux-socketpair-explain-{}", std::process::id()));
        let root_path = c_string(&root);
        let nothing_is_used = || {
            in_child(|| {
                if !chroot(&root_path) {
                    // SAFETY: nothing has to be cleaned up.
                    unsafe { libc::_exit(CHROOT_FAILED >> 8) };
                }
                let files = Cause::TooManyDescriptors(None).in_detail();
                let unknown = matches!(files, Cause::TooManyDescriptors(Some(OpenFiles { open: None, .. })));
                // Since Linux 5.15 this errno has one cause, which needs no file.
                let memory = Cause::SystemLimit(Errno::ENOMEM);
                let files = Cause::SystemLimit(Errno::ENFILE);
                unknown && files.in_detail() == files && [memory, Cause::OutOfMemory].contains(&memory.in_detail())
            })
        };
        let make: [(&str, Make); 4] = [
            ("nothing", |_| {}),
            ("a forged file", |path| {
                fs::write(path, "999 0 999\nUNIX 1 9999\n0::/\n").expect("a file");
            }),
            ("a FIFO", |path| {
                // SAFETY: the call reads the path alone.
                assert_eq!(unsafe { libc::mkfifo(c_string(path).as_ptr(), 0o666) }, 0);
            }),
            ("a directory", |path| fs::create_dir(path).expect("a directory")),
        ];
        for (what, make) in make {
            fs::create_dir_all(&root).expect("a directory");
            for file in FILES.map(|file| root.join(file)) {
                fs::create_dir_all(file.parent().expect("a directory")).expect("directories");
                make(&file);
            }
            let status = nothing_is_used();
            fs::remove_dir_all(&root).expect("removed");
            if status == CHROOT_FAILED {
                return skip(
                    "files that are not the kernel's",
                    "neither chroot nor a user namespace is permitted",
                );
            }
            assert_eq!(status, 0, "{what}");
        }
    });
}

/// A thread that has unshared its table counts its own, also when it is not the first.
#[test]
fn the_file_descriptors_of_the_calling_thread_are_counted() {
    alone(|| {
        if in_qemu() {
            return skip("a thread's file descriptors", "QEMU user mode has some of its own");
        }
        let open = || match Cause::TooManyDescriptors(None).in_detail() {
            Cause::TooManyDescriptors(Some(OpenFiles { open, .. })) => open,
            _ => None,
        };
        let Some(before) = open() else {
            return skip("a thread's file descriptors", "since Linux 6.2");
        };
        let pair = UnixStream::pair().expect("a pair");
        assert_eq!(open(), Some(before + 2));
        let in_thread = thread::spawn(move || {
            // SAFETY: no memory is involved.
            assert_eq!(unsafe { libc::unshare(libc::CLONE_FILES) }, 0);
            let _more = UnixStream::pair().expect("a pair");
            open()
        });
        assert_eq!(in_thread.join().expect("no panic"), Some(before + 4));
        assert_eq!(open(), Some(before + 2));
        drop(pair);
    });
}
