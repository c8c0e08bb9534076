//! The smallest rectangle around points, of any direction.

use crate::geometry::Quad;

/// A rectangle of any direction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rectangle {
    pub centre: [f32; 2],
    /// A unit vector along the side of length `size[0]`.
    pub along: [f32; 2],
    pub size: [f32; 2],
}

impl Rectangle {
    /// The rectangle of the least area around `points`; one of its sides lies on a side of their convex hull
    /// (Freeman and Shapira 1975). `None` without points.
    pub fn around(points: &[[f32; 2]]) -> Option<Self> {
        let hull = hull(points);
        let [first, rest @ ..] = hull.as_slice() else { return None };
        if rest.is_empty() {
            return Some(Self { centre: *first, along: [1.0, 0.0], size: [0.0; 2] });
        }
        let sides = hull.iter().zip(hull.iter().cycle().skip(1));
        let fitted = sides.filter_map(|(a, b)| Self::along_side(&hull, *a, *b));
        fitted.min_by(|a, b| a.area().total_cmp(&b.area()))
    }

    fn along_side(hull: &[[f32; 2]], from: [f32; 2], to: [f32; 2]) -> Option<Self> {
        let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
        let length = dx.hypot(dy);
        if length <= 0.0 {
            return None;
        }
        let along = [dx / length, dy / length];
        let across = [-along[1], along[0]];
        let span = |axis: [f32; 2]| {
            let places = hull.iter().map(|p| p[0] * axis[0] + p[1] * axis[1]);
            places.fold((f32::INFINITY, f32::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)))
        };
        let ((a, b), (c, d)) = (span(along), span(across));
        let (u, v) = (f32::midpoint(a, b), f32::midpoint(c, d));
        let centre = [u * along[0] + v * across[0], u * along[1] + v * across[1]];
        Some(Self { centre, along, size: [b - a, d - c] })
    }

    pub fn area(&self) -> f32 {
        self.size[0] * self.size[1]
    }

    pub fn shorter(&self) -> f32 {
        self.size[0].min(self.size[1])
    }

    /// Larger by `by` pixels on every side.
    pub fn grown(&self, by: f32) -> Self {
        Self { size: self.size.map(|side| side + 2.0 * by), ..*self }
    }

    /// The corners top left, top right, bottom right, bottom left as they lie on the picture: the two leftmost
    /// and the two rightmost, each pair by height.
    pub fn corners(&self) -> Quad {
        let angle = self.along[1].atan2(self.along[0]);
        let Quad(mut corners) = Quad::turned(self.centre, self.size, angle);
        corners.sort_by(|a, b| a[0].total_cmp(&b[0]));
        let [a, b, c, d] = corners;
        let (top_left, bottom_left) = if b[1] > a[1] { (a, b) } else { (b, a) };
        let (top_right, bottom_right) = if d[1] > c[1] { (c, d) } else { (d, c) };
        Quad([top_left, top_right, bottom_right, bottom_left])
    }
}

/// The convex hull, counted round (Andrew's monotone chain), without points on its sides.
fn hull(points: &[[f32; 2]]) -> Vec<[f32; 2]> {
    let mut sorted = points.to_vec();
    sorted.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    sorted.dedup();
    if sorted.len() < 3 {
        return sorted;
    }
    let half = |points: &mut dyn Iterator<Item = &[f32; 2]>| {
        let mut chain: Vec<[f32; 2]> = Vec::new();
        for &point in points {
            while let [.., a, b] = chain.as_slice()
                && turn(*a, *b, point) <= 0.0
            {
                chain.pop();
            }
            chain.push(point);
        }
        chain.pop();
        chain
    };
    let mut hull = half(&mut sorted.iter());
    hull.extend(half(&mut sorted.iter().rev()));
    hull
}

/// Over 0 where the way from `a` over `b` to `c` turns towards the y axis.
fn turn(a: [f32; 2], b: [f32; 2], c: [f32; 2]) -> f64 {
    let [ax, ay, bx, by, cx, cy] = [a[0], a[1], b[0], b[1], c[0], c[1]].map(f64::from);
    (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_upright_block_of_pixels() {
        let points: Vec<[f32; 2]> = (0..3).flat_map(|y| [[2.0, y as f32], [9.0, y as f32]]).collect();
        let found = Rectangle::around(&points).unwrap();
        assert_eq!(found.corners().0, [[2.0, 0.0], [9.0, 0.0], [9.0, 2.0], [2.0, 2.0]]);
        assert_eq!(found.grown(1.0).corners().0, [[1.0, -1.0], [10.0, -1.0], [10.0, 3.0], [1.0, 3.0]]);
        assert_eq!(Rectangle::around(&[]), None);
        assert_eq!(Rectangle::around(&[[1.0, 2.0], [1.0, 2.0]]).unwrap().size, [0.0, 0.0]);
        assert!(Rectangle::around(&[[1.0, 2.0], [4.0, 6.0]]).unwrap().area() < 1e-4);
    }

    proptest! {
        #[test]
        fn a_turned_rectangle_is_found_again(
            x in 0f32..500.0, y in 0f32..500.0, width in 20f32..300.0, height in 5f32..19.0, angle in -0.7f32..0.7,
        ) {
            let quad = Quad::turned([x, y], [width, height], angle);
            let inner = quad.0.map(|[a, b]| [(a + x) / 2.0, (b + y) / 2.0]);
            let points: Vec<[f32; 2]> = quad.0.into_iter().chain(inner).collect();
            let found = Rectangle::around(&points).unwrap();
            prop_assert!((found.area() - width * height).abs() < 0.01 * width * height, "{:?}", found);
            for (a, b) in found.corners().0.iter().zip(quad.0) {
                prop_assert!((a[0] - b[0]).abs() < 0.1 && (a[1] - b[1]).abs() < 0.1, "{:?} {:?}", found.corners(), quad);
            }
        }
    }
}
