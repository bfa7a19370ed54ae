//! Starts /bin/true and waits for it: ours and `std::process::Command` take turns, with little memory resident and with one
//! gigabyte. With both, the child inherits the environment and the standard descriptors.
//!
//! The exit status is 1 if ours takes more than 1.1 times the time of std, or with a gigabyte more than 1.1 times that without.

use linux_socketpair::process::{ArgArray, Args, Command};
use std::{ffi::c_char, fs, hint::black_box, process, time::Instant};

const ROUNDS: usize = 400;
const GIGABYTE: usize = 1 << 30;
const PAGE: usize = 4096;
/// The greatest ratio that is accepted.
const MOST: f64 = 1.1;

unsafe extern "C" {
    static environ: *const *const c_char;
}

fn ours() {
    let args = ArgArray::new([c"/bin/true"]);
    // SAFETY: this program doesn't change its environment.
    let env = unsafe { Args::from_ptr(environ) };
    let child = Command::new(c"/bin/true", args.as_args()).env(env).spawn();
    let status = child.map(|mut child| child.wait());
    assert!(status.expect("/bin/true").expect("a child").success());
}

fn std() {
    assert!(
        process::Command::new("/bin/true")
            .status()
            .expect("/bin/true")
            .success()
    );
}

fn microseconds(work: fn()) -> f64 {
    let begins = Instant::now();
    work();
    begins.elapsed().as_nanos() as f64 / 1000.0
}

fn quartiles(mut samples: Vec<f64>) -> [f64; 3] {
    samples.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| samples[samples.len() * quarter / 4])
}

/// Prints the times of both, and returns the medians of ours and of the ratios within a round.
fn measure(what: &str) -> (f64, f64) {
    let resident = fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| Some(status.split_once("VmRSS:")?.1.split_whitespace().next()?.to_owned()))
        .expect("/proc");
    let (mut ours_took, mut std_took, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        // The one that comes second finds warmer caches.
        let [mine, theirs] = if round % 2 == 0 {
            [ours, std].map(microseconds)
        } else {
            let [theirs, mine] = [std, ours].map(microseconds);
            [mine, theirs]
        };
        ours_took.push(mine);
        std_took.push(theirs);
        ratios.push(mine / theirs);
    }
    let ([_, mine, _], [_, theirs, _], [low, ratio, high]) =
        (quartiles(ours_took), quartiles(std_took), quartiles(ratios));
    println!(
        "{what}, {resident} kB resident: ours {mine:.0} µs, std {theirs:.0} µs, ratio {ratio:.2} ({low:.2} to {high:.2})"
    );
    (mine, ratio)
}

fn main() {
    let (little, ratio) = measure("little");
    let mut memory = vec![0_u8; GIGABYTE];
    memory.chunks_mut(PAGE).for_each(|page| page[0] = 1);
    let (much, ratio_of_much) = measure("one gigabyte");
    black_box(&memory);
    println!("ours with a gigabyte: {:.2} of ours with little", much / little);
    if ratio > MOST || ratio_of_much > MOST || much / little > MOST {
        println!("more than {MOST}");
        process::exit(1);
    }
}
