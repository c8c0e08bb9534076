//! Whether a model gets its picture as bytes.

use std::sync::Arc;

use crate::engine::{ByteInput, Device, is_there};
use crate::error::{Error, Kind, Result};
use crate::models::Model;
use crate::onnx::bytes::{Normal, with_byte_input};
use crate::options::Upload;
use crate::spec::Layout;

/// What is asked for where a command's families prepare numbers themselves.
///
/// # Errors
/// `Usage` when bytes are asked for and the command has no use for them.
pub fn asked(asked: Upload, takes_bytes: bool) -> Result<Upload> {
    match asked {
        _ if takes_bytes => Ok(asked),
        Upload::U8 => Err(Error::usage("--upload u8: here pictures are given as numbers; leave it at auto")),
        _ => Ok(Upload::F32),
    }
}

/// The model that takes bytes, where `asked` and the device want one. With `auto` a model that cannot be given
/// bytes runs as it is, which `run.json` tells.
///
/// # Errors
/// `Usage` when bytes are asked for and the model cannot be given them.
pub fn byte_input(asked: Upload, device: Device, model: &Model) -> Result<Option<ByteInput>> {
    let of_use = match device {
        Device::Auto => is_there(),
        Device::Cuda(_) => true,
        Device::Cpu | Device::TensorRt(_) => false,
    };
    let anywhere = asked == Upload::U8;
    if asked == Upload::F32 || !(anywhere || of_use) {
        return Ok(None);
    }
    match written(model) {
        Ok(bytes) => Ok(Some(ByteInput { model: Arc::new(bytes), anywhere })),
        Err(error) if anywhere => {
            let message = format!("--upload u8: {}: {}; leave it at auto", model.spec.name, error.message);
            Err(Error::new(Kind::Usage, message))
        }
        Err(_) => Ok(None),
    }
}

fn written(model: &Model) -> Result<Vec<u8>> {
    let input = &model.spec.input;
    let picture = model.header.picture_input(input.name.as_deref())?;
    let channels = input.colour.channels();
    let normal = Normal {
        mean: input.mean.iter().take(channels).copied().collect(),
        std: input.std.iter().take(channels).copied().collect(),
        channels_last: input.layout == Layout::Nhwc,
    };
    with_byte_input(&model.bytes, &picture.name, &normal)
}

#[cfg(test)]
mod tests;
