//! Reading a page: aligned, measured, and later decided.

pub mod answers;
pub mod decide;
mod levels;
mod measure;
pub mod page;

use std::sync::Arc;

use super::align::grey::{self, Paper};
use super::align::{Plane, Surroundings, Trouble, align};
use super::layout::Layout;
use super::seen::{Placed, SheetSeen};
use crate::engine::Infer;
use crate::error::Result;
use crate::family::Family;
use crate::frame::{Frame, Warning};
use crate::observation::Observation;
use crate::preprocess::View;
use crate::source::SPARE;
use crate::spec::Resize;

/// Pixels of the smallest bubble's shorter side that are enough to tell a tick from a letter.
const BUBBLE: f32 = 15.0;
/// The longer side of the picture that pages are read from, in pixels: with less, edges are not found well; more is
/// not needed for any sheet that people can fill.
const SIDES: std::ops::RangeInclusive<f32> = 1200.0..=3600.0;
/// Blank paper has less ink than this share of its surface.
const BLANK: f32 = 0.0008;

/// Looks at pictures as pages of one layout; needs no model.
pub struct SheetReader {
    layout: Arc<Layout>,
    /// What its page codes call it.
    id: String,
    around: Vec<Surroundings>,
    /// The longer side of pictures as they are read.
    side: f32,
}

impl SheetReader {
    pub fn new(layout: Arc<Layout>) -> Self {
        let around: Vec<Surroundings> = layout.pages.iter().map(Surroundings::of).collect();
        let needed = layout
            .pages
            .iter()
            .zip(&around)
            .map(|(page, around)| BUBBLE / around.smallest * page.size[0].max(page.size[1]));
        let side = needed.fold(*SIDES.start(), f32::max).min(*SIDES.end());
        let id = layout.id();
        Self { layout, id, around, side }
    }

    fn seen(&self, frame: &Frame) -> SheetSeen {
        let full = grey::of(&frame.pixels);
        let small = grey::shrunk(&full, grey::factor([full.width(), full.height()], self.side as u32));
        let longer = small.width().max(small.height()) as f32;
        let paper = Paper::of(&small, longer / 32.0);
        let to_frame = Plane::scale([
            f64::from(frame.size[0]) / f64::from(small.width()),
            f64::from(frame.size[1]) / f64::from(small.height()),
        ]);
        match align(&small, (&self.layout, &self.id), &self.around, &paper) {
            Ok(found) => {
                let (page, around) = (&self.layout.pages[found.page], &self.around[found.page]);
                let size = page.size.map(f64::from);
                let scale = found.plane.scale_at(size.map(|side| side / 2.0)) as f32;
                let marks = measure::marks(&small, &paper, page, &found.plane, &found.shifts);
                let quality = measure::quality(
                    &small,
                    &paper,
                    Some((&found.plane, page.size)),
                    scale * around.smallest,
                );
                let placed = Placed {
                    page: found.page as u32,
                    to_frame: to_frame.after(&found.plane),
                    shifts: found.shifts,
                    residual: found.residual,
                    complete: found.complete,
                    printed: found.printed,
                    spread: found.spread,
                };
                SheetSeen { placed: Some(placed), trouble: None, code: found.code, marks, quality }
            }
            Err(lost) => {
                let quality = measure::quality(&small, &paper, None, 0.0);
                let blank = quality.ink < BLANK && lost.trouble != Trouble::NoLayout;
                let trouble = if blank { Trouble::Blank } else { lost.trouble };
                let placed = lost.at.map(|(page, plane)| Placed {
                    page: page as u32,
                    to_frame: to_frame.after(&plane),
                    shifts: Vec::new(),
                    residual: 0.0,
                    complete: false,
                    printed: lost.share,
                    spread: 0.0,
                });
                SheetSeen {
                    placed,
                    trouble: Some(trouble.code().to_owned()),
                    code: lost.code,
                    marks: Vec::new(),
                    quality,
                }
            }
        }
    }
}

impl Family for SheetReader {
    /// Decoders may leave out pixels of large photos.
    fn view(&self) -> Option<View> {
        // Detail keeps SPARE times the view.
        let side = (f64::from(self.side) / SPARE).ceil() as u32;
        Some(View { input: [side, side], resize: Resize::Letterbox, crop_fraction: 1.0, multiple_of: 1 })
    }

    fn observe(&self, frame: &Frame, _: &dyn Infer) -> Result<(Observation, Vec<Warning>)> {
        Ok((Observation::Sheet(Box::new(self.seen(frame))), Vec::new()))
    }
}
