//! A whole job: every DICOM file of folders and archives, each written or refused with the reason.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsString;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::journal::{Entry, Journal, Written};
use super::{EDITION, Instance, Text};
use crate::atomic::{AtomicFile, write_whole};
use crate::digest::sha256;
use crate::error::{Error, FaultOf, Kind, Result};
use crate::frame::Part;
use crate::input::{self, List, Listing, Select};
use crate::pipeline::control::Control;
use crate::pseudonym::Pseudonyms;
use crate::record::{INPUT_SCHEMA, ITEM_SCHEMA, InputId, InputRecord, ItemId, Record, Status};
use crate::run::RunFolder;
use crate::run::job::{self, OnOther};
use crate::source::dicom::{is_dicom, zipped};
use crate::source::{Format, Input, Limits, sniff};
use crate::triage::private::{self, Private};

/// Below the run folder: what may be given away. All else of it stays.
pub const INSTANCES: &str = "instances";
/// In `private/`.
const CROSSWALK: &str = "crosswalk.csv";
const JOURNAL: &str = "journal.jsonl";
const HEAD: &[&str] = &[
    "input",
    "path",
    "file",
    "patient-id",
    "patient-name",
    "patient",
    "study-uid",
    "study-uid-now",
    "series-uid",
    "series-uid-now",
    "instance-uid",
    "instance-uid-now",
];

/// What is asked for.
pub struct Job<'a> {
    pub inputs: &'a [OsString],
    pub out: &'a Path,
    pub text: Text,
    pub on_other: OnOther,
    pub limits: Limits,
    pub control: &'a Control,
}

/// What was done.
#[derive(Debug, Default, serde::Serialize)]
pub struct Done {
    pub inputs: usize,
    /// Instances that were written.
    pub instances: usize,
    /// Inputs of which some or all was refused or could not be read.
    pub failed: usize,
    /// Of these inputs and instances, those that an earlier run had done.
    pub kept: usize,
    /// Files found that are no media, by extension.
    pub skipped: BTreeMap<String, usize>,
    pub interrupted: bool,
}

/// Does the job, or what is left of it.
///
/// # Errors
/// `OutputFolder`, `DiskFull`, `Busy`, `RunFolder`, `NothingToDo`. What is wrong with an input is in its record.
pub fn run(asked: &Job) -> Result<Done> {
    let folder = RunFolder::open(asked.out)?;
    let private = Private::open(asked.out, asked.on_other == OnOther::Clear)?;
    enter(asked, &folder, &private.pseudonyms)?;
    let select = Select::new(&[], &[], false, None, None)?;
    let list = List {
        select: &select,
        out: folder.root(),
        natural: false,
        known: &|_| None,
        former: &[],
        pseudonyms: Some(&private.pseudonyms),
        quiet_for: None,
    };
    let listing = list.run(asked.inputs, &mut io::empty())?;
    if listing.inputs.is_empty() {
        return Err(Error::new(
            Kind::NothingToDo,
            "no DICOM files found; give files or folders that hold some",
        ));
    }
    let journal = Journal::open(&private.folder().join(JOURNAL))?;
    let mut work = Work { asked, folder: &folder, private: &private, journal, seen: HashSet::new() };
    let mut done = Done { inputs: listing.inputs.len(), skipped: listing.skipped.clone(), ..Done::default() };
    for input in &listing.inputs {
        if asked.control.stopped().is_some() {
            done.interrupted = true;
            return Ok(done);
        }
        work.input(input, &mut done)?;
    }
    work.results(&listing)?;
    let said = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "command": "dicom deidentify",
        "profile": format!("PS3.15 {EDITION}, basic application level confidentiality profile"),
        "text": asked.text,
        "done": &done,
    });
    write_whole(&folder.temporary(), &asked.out.join("run.json"), said.to_string().as_bytes())?;
    let given: Vec<String> = std::env::args_os().map(|a| a.to_string_lossy().into_owned()).collect();
    private.write("arguments.json", json!(given).to_string().as_bytes())?;
    Ok(done)
}

/// Takes the folder for this job, or refuses to mix it with another.
fn enter(asked: &Job, folder: &RunFolder, pseudonyms: &Pseudonyms) -> Result<()> {
    let absolute =
        |name: &OsString| std::path::absolute(name).map_or_else(|_| name.clone(), PathBuf::into_os_string);
    let hidden = |name: &OsString| pseudonyms.of_bytes("argument", absolute(name).as_encoded_bytes());
    let job = job::Job {
        version: 1,
        command: "dicom deidentify".into(),
        inputs: asked.inputs.iter().map(hidden).collect(),
        model: String::new(),
        model_digest: String::new(),
        spec_digest: String::new(),
        input_size: [0, 0],
        looks: String::new(),
        decode: String::new(),
        device: String::new(),
        provider: None,
        pseudonyms: Some(pseudonyms.check()),
    };
    job.enter(folder, asked.on_other)?;
    if asked.on_other == OnOther::Clear {
        for name in [CROSSWALK, JOURNAL] {
            let path = folder.root().join(private::FOLDER).join(name);
            match std::fs::remove_file(&path) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(Error::write(path.display(), e)),
                _ => {}
            }
        }
    }
    job.write(folder)
}

struct Work<'a> {
    asked: &'a Job<'a>,
    folder: &'a RunFolder,
    private: &'a Private,
    journal: Journal,
    /// Instances that are written, by their new UIDs.
    seen: HashSet<String>,
}

impl Work<'_> {
    fn input(&mut self, input: &input::Input, done: &mut Done) -> Result<()> {
        let key =
            format!("{} {EDITION} {:?} {}", env!("CARGO_PKG_VERSION"), self.asked.text, self.asked.limits);
        let before = self.journal.entry(&input.identity.id)?;
        let holds = |entry: &Entry| {
            let there = entry.files.iter().all(|w| self.asked.out.join(&w.file).is_file());
            entry.stat == input.stat && input.stat.is_some() && entry.key == key && there
        };
        let entry = match before.filter(holds) {
            Some(entry) => {
                done.kept += 1;
                entry
            }
            None => {
                let entry = self.anew(input, key)?;
                self.journal.append(&entry)?;
                entry
            }
        };
        done.instances += entry.files.len();
        done.failed += usize::from(entry.records.last().is_none_or(|last| last["status"] != "done"));
        self.seen.extend(entry.files.iter().filter_map(|written| written.who.last().cloned()));
        Ok(())
    }

    fn anew(&mut self, input: &input::Input, key: String) -> Result<Entry> {
        let mut entry = Entry {
            id: input.identity.id.clone(),
            stat: input.stat,
            key,
            records: Vec::new(),
            files: Vec::new(),
        };
        let mut content = None;
        let mut first = None;
        // With the key an archive's entries that are no DICOM are said to be none.
        let limits =
            Limits { pseudonyms: Some(self.private.pseudonyms.clone()), ..self.asked.limits.clone() };
        match read(input, &limits) {
            Ok(whole) => {
                content = Some((sha256(&whole.bytes), whole.bytes.len() as u64));
                let zip = !is_dicom(&whole.bytes);
                let parts: Box<dyn Iterator<Item = Result<Input>>> = match zip {
                    false => Box::new(std::iter::once(Ok(whole))),
                    true => zipped::each(whole)?,
                };
                for part in parts {
                    let id = input.identity.record(content.as_ref().map(|(digest, bytes)| (digest, *bytes)));
                    match part.and_then(|part| self.instance(part, id, zip)) {
                        Ok((written, record)) => {
                            entry.records.push(value(&record)?);
                            entry.files.push(written);
                        }
                        Err(error) if error.fault_of() == FaultOf::Environment => {
                            return Err(error);
                        }
                        Err(error) => first = first.or(Some(error)),
                    }
                }
            }
            Err(error) => first = Some(error),
        }
        let items = entry.records.len() as u32;
        let status = match (&first, items) {
            (None, _) => Status::Done,
            (Some(_), 0) => Status::Failed,
            (Some(_), _) => Status::Partial,
        };
        let closing = InputRecord {
            schema: INPUT_SCHEMA.to_owned(),
            input: input.identity.record(content.as_ref().map(|(digest, bytes)| (digest, *bytes))),
            items,
            status,
            error: first.as_ref().map(Into::into),
        };
        if let Some(error) = &first {
            // Whoever closed standard error wants no messages.
            let _ = writeln!(io::stderr(), "{}", error.chain());
        }
        entry.records.push(value(&closing)?);
        Ok(entry)
    }

    /// Writes one instance. A panic is that of one file.
    fn instance(&mut self, input: Input, id: InputId, zip: bool) -> Result<(Written, Record)> {
        let name = input.name.clone();
        let opened = catch_unwind(AssertUnwindSafe(|| {
            Instance::open(input, &self.private.pseudonyms, self.asked.text)
        }));
        let instance = opened.unwrap_or_else(|_| {
            Err(Error::new(Kind::Panic, format!("{name}: the program failed on this file; please report it")))
        })?;
        let uids = &instance.uids;
        if self.seen.contains(&uids[2][1]) {
            let what = format!("{name}: not de-identified: an instance of the same UID came before it");
            return Err(Error::new(Kind::Corrupt, what));
        }
        let file = self.place(&instance);
        let target = self.asked.out.join(&file);
        let mut out = AtomicFile::create(&self.folder.temporary(), &target)?;
        instance.write(&mut out).map_err(|e| match e.kind() {
            io::ErrorKind::InvalidData => {
                let what = format!("{name}: not de-identified: one of its attributes cannot be written");
                Error::new(Kind::Unsupported, what)
            }
            _ => Error::write(target.display(), e),
        })?;
        out.commit()?;
        self.seen.insert(uids[2][1].clone());
        let who = instance.patient.iter().chain(uids.iter().flatten()).cloned().collect();
        let sop = self.private.pseudonyms.of("instance", &uids[2][0]);
        let part = zip.then_some(Part::Instance { sop, frame: 0 });
        let record = self.record(&instance, &file, ItemId { input: id, part });
        Ok((Written { file, who }, record))
    }

    /// By pseudonyms of study, series and instance.
    fn place(&self, instance: &Instance) -> PathBuf {
        let names = [("study", 0), ("series", 1), ("instance", 2)];
        let [study, series, own] =
            names.map(|(kind, n)| self.private.pseudonyms.of(kind, &instance.uids[n][0]));
        Path::new(INSTANCES).join(study).join(series).join(format!("{own}.dcm"))
    }

    fn record(&self, instance: &Instance, file: &Path, item: ItemId) -> Record {
        let [study, series, own] = &instance.uids;
        let described = instance.described();
        let own = json!({
            "schema": "vision.deidentify/1",
            "file": file.to_string_lossy(),
            "patient": instance.patient[2],
            "study": study[1],
            "series": series[1],
            "instance": own[1],
            "frames": described.frames,
            "elements": instance.counts,
            "comments": instance.comments,
            "cut": instance.cut,
            "text": self.asked.text,
        });
        Record {
            schema: ITEM_SCHEMA.to_owned(),
            item,
            size: [described.columns, described.rows],
            orientation: 1,
            prediction: None,
            warnings: Vec::new(),
            error: None,
            decision: None,
            ext: [("deidentify".to_owned(), own)].into_iter().collect(),
        }
    }

    /// Writes what follows from the journal, in input order.
    fn results(&mut self, listing: &Listing) -> Result<()> {
        let target = self.asked.out.join("results.jsonl");
        let mut lines = AtomicFile::create(&self.folder.temporary(), &target)?;
        let internal = |e: csv::Error| Error::new(Kind::Internal, "private/crosswalk.csv").because(e);
        let mut table = csv::Writer::from_writer(Vec::new());
        table.write_record(HEAD).map_err(internal)?;
        for input in &listing.inputs {
            let Some(entry) = self.journal.entry(&input.identity.id)? else { continue };
            for record in &entry.records {
                writeln!(lines, "{record}").map_err(|e| Error::write(target.display(), e))?;
            }
            let (own, path) = (input.identity.relative.to_string_lossy(), input.file.to_string_lossy());
            for Written { file, who } in &entry.files {
                let file = file.to_string_lossy();
                let cells = [&*own, &*path, &*file].into_iter().chain(who.iter().map(String::as_str));
                table.write_record(cells).map_err(internal)?;
            }
        }
        lines.commit()?;
        self.private.write(CROSSWALK, &table.into_inner().unwrap_or_default())
    }
}

fn value(record: &impl serde::Serialize) -> Result<Value> {
    serde_json::to_value(record).map_err(|e| Error::new(Kind::Internal, "a record").because(e))
}

/// The bytes of an input that is DICOM or a zip file.
fn read(input: &input::Input, limits: &Limits) -> Result<Input> {
    use std::io::Read;
    let name = input.identity.shown();
    if let Some(failure) = &input.failure {
        return Err(Error::new(failure.kind, failure.chain()));
    }
    let failed = |e| Error::read(&name, e);
    let file = std::fs::File::open(&input.file).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(limits.max_bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    let input = Input::new(&name, bytes.into(), limits)?;
    if !is_dicom(&input.bytes) && sniff(&input.bytes) != Some(Format::Zip) {
        return Err(Error::new(Kind::NotMedia, format!("{name}: it is not DICOM; nothing is written of it")));
    }
    Ok(input)
}
