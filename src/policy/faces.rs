//! Deciding about faces: as about boxes, and their points come along.

use super::{DetectPolicy, Policy};
use crate::observation::Observed;
use crate::prediction::{Instance, Prediction};
use crate::report::Declared;
use crate::spec::LabelSet;

/// Thresholds for faces.
#[derive(Debug, Clone)]
pub struct FacesPolicy(pub DetectPolicy);

impl Policy for FacesPolicy {
    fn decide(&self, observed: &Observed) -> Prediction {
        match self.0.decide(observed) {
            Prediction::Detect { instances } => Prediction::Faces { instances },
            other => other,
        }
    }

    fn candidates(&self, observed: &Observed) -> Option<Prediction> {
        self.0.candidates(observed)
    }

    fn tracked(&self, observed: &Observed, conf: f32) -> Vec<(Instance, bool)> {
        self.0.tracked(observed, conf)
    }

    fn declared(&self) -> Declared {
        self.0.declared()
    }

    fn labels(&self) -> &LabelSet {
        self.0.labels()
    }

    fn most(&self) -> Option<usize> {
        self.0.most()
    }

    fn facts(&self) -> serde_json::Value {
        self.0.facts()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::frame::Origin;
    use crate::geometry::Landmarks;
    use crate::observation::{Candidate, Observation};

    #[test]
    fn the_points_of_the_face_that_is_kept_are_named_and_not_cut() {
        let points =
            |x: f32| Some(Landmarks([[x, 2.0], [30.0, 2.0], [20.00049, 3.0], [12.0, 4.0], [28.0, 105.5]]));
        let face = |x: f32, score: f32| Candidate::face([x, 0.0, x + 40.0, 110.0].into(), score, points(x));
        let candidates = vec![
            face(-4.0, 0.9),
            face(-2.0, 0.8),
            Candidate::face([60.0, 0.0, 90.0, 40.0].into(), 0.7, None),
        ];
        let observed = Observed {
            part: None,
            size: [100, 100],
            origin: Origin { format: "png".into(), lossless: true, orientation: 1 },
            warnings: vec![],
            observation: Observation::Detections { candidates, needs_nms: true },
        };
        let policy = DetectPolicy {
            labels: LabelSet::default(),
            conf: 0.5,
            conf_by_class: BTreeMap::new(),
            iou: 0.3,
            only: None,
            except: BTreeSet::new(),
            max_det: 10,
        };
        let Prediction::Faces { instances } = FacesPolicy(policy).decide(&observed) else {
            panic!("no faces")
        };
        let scores: Vec<f32> = instances.iter().map(|face| face.score).collect();
        assert_eq!(scores, [0.9, 0.7], "the second is the first");
        assert_eq!(<[f32; 4]>::from(instances[0].rect), [0.0, 0.0, 36.0, 100.0]);
        let named: Vec<_> = instances[0].keypoints.iter().map(|p| (p.name.as_str(), p.x, p.y)).collect();
        assert_eq!(named[0], ("right_eye", -4.0, 2.0));
        assert_eq!(named[2], ("nose", 20.0, 3.0), "rounded to three decimals");
        assert_eq!(named[4], ("left_mouth_corner", 28.0, 105.5));
        assert_eq!(instances[0].landmarks().map(|points| points.0[3]), Some([12.0, 4.0]));
        assert_eq!((instances[1].keypoints.len(), instances[1].landmarks()), (0, None));
    }
}
