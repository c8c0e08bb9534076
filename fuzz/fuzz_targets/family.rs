//! Families given headers that may fit them and arbitrary tensors: whatever the model answers, boxes are
//! finite and within the frame.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Err(wrong) = vision::fuzzing::family(bytes) {
        panic!("{wrong}");
    }
});
