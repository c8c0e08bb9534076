use super::*;
use crate::spec::Resize;
use image::Rgb;

fn spec(resize: Resize, colour: Colour, layout: Layout) -> InputSpec {
    InputSpec {
        size: [4, 4],
        layout,
        colour,
        resize,
        mean: [10.0, 20.0, 30.0],
        std: [2.0, 4.0, 5.0],
        ..InputSpec::default()
    }
}

#[test]
fn channels_and_normalisation_by_hand() {
    let picture = RgbImage::from_pixel(4, 4, Rgb([30, 60, 90]));
    let s = spec(Resize::Stretch, Colour::Bgr, Layout::Nchw);
    let prepared = prepare(&picture, [4, 4], &s, [4, 4]).unwrap();
    let tensor = prepared.tensor.as_f32("x").unwrap().to_owned();
    assert_eq!(tensor.shape(), [1, 3, 4, 4]);
    // BGR: (90-10)/2, (60-20)/4, (30-30)/5.
    assert_eq!([tensor[[0, 0, 0, 0]], tensor[[0, 1, 2, 3]], tensor[[0, 2, 3, 3]]], [40.0, 10.0, 0.0]);

    let s = spec(Resize::Stretch, Colour::Rgb, Layout::Nhwc);
    let tensor = prepare(&picture, [4, 4], &s, [4, 4]).unwrap().tensor.as_f32("x").unwrap().to_owned();
    assert_eq!(tensor.shape(), [1, 4, 4, 3]);
    // RGB: (30-10)/2, (60-20)/4, (90-30)/5.
    assert_eq!([tensor[[0, 0, 0, 0]], tensor[[0, 1, 1, 1]], tensor[[0, 3, 3, 2]]], [10.0, 10.0, 12.0]);
}

#[test]
fn letterbox_pads_with_the_pad_value() {
    let picture = RgbImage::from_pixel(8, 4, Rgb([0, 0, 0]));
    let s = InputSpec { mean: [0.0; 3], std: [1.0; 3], ..spec(Resize::Letterbox, Colour::Rgb, Layout::Nchw) };
    let tensor = prepare(&picture, [8, 4], &s, [4, 4]).unwrap().tensor.as_f32("x").unwrap().to_owned();
    let column: Vec<f32> = (0..4).map(|y| tensor[[0, 0, y, 0]]).collect();
    assert_eq!(column, [114.0, 0.0, 0.0, 114.0]);
}

#[test]
fn bilinear_takes_two_taps_as_cv2_does() {
    // cv2.resize of [0, 30, 60, 90, 120, 150] (1x6) to width 2 with INTER_LINEAR: centres at 1.0 and
    // 4.0 -> 30 and 120. An antialiasing filter would average three or more.
    let picture = RgbImage::from_fn(6, 1, |x, _| Rgb([(x * 30) as u8; 3]));
    let out = resize(&picture, [2, 1], Interpolation::Cv2Linear).unwrap();
    assert_eq!([out[0], out[3]], [30, 120]);
    // With a spike between the centres the difference shows: two taps miss it.
    let spike = RgbImage::from_fn(6, 1, |x, _| Rgb([if x == 2 { 255 } else { 0 }; 3]));
    let missed = resize(&spike, [2, 1], Interpolation::Cv2Linear).unwrap();
    let seen = resize(&spike, [2, 1], Interpolation::PilBilinear).unwrap();
    assert_eq!(missed[0], 0);
    assert!(seen[0] > 30, "antialiased: {seen:?}");
}
