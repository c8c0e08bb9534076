//! Picture files: every frame, within small limits. The first byte chooses strict or lenient, and whether fewer
//! pixels are enough.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vision::preprocess::View;
use vision::source::{self, Detail, Limits};
use vision::spec::Resize;

fuzz_target!(|bytes: &[u8]| {
    let Some((mode, file)) = bytes.split_first() else { return };
    let view = View { input: [8, 8], resize: Resize::Letterbox, crop_fraction: 1.0, multiple_of: 1 };
    let detail =
        Detail { enough_for: (mode & 2 != 0).then_some((view, 2.0)), full: mode & 4 != 0, values: None };
    let lenient = mode & 1 != 0;
    let limits = Limits {
        max_pixels: 1 << 14,
        max_bytes: 1 << 20,
        max_parts: 6,
        lenient,
        detail,
        ..Limits::default()
    };
    let Ok(mut frames) = source::open("fuzz", file.into(), &limits) else { return };
    let mut decoded = 0;
    let mut answers = 0u32;
    while let Some(result) = frames.next_frame() {
        answers += 1;
        // Damaged TIFF pages answer with an error each; the directories are bounded by the limit.
        assert!(answers <= 2 * limits.max_parts + 2, "frames without end");
        let Ok(frame) = result else { continue };
        decoded += 1;
        let all = frame.all_pixels().dimensions();
        assert!(all.0 <= frame.size[0] && all.1 <= frame.size[1]);
        let whole = detail.enough_for.is_none() || detail.full;
        assert!(!whole || [all.0, all.1] == frame.size);
        let pixels = u64::from(frame.size[0]) * u64::from(frame.size[1]);
        assert!((1..=limits.max_pixels).contains(&pixels));
        assert!((1..=8).contains(&frame.origin.orientation));
    }
    assert!(!frames.may_have_more(), "the end is known");
    assert!(decoded <= limits.max_parts);
});
