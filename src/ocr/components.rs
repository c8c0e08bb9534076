//! Connected regions of a mask, each as the points that its convex hull needs.
//!
//! `imageproc::contours` follows every border pixel by pixel and misses regions at the left edge; for the
//! smallest rectangle around a region the ends of its rows are enough, and one pass over the rows finds them.

/// The ends of each row of a region: `[x, y]` of its first and last pixel of every run.
pub type Region = Vec<[i32; 2]>;

/// A run of set pixels of one row: first and last column, and the region it belongs to so far.
struct Run {
    first: usize,
    last: usize,
    region: usize,
}

/// Regions of pixels that touch at a side or a corner, in order of their topmost pixel. `mask` holds rows of
/// `width` pixels.
pub fn regions(mask: &[bool], width: usize) -> Vec<Region> {
    let mut parents: Vec<usize> = Vec::new();
    let mut ends: Vec<(usize, [i32; 4])> = Vec::new();
    let mut above: Vec<Run> = Vec::new();
    for (y, row) in mask.chunks_exact(width.max(1)).enumerate() {
        let mut runs = runs(row);
        let mut from = 0;
        for run in &mut runs {
            // Runs of the row above that end before this one begins touch none of those to come.
            while above.get(from).is_some_and(|other| other.last + 1 < run.first) {
                from += 1;
            }
            for other in above[from..].iter().take_while(|other| other.first <= run.last + 1) {
                let root = root(&mut parents, other.region);
                if run.region == usize::MAX {
                    run.region = root;
                } else if root != run.region {
                    let (low, high) = (root.min(run.region), root.max(run.region));
                    parents[high] = low;
                    run.region = low;
                }
            }
            if run.region == usize::MAX {
                run.region = parents.len();
                parents.push(run.region);
            }
            ends.push((run.region, [run.first as i32, y as i32, run.last as i32, y as i32]));
        }
        above = runs;
    }
    let mut regions: Vec<Region> = vec![Vec::new(); parents.len()];
    for (region, [x1, y1, x2, y2]) in ends {
        let root = root(&mut parents, region);
        regions[root].extend([[x1, y1], [x2, y2]]);
    }
    regions.retain(|region| !region.is_empty());
    regions
}

fn runs(row: &[bool]) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut x = 0;
    while let Some(first) = row[x..].iter().position(|set| *set).map(|n| n + x) {
        let end = row[first..].iter().position(|set| !*set).map_or(row.len(), |n| n + first);
        runs.push(Run { first, last: end - 1, region: usize::MAX });
        x = end;
    }
    runs
}

fn root(parents: &mut [usize], mut region: usize) -> usize {
    while parents[region] != region {
        parents[region] = parents[parents[region]];
        region = parents[region];
    }
    region
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(picture: &[&str]) -> Vec<Region> {
        let mask: Vec<bool> = picture.iter().flat_map(|row| row.bytes().map(|b| b == b'#')).collect();
        regions(&mask, picture[0].len())
    }

    #[test]
    fn regions_touch_at_sides_and_corners() {
        let regions = found(&["##..#", "..#..", ".....", "#...#"]);
        let sizes: Vec<usize> = regions.iter().map(Vec::len).collect();
        // The first goes on over a corner; the last column of its row does not touch it.
        assert_eq!(sizes, [4, 2, 2, 2]);
        assert_eq!(regions[0], [[0, 0], [1, 0], [2, 1], [2, 1]]);
    }

    #[test]
    fn arms_that_meet_below_are_one() {
        assert_eq!(found(&["#.#.#", "#.#.#", "#####"]).len(), 1);
        assert_eq!(found(&[".....", "....."]).len(), 0);
        assert_eq!(found(&["#"]), [vec![[0, 0], [0, 0]]]);
    }
}
