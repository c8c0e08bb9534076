//! A video's timeline: which frames there are and when each is shown, by the list of its packets.

use std::path::Path;

use super::Container;
use crate::error::{Error, Kind, Result};
use crate::ffmpeg::probe::{self, Packet, Stream};

/// A frame as the container lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tick {
    /// When it is shown by the file, in units of the time base. Times repeat where recordings were joined.
    pub pts: i64,
    /// The same on a clock that goes on where recordings were joined.
    pub time: i64,
    /// Whether it can be decoded without others.
    pub key: bool,
}

/// What is known of a video before a frame is decoded.
#[derive(Debug, Clone)]
pub struct Timeline {
    /// Numerator and denominator of a second.
    pub time_base: [u32; 2],
    /// When the first stream of the file begins, sound included; seconds.
    pub start: f64,
    /// In the order in which they are shown.
    pub ticks: Vec<Tick>,
    /// Where recordings that were joined end: numbers of the first frames behind them, the last being the number of
    /// frames.
    pub ends: Vec<usize>,
    /// Whether the times are those of showing; some files (AVI) only have those of decoding.
    pub timed: bool,
    /// The stream that is read.
    pub stream: Stream,
    /// Whether it is the first one that is a picture of any kind, which OpenCV reads.
    pub is_first: bool,
    /// Whether the file describes the stream more than once.
    pub changes: bool,
    /// EXIF's number for how stored frames are turned to be shown.
    pub orientation: u8,
    /// Why not all of the file is there.
    pub cut_off: Option<String>,
    /// The codec of the sound, where there is some.
    pub audio: Option<String>,
}

impl Timeline {
    /// Asks ffprobe. `name` is how messages call the file.
    ///
    /// # Errors
    /// `Tool` without ffprobe, `Unsupported` without a film in it, `Corrupt` or `Truncated` without a frame.
    pub fn read(name: &str, file: &Path, container: Container) -> Result<Self> {
        let (streams, start) = probe::streams(name, file, container.demuxer())?;
        let is_film = |stream: &&Stream| stream.codec_type == "video" && stream.disposition.attached_pic == 0;
        let Some(stream) = streams.iter().find(is_film) else {
            let message = format!("{name}: it holds no video, only {}", in_words(&streams));
            return Err(Error::new(Kind::Unsupported, message));
        };
        let (packets, cut_off) = probe::packets(name, file, container.demuxer(), stream.index)?;
        let (ticks, ends, timed) = ticks(&packets);
        if ticks.is_empty() {
            let kind = if cut_off.is_some() { Kind::Truncated } else { Kind::Corrupt };
            return Err(Error::new(kind, format!("{name}: its video has no frames")));
        }
        let wrong = || Error::new(Kind::Corrupt, format!("{name}: its time base is {}", stream.time_base));
        let time_base = ratio(&stream.time_base).ok_or_else(wrong)?;
        // MP4's index lists every frame; what other containers have in their heads is an estimate.
        let listed = stream.nb_frames.as_deref().filter(|_| container == Container::Mp4);
        let listed = listed.and_then(|n| n.parse::<usize>().ok());
        let short = listed.filter(|listed| *listed > packets.len());
        let short =
            short.map(|listed| format!("its index lists {listed} frames, {} are there", packets.len()));
        let matrix = stream.side_data_list.iter().find_map(|data| data.displaymatrix.as_deref());
        let first = streams.iter().find(|stream| stream.codec_type == "video");
        let audio = streams.iter().find(|stream| stream.codec_type == "audio");
        Ok(Self {
            time_base,
            start,
            ticks,
            ends,
            timed,
            is_first: first.is_some_and(|first| first.index == stream.index),
            changes: packets.iter().any(|packet| packet.anew),
            orientation: matrix.map_or(1, orientation),
            cut_off: short.or(cut_off),
            audio: audio.map(|stream| stream.codec_name.clone()),
            stream: stream.clone(),
        })
    }

    /// Width and height as stored.
    pub fn size(&self) -> [u32; 2] {
        [self.stream.width, self.stream.height]
    }

    /// Seconds from the first frame to frame `n`.
    pub fn seconds(&self, n: usize) -> f64 {
        let time = |n: usize| self.ticks.get(n).map_or(0, |tick| tick.time);
        let [numerator, denominator] = self.time_base.map(f64::from);
        (time(n) - time(0)) as f64 * numerator / denominator
    }

    /// The frame that the decoder means by `pts`, when frame `at` is the next in turn. Frames between are those
    /// it left out.
    ///
    /// A time that no frame from `at` on has is not believed: OpenCV gives the time of decoding where that of
    /// showing is 0.
    pub fn find(&self, at: usize, pts: Option<i64>) -> usize {
        let Some(pts) = pts.filter(|_| self.timed) else { return at };
        let mut from = at;
        for end in self.ends.iter().copied().filter(|end| *end > at) {
            let rest = self.ticks.get(from..end).unwrap_or_default();
            let ahead = rest.partition_point(|tick| tick.pts < pts);
            if rest.get(ahead).is_some_and(|tick| tick.pts == pts) {
                return from + ahead;
            }
            from = end;
        }
        at
    }
}

/// Frames in the order of showing, where joined recordings end, and whether the times are those of showing.
///
/// Times of decoding never go back within a recording: where they do, another one was joined to it (`cat a.ts b.ts`,
/// a camera that began anew). Each is in order by itself, and goes on where the one before ended.
fn ticks(packets: &[Packet]) -> (Vec<Tick>, Vec<usize>, bool) {
    let shown = packets.iter().filter(|packet| !packet.hidden);
    let timed = shown.clone().all(|packet| packet.pts.is_some());
    let (mut last, mut decoded) = (-1, i64::MIN);
    let (mut ticks, mut ends) = (Vec::new(), Vec::new());
    for packet in shown {
        let time = if timed { packet.pts } else { packet.dts };
        // A packet without any time follows the one before it.
        last = time.unwrap_or(last + 1);
        if packet.dts.is_some_and(|dts| dts < decoded) {
            ends.push(ticks.len());
        }
        decoded = packet.dts.unwrap_or(decoded);
        ticks.push(Tick { pts: last, time: last, key: packet.key });
    }
    ends.push(ticks.len());
    let mut from = 0;
    for end in &ends {
        ticks[from..*end].sort_by_key(|tick| tick.pts);
        go_on(&mut ticks[..*end], from);
        from = *end;
    }
    (ticks, ends, timed)
}

/// Moves the times from `from` on behind those before, where they are not: the first follows the last as that followed
/// its own predecessor.
fn go_on(ticks: &mut [Tick], from: usize) {
    let (before, own) = ticks.split_at_mut(from);
    let [.., last] = before else { return };
    let (last, step) = match before {
        [.., a, b] => (b.time, (b.time - a.time).max(1)),
        _ => (last.time, 1),
    };
    let Some(first) = own.first().map(|tick| tick.pts).filter(|first| *first <= last) else { return };
    let shift = last.saturating_add(step).saturating_sub(first);
    own.iter_mut().for_each(|tick| tick.time = tick.time.saturating_add(shift));
}

/// `1/12800`, both parts at least 1.
fn ratio(text: &str) -> Option<[u32; 2]> {
    let (numerator, denominator) = text.split_once('/')?;
    let ratio = [numerator.parse().ok()?, denominator.parse().ok()?];
    (ratio[0] > 0 && ratio[1] > 0).then_some(ratio)
}

/// The EXIF orientation of a transformation matrix (ISO/IEC 14496-12, 6.2.2) as ffprobe prints it: a stored point
/// (x, y) is shown at (a x + c y, b x + d y). Anything but quarter turns and mirrors is left alone.
fn orientation(matrix: &str) -> u8 {
    let rows = matrix.lines().filter_map(|line| line.split_once(':'));
    let numbers: Vec<i64> =
        rows.flat_map(|(_, row)| row.split_whitespace()).filter_map(|number| number.parse().ok()).collect();
    let &[a, b, _, c, d, ..] = numbers.as_slice() else { return 1 };
    match [a, b, c, d].map(i64::signum) {
        [-1, 0, 0, 1] => 2,
        [-1, 0, 0, -1] => 3,
        [1, 0, 0, -1] => 4,
        [0, 1, 1, 0] => 5,
        [0, 1, -1, 0] => 6,
        [0, -1, -1, 0] => 7,
        [0, -1, 1, 0] => 8,
        _ => 1,
    }
}

fn in_words(streams: &[Stream]) -> String {
    let mut kinds: Vec<String> =
        streams.iter().map(|s| format!("{} ({})", s.codec_type, s.codec_name)).collect();
    kinds.dedup();
    kinds.join(", ")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn timeline(pts: &[i64]) -> Timeline {
        Timeline {
            time_base: [1, 1000],
            start: 0.0,
            ticks: pts.iter().map(|pts| Tick { pts: *pts, time: *pts, key: pts % 400 == 0 }).collect(),
            ends: vec![pts.len()],
            timed: true,
            stream: Stream::default(),
            is_first: true,
            changes: false,
            orientation: 1,
            cut_off: None,
            audio: None,
        }
    }

    fn packet(pts: Option<i64>, dts: i64, hidden: bool) -> Packet {
        Packet { pts, dts: Some(dts), key: false, hidden, anew: false }
    }

    #[test]
    fn frames_come_in_the_order_of_showing_without_the_hidden_ones() {
        // Decoding order I P B B, before them two that an edit list cuts off.
        let packets = [(-80, true), (-40, true), (0, false), (120, false), (40, false), (80, false)];
        let packets: Vec<Packet> = packets
            .iter()
            .enumerate()
            .map(|(n, (pts, hidden))| packet(Some(*pts), n as i64, *hidden))
            .collect();
        let (found, ends, timed) = ticks(&packets);
        assert_eq!(found.iter().map(|tick| tick.pts).collect::<Vec<_>>(), [0, 40, 80, 120]);
        assert!(timed && ends == [4]);
    }

    #[test]
    fn without_times_of_showing_the_order_of_decoding_counts() {
        let (found, _, timed) =
            ticks(&[packet(None, 0, false), packet(Some(9), 1, false), packet(None, 2, false)]);
        assert_eq!(found.iter().map(|tick| tick.pts).collect::<Vec<_>>(), [0, 1, 2]);
        assert!(!timed);
    }

    #[test]
    fn joined_recordings_follow_one_another() {
        // Twice I P B B with the same times.
        let one = [(10, 0), (40, 10), (20, 20), (30, 30)];
        let packets: Vec<Packet> =
            one.iter().chain(&one).map(|(pts, dts)| packet(Some(*pts), *dts, false)).collect();
        let (found, ends, timed) = ticks(&packets);
        assert_eq!(found.iter().map(|tick| tick.pts).collect::<Vec<_>>(), [10, 20, 30, 40, 10, 20, 30, 40]);
        assert_eq!(found.iter().map(|tick| tick.time).collect::<Vec<_>>(), [10, 20, 30, 40, 50, 60, 70, 80]);
        let line = Timeline { ticks: found, ends, timed, ..timeline(&[]) };
        let places: Vec<usize> = [10, 20, 40, 10, 20, 30, 40]
            .iter()
            .scan(0, |at, pts| {
                let found = line.find(*at, Some(*pts));
                *at = found + 1;
                Some(found)
            })
            .collect();
        assert_eq!(places, [0, 1, 3, 4, 5, 6, 7], "the third of the first was left out");
        assert_eq!(line.seconds(7), 0.07);
    }

    #[test]
    fn decoded_frames_find_their_place() {
        let line = timeline(&[0, 33, 67, 100, 400]);
        assert_eq!(line.find(0, Some(0)), 0);
        assert_eq!(line.find(1, Some(100)), 3, "two were left out");
        assert_eq!(line.find(2, Some(50)), 2, "a time that no frame has");
        assert_eq!(line.find(2, Some(0)), 2, "a time that is over");
        assert_eq!(line.find(4, None), 4);
        assert_eq!(line.seconds(4), 0.4);
    }

    #[test]
    fn matrices_are_orientations() {
        let text = |[a, b, c, d]: [i32; 4]| {
            let one = 65536;
            format!(
                "\n00000000: {:11} {:11} 0\n00000001: {:11} {:11} 0\n00000002: 0 31457280 1073741824\n",
                a * one,
                b * one,
                c * one,
                d * one
            )
        };
        // What a phone held upright writes: shown turned by 90 degrees clockwise, EXIF's 6.
        assert_eq!(orientation(&text([0, 1, -1, 0])), 6);
        assert_eq!(orientation(&text([0, -1, 1, 0])), 8);
        assert_eq!(orientation(&text([-1, 0, 0, -1])), 3);
        assert_eq!(orientation(&text([-1, 0, 0, 1])), 2);
        assert_eq!(orientation(&text([1, 0, 0, 1])), 1);
        assert_eq!(orientation("rubbish"), 1);
    }

    #[test]
    fn ratios_are_not_zero() {
        assert_eq!(ratio("1001/30000"), Some([1001, 30000]));
        assert!(["0/1", "1/0", "x", "1"].iter().all(|text| ratio(text).is_none()));
    }
}
