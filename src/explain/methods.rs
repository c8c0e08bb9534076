//! Maps by masking: RISE and D-RISE, which differ in what is asked only, and occlusion.

use super::bench::Bench;
use super::masks::Masks;
use crate::error::Result;

/// RISE (Petsiuk, Das, Saenko 2018): for each pixel the mean score of `count` randomly masked pictures, weighted by how
/// much of the pixel each shows: sum(score * mask) / sum(mask). A map a target.
///
/// The paper divides by count * keep, which sum(mask) is about. With the real sum a pixel that happened to be shown more
/// often is not brighter for it: of a score that changes little, as a large thing's, nothing but that noise would be seen.
///
/// # Errors
/// As of looking.
pub fn rise(
    bench: &Bench,
    masks: &Masks,
    (count, keep): (usize, f64),
    other: &[f32],
) -> Result<Vec<Vec<f32>>> {
    let mut sums = vec![vec![0f64; bench.canvas.pixels()]; bench.targets.len()];
    let mut shown = vec![0f64; bench.canvas.pixels()];
    let mask = |n: usize| masks.mask(n as u64, keep);
    bench.look(count, other, &mask, &mut |_, mask, scores| {
        shown.iter_mut().zip(mask).for_each(|(sum, share)| *sum += f64::from(*share));
        for (sum, score) in sums.iter_mut().zip(scores) {
            let score = f64::from(*score);
            sum.iter_mut().zip(mask).for_each(|(sum, share)| *sum += score * f64::from(*share));
        }
    })?;
    // A pixel that no mask showed has no score.
    let mean = |(sum, shown): (f64, &f64)| if *shown > 0.0 { (sum / shown) as f32 } else { 0.0 };
    Ok(sums.into_iter().map(|sum| sum.into_iter().zip(&shown).map(mean).collect()).collect())
}

/// Occlusion (Zeiler, Fergus 2014): how much the score falls where a square is covered, for each pixel the mean over
/// the squares that cover it. Squares begin every `stride` pixels from the top left; those that reach over the edge
/// are cut. A map a target.
///
/// # Errors
/// As of looking.
pub fn occlusion(bench: &Bench, (patch, stride): (usize, usize), other: &[f32]) -> Result<Vec<Vec<f32>>> {
    let [width, height] = bench.canvas.size;
    let squares = squares([width, height], patch, stride);
    let covers = |n: usize| {
        let [left, top, right, bottom] = squares[n];
        (top..bottom).flat_map(move |y| y * width + left..y * width + right)
    };
    let mut base = Vec::new();
    bench.look(1, other, &|_| vec![1.0; width * height], &mut |_, _, scores| base = scores.to_vec())?;
    let mut sums = vec![vec![0f64; width * height]; bench.targets.len()];
    let mut counts = vec![0u32; width * height];
    let mask = |n: usize| {
        let mut mask = vec![1.0; width * height];
        covers(n).for_each(|pixel| mask[pixel] = 0.0);
        mask
    };
    bench.look(squares.len(), other, &mask, &mut |n, _, scores| {
        covers(n).for_each(|pixel| counts[pixel] += 1);
        for ((sum, score), base) in sums.iter_mut().zip(scores).zip(&base) {
            let fall = f64::from(base - score);
            covers(n).for_each(|pixel| sum[pixel] += fall);
        }
    })?;
    let mean = |(sum, count): (f64, &u32)| (sum / f64::from((*count).max(1))) as f32;
    Ok(sums.into_iter().map(|sum| sum.into_iter().zip(&counts).map(mean).collect()).collect())
}

/// How many looks [`occlusion`] takes.
pub fn squares_of(size: [usize; 2], patch: usize, stride: usize) -> usize {
    squares(size, patch, stride).len()
}

/// Left, top, right and bottom of each square.
fn squares([width, height]: [usize; 2], patch: usize, stride: usize) -> Vec<[usize; 4]> {
    let begins = |side: usize| {
        let last = side.saturating_sub(patch).div_ceil(stride);
        (0..=last).map(move |n| (n * stride, (n * stride + patch).min(side)))
    };
    let row =
        |(top, bottom): (usize, usize)| begins(width).map(move |(left, right)| [left, top, right, bottom]);
    begins(height).flat_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_cover_all_and_are_cut_at_the_edge() {
        assert_eq!(squares([5, 2], 2, 2), [[0, 0, 2, 2], [2, 0, 4, 2], [4, 0, 5, 2]]);
        assert_eq!(squares([4, 2], 2, 1), [[0, 0, 2, 2], [1, 0, 3, 2], [2, 0, 4, 2]]);
        assert_eq!(squares([3, 2], 7, 3), [[0, 0, 3, 2]]);
    }
}
