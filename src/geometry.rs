//! Boxes in frame pixels, their overlap, and non-maximum suppression.

mod landmarks;
mod quad;

use serde::{Deserialize, Serialize};

pub use landmarks::{Landmarks, Similarity};
pub use quad::Quad;

/// An axis-aligned box in pixels of the upright frame: left, top, right, bottom.
/// The origin is the frame's top-left corner; right and bottom are exclusive edges.
/// Serialised as `[x1, y1, x2, y2]`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(from = "[f32; 4]", into = "[f32; 4]")]
pub struct Rect {
    pub x1: f32,
    pub y1: f32,
    pub x2: f32,
    pub y2: f32,
}

impl From<[f32; 4]> for Rect {
    fn from([x1, y1, x2, y2]: [f32; 4]) -> Self {
        Self { x1, y1, x2, y2 }
    }
}

impl From<Rect> for [f32; 4] {
    fn from(r: Rect) -> Self {
        [r.x1, r.y1, r.x2, r.y2]
    }
}

impl Rect {
    pub fn new(x1: f32, y1: f32, x2: f32, y2: f32) -> Self {
        Self { x1, y1, x2, y2 }
    }

    /// From a centre and a size, as most detectors give boxes.
    pub fn from_centre(cx: f32, cy: f32, width: f32, height: f32) -> Self {
        Self::new(cx - width / 2.0, cy - height / 2.0, cx + width / 2.0, cy + height / 2.0)
    }

    pub fn width(&self) -> f32 {
        (self.x2 - self.x1).max(0.0)
    }

    pub fn height(&self) -> f32 {
        (self.y2 - self.y1).max(0.0)
    }

    pub fn area(&self) -> f32 {
        self.width() * self.height()
    }

    pub fn is_finite(&self) -> bool {
        self.x1.is_finite() && self.y1.is_finite() && self.x2.is_finite() && self.y2.is_finite()
    }

    /// Cut to a frame of `width` x `height` pixels.
    pub fn clamp(&self, width: f32, height: f32) -> Self {
        Self::new(
            self.x1.clamp(0.0, width),
            self.y1.clamp(0.0, height),
            self.x2.clamp(0.0, width),
            self.y2.clamp(0.0, height),
        )
    }

    /// Intersection over union, 0 to 1; 0 where both boxes are empty.
    pub fn iou(&self, other: &Self) -> f32 {
        let w = (self.x2.min(other.x2) - self.x1.max(other.x1)).max(0.0);
        let h = (self.y2.min(other.y2) - self.y1.max(other.y1)).max(0.0);
        let inter = w * h;
        let union = self.area() + other.area() - inter;
        if union > 0.0 { inter / union } else { 0.0 }
    }
}

/// A box with a class and a score, as non-maximum suppression sees it.
pub trait Scored {
    fn rect(&self) -> &Rect;
    fn class(&self) -> u32;
    fn score(&self) -> f32;

    /// How much of one thing both are, 0 to 1.
    fn overlap(&self, other: &Self) -> f32 {
        self.rect().iou(other.rect())
    }
}

/// Greedy non-maximum suppression within each class.
///
/// `sorted` must be in order of falling score. Returns the indices kept, in that order, at most
/// `max`. A box goes when its overlap with a kept box of its class is above `limit`, the rule of
/// torchvision's and OpenCV's NMS.
pub fn nms<T: Scored>(sorted: &[T], limit: f32, max: usize) -> Vec<usize> {
    suppress(sorted, max, false, |overlap| overlap > limit)
}

/// Fast NMS (YOLACT, Bolya et al. 2019) within each class: like [`nms`], but boxes that went take others
/// with them, and an overlap of exactly `limit` is too much. What Ultralytics does with oriented boxes.
pub fn fast_nms<T: Scored>(sorted: &[T], limit: f32, max: usize) -> Vec<usize> {
    suppress(sorted, max, true, |overlap| overlap >= limit)
}

/// `chains`: whether boxes that went are rivals of those that follow.
fn suppress<T: Scored>(sorted: &[T], max: usize, chains: bool, same: impl Fn(f32) -> bool) -> Vec<usize> {
    let mut kept: Vec<usize> = Vec::new();
    // Rivals by class, so that a crowded picture compares only within a class.
    let mut by_class: std::collections::HashMap<u32, Vec<usize>> = std::collections::HashMap::new();
    for (index, item) in sorted.iter().enumerate() {
        if kept.len() >= max {
            break;
        }
        let rivals = by_class.entry(item.class()).or_default();
        let alone = !rivals.iter().any(|&k| same(sorted[k].overlap(item)));
        if alone || chains {
            rivals.push(index);
        }
        if alone {
            kept.push(index);
        }
    }
    kept
}

#[cfg(test)]
mod tests;
