//! error: `Raw` is not a kind of socket
//! note: the kinds are `kind::Stream`, `kind::Datagram` and `kind::Seqpacket`; no other can be added

use linux_socketpair::{SocketType, kind::Kind};

pub struct Raw;

impl Kind for Raw {
    const TYPE: SocketType = SocketType::RAW;
}
