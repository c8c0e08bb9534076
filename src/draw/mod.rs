//! Annotated pictures: boxes with tags that can be read on any picture of any size.

mod caption;
mod overlay;
pub(crate) mod palette;
mod panel;
mod reading;
mod shape;
mod sheet;
mod tag;
mod text;

use image::RgbImage;
use serde::{Deserialize, Serialize};

use crate::geometry::{Quad, Rect};
use crate::prediction::{Instance, Prediction};
pub use caption::captioned;
pub use overlay::{Outline, Overlay, box_on};
pub use reading::size as sheet_size;

use palette::{Colour, class_colour, contrasting};
use shape::{Area, disc, fill, frame, outline, stroke};

/// How annotations look.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Style {
    /// Width of box lines in pixels, at least 1; scaled with the picture where absent.
    pub line_width: Option<u32>,
    /// Line height of the text in pixels, 6 to 1000; scaled with the picture where absent.
    pub text_size: Option<f32>,
    /// Whether tags show the label.
    pub labels: bool,
    /// Whether tags show the score, as `0.87`: the unit of `--conf`.
    pub scores: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self { line_width: None, text_size: None, labels: true, scores: true }
    }
}

/// Draws the boxes of `prediction`, given in pixels of `image`, with their points and tags, or the classes of the
/// whole picture in a corner; text that was read gets a sheet at the right of the picture, which is then twice as
/// wide.
///
/// The best score is on top, children (thinner) above all parents. Boxes outside the picture,
/// with a coordinate that is not a number, or with right before left are not drawn. Pictures too
/// small for text get boxes only. Labels that the font cannot show appear as `class_17`.
pub fn annotate(image: &mut RgbImage, prediction: &Prediction, style: &Style) {
    let mut scale = Scale::new(image, style);
    if let Prediction::Classify { classes, .. } = prediction {
        return panel::draw(image, classes, &scale, style);
    }
    if let Prediction::Ocr { lines } = prediction {
        return reading::draw(image, lines, &scale);
    }
    if let Prediction::Sheet(page) = prediction {
        return sheet::draw(image, page, &scale);
    }
    let marks = marks(prediction.instances(), &frame(image), &scale);
    if style.text_size.is_none() {
        scale.make_room(marks.len(), &frame(image));
    }
    for mark in &marks {
        draw_box(image, mark);
    }
    for mark in &marks {
        draw_points(image, mark);
    }
    // Tags after all boxes: no line crosses a word.
    for tag in tags(&marks, &frame(image), &scale, style).iter().rev() {
        draw_tag(image, tag, &scale);
    }
}

/// Like [`annotate`], with what a frame of a sequence shows beside its instances, below these.
pub fn annotate_sequence(image: &mut RgbImage, prediction: &Prediction, overlay: &Overlay, style: &Style) {
    overlay::draw(image, overlay, style);
    annotate(image, prediction, style);
}

/// Sizes in pixels that fit the picture.
struct Scale {
    line: i64,
    text: f32,
}

impl Scale {
    fn new(image: &RgbImage, style: &Style) -> Self {
        let (width, height) = (f64::from(image.width()), f64::from(image.height()));
        // Pictures are looked at whole on a screen, so sizes grow with the picture; a constant
        // part keeps small ones, which are shown enlarged or pixel for pixel, readable.
        // 640 x 480: line 2, text 15; 4000 x 3000: line 10, text 60.
        let side = (width * height).sqrt();
        let line = (side / 360.0).round().max(if side < 200.0 { 1.0 } else { 2.0 }) as i64;
        // A sixth of the height at most, for panoramas and slivers; 9 pixels is the least that
        // can be read.
        let text = (6.0 + side / 64.0).max(12.0).min((height / 6.0).max(9.0)) as f32;
        let asked = style.text_size.filter(|size| size.is_finite());
        Self {
            line: style.line_width.map_or(line, |width| i64::from(width.clamp(1, 1000))),
            text: asked.map_or(text, |size| size.clamp(6.0, 1000.0)),
        }
    }

    /// Smaller text, by a quarter at most, where tags would hide more than a tenth of the picture.
    fn make_room(&mut self, tags: usize, frame: &Area) {
        // "person 0.87" with its padding is about seven line heights long.
        let covered = tags as f32 * 7.0 * self.text * self.text;
        let share = covered / (frame.width() as f32 * frame.height() as f32).max(1.0);
        let smaller = self.text * (0.1 / share.max(0.1)).sqrt().max(0.75);
        self.text = smaller.max(self.text.min(10.0));
    }

    /// Width of the edge around tags and of the space above and below their text.
    fn tag_edge(&self) -> i64 {
        (self.text / 16.0).round().max(1.0) as i64
    }

    /// Space left and right of a tag's text.
    fn tag_padding(&self) -> i64 {
        (self.text / 5.0).round().max(2.0) as i64
    }
}

/// A box to draw.
struct Mark<'a> {
    instance: &'a Instance,
    depth: usize,
    /// Outer edge of the coloured line.
    area: Area,
    line: i64,
    colour: Colour,
}

impl Mark<'_> {
    /// Of an oriented box that can be drawn.
    fn corners(&self) -> Option<&Quad> {
        self.instance.corners.as_ref().filter(|corners| corners.is_finite())
    }

    /// What its tag stands at: the box, or the topmost corner of an oriented one.
    fn anchor(&self) -> Area {
        let edge = box_edge(self);
        let outer = Area { x0: self.area.x0 - edge, x1: self.area.x1 + edge, ..self.area };
        let Some(corners) = self.corners() else { return outer };
        let top = corners.0.iter().copied().reduce(|a, b| if b[1] < a[1] { b } else { a });
        top.map_or(outer, |[x, _]| {
            let x = (x.round() as i64).saturating_sub(edge).clamp(self.area.x0, self.area.x1);
            Area { x0: x, ..outer }
        })
    }
}

/// Every visible instance in the order of drawing.
fn marks<'a>(instances: &'a [Instance], frame: &Area, scale: &Scale) -> Vec<Mark<'a>> {
    let mut marks = Vec::new();
    let mut pending: Vec<(&Instance, usize)> = instances.iter().rev().map(|i| (i, 0)).collect();
    while let Some((instance, depth)) = pending.pop() {
        pending.extend(instance.children.iter().rev().map(|child| (child, depth + 1)));
        // What was not detected in this frame is thin too.
        let line = if depth == 0 && !instance.filled { scale.line } else { (scale.line / 2).max(1) };
        if let Some(area) = visible(&instance.rect, frame, line) {
            let colour = class_colour(instance.track.unwrap_or(instance.class));
            marks.push(Mark { instance, depth, area, line, colour });
        }
    }
    marks.sort_by(|a, b| (a.depth.cmp(&b.depth)).then_with(|| a.instance.score.total_cmp(&b.instance.score)));
    marks
}

/// The box in whole pixels, half a line larger, cut to the frame; `None` where nothing shows.
/// At the frame's edge the line moves inside, so that it is seen on all four sides.
fn visible(rect: &Rect, frame: &Area, line: i64) -> Option<Area> {
    let (width, height) = (frame.x1 as f32, frame.y1 as f32);
    let outside = rect.x2 < 0.0 || rect.y2 < 0.0 || rect.x1 > width || rect.y1 > height;
    let ordered = rect.x1 <= rect.x2 && rect.y1 <= rect.y2; // false with NaN
    if outside || !ordered {
        return None;
    }
    let cut = rect.clamp(width, height);
    let edges = [cut.x1, cut.y1, cut.x2, cut.y2].map(|v| v.round() as i64);
    let area = Area::new(edges[0], edges[1], edges[2], edges[3]).grown((line + 1) / 2);
    let area = area.intersection(frame);
    (area.width() > 0 && area.height() > 0).then_some(area)
}

/// A line in the class's colour between two thin edges in black or white: whatever lies below,
/// one of them stands out.
fn draw_box(image: &mut RgbImage, mark: &Mark) {
    let edge = box_edge(mark);
    if let Some(corners) = mark.corners() {
        outline(image, corners, (mark.line + 2 * edge) as f32, contrasting(mark.colour));
        outline(image, corners, mark.line as f32, mark.colour);
        return;
    }
    stroke(image, &mark.area.grown(edge), mark.line + 2 * edge, contrasting(mark.colour));
    stroke(image, &mark.area, mark.line, mark.colour);
}

/// Points of a thing: dots as wide as the box's line, smaller on small things, which they would hide.
fn draw_points(image: &mut RgbImage, mark: &Mark) {
    let rect = &mark.instance.rect;
    let radius = (mark.line as f32 * 0.75).min(rect.width().min(rect.height()) / 24.0).max(0.75);
    let edge = (radius / 3.0).max(0.75);
    for point in &mark.instance.keypoints {
        disc(image, [point.x, point.y], radius + edge, contrasting(mark.colour));
        disc(image, [point.x, point.y], radius, mark.colour);
    }
}

fn box_edge(mark: &Mark) -> i64 {
    (mark.line / 4).max(1)
}

struct Tag {
    text: String,
    area: Area,
    colour: Colour,
}

/// Tags with their places; the best instance comes first and chooses first.
fn tags(marks: &[Mark], frame: &Area, scale: &Scale, style: &Style) -> Vec<Tag> {
    let (edge, padding) = (scale.tag_edge(), scale.tag_padding());
    let height = scale.text.ceil() as i64 + 2 * edge;
    if 2 * height > frame.height() {
        return Vec::new();
    }
    let mut tags: Vec<Tag> = Vec::new();
    let mut taken: Vec<Area> = Vec::new();
    for mark in marks.iter().rev() {
        let (label, score) = words(mark.instance, style);
        let room = frame.width() - 2 * (edge + padding);
        let Some(text) = text::fitted(&label, &score, scale.text, room) else { continue };
        let width = text::width(&text, scale.text) + 2 * (edge + padding);
        // Flush with the outer edge of the box's outline.
        let area = tag::place(width, height, &mark.anchor(), frame, &taken);
        taken.push(area);
        tags.push(Tag { text, area, colour: mark.colour });
    }
    tags
}

fn words(instance: &Instance, style: &Style) -> (String, String) {
    let mut label =
        if style.labels { text::drawable(&instance.label, instance.class) } else { String::new() };
    if let Some(track) = instance.track {
        label = format!("{label} #{track}").trim_start().to_owned();
    }
    let score = if style.scores && instance.score.is_finite() {
        format!("{:.2}", instance.score)
    } else {
        String::new()
    };
    (label, score)
}

fn draw_tag(image: &mut RgbImage, tag: &Tag, scale: &Scale) {
    let (edge, ink) = (scale.tag_edge(), contrasting(tag.colour));
    fill(image, &tag.area, ink);
    fill(image, &tag.area.grown(-edge), tag.colour);
    let x = tag.area.x0 + edge + scale.tag_padding();
    text::draw(image, &tag.text, x, tag.area.y0 + edge, scale.text, ink);
}

#[cfg(test)]
mod tests;
