//! How good the questions are: difficulty, discrimination, distractors, reliability (classical test theory).

use std::collections::BTreeMap;

use serde::Serialize;

use super::book::Grade;
use super::key::{Count, Key};

/// Of all students none of whose answers is open or missing: others would bend every figure.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Statistics {
    pub students: usize,
    /// Of totals as graded.
    pub mean: Option<f64>,
    pub median: Option<f64>,
    /// With n - 1.
    pub deviation: Option<f64>,
    pub least: Option<f64>,
    pub most: Option<f64>,
    /// Cronbach's alpha over the questions' points; KR-20 where each question gives 0 or one other number.
    pub alpha: Option<f64>,
    pub kr20: Option<f64>,
    /// Standard error of measurement of the sum of points: deviation * sqrt(1 - alpha).
    pub error_of_measurement: Option<f64>,
    pub questions: Vec<ItemStatistics>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ItemStatistics {
    pub question: String,
    pub n: usize,
    pub mean: Option<f64>,
    pub max: f64,
    /// Mean share of the points, 0 (nobody) to 1 (everybody).
    pub difficulty: Option<f64>,
    /// Pearson's r of the question's points with the sum of all, and with the sum of the others (corrected). Of questions
    /// with two values it is the point-biserial.
    pub r_total: Option<f64>,
    pub r_rest: Option<f64>,
    /// Mean share of points in the best 27 % less that in the worst 27 % (Kelley 1939).
    pub upper_lower: Option<f64>,
    /// Alpha without this question: above alpha where the question does harm.
    pub alpha_without: Option<f64>,
    pub options: Vec<OptionStatistics>,
}

/// One answer that was given.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OptionStatistics {
    /// Empty for no answer.
    pub answer: String,
    pub right: bool,
    pub n: usize,
    pub share: f64,
    /// Mean of the others' sum among those who gave it, and the point-biserial of giving it with that sum.
    pub mean_rest: f64,
    pub r_rest: Option<f64>,
}

/// Kelley's share of students in each of the two groups.
const GROUP: f64 = 0.27;

/// Other written answers are left out of a question's options: the commonest so many are shown.
const MOST_OPTIONS: usize = 12;

pub fn statistics(key: &Key, grades: &[Grade]) -> Statistics {
    let settled =
        |grade: &&Grade| grade.points.is_some() && grade.answers.iter().all(|answer| answer.points.is_some());
    let students: Vec<&Grade> = grades.iter().filter(settled).collect();
    let counted: Vec<_> = key.questions.iter().filter(|question| question.count == Count::Yes).collect();
    // Sets with questions of their own have no figures: their students answered something else.
    let points = |name: &str| -> Option<Vec<f64>> {
        students.iter().map(|grade| grade.answers.iter().find(|a| a.question == name)?.points).collect()
    };
    let items: Vec<(&str, f64, Vec<f64>)> =
        counted.iter().filter_map(|q| Some((q.name.as_str(), q.best(), points(&q.name)?))).collect();
    let sums: Vec<f64> =
        (0..students.len()).map(|n| items.iter().map(|(_, _, points)| points[n]).sum()).collect();
    let columns: Vec<&[f64]> = items.iter().map(|(_, _, points)| points.as_slice()).collect();
    let totals: Vec<f64> = students.iter().filter_map(|grade| grade.points).collect();
    let alpha = alpha(&columns, &sums);
    let question = |(at, (name, max, points)): (usize, &(&str, f64, Vec<f64>))| {
        let mut own = item(name, *max, points, &sums, &students);
        let rest: Vec<&[f64]> =
            columns.iter().enumerate().filter(|(n, _)| *n != at).map(|(_, c)| *c).collect();
        own.alpha_without = self::alpha(&rest, &less(&sums, points));
        own
    };
    Statistics {
        students: students.len(),
        mean: mean(&totals),
        median: median(&totals),
        deviation: variance(&totals).map(f64::sqrt),
        least: totals.iter().copied().reduce(f64::min),
        most: totals.iter().copied().reduce(f64::max),
        alpha,
        kr20: kr20(&columns),
        error_of_measurement: variance(&sums)
            .zip(alpha)
            .map(|(v, alpha)| (v * (1.0 - alpha).max(0.0)).sqrt()),
        questions: items.iter().enumerate().map(question).collect(),
    }
}

fn item(name: &str, max: f64, points: &[f64], sums: &[f64], students: &[&Grade]) -> ItemStatistics {
    let rest = less(sums, points);
    ItemStatistics {
        question: name.to_owned(),
        n: points.len(),
        mean: mean(points),
        max,
        difficulty: mean(points).filter(|_| max > 0.0).map(|mean| mean / max),
        r_total: correlation(points, sums),
        r_rest: correlation(points, &rest),
        upper_lower: upper_lower(points, sums).filter(|_| max > 0.0).map(|gap| gap / max),
        alpha_without: None,
        options: options(name, &rest, students),
    }
}

fn options(name: &str, rest: &[f64], students: &[&Grade]) -> Vec<OptionStatistics> {
    let mut given: BTreeMap<String, (bool, Vec<usize>)> = BTreeMap::new();
    for (n, grade) in students.iter().enumerate() {
        let Some(answer) = grade.answers.iter().find(|answer| answer.question == name) else { continue };
        let own = given.entry(answer.values.join("+")).or_default();
        own.0 |= answer.outcome == super::judge::Outcome::Right;
        own.1.push(n);
    }
    let one = |(answer, (right, who)): (String, (bool, Vec<usize>))| {
        let mut chosen = vec![0.0; students.len()];
        who.iter().for_each(|n| chosen[*n] = 1.0);
        let own: Vec<f64> = who.iter().map(|n| rest[*n]).collect();
        OptionStatistics {
            answer,
            right,
            n: who.len(),
            share: who.len() as f64 / students.len() as f64,
            mean_rest: mean(&own).unwrap_or_default(),
            r_rest: correlation(&chosen, rest),
        }
    };
    let mut all: Vec<OptionStatistics> = given.into_iter().map(one).collect();
    if all.len() > MOST_OPTIONS {
        all.sort_by_key(|option| std::cmp::Reverse(option.n));
        all.truncate(MOST_OPTIONS);
    }
    all
}

fn less(sums: &[f64], points: &[f64]) -> Vec<f64> {
    sums.iter().zip(points).map(|(sum, own)| sum - own).collect()
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len().checked_sub(1)? / 2;
    Some(if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle] + sorted[middle + 1]) / 2.0 })
}

/// With n - 1; none for fewer than two.
fn variance(values: &[f64]) -> Option<f64> {
    let mean = mean(values).filter(|_| values.len() > 1)?;
    Some(values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64)
}

/// None where one of both does not vary.
fn correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    let (mean_a, mean_b) = (mean(a)?, mean(b)?);
    let together: f64 = a.iter().zip(b).map(|(x, y)| (x - mean_a) * (y - mean_b)).sum();
    let spread = |values: &[f64], mean: f64| values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
    let scale = (spread(a, mean_a) * spread(b, mean_b)).sqrt();
    (scale > 1e-12).then(|| together / scale)
}

/// Mean of the best group less that of the worst; of equal sums, who comes first is worse.
fn upper_lower(points: &[f64], sums: &[f64]) -> Option<f64> {
    let n = sums.len();
    let size = ((n as f64 * GROUP).round() as usize).max(1);
    if n < 2 {
        return None;
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|a, b| sums[*a].total_cmp(&sums[*b]));
    let of = |who: &[usize]| who.iter().map(|n| points[*n]).sum::<f64>() / size as f64;
    Some(of(&order[n - size..]) - of(&order[..size]))
}

/// k / (k - 1) * (1 - sum of variances / variance of sums) (Cronbach 1951).
fn alpha(columns: &[&[f64]], sums: &[f64]) -> Option<f64> {
    let k = columns.len() as f64;
    let whole = variance(sums).filter(|v| *v > 1e-12 && k > 1.0)?;
    let parts: Option<f64> = columns.iter().map(|column| variance(column)).sum();
    Some(k / (k - 1.0) * (1.0 - parts? / whole))
}

/// Kuder and Richardson's formula 20 on right (1) and not (0).
fn kr20(columns: &[&[f64]]) -> Option<f64> {
    let binary = |column: &[f64]| -> Option<Vec<f64>> {
        let most = column.iter().copied().fold(0.0, f64::max);
        let fits = column.iter().all(|value| *value == 0.0 || *value == most);
        fits.then(|| column.iter().map(|value| f64::from(u8::from(*value > 0.0))).collect())
    };
    let columns: Vec<Vec<f64>> = columns.iter().map(|column| binary(column)).collect::<Option<_>>()?;
    let students = columns.first()?.len();
    let sums: Vec<f64> = (0..students).map(|n| columns.iter().map(|column| column[n]).sum()).collect();
    // p * q is the variance with n, so both are with n - 1 here: the ratio is the same.
    alpha(&columns.iter().map(Vec::as_slice).collect::<Vec<_>>(), &sums)
}
