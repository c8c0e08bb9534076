//! What happened at zones and lines: `events.jsonl`, `events.csv`, `occupancy.csv` and `counts.csv`.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::table::{Table, inert};
use super::{Sink, SinkContext, sequence, spool};
use crate::atomic::AtomicFile;
use crate::error::{Error, Result};
use crate::record::{InputRecord, Record};

pub const EVENT_SCHEMA: &str = "vision.event/1";

const LINES: &str = "events.jsonl";
const EVENTS: [&str; 13] = [
    "id",
    "sequence",
    "frame",
    "seconds",
    "event",
    "place",
    "track",
    "label",
    "direction",
    "stay_frames",
    "stay_seconds",
    "x",
    "y",
];
const OCCUPANCY: [&str; 5] = ["sequence", "frame", "seconds", "zone", "inside"];
const COUNTS: [&str; 9] = [
    "sequence",
    "kind",
    "place",
    "label",
    "in",
    "out",
    "most_inside",
    "mean_stay_seconds",
    "mean_stay_frames",
];

struct Events {
    target: PathBuf,
    lines: AtomicFile,
    events: Table,
    occupancy: Table,
    counts: Table,
    /// Things in each zone, and the most there were, by sequence and name.
    inside: BTreeMap<(String, String), (u64, u64)>,
    totals: BTreeMap<(String, String, String, String), Total>,
}

#[derive(Default)]
struct Total {
    ins: u64,
    outs: u64,
    stays: u64,
    frames: u64,
    seconds: Option<f64>,
}

pub fn open(context: &SinkContext) -> Result<Box<dyn Sink>> {
    let target = context.folder.join(LINES);
    Ok(Box::new(Events {
        lines: AtomicFile::create(context.temporary, &target)?,
        target,
        events: Table::create(context.folder, context.temporary, "events.csv", &EVENTS)?,
        occupancy: Table::create(context.folder, context.temporary, "occupancy.csv", &OCCUPANCY)?,
        counts: Table::create(context.folder, context.temporary, "counts.csv", &COUNTS)?,
        inside: BTreeMap::new(),
        totals: BTreeMap::new(),
    }))
}

/// A cell: text made safe, numbers as they stand, nothing for null.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => inert(text).into_owned(),
        other => other.to_string(),
    }
}

impl Events {
    fn event(
        &mut self,
        record: &Record,
        sequence: &str,
        frame: u64,
        seconds: &Value,
        event: &Value,
    ) -> Result<()> {
        let mut line = json!({
            "schema": EVENT_SCHEMA, "id": record.item.input.id, "sequence": sequence, "frame": frame,
        });
        if !seconds.is_null() {
            line["seconds"] = seconds.clone();
        }
        if let (Some(line), Some(event)) = (line.as_object_mut(), event.as_object()) {
            line.extend(event.clone());
        }
        spool::value(&mut self.lines, &self.target, &line)?;
        self.lines.write_all(b"\n").map_err(|e| Error::write(self.target.display(), e))?;
        let (kind, place) =
            if event["line"].is_null() { ("zone", &event["zone"]) } else { ("line", &event["line"]) };
        let (stay, at) = (&event["stay"], &event["at"]);
        let cells = [
            &line["id"],
            &line["sequence"],
            &line["frame"],
            seconds,
            &event["event"],
            place,
            &event["track"],
            &event["label"],
            &event["direction"],
            &stay["frames"],
            &stay["seconds"],
            &at[0],
            &at[1],
        ];
        let cells = cells.map(cell);
        self.events.row(&cells.each_ref().map(String::as_str))?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let key = (sequence.to_owned(), kind.to_owned(), text(place), text(&event["label"]));
        let total = self.totals.entry(key).or_default();
        let goes_in = event["event"] == "enter" || event["direction"] == "in";
        *(if goes_in { &mut total.ins } else { &mut total.outs }) += 1;
        if let Some(frames) = stay["frames"].as_u64() {
            (total.stays, total.frames) = (total.stays + 1, total.frames + frames);
            total.seconds = stay["seconds"].as_f64().map(|seconds| total.seconds.unwrap_or(0.0) + seconds);
        }
        Ok(())
    }

    /// A row wherever the number of things in a zone changes.
    fn occupied(&mut self, sequence: &str, frame: u64, seconds: &Value, inside: &Value) -> Result<()> {
        for (zone, count) in inside.as_object().into_iter().flatten() {
            let count = count.as_u64().unwrap_or_default();
            let known = self.inside.insert((sequence.to_owned(), zone.clone()), (count, 0));
            let most = known.map_or(0, |(_, most)| most).max(count);
            self.inside.insert((sequence.to_owned(), zone.clone()), (count, most));
            if known.is_none_or(|(before, _)| before != count) {
                let cells = [
                    cell(&json!(sequence)),
                    frame.to_string(),
                    cell(seconds),
                    cell(&json!(zone)),
                    count.to_string(),
                ];
                self.occupancy.row(&cells.each_ref().map(String::as_str))?;
            }
        }
        Ok(())
    }

    fn total(&mut self, key: &(String, String, String, String), total: &Total) -> Result<()> {
        let (sequence, kind, place, label) = key;
        let most = self.inside.get(&(sequence.clone(), place.clone())).filter(|_| kind == "zone");
        let mean = |sum: f64| {
            if total.stays > 0 { json!((sum / total.stays as f64 * 1e3).round() / 1e3) } else { Value::Null }
        };
        let cells = [
            json!(sequence),
            json!(kind),
            json!(place),
            json!(label),
            json!(total.ins),
            json!(total.outs),
            json!(most.map(|(_, most)| most)),
            total.seconds.map_or(Value::Null, mean),
            mean(total.frames as f64),
        ];
        let cells = cells.each_ref().map(cell);
        self.counts.row(&cells.each_ref().map(String::as_str))
    }
}

impl Sink for Events {
    fn item(&mut self, record: &Record) -> Result<()> {
        let Some(told) = record.ext.get("track") else { return Ok(()) };
        let (name, frame) = sequence(record);
        for event in told["events"].as_array().into_iter().flatten() {
            self.event(record, &name, frame, &told["seconds"], event)?;
        }
        self.occupied(&name, frame, &told["seconds"], &told["inside"])
    }

    fn input(&mut self, _: &InputRecord) -> Result<()> {
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Vec<PathBuf>> {
        for (key, total) in std::mem::take(&mut self.totals) {
            self.total(&key, &total)?;
        }
        self.lines.commit()?;
        Ok(vec![LINES.into(), self.events.finish()?, self.occupancy.finish()?, self.counts.finish()?])
    }
}
