//! `vision models add` and `remove`: the user's own models.

use std::io::Write;
use std::path::PathBuf;

use clap::Args as ClapArgs;

use crate::cmd::say::say;
use crate::error::{Error, Kind, Result};
use crate::models::{Hints, own};
use crate::places;

#[derive(Debug, Default, ClapArgs)]
pub struct Add {
    /// An .onnx file or its .toml
    pub file: PathBuf,
    /// What to call it; the file's name where this is left out
    #[arg(long)]
    pub name: Option<String>,
    /// Read it by this description or as this family, instead of the .toml beside it
    #[arg(long, value_name = "FILE|NAME")]
    pub spec: Option<String>,
    /// Class names: a file with a name a line, or a built-in list
    #[arg(long, value_name = "FILE|LIST")]
    pub labels: Option<String>,
    /// Replace a model of that name
    #[arg(long)]
    pub force: bool,
}

#[derive(Debug, Default, ClapArgs)]
pub struct Remove {
    /// A model in your models folder
    pub name: String,
}

pub fn add(args: &Add, out: &mut dyn Write) -> Result<u8> {
    let hints = Hints { spec: args.spec.clone(), labels: args.labels.clone() };
    let added = own::add(&args.file, args.name.as_deref(), &hints, &models_folder()?, args.force)?;
    for note in &added.notes {
        say(out, &format!("{}: {note}\n", added.name))?;
    }
    say(out, &format!("{} added: {}\n", added.name, added.onnx.display()))?;
    Ok(0)
}

pub fn remove(args: &Remove, out: &mut dyn Write) -> Result<u8> {
    for path in own::remove(&args.name, &models_folder()?)? {
        say(out, &format!("removed {}\n", path.display()))?;
    }
    Ok(0)
}

pub(super) fn models_folder() -> Result<PathBuf> {
    places::models_folder().ok_or_else(|| {
        Error::new(Kind::OutputFolder, "no home folder to keep models in; set HOME or XDG_DATA_HOME")
    })
}
