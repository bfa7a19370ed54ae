//! The picture, drawn from all results that there are.

use std::fmt::Write;
use std::{fs, path::Path};

use crate::panel::{Cell, Colour, LEFT, LONGEST, ONE, Panel, STYLE, WIDTH};
use crate::peers::{KERNEL, OURS};
use crate::results::{Line, Results, time};
use crate::works::WORKS;

/// Each target, as the reader knows it.
const TARGETS: [(&str, &str); 4] = [
    ("x86_64-gnu", "x86_64, glibc"),
    ("x86_64-musl", "x86_64, musl"),
    ("i386-gnu", "i386, glibc"),
    ("i386-musl", "i386, musl"),
];

const COLUMNS: [&str; 6] = [OURS, "libc", "std", "nix", "rustix", "syscalls"];

/// What the tables don't say.
const NOTES: [&str; 4] = [
    "1 byte, 64 KiB: there and back, by write and read. Whole: by send and recvmsg, the one call that tells of a message \
     that was cut.",
    "Descriptors: sent, received and closed. The rest are options, read. –: the peer can’t.",
    "The kernel’s part: the same calls by their bare instruction, by the fastest way into the kernel.",
    "Beyond noise: in three rounds of four faster, or slower, than each of two copies of ours in different places.",
];

pub fn draw(results: &Path) -> String {
    let (mut panels, mut y) = (String::new(), 100);
    for (target, title) in TARGETS {
        if let Some(results) = Results::kept(results, target) {
            y = draw_times(y, title, &results, &mut panels);
        }
    }
    let counts = fs::read_to_string(results.join("instructions.tsv")).unwrap_or_default();
    for (target, title) in TARGETS {
        let counts: Vec<_> = counts.lines().filter_map(|line| Count::of(line, target)).collect();
        if !counts.is_empty() {
            y = draw_counts(y, title, &counts, &mut panels);
        }
    }
    for note in NOTES {
        let _ = writeln!(panels, "<text class='m' x='{LEFT}' y='{}'>{note}</text>", y - 4);
        y += 16;
    }
    let mut legend = Panel::new(62);
    legend.legend();
    let mut head = String::new();
    legend.draw(&mut head);
    let (right, bottom) = (WIDTH - LEFT, y - 4);
    let (width, height) = (WIDTH - 1, bottom - 1);
    format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {bottom}' role='img' aria-labelledby='t d'>\n\
         <title id='t'>What a socket pair costs, by linux-socketpair and by its peers</title>\n\
         <desc id='d'>For each target a table: a row for each work, a column for each peer, and in each cell the time as \
         a bar and as a ratio to that of linux-socketpair.</desc>\n\
         <style>{STYLE}</style>\n\
         <rect x='.5' y='.5' width='{width}' height='{height}' rx='8' fill='#fff' stroke='#d0d7de'/>\n\
         <text class='h' x='{LEFT}' y='31'>What a socket pair costs</text>\n\
         <text class='m r' x='{right}' y='31'>as a ratio to ours, which is the upright line; shorter is better</text>\n\
         {head}{panels}</svg>\n"
    )
}

fn draw_times(top: usize, title: &str, results: &Results, svg: &mut String) -> usize {
    let kernel = |work| results.line(work, KERNEL).map_or(0.0, |line| line.ratio);
    let least = WORKS.iter().map(|(work, _)| kernel(work)).fold(f64::MAX, f64::min) * 100.0;
    let note = format!("at least {least:.0} % of ours is the kernel’s; {}", results.note);
    let mut panel = Panel::new(top);
    panel.heading(&format!("Time on {title}"), &note, &COLUMNS);
    let (first, mut group) = (panel.y(), WORKS[0].1.group());
    for (name, work) in WORKS {
        if work.group() != group {
            panel.gap();
            group = work.group();
        }
        let lines = COLUMNS.iter().map(|peer| results.line(name, peer));
        panel.row(
            name,
            lines.map(|line| line.map_or_else(Cell::empty, |line| of_time(line, kernel(name)))),
        );
    }
    panel.ones(COLUMNS.len(), first);
    panel.draw(svg)
}

fn of_time(line: &Line, kernel: f64) -> Cell {
    let ratio = line.ratio;
    let (colour, text) = match line {
        line if line.peer == OURS => (Colour::Ours, time(line.nanos)),
        line if line.is_slower() => (Colour::Worse, format!("{ratio:.2}")),
        line if line.is_faster() => (Colour::Better, format!("{ratio:.2}")),
        _ => (Colour::Same, format!("{ratio:.2}")),
    };
    // Who is better shows it, even where all is the kernel's part.
    let shown = if colour == Colour::Better { 0.1 } else { 0.0 };
    let one = ONE as f64;
    Cell {
        bar: vec![(Colour::Kernel, kernel.min(ratio - shown) * one), (colour, ratio * one)],
        text,
        text_at: 4,
    }
}

/// A line of instructions.tsv: what a work takes between its caller and the kernel.
struct Count<'a> {
    work: &'a str,
    peer: &'a str,
    instructions: u32,
}

impl<'a> Count<'a> {
    fn of(line: &'a str, target: &str) -> Option<Self> {
        let (_, line) = line.split_once('\t').filter(|(of, _)| *of == target)?;
        let (work, line) = line.split_once('\t')?;
        let (peer, count) = line.split_once('\t')?;
        let instructions = count.trim().parse().ok()?;
        Some(Self {
            work,
            peer,
            instructions,
        })
    }
}

/// Each row has a scale of its own.
fn draw_counts(top: usize, title: &str, counts: &[Count<'_>], svg: &mut String) -> usize {
    let mut panel = Panel::new(top);
    let note = "between the caller and the kernel; each row has a scale of its own";
    panel.heading(&format!("Instructions on {title}"), note, &COLUMNS);
    let mut works: Vec<&str> = Vec::new();
    for count in counts {
        if !works.contains(&count.work) {
            works.push(count.work);
        }
    }
    for work in works {
        let count = |peer| counts.iter().find(|count| (count.work, count.peer) == (work, peer));
        let row = COLUMNS.map(|peer| count(peer).map(|count| count.instructions));
        let most = row.iter().flatten().max().copied().unwrap_or(1);
        let cells = row.iter().enumerate().map(|(at, cell)| match cell {
            Some(count) => of_count(*count, row[0].filter(|_| at > 0), most),
            None => Cell::empty(),
        });
        panel.row(work, cells);
    }
    panel.draw(svg)
}

/// What has nothing to be compared with is ours.
fn of_count(count: u32, ours: Option<u32>, most: u32) -> Cell {
    let colour = match ours {
        None => Colour::Ours,
        Some(ours) if count > ours => Colour::Worse,
        Some(ours) if count < ours => Colour::Better,
        Some(_) => Colour::Same,
    };
    // The number stands behind the bar.
    let length = f64::from(count) / f64::from(most) * (LONGEST - 20) as f64;
    Cell {
        bar: vec![(colour, length)],
        text: count.to_string(),
        text_at: length.round() as usize + 4,
    }
}
