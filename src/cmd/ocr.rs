//! `vision ocr`: read the text in pictures.

use clap::{ArgMatches, Command};

use super::{Entry, look};
use crate::options::OcrOptions;
use crate::perform::Options;

pub const ENTRY: Entry = Entry { command, run };

const EXAMPLES: &str = "Examples:
  vision models pull pp-ocrv6
      once: the three models that it needs, 32 MB
  vision ocr scans/
      lines with their text, places and scores; pictures with what was read beside them
  vision ocr letter.jpg --text --no-images --quiet
      the text alone, on standard output
  vision ocr scans/ --format text,csv
      a text file for each picture, and a table of lines
  vision ocr scans/ --conf 0.8
      only what is fairly sure; uses what is stored
  vision ocr forms/ --region 60%,5%,30%,4% --pattern '\\d{6}' --text
      a field of six digits on every form
  vision ocr plan.tif --tile 2000
      small text on a large sheet";

fn command() -> Command {
    let about = "Read the text in pictures: lines with places and scores, text files, JSON";
    Options::<OcrOptions>::arguments(Command::new("ocr")).about(about).long_about(None).after_help(EXAMPLES)
}

fn run(matches: &ArgMatches) -> crate::error::Result<u8> {
    look::run::<OcrOptions>(&command(), matches)
}
