//! A stand-in family that finds every bright square of its picture, looked at in tiles and in the mirror.

use image::{Rgb, RgbImage};

use super::*;
use crate::engine::Tensor;
use crate::frame::{Attributes, Origin};
use crate::geometry::Rect;
use crate::spec::InputSpec;

/// Finds the box around all bright pixels, if it is no smaller than `least` pixels and the picture no larger
/// than `most`: small things are seen near by only.
struct Bright {
    input: ModelInput,
    least: f32,
    most: u32,
    score: f32,
}

impl Family for Bright {
    fn input(&self) -> Option<&ModelInput> {
        Some(&self.input)
    }

    fn decode(&self, _: &Outputs, _: &Mapping) -> Result<(Observation, Vec<Warning>)> {
        unreachable!("observes by itself")
    }

    fn observe(&self, frame: &Frame, infer: &dyn Infer) -> Result<(Observation, Vec<Warning>)> {
        // The model's number comes back as the class.
        let class = infer.infer(ModelId::default(), &[])?[0].value.to_f32()[[0]] as u32;
        let bright = frame.pixels.enumerate_pixels().filter(|(_, _, p)| p.0[0] > 128);
        let mut around: Option<Rect> = None;
        for (x, y, _) in bright {
            let pixel = Rect::new(x as f32, y as f32, (x + 1) as f32, (y + 1) as f32);
            around = Some(around.map_or(pixel, |r| {
                Rect::new(r.x1.min(pixel.x1), r.y1.min(pixel.y1), r.x2.max(pixel.x2), r.y2.max(pixel.y2))
            }));
        }
        let seen = around.filter(|r| r.width() >= self.least && frame.size[0] <= self.most);
        let candidates = seen.into_iter().map(|rect| Candidate::new(rect, class, self.score)).collect();
        Ok((Observation::Detections { candidates, needs_nms: true }, vec![Warning::new("w", "said")]))
    }
}

/// Answers with the number of the model that is asked.
struct Echo;

impl Infer for Echo {
    fn infer(&self, model: ModelId, _: &[NamedTensor]) -> Result<Vec<NamedTensor>> {
        let value = ndarray::ArrayD::from_elem(ndarray::IxDyn(&[1]), model.0 as f32);
        Ok(vec![NamedTensor::new("n", Tensor::F32(value))])
    }
}

fn bright(most: u32, score: f32) -> Box<dyn Family> {
    let input = ModelInput::of_one_picture("x", InputSpec { size: [100, 100], ..InputSpec::default() });
    Box::new(Bright { input, least: 3.0, most, score })
}

fn frame(size: [u32; 2], square: [u32; 4]) -> Frame {
    let [x1, y1, x2, y2] = square;
    let inside = |x, y| (x1..x2).contains(&x) && (y1..y2).contains(&y);
    Frame {
        pixels: RgbImage::from_fn(size[0], size[1], |x, y| Rgb([if inside(x, y) { 255 } else { 0 }; 3])),
        size,
        full: None,
        part: None,
        origin: Origin { format: "png".into(), lossless: true, orientation: 1 },
        icc: None,
        warnings: Vec::new(),
        attributes: Attributes::default(),
        values: None,
    }
}

fn found(looker: &Looker, frame: &Frame) -> Vec<([f32; 4], u32, f32)> {
    let (observation, warnings) = looker.observe(frame, &Echo).unwrap();
    assert_eq!(warnings.len(), 1, "each thing is said once");
    let Observation::Detections { candidates, needs_nms: true } = observation else { panic!("no boxes") };
    candidates.iter().map(|c| (c.rect.into(), c.class, c.score)).collect()
}

#[test]
fn small_things_are_found_in_tiles_and_stand_where_they_are() {
    let tiling = Some(Tiling { side: Side::Auto, overlap: 0.2 });
    let looks = Looks { tiling, flip: false };
    let frame = frame([350, 240], [301, 203, 309, 215]);
    assert_eq!(found(&Looker::new(vec![bright(100, 0.9)], Looks::default(), 0.6), &frame), []);
    let near = Looker::new(vec![bright(100, 0.9)], looks, 0.6);
    assert_eq!(found(&near, &frame), [([301.0, 203.0, 309.0, 215.0], 0, 0.9)]);
}

#[test]
fn a_thing_across_a_tiles_edge_is_one() {
    let looks = Looks { tiling: Some(Tiling { side: Side::Pixels(100), overlap: 0.1 }), flip: false };
    // Tiles begin at 0 and 90; the thing reaches from 60 to 140.
    let frame = frame([190, 80], [60, 20, 140, 60]);
    let looker = Looker::new(vec![bright(100, 0.9)], looks, 0.6);
    assert_eq!(found(&looker, &frame), [([60.0, 20.0, 140.0, 60.0], 0, 0.9)]);
}

#[test]
fn the_mirror_confirms_and_models_keep_their_numbers() {
    let frame = frame([100, 80], [10, 20, 30, 60]);
    let flip = Looks { tiling: None, flip: true };
    let looker = Looker::new(vec![bright(1000, 0.9)], flip, 0.6);
    assert_eq!(found(&looker, &frame), [([10.0, 20.0, 30.0, 60.0], 0, 0.9)]);
    // Two models that call it by different classes: each is half as sure.
    let two = Looker::new(vec![bright(1000, 0.9), bright(1000, 0.5)], Looks::default(), 0.6);
    let boxes = found(&two, &frame);
    assert_eq!(boxes.iter().map(|b| (b.1, b.2)).collect::<Vec<_>>(), [(0, 0.45), (1, 0.25)]);
}

#[test]
fn corners_come_back_from_the_mirror_clockwise() {
    use crate::geometry::Quad;
    let corners = Quad([[10.0, 0.0], [30.0, 10.0], [20.0, 30.0], [0.0, 20.0]]);
    let candidate = Candidate::oriented(corners, 1, 0.5);
    let back = views::unmirrored(&candidate, 100.0);
    assert_eq!(back.corners, Some(Quad([[70.0, 10.0], [90.0, 0.0], [100.0, 20.0], [80.0, 30.0]])));
    assert_eq!(back.rect, Rect::new(70.0, 0.0, 100.0, 30.0));
    assert_eq!(views::unmirrored(&back, 100.0).rect, candidate.rect);
}
