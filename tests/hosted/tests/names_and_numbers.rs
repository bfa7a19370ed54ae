//! How domains, types, flags and errnos print, parse and compare. The numbers are compared with libc's constants.

use bitflags::Flags;
use linux_socketpair::{Domain, Errno, MessageFlags, ParseError, PollFlags, SocketFlags, SocketType};
use proptest::{prelude::*, test_runner::Config};

macro_rules! same_as_libc {
    ($Type:ident $prefix:literal: $($NAME:ident = $libc:ident),+ $(,)?) => {
        [$((stringify!($NAME), concat!($prefix, stringify!($NAME)), $Type::$NAME, stringify!($libc), libc::$libc)),+]
    };
}

#[test]
fn every_domain_has_the_number_of_libc_and_prints_its_name() {
    let table = same_as_libc!(Domain "AF_":
        UNSPEC = AF_UNSPEC, UNIX = AF_UNIX, INET = AF_INET, AX25 = AF_AX25, IPX = AF_IPX, APPLETALK = AF_APPLETALK,
        NETROM = AF_NETROM, BRIDGE = AF_BRIDGE, ATMPVC = AF_ATMPVC, X25 = AF_X25, INET6 = AF_INET6, ROSE = AF_ROSE,
        DECNET = AF_DECnet, NETBEUI = AF_NETBEUI, SECURITY = AF_SECURITY, KEY = AF_KEY, NETLINK = AF_NETLINK,
        PACKET = AF_PACKET, ASH = AF_ASH, ECONET = AF_ECONET, ATMSVC = AF_ATMSVC, RDS = AF_RDS, SNA = AF_SNA,
        IRDA = AF_IRDA, PPPOX = AF_PPPOX, WANPIPE = AF_WANPIPE, LLC = AF_LLC, IB = AF_IB, MPLS = AF_MPLS, CAN = AF_CAN,
        TIPC = AF_TIPC, BLUETOOTH = AF_BLUETOOTH, IUCV = AF_IUCV, RXRPC = AF_RXRPC, ISDN = AF_ISDN, PHONET = AF_PHONET,
        IEEE802154 = AF_IEEE802154, CAIF = AF_CAIF, ALG = AF_ALG, NFC = AF_NFC, VSOCK = AF_VSOCK, XDP = AF_XDP,
    );
    for (name, long, domain, libc_name, number) in table {
        assert_eq!(domain.bits(), number as u32, "{name}");
        assert_eq!(
            (domain.to_string().as_str(), format!("{domain:?}").as_str()),
            (name, name)
        );
        assert!(long.eq_ignore_ascii_case(libc_name));
    }
    assert_eq!((Domain::LOCAL, Domain::ROUTE), (Domain::UNIX, Domain::NETLINK));
    assert_eq!(
        ("LOCAL".parse(), "ROUTE".parse()),
        (Ok(Domain::UNIX), Ok(Domain::NETLINK))
    );
}

#[test]
fn every_domain_below_max_has_a_name_and_max_has_none() {
    for bits in 0..Domain::MAX.bits() {
        let name = Domain::from_bits_retain(bits).to_string();
        assert!(name.parse::<u32>().is_err(), "{bits}");
        assert_eq!(name.parse(), Ok(Domain::from_bits_retain(bits)));
    }
    assert_eq!(Domain::MAX.to_string(), "46");
}

#[test]
fn every_type_has_the_number_of_libc_and_prints_its_name() {
    let table = same_as_libc!(SocketType "SOCK_":
        STREAM = SOCK_STREAM, DGRAM = SOCK_DGRAM, RAW = SOCK_RAW, RDM = SOCK_RDM, SEQPACKET = SOCK_SEQPACKET,
        DCCP = SOCK_DCCP,
    );
    for (name, long, ty, libc_name, number) in table {
        assert_eq!(ty.bits(), number as u32, "{name}");
        assert_eq!((ty.to_string().as_str(), format!("{ty:?}").as_str()), (name, name));
        assert_eq!(long, libc_name);
    }
    assert_eq!(
        (SocketType::PACKET.bits(), SocketType::PACKET.to_string().as_str()),
        (10, "PACKET")
    );
}

#[test]
fn no_value_prints_as_a_combination_of_others() {
    let [stream, rdm, seqpacket] = [SocketType::STREAM, SocketType::RDM, SocketType::SEQPACKET];
    assert_eq!(stream.bits() | rdm.bits(), seqpacket.bits());
    assert_eq!(SocketType::from_bits_retain(5).to_string(), "SEQPACKET");
    assert_eq!(format!("{:?}", SocketType::from_bits_retain(5)), "SEQPACKET");
    assert_eq!(format!("{:?}", SocketFlags::empty()), "SocketFlags(0x0)");
    assert_eq!(
        format!("{:?}", SocketFlags::CLOEXEC | SocketFlags::NONBLOCK),
        "SocketFlags(CLOEXEC | NONBLOCK)"
    );
    assert_eq!(
        format!("{:?}", SocketFlags::from_bits_retain(0x10)),
        "SocketFlags(0x10)"
    );
    assert_eq!(
        format!(
            "{:>10}|{:<4}|",
            SocketType::from_bits_retain(5),
            SocketType::from_bits_retain(7)
        ),
        " SEQPACKET|7   |"
    );
    assert!(!seqpacket.contains(stream) && !seqpacket.intersects(rdm) && seqpacket.contains(seqpacket));
    assert!(
        !Domain::UNIX.contains(Domain::UNSPEC),
        "the empty set is no part of a number"
    );
    assert_eq!(
        seqpacket.iter_names().map(|(name, _)| name).collect::<Vec<_>>(),
        ["SEQPACKET"]
    );
    assert_eq!(SocketType::from_bits_retain(7).iter_names().count(), 0);
    assert_eq!(
        SocketType::from_bits(0x4000_0007).map(|ty| ty.bits()),
        Some(0x4000_0007),
        "no bit is truncated"
    );
    let mut text = String::new();
    bitflags::parser::to_writer(&seqpacket, &mut text).unwrap();
    assert_eq!(text, "SEQPACKET");
}

#[test]
fn flags_combine_print_and_parse() {
    let both = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    assert_eq!(both.bits(), (libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK) as u32);
    assert_eq!(both.to_string(), "CLOEXEC | NONBLOCK");
    assert_eq!(
        (SocketFlags::empty().to_string().as_str(), "".parse()),
        ("", Ok(SocketFlags::empty()))
    );
    assert_eq!(
        (SocketFlags::CLOEXEC | SocketFlags::from_bits_retain(0x10)).to_string(),
        "CLOEXEC | 0x10"
    );
    assert_eq!("CLOEXEC|FOO".parse::<SocketFlags>(), "CLOEXEC|".parse());
    assert_eq!(SocketFlags::default(), SocketFlags::empty());
}

#[test]
fn what_is_neither_name_nor_number_does_not_parse() {
    for text in [
        "",
        " ",
        "unix",
        "UNIX ",
        "STREAM | RDM",
        "-1",
        "+1",
        "0x",
        "0x+1",
        "0x100000000",
        "4294967296",
        "1_0",
        "é",
    ] {
        assert!(text.parse::<Domain>().is_err(), "{text:?}");
        assert!(text.parse::<SocketType>().is_err(), "{text:?}");
        assert!(text.parse::<Errno>().is_err(), "{text:?}");
    }
    for text in ["0", "4096", "0x1000", "2147483648", "4294967295", "EFOO"] {
        assert!(text.parse::<Errno>().is_err(), "{text:?}");
    }
    let error: Box<dyn std::error::Error> = Box::new("".parse::<Domain>().unwrap_err());
    assert!(error.is::<ParseError>());
}

fn expected<T: std::str::FromStr<Err = ParseError>>(text: &str) -> String {
    match text.parse::<T>() {
        Ok(_) => format!("{text} parses"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn an_error_of_parsing_prints_what_was_expected() {
    let table = [
        (
            expected::<Domain>("unix"),
            "the name of a domain, such as UNIX, or a 32-bit number",
        ),
        (
            expected::<SocketType>("STREAM | RDM"),
            "the name of a type, such as STREAM, or a 32-bit number",
        ),
        (
            expected::<SocketFlags>("CLOEXEC | FOO"),
            "names and hexadecimal numbers, separated by `|`, such as CLOEXEC | 0x800",
        ),
        (
            expected::<MessageFlags>("peek"),
            "names and hexadecimal numbers, separated by `|`, such as PEEK | 0x40",
        ),
        (
            expected::<PollFlags>("0x10000"),
            "names and 16-bit hexadecimal numbers, separated by `|`, such as IN | 0x4",
        ),
        (
            expected::<Errno>("4096"),
            "the name of an errno, such as EAGAIN, or a number from 1 to 4095",
        ),
    ];
    for (seen, text) in table {
        assert_eq!(seen, format!("expected {text}"));
    }
    // What the messages name does parse.
    assert_eq!(
        ("UNIX".parse(), "STREAM".parse()),
        (Ok(Domain::UNIX), Ok(SocketType::STREAM))
    );
    assert!("CLOEXEC | 0x800".parse::<SocketFlags>().is_ok() && "PEEK | 0x40".parse::<MessageFlags>().is_ok());
    assert!("IN | 0x4".parse::<PollFlags>().is_ok() && "EAGAIN".parse::<Errno>().is_ok());
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

    #[test]
    #[cfg_attr(miri, ignore = "takes minutes under Miri")]
    fn every_number_prints_and_parses_back(bits: u32) {
        let (domain, ty, flags) =
            (Domain::from_bits_retain(bits), SocketType::from_bits_retain(bits), SocketFlags::from_bits_retain(bits));
        prop_assert_eq!(domain.to_string().parse(), Ok(domain));
        prop_assert_eq!(ty.to_string().parse(), Ok(ty));
        prop_assert_eq!(flags.to_string().parse(), Ok(flags));
        prop_assert_eq!(format!("{bits:#x}").parse(), Ok(ty));
        prop_assert_eq!((domain.bits(), ty.bits(), flags.bits()), (bits, bits, bits));
    }

    #[test]
    #[cfg_attr(miri, ignore = "takes minutes under Miri")]
    fn any_text_parses_or_is_rejected_without_a_panic(text: String) {
        let _ = (text.parse::<Domain>(), text.parse::<SocketType>());
        let _ = (text.parse::<SocketFlags>(), text.parse::<Errno>());
    }

    #[test]
    #[cfg_attr(miri, ignore = "takes minutes under Miri")]
    fn a_number_is_an_errno_from_1_to_4095(raw: i32) {
        prop_assert_eq!(Errno::from_raw_os_error(raw).is_some(), (1..=4095).contains(&raw));
    }
}

macro_rules! errnos {
    ($($NAME:ident)+) => {
        [$((stringify!($NAME), Errno::$NAME, libc::$NAME)),+]
    };
}

#[test]
fn every_errno_has_the_number_of_libc_and_prints_its_name_and_description() {
    let table = errnos! {
        EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT ENOTBLK EBUSY
        EEXIST EXDEV ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS EMLINK EPIPE
        EDOM ERANGE EDEADLK ENAMETOOLONG ENOLCK ENOSYS ENOTEMPTY ELOOP EWOULDBLOCK ENOMSG EIDRM ECHRNG EL2NSYNC
        EL3HLT EL3RST ELNRNG EUNATCH ENOCSI EL2HLT EBADE EBADR EXFULL ENOANO EBADRQC EBADSLT EDEADLOCK EBFONT ENOSTR
        ENODATA ETIME ENOSR ENONET ENOPKG EREMOTE ENOLINK EADV ESRMNT ECOMM EPROTO EMULTIHOP EDOTDOT EBADMSG
        EOVERFLOW ENOTUNIQ EBADFD EREMCHG ELIBACC ELIBBAD ELIBSCN ELIBMAX ELIBEXEC EILSEQ ERESTART ESTRPIPE EUSERS
        ENOTSOCK EDESTADDRREQ EMSGSIZE EPROTOTYPE ENOPROTOOPT EPROTONOSUPPORT ESOCKTNOSUPPORT EOPNOTSUPP EPFNOSUPPORT
        EAFNOSUPPORT EADDRINUSE EADDRNOTAVAIL ENETDOWN ENETUNREACH ENETRESET ECONNABORTED ECONNRESET ENOBUFS EISCONN
        ENOTCONN ESHUTDOWN ETOOMANYREFS ETIMEDOUT ECONNREFUSED EHOSTDOWN EHOSTUNREACH EALREADY EINPROGRESS ESTALE
        EUCLEAN ENOTNAM ENAVAIL EISNAM EREMOTEIO EDQUOT ENOMEDIUM EMEDIUMTYPE ECANCELED ENOKEY EKEYEXPIRED
        EKEYREVOKED EKEYREJECTED EOWNERDEAD ENOTRECOVERABLE ERFKILL EHWPOISON
    };
    for (name, errno, number) in table {
        assert_eq!(errno.raw_os_error(), number, "{name}");
        assert_eq!(name.parse(), Ok(errno));
        let first = match name {
            "EWOULDBLOCK" => "EAGAIN",
            "EDEADLOCK" if errno == Errno::EDEADLK => "EDEADLK",
            _ => name,
        };
        assert_eq!(format!("{errno:?}"), first);
        let text = errno.to_string();
        let (printed, description) = text.split_once(": ").expect("name and description");
        assert_eq!(printed, first);
        assert!(
            (4..=60).contains(&description.len()) && !description.ends_with('.'),
            "{text}"
        );
        // Other C libraries, and Miri, have other words. On powerpc glibc has none for EDEADLOCK.
        if cfg!(all(target_env = "gnu", not(miri))) && printed != "EDEADLOCK" {
            let strerror = std::io::Error::from_raw_os_error(number).to_string();
            let expected = format!("{description} (os error {number})");
            assert!(strerror.eq_ignore_ascii_case(&expected), "{text}, {strerror}");
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "takes minutes under Miri")]
fn every_errno_from_1_to_4095_decodes() {
    let named = (1..=4095).filter(|&raw| {
        let errno = Errno::from_raw_os_error(raw).expect("an errno");
        assert_eq!(errno.raw_os_error(), raw);
        assert_eq!(raw.to_string().parse(), Ok(errno));
        let unnamed = (format!("{errno:?}"), errno.to_string()) == (format!("Errno({raw})"), format!("errno {raw}"));
        let name = format!("{errno:?}");
        assert!(unnamed || name.parse() == Ok(errno));
        !unnamed
    });
    // EDEADLOCK is a number of its own on powerpc.
    assert_eq!(named.count(), 131 + usize::from(Errno::EDEADLOCK != Errno::EDEADLK));
    for raw in [0, -1, 4096, i32::MAX, i32::MIN, -4095] {
        assert_eq!(Errno::from_raw_os_error(raw), None);
    }
}

#[test]
fn a_result_is_no_larger_than_an_int() {
    assert_eq!(size_of::<Errno>(), 4);
    assert_eq!(size_of::<Option<Errno>>(), 4);
    assert_eq!(size_of::<Result<(), Errno>>(), 4);
    let _: &dyn std::error::Error = &Errno::EMFILE;
}
