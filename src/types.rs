//! The arguments of the calls: domain, type and flags.

use bitflags::{Flag, Flags, bitflags};
use core::{error, fmt, str::FromStr};
use linux_raw_sys::{general::*, net::*};

use crate::uapi::*;

/// Defines a type of named numbers. Not with `bitflags!`: they are not sets, and as sets SEQPACKET (5) would contain STREAM (1).
macro_rules! values {
    (
        $(#[$doc:meta])*
        $Type:ident expects $expected:literal {
            $($(#[$value_doc:meta])* $NAME:ident = $value:expr;)+
        }
        unnamed {
            $($(#[$unnamed_doc:meta])* $UNNAMED:ident = $unnamed:expr;)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(transparent)]
        pub struct $Type(u32);

        impl $Type {
            $($(#[$value_doc])* pub const $NAME: Self = Self($value);)+
            $($(#[$unnamed_doc])* pub const $UNNAMED: Self = Self($unnamed);)*

            /// The number, as the kernel receives it.
            #[inline]
            #[must_use]
            pub const fn bits(self) -> u32 {
                self.0
            }

            /// The value with any number, named or not, which reaches the kernel unchanged.
            #[inline]
            #[must_use]
            pub const fn from_bits_retain(bits: u32) -> Self {
                Self(bits)
            }
        }

        /// For generic code. A value contains and intersects only itself. The trait's other operations combine the numbers'
        /// bits, and return the value with the resulting number, which can have an unrelated name.
        impl Flags for $Type {
            /// The last one, without a name, means that every bit is known: none is truncated.
            const FLAGS: &'static [Flag<Self>] = &[
                $(Flag::new(stringify!($NAME), Self::$NAME),)+
                Flag::new("", Self(!0)),
            ];
            type Bits = u32;

            fn bits(&self) -> u32 {
                self.0
            }

            fn from_bits_retain(bits: u32) -> Self {
                Self(bits)
            }

            fn contains(&self, other: Self) -> bool {
                *self == other
            }

            fn intersects(&self, other: Self) -> bool {
                *self == other
            }
        }

        /// The name, or the number where there is none.
        impl fmt::Display for $Type {
            #[inline]
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match Self::FLAGS.iter().find(|flag| flag.is_named() && flag.value() == self) {
                    Some(flag) => f.pad(flag.name()),
                    None => fmt::Display::fmt(&self.0, f),
                }
            }
        }

        /// Like `Display`.
        impl fmt::Debug for $Type {
            #[inline]
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $Type {
            type Err = ParseError;

            /// Accepts one name, or a number: decimal, or hexadecimal with `0x`.
            #[inline]
            fn from_str(text: &str) -> Result<Self, ParseError> {
                match text {
                    $(stringify!($UNNAMED) => Ok(Self::$UNNAMED),)*
                    _ => Self::from_name(text)
                        .or_else(|| parse_number(text).map(Self))
                        .ok_or(ParseError($expected)),
                }
            }
        }
    };
}

values! {
    /// The domain (address family) of a socket, `AF_*`.
    ///
    /// Linux supports pairs in [`UNIX`](Self::UNIX), and since 4.12 in [`TIPC`](Self::TIPC).
    ///
    /// A domain is one number, not a set, so there is no `|`.
    ///
    /// ```
    /// use linux_socketpair::Domain;
    ///
    /// assert_eq!(Domain::LOCAL, Domain::UNIX);
    /// assert_eq!(Domain::from_bits_retain(30).to_string(), "TIPC");
    /// assert_eq!(Domain::from_bits_retain(99).to_string(), "99");
    /// assert_eq!("INET6".parse(), Ok(Domain::INET6));
    /// ```
    ///
    /// Manual page: [address_families(7)](https://man7.org/linux/man-pages/man7/address_families.7.html).
    #[doc(alias("AF_UNIX", "AF_LOCAL", "AF_TIPC", "AF_INET", "AF_INET6", "AF_NETLINK", "AF_VSOCK", "PF_UNIX"))]
    Domain expects "the name of a domain, such as UNIX, or a 32-bit number" {
        /// No domain.
        UNSPEC = AF_UNSPEC;
        /// Local communication.
        UNIX = AF_UNIX;
        /// IPv4.
        INET = AF_INET;
        /// Amateur radio X.25.
        AX25 = AF_AX25;
        /// Novell IPX.
        IPX = AF_IPX;
        /// AppleTalk.
        APPLETALK = AF_APPLETALK;
        /// Amateur radio NET/ROM.
        NETROM = AF_NETROM;
        /// Multiprotocol bridge.
        BRIDGE = AF_BRIDGE;
        /// ATM permanent virtual circuits.
        ATMPVC = AF_ATMPVC;
        /// ITU-T X.25.
        X25 = AF_X25;
        /// IPv6.
        INET6 = AF_INET6;
        /// Amateur radio X.25 PLP.
        ROSE = AF_ROSE;
        /// DECnet.
        DECNET = AF_DECnet;
        /// Reserved for 802.2 LLC.
        NETBEUI = AF_NETBEUI;
        /// Security callback.
        SECURITY = AF_SECURITY;
        /// IPsec key management.
        KEY = AF_KEY;
        /// The kernel's own messages.
        NETLINK = AF_NETLINK;
        /// Packets at the device level.
        PACKET = AF_PACKET;
        /// Ash.
        ASH = AF_ASH;
        /// Acorn Econet.
        ECONET = AF_ECONET;
        /// ATM switched virtual circuits.
        ATMSVC = AF_ATMSVC;
        /// Reliable datagrams over RDMA and TCP.
        RDS = AF_RDS;
        /// Linux SNA.
        SNA = AF_SNA;
        /// Infrared.
        IRDA = AF_IRDA;
        /// PPP over Ethernet, L2TP and PPTP.
        PPPOX = AF_PPPOX;
        /// Sangoma WANPIPE.
        WANPIPE = AF_WANPIPE;
        /// IEEE 802.2 LLC.
        LLC = AF_LLC;
        /// InfiniBand.
        IB = AF_IB;
        /// Multiprotocol label switching.
        MPLS = AF_MPLS;
        /// Controller area network.
        CAN = AF_CAN;
        /// Cluster communication; its pairs need Linux 4.12 and the module `tipc`.
        TIPC = AF_TIPC;
        /// Bluetooth.
        BLUETOOTH = AF_BLUETOOTH;
        /// z/VM inter-user communication.
        IUCV = AF_IUCV;
        /// RxRPC.
        RXRPC = AF_RXRPC;
        /// ISDN.
        ISDN = AF_ISDN;
        /// Nokia's Phonet.
        PHONET = AF_PHONET;
        /// IEEE 802.15.4 personal area network.
        IEEE802154 = AF_IEEE802154;
        /// ST-Ericsson's CAIF.
        CAIF = AF_CAIF;
        /// The kernel's cryptography.
        ALG = AF_ALG;
        /// Near-field communication.
        NFC = AF_NFC;
        /// Between a virtual machine and its host.
        VSOCK = AF_VSOCK;
        /// Kernel connection multiplexer.
        KCM = AF_KCM;
        /// Qualcomm's IPC router.
        QIPCRTR = AF_QIPCRTR;
        /// Shared memory communication.
        SMC = AF_SMC;
        /// Express data path.
        XDP = AF_XDP;
        /// Management component transport protocol.
        MCTP = AF_MCTP;
    }
    unnamed {
        /// Another name of [`UNIX`](Self::UNIX).
        LOCAL = AF_LOCAL;
        /// Another name of [`NETLINK`](Self::NETLINK).
        ROUTE = AF_ROUTE;
        /// Not a domain: one more than the last one in the headers that this crate was built with. It is printed as a number.
        MAX = AF_MAX;
    }
}

values! {
    /// The type of a socket, `SOCK_*`: whether it keeps the boundaries of messages, and their order.
    ///
    /// AF_UNIX supports [`STREAM`](Self::STREAM), [`DGRAM`](Self::DGRAM) and [`SEQPACKET`](Self::SEQPACKET), and accepts
    /// [`RAW`](Self::RAW) for `DGRAM`. All of them are reliable and ordered there.
    ///
    /// A type is one number, not a set: `SEQPACKET` is 5, and has nothing to do with `STREAM` (1) and `RDM` (4). So there is no
    /// `|`; the call itself combines type and [`SocketFlags`].
    ///
    /// ```
    /// use linux_socketpair::SocketType;
    ///
    /// assert_eq!(SocketType::from_bits_retain(5).to_string(), "SEQPACKET");
    /// assert_eq!(SocketType::from_bits_retain(7).to_string(), "7");
    /// assert_eq!("DGRAM".parse(), Ok(SocketType::DGRAM));
    /// assert!("STREAM | RDM".parse::<SocketType>().is_err());
    /// ```
    ///
    /// Manual page: [socket(2)](https://man7.org/linux/man-pages/man2/socket.2.html).
    #[doc(alias("SOCK_STREAM", "SOCK_DGRAM", "SOCK_SEQPACKET", "SOCK_RAW", "SOCK_RDM"))]
    SocketType expects "the name of a type, such as STREAM, or a 32-bit number" {
        /// Bytes in order, without boundaries.
        STREAM = SOCK_STREAM;
        /// Messages with their boundaries.
        DGRAM = SOCK_DGRAM;
        /// Below the transport protocol; on AF_UNIX the same as `DGRAM`, which `SO_TYPE` reports.
        RAW = SOCK_RAW;
        /// Messages, reliably delivered.
        RDM = SOCK_RDM;
        /// Messages with their boundaries, in order, over a connection.
        SEQPACKET = SOCK_SEQPACKET;
        /// Datagram congestion control protocol.
        DCCP = SOCK_DCCP;
        /// Packets at the device level; obsolete.
        PACKET = SOCK_PACKET;
    }
    unnamed {}
}

/// The flags that both sockets of a pair are created with. A set: `|` is the union; the call combines it with the
/// [`SocketType`].
///
/// ```
/// use linux_socketpair::SocketFlags;
///
/// let both = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
/// assert!(both.contains(SocketFlags::CLOEXEC));
/// assert_eq!(both.to_string().parse(), Ok(both));
/// ```
///
/// Manual page: [socket(2)](https://man7.org/linux/man-pages/man2/socket.2.html).
#[doc(alias("SOCK_CLOEXEC", "SOCK_NONBLOCK"))]
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct SocketFlags(u32);

bitflags! {
    impl SocketFlags: u32 {
        /// The file descriptors are close-on-exec from the beginning, so a program that another thread starts can't inherit them.
        const CLOEXEC = SOCK_CLOEXEC;
        /// Calls that would wait fail with `EAGAIN`.
        const NONBLOCK = SOCK_NONBLOCK;

        // All other bits reach the kernel, which accepts or rejects them.
        const _ = !0;
    }
}

/// The flags of sending and receiving calls, `MSG_*`, and those that the kernel returns with a message.
///
/// A set: `|` is the union. The manual pages describe what each flag does; AF_UNIX ignores some.
///
/// Manual pages: [send(2)](https://man7.org/linux/man-pages/man2/send.2.html),
/// [recv(2)](https://man7.org/linux/man-pages/man2/recv.2.html).
#[doc(alias(
    "MSG_OOB",
    "MSG_PEEK",
    "MSG_CTRUNC",
    "MSG_TRUNC",
    "MSG_DONTWAIT",
    "MSG_EOR",
    "MSG_WAITALL",
    "MSG_NOSIGNAL",
    "MSG_MORE",
    "MSG_CMSG_CLOEXEC"
))]
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct MessageFlags(u32);

bitflags! {
    impl MessageFlags: u32 {
        /// Out-of-band data: the last byte that is sent on a stream, which is received with this flag. AF_UNIX: since Linux 5.15.
        /// File descriptors that were sent with a single such byte are discarded when it is received.
        const OOB = MSG_OOB;
        /// Receive without removing what is received.
        const PEEK = MSG_PEEK;
        /// Send without a gateway; ignored by AF_UNIX.
        const DONTROUTE = MSG_DONTROUTE;
        /// Received: control messages were discarded; see [`RecvControl::is_truncated`](crate::RecvControl::is_truncated).
        const CTRUNC = MSG_CTRUNC;
        /// Receive: return the whole length of a message that is truncated; AF_UNIX: since Linux 3.4. Received: the message was
        /// truncated.
        const TRUNC = MSG_TRUNC;
        /// Fail with `EAGAIN` instead of waiting, in this call.
        const DONTWAIT = MSG_DONTWAIT;
        /// The end of a record.
        const EOR = MSG_EOR;
        /// Receive: on a stream, wait until the buffer is full.
        const WAITALL = MSG_WAITALL;
        /// Send: the link is known to work; ignored by AF_UNIX.
        const CONFIRM = MSG_CONFIRM;
        /// Receive from the error queue.
        const ERRQUEUE = MSG_ERRQUEUE;
        /// Send without SIGPIPE; a [`Socket`](crate::Socket) always adds it.
        const NOSIGNAL = MSG_NOSIGNAL;
        /// Send: more data follows.
        const MORE = MSG_MORE;
        /// Receive file descriptors close-on-exec. A [`RecvControl`](crate::RecvControl) adds it, unless
        /// [`set_close_on_exec`](crate::RecvControl::set_close_on_exec) has turned that off.
        const CMSG_CLOEXEC = MSG_CMSG_CLOEXEC;

        // All other bits reach the kernel, which accepts or rejects them.
        const _ = !0;
    }
}

/// The events to wait for on a file descriptor, `POLL*`, and those that were found. A set: `|` is the union.
///
/// Manual page: [poll(2)](https://man7.org/linux/man-pages/man2/poll.2.html).
#[doc(alias("POLLIN", "POLLPRI", "POLLOUT", "POLLERR", "POLLHUP", "POLLNVAL", "POLLRDHUP"))]
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct PollFlags(u16);

bitflags! {
    impl PollFlags: u16 {
        /// Something can be received, or end of stream (EOF) is reached.
        const IN = POLLIN as u16;
        /// Out-of-band data can be received.
        const PRI = POLLPRI as u16;
        /// Something can be sent.
        const OUT = POLLOUT as u16;
        /// An error is pending; always reported.
        const ERR = POLLERR as u16;
        /// Both directions are shut down; always reported.
        const HUP = POLLHUP as u16;
        /// The file descriptor is not open; always reported.
        const NVAL = POLLNVAL as u16;
        /// The peer is closed, or has shut down sending; not on `DGRAM`.
        const RDHUP = POLLRDHUP as u16;

        // All other bits reach the kernel, which accepts or rejects them.
        const _ = !0;
    }
}

macro_rules! print_and_parse {
    ($($Type:ident expects $expected:literal;)+) => {$(
        /// Like `Display`, enclosed in the type's name, and 0x0 for the empty set.
        impl fmt::Debug for $Type {
            #[inline]
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut name = f.debug_tuple(stringify!($Type));
                if self.is_empty() {
                    name.field(&format_args!("0x0")).finish()
                } else {
                    name.field(&format_args!("{self}")).finish()
                }
            }
        }

        /// The names, separated by `|`; bits without a name as one hexadecimal number.
        impl fmt::Display for $Type {
            #[inline]
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                bitflags::parser::to_writer(self, f)
            }
        }

        impl FromStr for $Type {
            type Err = ParseError;

            /// Accepts names and hexadecimal numbers with `0x`, separated by `|`; an empty text is the empty set.
            #[inline]
            fn from_str(text: &str) -> Result<Self, ParseError> {
                bitflags::parser::from_str(text).map_err(|_| ParseError($expected))
            }
        }
    )+};
}

print_and_parse! {
    SocketFlags expects "names and hexadecimal numbers, separated by `|`, such as CLOEXEC | 0x800";
    MessageFlags expects "names and hexadecimal numbers, separated by `|`, such as PEEK | 0x40";
    PollFlags expects "names and 16-bit hexadecimal numbers, separated by `|`, such as IN | 0x4";
}

/// The text is neither a name that the type knows nor a number that it can hold. `Display` prints what was expected.
///
/// ```
/// use linux_socketpair::Domain;
///
/// let error = "unix".parse::<Domain>().unwrap_err();
/// assert_eq!(error.to_string(), "expected the name of a domain, such as UNIX, or a 32-bit number");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseError(pub(crate) &'static str);

impl fmt::Display for ParseError {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}", self.0)
    }
}

impl error::Error for ParseError {}

/// A number as text: decimal, or hexadecimal with `0x`.
#[inline]
pub(crate) fn parse_number(text: &str) -> Option<u32> {
    let (digits, radix) = text.strip_prefix("0x").map_or((text, 10), |digits| (digits, 16));
    // from_str_radix would accept a sign.
    if digits.starts_with('+') {
        return None;
    }
    u32::from_str_radix(digits, radix).ok()
}
