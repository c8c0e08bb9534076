//! Pages for unit tests.

use std::collections::BTreeMap;

use super::Scan;
use crate::sheet::response::{Bucket, PageRead, Response};

pub fn answer(field: &str, values: &[&str], confidence: f32) -> Response {
    let values = values.iter().filter(|v| !v.is_empty()).map(|v| (*v).to_owned()).collect();
    Response { field: field.to_owned(), values, confidence, review: false, flags: Vec::new() }
}

pub fn scan(item: &str, page: Option<u32>, responses: Vec<Response>) -> Scan {
    let read = PageRead { item: item.to_owned(), bucket: Bucket::Graded, page, version: None, responses };
    let (input, path) = (item.to_owned(), format!("scans/{item}.png"));
    Scan { read, input, path, key: None, places: BTreeMap::new() }
}
