//! What the page holds: everything, escaped, and for the slider what other thresholds give.

use serde_json::{Value, json};

use crate::common::{Ran, Scratch, photo, picture, sample, vision};
use crate::{HOSTILE, Page};

fn report(s: &Scratch, arguments: &[&str]) -> Ran {
    Ran::of(vision().current_dir(s.path("")).args(arguments))
}

fn tiff_of_three_pages() -> Vec<u8> {
    let mut tiff = std::io::Cursor::new(Vec::new());
    let mut encoder = tiff::encoder::TiffEncoder::new(&mut tiff).expect("an encoder");
    for page in 0..3u8 {
        encoder.write_image::<tiff::encoder::colortype::RGB8>(8, 8, &[page * 50; 8 * 8 * 3]).expect("a page");
    }
    tiff.into_inner()
}

#[test]
fn everything_is_in_the_page_failures_too() {
    let s = Scratch::new();
    s.file("p/a/someone.jpg", &photo());
    s.file("p/cut.jpg", &photo()[..4000]);
    s.file("p/scan.tif", &tiff_of_three_pages());
    s.file("p/notes.txt", b"not a picture");
    s.detect(["p", "p/missing.jpg", "--report"]).expect(2).says("report.html");
    let page = Page::of(&s.path("run"));
    assert_eq!(page.rows.len(), 6, "a photo, three pages, two failures");
    assert_eq!(page.row("cut.jpg")["error"]["kind"], "truncated");
    assert_eq!(page.row("missing.jpg")["error"]["kind"], "not-found");
    let someone = page.row("a/someone.jpg");
    assert_eq!(someone["size"], json!([512, 512]));
    let thumb = s.path("run").join(someone["thumb"].as_str().expect("a small picture"));
    assert_eq!(image::image_dimensions(thumb).expect("a picture"), (384, 384));
    assert_eq!(
        someone["views"],
        json!([["original", "../p/a/someone.jpg"], ["annotated", "images/p/a/someone.jpg"]])
    );
    let header = &page.header;
    assert_eq!((&header["inputs"]["listed"], &header["inputs"]["failed"]), (&json!(4), &json!(2)));
    assert_eq!(
        (&header["facts"]["provider"], &header["facts"]["model"]["name"]),
        (&json!("cpu"), &json!("nanodet-g-416"))
    );
    assert_eq!(header["facts"]["skipped"], json!({ "txt": 1 }));
    // Nothing of this machine's folders, and a run.json that names the page.
    let place = s.path("").to_string_lossy().into_owned();
    assert!(!page.html.contains(place.trim_end_matches('/')));
    assert!(s.run_json()["files"].as_array().expect("files").contains(&json!("report.html")));
}

/// Values of a column, in the order of the items.
fn column(page: &Page, key: &str) -> Vec<Value> {
    let columns = page.header["columns"].as_array().expect("columns");
    let at =
        columns.iter().position(|column| column["key"] == key).unwrap_or_else(|| panic!("no column {key}"));
    page.rows.iter().map(|row| row["columns"][at].clone()).collect()
}

#[test]
fn columns_come_from_the_parts_and_from_the_command() {
    let s = Scratch::new();
    s.file("p/scan.tif", &tiff_of_three_pages());
    s.file("p/sub/someone.jpg", &photo());
    let arguments = ["classify", "--out", "run", "--report", "--no-images", "p"];
    report(&s, &arguments).expect(0);
    let page = Page::of(&s.path("run"));
    assert_eq!(column(&page, "page"), [json!(1), json!(2), json!(3), Value::Null]);
    assert_eq!(column(&page, "folder"), [json!("p"), json!("p"), json!("p"), json!("p/sub")]);
    let lead = column(&page, "lead")[3].as_f64().expect("a number");
    let classes = s.results().into_iter().rev().find(|r| !r["prediction"].is_null()).expect("a record");
    let score = |n: usize| classes["prediction"]["classes"][n]["score"].as_f64().expect("a score");
    assert!((lead - (score(0) - score(1))).abs() < 1e-3, "{lead}");
    assert_eq!(page.header["kind"], "answer");
    let titles: Vec<&str> = page.header["queues"]
        .as_array()
        .expect("queues")
        .iter()
        .filter_map(|q| q["title"].as_str())
        .collect();
    assert_eq!(titles.last(), Some(&"Closest calls first"));
    // Detection has no such column.
    s.detect(["--report", "--no-images", "--force", "p"]).expect(0);
    assert!(!Page::of(&s.path("run")).header["columns"].to_string().contains("\"lead\""));
}

#[test]
fn the_slider_gives_what_conf_gives() {
    let s = Scratch::new();
    for name in ["cars.jpg", "opera.jpg", "wine.jpg", "astronaut.jpg"] {
        s.file(format!("p/{name}"), &std::fs::read(sample(name)).expect("a sample"));
    }
    s.detect(["p", "--no-images", "--report", "--conf", "0.4,person=0.6"]).expect(0);
    let page = Page::of(&s.path("run"));
    assert_eq!(page.header["threshold"]["by_label"], json!([["person", 0.6]]));
    let mut found = 0;
    for conf in [0.05, 0.2, 0.4, 0.7] {
        let conf_text = format!("{conf},person=0.6");
        s.detect(["p", "--no-images", "--conf", &conf_text]).expect(0);
        for record in s.results().iter().filter(|r| r["schema"] == "vision.item/1") {
            let row = page.row(record["item"]["path"].as_str().expect("a path"));
            let passing = page.passing(row, &|label| if label == "person" { 0.6 } else { conf });
            let mut instances = record["prediction"]["instances"].as_array().expect("instances").clone();
            if row["cut"].as_u64().unwrap_or(0) > 0 {
                // The bound that the page states: the hundred best, and what counted in the run.
                assert!(passing.len() >= instances.len().min(100), "{conf}");
                instances.truncate(passing.len());
            }
            assert_eq!(passing.len(), instances.len(), "{conf} {}", row["path"]);
            for ((label, score, rect), instance) in passing.iter().zip(&instances) {
                assert_eq!((&json!(label), &json!(score)), (&instance["label"], &instance["score"]));
                let exact: [f64; 4] = serde_json::from_value(instance["box"].clone()).expect("a box");
                assert!(rect.iter().zip(exact).all(|(a, b)| (a - b).abs() <= 0.051), "{rect:?} {exact:?}");
                found += 1;
            }
        }
    }
    assert!(found > 50, "{found} compared");
}

#[test]
fn hostile_names_are_text() {
    let s = Scratch::new();
    s.file(format!("<b>p</b>/{HOSTILE}"), &photo());
    s.file("<b>p</b>/</script><script>alert(2)<.png", b"");
    s.detect(["<b>p</b>", "--report"]).expect(2);
    let page = Page::of(&s.path("run"));
    assert_eq!(page.row(HOSTILE)["size"], json!([512, 512]), "the name comes back whole");
    assert_eq!(page.html.matches("<script").count(), 3, "header, program, items");
    assert_eq!(page.html.matches("</script").count(), 3);
    for markup in ["<img src=x", "<b>p", "alert(1)<", "onerror=\""] {
        assert!(!page.html.contains(markup), "{markup}");
    }
    let view = page.row(HOSTILE)["views"][0][1].as_str().expect("a link");
    assert!(view.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%/".contains(&b)), "{view}");
    let policy =
        page.html.split("http-equiv=\"Content-Security-Policy\" content=\"").nth(1).expect("a policy");
    let policy = policy.split('"').next().expect("its end");
    assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"), "{policy}");
    for loose in ["unsafe", "http:", "https:", "*"] {
        assert!(!policy.contains(loose), "{policy}");
    }
}

#[test]
fn a_report_can_come_later_and_changes_no_result() {
    let s = Scratch::new();
    s.file("p/someone.jpg", &photo());
    s.file("p/plain.png", &picture(3, image::ImageFormat::Png));
    s.detect(["p", "--conf", "0.5"]).expect(0);
    let results = std::fs::read(s.path("run/results.jsonl")).expect("results");
    let drawn =
        std::fs::metadata(s.path("run/images/someone.jpg")).and_then(|m| m.modified()).expect("a picture");
    assert!(!s.path("run/report.html").exists());
    report(&s, &["report", "run"]).expect(0).says("report.html");
    assert_eq!(std::fs::read(s.path("run/results.jsonl")).expect("results"), results);
    assert_eq!(s.run_json()["items"]["observed_now"], 0);
    let again =
        std::fs::metadata(s.path("run/images/someone.jpg")).and_then(|m| m.modified()).expect("a picture");
    assert_eq!(drawn, again, "no annotated picture is drawn anew");
    let page = Page::of(&s.path("run"));
    assert_eq!((page.rows.len(), &page.header["threshold"]["conf"]), (2, &json!(0.5)));
    assert!(page.rows.iter().all(|row| s.path("run").join(row["thumb"].as_str().expect("a thumb")).exists()));
    report(&s, &["report", "p"]).expect(1).says("run.json");
}

#[cfg(target_os = "linux")]
#[test]
fn other_thresholds_open_no_picture_for_the_page() {
    let s = Scratch::new();
    s.file("p/someone.jpg", &photo());
    s.detect(["p", "--report", "--no-images"]).expect(0);
    let thumb = Page::of(&s.path("run")).rows[0]["thumb"].clone();
    let mut watch = inotify::Inotify::init().expect("inotify");
    watch.watches().add(s.path("p"), inotify::WatchMask::OPEN).expect("a watch");
    s.detect(["p", "--report", "--no-images", "--conf", "0.9"])
        .expect(0)
        .says("all from stored observations");
    let mut buffer = [0; 4096];
    // Opening the folder itself is what listing it means; a file inside has a name.
    let opened = match watch.read_events(&mut buffer) {
        Ok(events) => events.filter_map(|e| e.name.map(ToOwned::to_owned)).collect(),
        Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => Vec::new(),
        Err(e) => panic!("{e}"),
    };
    assert!(opened.is_empty(), "opened {opened:?}");
    let page = Page::of(&s.path("run"));
    assert_eq!((&page.rows[0]["thumb"], &page.header["threshold"]["conf"]), (&thumb, &json!(0.9)));
}

#[test]
fn an_embedded_page_needs_nothing_beside_it() {
    let s = Scratch::new();
    s.file("p/someone.jpg", &photo());
    s.detect(["p", "--report", "--embed"]).expect(0);
    let page = Page::of(&s.path("run"));
    let thumb = page.rows[0]["thumb"].as_str().expect("a picture");
    assert!(thumb.starts_with("data:image/jpeg;base64,/9j/"), "JPEG's first bytes");
    assert!(!page.html.contains("src=\"report/"));
    s.detect(["p", "--embed"]).expect(1).says("--report");
    // A new job in the same folder leaves no page of the old one.
    s.detect(["p", "--force"]).expect(0);
    assert!(!s.path("run/report.html").exists() && !s.path("run/report").exists());
}
