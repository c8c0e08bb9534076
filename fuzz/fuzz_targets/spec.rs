//! A model's description: read, judged against a header, made a family, written, read again.
#![no_main]

use std::borrow::Cow;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use vision::family::{self, Recipe};
use vision::models::{self, Opened, Origin};
use vision::onnx::Header;
use vision::spec::{LabelSet, Spec};

static HEADER: LazyLock<Header> =
    LazyLock::new(|| models::resolve(models::DEFAULT).expect("the bundled model").header);

fuzz_target!(|text: &str| {
    let Ok(spec) = toml::from_str::<Spec>(text) else { return };
    if let Ok(labels) = LabelSet::new(&spec.labels) {
        let first = labels.name(0);
        assert!(labels.is_empty() || labels.index(&first).is_some());
    }
    let opened = Opened {
        bytes: Cow::Borrowed(b""),
        digest: String::new(),
        header: HEADER.clone(),
        origin: Origin::Bundled,
        spec: Ok(spec.clone()),
        understood: None,
        rewritten: None,
    };
    if let Ok(model) = opened.into_model() {
        let recipe =
            Recipe { spec: &spec, header: &HEADER, size: spec.input.size, labels: model.labels.len() };
        let _ = family::build(&recipe);
    }
    let written = toml::to_string(&spec).expect("TOML");
    let again: Spec = toml::from_str(&written).expect("what we write we read");
    assert_eq!(toml::to_string(&again).expect("TOML"), written);
});
