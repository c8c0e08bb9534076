//! `vision faces`: find faces in pictures.

use clap::{ArgMatches, Command};

use super::{Entry, look};
use crate::options::FacesOptions;
use crate::perform::Options;

pub const ENTRY: Entry = Entry { command, run };

const EXAMPLES: &str = "The first time: vision models pull centerface (7 MB, MIT), which is the model unless --model names another.

Examples:
  vision faces photos/
      boxes and five points (eyes, nose, corners of the mouth) of each face, drawn and in results.jsonl
  vision faces photos/ --conf 0.5
      only what the model is fairly sure of; uses what is stored
  vision faces photos/ --crops --no-images
      each face turned upright in a picture of 112 x 112, as face recognisers take it
  vision faces crowd.jpg --tile 640
      small faces in a large picture
  vision faces photos/ --model yunet.onnx --out second
      YuNet or UltraFace instead: read by its header, no description needed
  vision faces photos/ --format coco --out run && vision eval faces.json run
      COCO with keypoints, and how good the boxes are against boxes of your own
  vision faces door.jpg --fail-on face
      exit code 3 when somebody looks in";

/// What `--crops` does here.
const CROPS: &str = "Also write each face as a picture of its own, under crops/: turned upright and scaled to 112 x 112 by its five \
                     points (ArcFace's template); with a margin where the model gives no points";

fn command() -> Command {
    let about =
        "Find faces in pictures: boxes, eyes, nose and mouth, aligned crops, annotated pictures, JSON";
    Options::<FacesOptions>::arguments(Command::new("faces"))
        .mut_arg("crops", |crops| crops.help(CROPS))
        .about(about)
        .long_about(None)
        .after_help(EXAMPLES)
}

fn run(matches: &ArgMatches) -> crate::error::Result<u8> {
    look::run::<FacesOptions>(&command(), matches)
}
