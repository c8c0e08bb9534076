//! How many workers a job gets, and how many threads each calculates with.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use image::RgbImage;

use super::setup::Prepared;
use crate::engine::{Device, Engine, NamedTensor, Provider, Runtime, Setup};
use crate::error::{Error, Result};
use crate::frame::{Attributes, Frame, Origin};
use crate::input::Input;
use crate::pipeline::tune::{self, Arrangement};

/// Jobs of at least this many inputs are worth a second or two of measuring, once a model and machine.
const WORTH_TUNING: usize = 500;
/// For each arrangement that is tried.
const TRIAL: Duration = Duration::from_millis(500);
/// Workers that may be asked for.
const MOST: usize = 1024;

/// What `--workers` says: `None` for `auto`.
///
/// # Errors
/// `Usage` for anything but `auto` and 1 to 1024.
pub fn asked(text: &str) -> Result<Option<usize>> {
    if text == "auto" {
        return Ok(None);
    }
    let number = text.parse::<usize>().ok().filter(|n| (1..=MOST).contains(n));
    number
        .map(Some)
        .ok_or_else(|| Error::usage(format!("--workers {text}: expected auto or a number from 1 to {MOST}")))
}

pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// With fewer pictures than cores, the cores share the pictures: the first result comes sooner. Files that may
/// hold many pages are no few pictures.
pub fn threads_for(few: &[&Input]) -> usize {
    let single = |input: &&Input| {
        let extension = input.file.extension().unwrap_or_default().to_ascii_lowercase();
        ["jpg", "jpeg", "png", "bmp", "heic", "heif"].iter().any(|single| extension == *single)
    };
    if few.is_empty() || !few.iter().all(single) { 1 } else { (cores() / few.len()).max(1) }
}

/// Workers as asked for; else one a core on the CPU, or, before a device that joins frames, as many as fill two
/// batches while one core each prepares and finishes others.
pub fn workers(asked: Option<usize>, engine: &Engine) -> usize {
    let batch = engine.batch().0;
    let usual = match engine.provider() {
        Provider::Cpu if batch <= 1 => (cores() / engine.threads()).max(1),
        _ => cores() + 2 * batch,
    };
    asked.unwrap_or(usual)
}

/// What a worker holds beside its share of the model: a decoded picture or two, its tensors, the runtime's
/// arena. Bytes; measured with `tests/faults` at 12 megapixels and rounded up.
const A_WORKER: u64 = 128 << 20;
/// What is left to others, in percent of the available memory.
const KEPT_FREE: u64 = 20;

/// The most workers that memory allows.
pub fn most_by_memory(model_bytes: u64, provider: Provider) -> usize {
    let Some(memory) = crate::memory::of_this_machine() else { return MOST };
    // Weights are held once; on other devices than the CPU by each session.
    let once = model_bytes.saturating_mul(6);
    let each = A_WORKER + if provider == Provider::Cpu { 0 } else { model_bytes };
    let left = (memory.available / 100 * (100 - KEPT_FREE)).saturating_sub(once);
    usize::try_from(left / each).unwrap_or(MOST).clamp(1, MOST)
}

/// The arrangement that was measured to be the fastest for this model on this machine, now or before.
/// `None` where it cannot be known.
pub fn tuned(
    runtime: &'static Runtime,
    prepared: &Prepared,
    todo: usize,
    say: &dyn Fn(&str),
) -> Option<Arrangement> {
    let cores = cores();
    if cores < 2 || todo < WORTH_TUNING || prepared.models.len() != 1 {
        return None;
    }
    let file = crate::places::tuning_file()?;
    let key = format!(
        "{} {}x{} ORT {} {} {cores} cores",
        prepared.subject.digest,
        prepared.size[0],
        prepared.size[1],
        runtime.found.version,
        processor()
    );
    if let Some(known) = read(&file).get(&key) {
        return Some(*known).filter(|known| known.workers * known.threads <= cores && known.workers > 0);
    }
    say("measuring how this machine runs the model fastest, once");
    let best = measure(runtime, prepared, &tune::candidates(cores)).ok()?;
    remember(&file, key, best);
    Some(best)
}

fn measure(
    runtime: &'static Runtime,
    prepared: &Prepared,
    candidates: &[Arrangement],
) -> Result<Arrangement> {
    let inputs = tensors(prepared)?;
    let mut measured = Vec::new();
    for arrangement in candidates {
        let (model, setup) = (prepared.model()?, Setup::of(Device::Cpu, arrangement.threads));
        let engine = Engine::new(runtime, &model.spec.name, &model.bytes, setup, &|_| ())?;
        measured.push((*arrangement, tune::speed(*arrangement, &|| engine.worker(), &inputs, TRIAL)?));
    }
    tune::best(&measured)
}

/// Of a grey picture of the model's own size.
fn tensors(prepared: &Prepared) -> Result<Vec<NamedTensor>> {
    let [width, height] = prepared.size;
    let frame = Frame {
        pixels: RgbImage::from_pixel(width, height, image::Rgb([114; 3])),
        size: prepared.size,
        full: None,
        part: None,
        origin: Origin { format: "none".to_owned(), lossless: true, orientation: 1 },
        icc: None,
        warnings: Vec::new(),
        attributes: Attributes::default(),
        values: None,
    };
    Ok(prepared.family.prepare(&frame)?.0)
}

/// The processor's name, where the system says it.
fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    name.map(|(_, name)| name.to_owned()).unwrap_or_default()
}

fn read(file: &Path) -> BTreeMap<String, Arrangement> {
    std::fs::read(file).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
}

/// Where it cannot be written it is measured again next time.
fn remember(file: &Path, key: String, arrangement: Arrangement) {
    let mut all = read(file);
    all.insert(key, arrangement);
    let Some((folder, text)) = file.parent().zip(serde_json::to_vec_pretty(&all).ok()) else { return };
    let _ = std::fs::create_dir_all(folder).and_then(|()| {
        let mut whole = tempfile::NamedTempFile::new_in(folder)?;
        std::io::Write::write_all(&mut whole, &text)?;
        whole.persist(file).map(drop).map_err(|e| e.error)
    });
}
