//! Results as DICOM objects of the patients' own studies: pictures as Secondary Captures, findings as a Structured Report.
//!
//! They have the patients' names and numbers and so are written to `private/` only.

mod capture;
mod parts;
mod report;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::private::Private;
use crate::digest::{hex, sha256};
use crate::error::{Error, FaultOf, Kind, Result};
use crate::frame::Part;
use crate::pipeline::witness::Witness;
use crate::prediction::{Finding, Prediction};
use crate::record::{ITEM_SCHEMA, Record};
use crate::source::dicom::{Instance, is_dicom, zipped};
use crate::source::{Input, Limits};

/// Below `private/`.
pub const FOLDER: &str = "dicom";

/// The model that looked.
pub struct Algorithm {
    pub name: String,
    /// Begins its digest, which is the only version that a file surely has.
    pub version: String,
}

/// An image that was triaged.
struct Image {
    input: String,
    /// Pseudonym of the instance, where the input has several.
    sop: Option<String>,
    frame: u32,
    findings: Vec<Finding>,
}

/// Writes a Secondary Capture for each triaged image and a report for each study of a run. Returns how many files there are.
/// What is there already is left as it is; what is of former results is removed.
///
/// A study of which a file can no longer be read is said on standard error, and keeps what it has.
///
/// # Errors
/// `OutputFolder` and `DiskFull`.
pub fn write(out: &Path, worklist: &Value, private: &Private, limits: &Limits) -> Result<usize> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let digest = text(&worklist["model"]["digest"]);
    let version = digest.trim_start_matches("sha256:").chars().take(16).collect();
    let algorithm = Algorithm { name: text(&worklist["model"]["name"]), version };
    let former = private.ledger.former();
    let places: BTreeMap<String, &PathBuf> =
        former.iter().map(|(id, path)| (id.relative.to_string_lossy().into_owned(), path)).collect();
    let mut written = 0;
    for (study, images) in studies(&out.join("results.jsonl"))? {
        let work = Study { name: &study, images: &images, algorithm: &algorithm, private };
        match work.write(&places, limits) {
            Ok(files) => written += files,
            Err(error) if error.fault_of() == FaultOf::Input => {
                // Worded by pseudonyms, as all of a run's errors.
                let _ = writeln!(std::io::stderr(), "{}; nothing is written for its study", error.chain());
            }
            Err(error) => return Err(error),
        }
    }
    Ok(written)
}

struct Study<'a> {
    /// Its pseudonym.
    name: &'a str,
    images: &'a [Image],
    algorithm: &'a Algorithm,
    private: &'a Private,
}

impl Study<'_> {
    /// Returns how many files it has.
    fn write(&self, places: &BTreeMap<String, &PathBuf>, limits: &Limits) -> Result<usize> {
        let folder = self.private.folder().join(FOLDER).join(self.name);
        let seeds: Vec<String> = self.images.iter().map(|image| self.seed(image)).collect();
        let whole = format!("report {} {}", self.name, seeds.join(" "));
        let names: BTreeSet<String> =
            seeds.iter().map(|seed| name("capture", seed)).chain([name("report", &whole)]).collect();
        if !names.iter().all(|name| folder.join(name).exists()) {
            std::fs::create_dir_all(&folder).map_err(|e| Error::write(folder.display(), e))?;
            let mut evidence = Vec::new();
            for (image, seed) in self.images.iter().zip(&seeds) {
                let place = places.get(&image.input);
                let place = place
                    .ok_or_else(|| Error::new(Kind::NotFound, format!("inputs/{}: is gone", image.input)))?;
                let instance = open(image, place, self.private, limits)?;
                let picture = instance.frame(image.frame)?.pixels;
                let made =
                    capture::capture(&instance, image.frame, &picture, &image.findings, self.algorithm);
                self.put(seed, made)?;
                evidence.push(report::Evidence::of(&instance, image.frame, &image.findings));
            }
            if let Some(made) = report::report(&evidence, self.algorithm, &self.private.pseudonyms) {
                self.put(&whole, made)?;
            }
        }
        clear(&folder, &names)?;
        Ok(names.len())
    }

    /// What an object follows from: equal seeds, equal UIDs.
    fn seed(&self, image: &Image) -> String {
        let findings = serde_json::to_string(&image.findings).unwrap_or_default();
        let sop = image.sop.as_deref().unwrap_or_default();
        format!("{} {sop} {} {} {findings}", image.input, image.frame, self.algorithm.version)
    }

    /// Writes an object under UIDs that follow from `seed`, unless it is there.
    fn put(&self, seed: &str, mut made: parts::Object) -> Result<()> {
        let relative = Path::new(FOLDER).join(self.name).join(name(made.kind, seed));
        if self.private.folder().join(&relative).exists() {
            return Ok(());
        }
        let uid = |what: &str| self.private.pseudonyms.uid(&format!("{} {what} {seed}", made.kind));
        let (instance, series) = (uid("instance"), uid("series"));
        self.private.write(&relative.to_string_lossy(), &made.bytes(&instance, &series)?)
    }
}

fn name(kind: &str, seed: &str) -> String {
    format!("{kind}-{}.dcm", &hex(&sha256(seed.as_bytes()))[..16])
}

/// Triaged images of each study, in the order of the results.
fn studies(results: &Path) -> Result<BTreeMap<String, Vec<Image>>> {
    let failed = |e| Error::read("results.jsonl", e);
    let mut studies: BTreeMap<String, Vec<Image>> = BTreeMap::new();
    for line in BufReader::new(std::fs::File::open(results).map_err(failed)?).lines() {
        let line = line.map_err(failed)?;
        let Ok(record) = serde_json::from_str::<Record>(&line) else { continue };
        let Some(Prediction::Triage { findings, refused: None, facts, .. }) = record.prediction else {
            continue;
        };
        let Some(study) = facts.get("study-pseudonym").filter(|_| record.schema == ITEM_SCHEMA) else {
            continue;
        };
        let (sop, frame) = match record.item.part {
            Some(Part::Instance { sop, frame }) => (Some(sop), frame),
            _ => (None, 0),
        };
        let image = Image { input: record.item.input.path, sop, frame, findings };
        studies.entry(study.clone()).or_default().push(image);
    }
    Ok(studies)
}

/// The instance of an image, from its file or archive.
fn open(image: &Image, place: &Path, private: &Private, limits: &Limits) -> Result<Instance> {
    let bytes = std::fs::read(place).map_err(|e| Error::read(format!("inputs/{}", image.input), e))?;
    let limits = Limits { pseudonyms: Some(private.pseudonyms.clone()), ..limits.clone() };
    let input = Input::new(&format!("inputs/{}", image.input), bytes.into(), &limits)?;
    let name = input.name.clone();
    if is_dicom(&input.bytes) {
        return Instance::open(input);
    }
    let own = |instance: &Instance| {
        image.sop.as_ref().is_none_or(|sop| private.pseudonyms.of("instance", instance.sop()) == *sop)
    };
    let found = zipped::each(input)?.filter_map(|entry| Instance::open(entry.ok()?).ok()).find(own);
    found.ok_or_else(|| Error::new(Kind::NotFound, format!("{name}: an instance that was triaged is gone")))
}

/// Removes objects of results that are no longer so.
fn clear(folder: &Path, names: &BTreeSet<String>) -> Result<()> {
    let failed = |e| Error::write(folder.display(), e);
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let ours =
            ["capture-", "report-"].iter().any(|kind| name.starts_with(kind)) && name.ends_with(".dcm");
        if ours && !names.contains(&name) {
            std::fs::remove_file(&path).map_err(failed)?;
        }
    }
    Ok(())
}
