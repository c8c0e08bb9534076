//! Files made to do harm: each is a record, in bounded time and memory, and the run goes on.

use std::io::Write;

use serde_json::Value;

use crate::common::{Ran, Scratch, vision};
use crate::made::{element, file, grey, head, short};

const PLAIN: &str = "1.2.840.10008.1.2.1";

fn pixels(length: u32, bytes: &[u8]) -> Vec<u8> {
    [&[0xE0, 0x7F, 0x10, 0, b'O', b'B', 0, 0][..], &length.to_le_bytes(), bytes].concat()
}

/// Sequences within sequences, of undefined length.
fn deep(levels: usize) -> Vec<u8> {
    let open = [&[0x40, 0, 0x75, 0x02, b'S', b'Q', 0, 0][..], &[0xFF; 4], &[0xFE, 0xFF, 0, 0xE0], &[0xFF; 4]]
        .concat();
    open.repeat(levels)
}

fn deflated(set: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(set).expect("bytes");
    [head("1.2.840.10008.1.2.1.99"), encoder.finish().expect("bytes")].concat()
}

/// Name, file, expected kind.
fn cases() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let whole = file("1.1");
    let set = |parts: &[Vec<u8>]| [vec![head(PLAIN)], parts.to_vec()].concat().concat();
    // Far below --max-bytes, and a thousand times its size.
    let ratio = deflated(&[grey("1.4", 4, 4), element([9, 1], b"UN", &vec![0; 12 << 20])].concat());
    let bomb = deflated(&[grey("1.4", 4, 4), element([9, 1], b"UN", &vec![0; 40 << 20])].concat());
    let jpeg = [
        &[0xE0, 0x7F, 0x10, 0, b'O', b'B', 0, 0][..],
        &[0xFF; 4],
        &[0xFE, 0xFF, 0, 0xE0, 0, 0, 0, 0],
        &[0xFE, 0xFF, 0, 0xE0, 4, 0, 0, 0, 0xFF, 0xD8, 0xFF, 0xD9],
        &[0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0],
    ]
    .concat();
    let report = set(&[
        element([8, 0x16], b"UI", b"1.2.840.10008.5.1.4.1.1.88.33"),
        element([8, 0x18], b"UI", b"1.9"),
    ]);
    vec![
        ("cut.dcm", whole[..whole.len() - 5].to_vec(), "truncated"),
        ("cut-header.dcm", whole[..300].to_vec(), "truncated"),
        ("long-pixels.dcm", set(&[grey("1.2", 4, 4), pixels(0x7FFF_FFF0, &[0; 16])]), "truncated"),
        (
            "long-element.dcm",
            set(&[[&[9, 0, 1, 0][..], b"UN\0\0", &[0xF0, 0xFF, 0xFF, 0x7F]].concat()]),
            "truncated",
        ),
        ("few-pixels.dcm", set(&[grey("1.3", 400, 400), pixels(16, &[0; 16])]), "truncated"),
        ("huge.dcm", set(&[grey("1.4", 65535, 65535), pixels(16, &[0; 16])]), "too-large"),
        ("deep.dcm", set(&[deep(100_000)]), "too-large"),
        ("bomb.dcm", bomb, "too-large"),
        ("ratio.dcm", ratio, "too-large"),
        ("cut-jpeg.dcm", [head("1.2.840.10008.1.2.4.50"), grey("1.5", 4, 4), jpeg].concat(), "truncated"),
        ("unknown-syntax.dcm", [head("1.2.840.10008.1.2.4.100"), grey("1.6", 4, 4)].concat(), "unsupported"),
        ("report.dcm", report, "unsupported"),
        ("no-rows.dcm", set(&[short([0x28, 2], 1), pixels(16, &[0; 16])]), "corrupt"),
        ("no-size.dcm", set(&[grey("1.7", 0, 4), pixels(16, &[0; 16])]), "corrupt"),
    ]
}

#[test]
fn every_fault_is_recorded_and_the_run_goes_on() {
    let scratch = Scratch::new();
    for (name, bytes, _) in cases() {
        scratch.file(format!("in/{name}"), &bytes);
    }
    scratch.file("in/whole.dcm", &file("1.1"));
    // A directory as large as a disk, of which only the beginning is there.
    let class = element([2, 2], b"UI", b"1.2.840.10008.1.3.10");
    let directory = scratch.file("in/cd/DICOMDIR", &[&[0; 128][..], b"DICM", &class].concat());
    std::fs::File::options()
        .write(true)
        .open(&directory)
        .and_then(|file| file.set_len(1 << 40))
        .expect("a hole");
    // Limited in memory: no fault may reserve what it says.
    let binary = vision().get_program().to_owned();
    let mut command = std::process::Command::new("sh");
    command.current_dir(scratch.path("")).arg("-c").arg(
        r#"ulimit -v 6000000; exec "$0" classify in --out run --no-images --workers 1 --max-bytes 33554432"#,
    );
    let begun = std::time::Instant::now();
    Ran::of(command.arg(binary)).expect(2);
    assert!(begun.elapsed().as_secs() < 60);
    let found: Vec<(String, Value)> = scratch.inputs();
    assert_eq!(found.len(), cases().len() + 2);
    let directory = &found.iter().find(|(path, _)| path == "cd/DICOMDIR").expect("a record").1;
    assert_eq!(directory["error"]["kind"], "too-large", "{directory}");
    for (name, _, kind) in cases() {
        let record = &found.iter().find(|(path, _)| path == name).expect("a record").1;
        assert_eq!(record["error"]["kind"], kind, "{record}");
        // Nothing of the person is in a message.
        assert!(!record.to_string().contains("Jane"), "{record}");
    }
    assert_eq!(found.iter().filter(|(_, record)| record["status"] == "done").count(), 1);
}
