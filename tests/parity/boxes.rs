//! The same tensors in: our boxes and scores against the reference's post-processing.

use half::f16;
use vision::engine::{NamedTensor, Tensor};
use vision::family::Outputs;
use vision::frame::Origin;
use vision::observation::Observed;
use vision::policy::{DetectPolicy, Policy};
use vision::prediction::Instance;
use vision::spec::LabelSet;

use crate::case::Case;
use crate::matching::compare;
use crate::{each, note, npz};

#[test]
fn boxes_are_those_of_the_reference() {
    each(&Case::all(), |case| {
        if case.detections.len() < 5 {
            return Err(format!("{} detections prove little", case.detections.len()));
        }
        let worst = compare(&decoded(case)?, &case.detections, case.conf)?;
        let numbers = serde_json::json!({"pairs": worst.pairs, "pixels": worst.pixels, "score": worst.score});
        note(case, "boxes", numbers);
        Ok(())
    });
}

/// What the program shows for the stored outputs.
fn decoded(case: &Case) -> Result<Vec<Instance>, String> {
    let spec = case.spec()?;
    let family = case.family(&spec)?;
    let mapping = family.input().expect("a model").spec.view(case.size).mapping(case.frame);
    let (observation, warnings) = family.decode(&outputs(case), &mapping).map_err(|e| e.to_string())?;
    if let Some(warning) = warnings.first() {
        return Err(format!("a warning: {}", warning.message));
    }
    let policy = DetectPolicy {
        labels: LabelSet::new(&spec.labels).map_err(|e| e.to_string())?,
        conf: case.conf,
        conf_by_class: Default::default(),
        iou: case.iou,
        only: None,
        except: Default::default(),
        max_det: 1000,
    };
    let origin = Origin { format: "png".to_owned(), lossless: true, orientation: 1 };
    let observed = Observed { part: None, size: case.frame, origin, warnings, observation };
    Ok(policy.decide(&observed).instances().to_vec())
}

/// The stored numbers in the order and element types of the header.
fn outputs(case: &Case) -> Outputs {
    let mut stored = npz::read(&case.folder.join("outputs.npz"));
    let of_header = case.header().outputs.into_iter().map(|output| {
        let value =
            stored.remove(&output.name).unwrap_or_else(|| panic!("no {} in outputs.npz", output.name));
        // Half the bytes: float32 outputs are kept as float16, and the reference saw the same numbers.
        let widened = match value {
            Tensor::F16(half) if output.element.is_some_and(|e| e.0 == 1) => {
                Tensor::F32(half.mapv(f16::to_f32))
            }
            value => value,
        };
        NamedTensor::new(output.name, widened)
    });
    Outputs::new(of_header.collect())
}
