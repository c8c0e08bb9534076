//! JPEG XL through jxl-oxide.

use jxl_oxide::JxlImage;

use super::{Fault, Shape, agree};
use crate::source::dicom::description::Description;
use crate::source::dicom::samples::Samples;

pub fn decode(bytes: &[u8], described: &Description) -> Result<Samples, Fault> {
    // What the decoder may take: a few planes of numbers of 32 bits, more than once.
    let budget = described.count().saturating_mul(64).saturating_add(64 << 20);
    let tracker = jxl_oxide::AllocTracker::with_limit(budget);
    let mut image = JxlImage::builder().alloc_tracker(tracker).build_uninit();
    image.feed_bytes(bytes).map_err(Fault::corrupt)?;
    let image = match image.try_init().map_err(Fault::corrupt)? {
        jxl_oxide::InitializeResult::Initialized(image) => image,
        jxl_oxide::InitializeResult::NeedMoreData(_) => {
            return Err(Fault::Cut("its stream ends within its header".into()));
        }
    };
    let metadata = &image.image_header().metadata;
    let (bits, float) = match metadata.bit_depth {
        jxl_oxide::image::BitDepth::IntegerSample { bits_per_sample } => (bits_per_sample, false),
        jxl_oxide::image::BitDepth::FloatSample { bits_per_sample, .. } => (bits_per_sample, true),
    };
    let format = image.pixel_format();
    if float || format.has_alpha() || format.has_black() || metadata.orientation != 1 {
        return Err(Fault::refused(
            "its stream has floating-point numbers, transparency, black or a rotation",
        ));
    }
    let components = format.channels();
    agree(Shape { width: image.width(), height: image.height(), components, bits }, described)?;
    if !image.is_loading_done() {
        return Err(Fault::Cut("its stream ends early".into()));
    }
    if image.num_loaded_keyframes() != 1 {
        return Err(Fault::refused("its stream is an animation"));
    }
    let rendered = image.render_frame(0).map_err(Fault::corrupt)?.image_all_channels();
    let most = ((1u64 << bits) - 1) as f32;
    // Up to 16 bits a number of 32 bits is exact.
    if bits > 16 {
        return Err(Fault::refused("its stream has more than 16 bits a sample"));
    }
    let values = rendered.buf().iter().map(|v| (v * most).round().clamp(0.0, most) as i32).collect();
    super::samples(values, bits, described)
}
