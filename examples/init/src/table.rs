//! The type of a row of the table in main.rs: what is configured for a service.

use core::{ffi::CStr, time::Duration};

/// The program of a service that is init's own file.
pub const THIS_FILE: Option<&CStr> = None;

/// Arguments beyond these are ignored.
pub const MAX_ARGUMENTS: usize = 15;

pub struct Service {
    pub name: &'static str,
    /// The path.
    pub program: Option<&'static CStr>,
    /// The arguments that follow the program's name.
    pub arguments: &'static [&'static CStr],
    pub restart: Restart,
    /// Whether it has a channel. A program without one counts as ready at once.
    pub channel: bool,
    /// The time within which it must send `ready`.
    pub start_timeout: Duration,
    /// The time within which it must end after it closed its channel, and after SIGTERM.
    pub stop_timeout: Duration,
}

pub enum Restart {
    Never,
    /// It is started again `delay` after the first failure, and after twice the time with each further one; after `limit` failures
    /// in a row it is not. A life was no failure if the service was ready for the time `settled`.
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
        channel: true,
        restart: Restart::Always {
            delay: Duration::from_millis(100),
            limit: 10,
            settled: Duration::from_secs(10),
        },
        start_timeout: Duration::from_secs(30),
        stop_timeout: Duration::from_secs(5),
    };
}
