//! The report through the binary and, where there is one, in a real browser.

#[path = "../common/mod.rs"]
mod common;

mod browser;
mod chromium;
mod diff;
mod looks;
mod many;
mod maps;
mod page;
mod review;

use std::path::Path;

use serde_json::Value;

/// A name that would run script wherever it got into a page as markup.
pub const HOSTILE: &str =
    "\"><img src=x onerror=\"document.title='run'\"><script>alert(1)<%2Fscript> {{program}} \u{2028}.jpg";

/// What a page holds: its head and its rows.
pub struct Page {
    pub html: String,
    pub header: Value,
    pub rows: Vec<Value>,
}

impl Page {
    pub fn of(run: &Path) -> Self {
        let html = std::fs::read_to_string(run.join("report.html")).expect("report.html");
        let header = within(&html, "id=\"header\">", "</script>");
        let header = serde_json::from_str(header).expect("the header is JSON");
        let mut rows: Vec<Value> = Vec::new();
        if html.contains("class=\"items\">") {
            rows = serde_json::from_str(within(&html, "class=\"items\">", "</script>")).expect("rows");
        }
        for part in html.split("<script src=\"").skip(1) {
            let file = part.split('"').next().expect("a name");
            let text = std::fs::read_to_string(run.join(file)).expect("a data file");
            let literal = text.strip_prefix("visionItems.push(").and_then(|t| t.strip_suffix(");\n"));
            let json: String = serde_json::from_str(literal.expect("one call")).expect("a string");
            rows.extend(serde_json::from_str::<Vec<Value>>(&json).expect("rows"));
        }
        Self { html, header, rows }
    }

    pub fn row(&self, path: &str) -> &Value {
        self.rows.iter().find(|row| row["path"] == path).unwrap_or_else(|| panic!("no row of {path}"))
    }

    /// Label, score and box of what passes `least`, as the page's own `kept` does it.
    pub fn passing(&self, row: &Value, least: &dyn Fn(&str) -> f64) -> Vec<(String, f64, [f64; 4])> {
        let scores = row["s"].as_array().expect("scores");
        let boxes: Vec<f64> = serde_json::from_value(row["b"].clone()).expect("boxes");
        let things = scores.chunks(2).zip(boxes.chunks(4)).map(|(thing, b)| {
            let label = thing[0].as_u64().expect("a label") as usize;
            let label = self.header["labels"][label][0].as_str().expect("a name").to_owned();
            (label, thing[1].as_f64().expect("a score"), [b[0], b[1], b[2], b[3]])
        });
        let most = self.header["threshold"]["most"].as_u64().expect("a number") as usize;
        things.filter(|(label, score, _)| *score >= least(label)).take(most).collect()
    }
}

fn within<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    text.split_once(from).and_then(|(_, rest)| rest.split_once(to)).expect("both marks").0
}
