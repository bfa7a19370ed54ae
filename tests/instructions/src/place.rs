//! Where a call is made.

use core::{mem::MaybeUninit, slice, time::Duration};
use linux_socketpair::{
    Credentials, Errno, IoSlice, MessageFlags, RawFd, SendControl, Socket, SocketFlags, SocketType, close, space,
};

/// Sockets and arguments, which the compiler knows nothing of when it compiles a call.
pub struct Place {
    /// Eight bytes wait here. It waits one and a half seconds.
    pub a: Socket,
    pub b: Socket,
    /// Eight bytes and a descriptor wait here.
    pub with_rights: Socket,
    /// Eight bytes and their sender's credentials wait here.
    pub with_credentials: Socket,
    pub spare: RawFd,
    pub bytes: [u8; 8],
    pub space: [MaybeUninit<u8>; 8],
    pub halves: [[u8; 4]; 2],
    pub groups: [u32; 64],
    pub ty: SocketType,
    pub flags: SocketFlags,
    pub on: bool,
    pub size: usize,
    pub offset: Option<u32>,
    pub timeout: Option<Duration>,
    pub credentials: Credentials,
    _peers: [Socket; 2],
}

impl Place {
    #[inline(never)]
    pub fn new() -> Self {
        Self::try_new().expect("the kernel makes pairs and carries messages")
    }

    /// The socket as a caller of raw system calls has it.
    #[inline(always)]
    pub fn fd(&self) -> RawFd {
        self.a.as_raw_fd()
    }

    fn try_new() -> Result<Self, Errno> {
        let bytes = *b"8 bytes.";
        let timeout = Some(Duration::new(1, 500_000_000));
        let [a, b] = Socket::seqpacket_pair()?;
        a.set_send_timeout(timeout)?;
        a.set_recv_timeout(timeout)?;
        b.send(&bytes, MessageFlags::empty())?;

        let [with_rights, sender] = Socket::seqpacket_pair()?;
        let mut control = SendControl::<{ space::rights(1) }>::new();
        control.rights(slice::from_ref(&a))?;
        sender.send_message(&[IoSlice::new(&bytes)], &control, MessageFlags::empty())?;

        let [with_credentials, teller] = Socket::seqpacket_pair()?;
        with_credentials.set_pass_credentials(true)?;
        teller.send(&bytes, MessageFlags::empty())?;

        Ok(Self {
            spare: a.duplicate()?.into_raw_fd(),
            credentials: a.peer_credentials()?,
            a,
            b,
            with_rights,
            with_credentials,
            bytes,
            space: [MaybeUninit::uninit(); 8],
            halves: [*b"8 by", *b"tes."],
            groups: [0; 64],
            ty: SocketType::STREAM,
            flags: SocketFlags::CLOEXEC,
            on: true,
            size: 100_000,
            offset: Some(0),
            timeout,
            _peers: [sender, teller],
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // SAFETY: it is the place's; where a call closed it, nothing was opened since.
        let _ = unsafe { close(self.spare) };
    }
}
