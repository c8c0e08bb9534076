use super::*;
use crate::spec::Resize;
use image::Rgb;

/// Interleaved content within the input.
fn resize(pixels: &RgbImage, to: &Mapping, interpolation: Interpolation) -> Result<Vec<u8>> {
    let mut source = Source::of(pixels, to, interpolation)?;
    let [width, height] = shown(to).map(|v| v as usize);
    let mut planes: Planes = std::array::from_fn(|_| vec![0; width]);
    let mut all = Vec::new();
    for y in 0..height {
        source.row(y, &mut planes);
        all.extend((0..width).flat_map(|x| [planes[0][x], planes[1][x], planes[2][x]]));
    }
    Ok(all)
}

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
    let to = Mapping::fit([6, 1], [2, 1], Resize::Stretch);
    let out = resize(&picture, &to, Interpolation::Cv2Linear).unwrap();
    assert_eq!([out[0], out[3]], [30, 120]);
    // With a spike between the centres the difference shows: two taps miss it.
    let spike = RgbImage::from_fn(6, 1, |x, _| Rgb([if x == 2 { 255 } else { 0 }; 3]));
    let missed = resize(&spike, &to, Interpolation::Cv2Linear).unwrap();
    let seen = resize(&spike, &to, Interpolation::PilBilinear).unwrap();
    assert_eq!(missed[0], 0);
    assert!(seen[0] > 30, "antialiased: {seen:?}");
}

/// What Pillow 13 gives for `pattern` resized to 16 x 10 and cropped to its centre of 8 x 8, red channel:
/// `resize((16, 10), filter).crop((4, 1, 12, 9))`.
const PIL_BILINEAR: [u8; 64] = [
    104, 143, 132, 134, 154, 153, 145, 111, 122, 108, 136, 126, 102, 98, 94, 130, 149, 117, 120, 150, 125,
    109, 126, 119, 145, 110, 138, 123, 157, 148, 152, 134, 143, 126, 115, 122, 112, 142, 127, 126, 105, 150,
    140, 149, 112, 99, 118, 151, 95, 134, 119, 134, 150, 137, 153, 127, 111, 134, 144, 126, 128, 137, 111,
    118,
];
const PIL_BICUBIC: [u8; 64] = [
    96, 147, 134, 131, 163, 160, 144, 108, 122, 106, 141, 122, 94, 95, 87, 140, 157, 118, 118, 156, 121, 104,
    134, 118, 149, 105, 144, 121, 162, 153, 163, 132, 146, 125, 109, 123, 106, 147, 126, 116, 101, 154, 141,
    157, 108, 91, 113, 156, 86, 135, 112, 131, 162, 140, 157, 125, 107, 135, 152, 121, 129, 141, 106, 122,
];

fn pattern() -> RgbImage {
    RgbImage::from_fn(37, 23, |x, y| {
        Rgb([x * x * 3 + y * 17, x * 29 + y * y, x * y * 7].map(|v| (v % 256) as u8))
    })
}

#[test]
fn a_centre_crop_is_that_of_pil() {
    let to = Mapping::centre_crop([37, 23], [8, 8], 0.8);
    assert_eq!((to.content, to.offset), ([16, 10], [-4, -1]));
    for (interpolation, expected) in
        [(Interpolation::PilBilinear, PIL_BILINEAR), (Interpolation::PilBicubic, PIL_BICUBIC)]
    {
        let out = resize(&pattern(), &to, interpolation).unwrap();
        let red: Vec<u8> = out.chunks_exact(3).map(|rgb| rgb[0]).collect();
        let worst = red.iter().zip(expected).map(|(a, b)| a.abs_diff(b)).max();
        assert!(red.len() == 64 && worst <= Some(1), "{interpolation:?}: {red:?}");
    }
}

#[test]
fn a_sliver_is_cropped_without_its_gigabytes() {
    let sliver = RgbImage::from_pixel(2, 60_000, Rgb([9, 9, 9]));
    let s = InputSpec { size: [224, 224], ..spec(Resize::CentreCrop, Colour::Rgb, Layout::Nchw) };
    let prepared = prepare(&sliver, [2, 60_000], &s, [224, 224]).unwrap();
    assert_eq!(prepared.tensor.as_f32("x").unwrap().shape(), [1, 3, 224, 224]);
}

#[test]
fn grey_is_that_of_pil() {
    // PIL's convert("L") of the pattern's first eight pixels.
    let pattern = pattern();
    let mut row: Planes = std::array::from_fn(|c| (0..8).map(|x| pattern.get_pixel(x, 0)[c]).collect());
    grey(&mut row);
    assert_eq!(row[0], [0, 18, 38, 59, 82, 108, 134, 163]);
    let s = spec(Resize::Stretch, Colour::Grey, Layout::Nchw);
    let picture = RgbImage::from_pixel(4, 4, Rgb([30, 30, 30]));
    let tensor = prepare(&picture, [4, 4], &s, [4, 4]).unwrap().tensor.as_f32("x").unwrap().to_owned();
    assert_eq!((tensor.shape(), tensor[[0, 0, 3, 3]]), (&[1, 1, 4, 4][..], 10.0));
}
