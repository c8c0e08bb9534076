//! Points, edges and polygons: which side, how far, through or past.

type Point = [f64; 2];

/// Above 0 right of the way from `from` to `to` (y runs down), below 0 left of it, 0 on it.
pub fn side(from: Point, to: Point, point: Point) -> f64 {
    (to[0] - from[0]) * (point[1] - from[1]) - (to[1] - from[1]) * (point[0] - from[0])
}

/// Whether the step from `a` to `b`, which lie on different sides of the line through `from` and `to`, passes
/// between these.
pub fn passes(a: Point, b: Point, from: Point, to: Point) -> bool {
    let (left, right) = (side(a, b, from), side(a, b, to));
    (left <= 0.0 && right >= 0.0) || (left >= 0.0 && right <= 0.0)
}

/// From a point to the nearest of the edge.
pub fn distance(from: Point, to: Point, point: Point) -> f64 {
    let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
    let length = dx * dx + dy * dy;
    let along =
        if length > 0.0 { ((point[0] - from[0]) * dx + (point[1] - from[1]) * dy) / length } else { 0.0 };
    let along = along.clamp(0.0, 1.0);
    (point[0] - from[0] - along * dx).hypot(point[1] - from[1] - along * dy)
}

fn edges(corners: &[Point]) -> impl Iterator<Item = (Point, Point)> + '_ {
    corners.iter().copied().zip(corners.iter().copied().cycle().skip(1))
}

/// Whether a point is inside, by the even-odd rule.
pub fn inside(corners: &[Point], [x, y]: Point) -> bool {
    let crossings = edges(corners)
        .filter(|([x1, y1], [x2, y2])| (*y1 > y) != (*y2 > y) && x < (x2 - x1) * (y - y1) / (y2 - y1) + x1);
    crossings.count() % 2 == 1
}

/// From a point to the nearest edge.
pub fn to_edge(corners: &[Point], point: Point) -> f64 {
    edges(corners).map(|(from, to)| distance(from, to, point)).fold(f64::INFINITY, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQUARE: [Point; 4] = [[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0]];

    #[test]
    fn sides_and_passes() {
        let line = ([0.0, 5.0], [10.0, 5.0]);
        assert!(side(line.0, line.1, [5.0, 9.0]) > 0.0 && side(line.0, line.1, [5.0, 1.0]) < 0.0);
        assert!(passes([5.0, 1.0], [5.0, 9.0], line.0, line.1));
        // Round its end, and through its end.
        assert!(!passes([11.0, 1.0], [11.0, 9.0], line.0, line.1));
        assert!(passes([10.0, 1.0], [10.0, 9.0], line.0, line.1));
    }

    #[test]
    fn inside_and_how_far() {
        assert!(
            inside(&SQUARE, [5.0, 5.0]) && !inside(&SQUARE, [15.0, 5.0]) && !inside(&SQUARE, [5.0, -1.0])
        );
        assert_eq!((to_edge(&SQUARE, [5.0, 8.0]), to_edge(&SQUARE, [13.0, 14.0])), (2.0, 5.0));
        // A U: the gap between its arms is outside.
        let u = [
            [0.0, 0.0],
            [3.0, 0.0],
            [3.0, 7.0],
            [7.0, 7.0],
            [7.0, 0.0],
            [10.0, 0.0],
            [10.0, 10.0],
            [0.0, 10.0],
        ];
        assert!(!inside(&u, [5.0, 3.0]) && inside(&u, [1.0, 3.0]) && inside(&u, [5.0, 9.0]));
        assert_eq!(distance([1.0, 1.0], [1.0, 1.0], [4.0, 5.0]), 5.0);
    }
}
