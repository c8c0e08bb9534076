//! Which model, on what.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use crate::models::Hints;

#[derive(Debug, Clone, Default, Args, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
#[command(next_help_heading = "Model")]
pub struct ModelOptions {
    /// A name from `vision models list`, or an .onnx file
    #[arg(long, short, value_name = "NAME|FILE", default_value = crate::models::DEFAULT)]
    pub model: String,

    /// How the model is read, instead of the .toml beside it: another .toml, the name of a model whose
    /// description fits, or of a family (`vision models families`)
    #[arg(long, value_name = "FILE|NAME")]
    pub spec: Option<String>,

    /// Names of the model's classes: a text file with a name a line, or a built-in list such as coco-80
    #[arg(long, value_name = "FILE|LIST")]
    pub labels: Option<String>,

    /// Side of the model's input in pixels, or WIDTHxHEIGHT, where the model takes other sizes
    #[arg(long, value_name = "SIZE")]
    pub imgsz: Option<String>,

    /// auto, cpu, cuda, cuda:N, tensorrt or tensorrt:N; `auto` falls back to the CPU and says so
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    pub device: String,

    /// Workers, each with its own one-thread session; `auto` is one per core
    #[arg(long, short = 'j', value_name = "N", default_value = "auto")]
    pub workers: String,

    /// Frames joined into one call of the model, on accelerators
    #[arg(long, value_name = "N", default_value = "auto")]
    pub batch: String,

    /// How pixels reach the device: u8, to be normalised there, or f32; `auto` is u8 on CUDA where the model allows
    #[arg(long, value_name = "TYPE", value_enum, default_value_t = Upload::Auto)]
    pub upload: Upload,

    /// ONNX Runtime's library to use instead of the one found
    #[arg(long, value_name = "FILE", env = "ORT_DYLIB_PATH", hide_env_values = true)]
    pub runtime: Option<PathBuf>,
}

impl ModelOptions {
    /// What was said about the model beside its name.
    pub fn hints(&self) -> Hints {
        Hints { spec: self.spec.clone(), labels: self.labels.clone() }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Upload {
    #[default]
    Auto,
    U8,
    F32,
}
