//! `vision models add` and `remove`.

use std::path::Path;

use crate::common::{Ran, picture};
use crate::tools::{User, described, model};

/// A user with `given.onnx` and its description in the current folder.
fn user() -> User {
    let user = User::new();
    user.0.file("given.onnx", &model("means.onnx"));
    user.0.file("given.toml", described("given").replace("task", "# a comment\ntask").as_bytes());
    user
}

fn found(user: &User, name: &str) -> usize {
    user.0.file("p/a.png", &picture(200, image::ImageFormat::Png));
    let mut command = user.command(["detect", "p", "--model", name, "--out", "run", "--force"]);
    Ran::of(&mut command).expect(0);
    user.0.results().iter().map(|r| r["prediction"]["instances"].as_array().map_or(0, Vec::len)).sum()
}

#[test]
fn a_model_with_its_description_is_added_used_and_removed() {
    let user = user();
    user.models(["add", "given.onnx"]).expect(0).says("given added");
    assert_eq!(user.kept(), ["given.onnx", "given.toml"]);
    let text = std::fs::read_to_string(user.folder().join("given.toml")).expect("there");
    assert!(text.contains("# a comment"), "as it was: {text}");
    std::fs::remove_file(user.0.path("given.onnx")).expect("removed");
    std::fs::remove_file(user.0.path("given.toml")).expect("removed");
    user.models(["list"]).expect(0).says("given");
    assert!(found(&user, "given") > 0);
    user.models(["remove", "given"]).expect(0).says("given.onnx").says("given.toml");
    assert_eq!(user.kept(), [""; 0]);
    user.models(["remove", "given"]).expect(1).says("no model");
}

#[test]
fn either_file_and_another_name_will_do() {
    let user = user();
    user.models(["add", "given.toml", "--name", "other"]).expect(0).says("other added");
    user.models(["info", "other"]).expect(0).says("model       other:");
    assert!(found(&user, "other") > 0);
    assert_eq!(user.kept(), ["other.onnx", "other.toml"]);
}

#[test]
fn a_header_is_opened_where_it_is_loaded_and_not_in_the_file() {
    let user = user();
    let open = "[input]\nopen-header = true\ndynamic-size = true\nmultiple-of = 16";
    user.0.file("given.toml", described("given").replace("[input]", open).as_bytes());
    user.models(["add", "given.onnx"]).expect(0);
    assert_eq!(std::fs::read(user.folder().join("given.onnx")).expect("there"), model("means.onnx"));
    user.models(["info", "given"]).expect(0).says("x f32 [?,3,?,?]").says("scores f32 [?,?,?]");
    assert!(found(&user, "given") > 0);
    // The file itself, and its digest, are as they were.
    let digest = |name: &str| {
        let info = user.models(["info", name]).out;
        info.lines().find(|line| line.starts_with("digest")).map(str::to_owned)
    };
    assert!(digest("given").is_some());
    assert_eq!(digest("given"), digest("given.onnx"));
}

#[test]
fn what_the_user_says_is_written_down() {
    let user = user();
    user.0.file("names.txt", b"rot\ngr\xc3\xbcn\nblau\n");
    user.0.file("bare.onnx", &model("means.onnx"));
    let arguments = ["add", "bare.onnx", "--spec", "given.toml", "--labels", "names.txt"];
    user.models(arguments).expect(0).says("bare added");
    user.models(["info", "bare"]).expect(0).says("rot, grün, blau").says("conf 0.01");
    assert!(found(&user, "bare") > 0);
}

#[test]
fn a_model_that_nobody_described_is_added_as_it_is_understood() {
    let user = User::new();
    let bundled = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/nanodet-g-416.onnx");
    std::fs::copy(bundled, user.0.path("mine.onnx")).expect("copied");
    user.0.file("strange.onnx", &model("element.onnx"));
    for name in ["mine", "strange"] {
        let file = format!("{name}.onnx");
        // What can be used as it is can be added, and nothing else.
        let usable = user.models(["info", &file]).code == Some(0);
        let ran = user.models(["add", &file]);
        assert_eq!(ran.code, Some(i32::from(!usable)), "{}", ran.err);
        if !usable {
            ran.says("no description").says("vision models info");
            assert!(!user.folder().join(&file).exists());
            continue;
        }
        ran.says(" by ").says(&format!("{name} added"));
        user.models(["info", name]).expect(0).says("usable").says("family");
        let text = std::fs::read_to_string(user.folder().join(format!("{name}.toml"))).expect("written");
        assert!(
            text.starts_with("# Written by `vision models add`.\n# Nobody described it: family"),
            "{text}"
        );
    }
}

#[test]
fn what_is_there_is_replaced_only_when_told_to() {
    let user = user();
    user.models(["add", "given.onnx"]).expect(0);
    user.0.file("given.toml", described("given").replace("0.01", "0.02").as_bytes());
    user.models(["add", "given.onnx"]).expect(1).says("given").says("--force");
    user.models(["info", "given"]).expect(0).says("conf 0.01");
    user.models(["add", "given.onnx", "--force"]).expect(0);
    user.models(["info", "given"]).expect(0).says("conf 0.02");
    // A lone description of that name is somebody's work too.
    std::fs::remove_file(user.folder().join("given.onnx")).expect("removed");
    user.models(["add", "given.onnx"]).expect(1).says("given.toml");
}

#[test]
fn what_may_not_run_is_not_added() {
    let user = User::new();
    for (name, why) in
        [("external-data", "other files"), ("custom-operator", "com.example"), ("side", "64x48")]
    {
        user.0.file(format!("{name}.onnx"), &model(&format!("{name}.onnx")));
        user.0.file(format!("{name}.toml"), described(name).as_bytes());
        user.models(["add", &format!("{name}.onnx")]).expect(1).says(why);
    }
    user.0.file("text.onnx", b"just text");
    user.models(["add", "text.onnx"]).expect(1).says("a text file");
    user.0.file("odd.onnx", &model("means.onnx"));
    user.0.file("odd.toml", described("odd").replace("nanodet", "unicorn").as_bytes());
    user.models(["add", "odd.onnx"]).expect(1).says("unicorn").says("no command for it yet");
    user.models(["add", "none.onnx"]).expect(1).says("none.onnx");
    user.models(["add", "nanodet-g-416"]).expect(1).says(".onnx file");
    assert!(!user.folder().exists());
}

#[test]
fn names_are_names() {
    let user = user();
    for name in ["../evil", "/evil", "a/b", ".hidden", "-x", "x.onnx", "x.TOML", "", "nanodet-g-416", "a\nb"]
    {
        let name = format!("--name={name}");
        user.models(["add", "given.onnx", &name]).expect(1);
    }
    assert!(!user.folder().exists() && !user.0.path("data/vision/evil.onnx").exists());
    for name in ["../given", "/etc/passwd", "given.onnx", ".lock", "nanodet-g-416"] {
        user.models(["remove", name]).expect(1);
    }
    assert!(user.0.path("given.onnx").exists());
}

#[test]
fn only_files_of_that_model_are_removed() {
    let user = user();
    user.models(["add", "given.onnx"]).expect(0);
    for name in ["given.txt", "given2.onnx", "given"] {
        user.0.file(format!("data/vision/models/{name}"), b"other");
    }
    // A link goes, what it leads to stays.
    std::os::unix::fs::symlink(user.0.path("given.onnx"), user.folder().join("link.onnx")).expect("made");
    std::fs::create_dir(user.folder().join("folder.onnx")).expect("made");
    user.models(["remove", "given"]).expect(0);
    user.models(["remove", "link"]).expect(0);
    user.models(["remove", "folder"]).expect(1);
    assert_eq!(user.kept(), ["folder.onnx", "given", "given.txt", "given2.onnx"]);
    assert!(user.0.path("given.onnx").exists());
}

#[test]
fn a_folder_that_cannot_be_written_is_said() {
    let user = user();
    user.0.file("data", b"a file where a folder should be");
    user.models(["add", "given.onnx"]).expect(4).says("XDG_DATA_HOME");
}
