//! Precision over recall: the mean of classes by IoU, and the classes at IoU 0.5.

use super::svg::{Anchor, Axes, CLASSES, STEPS, Svg, short};
use crate::eval::{Report, mean};

const AXES: Axes = Axes { left: 70.0, top: 50.0, side: 440.0 };

/// A line a threshold, with the AP below it.
pub fn by_iou(report: &Report) -> Option<String> {
    let coco = report.coco.as_ref()?;
    let curves = coco.curves.iter().zip(STEPS.iter().cycle());
    let lines = curves.map(|((iou, curve), colour)| Line {
        name: format!("IoU {iou:.2}"),
        curve,
        colour,
        width: 1.8,
    });
    draw(&format!("Precision over recall, mean of classes ({})", coco.iou_type), lines.collect())
}

/// The classes with the most objects, and the mean of all in black.
pub fn by_class(report: &Report) -> Option<String> {
    let coco = report.coco.as_ref()?;
    let mut classes: Vec<_> = coco.classes.iter().filter(|class| !class.curve.is_empty()).collect();
    classes.sort_by_key(|class| std::cmp::Reverse(class.objects));
    let shown = classes.iter().zip(CLASSES);
    let of_class = shown.map(|(class, colour)| Line {
        name: short(&class.name, 16),
        curve: &class.curve,
        colour,
        width: 1.4,
    });
    let (_, all) = coco.curves.first()?;
    let mean =
        Line { name: format!("all {} classes", classes.len()), curve: all, colour: "#000", width: 3.0 };
    draw(&format!("Precision over recall at IoU 0.50 ({})", coco.iou_type), of_class.chain([mean]).collect())
}

struct Line<'a> {
    name: String,
    /// Precision at recalls 0, 0.01, … 1.
    curve: &'a [f64],
    colour: &'a str,
    width: f64,
}

fn draw(title: &str, lines: Vec<Line>) -> Option<String> {
    if lines.iter().all(|line| line.curve.is_empty()) {
        return None;
    }
    let mut svg = Svg::new(740.0, 560.0);
    svg.text([AXES.left, 28.0], Anchor::Start, 15.0, "#000", title);
    AXES.draw(&mut svg, "recall", "precision");
    let legend = AXES.left + AXES.side + 18.0;
    svg.text([720.0, AXES.top + 4.0], Anchor::End, 12.0, "#000", "AP");
    for (line, row) in lines.iter().zip(1u32..) {
        let last = line.curve.len().saturating_sub(1).max(1) as f64;
        let points = line.curve.iter().enumerate().map(|(i, precision)| AXES.at(i as f64 / last, *precision));
        svg.line(&points.collect::<Vec<_>>(), line.colour, line.width);
        let y = AXES.top + 4.0 + f64::from(row) * 20.0;
        svg.line(&[[legend, y - 4.0], [legend + 22.0, y - 4.0]], line.colour, line.width.max(2.0));
        svg.text([legend + 28.0, y], Anchor::Start, 12.0, "#000", &line.name);
        let ap = mean(line.curve.iter().copied()).unwrap_or(0.0);
        svg.text([720.0, y], Anchor::End, 12.0, "#000", &format!("{ap:.3}"));
    }
    Some(svg.finish())
}
