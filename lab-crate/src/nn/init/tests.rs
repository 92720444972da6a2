//! Tests of `../init.rs`.
#![allow(clippy::unwrap_used)]
use super::*;

/// The largest absolute value and the standard deviation around 0.
fn spread(var: &Var) -> (f64, f64) {
    let numbers = var.to_dtype(DType::F64).unwrap().flatten_all().unwrap();
    let numbers = numbers.to_vec1::<f64>().unwrap();
    let square = numbers.iter().map(|x| x * x).sum::<f64>() / numbers.len() as f64;
    (numbers.iter().fold(0.0, |a, x| x.abs().max(a)), square.sqrt())
}

#[test]
fn spreads_are_those_of_the_papers() {
    // fan_in = 20 * 9 = 180, fan_out = 60 * 9 = 540.
    let var = Var::zeros((60, 20, 3, 3), DType::F32, &Device::Cpu).unwrap();
    let rng = &mut Rng::seed(1);
    let near = |a: f64, b: f64, tolerance: f64| assert!((a / b - 1.0).abs() < tolerance, "{a} {b}");
    xavier_uniform(&var, Gain::Linear, rng).unwrap();
    near(spread(&var).0, (6.0f64 / 720.0).sqrt(), 1e-3);
    xavier_normal(&var, Gain::Tanh, rng).unwrap();
    near(spread(&var).1, 5.0 / 3.0 * (2.0f64 / 720.0).sqrt(), 0.03);
    kaiming_uniform(&var, Fan::In, Gain::Relu, rng).unwrap();
    near(spread(&var).0, (6.0f64 / 180.0).sqrt(), 1e-3);
    kaiming_uniform(&var, Fan::In, Gain::LeakyRelu(5f64.sqrt()), rng).unwrap();
    near(spread(&var).0, 1.0 / 180f64.sqrt(), 1e-3);
    kaiming_normal(&var, Fan::Out, Gain::Relu, rng).unwrap();
    near(spread(&var).1, (2.0f64 / 540.0).sqrt(), 0.03);
}

/// `torch.nn.init.calculate_gain`.
#[test]
fn gains_are_pytorchs() {
    let gains =
        [Gain::Linear, Gain::Sigmoid, Gain::Tanh, Gain::Relu, Gain::LeakyRelu(0.2), Gain::Selu];
    let torch = [1.0, 1.0, 1.6666666666666667, std::f64::consts::SQRT_2, 1.3867504905630728, 0.75];
    assert!(gains.iter().zip(torch).all(|(gain, t)| (gain.value() - t).abs() < 1e-15));
}

#[test]
fn seeds_repeat_and_double_works() {
    let draw = |seed| {
        let var = Var::zeros((3, 3), DType::F64, &Device::Cpu).unwrap();
        kaiming_normal(&var, Fan::In, Gain::Relu, &mut Rng::seed(seed)).unwrap();
        var.to_vec2::<f64>().unwrap()
    };
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
}

#[test]
fn candles_kinds_are_drawn() {
    let shape = Shape::from((100, 50));
    let draw = |kind| {
        let tensor = draw(kind, &shape, DType::F32, &Device::Cpu, &mut Rng::seed(1)).unwrap();
        spread(&Var::from_tensor(&tensor).unwrap())
    };
    assert_eq!(draw(Init::Const(-3.0)), (3.0, 3.0));
    assert!((draw(Init::Randn { mean: 0.0, stdev: 2.0 }).1 - 2.0).abs() < 0.1);
    assert!((draw(Init::Uniform { lo: -3.0, up: 3.0 }).0 - 3.0).abs() < 0.01);
    let uniform = draw(candle_nn::init::DEFAULT_KAIMING_UNIFORM).0;
    assert!((uniform - (6.0f64 / 50.0).sqrt()).abs() < 1e-3, "{uniform}");
    let normal = draw(candle_nn::init::DEFAULT_KAIMING_NORMAL).1;
    assert!((normal - (2.0f64 / 50.0).sqrt()).abs() < 1e-2, "{normal}");
}

#[test]
fn wrong_arguments_are_told() {
    let rng = &mut Rng::seed(1);
    let bias = Var::zeros(3, DType::F32, &Device::Cpu).unwrap();
    let error = xavier_normal(&bias, Gain::Relu, rng).unwrap_err().to_string();
    assert!(error.contains("[3]") && error.contains("constant"), "{error}");
    assert!(uniform(&bias, 1.0, f64::NAN, rng).is_err());
    assert!(normal(&bias, 0.0, -1.0, rng).unwrap_err().to_string().contains("std = -1"));
    let whole = Var::zeros(3, DType::U32, &Device::Cpu).unwrap();
    assert!(constant(&whole, 1.0).unwrap_err().to_string().contains("u32"));
}
