//! Which output is the heat map, which the sizes and which the offsets.

use crate::family::reading::float_axes;
use crate::onnx::{Header, Value};

/// Places in the header's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Maps {
    pub heatmap: usize,
    pub size: usize,
    pub offset: usize,
}

impl Maps {
    /// Outputs by the names that a description gives for the heat map, sizes and offsets; all three.
    pub fn named(header: &Header, names: [Option<&str>; 3]) -> Option<Self> {
        let place =
            |name: Option<&str>| header.outputs.iter().position(|output| Some(output.name.as_str()) == name);
        let [heatmap, size, offset] = names.map(place);
        let maps = Self { heatmap: heatmap?, size: size?, offset: offset? };
        let [heatmap, size, offset] =
            [maps.heatmap, maps.size, maps.offset].map(|place| header.outputs.get(place).and_then(channels));
        let two = |channels: Option<Option<usize>>| channels.is_some_and(|c| c.is_none_or(|c| c == 2));
        (heatmap.is_some() && two(size) && two(offset)).then_some(maps)
    }
}

/// What the header tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub maps: Maps,
    pub classes: Option<usize>,
    /// Whether names say it, not shapes and order alone.
    pub by_names: bool,
}

/// Names of the official code (`hm`, `wh`, `reg`), of MMDetection's (`center_heatmap_pred`, `wh_pred`,
/// `offset_pred`) and of their kin.
const HEATMAP: [&str; 2] = ["hm", "heat"];
const SIZE: [&str; 2] = ["wh", "size"];
const OFFSET: [&str; 2] = ["reg", "off"];

/// `None` where outputs are no CenterNet's.
pub(super) fn tell(header: &Header) -> Option<Told> {
    let [first, second, third] = header.outputs.as_slice() else { return None };
    let all = [first, second, third];
    let channels = [channels(first)?, channels(second)?, channels(third)?];
    let two = |place: usize| channels[place].is_none_or(|channels| channels == 2);
    let only = |names: &[&str]| {
        let mut places = (0..3).filter(|place| names.iter().any(|name| all[*place].name.contains(name)));
        places.next().filter(|_| places.next().is_none())
    };
    let named = || Some(Maps { heatmap: only(&HEATMAP)?, size: only(&SIZE)?, offset: only(&OFFSET)? });
    let distinct =
        |maps: &Maps| maps.heatmap != maps.size && maps.size != maps.offset && maps.heatmap != maps.offset;
    let by_names = named().filter(distinct);
    // All three of two channels: the official order.
    let by_shape = || {
        let heatmap = (0..3).find(|place| channels[*place].is_some_and(|c| c != 2)).unwrap_or(0);
        let mut others = (0..3).filter(|place| *place != heatmap);
        let maps = Maps { heatmap, size: others.next()?, offset: others.next()? };
        // Sizes left open say too little without names.
        channels.iter().all(Option::is_some).then_some(maps)
    };
    let told = by_names.is_some();
    let maps = by_names.or_else(by_shape).filter(|maps| two(maps.size) && two(maps.offset))?;
    Some(Told { maps, classes: channels[maps.heatmap], by_names: told })
}

/// The channels of a map of floats, `Some(None)` for an open axis; `None` for what is no map.
fn channels(output: &Value) -> Option<Option<usize>> {
    match *float_axes(output)?.as_slice() {
        [channels, _, _] => Some(channels),
        _ => None,
    }
}

/// Input pixels per cell of all published weights (`down_ratio`).
const STRIDE: u32 = 4;

/// Whether maps are of a quarter of the input's size, as far as their sides are fixed.
pub(super) fn of_usual_size(header: &Header, [width, height]: [u32; 2]) -> bool {
    let fits = |cells: Option<usize>, side: u32| cells.is_none_or(|cells| cells == (side / STRIDE) as usize);
    header.outputs.iter().all(|output| match float_axes(output).as_deref() {
        Some(&[_, rows, columns]) => fits(rows, height) && fits(columns, width),
        _ => false,
    })
}
