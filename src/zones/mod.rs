//! Zones and lines on the picture, and what tracked things do there: enter, leave, stay, cross.

mod events;
mod geometry;
mod read;

pub use events::{Direction, Event, EventKind, Passer, Timeline, events, occupancy};
pub use read::read;

use serde::{Deserialize, Serialize};

/// What is counted where, as read from a `zones.toml`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Zones {
    /// Whether places are shares of the picture's sides, 0 to 1, instead of pixels.
    pub relative: bool,
    /// How far past an edge counts, in heights of the box: a box that trembles at a line does not cross it.
    pub margin: f64,
    /// Frames in a row on the other side that count without that.
    pub settle: u32,
    pub places: Vec<Place>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Place {
    pub name: String,
    pub shape: Shape,
    /// Labels that count here; empty for all.
    pub labels: Vec<String>,
    pub anchor: Anchor,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub enum Shape {
    /// Corners in order, at least three.
    Zone(Vec<[f64; 2]>),
    /// From, to. What passes from its left to its right, as one walks along it, goes in.
    Line([[f64; 2]; 2]),
}

/// Which point of a box is where the thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Anchor {
    /// The middle of the lower edge: where people and cars touch the ground.
    #[default]
    Bottom,
    Centre,
    Top,
    Left,
    Right,
}

impl Anchor {
    pub fn of(self, [x1, y1, x2, y2]: [f32; 4]) -> [f64; 2] {
        let (x, y) = ((x1 + x2) / 2.0, (y1 + y2) / 2.0);
        let point = match self {
            Anchor::Bottom => [x, y2],
            Anchor::Centre => [x, y],
            Anchor::Top => [x, y1],
            Anchor::Left => [x1, y],
            Anchor::Right => [x2, y],
        };
        point.map(f64::from)
    }
}

impl Zones {
    /// In pixels of pictures of width and height `size`.
    pub fn in_pixels(&self, size: [u32; 2]) -> Self {
        if !self.relative {
            return self.clone();
        }
        let [width, height] = size.map(f64::from);
        let scaled = |[x, y]: [f64; 2]| [x * width, y * height];
        let place = |place: &Place| Place {
            shape: match &place.shape {
                Shape::Zone(corners) => Shape::Zone(corners.iter().copied().map(scaled).collect()),
                Shape::Line(ends) => Shape::Line(ends.map(scaled)),
            },
            ..place.clone()
        };
        Self { relative: false, places: self.places.iter().map(place).collect(), ..self.clone() }
    }
}

#[cfg(test)]
mod tests;
