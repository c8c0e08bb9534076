//! Streams: cameras and addresses that give frames as time passes, of which the newest count.
//!
//! The user's ffmpeg program reads them, so that a codec that crashes or a network that hangs costs a connection and no
//! run. Whoever is slower than the stream sees fewer frames, never older ones.

pub mod address;
pub mod follow;
mod mailbox;
pub(crate) mod ppm;
pub mod source;
pub mod view;

pub use address::Address;
pub use mailbox::{Arrived, Counts, Mailbox};
pub use source::{Source, Told};
