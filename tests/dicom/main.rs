//! DICOM through the binary: every file of pydicom's test set, containers, and files made to do harm.

#[path = "../common/mod.rs"]
mod common;

mod containers;
mod deidentify;
mod faults;
mod golden;
pub mod made;
