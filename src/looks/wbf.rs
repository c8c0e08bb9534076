//! Weighted boxes fusion (Solovyev, Wang, Gabruseva 2019, arXiv:1910.13302): boxes of several models are
//! averaged by their scores, and what few of them saw loses score.

use crate::geometry::{Landmarks, Rect, nms};
use crate::observation::Candidate;

/// Boxes of one thing so far.
struct Cluster {
    class: u32,
    /// Coordinates times scores, summed.
    weighted: [f64; 4],
    scores: f64,
    /// Which lists have given a box.
    seen_by: Vec<usize>,
    rect: Rect,
    /// Points of a face times scores, summed over those that have points, and the sum of their scores.
    points: ([[f64; 2]; 5], f64),
}

impl Cluster {
    fn of(list: usize, candidate: &Candidate) -> Self {
        let (class, rect) = (candidate.class, candidate.rect);
        let (weighted, seen_by, points) = ([0.0; 4], Vec::new(), ([[0.0; 2]; 5], 0.0));
        let mut cluster = Self { class, weighted, scores: 0.0, seen_by, rect, points };
        cluster.add(list, candidate);
        cluster
    }

    /// A list's further boxes of the same thing are doubles that its suppression left; they score low and
    /// would drag the average down.
    fn add(&mut self, list: usize, candidate: &Candidate) {
        if self.seen_by.contains(&list) {
            return;
        }
        self.seen_by.push(list);
        let (score, rect) = (f64::from(candidate.score), <[f32; 4]>::from(candidate.rect));
        self.weighted.iter_mut().zip(rect).for_each(|(sum, edge)| *sum += score * f64::from(edge));
        self.scores += score;
        if let Some(Landmarks(points)) = &candidate.landmarks {
            let sums = self.points.0.iter_mut().flatten().zip(points.iter().flatten());
            sums.for_each(|(sum, value)| *sum += score * f64::from(*value));
            self.points.1 += score;
        }
        if self.scores > 0.0 {
            self.rect = self.weighted.map(|sum| (sum / self.scores) as f32).into();
        }
    }

    fn landmarks(&self) -> Option<Landmarks> {
        let (sums, scores) = &self.points;
        (*scores > 0.0).then(|| Landmarks(sums.map(|point| point.map(|sum| (sum / scores) as f32))))
    }

    /// The mean score, less in proportion where fewer than all `lists` saw the thing.
    fn score(&self, lists: usize) -> f32 {
        let seen = self.seen_by.len() as f64;
        (self.scores / seen * seen.min(lists as f64) / lists as f64) as f32
    }
}

/// The boxes of `lists`, one list a model or look, in order of falling score. Boxes of a class that overlap
/// a cluster's average by more than `iou` join it. Oriented boxes are not averaged: the surest stays.
pub fn fused(lists: &[Vec<Candidate>], iou: f32) -> Vec<Candidate> {
    let numbered = lists.iter().enumerate();
    let mut all: Vec<(usize, Candidate)> =
        numbered.flat_map(|(list, boxes)| boxes.iter().map(move |candidate| (list, *candidate))).collect();
    all.sort_by(|a, b| b.1.score.total_cmp(&a.1.score));
    if all.iter().any(|(_, candidate)| candidate.corners.is_some()) {
        let all: Vec<Candidate> = all.into_iter().map(|(_, candidate)| candidate).collect();
        return nms(&all, iou, usize::MAX).into_iter().map(|n| all[n]).collect();
    }
    let mut clusters: Vec<Cluster> = Vec::new();
    for (list, candidate) in &all {
        let overlaps = clusters.iter().enumerate().filter(|(_, c)| c.class == candidate.class);
        let overlaps = overlaps.map(|(n, c)| (n, c.rect.iou(&candidate.rect))).filter(|(_, o)| *o > iou);
        match overlaps.max_by(|a, b| a.1.total_cmp(&b.1)) {
            Some((n, _)) => clusters[n].add(*list, candidate),
            None => clusters.push(Cluster::of(*list, candidate)),
        }
    }
    let boxes = clusters.iter().map(|c| {
        let landmarks = c.landmarks();
        Candidate { landmarks, ..Candidate::new(c.rect, c.class, c.score(lists.len())) }
    });
    let mut boxes: Vec<Candidate> = boxes.collect();
    boxes.sort_by(|a, b| b.score.total_cmp(&a.score));
    boxes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `ensemble_boxes` 1.0.9 (PyPI), `weighted_boxes_fusion(…, iou_thr=0.55)`, gives:
    /// `scripts/reference_wbf.py` writes the file.
    #[test]
    fn boxes_are_those_of_the_papers_own_code() {
        let cases: serde_json::Value =
            serde_json::from_str(include_str!("../../tests/golden/wbf.json")).expect("JSON");
        let candidates = |list: &serde_json::Value| -> Vec<Candidate> {
            let number = |v: &serde_json::Value| v.as_f64().expect("a number") as f32;
            let boxes = list.as_array().expect("boxes").iter().map(|b| {
                let rect = std::array::from_fn(|n| number(&b[n]));
                Candidate::new(rect.into(), number(&b[5]) as u32, number(&b[4]))
            });
            boxes.collect()
        };
        let cases = cases.as_array().expect("cases");
        assert!(cases.len() >= 3);
        for case in cases {
            let lists: Vec<_> = case["lists"].as_array().expect("lists").iter().map(candidates).collect();
            let (found, mut expected) = (fused(&lists, 0.55), candidates(&case["fused"]));
            assert_eq!(found.len(), expected.len());
            for own in &found {
                let near = |c: &&Candidate| {
                    let edges = <[f32; 4]>::from(c.rect).into_iter().zip(<[f32; 4]>::from(own.rect));
                    c.class == own.class
                        && (c.score - own.score).abs() < 1e-5
                        && edges.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) < 1e-2
                };
                let at = expected.iter().position(|c| near(&c)).unwrap_or_else(|| panic!("{own:?}"));
                expected.remove(at);
            }
        }
    }

    #[test]
    fn points_of_a_face_are_averaged_where_there_are_any() {
        let rect = Rect::new(10.0, 10.0, 20.0, 20.0);
        let face = |score, x: Option<f32>| Candidate::face(rect, score, x.map(|x| Landmarks([[x, 5.0]; 5])));
        let boxes =
            fused(&[vec![face(0.6, Some(10.0))], vec![face(0.9, None)], vec![face(0.3, Some(16.0))]], 0.55);
        // (0.6 * 10 + 0.3 * 16) / 0.9
        assert_eq!(
            boxes.iter().map(|b| b.landmarks).collect::<Vec<_>>(),
            [Some(Landmarks([[12.0, 5.0]; 5]))]
        );
    }

    #[test]
    fn what_one_of_two_sees_loses_half_its_score() {
        let seen = Candidate::new([10.0, 10.0, 20.0, 20.0].into(), 3, 0.8);
        let boxes = fused(&[vec![seen], vec![]], 0.55);
        assert_eq!((boxes.len(), boxes[0].rect, boxes[0].score), (1, seen.rect, 0.4));
    }
}
