//! What printers, scanners and phones do to a page on its way back.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::RgbImage;
use image::imageops;

use super::random::Random;

/// How bad it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Harm {
    /// A feeder scanner that is in order: a degree askew, a few grey levels of noise.
    Light,
    /// Scanners and phones as they are: up to three degrees, perspective, shadows, folds, 100 to 300 dpi.
    Standard,
    /// What should be scanned again.
    Heavy,
}

impl Harm {
    fn factor(self) -> f32 {
        match self {
            Self::Light => 0.35,
            Self::Standard => 1.0,
            Self::Heavy => 1.8,
        }
    }
}

/// One way of coming back; lengths in millimetres.
#[derive(Debug, Clone)]
pub struct Way {
    pub dpi: f32,
    pub jpeg_quality: u8,
    phone: bool,
    upside_down: bool,
    angle: f32,
    shift: [f32; 2],
    stretch: [f32; 2],
    /// How fast things grow smaller to the right and downwards, in shares of a page.
    vanish: [f32; 2],
    /// Height of a wave in the paper.
    curl: f32,
    /// Where the fold is, and how much darker it is there.
    fold: Option<(f32, f32)>,
    /// Brightness lost from one edge to the other, and in which direction.
    shadow: (f32, f32),
    white: [f32; 3],
    contrast: f32,
    /// Standard deviation in pixels, and of noise in grey levels.
    blur: f32,
    noise: f32,
    grey: bool,
}

impl Way {
    /// One of the ways of `harm`.
    pub fn new(harm: Harm, random: &mut Random) -> Self {
        let f = harm.factor();
        let phone = harm != Harm::Light && random.chance(0.35);
        let dpis: &[f32] =
            if harm == Harm::Light { &[150.0, 200.0, 300.0] } else { &[100.0, 120.0, 150.0, 200.0, 300.0] };
        let dpi = random.pick(dpis).copied().unwrap_or(150.0);
        let tilt = if phone { 0.05 * f } else { 0.0 };
        let warm = if phone { random.between(-0.08, 0.08) * f } else { random.between(-0.02, 0.02) };
        Self {
            dpi,
            jpeg_quality: (90.0 - random.between(0.0, 25.0) * f).max(30.0) as u8,
            phone,
            upside_down: random.chance(0.1 * f.min(1.0)),
            angle: random.between(-3.0, 3.0) * f,
            shift: [0, 1].map(|_| random.between(-3.0, 3.0) * f),
            stretch: [0, 1].map(|_| 1.0 + random.between(-0.012, 0.012) * f),
            vanish: [0, 1].map(|_| random.between(-tilt, tilt)),
            curl: if phone { random.between(0.0, 0.7) * f } else { 0.0 },
            fold: random.chance(0.25 * f).then(|| (random.between(0.25, 0.75), random.between(0.08, 0.3))),
            shadow: (
                random.between(0.0, if phone { 0.4 } else { 0.06 }) * f.min(1.4),
                random.between(0.0, std::f32::consts::TAU),
            ),
            white: [1.0 + warm, 1.0, 1.0 - warm],
            contrast: random.between(0.8, 1.0),
            blur: random.between(0.2, 0.9) * f,
            noise: random.between(1.0, 7.0) * f,
            grey: random.chance(0.35),
        }
    }

    /// For people who look at one: `150 dpi, phone, 2.1°`.
    pub fn describe(&self) -> String {
        let kind = if self.phone { "phone" } else { "scanner" };
        let fold = if self.fold.is_some() { ", folded" } else { "" };
        let turned = if self.upside_down { ", upside down" } else { "" };
        format!("{:.0} dpi {kind} {:+.1} degrees{fold}{turned}", self.dpi, self.angle)
    }

    /// The picture of `paper`, which has `per_mm` pixels a millimetre.
    pub fn picture(&self, paper: &RgbImage, per_mm: f32, random: &mut Random) -> RgbImage {
        let size = [paper.width() as f32 / per_mm, paper.height() as f32 / per_mm];
        let edge = if self.phone { 12.0 } else { 0.0 };
        let scale = self.dpi / 25.4;
        let out = [0, 1].map(|a| ((size[a] + 2.0 * edge) * scale).round() as u32);
        // Scaled down by averaging first, as a scanner's sensor does.
        let coarse = (per_mm / scale).max(1.0);
        let reduced = (coarse > 1.05).then(|| reduced(paper, coarse)).flatten();
        let source = reduced.as_ref().unwrap_or(paper);
        let source_per_mm = source.width() as f32 / size[0];
        let mut seen = RgbImage::new(out[0], out[1]);
        for (x, y, pixel) in seen.enumerate_pixels_mut() {
            let at = [(x as f32 + 0.5) / scale - edge, (y as f32 + 0.5) / scale - edge];
            let on_paper = self.inverse(at, size);
            let light = self.light(at, size);
            let colour = bilinear(source, on_paper.map(|v| v * source_per_mm - 0.5));
            pixel.0 = self.exposed(colour, light);
        }
        let mut seen = if self.blur > 0.3 { imageops::fast_blur(&seen, self.blur) } else { seen };
        self.grain(&mut seen, random);
        seen
    }

    /// From the picture to the paper.
    fn inverse(&self, at: [f32; 2], size: [f32; 2]) -> [f32; 2] {
        let flip = if self.upside_down { -1.0 } else { 1.0 };
        let centre = [size[0] / 2.0, size[1] / 2.0];
        let [mut x, mut y] = [at[0] - centre[0] - self.shift[0], at[1] - centre[1] - self.shift[1]];
        let depth = 1.0 + self.vanish[0] * x / size[0] + self.vanish[1] * y / size[1];
        (x, y) = (x / depth * self.stretch[0] * flip, y / depth * self.stretch[1] * flip);
        let (sin, cos) = self.angle.to_radians().sin_cos();
        (x, y) = (x * cos - y * sin, x * sin + y * cos);
        y += self.curl * (x / size[0] * 5.0).sin();
        if let Some((place, dark)) = self.fold {
            // Paper that was folded does not lie flat: below the fold things are nearer by a trifle.
            let beyond = (y / size[1] + 0.5 - place).max(0.0);
            y += beyond * dark * 4.0;
        }
        [x + centre[0], y + centre[1]]
    }

    /// 1 is full light.
    fn light(&self, at: [f32; 2], size: [f32; 2]) -> f32 {
        let (lost, direction) = self.shadow;
        let along = (at[0] / size[0] - 0.5) * direction.cos() + (at[1] / size[1] - 0.5) * direction.sin();
        let mut light = 1.0 - lost * (along + 0.7).clamp(0.0, 1.4) / 1.4;
        if let Some((place, dark)) = self.fold {
            let off = (at[1] / size[1] - place) * size[1];
            light *= 1.0 - dark * (-off * off / 0.5).exp();
        }
        light
    }

    fn exposed(&self, colour: [f32; 3], light: f32) -> [u8; 3] {
        let mut out = [0, 1, 2].map(|c| {
            let v = 255.0 - (255.0 - colour[c]) * self.contrast;
            v * light * self.white[c]
        });
        if self.grey {
            // Luma of ITU-R BT.601.
            out = [0.299 * out[0] + 0.587 * out[1] + 0.114 * out[2]; 3];
        }
        out.map(|v| v.round().clamp(0.0, 255.0) as u8)
    }

    fn grain(&self, seen: &mut RgbImage, random: &mut Random) {
        for pixel in seen.pixels_mut() {
            // Two even numbers: a triangle, near enough to a bell and cheap.
            let noise = (random.unit() + random.unit() - 1.0) * self.noise * 2.45;
            for channel in &mut pixel.0 {
                *channel = (f32::from(*channel) + noise).round().clamp(0.0, 255.0) as u8;
            }
        }
    }
}

/// `paper` with sides of one `times`th, each pixel an average; `None` where that leaves nothing.
fn reduced(paper: &RgbImage, times: f32) -> Option<RgbImage> {
    let [width, height] = [paper.width(), paper.height()].map(|side| (side as f32 / times).round() as u32);
    let source = ImageRef::new(paper.width(), paper.height(), paper.as_raw(), PixelType::U8x3).ok()?;
    let mut target = Image::new(width, height, PixelType::U8x3);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Box));
    Resizer::new().resize(&source, &mut target, &options).ok()?;
    RgbImage::from_raw(width, height, target.into_vec())
}

/// What lies beyond the paper: a table, or the lid of a scanner.
const TABLE: [f32; 3] = [92.0, 74.0, 60.0];

fn bilinear(image: &RgbImage, [x, y]: [f32; 2]) -> [f32; 3] {
    let (x0, y0) = (x.floor(), y.floor());
    let (fx, fy) = (x - x0, y - y0);
    let pixel = |dx: i64, dy: i64| {
        let (x, y) = (x0 as i64 + dx, y0 as i64 + dy);
        let inside = x >= 0 && y >= 0 && x < i64::from(image.width()) && y < i64::from(image.height());
        if inside { image.get_pixel(x as u32, y as u32).0.map(f32::from) } else { TABLE }
    };
    let corners = [pixel(0, 0), pixel(1, 0), pixel(0, 1), pixel(1, 1)];
    let share = [(1.0 - fx) * (1.0 - fy), fx * (1.0 - fy), (1.0 - fx) * fy, fx * fy];
    [0, 1, 2].map(|c| corners.iter().zip(share).map(|(corner, share)| corner[c] * share).sum())
}
