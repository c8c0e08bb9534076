//! Pages that lie together: those of one student, as they came out of the scanner.

use super::likelihood::{Source, sources};
use crate::sheet::score::Scan;

/// Pages of one student, by their places in the list of scans.
#[derive(Debug, Clone, PartialEq)]
pub struct Bundle {
    pub scans: Vec<usize>,
    /// Where they say whose they are; of the page that says it.
    pub sources: Vec<Source>,
    /// Number of the page that says it, or of the first.
    pub page: u32,
    pub flags: Vec<&'static str>,
}

/// Puts pages together. A page that says whose it is stands for itself and for the pages without such a place that follow
/// it in the same folder, as long as each page of the sheet comes once. Pages that come before it are put to it too, but
/// flagged: they may be those of a student whose first page is missing.
pub fn bundles(scans: &[Scan], identity: &[String]) -> Vec<Bundle> {
    let anonymous = identity.is_empty();
    let mut all: Vec<Bundle> = Vec::new();
    let mut folder = String::new();
    for (number, scan) in scans.iter().enumerate().filter(|(_, scan)| scan.is_read()) {
        let sources = sources(scan, identity);
        // A page that has the place and leaves it empty is somebody's first page all the same.
        let says = !anonymous && identity.iter().any(|field| scan.response(field).is_some());
        let page = scan.read.page;
        let here = folder_of(scan);
        let same_folder = std::mem::replace(&mut folder, here.to_owned()) == here;
        let open = all.last_mut().filter(|_| same_folder).filter(|last| fits(last, page, scans));
        match open {
            Some(last) if !says => last.scans.push(number),
            Some(last) if says && last.sources.is_empty() && last.flags.contains(&"no-first-page") => {
                last.scans.push(number);
                (last.sources, last.page) = (sources, page.unwrap_or(0));
                last.flags = vec!["page-order"];
            }
            _ => {
                let flags = if !says && !anonymous { vec!["no-first-page"] } else { Vec::new() };
                all.push(Bundle { scans: vec![number], sources, page: page.unwrap_or(0), flags });
            }
        }
    }
    all
}

/// Whether the bundle lacks this page of the sheet. Pages without a number belong to nobody else's.
fn fits(bundle: &Bundle, page: Option<u32>, scans: &[Scan]) -> bool {
    page.is_some()
        && bundle.scans.iter().all(|scan| scans[*scan].read.page.is_some() && scans[*scan].read.page != page)
}

fn folder_of(scan: &Scan) -> &str {
    scan.path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheet::score::testing::{answer, scan};

    /// `1A`: page 1 with id A; `2`: page 2, which has no place for one.
    fn together(pages: &[&str]) -> Vec<(Vec<usize>, Vec<&'static str>)> {
        let scans: Vec<Scan> = pages
            .iter()
            .enumerate()
            .map(|(number, text)| {
                let page = text[..1].parse::<u32>().unwrap() - 1;
                let id = &text[1..];
                let answers = if id.is_empty() { vec![] } else { vec![answer("id", &[id], 1.0)] };
                scan(&format!("s{number}"), Some(page), answers)
            })
            .collect();
        bundles(&scans, &["id".to_owned()]).into_iter().map(|b| (b.scans, b.flags)).collect()
    }

    #[test]
    fn pages_follow_the_one_that_says_whose_they_are() {
        assert_eq!(together(&["1A", "2", "3", "1B", "2"]), [(vec![0, 1, 2], vec![]), (vec![3, 4], vec![])]);
        // Each page has its own id: they are told apart by it, later.
        assert_eq!(together(&["1A", "2A"]).len(), 2);
        // The first page of the second student is missing: its page 2 stands alone, with a flag.
        assert_eq!(together(&["1A", "2", "2"]), [(vec![0, 1], vec![]), (vec![2], vec!["no-first-page"])]);
        // Scanned back to front.
        assert_eq!(
            together(&["2", "1A", "2", "1B"]),
            [(vec![0, 1], vec!["page-order"]), (vec![2, 3], vec!["page-order"])]
        );
    }
}
