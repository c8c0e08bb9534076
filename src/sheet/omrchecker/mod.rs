//! OMRChecker's files as this project's types.

pub mod labels;
pub mod template;

pub use template::read;
