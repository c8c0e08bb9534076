//! Whether a description fits the header: said at load, before any input is read.

use crate::error::{Error, Kind, Result};
use crate::onnx::{Dim, Header, Value};
use crate::spec::{InputSpec, Layout, Resize, Spec};

/// Larger inputs need tiles; the tensor alone would have 800 MB.
const MAX_SIDE: u32 = 8192;

fn mismatch<T>(message: String) -> Result<T> {
    Err(Error::new(Kind::ModelMismatch, message))
}

/// # Errors
/// `ModelMismatch`: what was found, what the description says, and how to say otherwise. The
/// message does not name the model.
pub(super) fn fits(spec: &Spec, header: &Header) -> Result<()> {
    numbers(spec)?;
    size(&spec.input)?;
    let input = header.picture_input(spec.input.name.as_deref())?;
    element(&spec.input, input)?;
    match &input.shape {
        Some(shape) => axes(&spec.input, input, shape),
        // A model that leaves the rank open takes what it is given.
        None => Ok(()),
    }
}

fn numbers(spec: &Spec) -> Result<()> {
    for (key, value) in [("conf", spec.conf.unwrap_or_default()), ("iou", spec.iou)] {
        if !(0.0..=1.0).contains(&value) {
            return mismatch(format!("{key} = {value} in its description; expected 0 to 1"));
        }
    }
    if !spec.input.mean.iter().all(|v| v.is_finite()) {
        return mismatch(format!("mean = {:?} in its description; expected numbers", spec.input.mean));
    }
    if !spec.input.std.iter().all(|v| v.is_normal()) {
        let std = spec.input.std;
        return mismatch(format!("std = {std:?} in its description; expected numbers other than 0"));
    }
    Ok(())
}

fn size(spec: &InputSpec) -> Result<()> {
    let [width, height] = spec.size;
    if ![width, height].iter().all(|side| (1..=MAX_SIDE).contains(side)) {
        return mismatch(format!(
            "size = [{width}, {height}] in its description; expected width and height of 1 to {MAX_SIDE} pixels"
        ));
    }
    let fraction = spec.crop_fraction;
    if !(fraction > 0.05 && fraction <= 1.0) {
        return mismatch(format!("crop-fraction = {fraction} in its description; expected over 0.05 to 1"));
    }
    let multiple = spec.multiple_of;
    if multiple == 0 || width % multiple != 0 || height % multiple != 0 {
        return mismatch(format!(
            "size = [{width}, {height}] with multiple-of = {multiple} in its description; each side must be a multiple of it"
        ));
    }
    Ok(())
}

fn element(spec: &InputSpec, input: &Value) -> Result<()> {
    let Some(found) = input.element else {
        return mismatch(format!("input {:?} is not a tensor; pictures are given as one", input.name));
    };
    match found.supported() {
        None => mismatch(format!(
            "input {:?} takes {found}; supported are f32, f16, u8, i32 and i64: export it with one of these",
            input.name
        )),
        Some(supported) if supported != spec.element => mismatch(format!(
            "input {:?} takes {found}, its description says {}; write element = \"{found}\" under [input]",
            input.name,
            format!("{:?}", spec.element).to_lowercase()
        )),
        Some(_) => Ok(()),
    }
}

/// Batch 1 or open, the colour's channels, and the description's size wherever the header fixes one.
fn axes(spec: &InputSpec, input: &Value, shape: &[Dim]) -> Result<()> {
    let (order, layout) = match spec.layout {
        Layout::Nchw => ("[batch,channels,height,width]", "nchw"),
        Layout::Nhwc => ("[batch,height,width,channels]", "nhwc"),
    };
    let one = Dim::Fixed(1);
    let (batch, second, third, fourth) = match shape {
        [batch, second, third, fourth] => (batch, second, third, fourth),
        // torchvision's detectors take a picture without a batch axis.
        [second, third, fourth] => (&one, second, third, fourth),
        _ => return mismatch(format!("input {input} has {} axes; expected {order}", shape.len())),
    };
    let (channels, height, width) = match spec.layout {
        Layout::Nchw => (second, third, fourth),
        Layout::Nhwc => (fourth, second, third),
    };
    if batch.fixed().is_some_and(|n| n != 1) {
        return mismatch(format!(
            "input {input} takes exactly {batch} pictures at once; export it with a batch of 1 or an open one"
        ));
    }
    let wanted = spec.colour.channels();
    if channels.fixed().is_some_and(|n| n != wanted as i64) {
        return mismatch(format!(
            "input {input} has {channels} channels read as {order}; expected {wanted}: write the other layout than \"{layout}\" under [input] if the axes are in another order, colour = \"grey\" if it takes one channel"
        ));
    }
    let differs = |axis: &Dim, side: u32| axis.fixed().is_some_and(|n| n != i64::from(side));
    if differs(width, spec.size[0]) || differs(height, spec.size[1]) {
        return mismatch(format!(
            "input {input} takes {width}x{height} pixels, its description says {}x{}; write size = [{width}, {height}] under [input]",
            spec.size[0], spec.size[1]
        ));
    }
    if spec.resize.follows_picture() && !spec.dynamic_size {
        let resize = match spec.resize {
            Resize::Within => "within",
            Resize::WithinPadded => "within-padded",
            _ => "shortest-edge",
        };
        return mismatch(format!(
            "resize = \"{resize}\" in its description gives the model pictures of any size; write dynamic-size = true under [input], or resize = \"stretch\""
        ));
    }
    if spec.dynamic_size && (width.fixed().is_some() || height.fixed().is_some()) {
        return mismatch(format!(
            "input {input} has a fixed size, its description says dynamic-size = true; leave that out or export it with open sizes"
        ));
    }
    Ok(())
}
