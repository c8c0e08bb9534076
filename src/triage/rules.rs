//! Rules that scripts act on: combinations of findings with a name and an action.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::error::{Error, Kind, Result};

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    #[serde(default, rename = "rule")]
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Rule {
    name: String,
    /// Findings and the least score of each; all must hold.
    #[serde(default)]
    when: BTreeMap<String, f32>,
    /// Met by what was not triaged, in whole or in part.
    #[serde(default)]
    not_triaged: bool,
    /// A word for the script.
    action: String,
    /// Whether a study that meets it makes the exit code 3.
    #[serde(default)]
    exit: bool,
}

/// A rule that a study meets.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Met {
    pub rule: String,
    pub action: String,
    #[serde(skip)]
    pub exit: bool,
}

impl Rules {
    /// # Errors
    /// `Config` for a file that is none, or names what the model does not find.
    pub fn read(file: &Path, findings: &[&str]) -> Result<Self> {
        let wrong = |what: String| Error::new(Kind::Config, format!("--rules: {what}"));
        let text =
            std::fs::read_to_string(file).map_err(|e| wrong("the file cannot be read".into()).because(e))?;
        let rules: Self =
            toml::from_str(&text).map_err(|e| wrong("the file is not as expected".into()).because(e))?;
        for rule in &rules.rules {
            if let Some(label) = rule.when.keys().find(|label| !findings.contains(&label.as_str())) {
                let known = findings.join(", ");
                return Err(wrong(format!("rule {:?}: no finding {label:?}; there are: {known}", rule.name)));
            }
            if rule.when.is_empty() != rule.not_triaged
                || !rule.when.values().all(|v| (0.0..=1.0).contains(v))
            {
                let what = "needs scores of 0 to 1 under when, or not-triaged = true";
                return Err(wrong(format!("rule {:?} {what}", rule.name)));
            }
        }
        Ok(rules)
    }

    /// Those that a study meets by the best scores of what was triaged of it, and by what was `not_triaged`. An image
    /// that is refused takes nothing back that another shows.
    pub fn met(&self, scores: &BTreeMap<String, f32>, not_triaged: bool) -> Vec<Met> {
        let holds = |rule: &&Rule| match rule.not_triaged {
            true => not_triaged,
            false => rule.when.iter().all(|(label, least)| scores.get(label) >= Some(least)),
        };
        let met = |rule: &Rule| Met { rule: rule.name.clone(), action: rule.action.clone(), exit: rule.exit };
        self.rules.iter().filter(holds).map(met).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_a_rule_must_hold() {
        let text = r#"
            [[rule]]
            name = "both"
            when = { a = 0.5, b = 0.2 }
            action = "call"
            exit = true
            [[rule]]
            name = "unread"
            not-triaged = true
            action = "look""#;
        let rules: Rules = toml::from_str(text).unwrap();
        let names = |scores: &[(&str, f32)], not_triaged| {
            let scores = scores.iter().map(|(l, v)| ((*l).to_owned(), *v)).collect::<BTreeMap<_, _>>();
            rules.met(&scores, not_triaged).into_iter().map(|met| met.rule).collect::<Vec<_>>()
        };
        assert_eq!(names(&[("a", 0.5), ("b", 0.9)], false), ["both"]);
        assert_eq!(names(&[("a", 0.4), ("b", 0.9)], false), [""; 0]);
        assert_eq!(names(&[("a", 0.9)], false), [""; 0]);
        assert_eq!(names(&[], true), ["unread"]);
        assert_eq!(names(&[("a", 0.5), ("b", 0.9)], true), ["both", "unread"]);
    }
}
