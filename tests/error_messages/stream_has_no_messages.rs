//! error: a socket of kind `Stream` has no messages
//! note: `UnixDatagram` and `UnixSeqpacket` keep the boundaries of messages

use linux_socketpair::{Errno, Socket, UnixStream, kind::Messages};

fn next<T: Messages>(socket: &Socket<T>) -> Result<usize, Errno> {
    socket.next_message_len()
}

pub fn of_a_stream(socket: &UnixStream) -> Result<usize, Errno> {
    next(socket)
}
