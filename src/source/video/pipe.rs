//! Decoding by the `ffmpeg` program: raw pixels through a pipe, times beside them on standard error.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};
use std::sync::mpsc::{Receiver, channel};

use image::RgbImage;

use super::{Container, Reader, Timeline};
use crate::error::{Error, Kind, Result};
use crate::ffmpeg::{input, missing, program};

/// Room in the pipe, where the system gives it: fewer changes of process.
#[cfg(target_os = "linux")]
const PIPE: usize = 1 << 20;

pub struct Pipe {
    child: Child,
    pixels: ChildStdout,
    /// The time of each frame, in order, sent before its pixels.
    times: Receiver<Option<i64>>,
    size: [u32; 2],
    frame: Vec<u8>,
}

impl Pipe {
    /// # Errors
    /// `Tool` without ffmpeg.
    pub fn open(file: &Path, container: Container, timeline: &Timeline) -> Result<Self> {
        let mut command = program("ffmpeg");
        // `info` is the level at which `showinfo` speaks; it prints the time of each frame that passes.
        command.args(["-nostdin", "-nostats", "-loglevel", "info", "-copyts", "-noautorotate"]);
        input(&mut command, file, Some(container.demuxer()));
        let [width, height] = timeline.size();
        // Colours as OpenCV's reader converts them (swscale's default matrix and filter), whatever the tags say:
        // what comes out is the same to the bit. A frame of another size would shift all that follow.
        let filters = format!(
            "showinfo=checksum=0,scale={width}:{height}:flags=bicubic:in_color_matrix=bt601,format=rgb24"
        );
        command.args(["-map", &format!("0:{}", timeline.stream.index), "-vf", &filters]);
        // Each frame once, when it is shown, without any added or left out.
        command.args(["-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1"]);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| missing("ffmpeg", e))?;
        let (Some(pixels), Some(words)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(Error::new(Kind::Internal, "ffmpeg has no pipes"));
        };
        #[cfg(target_os = "linux")]
        // A smaller pipe works as well, only slower.
        let _ = rustix::pipe::fcntl_setpipe_size(&pixels, PIPE);
        let (sender, times) = channel();
        let listen = move || {
            let mut lines = BufReader::new(words);
            let mut line = Vec::new();
            while lines.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                if let Some(time) = time(&String::from_utf8_lossy(&line))
                    && sender.send(time).is_err()
                {
                    return;
                }
                line.clear();
            }
        };
        std::thread::Builder::new().name("vision-ffmpeg".into()).spawn(listen).map_err(|e| {
            Error::new(Kind::Internal, "no thread for ffmpeg's words could be started").because(e)
        })?;
        Ok(Self { child, pixels, times, size: [width, height], frame: Vec::new() })
    }
}

impl Reader for Pipe {
    fn grab(&mut self) -> Result<Option<Option<i64>>> {
        let bytes = self.size[0] as usize * self.size[1] as usize * 3;
        self.frame.resize(bytes, 0);
        // It ends where the video does, or where ffmpeg gives up; a frame that is not whole is none.
        if self.pixels.read_exact(&mut self.frame).is_err() {
            return match self.child.wait() {
                Ok(status) if crate::ffmpeg::was_killed(status) => {
                    let message =
                        format!("ffmpeg was ended from outside ({status}) while it decoded; run again");
                    Err(Error::new(Kind::Tool, message))
                }
                _ => Ok(None),
            };
        }
        Ok(Some(self.times.recv().ok().flatten()))
    }

    fn take(&mut self) -> Result<RgbImage> {
        let pixels = std::mem::take(&mut self.frame);
        RgbImage::from_raw(self.size[0], self.size[1], pixels)
            .ok_or_else(|| Error::new(Kind::Internal, "a frame of the video was taken twice"))
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        // It may wait for room in the pipe; gone already otherwise.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The time in a line of the filter `showinfo` for a frame: `… n:   1 pts:     36 pts_time:0.036 …`.
fn time(line: &str) -> Option<Option<i64>> {
    // At the beginning only: ffmpeg prints titles and comments of the file, too, behind spaces.
    let rest = line.strip_prefix("[Parsed_showinfo")?;
    let (_, fields) = rest.split_once("] n:")?;
    let (_, pts) = fields.split_once(" pts:")?;
    Some(pts.split_whitespace().next()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_among_other_words() {
        let line = "[Parsed_showinfo_0 @ 0x5597feeab300] n:   1 pts:     36 pts_time:0.036   pos:    62563 fmt:yuv420p";
        assert_eq!(time(line), Some(Some(36)));
        assert_eq!(time(&line.replace("     36", "    -36")), Some(Some(-36)));
        assert_eq!(time(&line.replace("     36", "   NOPTS")), Some(None));
        assert_eq!(time("[Parsed_showinfo_0 @ 0x5597feeab300] color_range:tv color_space:bt470bg"), None);
        assert_eq!(time("[h264 @ 0x1] error while decoding MB 3 4"), None);
    }
}
