//! `sheet.toml`: what a teacher writes, turned into where everything lies on the paper.
//!
//! Lengths are millimetres from the left top corner of the paper. `docs/sheets.md` describes the file for people.

mod block;
mod check;
mod file;
mod flow;
mod given;
mod head;
mod questions;

#[cfg(test)]
mod tests;

use std::path::Path;

use sha2::{Digest, Sha256};

use crate::error::{Error, Kind, Result};
use crate::geometry::Rect;
use crate::sheet::layout::Layout;

pub use block::inside as fits_inside;
pub use file::Paper;

/// A commented `sheet.toml` that shows every kind of block.
pub const EXAMPLE: &str = include_str!("example.toml");

/// More would be no sheet but a book.
const MAX_BYTES: u64 = 1 << 20;

/// A sheet that can be printed, and read again.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// In millimetres.
    pub layout: Layout,
    /// Names of versions; empty where there is only one.
    pub versions: Vec<String>,
    /// 16 hexadecimal digits: SHA-256 of the layout, so that another wording of the same layout is the same sheet.
    pub id: String,
    /// What is printed beside the fields, a list for each page.
    pub art: Vec<Vec<Art>>,
}

/// What is printed and not read.
#[derive(Debug, Clone, PartialEq)]
pub enum Art {
    /// `at` is the left end, the middle or the right end of the baseline; `size` is millimetres from line to line.
    Text {
        text: String,
        at: [f32; 2],
        size: f32,
        align: Align,
        grey: bool,
    },
    /// A line to write on, or around a place to write in.
    Line {
        from: [f32; 2],
        to: [f32; 2],
    },
    Frame(Rect),
    /// Where the page's code stands.
    PageCode(Rect),
    /// The name of the version, which ends at `at`.
    Version {
        at: [f32; 2],
        size: f32,
    },
    /// What the roster says of the student: on a line, into boxes, as marks or as a code.
    Roster {
        column: String,
        into: Target,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    Left,
    Centre,
    Right,
}

/// Where a student's entry goes.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    Line {
        at: [f32; 2],
        width: f32,
    },
    /// Index of the field within its page: marks its bubbles, fills its boxes, or draws its code.
    Field(usize),
}

impl Sheet {
    /// Reads and checks a `sheet.toml`.
    ///
    /// # Errors
    /// Of the file, and `Config` with what is wrong in it, where, and what to do.
    pub fn read(path: &Path) -> Result<Self> {
        let size = std::fs::metadata(path).map_err(|e| Error::read(path.display(), e))?.len();
        if size > MAX_BYTES {
            let message = format!("{}: {size} bytes; a sheet.toml has at most {MAX_BYTES}", path.display());
            return Err(Error::new(Kind::Config, message));
        }
        let text = std::fs::read_to_string(path).map_err(|e| Error::read(path.display(), e))?;
        Self::parse(&text).map_err(|what| Error::new(Kind::Config, format!("{}: {what}", path.display())))
    }

    /// From the text of a `sheet.toml`; the error says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let file: file::File = toml::from_str(text).map_err(|e| located(text, &e))?;
        check::words(&file)?;
        let sheet = flow::lay(&file)?;
        check::places(&sheet.layout)?;
        Ok(sheet)
    }

    /// The columns of a roster that are printed.
    pub fn columns(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for art in self.art.iter().flatten() {
            if let Art::Roster { column, .. } = art
                && !names.contains(&column.as_str())
            {
                names.push(column);
            }
        }
        names
    }

    /// The text of a page's code; `page` counts from 0, in the code from 1.
    pub fn page_code(&self, page: usize, version: Option<&str>) -> String {
        let version = version.map(|version| format!(":{version}")).unwrap_or_default();
        format!("vision-sheet:1:{}:{}{version}", self.id, page + 1)
    }

    /// `art` holds a list for each page of `layout`.
    fn new(layout: Layout, versions: Vec<String>, art: Vec<Vec<Art>>) -> Result<Self, String> {
        let text = serde_json::to_vec(&layout).map_err(|e| e.to_string())?;
        let id = crate::digest::hex(&Sha256::digest(text)[..8]);
        Ok(Self { layout, versions, id, art })
    }
}

/// A message of the parser with the number of the line, in one line.
fn located(text: &str, error: &toml::de::Error) -> String {
    let line =
        error.span().and_then(|span| text.get(..span.start)).map(|before| before.matches('\n').count() + 1);
    let place = line.map(|line| format!("line {line}: ")).unwrap_or_default();
    format!("{place}{}", error.message().trim_end())
}
