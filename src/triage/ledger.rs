//! `private/seen.jsonl`: whom every input that was ever read is of, kept as it is read and never taken back.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::digest::{Key, hex};
use crate::error::{Error, Kind, Result};
use crate::frame::{Attributes, Sensitive};
use crate::input::{Identity, Input, Listing, Root};
use crate::pipeline::witness::Witness;
use crate::source::dicom::IDENTIFYING;

/// An input, and everybody in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Pseudonym of the file.
    pub input: String,
    /// Where it was below the folder given.
    pub file: String,
    /// Where it was, its bytes in hexadecimal.
    place: String,
    digest: Option<String>,
    /// Whether everything in it that may identify a person is here.
    pub whole: bool,
    pub people: Vec<Person>,
}

/// Of an instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// UIDs of study, series and instance.
    pub uids: [String; 3],
    pub accession: String,
    pub patient: String,
    pub name: String,
    /// Everything that may identify a person.
    pub identifying: Vec<String>,
}

/// The file, and what of it is in use.
pub struct Ledger {
    path: PathBuf,
    state: Mutex<State>,
}

struct State {
    file: File,
    lines: Vec<Seen>,
    /// The last line of an input, and a line of the same bytes.
    latest: HashMap<String, usize>,
    digests: HashMap<String, usize>,
    /// Inputs that are being read, by id.
    open: HashMap<String, Open>,
    roots: Vec<Root>,
    /// Pseudonyms of the inputs of this run.
    listed: BTreeSet<String>,
}

struct Open {
    whole: bool,
    people: Vec<Person>,
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ledger")
    }
}

impl Ledger {
    /// Opens or begins the file; a line that was torn by a kill is cut off.
    ///
    /// # Errors
    /// `OutputFolder` and `DiskFull`; `RunFolder` for a damaged line, because what it said is lost.
    pub fn open(path: PathBuf) -> Result<Self> {
        let failed = |e| Error::write(path.display(), e);
        let mut options = File::options();
        options.create(true).read(true).write(true).truncate(false).mode(0o600);
        let mut file = options.open(&path).map_err(failed)?;
        let mut state = State {
            file: file.try_clone().map_err(failed)?,
            lines: Vec::new(),
            latest: HashMap::new(),
            digests: HashMap::new(),
            open: HashMap::new(),
            roots: Vec::new(),
            listed: BTreeSet::new(),
        };
        let (mut reader, mut line, mut end) = (BufReader::new(&file), Vec::new(), 0u64);
        while reader.read_until(b'\n', &mut line).map_err(failed)? > 0 && line.ends_with(b"\n") {
            let seen = serde_json::from_slice(&line).map_err(|e| {
                let number = state.lines.len() + 1;
                let message = format!("{}: line {number} is damaged; choose another --out", path.display());
                Error::new(Kind::RunFolder, message).because(e)
            })?;
            end += line.len() as u64;
            state.keep(seen);
            line.clear();
        }
        file.set_len(end).and_then(|()| file.seek(SeekFrom::Start(end))).map_err(failed)?;
        Ok(Self { path, state: Mutex::new(state) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change of the state is one assignment, so a panic elsewhere leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every line, in the order of reading.
    pub fn lines(&self) -> Vec<Seen> {
        self.state().lines.clone()
    }

    /// Paths of this run's inputs by pseudonym.
    pub fn files(&self) -> BTreeMap<String, String> {
        let state = self.state();
        let last = |input: &String| state.latest.get(input).map(|line| state.lines[*line].file.clone());
        state.listed.iter().filter_map(|input| Some((input.clone(), last(input)?))).collect()
    }

    /// Inputs of this run of which not all values that may identify a person could be read.
    pub fn unproven(&self) -> usize {
        let state = self.state();
        let whole = |input: &&String| state.latest.get(*input).is_some_and(|line| state.lines[*line].whole);
        state.listed.iter().filter(|input| !whole(input)).count()
    }

    /// Names of folders that were given as inputs.
    pub fn roots(&self) -> Vec<PathBuf> {
        self.state().roots.iter().map(|root| root.folder.clone()).collect()
    }
}

impl State {
    fn keep(&mut self, seen: Seen) {
        self.latest.insert(seen.input.clone(), self.lines.len());
        if let Some(digest) = &seen.digest {
            self.digests.insert(digest.clone(), self.lines.len());
        }
        self.lines.push(seen);
    }

    /// The path below the deepest of the folders given that hold it.
    fn below(&self, file: &Path) -> String {
        let roots = self.roots.iter().filter_map(|root| file.strip_prefix(&root.folder).ok());
        let shortest = roots.min_by_key(|path| path.as_os_str().len());
        shortest.unwrap_or(file).to_string_lossy().into_owned()
    }
}

impl Witness for Ledger {
    fn listed(&self, listing: &Listing) {
        let mut state = self.state();
        state.roots.clone_from(&listing.roots);
        state.listed = listing.inputs.iter().map(|input| pseudonym(&input.identity)).collect();
    }

    fn knows(&self, digest: &Key) -> bool {
        self.state().digests.contains_key(&hex(digest))
    }

    fn saw(&self, input: &Input, attributes: &Attributes) {
        let mut state = self.state();
        let new = || Open { whole: true, people: Vec::new() };
        let open = state.open.entry(input.identity.id.clone()).or_insert_with(new);
        open.whole &= attributes.whole;
        let person = Person::of(attributes);
        // Frames of one instance come one after the other.
        if person != Person::default() && !open.people.iter().rev().take(2).any(|own| *own == person) {
            open.people.push(person);
        }
    }

    fn done(&self, input: &Input, digest: Option<&Key>) -> Result<()> {
        let mut state = self.state();
        let (open, name) = (state.open.remove(&input.identity.id), pseudonym(&input.identity));
        let digest = digest.map(|digest| hex(digest));
        let before = state.latest.get(&name).map(|line| state.lines[*line].clone());
        if open.is_none() && before.as_ref().is_some_and(|before| digest.is_none() || before.digest == digest)
        {
            return Ok(());
        }
        let empty = input.stat.is_some_and(|stat| stat.bytes == 0);
        let same =
            digest.as_ref().and_then(|digest| state.digests.get(digest)).map(|line| &state.lines[*line]);
        let (whole, people) = match (open, same) {
            (Some(open), _) => (open.whole, open.people),
            (None, Some(same)) => (same.whole, same.people.clone()),
            // Nothing stands in an empty file.
            (None, None) => (empty, Vec::new()),
        };
        let place = hex(input.file.as_os_str().as_bytes());
        let seen = Seen { input: name, file: state.below(&input.file), place, digest, whole, people };
        if before.as_ref() == Some(&seen) {
            return Ok(());
        }
        let mut line = serde_json::to_vec(&seen)
            .map_err(|e| Error::new(Kind::Internal, "private/seen.jsonl could not be encoded").because(e))?;
        line.push(b'\n');
        state.file.write_all(&line).map_err(|e| Error::write(self.path.display(), e))?;
        state.keep(seen);
        Ok(())
    }

    fn former(&self) -> Vec<(Identity, PathBuf)> {
        let state = self.state();
        let lines =
            state.latest.values().collect::<BTreeSet<_>>().into_iter().map(|line| &state.lines[*line]);
        lines.map(|seen| (Identity::hidden(&seen.input), unhexed(&seen.place))).collect()
    }
}

impl Person {
    fn of(attributes: &Attributes) -> Self {
        let text =
            |key: &str| attributes.sensitive(key).map(Sensitive::reveal).unwrap_or_default().to_owned();
        let all = attributes.all_sensitive().filter(|(key, _)| key.starts_with(IDENTIFYING));
        Self {
            uids: ["study", "series", "instance"].map(text),
            accession: text("accession"),
            patient: text("patient"),
            name: text("name"),
            identifying: all.map(|(_, value)| value.reveal().to_owned()).collect(),
        }
    }
}

fn pseudonym(identity: &Identity) -> String {
    identity.relative.to_string_lossy().into_owned()
}

fn unhexed(digits: &str) -> PathBuf {
    let pairs = digits.as_bytes().as_chunks::<2>().0.iter();
    let bytes = pairs.filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    OsString::from_vec(bytes.collect()).into()
}
