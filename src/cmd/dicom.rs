//! `vision dicom`: what is in DICOM files, and whether their pixels can be read.

use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, value_parser};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

mod deidentify;

use super::{Entry, print_failed, printing};
use crate::digest::hex;
use crate::error::{Error, Kind, Result};
use crate::source::dicom::{Instance, Stored};
use crate::source::{Input, Limits};

pub const ENTRY: Entry = Entry { command, run };

const EXAMPLES: &str = "Examples:
  vision dicom check study/*.dcm
      a line a file: what it holds, or why it is refused
  vision dicom check scan.dcm --png frames/
      each frame as models see it, as a PNG: scan.dcm.0000.png, of a second file of that name scan.dcm-2.0000.png
  vision dicom deidentify studies/ --out shared
      copies without what identifies people, in shared/instances/; who is who in shared/private/";

fn command() -> Command {
    let about = "DICOM files: what they hold, whether their pixels can be read; copies without what identifies people";
    let check = Check::augment_args(Command::new("check"))
        .about("Decode every frame and print a JSON line a file: read, with sums over its stored values, or refused, with the reason");
    Command::new("dicom")
        .about(about)
        .after_help(EXAMPLES)
        .subcommand_required(true)
        .subcommand(check)
        .subcommand(deidentify::command())
}

fn run(matches: &ArgMatches) -> Result<u8> {
    match matches.subcommand() {
        Some(("check", matches)) => printing(matches, Check::run),
        Some(("deidentify", matches)) => printing(matches, deidentify::run),
        _ => Err(Error::usage("vision dicom: no such command; there are: check, deidentify")),
    }
}

struct Check {
    files: Vec<PathBuf>,
    png: Option<PathBuf>,
}

impl Args for Check {
    fn augment_args(command: Command) -> Command {
        let path = value_parser!(PathBuf);
        let files = Arg::new("files").value_name("FILE").required(true).action(ArgAction::Append);
        let png = Arg::new("png").long("png").value_name("FOLDER");
        command
            .arg(files.value_parser(path).help("DICOM files"))
            .arg(png.value_parser(value_parser!(PathBuf)).help("Write each frame as a PNG into this folder"))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Check {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let files = matches.get_many("files").into_iter().flatten().cloned().collect();
        Ok(Self { files, png: matches.get_one("png").cloned() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Check {
    /// Exit code 0 when every file is read, 2 when some are refused.
    fn run(&self, out: &mut dyn Write) -> Result<u8> {
        if let Some(folder) = &self.png {
            std::fs::create_dir_all(folder).map_err(|e| Error::write(folder.display(), e))?;
        }
        let (mut refused, mut taken) = (false, HashSet::new());
        for file in &self.files {
            let found = self.checked(file, &mut taken);
            refused |= found.is_err();
            let mut line = found.unwrap_or_else(
                |error| json!({"status": "refused", "kind": error.kind, "reason": error.chain()}),
            );
            line["file"] = file.to_string_lossy().into();
            writeln!(out, "{line}").map_err(print_failed)?;
        }
        Ok(if refused { 2 } else { 0 })
    }

    /// `taken` are the names of pictures so far: files of two folders may be called alike.
    fn checked(&self, file: &Path, taken: &mut HashSet<String>) -> Result<Value> {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let bytes = std::fs::read(file).map_err(|e| Error::read(file.display(), e))?;
        if !crate::source::dicom::is_dicom(&bytes) {
            return Err(Error::new(Kind::NotMedia, format!("{name}: it is not DICOM")));
        }
        let instance = Instance::open(Input::new(&name, bytes.into(), &Limits::default())?)?;
        let numbered = (2..).map(|n| format!("{name}-{n}"));
        let own = std::iter::once(name.to_string()).chain(numbered).find(|own| !taken.contains(own));
        let own = own.unwrap_or_default();
        taken.insert(own.clone());
        let mut sums = Sums::default();
        for n in 0..instance.described().frames {
            sums.add(&instance.stored(n)?);
            let frame = instance.frame(n)?;
            if let Some(folder) = &self.png {
                let path = folder.join(format!("{own}.{n:04}.png"));
                let failed = |e| Error::new(Kind::OutputFolder, path.display().to_string()).because(e);
                frame.pixels.save_with_format(&path, image::ImageFormat::Png).map_err(failed)?;
            }
        }
        let mut report = sums.report(&instance);
        if self.png.is_some() {
            report["png"] = format!("{own}.NNNN.png").into();
        }
        Ok(report)
    }
}

/// Over the stored values of all frames, little-endian, as many bytes a sample as are allocated: what
/// `pydicom.pixels.pixel_array(..., raw=True)` holds.
struct Sums {
    least: i64,
    most: i64,
    sum: i128,
    hash: Sha256,
}

impl Default for Sums {
    fn default() -> Self {
        Self { least: i64::MAX, most: i64::MIN, sum: 0, hash: Sha256::new() }
    }
}

impl Sums {
    fn add(&mut self, stored: &Stored) {
        for value in stored.samples.iter() {
            self.least = self.least.min(value);
            self.most = self.most.max(value);
            self.sum += i128::from(value);
        }
        self.hash.update(stored.bytes());
    }

    fn report(self, instance: &Instance) -> Value {
        let described = instance.described();
        json!({
            "status": "read",
            "syntax": instance.set().syntax.uid,
            "photometric": described.photometric.name(),
            "size": [described.columns, described.rows],
            "frames": described.frames,
            "stored": {
                "min": self.least, "max": self.most, "sum": self.sum as i64, "sha256": hex(&self.hash.finalize()),
            },
        })
    }
}
