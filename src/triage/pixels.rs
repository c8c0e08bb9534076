//! Text in pictures, read by the models of `vision ocr` where they are there.

use std::path::PathBuf;

use crate::error::{Error, Result};
use crate::options::OcrOptions;
use crate::perform::{Options, perform};
use crate::pipeline::control::Control;
use crate::record::Record;
use crate::triage::private::Private;

/// What is written in each of the pictures. The run that reads them has its folder in `private/`.
///
/// # Errors
/// Where the models are missing, or a picture cannot be read.
pub fn read<S: clap::Args>(
    pictures: &[PathBuf],
    private: &Private,
    triage: &Options<S>,
) -> Result<Vec<(PathBuf, String)>> {
    let mut options =
        Options::<OcrOptions>::with_defaults(pictures.iter().map(|picture| picture.clone().into()))?;
    options.run.out = private.folder().join("pixels");
    (options.run.force, options.run.quiet, options.run.offline) = (true, true, true);
    options.output.no_images = true;
    options.model.device = triage.model.device.clone();
    options.model.runtime.clone_from(&triage.model.runtime);
    (options.input.max_pixels, options.input.max_bytes) = (triage.input.max_pixels, triage.input.max_bytes);
    options.input.deadline.clone_from(&triage.input.deadline);
    let report = perform("ocr", &options, &mut std::io::empty(), &Control::default(), None)?;
    if report.summary.failed + report.summary.partial > 0 {
        return Err(Error::new(crate::Kind::Corrupt, "a picture cannot be read"));
    }
    let results = options.run.out.join("results.jsonl");
    let text = std::fs::read_to_string(&results).map_err(|e| Error::read("private/pixels", e))?;
    let mut texts: Vec<(PathBuf, String)> =
        pictures.iter().map(|path| (path.clone(), String::new())).collect();
    for line in text.lines() {
        let Ok(record) = serde_json::from_str::<Record>(line) else { continue };
        let lines = record.prediction.as_ref().map_or(&[][..], |prediction| prediction.lines());
        // Pictures that lie below each other's folders may share the end of a path; both are named then.
        let own = texts.iter_mut().filter(|(picture, _)| picture.ends_with(&record.item.input.path));
        own.for_each(|(_, text)| lines.iter().for_each(|line| *text += &format!("{}\n", line.text)));
    }
    Ok(texts)
}
