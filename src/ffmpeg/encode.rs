//! One closed piece of an annotated video: pictures and times in, a whole MP4 file out.

use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::Receiver;

use image::RgbImage;
use tempfile::TempPath;

use super::encoders::Encoder;
use super::probe::Stream;
use super::{believing, missing, named, nut, program, reason};
use crate::error::{Error, Kind, Result};

/// How a video is encoded: the same for all of its pieces.
#[derive(Debug, Clone)]
pub struct Recipe {
    pub encoder: &'static Encoder,
    pub quality: u8,
    /// Width and height of every picture.
    pub size: [u32; 2],
    /// Units of time in a second.
    pub scale: u32,
    /// Tags of the original's colours, as ffmpeg's options.
    pub colours: Vec<String>,
    /// How wide a pixel is, where it is not square: `4:3`.
    pub shape: Option<String>,
    /// Threads of the encoder; as many as it likes without.
    pub threads: Option<usize>,
    /// What becomes of the original's sound when the pieces are joined.
    pub audio: super::join::Audio,
}

impl Recipe {
    /// The original's tags. Pixels were decoded with one matrix (BT.601), whatever the tags say, and are encoded with
    /// the same: under the original's tags a player shows the original's colours.
    pub fn colours(stream: &Stream) -> Vec<String> {
        let known = |tag: &Option<String>| tag.clone().filter(|tag| tag != "unknown" && tag != "reserved");
        let options = [
            ("-colorspace", known(&stream.color_space).filter(|space| space != "gbr")),
            ("-color_primaries", known(&stream.color_primaries)),
            // ffprobe's names for the gammas of PAL and NTSC are not those that the option takes.
            (
                "-color_trc",
                known(&stream.color_transfer).map(|tag| match tag.as_str() {
                    "bt470bg" => "gamma28".to_owned(),
                    "bt470m" => "gamma22".to_owned(),
                    _ => tag,
                }),
            ),
        ];
        let given = options.into_iter().filter_map(|(option, tag)| Some([option.to_owned(), tag?]));
        given.flatten().collect()
    }

    fn arguments(&self) -> Vec<String> {
        let mut arguments = self.encoder.arguments(self.quality);
        // H.264 in 4:2:0 has even sides: an odd one gets a black row or column.
        let mut filters =
            "pad=ceil(iw/2)*2:ceil(ih/2)*2,scale=out_color_matrix=bt601:out_range=tv,format=yuv420p"
                .to_owned();
        if let Some(shape) = &self.shape {
            filters.push_str(&format!(",setsar={}", shape.replace(':', "/")));
        }
        let time_base = format!("1:{}", self.scale);
        let fixed = [
            // Without B frames decoding order is the order of showing, so pieces can be joined and times kept
            // without edit lists.
            "-bf",
            "0",
            "-vf",
            &filters,
            "-fps_mode",
            "passthrough",
            "-enc_time_base",
            &time_base,
            "-video_track_timescale",
            &self.scale.to_string(),
        ];
        arguments.extend(fixed.iter().map(|a| (*a).to_owned()));
        arguments.extend(self.colours.iter().cloned());
        let threads = self.threads.map(|threads| ["-threads".to_owned(), threads.to_string()]);
        arguments.extend(threads.into_iter().flatten());
        arguments
    }
}

/// A piece being encoded. Dropped without [`Piece::finish`], it leaves nothing behind.
pub struct Piece {
    child: Child,
    pixels: Option<BufWriter<ChildStdin>>,
    said: Receiver<Vec<u8>>,
    /// Gone once it is finished.
    file: Option<TempPath>,
    size: [u32; 2],
}

impl Piece {
    /// Begins a piece; it is written in `folder`.
    ///
    /// # Errors
    /// `Tool` without ffmpeg, `OutputFolder` or `DiskFull` where nothing can be written.
    pub fn begin(recipe: &Recipe, folder: &Path) -> Result<Self> {
        let file = tempfile::Builder::new().prefix("piece-").suffix(".mp4").tempfile_in(folder);
        let file = file.map_err(|e| Error::write(folder.display(), e))?.into_temp_path();
        let mut command = program("ffmpeg");
        // Nothing of the stream is left to guess: no frame is held back for that.
        command.args([
            "-nostdin",
            "-y",
            // To end with a failure when the last bytes find no room.
            "-xerror",
            "-protocol_whitelist",
            "pipe",
            "-probesize",
            "32",
            "-analyzeduration",
            "0",
        ]);
        believing(&mut command);
        command.args(["-fpsprobesize", "0", "-f", "nut", "-i", "pipe:0"]).args(recipe.arguments());
        command
            .args(["-f", "mp4"])
            .arg(named(&file))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|e| missing("ffmpeg", e))?;
        let said = crate::engine::child::collect(child.stderr.take());
        let pixels = child.stdin.take().map(|pipe| {
            #[cfg(target_os = "linux")]
            // A smaller pipe works as well, only slower.
            let _ = rustix::pipe::fcntl_setpipe_size(&pipe, 1 << 20);
            BufWriter::new(pipe)
        });
        let mut piece = Self { child, pixels, said, file: Some(file), size: recipe.size };
        piece.write(|out| nut::begin(out, recipe.size, recipe.scale))?;
        Ok(piece)
    }

    /// Adds a picture, shown at `time` in the recipe's units, later than the one before. One of another size is
    /// put on black, or cut.
    ///
    /// # Errors
    /// What ffmpeg says.
    pub fn add(&mut self, time: u64, picture: &RgbImage) -> Result<()> {
        let [width, height] = self.size;
        if picture.dimensions() == (width, height) {
            return self.write(|out| nut::frame(out, time, picture.as_raw()));
        }
        let mut fitted = RgbImage::new(width, height);
        image::imageops::replace(&mut fitted, picture, 0, 0);
        self.write(|out| nut::frame(out, time, fitted.as_raw()))
    }

    fn write(&mut self, write: impl FnOnce(&mut BufWriter<ChildStdin>) -> std::io::Result<()>) -> Result<()> {
        let written = match &mut self.pixels {
            Some(pixels) => write(pixels),
            None => Err(std::io::ErrorKind::BrokenPipe.into()),
        };
        written.map_err(|_| self.failure())
    }

    /// Ends the piece and puts it at `target`.
    ///
    /// # Errors
    /// What ffmpeg says, or what keeps the file from its place.
    pub fn finish(mut self, target: &Path) -> Result<()> {
        let flushed = self.pixels.take().is_some_and(|mut pixels| pixels.flush().is_ok());
        let ended = self.child.wait().is_ok_and(|status| status.success());
        if !flushed || !ended {
            return Err(self.failure());
        }
        self.file.take().map_or(Ok(()), |file| crate::atomic::place(file, target))
    }

    /// Why ffmpeg ended.
    fn failure(&mut self) -> Error {
        self.pixels = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
        said_no("the annotated video", &self.said.recv().unwrap_or_default())
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.pixels = None;
        // Gone already where it was finished.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What ffmpeg's words on standard error come to. It is the machine's or ffmpeg's fault, never the input's: the
/// pictures are ours.
pub fn said_no(what: &str, said: &[u8]) -> Error {
    let why = told(said);
    if why.contains("No space left") {
        return Error::write(what, std::io::Error::from(std::io::ErrorKind::StorageFull));
    }
    Error::new(Kind::Tool, format!("{what}: ffmpeg gave up ({why}); --video none leaves it out"))
}

/// Why ffmpeg gave up, in its own words.
pub fn told(said: &[u8]) -> String {
    let why = reason(said, &["No space left", "Unknown encoder", "Error while opening encoder"]);
    if why.is_empty() { "without a word".to_owned() } else { why }
}
