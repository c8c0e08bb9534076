//! `private/`: the key of the pseudonyms, who they stand for, and the worklist for the reading room.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::NOTICE;
use super::ledger::{Ledger, Person, Seen};
use super::telling;
use crate::error::{Error, Kind, Result};
use crate::pseudonym::Pseudonyms;
use crate::run::INTERNAL;
use crate::run::job::Job;

/// What may identify a person, below the run folder.
pub const FOLDER: &str = "private";

/// The folder, made for its owner alone.
pub struct Private {
    folder: PathBuf,
    pub pseudonyms: Pseudonyms,
    pub ledger: Arc<Ledger>,
}

impl Private {
    /// Opens `private/` of a run folder, and makes it and its key where there are none. With `anew` the results that
    /// are there are given up.
    ///
    /// # Errors
    /// `RunFolder` where results would be without the key that leads back to people; `OutputFolder` and `DiskFull`.
    pub fn open(out: &Path, anew: bool) -> Result<Self> {
        let folder = out.join(FOLDER);
        let key = folder.join("key");
        let job = Job::read(&out.join(INTERNAL).join("job.json")).filter(|_| !anew);
        let lost = !key.exists();
        if let Some(job) = job.as_ref().filter(|_| lost) {
            return Err(refused(&key, job));
        }
        let failed = |e| Error::write(folder.display(), e);
        fs::create_dir_all(out).map_err(failed)?;
        match fs::DirBuilder::new().mode(0o700).create(&folder) {
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {
                fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).map_err(failed)?;
            }
            other => other.map_err(failed)?,
        }
        let bytes = if lost { fresh(&key)? } else { fs::read(&key).map_err(failed)? };
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| {
            let message =
                format!("{}: not a key of 32 bytes; restore it, or move private/ away", key.display());
            Error::new(Kind::RunFolder, message)
        })?;
        let pseudonyms = Pseudonyms::new(bytes);
        if job.as_ref().and_then(|job| job.pseudonyms.as_ref()).is_some_and(|own| *own != pseudonyms.check())
        {
            let message = format!(
                "{}: another key than the one that the results were made with; restore that, choose another --out, or \
                 begin anew with --force",
                key.display()
            );
            return Err(Error::new(Kind::RunFolder, message));
        }
        let seen = folder.join("seen.jsonl");
        if lost && seen.exists() {
            // What it says is true, but of names that nobody can make again.
            fs::rename(&seen, folder.join("seen.former.jsonl")).map_err(failed)?;
        }
        let ledger = Arc::new(Ledger::open(seen)?);
        Ok(Self { folder, pseudonyms, ledger })
    }

    /// A new file of the folder, for its owner alone.
    ///
    /// # Errors
    /// `OutputFolder` and `DiskFull`.
    pub fn create(&self, name: &str) -> Result<(PathBuf, File)> {
        let path = self.folder.join(name);
        let mut options = File::options();
        let file = options.write(true).create(true).truncate(true).mode(0o600).open(&path);
        Ok((path.clone(), file.map_err(|e| Error::write(path.display(), e))?))
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// # Errors
    /// `OutputFolder` and `DiskFull`.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        // Beside its place, so that not even a moment of it lies outside.
        let failed = |e| Error::write(self.folder.join(name).display(), e);
        let mut file = tempfile::NamedTempFile::new_in(&self.folder).map_err(failed)?;
        file.write_all(bytes).map_err(failed)?;
        file.persist(self.folder.join(name)).map_err(|e| failed(e.error))?;
        Ok(())
    }

    /// Everything that may identify people in what was read here, now and before. A folder that is called as the model
    /// or one of its findings, the `words` of its own, tells nothing.
    pub fn values(&self, words: &[&str]) -> BTreeSet<String> {
        let lines = self.ledger.lines();
        let people = lines.iter().flat_map(|seen| &seen.people);
        let roots = self.ledger.roots();
        let names = roots.iter().filter_map(|root| root.file_name());
        let paths = lines.iter().flat_map(|seen| telling::parts(Path::new(&seen.file)));
        let paths = paths.chain(names.flat_map(|name| telling::parts(Path::new(name))));
        let own = |part: &String| words.iter().any(|word| word.to_lowercase() == part.to_lowercase());
        let mut values: BTreeSet<String> = paths.filter(|part| !own(part)).collect();
        values.extend(people.flat_map(|person| person.identifying.clone()));
        values
    }

    /// Writes who is who, the worklist with accession numbers, and the command as it was given.
    ///
    /// # Errors
    /// `OutputFolder` and `DiskFull`.
    pub fn fill(&self, worklist: &Value) -> Result<()> {
        let lines = self.ledger.lines();
        self.write("crosswalk.csv", &self.crosswalk(&lines)?)?;
        let people = lines.iter().flat_map(|seen| &seen.people);
        let mut accessions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for person in people {
            let study = self.pseudonyms.of("study", &person.uids[0]);
            accessions.entry(study).or_default().insert(person.accession.clone());
        }
        self.write("worklist.csv", &reading_room(worklist, &accessions, &self.ledger.files())?)?;
        let given: Vec<String> = std::env::args_os().map(|a| a.to_string_lossy().into_owned()).collect();
        self.write("arguments.json", serde_json::json!(given).to_string().as_bytes())
    }

    /// A row for each instance of every input that was ever read here, and one for an input where none is known.
    fn crosswalk(&self, lines: &[Seen]) -> Result<Vec<u8>> {
        const HEAD: [&str; 11] = [
            "input",
            "file",
            "study",
            "series",
            "instance",
            "study-uid",
            "series-uid",
            "instance-uid",
            "accession",
            "patient",
            "name",
        ];
        let failed = |e: csv::Error| Error::new(Kind::Internal, "private/crosswalk.csv").because(e);
        let mut table = csv::Writer::from_writer(Vec::new());
        table.write_record(HEAD).map_err(failed)?;
        let (mut written, nobody) = (HashSet::new(), [Person::default()]);
        for seen in lines {
            // Still to be found by the person who looks.
            let people = if seen.people.is_empty() { &nobody[..] } else { &seen.people };
            for person in people {
                let of = |(kind, uid): (&str, &String)| match uid.as_str() {
                    "" => String::new(),
                    uid => self.pseudonyms.of(kind, uid),
                };
                let own = ["study", "series", "instance"].into_iter().zip(&person.uids).map(of);
                let named = [&person.accession, &person.patient, &person.name];
                let row: Vec<String> = [seen.input.clone(), seen.file.clone()]
                    .into_iter()
                    .chain(own)
                    .chain(person.uids.iter().chain(named).cloned())
                    .collect();
                if written.insert(row.clone()) {
                    table.write_record(row).map_err(failed)?;
                }
            }
        }
        Ok(table.into_inner().unwrap_or_default())
    }
}

/// Why results cannot be continued without their key.
fn refused(key: &Path, job: &Job) -> Error {
    let message = match job.pseudonyms {
        None => {
            "its folder is of a run without pseudonyms, whose files may name persons; choose another --out"
        }
        Some(_) => {
            "it is gone, and without it the results in its folder lead back to nobody; restore it, choose another \
             --out, or begin anew with --force"
        }
    };
    Error::new(Kind::RunFolder, format!("{}: {message}", key.display()))
}

/// A key that nobody can guess.
fn fresh(file: &Path) -> Result<Vec<u8>> {
    let failed = |e| Error::write(file.display(), e);
    let mut key = vec![0; 32];
    fs::File::open("/dev/urandom").and_then(|mut random| random.read_exact(&mut key)).map_err(failed)?;
    let mut out = fs::File::options().write(true).create_new(true).mode(0o600).open(file).map_err(failed)?;
    out.write_all(&key).map_err(failed)?;
    Ok(key)
}

/// The worklist by accession number, and by file where nothing else is known.
fn reading_room(
    worklist: &Value,
    accessions: &BTreeMap<String, BTreeSet<String>>,
    files: &BTreeMap<String, String>,
) -> Result<Vec<u8>> {
    let failed = |e: csv::Error| Error::new(Kind::Internal, "private/worklist.csv").because(e);
    let mut table = csv::Writer::from_writer(Vec::new());
    let head = ["rank", "bucket", "urgency", "accession", "files", "reasons", "study", "complete", "notice"];
    table.write_record(head).map_err(failed)?;
    let complete = if worklist["complete"] == true { "yes" } else { "no" };
    for row in worklist["studies"].as_array().into_iter().flatten() {
        let study = row["study"].as_str().unwrap_or_default();
        let accession = accessions.get(study).map(|all| all.iter().cloned().collect::<Vec<_>>().join(" "));
        let list = |key: &str| row[key].as_array().cloned().unwrap_or_default();
        let images = list("images").into_iter().map(|image| image["input"].clone());
        let named = images.chain(list("failed")).filter_map(|input| files.get(input.as_str()?).cloned());
        let own: BTreeSet<String> = named.collect();
        let reasons: Vec<String> =
            list("reasons").iter().filter_map(|r| r.as_str().map(str::to_owned)).collect();
        let cells = [
            row["rank"].to_string(),
            row["bucket"].as_str().unwrap_or_default().to_owned(),
            row["urgency"].to_string(),
            accession.unwrap_or_default(),
            own.into_iter().collect::<Vec<_>>().join("; "),
            reasons.join("; "),
            study.to_owned(),
            complete.to_owned(),
            NOTICE.to_owned(),
        ];
        table.write_record(cells).map_err(failed)?;
    }
    Ok(table.into_inner().unwrap_or_default())
}
