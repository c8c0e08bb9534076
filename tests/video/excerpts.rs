//! `--clips` and `--contact-sheet`: parts of annotated videos.

use crate::common::Scratch;
use crate::make::{ffmpeg, moving, times};
use crate::tools::means;

const ZONE: &[u8] = b"units = 'relative'\n[[zone]]\nname = 'the yard'\npolygon = [[0, 0], [1, 0], [1, 1], [0, 1]]\nanchor = 'centre'\nclasses = ['red']\n";

fn names(s: &Scratch, folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(s.path(folder)).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn clips_hold_what_happened_and_a_sheet_shows_it() {
    let s = Scratch::new();
    moving(&s, "160x120", 100, "silent.mp4", "-c:v libx264 -r 10");
    // Sound that begins before the video: the annotated video's clock begins with it.
    ffmpeg(
        &s,
        "-itsoffset 0.5 -i silent.mp4 -f lavfi -i sine=d=10.5 -map 0:v -map 1:a -c:v copy -c:a aac v.mp4",
    );
    s.file("zones.toml", ZONE);
    let track = ["--track", "--track-high", "0.02", "--track-low", "0.01", "--track-new", "0.02"];
    let run = |more: &[&str]| means(&s, ["v.mp4"].iter().chain(&track).chain(more)).expect(0);
    // The thing is there from the first frame to the last: it enters, and leaves at the end.
    run(&["--zones", "zones.toml", "--clips", "--contact-sheet", "--from", "1"]);
    assert_eq!(names(&s, "run/clips/v.mp4"), ["0001-enter-the_yard.mp4", "0002-leave-the_yard.mp4"]);
    let all = times(&s.path("run/images/v.mp4"));
    let clip = |name: &str| times(&s.path("run/clips/v.mp4").join(name));
    let seconds = |times: &[i64]| (times[times.len() - 1] - times[0]) as f64 / 1e6;
    let (enter, leave) = (clip("0001-enter-the_yard.mp4"), clip("0002-leave-the_yard.mp4"));
    // From the beginning to three seconds behind the first frame; two seconds before the last.
    assert!((seconds(&enter) - 3.0).abs() < 0.2, "{enter:?}");
    assert!((seconds(&leave) - 2.0).abs() < 0.2, "{leave:?}");
    assert!(enter.len() + leave.len() < all.len());
    let sheet = image::open(s.path("run/sheets/v.mp4.jpg")).expect("a picture");
    assert_eq!((sheet.width(), sheet.height()), (2 * 328 + 8, 240 + 18 + 8 + 8));
    // Without events: frames evenly spread.
    run(&["--contact-sheet"]);
    let sheet = image::open(s.path("run/sheets/v.mp4.jpg")).expect("a picture");
    assert_eq!((sheet.width(), sheet.height()), (4 * 328 + 8, 3 * (240 + 18 + 8) + 8));
    assert_eq!(s.run_json()["items"]["observed_now"], 10, "those before --from");
    means(&s, ["v.mp4", "--contact-sheet", "--video", "none"])
        .expect(1)
        .says("--contact-sheet is cut from annotated videos");
    means(&s, ["v.mp4", "--clips"]).expect(1).says("--clips needs --track --zones");
}
