//! Maps that a model gives along with its answer: class activation maps, in one look.

use ndarray::{Array2, Array3, ArrayView1, Axis, Ix2, Ix3};

use crate::error::{Error, Kind, Result};
use crate::family::Outputs;
use crate::models::Model;
use crate::onnx;
use crate::spec::Layout;
use crate::spec::explain::Explain;

/// How a model's own map is read.
#[derive(Debug, Clone)]
pub enum Cam {
    /// An output that is one.
    Output { name: String },
    /// Features and what a class makes of them (CAM: Zhou et al. 2016).
    Weighted { features: String, layout: Layout, weights: Array2<f32> },
    /// Features alone (Eigen-CAM: Muhammad, Yeasin 2020).
    Eigen { features: String, layout: Layout },
}

/// More numbers than any layer that makes scores has.
const MOST_WEIGHTS: usize = 1 << 26;

impl Cam {
    /// What the model's description says; `None` where it says nothing.
    ///
    /// # Errors
    /// `ModelInvalid` for names that the file has not, or not of that shape.
    pub fn new(model: &Model) -> Result<Option<Self>> {
        let Some(Explain { cam, features, weights }) = &model.spec.explain else { return Ok(None) };
        let invalid = |text: String| Error::new(Kind::ModelInvalid, format!("{}: {text}", model.spec.name));
        for (key, name) in [("cam", cam), ("features", features)] {
            let there = |name: &String| model.header.outputs.iter().any(|output| output.name == *name);
            if let Some(name) = name.as_ref().filter(|name| !there(name)) {
                return Err(invalid(format!("no output {name:?} as [explain] {key} says")));
            }
        }
        let layout = model.spec.input.layout;
        Ok(match (cam, features, weights) {
            (Some(name), _, _) => Some(Cam::Output { name: name.clone() }),
            (None, Some(features), None) => Some(Cam::Eigen { features: features.clone(), layout }),
            (None, Some(features), Some(weights)) => {
                let weights = initialiser(model, weights).map_err(invalid)?;
                Some(Cam::Weighted { features: features.clone(), layout, weights })
            }
            (None, None, _) => {
                return Err(invalid("[explain] needs cam or features".to_owned()));
            }
        })
    }

    /// As it stands in results.
    pub fn name(&self) -> &'static str {
        match self {
            Cam::Output { .. } | Cam::Weighted { .. } => "cam",
            Cam::Eigen { .. } => "eigen-cam",
        }
    }

    /// The map of a class, scaled to `size` = [width, height], in rows from the top.
    ///
    /// # Errors
    /// `ModelOutput` for another shape than the description's: found, expected.
    pub fn map(&self, outputs: &Outputs, class: usize, size: [usize; 2]) -> Result<Vec<f32>> {
        let map = match self {
            Cam::Output { name } => {
                let output = outputs.named(name)?;
                match output.numbers::<Ix3>("[classes, rows, columns]") {
                    Ok(maps) => {
                        let which = if maps.len_of(Axis(0)) == 1 { 0 } else { class };
                        if which >= maps.len_of(Axis(0)) {
                            let (name, shape) = (&output.name, output.value.shape());
                            let message =
                                format!("output {name} has the shape {shape:?}, without class {class}");
                            return Err(Error::new(Kind::ModelOutput, message));
                        }
                        maps.index_axis(Axis(0), which).to_owned()
                    }
                    Err(_) => {
                        output.numbers::<Ix2>("[classes, rows, columns] or [rows, columns]")?.into_owned()
                    }
                }
            }
            Cam::Weighted { features, layout, weights } => {
                let features = channels_first(outputs, features, *layout)?;
                let of_class = of_class(weights, class, features.len_of(Axis(0)))?;
                weighted(&features, of_class)
            }
            Cam::Eigen { features, layout } => eigen(&channels_first(outputs, features, *layout)?),
        };
        Ok(scaled(&map, size))
    }
}

/// A matrix of the file.
fn initialiser(model: &Model, name: &str) -> std::result::Result<Array2<f32>, String> {
    let all = onnx::weights(&model.bytes, 4).map_err(|_| "its weights cannot be read".to_owned())?;
    let found = all.into_iter().find(|weight| weight.name == name);
    let weight = found.ok_or_else(|| format!("no initialiser {name:?} as [explain] weights says"))?;
    let sides: Vec<usize> = weight.shape.iter().filter_map(|side| usize::try_from(*side).ok()).collect();
    // The weights of a convolution of 1 x 1 are a matrix too.
    let [rows, columns] = match sides.as_slice() {
        [rows, columns] | [rows, columns, 1, 1] => [*rows, *columns],
        other => {
            return Err(format!(
                "initialiser {name:?} has the shape {other:?}, expected [classes, channels]"
            ));
        }
    };
    let bytes = weight.data;
    let values: Vec<f32> = match weight.element {
        crate::engine::ElementType::F32 => {
            bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect()
        }
        crate::engine::ElementType::F16 => {
            bytes.as_chunks::<2>().0.iter().map(|b| half::f16::from_le_bytes(*b).to_f32()).collect()
        }
        other => return Err(format!("initialiser {name:?} holds {other:?}, expected f32 or f16")),
    };
    if values.len() > MOST_WEIGHTS {
        return Err(format!(
            "initialiser {name:?} has {} numbers, at most {MOST_WEIGHTS} are read",
            values.len()
        ));
    }
    Array2::from_shape_vec((rows, columns), values).map_err(|e| format!("initialiser {name:?}: {e}"))
}

/// The weights of a class, whichever way round they are stored.
fn of_class(weights: &Array2<f32>, class: usize, channels: usize) -> Result<ArrayView1<'_, f32>> {
    let (rows, columns) = weights.dim();
    if columns == channels && class < rows {
        return Ok(weights.row(class));
    }
    if rows == channels && class < columns {
        return Ok(weights.column(class));
    }
    let message = format!(
        "weights [{rows}, {columns}] do not fit {channels} channels of features and class {class}; correct [explain] of its \
         description"
    );
    Err(Error::new(Kind::ModelOutput, message))
}

fn channels_first(outputs: &Outputs, name: &str, layout: Layout) -> Result<Array3<f32>> {
    let features = outputs.named(name)?.numbers::<Ix3>("features [channels, rows, columns]")?;
    let features = match layout {
        Layout::Nchw => features.view(),
        Layout::Nhwc => features.view().permuted_axes([2, 0, 1]),
    };
    if features.is_empty() {
        return Err(Error::new(Kind::ModelOutput, format!("output {name} is empty; expected features")));
    }
    Ok(features.as_standard_layout().into_owned())
}

fn weighted(features: &Array3<f32>, weights: ArrayView1<f32>) -> Array2<f32> {
    let (_, rows, columns) = features.dim();
    let mut map = Array2::<f32>::zeros((rows, columns));
    for (plane, weight) in features.outer_iter().zip(weights) {
        map.scaled_add(*weight, &plane);
    }
    map
}

/// Rounds of the power iteration; it stops before where nothing changes any more.
const ROUNDS: usize = 500;

/// The features of each place along their first right singular vector. Its sign is free: the one is taken with
/// which the map's sum is not negative.
fn eigen(features: &Array3<f32>) -> Array2<f32> {
    let (channels, rows, columns) = features.dim();
    let places = rows * columns;
    // A row a place; the matrix is small, so doubles cost nothing.
    let at = |place: usize, channel: usize| f64::from(features[[channel, place / columns, place % columns]]);
    let matrix = Array2::from_shape_fn((places, channels), |(place, channel)| at(place, channel));
    let mut axis = ndarray::Array1::from_elem(channels, 1.0 / (channels as f64).sqrt());
    for _ in 0..ROUNDS {
        let next = matrix.t().dot(&matrix.dot(&axis));
        let length = next.dot(&next).sqrt();
        // NaN too: then the map is left as it is.
        if length.is_nan() || length <= 0.0 {
            break;
        }
        let next = next / length;
        let change = (&next - &axis).mapv(f64::abs).sum();
        axis = next;
        if change < 1e-12 {
            break;
        }
    }
    let along = matrix.dot(&axis);
    let sign = if along.sum() < 0.0 { -1.0 } else { 1.0 };
    Array2::from_shape_fn((rows, columns), |(y, x)| (sign * along[y * columns + x]) as f32)
}

/// Scaled with linear interpolation between the middles of cells; beyond the outermost nothing changes.
fn scaled(map: &Array2<f32>, [width, height]: [usize; 2]) -> Vec<f32> {
    let (rows, columns) = map.dim();
    let taps = |side: usize, cells: usize| {
        let tap = move |pixel: usize| {
            let at = ((pixel as f64 + 0.5) * cells as f64 / side as f64 - 0.5).clamp(0.0, (cells - 1) as f64);
            let first = at as usize;
            (first, (first + 1).min(cells - 1), (at - first as f64) as f32)
        };
        (0..side).map(tap).collect::<Vec<_>>()
    };
    if rows == 0 || columns == 0 {
        return vec![0.0; width * height];
    }
    let across = taps(width, columns);
    let mut all = Vec::with_capacity(width * height);
    for (y0, y1, down) in taps(height, rows) {
        let value = |x: usize| (1.0 - down) * map[[y0, x]] + down * map[[y1, x]];
        all.extend(across.iter().map(|(x0, x1, right)| (1.0 - right) * value(*x0) + right * value(*x1)));
    }
    all
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn features_are_summed_by_the_weights_of_the_class() {
        let features = array![[[1.0, 0.0]], [[0.0, 2.0]]];
        let weights = array![[1.0, 10.0], [3.0, -1.0], [0.0, 0.0]];
        let map = |class| weighted(&features, of_class(&weights, class, 2).unwrap());
        assert_eq!((map(0), map(1)), (array![[1.0, 20.0]], array![[3.0, -2.0]]));
        let turned = weights.t().to_owned();
        assert_eq!(weighted(&features, of_class(&turned, 1, 2).unwrap()), array![[3.0, -2.0]]);
        assert!(of_class(&weights, 3, 2).is_err() && of_class(&weights, 0, 5).is_err());
    }

    #[test]
    fn the_first_component_of_features_of_one_direction_is_their_length() {
        // Every place is a multiple of (3, 4) / 5.
        let features = array![[[3.0, 0.0], [6.0, -3.0]], [[4.0, 0.0], [8.0, -4.0]]];
        let map = eigen(&features);
        let expected = array![[5.0, 0.0], [10.0, -5.0]];
        assert!(map.iter().zip(&expected).all(|(a, b): (&f32, &f32)| (a - b).abs() < 1e-4), "{map}");
        assert_eq!(eigen(&Array3::zeros((2, 1, 2))), array![[0.0, 0.0]]);
    }

    #[test]
    fn scaling_keeps_the_middles() {
        assert_eq!(scaled(&array![[0.0, 4.0]], [4, 1]), [0.0, 1.0, 3.0, 4.0]);
        assert_eq!(scaled(&array![[7.0]], [2, 2]), [7.0; 4]);
    }
}
