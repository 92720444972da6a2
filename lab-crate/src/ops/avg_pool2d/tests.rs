//! Values and gradients against PyTorch, by finite differences, and bad input.
#![allow(clippy::unwrap_used)]

use super::super::recorded::{
    assert_near, assert_same_with_any_threads, cases, loss, numbers, var, wave,
};
use super::super::windows::of_pairs;
use candle_core::{DType, Device};

use super::*;
use crate::nn::{GradCheck, grad_check};

/// The value and the gradient against the digests of a case, in both dtypes.
fn compare(shape: &[usize], digests: &[[f64; 3]], pool: &dyn Fn(&Tensor) -> Tensor) {
    for (dtype, tolerance) in [(DType::F64, 1e-11), (DType::F32, 2e-6)] {
        let x = var(&wave(shape, 0.37, 0.0), dtype);
        let y = pool(&x);
        let what = format!("{shape:?} {:?} {dtype:?}", y.dims());
        assert_near(&y, digests[0], tolerance, &what);
        let grads = loss(&y).backward().unwrap();
        assert_near(grads.get(&x).unwrap(), digests[1], tolerance, &what);
    }
}

// recorded.txt: shape, kernel, stride, padding (these three as height and width), count_include_pad, then y and x' of
// x = wave(shape, 0.37)
// y = F.avg_pool2d(x, kernel, stride, padding, count_include_pad=bool(count_include_pad))
// (y * wave(tuple(y.shape), 0.91)).sum().backward()
#[test]
fn windows_of_one_size_equal_pytorch() {
    for (sizes, digests) in cases(include_str!("recorded.txt")) {
        let (shape, sizes) = sizes.split_at(4);
        let window = of_pairs(sizes);
        compare(shape, &digests, &|x| avg_pool2d(x, window, sizes[6] == 1).unwrap());
    }
}

// recorded_adaptive.txt: shape, height, width, then y and x' as above, of y = F.adaptive_avg_pool2d(x, (height, width))
#[test]
fn windows_for_a_wanted_result_equal_pytorch() {
    for (sizes, digests) in cases(include_str!("recorded_adaptive.txt")) {
        let (shape, out) = sizes.split_at(4);
        compare(shape, &digests, &|x| adaptive_avg_pool2d(x, [out[0], out[1]]).unwrap());
    }
}

#[test]
fn gradients_agree_with_finite_differences() {
    let x = var(&wave(&[2, 2, 5, 4], 0.37, 0.0), DType::F64);
    let window = Window::new(3, 2, 1);
    let pool = || avg_pool2d(&x, window, false);
    grad_check(pool, &[("x", &x)], GradCheck::default()).unwrap();
    let pool = || adaptive_avg_pool2d(&x, [3, 2]);
    grad_check(pool, &[("x", &x)], GradCheck::default()).unwrap();
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    for out in [[1, 1], [5, 6]] {
        assert_same_with_any_threads(&|| {
            let x = var(&wave(&[3, 40, 31, 32], 0.37, 0.0), DType::F32);
            let y = adaptive_avg_pool2d(&x, out).unwrap();
            let grads = loss(&y).backward().unwrap();
            vec![y, grads.get(&x).unwrap().clone()]
        });
    }
}

#[test]
fn strided_and_empty_inputs_work_wrong_ones_are_told() {
    let x = wave(&[2, 7, 6, 3], 0.37, 0.0).permute((0, 3, 1, 2)).unwrap();
    let mean = |x: &Tensor| numbers(&adaptive_avg_pool2d(x, [1, 1]).unwrap());
    assert_eq!(mean(&x), mean(&x.contiguous().unwrap()));
    let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F32, &Device::Cpu).unwrap();
    assert_eq!(adaptive_avg_pool2d(&zeros(&[0, 3, 8, 8]), [2, 3]).unwrap().dims(), [0, 3, 2, 3]);
    let text = adaptive_avg_pool2d(&zeros(&[1, 3, 8, 8]), [0, 1]).unwrap_err().to_string();
    assert!(text.contains("0 x 1"), "{text}");
    let text = adaptive_avg_pool2d(&zeros(&[512, 7]), [1, 1]).unwrap_err().to_string();
    assert!(text.contains("[512, 7]"), "{text}");
    let window = Window::new(5, 1, 0);
    let text = avg_pool2d(&zeros(&[1, 3, 4, 4]), window, true).unwrap_err().to_string();
    assert!(text.contains("kernel = 5") && text.contains("4 x 4"), "{text}");
    let whole = zeros(&[1, 1, 2, 2]).to_dtype(DType::U32).unwrap();
    assert!(adaptive_avg_pool2d(&whole, [1, 1]).unwrap_err().to_string().contains("u32"));
}
