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
    /// Prefix beam search (Hannun et al. 2014) over the probabilities of the allowed classes and the blank.
    pub fn best(&self, steps: ArrayView2<f32>, characters: &[String], filled: f32) -> Option<Fitting> {
        let mut search = Search::new(self, characters);
        for (step, row) in steps.rows().into_iter().enumerate() {
            search.step(step, row.as_slice()?);
        }
        search.finish(steps.nrows() as f32 * filled)
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

/// A beginning of a text: what came before it, its last character, and where that was likeliest.
struct Node {
    before: usize,
    class: usize,
    state: StateID,
    step: usize,
    score: f32,
}

/// Probabilities of a beginning that ended with a blank, and with its last character.
type Ends = [f64; 2];

struct Search<'a> {
    wanted: &'a Wanted,
    characters: &'a [String],
    nodes: Vec<Node>,
    next: HashMap<(usize, usize), Option<usize>>,
    beam: Vec<(usize, Ends)>,
    /// Logarithm of what probabilities were divided by so far, to keep them from vanishing …
    scale: f64,
    /// … and of the part that came from leaving out classes that are not allowed.
    bounds: f64,
}

impl<'a> Search<'a> {
    fn new(wanted: &'a Wanted, characters: &'a [String]) -> Self {
        let state = wanted.pattern.as_ref().map_or(StateID::ZERO, Pattern::start);
        let root = Node { before: 0, class: 0, state, step: 0, score: 1.0 };
        let (next, beam) = (HashMap::new(), vec![(0, [1.0, 0.0])]);
        Self { wanted, characters, nodes: vec![root], next, beam, scale: 0.0, bounds: 0.0 }
    }

    fn step(&mut self, step: usize, row: &[f32]) {
        let candidates = self.candidates(row);
        let blank = f64::from(row.first().copied().filter(|p| p.is_finite()).unwrap_or(0.0).max(0.0));
        let all = blank + candidates.iter().map(|(_, p)| f64::from(*p)).sum::<f64>();
        // Nothing allowed is likely, or no numbers: as if it were a blank.
        if all.is_nan() || all <= 1e-12 {
            self.bounds += 1e-12f64.ln();
            return;
        }
        self.bounds += all.ln();
        let mut ends: HashMap<usize, Ends> = HashMap::new();
        for (node, [blanked, ended]) in std::mem::take(&mut self.beam) {
            let entry = ends.entry(node).or_default();
            entry[0] += (blanked + ended) * blank / all;
            for &(class, p) in &candidates {
                let p = f64::from(p) / all;
                let same = node != 0 && self.nodes[node].class == class;
                if same {
                    ends.entry(node).or_default()[1] += ended * p;
                    self.note(node, step, p as f32);
                }
                let begun = if same { blanked } else { blanked + ended };
                if begun * p > 0.0
                    && let Some(child) = self.child(node, class, step)
                {
                    ends.entry(child).or_default()[1] += begun * p;
                    self.note(child, step, p as f32);
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

    fn note(&mut self, node: usize, step: usize, score: f32) {
        let node = &mut self.nodes[node];
        if score > node.score {
            (node.step, node.score) = (step, score);
        }
    }

    /// The beginning that is longer by a character; `None` where the pattern forbids it.
    fn child(&mut self, before: usize, class: usize, step: usize) -> Option<usize> {
        if let Some(known) = self.next.get(&(before, class)) {
            return *known;
        }
        let state = match (&self.wanted.pattern, self.characters.get(class)) {
            (Some(pattern), Some(text)) => pattern.after(self.nodes[before].state, text),
            _ => Some(StateID::ZERO),
        };
        let child = state.map(|state| {
            self.nodes.push(Node { before, class, state, step, score: 0.0 });
            self.nodes.len() - 1
        });
        self.next.insert((before, class), child);
        child
    }

    fn finish(self, length: f32) -> Option<Fitting> {
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
        let mut characters = self.text(best, length);
        for (other, p) in ended.iter().skip(1) {
            let other = self.text(*other, length);
            if other.len() == characters.len() {
                add_alternatives(&mut characters, &other, (p / all) as f32);
            }
        }
        let log = p.ln() + self.scale + self.bounds;
        let likelihood = (log / characters.len().max(1) as f64).exp() as f32;
        Some(Fitting { characters, share: (p / all) as f32, likelihood: likelihood.clamp(0.0, 1.0) })
    }

    fn text(&self, mut node: usize, length: f32) -> Vec<Character> {
        let mut characters = Vec::new();
        while node != 0 {
            let Node { before, class, step, score, .. } = self.nodes[node];
            let text = self.characters.get(class).cloned().unwrap_or_default();
            let at = ((step as f32 + 0.5) / length.max(1.0)).min(1.0);
            characters.push(Character { text, score: score.clamp(0.0, 1.0), at, alternatives: Vec::new() });
            node = before;
        }
        characters.reverse();
        characters
    }
}

/// Where another text differs, its characters are other readings.
fn add_alternatives(characters: &mut [Character], other: &[Character], share: f32) {
    for (own, other) in characters.iter_mut().zip(other) {
        let known = own.alternatives.iter().any(|(text, _)| *text == other.text);
        if own.text != other.text && !known && own.alternatives.len() < ALTERNATIVES {
            own.alternatives.push((other.text.clone(), share));
        }
    }
}

#[cfg(test)]
mod tests;
