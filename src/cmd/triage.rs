//! `vision triage`: DICOM studies in, a worklist by urgency out. NOT FOR DIAGNOSIS.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgMatches, Command, FromArgMatches};
use serde_json::Value;

use super::{Entry, look, print_failed};
use crate::error::{Error, Kind, Result};
use crate::input::{Input, List};
use crate::options::{TriageOptions, merge, seconds};
use crate::perform::{Options, Report, perform};
use crate::pipeline::control::{Control, Stop};
use crate::run::INTERNAL;
use crate::triage::private::{self, Known, Private};
use crate::triage::proof::Proof;
use crate::triage::{NOTICE, evaluate, proof};

pub const ENTRY: Entry = Entry { command, run };

const EXAMPLES: &str = "Examples:
  vision triage studies/ --model chest.onnx
      worklist.json and worklist.csv by urgency; who is who in private/ only
  vision triage studies/ --model chest.onnx --rules rules.toml --quiet
      for cron: exit code 3 when a rule says so
  vision triage inbox/ --model chest.onnx --watch 30s
      goes on: a study is triaged when its folder has been quiet for 30 s
  vision triage studies/ --model chest.onnx --evaluate labels.csv
      sensitivity, specificity, AUC and time to a critical read, in evaluation.json

Exit codes: 0 all done (what a model does not accept is not triaged and stands above the negatives), 1 nothing could be
read, 2 some inputs could not be read, 3 a rule asks for it, or something outside private/ names a person (proof.json
says which file), 130 stopped.";

fn command() -> Command {
    let about =
        "Sort DICOM studies by urgency: a worklist with scores, reasons and provenance. NOT FOR DIAGNOSIS";
    Options::<TriageOptions>::arguments(Command::new("triage"))
        .mut_arg("model", |model| model.default_value(None::<&str>).required(true))
        .about(about)
        .long_about(None)
        .after_help(EXAMPLES)
}

fn run(matches: &ArgMatches) -> Result<u8> {
    let given =
        Options::<TriageOptions>::from_arg_matches(matches).map_err(|e| Error::usage(e.to_string()))?;
    let inputs = given.input.inputs.clone();
    let config = given.run.config.clone();
    let mut options = merge(given, matches, &command(), config.as_deref())?;
    if inputs.iter().any(|name| name == "-") {
        return Err(Error::usage(
            "-: vision triage reads no names from standard input; give files or folders",
        ));
    }
    options.select.evaluate = matches.get_one::<PathBuf>("evaluate").cloned();
    options.select.watch = matches.get_one::<String>("watch").cloned();
    options.input.inputs = inputs;
    options.run.config = config;
    if options.run.dry_run {
        return Err(Error::usage("--dry-run: vision triage has none"));
    }
    if options.output.report || options.output.crops {
        return Err(Error::usage(
            "--report and --crops hold pictures of patients, which vision triage does not write; worklist.json and \
             worklist.csv hold its results",
        ));
    }
    let out = &options.run.out;
    if options.run.resume && out.join(INTERNAL).exists() && !out.join(private::FOLDER).exists() {
        return Err(Error::usage(format!(
            "{}: is of a run without pseudonyms, whose files may name persons; choose another --out",
            out.display()
        )));
    }
    // A picture of a patient belongs nowhere but in private/.
    options.output.no_images = true;
    let private = Private::open(&options.run.out)?;
    options.input.pseudonyms = Some(private.pseudonyms.clone());
    let control = look::control(&options)?;
    if let Some(quiet) = options.select.watch.clone() {
        return watch(options, &private, &control, seconds(&quiet)?);
    }
    once(&options, &private, &control)
}

fn once(options: &Options<TriageOptions>, private: &Private, control: &Control) -> Result<u8> {
    let report = perform("triage", options, &mut io::empty(), control, None)?;
    finish(options, private, &report)
}

/// Triages whatever has settled, again and again. What was looked at once is in the store, also after a restart.
fn watch(
    mut options: Options<TriageOptions>,
    private: &Private,
    control: &Control,
    quiet: Duration,
) -> Result<u8> {
    options.input.quiet_for = Some(quiet);
    let mut before = None;
    let mut worst = 0;
    while control.stopped().is_none() {
        let state: Vec<_> =
            listed(&options)?.into_iter().map(|(input, _)| (input.identity.id, input.stat)).collect();
        if !state.is_empty() && before.as_ref() != Some(&state) {
            worst = worst.max(once(&options, private, control)?);
            // Only the first time: later ones continue.
            options.run.force = false;
            before = Some(state);
        }
        std::thread::sleep(LOOK_EVERY);
    }
    Ok(if control.stopped() == Some(Stop::Interrupted) { 130 } else { worst })
}

/// How often a watched folder is listed.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What follows the run: private files, measures, the proof, the closing words.
fn finish(options: &Options<TriageOptions>, private: &Private, report: &Report) -> Result<u8> {
    let out = &options.run.out;
    let worklist: Value = std::fs::read(out.join("worklist.json"))
        .map_err(|e| Error::read("worklist.json", e))
        .and_then(|text| serde_json::from_slice(&text).map_err(|e| internal("worklist.json").because(e)))?;
    let known = private.fill(&listed(options)?, &worklist, &options.input.limits())?;
    if let Some(labels) = &options.select.evaluate {
        let pace = evaluate::Pace { arrival: options.select.arrival, reading: options.select.reading };
        let measured = evaluate::evaluate(labels, &worklist, &known, pace)?;
        write(options, "evaluation.json", &measured)?;
    }
    let mut words = Vec::new();
    report.print(&mut words).map_err(print_failed)?;
    let _ = writeln!(words, "{}", counts(&worklist));
    let mut proof = proof::search(out, &String::from_utf8_lossy(&words), &known.values)?;
    write(options, "proof.json", &proof)?;
    if proof.hits.remove("standard output") {
        words = b"what was to be printed names a person and is not printed\n".to_vec();
        proof.hits.insert("standard output".into());
    }
    let _ = writeln!(words, "{}", said(&proof, &known));
    if !options.run.quiet {
        io::stdout().lock().write_all(&words).map_err(print_failed)?;
    }
    if !proof.hits.is_empty() {
        let files = proof.hits.iter().cloned().collect::<Vec<_>>().join(", ");
        let _ = writeln!(io::stderr(), "error: something outside private/ names a person: {files}");
        return Ok(3);
    }
    Ok(if worklist["exit"] == true { 3 } else { report.exit_code() })
}

/// The inputs, with their paths below their roots.
fn listed(options: &Options<TriageOptions>) -> Result<Vec<(Input, PathBuf)>> {
    let (select, pseudonyms) = (options.input.select()?, options.input.pseudonyms.as_ref());
    let list = List {
        select: &select,
        out: &options.run.out,
        natural: false,
        known: &|_, _| false,
        pseudonyms,
        quiet_for: options.input.quiet_for,
    };
    let listing = list.run(&options.input.inputs, &mut io::empty())?;
    let relative = |file: &std::path::Path| {
        let roots = listing.roots.iter().filter_map(|root| file.strip_prefix(&root.folder).ok());
        roots.min_by_key(|path| path.as_os_str().len()).unwrap_or(file).to_owned()
    };
    let paths: Vec<PathBuf> = listing.inputs.iter().map(|input| relative(&input.file)).collect();
    Ok(listing.inputs.into_iter().zip(paths).collect())
}

fn write(options: &Options<TriageOptions>, name: &str, value: &impl serde::Serialize) -> Result<()> {
    let text = serde_json::to_vec_pretty(value).map_err(|e| internal(name).because(e))?;
    let out = &options.run.out;
    crate::atomic::write_whole(&out.join(crate::run::INTERNAL).join("tmp"), &out.join(name), &text)
}

fn internal(name: &str) -> Error {
    Error::new(Kind::Internal, format!("{name} is not as it was written"))
}

fn counts(worklist: &Value) -> String {
    let rows = worklist["studies"].as_array().map_or(&[][..], Vec::as_slice);
    let of = |bucket: &str| rows.iter().filter(|row| row["bucket"] == bucket).count();
    let (positive, unknown, negative) = (of("positive"), of("not-triaged"), of("negative"));
    format!("{NOTICE}: {positive} positive, {unknown} not triaged, {negative} negative")
}

fn said(proof: &Proof, known: &Known) -> String {
    format!(
        "{} files outside private/ searched for {} values of {} inputs: {} named ({} values too short to search for)",
        proof.files,
        proof.values,
        known.files.len(),
        proof.hits.len(),
        proof.too_short
    )
}
