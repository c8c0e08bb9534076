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
use crate::spec::{Colour, InputSpec, Interpolation, Layout};

/// A frame as a model wants it.
#[derive(Debug)]
pub struct Prepared {
    /// [1, 3, H, W] or [1, H, W, 3], as the spec's layout says.
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
    let mapping = Mapping::fit(frame, size, spec.resize);
    let content = resize(pixels, mapping.content, spec.interpolation)?;
    let canvas = pad(content, &mapping, spec.pad);
    let input = mapping.input;
    let tensor = match spec.element {
        ElementType::F32 => Tensor::F32(normalised(&canvas, spec, input, |v| v)?),
        ElementType::F16 => Tensor::F16(normalised(&canvas, spec, input, f16::from_f32)?),
        // Integer inputs take the pixels as they are; mean and std belong to float inputs.
        ElementType::U8 => Tensor::U8(arranged(&canvas, spec, input, |_, p| p)?),
        ElementType::I32 => Tensor::I32(arranged(&canvas, spec, input, |_, p| i32::from(p))?),
        ElementType::I64 => Tensor::I64(arranged(&canvas, spec, input, |_, p| i64::from(p))?),
    };
    Ok(Prepared { tensor, mapping })
}

/// Interleaved RGB of `to` = [width, height].
fn resize(pixels: &RgbImage, to: [u32; 2], interpolation: Interpolation) -> Result<Vec<u8>> {
    if [pixels.width(), pixels.height()] == to {
        return Ok(pixels.as_raw().clone());
    }
    if interpolation == Interpolation::Cv2Linear {
        return Ok(bilinear::bilinear(pixels, to));
    }
    let internal = |e: &dyn std::fmt::Display| Error::new(Kind::Internal, format!("resize: {e}"));
    let source = ImageRef::new(pixels.width(), pixels.height(), pixels.as_raw(), PixelType::U8x3)
        .map_err(|e| internal(&e))?;
    let mut target = Image::new(to[0], to[1], PixelType::U8x3);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
    RESIZER
        .with_borrow_mut(|resizer| resizer.resize(&source, &mut target, &options))
        .map_err(|e| internal(&e))?;
    Ok(target.into_vec())
}

/// The content on a canvas of the input's size.
fn pad(content: Vec<u8>, mapping: &Mapping, value: u8) -> Vec<u8> {
    let [width, height] = mapping.input.map(|v| v as usize);
    if mapping.content == mapping.input {
        return content;
    }
    let row = mapping.content[0] as usize * 3;
    let mut canvas = vec![value; width * height * 3];
    for (y, line) in content.chunks_exact(row).enumerate() {
        let start = ((y + mapping.offset[1] as usize) * width + mapping.offset[0] as usize) * 3;
        canvas[start..start + row].copy_from_slice(line);
    }
    canvas
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

/// Interleaved RGB in the layout and channel order of the spec; `value` maps a pixel of a channel
/// of the *model's* order.
fn arranged<T: Copy>(
    canvas: &[u8],
    spec: &InputSpec,
    size: [u32; 2],
    value: impl Fn(usize, u8) -> T,
) -> Result<ArrayD<T>> {
    let [width, height] = size.map(|v| v as usize);
    // Which RGB channel stands at each place of the model's order.
    let order = match spec.colour {
        Colour::Rgb => [0, 1, 2],
        Colour::Bgr => [2, 1, 0],
    };
    let mut data = Vec::with_capacity(canvas.len());
    let shape = match spec.layout {
        Layout::Nchw => {
            for (channel, &from) in order.iter().enumerate() {
                data.extend(canvas.chunks_exact(3).map(|rgb| value(channel, rgb[from])));
            }
            [1, 3, height, width]
        }
        Layout::Nhwc => {
            for rgb in canvas.chunks_exact(3) {
                data.extend(order.iter().enumerate().map(|(channel, &from)| value(channel, rgb[from])));
            }
            [1, height, width, 3]
        }
    };
    ArrayD::from_shape_vec(IxDyn(&shape), data)
        .map_err(|e| Error::new(Kind::Internal, "input tensor has another size than its shape").because(e))
}

#[cfg(test)]
mod tests;
