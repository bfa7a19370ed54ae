//! What is known of a service beforehand: a row of the table in main.rs.

use core::{ffi::CStr, time::Duration};

/// The program of a service that is init's own file.
pub const THIS_FILE: Option<&CStr> = None;

/// Further ones are ignored.
pub const MAX_ARGUMENTS: usize = 15;

pub struct Service {
    pub name: &'static str,
    /// Its path.
    pub program: Option<&'static CStr>,
    /// The arguments that follow the program's name.
    pub arguments: &'static [&'static CStr],
    pub restart: Restart,
    /// Whether it has a channel. A program that doesn't know of it has none, and counts as ready at once.
    pub channel: bool,
    /// Within this time it sends `ready`.
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
