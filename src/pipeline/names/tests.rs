//! Names by hand, and the promise that no two meet and none leaves the folder.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use proptest::prelude::*;

use super::*;

fn inputs(paths: &[(&str, &OsStr)]) -> Vec<Input> {
    let input = |(root, path): &(&str, &OsStr)| Input {
        identity: Identity::new(root, Path::new(path)),
        file: PathBuf::new(),
        stat: None,
        failure: None,
    };
    paths.iter().map(input).collect()
}

fn named(paths: &[&str]) -> (Names, Vec<Identity>) {
    let list: Vec<(&str, &OsStr)> = paths.iter().map(|path| ("photos", OsStr::new(*path))).collect();
    let inputs = inputs(&list);
    (Names::new(&inputs), inputs.into_iter().map(|input| input.identity).collect())
}

const JPEG: PictureFormat = PictureFormat::Jpeg;
const PNG: PictureFormat = PictureFormat::Png;

#[test]
fn inputs_keep_their_names() {
    let (names, ids) = named(&["a.heic", "a.heic.jpg", "b.JPG", "c.png", "scan.tif", "x/c.png"]);
    let name = |index: usize, part: Option<Part>, format| {
        names.picture(&ids[index], part.as_ref(), format).display().to_string()
    };
    assert_eq!(name(2, None, JPEG), "b.JPG");
    assert_eq!(name(3, None, JPEG), "c.png.jpg");
    assert_eq!(name(1, None, JPEG), "a.heic.jpg");
    assert_eq!(name(0, None, JPEG), "a.heic.jpg.jpg");
    assert_eq!(name(4, Some(Part::Page { n: 3 }), PNG), "scan.tif.p0003.png");
    assert_eq!(name(5, None, PNG), "x/c.png");
}

#[test]
fn a_page_does_not_meet_a_file_called_like_one() {
    let (names, ids) = named(&["scan.tif", "scan.tif.p0003"]);
    let page = names.picture(&ids[0], Some(&Part::Page { n: 3 }), JPEG);
    let file = names.picture(&ids[1], None, JPEG);
    assert_eq!(page, Path::new("scan.tif.p0003.jpg"));
    assert_eq!(file, PathBuf::from(format!("scan.tif.p0003~{}.jpg", ids[1].id)));
}

#[test]
fn a_picture_does_not_stand_where_a_folder_must() {
    let (names, ids) = named(&["a", "a.jpg/b.jpg"]);
    assert_eq!(names.picture(&ids[0], None, JPEG), Path::new("a.jpg.jpg"));
    assert_eq!(names.picture(&ids[1], None, JPEG), Path::new("a.jpg/b.jpg"));
}

#[test]
fn a_slash_at_the_end_hides_no_folder() {
    // Found by the fuzz target `names`: a list that names `a.jpG/` beside what lies in such a folder.
    for list in [["a.jpG/", "a.jpg/b"], ["A.JPG//", "a.jpg//b"], ["b.png/", "b.png/j."]] {
        let (names, ids) = named(&list);
        let files: Vec<String> = ids.iter().map(|id| folded(&names.picture(id, None, JPEG))).collect();
        assert!(!Path::new(&files[1]).starts_with(&files[0]), "{files:?}");
    }
}

#[test]
fn names_that_differ_in_case_stay_apart_everywhere() {
    let (names, ids) = named(&["IMG.jpg", "img.JPG", "other.jpg"]);
    let [upper, lower, other] = [0, 1, 2].map(|i| folded(&names.picture(&ids[i], None, JPEG)));
    assert_ne!(upper, lower);
    assert_eq!(other, "other.jpg");
}

#[test]
fn the_longest_file_names_can_be_written() {
    // 255 bytes, the most that a file name may have, in two-byte letters.
    let longest = "ü".repeat(125) + ".heic";
    let (names, ids) = named(&[&longest]);
    let part = Part::Frame { n: u32::MAX, pts: 0, time_base: [1, 1] };
    for part in [None, Some(&part)] {
        let name = names.picture(&ids[0], part, JPEG);
        assert!(name.as_os_str().len() <= 255, "{name:?}");
    }
}

/// Names out of pieces that are likely to meet.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop::sample::select(vec![
        "a",
        "A",
        "..",
        ".",
        "/",
        "/",
        ".jpg",
        ".JPG",
        ".png",
        ".p0001",
        ".f000000",
        "~",
        "0123456789abcdef",
        " ",
        "\\",
        "ü",
        "\u{202e}",
        "\n",
        "CON",
    ]);
    let piece = prop_oneof![
        8 => pieces.prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(1u8..=255, 1..4),
        1 => Just(vec![b'x'; 240]),
    ];
    prop::collection::vec(piece, 1..6).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_two_items_meet_and_none_leaves(
        paths in prop::collection::vec((0usize..2, hostile(), any::<bool>(), 0u32..3), 1..8),
    ) {
        let roots = ["r", "R"];
        // One path spelled in two ways is one file.
        let mut seen = HashSet::new();
        let paths: Vec<_> = paths
            .iter()
            .filter(|(root, path, ..)| {
                seen.insert((root, Path::new(OsStr::from_bytes(path)).components().collect::<PathBuf>()))
            })
            .collect();
        let list: Vec<(&str, &OsStr)> =
            paths.iter().map(|(root, path, ..)| (roots[*root], OsStr::from_bytes(path))).collect();
        let inputs = inputs(&list);
        let names = Names::new(&inputs);
        let mut files = HashSet::new();
        for (input, (_, _, png, pages)) in inputs.iter().zip(&paths) {
            let format = if *png { PNG } else { JPEG };
            let parts: Vec<_> = (1..=*pages).map(|n| Part::Page { n }).collect();
            let parts: Vec<_> = if parts.is_empty() { vec![None] } else { parts.iter().map(Some).collect() };
            for part in parts {
                let file = names.picture(&input.identity, part, format);
                prop_assert!(file.components().all(|c| matches!(c, Component::Normal(_))), "{file:?}");
                prop_assert!(files.insert(folded(&file)), "twice: {file:?}");
            }
        }
        for file in &files {
            prop_assert!(Path::new(file).ancestors().skip(1).all(|folder| !files.contains(&folded(folder))));
        }
    }
}
