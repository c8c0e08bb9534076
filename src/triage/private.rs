//! `private/`: the key of the pseudonyms, who they stand for, and the worklist for the reading room.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::NOTICE;
use crate::error::{Error, Kind, Result};
use crate::input::Input;
use crate::pseudonym::Pseudonyms;
use crate::source::Limits;
use crate::source::dicom::{self, Header};

/// What may identify a person, below the run folder.
pub const FOLDER: &str = "private";

/// The folder, made for its owner alone.
pub struct Private {
    folder: PathBuf,
    pub pseudonyms: Pseudonyms,
}

/// Makes `private/` of a run folder where there is none, for its owner alone.
///
/// # Errors
/// `OutputFolder` and `DiskFull`.
pub fn folder(out: &Path) -> Result<PathBuf> {
    let folder = out.join(FOLDER);
    let failed = |e| Error::write(folder.display(), e);
    fs::create_dir_all(out).map_err(failed)?;
    match fs::DirBuilder::new().mode(0o700).create(&folder) {
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {
            fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).map_err(failed)?;
        }
        other => other.map_err(failed)?,
    }
    Ok(folder)
}

impl Private {
    /// Opens `private/` of a run folder, and makes it and its key where there are none.
    ///
    /// # Errors
    /// `OutputFolder` and `DiskFull`.
    pub fn open(out: &Path) -> Result<Self> {
        let folder = folder(out)?;
        let failed = |e| Error::write(folder.display(), e);
        let key = folder.join("key");
        let bytes = match fs::read(&key) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => fresh(&key)?,
            Err(e) => return Err(failed(e)),
        };
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| {
            let message =
                format!("{}: not a key of 32 bytes; restore it, or move private/ away", key.display());
            Error::new(Kind::RunFolder, message)
        })?;
        Ok(Self { folder, pseudonyms: Pseudonyms::new(bytes) })
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        // Beside its place, so that not even a moment of it lies outside.
        let failed = |e| Error::write(self.folder.join(name).display(), e);
        let mut file = tempfile::NamedTempFile::new_in(&self.folder).map_err(failed)?;
        file.write_all(bytes).map_err(failed)?;
        file.persist(self.folder.join(name)).map_err(|e| failed(e.error))?;
        Ok(())
    }

    /// Writes who is who, the worklist with accession numbers, and the command as it was given. Returns what may
    /// identify people in these inputs.
    ///
    /// # Errors
    /// `OutputFolder`, `DiskFull`; inputs that cannot be read are left out.
    pub fn fill(&self, inputs: &[(Input, PathBuf)], worklist: &Value, limits: &Limits) -> Result<Known> {
        let failed = |e: csv::Error| Error::new(Kind::Internal, "private/crosswalk.csv").because(e);
        let mut known = Known::default();
        let mut table = csv::Writer::from_writer(Vec::new());
        let head = [
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
        table.write_record(head).map_err(failed)?;
        let mut accessions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (input, relative) in inputs {
            let file = relative.to_string_lossy();
            known.files.insert(input.identity.relative.to_string_lossy().into_owned(), relative.clone());
            let parts = relative.iter().map(|part| part.to_string_lossy().into_owned());
            known.values.extend(parts.filter(|part| tells(part)));
            let readable = input.stat.is_some_and(|stat| stat.bytes <= limits.max_bytes);
            let bytes = if readable { fs::read(&input.file).unwrap_or_default() } else { Vec::new() };
            let headers = dicom::headers(&bytes, limits);
            if headers.is_empty() {
                // Still to be found by the person who looks.
                let name = input.identity.relative.to_string_lossy();
                let row = [&*name, &*file];
                table.write_record(row.into_iter().chain([""; 9])).map_err(failed)?;
            }
            for Header { uids, accession, patient, name, identifying } in headers {
                known.values.extend(identifying);
                let [study, series, instance] = &uids;
                let of = |kind, uid: &str| self.pseudonyms.of(kind, uid);
                let own = [of("study", study), of("series", series), of("instance", instance)];
                accessions.entry(own[0].clone()).or_default().insert(accession.clone());
                let row = [
                    &input.identity.relative.to_string_lossy(),
                    &*file,
                    &own[0],
                    &own[1],
                    &own[2],
                    study,
                    series,
                    instance,
                    &accession,
                    &patient,
                    &name,
                ];
                table.write_record(row).map_err(failed)?;
            }
        }
        let bytes = table.into_inner().unwrap_or_default();
        self.write("crosswalk.csv", &bytes)?;
        self.write("worklist.csv", &reading_room(worklist, &accessions, &known.files)?)?;
        let given: Vec<String> = std::env::args_os().map(|a| a.to_string_lossy().into_owned()).collect();
        self.write("arguments.json", serde_json::json!(given).to_string().as_bytes())?;
        Ok(known)
    }
}

/// What is known of a run's inputs.
#[derive(Default)]
pub struct Known {
    /// Values that may identify a person.
    pub values: BTreeSet<String>,
    /// Files by pseudonym.
    pub files: BTreeMap<String, PathBuf>,
}

/// Whether a part of a path is more than a word that results use themselves.
fn tells(part: &str) -> bool {
    part.chars().count() >= 6 && part.contains(|c: char| c.is_ascii_digit() || c == '^')
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
    files: &BTreeMap<String, PathBuf>,
) -> Result<Vec<u8>> {
    let failed = |e: csv::Error| Error::new(Kind::Internal, "private/worklist.csv").because(e);
    let mut table = csv::Writer::from_writer(Vec::new());
    let head = ["rank", "bucket", "urgency", "accession", "files", "reasons", "study", "notice"];
    table.write_record(head).map_err(failed)?;
    for row in worklist["studies"].as_array().into_iter().flatten() {
        let study = row["study"].as_str().unwrap_or_default();
        let accession = accessions.get(study).map(|all| all.iter().cloned().collect::<Vec<_>>().join(" "));
        let list = |key: &str| row[key].as_array().cloned().unwrap_or_default();
        let images = list("images").into_iter().map(|image| image["input"].clone());
        let named = images
            .chain(list("failed"))
            .filter_map(|input| files.get(input.as_str()?).map(|file| file.to_string_lossy().into_owned()));
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
            NOTICE.to_owned(),
        ];
        table.write_record(cells).map_err(failed)?;
    }
    Ok(table.into_inner().unwrap_or_default())
}
