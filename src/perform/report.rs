//! How a run went: the closing words, the exit code, and `run.json`, which holds all that is volatile.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde_json::{Value, json};

use super::setup::{Prepared, Selection};
use super::summary::Summary;
use super::{Closed, Options};
use crate::atomic::write_whole;
use crate::error::{Error, Kind, Result};
use crate::input::Listing;
use crate::live::address::printable;
use crate::review::{Refused, Tally};
use crate::run::RunFolder;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    Finished,
    Interrupted,
    OutOfTime,
    FailedFast,
}

#[derive(Debug)]
pub struct Report {
    pub status: Status,
    /// What became of the decisions of `--apply`.
    pub decisions: Option<Tally>,
    pub wall: Duration,
    /// Result files, relative to the run folder.
    pub files: Vec<PathBuf>,
    /// Items that the model looked at in this run.
    pub fresh: u64,
    pub workers: usize,
    /// Frames that each model's calls joined at most: as asked for, and at the end.
    pub batches: Vec<(usize, usize)>,
    pub provider: String,
    /// The provider's settings, and how pictures reach it.
    pub settings: Value,
    /// Path and version of ONNX Runtime; `None` when it was not needed.
    pub runtime: Option<(String, String)>,
    pub images: bool,
    /// Where maps that explain answers are, where there are some.
    pub maps: Option<&'static str>,
    /// Rules of `--fail-on` that were met, with the number of items.
    pub found: BTreeMap<String, usize>,
    /// What was found when everything was drawn.
    pub closed: Closed,
    /// For a dry run: inputs that the model would have to look at.
    pub todo: usize,
    pub dry: bool,
    pub inputs: usize,
    /// Files that are not media, by extension.
    pub skipped: BTreeMap<String, usize>,
    /// Where the inputs of each root are, by its label.
    pub roots: BTreeMap<String, PathBuf>,
    pub summary: Summary,
    pub out: PathBuf,
    /// How each stream went.
    pub streams: Vec<Value>,
}

impl Report {
    pub(super) fn dry(listing: &Listing, todo: usize) -> Self {
        Self {
            status: Status::Finished,
            decisions: None,
            wall: Duration::ZERO,
            files: Vec::new(),
            fresh: 0,
            workers: 0,
            batches: Vec::new(),
            provider: String::new(),
            settings: Value::Null,
            runtime: None,
            images: false,
            maps: None,
            found: BTreeMap::new(),
            closed: Closed::default(),
            todo,
            dry: true,
            inputs: listing.inputs.len(),
            skipped: listing.skipped.clone(),
            roots: BTreeMap::new(),
            summary: Summary::default(),
            out: PathBuf::new(),
            streams: Vec::new(),
        }
    }

    /// 0 all done, 2 some inputs failed or decisions were refused, 1 none usable, 3 a finding, 130 stopped and resumable.
    pub fn exit_code(&self) -> u8 {
        let usable = self.summary.done + self.summary.partial;
        let failed = self.summary.failed + self.summary.partial;
        match self.status {
            _ if self.dry => 0,
            Status::Interrupted | Status::OutOfTime => 130,
            Status::FailedFast => 2,
            Status::Finished if usable == 0 => 1,
            Status::Finished if !self.found.is_empty() || !self.closed.found.is_empty() => 3,
            Status::Finished
                if failed > 0 || self.decisions.as_ref().is_some_and(|d| !d.refused.is_empty()) =>
            {
                2
            }
            Status::Finished => 0,
        }
    }

    /// The closing words.
    pub fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.dry {
            writeln!(out, "{} inputs, {} of them for the model, the rest is stored", self.inputs, self.todo)?;
            return self.print_skipped(out);
        }
        let width = self.summary.listed().iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        for (name, found) in self.summary.listed() {
            writeln!(out, "  {name:width$}  {found}")?;
        }
        self.print_counts(out)?;
        self.print_skipped(out)?;
        for (rule, items) in &self.found {
            writeln!(out, "--fail-on {rule}: found in {items} pictures")?;
        }
        for words in &self.closed.words {
            writeln!(out, "{words}")?;
        }
        self.print_end(out)
    }

    fn print_counts(&self, out: &mut dyn Write) -> io::Result<()> {
        let s = &self.summary;
        let mut labels: Vec<_> = s.instances.iter().collect();
        labels.sort_by_key(|(label, count)| (std::cmp::Reverse(**count), (*label).clone()));
        if !labels.is_empty() {
            writeln!(out, "\nfound      in pictures  label")?;
        }
        for (label, count) in labels {
            writeln!(out, "{count:5} {:16}  {label}", s.items_with[label])?;
        }
        let seconds = self.wall.as_secs_f64();
        let rate = if seconds > 0.0 { s.items as f64 / seconds } else { 0.0 };
        let wall = humantime::format_duration(Duration::from_millis(self.wall.as_millis() as u64));
        write!(out, "\n{} pictures in {wall} ({rate:.1} a second", s.items)?;
        match self.fresh {
            0 => writeln!(out, ", all from stored observations)")?,
            fresh if fresh < s.items as u64 => writeln!(out, ", {fresh} new, {})", self.provider)?,
            _ => writeln!(out, ", {}, {} workers)", self.provider, self.workers)?,
        }
        if s.failed + s.partial > 0 {
            writeln!(out, "{} inputs failed, {} in part; results.jsonl says why", s.failed, s.partial)?;
        }
        if let Some(most) = s.most.filter(|_| s.full > 0) {
            writeln!(out, "{} pictures have {most} results, the most that --max-det keeps", s.full)?;
        }
        self.print_decisions(out)?;
        if s.warnings > 0 {
            writeln!(out, "{} pictures have warnings", s.warnings)?;
        }
        Ok(())
    }

    /// The first of those refused; `run.json` lists all.
    fn print_decisions(&self, out: &mut dyn Write) -> io::Result<()> {
        const SHOWN: usize = 5;
        let Some(tally) = &self.decisions else { return Ok(()) };
        writeln!(out, "{} decisions applied, {} refused", tally.applied, tally.refused.len())?;
        for refused in tally.refused.iter().take(SHOWN) {
            let Refused { decision, reason } = refused;
            let instance = decision.instance.as_deref().unwrap_or("as a whole");
            let what = format!("{} {instance}, {}: {reason}", decision.item, decision.field.name());
            writeln!(out, "  {}", crate::error::printable(&what))?;
        }
        match tally.refused.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => writeln!(out, "  and {more} more, in run.json"),
        }
    }

    fn print_skipped(&self, out: &mut dyn Write) -> io::Result<()> {
        let total: usize = self.skipped.values().sum();
        if total > 0 {
            let kinds: Vec<String> =
                self.skipped.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
            writeln!(out, "{total} other files skipped ({})", kinds.join(", "))?;
        }
        Ok(())
    }

    fn print_end(&self, out: &mut dyn Write) -> io::Result<()> {
        let reached = self.summary.done + self.summary.partial + self.summary.failed;
        let stopped = match self.status {
            Status::Finished => None,
            Status::Interrupted => Some("interrupted"),
            Status::OutOfTime => Some("the time of --until is over"),
            Status::FailedFast => Some("stopped at the first failure (--fail-fast)"),
        };
        if let Some(why) = stopped {
            writeln!(
                out,
                "{why}: {reached} of {} inputs done; run the same command again to continue",
                self.inputs
            )?;
        }
        if self.images {
            writeln!(out, "pictures: {}", super::images(&self.out).display())?;
        }
        if let Some(maps) = self.maps {
            writeln!(out, "maps:     {}", self.out.join(maps).display())?;
        }
        let files: Vec<String> = self.files.iter().map(|f| self.out.join(f).display().to_string()).collect();
        // A folder of label files would flood the terminal.
        let shown = files.iter().take(4).cloned().collect::<Vec<_>>().join(" ");
        let more = if files.len() > 4 { format!(" and {} more", files.len() - 4) } else { String::new() };
        writeln!(out, "results:  {shown}{more}")
    }

    pub(super) fn write<S: Selection>(
        &self,
        command: &str,
        options: &Options<S>,
        prepared: &Prepared,
        folder: &RunFolder,
    ) -> Result<()> {
        let now = SystemTime::now();
        let time = |at: SystemTime| humantime::format_rfc3339_millis(at).to_string();
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let mut json = json!({
            "schema": "vision.run/1",
            "version": env!("CARGO_PKG_VERSION"),
            "status": self.status,
            "exit_code": self.exit_code(),
            "begun": time(now.checked_sub(self.wall).unwrap_or(now)),
            "ended": time(now),
            "wall_ms": self.wall.as_millis() as u64,
            "host": host.trim(),
            "folder": std::env::current_dir().unwrap_or_default().to_string_lossy(),
            "roots": self.roots.iter().map(|(label, place)| (label.clone(), place.to_string_lossy().into())).collect::<serde_json::Map<_, _>>(),
            "arguments": std::env::args_os().map(|a| printable(&a).to_string_lossy().into_owned()).collect::<Vec<_>>(),
            "command": command,
            "options": options,
            "model": prepared.facts(),
            "provider": self.provider,
            "workers": self.workers,
            "batches": self.batches.iter().map(|(asked, left)| json!({"asked": asked, "used": left})).collect::<Vec<_>>(),
            "provider_settings": self.settings,
            "runtime": self.runtime.as_ref().map(|(path, version)| json!({"path": path, "version": version})),
            "inputs": {
                "listed": self.inputs,
                "done": self.summary.done,
                "partial": self.summary.partial,
                "failed": self.summary.failed,
                "skipped": self.skipped,
            },
            "items": { "total": self.summary.items, "observed_now": self.fresh },
            "instances": self.summary.instances,
            "findings": self.found.iter().chain(&self.closed.found).collect::<BTreeMap<_, _>>(),
            "decisions": self.decisions,
            "files": self.files.iter().map(|f| f.to_string_lossy()).collect::<Vec<_>>(),
        });
        if !self.streams.is_empty() {
            json["streams"] = json!(self.streams);
        }
        if options.input.pseudonyms.is_some() {
            // private/ has what was given.
            json["arguments"] = json!([]);
            json["folder"] = json!("");
            json["roots"] = json!({});
            // A path or a glob may hold a name.
            for option in ["inputs", "include", "exclude"] {
                json["options"][option] = json!([]);
            }
            for option in
                ["out", "model", "spec", "labels", "runtime", "rules", "evaluate", "config", "ensemble"]
            {
                if json["options"][option].is_string() {
                    json["options"][option] = json!("(in private/)");
                }
            }
            json["notice"] = crate::triage::NOTICE.into();
        }
        let text = serde_json::to_vec_pretty(&json)
            .map_err(|e| Error::new(Kind::Internal, "run.json could not be encoded").because(e))?;
        write_whole(&folder.temporary(), &folder.root().join("run.json"), &text)
    }
}
