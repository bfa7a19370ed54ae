//! The messages between init and a service, through a pair of SOCK_SEQPACKET sockets.
//!
//! Init sends the first one: the number of this life of the service, and the console. Then the service sends `ready`, and later perhaps
//! `power off` or `restart`.

use core::mem::MaybeUninit;
use linux_socketpair::{
    ControlMessage, Errno, IoSlice, IoSliceMut, MessageFlags, OwnedFd, RawFd, RecvControl, SendControl, UnixSeqpacket,
    space,
};

use crate::console::standard_output;

/// Where a service finds its end: the first number behind standard input, output and error.
pub const CHANNEL: RawFd = 3;

/// Sends the first message. Those that come back carry the sender's credentials, and since Linux 6.5 a pidfd. What a service
/// sends before it has received this one has neither, and is ignored.
pub fn greet(channel: &UnixSeqpacket, life: u64) -> Result<(), Errno> {
    channel.set_pass_credentials(true)?;
    match channel.set_pass_pidfd(true) {
        Ok(()) | Err(Errno::ENOPROTOOPT) => {}
        Err(errno) => return Err(errno),
    }
    let mut memory = [MaybeUninit::uninit(); space::rights(1)];
    let mut control = SendControl::new(&mut memory);
    control.push_rights([standard_output()])?;
    channel.send_message(&[IoSlice::new(&life.to_ne_bytes())], &control)?;
    Ok(())
}

pub struct Message<'b> {
    pub text: &'b [u8],
    pub sender: i32,
    pub pidfd: Option<OwnedFd>,
}

/// Receives a message, if there is one; `None` if the channel is closed.
pub fn receive<'b>(channel: &UnixSeqpacket, buf: &'b mut [u8]) -> Result<Option<Message<'b>>, Errno> {
    let mut memory = [MaybeUninit::uninit(); space::CREDENTIALS + space::PIDFD];
    let mut control = RecvControl::new(&mut memory);
    // With TRUNC a message that is too long is an unknown one, rather than an error.
    let flags = MessageFlags::DONTWAIT | MessageFlags::TRUNC;
    let len = channel
        .recv_message_with_flags(&mut [IoSliceMut::new(buf)], &mut control, flags)?
        .len;
    let mut message = Message {
        text: buf.get(..len).unwrap_or_default(),
        sender: 0,
        pidfd: None,
    };
    // Descriptors that the service sent are closed: init has no use for them.
    for received in control.partial_messages() {
        match received {
            ControlMessage::Credentials(credentials) => message.sender = credentials.pid,
            ControlMessage::Pidfd(Ok(pidfd)) => message.pidfd = Some(pidfd),
            _ => {}
        }
    }
    // Unlike an empty message, end of stream has no sender.
    Ok((len > 0 || message.sender != 0).then_some(message))
}
