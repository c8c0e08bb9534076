//! Decoders made to fail, for tests: in builds with debug assertions only, and only when asked to.

use crate::source::Frames;

/// What a test file asks for: `VISION-TEST-` and a word, after it how many frames come before.
#[cfg(debug_assertions)]
pub fn injected(data: &[u8]) -> Option<Box<dyn Frames>> {
    let order = data.strip_prefix(b"VISION-TEST-")?;
    if std::env::var_os("VISION_TEST_FAULTS").is_none_or(|set| set != "1") {
        return None;
    }
    let order = String::from_utf8_lossy(order);
    let mut words = order.split_whitespace();
    let (word, before) = (words.next().unwrap_or_default().to_owned(), words.next());
    match before.and_then(|number| number.parse().ok()) {
        Some(before) => Some(Box::new(fails::Later { word, before, shown: 0 })),
        None => fails::now(&word),
    }
}

#[cfg(not(debug_assertions))]
pub fn injected(_: &[u8]) -> Option<Box<dyn Frames>> {
    None
}

#[cfg(debug_assertions)]
mod fails {
    use crate::Result;
    use crate::frame::{Attributes, Frame, Origin, Part};
    use crate::source::Frames;

    /// Good frames, then the fault.
    pub struct Later {
        pub word: String,
        pub before: u32,
        pub shown: u32,
    }

    impl Frames for Later {
        fn next_frame(&mut self) -> Option<Result<Frame>> {
            if self.shown == self.before {
                now(&self.word);
                return None;
            }
            self.shown += 1;
            let pixels = image::RgbImage::from_pixel(16, 16, image::Rgb([self.shown as u8; 3]));
            let origin = Origin { format: "test".into(), lossless: true, orientation: 1 };
            let part = Some(Part::Page { n: self.shown });
            let attributes = Attributes::default();
            let size = [16, 16];
            Some(Ok(Frame {
                pixels,
                size,
                full: None,
                part,
                origin,
                icc: None,
                warnings: Vec::new(),
                attributes,
                values: None,
            }))
        }

        fn may_have_more(&self) -> bool {
            self.shown <= self.before
        }
    }

    pub fn now(word: &str) -> Option<Box<dyn Frames>> {
        match word {
            "PANIC" => panic!("as the test asked"),
            "HANG" => loop {
                std::thread::sleep(std::time::Duration::from_secs(1));
            },
            "SLOW" => std::thread::sleep(std::time::Duration::from_millis(1500)),
            "ALLOC" => {
                let mut all = Vec::new();
                loop {
                    all.push(vec![1_u8; 32 << 20]);
                }
            }
            "ABORT" => std::process::abort(),
            #[cfg(unix)]
            "CRASH" => loop {
                // The first one meets Rust's handler for stack overflows, which then lets go.
                let own = rustix::process::getpid();
                let _ = rustix::process::kill_process(own, rustix::process::Signal::SEGV);
            },
            _ => {}
        }
        None
    }
}
