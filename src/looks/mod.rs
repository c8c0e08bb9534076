//! Looking more than once at a frame: in tiles, mirrored, with several models; and making one
//! observation of it.

mod join;
mod tiles;
mod views;
mod wbf;

use serde::Serialize;

pub(crate) use tiles::views;
pub use tiles::{Side, Tiling};
pub(crate) use views::View as Part;

use crate::engine::{Infer, ModelId, NamedTensor};
use crate::error::{Error, Kind, Result};
use crate::family::{Family, ModelInput, Outputs};
use crate::frame::{Frame, Warning};
use crate::geometry::nms;
use crate::observation::{Candidate, MAX_CANDIDATES, Observation, bound_to};
use crate::preprocess::{Mapping, View};

/// How often and where a frame is looked at, beside once as a whole.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Looks {
    pub tiling: Option<Tiling>,
    /// Also at the mirrored picture.
    pub flip: bool,
}

/// Candidates of one look that go on to be joined with those of others.
const MOST_OF_A_LOOK: usize = 300;

/// IoU above which boxes of two models or of the mirrored picture are one: the default of the paper's own
/// code (Solovyev et al. 2019, ensemble_boxes_wbf.py).
const SAME_BOX: f32 = 0.55;

/// Several looks as one family.
pub struct Looker {
    /// The job's model, then those beside it; the place is the model's [`ModelId`].
    members: Vec<Box<dyn Family>>,
    looks: Looks,
    /// IoU of the models' own suppression, before boxes of several looks come together.
    iou: f32,
}

impl Looker {
    /// `iou` is the models' own suppression. Where boxes are averaged it is no higher than what makes them
    /// one: an average takes each box of a cluster for another model's, and doubles of one model, which
    /// score low, would drag it down.
    pub fn new(members: Vec<Box<dyn Family>>, looks: Looks, iou: f32) -> Self {
        let averaged = looks.flip || members.len() > 1;
        Self { members, looks, iou: if averaged { iou.min(SAME_BOX) } else { iou } }
    }

    /// What one model sees of the frame, in all its tiles; in order of falling score, without doubles.
    fn seen(&self, member: usize, frame: &Frame, infer: &dyn Infer) -> Result<Seen> {
        let family = self.members[member].as_ref();
        let infer = OfMember { infer, id: ModelId(member) };
        let mut seen = Seen::default();
        let mut looks = Vec::new();
        let input = family.input().map_or(frame.size, |input| input.size);
        let views = tiles::views(frame.size, self.looks.tiling.as_ref(), input)?;
        for view in &views {
            let (observation, warnings) = match view.is_whole() {
                true => family.observe(frame, &infer)?,
                false => family.observe(&view.cut_out(frame), &infer)?,
            };
            let Observation::Detections { candidates, needs_nms } = observation else {
                return Err(Error::new(Kind::Internal, "boxes are joined, and this model gives none"));
            };
            let kept = if needs_nms {
                nms(&candidates, self.iou, MOST_OF_A_LOOK)
            } else {
                (0..candidates.len().min(MOST_OF_A_LOOK)).collect()
            };
            looks.push(kept.into_iter().map(|n| view.to_frame(&candidates[n])).collect::<Vec<_>>());
            seen.warnings.extend(warnings);
        }
        seen.candidates = if views.len() == 1 { looks.remove(0) } else { join::join(&views, looks) };
        Ok(seen)
    }

    /// What every model sees, and sees in the mirror.
    fn all(&self, frame: &Frame, infer: &dyn Infer) -> Result<Vec<Seen>> {
        let mirrored = self.looks.flip.then(|| views::mirrored(frame));
        let mut all = Vec::new();
        for member in 0..self.members.len() {
            all.push(self.seen(member, frame, infer)?);
            if let Some(mirrored) = &mirrored {
                let mut seen = self.seen(member, mirrored, infer)?;
                let width = frame.size[0] as f32;
                seen.candidates.iter_mut().for_each(|c| *c = views::unmirrored(c, width));
                all.push(seen);
            }
        }
        Ok(all)
    }
}

#[derive(Debug, Default)]
struct Seen {
    candidates: Vec<Candidate>,
    warnings: Vec<Warning>,
}

impl Family for Looker {
    fn input(&self) -> Option<&ModelInput> {
        self.members[0].input()
    }

    fn a_row_a_frame(&self) -> bool {
        self.members.iter().all(|member| member.a_row_a_frame())
    }

    fn view(&self) -> Option<View> {
        // Tiles are cut out of every pixel, and several models see several sizes.
        None
    }

    fn decode(&self, outputs: &Outputs, mapping: &Mapping) -> Result<(Observation, Vec<Warning>)> {
        self.members[0].decode(outputs, mapping)
    }

    fn observe(&self, frame: &Frame, infer: &dyn Infer) -> Result<(Observation, Vec<Warning>)> {
        let mut all = self.all(frame, infer)?;
        let mut warnings: Vec<Warning> = all.iter_mut().flat_map(|seen| seen.warnings.drain(..)).collect();
        // The same thing is said by many tiles.
        warnings.sort_by(|a, b| (&a.code, &a.message).cmp(&(&b.code, &b.message)));
        warnings.dedup();
        let mut lists: Vec<Vec<Candidate>> = all.into_iter().map(|seen| seen.candidates).collect();
        let mut candidates = if lists.len() == 1 { lists.remove(0) } else { wbf::fused(&lists, SAME_BOX) };
        bound_to(&mut candidates, if self.looks.tiling.is_some() { join::MOST } else { MAX_CANDIDATES });
        Ok((Observation::Detections { candidates, needs_nms: true }, warnings))
    }
}

/// The means to run one member, which knows of no others.
struct OfMember<'a> {
    infer: &'a dyn Infer,
    id: ModelId,
}

impl Infer for OfMember<'_> {
    fn infer(&self, _: ModelId, inputs: &[NamedTensor]) -> Result<Vec<NamedTensor>> {
        self.infer.infer(self.id, inputs)
    }
}

#[cfg(test)]
mod tests;
