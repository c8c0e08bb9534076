//! The report: one page that people look at, search and set thresholds in, without a server or a network.
//!
//! It is a sink like the formats: rows are spooled to disk as records come, and the page is put in place
//! at the end. `row.rs` is what the page knows of an item, `columns.rs` what commands declare, `page.rs` how
//! data gets safely into HTML, `thumb.rs` the small pictures, `page/` the page's own source.

mod columns;
mod link;
mod page;
mod row;
pub mod thumb;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub use columns::{Among, COLUMNS, Column, ColumnKind, Declared, QUEUES, Queue};
use row::{Kind as Counted, Row, Rows};

use crate::atomic::AtomicFile;
use crate::digest::{hex, unhex};
use crate::error::{Error, Kind, Result};
use crate::input::Identity;
use crate::pipeline::artist::Artist;
use crate::policy::{EVEN, Policy, Seen};
use crate::record::{InputRecord, Record, Status};
use crate::sink::Sink;

pub const NAME: &str = "report.html";
/// Data files and small pictures, beside the page.
pub const FOLDER: &str = "report";

/// The page's slider reaches down to this score, or to the run's own least score where that is lower.
pub const FLOOR: f32 = 0.05;
/// Candidates of an item that the page holds, the best ones; beyond them only what counts as a result.
pub const MOST_CANDIDATES: usize = 100;

/// Items in a data file; runs of no more than one file have their data in the page.
const ITEMS_A_FILE: usize = 2000;

/// What a report needs to know when the run begins.
pub struct ReportContext {
    /// The run folder, and an existing folder on the same file system.
    pub folder: PathBuf,
    pub temporary: PathBuf,
    /// Whether small pictures and all data go into the page.
    pub embed: bool,
    /// Where the inputs of each root are now, by the root's label.
    pub roots: BTreeMap<String, PathBuf>,
    pub artist: Option<Arc<Artist>>,
    pub declared: Declared,
    /// What stands at the head of the page: `title`, `head` (parts of the line below it) and `about` (rows of name and
    /// value).
    pub facts: Value,
    /// Names this run among others in the browser's memory; says nothing of it.
    pub run: String,
    /// Whether `--apply` will take decisions of this run.
    pub reviewable: bool,
    /// Labels that a person may give a thing.
    pub names: Vec<String>,
    /// Inputs listed, for what a stopped run did not reach.
    pub listed: usize,
    pub begun: Instant,
}

/// Writes the report.
pub struct Report {
    context: ReportContext,
    rows: Rows,
    /// A row a line.
    spool: BufWriter<File>,
    digest: Sha256,
    items: usize,
    counts: Counts,
    /// Errors of the current input's items: its closing record says the first of them again.
    told: Vec<String>,
}

#[derive(Default)]
struct Counts {
    done: usize,
    partial: usize,
    failed: usize,
}

impl Report {
    pub fn new(context: ReportContext) -> Result<Self> {
        let columns = COLUMNS.iter().chain(context.declared.columns).copied().collect();
        let rows = Rows::new(columns, &context.declared);
        let spool = tempfile::tempfile_in(&context.temporary)
            .map_err(|e| Error::write(context.temporary.display(), e))?;
        let (spool, digest) = (BufWriter::with_capacity(64 << 10, spool), Sha256::new());
        Ok(Self { context, rows, spool, digest, items: 0, counts: Counts::default(), told: Vec::new() })
    }

    fn push(&mut self, row: &Row) -> Result<()> {
        let mut line = serde_json::to_vec(row)
            .map_err(|e| Error::new(Kind::Internal, "a row of the report cannot be encoded").because(e))?;
        line.push(b'\n');
        self.digest.update(&line);
        self.items += 1;
        self.spool.write_all(&line).map_err(|e| Error::write(self.context.folder.join(NAME).display(), e))
    }

    fn record(&mut self, record: &Record, seen: Option<(Seen, &dyn Policy)>) -> Result<()> {
        let candidates = seen.and_then(|(seen, policy)| policy.candidates(seen.observed));
        let mut row = self.rows.item(record, candidates.as_ref());
        row.thumb = self.thumb(record)?;
        row.views = self.views(record, seen.map(|(seen, _)| seen.observed));
        row.views.extend(self.maps(record)?);
        row.key = seen.filter(|_| self.context.reviewable).map(|(seen, _)| hex(seen.key));
        self.told.extend(record.error.as_ref().map(|error| error.message.clone()));
        self.push(&row)
    }

    /// Link to the small picture, or with `--embed` the picture itself.
    fn thumb(&self, record: &Record) -> Result<Option<String>> {
        let digest = record.item.input.digest.as_deref();
        let Some(digest) = digest.and_then(|digest| unhex(digest.trim_start_matches("sha256:"))) else {
            return Ok(None);
        };
        let name = thumb::name(&digest, record.item.part.as_ref());
        let file = self.context.folder.join(&name);
        if !self.context.embed {
            return Ok(file.exists().then(|| link::link(&name)));
        }
        match std::fs::read(&file) {
            Ok(bytes) => Ok(Some(format!("data:image/jpeg;base64,{}", page::base64(&bytes)))),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(Error::read(file.display(), e)),
        }
    }

    /// Where the page can show more pixels: the original, where it is, and the annotated picture. Links
    /// only; neither is copied.
    fn views(
        &self,
        record: &Record,
        observed: Option<&crate::observation::Observed>,
    ) -> Vec<(Cow<'static, str>, String)> {
        let Some(identity) = identity(record) else { return Vec::new() };
        let mut views = Vec::new();
        let context = &self.context;
        if let Some(root) = context.roots.get(&identity.root)
            && record.item.part.is_none()
            && link::is_shown(&identity.relative)
            && let Some(way) = link::relative(&context.folder, &root.join(&identity.relative))
        {
            views.push(("original".into(), way));
        }
        if let Some((artist, observed)) = context.artist.as_deref().zip(observed) {
            let part = record.item.part.as_ref();
            let file = artist.image(&identity, part, &observed.origin, observed.size);
            if context.folder.join(&file).exists() {
                views.push(("annotated".into(), link::link(&file)));
            }
        }
        views
    }

    /// Links to the maps that explain an item; with `--embed` small copies of them.
    fn maps(&self, record: &Record) -> Result<Vec<(Cow<'static, str>, String)>> {
        let maps = record.ext.get("explain").and_then(|told| told["maps"].as_array());
        let mut views = Vec::new();
        for (number, map) in maps.into_iter().flatten().enumerate() {
            let Some(name) = map["picture"].as_str().map(Path::new) else { continue };
            // A page is handed on; a patient's picture is not.
            if name.starts_with(crate::triage::private::FOLDER) {
                continue;
            }
            let shown = if self.context.embed {
                let picture = image::open(self.context.folder.join(name))
                    .map_err(|e| Error::new(Kind::Internal, format!("{}: {e}", name.display())))?;
                format!("data:image/jpeg;base64,{}", page::base64(&thumb::encoded(&picture.to_rgb8())?))
            } else {
                link::link(name)
            };
            let label = map["label"].as_str().unwrap_or_default();
            views.push((format!("map {}: {label}", number + 1).into(), shown));
        }
        Ok(views)
    }

    fn header(&self) -> Value {
        let (context, declared) = (&self.context, &self.context.declared);
        let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let reached = self.counts.done + self.counts.partial + self.counts.failed;
        json!({
            "schema": "vision.report/1",
            "written": now,
            "program": concat!("vision ", env!("CARGO_PKG_VERSION")),
            "wall_ms": context.begun.elapsed().as_millis() as u64,
            "facts": context.facts,
            "items": self.items,
            "inputs": {
                "listed": context.listed, "reached": reached,
                "done": self.counts.done, "partial": self.counts.partial, "failed": self.counts.failed,
            },
            "kind": self.rows.kind,
            "threshold": declared.most.map(|most| self.threshold(most)),
            "run": context.run,
            "names": context.names,
            "labels": self.rows.labels.list,
            "columns": self.rows.columns,
            "queues": QUEUES.iter().chain(declared.queues).collect::<Vec<_>>(),
        })
    }

    /// What the page's slider begins at and how far it goes.
    fn threshold(&self, most: usize) -> Value {
        let declared = &self.context.declared;
        let conf = declared.conf.unwrap_or(if self.rows.kind == Counted::Yeses { EVEN } else { 0.0 });
        let exceptions = declared.conf_by_label.iter();
        json!({
            "conf": exact(conf),
            "floor": exact(conf.min(FLOOR)),
            "by_label": exceptions.map(|(label, conf)| json!([label, exact(*conf)])).collect::<Vec<_>>(),
            "most": most,
            "candidates": MOST_CANDIDATES,
        })
    }

    fn write(mut self) -> Result<Vec<PathBuf>> {
        let target = self.context.folder.join(NAME);
        let failed = |e| Error::write(target.display(), e);
        let mut out = AtomicFile::create(&self.context.temporary, &target)?;
        let title = format!("{} – vision", self.context.facts["title"].as_str().unwrap_or("report"));
        out.write_all(page::head(&title, &self.header()).as_bytes()).map_err(failed)?;
        self.spool.flush().and_then(|()| self.spool.rewind()).map_err(failed)?;
        let spool = self.spool.into_inner().map_err(|e| failed(e.into_error()))?;
        let mut lines = BufReader::with_capacity(1 << 16, spool).lines();
        let folder = self.context.folder.join(FOLDER);
        let mut files = Vec::new();
        if self.context.embed || self.items <= ITEMS_A_FILE {
            let put = |text: &str, out: &mut AtomicFile| out.write_all(text.as_bytes()).map_err(failed);
            put(page::DATA_BEGIN, &mut out)?;
            for (number, line) in lines.enumerate() {
                let line = page::script_safe(&line.map_err(failed)?);
                put(if number == 0 { "" } else { ",\n" }, &mut out)?;
                put(&line, &mut out)?;
            }
            put(page::DATA_END, &mut out)?;
        } else {
            // Named by content: files of the page that stands there now are not touched before it is replaced.
            let stamp = hex(&self.digest.finalize()[..6]);
            for number in 0..self.items.div_ceil(ITEMS_A_FILE) {
                let name = format!("data-{stamp}-{number:03}.js");
                data_file(&self.context.temporary, &folder.join(&name), &mut lines)?;
                out.write_all(page::data_element(&name).as_bytes()).map_err(failed)?;
                files.push(name);
            }
        }
        out.write_all(page::TAIL.as_bytes()).map_err(failed)?;
        out.commit()?;
        forget(&folder, &files);
        Ok(vec![NAME.into()])
    }
}

/// The next rows as a file of their own.
fn data_file(
    temporary: &Path,
    target: &Path,
    lines: &mut impl Iterator<Item = std::io::Result<String>>,
) -> Result<()> {
    let failed = |e| Error::write(target.display(), e);
    let mut out = AtomicFile::create(temporary, target)?;
    out.write_all(page::FILE_BEGIN.as_bytes()).map_err(failed)?;
    for (number, line) in lines.take(ITEMS_A_FILE).enumerate() {
        out.write_all(if number == 0 { b"" } else { b",\\n" }).map_err(failed)?;
        out.write_all(page::as_text(&line.map_err(failed)?).as_bytes()).map_err(failed)?;
    }
    out.write_all(page::FILE_END.as_bytes()).map_err(failed)?;
    out.commit()
}

/// Removes data files of former pages. One that stays only takes room.
fn forget(folder: &Path, keep: &[String]) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("data-") && name.ends_with(".js") && !keep.contains(&name) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// A number as people wrote it, not as the nearest double of its float.
fn exact(value: f32) -> f64 {
    value.to_string().parse().unwrap_or_default()
}

/// The identity that a record was made of.
fn identity(record: &Record) -> Option<Identity> {
    use std::os::unix::ffi::OsStringExt;
    let input = &record.item.input;
    let relative = match &input.path_bytes {
        None => PathBuf::from(&input.path),
        Some(bytes) => {
            let digits = bytes.as_bytes().chunks_exact(2).map(|pair| std::str::from_utf8(pair).ok());
            let bytes = digits.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect::<Option<Vec<u8>>>()?;
            std::ffi::OsString::from_vec(bytes).into()
        }
    };
    Some(Identity { id: input.id.clone(), root: input.root.clone(), relative })
}

impl Sink for Report {
    fn item(&mut self, record: &Record) -> Result<()> {
        self.record(record, None)
    }

    fn item_seen(&mut self, record: &Record, seen: Option<(Seen, &dyn Policy)>) -> Result<()> {
        self.record(record, seen)
    }

    fn input(&mut self, record: &InputRecord) -> Result<()> {
        match record.status {
            Status::Done => self.counts.done += 1,
            Status::Partial => self.counts.partial += 1,
            Status::Failed => self.counts.failed += 1,
        }
        let told = std::mem::take(&mut self.told);
        match &record.error {
            Some(error) if !told.contains(&error.message) => {
                let row = self.rows.input(record);
                self.push(&row)
            }
            _ => Ok(()),
        }
    }

    fn finish(self: Box<Self>) -> Result<Vec<PathBuf>> {
        self.write()
    }
}
