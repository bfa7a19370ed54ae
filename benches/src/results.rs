//! The results as ratios to ours: printed, stored, and read for the picture.

use std::path::Path;
use std::{fmt, fs};

use crate::peers::{AGAIN, KERNEL, OURS, PEERS};
use crate::workloads::WORKLOADS;

/// The target of the program: the architecture, and the C library that `libc` calls.
pub const TARGET: &str = match (cfg!(target_arch = "x86"), cfg!(target_env = "musl")) {
    (false, false) => "x86_64-gnu",
    (false, true) => "x86_64-musl",
    (true, false) => "i386-gnu",
    (true, true) => "i386-musl",
};

/// The median time of a workload in each round, in nanoseconds.
pub struct Time {
    pub work: &'static str,
    pub peer: &'static str,
    pub nanos: Vec<f64>,
}

/// A line of the results.
pub struct Line {
    pub work: String,
    pub peer: String,
    /// The median of the rounds.
    pub nanos: f64,
    /// The median over the rounds of the ratio to the mean of the two copies of ours in the same round.
    pub ratio: f64,
    /// The lower quartile over the rounds of the ratio to the slower copy of ours.
    pub low: f64,
    /// The upper quartile over the rounds of the ratio to the faster copy of ours.
    pub high: f64,
}

impl Line {
    /// Whether it was faster than both copies of ours in three quarters of the rounds.
    pub fn is_faster(&self) -> bool {
        self.high < 1.0
    }

    /// Whether it was slower than both copies of ours in three quarters of the rounds.
    pub fn is_slower(&self) -> bool {
        self.low > 1.0
    }
}

pub struct Results {
    pub target: String,
    /// Where it was measured, and how.
    pub note: String,
    pub lines: Vec<Line>,
}

impl Results {
    pub fn of(times: &[Time], rounds: usize) -> Self {
        let of = |work: &str, peer: &str| times.iter().find(|time| time.work == work && time.peer == peer);
        let lines = times.iter().filter(|time| time.peer != AGAIN).filter_map(|time| {
            let (ours, again) = (&of(time.work, OURS)?.nanos, &of(time.work, AGAIN)?.nanos);
            let mean: Vec<f64> = ours.iter().zip(again).map(|(a, b)| (a + b) / 2.0).collect();
            let slower: Vec<f64> = ours.iter().zip(again).map(|(a, b)| a.max(*b)).collect();
            let faster: Vec<f64> = ours.iter().zip(again).map(|(a, b)| a.min(*b)).collect();
            let nanos = if time.peer == OURS { &mean } else { &time.nanos };
            let ratios = |to: &[f64]| sorted(nanos.iter().zip(to).map(|(nanos, to)| nanos / to));
            Some(Line {
                work: time.work.to_owned(),
                peer: time.peer.to_owned(),
                nanos: median(&sorted(nanos.iter().copied())),
                ratio: median(&ratios(&mean)),
                low: ratios(&slower)[rounds / 4],
                high: ratios(&faster)[rounds - 1 - rounds / 4],
            })
        });
        Self {
            target: TARGET.to_owned(),
            note: format!("{}, {rounds} rounds", place()),
            lines: lines.collect(),
        }
    }

    /// Whether each peer ran each workload that it supports.
    pub fn is_complete(&self) -> bool {
        WORKLOADS.iter().all(|(name, work)| {
            let mut peers = PEERS.iter().filter(|(peer, by)| *peer != AGAIN && by(*work).is_some());
            peers.all(|(peer, _)| self.line(name, peer).is_some())
        })
    }

    pub fn line(&self, work: &str, peer: &str) -> Option<&Line> {
        self.lines.iter().find(|line| line.work == work && line.peer == peer)
    }

    pub fn keep(&self, directory: &Path) {
        let mut text = format!("# {}\n# work\tpeer\tnanoseconds\tratio\tlow\thigh\n", self.note);
        for line in &self.lines {
            let Line {
                work,
                peer,
                nanos,
                ratio,
                low,
                high,
            } = line;
            text += &format!("{work}\t{peer}\t{nanos:.1}\t{ratio:.4}\t{low:.4}\t{high:.4}\n");
        }
        fs::create_dir_all(directory).expect("the directory of the results can be made");
        fs::write(directory.join(&self.target).with_extension("tsv"), text).expect("the results can be written");
    }

    /// What [`keep`](Self::keep) stored.
    pub fn kept(directory: &Path, target: &str) -> Option<Self> {
        let text = fs::read_to_string(directory.join(target).with_extension("tsv")).ok()?;
        let note = text.lines().next()?.trim_start_matches("# ").to_owned();
        let lines = text.lines().filter(|line| !line.starts_with('#')).map(|line| {
            let mut fields = line.split('\t');
            let [work, peer] = [fields.next()?, fields.next()?].map(str::to_owned);
            let mut number = || fields.next()?.parse().ok();
            Some(Line {
                work,
                peer,
                nanos: number()?,
                ratio: number()?,
                low: number()?,
                high: number()?,
            })
        });
        Some(Self {
            target: target.to_owned(),
            note,
            lines: lines.collect::<Option<_>>()?,
        })
    }
}

/// The table, and which peers were faster.
impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = || PEERS.iter().map(|(peer, _)| *peer).filter(|peer| *peer != AGAIN);
        writeln!(f, "{}: {}\n", self.target, self.note)?;
        write!(f, "| work |")?;
        columns().try_for_each(|peer| write!(f, " {peer} |"))?;
        writeln!(f, "\n|---|{}", "--:|".repeat(columns().count()))?;
        for (work, _) in WORKLOADS {
            write!(f, "| {work} |")?;
            for peer in columns() {
                match self.line(work, peer) {
                    None => write!(f, " – |")?,
                    Some(line) => {
                        let value = if peer == OURS {
                            time(line.nanos)
                        } else {
                            format!("{:.2}", line.ratio)
                        };
                        write!(f, " {value} ({:.2}–{:.2}) |", line.low, line.high)?;
                    }
                }
            }
            writeln!(f)?;
        }
        write!(f, "\nFaster than both copies of ours in three rounds of four:")?;
        let peers = self.lines.iter().filter(|line| line.peer != KERNEL);
        let faster: Vec<_> = peers.filter(|line| line.is_faster()).collect();
        for line in &faster {
            write!(f, "\n- {} at {}: {:.3}", line.peer, line.work, line.ratio)?;
        }
        writeln!(f, "{}", if faster.is_empty() { " none." } else { "" })
    }
}

/// With three digits.
pub fn time(nanos: f64) -> String {
    match nanos {
        ..99.95 => format!("{nanos:.1} ns"),
        ..999.5 => format!("{nanos:.0} ns"),
        ..9995.0 => format!("{:.2} µs", nanos / 1e3),
        ..99950.0 => format!("{:.1} µs", nanos / 1e3),
        _ => format!("{:.0} µs", nanos / 1e3),
    }
}

fn sorted(numbers: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    numbers
}

fn median(sorted: &[f64]) -> f64 {
    let half = sorted.len() / 2;
    (sorted[half] + sorted[(sorted.len() - 1) / 2]) / 2.0
}

/// The processor and the kernel.
fn place() -> String {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let version = kernel.trim().split('-').next().unwrap_or_default();
    format!(
        "{}, Linux {version}",
        model.map_or("an unnamed processor", |(_, model)| model)
    )
}
