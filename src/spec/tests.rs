//! Any description is written and read again without loss.

use proptest::prelude::*;

use super::*;

fn text() -> impl Strategy<Value = String> {
    // Quotes, escapes, line ends and letters of several bytes among ordinary ones.
    "[a-z\"'\\\\\n\t=#\\[\u{7f}é写]{0,12}"
}

fn number() -> impl Strategy<Value = f32> {
    use prop::num::f32;
    f32::NORMAL | f32::SUBNORMAL | f32::ZERO | f32::NEGATIVE | f32::INFINITE
}

fn labels() -> impl Strategy<Value = Labels> {
    prop_oneof![text().prop_map(Labels::BuiltIn), prop::collection::vec(text(), 0..4).prop_map(Labels::List)]
}

fn value() -> impl Strategy<Value = toml::Value> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(toml::Value::from),
        number().prop_map(|v| toml::Value::from(f64::from(v))),
        any::<bool>().prop_map(toml::Value::from),
        text().prop_map(toml::Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(toml::Value::from),
            prop::collection::btree_map(text(), inner, 0..3)
                .prop_map(|map| toml::Value::Table(map.into_iter().collect())),
        ]
    })
}

fn choices() -> impl Strategy<Value = (ElementType, Layout, Colour, Resize, Interpolation)> {
    use ElementType::{F16, F32, I32, I64, U8};
    let pick = prop::sample::select::<ElementType>;
    (
        pick(vec![F32, F16, U8, I32, I64]),
        prop::sample::select(vec![Layout::Nchw, Layout::Nhwc]),
        prop::sample::select(vec![Colour::Rgb, Colour::Bgr, Colour::Grey]),
        prop::sample::select(vec![
            Resize::Stretch,
            Resize::Letterbox,
            Resize::LetterboxTopLeft,
            Resize::CentreCrop,
            Resize::ShortestEdge,
            Resize::Within,
            Resize::WithinPadded,
        ]),
        prop::sample::select(vec![
            Interpolation::Cv2Linear,
            Interpolation::PilBilinear,
            Interpolation::PilBicubic,
        ]),
    )
}

fn input() -> impl Strategy<Value = InputSpec> {
    let numbers = (any::<[u32; 2]>(), any::<[bool; 2]>(), any::<u32>(), any::<u8>());
    let floats = (prop::array::uniform3(number()), prop::array::uniform3(number()));
    (prop::option::of(text()), numbers, choices(), floats).prop_map(
        |(
            name,
            (size, [dynamic_size, open_header], multiple_of, pad),
            (element, layout, colour, resize, interpolation),
            (mean, std),
        )| {
            InputSpec {
                name,
                size,
                dynamic_size,
                multiple_of,
                open_header,
                element,
                layout,
                colour,
                resize,
                crop_fraction: 0.875,
                interpolation,
                pad,
                mean,
                std,
                extra: Default::default(),
            }
        },
    )
}

fn spec() -> impl Strategy<Value = Spec> {
    let decode = prop::collection::btree_map(text(), value(), 0..4);
    let task = prop::sample::select(vec![Task::Detect, Task::Classify, Task::Faces, Task::Ocr, Task::Triage]);
    let words = (text(), text(), text(), text(), text());
    (words, task, labels(), number(), number(), input(), decode).prop_map(
        |((name, about, family, licence, origin), task, labels, conf, iou, input, decode)| Spec {
            name,
            about,
            task,
            family,
            labels,
            licence,
            origin,
            conf: Some(conf),
            iou,
            input,
            triage: None,
            explain: None,
            decode: decode.into_iter().collect(),
        },
    )
}

proptest! {
    #[test]
    fn a_description_survives_its_file(spec in spec()) {
        let text = toml::to_string(&spec).unwrap();
        prop_assert_eq!(toml::from_str::<Spec>(&text).unwrap(), spec, "{}", text);
    }

    #[test]
    fn any_text_is_answered(text in "(name|task|labels|\\[input\\]|size|[=\\[\\],\"\n.0-9a-z-]){0,40}") {
        let _ = toml::from_str::<Spec>(&text);
    }
}

#[test]
fn the_description_in_the_documentation_is_one() {
    let page = include_str!("../../docs/families.md");
    let text = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let spec: Spec = toml::from_str(text).expect("a description");
    assert_eq!((spec.input.size, spec.input.multiple_of, spec.conf), ([640, 640], 32, Some(0.3)));
    assert_eq!(spec.input.extra.len(), 1);
}

#[test]
fn every_family_stands_in_the_documentation() {
    let page = include_str!("../../docs/families.md");
    for entry in crate::family::FAMILIES {
        assert!(
            page.contains(&format!("\n| `{}` |", entry.name)),
            "{} is missing in docs/families.md",
            entry.name
        );
    }
}
