//! Whether bubbles are printed where a layout has them, and how far off they are.

use image::GrayImage;

use super::grey::{Paper, sample};
use super::plane::Plane;
use crate::sheet::layout::Page;

/// Samples a side of a bubble's surroundings.
const GRID: usize = 14;
/// Darkness that is noise.
const NOISE: f32 = 0.03;
/// Mean darkness beyond noise of a bubble's surroundings that is print: a thin grey circle has more.
const PRINT: f32 = 0.004;
/// With so much it is filled.
const FILLED: f32 = 0.1;
/// Print this far from the middle, as a share of the way to the neighbours, is not the bubble's.
const NEAR: f32 = 0.33;

/// What to look at around each bubble of a page: known once for all pictures.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Centre and half width and height, in the layout's units.
    bubbles: Vec<([f32; 2], [f32; 2])>,
    /// The size of a bubble in the middle of all.
    pub usual: [f32; 2],
    /// The shorter side of the smallest.
    pub smallest: f32,
}

impl Surroundings {
    pub fn of(page: &Page) -> Self {
        let rects: Vec<_> = page.fields.iter().flat_map(|field| &field.bubbles).map(|b| b.rect).collect();
        let centre = |n: usize| [(rects[n].x1 + rects[n].x2) / 2.0, (rects[n].y1 + rects[n].y2) / 2.0];
        let mut bubbles = Vec::with_capacity(rects.len());
        for (n, rect) in rects.iter().enumerate() {
            let size = [rect.width(), rect.height()];
            let own = centre(n);
            // Half-way to the nearest on each axis, and no further than a bubble's size.
            let mut half = [size[0] * 0.9, size[1] * 0.9];
            for other in (0..rects.len()).filter(|other| *other != n) {
                let apart = [0, 1].map(|axis| (centre(other)[axis] - own[axis]).abs());
                for axis in 0..2 {
                    let beside = apart[1 - axis] < size[1 - axis] * 0.6;
                    if beside && apart[axis] > size[axis] * 0.3 {
                        half[axis] = half[axis].min(apart[axis] / 2.0);
                    }
                }
            }
            bubbles.push((own, half));
        }
        let middle = |axis: fn(&crate::geometry::Rect) -> f32| {
            let mut all: Vec<f32> = rects.iter().map(axis).collect();
            all.sort_by(f32::total_cmp);
            all.get(all.len() / 2).copied().unwrap_or(1.0)
        };
        let smallest = rects.iter().map(|r| r.width().min(r.height())).fold(f32::INFINITY, f32::min);
        let usual = [middle(|r| r.width()), middle(|r| r.height())];
        Self { bubbles, usual, smallest: if smallest.is_finite() { smallest } else { 1.0 } }
    }

    pub fn len(&self) -> usize {
        self.bubbles.len()
    }

    pub fn is_empty(&self) -> bool {
        self.bubbles.is_empty()
    }
}

/// The middle of the ink, and its mean darkness.
type Ink = ([f32; 2], f32);

/// The print of each bubble.
pub struct Print {
    /// Where the middle of the ink is from the bubble's, in the layout's units, and how much ink there is; none where
    /// there is none.
    off: Vec<Option<Ink>>,
}

impl Print {
    /// Looks at every `step`th bubble, where the plane and, if any, its shift take it.
    pub fn look(
        grey: &GrayImage,
        paper: &Paper,
        around: &Surroundings,
        plane: &Plane,
        step: usize,
        shifts: Option<&[[f32; 2]]>,
    ) -> Self {
        let seen = around.bubbles.iter().enumerate().map(|(n, (centre, half))| {
            let shift = shifts.map_or([0.0, 0.0], |shifts| shifts[n]);
            let centre = [centre[0] + shift[0], centre[1] + shift[1]];
            (n % step == 0).then(|| middle_of_ink(grey, paper, plane, centre, *half)).flatten()
        });
        Self { off: seen.collect() }
    }

    /// The share of the bubbles looked at that have print near their middle, 0 to 1.
    pub fn share(&self, around: &Surroundings, step: usize) -> f32 {
        let near = |(off, (_, half)): (&Option<Ink>, &([f32; 2], [f32; 2]))| {
            off.is_some_and(|(off, _)| (0..2).all(|axis| off[axis].abs() < NEAR * half[axis]))
        };
        let count = self.off.iter().zip(&around.bubbles).filter(|pair| near(*pair)).count();
        count as f32 / self.off.len().div_ceil(step).max(1) as f32
    }

    /// Adds to `shifts` how far each bubble is off: a plane through what its neighbours say, weighed by their
    /// distance (Cleveland 1979, locally weighted regression). They know of a curl in the paper or of a gap that a
    /// template has wrong, and nothing of a pencil that slipped.
    fn add_to(&self, around: &Surroundings, shifts: &mut [[f32; 2]]) {
        // What is further off may be a neighbour's print, or a word; a filled bubble is told from further away.
        let near = |(off, ink): &Ink, half: &[f32; 2]| {
            let limit = if *ink > FILLED { 0.7 } else { 0.4 };
            (0..2).all(|axis| off[axis].abs() < limit * half[axis])
        };
        let reach = 6.0 * around.usual[0].max(around.usual[1]);
        let seen = self.off.iter().zip(&around.bubbles).enumerate();
        let known: Vec<(usize, Ink)> =
            seen.filter_map(|(n, (off, (_, half)))| Some((n, off.filter(|off| near(off, half))?))).collect();
        let before: Vec<[f32; 2]> = shifts.to_vec();
        for (n, shift) in shifts.iter_mut().enumerate() {
            let at = around.bubbles[n].0;
            let mut local = Local::default();
            for (other, (off, ink)) in &known {
                let place = around.bubbles[*other].0;
                let far = [0, 1].map(|axis| (place[axis] - at[axis]) / reach);
                let square = far[0] * far[0] + far[1] * far[1];
                if square < 4.0 {
                    let whole = [0, 1].map(|axis| off[axis] + before[*other][axis]);
                    local.add((-square).exp() * (0.3 + (ink / FILLED).min(1.0)), far, whole);
                }
            }
            if let Some(found) = local.middle() {
                *shift = found;
            }
        }
    }

    /// How far print is from the middle of its bubble, root mean square, in bubbles' widths.
    pub fn spread(&self, around: &Surroundings) -> f32 {
        let squares = self.off.iter().flatten().map(|(off, _)| off[0] * off[0] + off[1] * off[1]);
        let (sum, count) = squares.fold((0.0, 0), |(sum, count), square| (sum + square, count + 1));
        if count == 0 { 0.0 } else { (sum / count as f32).sqrt() / around.usual[0].max(1e-6) }
    }
}

/// The plane moved so that most print is near its bubbles, and that share. Hand-drawn templates and the edges of curled
/// paper are off by some bubbles' widths; never by as much as half-way to a neighbour, where one row would be taken
/// for the next.
pub fn moved(
    grey: &GrayImage,
    paper: &Paper,
    around: &Surroundings,
    plane: &Plane,
    step: usize,
) -> (Plane, f32) {
    const STEPS: i32 = 4;
    /// The share that a bubble's way half to its neighbour costs.
    const COST: f32 = 0.15;
    let mut halves: Vec<[f32; 2]> = around.bubbles.iter().map(|(_, half)| *half).collect();
    let mut middle = |axis: usize| {
        halves.sort_by(|a, b| a[axis].total_cmp(&b[axis]));
        halves.get(halves.len() / 2).map_or(1.0, |half| half[axis])
    };
    let half = [middle(0), middle(1)];
    let (mut best, mut most) = ((*plane, 0.0), f32::NEG_INFINITY);
    for n in 0..(2 * STEPS + 1) * (2 * STEPS + 1) {
        let share =
            [n % (2 * STEPS + 1), n / (2 * STEPS + 1)].map(|n| (n - STEPS) as f32 / (STEPS as f32 + 0.5));
        let by = [0, 1].map(|axis| f64::from(share[axis] * half[axis]));
        let there = plane.after(&Plane([1.0, 0.0, by[0], 0.0, 1.0, by[1], 0.0, 0.0, 1.0]));
        let own = Print::look(grey, paper, around, &there, step, None).share(around, step);
        let worth = own - COST * share[0].hypot(share[1]);
        if worth > most {
            (best, most) = ((there, own), worth);
        }
    }
    best
}

/// How far each bubble is from where the plane takes it, and the print as it is there.
pub fn shifted(
    grey: &GrayImage,
    paper: &Paper,
    around: &Surroundings,
    plane: &Plane,
) -> (Vec<[f32; 2]>, Print) {
    /// Each time the windows move closer, and see more of the bubbles that were far off.
    const ROUNDS: usize = 6;
    /// Nothing more is gained by moving less than this share of a bubble.
    const STILL: f32 = 0.04;
    let mut shifts = vec![[0.0; 2]; around.len()];
    let mut print = Print::look(grey, paper, around, plane, 1, None);
    for _ in 0..ROUNDS {
        let before = shifts.clone();
        print.add_to(around, &mut shifts);
        print = Print::look(grey, paper, around, plane, 1, Some(&shifts));
        let moved = shifts.iter().zip(&before).flat_map(|(a, b)| [a[0] - b[0], a[1] - b[1]]);
        if moved.fold(0.0, |most: f32, by| most.max(by.abs())) < STILL * around.usual[0] {
            break;
        }
    }
    (shifts, print)
}

/// Sums for a plane through shifts near a bubble.
#[derive(Default)]
struct Local {
    total: f32,
    /// Of x, y, x², y², xy.
    moments: [f32; 5],
    /// Of each axis' shift: alone, times x, times y.
    shifts: [[f32; 3]; 2],
}

impl Local {
    fn add(&mut self, weight: f32, [x, y]: [f32; 2], shift: [f32; 2]) {
        self.total += weight;
        let moments = [x, y, x * x, y * y, x * y];
        self.moments.iter_mut().zip(moments).for_each(|(sum, v)| *sum += weight * v);
        for (sums, value) in self.shifts.iter_mut().zip(shift) {
            sums.iter_mut().zip([1.0, x, y]).for_each(|(sum, v)| *sum += weight * value * v);
        }
    }

    /// The plane's height at the bubble itself; slopes are held back where few neighbours tell them.
    fn middle(&self) -> Option<[f32; 2]> {
        const HELD: f32 = 1.0;
        if self.total < 0.3 {
            return None;
        }
        let [x, y, xx, yy, xy] = self.moments.map(|v| v / self.total);
        let (sxx, syy, sxy) = (xx - x * x + HELD / self.total, yy - y * y + HELD / self.total, xy - x * y);
        let determinant = sxx * syy - sxy * sxy;
        Some(self.shifts.map(|sums| {
            let [mean, with_x, with_y] = sums.map(|v| v / self.total);
            let (cx, cy) = (with_x - mean * x, with_y - mean * y);
            let slope = [(cx * syy - cy * sxy) / determinant, (cy * sxx - cx * sxy) / determinant];
            mean - slope[0] * x - slope[1] * y
        }))
    }
}

fn middle_of_ink(
    grey: &GrayImage,
    paper: &Paper,
    plane: &Plane,
    centre: [f32; 2],
    half: [f32; 2],
) -> Option<Ink> {
    let off = |n: usize| {
        let share = [n % GRID, n / GRID].map(|n| (n as f32 + 0.5) / GRID as f32 * 2.0 - 1.0);
        [share[0] * half[0], share[1] * half[1]]
    };
    let value = |n: usize| {
        let [x, y] = off(n);
        sample(grey, plane.at_f32([centre[0] + x, centre[1] + y]))
    };
    let values: [f32; GRID * GRID] = std::array::from_fn(value);
    // The paper right here: print may be fainter than the light is uneven. Full of ink, the paper beside it.
    let mut sorted = values;
    sorted.sort_by(f32::total_cmp);
    let beside = paper.at(plane.at_f32(centre));
    let level = sorted[GRID * GRID * 3 / 4].clamp(0.8 * beside, 1.1 * beside);
    let (mut sum, mut mass) = ([0.0; 2], 0.0);
    for (n, value) in values.iter().enumerate() {
        let dark = (1.0 - value / level - NOISE).max(0.0);
        mass += dark;
        (0..2).for_each(|axis| sum[axis] += dark * off(n)[axis]);
    }
    let mean = mass / (GRID * GRID) as f32;
    (mean > PRINT).then(|| (sum.map(|v| v / mass), mean))
}
