//! What is said while a run goes on: a bar on a terminal, a line now and then elsewhere.

use std::collections::HashSet;
use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::input::{Input, Listing};
use crate::pipeline::Watcher;
use crate::record::Failure;
use crate::run::journal::Journal;

const TEMPLATE: &str = "{bar:30} {pos}/{len}  {rate} a second  {eta} left  {msg}";

/// Plain lines come at most this often.
const LINE_EVERY: Duration = Duration::from_secs(10);

pub struct Progress {
    quiet: bool,
    bar: ProgressBar,
    total: u64,
    done: AtomicU64,
    failed: AtomicU64,
    fresh: AtomicU64,
    /// Frames of the videos begun: done, and all.
    frames: AtomicU64,
    of_videos: AtomicU64,
    begun: Mutex<Instant>,
    /// What failed in the walk before this one, and was said.
    said: Mutex<HashSet<String>>,
    last_line: Mutex<Instant>,
}

impl Progress {
    pub fn new(quiet: bool, total: usize) -> Self {
        let terminal = std::io::stderr().is_terminal() && !quiet;
        let target = if terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(total as u64), target);
        // The template is ours; if it were wrong the default style would show.
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            let rate = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                // Writing into the bar's own text does not fail.
                let _ = write!(out, "{:.1}", state.per_sec());
            };
            bar.set_style(style.with_key("rate", rate));
        }
        let now = Instant::now();
        Self {
            quiet,
            bar,
            total: total as u64,
            done: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            fresh: AtomicU64::new(0),
            frames: AtomicU64::new(0),
            of_videos: AtomicU64::new(0),
            begun: Mutex::new(now),
            said: Mutex::default(),
            last_line: Mutex::new(now),
        }
    }

    /// A line for people, above the bar.
    pub fn note(&self, line: &str) {
        if !self.quiet {
            self.bar.suspend(|| say(format_args!("{line}")));
        }
    }

    /// Says how the list of inputs differs from the one that the folder knows.
    pub fn changed_list(&self, journal: &Journal, listing: &Listing) {
        let ids: HashSet<&str> = listing.inputs.iter().map(|i| i.identity.id.as_str()).collect();
        if journal.inputs() == 0 {
            return;
        }
        let gone = journal.ids().iter().filter(|id| !ids.contains(id.as_str())).count();
        let (mut new, mut changed) = (0, 0);
        for input in listing.inputs.iter().filter(|input| input.failure.is_none()) {
            match journal.input(&input.identity.id) {
                None => new += 1,
                Some(known) if Some(known.stat) != input.stat => changed += 1,
                Some(_) => {}
            }
        }
        self.note(&format!(
            "continuing: {} inputs, {new} new or unfinished, {changed} changed, {gone} of the former list not among them",
            listing.inputs.len()
        ));
    }

    pub fn fresh(&self) -> u64 {
        self.fresh.load(Ordering::Relaxed)
    }

    /// All inputs are gone through once more; `line` says why.
    pub fn again(&self, line: &str) {
        self.note(line);
        self.bar.reset();
        self.done.store(0, Ordering::Relaxed);
        self.failed.store(0, Ordering::Relaxed);
        self.frames.store(0, Ordering::Relaxed);
        self.of_videos.store(0, Ordering::Relaxed);
        if let Ok(mut begun) = self.begun.lock() {
            *begun = Instant::now();
        }
    }

    fn elapsed(&self) -> Duration {
        self.begun.lock().map_or(Duration::ZERO, |begun| begun.elapsed())
    }

    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// Whether it is time for a plain line again.
    fn due(&self) -> bool {
        if self.quiet || !self.bar.is_hidden() {
            return false;
        }
        let Ok(mut last) = self.last_line.lock() else { return false };
        let due = last.elapsed() >= LINE_EVERY;
        if due {
            *last = Instant::now();
        }
        due
    }

    fn line(&self, done: u64) {
        if !self.due() {
            return;
        }
        let rate = done as f64 / self.elapsed().as_secs_f64();
        let left =
            Duration::from_secs_f64(((self.total - done.min(self.total)) as f64 / rate.max(1e-9)).min(1e9));
        let left = humantime::format_duration(Duration::from_secs(left.as_secs()));
        match self.in_frames() {
            Some(frames) => say(format_args!("{done} of {} inputs, {frames}", self.total)),
            None => {
                say(format_args!("{done} of {} inputs, {rate:.1} a second, about {left} left", self.total))
            }
        }
    }

    /// How far the videos begun are, where there are some: inputs say little then.
    fn in_frames(&self) -> Option<String> {
        let (done, all) = (self.frames.load(Ordering::Relaxed), self.of_videos.load(Ordering::Relaxed));
        let rate = done as f64 / self.elapsed().as_secs_f64();
        let left = (all.saturating_sub(done) as f64 / rate.max(1e-9)).min(1e9);
        let left = humantime::format_duration(Duration::from_secs(left as u64));
        (all > 0).then(|| format!("{done} of {all} frames of videos, {rate:.1} a second, about {left} left"))
    }
}

/// A line on standard error; one that is gone (terminal closed, reader of a pipe ended) is no reason to
/// stop, and `eprintln!` would panic.
fn say(line: std::fmt::Arguments) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

impl Watcher for Progress {
    fn closed(&self, _: &Input, failure: Option<&Failure>) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some(failure) = failure {
            let failed = self.failed.fetch_add(1, Ordering::Relaxed) + 1;
            // Failures are errors: they are said even with --quiet, and once.
            if self.said.lock().is_ok_and(|mut said| said.insert(failure.message.clone())) {
                self.bar.suspend(|| say(format_args!("failed: {}", failure.message)));
            }
            self.bar.set_message(format!("{failed} failed"));
        }
        self.bar.inc(1);
        self.line(done);
    }

    fn frame(&self, fresh: bool, video: bool) {
        self.fresh.fetch_add(u64::from(fresh), Ordering::Relaxed);
        self.frames.fetch_add(u64::from(video), Ordering::Relaxed);
        if let Some(frames) = self.in_frames() {
            self.bar.set_message(frames);
            self.line(self.done.load(Ordering::Relaxed));
        }
        self.bar.tick();
    }

    fn looks(&self, done: u32, whole: u32) {
        let words = format!("{done} of {whole} looks at a picture");
        if self.due() {
            say(format_args!("{} of {} inputs, {words}", self.done.load(Ordering::Relaxed), self.total));
        }
        self.bar.set_message(words);
        self.bar.tick();
    }

    fn video(&self, frames: usize) {
        self.of_videos.fetch_add(frames as u64, Ordering::Relaxed);
    }

    fn note(&self, line: &str) {
        Self::note(self, line);
    }
}
