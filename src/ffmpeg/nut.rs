//! Raw pictures with their times for ffmpeg's input: a NUT stream, the one container that ffmpeg reads from a pipe
//! and that keeps any time base exactly.
//!
//! Written after "NUT Open Container Format", version 3 (2013-10-03): one stream, every frame a key frame, all
//! frames with the same frame code, a sync point before each.

use std::io::{self, Write};

const IDENTIFICATION: &[u8] = b"nut/multimedia container\0";
const MAIN: u64 = 0x4E4D_7A56_1F5F_04AD;
const STREAM: u64 = 0x4E53_1140_5BF2_F9DB;
const SYNC_POINT: u64 = 0x4E4B_E4AD_EECA_4569;
/// Key frame, time given, size given, checksum given: flags 1, 8, 32 and 64.
const FLAGS: u64 = 1 | 8 | 32 | 64;
/// Bytes between sync points at most, as declared. Larger frames are allowed with a checksum.
const MAX_DISTANCE: u64 = 32768;

/// Writes the headers for pictures of `size`, 8-bit RGB, with times in 1/`scale` seconds.
pub fn begin(out: &mut impl Write, size: [u32; 2], scale: u32) -> io::Result<()> {
    out.write_all(IDENTIFICATION)?;
    let mut main = Vec::new();
    // Version, streams, distance, time bases, the one time base.
    [3, 1, MAX_DISTANCE, 1, 1, u64::from(scale)].iter().for_each(|v| number(&mut main, *v));
    // One row for all frame codes but `N`, with six fields: time 0, multiplier 1, stream 0, size 0, reserved 0,
    // count 255.
    [FLAGS, 6, 0, 1, 0, 0, 0, 255].iter().for_each(|v| number(&mut main, *v));
    // No elided headers.
    number(&mut main, 0);
    packet(out, MAIN, &main)?;
    let mut stream = Vec::new();
    // Number 0, class video, a name of four bytes.
    [0, 0, 4].iter().for_each(|v| number(&mut stream, *v));
    stream.extend_from_slice(b"RGB\x18");
    // Time base 0, times in full, distance of times, no delay, no flags, no extra data.
    [0, 0, 1 << 30, 0, 0, 0].iter().for_each(|v| number(&mut stream, *v));
    let [width, height] = size.map(u64::from);
    // Size, unknown shape of pixels, unknown colour space.
    [width, height, 0, 0, 0].iter().for_each(|v| number(&mut stream, *v));
    packet(out, STREAM, &stream)
}

/// Writes a picture's RGB samples, shown at `time`.
pub fn frame(out: &mut impl Write, time: u64, samples: &[u8]) -> io::Result<()> {
    let mut sync = Vec::new();
    // The time, and that no earlier sync point is needed.
    [time, 0].iter().for_each(|v| number(&mut sync, *v));
    packet(out, SYNC_POINT, &sync)?;
    // Frame code 0; times in full are one more than they are.
    let mut head = vec![0];
    [time + 1, samples.len() as u64].iter().for_each(|v| number(&mut head, *v));
    let checksum = crc(&head);
    head.extend_from_slice(&checksum.to_be_bytes());
    out.write_all(&head)?;
    out.write_all(samples)
}

/// A start code, the length of what follows, the content and its checksum.
fn packet(out: &mut impl Write, code: u64, content: &[u8]) -> io::Result<()> {
    let mut bytes = code.to_be_bytes().to_vec();
    // Below 4096, from where on a checksum of the head would follow.
    number(&mut bytes, content.len() as u64 + 4);
    bytes.extend_from_slice(content);
    bytes.extend_from_slice(&crc(content).to_be_bytes());
    out.write_all(&bytes)
}

/// Seven bits a byte, the highest first; all but the last byte have the top bit set.
fn number(out: &mut Vec<u8>, value: u64) {
    let groups = (64 - value.leading_zeros()).div_ceil(7).max(1);
    for group in (0..groups).rev() {
        let bits = (value >> (7 * group) & 0x7F) as u8;
        out.push(if group > 0 { bits | 0x80 } else { bits });
    }
}

/// CRC-32 with polynomial 0x04C11DB7, highest bit first, from 0.
fn crc(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |crc, byte| {
        let shift = |crc: u32, _| if crc >> 31 == 1 { crc << 1 ^ 0x04C1_1DB7 } else { crc << 1 };
        (0..8).fold(crc ^ u32::from(*byte) << 24, shift)
    })
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;

    use super::*;
    use crate::ffmpeg::program;

    #[test]
    fn numbers_and_checksums_are_the_standard_s() {
        let bytes = |value| {
            let mut out = Vec::new();
            number(&mut out, value);
            out
        };
        assert_eq!(bytes(0), [0]);
        assert_eq!(bytes(127), [127]);
        assert_eq!(bytes(128), [0x81, 0]);
        assert_eq!(bytes(u64::MAX), [0x81, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]);
        // Catalogue of parametrised CRC algorithms: CRC-32/CKSUM without its final inversion.
        assert_eq!(crc(b"123456789"), !0x765E_7680);
    }

    /// ffprobe's own reading of what is written here.
    #[test]
    fn ffmpeg_reads_every_time_and_sample() {
        let mut nut = Vec::new();
        begin(&mut nut, [3, 2], 90_000).expect("headers");
        let times = [0, 1, 3003, 1 << 33];
        for (n, time) in times.iter().enumerate() {
            frame(&mut nut, *time, &[n as u8; 18]).expect("a frame");
        }
        let mut command = program("ffprobe");
        command.args(["-f", "nut", "-i", "pipe:0", "-show_entries", "packet=pts,size", "-of", "csv=p=0"]);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = match child {
            Ok(child) => child,
            Err(_) if std::env::var_os("CI").is_none() => return eprintln!("skipped: no ffprobe"),
            Err(error) => panic!("ffprobe: {error}"),
        };
        child.stdin.take().expect("a pipe").write_all(&nut).expect("written");
        let answer = child.wait_with_output().expect("an answer");
        let text = String::from_utf8_lossy(&answer.stdout);
        let expected: Vec<String> = times.iter().map(|time| format!("{time},18")).collect();
        assert_eq!(text.lines().collect::<Vec<_>>(), expected, "{}", String::from_utf8_lossy(&answer.stderr));
        assert!(answer.stderr.is_empty(), "{}", String::from_utf8_lossy(&answer.stderr));
    }
}
