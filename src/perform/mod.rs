//! From options to a finished run folder: what every command that looks at pictures shares.

mod arrange;
mod closing;
mod command;
mod engine;
mod excerpts;
mod explain;
mod facts;
mod grade;
mod live;
mod ocr;
mod page;
mod pictures;
mod progress;
mod redact;
mod report;
mod selection;
mod setup;
mod shape;
mod subject;
mod summary;
mod tracks;
mod triage;
mod upload;

use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind, Result};
use crate::input::{List, Listing};
use crate::options::{
    InputOptions, LookOptions, ModelOptions, OutputOptions, RunOptions, SelectOptions, StreamOptions,
    VideoOptions, seconds,
};
use crate::pipeline::Walk;
use crate::pipeline::control::{Control, Stop};
use crate::pipeline::emit::Emitter;
use crate::pipeline::tracks::RunTracks;
use crate::policy::Fold;
use crate::review::TallyFold;
use crate::run::RunFolder;
use crate::run::job::{Job, OnOther};
use crate::run::journal::Journal;
use crate::run::key::Keys;
use crate::run::store::Store;
use crate::sink::{self, Sink, SinkContext};

pub(crate) use arrange::{asked, cores, workers};
pub use closing::{Closed, Closing, Drawn};
pub use redact::AUTO;
pub use report::{Report, Status};
pub use setup::{Prepared, Selection, Subject};
pub(crate) use shape::input_size;
pub(crate) use summary::Findings;
pub use summary::Summary;

/// The options of a command that looks at pictures; `S` are those of its decisions.
#[derive(Debug, Clone, Default, clap::Args, Serialize, Deserialize)]
#[serde(default, bound(deserialize = "S: Default + serde::de::DeserializeOwned"))]
pub struct Options<S: clap::Args = SelectOptions> {
    #[command(flatten)]
    #[serde(flatten)]
    pub input: InputOptions,
    #[command(flatten)]
    #[serde(flatten)]
    pub model: ModelOptions,
    #[command(flatten)]
    #[serde(flatten)]
    pub look: LookOptions,
    #[command(flatten)]
    #[serde(flatten)]
    pub video: VideoOptions,
    #[command(flatten)]
    #[serde(flatten)]
    pub stream: StreamOptions,
    #[command(flatten)]
    #[serde(flatten)]
    pub select: S,
    #[command(flatten)]
    #[serde(flatten)]
    pub run: RunOptions,
    #[command(flatten)]
    #[serde(flatten)]
    pub output: OutputOptions,
}

impl<S: Selection> Options<S> {
    /// The options of the command line, with the command's own model where none is named.
    pub fn arguments(command: clap::Command) -> clap::Command {
        use clap::Args;
        Self::augment_args(command).mut_arg("model", |model| model.default_value(S::MODEL))
    }

    /// The defaults of the command line, for `inputs`.
    ///
    /// # Errors
    /// `Usage` when `inputs` is empty.
    pub fn with_defaults(inputs: impl IntoIterator<Item = std::ffi::OsString>) -> Result<Self> {
        use clap::FromArgMatches;
        let usage = |e: clap::Error| Error::usage(e.to_string());
        let arguments = ["vision", "--"].into_iter().map(std::ffi::OsString::from).chain(inputs);
        let matches =
            Self::arguments(clap::Command::new("vision")).try_get_matches_from(arguments).map_err(usage)?;
        Self::from_arg_matches(&matches).map_err(usage)
    }
}

/// Performs a command and says how it went.
///
/// # Errors
/// Whatever keeps the run from beginning or ends it; single inputs that fail are in the results.
pub fn perform<S: Selection>(
    command: &str,
    options: &Options<S>,
    stdin: &mut dyn BufRead,
    control: &Control,
    echo: Option<Box<dyn Sink>>,
) -> Result<Report> {
    let begun = Instant::now();
    let streams = live::addresses(options)?;
    let mut prepared = Prepared::new(options)?;
    let folder = RunFolder::open(&options.run.out)?;
    let outcome = if streams.is_empty() {
        within(command, options, &mut prepared, &folder, stdin, control, echo, begun)
    } else {
        live::run(command, options, streams, &mut prepared, &folder, control, echo, begun)
    };
    if outcome.as_ref().is_err_and(|e| e.kind == Kind::NothingToDo) || options.run.dry_run {
        folder.discard_if_new();
    }
    outcome
}

#[expect(clippy::too_many_arguments, reason = "the inner half of `perform`, split for its clean-up only")]
fn within<S: Selection>(
    command: &str,
    options: &Options<S>,
    prepared: &mut Prepared,
    folder: &RunFolder,
    stdin: &mut dyn BufRead,
    control: &Control,
    echo: Option<Box<dyn Sink>>,
    begun: Instant,
) -> Result<Report> {
    let before = Job::read(&folder.job());
    let mut job = prepared.job(command, options);
    let on_other = match (options.run.force, options.run.resume) {
        (true, _) => OnOther::Clear,
        (_, true) => OnOther::Reuse,
        _ => OnOther::Refuse,
    };
    let changes = if options.run.dry_run { Vec::new() } else { job.enter(folder, on_other)? };
    let journal = Journal::open(&folder.journal())?;
    let store = Store::open(&folder.store())?;
    // Frames are in order of the numbers in their names.
    let natural = prepared.tracking.as_ref().is_some_and(|tracking| tracking.rate.is_some());
    let listing = list((&options.input, natural), folder, &journal, stdin)?;
    if let Some(witness) = &options.input.witness {
        witness.listed(&listing);
    }
    if !options.select.follows(&listing) {
        prepared.tracking = None;
    }
    let artist = pictures::artist::<S>(options, prepared, folder, &listing)?;
    pictures::tools(&listing, artist.as_ref())?;
    let artist = artist.map(Arc::new);
    let progress = progress::Progress::new(options.run.quiet, listing.inputs.len());
    prepared.notes().iter().for_each(|note| progress.note(note));
    for change in changes {
        progress.note(&format!("changed: {change}"));
    }
    let say = |note: &str| progress.note(note);
    let chosen = engine::choose(options, prepared, before.as_ref(), &listing, &journal, &store, &say)?;
    prepared.give_bytes(&options.select, &chosen.takes_bytes())?;
    let prepared = &*prepared;
    if let Some(note) = &chosen.fallback {
        progress.note(note);
    }
    let keys = Keys::new(&prepared.config(chosen.provider.precision()));
    if options.run.dry_run {
        return Ok(Report::dry(&listing, chosen.todo));
    }
    job.provider = Some(chosen.provider.to_string());
    job.write(folder)?;
    progress.changed_list(&journal, &listing);

    let mut summary = Summary { most: prepared.policy.most(), ..Summary::default() };
    let mut findings = Findings::new(&options.run.fail_on, prepared.policy.labels())?;
    let mut tally = TallyFold::new(Arc::clone(&prepared.decisions));
    let mut sinks = sinks(options, prepared, folder, echo)?;
    if options.output.report {
        let run = page::Run { command, provider: chosen.provider.to_string(), begun };
        let page = page::open(run, options, prepared, folder, &listing, artist.clone())?;
        let temporary = folder.temporary();
        sinks.push(options.select.page(&prepared.models, &context(prepared, folder, &temporary), page)?);
    }
    let provider = chosen.provider.to_string();
    let mut walk = Walk {
        inputs: &listing.inputs,
        folder: folder.root(),
        family: prepared.family.as_ref(),
        explainer: prepared.explainer.as_ref(),
        policy: prepared.policy.as_ref(),
        keys: &keys,
        store: &store,
        journal: &journal,
        artist: artist.as_deref(),
        tracks: None,
        limits: prepared.limits.clone(),
        deadline: seconds(&options.input.deadline)?,
        isolate: options.input.isolate,
        control,
        watcher: &progress,
        provider: &provider,
        witness: options.input.witness.as_deref(),
        reuse: true,
    };
    let workers = chosen.workers;
    let means = || chosen.worker();
    let seen = match &prepared.tracking {
        Some(tracking) => Some((tracking, tracks::observe(&mut walk, workers, &means)?)),
        None => None,
    };
    let known = (prepared.policy.as_ref(), &store, &keys);
    let tracks = seen.as_ref().map(|(how, seen)| RunTracks::new(how, &listing.inputs, seen, known, workers));
    let walks = match (&tracks, artist.as_deref()) {
        (None, _) => true,
        (Some(tracks), Some(artist)) if control.stopped().is_none() => {
            progress.again(&tracks::found(tracks, !S::CLOSES));
            walk.artist = Some(artist);
            walk.tracks = Some(tracks);
            true
        }
        (Some(tracks), _) => {
            progress.note(&tracks::found(tracks, !S::CLOSES));
            false
        }
    };
    // Records that something is added to wait for the last picture.
    let outcomes = match (walks, S::CLOSES) {
        (true, false) => None,
        (true, true) => Some(tracks::draw(&walk, workers, &means)?),
        (false, _) => Some(seen.map(|(_, seen)| seen).unwrap_or_default()),
    };
    if S::CLOSES {
        progress.finish();
    }
    let note = |line: &str| progress.note(line);
    let drawn = Drawn { prepared, folder, artist: artist.clone(), control, note: &note };
    let mut closing = S::closing(options, &drawn)?;
    let mut folds: Vec<&mut (dyn Fold + Send)> = vec![&mut summary, &mut findings, &mut tally];
    folds.extend(closing.iter_mut().map(|closing| closing.fold()));
    let policy = prepared.policy.as_ref();
    let emitter = Emitter::new(&listing.inputs, &keys, &store, policy, sinks, folds);
    let explained = prepared.explainer.as_ref().zip(artist.as_deref());
    let emitter = emitter.with_tracks(tracks.as_ref()).with_explained(explained);
    let mut files = match outcomes {
        None => walk.run(workers, &means, emitter)?,
        Some(outcomes) => tracks::emit(emitter, outcomes)?,
    };
    if let Some(artist) = artist.as_deref().filter(|_| control.stopped().is_none()) {
        let zones = prepared.tracking.as_ref().is_some_and(|tracking| tracking.zones.is_some());
        files.extend(excerpts::make(&options.output, folder, (artist, &listing.inputs), zones, &say)?);
    }
    progress.finish();
    let closed = closing.map(Closing::finish).unwrap_or_default();
    for (asked, left) in chosen.batches().into_iter().filter(|(asked, left)| left < asked) {
        progress.note(&format!(
            "frames were joined by {left} instead of {asked}: the device had no memory for more"
        ));
    }
    if let Some(note) = summary.without_label(prepared.policy.labels()) {
        progress.note(&note);
    }
    let status = status(control);
    let report = Report {
        status,
        decisions: (!options.run.apply.is_empty()).then(|| tally.finish(status == Status::Finished)),
        wall: begun.elapsed(),
        files,
        fresh: progress.fresh(),
        workers,
        batches: chosen.batches(),
        provider: chosen.provider.to_string(),
        settings: chosen.settings(),
        runtime: chosen.runtime(),
        images: artist.is_some() && !options.output.no_images,
        maps: pictures::maps::<S>(prepared),
        found: findings.found(),
        closed,
        todo: 0,
        dry: false,
        inputs: listing.inputs.len(),
        roots: page::roots(&listing),
        skipped: listing.skipped,
        summary,
        out: options.run.out.clone(),
        streams: Vec::new(),
    };
    report.write(command, options, prepared, folder)?;
    Ok(report)
}

fn list(
    (options, natural): (&InputOptions, bool),
    folder: &RunFolder,
    journal: &Journal,
    stdin: &mut dyn BufRead,
) -> Result<Listing> {
    let select = options.select()?;
    let known = |id: &str| journal.input(id).map(|known| known.stat);
    let former = match (&options.witness, options.quiet_for) {
        (Some(witness), Some(_)) => witness.former(),
        _ => Vec::new(),
    };
    let list = List {
        select: &select,
        out: folder.root(),
        natural,
        known: &known,
        pseudonyms: options.pseudonyms.as_ref(),
        quiet_for: options.quiet_for,
        former: &former,
    };
    let listing = list.run(&options.inputs, stdin)?;
    if listing.inputs.is_empty() {
        let others: usize = listing.skipped.values().sum();
        let found = if others > 0 { format!("; {others} other files were found") } else { String::new() };
        let shown = |name: &std::ffi::OsString| match options.pseudonyms {
            Some(_) => "inputs".to_owned(),
            None => name.to_string_lossy().into_owned(),
        };
        let given: Vec<_> = options.inputs.iter().map(shown).collect();
        let message =
            format!("{}: no pictures found{found}; give files or folders with pictures", given.join(" "));
        return Err(Error::new(Kind::NothingToDo, message));
    }
    Ok(listing)
}

fn sinks<S: Selection>(
    options: &Options<S>,
    prepared: &Prepared,
    folder: &RunFolder,
    echo: Option<Box<dyn Sink>>,
) -> Result<Vec<Box<dyn Sink>>> {
    let temporary = folder.temporary();
    let context = context(prepared, folder, &temporary);
    // results.jsonl is the stable interface and always written.
    let mut names = vec!["jsonl".to_owned()];
    names.extend(options.output.format.iter().filter(|name| *name != "jsonl").cloned());
    // Zones that are counted are written.
    let zones = prepared.tracking.as_ref().is_some_and(|tracking| tracking.zones.is_some());
    names.extend(zones.then(|| "events".to_owned()));
    names.dedup();
    let mut sinks = sink::open(&names, S::TASK, &context)?;
    sinks.extend(options.select.outputs(&prepared.models, &context)?);
    sinks.extend(echo);
    Ok(sinks)
}

fn context<'a>(prepared: &'a Prepared, folder: &'a RunFolder, temporary: &'a Path) -> SinkContext<'a> {
    SinkContext {
        folder: folder.root(),
        temporary,
        labels: prepared.policy.labels(),
        tracked: prepared.tracking.is_some(),
        scored: true,
        generator: concat!("vision ", env!("CARGO_PKG_VERSION")).to_owned(),
    }
}

fn status(control: &Control) -> Status {
    match control.stopped() {
        Some(Stop::Interrupted) => Status::Interrupted,
        Some(Stop::Clock) => Status::OutOfTime,
        Some(Stop::FailFast) => Status::FailedFast,
        Some(Stop::Error) | None => Status::Finished,
    }
}

/// Where the annotated pictures are.
pub fn images(out: &Path) -> PathBuf {
    out.join("images")
}
