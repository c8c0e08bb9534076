//! `vision grade regrade`: grades again from what was read, after another key, class list or decision.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Command};
use serde_json::{Value, json};

use super::{Entry, print_failed, printing, with_options};
use crate::atomic::write_whole;
use crate::digest::{hex, sha256};
use crate::error::{Error, Result};
use crate::run::RunFolder;
use crate::sheet::roster::Roster;
use crate::sheet::score::{self, Book, Change, Inputs, Key, Layout, Status, changes, previous};
use crate::sheet::table::{Dialect, bytes};

const ABOUT: &str = "Grade again what was read: another key, class list or decisions; no scan is opened";

pub const ENTRY: Entry = Entry { command, run: |matches| printing(matches, run) };

const EXAMPLES: &str = "Examples:
  vision grade regrade vision-out --key key.csv --roster roster.csv
      grades.csv, points.csv, questions.csv, written.csv, review.csv, pages.csv, grades.json
  vision grade regrade vision-out --key corrected.toml
      prints every score that changed, old -> new, and writes changes.csv
  vision grade regrade vision-out --apply decisions.jsonl
      with the key and the class list of the last time
  vision grade regrade vision-out --separator ';' --decimal-comma --bom --columns 'Matrikel=id,Punkte=points,Note=grade'
      as the school's system wants it

Exit codes: 0 graded, 1 the key, list or decisions cannot be used, 2 decisions were refused, 3 with --final where
anything is left for a person to see.";

fn command() -> Command {
    with_options::<Arguments>("regrade", ABOUT).after_help(EXAMPLES)
}

#[derive(Debug, Args)]
struct Arguments {
    /// The run folder of `vision grade`
    #[arg(value_name = "RUN", default_value = "vision-out")]
    folder: PathBuf,

    /// The key: key.toml, a CSV of questions and answers, or OMRChecker's evaluation.json; else the last one's
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,

    /// The class list: CSV with the columns id and name, and others; else the last one's
    #[arg(long, value_name = "FILE")]
    roster: Option<PathBuf>,

    /// Decisions of people, as the report's page writes them; those of the last time are not kept
    #[arg(long, value_name = "FILE")]
    apply: Vec<PathBuf>,

    #[command(flatten)]
    table: TableArguments,

    /// Write into this folder and leave the run's own grades as they are
    #[arg(long, short, value_name = "FOLDER")]
    out: Option<PathBuf>,

    /// Exit with 3 unless every grade is final
    #[arg(long = "final")]
    all_final: bool,

    /// Print nothing but errors
    #[arg(long, short)]
    quiet: bool,
}

/// How tables are written.
#[derive(Debug, Args)]
pub struct TableArguments {
    /// Columns of grades.csv, each a name or TITLE=NAME: id, name, points, max, percent, grade, status, open, least,
    /// most, as-read, flags, version, set, read-id, files, section:NAME, question:NAME, or a column of the class list
    #[arg(long, value_name = "LIST")]
    columns: Option<String>,

    /// What separates the columns of tables
    #[arg(long, value_name = "CHARACTER", default_value = ",", value_parser = separator)]
    separator: char,

    /// Write 2,5 instead of 2.5 in tables
    #[arg(long)]
    decimal_comma: bool,

    /// Begin tables with a byte order mark, by which Excel knows UTF-8
    #[arg(long)]
    bom: bool,
}

fn separator(text: &str) -> std::result::Result<char, String> {
    match text {
        "," | ";" | "\t" => Ok(text.chars().next().unwrap_or(',')),
        "tab" | "\\t" => Ok('\t'),
        _ => Err("expected , or ; or tab".to_owned()),
    }
}

impl TableArguments {
    pub fn layout(&self) -> Layout {
        let dialect = Dialect { separator: self.separator, decimal_comma: self.decimal_comma, bom: self.bom };
        Layout { dialect, columns: self.columns.clone() }
    }
}

fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<u8> {
    let job = Job {
        folder: &arguments.folder,
        out: arguments.out.as_deref().unwrap_or(&arguments.folder),
        key: arguments.key.as_deref(),
        roster: arguments.roster.as_deref(),
        apply: &arguments.apply,
        fields: None,
        layout: arguments.table.layout(),
    };
    let (book, changes) = grade(&job)?;
    if !arguments.quiet {
        print(&book, changes.as_deref(), job.out, out).map_err(print_failed)?;
    }
    let open = book.grades.iter().any(|grade| !matches!(grade.status, Status::Final | Status::Absent));
    Ok(match () {
        () if !book.decisions.refused.is_empty() => 2,
        () if arguments.all_final && open => 3,
        () => 0,
    })
}

/// A grading of what a run folder says was read. `vision grade` ends with one.
pub struct Job<'a> {
    /// The run folder, and the folder to write into.
    pub folder: &'a Path,
    pub out: &'a Path,
    /// What is not given is as it was the last time.
    pub key: Option<&'a Path>,
    pub roster: Option<&'a Path>,
    pub apply: &'a [PathBuf],
    /// All fields of the sheet, where its layout is known.
    pub fields: Option<Vec<String>>,
    pub layout: Layout,
}

/// Grades, writes, and says what differs from the grading that was there.
///
/// # Errors
/// `Usage` for a key, list or decisions that cannot be used: nothing is written then.
pub fn grade(job: &Job) -> Result<(Book, Option<Vec<Change>>)> {
    let results = score::read(job.folder)?;
    let before = previous(job.folder)?;
    let key = match (job.key, &before) {
        (Some(file), _) => Key::read(file)?,
        (None, Some(before)) => before.key.clone(),
        (None, None) => {
            let message = format!("{}: was never graded; give a key with --key", job.folder.display());
            return Err(Error::usage(message));
        }
    };
    let roster = match job.roster {
        Some(file) => Some(Roster::read(file)?),
        None => before.as_ref().and_then(|before| before.roster.clone()),
    };
    let decisions = crate::review::read(job.apply)?;
    let fields = job.fields.clone().or_else(|| before.as_ref().and_then(|before| before.fields.clone()));
    let provenance = provenance(job, &results.digest, before.as_ref().map(|before| &before.provenance))?;
    let inputs = Inputs { scans: results.scans, key, roster, decisions: Some(&decisions), fields };
    let book = Book::make(inputs)?;
    let changes = before.map(|before| changes(&before.grades, &book));
    let table = changes.as_deref().map(|changes| job.layout.dialect.write(&rows(changes))).transpose()?;
    score::check(&book, &job.layout)?;
    let folder = RunFolder::open(job.out)?;
    score::write(folder.root(), &book, &job.layout, &provenance)?;
    if let Some(table) = table {
        write_whole(&folder.temporary(), &folder.root().join("changes.csv"), &table)?;
    }
    Ok((book, changes))
}

/// The files that the grades follow from, by name and digest: what is not given anew is as it was.
fn provenance(job: &Job, results: &str, old: Option<&Value>) -> Result<Value> {
    let of = |file: &Path| -> Result<Value> {
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
        Ok(json!({ "file": name, "sha256": hex(&sha256(&bytes(file)?)) }))
    };
    let kept = |name: &str| old.map_or(Value::Null, |old| old[name].clone());
    let given = |name: &str, file: Option<&Path>| file.map_or_else(|| Ok(kept(name)), of);
    Ok(json!({
        "results": { "file": "results.jsonl", "sha256": results },
        "key": given("key", job.key)?,
        "roster": given("roster", job.roster)?,
        "decisions": job.apply.iter().map(|file| of(file)).collect::<Result<Vec<_>>>()?,
    }))
}

fn rows(changes: &[Change]) -> Vec<Vec<String>> {
    let mut rows = vec![["id", "name", "what", "old", "new"].map(str::to_owned).to_vec()];
    for change in changes {
        for (what, was, now) in &change.what {
            let id = change.id.clone().unwrap_or_default();
            rows.push(vec![id, change.name.clone(), what.clone(), was.clone(), now.clone()]);
        }
    }
    rows
}

fn print(book: &Book, changes: Option<&[Change]>, folder: &Path, out: &mut dyn Write) -> io::Result<()> {
    let mut say = |text: &str| writeln!(out, "{}", crate::error::printable(text));
    for change in changes.unwrap_or_default() {
        say(&change.line())?;
    }
    for note in &book.notes {
        say(&format!("note: {note}"))?;
    }
    for refused in book.decisions.refused.iter().take(5) {
        say(&format!("refused: {}: {}", refused.decision.item, refused.reason))?;
    }
    if let Some(changes) = changes {
        say(&format!("{} of {} students changed", changes.len(), book.grades.len()))?;
    }
    say(&summary(book))?;
    say(&format!("{}: grades.csv and {} more", folder.display(), score::FILES.len() - 1))
}

/// `12 students: 9 final, 2 review, 1 absent; 3 things to look at in review.csv`.
pub fn summary(book: &Book) -> String {
    let all = [Status::Final, Status::Review, Status::Incomplete, Status::Absent, Status::Unknown];
    let count = |status: Status| book.grades.iter().filter(|grade| grade.status == status).count();
    let counts = all.into_iter().filter(|status| count(*status) > 0);
    let counts: Vec<String> = counts.map(|status| format!("{} {}", count(status), status.name())).collect();
    let counts = if counts.is_empty() { "none".to_owned() } else { counts.join(", ") };
    let plural = |n: usize, one: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") };
    let (students, open) = (plural(book.grades.len(), "student"), plural(book.review.len(), "thing"));
    format!("{students}: {counts}; {open} to look at in review.csv")
}
