//! Whose pages are whose: one assignment of all pages to the class list.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::likelihood::stranger;
use super::{Bundle, Roster};
use crate::track::assign::{Costs, cheapest};

/// Somebody who handed in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Person {
    /// Of the class list, or as read where there is no list; none where nobody can be told.
    pub id: Option<String>,
    /// What the page says, by field.
    pub read: Vec<(String, String)>,
    /// How sure that is, 0 to 1.
    pub confidence: f32,
    pub flags: Vec<String>,
    /// Whether a person has to look.
    pub review: bool,
    /// Places in the list of scans.
    #[serde(skip)]
    pub scans: Vec<usize>,
}

/// Less sure identities go to a person even where nothing disagrees.
const SURE: f64 = 0.99;

/// What people said whose pages are, by number of the bundle: an id, or nobody's.
pub type Said = HashMap<usize, Option<String>>;

/// Assigns bundles to students. `path` names pages of sheets that ask for no identity.
pub fn persons(
    bundles: &[Bundle],
    roster: Option<&Roster>,
    said: &Said,
    anonymous: &dyn Fn(usize) -> Option<String>,
) -> Vec<Person> {
    let mut persons = match roster {
        Some(roster) => listed(bundles, roster, said),
        None => bundles.iter().enumerate().map(|(n, bundle)| as_read(n, bundle, said, anonymous)).collect(),
    };
    for (bundle, person) in bundles.iter().zip(&mut persons) {
        person.scans.clone_from(&bundle.scans);
        person.flags.extend(bundle.flags.iter().map(|flag| (*flag).to_owned()));
        person.review |= !bundle.flags.is_empty();
    }
    persons
}

fn read(bundle: &Bundle) -> Vec<(String, String)> {
    bundle.sources.iter().map(|source| (source.field.clone(), source.value.clone())).collect()
}

fn agree(bundle: &Bundle) -> bool {
    bundle.sources.iter().all(|source| source.value == bundle.sources[0].value)
}

/// Without a list: what was read, unless sources disagree.
fn as_read(
    number: usize,
    bundle: &Bundle,
    said: &Said,
    anonymous: &dyn Fn(usize) -> Option<String>,
) -> Person {
    let mut person =
        Person { id: None, read: read(bundle), confidence: 1.0, flags: vec![], review: false, scans: vec![] };
    if let Some(id) = said.get(&number) {
        (person.id, person.flags) = (id.clone(), vec!["decided".into()]);
        return person;
    }
    if let Some(name) = anonymous(number) {
        person.id = Some(name);
        return person;
    }
    let Some(first) = bundle.sources.first() else {
        (person.confidence, person.review, person.flags) = (0.0, true, vec!["no-id".into()]);
        return person;
    };
    person.id = Some(first.value.clone());
    person.confidence = bundle.sources.iter().map(|source| source.confidence).fold(1.0, f32::min);
    if !agree(bundle) {
        person.flags.push("id-disagrees".into());
    }
    person.review = !agree(bundle) || f64::from(person.confidence) < SURE;
    person
}

/// With a list: the likeliest assignment of all bundles at once, each student having each page of the sheet once.
fn listed(bundles: &[Bundle], roster: &Roster, said: &Said) -> Vec<Person> {
    let numbers: HashMap<&str, usize> =
        roster.students.iter().enumerate().map(|(n, s)| (s.id.as_str(), n)).collect();
    let mut owner: Vec<Option<usize>> = vec![None; bundles.len()];
    let mut likelihoods: Vec<Vec<f64>> = Vec::with_capacity(bundles.len());
    for (number, bundle) in bundles.iter().enumerate() {
        let of = |id: &str| bundle.sources.iter().map(|source| source.of(id)).sum::<f64>();
        let known = !bundle.sources.is_empty() && !said.contains_key(&number);
        likelihoods.push(if known {
            roster.students.iter().map(|s| of(&s.id)).collect()
        } else {
            Vec::new()
        });
    }
    let mut pages: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (number, bundle) in bundles.iter().enumerate() {
        match said.get(&number) {
            Some(id) => owner[number] = id.as_deref().and_then(|id| numbers.get(id).copied()),
            None if !bundle.sources.is_empty() => pages.entry(bundle.page).or_default().push(number),
            None => {}
        }
    }
    for (page, rows) in pages {
        // Who was said to be whose has the place.
        let taken: HashSet<usize> =
            said.keys().filter(|n| bundles[**n].page == page).filter_map(|n| owner[*n]).collect();
        for (row, student) in assignment(&rows, bundles, &likelihoods, &taken) {
            owner[row] = Some(student);
        }
    }
    let claims = claims(bundles, &likelihoods, &owner);
    let person = |number| told(number, &bundles[number], roster, &likelihoods[number], &owner, said, &claims);
    (0..bundles.len()).map(person).collect()
}

/// Pairs (bundle, student) of least cost, -log likelihood, where being nobody's costs what a stranger's page would. No
/// pair that costs more is ever chosen, so what remains falls into small parts, each solved exactly.
fn assignment(
    rows: &[usize],
    bundles: &[Bundle],
    likelihoods: &[Vec<f64>],
    taken: &HashSet<usize>,
) -> Vec<(usize, usize)> {
    let slack: HashMap<usize, f64> =
        rows.iter().map(|row| (*row, -stranger(&bundles[*row].sources))).collect();
    let open = |row: &usize| -> Vec<usize> {
        let costs = likelihoods[*row].iter().enumerate();
        costs
            .filter(|(student, l)| -**l < slack[row] && !taken.contains(student))
            .map(|(student, _)| student)
            .collect()
    };
    let candidates: HashMap<usize, Vec<usize>> = rows.iter().map(|row| (*row, open(row))).collect();
    let mut pairs = Vec::new();
    for part in parts(rows, &candidates) {
        let mut columns: Vec<usize> = part.iter().flat_map(|row| candidates[row].iter().copied()).collect();
        columns.sort_unstable();
        columns.dedup();
        // Behind the students there is room for all to be nobody's.
        let cost = |row: usize, column: usize| match columns.get(column) {
            Some(student) => -likelihoods[part[row]][*student],
            None => slack[&part[row]],
        };
        let costs = Costs::new(part.len(), columns.len() + part.len(), cost);
        for (row, column) in cheapest(&costs) {
            if let Some(student) =
                columns.get(column).filter(|student| candidates[&part[row]].contains(student))
            {
                pairs.push((part[row], *student));
            }
        }
    }
    pairs
}

/// Rows that share a candidate, directly or by way of others.
fn parts(rows: &[usize], candidates: &HashMap<usize, Vec<usize>>) -> Vec<Vec<usize>> {
    let mut by_student: HashMap<usize, Vec<usize>> = HashMap::new();
    for row in rows {
        for student in &candidates[row] {
            by_student.entry(*student).or_default().push(*row);
        }
    }
    let (mut seen, mut parts) = (HashSet::new(), Vec::new());
    for row in rows {
        let (mut part, mut open) = (Vec::new(), vec![*row]);
        while let Some(next) = open.pop() {
            if seen.insert(next) {
                part.push(next);
                open.extend(candidates[&next].iter().flat_map(|student| &by_student[student]).copied());
            }
        }
        if !part.is_empty() {
            part.sort_unstable();
            parts.push(part);
        }
    }
    parts
}

/// For each student and page, the bundles whose likeliest owner they are, and those assigned to them.
fn claims(
    bundles: &[Bundle],
    likelihoods: &[Vec<f64>],
    owner: &[Option<usize>],
) -> HashMap<(usize, u32), HashSet<usize>> {
    let mut claims: HashMap<(usize, u32), HashSet<usize>> = HashMap::new();
    for (number, bundle) in bundles.iter().enumerate() {
        let best =
            best(&likelihoods[number]).filter(|best| likelihoods[number][*best] > stranger(&bundle.sources));
        for student in best.into_iter().chain(owner[number]) {
            claims.entry((student, bundle.page)).or_default().insert(number);
        }
    }
    claims
}

fn best(likelihoods: &[f64]) -> Option<usize> {
    (0..likelihoods.len()).max_by(|a, b| likelihoods[*a].total_cmp(&likelihoods[*b]))
}

fn told(
    number: usize,
    bundle: &Bundle,
    roster: &Roster,
    likelihoods: &[f64],
    owner: &[Option<usize>],
    said: &Said,
    claims: &HashMap<(usize, u32), HashSet<usize>>,
) -> Person {
    let id = owner[number].map(|student| roster.students[student].id.clone());
    let mut person =
        Person { id, read: read(bundle), confidence: 1.0, flags: vec![], review: false, scans: vec![] };
    if said.contains_key(&number) {
        person.flags.push("decided".into());
        return person;
    }
    let mut flag = |flag: &str| person.flags.push(flag.to_owned());
    if bundle.sources.is_empty() {
        flag("no-id");
    } else if owner[number].is_none() {
        flag("not-on-list");
    }
    let others = |student: usize| claims.get(&(student, bundle.page)).is_some_and(|all| all.len() > 1);
    let wanted = best(likelihoods).filter(|best| likelihoods[*best] > stranger(&bundle.sources));
    let duplicate = wanted.into_iter().chain(owner[number]).any(others);
    if duplicate {
        flag("duplicate");
    }
    let exact = bundle.sources.iter().any(|source| Some(&source.value) == person.id.as_ref());
    if !agree(bundle) {
        flag("id-disagrees");
    } else if person.id.is_some() && !exact {
        flag("id-corrected");
    }
    let sure =
        owner[number].map_or(0.0, |student| posterior(likelihoods, student, stranger(&bundle.sources)));
    person.confidence = sure as f32;
    person.review = person.id.is_none() || duplicate || !exact || sure < SURE;
    person
}

/// How likely a student is among all and strangers.
fn posterior(likelihoods: &[f64], student: usize, stranger: f64) -> f64 {
    let own = likelihoods[student];
    let others: f64 = likelihoods.iter().map(|other| (other - own).exp()).sum();
    // Each student is as likely before anything was read; a stranger's prior is in `stranger`.
    1.0 / (others + (stranger - own).exp())
}

#[cfg(test)]
mod tests {
    use super::super::{Source, Student};
    use super::*;
    use proptest::prelude::*;

    fn roster(ids: &[&str]) -> Roster {
        let students = ids.iter().map(|id| Student { id: (*id).to_owned(), ..Student::default() }).collect();
        Roster { students, ..Roster::default() }
    }

    fn source(value: &str, confidence: f32) -> Source {
        Source { field: "id".into(), value: value.to_owned(), confidence, places: None }
    }

    fn bundle(number: usize, sources: Vec<Source>) -> Bundle {
        Bundle { scans: vec![number], sources, page: 0, flags: Vec::new() }
    }

    fn told(ids: &[&str], read: &[&[(&str, f32)]], said: &Said) -> Vec<(Option<String>, String, bool)> {
        let sources = |all: &&[(&str, f32)]| all.iter().map(|(value, p)| source(value, *p)).collect();
        let bundles: Vec<Bundle> = read.iter().enumerate().map(|(n, all)| bundle(n, sources(all))).collect();
        let people = persons(&bundles, Some(&roster(ids)), said, &|_| None);
        people.into_iter().map(|p| (p.id, p.flags.join(" "), p.review)).collect()
    }

    fn is(id: &str, flags: &str, review: bool) -> (Option<String>, String, bool) {
        ((!id.is_empty()).then(|| id.to_owned()), flags.to_owned(), review)
    }

    #[test]
    fn what_the_list_settles_and_what_a_person_must() {
        let list = ["1201", "1207", "3344"];
        let of = |read: &[&[(&str, f32)]]| told(&list, read, &Said::new());
        // Bubbles and digits by hand disagree; one of both is on the list.
        assert_eq!(of(&[&[("3344", 0.99), ("3849", 0.9)]]), [is("3344", "id-disagrees", false)]);
        // A digit is wrong: only one student is near, and a person has to say so.
        assert_eq!(of(&[&[("3345", 0.99)]]), [is("3344", "id-corrected", true)]);
        // Twice the same: somebody's sheet is another's.
        let twice = of(&[&[("3344", 0.99)], &[("3344", 0.99)]]);
        assert!(twice.iter().all(|(_, flags, review)| flags.contains("duplicate") && *review), "{twice:?}");
        assert_eq!(of(&[&[("9999", 0.99)], &[]]), [is("", "not-on-list", true), is("", "no-id", true)]);
    }

    #[test]
    fn one_assignment_gives_the_unsure_page_to_who_is_left() {
        // The first page alone would be 1207's or 1201's; the second is surely 1201's.
        let found = told(&["1201", "1207"], &[&[("1201", 0.5)], &[("1201", 0.999)]], &Said::new());
        assert_eq!((found[0].0.as_deref(), found[1].0.as_deref()), (Some("1207"), Some("1201")));
        assert!(found[0].2, "a person has to see it");
        // Unless somebody has said whose it is.
        let said = [(0, Some("1201".to_owned()))].into();
        let found = told(&["1201", "1207"], &[&[("1201", 0.5)], &[("1201", 0.999)]], &said);
        assert_eq!(found[0].0.as_deref(), Some("1201"));
        assert_ne!(found[1].0.as_deref(), Some("1201"));
    }

    /// The least cost of all ways to give rows to students or to nobody.
    fn least(
        rows: usize,
        row: usize,
        cost: &dyn Fn(usize, usize) -> f64,
        slack: &dyn Fn(usize) -> f64,
        free: &mut [bool],
    ) -> f64 {
        if row == rows {
            return 0.0;
        }
        let mut best = slack(row) + least(rows, row + 1, cost, slack, free);
        for student in 0..free.len() {
            if std::mem::replace(&mut free[student], false) {
                best = best.min(cost(row, student) + least(rows, row + 1, cost, slack, free));
                free[student] = true;
            }
        }
        best
    }

    proptest! {
        #[test]
        fn no_assignment_is_likelier(
            read in proptest::collection::vec(("[0-2]{3}", 0.3f32..1.0), 1..5),
            ids in proptest::collection::btree_set("[0-2]{3}", 1..5),
        ) {
            let roster = roster(&ids.iter().map(String::as_str).collect::<Vec<_>>());
            let bundles: Vec<Bundle> =
                read.iter().enumerate().map(|(n, (value, p))| bundle(n, vec![source(value, *p)])).collect();
            let likelihoods: Vec<Vec<f64>> =
                bundles.iter().map(|b| roster.students.iter().map(|s| b.sources[0].of(&s.id)).collect()).collect();
            let rows: Vec<usize> = (0..bundles.len()).collect();
            let pairs: HashMap<usize, usize> = assignment(&rows, &bundles, &likelihoods, &HashSet::new()).into_iter().collect();
            let slack = |row: usize| -stranger(&bundles[row].sources);
            let cost = |row: usize, student: usize| -likelihoods[row][student];
            let found: f64 = rows.iter().map(|row| pairs.get(row).map_or_else(|| slack(*row), |s| cost(*row, *s))).sum();
            let wanted = least(rows.len(), 0, &cost, &slack, &mut vec![true; roster.students.len()]);
            prop_assert!((found - wanted).abs() < 1e-9, "{} {}", found, wanted);
            prop_assert_eq!(pairs.values().collect::<HashSet<_>>().len(), pairs.len());
        }
    }
}
