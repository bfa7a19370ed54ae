//! A table of the picture, with a bar in each cell.

use std::fmt::Write;

pub const WIDTH: usize = 890;
pub const LEFT: usize = 20;
/// The length of our bar in the tables of times.
pub const ONE: usize = 64;
/// A longer bar ends here, with a mark.
pub const LONGEST: usize = 100;
const FIRST_COLUMN: usize = 172;
const COLUMN: usize = 117;
const ROW: usize = 17;
const BAR: usize = 13;

/// What a part of a bar means.
#[derive(Clone, Copy, PartialEq)]
pub enum Colour {
    Kernel,
    Ours,
    Same,
    Worse,
    Better,
}

/// The class of each colour, and its text in the legend.
const COLOURS: [(&str, &str); 5] = [
    ("k", "the kernel’s part"),
    ("o", "ours"),
    ("n", "a peer: the same within noise"),
    ("s", "a peer: worse beyond noise"),
    ("f", "a peer: better beyond noise"),
];

pub const STYLE: &str = "text{font:11px system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;fill:#1f2328}\
    .h{font-size:17px;font-weight:600}.p{font-size:13px;font-weight:600}.m{fill:#59636e}.r{text-anchor:end}\
    .b{font-weight:600}path{stroke-width:13}.k{stroke:#cdd4dc}.o{stroke:#2a9d8f}.n{stroke:#8c959f}.s{stroke:#e9873a}\
    .f{stroke:#8250df}.l{stroke:#1f2328;stroke-width:1}";

pub struct Cell {
    /// How far each colour reaches.
    pub bar: Vec<(Colour, f64)>,
    pub text: String,
    /// From where the bar begins.
    pub text_at: usize,
}

impl Cell {
    /// The peer lacks that, or it was not measured.
    pub fn empty() -> Self {
        Self {
            bar: Vec::new(),
            text: "–".to_owned(),
            text_at: 4,
        }
    }
}

pub struct Panel {
    y: usize,
    texts: String,
    /// Bars of one colour are one path.
    bars: [String; COLOURS.len()],
    lines: String,
}

impl Panel {
    pub fn new(top: usize) -> Self {
        Self {
            y: top,
            texts: String::new(),
            bars: Default::default(),
            lines: String::new(),
        }
    }

    pub fn legend(&mut self) {
        let mut x = LEFT;
        for ((_, meaning), bar) in COLOURS.iter().zip(&mut self.bars) {
            let _ = write!(bar, "M{x} {}h18", self.y - 4);
            let _ = writeln!(self.texts, "<text x='{}' y='{}'>{meaning}</text>", x + 23, self.y);
            x += 40 + meaning.chars().count() * 6;
        }
    }

    pub fn heading(&mut self, title: &str, note: &str, columns: &[&str]) {
        let (right, y) = (WIDTH - LEFT, self.y);
        let _ = writeln!(self.texts, "<text class='p' x='{LEFT}' y='{y}'>{title}</text>");
        let _ = writeln!(self.texts, "<text class='m r' x='{right}' y='{y}'>{note}</text>");
        let _ = write!(self.texts, "<text class='m' y='{}'>", y + 20);
        for (at, column) in columns.iter().enumerate() {
            let _ = write!(self.texts, "<tspan x='{}'>{column}</tspan>", Self::x(at));
        }
        self.texts.push_str("</text>\n");
        self.y += 27;
    }

    pub fn row(&mut self, name: &str, cells: impl Iterator<Item = Cell>) {
        let _ = write!(self.texts, "<text x='{LEFT}' y='{}'>{name}", self.y + 10);
        for (at, cell) in cells.enumerate() {
            let x = Self::x(at);
            let mut from = 0;
            for &(colour, to) in &cell.bar {
                let to = to.round() as usize;
                if to > from {
                    self.bar(colour, x, from, to);
                    from = to;
                }
            }
            let judged = matches!(cell.bar.last(), Some((Colour::Worse | Colour::Better, _)));
            let class = if judged { " class='b'" } else { "" };
            let _ = write!(
                self.texts,
                "<tspan x='{}'{class}>{}</tspan>",
                x + cell.text_at,
                cell.text
            );
        }
        self.texts.push_str("</text>\n");
        self.y += ROW;
    }

    /// Marks the end of our bar in each column, from `top` down to here.
    pub fn ones(&mut self, columns: usize, top: usize) {
        for at in 0..columns {
            let _ = write!(self.lines, "M{}.5 {}V{}", Self::x(at) + ONE, top - 2, self.y - 1);
        }
    }

    pub fn y(&self) -> usize {
        self.y
    }

    /// Returns where the next one begins.
    pub fn draw(self, svg: &mut String) -> usize {
        for ((class, _), path) in COLOURS.iter().zip(self.bars).filter(|(_, path)| !path.is_empty()) {
            let _ = writeln!(svg, "<path class='{class}' d='{path}'/>");
        }
        if !self.lines.is_empty() {
            let _ = writeln!(svg, "<path class='l' d='{}'/>", self.lines);
        }
        svg.push_str(&self.texts);
        self.y + 30
    }

    fn x(column: usize) -> usize {
        FIRST_COLUMN + column * COLUMN
    }

    fn bar(&mut self, colour: Colour, x: usize, from: usize, to: usize) {
        let (path, y) = (&mut self.bars[colour as usize], self.y + BAR / 2);
        let from = from.min(LONGEST);
        let _ = write!(path, "M{} {y}h{}", x + from, to.min(LONGEST) - from);
        if to > LONGEST {
            path.push_str("m2 0h3m2 0h2");
        }
    }
}
