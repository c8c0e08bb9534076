//! Watching streams: each frame observed, decided, written and shown before the next is fetched.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::addresses;
use super::lines::Out;
use super::seen::Seen;
use crate::draw::{Overlay, Style, annotate_sequence};
use crate::engine::Infer;
use crate::error::{FaultOf, Kind, Result};
use crate::frame::{Attributes, Frame, Origin, Part};
use crate::live::follow::Followed;
use crate::live::source::Reading;
use crate::live::view::View;
use crate::live::{Address, Arrived, Mailbox, Source, Told};
use crate::observation::Observed;
use crate::options::seconds;
use crate::perform::Options;
use crate::perform::progress::Progress;
use crate::perform::setup::{Prepared, Selection};
use crate::pipeline::companion::caught;
use crate::pipeline::control::Control;
use crate::policy::{Fold, Policy};
use crate::prediction::Prediction;
use crate::record::{Failure, ITEM_SCHEMA, ItemId, Record};
use crate::sink::events::EVENT_SCHEMA;

/// How often it is looked whether the run is to end.
const TICK: Duration = Duration::from_millis(100);
/// How often it is said how streams go.
const SAY_EVERY: Duration = Duration::from_secs(10);

pub(super) struct Live<'a> {
    pub prepared: &'a Prepared,
    pub infer: Box<dyn Infer>,
    pub out: Out,
    pub folds: Vec<&'a mut dyn Fold>,
    pub view: Option<View>,
    pub streams: Vec<Seen>,
}

impl Live<'_> {
    pub fn watch<S: Selection>(
        &mut self,
        options: &Options<S>,
        control: &Control,
        begun: Instant,
        progress: &Progress,
    ) -> Result<Vec<PathBuf>> {
        let lasting = options.stream.lasting.as_deref().map(seconds).transpose()?;
        let end = lasting.and_then(|lasting| Instant::now().checked_add(lasting));
        let reading = Reading {
            most: options.input.max_pixels,
            retries: options.stream.retries,
            fps: options.video.fps,
            every: options.video.every.unwrap_or(1),
        };
        let mailbox = Arc::new(Mailbox::new(self.streams.len()));
        let (sender, told) = channel();
        let addresses = addresses(options)?;
        let open = |stream: (usize, Address)| {
            Source::open(stream, reading.clone(), begun, Arc::clone(&mailbox), sender.clone())
        };
        let sources = addresses.into_iter().enumerate().map(open).collect::<Result<Vec<_>>>()?;
        let mut said = Instant::now();
        while control.stopped().is_none() && end.is_none_or(|end| Instant::now() < end) && !mailbox.is_over()
        {
            while let Ok((stream, told)) = told.try_recv() {
                progress.note(&self.heard(stream, told));
            }
            sources.iter().for_each(Source::watch);
            if let Some((stream, arrived)) = mailbox.next(TICK) {
                self.frame(stream, arrived)?;
            }
            if said.elapsed() > SAY_EVERY {
                said = Instant::now();
                (0..self.streams.len())
                    .for_each(|n| progress.note(&self.streams[n].going(mailbox.counts(n), begun)));
            }
        }
        drop(sources);
        while let Ok((stream, told)) = told.try_recv() {
            progress.note(&self.heard(stream, told));
        }
        for number in 0..self.streams.len() {
            self.streams[number].counts = mailbox.counts(number);
            self.close(number)?;
        }
        self.out.finish()
    }

    /// Keeps what was told of a stream, and puts it into words.
    fn heard(&mut self, stream: usize, told: Told) -> String {
        let stream = &mut self.streams[stream];
        match told {
            Told::Connected { connection } => {
                stream.connections += 1;
                let again = if connection == 0 { "" } else { " again" };
                format!("{}: connected{again}", stream.shown)
            }
            Told::Lost { why, again } => {
                let words = format!("{}: {why}; tried again in {:.1} s", stream.shown, again.as_secs_f64());
                stream.lost = Some(why);
                words
            }
            Told::GaveUp { why } => {
                stream.gave_up = true;
                let words = format!("{}: {why}; given up", stream.shown);
                stream.lost = Some(why);
                words
            }
        }
    }

    fn frame(&mut self, number: usize, arrived: Arrived) -> Result<()> {
        let prepared = self.prepared;
        let stream = &mut self.streams[number];
        let micros = i64::try_from(arrived.since.as_micros()).unwrap_or(i64::MAX);
        let (width, height) = arrived.pixels.dimensions();
        let size = [width, height];
        let frame = Frame {
            size,
            pixels: arrived.pixels,
            full: None,
            part: Some(Part::Frame { n: arrived.n, pts: micros, time_base: [1, 1_000_000] }),
            origin: Origin { format: stream.format.to_owned(), lossless: false, orientation: 1 },
            icc: None,
            warnings: Vec::new(),
            attributes: Attributes::default(),
            values: None,
        };
        let seen = caught(|| prepared.family.observe(&frame, self.infer.as_ref()));
        let mut record = Record {
            schema: ITEM_SCHEMA.into(),
            item: ItemId { input: stream.identity.record(None), part: frame.part.clone() },
            size,
            orientation: 1,
            prediction: None,
            warnings: Vec::new(),
            error: None,
            decision: None,
            ext: serde_json::Map::new(),
        };
        let at = humantime::format_rfc3339_millis(arrived.at).to_string();
        record.ext.insert("live".to_owned(), json!({ "at": at, "dropped": arrived.dropped }));
        let (mut overlay, mut events) = (Overlay::default(), Vec::new());
        match seen {
            Ok((observation, warnings)) => {
                stream.items += 1;
                record.warnings.clone_from(&warnings);
                let (part, origin) = (frame.part.clone(), frame.origin.clone());
                let observed = Observed { part, size, origin, warnings, observation };
                let seconds = micros as f64 / 1e6;
                let prediction;
                (prediction, overlay, events) =
                    decide(prepared, stream, &observed, (arrived.n, seconds), &mut record);
                record.prediction = Some(prediction);
            }
            Err(error)
                if error.kind == Kind::ModelOutput
                    || matches!(error.fault_of(), FaultOf::Bug | FaultOf::Input) =>
            {
                stream.failed += 1;
                record.error = Some(Failure::from(&error));
            }
            Err(error) => return Err(error),
        }
        self.write(number, &mut record, events)?;
        match (&self.view, &record.prediction) {
            (Some(view), Some(prediction)) if view.is_watched() => {
                let mut picture = frame.pixels;
                annotate_sequence(&mut picture, prediction, &overlay, &Style::default());
                view.show(number, &picture)
            }
            _ => Ok(()),
        }
    }

    fn write(&mut self, number: usize, record: &mut Record, events: Vec<(u32, f64, Value)>) -> Result<()> {
        for fold in &mut self.folds {
            fold.record(record);
        }
        self.out.results.write(record)?;
        for sink in &mut self.out.sinks {
            sink.item(record)?;
        }
        self.tell(number, events)
    }

    /// Events as lines.
    fn tell(&mut self, number: usize, events: Vec<(u32, f64, Value)>) -> Result<()> {
        let (identity, shown) = (&self.streams[number].identity, &self.streams[number].shown);
        let Some(lines) = &mut self.out.events else { return Ok(()) };
        for (frame, seconds, event) in events {
            let mut line = json!({
                "schema": EVENT_SCHEMA, "id": identity.id, "sequence": shown, "frame": frame,
                "seconds": seconds,
            });
            if let (Some(line), Value::Object(event)) = (line.as_object_mut(), event) {
                line.extend(event);
            }
            lines.write(&line)?;
        }
        Ok(())
    }

    fn close(&mut self, number: usize) -> Result<()> {
        let labels = self.prepared.policy.labels();
        let last = self.streams[number].follow.as_mut().map(|follow| follow.finish(labels));
        self.tell(number, last.unwrap_or_default())?;
        let closing = self.streams[number].closing();
        for fold in &mut self.folds {
            fold.input(&closing);
        }
        self.out.results.write(&closing)?;
        self.out.sinks.iter_mut().try_for_each(|sink| sink.input(&closing))
    }
}

/// What a frame shows, what is drawn with it, and what happened.
fn decide(
    prepared: &Prepared,
    stream: &mut Seen,
    observed: &Observed,
    (n, seconds): (u32, f64),
    record: &mut Record,
) -> (Prediction, Overlay, Vec<(u32, f64, Value)>) {
    let policy: &dyn Policy = prepared.policy.as_ref();
    let prediction = policy.decide(observed);
    let Some((follow, tracking)) = stream.follow.as_mut().zip(prepared.tracking.as_ref()) else {
        return (prediction, Overlay::default(), Vec::new());
    };
    let found = policy.tracked(observed, tracking.settings.low as f32);
    let Followed { instances, overlay, events, inside } =
        follow.frame((n, seconds), observed.size, found, policy.labels());
    let mut told = json!({ "sequence": stream.shown, "frame": n, "seconds": seconds });
    if let Some(inside) = inside {
        told["events"] = events.iter().map(|(_, _, event)| event.clone()).collect();
        told["inside"] = inside;
    }
    record.ext.insert("track".to_owned(), told);
    (prediction.with_instances(instances), overlay, events)
}
