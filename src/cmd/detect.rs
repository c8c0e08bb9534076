//! `vision detect`: find things in pictures.

use clap::Command;

use super::{Entry, look};
use crate::options::SelectOptions;
use crate::perform::Options;

pub const ENTRY: Entry = Entry { command, run: |matches| look::run::<SelectOptions>(&command(), matches) };

const EXAMPLES: &str = "Examples:
  vision detect photos/
      the bundled model; pictures and results in vision-out/
  vision detect clip.mp4 --from 1:30 --to 2:00
      half a minute of a video, as a video with its sound
  vision detect photos/ --conf 0.6 --classes person,dog
      again with other thresholds: uses what is stored
  vision detect photos/ --model my.onnx --out run2
      a model of your own, with my.toml beside it
  find . -name '*.jpg' -print0 | vision detect -
      a list of names
  vision detect photos/ --stdout --no-images --quiet | jq .item.path
      records for another program
  vision detect night/ --until 8h
      stop in the morning; the same command continues
  vision detect clip.gif --track --zones zones.toml
      things get numbers; lines and zones count them (docs/tracking.md)
  vision detect rtsp://door.local/street --for 8h --live 127.0.0.1:8080
      a camera, watched in a browser on this machine (docs/streams.md)
  vision detect door.jpg --fail-on person
      exit code 3 when somebody is there";

fn command() -> Command {
    let about = "Find things in pictures and videos: boxes with labels and scores, annotated pictures, JSON";
    Options::<SelectOptions>::arguments(Command::new("detect"))
        .about(about)
        .long_about(None)
        .after_help(EXAMPLES)
}
