//! From frame to input tensor: resize, pad, channel order, normalise, layout.

mod bilinear;
mod mapping;

use std::cell::RefCell;

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use half::f16;
use image::RgbImage;
use ndarray::{ArrayD, IxDyn};

pub use mapping::Mapping;

use crate::engine::{ElementType, Tensor};
use crate::error::{Error, Kind, Result};
use crate::spec::{Colour, InputSpec, Interpolation, Layout, Resize};

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
    let mapping = match spec.resize {
        Resize::CentreCrop => Mapping::centre_crop(frame, size, spec.crop_fraction),
        other => Mapping::fit(frame, size, other),
    };
    Ok(Prepared { tensor: onto(pixels, &mapping, spec)?, mapping })
}

/// `pixels` as they lie in a model's input by `mapping`: scaled, padded, normalised.
pub fn onto(pixels: &RgbImage, mapping: &Mapping, spec: &InputSpec) -> Result<Tensor> {
    let content = resize(pixels, mapping, spec.interpolation)?;
    let canvas = pad(content, mapping, spec.pad);
    let canvas = if spec.colour == Colour::Grey { grey(&canvas) } else { canvas };
    let input = mapping.input;
    Ok(match spec.element {
        ElementType::F32 => Tensor::F32(normalised(&canvas, spec, input, |v| v)?),
        ElementType::F16 => Tensor::F16(normalised(&canvas, spec, input, f16::from_f32)?),
        // Integer inputs take the pixels as they are; mean and std belong to float inputs.
        ElementType::U8 => Tensor::U8(arranged(&canvas, spec, input, |_, p| p)?),
        ElementType::I32 => Tensor::I32(arranged(&canvas, spec, input, |_, p| i32::from(p))?),
        ElementType::I64 => Tensor::I64(arranged(&canvas, spec, input, |_, p| i64::from(p))?),
    })
}

/// Interleaved RGB of `pixels` scaled to `size` = [width, height] as cv2.INTER_LINEAR does, to the bit.
pub fn cv2_linear(pixels: &RgbImage, size: [u32; 2]) -> Vec<u8> {
    if [pixels.width(), pixels.height()] == size {
        return pixels.as_raw().clone();
    }
    bilinear::bilinear(pixels, size, [0, 0], size)
}

/// Interleaved RGB of the part of the content that lies within the input.
fn resize(pixels: &RgbImage, mapping: &Mapping, interpolation: Interpolation) -> Result<Vec<u8>> {
    let to = shown(mapping);
    if [pixels.width(), pixels.height()] == mapping.content && to == mapping.content {
        return Ok(pixels.as_raw().clone());
    }
    let filter = match interpolation {
        Interpolation::Cv2Linear => {
            let from = mapping.offset.map(|offset| (-i64::from(offset)).max(0) as u32);
            return Ok(bilinear::bilinear(pixels, mapping.content, from, to));
        }
        Interpolation::PilBilinear => FilterType::Bilinear,
        // PIL's bicubic has a = -0.5, which is Catmull and Rom's.
        Interpolation::PilBicubic => FilterType::CatmullRom,
    };
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

/// What is shown of the content on a canvas of the input's size.
fn pad(content: Vec<u8>, mapping: &Mapping, value: u8) -> Vec<u8> {
    let [width, height] = mapping.input.map(|v| v as usize);
    let shown = shown(mapping);
    if shown == mapping.input {
        return content;
    }
    let row = shown[0] as usize * 3;
    let [left, top] = mapping.offset.map(|offset| offset.max(0) as usize);
    let mut canvas = vec![value; width * height * 3];
    for (y, line) in content.chunks_exact(row).enumerate() {
        let start = ((y + top) * width + left) * 3;
        canvas[start..start + row].copy_from_slice(line);
    }
    canvas
}

/// One channel, with the weights and the rounding of PIL's `convert("L")`.
fn grey(canvas: &[u8]) -> Vec<u8> {
    let weighted = |rgb: &[u8]| {
        let [r, g, b] = [rgb[0], rgb[1], rgb[2]].map(u32::from);
        ((r * 19_595 + g * 38_470 + b * 7_471 + 0x8000) >> 16) as u8
    };
    canvas.chunks_exact(3).map(weighted).collect()
}

/// (pixel - mean) / std by a table of 256 values per channel.
fn normalised<T: Copy>(
    canvas: &[u8],
    spec: &InputSpec,
    size: [u32; 2],
    convert: impl Fn(f32) -> T,
) -> Result<ArrayD<T>> {
    let table: [[T; 256]; 3] = std::array::from_fn(|channel| {
        std::array::from_fn(|pixel| convert((pixel as f32 - spec.mean[channel]) / spec.std[channel]))
    });
    arranged(canvas, spec, size, |channel, pixel| table[channel][usize::from(pixel)])
}

/// Interleaved pixels in the layout and channel order of the spec; `value` maps a pixel of a channel
/// of the *model's* order.
fn arranged<T: Copy>(
    canvas: &[u8],
    spec: &InputSpec,
    size: [u32; 2],
    value: impl Fn(usize, u8) -> T,
) -> Result<ArrayD<T>> {
    let [width, height] = size.map(|v| v as usize);
    // Which RGB channel stands at each place of the model's order.
    let order: &[usize] = match spec.colour {
        Colour::Rgb => &[0, 1, 2],
        Colour::Bgr => &[2, 1, 0],
        Colour::Grey => &[0],
    };
    let channels = order.len();
    let mut data = Vec::with_capacity(canvas.len());
    let shape = match spec.layout {
        Layout::Nchw => {
            for (channel, &from) in order.iter().enumerate() {
                data.extend(canvas.chunks_exact(channels).map(|pixel| value(channel, pixel[from])));
            }
            [1, channels, height, width]
        }
        Layout::Nhwc => {
            for pixel in canvas.chunks_exact(channels) {
                data.extend(order.iter().enumerate().map(|(channel, &from)| value(channel, pixel[from])));
            }
            [1, height, width, channels]
        }
    };
    ArrayD::from_shape_vec(IxDyn(&shape), data)
        .map_err(|e| Error::new(Kind::Internal, "input tensor has another size than its shape").because(e))
}

#[cfg(test)]
mod tests;
