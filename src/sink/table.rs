//! Tables that are safe to open in a spreadsheet.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use crate::atomic::AtomicFile;
use crate::error::{Error, Kind, Result};
use crate::frame::Part;

/// A CSV file being written.
pub(crate) struct Table {
    name: &'static str,
    out: csv::Writer<AtomicFile>,
}

impl Table {
    pub(crate) fn create(
        folder: &Path,
        temporary: &Path,
        name: &'static str,
        header: &[&str],
    ) -> Result<Self> {
        let out = AtomicFile::create(temporary, &folder.join(name))?;
        let mut table = Self { name, out: csv::Writer::from_writer(out) };
        table.row(header)?;
        Ok(table)
    }

    pub(crate) fn row(&mut self, cells: &[&str]) -> Result<()> {
        self.out.write_record(cells).map_err(|e| failed(self.name, e))
    }

    pub(crate) fn finish(self) -> Result<PathBuf> {
        let name = Path::new(self.name);
        let out = self.out.into_inner().map_err(|e| Error::write(name.display(), e.into_error()))?;
        out.commit()?;
        Ok(name.to_owned())
    }
}

fn failed(name: &str, error: csv::Error) -> Error {
    match error.into_kind() {
        csv::ErrorKind::Io(e) => Error::write(name, e),
        other => Error::new(Kind::Internal, format!("{name}: a row cannot be written: {other:?}")),
    }
}

/// `page 3`, `frame 17`, `instance 1.2.840.1 frame 0`; empty for an only part.
pub(crate) fn part_name(part: &Part) -> String {
    match part {
        Part::Page { n } => format!("page {n}"),
        Part::Frame { n, .. } => format!("frame {n}"),
        Part::Instance { sop, frame } => format!("instance {} frame {frame}", sop),
        Part::Entry { n } => format!("entry {n}"),
    }
}

/// A text cell that no spreadsheet evaluates: `'` before what would begin a formula, as OWASP
/// advises against CSV injection (<https://owasp.org/www-community/attacks/CSV_Injection>),
/// the full-width forms that East Asian spreadsheets accept included. Scripts that need exact
/// names read `results.jsonl`.
pub(crate) fn inert(text: &str) -> Cow<'_, str> {
    const STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    if text.starts_with(STARTS) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_not_evaluated() {
        for cell in ["=1+1", "+cmd", "-2", "@SUM(A1)", "\t=1", "＝1"] {
            assert_eq!(inert(cell), format!("'{cell}"));
        }
        assert_eq!(inert("a=b"), "a=b");
        assert_eq!(inert(""), "");
    }
}
