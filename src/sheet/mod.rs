//! Sheets of answers: what is printed on the paper, what was read of it, and what it is worth.
//!
//! Three halves that know each other only by two types: a [`layout::Layout`] says where on the paper which field
//! lies (made from a `sheet.toml` or from OMRChecker's `template.json`), reading turns a picture into
//! [`response::Response`]s, and scoring turns those into grades without opening a picture.

pub mod align;
pub mod layout;
pub mod omrchecker;
pub mod open;
pub mod read;
pub mod response;
pub mod roster;
pub mod score;
pub mod seen;
pub mod table;
