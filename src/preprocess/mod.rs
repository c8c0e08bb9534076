//! From frame to input tensor: resize, pad, channel order, normalise, layout.

mod bilinear;
mod mapping;
mod view;

use std::cell::RefCell;

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use half::f16;
use image::RgbImage;
use ndarray::{ArrayD, IxDyn};

pub use mapping::Mapping;
pub use view::View;

use crate::engine::{ElementType, Tensor};
use crate::error::{Error, Kind, Result};
use crate::spec::{Colour, InputSpec, Interpolation, Layout};

/// A frame as a model wants it.
#[derive(Debug)]
pub struct Prepared {
    /// [1, C, H, W] or [1, H, W, C], as the spec's layout says; C is 3, or 1 for grey.
    pub tensor: Tensor,
    pub mapping: Mapping,
}

thread_local! {
    // Holds the resizer's row buffers, so that they are not allocated for each picture.
    static RESIZER: RefCell<Resizer> = RefCell::new(Resizer::new());
}

/// Prepares `pixels`, a picture of `frame` = [width, height] (larger than `pixels` where the
/// decoder scaled down), for an input of `size` = [width, height].
pub fn prepare(pixels: &RgbImage, frame: [u32; 2], spec: &InputSpec, size: [u32; 2]) -> Result<Prepared> {
    let mapping = spec.view(size).mapping(frame);
    Ok(Prepared { tensor: onto(pixels, &mapping, spec)?, mapping })
}

/// `pixels` as they lie in a model's input by `mapping`: scaled, padded, normalised.
pub fn onto(pixels: &RgbImage, mapping: &Mapping, spec: &InputSpec) -> Result<Tensor> {
    let source = Source::of(pixels, mapping, spec.interpolation)?;
    let (mean, std) = (spec.mean, spec.std);
    let normal = move |channel: usize, pixel: u8| (f32::from(pixel) - mean[channel]) / std[channel];
    Ok(match spec.element {
        ElementType::F32 => Tensor::F32(fill(source, mapping, spec, normal)?),
        ElementType::F16 => {
            // Rounding to half precision is slow where the processor cannot; there are only 256 of each.
            let halves: [[f16; 256]; 3] = std::array::from_fn(|channel| {
                std::array::from_fn(|pixel| f16::from_f32(normal(channel, pixel as u8)))
            });
            Tensor::F16(fill(source, mapping, spec, |channel, pixel| halves[channel][usize::from(pixel)])?)
        }
        // Integer inputs take the pixels as they are; mean and std belong to float inputs.
        ElementType::U8 => Tensor::U8(fill(source, mapping, spec, |_, p| p)?),
        ElementType::I32 => Tensor::I32(fill(source, mapping, spec, |_, p| i32::from(p))?),
        ElementType::I64 => Tensor::I64(fill(source, mapping, spec, |_, p| i64::from(p))?),
    })
}

/// Interleaved RGB of `pixels` scaled to `size` = [width, height] as cv2.INTER_LINEAR does, to the bit.
pub fn cv2_linear(pixels: &RgbImage, size: [u32; 2]) -> Vec<u8> {
    if [pixels.width(), pixels.height()] == size {
        return pixels.as_raw().clone();
    }
    let [width, height] = size.map(|side| side as usize);
    let mut scaler = bilinear::Scaler::new(pixels, size, [0, 0], size);
    let mut planes: Planes = std::array::from_fn(|_| vec![0; width]);
    let mut scaled = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        scaler.row(y, &mut planes);
        let [red, green, blue] = &planes;
        scaled.extend(red.iter().zip(green).zip(blue).flat_map(|((red, green), blue)| [*red, *green, *blue]));
    }
    scaled
}

/// A row of content, a plane a channel: red, green, blue.
type Planes = [Vec<u8>; 3];

/// The content row by row.
enum Source<'a> {
    /// Scaled while it is read.
    Scaled(Box<bilinear::Scaler<'a>>),
    /// Interleaved RGB of the size wanted.
    Whole(std::borrow::Cow<'a, [u8]>),
}

impl<'a> Source<'a> {
    /// The part of the content that lies within the input.
    fn of(pixels: &'a RgbImage, mapping: &Mapping, interpolation: Interpolation) -> Result<Self> {
        let to = shown(mapping);
        if [pixels.width(), pixels.height()] == mapping.content && to == mapping.content {
            return Ok(Self::Whole(pixels.as_raw().into()));
        }
        let filter = match interpolation {
            Interpolation::Cv2Linear => {
                let from = mapping.offset.map(|offset| (-i64::from(offset)).max(0) as u32);
                let scaler = bilinear::Scaler::new(pixels, mapping.content, from, to);
                return Ok(Self::Scaled(Box::new(scaler)));
            }
            Interpolation::PilBilinear => FilterType::Bilinear,
            // PIL's bicubic has a = -0.5, which is Catmull and Rom's.
            Interpolation::PilBicubic => FilterType::CatmullRom,
        };
        Ok(Self::Whole(convolved(pixels, mapping, filter)?.into()))
    }

    fn row(&mut self, y: usize, out: &mut Planes) {
        match self {
            Self::Scaled(scaler) => scaler.row(y, out),
            Self::Whole(pixels) => {
                let [red, green, blue] = out;
                let width = red.len() * 3;
                let row = pixels[y * width..(y + 1) * width].as_chunks::<3>().0;
                for (((red, green), blue), pixel) in red.iter_mut().zip(green).zip(blue).zip(row) {
                    [*red, *green, *blue] = *pixel;
                }
            }
        }
    }
}

/// What PIL's antialiasing filters give, interleaved.
fn convolved(pixels: &RgbImage, mapping: &Mapping, filter: FilterType) -> Result<Vec<u8>> {
    let to = shown(mapping);
    let internal = |e: &dyn std::fmt::Display| Error::new(Kind::Internal, format!("resize: {e}"));
    let source = ImageRef::new(pixels.width(), pixels.height(), pixels.as_raw(), PixelType::U8x3)
        .map_err(|e| internal(&e))?;
    let mut target = Image::new(to[0], to[1], PixelType::U8x3);
    let mut options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter));
    if to != mapping.content {
        // Only what is kept is computed: all of a sliver's content may be gigabytes.
        let scale = |axis: usize, size: u32| f64::from(size) / f64::from(mapping.content[axis]);
        let (x, y) = (scale(0, pixels.width()), scale(1, pixels.height()));
        let [left, top] = mapping.offset.map(|offset| f64::from(-offset.min(0)));
        let (width, height) = (f64::from(to[0]) * x, f64::from(to[1]) * y);
        // Within the picture whatever the rounding.
        let left = (left * x).min(f64::from(pixels.width()) - width).max(0.0);
        let top = (top * y).min(f64::from(pixels.height()) - height).max(0.0);
        options = options.crop(left, top, width, height);
    }
    RESIZER
        .with_borrow_mut(|resizer| resizer.resize(&source, &mut target, &options))
        .map_err(|e| internal(&e))?;
    Ok(target.into_vec())
}

/// Width and height of the content within the input.
fn shown(mapping: &Mapping) -> [u32; 2] {
    [mapping.content[0].min(mapping.input[0]), mapping.content[1].min(mapping.input[1])]
}

/// One channel, with the weights and the rounding of PIL's `convert("L")`; it takes red's place.
fn grey([red, green, blue]: &mut Planes) {
    for ((red, green), blue) in red.iter_mut().zip(green).zip(blue) {
        let [r, g, b] = [*red, *green, *blue].map(u32::from);
        *red = ((r * 19_595 + g * 38_470 + b * 7_471 + 0x8000) >> 16) as u8;
    }
}

/// Writes the content into a padded tensor, in the layout and the channel order of the spec, in one pass: a row
/// stays in the cache from the source to the tensor. `value` maps a pixel of a channel of the *model's* order.
fn fill<T: Copy>(
    mut source: Source,
    mapping: &Mapping,
    spec: &InputSpec,
    value: impl Fn(usize, u8) -> T,
) -> Result<ArrayD<T>> {
    let [width, height] = mapping.input.map(|v| v as usize);
    let [columns, rows] = shown(mapping).map(|v| v as usize);
    let [left, top] = mapping.offset.map(|offset| offset.max(0) as usize);
    // Which plane stands at each place of the model's order.
    let order: &[usize] = match spec.colour {
        Colour::Rgb => &[0, 1, 2],
        Colour::Bgr => &[2, 1, 0],
        Colour::Grey => &[0],
    };
    let channels = order.len();
    let mut data = Vec::with_capacity(width * height * channels);
    let shape = match spec.layout {
        Layout::Nchw => {
            (0..channels).for_each(|c| data.resize((c + 1) * width * height, value(c, spec.pad)));
            [1, channels, height, width]
        }
        Layout::Nhwc => {
            data.extend((0..width * height).flat_map(|_| (0..channels).map(|c| value(c, spec.pad))));
            [1, height, width, channels]
        }
    };
    let mut planes: Planes = std::array::from_fn(|_| vec![0; columns]);
    for y in 0..rows {
        source.row(y, &mut planes);
        if spec.colour == Colour::Grey {
            grey(&mut planes);
        }
        for (channel, &from) in order.iter().enumerate() {
            let row = planes[from].iter();
            match spec.layout {
                Layout::Nchw => {
                    let start = (channel * height + top + y) * width + left;
                    let out = data[start..start + columns].iter_mut();
                    out.zip(row).for_each(|(out, pixel)| *out = value(channel, *pixel));
                }
                Layout::Nhwc => {
                    let start = ((top + y) * width + left) * channels;
                    let out = data[start..start + columns * channels].chunks_exact_mut(channels);
                    out.zip(row).for_each(|(out, pixel)| out[channel] = value(channel, *pixel));
                }
            }
        }
    }
    ArrayD::from_shape_vec(IxDyn(&shape), data)
        .map_err(|e| Error::new(Kind::Internal, "input tensor has another size than its shape").because(e))
}

#[cfg(test)]
mod tests;
