//! `vision grade sheet` and `rehearse` through the binary; what is printed is looked at by other programs.

#[path = "../common/mod.rs"]
mod common;

use std::path::Path;
use std::process::Command;

use common::{Ran, Scratch, vision};
use vision::sheet::spec::Sheet;

const SMALL: &str = r#"
title = "Quiz"
versions = ["A", "B"]
[[name]]
label = "Name"
roster = "name"
[[block]]
kind = "grid"
name = "id"
digits = 3
roster = "id"
[[block]]
kind = "choice"
questions = "1-10"
options = "ABCD"
"#;

fn grade(scratch: &Scratch, words: &[&str]) -> Ran {
    Ran::of(vision().current_dir(scratch.path("")).arg("grade").args(words))
}

/// A program of another project; skipped where it is missing, unless in CI.
fn tool(name: &str) -> Option<Command> {
    let found = Command::new(name).arg("--version").output().is_ok();
    assert!(found || std::env::var_os("CI").is_none(), "{name} is missing; scripts/setup.sh installs it");
    if !found {
        eprintln!("skipped: no {name}");
    }
    found.then(|| Command::new(name))
}

/// Pages by poppler in grey at 100 dots per inch.
fn pages(folder: &Path, pdf: &str) -> Option<Vec<image::GrayImage>> {
    let mut poppler = tool("pdftoppm")?;
    poppler.current_dir(folder).args(["-r", "100", "-gray", "-png", pdf, "seen"]);
    Ran::of(&mut poppler).expect(0);
    let mut names: Vec<_> =
        std::fs::read_dir(folder).expect("a folder").flatten().map(|e| e.path()).collect();
    names.retain(|p| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with("seen")));
    names.sort();
    Some(names.iter().map(|p| image::open(p).expect("a page").to_luma8()).collect())
}

/// Mean grey of a square of `side` millimetres around a place, 0 black.
fn grey(page: &image::GrayImage, at: [f32; 2], side: f32) -> f32 {
    let px = |mm: f32| (mm / 25.4 * 100.0).round() as u32;
    let (half, mut sum, mut count) = (side / 2.0, 0.0, 0.0);
    for y in px(at[1] - half)..px(at[1] + half).max(px(at[1] - half) + 1) {
        for x in px(at[0] - half)..px(at[0] + half).max(px(at[0] - half) + 1) {
            sum += f32::from(page.get_pixel(x, y).0[0]);
            count += 1.0;
        }
    }
    sum / count
}

#[test]
fn an_example_is_written_once_and_can_be_printed() {
    let scratch = Scratch::new();
    grade(&scratch, &["sheet", "new"]).expect(0).says("sheet.toml");
    grade(&scratch, &["sheet", "new"]).expect(1).says("is there already and is not overwritten");
    grade(&scratch, &["sheet", "pdf"]).expect(0).says("sheet.pdf, 1 copies");
    assert!(std::fs::read(scratch.path("sheet.pdf")).expect("a PDF").starts_with(b"%PDF-1."));
}

#[test]
fn another_program_sees_marks_and_bubbles_where_the_layout_says() {
    let scratch = Scratch::new();
    scratch.file("sheet.toml", SMALL.as_bytes());
    grade(&scratch, &["sheet", "pdf", "--version", "A"]).expect(0);
    let Some(pages) = pages(&scratch.path(""), "sheet.pdf") else { return };
    let layout = Sheet::parse(SMALL).expect("a sheet").layout;
    assert_eq!(pages.len(), 1);
    // A4 at 100 dots per inch.
    assert_eq!(pages[0].dimensions(), (827, 1170));
    // Squares of 6 mm, 10 mm from the edges of 210 x 297 mm.
    for centre in [[13.0, 13.0], [197.0, 13.0], [197.0, 284.0], [13.0, 284.0]] {
        assert!(grey(&pages[0], centre, 5.0) < 5.0, "{centre:?}");
        assert!(grey(&pages[0], [centre[0], centre[1] + 6.0], 2.0) > 250.0, "clear beside {centre:?}");
    }
    for bubble in layout.pages[0].fields.iter().flat_map(|f| &f.bubbles) {
        let [x, y] = [(bubble.rect.x1 + bubble.rect.x2) / 2.0, (bubble.rect.y1 + bubble.rect.y2) / 2.0];
        let inside = grey(&pages[0], [x, y], 3.0);
        assert!((170.0..252.0).contains(&inside), "{}: {inside}, a letter and paper", bubble.value);
        for side in [-1.0, 1.0] {
            let edge = grey(&pages[0], [x + side * bubble.rect.width() / 2.0, y], 0.3);
            assert!(edge < 200.0, "{}: {edge} at its outline", bubble.value);
        }
    }
}

#[test]
fn another_program_reads_the_codes_of_pages_and_versions() {
    let Some(mut zbar) = tool("zbarimg") else { return };
    let scratch = Scratch::new();
    scratch.file("sheet.toml", SMALL.as_bytes());
    grade(&scratch, &["sheet", "pdf", "--copies", "2"]).expect(0).says("4 copies");
    let Some(pages) = pages(&scratch.path(""), "sheet.pdf") else { return };
    assert_eq!(pages.len(), 4);
    let sheet = Sheet::parse(SMALL).expect("a sheet");
    for (page, version) in pages.iter().zip(["A", "A", "B", "B"]) {
        let [width, height] = [page.width(), page.height()].map(|side| 3 * side);
        let large = image::imageops::resize(page, width, height, image::imageops::FilterType::CatmullRom);
        large.save(scratch.path("page.png")).expect("a picture");
        let read = Ran::of(zbar.current_dir(scratch.path("")).args(["-q", "--raw", "page.png"])).expect(0);
        assert_eq!(read.out.trim(), format!("vision-sheet:1:{}:1:{version}", sheet.id));
        zbar = Command::new("zbarimg");
    }
}

#[test]
fn a_roster_prints_names_and_fills_numbers() {
    let scratch = Scratch::new();
    scratch.file("sheet.toml", SMALL.as_bytes());
    scratch.file("roster.csv", "\u{feff}id;name\n042;Zoë Ångström\n7;Bo\n".as_bytes());
    grade(&scratch, &["sheet", "pdf", "--roster", "roster.csv"]).expect(0).says("2 copies");
    if let Some(pages) = pages(&scratch.path(""), "sheet.pdf") {
        let layout = Sheet::parse(SMALL).expect("a sheet").layout;
        let id = layout.pages[0].fields.iter().find(|f| f.name == "id").expect("the grid");
        for (page, number) in pages.iter().zip(["042", "007"]) {
            for bubble in &id.bubbles {
                let [x, y] =
                    [(bubble.rect.x1 + bubble.rect.x2) / 2.0, (bubble.rect.y1 + bubble.rect.y2) / 2.0];
                let wanted = number[bubble.place as usize..].starts_with(&bubble.value);
                assert_eq!(
                    grey(page, [x, y], 2.5) < 20.0,
                    wanted,
                    "{number}: {} {}",
                    bubble.place,
                    bubble.value
                );
            }
        }
        let text = Ran::of(Command::new("pdftotext").current_dir(scratch.path("")).args(["sheet.pdf", "-"]));
        text.expect(0).says("Zoë Ångström");
    }
    scratch.file("wrong.csv", b"number,name\n1,A\n");
    grade(&scratch, &["sheet", "pdf", "--roster", "wrong.csv"]).expect(1).says("no column \"id\"");
}

#[test]
fn slips_name_the_file_and_write_nothing() {
    let scratch = Scratch::new();
    scratch.file("sheet.toml", SMALL.replace("digits = 3", "digits = 300").as_bytes());
    grade(&scratch, &["sheet", "pdf"]).expect(1).says("sheet.toml: block 1 (grid): digits = 300: 1 to 20");
    assert!(!scratch.path("sheet.pdf").exists());
    grade(&scratch, &["sheet", "pdf", "none.toml"]).expect(2).says("none.toml: no such file");
    scratch.file("sheet.toml", SMALL.as_bytes());
    grade(&scratch, &["sheet", "pdf", "--version", "C"]).expect(1).says("the sheet's versions are: A, B");
}

#[test]
fn the_same_sheet_gives_the_same_bytes() {
    let scratch = Scratch::new();
    scratch.file("sheet.toml", SMALL.as_bytes());
    for name in ["one.pdf", "two.pdf"] {
        grade(&scratch, &["sheet", "pdf", "-o", name]).expect(0);
    }
    let read = |name: &str| std::fs::read(scratch.path(name)).expect("a PDF");
    assert!(read("one.pdf") == read("two.pdf"));
}

#[test]
fn rehearsals_are_the_same_for_a_seed_and_say_what_was_meant() {
    let scratch = Scratch::new();
    scratch.file("sheet.toml", SMALL.as_bytes());
    scratch.file("answers.csv", b"id,q1,q2\n123,A,D\n");
    let words = [
        "rehearse",
        "sheet.toml",
        "--n",
        "1",
        "--harm",
        "light",
        "--no-read",
        "--answers",
        "answers.csv",
        "--out",
    ];
    for out in ["one", "two"] {
        grade(&scratch, &[&words[..], &[out]].concat()).expect(0).says("1 scans of 1 sheets, 11 fields");
    }
    let read = |name: &str| std::fs::read(scratch.path(name)).expect("a file");
    assert!(read("one/scans/0001-p1.jpg") == read("two/scans/0001-p1.jpg"));
    let truth = String::from_utf8(read("one/truth.csv")).expect("text");
    let value = |field: &str| {
        let row = truth.lines().find(|l| l.split(',').nth(3) == Some(field)).expect("a row");
        row.split(',').nth(4).expect("values").to_owned()
    };
    assert_eq!((value("id"), value("q1"), value("q2")), ("123".into(), "A".into(), "D".into()));
    assert_eq!(truth.lines().count(), 12);
    grade(&scratch, &[&words[..], &["one"]].concat()).expect(1).says("is not empty");
    scratch.file("answers.csv", b"q1\nX\n");
    grade(&scratch, &[&words[..], &["three"]].concat()).expect(1).says("q1 has no \"X\"");
}

/// A sheet of ours as others print it: every bubble of the draft lies on one of the layout, and the other way round.
#[test]
fn a_draft_from_a_blank_scan_has_the_bubbles_where_they_are() {
    let scratch = Scratch::new();
    scratch.file("sheet.toml", SMALL.as_bytes());
    grade(&scratch, &["sheet", "pdf", "--version", "A"]).expect(0);
    let Some(pages) = pages(&scratch.path(""), "sheet.pdf") else { return };
    pages[0].save(scratch.path("blank.png")).expect("a picture");
    grade(&scratch, &["sheet", "infer", "blank.png", "-o", "draft.toml"]).expect(0).says("70 bubbles in");
    let centres = |sheet: &Sheet| -> Vec<[f32; 2]> {
        let fields = sheet.layout.pages.iter().flat_map(|p| &p.fields).flat_map(|f| &f.bubbles);
        fields.map(|b| [(b.rect.x1 + b.rect.x2) / 2.0, (b.rect.y1 + b.rect.y2) / 2.0]).collect()
    };
    let wanted = centres(&Sheet::parse(SMALL).expect("a sheet"));
    let draft = centres(&Sheet::read(&scratch.path("draft.toml")).expect("a draft"));
    let near = |a: &[f32; 2], all: &[[f32; 2]]| all.iter().any(|b| (a[0] - b[0]).hypot(a[1] - b[1]) < 0.4);
    assert_eq!(draft.len(), wanted.len());
    assert!(draft.iter().all(|c| near(c, &wanted)) && wanted.iter().all(|c| near(c, &draft)));
    grade(&scratch, &["sheet", "infer", "blank.png", "-o", "draft.toml"])
        .expect(1)
        .says("is not overwritten");
    grade(&scratch, &["sheet", "pdf", "draft.toml"]).expect(1).says("paper that is there already");
    let photo = common::sample("coffee.jpg");
    grade(&scratch, &["sheet", "infer", &photo.to_string_lossy(), "-o", "no.toml"])
        .expect(2)
        .says("no rows of circles");
}
