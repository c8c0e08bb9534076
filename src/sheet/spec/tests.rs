use super::*;
use crate::sheet::layout::FieldKind;

/// What is wrong with a sheet of one block.
fn wrong(block: &str) -> String {
    Sheet::parse(&format!("title = \"T\"\n[[block]]\n{block}")).expect_err(block)
}

#[test]
fn the_example_is_a_sheet_of_all_it_shows() {
    let sheet = Sheet::parse(EXAMPLE).expect("the example");
    let fields: Vec<_> = sheet.layout.pages.iter().flat_map(|page| &page.fields).collect();
    let count = |kind| fields.iter().filter(|f| f.kind == kind).count();
    assert_eq!(count(FieldKind::Choice), 23);
    assert_eq!(count(FieldKind::Multiple), 4);
    assert_eq!((count(FieldKind::Grid), count(FieldKind::Digits)), (1, 2));
    assert_eq!((count(FieldKind::Text), count(FieldKind::Free)), (2, 1));
    let id = fields.iter().find(|f| f.name == "id").expect("the grid");
    assert_eq!(id.bubbles.len(), 50);
    assert_eq!(sheet.columns(), ["name", "id"]);
}

#[test]
fn comments_and_spaces_change_no_id_and_questions_do() {
    let sheet = |text: &str| Sheet::parse(text).expect(text).id;
    let one = sheet("title = \"T\"\n[[block]]\nkind = \"choice\"\nquestions = \"1-3\"\noptions = \"AB\"");
    let same =
        sheet("# T\ntitle='T'\n[[block]]\noptions = ['A', 'B']\nkind = \"choice\"\nquestions = \"1,2-3\"");
    let other = sheet("title = \"T\"\n[[block]]\nkind = \"choice\"\nquestions = \"1-4\"\noptions = \"AB\"");
    assert_eq!(one, same);
    assert_ne!(one, other);
    assert_eq!(one.len(), 16);
}

#[test]
fn many_questions_go_to_further_pages_and_stay_in_order() {
    let sheet = Sheet::parse(
        "title = \"T\"\n[[block]]\nkind = \"choice\"\nquestions = \"1-300\"\noptions = \"ABCDE\"",
    );
    let sheet = sheet.expect("a sheet");
    assert!(sheet.layout.pages.len() > 1);
    let names: Vec<_> = sheet.layout.pages.iter().flat_map(|p| &p.fields).map(|f| f.name.clone()).collect();
    let wanted: Vec<_> = (1..=300).map(|n| format!("q{n}")).collect();
    assert_eq!(names, wanted);
    for page in &sheet.layout.pages {
        for bubble in page.fields.iter().flat_map(|f| &f.bubbles) {
            let rect = bubble.rect;
            assert!(rect.x1 > 10.0 && rect.x2 < 200.0 && rect.y1 > 10.0 && rect.y2 < 287.0, "{rect:?}");
        }
    }
}

#[test]
fn bubbles_keep_their_distance() {
    let sheet = Sheet::parse(EXAMPLE).expect("the example");
    for page in &sheet.layout.pages {
        let all: Vec<_> =
            page.fields.iter().flat_map(|f| &f.bubbles).filter(|b| !b.value.is_empty()).collect();
        for (i, a) in all.iter().enumerate() {
            for b in &all[i + 1..] {
                let apart = ((a.rect.x1 - b.rect.x1).powi(2) + (a.rect.y1 - b.rect.y1).powi(2)).sqrt();
                assert!(apart > 6.0, "{:?} and {:?}", a.rect, b.rect);
            }
        }
    }
}

#[test]
fn page_codes_count_from_one() {
    let sheet = Sheet::parse(EXAMPLE).expect("the example");
    assert_eq!(sheet.page_code(0, Some("B")), format!("vision-sheet:1:{}:1:B", sheet.id));
    assert_eq!(sheet.page_code(1, None), format!("vision-sheet:1:{}:2", sheet.id));
}

#[test]
fn slips_are_said_with_what_to_do() {
    let cases = [
        ("kind = \"choice\"\nquestions = \"1\"", "block 1 (choice): needs options = \"ABCD\""),
        ("kind = \"choice\"\noptions = \"AB\"", "needs questions"),
        ("kind = \"grid\"\nname = \"id\"", "block 1 (grid): needs digits"),
        ("kind = \"choice\"\nquestions = \"1\"\noptions = \"AA\"", "\"A\" stands there twice"),
        (
            "kind = \"chioce\"\nquestions = \"1\"",
            "line 3: unknown variant `chioce`, expected one of `choice`",
        ),
        ("kind = \"text\"\nname = \"a b\"", "letters, digits"),
        ("kind = \"free\"\nname = \"f\"\nheight = 290", "does not fit on a page"),
        ("kind = \"free\"\nname = \"f\"\nat = [200, 20]", "beyond the edge of page 1"),
        ("kind = \"code\"\nname = \"f\"\nat = [12, 12]", "lies on a mark in the corner"),
        ("kind = \"text\"\nquestions = \"1\"\npage = 2", "page goes with at"),
        ("kind = \"text\"\nquestions = \"1\"\ncolour = 2", "unknown field `colour`"),
        ("kind = \"text\"\nquestions = \"1, 1\"", "\"q1\" stands there twice"),
    ];
    for (block, said) in cases {
        let error = wrong(block);
        assert!(error.contains(said), "{block:?}: {error}");
    }
    assert!(Sheet::parse("title = \"T\"").expect_err("no block").contains("no [[block]]"));
    let twice =
        Sheet::parse("title = \"T\"\nversions = [\"A\", \"A\"]\n[[block]]\nkind = \"text\"\nname = \"a\"");
    assert!(twice.expect_err("twice").contains("twice"));
}

#[test]
fn no_text_panics() {
    use proptest::prelude::*;
    let words = "(title = \"T\"\n|\\[\\[block\\]\\]\n|kind = \"(choice|grid|text|free|code)\"\n|questions = \"[0-9,-]{0,6}\"\n|digits = [0-9]{1,3}\n|at = \\[[0-9]{1,3}, [0-9]{1,3}\\]\n|options = \"[A-Z]{0,4}\"\n|width = [0-9.]{1,4}\n|page = [0-9]\n|margin = -?[0-9]{1,9}\n){0,12}";
    proptest!(ProptestConfig::with_cases(300), |(text in words)| { let _ = Sheet::parse(&text); });
}
