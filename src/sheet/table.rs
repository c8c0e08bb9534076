//! Tables of other programs: CSV in whatever encoding, separator and decimal sign they write, and back.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind, Result};

/// A class list has thousands of lines, not millions.
const MAX_BYTES: u64 = 64 << 20;

/// Columns of a line; a sheet of 500 questions is a large one.
const MAX_COLUMNS: usize = 10_000;

/// A table as read. Cells have no spaces around them.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// As messages name it.
    pub name: String,
    /// SHA-256 of the file, for provenance.
    pub digest: String,
    pub rows: Vec<Row>,
    pub separator: u8,
}

/// A line that is not empty.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Number of its first line in the file, from 1.
    pub line: u64,
    pub cells: Vec<String>,
}

impl Table {
    /// # Errors
    /// `Usage` naming the file, line and column for what cannot be read.
    pub fn read(file: &Path) -> Result<Self> {
        let name = file.display().to_string();
        let bytes = bytes(file)?;
        let digest = crate::digest::hex(&crate::digest::sha256(&bytes));
        Self::parse(&name, &bytes).map(|table| Self { digest, ..table })
    }

    /// From bytes: UTF-8 with or without a byte order mark, UTF-16 with one, else Windows-1252 (Latin-1).
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Self> {
        let text = decode(bytes).ok_or_else(|| {
            Error::usage(format!("{name}: is no text; expected CSV in UTF-8, UTF-16 or Latin-1"))
        })?;
        let separator = separator(&text);
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(separator)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|e| {
                let line = e.position().map_or(0, csv::Position::line);
                Error::usage(format!("{name}: line {line}: not a line of a CSV file")).because(e)
            })?;
            let line = record.position().map_or(0, |position| line(&text, position));
            if record.len() > MAX_COLUMNS {
                let found = record.len();
                return Err(Error::usage(format!(
                    "{name}: line {line}: {found} columns; at most {MAX_COLUMNS}"
                )));
            }
            if let Some(column) = record.iter().position(|cell| cell.contains('\0')) {
                return Err(Error::usage(format!("{name}: line {line}, column {}: holds a NUL", column + 1)));
            }
            let cells: Vec<String> = record.iter().map(str::to_owned).collect();
            if cells.iter().any(|cell| !cell.is_empty()) {
                rows.push(Row { line, cells });
            }
        }
        let digest = String::new();
        Ok(Self { name: name.to_owned(), digest, rows, separator })
    }

    /// What is wrong with a cell; columns count from 0 here and from 1 in the message.
    pub fn wrong(&self, row: &Row, column: usize, why: &str) -> Error {
        let found = row.cells.get(column).map_or(String::new(), |cell| format!(" {cell:?}"));
        Error::usage(format!("{}: line {}, column {}:{found} {why}", self.name, row.line, column + 1))
    }
}

/// The line in which a record begins. The reader notes where it began to look, before empty lines.
fn line(text: &str, position: &csv::Position) -> u64 {
    let begin = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let rest = text.as_bytes().get(begin..).unwrap_or_default();
    let skipped = rest.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).filter(|byte| **byte == b'\n');
    position.line() + skipped.count() as u64
}

/// A file that a user named, with a limit on its size.
pub fn bytes(file: &Path) -> Result<Vec<u8>> {
    let failed = |e| Error::usage(format!("{}: cannot be read", file.display())).because(e);
    let stat = std::fs::metadata(file).map_err(failed)?;
    if !stat.is_file() || stat.len() > MAX_BYTES {
        let found = stat.len();
        let message =
            format!("{}: expected a file of up to {MAX_BYTES} bytes, found {found}", file.display());
        return Err(Error::usage(message));
    }
    std::fs::read(file).map_err(failed)
}

/// Text of a program that did not say its encoding.
pub fn decode(bytes: &[u8]) -> Option<String> {
    if let Some(rest) = bytes.strip_prefix(b"\xff\xfe") {
        return utf16(rest, u16::from_le_bytes);
    }
    if let Some(rest) = bytes.strip_prefix(b"\xfe\xff") {
        return utf16(rest, u16::from_be_bytes);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text.to_owned()),
        // Pictures and spreadsheets hold control characters, which no text of Windows does.
        Err(_) if bytes.iter().any(|b| *b < 9 || (14..32).contains(b)) => None,
        Err(_) => Some(bytes.iter().map(|b| windows(*b)).collect()),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
    String::from_utf16(&units).ok()
}

/// Windows-1252, which is Latin-1 but for 0x80 to 0x9f (WHATWG's index, where five stay controls).
fn windows(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
        '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9f => HIGH[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

/// The separator that stands most often in the first line that has any, outside quotes.
fn separator(text: &str) -> u8 {
    for line in text.lines().take(20) {
        let mut counts = [(b';', 0), (b'\t', 0), (b',', 0)];
        let mut quoted = false;
        for byte in line.bytes() {
            quoted ^= byte == b'"';
            for (candidate, count) in counts.iter_mut().filter(|_| !quoted) {
                *count += usize::from(*candidate == byte);
            }
        }
        // A semicolon or tab separates even where numbers with decimal commas hold more commas.
        if let Some((found, _)) = counts.iter().find(|(_, count)| *count > 0) {
            return *found;
        }
    }
    b','
}

/// A number with a decimal point or comma, or a fraction: `-0,5`, `2/3`, `1 000,5`. `None` for anything else.
pub fn number(text: &str) -> Option<f64> {
    let text = text.trim().replace('\u{2212}', "-");
    if let Some((above, below)) = text.split_once('/') {
        let (above, below) = (number(above)?, number(below)?);
        return (below != 0.0).then_some(above / below);
    }
    let mut text: String =
        text.chars().filter(|c| !matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\'')).collect();
    match (text.rfind(','), text.rfind('.')) {
        // The one further right is the decimal sign, the others group thousands.
        (Some(comma), Some(point)) if comma > point => text = text.replace('.', "").replace(',', "."),
        (Some(_), Some(_)) => text = text.replace(',', ""),
        (Some(_), None) if text.matches(',').count() == 1 => text = text.replace(',', "."),
        _ => {}
    }
    let plain = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
    let value: f64 = text.chars().all(plain).then(|| text.parse().ok())??;
    value.is_finite().then_some(value)
}

/// How a program wants its CSV.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Dialect {
    pub separator: char,
    pub decimal_comma: bool,
    /// A byte order mark, by which Excel knows UTF-8.
    pub bom: bool,
}

impl Default for Dialect {
    fn default() -> Self {
        Self { separator: ',', decimal_comma: false, bom: false }
    }
}

impl Dialect {
    /// Up to six decimals, none where they are zero.
    pub fn number(&self, value: f64) -> String {
        let text = shown(value);
        if self.decimal_comma { text.replace('.', ",") } else { text }
    }

    /// All rows, the first being the header. A cell that a spreadsheet would take for a formula gets an apostrophe in
    /// front (OWASP, CSV injection), but numbers do not.
    pub fn write(&self, rows: &[Vec<String>]) -> Result<Vec<u8>> {
        let failed = |e: csv::Error| Error::new(Kind::Internal, "a table could not be encoded").because(e);
        let separator = u8::try_from(self.separator).map_err(|_| {
            Error::usage(format!("separator {:?}: expected a comma, a semicolon or a tab", self.separator))
        })?;
        let start = if self.bom { "\u{feff}" } else { "" };
        let mut out = csv::WriterBuilder::new()
            .flexible(true)
            .delimiter(separator)
            .from_writer(start.as_bytes().to_vec());
        for row in rows {
            out.write_record(row.iter().map(|cell| harmless(cell))).map_err(failed)?;
        }
        out.into_inner()
            .map_err(|e| Error::new(Kind::Internal, "a table could not be encoded").because(e.into_error()))
    }
}

fn harmless(cell: &str) -> String {
    let formula =
        cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && number(cell).is_none() && cell.len() > 1;
    if formula { format!("'{cell}") } else { cell.to_owned() }
}

/// A number as people write it: 2, 2.5, 0.333333.
pub fn shown(value: f64) -> String {
    let text = format!("{value:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cells(bytes: &[u8]) -> Vec<Vec<String>> {
        Table::parse("t.csv", bytes).unwrap().rows.into_iter().map(|row| row.cells).collect()
    }

    #[test]
    fn encodings_and_separators_of_the_usual_programs() {
        let wanted = vec![vec!["id", "name"], vec!["007", "Zoë Müller; €"]];
        let utf8 = "id,name\r\n007,\"Zoë Müller; €\"\r\n";
        let utf16: Vec<u8> =
            [0xff, 0xfe].into_iter().chain(utf8.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let windows = b"id;name\n007;\"Zo\xeb M\xfcller; \x80\"\n";
        let tabs = "\u{feff}id\tname\n\n007\tZoë Müller; €\n";
        for bytes in [utf8.as_bytes(), &utf16, windows, tabs.as_bytes()] {
            assert_eq!(cells(bytes), wanted);
        }
    }

    #[test]
    fn numbers_of_every_country() {
        let cases = [
            ("2.5", 2.5),
            ("2,5", 2.5),
            ("-2/3", -2.0 / 3.0),
            ("1.234,5", 1234.5),
            ("1,234.5", 1234.5),
            ("1 000,5", 1000.5),
            ("\u{2212}1", -1.0),
            ("1e3", 1000.0),
            ("1'000", 1000.0),
        ];
        for (text, value) in cases {
            assert_eq!(number(text), Some(value), "{text}");
        }
        for text in ["", "A", "1/0", "inf", "nan", "1,2,3", "0x10"] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_by_line_and_column() {
        let table = Table::parse("key.csv", b"question,answer,points\n\nq1,A,many\n").unwrap();
        let error = table.wrong(&table.rows[1], 2, "is no number");
        assert_eq!(error.message, "key.csv: line 3, column 3: \"many\" is no number");
        let lines = |text: &str| -> Vec<u64> {
            Table::parse("key.csv", text.as_bytes()).unwrap().rows.iter().map(|row| row.line).collect()
        };
        assert_eq!(lines("\na,b\r\nc,\"d\r\ne\"\r\n\r\n\r\nf\r\n"), [2, 3, 7]);
        assert!(
            Table::parse("key.csv", b"\x89PNG\r\n\x1a\n\x00\xff").unwrap_err().message.contains("no text")
        );
    }

    #[test]
    fn written_as_the_other_program_wants_it() {
        let dialect = Dialect { separator: ';', decimal_comma: true, bom: true };
        let rows = [vec!["id".into(), "points".into()], vec!["=1+1".into(), dialect.number(-2.0 / 3.0)]];
        assert_eq!(dialect.write(&rows).unwrap(), "\u{feff}id;points\n'=1+1;-0,666667\n".as_bytes());
        assert_eq!((shown(2.0), shown(-0.0), shown(0.1 + 0.2)), ("2".into(), "0".into(), "0.3".into()));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_table_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Table::parse("t.csv", &bytes);
        }
    }
}
