//! Deciding about text: which lines count, and in which order they are read.

use super::{Policy, round};
use crate::geometry::{Quad, Rect};
use crate::observation::{Observation, Observed, TextLine};
use crate::ocr::confidence;
use crate::ocr::ctc::{Character, mean_score};
use crate::ocr::order::order;
use crate::prediction::{Alternative, Letter, Line, Prediction};
use crate::record::Record;
use crate::report::{Among, Column, ColumnKind, Declared, FLOOR, Queue};
use crate::spec::LabelSet;

/// Readings less likely are not written.
const LEAST_ALTERNATIVE: f32 = 0.01;

/// Thresholds for lines of text.
#[derive(Debug, Clone)]
pub struct OcrPolicy {
    pub labels: LabelSet,
    /// Least score of a line's text, the mean of its characters'.
    pub conf: f32,
    /// Least score of a line's box.
    pub box_conf: f32,
    /// Other readings of each character, at most.
    pub alternatives: usize,
}

impl Policy for OcrPolicy {
    fn decide(&self, observed: &Observed) -> Prediction {
        self.decided(observed, self.conf)
    }

    fn candidates(&self, observed: &Observed) -> Option<Prediction> {
        Some(self.decided(observed, self.conf.min(FLOOR)))
    }

    fn declared(&self) -> Declared {
        const COLUMNS: &[Column] = &[Column {
            key: "sure",
            title: "Least sure line",
            kind: ColumnKind::Number,
            unit: "",
            of: least_confidence,
        }];
        const QUEUES: &[Queue] = &[
            Queue { title: "Least sure first", among: Among::Found, by: "sure", descending: false },
            Queue { title: "Most text first", among: Among::Found, by: "count", descending: true },
        ];
        Declared {
            conf: Some(self.conf),
            most: Some(usize::MAX),
            columns: COLUMNS,
            queues: QUEUES,
            ..Declared::default()
        }
    }

    fn labels(&self) -> &LabelSet {
        &self.labels
    }

    fn facts(&self) -> serde_json::Value {
        serde_json::json!({ "conf": self.conf, "box_conf": self.box_conf })
    }
}

/// How likely the line is right that is most in doubt.
fn least_confidence(record: &Record) -> Option<serde_json::Value> {
    let lines = record.prediction.as_ref()?.lines();
    let least = lines.iter().map(|line| line.confidence).min_by(f32::total_cmp)?;
    Some(((f64::from(least) * 1e4).round() / 1e4).into())
}

impl OcrPolicy {
    fn decided(&self, observed: &Observed, conf: f32) -> Prediction {
        let Observation::Text { lines } = &observed.observation else {
            // No model of another task gets here: commands check it before the run.
            return Prediction::Ocr { lines: Vec::new() };
        };
        let wanted: Vec<&TextLine> = lines.iter().filter(|line| self.wants(line, conf)).collect();
        let corners: Vec<Quad> = wanted.iter().map(|line| line.corners).collect();
        let ordered = order(&corners).into_iter();
        Prediction::Ocr {
            lines: ordered.map(|(n, block)| self.line(wanted[n], block, observed.size)).collect(),
        }
    }

    fn wants(&self, line: &TextLine, conf: f32) -> bool {
        let says = line.characters.iter().any(|character| !character.text.trim().is_empty());
        says && line.score >= self.box_conf && mean_score(&line.characters) >= conf
    }

    fn line(&self, line: &TextLine, block: usize, size: [u32; 2]) -> Line {
        let [width, height] = size.map(|side| side as f32);
        let Rect { x1, y1, x2, y2 } = line.corners.hull().clamp(width, height);
        let text: String = line.characters.iter().map(|character| character.text.as_str()).collect();
        Line {
            text: text.trim().to_owned(),
            score: round(mean_score(&line.characters), 1e6),
            confidence: round(confidence::of(line), 1e6),
            box_score: round(line.score, 1e6),
            rect: Rect::new(round(x1, 1e3), round(y1, 1e3), round(x2, 1e3), round(y2, 1e3)),
            corners: line.corners.map(|corner| corner.map(|v| round(v, 1e3))),
            block,
            characters: line.characters.iter().map(|character| self.letter(character)).collect(),
        }
    }

    fn letter(&self, character: &Character) -> Letter {
        let likely = character.alternatives.iter().filter(|(_, score)| *score >= LEAST_ALTERNATIVE);
        let alternative =
            |(text, score): &(String, f32)| Alternative { text: text.clone(), score: round(*score, 1e6) };
        Letter {
            text: character.text.clone(),
            score: round(character.score, 1e6),
            at: round(character.at, 1e4),
            alternatives: likely.take(self.alternatives).map(alternative).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Origin;
    use crate::spec::Labels;

    fn policy() -> OcrPolicy {
        let labels = LabelSet::new(&Labels::List(vec!["text".into()])).unwrap();
        OcrPolicy { labels, conf: 0.5, box_conf: 0.5, alternatives: 2 }
    }

    fn line(text: &str, y: f32, score: f32, box_score: f32) -> TextLine {
        let alternatives = vec![("x".to_owned(), 0.2), ("y".to_owned(), 0.05), ("z".to_owned(), 0.004)];
        let character =
            |c: char| Character { text: c.into(), score, at: 0.5, alternatives: alternatives.clone() };
        TextLine {
            corners: Quad([[-5.0, y], [90.0, y], [90.0, y + 10.0], [-5.0, y + 10.0]]),
            score: box_score,
            characters: text.chars().map(character).collect(),
            bounded: None,
        }
    }

    fn decided(policy: &OcrPolicy) -> Vec<Line> {
        let lines = vec![
            line("second ", 40.0, 0.9, 0.6),
            line("first", 10.0, 0.6, 0.9),
            line("faint", 60.0, 0.4, 0.9),
            line("no box", 70.0, 0.9, 0.4),
            line("  ", 80.0, 0.9, 0.9),
            line("", 90.0, 0.9, 0.9),
        ];
        let observed = Observed {
            part: None,
            size: [100, 100],
            origin: Origin { format: "png".into(), lossless: true, orientation: 1 },
            warnings: vec![],
            observation: Observation::Text { lines },
        };
        match policy.decide(&observed) {
            Prediction::Ocr { lines } => lines,
            other => panic!("{other:?}"),
        }
    }

    fn texts(policy: &OcrPolicy) -> Vec<String> {
        decided(policy).into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn lines_over_both_thresholds_come_in_order_of_reading() {
        assert_eq!(texts(&policy()), ["first", "second"]);
        assert_eq!(texts(&OcrPolicy { conf: 0.3, ..policy() }), ["first", "second", "faint"]);
        assert_eq!(texts(&OcrPolicy { box_conf: 0.3, ..policy() }), ["first", "second", "no box"]);
        assert_eq!(texts(&OcrPolicy { conf: 0.95, ..policy() }), [""; 0]);
    }

    #[test]
    fn a_line_is_written_with_its_place_and_other_readings() {
        let first = &decided(&policy())[0];
        assert_eq!((first.score, first.box_score, first.block), (0.6, 0.9, 0));
        assert_eq!(<[f32; 4]>::from(first.rect), [0.0, 10.0, 90.0, 20.0]);
        assert_eq!(first.corners.0[0], [-5.0, 10.0]);
        let others: Vec<&str> = first.characters[0].alternatives.iter().map(|a| a.text.as_str()).collect();
        assert_eq!((first.characters.len(), others), (5, vec!["x", "y"]));
        let none = OcrPolicy { alternatives: 0, ..policy() };
        assert!(decided(&none)[0].characters[0].alternatives.is_empty());
    }
}
