use ndarray::{ArrayD, IxDyn};

use super::*;
use crate::engine::Tensor;

/// A frame of `width` numbers, all `value`.
fn frame(value: f32, width: usize) -> Vec<NamedTensor> {
    vec![NamedTensor::new("x", Tensor::F32(ArrayD::from_elem(IxDyn(&[1, width]), value)))]
}

fn answer(outputs: &[NamedTensor]) -> (Vec<usize>, f32) {
    let values = outputs[0].value.as_f32("y").expect("f32");
    (values.shape().to_vec(), values.iter().sum())
}

/// A device that wants the frames' only input joined.
fn joining(mut run: impl FnMut(&[NamedTensor]) -> Result<Vec<NamedTensor>> + Send + 'static) -> Run {
    Box::new(move |frames| {
        let x = frames.iter().map(|frame| frame[0].value.as_f32("x")).collect::<Result<Vec<_>>>()?;
        let joined = ndarray::concatenate(ndarray::Axis(0), &x).expect("frames of one shape");
        run(&[NamedTensor::new("x", Tensor::F32(joined))])
    })
}

/// Doubles its input and notes the sizes of the batches.
fn doubling(sizes: &Arc<Mutex<Vec<usize>>>) -> Run {
    let sizes = Arc::clone(sizes);
    joining(move |inputs| {
        let x = inputs[0].value.as_f32("x")?;
        sizes.lock().expect("sizes").push(x.shape()[0]);
        Ok(vec![NamedTensor::new("y", Tensor::F32(x.mapv(|v| 2.0 * v)))])
    })
}

/// As many callers at once as `frames`; their answers in order.
fn all(batcher: &Batcher, frames: &[(f32, usize)]) -> Vec<Result<Vec<NamedTensor>>> {
    std::thread::scope(|scope| {
        let callers = frames.iter().map(|(value, width)| {
            let caller = batcher.caller();
            scope.spawn(move || caller.infer(ModelId::default(), &frame(*value, *width)))
        });
        let callers: Vec<_> = callers.collect();
        callers.into_iter().map(|caller| caller.join().expect("a caller")).collect()
    })
}

#[test]
fn each_caller_gets_its_own_rows() {
    let sizes = Arc::default();
    let batcher = Batcher::new(4, Duration::from_millis(200), vec![doubling(&sizes)]).expect("starts");
    // Two shapes: they do not meet in a batch.
    let frames: Vec<(f32, usize)> = (0..12).map(|n| (n as f32, if n % 3 == 0 { 5 } else { 2 })).collect();
    for (result, (value, width)) in all(&batcher, &frames).into_iter().zip(&frames) {
        assert_eq!(answer(&result.expect("runs")), (vec![1, *width], 2.0 * value * *width as f32));
    }
    let sizes = sizes.lock().expect("sizes").clone();
    assert_eq!(sizes.iter().sum::<usize>(), 12);
    assert!(sizes.iter().all(|size| *size <= 4) && sizes.contains(&4), "{sizes:?}");
}

/// One caller with many frames fills batches alone, and gets its answers in order.
#[test]
fn frames_handed_in_at_once_are_joined() {
    let sizes = Arc::default();
    let batcher = Batcher::new(4, Duration::from_secs(30), vec![doubling(&sizes)]).expect("starts");
    let frames: Vec<Vec<NamedTensor>> = (0..8).map(|n| frame(n as f32, 2)).collect();
    let results = batcher.caller().infer_many(ModelId::default(), &frames).expect("runs");
    let found: Vec<f32> = results.iter().map(|outputs| answer(outputs).1).collect();
    assert_eq!(found, [0.0, 4.0, 8.0, 12.0, 16.0, 20.0, 24.0, 28.0]);
    assert_eq!(*sizes.lock().expect("sizes"), [4, 4]);
}

#[test]
fn a_lonely_frame_does_not_wait_for_ever() {
    let sizes = Arc::default();
    let batcher = Batcher::new(64, Duration::from_millis(5), vec![doubling(&sizes)]).expect("starts");
    let results = all(&batcher, &[(3.0, 1)]);
    assert_eq!(answer(results[0].as_ref().expect("runs")).1, 6.0);
}

#[test]
fn batches_shrink_until_they_fit_the_memory() {
    let sizes = Arc::default();
    let mut run = doubling(&sizes);
    let small: Run = Box::new(move |inputs| {
        if inputs.len() > 2 {
            let cause = "CUDA failure 2: out of memory ; GPU=0";
            return Err(Error::new(Kind::ModelOutput, "the model failed to run").because(cause));
        }
        run(inputs)
    });
    let batcher = Batcher::new(8, Duration::from_millis(200), vec![small]).expect("starts");
    let frames: Vec<(f32, usize)> = (0..8).map(|n| (n as f32, 1)).collect();
    for (n, result) in all(&batcher, &frames).into_iter().enumerate() {
        assert_eq!(answer(&result.expect("runs")).1, 2.0 * n as f32);
    }
    assert_eq!(batcher.most(), 2);
    assert_eq!(*sizes.lock().expect("sizes"), [2, 2, 2, 2]);
}

#[test]
fn one_picture_that_does_not_fit_is_the_devices_fault() {
    let never: Run = Box::new(|_| {
        let cause = "BFCArena::AllocateRawInternal Failed to allocate memory for requested buffer";
        Err(Error::new(Kind::ModelOutput, "the model failed to run").because(cause))
    });
    let batcher = Batcher::new(4, Duration::from_millis(1), vec![never]).expect("starts");
    let error = all(&batcher, &[(1.0, 1), (2.0, 1)]).remove(1).expect_err("ran");
    assert_eq!(error.kind, Kind::Device);
    assert!(error.message.contains("--imgsz"), "{}", error.message);
}

#[test]
fn a_bad_frame_costs_only_itself() {
    let sizes = Arc::default();
    let mut run = doubling(&sizes);
    let picky: Run = Box::new(move |inputs| {
        if inputs.iter().any(|frame| answer(frame).1 == 5.0) {
            return Err(Error::new(Kind::ModelOutput, "not five"));
        }
        run(inputs)
    });
    let batcher = Batcher::new(4, Duration::from_millis(200), vec![picky]).expect("starts");
    let results = all(&batcher, &[(4.0, 1), (5.0, 1), (6.0, 1), (7.0, 1)]);
    let good = results.iter().map(|result| result.is_ok()).collect::<Vec<_>>();
    assert_eq!(good, [true, false, true, true]);
}

#[test]
fn outputs_without_a_row_a_frame_are_computed_alone() {
    // As many rows as were found, in all frames together.
    let found = joining(|inputs| {
        let x = inputs[0].value.as_f32("x")?.to_owned();
        let rows = x.iter().map(|value| *value as usize).sum::<usize>();
        let y = ArrayD::from_elem(IxDyn(&[rows, 2]), 1.0);
        Ok(vec![NamedTensor::new("y", Tensor::F32(y))])
    });
    let batcher = Batcher::new(3, Duration::from_millis(200), vec![found]).expect("starts");
    let results = all(&batcher, &[(4.0, 1), (5.0, 1), (6.0, 1)]);
    let rows = results.iter().map(|r| answer(r.as_ref().expect("runs")).0[0]).collect::<Vec<_>>();
    assert_eq!(rows, [4, 5, 6]);
    assert_eq!(batcher.most(), 1);
}

#[test]
fn several_devices_share_the_queue_and_a_panic_is_said() {
    let slow = |sizes: &Arc<Mutex<Vec<usize>>>| {
        let mut run = doubling(sizes);
        Box::new(move |inputs: &[&[NamedTensor]]| {
            std::thread::sleep(Duration::from_millis(20));
            run(inputs)
        }) as Run
    };
    let (one, other) = (Arc::default(), Arc::default());
    let batcher = Batcher::new(1, Duration::ZERO, vec![slow(&one), slow(&other)]).expect("starts");
    let frames: Vec<(f32, usize)> = (0..8).map(|n| (n as f32, 1)).collect();
    assert!(all(&batcher, &frames).iter().all(Result::is_ok));
    assert!(!one.lock().expect("one").is_empty() && !other.lock().expect("other").is_empty());

    let panics: Run = Box::new(|_| panic!("as the test asked"));
    let batcher = Batcher::new(1, Duration::ZERO, vec![panics]).expect("starts");
    assert_eq!(all(&batcher, &[(1.0, 1)]).remove(0).expect_err("ran").kind, Kind::Internal);
}
