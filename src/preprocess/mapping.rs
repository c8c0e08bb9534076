//! Where each input pixel came from: the only way back from model coordinates to the frame.

use serde::{Deserialize, Serialize};

use crate::geometry::Rect;
use crate::spec::Resize;

/// How a frame lies in a model's input: `input = frame * scale + offset`, per axis.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Mapping {
    /// Frame width and height, pixels.
    pub frame: [u32; 2],
    /// Width and height of the model's input, pixels; where it follows the picture, this frame's.
    pub input: [u32; 2],
    /// Width and height of the picture within the input, pixels, at least 1.
    pub content: [u32; 2],
    /// Left and top padding, pixels; negative where the content is larger than the input and cut.
    pub offset: [i32; 2],
}

impl Mapping {
    /// Fits a frame into an input; sizes are width and height, at least 1. With `shortest-edge` the input's
    /// are limits, in any order; a centre crop takes the whole of the shorter side; what is within takes no
    /// multiples.
    pub fn fit(frame: [u32; 2], input: [u32; 2], resize: Resize) -> Self {
        let [fw, fh] = frame.map(|v| f64::from(v.max(1)));
        let input = if resize == Resize::ShortestEdge { shortest_edge([fw, fh], input) } else { input };
        let [iw, ih] = input.map(f64::from);
        let content = match resize {
            Resize::CentreCrop => return Self::centre_crop(frame, input, 1.0),
            Resize::Within | Resize::WithinPadded => {
                return Self::within(frame, input, resize, 1);
            }
            Resize::Stretch | Resize::ShortestEdge => input,
            Resize::Letterbox | Resize::LetterboxTopLeft => {
                let gain = (iw / fw).min(ih / fh);
                [scaled(fw, gain, input[0], resize), scaled(fh, gain, input[1], resize)]
            }
        };
        let offset = match resize {
            Resize::Letterbox => [centred(input[0], content[0]), centred(input[1], content[1])],
            _ => [0, 0],
        };
        Self { frame, input, content, offset }
    }

    /// The picture's own size where `limits` hold it, else scaled down to fit; then up to the next multiple,
    /// which `limits` are themselves.
    pub(super) fn within(frame: [u32; 2], limits: [u32; 2], resize: Resize, multiple: u32) -> Self {
        let [fw, fh] = frame.map(|side| f64::from(side.max(1)));
        let gain = (f64::from(limits[0]) / fw).min(f64::from(limits[1]) / fh).min(1.0);
        let content = [scaled(fw, gain, limits[0], resize), scaled(fh, gain, limits[1], resize)];
        let input = content.map(|side| side.next_multiple_of(multiple.max(1)));
        let content = if resize == Resize::Within { input } else { content };
        Self { frame, input, content, offset: [0, 0] }
    }

    /// The shorter side scaled to the input's size / `fraction` (over 0 to 1), the centre cut out.
    pub fn centre_crop(frame: [u32; 2], input: [u32; 2], fraction: f64) -> Self {
        let least = input.map(|side| (f64::from(side) / fraction).floor());
        let content = covering(frame.map(|side| f64::from(side.max(1))), least);
        let offset = [cut(input[0], content[0]), cut(input[1], content[1])];
        Self { frame, input, content, offset }
    }

    /// A box in input pixels, in frame pixels and cut to the frame.
    pub fn to_frame(&self, rect: &Rect) -> Rect {
        let [x1, y1] = self.point_to_frame([rect.x1, rect.y1]);
        let [x2, y2] = self.point_to_frame([rect.x2, rect.y2]);
        let [w, h] = self.frame.map(|v| v as f32);
        Rect::new(x1, y1, x2, y2).clamp(w, h)
    }

    /// A point in input pixels, in frame pixels, whether within the frame or not. The gain of each axis
    /// is that of the rounded content size, as the pixels were really resized.
    pub fn point_to_frame(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        let [w, h] = self.frame.map(|v| v as f32);
        let gain_x = self.content[0] as f32 / w.max(1.0);
        let gain_y = self.content[1] as f32 / h.max(1.0);
        let [left, top] = self.offset.map(|v| v as f32);
        [(x - left) / gain_x, (y - top) / gain_y]
    }

    /// A box in frame pixels, in input pixels.
    pub fn to_input(&self, rect: &Rect) -> Rect {
        let [w, h] = self.frame.map(|v| v as f32);
        let gain_x = self.content[0] as f32 / w.max(1.0);
        let gain_y = self.content[1] as f32 / h.max(1.0);
        let [left, top] = self.offset.map(|v| v as f32);
        Rect::new(
            rect.x1 * gain_x + left,
            rect.y1 * gain_y + top,
            rect.x2 * gain_x + left,
            rect.y2 * gain_y + top,
        )
    }
}

/// A side after scaling: Ultralytics rounds half to even (Python's `round`), YOLOX cuts
/// (`int()` in its preproc); both at least 1 pixel and at most the input.
fn scaled(side: f64, gain: f64, limit: u32, resize: Resize) -> u32 {
    let exact = side * gain;
    let rounded = if resize == Resize::LetterboxTopLeft { exact.floor() } else { exact.round_ties_even() };
    (rounded as u32).clamp(1, limit.max(1))
}

/// The smallest size of the frame's aspect ratio that covers `least`: one side is met exactly, the other
/// cut to whole pixels, as torchvision's Resize does.
fn covering([fw, fh]: [f64; 2], [lw, lh]: [f64; 2]) -> [u32; 2] {
    // Saturating casts: a sliver may come to more than 2^32.
    if lw / fw >= lh / fh {
        [lw as u32, (lw * fh / fw).floor().max(lh) as u32]
    } else {
        [(lh * fw / fh).floor().max(lw) as u32, lh as u32]
    }
}

/// Left or top offset of a centre crop as torchvision's CenterCrop computes it: minus round(half), ties
/// to even as Python's `round`.
fn cut(input: u32, content: u32) -> i32 {
    let half = f64::from(content.saturating_sub(input)) / 2.0;
    -(half.round_ties_even() as i32)
}

/// The size of an input that follows the picture: the shorter side rounded, the longer one cut, in the
/// order of operations of `get_size_with_aspect_ratio` in transformers' image_transforms.py.
fn shortest_edge([width, height]: [f64; 2], limits: [u32; 2]) -> [u32; 2] {
    let [small, large] = [limits[0].min(limits[1]), limits[0].max(limits[1])].map(f64::from);
    let (shorter, longer) = (width.min(height), width.max(height));
    let exact = if longer / shorter * small > large { large * shorter / longer } else { small };
    let short = (exact.round_ties_even() as u32).max(1);
    let long = ((exact * longer / shorter) as u32).clamp(1, large.max(1.0) as u32);
    if width <= height { [short, long] } else { [long, short] }
}

/// Left or top padding as Ultralytics' LetterBox computes it: round(half - 0.1).
fn centred(input: u32, content: u32) -> i32 {
    let half = f64::from(input.saturating_sub(content)) / 2.0;
    (half - 0.1).round_ties_even().max(0.0) as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KINDS: [Resize; 6] = [
        Resize::Stretch,
        Resize::Letterbox,
        Resize::LetterboxTopLeft,
        Resize::ShortestEdge,
        Resize::Within,
        Resize::WithinPadded,
    ];

    #[test]
    fn letterbox_of_a_landscape_photo_pads_top_and_bottom() {
        // By hand: gain = min(640/810, 640/1080) = 0.59259; 1080 -> 640, 810 -> 480; (640-480)/2 = 80.
        let m = Mapping::fit([1080, 810], [640, 640], Resize::Letterbox);
        assert_eq!((m.content, m.offset), ([640, 480], [0, 80]));
    }

    #[test]
    fn odd_padding_puts_the_smaller_half_first() {
        // (416 - 277) / 2 = 69.5; round(69.4) = 69 on top, round(69.6) = 70 below.
        let m = Mapping::fit([600, 400], [416, 416], Resize::Letterbox);
        assert_eq!((m.content, m.offset), ([416, 277], [0, 69]));
    }

    #[test]
    fn an_input_that_follows_the_picture_is_as_large_as_transformers_makes_it() {
        // get_size_with_aspect_ratio((h, w), 800, 1333) of transformers 5.24 gives (h, w):
        // (480, 640) -> (800, 1066), (640, 480) -> (1066, 800), (427, 1280) -> (445, 1333).
        let input = |frame| Mapping::fit(frame, [1333, 800], Resize::ShortestEdge).input;
        assert_eq!([input([640, 480]), input([480, 640])], [[1066, 800], [800, 1066]]);
        assert_eq!(input([1280, 427]), [1333, 445]);
        let mapping = Mapping::fit([640, 480], [800, 1333], Resize::ShortestEdge);
        assert_eq!((mapping.content, mapping.offset), ([1066, 800], [0, 0]));
    }

    #[test]
    fn slivers_keep_one_pixel() {
        for resize in KINDS {
            let m = Mapping::fit([1, 30_000], [416, 416], resize);
            assert!(m.content[0] >= 1 && m.content[1] <= 416, "{resize:?}: {m:?}");
        }
    }

    #[test]
    fn a_centre_crop_covers_the_input() {
        // torchvision's Resize(256), CenterCrop(224) of 500 x 333: 256 * 500 / 333 = 384.38; (384 - 224) / 2.
        let m = Mapping::centre_crop([500, 333], [224, 224], 0.875);
        assert_eq!((m.content, m.offset), ([384, 256], [-80, -16]));
        // Odd remainders: (385 - 224) / 2 = 80.5 rounds to even, as in Python.
        let m = Mapping::centre_crop([385, 256], [224, 224], 0.875);
        assert_eq!((m.content, m.offset), ([385, 256], [-80, -16]));
        // A sliver is not scaled beyond what numbers hold.
        let m = Mapping::centre_crop([1, 60_000], [224, 224], 0.875);
        assert_eq!(m.content, [256, 15_360_000]);
    }

    #[test]
    fn a_picture_that_fits_keeps_its_size_but_for_the_multiple() {
        let of = |frame, resize| {
            let mapping = Mapping::within(frame, [1280, 1280], resize, 32);
            (mapping.input, mapping.content)
        };
        // 600 / 32 = 18.75 and 500 / 32 = 15.6.
        assert_eq!(of([600, 500], Resize::Within), ([608, 512], [608, 512]));
        assert_eq!(of([600, 500], Resize::WithinPadded), ([608, 512], [600, 500]));
        // 1280 / 4000 = 0.32; 3001 * 0.32 = 960.32.
        assert_eq!(of([4000, 3001], Resize::WithinPadded), ([1280, 960], [1280, 960]));
        assert_eq!(of([30_000, 10], Resize::Within), ([1280, 32], [1280, 32]));
        assert_eq!(of([1, 1], Resize::WithinPadded), ([32, 32], [1, 1]));
    }

    proptest! {
        #[test]
        fn a_box_goes_to_the_input_and_back(
            w in 1u32..20_000, h in 1u32..20_000, iw in 32u32..1280, ih in 32u32..1280,
            a in 0f32..1.0, b in 0f32..1.0, c in 0f32..1.0, d in 0f32..1.0, kind in 0usize..6,
        ) {
            let resize = KINDS[kind];
            let m = Mapping::fit([w, h], [iw, ih], resize);
            let (fw, fh) = (w as f32, h as f32);
            let rect = Rect::new(a.min(b) * fw, c.min(d) * fh, a.max(b) * fw, c.max(d) * fh);
            let input = m.to_input(&rect);
            // Within the content, to f32 accuracy.
            prop_assert!(input.x1 >= m.offset[0] as f32 - 0.01);
            prop_assert!(input.x2 <= (m.offset[0] as f32 + m.content[0] as f32) + 0.01);
            let back = m.to_frame(&input);
            // One input pixel spans fw / content pixels of the frame: rounding scales with it.
            let tolerance = 1e-3 + 1e-5 * fw.max(fh) + 1e-3 * (fw / m.content[0] as f32).max(fh / m.content[1] as f32);
            for (x, y) in [(back.x1, rect.x1), (back.y1, rect.y1), (back.x2, rect.x2), (back.y2, rect.y2)] {
                prop_assert!((x - y).abs() <= tolerance, "{rect:?} came back as {back:?}, {m:?}");
            }
        }
    }
}
