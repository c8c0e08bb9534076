//! Who may have handed in, and who did: the class list, and whose page is whose.

mod assign;
mod bundle;
mod likelihood;

use std::collections::HashMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

pub use assign::{Person, persons};
pub use bundle::{Bundle, bundles};
pub use likelihood::{Source, sources};

use crate::error::{Error, Result};
use crate::sheet::table::Table;

/// A class list.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Roster {
    pub students: Vec<Student>,
    /// Names of the further columns.
    pub columns: Vec<String>,
    /// SHA-256 of the file.
    pub digest: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Student {
    /// As text: leading zeros count.
    pub id: String,
    pub name: String,
    /// In the order of [`Roster::columns`].
    pub more: Vec<String>,
}

/// What the column of ids is called, whatever the case, `_` or spaces; else it is the first one.
const IDS: [&str; 12] = [
    "id",
    "studentid",
    "student",
    "number",
    "studentnumber",
    "roll",
    "rollno",
    "rollnumber",
    "matriculation",
    "matrikelnummer",
    "candidate",
    "candidateid",
];

const NAMES: [&str; 5] = ["name", "fullname", "studentname", "names", "nom"];

impl Roster {
    /// Reads a table with a header line; without one (the first cell being digits) its columns are id and name.
    ///
    /// # Errors
    /// `Usage` naming the file, line and column: no id, an id twice.
    pub fn read(file: &Path) -> Result<Self> {
        Self::from_table(&Table::read(file)?)
    }

    fn from_table(table: &Table) -> Result<Self> {
        let Some(first) = table.rows.first() else {
            return Err(Error::usage(format!("{}: is empty; expected the columns id and name", table.name)));
        };
        let plain = |cell: &String| cell.to_lowercase().replace(['_', ' ', '-', '.'], "");
        let without = first.cells[0].chars().all(|c| c.is_ascii_digit()) && !first.cells[0].is_empty();
        let header: Vec<String> = match without {
            true => vec!["id".into(), "name".into()],
            false => first.cells.clone(),
        };
        let at = |known: &[&str]| header.iter().position(|cell| known.contains(&plain(cell).as_str()));
        let id_at = at(&IDS).unwrap_or(0);
        let name_at = at(&NAMES).filter(|at| *at != id_at);
        let more: Vec<usize> = (0..header.len()).filter(|at| *at != id_at && Some(*at) != name_at).collect();
        let columns = more.iter().map(|at| header[*at].clone()).collect();
        let mut roster = Self { students: Vec::new(), columns, digest: table.digest.clone() };
        let mut lines: HashMap<String, u64> = HashMap::new();
        for row in table.rows.iter().skip(usize::from(!without)) {
            let cell = |at: usize| row.cells.get(at).cloned().unwrap_or_default();
            let id = cell(id_at);
            if id.is_empty() {
                return Err(table.wrong(row, id_at, "is no id"));
            }
            if row.cells.len() > header.len() {
                return Err(table.wrong(row, header.len(), "is beyond the last column of the header"));
            }
            if let Some(before) = lines.insert(id.clone(), row.line) {
                return Err(table.wrong(
                    row,
                    id_at,
                    &format!("is the id of line {before} too; ids name one student"),
                ));
            }
            let name = name_at.map(cell).unwrap_or_default();
            roster.students.push(Student { id, name, more: more.iter().map(|at| cell(*at)).collect() });
        }
        Ok(roster)
    }

    pub fn student(&self, id: &str) -> Option<&Student> {
        self.students.iter().find(|student| student.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roster(text: &str) -> Result<Roster> {
        Roster::from_table(&Table::parse("roster.csv", text.as_bytes())?)
    }

    #[test]
    fn a_class_list_with_columns_in_any_order() {
        let r = roster("Class;Name;Student ID\n7a;Zoë;0042\n7b;Bob;0043\n").unwrap();
        let zoe = Student { id: "0042".into(), name: "Zoë".into(), more: vec!["7a".into()] };
        assert_eq!((r.students[0].clone(), r.columns), (zoe, vec!["Class".to_owned()]));
        assert_eq!(roster("0042,Zoë\n").unwrap().student("0042").unwrap().name, "Zoë");
    }

    #[test]
    fn ids_are_there_and_once() {
        let twice = roster("id,name\n1,A\n2,B\n1,C\n").unwrap_err();
        assert!(
            twice.message.contains("line 4, column 1: \"1\" is the id of line 2 too"),
            "{}",
            twice.message
        );
        assert!(roster("id,name\n,A\n").unwrap_err().message.contains("line 2, column 1"));
        assert!(roster("").unwrap_err().message.contains("is empty"));
    }
}
