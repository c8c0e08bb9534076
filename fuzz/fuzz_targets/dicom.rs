//! DICOM files and zip files of them: every frame, within small limits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vision::frame::ValueKind;
use vision::source::{self, Detail, Limits, dicom};

fuzz_target!(|bytes: &[u8]| {
    let Some((mode, file)) = bytes.split_first() else { return };
    if !dicom::is_dicom(file) && !file.starts_with(b"PK") {
        return;
    }
    let values = [None, Some(ValueKind::Modality), Some(ValueKind::Display), None][usize::from(mode & 3)];
    let detail = Detail { enough_for: None, full: false, values };
    let limits = Limits {
        max_pixels: 1 << 14,
        max_bytes: 1 << 20,
        max_parts: 6,
        lenient: false,
        detail,
        ..Limits::default()
    };
    let Ok(mut frames) = source::open("fuzz", file.into(), &limits) else { return };
    let mut answers = 0u32;
    while let Some(result) = frames.next_frame() {
        answers += 1;
        assert!(answers <= limits.max_parts + 1, "frames without end");
        let Ok(frame) = result else { continue };
        let pixels = u64::from(frame.size[0]) * u64::from(frame.size[1]);
        assert!((1..=limits.max_pixels).contains(&pixels));
        assert!(frame.values.is_none_or(|values| values.data.len() as u64 == pixels));
    }
    assert!(!frames.may_have_more(), "the end is known");
});
