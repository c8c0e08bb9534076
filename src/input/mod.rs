//! From what the user names (files, folders, globs, a list on stdin) to the frozen list of inputs.

mod identity;
mod list;
mod media;
mod natural;
mod select;
mod settle;

use std::path::PathBuf;

pub use identity::{Identity, Root};
pub(crate) use list::read_names;
pub use list::{List, Listing, stat};
pub use select::Select;

use crate::error::Error;
use crate::run::journal::Stat;

/// One input of a run.
#[derive(Debug)]
pub struct Input {
    pub identity: Identity,
    /// Where it is now; never in results.
    pub file: PathBuf,
    /// `None` where the file could not be looked at; `failure` says why.
    pub stat: Option<Stat>,
    /// Why it cannot be read at all, found while listing.
    pub failure: Option<Error>,
}
