//! What a text may be: characters that it may hold, a pattern that it must have; and the likeliest text of a lattice
//! that is so.

use std::collections::HashMap;

use ndarray::ArrayView2;
use regex_automata::util::primitives::StateID;

use super::ctc::{ALTERNATIVES, Character};
use super::pattern::Pattern;
use crate::error::{Error, Result};

/// Beginnings of texts that are followed at once.
const BEAM: usize = 24;

/// Classes that are tried at a step: the likeliest that are allowed …
const CANDIDATES: usize = 40;

/// … and no less likely than this.
const LEAST: f32 = 1e-7;

/// Bounds on what a text may be, for one recogniser.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// By class.
    allowed: Vec<bool>,
    pattern: Option<Pattern>,
}

/// The likeliest text within the bounds.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitting {
    pub characters: Vec<Character>,
    /// Its probability among all texts within the bounds, 0 to 1.
    pub share: f32,
    /// The probability of the text without bounds, as a mean over its characters: low where something else
    /// stands there.
    pub likelihood: f32,
}

impl Wanted {
    /// Bounds for texts of `characters`, by class, the blank first. `allow` lists characters, `a-z` standing for
    /// all between; `None` allows all.
    ///
    /// # Errors
    /// `Usage` where the recogniser knows none of the characters, or the pattern is none.
    pub fn new(characters: &[String], allow: Option<&str>, pattern: Option<&str>) -> Result<Self> {
        let pattern = pattern.map(Pattern::new).transpose()?;
        let mut allowed = match allow {
            Some(list) => {
                let ranges = ranges(list);
                let single = |text: &String| text.chars().next().filter(|c| c.len_utf8() == text.len());
                let within = |c: char| ranges.iter().any(|(from, to)| (*from..=*to).contains(&c));
                characters.iter().map(|text| single(text).is_some_and(within)).collect()
            }
            None => vec![true; characters.len()],
        };
        if let Some(pattern) = &pattern {
            let alphabet = pattern.alphabet(characters);
            allowed.iter_mut().zip(alphabet).for_each(|(allowed, used)| *allowed &= used);
        }
        if let Some(blank) = allowed.first_mut() {
            *blank = false;
        }
        if !allowed.contains(&true) {
            let message = "the recogniser knows none of the characters that --allow and --pattern leave";
            return Err(Error::usage(message));
        }
        Ok(Self { allowed, pattern })
    }

    /// The likeliest text of a lattice, and runners-up as alternatives of its characters where they are as long;
    /// `None` where no text within the bounds is likely at all. `filled` as in [`super::ctc::best_path`].
    ///
    /// The second result is the number of steps that held no numbers.
    ///
    /// Prefix beam search (Hannun et al. 2014) over the probabilities of the allowed classes and the blank.
    pub fn best(
        &self,
        steps: ArrayView2<f32>,
        characters: &[String],
        filled: f32,
    ) -> (Option<Fitting>, usize) {
        let mut search = Search::new(self, characters);
        let mut odd = 0;
        for row in steps.rows() {
            let row = row.to_slice().unwrap_or_default();
            odd += usize::from(row.is_empty() || row.iter().any(|p| !p.is_finite()));
            search.step(row);
        }
        (search.finish(steps, filled), odd)
    }
}

/// `0-9A-F.` as ranges; a `-` at an end is itself.
fn ranges(list: &str) -> Vec<(char, char)> {
    let letters: Vec<char> = list.chars().collect();
    let mut ranges = Vec::new();
    let mut at = 0;
    while let Some(&from) = letters.get(at) {
        match letters.get(at + 1..at + 3) {
            Some(['-', to]) => {
                ranges.push((from.min(*to), from.max(*to)));
                at += 3;
            }
            _ => {
                ranges.push((from, from));
                at += 1;
            }
        }
    }
    ranges
}

/// A beginning of a text: what came before it, and its last character.
struct Node {
    before: usize,
    class: usize,
    state: StateID,
}

/// Probabilities of a beginning that ended with a blank, and with its last character.
type Ends = [f64; 2];

struct Search<'a> {
    wanted: &'a Wanted,
    characters: &'a [String],
    nodes: Vec<Node>,
    next: HashMap<(usize, usize), Option<usize>>,
    beam: Vec<(usize, Ends)>,
    /// What the blank and the allowed classes add up to, by step; 0 where nothing allowed is likely.
    sums: Vec<f64>,
    /// Logarithm of what probabilities were divided by so far, to keep them from vanishing …
    scale: f64,
    /// … and of the part that came from leaving out classes that are not allowed.
    bounds: f64,
}

impl<'a> Search<'a> {
    fn new(wanted: &'a Wanted, characters: &'a [String]) -> Self {
        let state = wanted.pattern.as_ref().map_or(StateID::ZERO, Pattern::start);
        let root = Node { before: 0, class: 0, state };
        let (next, beam) = (HashMap::new(), vec![(0, [1.0, 0.0])]);
        Self { wanted, characters, nodes: vec![root], next, beam, sums: Vec::new(), scale: 0.0, bounds: 0.0 }
    }

    fn step(&mut self, row: &[f32]) {
        let candidates = self.candidates(row);
        let blank = probability(row, 0);
        let all = blank + candidates.iter().map(|(_, p)| f64::from(*p)).sum::<f64>();
        // Nothing allowed is likely, or no numbers: as if it were a blank.
        if all.is_nan() || all <= 1e-12 {
            self.bounds += 1e-12f64.ln();
            self.sums.push(0.0);
            return;
        }
        self.bounds += all.ln();
        self.sums.push(all);
        let mut ends: HashMap<usize, Ends> = HashMap::new();
        for (node, [blanked, ended]) in std::mem::take(&mut self.beam) {
            let entry = ends.entry(node).or_default();
            entry[0] += (blanked + ended) * blank / all;
            for &(class, p) in &candidates {
                let p = f64::from(p) / all;
                let same = node != 0 && self.nodes[node].class == class;
                if same {
                    ends.entry(node).or_default()[1] += ended * p;
                }
                let begun = if same { blanked } else { blanked + ended };
                if begun * p > 0.0
                    && let Some(child) = self.child(node, class)
                {
                    ends.entry(child).or_default()[1] += begun * p;
                }
            }
        }
        let mut beam: Vec<(usize, Ends)> = ends.into_iter().filter(|(_, [a, b])| a + b > 0.0).collect();
        // By number among equals, so that every run ends the same.
        beam.sort_by(|(n, a), (m, b)| (b[0] + b[1]).total_cmp(&(a[0] + a[1])).then(n.cmp(m)));
        beam.truncate(BEAM);
        let sum: f64 = beam.iter().map(|(_, [a, b])| a + b).sum();
        beam.iter_mut().for_each(|(_, ends)| *ends = ends.map(|p| p / sum));
        self.scale += sum.ln();
        self.beam = beam;
    }

    /// The likeliest of the classes that are allowed.
    fn candidates(&self, row: &[f32]) -> Vec<(usize, f32)> {
        let likely = row.iter().enumerate().zip(&self.wanted.allowed);
        let mut likely: Vec<(usize, f32)> = likely
            .filter(|((_, p), allowed)| **allowed && **p >= LEAST && p.is_finite())
            .map(|((class, p), _)| (class, p.min(1.0)))
            .collect();
        likely.sort_by(|a, b| b.1.total_cmp(&a.1));
        likely.truncate(CANDIDATES);
        likely
    }

    /// The beginning that is longer by a character; `None` where the pattern forbids it.
    fn child(&mut self, before: usize, class: usize) -> Option<usize> {
        if let Some(known) = self.next.get(&(before, class)) {
            return *known;
        }
        let state = match (&self.wanted.pattern, self.characters.get(class)) {
            (Some(pattern), Some(text)) => pattern.after(self.nodes[before].state, text),
            _ => Some(StateID::ZERO),
        };
        let child = state.map(|state| {
            self.nodes.push(Node { before, class, state });
            self.nodes.len() - 1
        });
        self.next.insert((before, class), child);
        child
    }

    fn finish(self, steps: ArrayView2<f32>, filled: f32) -> Option<Fitting> {
        let may_end = |node: usize| match &self.wanted.pattern {
            Some(pattern) => pattern.may_end(self.nodes[node].state),
            None => true,
        };
        let ended: Vec<(usize, f64)> = self
            .beam
            .iter()
            .filter(|(node, _)| may_end(*node))
            .map(|(node, [a, b])| (*node, a + b))
            .collect();
        let (best, p) = *ended.first()?;
        let all: f64 = ended.iter().map(|(_, p)| p).sum();
        let classes = self.classes(best);
        let mut characters = self.placed(&classes, steps, filled);
        for (other, p) in ended.iter().skip(1) {
            let other = self.classes(*other);
            if other.len() == classes.len() {
                self.add_alternatives(&mut characters, &classes, &other, (p / all) as f32);
            }
        }
        let log = p.ln() + self.scale + self.bounds;
        let likelihood = (log / characters.len().max(1) as f64).exp() as f32;
        Some(Fitting { characters, share: (p / all) as f32, likelihood: likelihood.clamp(0.0, 1.0) })
    }

    /// The classes of a text.
    fn classes(&self, mut node: usize) -> Vec<usize> {
        let mut classes = Vec::new();
        while node != 0 {
            classes.push(self.nodes[node].class);
            node = self.nodes[node].before;
        }
        classes.reverse();
        classes
    }

    fn name(&self, class: usize) -> String {
        self.characters.get(class).cloned().unwrap_or_default()
    }

    /// A text's characters where they stand along the likeliest of its paths, each with its share of what is allowed
    /// at the surest of its steps.
    fn placed(&self, classes: &[usize], steps: ArrayView2<f32>, filled: f32) -> Vec<Character> {
        let share = |step: usize, class: usize| match self.sums[step] {
            all if all > 0.0 => steps.row(step).to_slice().map_or(0.0, |row| probability(row, class)) / all,
            _ => f64::from(u8::from(class == 0)),
        };
        let length = (steps.nrows() as f32 * filled).max(1.0);
        let character = |(step, class): (usize, usize)| Character {
            text: self.name(class),
            score: share(step, class).clamp(0.0, 1.0) as f32,
            at: ((step as f32 + 0.5) / length).min(1.0),
            alternatives: Vec::new(),
        };
        aligned(classes, steps.nrows(), &share)
            .into_iter()
            .zip(classes.iter().copied())
            .map(character)
            .collect()
    }

    /// Where another text differs, its characters are other readings.
    fn add_alternatives(&self, characters: &mut [Character], own: &[usize], other: &[usize], share: f32) {
        for (n, (own, other)) in own.iter().zip(other).enumerate() {
            let name = self.name(*other);
            let alternatives = &mut characters[n].alternatives;
            let known = alternatives.iter().any(|(text, _)| *text == name);
            if own != other && !known && alternatives.len() < ALTERNATIVES {
                alternatives.push((name, share));
            }
        }
    }
}

/// A class's probability at a step; what is none counts as 0.
fn probability(row: &[f32], class: usize) -> f64 {
    f64::from(row.get(class).copied().filter(|p| p.is_finite()).unwrap_or(0.0).max(0.0))
}

/// The step at which each of `classes` is likeliest on the likeliest path that reads as them (Viterbi's algorithm
/// over the classes with a blank before, between and behind them; as many steps as that needs).
fn aligned(classes: &[usize], steps: usize, share: &dyn Fn(usize, usize) -> f64) -> Vec<usize> {
    let places = 2 * classes.len() + 1;
    let class = |place: usize| if place.is_multiple_of(2) { 0 } else { classes[place / 2] };
    let mut best = vec![f64::NEG_INFINITY; places];
    // How many places further back the way came from, for each step and place.
    let mut back = vec![0u8; steps * places];
    for step in 0..steps {
        let before = best.clone();
        for place in 0..places {
            let may_skip = place % 2 == 1 && place >= 2 && class(place) != class(place - 2);
            let from = |by: usize| match (step, place.checked_sub(by)) {
                (0, _) if place <= 1 => 0.0,
                (0, _) | (_, None) => f64::NEG_INFINITY,
                (_, Some(place)) => before[place],
            };
            let mut way = (from(0), 0u8);
            for by in 1..=if may_skip { 2 } else { 1 } {
                if from(by) > way.0 {
                    way = (from(by), by as u8);
                }
            }
            best[place] = way.0 + share(step, class(place)).max(1e-12).ln();
            back[step * places + place] = way.1;
        }
    }
    let mut place = places - 1;
    if places > 1 && best[places - 2] > best[places - 1] {
        place = places - 2;
    }
    let mut found = vec![(0, f64::NEG_INFINITY); classes.len()];
    for step in (0..steps).rev() {
        if place % 2 == 1 {
            let p = share(step, class(place));
            if p >= found[place / 2].1 {
                found[place / 2] = (step, p);
            }
        }
        place -= usize::from(back[step * places + place]).min(place);
    }
    found.into_iter().map(|(step, _)| step).collect()
}

#[cfg(test)]
mod tests;
