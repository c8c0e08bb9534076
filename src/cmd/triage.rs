//! `vision triage`: DICOM studies in, a worklist by urgency out. NOT FOR DIAGNOSIS.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{ArgMatches, Command, FromArgMatches};
use serde_json::Value;

use super::{Entry, look, print_failed};
use crate::error::{Error, Kind, Result};
use crate::input::List;
use crate::options::{TriageOptions, merge, seconds};
use crate::perform::{Options, Report, perform};
use crate::pipeline::control::{Control, Stop};
use crate::pipeline::witness::Witness;
use crate::run::journal::Stat;
use crate::triage::heard::Heard;
use crate::triage::private::Private;
use crate::triage::proof::{Needles, Proof};
use crate::triage::{NOTICE, evaluate, pixels, proof, studies, telling};

pub const ENTRY: Entry = Entry { command, run };

const EXAMPLES: &str = "Examples:
  vision triage studies/ --model chest.onnx
      worklist.json and worklist.csv by urgency; who is who in private/ only
  vision triage studies/ --model chest.onnx --rules rules.toml --quiet
      for cron: exit code 3 when a rule says so
  vision triage inbox/ --model chest.onnx --watch 30s
      goes on: a study is triaged when its folder has been quiet for 30 s
  vision triage studies/ --model chest.onnx --report
      the worklist as a page, report.html, by pseudonyms and without pictures
  vision triage studies/ --model chest.onnx --evaluate labels.csv
      sensitivity, specificity, AUC and time to a critical read, in evaluation.json

Exit codes: 0 every image was triaged, 1 nothing could be read, 2 some images were not triaged (the model does not accept
them, or they cannot be read; they stand above the negatives), 3 a finding: a rule with exit = true is met (worklist.json
says exit: true), or something outside private/ names a person (proof.json says which file), 130 stopped: the worklist is
not complete and says so. The first of these that holds: 3 of proof.json, 130, 3 of a rule, 1, 2, 0.";

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
    options.select.dicom_out = matches.get_flag("dicom_out");
    options.select.watch = matches.get_one::<String>("watch").cloned();
    options.input.inputs = inputs;
    options.run.config = config;
    if options.run.dry_run {
        return Err(Error::usage("--dry-run: vision triage has none"));
    }
    if options.output.crops {
        return Err(Error::usage("--crops are pictures of patients, which vision triage does not write"));
    }
    // A picture of a patient belongs nowhere but in private/.
    options.output.no_images = true;
    let private = Private::open(&options.run.out, options.run.force)?;
    options.input.pseudonyms = Some(private.pseudonyms.clone());
    options.input.witness = Some(private.ledger.clone());
    let done = begun(options, &private);
    done.map_err(|error| unnamed(error, matches, &private))
}

fn begun(options: Options<TriageOptions>, private: &Private) -> Result<u8> {
    let control = look::control(&options)?;
    match options.select.watch.clone() {
        Some(quiet) => watch(options, private, &control, seconds(&quiet)?),
        None => once(&options, private, &control),
    }
}

/// An error whose words name an input or a person is said in `private/` instead.
fn unnamed(error: Error, matches: &ArgMatches, private: &Private) -> Error {
    let given = matches.get_raw("inputs").into_iter().flatten();
    let mut values = private.values(&[]);
    values.extend(given.flat_map(|name| telling::parts(Path::new(name)).collect::<Vec<_>>()));
    let words = error.chain();
    if Needles::of(&values).is_ok_and(|needles| !needles.found_in(&words)) {
        return error;
    }
    let file = private.folder().join("error.txt");
    let kept = private.write("error.txt", words.as_bytes());
    let place = if kept.is_ok() { format!("; {} has them", file.display()) } else { String::new() };
    Error::new(
        error.kind,
        format!("what went wrong is not said here, because its words name an input or a person{place}"),
    )
}

fn once(options: &Options<TriageOptions>, private: &Private, control: &Control) -> Result<u8> {
    let (log, file) = private.create("stderr.log")?;
    let lost = |e| Error::new(Kind::Internal, "standard error cannot be searched").because(e);
    let heard = Heard::begin(file).map_err(lost)?;
    let report = perform("triage", options, &mut io::empty(), control, None)?;
    heard.end().map_err(lost)?;
    let heard = std::fs::read(&log).map_err(|e| Error::read(log.display(), e))?;
    finish(options, private, &report, &String::from_utf8_lossy(&heard))
}

/// Triages whatever has settled, again and again. What was looked at once is in the store, also after a restart.
fn watch(
    mut options: Options<TriageOptions>,
    private: &Private,
    control: &Control,
    quiet: Duration,
) -> Result<u8> {
    options.input.quiet_for = Some(quiet);
    let mut before: Option<Vec<(String, Option<Stat>)>> = None;
    let mut worst = 0;
    while control.stopped().is_none() {
        let state = listed(&options, private, before.as_deref().unwrap_or_default())?;
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
fn finish(options: &Options<TriageOptions>, private: &Private, report: &Report, heard: &str) -> Result<u8> {
    let out = &options.run.out;
    let worklist: Value = std::fs::read(out.join("worklist.json"))
        .map_err(|e| Error::read("worklist.json", e))
        .and_then(|text| serde_json::from_slice(&text).map_err(|e| internal("worklist.json").because(e)))?;
    private.fill(&worklist)?;
    if options.select.dicom_out {
        studies::write(out, &worklist, private, &options.input.limits())?;
    }
    let files = private.ledger.files();
    if let Some(labels) = &options.select.evaluate {
        let pace = evaluate::Pace { arrival: options.select.arrival, reading: options.select.reading };
        let measured = evaluate::evaluate(labels, &worklist, &files, pace)?;
        write(options, "evaluation.json", &measured)?;
    }
    let mut words = Vec::new();
    report.print(&mut words).map_err(print_failed)?;
    let _ = writeln!(words, "{}", counts(&worklist));
    let said = [("standard output", &*String::from_utf8_lossy(&words)), ("standard error", heard)];
    let findings = rows(&worklist).iter().flat_map(|row| row["findings"].as_array().into_iter().flatten());
    let own = findings.map(|finding| &finding["label"]).chain([&worklist["model"]["name"]]);
    let needles = Needles::of(&private.values(&own.filter_map(Value::as_str).collect::<Vec<_>>()))?;
    let read = |pictures: &[PathBuf]| pixels::read(pictures, private, options);
    let proof = proof::search(out, &said, &needles, private.ledger.unproven(), &read)?;
    write(options, "proof.json", &proof)?;
    if proof.hits.contains("standard output") {
        words = b"what was to be printed names a person and is not printed\n".to_vec();
    }
    let _ = writeln!(words, "{}", told(&proof, files.len()));
    if !options.run.quiet {
        io::stdout().lock().write_all(&words).map_err(print_failed)?;
    }
    breach(&proof);
    let code = exit_code(&proof, &worklist, report);
    conclude(options, &proof, &worklist, code)?;
    Ok(code)
}

/// Says which files name a person.
fn breach(proof: &Proof) {
    if !proof.hits.is_empty() {
        let files = proof.hits.iter().cloned().collect::<Vec<_>>().join(", ");
        let _ = writeln!(io::stderr(), "error: something outside private/ names a person: {files}");
    }
    if proof.is_breach() && !proof.pictures.is_empty() {
        let (files, why) = (proof.pictures.join(", "), &proof.pixels);
        let _ = writeln!(io::stderr(), "error: pictures outside private/, pixels {why}: {files}");
    }
}

/// As of --help.
fn exit_code(proof: &Proof, worklist: &Value, report: &Report) -> u8 {
    let untriaged =
        || rows(worklist).iter().any(|row| row["reasons"].as_array().is_some_and(|r| !r.is_empty()));
    match report.exit_code() {
        _ if proof.is_breach() => 3,
        130 => 130,
        _ if worklist["exit"] == true => 3,
        0 if untriaged() => 2,
        other => other,
    }
}

/// Puts the exit code and what it comes of into run.json.
fn conclude(options: &Options<TriageOptions>, proof: &Proof, worklist: &Value, code: u8) -> Result<()> {
    let path = options.run.out.join("run.json");
    let text = std::fs::read(&path).map_err(|e| Error::read("run.json", e))?;
    let mut run: Value = serde_json::from_slice(&text).map_err(|e| internal("run.json").because(e))?;
    run["exit_code"] = code.into();
    let met = rows(worklist).iter().flat_map(|row| row["rules"].as_array().into_iter().flatten());
    let mut findings = std::collections::BTreeMap::new();
    for rule in met.filter_map(|met| met["rule"].as_str()) {
        *findings.entry(format!("rule {rule}")).or_insert(0) += 1;
    }
    let leaks =
        proof.hits.len() + if proof.hits.is_empty() && proof.is_breach() { proof.pictures.len() } else { 0 };
    findings.extend((leaks > 0).then(|| ("outside private/".to_owned(), leaks)));
    run["findings"] = serde_json::to_value(findings).unwrap_or_default();
    write(options, "run.json", &run)
}

/// The inputs by id, with the state in which they are taken. `before`: as they were listed last.
fn listed(
    options: &Options<TriageOptions>,
    private: &Private,
    before: &[(String, Option<Stat>)],
) -> Result<Vec<(String, Option<Stat>)>> {
    let (select, pseudonyms) = (options.input.select()?, options.input.pseudonyms.as_ref());
    let before: HashMap<&str, Option<Stat>> = before.iter().map(|(id, stat)| (id.as_str(), *stat)).collect();
    let list = List {
        select: &select,
        out: &options.run.out,
        natural: false,
        known: &|id| before.get(id).copied().flatten(),
        pseudonyms,
        quiet_for: options.input.quiet_for,
        former: &private.ledger.former(),
    };
    let listing = list.run(&options.input.inputs, &mut io::empty())?;
    Ok(listing.inputs.into_iter().map(|input| (input.identity.id, input.stat)).collect())
}

fn write(options: &Options<TriageOptions>, name: &str, value: &impl serde::Serialize) -> Result<()> {
    let text = serde_json::to_vec_pretty(value).map_err(|e| internal(name).because(e))?;
    let out = &options.run.out;
    crate::atomic::write_whole(&out.join(crate::run::INTERNAL).join("tmp"), &out.join(name), &text)
}

fn internal(name: &str) -> Error {
    Error::new(Kind::Internal, format!("{name} is not as it was written"))
}

fn rows(worklist: &Value) -> &[Value] {
    worklist["studies"].as_array().map_or(&[], Vec::as_slice)
}

fn counts(worklist: &Value) -> String {
    let of = |bucket: &str| rows(worklist).iter().filter(|row| row["bucket"] == bucket).count();
    let (positive, unknown, negative) = (of("positive"), of("not-triaged"), of("negative"));
    let pending = match worklist["pending"].as_u64() {
        Some(0) | None => String::new(),
        Some(count) => format!("; NOT COMPLETE: {count} inputs were not reached"),
    };
    format!("{NOTICE}: {positive} positive, {unknown} not triaged, {negative} negative{pending}")
}

fn told(proof: &Proof, inputs: usize) -> String {
    let Proof { files, values, hits, too_short, unproven, pixels, .. } = proof;
    let unproven = match unproven {
        0 => String::new(),
        count => format!("; not all values of {count} inputs could be read, so nothing is proved of them"),
    };
    format!(
        "{files} files outside private/ searched for {values} values of {inputs} inputs: {} named ({too_short} values too \
         short to search for){unproven}; pictures: {pixels}",
        hits.len()
    )
}
