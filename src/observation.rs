//! What a model saw, before any threshold: the expensive half, kept in the run's store.

use serde::{Deserialize, Serialize};

use crate::frame::{Origin, Part, Warning};
use crate::geometry::{Landmarks, Quad, Rect, Scored};
use crate::ocr::ctc::Character;
use crate::sheet::seen::SheetSeen;

/// Changes whenever the meaning or the encoding of a stored observation changes; part of every
/// observation key, so old ones are computed again rather than misread.
pub const OBSERVATION_VERSION: u32 = 5;

/// Candidates below this score are not stored.
pub const SCORE_FLOOR: f32 = 0.001;

/// At most this many candidates a frame are stored, the best ones.
pub const MAX_CANDIDATES: usize = 1000;

/// A box that a detector proposed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// In pixels of the upright frame at full resolution; of an oriented box, what is around it. May
    /// reach outside the frame; what is decided is cut to it.
    pub rect: Rect,
    pub class: u32,
    /// 0 to 1.
    pub score: f32,
    /// Of an oriented box, in the same pixels; may reach outside the frame, as decided.
    pub corners: Option<Quad>,
    /// Of a face, in the same pixels, where the model gives them.
    pub landmarks: Option<Landmarks>,
}

impl Candidate {
    pub fn new(rect: Rect, class: u32, score: f32) -> Self {
        Self { rect, class, score, corners: None, landmarks: None }
    }

    pub fn oriented(corners: Quad, class: u32, score: f32) -> Self {
        Self { corners: Some(corners), ..Self::new(corners.hull(), class, score) }
    }

    /// A face; there is one class of them.
    pub fn face(rect: Rect, score: f32, landmarks: Option<Landmarks>) -> Self {
        Self { landmarks, ..Self::new(rect, 0, score) }
    }

    pub fn is_finite(&self) -> bool {
        self.rect.is_finite()
            && self.corners.is_none_or(|corners| corners.is_finite())
            && self.landmarks.is_none_or(|landmarks| landmarks.is_finite())
    }
}

impl Scored for Candidate {
    fn rect(&self) -> &Rect {
        &self.rect
    }
    fn class(&self) -> u32 {
        self.class
    }
    fn score(&self) -> f32 {
        self.score
    }
    fn overlap(&self, other: &Self) -> f32 {
        match (&self.corners, &other.corners) {
            (Some(own), Some(others)) => own.prob_iou(others),
            _ => self.rect.iou(&other.rect),
        }
    }
}

/// The closed set of things a model can see.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Observation {
    /// Boxes in order of falling score.
    Detections {
        candidates: Vec<Candidate>,
        /// Whether candidates still overlap and need non-maximum suppression; end-to-end models
        /// give final boxes.
        needs_nms: bool,
    },
    /// What the whole picture shows, in order of falling score: at least the ten best classes, the
    /// others down to [`SCORE_FLOOR`].
    Classes {
        scores: Vec<ClassScore>,
        /// Whether each class is a yes or no of its own, instead of one among all.
        multi_label: bool,
    },
    /// Lines of text.
    Text { lines: Vec<TextLine> },
    /// Scores of a DICOM image, or why no model looked at it.
    Triage(Box<Triaged>),
    /// A page of a sheet of answers.
    Sheet(Box<SheetSeen>),
}

/// An image as a model for triage saw it. Holds pseudonyms and codes only.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Triaged {
    /// By label, 0 to 1; empty where it was refused.
    pub scores: Vec<f32>,
    pub refused: Option<String>,
    /// What is known and what was done: pseudonyms, modality, transfer syntax, window, …
    pub facts: Vec<(String, String)>,
    /// When it was looked at, seconds since 1970, and by what. Volatile: it is in worklists and not in records.
    pub at: u64,
    pub provider: String,
}

impl Observation {
    /// Notes when and by what it was made, where that is kept.
    pub fn stamp(&mut self, provider: &str) {
        if let Self::Triage(triaged) = self {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            triaged.at = now.map_or(0, |now| now.as_secs());
            provider.clone_into(&mut triaged.provider);
        }
    }
}

/// At most this many lines of a frame are stored, the surest ones: more than a newspaper's page has.
pub const MAX_LINES: usize = 20_000;

/// A line of text, as it was found and read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TextLine {
    /// In pixels of the upright frame; clockwise as one reads, the first where the text begins.
    pub corners: Quad,
    /// How sure the detector is that it is text, 0 to 1.
    pub score: f32,
    pub characters: Vec<Character>,
    /// Where only some texts were allowed: the probability of this one among them, and without bounds as a mean over
    /// its characters.
    pub bounded: Option<[f32; 2]>,
}

impl TextLine {
    /// Lines are stored from this score of their box.
    pub const FLOOR: f32 = 0.3;

    /// A line that was found and not read.
    pub fn unread(corners: Quad, score: f32) -> Self {
        Self { corners, score, characters: Vec::new(), bounded: None }
    }
}

/// Keeps the surest [`MAX_LINES`]; a warning where there were more.
pub fn bound_lines(lines: &mut Vec<TextLine>) -> Option<Warning> {
    let found = lines.len();
    lines.sort_by(|a, b| b.score.total_cmp(&a.score));
    lines.truncate(MAX_LINES);
    (found > MAX_LINES).then(|| {
        Warning::new("lines-cut", format!("{found} lines of text found, the surest {MAX_LINES} of them kept"))
    })
}

/// A class and its probability, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ClassScore {
    pub class: u32,
    pub score: f32,
}

/// One item as the store keeps it: the frame's facts and the observation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observed {
    #[serde(with = "crate::frame::part_text")]
    pub part: Option<Part>,
    /// Width and height of the upright picture, pixels.
    pub size: [u32; 2],
    pub origin: Origin,
    pub warnings: Vec<Warning>,
    pub observation: Observation,
}

/// A sigmoid or softmax may round to a little over 1; what lies further beyond is no score.
const ROUNDING: f32 = 1e-3;

/// This many classes are kept whatever their score, so that "the five best" can always be told.
const LEAST_CLASSES: usize = 10;

/// Keeps the best [`MAX_CANDIDATES`] over [`SCORE_FLOOR`], and at least ten, in order of falling score;
/// returns the number dropped because they were no scores of 0 to 1.
pub fn bound_classes(scores: &mut Vec<ClassScore>) -> usize {
    let before = scores.len();
    scores.retain(|s| (-ROUNDING..=1.0 + ROUNDING).contains(&s.score));
    let dropped = before - scores.len();
    scores.iter_mut().for_each(|s| s.score = s.score.clamp(0.0, 1.0));
    scores.sort_by(|a, b| b.score.total_cmp(&a.score));
    let kept = scores.partition_point(|s| s.score >= SCORE_FLOOR).max(LEAST_CLASSES);
    scores.truncate(kept.min(MAX_CANDIDATES));
    dropped
}

/// Keeps the best [`MAX_CANDIDATES`] over [`SCORE_FLOOR`] in order of falling score; returns the
/// number of candidates dropped because a coordinate was not finite or a score not one of 0 to 1.
pub fn bound_candidates(candidates: &mut Vec<Candidate>) -> usize {
    bound_to(candidates, MAX_CANDIDATES)
}

/// Like [`bound_candidates`], with a limit of one's own.
pub fn bound_to(candidates: &mut Vec<Candidate>, most: usize) -> usize {
    let before = candidates.len();
    candidates.retain(|c| c.score.is_finite() && c.score <= 1.0 + ROUNDING && c.is_finite());
    let dropped = before - candidates.len();
    candidates.iter_mut().for_each(|c| c.score = c.score.min(1.0));
    candidates.retain(|c| c.score >= SCORE_FLOOR);
    // Stable, so equal scores keep the model's order on every machine.
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
    candidates.truncate(most);
    dropped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_part_survives_the_store() {
        let parts = [
            None,
            Some(Part::Page { n: 3 }),
            Some(Part::Frame { n: 17, pts: -680, time_base: [1, 1000] }),
            Some(Part::Instance { sop: "1.2.3".into(), frame: 2 }),
        ];
        for part in parts {
            let corners = Some(Quad::turned([2.0, 3.0], [1.0, 2.0], 0.5));
            let landmarks = Some(Landmarks([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0], [9.0, 10.0]]));
            let candidate =
                Candidate { corners, landmarks, ..Candidate::new([1.0, 2.0, 3.5, 4.25].into(), 7, 0.5) };
            let observed = Observed {
                part,
                size: [640, 480],
                origin: Origin { format: "tiff".into(), lossless: true, orientation: 6 },
                warnings: vec![Warning::new("code", "message")],
                observation: Observation::Detections { candidates: vec![candidate], needs_nms: true },
            };
            let bytes = postcard::to_stdvec(&observed).unwrap();
            assert_eq!(postcard::from_bytes::<Observed>(&bytes).unwrap(), observed);
        }
    }

    #[test]
    fn the_ten_best_classes_are_kept_and_the_rest_by_score() {
        let score = |(class, score): (usize, f32)| ClassScore { class: class as u32, score };
        let of = |values: Vec<f32>| values.into_iter().enumerate().map(score).collect::<Vec<_>>();
        let mut sure = of((0..1000).map(|n| if n == 7 { 0.999 } else { 1e-6 }).collect());
        assert_eq!((bound_classes(&mut sure), sure.len(), sure[0].class), (0, 10, 7));
        let mut even = of(vec![1.0 / 500.0; 500]);
        assert_eq!((bound_classes(&mut even), even.len()), (0, 500));
        let mut odd = of(vec![f32::NAN, 1.0004, -3.0, 0.5]);
        assert_eq!((bound_classes(&mut odd), odd[0].score, odd.len()), (2, 1.0, 2));
    }

    #[test]
    fn bounding_sorts_drops_and_cuts() {
        let candidate = |score| Candidate::new([0.0, 0.0, 1.0, 1.0].into(), 0, score);
        let mut list: Vec<Candidate> = (0..2000).map(|n| candidate(n as f32 / 2000.0)).collect();
        list.push(candidate(f32::NAN));
        list.push(Candidate { rect: [f32::INFINITY, 0.0, 1.0, 1.0].into(), ..candidate(0.9) });
        list.push(candidate(7.5));
        list.push(Candidate::oriented(Quad::turned([0.0, f32::NAN], [1.0, 1.0], 0.0), 0, 0.9));
        list.push(Candidate::face([0.0, 0.0, 1.0, 1.0].into(), 0.9, Some(Landmarks([[f32::NAN, 0.0]; 5]))));
        assert_eq!(bound_candidates(&mut list), 5);
        assert_eq!(list.len(), MAX_CANDIDATES);
        assert_eq!((list[0].score, list[MAX_CANDIDATES - 1].score), (1999.0 / 2000.0, 1000.0 / 2000.0));
    }
}
