//! Which arrangement of workers and threads runs a model fastest on this machine, by trying.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use crate::engine::{Infer, ModelId, NamedTensor};
use crate::error::{Error, Kind, Result};

/// How a job's workers calculate on the CPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Arrangement {
    pub workers: usize,
    /// Threads of each worker's session.
    pub threads: usize,
}

/// What is worth trying with this many cores: a session a core; half of them, where two of the cores that the
/// system counts are one; sessions that share cores.
pub fn candidates(cores: usize) -> Vec<Arrangement> {
    let mut all = vec![(cores, 1), (cores / 2, 1), (cores / 2, 2), (1, cores)];
    all.retain(|(workers, threads)| *workers > 0 && workers * threads <= cores);
    if cores < 4 {
        all.retain(|(workers, threads)| workers * threads == cores);
    }
    let mut kept: Vec<Arrangement> = Vec::new();
    for (workers, threads) in all {
        let arrangement = Arrangement { workers, threads };
        if !kept.contains(&arrangement) {
            kept.push(arrangement);
        }
    }
    kept
}

/// Calls a second of `arrangement`, each with `inputs`, over at least `time`.
///
/// # Errors
/// When a session cannot be made or does not run.
pub fn speed(
    arrangement: Arrangement,
    means: &(dyn Fn() -> Result<Box<dyn Infer>> + Sync),
    inputs: &[NamedTensor],
    time: Duration,
) -> Result<f64> {
    let workers = arrangement.workers;
    let pool = super::pool(workers)?;
    let together = Barrier::new(workers);
    let rates: Vec<Result<f64>> = pool.broadcast(|_| {
        // The first call takes memory and packs weights. All begin when all are ready, whether they failed
        // or not.
        let ready = means().and_then(|infer| infer.infer(ModelId::default(), inputs).map(|_| infer));
        together.wait();
        let infer = ready?;
        let (begun, mut calls) = (Instant::now(), 0_u32);
        while calls < 2 || begun.elapsed() < time {
            infer.infer(ModelId::default(), inputs)?;
            calls += 1;
        }
        Ok(f64::from(calls) / begun.elapsed().as_secs_f64())
    });
    rates.into_iter().sum()
}

/// The fastest of `measured`; the first, which is the usual one, unless another gains more than noise does.
pub fn best(measured: &[(Arrangement, f64)]) -> Result<Arrangement> {
    /// Share by which two measurements of one arrangement were seen to differ on a busy machine.
    const NOISE: f64 = 1.08;
    let Some((usual, speed)) = measured.first() else {
        return Err(Error::new(Kind::Internal, "nothing was measured"));
    };
    let fastest = measured.iter().max_by(|(_, a), (_, b)| a.total_cmp(b));
    Ok(fastest
        .filter(|(_, fastest)| *fastest > speed * NOISE)
        .map_or(*usual, |(arrangement, _)| *arrangement))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrangement(workers: usize, threads: usize) -> Arrangement {
        Arrangement { workers, threads }
    }

    #[test]
    fn candidates_use_the_cores_and_no_more() {
        assert_eq!(candidates(1), [arrangement(1, 1)]);
        assert_eq!(candidates(2), [arrangement(2, 1), arrangement(1, 2)]);
        assert_eq!(candidates(3), [arrangement(3, 1), arrangement(1, 3)]);
        let eight = [arrangement(8, 1), arrangement(4, 1), arrangement(4, 2), arrangement(1, 8)];
        assert_eq!(candidates(8), eight);
    }

    #[test]
    fn the_usual_one_stays_unless_another_is_clearly_faster() {
        let measured = |a: f64, b: f64| [(arrangement(2, 1), a), (arrangement(1, 2), b)];
        assert_eq!(best(&measured(40.0, 42.0)).ok(), Some(arrangement(2, 1)));
        assert_eq!(best(&measured(40.0, 44.0)).ok(), Some(arrangement(1, 2)));
        assert!(best(&[]).is_err());
    }

    /// A model that takes as long whoever asks.
    struct Sleeper;

    impl Infer for Sleeper {
        fn infer(&self, _: ModelId, _: &[NamedTensor]) -> Result<Vec<NamedTensor>> {
            std::thread::sleep(Duration::from_millis(10));
            Ok(Vec::new())
        }
    }

    #[test]
    fn workers_are_counted_together() {
        let means = || Ok(Box::new(Sleeper) as Box<dyn Infer>);
        let rate =
            |workers| speed(arrangement(workers, 1), &means, &[], Duration::from_millis(60)).expect("runs");
        // 100 a second each, less what the machine is late.
        assert!(rate(3) > 1.5 * rate(1) && rate(1) <= 101.0);
    }

    #[test]
    fn a_model_that_does_not_run_is_said() {
        let means = || Err(Error::new(Kind::ModelInvalid, "no"));
        let speed = speed(arrangement(2, 1), &means, &[], Duration::ZERO);
        assert_eq!(speed.expect_err("ran").kind, Kind::ModelInvalid);
    }
}
