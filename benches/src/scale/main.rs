//! What a pair costs while up to half a million are alive, and when eight threads make pairs at once: time, the kernel's memory and
//! the program's. libc's `socketpair` takes turns with ours: what both show is due to the kernel.
//!
//! Where RLIMIT_NOFILE can't be raised so far, the pairs are spread over several tables of descriptors, a thread each.

mod limits;
mod pairs;
mod proc;

use std::{fs, fs::File, sync::Barrier, thread, time::Instant};

use limits::Limits;
use pairs::{Held, Libcs, Ours, Pair, Table};

const ALIVE: [usize; 8] = [1, 10, 100, 1_000, 10_000, 100_000, 200_000, 500_000];
/// Descriptors of a table that are not for pairs that stay alive.
const SPARE: usize = 64;
const SAMPLES: usize = 3_000;
/// How many pairs are made and closed for a sample.
const BATCH: usize = 10;
/// From so many pairs on, their memory is large compared with that of other programs' changes.
const WEIGHABLE: usize = 10_000;
const ROUNDS: usize = 3;
const THREADS: [usize; 4] = [1, 2, 4, 8];
const PAIRS_PER_THREAD: usize = 50_000;

fn nanoseconds(since: Instant, pairs: usize) -> f64 {
    since.elapsed().as_nanos() as f64 / pairs as f64
}

/// Nanoseconds to make a pair and close it.
struct Times {
    least: f64,
    median: f64,
}

/// One more pair: ours, and libc's.
fn one_more() -> [Times; 2] {
    fn sample<P: Pair>() -> f64 {
        let begins = Instant::now();
        (0..BATCH).for_each(|_| drop(P::make()));
        nanoseconds(begins, BATCH)
    }
    let (ours, libcs) = (0..SAMPLES).map(|_| (sample::<Ours>(), sample::<Libcs>())).unzip();
    [ours, libcs].map(|mut samples: Vec<_>| {
        samples.sort_by(f64::total_cmp);
        Times {
            least: samples[0],
            median: samples[SAMPLES / 2],
        }
    })
}

/// The figures with so many pairs alive.
struct Level {
    alive: usize,
    tables: usize,
    table_size: u64,
    one_more: [Times; 2],
    /// While the lowest descriptor is free, and the next one far above.
    with_lowest_free: [Times; 2],
    kernel: u64,
    user: u64,
}

/// How many objects a cache of the kernel's holds more than before, and the size of one.
struct Cache {
    name: String,
    more: u64,
    size: u64,
}

/// Measures each level. Returns also the kernel's caches at the last one.
fn levels(alive: &[usize], room: usize) -> (Vec<Level>, Vec<Cache>) {
    let open_lowest = || File::open("/dev/null").expect("/dev/null");
    let mut held = Held::<Ours>::new(Table::Own, room);
    // The first time takes memory too.
    one_more();
    proc::settle();
    let (kernel, user, caches) = (proc::memory(), proc::user_memory(), proc::caches());
    let mut lowest = open_lowest();
    let mut levels = Vec::new();
    for &alive in alive {
        held.fill(alive);
        let kernel = proc::memory().saturating_sub(kernel);
        let user = proc::user_memory().saturating_sub(user);
        let with_none_free = one_more();
        drop(lowest);
        let with_lowest_free = one_more();
        lowest = open_lowest();
        levels.push(Level {
            alive,
            tables: held.tables(),
            table_size: proc::table_size(),
            one_more: with_none_free,
            with_lowest_free,
            kernel,
            user,
        });
    }
    let grown = proc::caches().into_iter().map(|(name, [used, size])| {
        let [before, _] = caches.get(&name).copied().unwrap_or_default();
        Cache {
            name,
            more: used.saturating_sub(before),
            size,
        }
    });
    let each_has = alive.iter().max().copied().unwrap_or(0) as u64 / 2;
    (levels, grown.filter(|cache| cache.more > each_has).collect())
}

fn print_levels(levels: &[Level], caches: &[Cache]) {
    println!("\n## One more pair, made and closed: nanoseconds\n");
    println!("| pairs alive | ours, least | median | libc, least | median | ours, lowest free | libc, lowest free |");
    println!("|--:|--:|--:|--:|--:|--:|--:|");
    for level in levels {
        let [ours, libcs] = &level.one_more;
        let [ours_lowest, libcs_lowest] = level.with_lowest_free.each_ref().map(|times| times.median);
        println!(
            "| {} | {:.0} | {:.0} | {:.0} | {:.0} | {ours_lowest:.0} | {libcs_lowest:.0} |",
            level.alive, ours.least, ours.median, libcs.least, libcs.median
        );
    }
    if let [first, .., last] = levels {
        let [ours, libcs] = [0, 1].map(|who| {
            let [first, last] = [&first.one_more[who], &last.one_more[who]];
            [last.least / first.least, last.median / first.median]
        });
        println!("\nFrom {} alive to {}:", first.alive, last.alive);
        println!("ours × {:.2} at least, × {:.2} in the median;", ours[0], ours[1]);
        println!("libc's × {:.2} at least, × {:.2} in the median.", libcs[0], libcs[1]);
    }

    println!("\n## Memory: bytes a pair\n");
    println!("| pairs alive | kernel | program | tables of descriptors | places in the first |");
    println!("|--:|--:|--:|--:|--:|");
    for level in levels.iter().filter(|level| level.alive >= WEIGHABLE) {
        let [kernel, user] = [level.kernel, level.user].map(|bytes| bytes as f64 / level.alive as f64);
        println!(
            "| {} | {kernel:.0} | {user:.1} | {} | {} |",
            level.alive, level.tables, level.table_size
        );
    }
    println!(
        "\nA pair of `UnixStream` has {} bytes; the rest of the program's are its threads, one a table.",
        size_of::<Ours>()
    );
    if let Some(Level { alive, .. }) = levels.last().filter(|_| !caches.is_empty()) {
        println!("\n| the kernel's cache, with {alive} pairs | objects a pair | bytes an object |");
        println!("|---|--:|--:|");
        for Cache { name, more, size } in caches {
            println!("| {name} | {:.2} | {size} |", *more as f64 / *alive as f64);
        }
    }
}

/// Nanoseconds per pair from each level to the next, and to close all. The first pair finds cold caches.
fn fill<P: Pair>(table: Table, alive: &[usize], room: usize) -> Vec<f64> {
    proc::settle();
    table.run(|| {
        let mut held = Held::<P>::new(table, room);
        let mut before = 0;
        let mut times = Vec::new();
        for &alive in alive {
            let begins = Instant::now();
            held.fill(alive);
            times.push(nanoseconds(begins, alive - before));
            before = alive;
        }
        let begins = Instant::now();
        drop(held);
        times.push(nanoseconds(begins, before));
        times
    })
}

/// The least times over the rounds, in which all take turns.
fn least_of_rounds(columns: [&dyn Fn() -> Vec<f64>; 4]) -> [Vec<f64>; 4] {
    let mut least = columns.map(|measure| measure());
    for _ in 1..ROUNDS {
        for (least, measure) in least.iter_mut().zip(columns) {
            least
                .iter_mut()
                .zip(measure())
                .for_each(|(least, time)| *least = least.min(time));
        }
    }
    least
}

fn print_fill(alive: &[usize], room: usize) {
    println!("\n## Going up to so many: nanoseconds a pair\n");
    println!("| pairs alive | ours | libc | ours, table shared with a thread | libc, table shared with a thread |");
    println!("|--:|--:|--:|--:|--:|");
    let [ours, libcs, ours_shared, libcs_shared] = least_of_rounds([
        &|| fill::<Ours>(Table::Own, alive, room),
        &|| fill::<Libcs>(Table::Own, alive, room),
        &|| fill::<Ours>(Table::Shared, alive, room),
        &|| fill::<Libcs>(Table::Shared, alive, room),
    ]);
    let names = alive.iter().map(usize::to_string).chain(["all closed".to_owned()]);
    for (at, name) in names.enumerate() {
        println!(
            "| {name} | {:.0} | {:.0} | {:.0} | {:.0} |",
            ours[at], libcs[at], ours_shared[at], libcs_shared[at]
        );
    }
    println!(
        "\nA table that is full is replaced by one of twice the size. Where threads share it, the kernel waits until"
    );
    println!("none can be reading the old one (synchronize_rcu), milliseconds each time.");
}

/// Nanoseconds per pair while so many threads make and close pairs at once.
fn at_once<P: Pair>(table: Option<Table>, threads: usize) -> Vec<f64> {
    let start = Barrier::new(threads + 1);
    let work = || {
        start.wait();
        (0..PAIRS_PER_THREAD).for_each(|_| drop(P::make()));
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| match table {
                    Some(table) => table.run(work),
                    None => work(),
                })
            })
            .collect();
        start.wait();
        let begins = Instant::now();
        let pairs = threads.len() * PAIRS_PER_THREAD;
        for thread in threads {
            thread.join().expect("it ends");
        }
        vec![nanoseconds(begins, pairs)]
    })
}

fn print_at_once() {
    println!("\n## Threads that make and close pairs at once: pairs a second, all threads together\n");
    println!("| threads | ours | libc | ours, a table each | libc, a table each |");
    println!("|--:|--:|--:|--:|--:|");
    for threads in THREADS {
        let times = least_of_rounds([
            &|| at_once::<Ours>(None, threads),
            &|| at_once::<Libcs>(None, threads),
            &|| at_once::<Ours>(Some(Table::Own), threads),
            &|| at_once::<Libcs>(Some(Table::Own), threads),
        ]);
        let [ours, libcs, ours_apart, libcs_apart] = times.map(|time| 1e9 / time[0]);
        println!("| {threads} | {ours:.0} | {libcs:.0} | {ours_apart:.0} | {libcs_apart:.0} |");
    }
}

fn main() {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cpus = thread::available_parallelism().map_or(0, usize::from);
    println!("Linux {}, {cpus} CPUs", release.trim());
    let wanted = ALIVE[ALIVE.len() - 1];
    let enough = (2 * wanted + SPARE) as u64;
    let (_limits, allowed) = Limits::raise(enough);
    let [room, most] = allowed.map(|allowed| (allowed.min(enough) as usize).saturating_sub(SPARE) / 2);
    let mut alive: Vec<_> = ALIVE.into_iter().filter(|&alive| alive < most).collect();
    alive.push(most);
    println!("up to {most} pairs, at most {room} of them in a table of descriptors");

    let (levels, caches) = Table::Own.run(|| levels(&alive, room));
    print_levels(&levels, &caches);
    print_fill(&alive, room);
    print_at_once();
}
