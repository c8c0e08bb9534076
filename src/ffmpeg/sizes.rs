//! Whether all frames of a stream have one size and one form of pixels, told by its headers without decoding.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use super::{input, program};

/// Codecs that say it in units of their own, and the type of those: sequence parameter sets of H.264 (7.4.1, table 7-1)
/// and of H.265 (table 7-1).
const HEADERS: &[(&str, &str)] = &[("h264", "7"), ("hevc", "33")];
/// What decides size and form in those, by the standards' names.
const FIELDS: &[&str] = &[
    "pic_width_in_mbs_minus1",
    "pic_height_in_map_units_minus1",
    "frame_mbs_only_flag",
    "frame_cropping_flag",
    "frame_crop_left_offset",
    "frame_crop_right_offset",
    "frame_crop_top_offset",
    "frame_crop_bottom_offset",
    "pic_width_in_luma_samples",
    "pic_height_in_luma_samples",
    "conformance_window_flag",
    "conf_win_left_offset",
    "conf_win_right_offset",
    "conf_win_top_offset",
    "conf_win_bottom_offset",
    "profile_idc",
    "chroma_format_idc",
    "bit_depth_luma_minus8",
    "bit_depth_chroma_minus8",
];

/// Whether stream `index`, of this codec, keeps its size; `None` where there is no ffmpeg to tell. Of codecs whose
/// frames each bring their own size (Motion JPEG, VP9, MPEG-4) it is not known, so the answer is no.
pub fn keeps(file: &Path, demuxer: &str, index: u32, codec: &str) -> Option<bool> {
    let Some((_, units)) = HEADERS.iter().find(|(name, _)| *name == codec) else { return Some(false) };
    let mut command = program("ffmpeg");
    // `trace_headers` speaks at `info`.
    command.args(["-nostdin", "-nostats", "-loglevel", "info"]);
    input(&mut command, file, Some(demuxer));
    let filters = format!("filter_units=pass_types={units},trace_headers");
    command.args(["-map", &format!("0:{index}"), "-c", "copy", "-bsf:v", &filters, "-f", "null", "-"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().ok()?;
    let words = child.stderr.take()?;
    let (same, seen) = same(BufReader::new(words));
    let ended = child.wait().is_ok_and(|status| status.success());
    Some(ended && same && seen)
}

/// Whether each field has one value throughout, and whether there were any.
fn same(mut words: impl BufRead) -> (bool, bool) {
    let mut values: HashMap<&str, i64> = HashMap::new();
    let (mut line, mut same) = (Vec::new(), true);
    while words.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        if let Some((name, value)) = field(&String::from_utf8_lossy(&line)) {
            same &= *values.entry(name).or_insert(value) == value;
        }
        line.clear();
    }
    (same, !values.is_empty())
}

/// `[trace_headers @ 0x55a0] 50          pic_width_in_mbs_minus1          00100 = 3`.
fn field(line: &str) -> Option<(&'static str, i64)> {
    let (_, rest) = line.strip_prefix("[trace_headers")?.split_once("] ")?;
    let mut words = rest.split_whitespace().skip(1);
    let name = words.next()?;
    let name = FIELDS.iter().find(|field| **field == name)?;
    Some((name, words.last()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_differ_are_noticed() {
        let width = |value: u32| {
            format!("[trace_headers @ 0x5f] 50          pic_width_in_mbs_minus1      00100 = {value}\n")
        };
        let other = "[trace_headers @ 0x5f] 24          level_idc        00001010 = 10\nStream #0:0: Video\n";
        let told = |text: String| same(text.as_bytes());
        assert_eq!(told(width(3) + other + &width(3)), (true, true));
        assert_eq!(told(width(3) + other + &width(7)), (false, true));
        assert_eq!(told(other.to_owned()), (true, false));
    }
}
