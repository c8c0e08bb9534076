//! Every failure: what kind it is, whose fault, which exit code, and the sentence people read.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::frame::About;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Whose fault a failure is; decides the exit code and whether the run goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultOf {
    /// The file given: recorded, the run goes on.
    Input,
    /// The model file or its description.
    Model,
    /// The command line or `vision.toml`.
    Options,
    /// The machine: no runtime, no such device, no space, no permission to write.
    Environment,
    /// `vision` itself.
    Bug,
}

/// What went wrong. The kebab-case name is stable and stands in records as `error.kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    // input
    Empty,
    NotMedia,
    Unsupported,
    Truncated,
    Corrupt,
    TooLarge,
    Deadline,
    DecoderCrash,
    NotFound,
    Permission,
    NotRegular,
    LinkLoop,
    Unreadable,
    Changed,
    // model
    ModelNotFound,
    ModelInvalid,
    ModelRefused,
    ModelMismatch,
    ModelOutput,
    // options
    Usage,
    Config,
    NothingToDo,
    RunFolder,
    // environment
    Runtime,
    Device,
    OutputFolder,
    DiskFull,
    Tool,
    DecodersHung,
    BrokenPipe,
    Offline,
    Busy,
    // bug
    Panic,
    Internal,
}

impl Kind {
    pub fn fault_of(self) -> FaultOf {
        use Kind::*;
        match self {
            Empty | NotMedia | Unsupported | Truncated | Corrupt | TooLarge | Deadline | DecoderCrash
            | NotFound | Permission | NotRegular | LinkLoop | Unreadable | Changed => FaultOf::Input,
            ModelNotFound | ModelInvalid | ModelRefused | ModelMismatch | ModelOutput => FaultOf::Model,
            Usage | Config | NothingToDo | RunFolder | Busy => FaultOf::Options,
            Runtime | Device | OutputFolder | DiskFull | Tool | DecodersHung | BrokenPipe | Offline => {
                FaultOf::Environment
            }
            Panic | Internal => FaultOf::Bug,
        }
    }
}

/// A failure with its kind, its sentence and, where there is one, its cause.
///
/// `Display` gives the sentence only; walk `source()` (or [`Error::chain`]) for the causes.
#[derive(Debug)]
pub struct Error {
    pub kind: Kind,
    pub message: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
    about: Option<Box<About>>,
}

impl Error {
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None, about: None }
    }

    /// Keeps `source` as the cause.
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Says which item of an input it stands for.
    pub fn about(mut self, about: About) -> Self {
        self.about = Some(Box::new(about));
        self
    }

    /// Which item of an input it stands for, where that is known.
    pub fn item(&self) -> Option<&About> {
        self.about.as_deref()
    }

    /// An I/O failure on `path`, its kind taken from the operating system's answer.
    /// For inputs; writing uses [`Error::write`].
    pub fn read(path: impl fmt::Display, source: std::io::Error) -> Self {
        use std::io::ErrorKind as E;
        let kind = match source.kind() {
            E::NotFound => Kind::NotFound,
            E::PermissionDenied => Kind::Permission,
            _ => Kind::Unreadable,
        };
        let what = match kind {
            Kind::NotFound => "no such file",
            Kind::Permission => "permission denied",
            _ => "cannot be read",
        };
        Self::new(kind, format!("{path}: {what}")).because(source)
    }

    /// A failure to write `path`: disk full or a folder that cannot be written. Exit code 4.
    pub fn write(path: impl fmt::Display, source: std::io::Error) -> Self {
        use std::io::ErrorKind as E;
        match source.kind() {
            E::StorageFull | E::QuotaExceeded | E::FileTooLarge => Self::new(
                Kind::DiskFull,
                format!("{path}: the disk is full; free some space and run the same command again: finished work is kept"),
            ),
            E::PermissionDenied | E::ReadOnlyFilesystem => Self::new(
                Kind::OutputFolder,
                format!("{path}: cannot be written; choose another folder with --out"),
            ),
            _ => Self::new(Kind::OutputFolder, format!("{path}: cannot be written")),
        }
        .because(source)
    }

    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    pub fn fault_of(&self) -> FaultOf {
        self.kind.fault_of()
    }

    /// The exit code when this failure ends the run.
    pub fn exit_code(&self) -> u8 {
        match self.fault_of() {
            // As a shell reports a program ended by SIGPIPE: 128 + 13.
            _ if self.kind == Kind::BrokenPipe => 141,
            FaultOf::Input => 2,
            FaultOf::Model | FaultOf::Options => 1,
            FaultOf::Environment | FaultOf::Bug => 4,
        }
    }

    /// The sentence followed by its causes, for one line on a terminal.
    pub fn chain(&self) -> String {
        let mut line = self.message.clone();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            let text = error.to_string();
            if !line.contains(&text) {
                line.push_str(": ");
                line.push_str(&text);
            }
            cause = error.source();
        }
        // Messages of native libraries may hold line breaks; one failure stays one line.
        printable(&line.split_whitespace().collect::<Vec<_>>().join(" "))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|s| s as _)
    }
}

/// Text for a terminal: control characters, which file names may hold, become U+FFFD, so that no name
/// moves the cursor or colours the screen.
pub fn printable(text: &str) -> String {
    text.replace(|c: char| c.is_control(), "\u{fffd}")
}

/// A lock whose holder panicked: the data behind it may be half-changed.
pub(crate) fn poisoned(what: &str) -> Error {
    Error::new(Kind::Internal, format!("{what}: unusable after a panic in another thread"))
}
