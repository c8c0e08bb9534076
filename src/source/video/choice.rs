//! Which frames of a video are looked at: a span of time, every n-th, so many a second, key frames.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Timeline;
use crate::error::{Error, Result};

/// What `--from`, `--to`, `--every`, `--fps` and `--keyframes` come to. Times are counted from the first frame.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// Seconds.
    pub from: Option<f64>,
    /// Seconds; the frame at this time is the first left out.
    pub to: Option<f64>,
    pub every: Option<u32>,
    /// Frames a second at most.
    pub fps: Option<f64>,
    pub keyframes: bool,
}

impl std::fmt::Display for Choice {
    /// In words that differ where the choice does; none for all frames.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { from, to, every, fps, keyframes } = self;
        from.map_or(Ok(()), |from| write!(f, "from {from}s "))?;
        to.map_or(Ok(()), |to| write!(f, "to {to}s "))?;
        every.map_or(Ok(()), |every| write!(f, "every {every} "))?;
        fps.map_or(Ok(()), |fps| write!(f, "{fps} a second "))?;
        if *keyframes { write!(f, "key frames") } else { Ok(()) }
    }
}

impl Choice {
    /// Numbers of the chosen frames, rising.
    pub fn frames(&self, timeline: &Timeline) -> Vec<u32> {
        let (mut counted, mut cell) = (0_u32, None);
        let wanted = |n: &usize| {
            let seconds = timeline.seconds(*n);
            let outside =
                self.from.is_some_and(|from| seconds < from) || self.to.is_some_and(|to| seconds >= to);
            if outside || (self.keyframes && !timeline.ticks[*n].key) {
                return false;
            }
            counted += 1;
            if self.every.is_some_and(|every| !(counted - 1).is_multiple_of(every.max(1))) {
                return false;
            }
            // The first frame in each cell of 1/fps seconds. What rounding does to times such as 1/30 is less
            // than a millionth of a cell.
            let own = self.fps.map(|fps| ((seconds - self.from.unwrap_or(0.0)) * fps + 1e-6).floor() as i64);
            let again = own.is_some() && own == cell;
            cell = own;
            !again
        };
        (0..timeline.ticks.len()).filter(wanted).filter_map(|n| u32::try_from(n).ok()).collect()
    }
}

/// Seconds of `90`, `12.5`, `1:30`, `1:02:03.5`, `90s` or `1min 30s`.
///
/// # Errors
/// `Usage` for anything else.
pub fn seconds(option: &str, text: &str) -> Result<f64> {
    let wrong =
        || Error::usage(format!("{option} {text}: not a time; examples: 12.5, 1:30, 1:02:03, 90s, 2min"));
    let found = match humantime::parse_duration(text).map(|duration: Duration| duration.as_secs_f64()) {
        Ok(seconds) => Some(seconds),
        Err(_) => {
            let parts = text.split(':').map(|part| part.trim().parse::<f64>().ok());
            let parts = parts.collect::<Option<Vec<f64>>>().filter(|parts| parts.len() <= 3);
            parts.map(|parts| parts.iter().fold(0.0, |sum, part| sum * 60.0 + part))
        }
    };
    found.filter(|seconds| seconds.is_finite() && *seconds >= 0.0).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::video::timeline::tests::timeline;

    #[test]
    fn frames_are_chosen_by_time_and_number() {
        // Ten frames, a tenth of a second each, then one late; key frames at multiples of 0.4 s.
        let line = timeline(&[0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1600]);
        let chosen = |choice: Choice| choice.frames(&line);
        let all = Choice::default();
        assert_eq!(chosen(all.clone()), (0..11).collect::<Vec<_>>());
        assert_eq!(chosen(Choice { from: Some(0.3), to: Some(0.6), ..all.clone() }), [3, 4, 5]);
        assert_eq!(chosen(Choice { every: Some(4), ..all.clone() }), [0, 4, 8]);
        assert_eq!(chosen(Choice { from: Some(0.1), every: Some(4), ..all.clone() }), [1, 5, 9]);
        assert_eq!(chosen(Choice { fps: Some(5.0), ..all.clone() }), [0, 2, 4, 6, 8, 10]);
        assert_eq!(chosen(Choice { fps: Some(1000.0), ..all.clone() }).len(), 11);
        assert_eq!(chosen(Choice { keyframes: true, ..all.clone() }), [0, 4, 8, 10]);
        assert_eq!(chosen(Choice { from: Some(9.0), ..all }), Vec::<u32>::new());
    }

    #[test]
    fn times_are_read() {
        for (text, expected) in [
            ("90", 90.0),
            ("12.5", 12.5),
            ("1:30", 90.0),
            ("1:02:03.5", 3723.5),
            ("90s", 90.0),
            ("1min 30s", 90.0),
        ] {
            assert_eq!(seconds("--from", text).ok(), Some(expected), "{text}");
        }
        assert!(["", "x", "-1", "1:2:3:4", "inf", "nan"].iter().all(|text| seconds("--from", text).is_err()));
    }

    #[test]
    fn words_differ_where_choices_do() {
        assert_eq!(Choice::default().to_string(), "");
        let choice = Choice { from: Some(1.5), every: Some(2), keyframes: true, ..Choice::default() };
        assert_eq!(choice.to_string(), "from 1.5s every 2 key frames");
    }
}
