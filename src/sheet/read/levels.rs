//! How dark an unmarked and a marked bubble of this page are: each page has its own print, pen and light.

use crate::sheet::layout::Page;
use crate::sheet::seen::Mark;

/// An unmarked bubble's darkness varies by this much at least, whatever the page says.
const LEAST_NOISE: f32 = 0.012;
/// A marked one is at least so much darker; half of what a soft pencil leaves.
const LEAST_MARK: f32 = 0.12;
/// What is assumed where a page has no clear mark.
const USUAL_MARK: f32 = 0.35;

/// What a page's bubbles are compared to.
#[derive(Debug, Clone, PartialEq)]
pub struct Levels {
    /// Of each bubble, how dark it is when it is not marked: letters in it and the outline count.
    pub empty: Vec<f32>,
    /// How much that varies, one standard deviation.
    pub noise: f32,
    /// How much darker marked ones are.
    pub mark: f32,
}

impl Levels {
    pub fn of(page: &Page, marks: &[Mark]) -> Self {
        let values: Vec<&str> =
            page.fields.iter().flat_map(|field| &field.bubbles).map(|bubble| bubble.value.as_str()).collect();
        let fills: Vec<f32> = marks.iter().map(|mark| mark.fill).collect();
        let all = quantile(&fills, 0.3);
        let mut empty = vec![all; fills.len()];
        let mut names: Vec<&str> = values.clone();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let own: Vec<usize> = (0..fills.len()).filter(|n| values.get(*n) == Some(&name)).collect();
            let own_fills: Vec<f32> = own.iter().map(|n| fills[*n]).collect();
            // Few bubbles say little of their letter; most of few may be marked.
            let trust = own.len() as f32 / (own.len() as f32 + 4.0);
            let level = quantile(&own_fills, 0.3).min(all + LEAST_MARK);
            own.iter().for_each(|n| empty[*n] = trust * level + (1.0 - trust) * all);
        }
        let over: Vec<f32> = fills.iter().zip(&empty).map(|(fill, empty)| fill - empty).collect();
        // Marks are the fewer ones, so the lower half is without them; half of a normal distribution lies within
        // 0.6745 standard deviations of its middle.
        let apart: Vec<f32> = over.iter().filter(|v| **v <= quantile(&over, 0.6)).map(|v| v.abs()).collect();
        let noise = (quantile(&apart, 0.5) / 0.6745).max(LEAST_NOISE);
        let dark: Vec<f32> = over.iter().copied().filter(|v| *v > (6.0 * noise).max(LEAST_MARK)).collect();
        // Two marks may be smudges; more are what this page's pen does.
        let mark = if dark.len() > 2 { quantile(&dark, 0.5) } else { USUAL_MARK };
        Self { empty, noise, mark }
    }
}

fn quantile(values: &[f32], share: f32) -> f32 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f32::total_cmp);
    sorted.get(((sorted.len() as f32 - 1.0) * share).round().max(0.0) as usize).copied().unwrap_or(0.0)
}
