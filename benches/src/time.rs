//! The time of each workload with this crate and with its peers. README.md describes how the ratios are made.

mod panel;
mod peers;
mod picture;
mod results;
mod workloads;

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, fs};

use criterion::{Criterion, PlottingBackend};

use crate::peers::PEERS;
use crate::results::{Results, Time};
use crate::workloads::WORKLOADS;

/// If three are equally fast, one of them is the fastest in 12 of 15 rounds by chance once in 3000 times.
const ROUNDS: usize = 15;

fn main() {
    if !measures() {
        return run(1, 0);
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let results = here.join("results");
    let rounds = env::var("ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().expect("ROUNDS is a number"));
    if rounds > 0 {
        // Otherwise Criterion compares with the results of an earlier run.
        let _ = fs::remove_dir_all(directory());
        (0..rounds).for_each(|round| run(rounds, round));
        let measured = Results::of(&times(rounds), rounds);
        println!("{measured}");
        if !measured.is_complete() {
            return println!("Not stored: only a part was measured.");
        }
        measured.keep(&results);
    }
    fs::write(here.join("../costs.svg"), picture::draw(&results)).expect("the picture can be written");
}

/// `cargo bench` passes `--bench`; without it, or with `--test`, Criterion runs each workload once.
fn measures() -> bool {
    env::args().any(|arg| arg == "--bench") && !env::args().any(|arg| arg == "--test" || arg == "--list")
}

fn directory() -> PathBuf {
    let criterion = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("criterion");
    criterion.join(results::TARGET)
}

fn directory_of(round: usize) -> PathBuf {
    directory().join(format!("round-{}", round + 1))
}

/// The peers take turns within each workload, so that drift affects all of them, and each round begins with another peer.
fn run(rounds: usize, round: usize) {
    let mut criterion = Criterion::default()
        .plotting_backend(PlottingBackend::Plotters)
        .output_directory(&directory_of(round))
        .warm_up_time(Duration::from_millis(30))
        .measurement_time(Duration::from_millis(120))
        .sample_size(20)
        .nresamples(2000)
        .configure_from_args();
    if round + 1 < rounds {
        criterion = criterion.without_plots();
    }
    for (name, work) in WORKLOADS {
        let mut group = criterion.benchmark_group(name);
        for turn in 0..PEERS.len() {
            let (peer, by) = PEERS[(turn + round) % PEERS.len()];
            if let Some(timed) = by(work) {
                group.bench_function(peer, timed);
            }
        }
        group.finish();
    }
    criterion.final_summary();
}

/// What Criterion measured: the median of each round, for each workload and peer.
fn times(rounds: usize) -> Vec<Time> {
    let median = |round, work: &str, peer: &str| {
        let file = directory_of(round).join(work).join(peer).join("new/estimates.json");
        let estimates: serde_json::Value = serde_json::from_str(&fs::read_to_string(file).ok()?).ok()?;
        estimates["median"]["point_estimate"].as_f64()
    };
    let mut times = Vec::new();
    for (work, _) in WORKLOADS {
        for (peer, _) in PEERS {
            if let Some(nanos) = (0..rounds).map(|round| median(round, work, peer)).collect() {
                times.push(Time { work, peer, nanos });
            }
        }
    }
    times
}
