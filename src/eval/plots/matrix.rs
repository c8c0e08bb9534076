//! The confusion matrix, each row shaded by its share of the row.

use super::svg::{Anchor, BLUE, GREY, Svg, short};
use crate::eval::Report;
use crate::eval::confusion::Confusion;

/// Most classes drawn; beyond, labels cannot be read.
const SHOWN: usize = 40;

/// Most classes for which the counts are written into cells.
const COUNTED: usize = 26;

const LEFT: f64 = 130.0;
const TOP: f64 = 60.0;
/// Room for 16 turned letters and the name of the axis.
const BELOW: f64 = 140.0;

pub fn confusion(report: &Report) -> Option<String> {
    let confusion = report.confusion.as_ref().filter(|confusion| confusion.labels.len() > 1)?;
    let shown = shown(confusion);
    let cell = if shown.len() <= COUNTED { 30.0 } else { 20.0 };
    let side = cell * shown.len() as f64;
    let mut svg = Svg::new((LEFT + side + 30.0).max(460.0), TOP + side + BELOW);
    svg.text([20.0, 26.0], Anchor::Start, 15.0, "#000", &title(confusion, shown.len()));
    for (row, truth) in shown.iter().enumerate() {
        let y = TOP + row as f64 * cell;
        let total: u64 = confusion.matrix[*truth].iter().sum();
        svg.text(
            [LEFT - 8.0, y + cell / 2.0 + 4.0],
            Anchor::End,
            11.0,
            "#000",
            &short(&confusion.labels[*truth], 16),
        );
        for (column, answer) in shown.iter().enumerate() {
            let (x, count) = (LEFT + column as f64 * cell, confusion.matrix[*truth][*answer]);
            let share = if total > 0 { count as f64 / total as f64 } else { 0.0 };
            svg.rect([x, y, cell, cell], &shade(share));
            if count > 0 && shown.len() <= COUNTED {
                let ink = if share > 0.5 { "#fff" } else { "#000" };
                svg.text([x + cell / 2.0, y + cell / 2.0 + 4.0], Anchor::Middle, 10.0, ink, &counted(count));
            }
        }
    }
    for (column, answer) in shown.iter().enumerate() {
        let at = [LEFT + (column as f64 + 0.5) * cell + 4.0, TOP + side + 8.0];
        svg.turned(at, -90.0, Anchor::End, 11.0, "#000", &short(&confusion.labels[*answer], 16));
    }
    frame(&mut svg, side);
    Some(svg.finish())
}

fn frame(svg: &mut Svg, side: f64) {
    let (right, bottom) = (LEFT + side, TOP + side);
    svg.line(&[[LEFT, TOP], [right, TOP], [right, bottom], [LEFT, bottom], [LEFT, TOP]], GREY, 1.0);
    svg.turned([20.0, TOP + side / 2.0], -90.0, Anchor::Middle, 13.0, "#000", "truth");
    svg.text([LEFT + side / 2.0, bottom + BELOW - 20.0], Anchor::Middle, 13.0, "#000", "answer");
}

/// The classes with the largest counts, in the matrix's order, and "nothing" last.
fn shown(confusion: &Confusion) -> Vec<usize> {
    let classes = confusion.labels.len() - 1;
    let total = |class: &usize| -> u64 {
        let column: u64 = confusion.matrix.iter().map(|row| row[*class]).sum();
        column + confusion.matrix[*class].iter().sum::<u64>()
    };
    let mut largest: Vec<usize> = (0..classes).collect();
    largest.sort_by_key(|class| std::cmp::Reverse(total(class)));
    largest.truncate(SHOWN);
    largest.sort_unstable();
    // A classifier that answered every picture has nothing there.
    largest.extend((total(&classes) > 0).then_some(classes));
    largest
}

fn title(confusion: &Confusion, shown: usize) -> String {
    let classes = confusion.labels.len() - 1;
    let of =
        if classes > SHOWN { format!(", {} of {classes} classes", shown.min(SHOWN)) } else { String::new() };
    match confusion.conf {
        Some(conf) => format!("Confusion at IoU 0.5, score {conf} and more{of}"),
        None => format!("Confusion of best answers{of}"),
    }
}

/// White for 0 to blue for 1.
fn shade(share: f64) -> String {
    let full = [0x21, 0x66, 0xac].map(f64::from);
    let [r, g, b] = full.map(|colour| (255.0 - (255.0 - colour) * share).round() as u8);
    if share >= 1.0 { BLUE.to_owned() } else { format!("#{r:02x}{g:02x}{b:02x}") }
}

/// At most four characters.
fn counted(count: u64) -> String {
    match count {
        0..10_000 => count.to_string(),
        10_000..1_000_000 => format!("{}k", count / 1000),
        _ => format!("{}M", count / 1_000_000),
    }
}
