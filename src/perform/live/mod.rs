//! A run over streams: frames are looked at as they come, records and events are written as they are known.

mod lines;
mod seen;
mod watch;

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::engine::Chosen;
use super::report::Report;
use super::setup::{Prepared, Selection};
use super::{Findings, Options, Status, Summary, engine, progress, status};
use crate::error::{Error, Kind, Result};
use crate::input::Listing;
use crate::live::Address;
use crate::live::view::View;
use crate::pipeline::control::Control;
use crate::run::RunFolder;
use crate::run::job::OnOther;
use crate::sink::Sink;
use lines::Out;
use seen::{Seen, identities};
use watch::Live;

const RESULTS: &str = "results.jsonl";
const EVENTS: &str = "events.jsonl";

/// The streams among the inputs: all of them, or none.
///
/// # Errors
/// `Usage` for streams beside files, and for options of the one with the other.
pub fn addresses<S: Selection>(options: &Options<S>) -> Result<Vec<Address>> {
    let found = options.input.inputs.iter().map(|name| Address::of(name)).collect::<Result<Vec<_>>>()?;
    let addresses: Vec<Address> = found.iter().flatten().cloned().collect();
    let stream = &options.stream;
    if addresses.is_empty() {
        let given = [
            ("--for", stream.lasting.is_some()),
            ("--retries", stream.retries.is_some()),
            ("--events", stream.events.is_some()),
            ("--live", stream.live.is_some()),
        ];
        return match given.iter().find(|(_, given)| *given) {
            Some((name, _)) => Err(Error::usage(format!(
                "{name} is for streams (rtsp://…, http://…, camera:0); there is none among the inputs"
            ))),
            None => Ok(addresses),
        };
    }
    if addresses.len() < found.len() {
        return Err(Error::usage("streams and files are different jobs: give each a run of its own"));
    }
    let (video, track) = (&options.video, options.select.track());
    let not_here = [
        ("--from", video.from.is_some()),
        ("--to", video.to.is_some()),
        ("--keyframes", video.keyframes),
        ("--crops", options.output.crops),
        ("--clips", options.output.clips),
        ("--contact-sheet", options.output.contact_sheet),
        ("--report", options.output.report),
        ("--apply", !options.run.apply.is_empty()),
        ("--resume", options.run.resume),
        ("--dry-run", options.run.dry_run),
        ("--sequence", track.is_some_and(|track| track.sequence.is_some())),
        ("--fill", track.is_some_and(|track| track.fill.is_some())),
    ];
    if let Some((name, _)) = not_here.iter().find(|(_, given)| *given) {
        return Err(Error::usage(format!(
            "{name} is not for streams, which have neither a beginning nor an end"
        )));
    }
    if stream.events.is_some() && track.is_none_or(|track| track.zones.is_none()) {
        return Err(Error::usage("--events needs --zones, where something can happen"));
    }
    if options.output.stdout && stream.events.as_deref() == Some(Path::new("-")) {
        return Err(Error::usage(
            "--stdout and --events - would mix records and events; name a file for one",
        ));
    }
    if let Some(address) = addresses.iter().find(|address| options.run.offline && address.is_network()) {
        let message = format!("--offline: {} is on the network; leave one of them out", address.shown());
        return Err(Error::new(Kind::Offline, message));
    }
    Ok(addresses)
}

/// Looks at streams until they end, the time is over, or the user stops it.
///
/// # Errors
/// As [`super::perform`].
#[expect(clippy::too_many_arguments, reason = "as of `within`, the same half of `perform` for files")]
pub fn run<S: Selection>(
    command: &str,
    options: &Options<S>,
    addresses: Vec<Address>,
    prepared: &mut Prepared,
    folder: &RunFolder,
    control: &Control,
    echo: Option<Box<dyn Sink>>,
    begun: Instant,
) -> Result<Report> {
    if prepared.explainer.is_some() {
        return Err(Error::usage(
            "explanations are made of files, not of streams: save what is to be explained",
        ));
    }
    let mut job = prepared.job(command, options);
    let on_other = if options.run.force { OnOther::Clear } else { OnOther::Refuse };
    job.enter(folder, on_other)?;
    if folder.root().join(RESULTS).exists() {
        let message = format!(
            "{} holds a recording; streams do not come again, so it is not continued: give another folder with \
             --out, or begin anew in this one with --force",
            folder.root().display()
        );
        return Err(Error::new(Kind::RunFolder, message));
    }
    let progress = progress::Progress::new(options.run.quiet, addresses.len());
    prepared.notes().iter().for_each(|note| progress.note(note));
    let say = |note: &str| progress.note(note);
    let chosen = engine::at_once(options, prepared, &say)?;
    prepared.give_bytes(&options.select, &chosen.takes_bytes())?;
    let prepared = &*prepared;
    if let Some(note) = &chosen.fallback {
        progress.note(note);
    }
    job.provider = Some(chosen.provider.to_string());
    job.write(folder)?;
    let identities = identities(&addresses);
    let view = options.stream.live.map(|at| View::open(at, addresses.iter().map(Address::shown).collect()));
    let view = view.transpose()?;
    if let Some(view) = &view {
        progress.note(&format!("live: http://{}/", view.address));
    }
    let mut summary = Summary { most: prepared.policy.most(), ..Summary::default() };
    let mut findings = Findings::new(&options.run.fail_on, prepared.policy.labels())?;
    let mut live = Live {
        prepared,
        infer: chosen.worker()?,
        out: Out::open(options, prepared, folder, echo)?,
        folds: vec![&mut summary, &mut findings],
        view,
        streams: addresses
            .iter()
            .zip(&identities)
            .map(|(address, identity)| Seen::new(address, identity, prepared))
            .collect(),
    };
    let files = live.watch(options, control, begun, &progress)?;
    let streams = live.streams.iter().map(Seen::told).collect();
    let looked_at = live.streams.iter().map(|stream| u64::from(stream.items)).sum();
    drop(live);
    progress.finish();
    let report = Report {
        streams,
        ..finished(options, (&chosen, begun), (files, looked_at), (summary, findings), status(control))
    };
    report.write(command, options, prepared, folder)?;
    Ok(report)
}

fn finished<S: Selection>(
    options: &Options<S>,
    (chosen, begun): (&Chosen, Instant),
    (files, fresh): (Vec<PathBuf>, u64),
    (summary, findings): (Summary, Findings),
    status: Status,
) -> Report {
    Report {
        status,
        wall: begun.elapsed(),
        files,
        fresh,
        workers: 1,
        batches: chosen.batches(),
        provider: chosen.provider.to_string(),
        settings: chosen.settings(),
        runtime: chosen.runtime(),
        found: findings.found(),
        dry: false,
        inputs: options.input.inputs.len(),
        summary,
        out: options.run.out.clone(),
        ..Report::dry(&Listing::default(), 0)
    }
}
