//! Whether a map says what matters to the model: insertion and deletion, beside random maps.

use serde::{Deserialize, Serialize};

use super::bench::Bench;
use super::masks::Masks;
use crate::error::Result;

/// Areas under the curves of insertion and deletion (RISE, section 4.2), 0 to 1, of a map and of random ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Faithfulness {
    /// The score while the picture comes back into a blurred one, most important pixels first: high is good.
    pub insertion: f32,
    /// The score while it is taken away, most important pixels first: low is good.
    pub deletion: f32,
    /// Insertion and deletion of maps of smooth noise.
    pub random: Vec<[f32; 2]>,
}

/// What numbers of the faithfulness say of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    BetterThanRandom,
    Useless,
}

/// Standard deviations over the mean of random maps from which on a map is better than they are.
const CLEAR: f64 = 2.0;

impl Faithfulness {
    /// A map is better than random where its insertion less its deletion is more than the mean of the random maps'
    /// by two of their standard deviations.
    pub fn verdict(&self) -> Verdict {
        let differences = self.random.iter().map(|[insertion, deletion]| f64::from(insertion - deletion));
        let [mean, deviation] = statistics(differences);
        let own = f64::from(self.insertion - self.deletion);
        if own > mean + CLEAR * deviation { Verdict::BetterThanRandom } else { Verdict::Useless }
    }

    /// Means over the random maps: insertion, deletion.
    pub fn random_means(&self) -> [f64; 2] {
        [0, 1].map(|which| statistics(self.random.iter().map(|pair| f64::from(pair[which])))[0])
    }
}

/// Mean and sample standard deviation.
fn statistics(values: impl Iterator<Item = f64>) -> [f64; 2] {
    let values: Vec<f64> = values.collect();
    let mean = values.iter().sum::<f64>() / (values.len().max(1) as f64);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    [mean, (squares / (values.len().saturating_sub(1).max(1) as f64)).sqrt()]
}

/// How a map is measured.
pub struct Measure<'a> {
    /// Where the picture is in the model's input: only its pixels come and go.
    pub seen: [usize; 4],
    pub steps: usize,
    /// What pixels are taken away to, and what they come back into.
    pub zero: &'a [f32],
    pub blurred: &'a [f32],
}

impl Measure<'_> {
    /// A faithfulness a target. `random` says how many maps of `noise` stand beside.
    ///
    /// # Errors
    /// As of looking.
    pub fn of(
        &self,
        bench: &Bench,
        maps: &[Vec<f32>],
        (noise, random): (&Masks, usize),
    ) -> Result<Vec<Faithfulness>> {
        let mut all = Vec::new();
        for (which, map) in maps.iter().enumerate() {
            let [insertion, deletion] = self.areas(bench, map)?.map(|areas| areas[which]);
            all.push(Faithfulness { insertion, deletion, random: Vec::new() });
        }
        // One random map serves all targets.
        for n in 0..random {
            let [insertions, deletions] = self.areas(bench, &noise.noise(n as u64))?;
            for ((own, insertion), deletion) in all.iter_mut().zip(insertions).zip(deletions) {
                own.random.push([insertion, deletion]);
            }
        }
        Ok(all)
    }

    /// The areas of insertion and of deletion by one map, for each target.
    fn areas(&self, bench: &Bench, map: &[f32]) -> Result<[Vec<f32>; 2]> {
        let order = order(map, bench.canvas.size, self.seen);
        let mask = |step: usize, first: f32| {
            let mut mask = vec![1.0; map.len()];
            let gone = step * order.len() / self.steps;
            order
                .iter()
                .enumerate()
                .for_each(|(n, pixel)| mask[*pixel] = if n < gone { first } else { 1.0 - first });
            mask
        };
        let area = |first: f32, other: &[f32]| {
            let mut areas = vec![0f32; bench.targets.len()];
            bench.look(self.steps + 1, other, &|step| mask(step, first), &mut |step, _, scores| {
                // By trapezoids: the first and the last score count half.
                let weight = if step == 0 || step == self.steps { 0.5 } else { 1.0 } / self.steps as f32;
                areas.iter_mut().zip(scores).for_each(|(area, score)| *area += weight * score);
            })?;
            Ok(areas)
        };
        Ok([area(1.0, self.blurred)?, area(0.0, self.zero)?])
    }
}

/// How many looks a map and `random` others take, `maps` being measured.
pub fn looks(steps: usize, maps: usize, random: usize) -> usize {
    2 * (steps + 1) * (maps + random)
}

/// The pixels of the picture, most important first; equal ones in order of place.
fn order(map: &[f32], [width, _]: [usize; 2], [left, top, right, bottom]: [usize; 4]) -> Vec<usize> {
    let mut order: Vec<usize> = (top..bottom).flat_map(|y| y * width + left..y * width + right).collect();
    order.sort_by(|a, b| map[*b].total_cmp(&map[*a]));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_must_stand_clear_of_random_ones() {
        // Differences 0.1, 0.2, 0.3: mean 0.2, standard deviation 0.1.
        let random = vec![[0.5, 0.4], [0.5, 0.3], [0.5, 0.2]];
        let of = |insertion| Faithfulness { insertion, deletion: 0.1, random: random.clone() }.verdict();
        assert_eq!((of(0.51), of(0.49)), (Verdict::BetterThanRandom, Verdict::Useless));
        let even = Faithfulness { insertion: 0.5, deletion: 0.5, random: vec![[0.5, 0.5]; 5] };
        assert_eq!(even.verdict(), Verdict::Useless, "a model that does not care");
    }

    #[test]
    fn pixels_of_the_picture_come_in_order_of_importance() {
        let map = [9.0, 1.0, 3.0, 9.0, 2.0, 3.0];
        assert_eq!(order(&map, [3, 2], [1, 0, 3, 2]), [2, 5, 4, 1]);
    }
}
