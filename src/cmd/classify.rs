//! `vision classify`: say what pictures show as a whole.

use clap::{ArgMatches, Command};

use super::{Entry, look};
use crate::options::ClassifyOptions;
use crate::perform::Options;

pub const ENTRY: Entry = Entry { command, run };

const EXAMPLES: &str = "Examples:
  vision classify photos/
      the bundled ImageNet model; the five best of 1000 classes for each picture
  vision classify photos/ --top 1 --format csv
      one row a picture for a spreadsheet
  vision classify photos/ --conf 0.5
      only what the model is fairly sure of; uses what is stored
  vision classify scans/ --model my.onnx --labels my-classes.txt
      a model of your own, names of its classes one a line
  vision classify inbox/ --stdout --no-images --quiet | jq '.prediction.classes[0].label'
      records for another program";

fn command() -> Command {
    let about = "Say what each picture shows: labels with scores, annotated pictures, JSON";
    Options::<ClassifyOptions>::arguments(Command::new("classify"))
        .about(about)
        .long_about(None)
        .after_help(EXAMPLES)
}

fn run(matches: &ArgMatches) -> crate::error::Result<u8> {
    look::run::<ClassifyOptions>(&command(), matches)
}
