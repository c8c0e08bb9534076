//! `vision redact`: cover faces and other things in pictures and videos, and look at the result again.

use clap::{ArgMatches, Command, FromArgMatches};

use super::{Entry, look};
use crate::error::{Error, Result};
use crate::options::{RedactOptions, merge};
use crate::perform::{AUTO, Options};

pub const ENTRY: Entry = Entry { command, run };

const EXAMPLES: &str = "The first time: vision models pull centerface (7 MB, MIT), which finds faces unless --model names another.

Examples:
  vision redact photos/
      faces covered in run folder's images/, without EXIF, places and thumbnails; originals stay as they are
  vision redact photos/ videos/ --what face,text,class:dog --effect pixelate
      also text (vision models pull pp-ocrv6) and dogs
  vision redact door.mp4 --audio remove
      every frame covered, gaps filled from the frames before and after, no sound
  vision redact photos/ --keep 100,50,400,300 --margin 0.3
      a face whose middle is in that region stays; covers reach further
  vision redact published/ --audit-only --tile auto
      covers nothing: what was left by whoever redacted these
  vision redact photos/ --what plate --model plates.onnx
      number plates need a detector of your own

After covering, the result is looked at once more, at a lower score and in tiles (--no-audit leaves that out). Exit code 3
when something is left: audit.csv says what and where. A second look is no proof; docs/redact.md says what it is.";

const MODEL: &str = "A model that looks for what --what says; `auto` is centerface, the bundled detector and pp-ocrv6-det, as needed";

fn command() -> Command {
    let about =
        "Cover faces, people, text or other things in pictures and videos, and look at the result again";
    Options::<RedactOptions>::arguments(Command::new("redact"))
        .mut_arg("model", |model| model.help(MODEL))
        .mut_arg("no_images", |arg| {
            arg.help("Write no redacted pictures and videos, only what would be covered")
        })
        .about(about)
        .long_about(None)
        .after_help(EXAMPLES)
}

fn run(matches: &ArgMatches) -> Result<u8> {
    let given =
        Options::<RedactOptions>::from_arg_matches(matches).map_err(|e| Error::usage(e.to_string()))?;
    let inputs = given.input.inputs.clone();
    let config = given.run.config.clone();
    let mut options = merge(given, matches, &command(), config.as_deref())?;
    options.input.inputs = inputs;
    options.run.config = config;
    if options.output.crops {
        return Err(Error::usage(
            "--crops would write faces as they are; --residual-crops writes what is left after covering, below private/",
        ));
    }
    if options.look.flip || !options.look.ensemble.is_empty() {
        return Err(Error::usage(
            "--flip and --ensemble average boxes, and covers are not averaged: --model and --audit-model name models that \
             look beside each other",
        ));
    }
    if !options.run.apply.is_empty() && !options.select.no_track {
        return Err(Error::usage("--apply: decisions are of single pictures; give --no-track with it"));
    }
    if options.model.model == AUTO {
        options.model.model = options.select.first_model()?.to_owned();
    }
    options.output.no_images |= options.select.audit_only;
    options.select.complete()?;
    look::begin("redact", &options)
}
