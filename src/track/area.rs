//! A box as trackers calculate with it, in double precision.

use crate::geometry::Rect;

/// Left, top, right, bottom in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area(pub [f64; 4]);

impl From<Rect> for Area {
    fn from(rect: Rect) -> Self {
        Self(<[f32; 4]>::from(rect).map(f64::from))
    }
}

impl From<Area> for Rect {
    fn from(area: Area) -> Self {
        area.0.map(|v| v as f32).into()
    }
}

impl Area {
    pub fn around([x, y]: [f64; 2], [width, height]: [f64; 2]) -> Self {
        Self([x - width / 2.0, y - height / 2.0, x + width / 2.0, y + height / 2.0])
    }

    pub fn centre(&self) -> [f64; 2] {
        let [x1, y1, x2, y2] = self.0;
        [(x1 + x2) / 2.0, (y1 + y2) / 2.0]
    }

    pub fn size(&self) -> [f64; 2] {
        let [x1, y1, x2, y2] = self.0;
        [x2 - x1, y2 - y1]
    }

    /// Whether its numbers are finite and it has a surface; others cannot be tracked.
    pub fn is_solid(&self) -> bool {
        self.0.iter().all(|v| v.is_finite()) && self.size().iter().all(|side| *side > 0.0)
    }

    /// Intersection over union, 0 to 1; 0 where a number is not finite.
    pub fn iou(&self, other: &Self) -> f64 {
        let ([ax1, ay1, ax2, ay2], [bx1, by1, bx2, by2]) = (self.0, other.0);
        let common = (ax2.min(bx2) - ax1.max(bx1)).max(0.0) * (ay2.min(by2) - ay1.max(by1)).max(0.0);
        let surface = |area: &Self| area.size().map(|side| side.max(0.0)).iter().product::<f64>();
        let union = surface(self) + surface(other) - common;
        let iou = common / union;
        if iou.is_finite() { iou } else { 0.0 }
    }

    /// At `share` of the way to `other`, 0 to 1.
    pub fn towards(&self, other: &Self, share: f64) -> Self {
        Self(std::array::from_fn(|n| self.0[n] + (other.0[n] - self.0[n]) * share))
    }
}
