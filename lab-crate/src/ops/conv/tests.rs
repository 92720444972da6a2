//! Against numbers of PyTorch (`reference.rs`), the definition, candle and finite differences.
#![allow(clippy::unwrap_used)]

mod arguments;
mod reference;

use super::*;
use crate::Rng;
use candle_core::{Device, Var};

fn var(rng: &mut Rng, shape: &[usize], dtype: DType) -> Var {
    Var::from_tensor(&rng.randn(shape, &Device::Cpu).unwrap().to_dtype(dtype).unwrap()).unwrap()
}

fn numbers(t: &Tensor) -> Vec<f64> {
    t.flatten_all().unwrap().to_dtype(DType::F64).unwrap().to_vec1().unwrap()
}

fn gap(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let gaps = a.iter().zip(b).map(|(a, b)| (a - b).abs());
    gaps.fold(0.0, |a: f64, b| if b.is_nan() { b } else { a.max(b) })
}

/// The result without bias and the gradients of images and weights, by the definition.
fn slow(g: &Geometry, x: &[f64], weight: &[f64], grad: &[f64]) -> [Vec<f64>; 3] {
    let (mut y, mut gx, mut gw) =
        (vec![0.0; grad.len()], vec![0.0; x.len()], vec![0.0; weight.len()]);
    let [oh, ow] = g.out;
    for (out, grad) in grad.iter().enumerate() {
        let (ox, oy, k, n) = (
            out % ow,
            out / ow % oh,
            out / (ow * oh) % (g.groups * g.outputs),
            out / (ow * oh * g.groups * g.outputs),
        );
        for c in 0..g.inputs {
            for tap in 0..g.taps() {
                let py = oy * g.stride + tap / g.kernel[1] * g.dilation;
                let px = ox * g.stride + tap % g.kernel[1] * g.dilation;
                let (Some(py), Some(px)) = (py.checked_sub(g.padding), px.checked_sub(g.padding))
                else {
                    continue;
                };
                if py >= g.size[0] || px >= g.size[1] {
                    continue;
                }
                let channel = n * g.groups * g.inputs + k / g.outputs * g.inputs + c;
                let (at, w) = (
                    (channel * g.size[0] + py) * g.size[1] + px,
                    (k * g.inputs + c) * g.taps() + tap,
                );
                y[out] += x[at] * weight[w];
                gx[at] += grad * weight[w];
                gw[w] += grad * x[at];
            }
        }
    }
    [y, gx, gw]
}

/// Ours against the definition: the value and the gradients of images and weights.
fn compare(
    rng: &mut Rng,
    x: &[usize],
    weight: &[usize],
    config: Conv2dConfig,
    dtype: DType,
    tolerance: f64,
) {
    let (x, weight) = (var(rng, x, dtype), var(rng, weight, dtype));
    let sizes = format!("{:?} {:?} {config:?} {dtype:?}", x.dims(), weight.dims());
    let y = conv2d(&x, &weight, None, config, false).unwrap();
    let factors = var(rng, y.dims(), dtype).detach();
    let grads = (&y * &factors).unwrap().sum_all().unwrap().backward().unwrap();
    let g = Geometry::new(&x, &weight, config).unwrap();
    let expected = slow(&g, &numbers(&x), &numbers(&weight), &numbers(&factors));
    let ours = [&y, grads.get(&x).unwrap(), grads.get(&weight).unwrap()];
    for ((name, ours), expected) in ["y", "x", "weight"].iter().zip(ours).zip(&expected) {
        let scale = expected.iter().fold(1.0f64, |a, b| a.max(b.abs()));
        let gap = gap(&numbers(ours), expected) / scale;
        assert!(gap < tolerance, "{name} {sizes}: {gap}");
    }
}

#[test]
fn equals_the_definition_on_random_sizes() {
    let mut rng = Rng::seed(1);
    for trial in 0..200 {
        let (stride, padding, dilation) = (1 + rng.below(3), rng.below(4), 1 + rng.below(2));
        let groups = [1, 1, 2, 3][rng.below(4)];
        let (c, k) = (1 + rng.below(20), 1 + rng.below(40));
        let (kh, kw) = (1 + rng.below(4), 1 + rng.below(4));
        let (h, w) = (7 + rng.below(8), 7 + rng.below(8));
        let n = 1 + rng.below(3);
        let config = Conv2dConfig { stride, padding, dilation, groups, ..Default::default() };
        let (dtype, tolerance) =
            if trial % 2 == 0 { (DType::F64, 1e-14) } else { (DType::F32, 2e-6) };
        compare(
            &mut rng,
            &[n, groups * c, h, w],
            &[groups * k, c, kh, kw],
            config,
            dtype,
            tolerance,
        );
    }
}

#[test]
fn winograd_equals_the_definition() {
    let mut rng = Rng::seed(2);
    for trial in 0..60 {
        let config = Conv2dConfig { padding: rng.below(3), ..Default::default() };
        let (c, k) = (16 + 16 * rng.below(4), 16 + 16 * rng.below(4));
        let (n, h, w) = (1 + rng.below(4), 3 + rng.below(20), 3 + rng.below(20));
        let (dtype, tolerance) =
            if trial % 2 == 0 { (DType::F64, 1e-13) } else { (DType::F32, 3e-6) };
        compare(&mut rng, &[n, c, h, w], &[k, c, 3, 3], config, dtype, tolerance);
    }
}

#[test]
fn depthwise_equals_the_definition() {
    let mut rng = Rng::seed(3);
    for trial in 0..60 {
        let (stride, padding, dilation) = (1 + rng.below(3), rng.below(4), 1 + rng.below(2));
        let (groups, k) = (2 + rng.below(20), 1 + rng.below(3));
        let (kh, kw) = (1 + rng.below(4), 1 + rng.below(4));
        let (n, h, w) = (1 + rng.below(3), 7 + rng.below(30), 7 + rng.below(30));
        let config = Conv2dConfig { stride, padding, dilation, groups, ..Default::default() };
        let (dtype, tolerance) =
            if trial % 2 == 0 { (DType::F64, 1e-13) } else { (DType::F32, 3e-6) };
        compare(&mut rng, &[n, groups, h, w], &[groups * k, 1, kh, kw], config, dtype, tolerance);
    }
}

#[test]
fn equals_plain_candle() {
    let mut rng = Rng::seed(4);
    for (size, kernel, stride, padding) in
        [(9, 3, 1, 1), (28, 3, 1, 1), (11, 5, 2, 2), (8, 1, 1, 0)]
    {
        let config = Conv2dConfig { stride, padding, ..Default::default() };
        let x = var(&mut rng, &[2, 16, size, size], DType::F32);
        let weight = var(&mut rng, &[32, 16, kernel, kernel], DType::F32);
        let ours = conv2d(&x, &weight, None, config, false).unwrap();
        let plain = x.conv2d(&weight, padding, stride, 1, 1).unwrap();
        assert!(gap(&numbers(&ours), &numbers(&plain)) < 2e-4);
    }
}

#[test]
fn gradients_equal_finite_differences() {
    let mut rng = Rng::seed(5);
    // Direct, depthwise, Winograd.
    for (x, weight, groups) in [
        ([2, 4, 5, 4], [6, 2, 3, 2], 2),
        ([1, 3, 5, 6], [6, 1, 3, 3], 3),
        ([1, 16, 13, 10], [16, 16, 3, 3], 1),
    ] {
        let config = Conv2dConfig { padding: 1, groups, ..Default::default() };
        let (x, weight) = (var(&mut rng, &x, DType::F64), var(&mut rng, &weight, DType::F64));
        let bias = var(&mut rng, &weight.dims()[..1], DType::F64);
        let y = conv2d(&x, &weight, None, config, false).unwrap();
        let factors = var(&mut rng, y.dims(), DType::F64);
        let loss = |x: &Tensor, weight: &Tensor, bias: &Tensor| {
            let y = conv2d(x, weight, Some(bias), config, false).unwrap();
            (y * factors.as_tensor()).unwrap().sum_all().unwrap()
        };
        let grads = loss(&x, &weight, &bias).backward().unwrap();
        for (which, v) in [&x, &weight, &bias].into_iter().enumerate() {
            // The loss is linear in each argument: one long step in a random direction says it all.
            let step = var(&mut rng, v.dims(), DType::F64);
            let moved = |sign: f64| {
                let moved = (v.as_tensor() + (step.as_tensor() * sign).unwrap()).unwrap();
                let mut all = [x.as_tensor(), weight.as_tensor(), bias.as_tensor()];
                all[which] = &moved;
                numbers(&loss(all[0], all[1], all[2]))[0]
            };
            let expected = (moved(1.0) - moved(-1.0)) / 2.0;
            let (grad, step) = (numbers(grads.get(v).unwrap()), numbers(&step));
            let ours: f64 = grad.iter().zip(step).map(|(g, s)| g * s).sum();
            assert!((ours - expected).abs() < 1e-10 * expected.abs().max(1.0), "{which}");
        }
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let _alone = crate::threads::TESTS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let before = crate::num_threads();
    let mut rng = Rng::seed(6);
    for (x, weight, stride, groups) in [
        ([3, 3, 30, 31], [20, 3, 7, 7], 2, 1),
        ([2, 16, 30, 18], [48, 16, 3, 3], 1, 1),
        ([2, 6, 19, 17], [12, 1, 3, 3], 1, 6),
        ([1, 40, 9, 9], [70, 40, 1, 1], 1, 1),
    ] {
        let config = Conv2dConfig { padding: 1, stride, groups, ..Default::default() };
        let (x, weight) = (var(&mut rng, &x, DType::F32), var(&mut rng, &weight, DType::F32));
        let bias = var(&mut rng, &weight.dims()[..1], DType::F32);
        let results: Vec<_> = [1, 2, 3]
            .into_iter()
            .map(|threads| {
                crate::set_num_threads(threads).unwrap();
                let y = conv2d(&x, &weight, Some(&bias), config, true).unwrap();
                let grads = y.sqr().unwrap().sum_all().unwrap().backward().unwrap();
                let grads = [&x, &weight, &bias].map(|v| numbers(grads.get(v).unwrap()));
                (numbers(&y), grads)
            })
            .collect();
        assert!(results.iter().all(|result| *result == results[0]), "{:?}", x.dims());
    }
    crate::set_num_threads(before).unwrap();
}

#[test]
fn narrower_vectors_give_the_same() {
    let _alone = crate::threads::TESTS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut rng = Rng::seed(10);
    for bits in [256, 64] {
        real::narrow::BITS.store(bits, std::sync::atomic::Ordering::Relaxed);
        for (x, weight, stride, groups) in [
            ([2, 3, 20, 21], [20, 3, 5, 5], 2, 1),
            ([2, 48, 14, 9], [16, 48, 3, 3], 1, 1),
            ([2, 6, 19, 17], [12, 1, 3, 3], 1, 6),
            ([1, 40, 9, 9], [70, 40, 1, 1], 1, 1),
        ] {
            let config = Conv2dConfig { padding: 1, stride, groups, ..Default::default() };
            compare(&mut rng, &x, &weight, config, DType::F32, 3e-6);
            compare(&mut rng, &x, &weight, config, DType::F64, 1e-13);
        }
    }
    real::narrow::BITS.store(0, std::sync::atomic::Ordering::Relaxed);
}

#[test]
fn relu_stops_at_zero_and_lets_nan_through() {
    let x = Var::new(&[[[[0f32, -1.0, 2.0, f32::NAN]]]], &Device::Cpu).unwrap();
    let one = Tensor::ones((1, 1, 1, 1), DType::F32, &Device::Cpu).unwrap();
    let y = conv2d(&x, &one, None, Conv2dConfig::default(), true).unwrap();
    let grads = y.sum_all().unwrap().backward().unwrap();
    let y = numbers(&y);
    assert!(y[..3] == [0.0, 0.0, 2.0] && y[3].is_nan(), "{y:?}");
    assert_eq!(numbers(grads.get(&x).unwrap())[..3], [0.0, 0.0, 1.0], "the gradient at 0 is 0");
    let mut rng = Rng::seed(7);
    for (x, weight, groups) in [
        ([2, 3, 9, 8], [5, 3, 3, 3], 1),
        ([2, 16, 12, 13], [16, 16, 3, 3], 1),
        ([2, 4, 9, 8], [4, 1, 3, 3], 4),
    ] {
        let config = Conv2dConfig { padding: 1, groups, ..Default::default() };
        let (x, weight) = (var(&mut rng, &x, DType::F32), var(&mut rng, &weight, DType::F32));
        let bias = var(&mut rng, &weight.dims()[..1], DType::F32);
        let inside = conv2d(&x, &weight, Some(&bias), config, true).unwrap();
        let after = conv2d(&x, &weight, Some(&bias), config, false).unwrap().relu().unwrap();
        assert_eq!(numbers(&inside), numbers(&after));
        let grad = |y: &Tensor| y.sqr().unwrap().sum_all().unwrap().backward().unwrap();
        let (inside, after) = (grad(&inside), grad(&after));
        for v in [&x, &weight, &bias] {
            let [inside, after] = [&inside, &after].map(|grads| numbers(grads.get(v).unwrap()));
            assert_eq!(inside, after);
        }
    }
}
