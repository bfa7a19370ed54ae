//! The standard library has two types, for STREAM and DGRAM, and nothing stable for control messages and most options.

use std::io::{self, Read, Write};
use std::os::unix::net::{UnixDatagram, UnixStream};

use super::Peer;
use crate::workloads::Type;

impl Peer for UnixStream {
    type End = Self;
    type Error = io::Error;

    #[inline]
    fn pair(_: Type) -> io::Result<[Self; 2]> {
        UnixStream::pair().map(Into::into)
    }

    #[inline]
    fn write(mut end: &Self, bytes: &[u8]) -> io::Result<usize> {
        end.write(bytes)
    }

    #[inline]
    fn read(mut end: &Self, bytes: &mut [u8]) -> io::Result<usize> {
        end.read(bytes)
    }

    #[inline]
    fn so_error(end: &Self) -> io::Result<i32> {
        Ok(end.take_error()?.and_then(|error| error.raw_os_error()).unwrap_or(0))
    }
}

impl Peer for UnixDatagram {
    type End = Self;
    type Error = io::Error;

    #[inline]
    fn pair(_: Type) -> io::Result<[Self; 2]> {
        UnixDatagram::pair().map(Into::into)
    }

    #[inline]
    fn write(end: &Self, bytes: &[u8]) -> io::Result<usize> {
        UnixDatagram::send(end, bytes)
    }

    #[inline]
    fn read(end: &Self, bytes: &mut [u8]) -> io::Result<usize> {
        UnixDatagram::recv(end, bytes)
    }

    #[inline]
    fn so_error(end: &Self) -> io::Result<i32> {
        Ok(end.take_error()?.and_then(|error| error.raw_os_error()).unwrap_or(0))
    }
}
