//! DICOM files without what identifies people: the basic profile of PS3.15, annex E, and what it leaves open.
//!
//! `docs/deidentify.md` says what is done to which element and where this goes beyond the profile.

mod clean;
mod comments;
mod file;
mod job;
mod journal;
mod names;
mod profile;
mod risk;

pub use file::Instance;
pub use job::{Done, INSTANCES, Job, run};
pub use profile::EDITION;
pub use risk::Text;
