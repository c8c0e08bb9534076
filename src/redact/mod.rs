//! Redaction: what is found is covered, so that nobody can tell what was there; and the result is looked at again.
//!
//! `kinds.rs` says which models look for what, `finder.rs` makes one family of them, `region.rs` and `effect.rs` are
//! where and how pixels are covered, `audit.rs` is what records say of it all.

pub mod audit;
mod effect;
mod finder;
mod keep;
pub mod kinds;
mod region;
mod table;

use image::RgbImage;
use serde_json::{Value, json};

pub use effect::Effect;
pub use finder::{Finder, Member};
pub use keep::keep;
pub use region::Region;
pub use table::AuditTable;

use crate::draw::Overlay;
use crate::error::Result;
use crate::options::{RedactOptions, Shape};
use crate::pipeline::painter::Painter;
use crate::prediction::{Instance, Prediction};

/// A box between two detections may be off by as much as the thing has changed its speed: it is covered this much
/// further, as a share of the box.
const FILLED_MARGIN: f32 = 0.15;

/// How things are covered.
#[derive(Debug, Clone)]
pub struct Cover {
    pub effect: Effect,
    pub shape: Shape,
    /// A share of the box, on each side.
    pub margin: f32,
}

impl Cover {
    /// # Errors
    /// `Usage` for an effect that there is not, or a picture that cannot be read.
    pub fn new(options: &RedactOptions) -> Result<Self> {
        let effect = options.effect.parse()?;
        Ok(Self { effect, shape: options.shape, margin: options.margin })
    }

    /// What is covered of a thing.
    pub fn region(&self, instance: &Instance) -> Region {
        let margin = self.margin + if instance.filled { FILLED_MARGIN } else { 0.0 };
        Region::of(instance, self.shape, margin)
    }

    /// In words of records.
    pub fn facts(&self) -> Value {
        json!({ "effect": self.effect.name(), "shape": self.shape, "margin": f64::from(self.margin * 1000.0).round() / 1000.0 })
    }
}

impl Painter for Cover {
    /// A frame that could not be looked at is covered as a whole.
    fn paint(&self, picture: &mut RgbImage, shown: Option<(&Prediction, &Overlay)>) {
        let Some((prediction, _)) = shown else {
            picture.fill(0);
            return;
        };
        for instance in prediction.instances() {
            self.effect.apply(picture, &self.region(instance));
        }
    }

    fn settings(&self) -> Value {
        json!({ "redact": self.facts(), "picture": self.effect.digest(), "cells": effect::CELLS })
    }

    fn hides(&self) -> bool {
        true
    }
}
