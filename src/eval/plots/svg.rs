//! A small SVG canvas, and axes from 0 to 1.

use std::fmt::Write;

/// Grey of axes and of text that steps back.
pub const GREY: &str = "#666";
/// Blue of bars and of full cells.
pub const BLUE: &str = "#2166ac";
pub const RED: &str = "#b2182b";

/// Ten steps from dark blue to yellow that stay apart in grey too: matplotlib's viridis (CC0), every
/// eleventh.
pub const STEPS: [&str; 10] = [
    "#440154", "#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b",
    "#e5c100",
];

/// Ten colours for classes, told apart by people with colour blindness too: Paul Tol's "muted".
pub const CLASSES: [&str; 10] = [
    "#332288", "#88ccee", "#44aa99", "#117733", "#999933", "#ddcc77", "#cc6677", "#882255", "#aa4499",
    "#888888",
];

#[derive(Clone, Copy)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

pub struct Svg {
    width: f64,
    height: f64,
    body: String,
}

impl Svg {
    /// Of `width` x `height` pixels, white.
    pub fn new(width: f64, height: f64) -> Self {
        let mut svg = Self { width, height, body: String::new() };
        svg.rect([0.0, 0.0, width, height], "#fff");
        svg
    }

    fn put(&mut self, element: std::fmt::Arguments) {
        // Writing to a String does not fail.
        let _ = writeln!(self.body, "{element}");
    }

    /// Left, top, width, height.
    pub fn rect(&mut self, [x, y, width, height]: [f64; 4], fill: &str) {
        self.put(format_args!(
            r#"<rect x="{x:.2}" y="{y:.2}" width="{width:.2}" height="{height:.2}" fill="{fill}"/>"#
        ));
    }

    pub fn line(&mut self, points: &[[f64; 2]], colour: &str, width: f64) {
        self.stroke(points, colour, width, "");
    }

    pub fn dashed(&mut self, points: &[[f64; 2]], colour: &str) {
        self.stroke(points, colour, 1.0, r#" stroke-dasharray="4 3""#);
    }

    fn stroke(&mut self, points: &[[f64; 2]], colour: &str, width: f64, more: &str) {
        let points: Vec<String> = points.iter().map(|[x, y]| format!("{x:.2},{y:.2}")).collect();
        let points = points.join(" ");
        self.put(format_args!(
            r#"<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{width}"{more}/>"#
        ));
    }

    pub fn text(&mut self, at: [f64; 2], anchor: Anchor, size: f64, colour: &str, text: &str) {
        self.turned(at, 0.0, anchor, size, colour, text);
    }

    /// Turned by `degrees` clockwise about its anchor.
    pub fn turned(
        &mut self,
        [x, y]: [f64; 2],
        degrees: f64,
        anchor: Anchor,
        size: f64,
        colour: &str,
        text: &str,
    ) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let turn = if degrees == 0.0 {
            String::new()
        } else {
            format!(r#" transform="rotate({degrees} {x:.2} {y:.2})""#)
        };
        let text = escaped(text);
        self.put(format_args!(
            r#"<text x="{x:.2}" y="{y:.2}" font-size="{size}" text-anchor="{anchor}" fill="{colour}"{turn}>{text}</text>"#
        ));
    }

    pub fn finish(self) -> String {
        let Self { width, height, body } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} \
             {height}\" font-family=\"DejaVu Sans, Helvetica, Arial, sans-serif\">\n{body}</svg>\n"
        )
    }
}

/// Class names come from files: markup in them is text, and control characters have no place in XML.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

/// A label cut to what fits.
pub fn short(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Axes from 0 to 1, both.
pub struct Axes {
    pub left: f64,
    pub top: f64,
    pub side: f64,
}

impl Axes {
    /// The pixel of a point.
    pub fn at(&self, x: f64, y: f64) -> [f64; 2] {
        [self.left + x * self.side, self.top + (1.0 - y) * self.side]
    }

    /// Frame, grid, numbers and names.
    pub fn draw(&self, svg: &mut Svg, x_name: &str, y_name: &str) {
        for fifth in 0..=5 {
            let value = f64::from(fifth) / 5.0;
            svg.line(&[self.at(value, 0.0), self.at(value, 1.0)], "#e4e4e4", 1.0);
            svg.line(&[self.at(0.0, value), self.at(1.0, value)], "#e4e4e4", 1.0);
            let ([x, _], [_, y]) = (self.at(value, 0.0), self.at(0.0, value));
            svg.text([x, self.top + self.side + 17.0], Anchor::Middle, 12.0, GREY, &format!("{value:.1}"));
            svg.text([self.left - 7.0, y + 4.0], Anchor::End, 12.0, GREY, &format!("{value:.1}"));
        }
        let corners =
            [self.at(0.0, 0.0), self.at(1.0, 0.0), self.at(1.0, 1.0), self.at(0.0, 1.0), self.at(0.0, 0.0)];
        svg.line(&corners, GREY, 1.0);
        let middle = self.side / 2.0;
        svg.text([self.left + middle, self.top + self.side + 38.0], Anchor::Middle, 13.0, "#000", x_name);
        svg.turned([self.left - 40.0, self.top + middle], -90.0, Anchor::Middle, 13.0, "#000", y_name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_text_and_not_markup() {
        let mut svg = Svg::new(10.0, 10.0);
        svg.text([0.0, 0.0], Anchor::Start, 9.0, GREY, "a<b>&\"\u{1b}");
        assert!(svg.finish().contains("a&lt;b&gt;&amp;&quot;\u{fffd}<"));
        assert_eq!((short("käse", 4), short("käsebrot", 4)), ("käse".into(), "käse…".into()));
    }
}
