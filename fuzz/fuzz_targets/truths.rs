//! Files of truth and results of all formats of one file: COCO, VOC, YOLO, CSV, MOT, a run's records; and decisions of
//! people. The first byte says as which.
#![no_main]

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use vision::eval::mot;
use vision::eval::read::{self, Reading};
use vision::review;

include!("../file.rs");

/// A folder, since some formats go by the name of the file or what lies beside it.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = vision_fuzz_file("truths");
    std::fs::create_dir_all(&folder).expect("a folder in memory");
    folder
});

const NAMES: [&str; 8] =
    ["a.json", "a.xml", "a.txt", "a.csv", "a.jsonl", "results.json", "mot.txt", "decisions.jsonl"];

fn tracks(file: &Path) {
    let (Ok(truth), Ok(found)) = (read::mot::read(file, true), read::mot::read(file, false)) else { return };
    let boxes: usize = truth.frames.values().map(Vec::len).sum();
    if boxes == 0 || truth.count() != found.count() {
        return;
    }
    let Ok(report) = mot::evaluate(&truth, found, 0.5) else { return };
    // What is compared with itself is all right, but for boxes without an area.
    assert!(report.clear.mota.is_none_or(|mota| mota <= 1.0));
    assert!(report.clear.matches + report.clear.misses + report.clear.switches >= boxes);
}

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, text)) = bytes.split_first() else { return };
    let name = NAMES[usize::from(kind % 8)];
    let file = FOLDER.join(name);
    std::fs::write(&file, text).expect("a file in memory");
    match name {
        "mot.txt" => tracks(&file),
        "decisions.jsonl" => drop(review::read(&[file.clone()])),
        _ => {
            let reading = Reading { names: None, voc_edges: kind & 8 != 0 };
            let found = read::results(&file).map(|(_, found)| found).unwrap_or_default();
            let _ = read::truth(&file, Path::new(""), &found, &reading);
            let _ = read::boxes(&FOLDER, &reading);
        }
    }
    std::fs::remove_file(&file).expect("it was there");
});
