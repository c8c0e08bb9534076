//! The reliability diagram: how often answers of a score are right.

use super::svg::{Anchor, Axes, BLUE, GREY, RED, Svg};
use crate::eval::Report;
use crate::eval::calibration::{Bin, Calibration};

const AXES: Axes = Axes { left: 70.0, top: 50.0, side: 400.0 };

/// Top and height of the histogram of scores below the axes.
const COUNTS: [f64; 2] = [520.0, 70.0];

pub fn diagram(report: &Report) -> Option<String> {
    let calibration = report.calibration.as_ref()?;
    let mut svg = Svg::new(560.0, 640.0);
    let title = format!("Reliability: ECE {:.4}, largest gap {:.4}", calibration.ece, calibration.mce);
    svg.text([AXES.left, 28.0], Anchor::Start, 15.0, "#000", &title);
    AXES.draw(&mut svg, "score", "share that is right");
    for bin in &calibration.bins {
        bar(&mut svg, bin);
    }
    let key = AXES.at(0.03, 0.93);
    svg.text(key, Anchor::Start, 12.0, BLUE, "bar: share that is right");
    svg.text([key[0], key[1] + 17.0], Anchor::Start, 12.0, RED, "stroke: mean score");
    svg.dashed(&[AXES.at(0.0, 0.0), AXES.at(1.0, 1.0)], "#000");
    counts(&mut svg, calibration);
    Some(svg.finish())
}

/// The share of right answers as a bar, the mean score as a red stroke: the gap between them counts.
fn bar(svg: &mut Svg, bin: &Bin) {
    let (Some(score), Some(right)) = (bin.score, bin.right) else { return };
    let ([left, top], [end, bottom]) = (AXES.at(bin.from, right), AXES.at(bin.to, 0.0));
    svg.rect([left + 1.0, top, end - left - 2.0, bottom - top], BLUE);
    svg.line(&[AXES.at(bin.from, score), AXES.at(bin.to, score)], RED, 2.0);
}

/// Numbers of answers, as a logarithm because detectors give mostly low scores.
fn counts(svg: &mut Svg, calibration: &Calibration) {
    let [top, height] = COUNTS;
    let log = |count: usize| (count as f64 + 1.0).log10();
    let most = calibration.bins.iter().map(|bin| log(bin.count)).fold(1.0, f64::max);
    for bin in &calibration.bins {
        let ([left, _], [end, _]) = (AXES.at(bin.from, 0.0), AXES.at(bin.to, 0.0));
        let tall = height * log(bin.count) / most;
        svg.rect([left + 1.0, top + height - tall, end - left - 2.0, tall], "#9ab");
    }
    svg.line(&[[AXES.left, top + height], [AXES.left + AXES.side, top + height]], GREY, 1.0);
    let text = format!("{} answers by score (logarithmic)", calibration.count);
    svg.text([AXES.left + AXES.side / 2.0, top + height + 20.0], Anchor::Middle, 12.0, GREY, &text);
}
