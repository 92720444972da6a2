#![allow(clippy::unwrap_used)]
use super::*;
use crate::Rng;
use candle_core::{Device, Var};

fn var(rng: &mut Rng, shape: &[usize], dtype: DType) -> Var {
    Var::from_tensor(&rng.randn(shape, &Device::Cpu).unwrap().to_dtype(dtype).unwrap()).unwrap()
}

fn gap(a: &Tensor, b: &Tensor) -> f64 {
    assert_eq!(a.dims(), b.dims());
    let gap = (a - b).unwrap().abs().unwrap().flatten_all().unwrap();
    let gap = gap.to_dtype(DType::F64).unwrap().to_vec1::<f64>().unwrap();
    gap.into_iter().fold(0.0, f64::max)
}

/// Ours against candle's operations: the value and all three gradients.
#[test]
fn equals_plain_candle() {
    let mut rng = Rng::seed(1);
    for (dtype, tolerance) in [(DType::F32, 2e-4), (DType::F64, 1e-12)] {
        for trial in 0..30 {
            let (n, k, o) = if trial % 5 == 0 {
                (1 + rng.below(200), 1, 1) // a line
            } else {
                (1 + rng.below(40), 1 + rng.below(50), 1 + rng.below(40))
            };
            let shape = if trial % 3 == 0 { vec![n, 2, k] } else { vec![n, k] };
            let (x, w) = (var(&mut rng, &shape, dtype), var(&mut rng, &[o, k], dtype));
            let (b, relu) = (var(&mut rng, &[o], dtype), trial % 2 == 0);
            let ours = linear(&x, &w, &b, relu).unwrap();
            let plain = x.broadcast_matmul(&w.t().unwrap()).unwrap().broadcast_add(&b).unwrap();
            let plain = if relu { plain.relu().unwrap() } else { plain };
            assert!(gap(&ours, &plain) < tolerance);
            let factors = var(&mut rng, ours.dims(), dtype).detach();
            let loss = |y: &Tensor| (y * &factors).unwrap().sum_all().unwrap();
            let (ours, plain) = (loss(&ours).backward().unwrap(), loss(&plain).backward().unwrap());
            for v in [&x, &w, &b] {
                assert!(gap(ours.get(v).unwrap(), plain.get(v).unwrap()) < tolerance);
            }
        }
    }
}

#[test]
fn transposed_and_cut_inputs_are_read_right() {
    let mut rng = Rng::seed(2);
    let (x, w) = (var(&mut rng, &[4, 6], DType::F64), var(&mut rng, &[4, 3], DType::F64));
    let b = var(&mut rng, &[3], DType::F64);
    let (xt, wt) = (x.t().unwrap().narrow(0, 1, 5).unwrap(), w.t().unwrap());
    let ours = linear(&xt, &wt, &b, false).unwrap();
    let plain = xt.matmul(&w).unwrap().broadcast_add(&b).unwrap();
    assert!(gap(&ours, &plain) < 1e-14);
    let (ours, plain) = (ours.backward().unwrap(), plain.backward().unwrap());
    assert!([&x, &w, &b].iter().all(|v| gap(ours.get(v).unwrap(), plain.get(v).unwrap()) < 1e-13));
}

#[test]
fn data_gets_no_gradient_and_frozen_weights_neither() {
    let mut rng = Rng::seed(3);
    let x = rng.randn((2, 3), &Device::Cpu).unwrap();
    let (w, b) = (var(&mut rng, &[4, 3], DType::F32), var(&mut rng, &[4], DType::F32));
    let grads = linear(&x, &w.detach(), &b, true).unwrap().backward().unwrap();
    assert!(grads.get(&x).is_none() && grads.get(&w).is_none() && grads.get(&b).is_some());
}

#[test]
fn relu_stops_at_zero_and_lets_nan_through() {
    let x = Var::new(&[[0f32, -1.0, 2.0, f32::NAN]], &Device::Cpu).unwrap();
    let one = Tensor::eye(4, DType::F32, &Device::Cpu).unwrap();
    let zero = Tensor::zeros(4, DType::F32, &Device::Cpu).unwrap();
    let part = x.narrow(1, 0, 3).unwrap();
    let small = linear(&part, &one.narrow(1, 0, 3).unwrap(), &zero, true).unwrap();
    assert_eq!(small.to_vec2::<f32>().unwrap(), [[0.0, 0.0, 2.0, 0.0]]);
    let grad = small.backward().unwrap().get(&x).unwrap().to_vec2::<f32>().unwrap();
    assert_eq!(grad, [[0.0, 0.0, 1.0, 0.0]], "the gradient at 0 is 0");
    let y = linear(&x, &one, &zero, true).unwrap().to_vec2::<f32>().unwrap();
    assert!(y[0].iter().all(|v| v.is_nan()), "0 * NaN is NaN in a sum: {y:?}");
}

#[test]
fn no_rows_are_fine_wrong_shapes_are_told() {
    let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F32, &Device::Cpu).unwrap();
    let y = linear(&zeros(&[0, 3]), &zeros(&[4, 3]), &zeros(&[4]), true).unwrap();
    assert_eq!(y.dims(), [0, 4]);
    let error =
        |x: &Tensor, w: &Tensor, b: &Tensor| linear(x, w, b, false).unwrap_err().to_string();
    let text = error(&zeros(&[2, 1, 28, 28]), &zeros(&[40, 784]), &zeros(&[40]));
    assert!(text.contains("[2, 1, 28, 28]") && text.contains("flatten_from"), "{text}");
    let text = error(&zeros(&[2, 3]), &zeros(&[4, 3]), &zeros(&[3]));
    assert!(text.contains("нужна [4]"), "{text}");
    let text = error(&zeros(&[2, 3]).to_dtype(DType::F64).unwrap(), &zeros(&[4, 3]), &zeros(&[4]));
    assert!(text.contains("f64") && text.contains("f32"), "{text}");
    let text = error(&zeros(&[2, 3]).to_dtype(DType::U8).unwrap(), &zeros(&[4, 3]), &zeros(&[4]));
    assert!(text.contains("u8"), "{text}");
}
