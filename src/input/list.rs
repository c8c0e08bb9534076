//! Making the list: walking folders, expanding globs, reading names from stdin.

use std::collections::{BTreeMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata};
use std::io::BufRead;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use walkdir::WalkDir;

use super::identity::labelled;
use super::media::{claims_media, extension, is_media, may_be_dicom};
use super::natural::natural;
use super::{Identity, Input, Root, Select};
use crate::error::{Error, Kind, Result};
use crate::pseudonym::Pseudonyms;
use crate::run::is_run_folder;
use crate::run::journal::Stat;
use crate::source::dicom;
use crate::source::dicom::directory::Reference;

/// The frozen list of a run.
#[derive(Debug, Default)]
pub struct Listing {
    pub inputs: Vec<Input>,
    pub roots: Vec<Root>,
    /// Files found by walking that are not media, by extension.
    pub skipped: BTreeMap<String, usize>,
}

/// What listing needs beside the names.
pub struct List<'a> {
    pub select: &'a Select,
    /// The run folder in use, never walked.
    pub out: &'a Path,
    /// Whether names are in order of the numbers in them, `f2` before `f10`; else of their bytes.
    pub natural: bool,
    /// The state of the file of this id when it was last worked on. One that is unchanged is media: saves opening it.
    pub known: &'a dyn Fn(&str) -> Option<Stat>,
    /// With a key, roots and paths are called by pseudonyms.
    pub pseudonyms: Option<&'a Pseudonyms>,
    /// Leaves out the new inputs of folders where one of them changed within this time: more may be coming.
    pub quiet_for: Option<Duration>,
    /// Inputs of former runs, which are not left out then, wherever they are now.
    pub former: &'a [(Identity, PathBuf)],
}

/// What the user named, sorted into folders and files.
#[derive(Default)]
struct Named {
    folders: Vec<PathBuf>,
    files: Vec<PathBuf>,
}

impl List<'_> {
    /// Lists `arguments`; `-` reads names from `stdin`.
    ///
    /// # Errors
    /// `Usage` for a stdin that cannot be read. Inputs that do not exist or cannot be read are in
    /// the list with their failure.
    pub fn run(&self, arguments: &[OsString], stdin: &mut dyn BufRead) -> Result<Listing> {
        let mut named = Named::default();
        for argument in arguments {
            if argument == "-" {
                for name in read_names(stdin)? {
                    named.sort_in(&name, false)?;
                }
            } else {
                named.sort_in(argument, true)?;
            }
        }
        let out = fs::canonicalize(self.out).ok();
        if let Some(folder) = named.folders.iter().find(|folder| Some(*folder) == out.as_ref()) {
            let message = format!(
                "--out {}: is an input folder; choose a folder inside or beside it",
                folder.display()
            );
            return Err(Error::usage(message));
        }
        let mut folders = named.folders;
        let files_root = common_folder(&named.files);
        folders.extend(files_root.clone());
        let roots = labelled(&folders);
        let mut listing = Listing { roots, ..Listing::default() };
        let mut seen = HashSet::new();
        for index in 0..listing.roots.len() {
            let root = listing.roots[index].clone();
            if Some(&root.folder) == files_root.as_ref() && index + 1 == listing.roots.len() {
                named.files.iter().for_each(|file| self.name(&root, file, &mut seen, &mut listing));
            } else {
                self.walk(&root, &mut seen, &mut listing);
            }
        }
        if let Some(quiet) = self.quiet_for {
            self.settle(&mut listing.inputs, quiet);
        }
        if self.natural {
            let root = |label: &str| listing.roots.iter().position(|root| root.label == label);
            listing
                .inputs
                .sort_by_cached_key(|input| (root(&input.identity.root), natural(&input.identity.relative)));
        }
        if let Some(limit) = self.select.limit {
            listing.inputs.truncate(limit);
        }
        Ok(listing)
    }

    fn identity(&self, root: &Root, relative: &Path) -> Identity {
        let Some(pseudonyms) = self.pseudonyms else { return Identity::new(&root.label, relative) };
        let named = [root.label.as_bytes(), &[0], relative.as_os_str().as_bytes()].concat();
        Identity::hidden(&pseudonyms.of_bytes("file", &named))
    }

    /// Whether a file is an input whatever is in it. Where studies are listed for people who rely on it, that is every
    /// file that may be DICOM by its name.
    fn claims(&self, file: &Path) -> bool {
        claims_media(file) || self.pseudonyms.is_some() && may_be_dicom(file)
    }

    /// Counts a file that is no input; its extension may be part of a name.
    fn skip(&self, listing: &mut Listing, what: String) {
        let what = if self.pseudonyms.is_some() { "not media".to_owned() } else { what };
        *listing.skipped.entry(what).or_default() += 1;
    }

    fn walk(&self, root: &Root, seen: &mut HashSet<PathBuf>, listing: &mut Listing) {
        let walk = WalkDir::new(&root.folder).follow_links(true).sort_by_file_name();
        let out = fs::canonicalize(self.out).ok();
        let enter = |entry: &walkdir::DirEntry| {
            if entry.depth() == 0 {
                return true;
            }
            let hidden = entry.file_name().as_bytes().starts_with(b".") && !self.select.hidden;
            let own = entry.file_type().is_dir()
                && (is_run_folder(entry.path())
                    || out.is_some() && fs::canonicalize(entry.path()).ok() == out);
            !hidden && !own
        };
        let mut entries = walk.into_iter().filter_entry(enter);
        while let Some(entry) = entries.next() {
            match entry {
                // walkdir finds links to folders between the root and the link, not those above.
                Ok(entry) if is_above(&entry, &root.folder) => {
                    entries.skip_current_dir();
                    let relative = entry.path().strip_prefix(&root.folder).unwrap_or(entry.path());
                    let identity = self.identity(root, relative);
                    let failure = Some(link_loop(&identity));
                    let file = entry.into_path();
                    self.push(Input { identity, file, stat: None, failure }, seen, listing);
                }
                Ok(entry) if entry.file_type().is_dir() => {}
                Ok(entry) => self.found(root, entry.path(), seen, listing),
                Err(error) => {
                    let file = error.path().unwrap_or(&root.folder).to_owned();
                    let relative = file.strip_prefix(&root.folder).unwrap_or(&file).to_owned();
                    let identity = self.identity(root, &relative);
                    let failure = walk_failure(&identity, error);
                    self.push(Input { identity, file, stat: None, failure: Some(failure) }, seen, listing);
                }
            }
        }
    }

    /// A file found by walking: an input when it is media by its first bytes, or claims to be by its
    /// name; otherwise skipped and counted.
    fn found(&self, root: &Root, file: &Path, seen: &mut HashSet<PathBuf>, listing: &mut Listing) {
        let relative = file.strip_prefix(&root.folder).unwrap_or(file);
        if !self.select.by_name(relative) {
            return;
        }
        let identity = self.identity(root, relative);
        let input = match fs::metadata(file) {
            Ok(metadata) if !metadata.is_file() => return self.skip(listing, "not a regular file".into()),
            Ok(metadata) => {
                let stat = stat(&metadata);
                let media = (self.known)(&identity.id) == Some(stat) || self.claims(file);
                if dicom::directory::is_called_so(file) && self.directory(root, file, seen, listing) {
                    return;
                }
                if !media && !is_media(file, self.pseudonyms.is_some()) {
                    return self.skip(listing, extension(file));
                }
                Input { identity, file: file.to_owned(), stat: Some(stat), failure: None }
            }
            Err(e) => {
                let failure = Error::read(identity.shown(), e);
                Input { identity, file: file.to_owned(), stat: None, failure: Some(failure) }
            }
        };
        self.push(input, seen, listing);
    }

    /// The files that a DICOMDIR names, in its place; `false` where the file is none.
    fn directory(
        &self,
        root: &Root,
        file: &Path,
        seen: &mut HashSet<PathBuf>,
        listing: &mut Listing,
    ) -> bool {
        let relative = file.strip_prefix(&root.folder).unwrap_or(file);
        let identity = self.identity(root, relative);
        let named = match dicom::directory::references(&identity.shown(), file) {
            Ok(None) => return false,
            Ok(Some(named)) => named,
            Err(error) => {
                let input = Input { identity, file: file.to_owned(), stat: None, failure: Some(error) };
                self.push(input, seen, listing);
                return true;
            }
        };
        let folder = relative.parent().unwrap_or(Path::new(""));
        for Reference { path, failure } in named {
            let relative = folder.join(&path);
            let identity = self.identity(root, &relative);
            let file = root.folder.join(folder).join(path);
            let stat = fs::metadata(&file).ok().filter(|_| failure.is_none()).map(|metadata| stat(&metadata));
            if self.select.by_name(&relative) {
                self.push(Input { identity, file, stat, failure }, seen, listing);
            }
        }
        true
    }

    /// A file that the user named: always an input, whatever it is.
    fn name(&self, root: &Root, file: &Path, seen: &mut HashSet<PathBuf>, listing: &mut Listing) {
        let relative = file.strip_prefix(&root.folder).unwrap_or(file);
        if !self.select.by_name(relative) {
            return;
        }
        if dicom::directory::is_called_so(file) && self.directory(root, file, seen, listing) {
            return;
        }
        let identity = self.identity(root, relative);
        let (stat, failure) = match fs::metadata(file) {
            Ok(metadata) if metadata.is_file() => (Some(stat(&metadata)), None),
            Ok(_) => {
                let message =
                    format!("{}: not a regular file; only regular files are read", identity.shown());
                (None, Some(Error::new(Kind::NotRegular, message)))
            }
            Err(e) => (None, Some(Error::read(identity.shown(), e))),
        };
        self.push(Input { identity, file: file.to_owned(), stat, failure }, seen, listing);
    }

    fn push(&self, input: Input, seen: &mut HashSet<PathBuf>, listing: &mut Listing) {
        if self.select.by_shard(&input.identity) && seen.insert(input.file.clone()) {
            listing.inputs.push(input);
        }
    }
}

impl Named {
    fn sort_in(&mut self, name: &OsStr, expand: bool) -> Result<()> {
        let path = resolved(name)?;
        if path.is_dir() {
            let folder = fs::canonicalize(&path).unwrap_or(path);
            if !self.folders.contains(&folder) {
                self.folders.push(folder);
            }
        } else if !path.exists() && expand && name.as_bytes().iter().any(|b| b"*?[".contains(b)) {
            let matches = expand_glob(name)?;
            for found in matches {
                self.sort_in(found.as_os_str(), false)?;
            }
        } else {
            self.files.push(path);
        }
        Ok(())
    }
}

/// An absolute path without `..`: the folder resolved, the file name as given, so that a link to a
/// file keeps its own name.
fn resolved(name: &OsStr) -> Result<PathBuf> {
    let path = std::path::absolute(name)
        .map_err(|e| Error::usage(format!("{}: not a path", name.to_string_lossy())).because(e))?;
    let (Some(parent), Some(file)) = (path.parent(), path.file_name()) else {
        return Ok(fs::canonicalize(&path).unwrap_or(path));
    };
    match fs::canonicalize(parent) {
        Ok(parent) => Ok(parent.join(file)),
        // A folder that does not exist: resolved by name, to be reported as missing.
        Err(_) => Ok(without_dots(&path)),
    }
}

fn without_dots(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                clean.pop();
            }
            Component::CurDir => {}
            other => clean.push(other),
        }
    }
    clean
}

fn expand_glob(pattern: &OsStr) -> Result<Vec<PathBuf>> {
    let shown = pattern.to_string_lossy();
    let paths = glob::glob(&shown)
        .map_err(|e| Error::usage(format!("{shown}: not a glob; example: 'photos/**/*.jpg'")).because(e))?;
    let found: Vec<PathBuf> = paths.filter_map(Result::ok).collect();
    if found.is_empty() {
        return Err(Error::new(Kind::NothingToDo, format!("{shown}: no file matches")));
    }
    Ok(found)
}

/// Names separated by line breaks, or by NUL where there is one (`find -print0`).
pub(crate) fn read_names(stdin: &mut dyn BufRead) -> Result<Vec<OsString>> {
    let mut bytes = Vec::new();
    stdin
        .read_to_end(&mut bytes)
        .map_err(|e| Error::usage("-: the list of names on standard input cannot be read").because(e))?;
    let separator = if bytes.contains(&0) { 0 } else { b'\n' };
    let names = bytes.split(|b| *b == separator).map(|name| name.strip_suffix(b"\r").unwrap_or(name));
    Ok(names.filter(|name| !name.is_empty()).map(|name| OsString::from_vec(name.to_vec())).collect())
}

/// The deepest folder above all `files`.
fn common_folder(files: &[PathBuf]) -> Option<PathBuf> {
    let mut parents = files.iter().filter_map(|file| file.parent());
    let mut common = parents.next()?.to_owned();
    for parent in parents {
        while !parent.starts_with(&common) {
            common.pop();
        }
    }
    Some(common)
}

/// Whether a link leads to a folder that holds the root, or to the root itself.
fn is_above(entry: &walkdir::DirEntry, root: &Path) -> bool {
    entry.depth() > 0
        && entry.path_is_symlink()
        && entry.file_type().is_dir()
        && fs::canonicalize(entry.path()).is_ok_and(|target| root.starts_with(target))
}

fn link_loop(identity: &Identity) -> Error {
    let message = format!("{}: a link back to a folder above it; not followed", identity.shown());
    Error::new(Kind::LinkLoop, message)
}

fn walk_failure(identity: &Identity, error: walkdir::Error) -> Error {
    if error.loop_ancestor().is_some() {
        return link_loop(identity);
    }
    match error.into_io_error() {
        // A link that leads to itself.
        Some(io) if io.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
            Error::new(Kind::LinkLoop, format!("{}: a link that leads back to itself", identity.shown()))
        }
        Some(io) => Error::read(identity.shown(), io),
        None => Error::new(Kind::Unreadable, format!("{}: cannot be read", identity.shown())),
    }
}

/// The state of a file, to tell later whether it changed.
pub fn stat(metadata: &Metadata) -> Stat {
    // Saturating at the year 2262 and in the deep past; only equality matters.
    let nanoseconds = |seconds: i64, part: i64| seconds.saturating_mul(1_000_000_000).saturating_add(part);
    Stat {
        bytes: metadata.len(),
        mtime: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
        ctime: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
        inode: metadata.ino(),
    }
}
