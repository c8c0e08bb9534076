//! PDF files: a frame a page, at the resolution of the scan that the page is, else at a stated one.

use std::sync::{Arc, Mutex};

use hayro::hayro_interpret::hayro_syntax::{DecryptionError, LoadPdfError, Pdf};
use hayro::hayro_interpret::{InterpreterSettings, InterpreterWarning};
use hayro::kurbo::Affine;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::vello_cpu::{Pixmap, RasterizerSettings, RenderContext, Resources, TargetInit};
use hayro::{RenderCache, RenderSettings, render_into};

use super::input::{Partly, Stored};
use super::{Format, Frames, Input};
use crate::frame::{Frame, Part, Warning};
use crate::{Error, Result};

mod bomb;
mod scan;

/// The renderer's sides are 16-bit numbers.
const MAX_SIDE: f32 = 65_535.0;
/// The end of file stands within the last 1024 bytes (ISO 32000-1, annex H, note 18).
const TAIL: usize = 1024;

/// White space and a byte order mark before the header are what text tools add.
pub fn is_pdf(head: &[u8]) -> bool {
    head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start().starts_with(b"%PDF-")
}

/// The pages of a PDF of our own, drawn at `dpi` dots per inch whatever they hold.
///
/// # Errors
/// Those of [`open`].
pub(crate) fn draw(name: &str, bytes: Vec<u8>, dpi: u32) -> Result<Vec<image::RgbImage>> {
    let input = Input::new(name, bytes.into(), &super::Limits::default())?;
    let pdf = Pdf::new(Arc::new(Arc::clone(&input.bytes))).map_err(|e| failure(&input, e))?;
    let settings = InterpreterSettings::default();
    let drawn = pdf.pages().iter().enumerate().map(|(index, page)| {
        let plan = scan::Plan::stated(&input, page, index + 1, dpi)?;
        let [width, height] = plan.size;
        rgb(&render(page, &plan, &settings), width, height)
            .ok_or_else(|| input.corrupt(format_args!("page {} cannot be drawn", index + 1)))
    });
    drawn.collect()
}

pub fn open(input: Input) -> Result<Box<dyn Frames>> {
    let complete = input.bytes[input.bytes.len().saturating_sub(TAIL)..].windows(5).any(|b| b == b"%%EOF");
    if !complete && !input.limits.lenient {
        return Err(input.truncated("its end is missing", Partly::Yes));
    }
    let pdf = Pdf::new(Arc::new(Arc::clone(&input.bytes))).map_err(|e| failure(&input, e))?;
    bomb::check(&input, &pdf)?;
    let pages = pdf.pages().len();
    if pages == 0 {
        return Err(input.corrupt("it has no pages"));
    }
    let most = input.limits.max_parts as usize;
    let over = (pages > most).then(|| input.too_many_parts("pages"));
    Ok(Box::new(Pages { input, pdf, pages: pages.min(most), over, shown: 0, complete }))
}

fn failure(input: &Input, error: LoadPdfError) -> Error {
    match error {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => input.unsupported(
            "it is encrypted and opens with a password only; save it without one, for example with qpdf --decrypt --password=… in.pdf out.pdf",
        ),
        LoadPdfError::Decryption(other) => {
            input.unsupported(format_args!("it is encrypted in a way that is not supported ({other:?})"))
        }
        LoadPdfError::Invalid => input.corrupt("it cannot be read as PDF"),
    }
}

struct Pages {
    input: Input,
    pdf: Pdf,
    /// How many are shown at most.
    pages: usize,
    /// Stands after the last page.
    over: Option<Error>,
    shown: usize,
    complete: bool,
}

impl Frames for Pages {
    fn next_frame(&mut self) -> Option<Result<Frame>> {
        if self.shown == self.pages {
            return self.over.take().map(Err);
        }
        let index = self.shown;
        self.shown += 1;
        Some(self.page(index))
    }

    fn may_have_more(&self) -> bool {
        self.shown < self.pages || self.over.is_some()
    }
}

impl Pages {
    fn page(&self, index: usize) -> Result<Frame> {
        let n = index + 1;
        let pages = self.pdf.pages();
        let page = pages.get(index).ok_or_else(|| self.input.corrupt(format_args!("page {n} is missing")))?;
        let failed = Arc::new(Mutex::new(Vec::new()));
        let settings = settings(&failed);
        let plan = scan::plan(&self.input, page, n, &settings)?;
        let pixmap = render(page, &plan, &settings);
        let damage = failed.lock().map(|list| list.first().copied()).ok().flatten();
        let [width, height] = plan.size;
        let image = rgb(&pixmap, width, height)
            .ok_or_else(|| self.input.corrupt(format_args!("page {n} cannot be drawn")))?;
        let stored = Stored { format: Format::Pdf, pixels: image, orientation: 1, lossless: true, icc: None };
        let mut frame = self.input.frame(stored);
        frame.part = (self.pages > 1 || self.over.is_some()).then_some(Part::Page { n: n as u32 });
        match damage {
            Some(_) if !self.input.limits.lenient => {
                return Err(self.input.corrupt(format_args!("a picture on page {n} cannot be decoded")));
            }
            Some(_) => {
                frame.warnings.push(self.input.truncated_warning("a picture of the page cannot be decoded"))
            }
            None => {}
        }
        if !self.complete {
            frame.warnings.push(self.input.truncated_warning("the file's end is missing, and maybe pages"));
        }
        if let Some(dpi) = plan.stated {
            let message = format!("the page is no scan and was drawn at {dpi} dots per inch");
            frame.warnings.push(Warning::new("drawn", message));
        }
        Ok(frame)
    }
}

/// Pictures that cannot be decoded are left out of a page by the renderer, which is noted in `failed`.
fn settings(failed: &Arc<Mutex<Vec<()>>>) -> InterpreterSettings {
    let failed = Arc::clone(failed);
    InterpreterSettings {
        warning_sink: Arc::new(move |warning| {
            if matches!(warning, InterpreterWarning::ImageDecodeFailure)
                && let Ok(mut list) = failed.lock()
            {
                list.push(());
            }
        }),
        ..InterpreterSettings::default()
    }
}

fn render(
    page: &hayro::hayro_syntax::page::Page,
    plan: &scan::Plan,
    settings: &InterpreterSettings,
) -> Pixmap {
    let [width, height] = plan.size.map(|side| side as u16);
    let mut context = RenderContext::new(width, height);
    let transform = Affine::scale_non_uniform(plan.scale[0], plan.scale[1]) * scan::upright(page);
    let cache = RenderCache::new();
    render_into(page, &cache, settings, &RenderSettings::default(), &mut context, transform);
    context.flush();
    let mut pixmap = Pixmap::new(width, height);
    let paper = RasterizerSettings { target_init: TargetInit::Clear(WHITE), ..RasterizerSettings::default() };
    context.render_with(&mut pixmap, &mut Resources::default(), paper);
    pixmap
}

/// The paper is opaque, so there is nothing to divide by alpha.
fn rgb(pixmap: &Pixmap, width: u32, height: u32) -> Option<image::RgbImage> {
    let rgba = pixmap.data_as_u8_slice();
    let mut data = Vec::with_capacity(rgba.len() / 4 * 3);
    for pixel in rgba.chunks_exact(4) {
        data.extend_from_slice(&pixel[..3]);
    }
    image::RgbImage::from_raw(width, height, data)
}
