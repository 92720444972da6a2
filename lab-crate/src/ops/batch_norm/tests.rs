//! Values and gradients against PyTorch, by finite differences, and bad input.
#![allow(clippy::unwrap_used)]

use super::super::recorded::{
    assert_near, assert_same_with_any_threads, cases, loss, numbers as values, var, wave,
};
use super::*;
use crate::Rng;
use crate::nn::{GradCheck, grad_check};
use candle_core::Var;

fn running(mean: &[f64], variance: &[f64], dtype: DType) -> [Tensor; 2] {
    [mean, variance].map(|v| Tensor::new(v, &Device::Cpu).unwrap().to_dtype(dtype).unwrap())
}

// recorded.txt: shape, relu, residual; of the third step y, x', weight', bias', residual', running mean and variance,
// and the same without the last two of the evaluation after it:
// m, v = torch.zeros(c), torch.ones(c)
// w, b = wave((c,), 0.7, 1.2), wave((c,), 1.3, 0.1)
// for step in range(4):
//     x, r = wave(shape, 0.37 + 0.11 * step, 0.5 * step), wave(shape, 0.53, 0.2)
//     y = F.batch_norm(x, m, v, w, b, step < 3, 0.1, 1e-5)
//     if residual: y = y + r
//     if relu: y = F.relu(y)
//     (y * wave(shape, 0.91)).sum().backward()
#[test]
fn three_steps_and_an_evaluation_equal_pytorch() {
    for (sizes, digests) in cases(include_str!("recorded.txt")) {
        for (dtype, tolerance) in [(DType::F64, 1e-9), (DType::F32, 2e-4)] {
            let (shape, flags) = sizes.split_at(4);
            let (c, relu, has_residual) = (shape[1], flags[0] == 1, flags[1] == 1);
            let weight = var(&wave(&[c], 0.7, 1.2), dtype);
            let bias = var(&wave(&[c], 1.3, 0.1), dtype);
            let (mut means, mut variances) = (vec![0.0; c], vec![1.0; c]);
            let mut ours = Vec::new();
            for step in 0..4 {
                let shift = step as f64;
                let x = var(&wave(shape, 0.37 + 0.11 * shift, 0.5 * shift), dtype);
                let residual = var(&wave(shape, 0.53, 0.2), dtype);
                let tail = Tail { residual: has_residual.then_some(&residual), relu };
                let [mean, variance] = running(&means, &variances, dtype);
                let given = Stats::Given { mean: &mean, variance: &variance };
                let stats = if step < 3 { Stats::Batch } else { given };
                let (y, moments) = batch_norm(&x, &weight, &bias, stats, 1e-5, tail).unwrap();
                if step < 3 {
                    let n = (x.elem_count() / c) as f64;
                    for (i, m) in moments.iter().enumerate() {
                        means[i] = 0.9 * means[i] + 0.1 * m.mean;
                        variances[i] = 0.9 * variances[i] + 0.1 * m.variance * n / (n - 1.0);
                    }
                }
                if step >= 2 {
                    let grads = loss(&y).backward().unwrap();
                    ours.push(y);
                    ours.extend([&x, &weight, &bias].map(|v| grads.get(v).unwrap().clone()));
                    ours.extend(has_residual.then(|| grads.get(&residual).unwrap().clone()));
                }
                if step == 2 {
                    ours.extend(running(&means, &variances, DType::F64));
                }
            }
            assert_eq!(ours.len(), digests.len());
            for (i, (ours, right)) in ours.iter().zip(digests.iter().copied()).enumerate() {
                assert_near(ours, right, tolerance, &format!("{sizes:?} {dtype:?} {i}"));
            }
        }
    }
}

#[test]
fn gradients_agree_with_finite_differences() {
    let mut rng = Rng::seed(3);
    let mut draw = |shape: &[usize]| var(&rng.randn(shape, &Device::Cpu).unwrap(), DType::F64);
    for (shape, relu, batch) in
        [([2, 3, 3, 2], true, true), ([3, 1, 1, 1], false, true), ([2, 2, 1, 3], true, false)]
    {
        let (x, r) = (draw(&shape), draw(&shape));
        let (w, b) = (draw(&[shape[1]]), draw(&[shape[1]]));
        let [mean, variance] = running(&vec![0.3; shape[1]], &vec![0.7; shape[1]], DType::F64);
        let given = Stats::Given { mean: &mean, variance: &variance };
        let stats = if batch { Stats::Batch } else { given };
        for residual in [None, Some(r.as_tensor())] {
            let f = || Ok(batch_norm(&x, &w, &b, stats, 1e-5, Tail { residual, relu })?.0);
            let mut vars = vec![("x", &x), ("w", &w), ("b", &b)];
            vars.extend(residual.map(|_| ("r", &r)));
            let report = grad_check(f, &vars, GradCheck::default()).unwrap();
            assert_eq!(report.checked, vars.iter().map(|(_, v)| v.elem_count()).sum::<usize>());
        }
    }
}

#[test]
fn what_a_gpu_computes_is_the_same() {
    let draw = |shape: &[usize], step| var(&wave(shape, step, 0.3), DType::F64);
    let (x, r) = (draw(&[2, 3, 4, 5], 0.37), draw(&[2, 3, 4, 5], 0.53));
    let (w, b) = (draw(&[3], 0.7), draw(&[3], 1.3));
    let [mean, variance] = running(&[0.1, -0.2, 0.3], &[0.5, 1.0, 2.0], DType::F64);
    let given = Stats::Given { mean: &mean, variance: &variance };
    for (stats, residual, relu) in
        [(Stats::Batch, Some(&*r), true), (Stats::Batch, None, false), (given, Some(&*r), true)]
    {
        let tail = Tail { residual, relu };
        let (y, moments) = batch_norm(&x, &w, &b, stats, 1e-5, tail).unwrap();
        let (same, theirs) = tensors::batch_norm(&x, [&w, &b], stats, 1e-5, tail).unwrap();
        let near = |a: &Tensor, b: &Tensor| {
            let far = (a - b).unwrap().abs().unwrap().max_all().unwrap();
            assert!(far.to_scalar::<f64>().unwrap() < 1e-12);
        };
        near(&y, &same);
        for (a, b) in moments.iter().zip(&theirs) {
            assert!((a.mean - b.mean).abs() < 1e-12 && (a.variance - b.variance).abs() < 1e-12);
        }
        let (ours, theirs) = (loss(&y).backward().unwrap(), loss(&same).backward().unwrap());
        let vars = [&x, &w, &b].into_iter().chain(residual.map(|_| &r));
        vars.for_each(|v| near(ours.get(v).unwrap(), theirs.get(v).unwrap()));
    }
}

#[test]
fn frozen_arguments_get_no_gradient_and_the_others_the_same() {
    let x = var(&wave(&[2, 3, 4, 5], 0.37, 0.0), DType::F64);
    let (w, b) = (var(&wave(&[3], 0.7, 1.0), DType::F64), var(&wave(&[3], 0.9, 0.0), DType::F64));
    let r = var(&wave(&[2, 3, 4, 5], 0.2, 0.0), DType::F64);
    for (stats, relu) in [(Stats::Batch, true), (Stats::Batch, false)] {
        let run = |keep: [bool; 3]| {
            let pick = |v: &Var, keep| if keep { v.as_tensor().clone() } else { v.detach() };
            let (x, r) = (pick(&x, keep[0]), pick(&r, keep[2]));
            let (w, b) = (pick(&w, keep[1]), pick(&b, keep[1]));
            let (y, _) =
                batch_norm(&x, &w, &b, stats, 1e-5, Tail { residual: Some(&r), relu }).unwrap();
            loss(&y).backward().unwrap()
        };
        let all = run([true; 3]);
        for i in 0..3 {
            let mut keep = [false; 3];
            keep[i] = true;
            let grads = run(keep);
            for (v, kept) in [(&x, keep[0]), (&w, keep[1]), (&b, keep[1]), (&r, keep[2])] {
                let grad = grads.get(v).map(values);
                assert_eq!(grad, kept.then(|| values(all.get(v).unwrap())));
            }
        }
    }
}

#[test]
fn a_large_mean_costs_no_accuracy() {
    // (x - 1e4) is exact in f32, so the right result is that of small numbers.
    let small = wave(&[2, 2, 30, 30], 0.37, 0.0);
    let small = ((small * 256.0).unwrap().round().unwrap() / 256.0).unwrap();
    let large = (&small + 1e4).unwrap().to_dtype(DType::F32).unwrap();
    let one = Tensor::ones(2, DType::F32, &Device::Cpu).unwrap();
    let zero = one.zeros_like().unwrap();
    let run = |x: &Tensor| {
        let (_, moments) = batch_norm(x, &one, &zero, Stats::Batch, 1e-5, Tail::default()).unwrap();
        moments
    };
    let (a, b) = (run(&small.to_dtype(DType::F32).unwrap()), run(&large));
    for (a, b) in a.iter().zip(&b) {
        assert!((a.mean + 1e4 - b.mean).abs() < 1e-10, "{a:?} {b:?}");
        assert!((a.variance / b.variance - 1.0).abs() < 1e-12, "{a:?} {b:?}");
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    for shape in [[3, 130, 7, 7], [2, 5, 100, 101], [1, 3, 2, 2]] {
        assert_same_with_any_threads(&|| {
            let x = var(&wave(&shape, 0.37, 0.0), DType::F32);
            let r = var(&wave(&shape, 0.21, 0.0), DType::F32);
            let (w, b) = (wave(&[shape[1]], 0.7, 1.0), wave(&[shape[1]], 0.9, 0.0));
            let (w, b) = (var(&w, DType::F32), var(&b, DType::F32));
            let tail = Tail { residual: Some(&r), relu: true };
            let (y, moments) = batch_norm(&x, &w, &b, Stats::Batch, 1e-5, tail).unwrap();
            let grads = loss(&y).backward().unwrap();
            let moments: Vec<f64> = moments.iter().flat_map(|m| [m.mean, m.variance]).collect();
            let mut all = vec![y, Tensor::new(moments, &Device::Cpu).unwrap()];
            all.extend([&x, &r, &w, &b].map(|v| grads.get(v).unwrap().clone()));
            all
        });
    }
}

#[test]
fn strided_inputs_nan_and_no_images() {
    let one = Tensor::ones(3, DType::F64, &Device::Cpu).unwrap();
    let zero = one.zeros_like().unwrap();
    let x = wave(&[2, 4, 5, 3], 0.37, 0.0).permute((0, 3, 1, 2)).unwrap();
    let run = |x: &Tensor| {
        let tail = Tail { residual: Some(x), relu: true };
        batch_norm(x, &one, &zero, Stats::Batch, 1e-5, tail).unwrap().0
    };
    assert_eq!(values(&run(&x)), values(&run(&x.contiguous().unwrap())));
    let nan = Tensor::full(f64::NAN, (2, 3, 1, 1), &Device::Cpu).unwrap();
    assert!(values(&run(&nan)).iter().all(|v| v.is_nan()));
    let none = Tensor::zeros((0, 3, 2, 2), DType::F64, &Device::Cpu).unwrap();
    let given = Stats::Given { mean: &zero, variance: &one };
    let (y, _) = batch_norm(&none, &one, &zero, given, 1e-5, Tail::default()).unwrap();
    assert_eq!(y.dims(), [0, 3, 2, 2]);
}

#[test]
fn wrong_inputs_are_told() {
    let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F32, &Device::Cpu).unwrap();
    let error = |x: &Tensor, c: usize, residual: Option<&Tensor>| {
        let p = zeros(&[c]);
        let tail = Tail { residual, relu: false };
        batch_norm(x, &p, &p, Stats::Batch, 1e-5, tail).unwrap_err().to_string()
    };
    let text = error(&zeros(&[1, 3, 1, 1]), 3, None);
    assert!(text.contains("[1, 3, 1, 1]") && text.contains("хотя бы 2"), "{text}");
    let text = error(&zeros(&[3, 8, 8]), 3, None);
    assert!(text.contains("[3, 8, 8]") && text.contains("unsqueeze(0)"), "{text}");
    let text = error(&zeros(&[2, 3, 8, 8]), 4, None);
    assert!(text.contains("каналов 3") && text.contains("[4]"), "{text}");
    let text = error(&zeros(&[2, 3, 8, 8]), 3, Some(&zeros(&[2, 3, 4, 4])));
    assert!(text.contains("[2, 3, 4, 4]") && text.contains("residual"), "{text}");
    let text = error(&zeros(&[2, 3, 8, 8]).to_dtype(DType::F64).unwrap(), 3, None);
    assert!(text.contains("f64") && text.contains("f32"), "{text}");
    let text = error(&zeros(&[2, 3, 8, 8]).to_dtype(DType::U8).unwrap(), 3, None);
    assert!(text.contains("u8"), "{text}");
}
