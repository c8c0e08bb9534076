//! The students of a roster, for printing: a CSV file with a head.

use std::path::Path;

use crate::error::{Error, Kind, Result};

/// A school with more would print class by class; it bounds the memory.
const MOST: usize = 20_000;
const MAX_BYTES: u64 = 16 << 20;

/// A row by the names of its columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Student(Vec<(String, String)>);

impl Student {
    pub fn get(&self, column: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(name, _)| name == column)
            .map(|(_, value)| value.as_str())
            .filter(|v| !v.is_empty())
    }
}

/// Reads a roster: UTF-8 with or without a mark, else Latin-1; commas, semicolons or tabs, as its first line has.
///
/// # Errors
/// Of the file, and `Config` with the line.
pub fn read(path: &Path, needed: &[&str]) -> Result<Vec<Student>> {
    let bytes = std::fs::metadata(path).map_err(|e| Error::read(path.display(), e))?.len();
    if bytes > MAX_BYTES {
        let message = format!("{}: {bytes} bytes; a roster has at most {MAX_BYTES}", path.display());
        return Err(Error::new(Kind::Config, message));
    }
    let bytes = std::fs::read(path).map_err(|e| Error::read(path.display(), e))?;
    parse(&bytes, needed).map_err(|what| Error::new(Kind::Config, format!("{}: {what}", path.display())))
}

fn parse(bytes: &[u8], needed: &[&str]) -> Result<Vec<Student>, String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // Latin-1's bytes are Unicode's first 256 characters.
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|b| char::from(*b)).collect(),
    };
    let head = text.lines().next().unwrap_or_default();
    let delimiter = [b';', b'\t'].into_iter().find(|d| head.as_bytes().contains(d)).unwrap_or(b',');
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).trim(csv::Trim::All).from_reader(text.as_bytes());
    let columns: Vec<String> =
        reader.headers().map_err(|e| e.to_string())?.iter().map(str::to_owned).collect();
    if let Some(missing) = needed.iter().find(|n| !columns.iter().any(|c| c == *n)) {
        return Err(format!("no column {missing:?}, which the sheet prints; it has {}", columns.join(", ")));
    }
    let mut students = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|e| e.to_string())?;
        if students.len() == MOST {
            return Err(format!("more than {MOST} students"));
        }
        let student = columns.iter().cloned().zip(row.iter().map(str::to_owned)).collect();
        students.push(Student(student));
    }
    if students.is_empty() { Err("it names no student".into()) } else { Ok(students) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_semicolons_and_latin_1_are_read() {
        let utf8 = parse("\u{feff}id;name\n7;Zoë\n".as_bytes(), &["id", "name"]).expect("a roster");
        let latin = parse(b"id,name\r\n7,Zo\xeb\r\n", &["id"]).expect("a roster");
        assert_eq!(utf8, latin);
        assert_eq!(utf8[0].get("name"), Some("Zoë"));
    }

    #[test]
    fn a_missing_column_is_named_with_those_there_are() {
        let error = parse(b"number,name\n1,A\n", &["id"]).expect_err("no id");
        assert_eq!(error, "no column \"id\", which the sheet prints; it has number, name");
    }
}
