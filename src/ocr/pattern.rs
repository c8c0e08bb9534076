//! Patterns that a text must have, as automata that are fed a character at a time.

use std::collections::HashSet;

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;
use regex_automata::util::syntax;
use regex_automata::{Anchored, MatchKind};
use regex_syntax::hir::{Hir, Look};

use crate::error::{Error, Result};

/// Automata larger than this, in bytes, are of patterns that nobody means.
const LARGEST: usize = 4 << 20;

/// States that are looked at for the characters that a pattern can hold.
const MOST_STATES: usize = 2000;

/// A regular expression that must fit all of a text.
#[derive(Debug, Clone)]
pub struct Pattern {
    automaton: dense::DFA<Vec<u32>>,
    start: StateID,
}

impl Pattern {
    /// # Errors
    /// `Usage` for what is no regular expression, or one that is too large.
    pub fn new(text: &str) -> Result<Self> {
        let config = dense::Config::new()
            .start_kind(StartKind::Anchored)
            .match_kind(MatchKind::All)
            .dfa_size_limit(Some(LARGEST))
            .determinize_size_limit(Some(LARGEST));
        let wrong = |e: &dyn std::fmt::Display| {
            Error::usage(format!(
                "--pattern {text}: not a regular expression that can be used: {e}; \
                 [A-Za-z0-9_] for \\w, (?-u:\\b) for \\b and fewer repetitions need less"
            ))
        };
        // Read by itself first: brackets or comments of the text do not reach what is put around it.
        let own = syntax::parse_with(text, &syntax::Config::new().nest_limit(50)).map_err(|e| wrong(&e))?;
        let whole = Hir::concat(vec![own, Hir::look(Look::End)]);
        let states = thompson::Compiler::new()
            .configure(thompson::Config::new().nfa_size_limit(Some(LARGEST)))
            .build_from_hir(&whole)
            .map_err(|e| wrong(&e))?;
        let automaton =
            dense::Builder::new().configure(config).build_from_nfa(&states).map_err(|e| wrong(&e))?;
        let start =
            automaton.start_state(&start::Config::new().anchored(Anchored::Yes)).map_err(|e| wrong(&e))?;
        Ok(Self { automaton, start })
    }

    pub fn start(&self) -> StateID {
        self.start
    }

    /// The state after `text`; `None` where nothing that begins so can fit.
    pub fn after(&self, state: StateID, text: &str) -> Option<StateID> {
        let next = text.bytes().fold(state, |state, byte| self.automaton.next_state(state, byte));
        (!self.automaton.is_dead_state(next) && !self.automaton.is_quit_state(next)).then_some(next)
    }

    /// Whether the text may end here.
    pub fn may_end(&self, state: StateID) -> bool {
        self.automaton.is_match_state(self.automaton.next_eoi_state(state))
    }

    /// Whether the pattern fits all of a text.
    pub fn fits(&self, text: &str) -> bool {
        self.after(self.start, text).is_some_and(|state| self.may_end(state))
    }

    /// For each of `characters`, whether it stands in any text that fits; all may where that takes too long to
    /// tell.
    pub fn alphabet(&self, characters: &[String]) -> Vec<bool> {
        let mut used: Vec<bool> = characters.iter().map(String::is_empty).collect();
        let (mut seen, mut open) = (HashSet::from([self.start]), vec![self.start]);
        while let Some(state) = open.pop().filter(|_| used.contains(&false)) {
            if seen.len() > MOST_STATES {
                used.fill(true);
                break;
            }
            for (character, used) in characters.iter().zip(&mut used).filter(|(c, _)| !c.is_empty()) {
                let Some(next) = self.after(state, character) else { continue };
                *used = true;
                if seen.insert(next) {
                    open.push(next);
                }
            }
        }
        used.iter_mut().zip(characters).for_each(|(used, text)| *used &= !text.is_empty());
        used
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, text: &str) -> bool {
        let pattern = Pattern::new(pattern).expect("a pattern");
        let mut state = Some(pattern.start());
        for c in text.chars() {
            state = state.and_then(|state| pattern.after(state, c.encode_utf8(&mut [0; 4])));
        }
        state.is_some_and(|state| pattern.may_end(state))
    }

    #[test]
    fn patterns_fit_all_of_a_text() {
        assert!(fits(r"\d{4}", "2024") && !fits(r"\d{4}", "202") && !fits(r"\d{4}", "20245"));
        assert!(fits("[A-ZÄÖÜ]{1,3}-[A-Z]{1,2} [1-9][0-9]{0,3}", "KÖ-X 123"));
        assert!(fits("yes|no", "no") && !fits("yes|no", "nono"));
        assert!(fits("a*", "") && fits("北京.", "北京市"));
        // The end is looked for at the end only.
        assert!(!fits("a", "ab") && fits("(?i)total", "TOTAL"));
        assert!(fits("(?x) [0-9]+ # digits", "12") && !fits("(?x) [0-9]+ # digits", "12a"));
    }

    #[test]
    fn the_alphabet_is_what_can_stand_in_a_text() {
        let characters = ["", "a", "7", "京", "x", " "].map(str::to_owned);
        let alphabet = Pattern::new("[0-9]+京?x").expect("a pattern").alphabet(&characters);
        assert_eq!(alphabet, [false, false, true, true, true, false]);
    }

    #[test]
    fn what_is_no_pattern_is_said() {
        for bad in ["(", "a)|(?:.*", r"\d{1000}{1000}", "[z-a]", &"(".repeat(1000)] {
            let error = Pattern::new(bad).expect_err("refused");
            assert!(error.message.contains("--pattern"), "{}", error.message);
        }
    }
}
