//! What the measurements come to, as a table or as JSON.

use std::io::{self, Write};

use serde::Serialize;

use super::measure::{Bench, Stage};
use crate::engine::Provider;
use crate::error::Result;

#[derive(Debug, Serialize)]
struct StageFacts {
    stage: &'static str,
    mean_ms: f64,
    p50_ms: f64,
    p99_ms: f64,
}

#[derive(Debug, Serialize)]
pub struct Facts {
    model: String,
    provider: String,
    runtime: String,
    workers: usize,
    pictures: usize,
    repeat: usize,
    annotated: bool,
    /// How large JPEG files are decoded, in words.
    decode: String,
    stages: Vec<StageFacts>,
    /// Sum of the stages: what a picture costs on one core.
    core_ms: f64,
    bound_per_s: f64,
    /// What the bound is made of, in words.
    bound_of: String,
    prepare_per_s: f64,
    model_only_per_s: f64,
    walk_per_s: f64,
    walk_of_bound: f64,
    walk_of_model_only: f64,
}

impl Facts {
    /// Measures.
    pub fn new(bench: &Bench) -> Result<Self> {
        let (stages, tensors) = bench.stages()?;
        let model_only_per_s = bench.model(&tensors)?;
        let (pictures, wall) = bench.walk()?;
        let stages: Vec<StageFacts> = stages.iter().map(StageFacts::new).collect();
        let core_ms: f64 = stages.iter().map(|stage| stage.mean_ms).sum();
        let (bound_per_s, bound_of) = bound(bench, &stages, model_only_per_s);
        let walk_per_s = pictures as f64 / wall.as_secs_f64();
        let facts = bench.prepared.facts();
        Ok(Self {
            model: facts.name.to_owned(),
            provider: bench.engine.provider().to_string(),
            runtime: bench.engine.found().version.clone(),
            workers: bench.workers,
            pictures: pictures / bench.repeat,
            repeat: bench.repeat,
            annotated: bench.annotated,
            decode: if facts.decode.is_empty() { "full".to_owned() } else { facts.decode },
            core_ms,
            bound_per_s,
            bound_of,
            prepare_per_s: cores(bench) as f64 * 1e3 / stages[1].mean_ms,
            model_only_per_s,
            walk_per_s,
            walk_of_bound: walk_per_s / bound_per_s,
            walk_of_model_only: walk_per_s / model_only_per_s,
            stages,
        })
    }

    pub fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self { model, provider, runtime, workers, pictures, repeat, .. } = self;
        writeln!(
            out,
            "{model} on {provider}, ONNX Runtime {runtime}, {workers} workers, {pictures} pictures x {repeat}, JPEG \
             decoded: {}\n",
            self.decode
        )?;
        writeln!(out, "stage, one thread    mean ms    p50 ms    p99 ms")?;
        for stage in &self.stages {
            let StageFacts { stage, mean_ms, p50_ms, p99_ms } = stage;
            writeln!(out, "{stage:18} {mean_ms:9.2} {p50_ms:9.2} {p99_ms:9.2}")?;
        }
        writeln!(out, "{:18} {:9.2}", "sum (core-ms)", self.core_ms)?;
        let rate = |out: &mut dyn Write, what: &str, rate: f64, more: &str| {
            writeln!(out, "{what:13}{rate:8.1} pictures/s{more}")
        };
        writeln!(out)?;
        rate(out, "prepare only", self.prepare_per_s, "")?;
        rate(out, "model only", self.model_only_per_s, "  (measured on all workers at once)")?;
        rate(out, "bound", self.bound_per_s, &format!("  ({})", self.bound_of))?;
        let (bound, model) = (self.walk_of_bound, self.walk_of_model_only);
        let reached = format!("  = {bound:.2} of the bound, {model:.2} of model only");
        rate(out, "whole walk", self.walk_per_s, &reached)
    }
}

/// Cores that the stages on the CPU have; before an accelerator there are more workers than cores.
fn cores(bench: &Bench) -> usize {
    bench.workers.min(crate::perform::cores())
}

/// The most that any arrangement could reach, and of what it is made. On the CPU all stages share the cores;
/// before an accelerator the slower of the two sides decides.
fn bound(bench: &Bench, stages: &[StageFacts], model_only_per_s: f64) -> (f64, String) {
    let sum = |model: bool| {
        let counted = stages.iter().filter(|stage| model || stage.stage != "model");
        counted.map(|stage| stage.mean_ms).sum::<f64>()
    };
    let workers = bench.workers;
    if bench.engine.provider() == Provider::Cpu && bench.engine.batch().0 <= 1 {
        return (workers as f64 * 1e3 / sum(true), format!("{workers} workers / sum of the stages"));
    }
    let cores = cores(bench);
    let others = cores as f64 * 1e3 / sum(false);
    if others < model_only_per_s {
        (others, format!("{cores} cores / the other stages, which are slower than the device"))
    } else {
        (model_only_per_s, "the model alone".to_owned())
    }
}

impl StageFacts {
    fn new(stage: &Stage) -> Self {
        let mut sorted: Vec<f64> = stage.times.iter().map(|time| time.as_secs_f64() * 1e3).collect();
        sorted.sort_by(f64::total_cmp);
        let at = |share: f64| sorted[((sorted.len() - 1) as f64 * share).round() as usize];
        let mean_ms = sorted.iter().sum::<f64>() / sorted.len() as f64;
        let mean_ms = stage.cpu.map_or(mean_ms, |cpu| cpu.as_secs_f64() * 1e3);
        Self { stage: stage.name, mean_ms, p50_ms: at(0.5), p99_ms: at(0.99) }
    }
}
