//! `vision eval`: results against truth.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{ArgMatches, Args, Command, FromArgMatches};

use super::say::{say, say_json};
use super::{Entry, with_options};
use crate::atomic::write_whole;
use crate::error::{Error, Result};
use crate::eval::coco::Overlap;
use crate::eval::mot::evaluate;
use crate::eval::read::{self, RESULTS, Reading, TRUTHS};
use crate::eval::{Options, Report, plots};

pub const ENTRY: Entry = Entry { command, run };

#[derive(Debug, Args)]
struct EvalArgs {
    /// What is right: see the formats below
    truth: PathBuf,

    /// What was found: see the formats below
    results: PathBuf,

    /// What is compared [default: keypoints, masks or boxes, the first of these that both sides hold]
    #[arg(long, value_name = "KIND", value_enum)]
    iou: Option<Overlap>,

    /// Most results of a class a picture that count [default: 100, for keypoints 20]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    max_det: Option<u32>,

    /// Least score of what counts for the confusion matrix of detections
    #[arg(long, value_name = "SCORE", default_value_t = 0.25, value_parser = share)]
    conf: f64,

    /// Spread of each keypoint, separated by commas [default: COCO's 17]
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',', value_parser = positive)]
    sigmas: Option<Vec<f64>>,

    /// Also Pascal VOC's AP (always with VOC .xml as truth)
    #[arg(long)]
    voc: bool,

    /// VOC .xml: corners as they stand, instead of as pixels counted from 1 that belong to the box
    #[arg(long)]
    voc_edges: bool,

    /// Class names of YOLO labels: one a line, or a data.yaml
    #[arg(long, value_name = "FILE")]
    names: Option<PathBuf>,

    /// Every class in the tables
    #[arg(long)]
    per_class: bool,

    /// Write precision-recall curves, confusion matrix and reliability diagram as SVG into this folder
    #[arg(long, value_name = "FOLDER")]
    plots: Option<PathBuf>,

    /// Print JSON instead of tables
    #[arg(long)]
    json: bool,

    /// Measure tracks: MOT Challenge files, or as results a run of vision detect --track --format mot
    #[arg(long, conflicts_with_all = ["iou", "max_det", "sigmas", "voc", "names", "plots", "per_class", "min_ap", "min_top1", "max_cer"])]
    mot: bool,

    /// Least overlap of a match for MOTA and IDF1
    #[arg(long, value_name = "IOU", requires = "mot", default_value_t = 0.5, value_parser = share)]
    mot_iou: f64,

    /// Exit with 3 when AP is below
    #[arg(long, value_name = "AP", value_parser = share)]
    min_ap: Option<f64>,

    /// Exit with 3 when the top-1 accuracy of a classification is below
    #[arg(long, value_name = "ACCURACY", value_parser = share)]
    min_top1: Option<f64>,

    /// Exit with 3 when the character error rate of texts is above
    #[arg(long, value_name = "RATE", value_parser = share)]
    max_cer: Option<f64>,
}

fn command() -> Command {
    let about = "Measure results against truth: COCO and VOC AP, accuracy, text, confusion, calibration";
    let rows = |rows: Vec<(&str, &str)>| -> String {
        rows.iter().map(|(name, about)| format!("  {name:8} {about}\n")).collect()
    };
    let truths = rows(TRUTHS.iter().map(|entry| (entry.name, entry.about)).collect());
    let results = rows(RESULTS.iter().map(|entry| (entry.name, entry.about)).collect());
    let after = format!(
        "Truth:\n{truths}\nResults:\n{results}\n\
         AP needs low scores: run vision detect with --conf 0.001. Pictures are paired by path or file name, classes \
         by name, or by number where the results have no names.\n\n\
         Examples:\n  \
         vision detect val/images --conf 0.001 --no-images --out run && vision eval val/instances.json run\n  \
         vision eval val/Annotations run --plots plots --per-class\n  \
         vision eval labels.csv run --json --min-top1 0.9 > metrics.json\n  \
         vision eval --mot gt.txt run\n\n\
         Exit codes: 0 measured, 1 not measurable, 3 below --min-ap or --min-top1, above --max-cer."
    );
    with_options::<EvalArgs>("eval", about).after_help(after)
}

fn run(matches: &ArgMatches) -> Result<u8> {
    let args = EvalArgs::from_arg_matches(matches).map_err(|e| Error::usage(e.to_string()))?;
    if args.mot {
        return mot(&args);
    }
    let options = Options {
        reading: Reading { names: args.names.clone(), voc_edges: args.voc_edges },
        overlap: args.iou,
        max_det: args.max_det.map(|limit| limit as usize),
        sigmas: args.sigmas.clone(),
        conf: args.conf,
        voc: args.voc,
    };
    let report = crate::eval::run(&args.truth, &args.results, &options)?;
    check_floors(&args, &report)?;
    if let Some(folder) = &args.plots {
        write_plots(folder, &report)?;
    }
    let mut out = io::stdout().lock();
    match args.json {
        true => say_json(&mut out, &report)?,
        false => say(&mut out, &report.text(args.per_class))?,
    }
    Ok(exit_code(&args, &report))
}

fn mot(args: &EvalArgs) -> Result<u8> {
    let truth = read::mot::read(&read::mot::place(&args.truth)?, true)?;
    let found = read::mot::read(&read::mot::place(&args.results)?, false)?;
    let report = evaluate(&truth, found, args.mot_iou)?;
    let mut out = io::stdout().lock();
    match args.json {
        true => say_json(&mut out, &report)?,
        false => say(&mut out, &report.text())?,
    }
    Ok(0)
}

/// A floor for a metric that this evaluation does not have would never be checked.
fn check_floors(args: &EvalArgs, report: &Report) -> Result<()> {
    if args.min_ap.is_some() && report.coco.is_none() {
        return Err(Error::usage("--min-ap: a classification has no AP; give --min-top1"));
    }
    if args.min_top1.is_some() && report.classification.is_none() {
        return Err(Error::usage("--min-top1: detections have no top-1 accuracy; give --min-ap"));
    }
    if args.max_cer.is_some() && report.text.is_none() {
        return Err(Error::usage("--max-cer: only texts have a character error rate"));
    }
    Ok(())
}

/// 3, said on standard error, where a floor is not reached.
fn exit_code(args: &EvalArgs, report: &Report) -> u8 {
    let ap = report.coco.as_ref().and_then(|coco| coco.metrics.get("AP"));
    let top1 = report.classification.as_ref().map(|found| found.top1);
    let mut code = 0;
    for (name, option, floor, value) in
        [("AP", "--min-ap", args.min_ap, ap), ("top-1", "--min-top1", args.min_top1, top1)]
    {
        // AP is not defined without objects: then it did not reach any floor.
        if let Some(floor) = floor.filter(|floor| value.is_none_or(|value| value < *floor)) {
            let value = value.map_or_else(|| "not defined".to_owned(), |value| format!("{value:.4}"));
            let _ = writeln!(io::stderr(), "{name} is {value}; {option} asks for {floor}");
            code = 3;
        }
    }
    let cer = report.text.as_ref().and_then(|text| text.cer);
    if let Some(most) = args.max_cer.filter(|most| cer.is_none_or(|cer| cer > *most)) {
        let value = cer.map_or_else(|| "not defined".to_owned(), |value| format!("{value:.4}"));
        let _ = writeln!(io::stderr(), "CER is {value}; --max-cer asks for {most} at most");
        code = 3;
    }
    code
}

fn write_plots(folder: &Path, report: &Report) -> Result<()> {
    fs::create_dir_all(folder).map_err(|e| Error::write(folder.display(), e))?;
    for (name, svg) in plots::all(report) {
        write_whole(folder, &folder.join(name), svg.as_bytes())?;
    }
    Ok(())
}

fn share(text: &str) -> std::result::Result<f64, String> {
    let value = text.parse::<f64>().ok().filter(|value| (0.0..=1.0).contains(value));
    value.ok_or_else(|| "expected a number from 0 to 1".to_owned())
}

fn positive(text: &str) -> std::result::Result<f64, String> {
    let value = text.parse::<f64>().ok().filter(|value| *value > 0.0 && value.is_finite());
    value.ok_or_else(|| "expected numbers above 0, separated by commas".to_owned())
}
