//! Looking more than once at each picture: finds more, takes longer.

use clap::Args;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::looks::{Looks, Tiling};

#[derive(Debug, Clone, Default, Args, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
#[command(next_help_heading = "Looking closer (finds more, takes longer)")]
pub struct LookOptions {
    /// Also look at tiles of this side in pixels, for small things in large pictures; `auto` is the side
    /// of the model's input, where nothing is scaled down
    #[arg(long, value_name = "PIXELS|auto")]
    pub tile: Option<String>,

    /// The share of a tile that its neighbour sees too, 0 to 0.9
    #[arg(long, value_name = "SHARE", default_value_t = 0.2, requires = "tile")]
    pub overlap: f64,

    /// Also look at the mirrored picture; boxes are averaged (weighted boxes fusion)
    #[arg(long)]
    pub flip: bool,

    /// Also look with this model, of the same labels and at its own size; may be given several times. Boxes
    /// are averaged (weighted boxes fusion)
    #[arg(long, value_name = "NAME|FILE")]
    pub ensemble: Vec<String>,
}

impl LookOptions {
    /// Whether a picture is looked at once, as a whole, with one model.
    pub fn is_plain(&self) -> bool {
        self.tile.is_none() && !self.flip && self.ensemble.is_empty()
    }

    /// # Errors
    /// `Usage` for sizes that make no sense.
    pub fn looks(&self) -> Result<Looks> {
        if !(0.0..=0.9).contains(&self.overlap) {
            return Err(Error::usage(format!("--overlap {}: expected a share from 0 to 0.9", self.overlap)));
        }
        let side = self.tile.as_deref().map(str::parse).transpose()?;
        let tiling = side.map(|side| Tiling { side, overlap: self.overlap });
        Ok(Looks { tiling, flip: self.flip })
    }
}
