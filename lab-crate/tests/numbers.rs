//! Randomness and arrays through the public API, as a cell uses them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use lab::prelude::*;

#[test]
fn a_seed_gives_the_same_numbers_on_every_machine() {
    let x = Rng::seed(42).randn(4, &Device::Cpu).unwrap().to_vec1::<f32>().unwrap();
    // Printed once by this library; a change of these numbers changes every notebook.
    assert_eq!(x, PINNED_NORMAL);
    assert_eq!(Rng::seed(42).permutation(8), PINNED_ORDER);
    assert_ne!(Rng::seed(43).permutation(8), PINNED_ORDER);
}

const PINNED_NORMAL: [f32; 4] = [1.4402541, -0.4652131, -0.73568225, -0.7578351];
const PINNED_ORDER: [usize; 8] = [4, 7, 0, 1, 3, 2, 6, 5];

#[test]
fn from_numpy_and_back() {
    let x = Array2::from_shape_fn((4, 4), |(i, j)| (i * 4 + j) as f32);
    let t = from_ndarray(&x).unwrap();
    assert_eq!(t.dims(), [4, 4]);
    let sum = t.matmul(&t.t().unwrap()).unwrap();
    assert_eq!(to_ndarray::<f32>(&sum).unwrap(), x.dot(&x.t()).into_dyn());
}

#[test]
fn a_failed_question_mark_reads_as_a_sentence() {
    let x = Tensor::zeros((2, 3), DType::F32, &Device::Cpu).unwrap();
    let error = Figure::new().scatter(&x, &x).unwrap_err();
    assert_eq!(format!("{error:?}"), format!("{error}"));
    assert!(format!("{error:?}").starts_with("график: дан тензор формы [2, 3]"));
}

#[test]
fn the_device_is_one_that_computes() {
    let device = lab::device().unwrap();
    let one = Tensor::ones(1, DType::F32, &device).unwrap();
    assert_eq!(one.to_vec1::<f32>().unwrap(), [1.0]);
}
