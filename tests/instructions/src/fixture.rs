//! What a call needs.

use core::{mem::MaybeUninit, time::Duration};
use linux_socketpair::{
    AsFd, AsRawFd, Credentials, Errno, IntoRawFd, IoSlice, OwnedFd, RawFd, SendControl, SocketFlags, UnixSeqpacket,
    UnixStream, close, space,
};

pub const BYTES: [u8; 8] = *b"8 bytes.";

/// Sockets and arguments whose values the compiler doesn't know where it compiles a call.
pub struct Fixture {
    /// Eight bytes are waiting here. Its timeouts are one and a half seconds.
    pub a: UnixSeqpacket,
    pub b: UnixSeqpacket,
    /// Eight bytes are waiting here.
    pub stream: UnixStream,
    /// Eight bytes and a file descriptor are waiting in each.
    pub with_rights: UnixSeqpacket,
    pub stream_with_rights: UnixStream,
    /// Four bytes and a file descriptor are waiting here.
    pub with_rights_of_four: UnixSeqpacket,
    /// Eight bytes and the credentials of their sender are waiting here.
    pub with_credentials: UnixSeqpacket,
    pub spare: RawFd,
    pub bytes: [u8; 8],
    pub memory: [MaybeUninit<u8>; 8],
    pub halves: [[u8; 4]; 2],
    pub groups: [u32; 64],
    pub flags: SocketFlags,
    pub on: bool,
    pub size: usize,
    pub offset: Option<u32>,
    pub timeout: Option<Duration>,
    pub credentials: Credentials,
    _peers: [OwnedFd; 5],
}

impl Fixture {
    #[inline(never)]
    pub fn new() -> Self {
        Self::try_new().expect("pairs can be made and messages sent")
    }

    /// The end `a` as a caller of raw system calls has it.
    #[inline(always)]
    pub fn fd(&self) -> RawFd {
        self.a.as_raw_fd()
    }

    fn try_new() -> Result<Self, Errno> {
        let timeout = Some(Duration::new(1, 500_000_000));
        let (a, b) = UnixSeqpacket::pair()?;
        a.set_send_timeout(timeout)?;
        a.set_recv_timeout(timeout)?;
        b.send(&BYTES)?;

        let (stream, stream_peer) = UnixStream::pair()?;
        stream_peer.send(&BYTES)?;

        let mut memory = [MaybeUninit::uninit(); space::rights(1)];
        let mut control = SendControl::new(&mut memory);
        control.push_rights([a.as_fd()])?;
        let (with_rights, sender) = UnixSeqpacket::pair()?;
        sender.send_message(&[IoSlice::new(&BYTES)], &control)?;
        let (stream_with_rights, stream_sender) = UnixStream::pair()?;
        stream_sender.send_message(&[IoSlice::new(&BYTES)], &control)?;
        let (with_rights_of_four, sender_of_four) = UnixSeqpacket::pair()?;
        sender_of_four.send_message(&[IoSlice::new(&BYTES[..4])], &control)?;

        let (with_credentials, credentials_sender) = UnixSeqpacket::pair()?;
        with_credentials.set_pass_credentials(true)?;
        credentials_sender.send(&BYTES)?;

        Ok(Self {
            spare: a.try_clone()?.into_raw_fd(),
            credentials: a.peer_credentials()?,
            a,
            b,
            stream,
            with_rights,
            stream_with_rights,
            with_rights_of_four,
            with_credentials,
            bytes: BYTES,
            memory: [MaybeUninit::uninit(); 8],
            halves: [*b"8 by", *b"tes."],
            groups: [0; 64],
            flags: SocketFlags::CLOEXEC,
            on: true,
            size: 100_000,
            offset: Some(0),
            timeout,
            _peers: [
                stream_peer.into(),
                sender.into(),
                stream_sender.into(),
                sender_of_four.into(),
                credentials_sender.into(),
            ],
        })
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        // SAFETY: the descriptor is owned here; if a call closed it, nothing was opened since.
        let _ = unsafe { close(self.spare) };
    }
}
