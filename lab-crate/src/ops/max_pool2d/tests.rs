//! Values and gradients against PyTorch, the rules for ties and NaN, and bad input.
#![allow(clippy::unwrap_used)]

use super::super::recorded::{
    assert_near, assert_same_with_any_threads, cases, loss, numbers, var, wave,
};
use super::super::windows::of_pairs;
use candle_core::{DType, Device};

use super::*;
use crate::Rng;

fn window(sizes: [usize; 3]) -> Window {
    Window::new(sizes[0], sizes[1], sizes[2])
}

// recorded.txt: shape, kernel, stride, padding, each of the three as height and width, then y and x' of
// x = torch.round(wave(shape, 0.37, 0.01) * 3) / 3  # many equal numbers
// y = F.max_pool2d(x, kernel, stride, padding)
// (y * wave(tuple(y.shape), 0.91)).sum().backward()
#[test]
fn values_and_gradients_equal_pytorch() {
    for (sizes, digests) in cases(include_str!("recorded.txt")) {
        for (dtype, tolerance) in [(DType::F64, 1e-11), (DType::F32, 2e-6)] {
            let (shape, sizes) = sizes.split_at(4);
            let thirds = (wave(shape, 0.37, 0.01) * 3.0).unwrap().round().unwrap() / 3.0;
            let x = var(&thirds.unwrap(), dtype);
            let y = max_pool2d(&x, of_pairs(sizes)).unwrap();
            let what = format!("{shape:?} {sizes:?} {dtype:?}");
            assert_near(&y, digests[0], tolerance, &what);
            let grads = loss(&y).backward().unwrap();
            assert_near(grads.get(&x).unwrap(), digests[1], tolerance, &what);
        }
    }
}

/// The definition, window by window, on random sizes.
#[test]
fn every_window_is_seen_whole() {
    let mut rng = Rng::seed(5);
    for _ in 0..100 {
        let kernel = [0; 2].map(|_| 1 + rng.below(6));
        let stride = [0; 2].map(|_| 1 + rng.below(4));
        let padding = kernel.map(|side| rng.below(side / 2 + 1));
        let window = Window { kernel, stride, padding };
        let [h, w] =
            [0, 1].map(|i| kernel[i].saturating_sub(2 * padding[i]).max(1) + rng.below(12));
        let x = rng.randn((1, 2, h, w), &Device::Cpu).unwrap();
        let y = max_pool2d(&x, window).unwrap();
        let (_, _, oh, ow) = y.dims4().unwrap();
        assert_eq!(oh, (h + 2 * padding[0] - kernel[0]) / stride[0] + 1);
        assert_eq!(ow, (w + 2 * padding[1] - kernel[1]) / stride[1] + 1);
        let (x, y) = (numbers(&x), numbers(&y));
        for (at, largest) in y.iter().enumerate() {
            let (plane, i, j) = (at / (oh * ow), at / ow % oh, at % ow);
            let mut right = f64::NEG_INFINITY;
            for (r, c) in (0..kernel[0] * kernel[1]).map(|k| (k / kernel[1], k % kernel[1])) {
                let (r, c) = (i * stride[0] + r, j * stride[1] + c);
                let inside = |at: usize, i: usize, side| at >= padding[i] && at < side + padding[i];
                if inside(r, 0, h) && inside(c, 1, w) {
                    let (r, c) = (r - padding[0], c - padding[1]);
                    right = right.max(x[(plane * h + r) * w + c]);
                }
            }
            assert_eq!(*largest, right, "{window:?} {h} x {w}");
        }
    }
}

#[test]
fn ties_go_to_the_first_and_nan_wins() {
    let pool = Window::new(2, 2, 0);
    let x = [[[[1.0, 1.0, 0.0, f32::NAN], [1.0, 1.0, 5.0, 2.0]]]];
    let x = candle_core::Var::new(&x, &Device::Cpu).unwrap();
    let y = max_pool2d(&x, pool).unwrap();
    let numbers_of = numbers(&y);
    assert!(numbers_of[0] == 1.0 && numbers_of[1].is_nan(), "{numbers_of:?}");
    let grads = y.sum_all().unwrap().backward().unwrap();
    assert_eq!(numbers(grads.get(&x).unwrap()), [1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
    let low = Tensor::full(f32::NEG_INFINITY, (1, 1, 3, 3), &Device::Cpu).unwrap();
    let low = var(&low, DType::F32);
    let y = max_pool2d(&low, Window::new(3, 2, 1)).unwrap();
    assert!(numbers(&y).iter().all(|v| *v == f64::NEG_INFINITY));
    let grads = y.sum_all().unwrap().backward().unwrap();
    let right = [1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0];
    assert_eq!(numbers(grads.get(&low).unwrap()), right, "the first place of each window");
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    assert_same_with_any_threads(&|| {
        let x = var(&wave(&[3, 10, 61, 62], 0.37, 0.0), DType::F32);
        let y = max_pool2d(&x, Window::new(3, 2, 1)).unwrap();
        let grads = loss(&y).backward().unwrap();
        vec![y, grads.get(&x).unwrap().clone()]
    });
}

#[test]
fn strided_and_empty_inputs_work_wrong_ones_are_told() {
    let pool = Window::new(3, 2, 1);
    let x = wave(&[2, 9, 8, 3], 0.37, 0.0).permute((0, 3, 1, 2)).unwrap();
    let strided = max_pool2d(&x, pool).unwrap();
    assert_eq!(numbers(&strided), numbers(&max_pool2d(&x.contiguous().unwrap(), pool).unwrap()));
    let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F32, &Device::Cpu).unwrap();
    assert_eq!(max_pool2d(&zeros(&[0, 3, 8, 8]), pool).unwrap().dims(), [0, 3, 4, 4]);
    let error = |shape: &[usize], sizes: [usize; 3]| {
        max_pool2d(&zeros(shape), window(sizes)).unwrap_err().to_string()
    };
    let text = error(&[3, 8, 8], [2, 2, 0]);
    assert!(text.contains("[3, 8, 8]") && text.contains("unsqueeze"), "{text}");
    let text = error(&[1, 3, 0, 8], [2, 2, 0]);
    assert!(text.contains("H и W от 1"), "{text}");
    let text = error(&[1, 3, 4, 2], [3, 1, 0]);
    assert!(text.contains("kernel = 3") && text.contains("4 x 2"), "{text}");
    let text = error(&[1, 3, 8, 8], [3, 2, 2]);
    assert!(text.contains("padding = 2") && text.contains("от 0 до 1"), "{text}");
    assert!(error(&[1, 3, 8, 8], [0, 2, 0]).contains("kernel = 0"));
    assert!(error(&[1, 3, 8, 8], [2, 0, 0]).contains("stride = 0"));
    let whole = zeros(&[1, 1, 2, 2]).to_dtype(DType::U8).unwrap();
    assert!(max_pool2d(&whole, window([2, 2, 0])).unwrap_err().to_string().contains("u8"));
}
