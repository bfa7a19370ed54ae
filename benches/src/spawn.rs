//! Starts /bin/true and waits for it: ours and `std::process::Command` take turns, with little memory resident and with one
//! gigabyte. With both, the child inherits the environment and the standard descriptors. If a user is set, both copy the memory.
//!
//! The exit status is 1 if ours takes more than 1.1 times the time of std, or without a user more than 1.1 times as long with a
//! gigabyte as with little.

use linux_socketpair::process::{ArgArray, Args, Command};
use std::{
    ffi::c_char,
    fs,
    hint::black_box,
    os::unix::{fs::MetadataExt, process::CommandExt},
    process,
    time::Instant,
};

const ROUNDS: usize = 400;
const GIGABYTE: usize = 1 << 30;
const PAGE: usize = 4096;
/// The greatest ratio that is accepted.
const MOST: f64 = 1.1;

unsafe extern "C" {
    static environ: *const *const c_char;
}

fn ours(user: Option<u32>) {
    let args = ArgArray::new([c"/bin/true"]);
    // SAFETY: this program doesn't change its environment.
    let env = unsafe { Args::from_ptr(environ) };
    let mut command = Command::new(c"/bin/true", args.as_args());
    command.env(env);
    if let Some(user) = user {
        command.user(user);
    }
    let status = command.spawn().map(|mut child| child.wait());
    assert!(status.expect("/bin/true").expect("a child").success());
}

fn std(user: Option<u32>) {
    let mut command = process::Command::new("/bin/true");
    if let Some(user) = user {
        command.uid(user);
    }
    assert!(command.status().expect("/bin/true").success());
}

fn microseconds(work: fn(Option<u32>), user: Option<u32>) -> f64 {
    let begins = Instant::now();
    work(user);
    begins.elapsed().as_nanos() as f64 / 1000.0
}

fn quartiles(mut samples: Vec<f64>) -> [f64; 3] {
    samples.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| samples[samples.len() * quarter / 4])
}

/// Prints the times of both, and returns the medians of ours and of the ratios within a round.
fn measure(what: &str, user: Option<u32>) -> (f64, f64) {
    let resident = fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| Some(status.split_once("VmRSS:")?.1.split_whitespace().next()?.to_owned()))
        .expect("/proc");
    let (mut ours_took, mut std_took, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    // A gigabyte takes a hundred times as long to copy.
    for round in 0..if user.is_some() { ROUNDS / 4 } else { ROUNDS } {
        // The one that comes second finds warmer caches.
        let [mine, theirs] = if round % 2 == 0 {
            [ours, std].map(|work| microseconds(work, user))
        } else {
            let [theirs, mine] = [std, ours].map(|work| microseconds(work, user));
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
    // Setting the user that the process has needs no capability.
    let user = fs::metadata("/proc/self").expect("/proc").uid();
    let (little, ratio) = measure("little", None);
    let (_, ratio_of_user) = measure("little, a user", Some(user));
    let mut memory = vec![0_u8; GIGABYTE];
    memory.chunks_mut(PAGE).for_each(|page| page[0] = 1);
    let (much, ratio_of_much) = measure("one gigabyte", None);
    let (_, ratio_of_much_and_user) = measure("one gigabyte, a user", Some(user));
    black_box(&memory);
    println!("ours with a gigabyte: {:.2} of ours with little", much / little);
    let ratios = [
        ratio,
        ratio_of_user,
        ratio_of_much,
        ratio_of_much_and_user,
        much / little,
    ];
    if ratios.iter().any(|ratio| *ratio > MOST) {
        println!("more than {MOST}");
        process::exit(1);
    }
}
