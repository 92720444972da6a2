//! Values and gradients of the cross-entropy, recorded from PyTorch 2 in float64:
//!
//! ```python
//! z = torch.tensor(LOGITS[:rows], dtype=torch.float64, requires_grad=True)
//! loss = F.cross_entropy(z, torch.tensor(LABELS[:rows]), weight=..., label_smoothing=...)
//! loss.backward(); print(loss.item(), z.grad)
//! ```
#![allow(clippy::unwrap_used)]

use super::*;
use crate::Rng;
use candle_core::Var;

const LOGITS: [[f64; 3]; 4] =
    [[2.0, -1.0, 0.5], [0.3, 0.1, -2.0], [1e4, -1e4, 0.0], [-1e4, 1e4, 3.0]];
const LABELS: [u32; 4] = [0, 2, 0, 0];

/// Smoothing, weights of classes, value and gradient of all four rows.
type Recorded = (f64, Option<[f64; 3]>, f64, [f64; 12]);

const RECORDED: [Recorded; 5] = [
    (
        0.0,
        None,
        5000.798277523128,
        [
            -0.053600741352681,
            0.009778143317672,
            0.043822598035009,
            0.130276891764699,
            0.106661697703171,
            -0.23693858946787,
            0.0,
            0.0,
            0.0,
            -0.25,
            0.25,
            0.0,
        ],
    ),
    (
        0.1,
        None,
        5000.7741108564605,
        [
            -0.036934074686014,
            0.001444809984339,
            0.035489264701676,
            0.121943558431366,
            0.098328364369838,
            -0.220271922801204,
            0.016666666666667,
            -0.008333333333333,
            -0.008333333333333,
            -0.233333333333333,
            0.241666666666667,
            -0.008333333333333,
        ],
    ),
    (
        0.0,
        Some([0.5, 2.0, 1.25]),
        3637.7492378702354,
        [
            -0.038982357347404,
            0.007111376958307,
            0.031870980389098,
            0.236867075935817,
            0.193930359460311,
            -0.430797435396128,
            0.0,
            0.0,
            0.0,
            -0.181818181818182,
            0.181818181818182,
            0.0,
        ],
    ),
    (
        0.2,
        Some([0.5, 2.0, 0.0]),
        7556.003584133832,
        [
            0.00789221306706,
            -0.074113027875518,
            0.066220814808458,
            0.035678618562089,
            -0.041483689909702,
            0.005805071347613,
            0.088888888888889,
            -0.088888888888889,
            0.0,
            -0.288888888888889,
            0.288888888888889,
            0.0,
        ],
    ),
    (
        1.0,
        None,
        5000.556610856461,
        [
            0.113065925313986,
            -0.073555190015661,
            -0.039510735298324,
            0.046943558431366,
            0.023328364369838,
            -0.070271922801204,
            0.166666666666667,
            -0.083333333333333,
            -0.083333333333333,
            -0.083333333333333,
            0.166666666666667,
            -0.083333333333333,
        ],
    ),
];

fn with(label_smoothing: f64, class_weights: Option<[f64; 3]>) -> CrossEntropy {
    CrossEntropy { label_smoothing, class_weights: class_weights.map(|w| w.to_vec()) }
}

fn run(options: &CrossEntropy, rows: usize, dtype: DType) -> (f64, Vec<f64>) {
    let logits = Tensor::new(&LOGITS, &Device::Cpu).unwrap().narrow(0, 0, rows).unwrap();
    let logits = logits.to_dtype(dtype).unwrap();
    let logits = Var::from_tensor(&logits).unwrap();
    let loss = options.loss(&logits, &Tensor::new(&LABELS[..rows], &Device::Cpu).unwrap()).unwrap();
    assert_eq!(loss.dtype(), dtype);
    let grad = loss.backward().unwrap().get(&logits).unwrap().to_dtype(DType::F64).unwrap();
    let value = loss.to_dtype(DType::F64).unwrap().to_scalar().unwrap();
    (value, grad.flatten_all().unwrap().to_vec1().unwrap())
}

#[test]
fn equals_pytorch_also_where_logits_are_huge() {
    for (smoothing, weights, value, gradient) in RECORDED {
        let options = with(smoothing, weights);
        for (dtype, tolerance) in [(DType::F64, 1e-14), (DType::F32, 1e-7)] {
            let (ours, grad) = run(&options, 4, dtype);
            assert!((ours / value - 1.0).abs() < tolerance, "{options:?}: {ours}");
            for (a, b) in grad.iter().zip(gradient) {
                assert!((a - b).abs() < tolerance.max(1e-15), "{options:?}: {grad:?}");
            }
        }
    }
    let (ours, _) = run(&with(0.0, Some([0.5, 2.0, 1.25])), 2, DType::F64);
    assert!((ours - 2.1773737960837773).abs() < 1e-15, "{ours}");
}

#[test]
fn weights_of_one_change_nothing_and_a_guess_costs_ln_c() {
    let mut rng = Rng::seed(1);
    for _ in 0..50 {
        let (n, c) = (1 + rng.below(8), 1 + rng.below(6));
        let logits = rng.randn((n, c), &Device::Cpu).unwrap();
        let labels: Vec<u32> = (0..n).map(|_| rng.below(c) as u32).collect();
        let labels = Tensor::new(labels, &Device::Cpu).unwrap();
        let value = |options: &CrossEntropy, logits: &Tensor| {
            options.loss(logits, &labels).unwrap().to_scalar::<f32>().unwrap()
        };
        let plain = value(&CrossEntropy::default(), &logits);
        let ones = CrossEntropy { class_weights: Some(vec![1.0; c]), ..Default::default() };
        assert_eq!(plain, value(&ones, &logits));
        assert!(plain >= 0.0);
        let guess = value(&CrossEntropy::default(), &logits.zeros_like().unwrap());
        assert!((guess - (c as f32).ln()).abs() < 1e-6);
    }
}

#[test]
fn not_a_number_stays_visible() {
    let logits = Tensor::new(&[[f32::NAN, 0.0]], &Device::Cpu).unwrap();
    let loss = cross_entropy(&logits, &Tensor::new(&[1u32], &Device::Cpu).unwrap()).unwrap();
    assert!(loss.to_scalar::<f32>().unwrap().is_nan());
}

#[test]
fn wrong_options_are_told() {
    let logits = Tensor::zeros((2, 3), DType::F32, &Device::Cpu).unwrap();
    let labels = Tensor::new(&[0u32, 1], &Device::Cpu).unwrap();
    let text = |options: CrossEntropy| options.loss(&logits, &labels).unwrap_err().to_string();
    for smoothing in [-0.1, 1.5, f64::NAN] {
        assert!(text(with(smoothing, None)).contains("label_smoothing"), "{smoothing}");
    }
    assert!(text(with(0.0, Some([1.0, -1.0, 1.0]))).contains("class_weights[1] = -1"));
    assert!(text(with(0.0, Some([1.0, 1.0, f64::INFINITY]))).contains("class_weights[2]"));
    assert!(text(with(0.0, Some([0.0, 0.0, 1.0]))).contains("всех меток"));
    let short = CrossEntropy { class_weights: Some(vec![1.0; 2]), ..Default::default() };
    assert!(text(short).contains("2 чисел"));
    let error = cross_entropy(&logits, &Tensor::new(&[0u32, 3], &Device::Cpu).unwrap());
    assert!(error.unwrap_err().to_string().contains("labels[1] равна 3"));
}
