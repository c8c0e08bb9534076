//! Hand-written maps of an input of 64 x 64, which a frame of 128 x 64 is stretched to.

use super::*;
use crate::family::testing::{Line, best, build, found, header, recognised, sparse, tensor, whole};
use crate::geometry::Landmarks;

const PICTURE: Line = ("input.1", "f32", "1,3,64,64");
const MAPS: [Line; 4] = [
    ("537", "f32", "1,1,16,16"),
    ("538", "f32", "1,2,16,16"),
    ("539", "f32", "1,2,16,16"),
    ("540", "f32", "1,10,16,16"),
];

#[test]
fn a_face_is_around_its_centre_and_its_points_are_shares_of_the_box() {
    let header = header(&[PICTURE], &MAPS, &[]);
    let family = build(&header, "centerface", "", 1).expect("builds");
    let cell = |channel: usize| [0, channel, 5, 3];
    let heatmap = sparse(
        "537",
        &[1, 1, 16, 16],
        &[(&cell(0), 0.9), (&[0, 0, 2, 2], 0.0005), (&[0, 0, 0, 0], f32::NAN)],
    );
    // e^ln(4) cells of 4 pixels high, e^ln(2) wide.
    let scale = sparse("538", &[1, 2, 16, 16], &[(&cell(0), 4f32.ln()), (&cell(1), 2f32.ln())]);
    let offset = sparse("539", &[1, 2, 16, 16], &[(&cell(0), 0.25), (&cell(1), -0.5)]);
    // The second point: a quarter down, half across.
    let points = sparse("540", &[1, 10, 16, 16], &[(&cell(2), 0.25), (&cell(3), 0.5)]);
    let (faces, needs_nms, warnings) =
        found(family.as_ref(), vec![heatmap, scale, offset, points]).expect("decodes");
    // Centre in the input: ((3 - 0.5 + 0.5) * 4, (5 + 0.25 + 0.5) * 4) = (12, 23); 8 wide, 16 high.
    assert_eq!(whole(&faces), [(0, 0.9, [16, 15, 32, 31])]);
    let Landmarks(points) = faces[0].landmarks.expect("five points");
    let near = |a: [f32; 2], b: [f32; 2]| (a[0] - b[0]).abs() < 1e-3 && (a[1] - b[1]).abs() < 1e-3;
    assert!(near(points[0], [16.0, 15.0]) && near(points[1], [24.0, 19.0]), "{points:?}");
    assert_eq!((needs_nms, warnings), (true, vec!["not-finite".to_owned()]));
}

#[test]
fn the_published_header_is_opened() {
    let published = header(
        &[("input.1", "f32", "10,3,32,32")],
        &[
            ("537", "f32", "10,1,8,8"),
            ("538", "f32", "10,2,8,8"),
            ("539", "f32", "10,2,8,8"),
            ("540", "f32", "10,10,8,8"),
        ],
        &[],
    );
    assert_eq!(best(&published), ["centerface"]);
    let reading = recognised("centerface", &published).expect("read");
    let input = &reading.input;
    assert!(input.open_header && input.dynamic_size && reading.doubts.is_empty());
    assert_eq!((input.size, input.resize, input.multiple_of), ([1280, 1280], Resize::Within, 32));
    // With sizes of its own, and of another exporter.
    let maps = [
        ("a", "f32", "1,10,16,16"),
        ("b", "f32", "1,2,16,16"),
        ("c", "f32", "1,2,16,16"),
        ("d", "f32", "1,1,16,16"),
    ];
    let reading = recognised("centerface", &header(&[PICTURE], &maps, &[])).expect("read");
    assert_eq!((reading.input.size, reading.input.open_header, reading.doubts.len()), ([64, 64], false, 1));
    let told = maps::tell(&header(&[PICTURE], &maps, &[])).expect("told");
    assert_eq!(told, Maps { heatmap: 3, scale: 1, offset: 2, landmarks: 0 });
}

#[test]
fn other_maps_are_refused() {
    let own = header(&[PICTURE], &MAPS, &[]);
    for decode in ["heatmap = \"537\"", "stride = 0", "wrong = 1"] {
        assert!(build(&own, "centerface", decode, 1).is_err(), "{decode}");
    }
    let names = "heatmap = \"537\"\nscale = \"539\"\noffset = \"538\"\nlandmarks = \"540\"";
    assert!(build(&own, "centerface", names, 1).is_ok());
    let three = header(&[PICTURE], &MAPS[..3], &[]);
    assert!(recognised("centerface", &three).is_none());
    let error = build(&three, "centerface", "", 1).err().expect("refused");
    assert!(error.message.contains("needs four outputs"), "{}", error.message);
    let family = build(&own, "centerface", "", 1).expect("builds");
    let map = |name: &str, channels: usize, side: usize| {
        tensor(name, &[1, channels, side, side], &vec![0.0; channels * side * side])
    };
    let short = vec![map("537", 1, 16), map("538", 2, 16), map("539", 2, 8), map("540", 10, 16)];
    let error = found(family.as_ref(), short).expect_err("refused");
    assert_eq!(error.kind, Kind::ModelOutput);
}
