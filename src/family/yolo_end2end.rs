//! End-to-end exports of YOLOs: a row a thing, without overlaps.
//!
//! Three orders of columns are in use: x1, y1, x2, y2, score, class (Ultralytics: v10, YOLO26 and
//! `nms=True`), class, score, x1, y1, x2, y2 (PaddleDetection's `multiclass_nms3`) and
//! batch, x1, y1, x2, y2, class, score (`ONNX_ORT` in WongKinYiu/yolov7 `models/experimental.py`).

use ndarray::{ArrayView1, Ix2};
use serde::Deserialize;

use super::cells;
use super::reading::Certainty;
use super::yolo::{self, Found, Place};
use super::{Entry, Family, ModelInput, Outputs, Reading, Recipe, class_of};
use crate::error::{Error, Kind, Result};
use crate::frame::Warning;
use crate::observation::{Candidate, Observation, SCORE_FLOOR};
use crate::onnx::Header;
use crate::preprocess::Mapping;
use crate::spec::{Resize, Task};

pub const ENTRY: Entry = Entry {
    name: "yolo-end2end",
    task: Task::Detect,
    about: "final boxes: [1,n,6] of YOLOv10, YOLO26, nms=True, PaddleDetection; [n,7] of YOLOv7",
    recognise,
    build: |recipe| Ok(Box::new(EndToEnd::new(recipe)?)),
};

/// What the columns are.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Order {
    XyxyScoreClass,
    ClassScoreXyxy,
    BatchXyxyClassScore,
}

/// Columns of the box, the score and the class.
struct Columns {
    count: usize,
    edges: usize,
    score: usize,
    class: usize,
}

impl Order {
    const ALL: [(Order, &'static str); 3] = [
        (Order::XyxyScoreClass, "xyxy-score-class"),
        (Order::ClassScoreXyxy, "class-score-xyxy"),
        (Order::BatchXyxyClassScore, "batch-xyxy-class-score"),
    ];

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(order, _)| *order == self).map_or("", |(_, name)| name)
    }

    fn columns(self) -> Columns {
        match self {
            Order::XyxyScoreClass => Columns { count: 6, edges: 0, score: 4, class: 5 },
            Order::ClassScoreXyxy => Columns { count: 6, edges: 2, score: 1, class: 0 },
            Order::BatchXyxyClassScore => Columns { count: 7, edges: 1, score: 6, class: 5 },
        }
    }
}

/// The `[decode]` table of the description.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Decode {
    order: Order,
    /// Boxes as shares of the input's sides.
    normalised: bool,
}

impl Default for Decode {
    fn default() -> Self {
        Self { order: Order::XyxyScoreClass, normalised: false }
    }
}

struct EndToEnd {
    input: ModelInput,
    place: Place,
    decode: Decode,
}

/// More rows than any of these exporters keeps: those are boxes before suppression.
const MOST_ROWS: usize = 1000;

fn recognise(header: &Header) -> Option<Reading> {
    let found = Found::of(header)?;
    let [rows, values] = found.axes;
    // Small inputs may have as many cells as there are final rows; notes settle it.
    let final_rows = found.notes.as_ref().is_some_and(|notes| notes.end_to_end || notes.nms);
    let many = rows.is_some_and(|rows| rows > MOST_ROWS || !final_rows && found.per_cell(rows) == Some(3));
    let open = rows.is_none() && values.is_none();
    if many || found.detr() || values.is_some_and(|values| values != 6 && values != 7) {
        return None;
    }
    // PaddleDetection gives a second output, the number of rows per picture.
    let paddle =
        header.outputs.len() == 2 && header.inputs.iter().any(|input| input.name.starts_with("scale_factor"));
    let order = match values {
        Some(7) => Order::BatchXyxyClassScore,
        _ if paddle => Order::ClassScoreXyxy,
        _ => Order::XyxyScoreClass,
    };
    let certainty = match &found.notes {
        Some(notes) if notes.task != "detect" || values == Some(7) => return None,
        Some(_) if final_rows || values == Some(6) => Certainty::Metadata,
        Some(_) => return None,
        None if open => Certainty::Shape,
        // YOLOv7's export leaves the number of rows open and has no batch axis.
        None => found.certainty(paddle || values == Some(7) && found.named("images", &["output"])),
    };
    let why = format!("{} is final boxes, a row each, in the order {}", found.output, order.name());
    let mut reading = Reading::new(certainty, why, found.input.clone());
    reading.names = found.names();
    reading.classes = found.notes.as_ref().map(|notes| notes.names.len()).filter(|count| *count > 0);
    reading.decode.insert("order".into(), order.name().into());
    if paddle {
        // PaddleDetection's readers: both sides stretched to the input, keep_ratio false.
        reading.input.resize = Resize::Stretch;
        reading.doubts.push(PADDLE.into());
    } else if found.notes.is_none() && order != Order::BatchXyxyClassScore {
        reading.doubts.push(ORDER.into());
    }
    Some(reading)
}

const ORDER: &str = "its columns may also be class, score, x1, y1, x2, y2: if labels and boxes are nonsense, write \
     order = \"class-score-xyxy\" under [decode] of a description";
const PADDLE: &str = "whether pixels are also reduced by a mean is not in the file (infer_cfg.yml beside the export says \
     it): correct mean and std in a description if nothing is found";

impl EndToEnd {
    fn new(recipe: &Recipe) -> Result<Self> {
        let decode: Decode = yolo::decode(recipe)?;
        let place = Place::new(recipe, "expects rows of 6 or 7 values")?;
        let [_, values] = place.axes;
        if let Some(values) = values {
            right_width(Kind::ModelMismatch, values, decode.order).map_err(|mut error| {
                error.message = format!("{}: {}", recipe.spec.name, error.message);
                error
            })?;
        }
        Ok(Self { input: ModelInput::new(recipe)?, place, decode })
    }

    /// The thing in a row; `None` for rows that only fill up: of score 0, of a class below 0 or of batch
    /// -1, as exporters write them.
    fn thing(&self, row: ArrayView1<f32>, scale: [f32; 2]) -> Option<Candidate> {
        let columns = self.decode.order.columns();
        let value = |column: usize| row.get(column).copied().unwrap_or(f32::NAN);
        let (score, class) = (value(columns.score), value(columns.class));
        let filler = score < SCORE_FLOOR || class < 0.0 || columns.edges == 1 && value(0) < 0.0;
        let [sx, sy] = scale;
        let edge = |n: usize| value(columns.edges + n) * if n.is_multiple_of(2) { sx } else { sy };
        let rect = cells::edges([edge(0), edge(1), edge(2), edge(3)]);
        // A class that is no number is no thing: counted with the scores that are none.
        let score = if class.is_finite() { score } else { f32::NAN };
        let (class, score) = class_of(class, score);
        (!filler).then(|| Candidate::new(rect, class, score))
    }
}

/// # Errors
/// `kind`: another number of columns than the order has.
fn right_width(kind: Kind, values: usize, order: Order) -> Result<()> {
    if values == order.columns().count {
        return Ok(());
    }
    let others: Vec<&str> = Order::ALL
        .iter()
        .filter(|(other, _)| other.columns().count == values)
        .map(|(_, name)| *name)
        .collect();
    let advice = match others.as_slice() {
        [] => "correct the family".to_owned(),
        others => format!("write order = \"{}\" under [decode]", others.join("\" or \"")),
    };
    let (name, count) = (order.name(), order.columns().count);
    Err(Error::new(kind, format!("rows of {values} values found; the order {name} has {count}: {advice}")))
}

impl Family for EndToEnd {
    fn input(&self) -> Option<&ModelInput> {
        Some(&self.input)
    }

    fn a_row_a_frame(&self) -> bool {
        !matches!(self.decode.order, Order::BatchXyxyClassScore)
    }

    fn decode(&self, outputs: &Outputs, mapping: &Mapping) -> Result<(Observation, Vec<Warning>)> {
        let rows = self.place.tensor(outputs)?.numbers::<Ix2>("[rows, values]")?;
        right_width(Kind::ModelOutput, rows.ncols(), self.decode.order)?;
        let scale = yolo::scale(self.decode.normalised, self.input.size);
        let things = rows.rows().into_iter().filter_map(|row| self.thing(row, scale)).collect();
        Ok(cells::detections((things, 0), false, mapping))
    }
}

#[cfg(test)]
mod tests;
