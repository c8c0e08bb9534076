//! Plots of an evaluation as SVG: a table, a plot per file.

mod curves;
mod matrix;
mod reliability;
mod svg;

use super::Report;

/// Draws where the report has what the plot shows.
type Draw = fn(&Report) -> Option<String>;

/// Every plot: its file and how it is drawn.
const PLOTS: &[(&str, Draw)] = &[
    ("pr.svg", curves::by_iou),
    ("pr-classes.svg", curves::by_class),
    ("confusion.svg", matrix::confusion),
    ("reliability.svg", reliability::diagram),
];

/// File names and SVG texts.
pub fn all(report: &Report) -> Vec<(&'static str, String)> {
    PLOTS.iter().filter_map(|(name, draw)| Some((*name, draw(report)?))).collect()
}
