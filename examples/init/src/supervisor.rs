//! What init does: it starts the services, reads their messages, reaps what has ended, and ends everything when the machine is
//! to be shut down.

use core::time::Duration;
use linux_socketpair::process::{Signal, SignalFd, SignalSet, any_ended, reap};
use linux_socketpair::{Errno, PollFd, PollFlags, SocketFlags, poll};

use crate::console::log;
use crate::kernel::{self, EVERYTHING, Shutdown, now};
use crate::service::{Context, Supervised};
use crate::table::Service;

const MAX_SERVICES: usize = 32;

/// How long a shutdown waits after SIGTERM, and again after SIGKILL.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// SIGPIPE, which standard output can cause, is blocked with the others and ignored.
const SIGNALS: SignalSet = SignalSet::EMPTY
    .with(Signal::CHLD)
    .with(Signal::INT)
    .with(Signal::TERM)
    .with(Signal::PWR)
    .with(Signal::PIPE);

/// Supervises the services of `table` until the machine is to be shut down and they have ended.
pub fn supervise<const N: usize>(table: &'static [Service; N], context: Context) -> Result<Shutdown, Errno> {
    const { assert!(N <= MAX_SERVICES) };
    let signals = SignalFd::new_with(SIGNALS, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK)?;
    log!("PID {}", kernel::id());
    let mut services = table.each_ref().map(Supervised::new);
    let how = loop {
        if let Some(how) = round(&mut services, &signals, context) {
            break how;
        }
    };
    end_everything(&mut services, &signals);
    Ok(how)
}

/// Waits until something happens or is due, and handles it.
fn round(services: &mut [Supervised], signals: &SignalFd, context: Context) -> Option<Shutdown> {
    for service in &mut *services {
        service.advance(now(), context);
    }
    if services.iter().all(Supervised::is_over) {
        log!("no service is left");
        return Some(Shutdown::PowerOff);
    }

    let mut fds = [PollFd::ignored(); 1 + MAX_SERVICES];
    fds[0] = PollFd::new(signals, PollFlags::IN);
    for (fd, service) in fds[1..].iter_mut().zip(&*services) {
        *fd = service.poll_fd();
    }
    let deadline = services.iter().filter_map(Supervised::deadline).min();
    let timeout = deadline.map(|at| at.saturating_sub(now()));
    if let Err(errno) = poll(&mut fds[..=services.len()], timeout) {
        log!("poll: {errno}");
        kernel::sleep(Duration::from_secs(1));
    }

    let mut how = services.iter_mut().find_map(|service| service.receive(now()));
    reap_all(services, |service| {
        how = how.or(service.reap(now()));
        service.plan(now());
    });
    while let Ok(received) = signals.recv() {
        how = how.or(match received.signal {
            // Ctrl-Alt-Del
            Signal::INT => Some(Shutdown::Restart),
            Signal::TERM | Signal::PWR => Some(Shutdown::PowerOff),
            _ => None,
        });
    }
    how
}

/// Reaps what has ended: services by `service`, and the orphans of others. Returns whether there are children left.
fn reap_all(services: &mut [Supervised], mut service: impl FnMut(&mut Supervised)) -> bool {
    loop {
        let id = match any_ended() {
            Ok(Some(ended)) => ended.pid,
            Ok(None) => return true,
            Err(_) => return false,
        };
        match services.iter_mut().find(|service| service.id() == Some(id)) {
            Some(ended) => service(ended),
            None => match reap(id) {
                Ok(Some(status)) => log!("orphan PID {id}: {status}"),
                _ => return true,
            },
        }
    }
}

fn end_everything(services: &mut [Supervised], signals: &SignalFd) {
    for signal in [Signal::TERM, Signal::KILL] {
        log!("shutdown: {signal}");
        if kernel::is_pid_1() {
            kernel::kill(EVERYTHING, signal);
        }
        for service in &*services {
            service.signal(signal);
        }
        let deadline = now() + SHUTDOWN_TIMEOUT;
        loop {
            if !reap_all(services, |service| _ = service.reap(now())) {
                return;
            }
            let left = deadline.saturating_sub(now());
            if left.is_zero() {
                break;
            }
            let _ = poll(&mut [PollFd::new(signals, PollFlags::IN)], Some(left));
            while signals.recv().is_ok() {}
        }
    }
}
