//! Conversions of file descriptors of unknown kind: they are checked, and returned if they don't fit.

use freestanding::raw;
use linux_raw_sys::general::F_GETFD;
use linux_socketpair::{
    AsFd, AsRawFd, BorrowedFd, Domain, Errno, FromRawFd, OwnedFd, RawFd, Socket, SocketFlags, SocketType, UnixDatagram,
    UnixSeqpacket, UnixStream, kind::Kind, socketpair,
};

use crate::report::{Outcome, Report, must, same, tests};

pub fn tests(report: &mut Report) {
    tests! { report;
        each kind "a descriptor of this type is accepted, owned and borrowed": fits;
        each kind "an end of another type is EPROTOTYPE, and is returned with the error": other_type;
        each kind "a descriptor that is no AF_UNIX socket is rejected, and is returned with the error": others;
        "an end of a RAW pair is converted to a UnixDatagram": raw_type;
        "a socket that is not connected is accepted": not_connected;
        "clones of owned and borrowed descriptors are close-on-exec": clones;
    }
}

/// Tries all conversions, which succeed or fail as expected; the descriptor must stay open.
fn converts<T: Kind>(fd: OwnedFd, expected: Result<(), Errno>) -> Outcome {
    let (number, before) = (fd.as_raw_fd(), raw::open_descriptors());
    same!(Socket::<T, BorrowedFd<'_>>::borrow_fd(&fd).map(drop), expected);
    match Socket::<T, BorrowedFd<'_>>::try_from(fd.as_fd()) {
        Ok(socket) => same!(socket.as_raw_fd(), number),
        Err(error) => same!(error.into_fd().as_raw_fd(), number),
    }
    same!(raw::open_descriptors(), before);
    let fd = match Socket::<T>::try_from(fd) {
        Ok(socket) => {
            same!(0, expected);
            socket.into()
        }
        Err(error) => {
            same!(error.errno(), expected);
            error.into_fd()
        }
    };
    same!(fd.as_raw_fd(), number);
    same!(raw::open_descriptors(), before);
    drop(fd);
    same!(raw::fcntl(number, F_GETFD), Errno::EBADF);
    Ok(())
}

fn fits<T: Kind>() -> Outcome {
    let (a, b) = must!(Socket::<T>::pair());
    let fd: OwnedFd = a.into();
    {
        let borrowed = must!(Socket::<T, _>::borrow_fd(&fd));
        same!(borrowed.send(b"borrowed"), 8);
        same!(b.recv(&mut [0; 8]), 8);
        // A clone of a borrowed end is owned.
        drop(must!(borrowed.try_clone()));
    }
    converts::<T>(fd, Ok(()))?;
    // SAFETY: it is such a socket.
    let unchecked = unsafe { Socket::<T, _>::from_fd_unchecked(b.as_fd()) };
    same!(unchecked.socket_type().map(SocketType::bits), T::TYPE.bits());
    Ok(())
}

fn other_type<T: Kind>() -> Outcome {
    for ty in crate::pairs::TYPES {
        if ty == T::TYPE {
            continue;
        }
        let [a, b] = must!(socketpair(Domain::UNIX, ty, SocketFlags::CLOEXEC, 0));
        // SAFETY: nothing else owns the descriptors.
        for fd in unsafe { [OwnedFd::from_raw_fd(a), OwnedFd::from_raw_fd(b)] } {
            converts::<T>(fd, Err(Errno::EPROTOTYPE))?;
        }
    }
    Ok(())
}

fn others<T: Kind>() -> Outcome {
    const NOT_A_SOCKET: Result<(), Errno> = Err(Errno::ENOTSOCK);
    let no_sockets = raw::pipe().into_iter().chain([raw::epoll()]);
    for (fd, expected) in no_sockets.map(|fd| (fd, NOT_A_SOCKET)).chain(
        // A domain that this kernel lacks is a negative number here.
        [
            (Domain::INET, SocketType::STREAM),
            (Domain::INET, SocketType::DGRAM),
            (Domain::INET6, SocketType::STREAM),
            (Domain::NETLINK, SocketType::RAW),
            (Domain::VSOCK, SocketType::SEQPACKET),
        ]
        .map(|(domain, ty)| raw::open_socket(domain.bits(), ty.bits()) as RawFd)
        .map(|fd| (fd, Err(Errno::EAFNOSUPPORT))),
    ) {
        if fd >= 0 {
            // SAFETY: nothing else owns the descriptor.
            converts::<T>(unsafe { OwnedFd::from_raw_fd(fd) }, expected)?;
        }
    }
    Ok(())
}

fn raw_type() -> Outcome {
    let [a, b] = must!(socketpair(Domain::UNIX, SocketType::RAW, SocketFlags::CLOEXEC, 0));
    // SAFETY: nothing else owns the descriptors.
    let (a, b) = unsafe { (OwnedFd::from_raw_fd(a), OwnedFd::from_raw_fd(b)) };
    let a = must!(UnixDatagram::try_from(a).map_err(Errno::from));
    same!(a.send(b"raw"), 3);
    same!(must!(UnixDatagram::borrow_fd(&b)).recv(&mut [0; 4]), 3);
    Ok(())
}

fn not_connected() -> Outcome {
    let fd = raw::open_socket(Domain::UNIX.bits(), SocketType::SEQPACKET.bits()) as RawFd;
    // SAFETY: nothing else owns the descriptor.
    let socket = must!(UnixSeqpacket::try_from(unsafe { OwnedFd::from_raw_fd(fd) }).map_err(Errno::from));
    same!(socket.send(b"x"), Errno::ENOTCONN);
    Ok(())
}

fn clones() -> Outcome {
    let (a, b) = must!(UnixStream::pair_with(SocketFlags::empty()));
    let a = OwnedFd::from(a);
    for clone in [must!(a.try_clone()), must!(a.as_fd().try_clone_to_owned())] {
        same!(raw::fcntl(clone.as_raw_fd(), F_GETFD), 1);
        let clone = must!(UnixStream::try_from(clone).map_err(Errno::from));
        same!(clone.send(b"x"), 1);
        same!(b.recv(&mut [0; 4]), 1);
    }
    raw::leave_free(0);
    let results = [a.try_clone().map(drop), a.as_fd().try_clone_to_owned().map(drop)];
    raw::limit_descriptors(64);
    same!(results == [Err(Errno::EMFILE); 2], true);
    Ok(())
}
