//! How pixels are covered.
//!
//! `pixelate` and `blur` are functions of [`CELLS`] x [`CELLS`] averages at most, each rounded to 16 levels a channel,
//! and of nothing else: whatever anybody calculates from the result, it holds no more than 16 x 3 x 4 = 192 bits about
//! what was there. Usual filters hold far more. Mosaics of about 6 x 7 cells still let a network name 96 % of 40 people
//! (McPherson, Shokri and Shmatikov, "Defeating Image Obfuscation with Deep Learning", 2016, AT&T with windows of 16
//! pixels), and blurred or pixelated text is read again by comparing with all that could have been written (Hill, Zhou,
//! Saul and Shacham, "On the (In)effectiveness of Mosaicing and Blurring as Tools for Document Redaction", 2016).
//! Only `solid` and `picture` hold nothing.

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use image::imageops::{FilterType, resize};
use image::{Rgb, RgbImage};

use super::Region;
use crate::digest::hex;
use crate::error::{Error, Result};
use crate::source::{self, Limits};

/// Cells along the longer side of what is covered.
pub const CELLS: u32 = 4;

/// Levels of a channel that are told apart.
const LEVELS: u32 = 16;

/// Bytes of a picture that covers.
const MOST_BYTES: u64 = 64 << 20;

/// What is put over a region.
#[derive(Debug, Clone)]
pub enum Effect {
    Solid,
    Pixelate,
    Blur,
    /// A picture and the digest of its file.
    Picture(Arc<RgbImage>, String),
}

impl FromStr for Effect {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "solid" => Ok(Self::Solid),
            "pixelate" => Ok(Self::Pixelate),
            "blur" => Ok(Self::Blur),
            _ => match text.strip_prefix("picture:").filter(|file| !file.is_empty()) {
                Some(file) => picture(file),
                None => Err(Error::usage(format!(
                    "--effect {text}: expected solid, pixelate, blur or picture:FILE"
                ))),
            },
        }
    }
}

fn picture(file: &str) -> Result<Effect> {
    let refused = |e: Error| Error::usage(format!("--effect picture:{file}: {}", e.message));
    let bytes = crate::pipeline::open::read(file, Path::new(file), MOST_BYTES).map_err(refused)?;
    let mut frames = source::open(file, bytes.data, &Limits::default()).map_err(refused)?;
    let none = || Error::usage(format!("--effect picture:{file}: holds no picture"));
    let frame = frames.next_frame().ok_or_else(none)?.map_err(refused)?;
    Ok(Effect::Picture(Arc::new(frame.all_pixels().clone()), hex(&bytes.digest[..8])))
}

impl Effect {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Solid => "solid",
            Self::Pixelate => "pixelate",
            Self::Blur => "blur",
            Self::Picture(..) => "picture",
        }
    }

    /// Of the picture's file.
    pub fn digest(&self) -> Option<&str> {
        match self {
            Self::Picture(_, digest) => Some(digest),
            _ => None,
        }
    }

    /// Covers `region`.
    pub fn apply(&self, image: &mut RgbImage, region: &Region) {
        let [columns, rows] = region.pixels([image.width(), image.height()]);
        if columns.is_empty() || rows.is_empty() {
            return;
        }
        let at = [columns.start, rows.start];
        let size = [columns.len() as u32, rows.len() as u32];
        let pixel: Box<dyn Fn(u32, u32) -> [u8; 3]> = match self {
            Self::Solid => Box::new(|_, _| [0; 3]),
            Self::Pixelate => {
                let cells = Cells::of(image, at, size);
                Box::new(move |x, y| cells.nearest([x - at[0], y - at[1]]))
            }
            Self::Blur => {
                let cells = Cells::of(image, at, size);
                Box::new(move |x, y| cells.smooth([x - at[0], y - at[1]]))
            }
            Self::Picture(picture, _) => {
                let scaled = resize(picture.as_ref(), size[0], size[1], FilterType::Triangle);
                Box::new(move |x, y| scaled.get_pixel(x - at[0], y - at[1]).0)
            }
        };
        for y in rows {
            for x in columns.clone() {
                if region.contains([x as f32 + 0.5, y as f32 + 0.5]) {
                    image.put_pixel(x, y, Rgb(pixel(x, y)));
                }
            }
        }
    }
}

/// A part of a picture as a few rounded averages.
struct Cells {
    size: [u32; 2],
    /// Columns and rows.
    count: [u32; 2],
    colours: Vec<[u8; 3]>,
}

impl Cells {
    fn of(image: &RgbImage, at: [u32; 2], size: [u32; 2]) -> Self {
        let longer = size[0].max(size[1]).max(1);
        let count = size.map(|side| {
            let exact = f64::from(side) * f64::from(CELLS) / f64::from(longer);
            (exact.round() as u32).clamp(1, CELLS).min(side.max(1))
        });
        let mut sums = vec![[0u64; 4]; (count[0] * count[1]) as usize];
        for y in 0..size[1] {
            for x in 0..size[0] {
                let cell = Self::number(size, count, [x, y]);
                let colour = image.get_pixel(at[0] + x, at[1] + y).0;
                let sum = &mut sums[cell];
                sum.iter_mut().zip(colour).for_each(|(sum, value)| *sum += u64::from(value));
                sum[3] += 1;
            }
        }
        let colours =
            sums.iter().map(|[r, g, b, n]| [r, g, b].map(|sum| rounded(sum / (*n).max(1)))).collect();
        Self { size, count, colours }
    }

    fn number(size: [u32; 2], count: [u32; 2], at: [u32; 2]) -> usize {
        let of = |axis: usize| u64::from(at[axis]) * u64::from(count[axis]) / u64::from(size[axis].max(1));
        (of(1) * u64::from(count[0]) + of(0)) as usize
    }

    fn nearest(&self, at: [u32; 2]) -> [u8; 3] {
        self.colours.get(Self::number(self.size, self.count, at)).copied().unwrap_or_default()
    }

    /// Straight between the middles of cells.
    fn smooth(&self, at: [u32; 2]) -> [u8; 3] {
        let place = |axis: usize| {
            let most = f64::from(self.count[axis] - 1);
            let exact =
                (f64::from(at[axis]) + 0.5) * f64::from(self.count[axis]) / f64::from(self.size[axis]);
            let exact = (exact - 0.5).clamp(0.0, most);
            (exact.floor() as u32, exact.fract(), self.count[axis] - 1)
        };
        let ((x, across, right), (y, down, bottom)) = (place(0), place(1));
        let cell = |x: u32, y: u32| {
            let number = (y.min(bottom) * self.count[0] + x.min(right)) as usize;
            self.colours.get(number).copied().unwrap_or_default()
        };
        let corners = [cell(x, y), cell(x + 1, y), cell(x, y + 1), cell(x + 1, y + 1)];
        let weights =
            [(1.0 - across) * (1.0 - down), across * (1.0 - down), (1.0 - across) * down, across * down];
        std::array::from_fn(|channel| {
            let sum: f64 = corners.iter().zip(weights).map(|(c, w)| f64::from(c[channel]) * w).sum();
            sum.round() as u8
        })
    }
}

/// The middle of the level that an average falls into.
fn rounded(average: u64) -> u8 {
    let step = 256 / u64::from(LEVELS);
    (average.min(255) / step * step + step / 2) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(seed: u32) -> RgbImage {
        RgbImage::from_fn(40, 40, |x, y| {
            let n = (x * 31 + y * 17 + seed).wrapping_mul(2_654_435_761) >> 13;
            Rgb([n as u8, (n >> 8) as u8, (n >> 4) as u8])
        })
    }

    fn covered(effect: &Effect, image: &RgbImage) -> RgbImage {
        let mut covered = image.clone();
        effect.apply(&mut covered, &Region::Box([4.0, 8.0, 36.0, 32.0].into()));
        covered
    }

    #[test]
    fn what_has_the_same_averages_looks_the_same_afterwards() {
        // Two pictures whose cells of 8 x 8 pixels hold the same pixels in another order.
        let one = noise(1);
        let other = RgbImage::from_fn(40, 40, |x, y| {
            let within = (4..36).contains(&x) && (8..32).contains(&y);
            let turned = |v: u32, from: u32| from + (v - from) / 8 * 8 + 7 - (v - from) % 8;
            *one.get_pixel(if within { turned(x, 4) } else { x }, y)
        });
        assert_ne!(one, other);
        for effect in [Effect::Solid, Effect::Pixelate, Effect::Blur] {
            assert_eq!(covered(&effect, &one), covered(&effect, &other), "{}", effect.name());
        }
    }

    #[test]
    fn no_more_than_sixteen_cells_of_sixteen_levels() {
        let pixelated = covered(&Effect::Pixelate, &noise(7));
        let mut colours: Vec<[u8; 3]> = (8..32)
            .flat_map(|y| (4..36).map(move |x| (x, y)))
            .map(|(x, y)| pixelated.get_pixel(x, y).0)
            .collect();
        assert!(colours.iter().flatten().all(|value| value % 16 == 8));
        colours.sort_unstable();
        colours.dedup();
        // 32 x 24 pixels: 4 x 3 cells.
        assert!(colours.len() <= 12, "{}", colours.len());
        // A face of any size: a small one has fewer cells, not smaller ones.
        let tiny = Cells::of(&noise(7), [0, 0], [2, 3]);
        assert_eq!(tiny.count, [2, 3]);
    }

    #[test]
    fn pixels_beside_the_region_stay() {
        let image = noise(3);
        for effect in [Effect::Solid, Effect::Pixelate, Effect::Blur] {
            let covered = covered(&effect, &image);
            assert!(
                image.enumerate_pixels().all(|(x, y, pixel)| {
                    ((4..36).contains(&x) && (8..32).contains(&y)) || covered.get_pixel(x, y) == pixel
                }),
                "{}",
                effect.name()
            );
        }
    }

    #[test]
    fn by_hand() {
        // Left half 0, right half 255, so that cells are 8 and 248.
        let mut halves = RgbImage::from_fn(8, 2, |x, _| Rgb([if x < 4 { 0 } else { 255 }; 3]));
        Effect::Pixelate.apply(&mut halves, &Region::Box([0.0, 0.0, 8.0, 2.0].into()));
        let row: Vec<u8> = (0..8).map(|x| halves.get_pixel(x, 1).0[0]).collect();
        assert_eq!(row, [8, 8, 8, 8, 248, 248, 248, 248]);
        Effect::Blur.apply(&mut halves, &Region::Box([0.0, 0.0, 8.0, 2.0].into()));
        // Cells of two pixels, their middles at 1, 3, 5, 7: at 3.5 a quarter of the way from 8 to 248.
        let row: Vec<u8> = (0..8).map(|x| halves.get_pixel(x, 1).0[0]).collect();
        assert_eq!(row, [8, 8, 8, 68, 188, 248, 248, 248]);
    }

    #[test]
    fn effects_are_read() {
        assert!(matches!("blur".parse(), Ok(Effect::Blur)));
        for wrong in ["", "blurr", "picture:", "picture:/does/not/exist.png"] {
            assert_eq!(wrong.parse::<Effect>().unwrap_err().kind, crate::Kind::Usage, "{wrong}");
        }
    }
}
