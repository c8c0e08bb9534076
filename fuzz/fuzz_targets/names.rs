//! A list of names on standard input, and the artefacts that inputs of such names get.
#![no_main]

use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};

use libfuzzer_sys::fuzz_target;
use vision::draw::{Overlay, Style};
use vision::frame::{Origin, Part};
use vision::input::{Identity, Input};
use vision::pipeline::artist::{Artist, Kinds};
use vision::prediction::{Instance, Prediction};

fuzz_target!(|bytes: &[u8]| {
    let names = vision::fuzzing::stdin_names(bytes).expect("a list in memory");
    assert!(names.iter().all(|name| !name.is_empty()));
    let mut seen = HashSet::new();
    let inputs: Vec<Input> = names
        .iter()
        .take(16)
        // What a file system can hold; one path spelled in two ways is one file.
        .filter(|name| Path::new(name).components().all(|c| c.as_os_str().len() <= 255))
        .filter(|name| seen.insert(Path::new(name).components().collect::<PathBuf>()))
        .map(|name| Input {
            identity: Identity::new("root", Path::new(name)),
            file: PathBuf::new(),
            stat: None,
            failure: None,
        })
        .collect();
    let kinds = Kinds { crops: true, ..Kinds::images() };
    let artist = Artist::new(Path::new("out"), PathBuf::new(), Style::default(), kinds, &inputs);
    let label = String::from_utf8_lossy(bytes).into_owned();
    let instance = Instance {
        class: 0,
        label,
        score: 0.5,
        rect: [0.0, 0.0, 1.0, 1.0].into(),
        corners: None,
        keypoints: Vec::new(),
        track: None,
        filled: false,
        children: vec![],
    };
    let prediction = Prediction::Detect { instances: vec![instance] };
    let mut files: HashSet<PathBuf> = HashSet::new();
    for (number, input) in inputs.iter().enumerate() {
        let lossless = bytes.get(number).is_some_and(|b| b % 2 == 0);
        let origin = Origin { format: "png".into(), lossless, orientation: 1 };
        let pages = [Part::Page { n: 1 }, Part::Page { n: 2 }];
        let paged = bytes.get(number).is_some_and(|b| b % 3 == 0);
        let parts: Vec<Option<&Part>> = if paged { pages.iter().map(Some).collect() } else { vec![None] };
        for part in parts {
            let plan = artist.plan(&input.identity, part, &origin, [8, 8], &prediction, Overlay::default());
            for file in plan.files() {
                assert!(file.components().all(|c| matches!(c, Component::Normal(_))), "{file:?}");
                assert!(file.components().all(|c| c.as_os_str().len() <= 255), "{file:?}");
                assert!(files.insert(file.to_owned()), "twice: {file:?}");
            }
        }
    }
    // No artefact stands where another needs a folder.
    for file in &files {
        assert!(file.ancestors().skip(1).all(|folder| !files.contains(folder)), "{file:?}");
    }
});
