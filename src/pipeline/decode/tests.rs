//! Decoding processes that do not do as they should, and the protocol against arbitrary bytes.

use std::process::Command;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::helper::{Helper, Reply};
use super::wire::{self, Answer, Head, Request, Said};
use crate::error::{Error, Kind};
use crate::frame::{Attributes, Frame, Origin, Part, Sensitive, Warning};
use crate::source::Limits;

/// What the run says of a process that is this shell script.
fn outcome(script: &str) -> Error {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    let limits = Limits { max_pixels: 1000, ..Limits::default() };
    let helper = Helper::start(&mut command, limits).expect("starts");
    match helper.ask("x.jpg", Request::Next, Duration::from_secs(20)) {
        Ok(_) => panic!("{script}: an answer"),
        Err(error) => error,
    }
}

#[test]
fn rubbish_is_a_failure_of_the_input() {
    let begun = Instant::now();
    for script in [
        "cat /dev/urandom",
        "cat /dev/zero",
        // A header of 2^32 - 1 bytes.
        r"printf '\377\377\377\377'; sleep 60",
        // A header of nothing.
        r"printf '\000\000\000\000'; sleep 60",
    ] {
        let error = outcome(script);
        assert_eq!(error.kind, Kind::DecoderCrash, "{script}: {error}");
        assert!(error.message.contains("x.jpg") && error.message.contains("rubbish"), "{error}");
    }
    assert!(begun.elapsed() < Duration::from_secs(50), "nobody waited for them");
}

#[test]
fn a_process_that_ends_says_how() {
    for (script, how) in [
        ("kill -SEGV $$", "signal 11 (SIGSEGV)"),
        ("exit 3", "exit status: 3"),
        ("printf x", "exit status: 0"),
    ] {
        let error = outcome(script);
        assert_eq!(error.kind, Kind::DecoderCrash);
        assert!(error.message.contains(how), "{script}: {error}");
    }
}

#[test]
fn silence_ends_with_the_deadline() {
    let mut command = Command::new("sh");
    command.args(["-c", "exec sleep 60"]);
    let helper = Helper::start(&mut command, Limits::default()).expect("starts");
    let begun = Instant::now();
    let asked = helper.ask("x.jpg", Request::Next, Duration::from_millis(100));
    assert_eq!(asked.err().map(|e| e.kind), Some(Kind::Deadline));
    assert!(begun.elapsed() < Duration::from_secs(30));
}

fn frame() -> Frame {
    let mut attributes = Attributes::default();
    attributes.set_public("camera", "a");
    attributes.set_sensitive("patient", Sensitive::new("b"));
    Frame {
        pixels: image::RgbImage::from_fn(3, 2, |x, y| image::Rgb([x as u8, y as u8, 9])),
        size: [6, 4],
        full: Some(image::RgbImage::from_fn(6, 4, |x, y| image::Rgb([x as u8, y as u8, 7]))),
        part: Some(Part::Page { n: 7 }),
        origin: Origin { format: "tiff".into(), lossless: true, orientation: 3 },
        icc: Some(vec![1, 2, 3]),
        warnings: vec![Warning::new("code", "words")],
        attributes,
        values: None,
    }
}

fn sent(frame: &Frame) -> (Head, Vec<u8>) {
    let mut bytes = Vec::new();
    wire::write(&mut bytes, &Head::of(frame)).expect("written");
    wire::write_body(&mut bytes, frame).expect("written");
    let mut rest = bytes.as_slice();
    let head = wire::read(&mut rest).expect("read").expect("a header");
    (head, rest.to_vec())
}

#[test]
fn a_frame_arrives_as_it_was() {
    let (head, body) = sent(&frame());
    let arrived = wire::read_body(&mut body.as_slice(), head, &Limits::default()).expect("a frame");
    let sent = frame();
    assert_eq!(format!("{arrived:?}"), format!("{sent:?}"));
    assert_eq!(arrived.attributes.sensitive("patient").map(Sensitive::reveal), Some("b"));
}

#[test]
fn sizes_beyond_the_limits_are_not_believed() {
    let refused = |frame: &Frame, cut: usize, limits: &Limits| {
        let (head, body) = sent(frame);
        wire::read_body(&mut &body[..body.len() - cut], head, limits).expect_err("accepted").kind()
    };
    use std::io::ErrorKind::{InvalidData, UnexpectedEof};
    let small = Limits { max_pixels: 5, ..Limits::default() };
    assert_eq!(refused(&frame(), 0, &small), InvalidData);
    assert_eq!(refused(&frame(), 1, &Limits::default()), UnexpectedEof);
    assert_eq!(refused(&Frame { size: [2, 2], ..frame() }, 0, &Limits::default()), InvalidData);
    let long = Frame { icc: Some(vec![0; crate::source::MAX_PROFILE + 1]), ..frame() };
    assert_eq!(refused(&long, 0, &Limits::default()), InvalidData);
}

#[test]
fn no_process_ends_the_run_by_an_error_of_the_machine() {
    let mut bytes = Vec::new();
    let fault = Error::new(Kind::DiskFull, "a lie").into();
    wire::write(&mut bytes, &Answer { number: 1, said: Said::Unread(fault) }).expect("written");
    let octal: String = bytes.iter().map(|byte| format!("\\{byte:03o}")).collect();
    let error = outcome(&format!("printf '{octal}'; sleep 60"));
    assert_eq!(error.kind, Kind::DecoderCrash);
}

#[test]
fn answers_to_other_questions_are_rubbish() {
    let mut bytes = Vec::new();
    wire::write(&mut bytes, &Answer { number: 2, said: Said::End }).expect("written");
    let octal: String = bytes.iter().map(|byte| format!("\\{byte:03o}")).collect();
    assert!(outcome(&format!("printf '{octal}'; sleep 60")).message.contains("rubbish"));
    bytes.clear();
    wire::write(&mut bytes, &Answer { number: 1, said: Said::End }).expect("written");
    let octal: String = bytes.iter().map(|byte| format!("\\{byte:03o}")).collect();
    let mut command = Command::new("sh");
    command.args(["-c", &format!("printf '{octal}'; sleep 60")]);
    let helper = Helper::start(&mut command, Limits::default()).expect("starts");
    let (_helper, reply) = helper.ask("x", Request::Next, Duration::from_secs(20)).expect("an answer");
    assert!(matches!(reply, Reply::Step { frame: None, more: false }));
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_an_error_or_a_message(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let length = (bytes.len() as u32).to_le_bytes();
        for stream in [bytes.clone(), [&length[..], &bytes].concat()] {
            let mut rest = stream.as_slice();
            if let Ok(Some(Answer { said: Said::Frame { head, .. }, .. })) = wire::read(&mut rest) {
                let _ = wire::read_body(&mut rest, *head, &Limits::default());
            }
        }
    }
}
