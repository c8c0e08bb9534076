//! Lines as the recogniser and the classifier take them: scaled to the model's height, side by side in a batch.

use image::RgbImage;
use ndarray::{ArrayD, IxDyn};

use crate::engine::Tensor;
use crate::error::{Error, Kind, Result};
use crate::preprocess::cv2_linear;
use crate::spec::{Colour, InputSpec};

/// A line scaled to a height, interleaved RGB.
#[derive(Debug, Clone, PartialEq)]
pub struct Strip {
    pub width: u32,
    pub height: u32,
    pub pixels: Vec<u8>,
}

impl Strip {
    /// `cut` at the height of the model and its own aspect ratio, but no wider than `most`.
    pub fn new(cut: &RgbImage, height: u32, most: u32) -> Self {
        let width = Self::width_of([cut.width(), cut.height()], height).min(most);
        Self { width, height, pixels: cv2_linear(cut, [width, height]) }
    }

    /// The width of something of `size` = [width, height] at that height, rounded up.
    pub fn width_of([width, height]: [u32; 2], wanted: u32) -> u32 {
        let exact = f64::from(width) * f64::from(wanted) / f64::from(height.max(1));
        (exact.ceil() as u32).max(1)
    }

    /// The columns from `from` to `to`.
    pub fn part(&self, from: u32, to: u32) -> Self {
        let rows = self.pixels.chunks_exact(self.width as usize * 3);
        let pixels = rows.flat_map(|row| &row[from as usize * 3..to as usize * 3]).copied().collect();
        Self { width: to - from, height: self.height, pixels }
    }

    /// Strips as one tensor `[count, 3, height, width]`, each at the left, the rest 0: the middle of the range
    /// where mean and deviation are 127.5.
    pub fn tensor(strips: &[Self], spec: &InputSpec, width: u32) -> Result<Tensor> {
        let order: [usize; 3] = if spec.colour == Colour::Bgr { [2, 1, 0] } else { [0, 1, 2] };
        let table: [[f32; 256]; 3] = std::array::from_fn(|channel| {
            std::array::from_fn(|pixel| (pixel as f32 - spec.mean[channel]) / spec.std[channel])
        });
        let height = strips.first().map_or(0, |strip| strip.height) as usize;
        let width = width as usize;
        let mut values = vec![0f32; strips.len() * 3 * height * width];
        for (strip, place) in strips.iter().zip(values.chunks_exact_mut((3 * height * width).max(1))) {
            for (channel, plane) in place.chunks_exact_mut(height * width).enumerate() {
                let source = strip.pixels.chunks_exact(strip.width as usize * 3);
                for (row, line) in plane.chunks_exact_mut(width).zip(source) {
                    for (value, pixel) in row.iter_mut().zip(line.chunks_exact(3)) {
                        *value = table[channel][usize::from(pixel[order[channel]])];
                    }
                }
            }
        }
        ArrayD::from_shape_vec(IxDyn(&[strips.len(), 3, height, width]), values)
            .map(Tensor::F32)
            .map_err(|e| Error::new(Kind::Internal, "strips of other sizes than their tensor").because(e))
    }
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    #[test]
    fn strips_stand_at_the_left_of_their_place() {
        let spec =
            InputSpec { colour: Colour::Bgr, mean: [127.5; 3], std: [127.5; 3], ..InputSpec::default() };
        let cut = |shade: u8, width| RgbImage::from_pixel(width, 10, Rgb([shade, 0, 255]));
        let strips = [Strip::new(&cut(255, 10), 4, 100), Strip::new(&cut(0, 25), 4, 100)];
        assert_eq!(strips.each_ref().map(|s| s.width), [4, 10]);
        let Tensor::F32(tensor) = Strip::tensor(&strips, &spec, 16).unwrap() else { panic!("floats") };
        assert_eq!(tensor.shape(), [2, 3, 4, 16]);
        // Blue first; the last of the three is red.
        assert_eq!([tensor[[0, 0, 0, 3]], tensor[[0, 2, 3, 3]], tensor[[0, 2, 3, 4]]], [1.0, 1.0, 0.0]);
        assert_eq!([tensor[[1, 2, 0, 9]], tensor[[1, 1, 0, 0]], tensor[[1, 2, 0, 10]]], [-1.0, -1.0, 0.0]);
        let part = strips[1].part(2, 5);
        assert_eq!((part.width, part.pixels.len(), part.pixels[2]), (3, 36, 255));
    }

    #[test]
    fn widths_are_rounded_up_and_bounded() {
        assert_eq!(Strip::width_of([101, 20], 48), 243);
        assert_eq!(Strip::width_of([1, 5000], 48), 1);
        assert_eq!(Strip::new(&RgbImage::new(1000, 10), 48, 192).width, 192);
    }
}
