//! How well rehearsed sheets were read: accuracy, what went to people, and what is certain of the rest.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::sheet::response::Response;

/// Edges of the bins of confidences; most are near 1, where it matters.
const BINS: [f32; 6] = [0.5, 0.9, 0.99, 0.999, 0.9999, 1.0];

/// Counts of fields.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Counts {
    pub fields: u64,
    pub right: u64,
    pub reviewed: u64,
    pub right_of_unreviewed: u64,
}

/// Fields whose confidence lies in one bin.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Bin {
    /// Up to and with this confidence.
    pub up_to: f32,
    pub fields: u64,
    pub right: u64,
    /// Sum of confidences; over `fields` what was promised.
    pub promised: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measured {
    pub all: Counts,
    pub by_pen: BTreeMap<String, Counts>,
    /// By the last mark that was made in a field.
    pub by_mark: BTreeMap<String, Counts>,
    pub bins: Vec<Bin>,
}

impl Default for Measured {
    fn default() -> Self {
        let bins = BINS.iter().map(|up_to| Bin { up_to: *up_to, ..Bin::default() }).collect();
        Self { all: Counts::default(), by_pen: BTreeMap::new(), by_mark: BTreeMap::new(), bins }
    }
}

impl Measured {
    /// Adds a field that holds `values`, marked by `pen`, last as `mark`; one that was not read at all (`None`: its
    /// page was rejected) went to a person.
    pub fn add(&mut self, values: &[String], pen: &str, mark: &str, response: Option<&Response>) {
        let right = response.is_some_and(|r| same(values, &r.values));
        let reviewed = response.is_none_or(|r| r.review);
        let by = [
            self.by_pen.entry(pen.to_owned()).or_default(),
            self.by_mark.entry(mark.to_owned()).or_default(),
        ];
        for counts in by.into_iter().chain([&mut self.all]) {
            counts.fields += 1;
            counts.right += u64::from(right);
            counts.reviewed += u64::from(reviewed);
            counts.right_of_unreviewed += u64::from(right && !reviewed);
        }
        let Some(response) = response else { return };
        if let Some(bin) = self.bins.iter_mut().find(|bin| response.confidence <= bin.up_to) {
            bin.fields += 1;
            bin.right += u64::from(right);
            bin.promised += f64::from(response.confidence);
        }
    }
}

impl Counts {
    pub fn unreviewed(&self) -> u64 {
        self.fields - self.reviewed
    }

    /// What the accuracy of all that no person saw is at least, with 95 % certainty; `None` where there is nothing.
    pub fn unreviewed_at_least(&self) -> Option<f64> {
        lower_bound(self.right_of_unreviewed, self.unreviewed())
    }
}

/// Marks are a set: their order says nothing.
fn same(a: &[String], b: &[String]) -> bool {
    let sorted = |list: &[String]| {
        let mut list = list.to_vec();
        list.sort();
        list
    };
    sorted(a) == sorted(b)
}

/// The one-sided lower bound of a proportion at 95 % (Clopper and Pearson 1934): the share with which as many hits
/// or more would be seen once in twenty times.
pub fn lower_bound(hits: u64, all: u64) -> Option<f64> {
    if all == 0 || hits > all {
        return None;
    }
    if hits == 0 {
        return Some(0.0);
    }
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if at_least(hits, all, middle) < 0.05 { low = middle } else { high = middle }
    }
    Some(low)
}

/// How likely `hits` or more of `all` are, each with probability `share`: a sum over the misses.
fn at_least(hits: u64, all: u64, share: f64) -> f64 {
    let odds = ((1.0 - share) / share).ln();
    let mut term = all as f64 * share.ln();
    let mut sum = term.exp();
    for misses in 1..=all - hits {
        term += ((all - misses + 1) as f64 / misses as f64).ln() + odds;
        sum += term.exp();
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By bisection with Python's exact fractions over the binomial sum.
    #[test]
    fn the_bound_is_clopper_and_pearsons() {
        for (hits, all, wanted) in
            [(10, 10, 0.741_134_4), (9, 10, 0.605_836_6), (1, 10, 0.005_116_2), (29_999, 30_000, 0.999_841_9)]
        {
            let found = lower_bound(hits, all).expect("a bound");
            assert!((found - wanted).abs() < 1e-6, "{hits} of {all}: {found}");
        }
        assert_eq!((lower_bound(0, 5), lower_bound(0, 0)), (Some(0.0), None));
    }

    #[test]
    fn order_does_not_matter_and_rejected_pages_go_to_people() {
        let truth = ["A".to_owned(), "C".to_owned()];
        let read = Response {
            field: "q1".into(),
            values: vec!["C".into(), "A".into()],
            confidence: 0.95,
            review: false,
            flags: Vec::new(),
        };
        let mut measured = Measured::default();
        measured.add(&truth, "blue", "tick", Some(&read));
        measured.add(&truth, "blue", "tick", Some(&Response { values: vec!["C".into()], ..read.clone() }));
        measured.add(&truth, "blue", "tick", None);
        let wanted = Counts { fields: 3, right: 1, reviewed: 1, right_of_unreviewed: 1 };
        assert_eq!(measured.all, wanted);
        assert_eq!(measured.by_mark["tick"], wanted);
        assert_eq!((measured.bins[2].fields, measured.bins[2].right), (2, 1));
    }
}
