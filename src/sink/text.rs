//! `text/`: what each item says as plain text, in folders that mirror the inputs; and the same on standard output.

use std::io::{self, Write};
use std::path::PathBuf;

use super::tree::Tree;
use super::{Sink, SinkContext};
use crate::cmd::print_failed;
use crate::error::Result;
use crate::frame::Part;
use crate::record::{InputRecord, Record};

const NAME: &str = "text";

struct Text(Tree);

pub fn open(context: &SinkContext) -> Result<Box<dyn Sink>> {
    Ok(Box::new(Text(Tree::new(context, NAME, ".vision-text", "txt")?)))
}

/// The lines of a record in order of reading, an empty line between blocks; each line ends with a line feed.
fn words(record: &Record) -> Option<String> {
    let mut text = String::new();
    let mut block = 0;
    for line in record.prediction.as_ref()?.lines() {
        if line.block != block {
            text.push('\n');
            block = line.block;
        }
        text.push_str(&line.text);
        text.push('\n');
    }
    Some(text)
}

impl Sink for Text {
    /// Every item with a prediction gets a file, an empty one where nothing was read.
    fn item(&mut self, record: &Record) -> Result<()> {
        match words(record) {
            Some(text) => self.0.write(record, text.as_bytes()),
            None => Ok(()),
        }
    }

    fn input(&mut self, _: &InputRecord) -> Result<()> {
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Vec<PathBuf>> {
        Ok(vec![self.0.finish()?])
    }
}

/// Text as it is read, on standard output. Where there are several items, `==> name <==` stands before each, as
/// `head` writes it.
struct Printed {
    /// The first item waits until it is known whether it is the only one.
    first: Option<(String, String)>,
    several: bool,
}

pub fn on_standard_output() -> Box<dyn Sink> {
    Box::new(Printed { first: None, several: false })
}

fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(print_failed)
}

impl Sink for Printed {
    fn item(&mut self, record: &Record) -> Result<()> {
        let Some(text) = words(record) else { return Ok(()) };
        let name = crate::error::printable(&record.item.input.path);
        let name = format!("{name}{}", Part::suffix(record.item.part.as_ref()));
        if self.several {
            return print(&format!("\n==> {name} <==\n{text}"));
        }
        match self.first.take() {
            None => self.first = Some((name, text)),
            Some((before, first)) => {
                self.several = true;
                print(&format!("==> {before} <==\n{first}\n==> {name} <==\n{text}"))?;
            }
        }
        Ok(())
    }

    fn input(&mut self, _: &InputRecord) -> Result<()> {
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Vec<PathBuf>> {
        self.first.map_or(Ok(()), |(_, text)| print(&text))?;
        Ok(Vec::new())
    }
}
