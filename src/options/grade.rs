//! Which sheet pictures are read as, and how sure an answer must be.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use clap::Args;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::sheet::layout::Layout;
use crate::sheet::open;

#[derive(Debug, Clone, Args, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
#[command(next_help_heading = "Grading")]
pub struct GradeOptions {
    /// The sheet: a sheet.toml, OMRChecker's template.json, or a folder with one of them
    #[arg(long, value_name = "FILE|FOLDER")]
    pub sheet: Option<PathBuf>,

    /// Answers that are less likely right go to a person, 0 to 1; a second run with other values uses what is stored
    #[arg(long, value_name = "SHARE", default_value_t = GradeOptions::SURE, value_parser = super::select::fraction)]
    pub sure: f32,

    /// Read once.
    #[arg(skip)]
    #[serde(skip)]
    layout: OnceLock<Arc<Layout>>,
}

impl GradeOptions {
    const SURE: f32 = 0.98;

    /// # Errors
    /// As [`open::open`]; `Usage` where no sheet is named.
    pub fn layout(&self) -> Result<Arc<Layout>> {
        if let Some(layout) = self.layout.get() {
            return Ok(Arc::clone(layout));
        }
        let missing = || Error::usage("--sheet: which sheet are these pictures of? give its file");
        let layout = Arc::new(open::open(self.sheet.as_ref().ok_or_else(missing)?)?);
        Ok(Arc::clone(self.layout.get_or_init(|| layout)))
    }
}

impl Default for GradeOptions {
    fn default() -> Self {
        Self { sheet: None, sure: Self::SURE, layout: OnceLock::new() }
    }
}
