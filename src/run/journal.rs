//! The journal: what is finished, appended line by line after the files it names exist.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use crate::digest::{Key, hex, unhex};
use crate::error::{Error, Result, poisoned};
use crate::frame::Part;

/// What the file system says of a file; equal values mean that it need not be read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stat {
    pub bytes: u64,
    /// Last change of content, nanoseconds since 1970.
    pub mtime: i64,
    /// Last change of content or attributes; no program can set it back.
    pub ctime: i64,
    pub inode: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum Event {
    Item { id: String, part: Option<Part>, key: String, artefacts: Vec<String>, drawn: String },
    Input { id: String, digest: String, format: String, stat: Stat },
}

/// What is known of an input from former work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    pub digest: Key,
    pub stat: Stat,
}

/// Names an item within a run: input id and suffix of the part.
type ItemName = (String, String);

struct State {
    file: File,
    inputs: HashMap<String, Known>,
    drawn: HashMap<ItemName, String>,
}

/// An open journal; appending is safe from any thread.
pub struct Journal {
    path: PathBuf,
    state: Mutex<State>,
}

impl Journal {
    /// Opens or creates a journal, reads it, and cuts off a line torn by a kill.
    pub fn open(path: &Path) -> Result<Self> {
        let failed = |e| Error::write(path.display(), e);
        let mut file =
            File::options().create(true).read(true).write(true).truncate(false).open(path).map_err(failed)?;
        let (events, end) = replay(&file).map_err(failed)?;
        file.set_len(end).and_then(|()| file.seek(SeekFrom::Start(end))).map_err(failed)?;
        let mut state = State { file, inputs: HashMap::new(), drawn: HashMap::new() };
        for event in events {
            state.apply(event);
        }
        Ok(Self { path: path.to_owned(), state: Mutex::new(state) })
    }

    pub fn input(&self, id: &str) -> Option<Known> {
        self.state.lock().ok()?.inputs.get(id).copied()
    }

    /// Number of inputs that former runs finished.
    pub fn inputs(&self) -> usize {
        self.state.lock().map_or(0, |state| state.inputs.len())
    }

    /// Ids of the inputs that former runs finished.
    pub fn ids(&self) -> Vec<String> {
        self.state.lock().map_or_else(|_| Vec::new(), |state| state.inputs.keys().cloned().collect())
    }

    /// What the artefacts of an item were drawn from, when they were written.
    pub fn drawn(&self, id: &str, part: Option<&Part>) -> Option<String> {
        self.state.lock().ok()?.drawn.get(&(id.to_owned(), Part::suffix(part))).cloned()
    }

    /// Records an item whose observation is stored and whose artefacts are in place.
    pub fn item(
        &self,
        id: &str,
        part: Option<&Part>,
        key: &Key,
        artefacts: Vec<String>,
        drawn: String,
    ) -> Result<()> {
        self.append(Event::Item { id: id.to_owned(), part: part.cloned(), key: hex(key), artefacts, drawn })
    }

    /// Records an input all of whose items are recorded.
    pub fn close(&self, id: &str, digest: &Key, format: &str, stat: Stat) -> Result<()> {
        self.append(Event::Input { id: id.to_owned(), digest: hex(digest), format: format.to_owned(), stat })
    }

    fn append(&self, event: Event) -> Result<()> {
        let mut line = serde_json::to_vec(&event).map_err(|e| {
            Error::new(crate::Kind::Internal, "a journal entry could not be encoded").because(e)
        })?;
        line.push(b'\n');
        let mut state = self.state.lock().map_err(|_| poisoned("journal"))?;
        let failed = |e| Error::write(self.path.display(), e);
        let start = state.file.stream_position().map_err(failed)?;
        if let Err(e) = state.file.write_all(&line) {
            // Half a line must not stay in front of later ones.
            let _ = state.file.set_len(start);
            let _ = state.file.seek(SeekFrom::Start(start));
            return Err(failed(e));
        }
        state.apply(event);
        Ok(())
    }

    /// Brings what was written to the disk.
    pub fn sync(&self) -> Result<()> {
        let state = self.state.lock().map_err(|_| poisoned("journal"))?;
        state.file.sync_data().map_err(|e| Error::write(self.path.display(), e))
    }
}

impl State {
    fn apply(&mut self, event: Event) {
        match event {
            // Frames of videos without pictures of their own are many, and there is nothing to know of them.
            Event::Item { drawn, .. } if drawn.is_empty() => {}
            Event::Item { id, part, drawn, .. } => {
                self.drawn.insert((id, Part::suffix(part.as_ref())), drawn);
            }
            Event::Input { id, digest, stat, .. } => {
                if let Some(digest) = unhex(&digest) {
                    self.inputs.insert(id, Known { digest, stat });
                }
            }
        }
    }
}

/// The events of all whole lines and the offset behind the last of them. A line that is whole but
/// no event (another version's, damage) is passed over: its work is done again.
fn replay(file: &File) -> std::io::Result<(Vec<Event>, u64)> {
    let mut reader = BufReader::new(file);
    let (mut events, mut end, mut line) = (Vec::new(), 0, Vec::new());
    loop {
        line.clear();
        let read = reader.read_until(b'\n', &mut line)?;
        if read == 0 || line.last() != Some(&b'\n') {
            return Ok((events, end));
        }
        end += read as u64;
        events.extend(serde_json::from_slice(&line).ok() as Option<Event>);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stat(bytes: u64) -> Stat {
        Stat { bytes, mtime: 1_700_000_000_000_000_001, ctime: -5, inode: 7 }
    }

    #[test]
    fn a_torn_line_is_cut_wherever_it_tore() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("j.jsonl");
        let journal = Journal::open(&path).unwrap();
        journal.close("a", &[1; 32], "jpeg", stat(1)).unwrap();
        journal.close("b", &[2; 32], "jpeg", stat(2)).unwrap();
        drop(journal);
        let whole = std::fs::read(&path).unwrap();
        let first = whole.iter().position(|b| *b == b'\n').unwrap() + 1;
        for cut in 0..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let journal = Journal::open(&path).unwrap();
            assert_eq!(journal.input("a").is_some(), cut >= first, "cut at {cut}");
            assert_eq!(journal.input("b"), None, "cut at {cut}");
            journal.close("c", &[3; 32], "png", stat(3)).unwrap();
            drop(journal);
            let journal = Journal::open(&path).unwrap();
            assert_eq!(journal.input("c"), Some(Known { digest: [3; 32], stat: stat(3) }), "cut at {cut}");
        }
    }

    /// A line of the journal in terms of a small world: which input or item, and a new state of it.
    #[derive(Debug, Clone)]
    enum Said {
        Input(u8, u8),
        Item(u8, u32, u8),
    }

    fn said() -> impl Strategy<Value = Said> {
        prop_oneof![
            (0u8..4, any::<u8>()).prop_map(|(id, state)| Said::Input(id, state)),
            (0u8..4, 0u32..3, any::<u8>()).prop_map(|(id, page, state)| Said::Item(id, page, state)),
        ]
    }

    fn say(journal: &Journal, said: &Said) {
        match said {
            Said::Input(id, state) => {
                journal.close(&id.to_string(), &[*state; 32], "png", stat(u64::from(*state))).unwrap();
            }
            Said::Item(id, page, state) => {
                let part = Part::Page { n: *page };
                journal.item(&id.to_string(), Some(&part), &[0; 32], vec![], state.to_string()).unwrap();
            }
        }
    }

    proptest! {
        #[test]
        fn the_last_state_wins_wherever_it_tore(
            before in prop::collection::vec(said(), 0..20),
            after in prop::collection::vec(said(), 0..10),
            tear in any::<prop::sample::Index>(),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("j.jsonl");
            let journal = Journal::open(&path).unwrap();
            before.iter().for_each(|said| say(&journal, said));
            drop(journal);
            let whole = std::fs::read(&path).unwrap();
            let kept = &whole[..tear.index(whole.len() + 1)];
            std::fs::write(&path, kept).unwrap();
            let lines = kept.iter().filter(|byte| **byte == b'\n').count();
            let journal = Journal::open(&path).unwrap();
            after.iter().for_each(|said| say(&journal, said));
            drop(journal);
            // What was said, searched from the end; no map.
            let all: Vec<&Said> = before[..lines].iter().chain(&after).collect();
            let journal = Journal::open(&path).unwrap();
            for id in 0..4u8 {
                let input = all.iter().rev().find_map(|said| match said {
                    Said::Input(i, state) if *i == id => Some(Known { digest: [*state; 32], stat: stat(u64::from(*state)) }),
                    _ => None,
                });
                prop_assert_eq!(journal.input(&id.to_string()), input);
                for page in 0..3 {
                    let drawn = all.iter().rev().find_map(|said| match said {
                        Said::Item(i, p, state) if (*i, *p) == (id, page) => Some(state.to_string()),
                        _ => None,
                    });
                    prop_assert_eq!(journal.drawn(&id.to_string(), Some(&Part::Page { n: page })), drawn);
                }
            }
        }

        #[test]
        fn replay_survives_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("j.jsonl");
            std::fs::write(&path, bytes).unwrap();
            let journal = Journal::open(&path).unwrap();
            journal.close("x", &[9; 32], "jpeg", stat(9)).unwrap();
            drop(journal);
            prop_assert!(Journal::open(&path).unwrap().input("x").is_some());
        }
    }
}
