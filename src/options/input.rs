//! Which inputs, and how far a hostile one may go.

use std::ffi::OsString;

use clap::Args;
use serde::{Deserialize, Serialize, Serializer};

use crate::live::address::printable;
use crate::pipeline::witness::Witness;
use crate::pseudonym::Pseudonyms;

#[derive(Debug, Clone, Default, Args, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
#[command(next_help_heading = "Input")]
pub struct InputOptions {
    /// Files, folders, globs, streams (rtsp://…, http://…, camera:0); `-` reads a list of names from standard input (one a line, or separated by NUL)
    #[arg(value_name = "INPUT", required = true)]
    #[serde(serialize_with = "lossy", skip_deserializing)]
    pub inputs: Vec<OsString>,

    /// Only files that match this glob; may be given several times
    #[arg(long, value_name = "GLOB")]
    pub include: Vec<String>,

    /// Not files that match this glob; may be given several times
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,

    /// Also files and folders whose name begins with a dot
    #[arg(long)]
    pub hidden: bool,

    /// At most this many inputs
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,

    /// The i-th of n parts of the inputs, the same on every machine, for example 2/8
    #[arg(long, value_name = "I/N")]
    pub shard: Option<String>,

    /// Decode what is there of a truncated file, marked with a warning, instead of refusing it
    #[arg(long)]
    pub lenient: bool,

    /// How many pixels of a large JPEG are decoded for the model: `auto` takes a half, a quarter or an eighth of
    /// its sides where that leaves at least one and a half times what the model sees, a number says how many times,
    /// `full` decodes all. What is drawn is always the full picture
    #[arg(long, value_name = "auto|full|N", default_value = "auto")]
    pub decode: String,

    /// Refuse pictures of more pixels than this
    #[arg(long, value_name = "N", default_value_t = 256_000_000)]
    pub max_pixels: u64,

    /// Refuse pictures of more bytes than this; videos are not held in memory
    #[arg(long, value_name = "N", default_value_t = 2 << 30)]
    pub max_bytes: u64,

    /// At most this many pages or frames of one picture file; videos are read to their end
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub max_pages: u32,

    /// Give up opening an input, or decoding one of its frames, after this long, for example 30s; opening a video may
    /// take this long for each GiB
    #[arg(long, value_name = "DURATION", default_value = "2min", value_parser = super::duration)]
    pub deadline: String,

    /// Decode in separate processes: for files from strangers. A file that crashes its decoder, hangs it
    /// or eats its memory costs that file alone, and the run goes on; costs some speed
    #[arg(long)]
    pub isolate: bool,

    /// With a key, neither names nor paths of inputs stand in what is written
    #[arg(skip)]
    #[serde(skip)]
    pub pseudonyms: Option<Pseudonyms>,

    /// Told whom the inputs are of
    #[arg(skip)]
    #[serde(skip)]
    pub witness: Option<std::sync::Arc<dyn Witness>>,

    /// Leaves out what lies in a folder where something changed within this time
    #[arg(skip)]
    #[serde(skip)]
    pub quiet_for: Option<std::time::Duration>,
}

fn lossy<S: Serializer>(inputs: &[OsString], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(inputs.iter().map(|input| printable(input).to_string_lossy().into_owned()))
}
