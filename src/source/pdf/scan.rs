//! At which resolution a page is drawn: that of the picture that covers it, where one does.

use hayro::hayro_interpret::font::GlyphRun;
use hayro::hayro_interpret::util::TransformExt;
use hayro::hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps, InterpreterCache,
    InterpreterSettings, SoftMask, interpret_page,
};
use hayro::hayro_syntax::page::Page;
use hayro::kurbo::{Affine, BezPath, Rect};

use super::MAX_SIDE;
use crate::Result;
use crate::source::Input;

/// Dots per inch of a page that is no scan: what office scanners use for text.
const USUAL: u32 = 200;
/// A picture that covers this much of a page is what the page is about; scanners leave a thin edge.
const COVERS: f64 = 0.85;

pub struct Plan {
    /// Width and height in pixels.
    pub size: [u32; 2],
    /// Pixels a point.
    pub scale: [f64; 2],
    /// The resolution, where it is not the page's own.
    pub stated: Option<u32>,
}

/// From the page's space to an upright one with the origin at the left top, in points.
pub fn upright(page: &Page) -> Affine {
    page.initial_transform(true).to_kurbo()
}

/// Reads the page without drawing it.
pub fn plan(input: &Input, page: &Page, n: usize, settings: &InterpreterSettings) -> Result<Plan> {
    let (width, height) = page.render_dimensions();
    if !(width.is_finite() && height.is_finite() && width > 0.0 && height > 0.0) {
        return Err(input.corrupt(format_args!("page {n} has a size of {width} x {height} points")));
    }
    let area = Rect::new(0.0, 0.0, f64::from(width), f64::from(height));
    let cache = InterpreterCache::new();
    let mut context = Context::new(upright(page), area, &cache, page.xref(), settings.clone());
    let mut pictures = Pictures { area, found: None, largest: None };
    interpret_page(page, &mut context, &mut pictures);
    // What is drawn has to be decoded first, at its own size.
    if let Some([width, height]) = pictures.largest
        && width > 0
        && height > 0
    {
        input.check_pixels(width, height)?;
    }
    match pictures.found {
        Some(scale) => Plan::new(input, page, n, scale),
        None => Plan::stated(input, page, n, USUAL),
    }
}

impl Plan {
    /// At `dpi` dots per inch.
    ///
    /// # Errors
    /// `TooLarge`.
    pub fn stated(input: &Input, page: &Page, n: usize, dpi: u32) -> Result<Self> {
        Ok(Self { stated: Some(dpi), ..Self::new(input, page, n, [f64::from(dpi) / 72.0; 2])? })
    }

    fn new(input: &Input, page: &Page, n: usize, scale: [f64; 2]) -> Result<Self> {
        let (width, height) = page.render_dimensions();
        let pixels = |points: f32, scale: f64| (f64::from(points) * scale).round().max(1.0);
        let size = [pixels(width, scale[0]), pixels(height, scale[1])];
        if size.iter().any(|side| *side > f64::from(MAX_SIDE)) {
            let [w, h] = size;
            let what = format_args!("page {n} is {w} x {h} pixels; at most {MAX_SIDE} a side are drawn");
            return Err(input.too_large(what));
        }
        let size = size.map(|side| side as u32);
        input.check_pixels(size[0], size[1])?;
        // So that a scan's pixels fall on pixels.
        let scale = [f64::from(size[0]) / f64::from(width), f64::from(size[1]) / f64::from(height)];
        Ok(Self { size, scale, stated: None })
    }
}

/// Looks for pictures and draws nothing.
struct Pictures {
    area: Rect,
    /// Pixels a point of the finest picture that covers the page.
    found: Option<[f64; 2]>,
    /// Width and height of the picture with the most pixels.
    largest: Option<[u32; 2]>,
}

impl<'a> Device<'a> for Pictures {
    fn draw_image(&mut self, image: Image<'a, '_>, props: ImageDrawProps<'a>) {
        let (width, height) = (image.width(), image.height());
        let larger = |[w, h]: [u32; 2]| u64::from(width) * u64::from(height) > u64::from(w) * u64::from(h);
        if self.largest.is_none_or(larger) {
            self.largest = Some([width, height]);
        }
        // The renderer's transform begins at the picture's pixels, rows from the top.
        let pixels = Rect::new(0.0, 0.0, f64::from(width), f64::from(height));
        let on_page = props.transform.transform_rect_bbox(pixels);
        let seen = on_page.intersect(self.area);
        if seen.area() < COVERS * self.area.area() || width == 0 || height == 0 {
            return;
        }
        let [a, b, c, d, ..] = props.transform.as_coeffs();
        let turned = (a * d).abs() < (b * c).abs();
        let (across, down) = if turned { (height, width) } else { (width, height) };
        let scale = [f64::from(across) / on_page.width(), f64::from(down) / on_page.height()];
        if self.found.is_none_or(|best| scale[0] > best[0]) {
            self.found = Some(scale);
        }
    }

    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'a>, _: &DrawMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}
    fn draw_glyph_run(&mut self, _: &GlyphRun<'_, 'a>, _: DrawProps<'a>, _: &DrawMode) {}
    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}
