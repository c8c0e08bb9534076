//! What the basic profile does to an element: table E.1-1 of PS3.15 as data, its compound actions decided.

use std::sync::LazyLock;

use dicom_core::Tag;

/// Of the standard; the table's first line says the same.
pub const EDITION: &str = "2026c";

const TABLE: &str = include_str!("basic-profile.tsv");

/// What is done to one element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Remove,
    /// No value, no item.
    Empty,
    /// A value that means nothing, of the same representation; of a sequence, in all of its items.
    Dummy,
    /// Another UID for each, the same one everywhere.
    Uid,
    /// Of a sequence: its items are cleaned as the data set is.
    Clean,
}

/// A row: the digits of the tag that matter, and the two decisions.
struct Row {
    bits: u32,
    mask: u32,
    value: Action,
    sequence: Action,
}

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| TABLE.lines().filter_map(row).collect());

fn row(line: &str) -> Option<Row> {
    let (tag, code) = line.split_once('\t').filter(|_| !line.starts_with('#'))?;
    let (value, sequence) = decided(code)?;
    let mask = tag.chars().fold(0, |mask: u32, c| mask << 4 | if c == 'x' { 0 } else { 0xF });
    let bits = u32::from_str_radix(&tag.replace('x', "0"), 16).ok()?;
    Some(Row { bits, mask, value, sequence })
}

/// Compound actions depend on what an object's definition requires (table E.1-1a). A value stays of the kind that any
/// definition allows: a dummy where one may be required, else none. A sequence goes where it may.
fn decided(code: &str) -> Option<(Action, Action)> {
    Some(match code {
        "X" => (Action::Remove, Action::Remove),
        "Z" | "X/Z" => (Action::Empty, Action::Empty),
        "D" | "Z/D" | "X/D" => (Action::Dummy, Action::Dummy),
        "X/Z/D" => (Action::Dummy, Action::Remove),
        "U" => (Action::Uid, Action::Clean),
        // References to other instances stay, with their UIDs replaced.
        "X/Z/U*" => (Action::Empty, Action::Clean),
        _ => return None,
    })
}

/// `None` where the table does not name the element.
pub fn action(Tag(group, element): Tag, is_sequence: bool) -> Option<Action> {
    let tag = u32::from(group) << 16 | u32::from(element);
    let row = ROWS.iter().find(|row| tag & row.mask == row.bits)?;
    Some(if is_sequence { row.sequence } else { row.value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_read_and_decided() {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!((ROWS.len(), lines), (655, 655));
        assert!(TABLE.starts_with(&format!("# DICOM PS3.15 {EDITION}, ")));
    }

    #[test]
    fn as_the_standard_says() {
        // Read in PS3.15, table E.1-1, not in the file.
        let value = |group, element| action(Tag(group, element), false);
        assert_eq!(value(0x0010, 0x0010), Some(Action::Empty), "Patient's Name: Z");
        assert_eq!(value(0x0008, 0x0018), Some(Action::Uid), "SOP Instance UID: U");
        assert_eq!(value(0x0002, 0x0003), Some(Action::Uid), "Media Storage SOP Instance UID: U");
        assert_eq!(value(0x0010, 0x4000), Some(Action::Remove), "Patient Comments: X");
        assert_eq!(value(0x0008, 0x0023), Some(Action::Dummy), "Content Date: Z/D");
        assert_eq!(value(0x0008, 0x0080), Some(Action::Dummy), "Institution Name: X/Z/D");
        assert_eq!(value(0x501A, 0x0110), Some(Action::Remove), "Curve Data: X");
        assert_eq!(value(0x6002, 0x4000), Some(Action::Remove), "Overlay Comments: X");
        assert_eq!(
            action(Tag(0x0008, 0x1140), true),
            Some(Action::Clean),
            "Referenced Image Sequence: X/Z/U*"
        );
        assert_eq!(value(0x0028, 0x0010), None, "Rows");
    }
}
