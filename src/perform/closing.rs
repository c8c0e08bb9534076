//! What a command adds to its records when everything is drawn and before they are written.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::setup::Prepared;
use crate::pipeline::artist::Artist;
use crate::pipeline::control::Control;
use crate::policy::Fold;
use crate::run::RunFolder;

/// A run all of whose pictures are drawn.
pub struct Drawn<'a> {
    pub prepared: &'a Prepared,
    pub folder: &'a RunFolder,
    pub artist: Option<Arc<Artist>>,
    pub control: &'a Control,
    /// Tells people.
    pub note: &'a dyn Fn(&str),
}

/// Completes records.
pub trait Closing {
    fn fold(&mut self) -> &mut (dyn Fold + Send);
    fn finish(self: Box<Self>) -> Closed;
}

/// How it ended.
#[derive(Debug, Clone, Default)]
pub struct Closed {
    /// For people.
    pub words: Vec<String>,
    /// What makes the exit code 3, and in how many items.
    pub found: BTreeMap<String, usize>,
}
