//! All models of a redaction as one family: whatever they find is boxes of kinds.

use crate::engine::{Infer, ModelId};
use crate::error::{Error, Kind, Result};
use crate::family::{Family, ModelInput, Outputs};
use crate::frame::{Frame, Warning};
use crate::looks::{OfMember, Tiling};
use crate::observation::{Candidate, Observation, TextLine, bound_candidates};
use crate::ocr;
use crate::preprocess::{Mapping, View};

/// A model and what it looks for.
pub struct Member {
    pub family: Box<dyn Family>,
    /// Pairs of its class and the kind's place.
    pub classes: Vec<(u32, u32)>,
}

/// Looks with several models; a member's place is the model's [`ModelId`].
pub struct Finder {
    pub members: Vec<Member>,
    /// Of what finds text; members that find boxes have their own.
    pub tiling: Option<Tiling>,
}

impl Finder {
    fn seen(&self, place: usize, frame: &Frame, infer: &dyn Infer) -> Result<(Vec<Candidate>, Vec<Warning>)> {
        let Member { family, classes } = &self.members[place];
        let infer = OfMember { infer, id: ModelId(place) };
        let kind = |class: u32| classes.iter().find(|(own, _)| *own == class).map(|(_, kind)| *kind);
        let (observation, warnings) = family.observe(frame, &infer)?;
        let candidates = match observation {
            Observation::Detections { candidates, .. } => {
                let of = |c: Candidate| Some(Candidate { class: kind(c.class)?, ..c });
                candidates.into_iter().filter_map(of).collect()
            }
            Observation::Text { mut lines } => {
                // The whole frame was looked at; what only tiles show comes beside it. A line that both found is
                // covered twice.
                let size = family.input().map_or([0, 0], |input| input.size);
                for view in ocr::views::of(frame.size, self.tiling.as_ref(), size)? {
                    if !view.is_whole() {
                        let (seen, _) = family.observe(&view.cut_out(frame), &infer)?;
                        lines.extend(moved(seen, view.at));
                    }
                }
                let of = |line: TextLine| Some(Candidate::oriented(line.corners, kind(0)?, line.score));
                lines.into_iter().filter_map(of).collect()
            }
            Observation::Classes { .. } | Observation::Triage(_) | Observation::Sheet(_) => {
                return Err(Error::new(Kind::Internal, "things are covered, and this model gives no places"));
            }
        };
        Ok((candidates, warnings))
    }
}

/// Lines of a part of a frame, in the frame's pixels.
fn moved(seen: Observation, at: [u32; 2]) -> Vec<TextLine> {
    let [dx, dy] = at.map(|v| v as f32);
    let Observation::Text { lines } = seen else { return Vec::new() };
    let moved = |line: TextLine| TextLine { corners: line.corners.map(|[x, y]| [x + dx, y + dy]), ..line };
    lines.into_iter().map(moved).collect()
}

impl Family for Finder {
    fn input(&self) -> Option<&ModelInput> {
        self.members[0].family.input()
    }

    fn a_row_a_frame(&self) -> bool {
        self.members.iter().all(|member| member.family.a_row_a_frame())
    }

    fn view(&self) -> Option<View> {
        match self.members.as_slice() {
            [only] => only.family.view(),
            _ => None,
        }
    }

    fn decode(&self, outputs: &Outputs, mapping: &Mapping) -> Result<(Observation, Vec<Warning>)> {
        self.members[0].family.decode(outputs, mapping)
    }

    fn observe(&self, frame: &Frame, infer: &dyn Infer) -> Result<(Observation, Vec<Warning>)> {
        let (mut candidates, mut warnings) = (Vec::new(), Vec::new());
        for place in 0..self.members.len() {
            let (seen, noticed) = self.seen(place, frame, infer)?;
            candidates.extend(seen);
            warnings.extend(noticed);
        }
        bound_candidates(&mut candidates);
        Ok((Observation::Detections { candidates, needs_nms: true }, warnings))
    }
}
