//! What a call is given: domain, type and flags.

use bitflags::{Flag, Flags, bitflags};
use core::{error, ffi::c_int, fmt, str::FromStr};
use linux_raw_sys::{general::*, net::*};

use crate::uapi::*;

/// A descriptor as the kernel has it: a small number without an owner.
pub type RawFd = c_int;

/// Makes a type of named numbers. Not by `bitflags!`: these are no sets, and as sets their values would read as each other.
macro_rules! values {
    (
        $(#[$doc:meta])*
        $Type:ident {
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

            /// The number, as the kernel is given it.
            #[inline]
            #[must_use]
            pub const fn bits(self) -> u32 {
                self.0
            }

            /// The value of any number, named or not: it reaches the kernel unchanged.
            #[inline]
            #[must_use]
            pub const fn from_bits_retain(bits: u32) -> Self {
                Self(bits)
            }
        }

        /// For generic code. A value contains and intersects itself alone; what the trait's other operations combine, they
        /// combine bit by bit, and a result is the value of that number, whatever its name.
        impl Flags for $Type {
            /// The last, which has no name, says that every bit may mean something to the kernel: none is truncated.
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

        /// As `Display`.
        impl fmt::Debug for $Type {
            #[inline]
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $Type {
            type Err = ParseError;

            /// Takes one name, or a number: decimal, or hexadecimal with `0x`.
            #[inline]
            fn from_str(text: &str) -> Result<Self, ParseError> {
                match text {
                    $(stringify!($UNNAMED) => Ok(Self::$UNNAMED),)*
                    _ => Self::from_name(text).map_or_else(|| parse_number(text).map(Self), Ok),
                }
            }
        }
    };
}

values! {
    /// The domain of a socket, `AF_*`: which protocols it speaks.
    ///
    /// Linux makes pairs in [`UNIX`](Self::UNIX), and since 4.12 in [`TIPC`](Self::TIPC).
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
    Domain {
        /// No domain.
        UNSPEC = AF_UNSPEC;
        /// Local communication, by which pairs are made.
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
        /// One more than the last domain of the headers that this crate was built with: no domain, and printed as a number.
        MAX = AF_MAX;
    }
}

values! {
    /// The type of a socket, `SOCK_*`: how it keeps bytes together and in order.
    ///
    /// AF_UNIX makes pairs of [`STREAM`](Self::STREAM), [`DGRAM`](Self::DGRAM) and [`SEQPACKET`](Self::SEQPACKET), and
    /// takes [`RAW`](Self::RAW) for `DGRAM`. None of them loses or reorders anything there.
    ///
    /// A type is one number, not a set: `SEQPACKET` is 5, and has nothing to do with `STREAM`, 1, and `RDM`, 4. So there
    /// is no `|`; the call itself joins type and [`SocketFlags`].
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
    SocketType {
        /// Bytes in order, without boundaries.
        STREAM = SOCK_STREAM;
        /// Messages with their boundaries.
        DGRAM = SOCK_DGRAM;
        /// Below the transport protocol; in AF_UNIX another name of `DGRAM`, as which it reads back.
        RAW = SOCK_RAW;
        /// Messages, reliably delivered.
        RDM = SOCK_RDM;
        /// Messages with their boundaries, in order, over a connection.
        SEQPACKET = SOCK_SEQPACKET;
        /// Datagram congestion control protocol.
        DCCP = SOCK_DCCP;
        /// Packets at the device level, the obsolete way.
        PACKET = SOCK_PACKET;
    }
    unnamed {}
}

/// What both ends are born with. A set: `|` is the union, and the call joins it to the [`SocketType`].
///
/// ```
/// use linux_socketpair::SocketFlags;
///
/// let both = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
/// assert!(both.contains(SocketFlags::CLOEXEC));
/// assert_eq!(both.to_string().parse(), Ok(both));
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct SocketFlags(u32);

bitflags! {
    impl SocketFlags: u32 {
        /// The descriptors are closed on exec. With it from birth, no other thread's fork and exec can inherit them.
        const CLOEXEC = SOCK_CLOEXEC;
        /// Calls that would wait give EAGAIN instead.
        const NONBLOCK = SOCK_NONBLOCK;

        // Whatever else a caller passes is the kernel's to judge.
        const _ = !0;
    }
}

/// How a message is sent or received, `MSG_*`, and what the kernel says of one that was.
///
/// A set: `|` is the union. What a call does with each flag, its manual page tells; AF_UNIX ignores some.
///
/// Manual pages: [send(2)](https://man7.org/linux/man-pages/man2/send.2.html),
/// [recv(2)](https://man7.org/linux/man-pages/man2/recv.2.html).
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct MessageFlags(u32);

bitflags! {
    impl MessageFlags: u32 {
        /// Out-of-band data: the last byte that is sent with it on a stream, received with it. AF_UNIX: since Linux 5.15.
        const OOB = MSG_OOB;
        /// Receive, and leave what was received where it is.
        const PEEK = MSG_PEEK;
        /// Send past routers; nothing to AF_UNIX.
        const DONTROUTE = MSG_DONTROUTE;
        /// Received: control messages were lost for want of space or of free descriptors.
        const CTRUNC = MSG_CTRUNC;
        /// Receive: the whole length of a message is wanted, though its end be lost. Received: it was.
        const TRUNC = MSG_TRUNC;
        /// EAGAIN in place of waiting, this once.
        const DONTWAIT = MSG_DONTWAIT;
        /// The end of a record.
        const EOR = MSG_EOR;
        /// Receive: wait until the buffer is full, on a stream.
        const WAITALL = MSG_WAITALL;
        /// Send: the link is known to work; nothing to AF_UNIX.
        const CONFIRM = MSG_CONFIRM;
        /// Receive from the queue of errors.
        const ERRQUEUE = MSG_ERRQUEUE;
        /// Send without SIGPIPE, as a [`Socket`](crate::Socket) always does.
        const NOSIGNAL = MSG_NOSIGNAL;
        /// Send: more follows.
        const MORE = MSG_MORE;
        /// Receive descriptors closed on exec, as [`recv_message`](crate::Socket::recv_message) always does.
        const CMSG_CLOEXEC = MSG_CMSG_CLOEXEC;

        // Whatever else a caller passes is the kernel's to judge.
        const _ = !0;
    }
}

/// What a descriptor is polled for, `POLL*`, and what it is ready for.
///
/// A set: `|` is the union.
///
/// Manual page: [poll(2)](https://man7.org/linux/man-pages/man2/poll.2.html).
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct PollFlags(u16);

bitflags! {
    impl PollFlags: u16 {
        /// Something can be received, or the end has come.
        const IN = POLLIN as u16;
        /// Out-of-band data is there.
        const PRI = POLLPRI as u16;
        /// Something can be sent.
        const OUT = POLLOUT as u16;
        /// An error is pending; told unasked.
        const ERR = POLLERR as u16;
        /// Both directions are over; told unasked.
        const HUP = POLLHUP as u16;
        /// Not an open descriptor; told unasked.
        const NVAL = POLLNVAL as u16;
        /// The peer is closed, or has shut down its sending side.
        const RDHUP = POLLRDHUP as u16;

        // Whatever else a caller passes is the kernel's to judge.
        const _ = !0;
    }
}

macro_rules! print_and_parse {
    ($($Type:ident)+) => {$(
        /// As `Display`, with the type's name around it, and 0x0 for the empty set.
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

        /// The names, joined by `|`; bits without a name as one hexadecimal number.
        impl fmt::Display for $Type {
            #[inline]
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                bitflags::parser::to_writer(self, f)
            }
        }

        impl FromStr for $Type {
            type Err = ParseError;

            /// Takes names and hexadecimal numbers with `0x`, joined by `|`; nothing at all is the empty set.
            #[inline]
            fn from_str(text: &str) -> Result<Self, ParseError> {
                bitflags::parser::from_str(text).map_err(|_| ParseError(()))
            }
        }
    )+};
}

print_and_parse! { SocketFlags MessageFlags PollFlags }

/// The text is neither a name that the type knows nor a number that it can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseError(pub(crate) ());

impl fmt::Display for ParseError {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("neither a known name nor a number in range")
    }
}

impl error::Error for ParseError {}

/// A number as text: decimal, or hexadecimal with `0x`.
#[inline]
pub(crate) fn parse_number(text: &str) -> Result<u32, ParseError> {
    let (digits, radix) = text.strip_prefix("0x").map_or((text, 10), |digits| (digits, 16));
    // from_str_radix would take a sign.
    if digits.starts_with('+') {
        return Err(ParseError(()));
    }
    u32::from_str_radix(digits, radix).map_err(|_| ParseError(()))
}
