//! Triage of studies: rules, the worklist, what stays private, and what is proved of the rest.

mod cells;
pub mod evaluate;
pub mod heard;
pub mod ledger;
pub mod page;
pub mod pixels;
pub mod private;
pub mod proof;
mod rules;
pub mod statistics;
pub mod studies;
pub mod telling;
mod worklist;

pub use rules::Rules;
pub use worklist::{Bucket, Row, Worklist};

/// Stands on every output.
pub const NOTICE: &str = "NOT FOR DIAGNOSIS";
