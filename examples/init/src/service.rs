//! A service: its row in the table, and what becomes of it.

use core::{ffi::CStr, mem::MaybeUninit, time::Duration};
use linux_socketpair::process::{Arg, Args, Child, Command, Signal};
use linux_socketpair::{
    ControlMessage, Errno, IoSlice, IoSliceMut, OwnedFd, PollFd, PollFlags, RawFd, RecvControl, SendControl,
    UnixSeqpacket, space,
};

use crate::console::{log, standard_output};
use crate::kernel::Shutdown;

/// Where a service finds its end of the channel: the first number behind standard input, output and error.
pub const CHANNEL: RawFd = 3;

/// The program of a service that is init's own file.
pub const THIS_FILE: &CStr = c"";

const MAX_ARGUMENTS: usize = 15;

/// A service that sends more than this has to wait until init has looked after the others.
const MESSAGES_AT_ONCE: usize = 16;

const LONGEST_DELAY: Duration = Duration::from_secs(60);

/// A row of the table.
pub struct Service {
    pub name: &'static str,
    /// Its path.
    pub program: &'static CStr,
    /// The arguments that follow the program's name.
    pub arguments: &'static [&'static CStr],
    pub restart: Restart,
    /// Within this time it says that it is ready.
    pub start_timeout: Duration,
    /// Within this time it ends, after it closed its channel, and after SIGTERM.
    pub stop_timeout: Duration,
}

pub enum Restart {
    Never,
    /// After the first failure it is started again after `delay`, after each further one after twice the time, and after
    /// `limit` failures in a row no more. A life is no failure if the service was ready for the time `settled`.
    Always {
        delay: Duration,
        limit: u32,
        settled: Duration,
    },
}

impl Service {
    pub const DEFAULT: Self = Self {
        name: "",
        program: THIS_FILE,
        arguments: &[],
        restart: Restart::Always {
            delay: Duration::from_millis(100),
            limit: 10,
            settled: Duration::from_secs(10),
        },
        start_timeout: Duration::from_secs(30),
        stop_timeout: Duration::from_secs(5),
    };
}

/// What all services have in common.
#[derive(Clone, Copy)]
pub struct Context {
    pub this_file: &'static CStr,
    pub environment: Args<'static>,
}

/// The states have the time at which they end if nothing happens before.
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
        self.channel
            .as_ref()
            .map_or(PollFd::ignored(), |channel| PollFd::new(channel, PollFlags::IN))
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
        let Service {
            name,
            program,
            arguments,
            start_timeout,
            ..
        } = *self.service;
        let program = if program.is_empty() { context.this_file } else { program };
        let mut args = [Arg::END; 1 + MAX_ARGUMENTS + 1];
        let words = [program].into_iter().chain(arguments.iter().copied());
        for (arg, word) in args[..=MAX_ARGUMENTS].iter_mut().zip(words) {
            *arg = Arg::new(word);
        }
        let args = Args::from_slice(&args).unwrap_or(Args::EMPTY);

        self.lives += 1;
        let mut command = Command::new(program, args);
        command.env(context.environment).new_session();
        match command.spawn_with_socket(&[CHANNEL]) {
            Ok((channel, child)) => {
                log!("{name}: life {} is PID {}", self.lives, child.id());
                if let Err(errno) = greet(&channel, self.lives) {
                    log!("{name}: the greeting can't be sent: {errno}");
                }
                self.child = Some(child);
                self.channel = Some(channel);
                self.state = State::Starting(now + start_timeout);
            }
            Err(error) => {
                log!("{name}: {error}");
                self.failed(now);
            }
        }
    }

    /// Reads what the service sent.
    pub fn receive(&mut self, now: Duration) -> Option<Shutdown> {
        let name = self.service.name;
        for _ in 0..MESSAGES_AT_ONCE {
            let mut buf = [0; 32];
            let message = match receive(self.channel.as_ref()?, &mut buf) {
                Ok(Some(message)) => message,
                Err(Errno::EAGAIN) => return None,
                // Usually because it has ended. ECONNRESET: and it had not read the greeting.
                Ok(None) | Err(_) => {
                    self.channel = None;
                    if matches!(self.state, State::Starting(_) | State::Ready) {
                        self.state = State::ChannelClosed(now + self.service.stop_timeout);
                    }
                    return None;
                }
            };
            if Some(message.sender) != self.id() {
                log!(
                    "{name}: PID {} is not the service; its message is ignored",
                    message.sender
                );
                continue;
            }
            match message.text {
                b"ready" if matches!(self.state, State::Starting(_)) => {
                    log!(
                        "{name}: ready{}",
                        if message.pidfd.is_some() {
                            ", and known by a pidfd"
                        } else {
                            ""
                        }
                    );
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

    /// Its process has ended: reads its last words, and reaps it.
    pub fn reap(&mut self, now: Duration) -> Option<Shutdown> {
        let last_words = self.receive(now);
        if let Some(Ok(Some(status))) = self.child.as_mut().map(Child::try_wait) {
            log!("{}: {status}", self.service.name);
        }
        self.child = None;
        self.channel = None;
        last_words
    }

    /// Whether it's started again, and when.
    pub fn plan(&mut self, now: Duration) {
        let ready_since = self.ready_since.take();
        match self.service.restart {
            Restart::Always { settled, .. } if ready_since.is_some_and(|since| now >= since + settled) => {
                self.failures = 0;
                self.state = State::Waiting(now);
            }
            _ => self.failed(now),
        }
    }

    fn failed(&mut self, now: Duration) {
        let name = self.service.name;
        if self.failures == 0 {
            self.failing_since = now;
        }
        self.failures += 1;
        self.state = match self.service.restart {
            Restart::Always { delay, limit, .. } if self.failures < limit => {
                let delay = delay
                    .saturating_mul(1 << (self.failures - 1).min(20))
                    .min(LONGEST_DELAY);
                log!("{name}: again in {} ms", delay.as_millis());
                State::Waiting(now + delay)
            }
            Restart::Always { .. } => {
                let time = (now - self.failing_since).as_millis();
                log!("{name}: given up after {} failures in {time} ms", self.failures);
                State::Over
            }
            Restart::Never => {
                log!("{name}: is not started again");
                State::Over
            }
        };
    }
}

/// The first message: which life it is, and the console to write to. A service sends nothing before it has come, since
/// from then on messages say who sent them, since Linux 6.5 also by a pidfd.
fn greet(channel: &UnixSeqpacket, life: u64) -> Result<(), Errno> {
    channel.set_nonblocking(true)?;
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

struct Message<'b> {
    text: &'b [u8],
    sender: i32,
    pidfd: Option<OwnedFd>,
}

/// Receives a message; `None` if the channel is closed.
fn receive<'b>(channel: &UnixSeqpacket, buf: &'b mut [u8]) -> Result<Option<Message<'b>>, Errno> {
    let mut memory = [MaybeUninit::uninit(); space::CREDENTIALS + space::PIDFD];
    let mut control = RecvControl::new(&mut memory);
    let len = channel.recv_message(&mut [IoSliceMut::new(buf)], &mut control)?.len;
    // Unlike an end of stream, an empty message has a sender.
    if len == 0 && control.is_empty() {
        return Ok(None);
    }
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
    Ok(Some(message))
}
