//! How CUDA and TensorRT are set, and where TensorRT keeps what it builds.

use std::fs::File;
use std::path::{Path, PathBuf};

use ort::ep::{self, ExecutionProviderDispatch};
use serde_json::{Value, json};

use super::Provider;
use crate::digest::{hex, sha256};

/// Sessions on each GPU: while one batch is copied the other is computed. Each has its own stream.
const CUDA_SESSIONS: usize = 2;

/// The sessions of a provider, each on the GPU of its number; one on no GPU for the CPU.
pub fn places(provider: Provider) -> Vec<Option<u32>> {
    match provider {
        Provider::Cpu => vec![None],
        Provider::Cuda(gpus) => (0..CUDA_SESSIONS).flat_map(|_| gpus.iter().map(Some)).collect(),
        Provider::TensorRt(gpus) => gpus.iter().map(Some).collect(),
    }
}

/// Whether a GPU seems to be there.
pub fn is_there() -> bool {
    ["/dev/nvidia0", "/dev/nvidiactl"].iter().any(|device| Path::new(device).exists())
}

/// The settings that results or speed depend on, for `run.json`.
pub fn settings(provider: Provider) -> Value {
    match provider {
        Provider::Cpu => json!({}),
        Provider::Cuda(_) => json!({
            "tf32": false, "conv_algorithm_search": "exhaustive", "cuda_graph": false, "sessions_per_gpu": CUDA_SESSIONS
        }),
        Provider::TensorRt(_) => {
            json!({ "fp16": true, "engine_cache": true, "timing_cache": true, "sessions_per_gpu": 1 })
        }
    }
}

/// TF32 is off: documentation and source of the provider disagree on its default, and results should not depend
/// on that. The search is the provider's own default, set so that it is known.
pub fn cuda(gpu: u32) -> ExecutionProviderDispatch {
    ep::CUDA::default()
        .with_device_id(gpu as i32)
        .with_tf32(false)
        .with_conv_algorithm_search(ep::cuda::ConvAlgorithmSearch::Exhaustive)
        .build()
        .error_on_failure()
}

/// Shapes that an engine is built for: the input's name and its axes, with the batch of least, usual and most.
#[derive(Debug, Clone, Default)]
pub struct Profile {
    pub inputs: Vec<(String, Vec<i64>)>,
    pub most: usize,
}

impl Profile {
    /// In the provider's words, `name:1x3x640x640`; empty where all shapes are fixed.
    fn words(&self, batch: usize) -> String {
        let one = |(name, shape): &(String, Vec<i64>)| {
            let axes = std::iter::once(batch as i64).chain(shape.iter().skip(1).copied());
            format!("{name}:{}", axes.map(|axis| axis.to_string()).collect::<Vec<_>>().join("x"))
        };
        self.inputs.iter().map(one).collect::<Vec<_>>().join(",")
    }
}

pub fn tensorrt(gpu: u32, cache: Option<&Path>, profile: &Profile) -> ExecutionProviderDispatch {
    let mut provider = ep::TensorRT::default().with_device_id(gpu as i32).with_fp16(true);
    if let Some(cache) = cache {
        provider = provider
            .with_engine_cache(true)
            .with_engine_cache_path(cache.display())
            .with_timing_cache(true)
            .with_timing_cache_path(cache.display());
    }
    if !profile.inputs.is_empty() {
        // A shape outside the profile would build another engine, for minutes.
        provider = provider
            .with_profile_min_shapes(profile.words(1))
            .with_profile_opt_shapes(profile.words(profile.most))
            .with_profile_max_shapes(profile.words(profile.most));
    }
    provider.build().error_on_failure()
}

/// The folder of a model's engines: an engine fits one model, one set of versions, one kind of GPU and one set of
/// options, so all of them are in its name.
pub fn cache_folder(model_digest: &str, runtime: &str, gpu: u32, profile: &Profile) -> Option<PathBuf> {
    let versions = std::fs::read_to_string("/proc/driver/nvidia/version").unwrap_or_default();
    let options = format!("{} {profile:?}", settings(Provider::TensorRt(super::Gpus::FIRST)));
    let text = format!("{model_digest}\n{runtime}\n{versions}\n{}\n{options}", gpu_name(gpu));
    Some(crate::places::data_folder()?.join("tensorrt").join(&hex(&sha256(text.as_bytes()))[..24]))
}

/// The GPU's name as its driver says it; its number where it does not, so that two GPUs are never mixed up.
fn gpu_name(gpu: u32) -> String {
    let folders = std::fs::read_dir("/proc/driver/nvidia/gpus").into_iter().flatten().flatten();
    let texts = folders.filter_map(|folder| std::fs::read_to_string(folder.path().join("information")).ok());
    let field = |text: &str, name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.map(|value| value.trim().to_owned())
    };
    let mine = texts.into_iter().find(|text| field(text, "Device Minor") == Some(gpu.to_string()));
    mine.and_then(|text| field(&text, "Model")).unwrap_or_else(|| format!("number {gpu}"))
}

/// Alone in a cache folder until dropped: engines are built and repaired by one process at a time.
pub struct Locked {
    _file: File,
    /// Whether nothing was built here before.
    pub empty: bool,
}

/// Makes the folder and waits for others to leave it.
pub fn lock(folder: &Path) -> std::io::Result<Locked> {
    std::fs::create_dir_all(folder)?;
    let file = File::create(folder.join("lock"))?;
    file.lock()?;
    Ok(Locked { empty: engines(folder).is_empty(), _file: file })
}

/// Removes what was built, for a cache that turned out to be damaged.
pub fn clear(folder: &Path) {
    for file in engines(folder) {
        // What stays is overwritten.
        let _ = std::fs::remove_file(file);
    }
}

fn engines(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.filter(|path| path.file_name().is_some_and(|name| name != "lock")).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Gpus;
    use super::*;

    #[test]
    fn every_gpu_gets_its_sessions() {
        let gpus: Gpus = "0,2".parse().expect("numbers");
        assert_eq!(places(Provider::Cuda(gpus)), [Some(0), Some(2), Some(0), Some(2)]);
        assert_eq!(places(Provider::TensorRt(gpus)), [Some(0), Some(2)]);
        assert_eq!(places(Provider::Cpu), [None]);
    }

    #[test]
    fn profiles_in_the_providers_words() {
        let inputs = vec![("images".to_owned(), vec![-1, 3, 640, 640]), ("sizes".to_owned(), vec![-1, 2])];
        let profile = Profile { inputs, most: 16 };
        assert_eq!(profile.words(1), "images:1x3x640x640,sizes:1x2");
        assert_eq!(profile.words(16), "images:16x3x640x640,sizes:16x2");
        assert_eq!(Profile::default().words(4), "");
    }

    #[test]
    fn a_cache_is_of_one_model_one_version_and_one_profile() {
        let folder = |model: &str, version: &str, most| {
            let profile = Profile { inputs: vec![("x".to_owned(), vec![-1, 3])], most };
            cache_folder(model, version, 0, &profile)
        };
        let first = folder("a", "1.32.0", 4);
        assert_eq!(first, folder("a", "1.32.0", 4));
        for other in [folder("b", "1.32.0", 4), folder("a", "1.31.0", 4), folder("a", "1.32.0", 8)] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn a_damaged_cache_is_cleared_but_for_its_lock() {
        let folder = tempfile::tempdir().expect("a folder");
        let held = lock(folder.path()).expect("locked");
        assert!(held.empty);
        std::fs::write(folder.path().join("x.engine"), "damaged").expect("written");
        drop(held);
        assert!(!lock(folder.path()).expect("locked").empty);
        clear(folder.path());
        assert!(lock(folder.path()).expect("locked").empty);
    }
}
