//! Told whom the inputs of a run are of, as they are opened: what must not stand in results.

use std::fmt::Debug;
use std::path::PathBuf;

use crate::digest::Key;
use crate::error::Result;
use crate::frame::Attributes;
use crate::input::{Identity, Input, Listing};

/// Keeps what identifies people apart from what is written. Called by all workers.
pub trait Witness: Debug + Send + Sync {
    /// The inputs of the run, before the first is opened.
    fn listed(&self, listing: &Listing);

    /// Whether it is kept what a file of these bytes says of people: one that is not is opened again.
    fn knows(&self, digest: &Key) -> bool;

    /// What is known of a frame, or of what failed in its place.
    fn saw(&self, input: &Input, attributes: &Attributes);

    /// An input is finished; nothing else is remembered of it before. `digest` is `None` where it could not be read.
    ///
    /// # Errors
    /// When it cannot be kept, which ends the run: what is not kept cannot be searched for.
    fn done(&self, input: &Input, digest: Option<&Key>) -> Result<()>;

    /// Inputs of former runs and where they were.
    fn former(&self) -> Vec<(Identity, PathBuf)>;
}
