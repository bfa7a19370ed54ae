//! The picture, drawn from all stored results.

use std::fmt::Write;
use std::{fs, path::Path};

use crate::panel::{Cell, Colour, LEFT, LONGEST, ONE, Panel, STYLE, WIDTH};
use crate::peers::{KERNEL, OURS};
use crate::results::{Line, Results, time};
use crate::workloads::WORKLOADS;

/// Each target and its title.
const TARGETS: [(&str, &str); 4] = [
    ("x86_64-gnu", "x86_64, glibc"),
    ("x86_64-musl", "x86_64, musl"),
    ("i386-gnu", "i386, glibc"),
    ("i386-musl", "i386, musl"),
];

/// The workloads that are drawn; the tables of the results have all.
const SHOWN: [&str; 8] = [
    "pair made and closed",
    "1 byte, STREAM",
    "64 KiB, STREAM",
    "1 byte recv, STREAM",
    "1 byte recv, SEQPACKET",
    "1 descriptor",
    "253 descriptors",
    "SO_PEERCRED",
];

/// The architectures in instructions.tsv, and the call that is drawn.
const ARCHITECTURES: [&str; 4] = ["x86_64", "i386", "aarch64", "riscv64"];
const COUNTED: &str = "socketpair";

const COLUMNS: [&str; 6] = [OURS, "libc", "std", "nix", "rustix", "syscalls"];

/// Notes below the tables.
const NOTES: [&str; 4] = [
    "Bytes go there and back, with write and read; recv: with send and recv, where only ours detects truncation.",
    "Descriptors are sent, received and closed; SO_PEERCRED is read. –: the peer can’t.",
    "The kernel’s part: the same calls with the bare instruction, through the fastest entry.",
    "Beyond noise: in three rounds of four faster, or slower, than each of two copies of ours in different places.",
];

pub fn draw(results: &Path) -> String {
    let (mut panels, mut y) = (String::new(), 100);
    let counts = fs::read_to_string(results.join("instructions.tsv")).unwrap_or_default();
    let counts: Vec<_> = counts.lines().filter_map(Count::of).collect();
    if !counts.is_empty() {
        y = draw_counts(y, &counts, &mut panels);
    }
    for (target, title) in TARGETS {
        if let Some(results) = Results::kept(results, target) {
            y = draw_times(y, title, &results, &mut panels);
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
         <title id='t'>What a socket pair costs, with linux-socketpair and with its peers</title>\n\
         <desc id='d'>For each target a table: a row for each workload, a column for each peer, and in each cell the time \
         as a bar and as a ratio to that of linux-socketpair.</desc>\n\
         <style>{STYLE}</style>\n\
         <rect x='.5' y='.5' width='{width}' height='{height}' rx='8' fill='#fff' stroke='#d0d7de'/>\n\
         <text class='h' x='{LEFT}' y='31'>What a socket pair costs</text>\n\
         <text class='m r' x='{right}' y='31'>as a ratio to ours, which is the upright line; shorter is better</text>\n\
         {head}{panels}</svg>\n"
    )
}

fn draw_times(top: usize, title: &str, results: &Results, svg: &mut String) -> usize {
    let kernel = |work| results.line(work, KERNEL).map_or(0.0, |line| line.ratio);
    let least = WORKLOADS.iter().map(|(work, _)| kernel(work)).fold(f64::MAX, f64::min) * 100.0;
    let note = format!("at least {least:.0} % of ours is the kernel’s; {}", results.note);
    let mut panel = Panel::new(top);
    panel.heading(&format!("Time on {title}"), &note, &COLUMNS);
    let first = panel.y();
    for name in SHOWN {
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
    // A better peer is visible, even where all is the kernel's part.
    let shown = if colour == Colour::Better { 0.1 } else { 0.0 };
    let one = ONE as f64;
    Cell {
        bar: vec![(Colour::Kernel, kernel.min(ratio - shown) * one), (colour, ratio * one)],
        text,
        text_at: 4,
    }
}

/// A line of instructions.tsv: the instructions of a call between its caller and the kernel.
struct Count<'a> {
    architecture: &'a str,
    call: &'a str,
    peer: &'a str,
    instructions: u32,
}

impl<'a> Count<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let mut fields = line.split('\t');
        Some(Self {
            architecture: fields.next()?,
            call: fields.next()?,
            peer: fields.next()?,
            instructions: fields.next()?.parse().ok()?,
        })
    }
}

fn draw_counts(top: usize, counts: &[Count<'_>], svg: &mut String) -> usize {
    let mut panel = Panel::new(top);
    let title = "Instructions for a pair made and closed";
    panel.heading(
        title,
        "between the caller and the kernel, which is not among them",
        &COLUMNS,
    );
    let drawn = || counts.iter().filter(|count| count.call == COUNTED);
    let most = drawn().map(|count| count.instructions).max().unwrap_or(1);
    for architecture in ARCHITECTURES {
        let row = COLUMNS.map(|peer| {
            let count = drawn().find(|count| (count.architecture, count.peer) == (architecture, peer))?;
            Some(count.instructions)
        });
        let cells = row.iter().enumerate().map(|(at, cell)| match cell {
            Some(count) => of_count(*count, row[0].filter(|_| at > 0), most),
            None => Cell::empty(),
        });
        panel.row(architecture, cells);
    }
    panel.draw(svg)
}

/// Without `ours` to compare with, the count is ours.
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
