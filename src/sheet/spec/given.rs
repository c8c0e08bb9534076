//! Blocks whose bubbles are where the file says, on paper that others made.

use super::block::{self, Plan};
use super::file::Kind;
use crate::geometry::Rect;
use crate::sheet::layout::{Bubble, Field, Shape};

/// Around the bubbles of a field, as a share of the space to the next one: less than half, so that fields do not meet.
const EDGE: f32 = 0.4;

impl Plan<'_> {
    /// All fields, from the middle of the first bubble on. Questions run down; of several grids the next one
    /// stands right of the last.
    pub fn given(&self, first: [f32; 2]) -> Vec<Field> {
        let pitch = self.block.pitch.unwrap_or([1.0; 2]);
        let places = self.block.digits.unwrap_or(1);
        let fields = self.units.iter().enumerate().map(|(index, unit)| {
            let bubbles: Vec<Bubble> = if self.block.kind == Kind::Grid {
                let left = first[0] + (index as u32 * places) as f32 * pitch[0];
                let one = |place: u32, digit: u32| {
                    let at = [left + place as f32 * pitch[0], first[1] + digit as f32 * pitch[1]];
                    self.bubble(&digit.to_string(), place, at)
                };
                let all = (0..places).flat_map(|place| (0..10).map(move |digit| (place, digit)));
                all.map(|(place, digit)| one(place, digit)).collect()
            } else {
                let y = first[1] + index as f32 * pitch[1];
                let at = |i: usize| [first[0] + i as f32 * pitch[0], y];
                self.values.iter().enumerate().map(|(i, value)| self.bubble(value, 0, at(i))).collect()
            };
            let size = self.block.bubble.unwrap_or([1.0; 2]);
            let edge = [0, 1].map(|axis: usize| (pitch[axis] - size[axis]).max(0.0) * EDGE);
            let area = around(&bubbles, edge);
            Field { name: unit.name.clone(), kind: block::kind(self.block.kind), area, bubbles }
        });
        fields.collect()
    }

    fn bubble(&self, value: &str, place: u32, [x, y]: [f32; 2]) -> Bubble {
        let [width, height] = self.block.bubble.unwrap_or([1.0; 2]);
        let shape = self.block.shape.unwrap_or(Shape::Ellipse);
        Bubble { value: value.to_owned(), place, rect: Rect::from_centre(x, y, width, height), shape }
    }
}

fn around(bubbles: &[Bubble], [x, y]: [f32; 2]) -> Rect {
    let all = bubbles.iter().map(|bubble| bubble.rect);
    let hull = all.reduce(|a, b| Rect::new(a.x1.min(b.x1), a.y1.min(b.y1), a.x2.max(b.x2), a.y2.max(b.y2)));
    let hull = hull.unwrap_or_default();
    Rect::new(hull.x1 - x, hull.y1 - y, hull.x2 + x, hull.y2 + y)
}
