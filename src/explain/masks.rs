//! Smooth random masks: a coarse grid of cells, scaled up with linear interpolation, cut out at a random place
//! (RISE: Petsiuk, Das, Saenko 2018, section 3.2).

use super::random::Numbers;

/// Makes mask `k` of a seed, whichever came before it. The recipe, for other languages, is in docs/explain.md.
#[derive(Debug, Clone)]
pub struct Masks {
    numbers: Numbers,
    /// Cells of a side.
    grid: usize,
    /// Width and height, pixels.
    size: [usize; 2],
}

impl Masks {
    pub fn new(seed: u64, grid: u32, size: [usize; 2]) -> Self {
        Self { numbers: Numbers::new(seed), grid: grid as usize, size }
    }

    /// A mask whose cells are 1 with probability `keep` and else 0; in rows from the top.
    pub fn mask(&self, k: u64, keep: f64) -> Vec<f32> {
        self.field(k, |number| if number < keep { 1.0 } else { 0.0 })
    }

    /// A random map as smooth as a mask: its cells are even from 0 to 1.
    pub fn noise(&self, k: u64) -> Vec<f32> {
        self.field(k, |number| number)
    }

    fn field(&self, k: u64, cell: impl Fn(f64) -> f64) -> Vec<f32> {
        let cells = (self.grid * self.grid) as u64;
        let first = k.wrapping_mul(cells + 2);
        let grid: Vec<f64> = (0..cells).map(|n| cell(self.numbers.unit(first.wrapping_add(n)))).collect();
        let shift = |n: u64| self.numbers.unit(first.wrapping_add(cells + n));
        let [width, height] = self.size;
        let rows = taps(height, self.grid, shift(0));
        let columns = taps(width, self.grid, shift(1));
        let mut field = Vec::with_capacity(width * height);
        for (above, below, share) in rows {
            let row = |cell: usize| &grid[cell * self.grid..(cell + 1) * self.grid];
            let blend = |(above, below): (&f64, &f64)| (1.0 - share) * above + share * below;
            let line: Vec<f64> = row(above).iter().zip(row(below)).map(blend).collect();
            let pixel = |(left, right, share): &(usize, usize, f64)| {
                ((1.0 - share) * line[*left] + share * line[*right]) as f32
            };
            field.extend(columns.iter().map(pixel));
        }
        field
    }
}

/// For each pixel of a side: the cell before it, the one after it, and the share of the latter. The grid is
/// scaled to one cell more than the side has, and the side lies in it at `shift` of a cell (0 to 1). Cells' middles
/// are at half their width; beyond the outermost middles nothing changes.
fn taps(side: usize, grid: usize, shift: f64) -> Vec<(usize, usize, f64)> {
    let cell = side.div_ceil(grid.max(1));
    let begin = (shift * cell as f64).floor();
    let scaled = ((grid + 1) * cell) as f64;
    let last = (grid - 1) as f64;
    let tap = |pixel: usize| {
        let at = ((pixel as f64 + begin + 0.5) * grid as f64 / scaled - 0.5).clamp(0.0, last);
        let before = at.floor();
        (before as usize, (before as usize + 1).min(grid - 1), at - before)
    };
    (0..side).map(tap).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_lie_between_the_middles_of_cells() {
        // Two cells over four pixels: each is 2 wide, scaled to 6 pixels of 1/3 cell; without shift the pixels'
        // middles lie at 1/6, 1/2, 5/6, 7/6 of a cell, and the cells' own at 1/2 and 3/2.
        let expected = [(0, 1, 0.0), (0, 1, 0.0), (0, 1, 1.0 / 3.0), (0, 1, 2.0 / 3.0)];
        for (found, expected) in taps(4, 2, 0.0).into_iter().zip(expected) {
            assert_eq!((found.0, found.1), (expected.0, expected.1));
            assert!((found.2 - expected.2).abs() < 1e-12);
        }
    }

    #[test]
    fn a_mask_follows_from_its_number_alone_and_keeps_its_share() {
        let masks = Masks::new(7, 7, [30, 20]);
        assert_eq!(masks.mask(3, 0.5), masks.mask(3, 0.5));
        assert_ne!(masks.mask(3, 0.5), masks.mask(4, 0.5));
        let all: Vec<f32> = (0..400).flat_map(|k| masks.mask(k, 0.3)).collect();
        assert!(all.iter().all(|value| (0.0..=1.0).contains(value)));
        let mean = all.iter().sum::<f32>() / all.len() as f32;
        assert!((mean - 0.3).abs() < 0.01, "{mean}");
        assert!(masks.mask(0, 1.0).iter().all(|value| *value == 1.0));
    }
}
