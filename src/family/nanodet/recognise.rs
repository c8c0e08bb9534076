//! NanoDet and PicoDet without a description: told by the rows and columns of pairs of outputs.

use super::BINS;
use crate::family::Reading;
use crate::family::reading::{Certainty, float_axes, picture};
use crate::onnx::{Header, Value};
use crate::spec::{Colour, InputSpec, Resize};

/// ImageNet's statistics for pixels 0 to 255, in BGR order: `nanodet/data/transform/color.py` and all
/// configurations of RangiLyu/nanodet.
pub(in crate::family) const BGR_MEAN: [f32; 3] = [103.53, 116.28, 123.675];
pub(in crate::family) const BGR_STD: [f32; 3] = [57.375, 57.12, 58.395];

/// The least score to show: between the 0.35 and 0.4 of the packages' own demos.
pub(in crate::family) const CONF: f32 = 0.4;

/// The training size of most published weights; others are 320.
pub(in crate::family) const SIDE: u32 = 416;

/// Classes of the published weights, where the file does not show how many there are.
const COCO: usize = 80;

/// Bins of published weights: `reg_max` 7 of NanoDet-m, NanoDet-Plus and PicoDet, 10 of NanoDet-g.
const USUAL_BINS: [usize; 2] = [8, 11];

pub(super) fn recognise(header: &Header) -> Option<Reading> {
    let outputs = header.outputs.iter().map(Output::new).collect::<Option<Vec<_>>>()?;
    let strides: &[u32] = match outputs.len() {
        6 => &[8, 16, 32],
        8 => &[8, 16, 32, 64],
        _ => return None,
    };
    let exporter = Exporter::of(header, strides.len());
    let input = picture(header, 3, exporter.input())?;
    rows_fit(&outputs, input.size, strides)?;
    let columns = Columns::of(header, &outputs)?;
    let certainty = if exporter.named(header) { Certainty::Names } else { Certainty::Shape };
    let mut reading = Reading::new(certainty, columns.why(strides), input);
    let multiple_of = if reading.input.dynamic_size { 32 } else { 1 };
    reading.input.multiple_of = multiple_of;
    let strides: Vec<toml::Value> = strides.iter().map(|stride| i64::from(*stride).into()).collect();
    reading.decode.insert("strides".to_owned(), strides.into());
    reading.decode.insert("centre-offset".to_owned(), 0.5.into());
    if let Some(bins) = columns.bins {
        reading.decode.insert("bins".to_owned(), i64::try_from(bins).ok()?.into());
    }
    if columns.logits {
        reading.decode.insert("logits".to_owned(), true.into());
    }
    reading.classes = Some(columns.classes.unwrap_or(COCO));
    reading.assumed = columns.classes.is_none();
    reading.conf = Some(CONF);
    reading.doubts = exporter.doubts();
    reading.doubts.extend(columns.doubts());
    Some(reading)
}

/// Whether an output is of distances by its name: `dis_pred_stride_8` (NanoDet), `reg_…`, `bbox_…`.
pub(super) fn of_distances(name: &str) -> bool {
    ["dis", "reg", "box"].iter().any(|part| name.contains(part))
}

/// Whose conventions the preparation follows: what pictures are fitted and coloured like is nowhere in
/// the file.
#[derive(Clone, Copy, PartialEq)]
enum Exporter {
    /// RangiLyu/nanodet before 1.0, `tools/export.py`: outputs have names, `keep_ratio: True`.
    NanoDetNamed,
    /// NanoDet by way of another format.
    NanoDet,
    /// PaddleDetection: four levels.
    PicoDet,
}

impl Exporter {
    fn of(header: &Header, levels: usize) -> Self {
        let starts = |with: &str| header.outputs.iter().any(|output| output.name.starts_with(with));
        if levels == 4 || starts("save_infer_model") {
            Exporter::PicoDet
        } else if starts("cls_pred_stride") && starts("dis_pred_stride") {
            Exporter::NanoDetNamed
        } else {
            Exporter::NanoDet
        }
    }

    /// Whether names bear it out, not shapes alone.
    fn named(self, header: &Header) -> bool {
        let paddle = |output: &Value| output.name.starts_with("save_infer_model");
        match self {
            Exporter::NanoDetNamed => true,
            Exporter::NanoDet => false,
            Exporter::PicoDet => header.outputs.iter().all(paddle),
        }
    }

    fn input(self) -> InputSpec {
        let (mut colour, mut mean, mut std) = (Colour::Bgr, BGR_MEAN, BGR_STD);
        if self == Exporter::PicoDet {
            // `configs/picodet/_base_/picodet_416_reader.yml`
            colour = Colour::Rgb;
            mean.reverse();
            std.reverse();
        }
        let resize = match self {
            Exporter::NanoDetNamed => Resize::Letterbox,
            Exporter::NanoDet | Exporter::PicoDet => Resize::Stretch,
        };
        InputSpec { size: [SIDE, SIDE], colour, resize, mean, std, pad: 0, ..InputSpec::default() }
    }

    fn doubts(self) -> Vec<String> {
        let fitted = match self {
            Exporter::NanoDetNamed => {
                "pictures keep their shape (keep_ratio: True); for weights trained without, write resize = \"stretch\" under [input]"
            }
            Exporter::NanoDet => {
                "pictures are stretched (keep_ratio: False); for weights trained with keep_ratio: True, write resize = \"letterbox\" and pad = 0 under [input]"
            }
            Exporter::PicoDet => {
                "pictures are given as PaddleDetection's PicoDet has them: stretched, RGB; for a NanoDet, write colour = \"bgr\" and mean and std in that order under [input]"
            }
        };
        let mut doubts = vec![fitted.to_owned()];
        if self == Exporter::NanoDet {
            // The others' own code has them in the middle.
            doubts.push(
                "cells have their centre in the middle; if boxes lie half a cell off, write centre-offset = 0 under [decode]"
                    .to_owned(),
            );
        }
        doubts
    }
}

/// What the header shows of an output of rows.
struct Output<'a> {
    name: &'a str,
    rows: Option<usize>,
    columns: Option<usize>,
}

impl<'a> Output<'a> {
    fn new(value: &'a Value) -> Option<Self> {
        match *float_axes(value)?.as_slice() {
            [rows, columns] => Some(Self { name: &value.name, rows, columns }),
            _ => None,
        }
    }
}

/// Whether the rows are those of two outputs per stride, as far as they are fixed.
fn rows_fit(outputs: &[Output], [width, height]: [u32; 2], strides: &[u32]) -> Option<()> {
    let cells =
        |stride: &u32| (width.div_ceil(*stride) as usize).saturating_mul(height.div_ceil(*stride) as usize);
    let mut left: Vec<usize> = strides.iter().flat_map(|stride| [cells(stride); 2]).collect();
    for rows in outputs.iter().filter_map(|output| output.rows) {
        left.swap_remove(left.iter().position(|cells| *cells == rows)?);
    }
    Some(())
}

/// How many classes and bins there are, as far as the header shows.
struct Columns {
    classes: Option<usize>,
    bins: Option<usize>,
    logits: bool,
    /// Whether classes and edges could be the other way round.
    ambiguous: bool,
}

impl Columns {
    /// Scores are told from distances by the graph's sigmoids, else by names, else by the usual bins.
    fn of(header: &Header, outputs: &[Output]) -> Option<Self> {
        let half = outputs.len() / 2;
        let squashed = |output: &Output| header.probabilities.contains_key(output.name);
        let made = outputs.iter().filter(|output| squashed(output)).count();
        let named = outputs.iter().filter(|output| of_distances(output.name)).count();
        let known: Vec<usize> = outputs.iter().filter_map(|output| output.columns).collect();
        let usual = |columns: &usize| USUAL_BINS.iter().any(|bins| 4 * bins == *columns);
        let logits = made != half;
        if known.is_empty() {
            return Some(Self { classes: None, bins: None, logits, ambiguous: false });
        }
        if known.len() != outputs.len() {
            return None;
        }
        let (scores, distances): (Vec<&Output>, Vec<&Output>) = if made == half {
            outputs.iter().partition(|output| squashed(output))
        } else if named == half {
            outputs.iter().partition(|output| !of_distances(output.name))
        } else if known.iter().filter(|columns| usual(columns)).count() == half {
            outputs.iter().partition(|output| !output.columns.as_ref().is_some_and(usual))
        } else {
            // As many classes as edges, or both usual: scores come first in all exports.
            let (scores, distances) = outputs.split_at(half);
            (scores.iter().collect(), distances.iter().collect())
        };
        let same = |outputs: &[&Output]| {
            let first = outputs.first()?.columns?;
            outputs.iter().all(|output| output.columns == Some(first)).then_some(first)
        };
        let (classes, edges) = (same(&scores)?, same(&distances)?);
        let fits = edges % 4 == 0 && BINS.contains(&(edges / 4));
        let told = made == half || named == half;
        (fits && (told || usual(&edges))).then_some(Self {
            classes: Some(classes),
            bins: Some(edges / 4),
            logits,
            ambiguous: !told && usual(&classes),
        })
    }

    fn why(&self, strides: &[u32]) -> String {
        let strides: Vec<String> = strides.iter().map(u32::to_string).collect();
        let pair = match (self.classes, self.bins) {
            (Some(classes), Some(bins)) => {
                format!("{classes} scores and 4 edges of {bins} bins")
            }
            _ => "scores and distances, of sizes that the file does not show,".to_owned(),
        };
        format!("{pair} for each cell of strides {}", strides.join(", "))
    }

    fn doubts(&self) -> Vec<String> {
        let mut doubts = Vec::new();
        if self.classes.is_none() {
            doubts.push(format!(
                "the file does not show how many classes there are; {COCO} are assumed, and the first picture fails where there are others"
            ));
        }
        if self.ambiguous {
            doubts.push(
                "the first half of its outputs is taken for scores; if it is the distances, export it with scores first"
                    .to_owned(),
            );
        }
        if self.logits {
            doubts.push(
                "scores are taken for logits, as no sigmoid makes them in the graph; if they are probabilities, write logits = false under [decode]"
                    .to_owned(),
            );
        }
        doubts
    }
}

#[cfg(test)]
mod tests;
