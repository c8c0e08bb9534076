//! Decisions: made with the keyboard, kept, downloaded, applied, shown again, refused where they no longer fit.

use serde_json::{Value, json};

use crate::Page;
use crate::chromium::Browser;
use crate::common::{Ran, Scratch, photo, picture, records, sample, vision};

/// Labels and boxes of an item's results.
fn found(s: &Scratch, path: &str) -> Vec<(String, Vec<f64>)> {
    let results = s.results();
    let record = results.iter().find(|r| r["item"]["path"] == path).expect("a record");
    let instances = record["prediction"]["instances"].as_array().expect("instances");
    let one = |i: &Value| {
        let label = i["label"].as_str().expect("a label").to_owned();
        (label, serde_json::from_value(i["box"].clone()).expect("a box"))
    };
    instances.iter().map(one).collect()
}

fn photos(s: &Scratch) {
    for name in ["cars.jpg", "cows.jpg", "opera.jpg"] {
        s.file(format!("p/{name}"), &std::fs::read(sample(name)).expect("a sample"));
    }
    s.detect(["p", "--report", "--no-images", "--conf", "0.4"]).expect(0);
}

fn type_in(browser: &mut Browser, text: &str) {
    browser.call("Input.insertText", json!({ "text": text }));
}

/// Lets the page write its decisions into the scratch folder, as `decisions.jsonl`.
fn download(browser: &mut Browser, s: &Scratch) -> Vec<Value> {
    let folder = s.path("").canonicalize().expect("a folder");
    let file = folder.join("decisions.jsonl");
    let _ = std::fs::remove_file(&file);
    browser.call("Page.setDownloadBehavior", json!({ "behavior": "allow", "downloadPath": folder }));
    browser.value("document.getElementById('download').click(); 0");
    let begun = std::time::Instant::now();
    while !file.exists() {
        assert!(begun.elapsed().as_secs() < 30, "no download");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    std::thread::sleep(std::time::Duration::from_millis(200));
    records(&file)
}

#[test]
fn decisions_are_made_kept_downloaded_and_applied() {
    let Some(mut browser) = Browser::start() else { return };
    let s = Scratch::new();
    photos(&s);
    let before = found(&s, "cows.jpg");
    assert!(before.len() >= 3, "{before:?}");
    browser.open(&s.path("run"), [1280, 860]);
    browser.value("const by = document.getElementById('by'); by.value = 'Ann'; by.dispatchEvent(new Event('change')); 0");
    browser.value("openZoom(visible.findIndex(item => item.title === 'cows.jpg')); 0");
    browser.settle();
    // Rejected, accepted, corrected with a note, by keys alone; each goes on to the next.
    browser.key("r");
    browser.key("a");
    browser.key("c");
    assert_eq!(browser.value("document.activeElement.id"), json!("answer"));
    type_in(&mut browser, "unicorn");
    browser.key("Enter");
    assert_eq!(browser.value("document.getElementById('ask').hidden"), json!(false), "no such label");
    browser.value("document.getElementById('answer').value = ''; 0");
    type_in(&mut browser, "Sheep");
    browser.key("Enter");
    browser.key("n");
    type_in(&mut browser, "a lamb?");
    browser.key("Enter");
    browser.key("n");
    browser.key("Escape");
    assert_eq!(
        browser.value("zoom.open && document.getElementById('ask').hidden"),
        json!(true),
        "Esc ends the question only"
    );
    browser.screenshot("review.png");
    // Undone and done again.
    browser.key("ArrowUp");
    browser.key("ArrowUp");
    browser.key("ArrowUp");
    browser.key("b");
    assert_eq!(browser.value("everything().some(d => d.field === 'box')"), json!(true));
    browser.key("u");
    assert_eq!(browser.value("everything().some(d => d.field === 'box')"), json!(false));
    browser.key("Escape");
    browser.settle();
    assert_eq!(browser.value("visible[cursor].title"), json!("cows.jpg"));
    // The page loaded anew knows them.
    browser.open(&s.path("run"), [1280, 860]);
    assert_eq!(
        browser.value("document.getElementById('decided').textContent"),
        json!("4 decisions in 1 item.")
    );
    assert_eq!(browser.value("items.find(item => item.title === 'cows.jpg').count"), json!(before.len() - 1));
    browser.value("document.querySelector('#queues .decided').click(); 0");
    browser.settle();
    assert_eq!(browser.value("visible.map(item => item.title)"), json!(["cows.jpg"]));
    let decisions = download(&mut browser, &s);
    let fields: Vec<&str> = decisions.iter().filter_map(|d| d["field"].as_str()).collect();
    assert_eq!(fields, ["verdict", "verdict", "label", "note"]);
    assert!(
        decisions
            .iter()
            .all(|d| d["by"] == "Ann" && d["observation_key"].as_str().is_some_and(|k| k.len() == 64))
    );
    // What the command makes of them.
    let apply = ["p", "--report", "--no-images", "--conf", "0.4", "--apply", "decisions.jsonl"];
    s.detect(apply).expect(0).says("4 decisions applied, 0 refused").says("all from stored observations");
    let after = found(&s, "cows.jpg");
    let mut wanted = before[1..].to_vec();
    wanted[1].0 = "sheep".to_owned();
    assert_eq!(after, wanted);
    let results = std::fs::read(s.path("run/results.jsonl")).expect("results");
    let record = s.results().into_iter().find(|r| r["item"]["path"] == "cows.jpg").expect("a record");
    assert_eq!(record["decision"]["applied"].as_array().map(Vec::len), Some(4));
    assert_eq!(s.run_json()["decisions"], json!({ "applied": 4, "refused": [] }));
    s.detect(apply).expect(0);
    assert_eq!(std::fs::read(s.path("run/results.jsonl")).expect("results"), results, "the same bytes again");
    Ran::of(vision().current_dir(s.path("")).args(["report", "run"])).expect(0);
    assert_eq!(std::fs::read(s.path("run/results.jsonl")).expect("results"), results, "and by vision report");
    // A browser that knows nothing shows what was applied, counts the same, and writes the same decisions.
    browser.value("localStorage.clear(); 0");
    browser.open(&s.path("run"), [1280, 860]);
    let shown = "items.find(item => item.title === 'cows.jpg')";
    assert_eq!(browser.value(&format!("[{shown}.count, {shown}.decided]")), json!([after.len(), 3]));
    let again = download(&mut browser, &s);
    assert_eq!(again, decisions);
    browser.was_quiet();
}

#[test]
fn the_page_counts_what_apply_gives_for_classes_too() {
    let Some(mut browser) = Browser::start() else { return };
    let s = Scratch::new();
    s.file("p/a.jpg", &photo());
    s.file("p/b.jpg", &std::fs::read(sample("coffee.jpg")).expect("a sample"));
    let run = |more: &[&str]| {
        let arguments = ["classify", "p", "--out", "run", "--report", "--no-images"];
        Ran::of(vision().current_dir(s.path("")).args(arguments).args(more))
    };
    run(&[]).expect(0);
    browser.open(&s.path("run"), [1280, 860]);
    browser.value("openZoom(0); 0");
    browser.key("r");
    browser.key("ArrowRight");
    browser.key("c");
    type_in(&mut browser, "teapot");
    browser.key("Enter");
    browser.key("Escape");
    let answers = "items.map(({ row }) => counted(kept(row)).map(n => labels[labelOf(row, n)].name))";
    assert_eq!(browser.value(answers), json!([[], ["teapot"]]));
    download(&mut browser, &s);
    run(&["--apply", "decisions.jsonl"]).expect(0);
    let classes: Vec<Value> =
        s.results().iter().filter_map(|r| r["prediction"].get("classes").cloned()).collect();
    assert_eq!((&classes[0], &classes[1][0]["label"]), (&json!([]), &json!("teapot")));
    browser.was_quiet();
}

/// As `--apply` is for single frames.
#[test]
fn tracked_things_are_not_offered_for_review() {
    let Some(mut browser) = Browser::start() else { return };
    let s = Scratch::new();
    photos(&s);
    let shown = |browser: &mut Browser| {
        browser.open(&s.path("run"), [1280, 860]);
        browser.value("!document.getElementById('review').hidden")
    };
    assert_eq!(shown(&mut browser), json!(true));
    s.detect(["p", "--report", "--no-images", "--conf", "0.4", "--track", "--sequence", "1"]).expect(0);
    assert_eq!(shown(&mut browser), json!(false));
    browser.was_quiet();
}

#[test]
fn text_is_corrected_in_the_page() {
    let (Some(mut browser), Some(data)) = (Browser::start(), crate::common::ocr_data()) else { return };
    let s = Scratch::new();
    let signs = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/ocr/pictures/signs.png");
    s.file("p/signs.png", &std::fs::read(signs).expect("a picture"));
    let run = |more: &[&str]| {
        let arguments = ["ocr", "p", "--out", "run", "--report", "--no-images"];
        Ran::of(vision().current_dir(s.path("")).env("XDG_DATA_HOME", &data).args(arguments).args(more))
    };
    run(&[]).expect(0);
    let texts = || -> Vec<String> {
        let results = s.results();
        let lines = results[0]["prediction"]["lines"].as_array().expect("lines");
        lines.iter().map(|line| line["text"].as_str().expect("a text").to_owned()).collect()
    };
    let mut wanted = texts();
    assert!(wanted.len() >= 2, "{wanted:?}");
    browser.open(&s.path("run"), [1280, 860]);
    browser.value("openZoom(0); 0");
    browser.until("paper.querySelector('img').complete");
    let second =
        browser.value("(pick(1), reviewed(zoomed()).indexOf(review.thing))").as_u64().expect("a place");
    browser.key("c");
    assert_eq!(browser.value("document.getElementById('answer').value"), json!(wanted[second as usize]));
    browser.value("document.getElementById('answer').value = ''; 0");
    type_in(&mut browser, "Grüße <b>&</b> 漢字");
    browser.key("Enter");
    browser.screenshot("text-corrected.png");
    browser.key("Escape");
    let decisions = download(&mut browser, &s);
    assert_eq!(decisions.len(), 1);
    assert_eq!(
        (&decisions[0]["field"], &decisions[0]["was"]),
        (&json!("text"), &json!(wanted[second as usize]))
    );
    run(&["--apply", "decisions.jsonl"]).expect(0).says("1 decisions applied, 0 refused");
    wanted[second as usize] = "Grüße <b>&</b> 漢字".to_owned();
    assert_eq!(texts(), wanted);
    browser.was_quiet();
}

#[test]
fn decisions_about_other_observations_are_refused_with_the_reason() {
    let s = Scratch::new();
    s.file("p/a.jpg", &photo());
    s.file("p/b.jpg", &std::fs::read(sample("cows.jpg")).expect("a sample"));
    s.file("p/broken.jpg", &photo()[..3000]);
    s.detect(["p", "--report", "--no-images", "--conf", "0.4"]).expect(2);
    let page = Page::of(&s.path("run"));
    let (row, other) = (page.row("a.jpg"), page.row("b.jpg"));
    let (label, _, at) = page.passing(row, &|_| 0.4).swap_remove(0);
    let number = |v: f64| v.to_string();
    let name = format!("{label}@{}", at.map(number).join(","));
    let decision = |item: &Value, key: &Value, now: &str| {
        json!({ "schema": "vision.decision/1", "item": item, "instance": name, "field": "verdict", "observation_key": key,
            "was": null, "now": now, "by": "Bo", "at": "2026-01-01T00:00:00Z" })
    };
    let all = [
        decision(&row["id"], &row["key"], "reject"),
        decision(&row["id"], &other["key"], "accept"),
        decision(&json!("0123456789abcdef"), &row["key"], "reject"),
        decision(&other["id"], &row["key"], "reject"),
    ];
    let schema: Value =
        serde_json::from_slice(include_bytes!("../../docs/schema/decision.schema.json")).expect("JSON");
    let schema = jsonschema::validator_for(&schema).expect("a schema");
    assert!(all.iter().all(|decision| schema.is_valid(decision)));
    // One list, in the other form; the second takes the place of the first, which is of the same thing.
    s.file("d.json", json!(all[1..]).to_string().as_bytes());
    s.file("first.jsonl", format!("{}\n", all[0]).as_bytes());
    let before = found(&s, "a.jpg");
    s.detect(["p", "--no-images", "--conf", "0.4", "--apply", "first.jsonl"])
        .expect(2)
        .says("1 decisions applied, 0 refused");
    assert_eq!(found(&s, "a.jpg"), before[1..]);
    let ran = s.detect(["p", "--no-images", "--conf", "0.4", "--apply", "first.jsonl,d.json"]);
    ran.expect(2)
        .says("0 decisions applied, 3 refused")
        .says("the observation has changed")
        .says("the run has no such item");
    assert_eq!(found(&s, "a.jpg"), before);
    let refused = s.run_json()["decisions"]["refused"].as_array().expect("a list").clone();
    assert_eq!(refused.len(), 3);
    assert!(refused.iter().all(|r| r["reason"].as_str().is_some_and(|reason| !reason.is_empty())));
    // Without a broken input the refusals alone make it 2.
    std::fs::remove_file(s.path("p/broken.jpg")).expect("removed");
    s.detect(["p", "--no-images", "--conf", "0.4", "--apply", "d.json"]).expect(2);
    s.detect(["p", "--no-images", "--conf", "0.4"]).expect(0);
    s.file("bad.jsonl", b"{\"schema\":\"vision.decision/1\"}\n");
    s.detect(["p", "--apply", "bad.jsonl"]).expect(1).says("bad.jsonl: line or decision 1");
    s.detect(["p", "--apply", "absent.jsonl"]).expect(1).says("absent.jsonl");
}

#[test]
fn an_interrupted_run_with_decisions_ends_with_the_same_bytes() {
    let s = Scratch::new();
    for n in 1..=6u8 {
        s.file(format!("p/{n}.png"), &picture(n, image::ImageFormat::Png));
    }
    s.file("p/7.jpg", &photo());
    s.detect(["p", "--report", "--no-images", "--conf", "0.4"]).expect(0);
    let page = Page::of(&s.path("run"));
    let row = page.row("7.jpg");
    let note = json!({ "schema": "vision.decision/1", "item": row["id"], "instance": null, "field": "note",
        "observation_key": row["key"], "was": null, "now": "crew", "by": "", "at": "" });
    s.file("d.jsonl", format!("{note}\n").as_bytes());
    let arguments = ["p", "--no-images", "--conf", "0.4", "--apply", "d.jsonl"];
    s.detect(arguments).expect(0);
    let whole = std::fs::read(s.path("run/results.jsonl")).expect("results");
    s.detect([&arguments[..], &["--force", "--until", "0s"]].concat()).expect(130);
    s.detect(arguments).expect(0).says("1 decisions applied");
    assert_eq!(std::fs::read(s.path("run/results.jsonl")).expect("results"), whole);
    assert!(String::from_utf8_lossy(&whole).contains("\"now\":\"crew\""));
}
