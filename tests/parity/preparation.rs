//! The same picture in: our input tensor against the reference's own preparation.

use image::RgbImage;
use vision::engine::Tensor;
use vision::preprocess::prepare;
use vision::spec::{InputSpec, Layout};

use crate::case::{Case, Prepared};
use crate::{each, note};

/// Mean difference, as a part of the range of pixels (issue 4).
const MAX_MEAN: f64 = 1.0 / 255.0;

#[test]
fn input_tensors_are_those_of_the_reference() {
    let cases: Vec<Case> = Case::all().into_iter().filter(|case| case.prepared.is_some()).collect();
    each(&cases, |case| {
        let (Some(frame), Some(prepared)) = (case.frame(), &case.prepared) else {
            return Err("a preparation without a photo".to_owned());
        };
        if frame.size != case.frame {
            return Err(format!("the photo has {:?}, its case says {:?}", frame.size, case.frame));
        }
        let spec = case.spec()?;
        // The element type says how numbers are stored, not which.
        let input = InputSpec { element: vision::engine::ElementType::F32, ..spec.input.clone() };
        let ours = prepare(&frame.pixels, frame.size, &input, prepared.size).map_err(|e| e.to_string())?;
        let Tensor::F32(tensor) = &ours.tensor else { return Err("not f32".to_owned()) };
        let picture = image::open(case.folder.join("prepared.png")).expect("prepared.png").into_rgb8();
        let mean = mean_difference(tensor, &picture, prepared, input.layout)?;
        note(case, "preparation", serde_json::json!({ "mean": mean }));
        if mean <= MAX_MEAN { Ok(()) } else { Err(format!("mean difference {mean}, at most {MAX_MEAN}")) }
    });
}

/// The mean over all numbers of the tensor, as a part of the range that pixels have in it. `picture`
/// is in the channel order of the reference's tensor.
fn mean_difference(
    tensor: &ndarray::ArrayD<f32>,
    picture: &RgbImage,
    reference: &Prepared,
    layout: Layout,
) -> Result<f64, String> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let shape = match layout {
        Layout::Nchw => [1, 3, height, width],
        Layout::Nhwc => [1, height, width, 3],
    };
    if tensor.shape() != shape {
        return Err(format!("our tensor is {:?}, the reference's {shape:?}", tensor.shape()));
    }
    let mut sum = 0.0;
    for (x, y, pixel) in picture.enumerate_pixels() {
        for channel in 0..3 {
            let (mean, std) = (reference.mean[channel], reference.std[channel]);
            let expected = (f32::from(pixel.0[channel]) - mean) / std;
            let own = match layout {
                Layout::Nchw => tensor[[0, channel, y as usize, x as usize]],
                Layout::Nhwc => tensor[[0, y as usize, x as usize, channel]],
            };
            sum += f64::from((own - expected).abs() * std / 255.0);
        }
    }
    Ok(sum / (width * height * 3) as f64)
}
