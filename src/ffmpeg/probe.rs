//! What ffprobe says of a video: its streams, and the list of its packets, which is its timeline.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use serde::Deserialize;

use super::{input, missing, program, reason};
use crate::error::{Error, Kind, Result};

/// Bytes of the description of streams that are read; a real one has a few kilobytes.
const MAX_DESCRIPTION: u64 = 4 << 20;
/// Frames of a video at most: 44 hours at 25 a second. Each takes some 200 bytes until the video is closed: its place in
/// the timeline and in the list of what became of it.
pub const MAX_FRAMES: usize = 4_000_000;
/// What ffprobe says where a file ends before its content does (libavformat's mov.c, matroskadec.c, and others).
const CUT_OFF: &[&str] = &["partial file", "ended prematurely", "Truncat", "truncated"];

/// One packet of the video stream, which gives one frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet {
    pub pts: Option<i64>,
    pub dts: Option<i64>,
    pub key: bool,
    /// Decoded, but outside what the file wants shown (an edit list).
    pub hidden: bool,
    /// Whether it begins another description of the stream (a second entry of an MP4's sample descriptions).
    pub anew: bool,
}

/// A stream as ffprobe describes it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Stream {
    pub index: u32,
    pub codec_name: String,
    pub codec_type: String,
    pub width: u32,
    pub height: u32,
    pub time_base: String,
    pub start_pts: Option<i64>,
    pub nb_frames: Option<String>,
    pub sample_aspect_ratio: Option<String>,
    pub color_range: Option<String>,
    pub color_space: Option<String>,
    pub color_transfer: Option<String>,
    pub color_primaries: Option<String>,
    pub disposition: Disposition,
    pub side_data_list: Vec<SideData>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Disposition {
    /// A cover, not a film.
    pub attached_pic: u8,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct SideData {
    /// Nine numbers of ISO/IEC 14496-12's transformation matrix, as text in three numbered lines.
    pub displaymatrix: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Description {
    streams: Vec<Stream>,
    format: Whole,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Whole {
    start_time: Option<String>,
}

/// Whether ffprobe is there.
///
/// # Errors
/// `Tool` where it is not.
pub fn there() -> Result<()> {
    let mut command = program("ffprobe");
    command.arg("-version");
    run(command, |answer| std::io::copy(answer, &mut std::io::sink()).map(drop)).map(drop)
}

/// All streams of a file, and the time in seconds at which the first of them begins. `name` is how messages call it.
///
/// # Errors
/// `Tool` without ffprobe; `Truncated` or `Corrupt` where it finds nothing.
pub fn streams(name: &str, file: &Path, demuxer: &str) -> Result<(Vec<Stream>, f64)> {
    let mut command = program("ffprobe");
    command.args(["-show_streams", "-show_entries", "format=start_time", "-of", "json"]);
    input(&mut command, file, Some(demuxer));
    let mut json = Vec::new();
    let said = run(command, |answer| answer.take(MAX_DESCRIPTION).read_to_end(&mut json).map(drop))?;
    let description: Description = serde_json::from_slice(&json).unwrap_or_default();
    if description.streams.is_empty() {
        return Err(unreadable(name, &said));
    }
    let start = description.format.start_time.and_then(|start| start.parse().ok());
    Ok((description.streams, start.unwrap_or(0.0)))
}

/// The packets of stream `index` in the order of the file, and whether the file is cut off: then why.
///
/// # Errors
/// `Tool` without ffprobe, `TooLarge` beyond [`MAX_FRAMES`].
pub fn packets(name: &str, file: &Path, demuxer: &str, index: u32) -> Result<(Vec<Packet>, Option<String>)> {
    let mut command = program("ffprobe");
    command.args(["-select_streams", &index.to_string()]);
    command.args(["-show_entries", "packet=pts,dts,flags:packet_side_data=side_data_type", "-of", "csv=p=0"]);
    input(&mut command, file, Some(demuxer));
    let mut packets = Vec::new();
    let said = run(command, |answer| {
        for line in BufReader::new(answer).lines() {
            packets.extend(packet(&line?));
            if packets.len() > MAX_FRAMES {
                break;
            }
        }
        Ok(())
    })?;
    if packets.len() > MAX_FRAMES {
        let message = format!("{name}: more than {MAX_FRAMES} frames; cut it into shorter videos");
        return Err(Error::new(Kind::TooLarge, message));
    }
    let why = reason(&said, CUT_OFF);
    let cut_off = CUT_OFF.iter().any(|words| why.contains(words)).then_some(why);
    Ok((packets, cut_off))
}

/// `pts,dts,flags`, and more behind it where a packet has side data.
fn packet(line: &str) -> Option<Packet> {
    let mut fields = line.split(',');
    let (pts, dts, flags) = (fields.next()?, fields.next()?, fields.next()?);
    let number = |text: &str| text.parse::<i64>().ok();
    let anew = fields.any(|more| more.contains("New Extradata"));
    let (key, hidden) = (flags.contains('K'), flags.contains('D'));
    Some(Packet { pts: number(pts), dts: number(dts), key, hidden, anew })
}

/// Runs ffprobe and hands its answer to `read` as it comes. Returns what it said on standard error.
fn run(mut command: Command, read: impl FnOnce(&mut dyn Read) -> std::io::Result<()>) -> Result<Vec<u8>> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|e| missing("ffprobe", e))?;
    let said = crate::engine::child::overhear(child.stderr.take());
    let done = child.stdout.take().map_or(Ok(()), |mut answer| read(&mut answer));
    // Where reading stopped early, its pipe is closed now, which ends it.
    let status = child.wait();
    if let Ok(status) = status
        && super::was_killed(status)
    {
        let message = format!("ffprobe was ended from outside ({status}) before it had told all; run again");
        return Err(Error::new(Kind::Tool, message));
    }
    done.map_err(|e| Error::new(Kind::Internal, "ffprobe's answer cannot be read").because(e))?;
    Ok(said.recv().unwrap_or_default())
}

fn unreadable(name: &str, said: &[u8]) -> Error {
    let why = reason(said, &["moov atom not found", "End of file"]);
    let (kind, what) = match why.as_str() {
        // The index of an MP4 is often at the end, so this is what a cut-off one looks like.
        "moov atom not found" => (Kind::Truncated, "its index (moov) is missing; get a complete copy"),
        _ => (Kind::Corrupt, "ffprobe finds no stream in it"),
    };
    let why = if why.is_empty() { String::new() } else { format!(" ({})", why.replace("file:", "")) };
    // ffprobe names the path, which is not to stand in results.
    let why = if why.contains('/') { String::new() } else { why };
    Error::new(kind, format!("{name}: the video cannot be read: {what}{why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_read_with_what_they_lack() {
        let all = |pts, dts, key, hidden| Some(Packet { pts, dts, key, hidden, anew: false });
        assert_eq!(packet("0,-384,K_"), all(Some(0), Some(-384), true, false));
        assert_eq!(packet("N/A,7,__,more"), all(None, Some(7), false, false));
        assert_eq!(packet("-100,-200,KD_"), all(Some(-100), Some(-200), true, true));
        assert!(packet("1,1,K_,New Extradata").is_some_and(|packet| packet.anew));
        assert_eq!(packet(""), None);
    }
}
