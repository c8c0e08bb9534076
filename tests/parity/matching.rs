//! Our instances beside the reference's detections.

use vision::prediction::Instance;

use crate::case::Found;

/// Limits of issue 4: pixels of the frame, and score.
pub const MAX_PIXELS: f32 = 1.0;
pub const MAX_SCORE: f32 = 1e-3;

/// The worst differences over all pairs.
#[derive(Debug, Default, Clone, Copy)]
pub struct Differences {
    pub pairs: usize,
    pub pixels: f32,
    pub score: f32,
}

/// Pairs each of the reference's detections with the nearest of ours of its class. A detection within
/// the limit of the least score may be missing on either side.
pub fn compare(ours: &[Instance], reference: &[Found], conf: f32) -> Result<Differences, String> {
    let mut left: Vec<&Instance> = ours.iter().collect();
    let mut worst = Differences::default();
    let at_threshold = |score: f32| (score - conf).abs() <= MAX_SCORE;
    for found in reference {
        let distances = left.iter().enumerate().filter(|(_, own)| own.class == found.class);
        let nearest = distances
            .map(|(index, own)| (index, apart(own, found), (own.score - found.score).abs()))
            .min_by(|a, b| (a.1 + a.2).total_cmp(&(b.1 + b.2)));
        match nearest {
            Some((index, pixels, score)) if pixels <= MAX_PIXELS && score <= MAX_SCORE => {
                left.swap_remove(index);
                worst.pairs += 1;
                worst.pixels = worst.pixels.max(pixels);
                worst.score = worst.score.max(score);
            }
            _ if at_threshold(found.score) => {}
            Some((_, pixels, score)) => {
                return Err(format!("{found:?}: the nearest of ours is {pixels} pixels and {score} apart"));
            }
            None => return Err(format!("{found:?}: none of ours is of its class; {} of ours", ours.len())),
        }
    }
    left.retain(|own| !at_threshold(own.score));
    match left.as_slice() {
        [] => Ok(worst),
        more => Err(format!("{} more than the reference: {more:?}", more.len())),
    }
}

/// The largest difference of a coordinate, in pixels; of a face, also of its points; of an oriented box, of its corners, whichever is
/// called the first.
fn apart(own: &Instance, found: &Found) -> f32 {
    let furthest = |pairs: &mut dyn Iterator<Item = (f32, f32)>| {
        pairs.fold(0.0, |most: f32, (a, b)| most.max((a - b).abs()))
    };
    let rect: [f32; 4] = own.rect.into();
    let boxes = furthest(&mut rect.into_iter().zip(found.rect));
    let corners = match (&own.corners, found.corners) {
        (None, None) => 0.0,
        (Some(own), Some(corners)) => {
            // Packages differ in which corner is the first and which way round they go.
            let turned = |by: usize, back: bool| {
                let nth = |n: usize| corners[if back { by + 4 - n } else { by + n } % 4];
                let pairs = own.0.iter().enumerate().map(|(n, own)| (*own, nth(n)));
                furthest(&mut pairs.flat_map(|(a, b)| [(a[0], b[0]), (a[1], b[1])]))
            };
            (0..8).map(|n| turned(n % 4, n < 4)).fold(f32::INFINITY, f32::min)
        }
        _ => f32::INFINITY,
    };
    let points = match (own.landmarks(), found.landmarks) {
        (None, None) => 0.0,
        (Some(own), Some(points)) => {
            furthest(&mut own.0.into_iter().flatten().zip(points.into_iter().flatten()))
        }
        _ => f32::INFINITY,
    };
    boxes.max(corners).max(points)
}

/// Intersection over union of two boxes.
pub fn iou(a: &[f32; 4], b: &[f32; 4]) -> f32 {
    vision::geometry::Rect::from(*a).iou(&(*b).into())
}
