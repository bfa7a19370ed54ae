//! error: `u8` is not a kind of socket
//! note: the kinds are `kind::Stream`, `kind::Datagram` and `kind::Seqpacket`; no other can be added

use linux_socketpair::{Errno, Socket, kind::Kind};

fn pair<T: Kind>() -> Result<(), Errno> {
    Socket::<T>::pair().map(drop)
}

pub fn of_bytes() -> Result<(), Errno> {
    pair::<u8>()
}
