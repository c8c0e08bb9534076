//! Who belongs to whom: the cheapest assignment of rows to columns.

/// Costs of pairing each row with each column.
#[derive(Debug, Clone)]
pub struct Costs {
    rows: usize,
    columns: usize,
    values: Vec<f64>,
}

impl Costs {
    pub fn new(rows: usize, columns: usize, cost: impl Fn(usize, usize) -> f64) -> Self {
        let values = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
        Self { rows, columns, values: values.map(|(row, column)| cost(row, column)).collect() }
    }

    pub fn at(&self, row: usize, column: usize) -> f64 {
        self.values[row * self.columns + column]
    }

    fn turned(&self) -> Self {
        Self::new(self.columns, self.rows, |row, column| self.at(column, row))
    }
}

/// Pairs (row, column) of least total cost, as many as the shorter side has, in order of rows. Costs are
/// finite.
///
/// The Hungarian method by shortest augmenting paths with potentials (Jonker and Volgenant 1987; Crouse
/// 2016, which SciPy's `linear_sum_assignment` follows), O(r² c).
pub fn cheapest(costs: &Costs) -> Vec<(usize, usize)> {
    if costs.rows > costs.columns {
        let mut pairs: Vec<_> = cheapest(&costs.turned()).into_iter().map(|(a, b)| (b, a)).collect();
        pairs.sort_unstable();
        return pairs;
    }
    let (rows, columns) = (costs.rows, costs.columns);
    // Counted from 1; row and column 0 stand for none.
    let mut owner = vec![0; columns + 1];
    let (mut of_row, mut of_column) = (vec![0.0; rows + 1], vec![0.0; columns + 1]);
    for row in 1..=rows {
        owner[0] = row;
        let (mut least, mut from) = (vec![f64::INFINITY; columns + 1], vec![0; columns + 1]);
        let mut done = vec![false; columns + 1];
        let mut column = 0;
        while owner[column] != 0 {
            done[column] = true;
            let (current, mut step, mut next) = (owner[column], f64::INFINITY, 0);
            for other in (1..=columns).filter(|other| !done[*other]) {
                let reduced = costs.at(current - 1, other - 1) - of_row[current] - of_column[other];
                if reduced < least[other] {
                    (least[other], from[other]) = (reduced, column);
                }
                if least[other] < step || next == 0 {
                    (step, next) = (least[other], other);
                }
            }
            for other in 0..=columns {
                if done[other] {
                    of_row[owner[other]] += step;
                    of_column[other] -= step;
                } else {
                    least[other] -= step;
                }
            }
            column = next;
        }
        while column != 0 {
            owner[column] = owner[from[column]];
            column = from[column];
        }
    }
    let mut pairs: Vec<_> =
        (1..=columns).filter(|column| owner[*column] != 0).map(|c| (owner[c] - 1, c - 1)).collect();
    pairs.sort_unstable();
    pairs
}

/// The cheapest pairs where a row and a column that stay alone cost as much as a pair at `limit`: no pair
/// above it, and no good pair given up for it. What `lap.lapjv(…, cost_limit)` gives ByteTrack.
pub fn within(costs: &Costs, limit: f64) -> Vec<(usize, usize)> {
    let clamped =
        Costs::new(costs.rows, costs.columns, |row, column| (costs.at(row, column) - limit).min(0.0));
    let mut pairs = cheapest(&clamped);
    pairs.retain(|(row, column)| costs.at(*row, *column) <= limit);
    pairs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The least total over every way to pair, and with `limit` to leave alone.
    fn tried(costs: &Costs, row: usize, taken: &mut Vec<bool>, may_skip: bool) -> f64 {
        if row == costs.rows {
            return 0.0;
        }
        let mut best = if may_skip { tried(costs, row + 1, taken, may_skip) } else { f64::INFINITY };
        for column in 0..costs.columns {
            if !taken[column] {
                taken[column] = true;
                best = best.min(costs.at(row, column) + tried(costs, row + 1, taken, may_skip));
                taken[column] = false;
            }
        }
        best
    }

    fn total(costs: &Costs, pairs: &[(usize, usize)]) -> f64 {
        pairs.iter().map(|(row, column)| costs.at(*row, *column)).sum()
    }

    #[test]
    fn a_greedy_choice_would_be_dearer() {
        // The best single pair (0, 0) forces (1, 1).
        let costs = Costs::new(2, 2, |row, column| [[1.0, 2.0], [2.0, 9.0]][row][column]);
        assert_eq!(cheapest(&costs), [(0, 1), (1, 0)]);
        assert_eq!(within(&costs, 1.5), [(0, 0)]);
        assert_eq!(cheapest(&Costs::new(0, 3, |_, _| 0.0)), []);
        assert_eq!(cheapest(&Costs::new(3, 0, |_, _| 0.0)), []);
    }

    proptest! {
        #[test]
        fn no_other_assignment_is_cheaper(
            rows in 1usize..6, columns in 1usize..6, values in prop::collection::vec(-20i32..20, 25),
        ) {
            let costs = Costs::new(rows, columns, |row, column| f64::from(values[row * 5 + column]));
            let pairs = cheapest(&costs);
            prop_assert_eq!(pairs.len(), rows.min(columns));
            let narrow = if rows <= columns { costs.clone() } else { costs.turned() };
            let least = tried(&narrow, 0, &mut vec![false; narrow.columns], false);
            prop_assert!((total(&costs, &pairs) - least).abs() < 1e-9);
            let limit = 3.0;
            let gains = Costs::new(rows, columns, |row, column| costs.at(row, column) - limit);
            let pairs = within(&costs, limit);
            prop_assert!(pairs.iter().all(|(row, column)| costs.at(*row, *column) <= limit));
            let most = tried(&gains, 0, &mut vec![false; columns], true);
            prop_assert!((total(&gains, &pairs) - most).abs() < 1e-9);
        }
    }
}
