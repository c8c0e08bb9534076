//! The picture as the model is given it, with parts of it replaced.

use half::f16;
use ndarray::{ArrayD, IxDyn};

use crate::engine::Tensor;
use crate::error::{Error, Kind, Result};
use crate::spec::Layout;

/// A prepared picture, ready to be masked again and again.
pub struct Canvas {
    like: Tensor,
    values: Vec<f32>,
    layout: Layout,
    channels: usize,
    /// Width and height of the model's input, pixels.
    pub size: [usize; 2],
}

/// What takes the place of what is masked, in the numbers that the model is given.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Baseline {
    /// 0 as the model sees it: the mean colour where the description subtracts one, else black. What the papers
    /// of RISE and D-RISE use.
    #[default]
    Zero,
    /// The mean of the picture, channel by channel.
    Mean,
    /// The picture itself out of focus.
    Blur,
}

/// The blur's standard deviation as a share of the longer side: 7 of 224 pixels, where RISE's code has 5.
const BLUR: f64 = 1.0 / 32.0;

impl Canvas {
    /// # Errors
    /// `Internal` for a tensor that is no picture.
    pub fn new(picture: &Tensor, layout: Layout) -> Result<Self> {
        let shape = picture.shape();
        let axes = match shape {
            [1, a, b, c] | [a, b, c] => [*a, *b, *c],
            _ => return Err(Error::new(Kind::Internal, format!("a picture of the shape {shape:?}"))),
        };
        let (channels, height, width) = match layout {
            Layout::Nchw => (axes[0], axes[1], axes[2]),
            Layout::Nhwc => (axes[2], axes[0], axes[1]),
        };
        let values = picture.to_f32().iter().copied().collect();
        Ok(Self { like: picture.clone(), values, layout, channels, size: [width, height] })
    }

    pub fn pixels(&self) -> usize {
        self.size[0] * self.size[1]
    }

    /// What stands in place of masked pixels; as many numbers as the picture has.
    pub fn baseline(&self, kind: Baseline) -> Vec<f32> {
        match kind {
            Baseline::Zero => vec![0.0; self.values.len()],
            Baseline::Mean => {
                let mean = |channel: usize| {
                    let sum: f64 = self.plane(channel).map(|(_, value)| f64::from(value)).sum();
                    (sum / self.pixels() as f64) as f32
                };
                self.by_channel(|channel| vec![mean(channel); self.pixels()])
            }
            Baseline::Blur => self.by_channel(|channel| {
                let plane: Vec<f32> = self.plane(channel).map(|(_, value)| value).collect();
                blurred(&plane, self.size)
            }),
        }
    }

    /// The picture where `mask` (one number a pixel, in rows from the top) is 1, `other` where it is 0, and in
    /// between a blend. Whole numbers are rounded, halves to even.
    pub fn blend(&self, mask: &[f32], other: &[f32]) -> Result<Tensor> {
        let mut blended = Vec::with_capacity(self.values.len());
        let mix = |((own, other), share): ((&f32, &f32), &f32)| own * share + other * (1.0 - share);
        match self.layout {
            Layout::Nchw => {
                let planes = self.values.chunks_exact(self.pixels()).zip(other.chunks_exact(self.pixels()));
                planes.for_each(|(own, other)| blended.extend(own.iter().zip(other).zip(mask).map(mix)));
            }
            Layout::Nhwc => {
                let shares = mask.iter().flat_map(|share| std::iter::repeat_n(share, self.channels));
                blended.extend(self.values.iter().zip(other).zip(shares).map(mix));
            }
        }
        self.tensor(blended)
    }

    /// Places in `values` of a channel, pixel by pixel, with what stands there.
    fn plane(&self, channel: usize) -> impl Iterator<Item = (usize, f32)> {
        let (layout, channels, pixels) = (self.layout, self.channels, self.pixels());
        (0..pixels).map(move |pixel| {
            let at = match layout {
                Layout::Nchw => channel * pixels + pixel,
                Layout::Nhwc => pixel * channels + channel,
            };
            (at, self.values[at])
        })
    }

    fn by_channel(&self, of: impl Fn(usize) -> Vec<f32>) -> Vec<f32> {
        let mut all = vec![0.0; self.values.len()];
        for channel in 0..self.channels {
            for ((at, _), value) in self.plane(channel).zip(of(channel)) {
                all[at] = value;
            }
        }
        all
    }

    fn tensor(&self, values: Vec<f32>) -> Result<Tensor> {
        let array = ArrayD::from_shape_vec(IxDyn(self.like.shape()), values)
            .map_err(|e| Error::new(Kind::Internal, "a masked picture has another size").because(e))?;
        let whole = |value: f32| value.round_ties_even();
        Ok(match self.like {
            Tensor::F32(_) => Tensor::F32(array),
            Tensor::F16(_) => Tensor::F16(array.mapv(f16::from_f32)),
            Tensor::U8(_) => Tensor::U8(array.mapv(|v| whole(v) as u8)),
            Tensor::I32(_) => Tensor::I32(array.mapv(|v| whole(v) as i32)),
            Tensor::I64(_) => Tensor::I64(array.mapv(|v| whole(v) as i64)),
        })
    }
}

/// A Gaussian along rows and along columns, cut off at two standard deviations, the edges repeated.
fn blurred(plane: &[f32], [width, height]: [usize; 2]) -> Vec<f32> {
    let sigma = (width.max(height) as f64 * BLUR).max(0.5);
    let reach = (2.0 * sigma).ceil() as usize;
    let weight = |at: usize| (-(at as f64 - reach as f64).powi(2) / (2.0 * sigma * sigma)).exp();
    let weights: Vec<f64> = (0..=2 * reach).map(weight).collect();
    let sum: f64 = weights.iter().sum();
    let kernel: Vec<f64> = weights.iter().map(|weight| weight / sum).collect();
    let along = |source: &[f64], length: usize, step: usize, lines: usize, between: usize| {
        let mut out = vec![0.0; source.len()];
        for line in 0..lines {
            for at in 0..length {
                let tap = |(k, weight): (usize, &f64)| {
                    let from = (at + k).saturating_sub(reach).min(length - 1);
                    source[line * between + from * step] * weight
                };
                out[line * between + at * step] = kernel.iter().enumerate().map(tap).sum();
            }
        }
        out
    };
    // In doubles, so that another program rounds whole numbers to the same.
    let plane: Vec<f64> = plane.iter().copied().map(f64::from).collect();
    let rows = along(&plane, width, 1, height, width);
    along(&rows, height, width, width, 1).into_iter().map(|value| value as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canvas(layout: Layout) -> Canvas {
        let shape = if layout == Layout::Nchw { [1, 2, 1, 2] } else { [1, 1, 2, 2] };
        let values = ArrayD::from_shape_vec(IxDyn(&shape), vec![10.0, 20.0, 30.0, 40.0]).unwrap();
        Canvas::new(&Tensor::F32(values), layout).unwrap()
    }

    #[test]
    fn both_layouts_mask_pixels_and_take_means_of_channels() {
        let of = |layout| {
            let canvas = canvas(layout);
            let mean = canvas.baseline(Baseline::Mean);
            let blended = canvas.blend(&[1.0, 0.25], &mean).unwrap();
            (mean, blended.to_f32().iter().copied().collect::<Vec<_>>())
        };
        // Channels (10, 20) and (30, 40): means 15 and 35; the second pixel is 20/4 + 15*3/4 and 40/4 + 35*3/4.
        assert_eq!(of(Layout::Nchw), (vec![15.0, 15.0, 35.0, 35.0], vec![10.0, 16.25, 30.0, 36.25]));
        // Channels (10, 30) and (20, 40).
        assert_eq!(of(Layout::Nhwc), (vec![20.0, 30.0, 20.0, 30.0], vec![10.0, 20.0, 22.5, 32.5]));
    }

    #[test]
    fn whole_numbers_are_rounded() {
        let values = ArrayD::from_shape_vec(IxDyn(&[1, 1, 1, 3]), vec![3u8, 5, 255]).unwrap();
        let canvas = Canvas::new(&Tensor::U8(values), Layout::Nchw).unwrap();
        let zero = canvas.baseline(Baseline::Zero);
        let Tensor::U8(blended) = canvas.blend(&[0.5, 0.5, 1.0], &zero).unwrap() else { panic!("u8") };
        assert_eq!(blended.iter().copied().collect::<Vec<_>>(), [2, 2, 255]);
    }

    #[test]
    fn a_blur_keeps_what_is_even_and_spreads_a_point_alike() {
        assert!(blurred(&[5.0; 12], [4, 3]).iter().all(|v| (v - 5.0).abs() < 1e-5));
        let mut point = vec![0.0; 64 * 64];
        point[32 * 64 + 32] = 1.0;
        let spread = blurred(&point, [64, 64]);
        // Standard deviation 2: the neighbour has exp(-1/8) of the middle, and all together are one.
        assert!((spread[32 * 64 + 33] / spread[32 * 64 + 32] - (-0.125f32).exp()).abs() < 1e-5);
        assert_eq!(spread[32 * 64 + 33], spread[33 * 64 + 32]);
        assert!((spread.iter().sum::<f32>() - 1.0).abs() < 1e-4);
    }
}
