//! Reading text: lines are found, cut out, laid straight, turned upright and read; one observation of it all.

pub mod boxes;
mod components;
pub mod confidence;
pub mod crop;
pub mod ctc;
mod lines;
pub mod order;
mod pattern;
mod pieces;
mod rectangle;
mod region;
mod views;
mod wanted;

pub use pattern::Pattern;
pub use region::Region;
use views::Contest;
pub use wanted::{Fitting, Wanted};

use std::collections::HashSet;

use crate::engine::{Infer, ModelId, NamedTensor};
use crate::error::{Error, Kind, Result};
use crate::family::pp_ocr::{Detector, Orienter, Recogniser};
use crate::family::{Family, ModelInput, Outputs};
use crate::frame::{Frame, Warning};
use crate::looks::Tiling;
use crate::observation::{Observation, TextLine, bound_lines};
use crate::preprocess::{Mapping, View};

/// The models by their place in a job.
pub const DETECTOR: ModelId = ModelId(0);
pub const RECOGNISER: ModelId = ModelId(1);
pub const ORIENTER: ModelId = ModelId(2);

/// Lines of tiles that are read to tell whether they are lines or pieces of a larger one's letters.
const ENOUGH: usize = 16;

/// Pictures that are lower or narrower than this many pixels hold no letters.
const LEAST_SIDE: u32 = 6;

/// Finds and reads lines.
pub struct Reader {
    pub detector: Detector,
    pub recogniser: Recogniser,
    /// Without it no line is turned.
    pub orienter: Option<Orienter>,
    /// How large pictures are looked at beside once as a whole; by their size where it is not said.
    pub tiling: Option<Tiling>,
    /// Read as one line, in place of looking for lines.
    pub region: Option<Region>,
    /// Bounds on what lines may say; lines of which no reading fits are left without text.
    pub wanted: Option<Wanted>,
}

impl Reader {
    /// Every line of the frame, not yet read.
    fn find(&self, frame: &Frame, infer: &dyn Infer) -> Result<(Vec<TextLine>, Vec<Warning>)> {
        if let Some(region) = &self.region {
            return Ok(match region.within(frame.size) {
                Some(corners) => (vec![TextLine::unread(corners, 1.0)], Vec::new()),
                None => (Vec::new(), vec![region.outside(frame.size)]),
            });
        }
        if frame.size.iter().any(|side| *side < LEAST_SIDE) {
            return Ok((Vec::new(), Vec::new()));
        }
        let input = self.detector.input().map_or(frame.size, |input| input.size);
        let views = views::of(frame.size, self.tiling.as_ref(), input)?;
        let (mut found, mut warnings) = (Vec::new(), Vec::new());
        for view in &views {
            let part;
            let seen = if view.is_whole() {
                frame
            } else {
                part = view.cut_out(frame);
                &part
            };
            let (tensors, mapping) = self.detector.prepare(seen)?;
            let outputs = Outputs::new(infer.infer(DETECTOR, &tensors)?);
            let (observation, noticed) = self.detector.decode(&outputs, &mapping)?;
            let Observation::Text { lines } = observation else {
                return Err(Error::new(Kind::Internal, "a detector of text gives lines"));
            };
            found.push(lines);
            warnings.extend(noticed);
        }
        let (mut lines, contests) = views::joined(&views, found);
        self.resolve(&mut lines, contests, frame, infer)?;
        warnings.extend(bound_lines(&mut lines));
        // One of a kind: views have their own, of the same frame.
        let mut kinds = HashSet::new();
        warnings.retain(|warning: &Warning| kinds.insert(warning.code.clone()));
        Ok((lines, warnings))
    }

    /// Reads both sides of each contest; the one that says more stays.
    fn resolve(
        &self,
        lines: &mut Vec<TextLine>,
        contests: Vec<Contest>,
        frame: &Frame,
        infer: &dyn Infer,
    ) -> Result<()> {
        let mut stays = vec![true; lines.len()];
        let mut wholes = Vec::new();
        for Contest { whole, parts } in contests {
            let parts: Vec<usize> = parts.into_iter().filter(|at| stays[*at]).collect();
            // A few of many are enough to tell.
            let few: Vec<TextLine> = parts
                .iter()
                .step_by(parts.len().div_ceil(ENOUGH).max(1))
                .map(|at| lines[*at].clone())
                .collect();
            let scale = parts.len() as f32 / few.len().max(1) as f32;
            let (of_parts, _) = self.read(frame, few, None, infer)?;
            let (of_whole, _) = self.read(frame, vec![whole.clone()], None, infer)?;
            if says(&of_whole) > scale * says(&of_parts) {
                parts.iter().for_each(|at| stays[*at] = false);
                wholes.push(whole);
            }
        }
        let mut stays = stays.into_iter();
        lines.retain(|_| stays.next().unwrap_or(true));
        lines.append(&mut wholes);
        Ok(())
    }
}

/// How much lines say: characters count by what their score is over an even guess.
fn says(lines: &[TextLine]) -> f32 {
    lines.iter().flat_map(|line| &line.characters).map(|character| (character.score - 0.5).max(0.0)).sum()
}

impl Family for Reader {
    fn input(&self) -> Option<&ModelInput> {
        self.detector.input()
    }

    /// Lines are cut out of all pixels.
    fn view(&self) -> Option<View> {
        None
    }

    /// Rows are of lines, of which a frame has any number.
    fn a_row_a_frame(&self) -> bool {
        false
    }

    fn prepare(&self, frame: &Frame) -> Result<(Vec<NamedTensor>, Mapping)> {
        self.detector.prepare(frame)
    }

    /// Of the detector alone: lines that are not read.
    fn decode(&self, outputs: &Outputs, mapping: &Mapping) -> Result<(Observation, Vec<Warning>)> {
        self.detector.decode(outputs, mapping)
    }

    fn observe(&self, frame: &Frame, infer: &dyn Infer) -> Result<(Observation, Vec<Warning>)> {
        let (found, mut warnings) = self.find(frame, infer)?;
        let (lines, noticed) = self.read(frame, found, self.wanted.as_ref(), infer)?;
        warnings.extend(noticed);
        Ok((Observation::Text { lines }, warnings))
    }
}
