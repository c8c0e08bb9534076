//! The numbers of pycocotools' summary, from its tables of precision and recall.

use hotcoco::detection::AccumulatedEval;
use hotcoco::params::{IouType, Params};
use serde::{Serialize, Serializer};

use crate::eval::mean;

/// Named numbers in order; one that is not defined (no object of that kind) is null.
#[derive(Debug, Clone, PartialEq)]
pub struct Metrics(pub Vec<(String, Option<f64>)>);

impl Metrics {
    pub fn get(&self, name: &str) -> Option<f64> {
        self.0.iter().find(|(known, _)| known == name).and_then(|(_, value)| *value)
    }
}

impl Serialize for Metrics {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// The summary of pycocotools, under its names: AP over IoU 0.5 to 0.95, AP50, AP75, APs/m/l by area,
/// AR by number of results (keypoints: by IoU) and by area.
pub fn metrics(numbers: &AccumulatedEval, params: &Params, classes: &[usize]) -> Metrics {
    let last = params.max_det_idx();
    let sizes = || params.area_ranges.iter().enumerate().skip(1);
    let letter = |label: &str| label.chars().next().unwrap_or_default();
    let mut rows = Vec::new();
    let mut put = |name: String, slice: Slice| rows.push((name, slice.mean(numbers, params, classes)));
    let whole = Slice { precision: true, iou: None, area: params.all_area_idx(), limit: last };
    put("AP".into(), whole);
    put("AP50".into(), Slice { iou: Some(0.5), ..whole });
    put("AP75".into(), Slice { iou: Some(0.75), ..whole });
    sizes().for_each(|(area, range)| put(format!("AP{}", letter(&range.label)), Slice { area, ..whole }));
    let recall = Slice { precision: false, ..whole };
    if params.iou_type == IouType::Keypoints {
        put("AR".into(), recall);
        put("AR50".into(), Slice { iou: Some(0.5), ..recall });
        put("AR75".into(), Slice { iou: Some(0.75), ..recall });
    } else {
        let limits = params.max_dets.iter().enumerate();
        limits.for_each(|(limit, most)| put(format!("AR{most}"), Slice { limit, ..recall }));
    }
    sizes().for_each(|(area, range)| put(format!("AR{}", letter(&range.label)), Slice { area, ..recall }));
    Metrics(rows)
}

#[derive(Clone, Copy)]
struct Slice {
    precision: bool,
    iou: Option<f64>,
    area: usize,
    limit: usize,
}

impl Slice {
    /// Mean over thresholds, recalls and classes of what is defined; -1 stands for what is not.
    fn mean(self, numbers: &AccumulatedEval, params: &Params, classes: &[usize]) -> Option<f64> {
        let ious = match self.iou {
            Some(iou) => params.iou_thr_idx(iou).map_or(0..0, |t| t..t + 1),
            None => 0..numbers.shape.t,
        };
        let recalls = if self.precision { numbers.shape.r } else { 1 };
        let cells =
            ious.flat_map(|t| (0..recalls).flat_map(move |r| classes.iter().map(move |k| (t, r, *k))));
        let value = |(t, r, k)| match self.precision {
            true => numbers.precision[numbers.precision_idx(t, r, k, self.area, self.limit)],
            false => numbers.recall[numbers.recall_idx(t, k, self.area, self.limit)],
        };
        mean(cells.map(value).filter(|value| *value > -1.0))
    }
}

/// Mean precision over classes for recalls 0, 0.01, … 1, by IoU.
pub fn curves(numbers: &AccumulatedEval, params: &Params) -> Vec<(f64, Vec<f64>)> {
    let (area, limit) = (params.all_area_idx(), params.max_det_idx());
    let at = |t: usize, r: usize| {
        let of_class = |k| numbers.precision[numbers.precision_idx(t, r, k, area, limit)];
        mean((0..numbers.shape.k).map(of_class).filter(|p| *p > -1.0))
    };
    let curve = |t: usize| (0..numbers.shape.r).filter_map(|r| at(t, r)).collect();
    params.iou_thrs.iter().enumerate().map(|(t, iou)| (*iou, curve(t))).collect()
}
