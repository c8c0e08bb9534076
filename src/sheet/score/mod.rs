//! What answers are worth: pages, key, class list and decisions in, grades out. Opens no picture.

mod answer;
mod book;
mod changes;
mod columns;
mod decide;
mod doubt;
mod fold;
mod grades;
mod judge;
pub mod key;
mod pages;
mod statistics;
#[cfg(test)]
pub(crate) mod testing;
mod total;
mod write;
mod written;

pub use book::{Book, Grade, Inputs, PageLine, SectionPoints, Status};
pub use changes::{Change, changes, previous};
pub use columns::{COLUMNS, Column, QUEUES, parse as columns};
pub use decide::Ruled;
pub use doubt::{Doubt, effect};
pub use fold::Grader;
pub use judge::{Marked, Outcome, worth};
pub use key::Key;
pub use pages::{Ext, Places, Results, Scan, read};
pub use statistics::{ItemStatistics, OptionStatistics, Statistics};
pub use write::{FILES, Layout, SCHEMA, check, write};
pub use written::Cluster;
