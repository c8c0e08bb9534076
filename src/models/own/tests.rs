//! Names of models, and descriptions written as files.

use proptest::prelude::*;

use super::*;

#[test]
fn numbers_of_a_description_are_written_as_they_were() {
    let text = include_str!("../../../models/nanodet-g-416.toml");
    let spec: Spec = toml::from_str(text).expect("the bundled description");
    let written = description_text("First.\nSecond\x1b[2J", &spec).expect("TOML");
    assert!(written.starts_with("# First.\n# Second\u{fffd}[2J\nname = "), "{written}");
    assert!(written.contains("mean = [103.53, 116.28, 123.675]"), "{written}");
    assert_eq!(toml::from_str::<Spec>(&written).expect("readable"), spec);
}

proptest! {
    #[test]
    fn a_name_is_one_file_in_the_folder(name in "\\PC{0,12}|[a-z./\\\\-]{0,12}|.*") {
        if plain_name(&name).is_ok() {
            for file in files(Path::new("/models"), &name) {
                prop_assert_eq!(file.parent(), Some(Path::new("/models")));
                let stem = file.with_extension("");
                prop_assert_eq!(stem.file_name(), Some(name.as_ref()));
            }
        }
    }
}
