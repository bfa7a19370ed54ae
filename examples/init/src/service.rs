//! The states of a service: it is started, its messages are read, and when it has ended, or had to be ended, it is started
//! again.

use core::{ffi::CStr, iter, time::Duration};
use linux_socketpair::process::{Arg, Args, Child, Command, Signal};
use linux_socketpair::{Errno, PollFd, PollFlags, UnixSeqpacket};

use crate::channel::{CHANNEL, greet, receive};
use crate::console::log;
use crate::kernel::Shutdown;
use crate::table::{MAX_ARGUMENTS, Restart, Service};

/// How many messages are read before it is the other services' turn.
const MESSAGES_AT_ONCE: usize = 16;

const LONGEST_DELAY: Duration = Duration::from_secs(60);

/// What all services have in common.
#[derive(Clone, Copy)]
pub struct Context {
    pub this_file: &'static CStr,
    pub environment: Args<'static>,
}

/// The time is that at which the state ends if nothing happens before.
enum State {
    Waiting(Duration),
    Starting(Duration),
    Ready,
    ChannelClosed(Duration),
    Terminated(Duration),
    Killed,
    Over,
}

pub struct Supervised {
    service: &'static Service,
    state: State,
    child: Option<Child>,
    channel: Option<UnixSeqpacket>,
    lives: u64,
    ready_since: Option<Duration>,
    failures: u32,
    failing_since: Duration,
}

impl Supervised {
    pub const fn new(service: &'static Service) -> Self {
        Self {
            service,
            state: State::Waiting(Duration::ZERO),
            child: None,
            channel: None,
            lives: 0,
            ready_since: None,
            failures: 0,
            failing_since: Duration::ZERO,
        }
    }

    pub fn id(&self) -> Option<i32> {
        self.child.as_ref().map(Child::id)
    }

    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    pub fn deadline(&self) -> Option<Duration> {
        match self.state {
            State::Waiting(at) | State::Starting(at) | State::ChannelClosed(at) | State::Terminated(at) => Some(at),
            State::Ready | State::Killed | State::Over => None,
        }
    }

    pub fn poll_fd(&self) -> PollFd<'_> {
        let channel = self.channel.as_ref();
        channel.map_or(PollFd::ignored(), |channel| PollFd::new(channel, PollFlags::IN))
    }

    pub fn signal(&self, signal: Signal) {
        if let Some(child) = &self.child {
            let _ = child.signal(signal);
        }
    }

    /// Does what is due.
    pub fn advance(&mut self, now: Duration, context: Context) {
        if self.deadline().is_none_or(|at| now < at) {
            return;
        }
        match self.state {
            State::Waiting(_) => self.start(now, context),
            State::Starting(_) => self.terminate(now, "isn't ready in time"),
            State::ChannelClosed(_) => self.terminate(now, "closed its channel and runs on"),
            State::Terminated(_) => {
                log!("{}: SIGKILL", self.service.name);
                self.signal(Signal::KILL);
                self.state = State::Killed;
            }
            State::Ready | State::Killed | State::Over => {}
        }
    }

    fn terminate(&mut self, now: Duration, why: &str) {
        log!("{}: {why}: SIGTERM", self.service.name);
        self.signal(Signal::TERM);
        self.state = State::Terminated(now + self.service.stop_timeout);
    }

    fn start(&mut self, now: Duration, context: Context) {
        let service = self.service;
        let name = service.name;
        let program = service.program.unwrap_or(context.this_file);
        // The last place remains `Arg::END`.
        let mut args = [Arg::END; 1 + MAX_ARGUMENTS + 1];
        let words = iter::once(&program).chain(service.arguments);
        for (arg, word) in args[..=MAX_ARGUMENTS].iter_mut().zip(words) {
            *arg = Arg::new(word);
        }
        let args = Args::from_slice(&args).unwrap_or(Args::EMPTY);

        self.lives += 1;
        let mut command = Command::new(program, args);
        command.env(context.environment).new_session();
        let started = if service.channel {
            let started = command.spawn_with_socket(&[CHANNEL]);
            started.map(|(channel, child)| (Some(channel), child))
        } else {
            command.spawn().map(|child| (None, child))
        };
        match started {
            Ok((channel, child)) => {
                log!("{name}: life {} is PID {}", self.lives, child.id());
                self.child = Some(child);
                self.channel = channel;
                self.greet(now);
            }
            Err(error) => {
                log!("{name}: {error}");
                self.plan(now);
            }
        }
    }

    fn greet(&mut self, now: Duration) {
        let Some(channel) = &self.channel else {
            self.ready_since = Some(now);
            self.state = State::Ready;
            return;
        };
        match greet(channel, self.lives) {
            // EPIPE: it has ended already.
            Ok(()) | Err(Errno::EPIPE) => {}
            Err(errno) => log!("{}: the greeting can't be sent: {errno}", self.service.name),
        }
        self.state = State::Starting(now + self.service.start_timeout);
    }

    /// Reads what the service sent.
    pub fn receive(&mut self, now: Duration) -> Option<Shutdown> {
        let name = self.service.name;
        for _ in 0..MESSAGES_AT_ONCE {
            let mut buf = [0; 32];
            let message = match receive(self.channel.as_ref()?, &mut buf) {
                Ok(Some(message)) => message,
                Err(Errno::EAGAIN) => return None,
                // Usually it has ended: ECONNRESET if it had not read the greeting.
                Ok(None) | Err(_) => {
                    self.channel = None;
                    if matches!(self.state, State::Starting(_) | State::Ready) {
                        self.state = State::ChannelClosed(now + self.service.stop_timeout);
                    }
                    return None;
                }
            };
            let sender = message.sender;
            if self.id() != Some(sender) {
                log!("{name}: PID {sender} is not the service; its message is ignored");
                continue;
            }
            match message.text {
                b"ready" if matches!(self.state, State::Starting(_)) => {
                    let known = message.pidfd.map_or("", |_| ", and known by a pidfd");
                    log!("{name}: ready{known}");
                    self.ready_since = Some(now);
                    self.state = State::Ready;
                }
                b"power off" => return Some(Shutdown::PowerOff),
                b"restart" => return Some(Shutdown::Restart),
                _ => log!("{name}: an unknown message"),
            }
        }
        None
    }

    /// Its process has ended: reads its last messages, and reaps it.
    pub fn reap(&mut self, now: Duration) -> Option<Shutdown> {
        let last = self.receive(now);
        if let Some(Ok(Some(status))) = self.child.as_mut().map(Child::try_wait) {
            log!("{}: {status}", self.service.name);
        }
        self.child = None;
        self.channel = None;
        last
    }

    /// After a life: determines whether it is started again, and when.
    pub fn plan(&mut self, now: Duration) {
        let name = self.service.name;
        let ready_since = self.ready_since.take();
        let Restart::Always { delay, limit, settled } = self.service.restart else {
            log!("{name}: is not started again");
            self.state = State::Over;
            return;
        };
        if ready_since.is_some_and(|since| now >= since + settled) {
            self.failures = 0;
            self.state = State::Waiting(now);
            return;
        }
        if self.failures == 0 {
            self.failing_since = now;
        }
        self.failures += 1;
        if self.failures < limit {
            let factor = 1 << (self.failures - 1).min(20);
            let delay = delay.saturating_mul(factor).min(LONGEST_DELAY);
            log!("{name}: again in {} ms", delay.as_millis());
            self.state = State::Waiting(now + delay);
        } else {
            let time = (now - self.failing_since).as_millis();
            log!("{name}: given up after {} failures in {time} ms", self.failures);
            self.state = State::Over;
        }
    }
}
