//! Numbers of torchvision's models and of the Python package, for weights that a formula gives.
//!
//! The models are f64 there and here, so that only a difference of meaning can show; f32 is checked more loosely.

#![allow(clippy::unwrap_used)]

use candle_core::{DType, Device, ModuleT, Tensor, Var};
use candle_nn::{VarBuilder, VarMap};

use super::super::{VisionModel, efficientnet_lite0, resnet18, resnet34, resnet50};
use crate::{Result, nn};

// import numpy as np, torch, torchvision                    # PyTorch 2.15, torchvision 0.29, in float64
// from efficientnet_lite_pytorch.model import EfficientNet  # 0.1.0
// def key(name):
//     h = 0
//     for b in name.encode(): h = (h * 31 + b) % 1000003
//     return h
// def uniform(n, h):
//     v = (np.arange(n, dtype=np.uint64) * np.uint64(2654435761) + np.uint64(h * 40503)) & np.uint64(0xffffffff)
//     v ^= v >> np.uint64(16); v = (v * np.uint64(2246822519)) & np.uint64(0xffffffff); v ^= v >> np.uint64(13)
//     return v.astype(np.float64) / 2**31 - 1
// def fill(name, shape):
//     u = uniform(int(np.prod(shape)), key(name)).reshape(shape)
//     if len(shape) > 1: return u * np.sqrt(6 / np.prod(shape[1:]))
//     if name.endswith("running_var"): return 1 + 0.5 * u
//     return 1 + 0.2 * u if name.endswith("weight") else 0.1 * u
// def mark(name, t):        # the first and the last number, the sum with factors, the sum of absolute values
//     t = t.detach().flatten(); c = torch.from_numpy(uniform(t.numel(), key("mark " + name)))
//     return name, [t[0].item(), t[-1].item(), (t * c).sum().item(), t.abs().sum().item()]
// The input is uniform(2 * 3 * S * S, key("x1")), S = 64; the loss is (logits * uniform(20, key("loss"))).sum(). Rows
// "eval NAME" and "train NAME" are gradients in m.eval() and m.train(), "state NAME" is m.state_dict()[NAME] after both.
// With this input no number before a ReLU of ResNet18's last two stages is within 3e-5 of 0, where rounding to f32 would
// choose the branch. torchvision.models.resnet18(num_classes=10), ..., EfficientNet.from_name("efficientnet-lite0", num_classes=10,
// drop_connect_rate=0, dropout_rate=0); LITE0_ODD has S = 75.
type Reference = &'static [(&'static str, [f64; 4])];

const RESNET18: Reference = &[
    ("eval", [-3.1474799285e1, 2.5189744460e1, -9.6065445353e0, 4.5637641726e2]),
    ("eval x", [-1.3643436169e-2, 9.5487652537e-3, 8.5101145426e0, 2.7331155942e3]),
    ("eval conv1.weight", [-1.6177749475e0, 2.9205295511e-1, -1.9440784235e1, 9.3522784657e3]),
    ("eval bn1.weight", [-6.4390024930e0, 3.0576803196e-1, 1.8992149727e1, 1.8943082383e2]),
    ("train", [-1.2386663130e0, 2.3482250736e0, 8.8912270027e0, 2.7938375103e1]),
    ("train x", [-1.4848749800e-1, 7.3818044082e-4, 3.9567261329e0, 2.9690218798e3]),
    ("train conv1.weight", [9.6911491818e-1, 1.1663582043e0, 3.7785044598e1, 9.6135708944e3]),
    ("train bn1.weight", [-2.1388750577e0, -1.4605889699e0, -4.7676638349e0, 5.6869166851e1]),
    (
        "train layer2.0.downsample.0.weight",
        [3.3443534347e-1, 3.5818419839e-1, 2.4844069770e0, 1.8594871396e3],
    ),
    (
        "train layer3.1.bn2.bias",
        [1.0502181634e-1, 1.5719170277e-1, 6.4603468427e-1, 1.9801534817e1],
    ),
    (
        "train layer4.1.conv2.weight",
        [2.8253574674e-2, 0.0000000000e0, -4.9334535328e1, 5.0959410490e4],
    ),
    ("train fc.weight", [-1.0201142452e0, -7.5654444963e-1, 6.9236538786e1, 3.7725260794e3]),
    ("train fc.bias", [-9.2032824783e-1, 3.0130235944e-2, -1.1027589831e0, 8.2788809040e0]),
    ("state bn1.running_mean", [1.0193263024e-3, 6.5679955097e-2, 1.9069095603e-1, 2.9445759435e0]),
    (
        "state layer4.1.bn2.running_var",
        [1.3648797740e0, 1.3405240603e0, -1.7592872204e1, 4.7715574107e2],
    ),
];
const RESNET34: Reference = &[
    ("eval", [-2.5669447056e2, 7.7410745018e2, -1.8774331571e3, 7.2082963469e3]),
    ("eval x", [-1.2054023640e0, -1.4234229863e-2, -8.8828389903e1, 2.6105410308e4]),
    ("eval conv1.weight", [-1.8248726098e1, 1.0924768797e0, 6.7002113611e2, 8.6993927874e4]),
    (
        "eval layer3.5.conv1.weight",
        [1.9612298479e1, -1.1620883162e1, 1.4254486998e3, 5.1983914253e6],
    ),
    ("train", [-1.3153126417e0, 2.2893829955e0, 8.7332385195e0, 3.3871406095e1]),
    ("train x", [3.6389296321e-2, 2.0965410935e-2, 3.0101102644e1, 8.3771089457e3]),
    ("train conv1.weight", [6.4177593325e0, 2.8855632593e0, 4.7859684152e1, 2.6990845585e4]),
    (
        "train layer3.5.conv1.weight",
        [1.1331009314e-1, 6.1672418747e-3, 7.8496104711e1, 4.7307321232e4],
    ),
    ("train fc.bias", [-9.2032824783e-1, 3.0130235944e-2, -1.1027589831e0, 8.2788809040e0]),
    (
        "state layer4.2.bn2.running_var",
        [7.5531190003e-1, 4.8927053047e-1, -1.1862166278e1, 4.6843121036e2],
    ),
];
const RESNET50: Reference = &[
    ("eval", [-3.4210523688e3, 2.2223772350e3, -1.1664303840e4, 6.7338177879e4]),
    ("eval x", [-4.2019907785e0, -4.4277134989e-1, 4.8492117405e2, 1.2165195366e5]),
    ("eval conv1.weight", [-1.9555080264e1, 7.2001004302e0, -6.4038522108e3, 3.9438382715e5]),
    (
        "eval layer2.0.downsample.0.weight",
        [-4.6581408699e-1, 7.4878905271e-1, 4.1878995466e2, 1.4638134939e6],
    ),
    ("train", [-1.6825116330e0, 2.2312958958e-1, 8.9935902835e0, 2.5556527347e1]),
    ("train x", [-5.0010694258e-1, 7.3570386485e-2, -9.6696577635e1, 1.2096304656e5]),
    ("train conv1.weight", [-2.7427859227e1, -4.1707547036e1, 1.4778805195e3, 3.9032888181e5]),
    (
        "train layer2.0.downsample.0.weight",
        [-3.4686309139e0, 4.6060631239e-2, -8.9560834670e2, 2.3684559612e5],
    ),
    (
        "train layer3.5.conv2.weight",
        [1.8083350652e-1, -7.4890621898e-4, -2.2717584946e1, 9.6311588125e4],
    ),
    (
        "train layer4.2.bn3.weight",
        [7.7627425880e-3, 8.3215650194e-3, 1.3043883157e0, 5.5831768324e1],
    ),
    ("train fc.weight", [-6.2051311633e-1, -1.4855097134e0, 1.2317132142e2, 1.9367580648e4]),
    (
        "state layer4.2.bn3.running_mean",
        [-7.1934827676e-2, -1.6289243511e-2, -1.2870918633e0, 1.3095323803e2],
    ),
];
const LITE0: Reference = &[
    ("eval", [-3.5366772276e0, 1.9805783961e-1, -1.4058481265e0, 4.5140824124e1]),
    ("eval x", [1.2946793767e-1, 1.2417085780e-1, -1.3174843355e2, 1.1085112784e4]),
    ("eval _conv_stem.weight", [9.6168981757e-1, 8.7073283612e0, 2.0330420541e2, 4.3976887217e3]),
    ("eval _bn0.bias", [-1.3371548576e1, -5.9428539867e0, -3.2675987566e1, 2.7793246080e2]),
    ("train", [-5.4249598851e-1, 4.2875333848e-1, 3.0592496174e0, 1.0788547922e1]),
    ("train x", [9.1362614553e-2, -1.4881450638e0, 1.9468528478e2, 3.5006579302e4]),
    ("train _conv_stem.weight", [-4.9376360110e0, -2.3619623822e0, 2.1150930250e1, 1.4849180276e4]),
    ("train _bn0.bias", [9.0494208665e0, -1.1495373221e1, 4.8741505214e1, 4.3792651893e2]),
    (
        "train _blocks.1._depthwise_conv.weight",
        [-3.5632754809e0, -1.0887762703e1, 1.5318427484e2, 4.7263232310e3],
    ),
    (
        "train _blocks.3._depthwise_conv.weight",
        [3.9813916574e-2, 2.2154052068e0, 1.1768801440e2, 9.6473342501e3],
    ),
    (
        "train _blocks.10._expand_conv.weight",
        [-8.2110791618e-2, 2.5024501660e-1, 9.3653358883e0, 1.0468242650e4],
    ),
    (
        "train _blocks.15._project_conv.weight",
        [-2.0051820839e-2, 7.9749716348e-3, 5.2931794543e0, 1.2930023389e4],
    ),
    (
        "train _conv_head.weight",
        [-3.1130254941e-2, -2.2278504919e-3, -5.2426140028e0, 5.9713827960e3],
    ),
    ("train _fc.weight", [-3.2553879864e-1, 1.3652686511e-1, 1.5028042695e1, 4.9217403211e3]),
    (
        "state _bn0.running_mean",
        [4.6791095515e-5, -4.4190041669e-2, -7.1189708044e-3, 9.9718864008e-1],
    ),
    ("state _bn1.running_var", [5.9590235641e-1, 1.0297314431e0, 7.1552513748e0, 1.2918830944e3]),
];
const LITE0_ODD: Reference = &[
    ("eval", [-1.2209042243e0, 8.4991466197e-1, -5.1182553127e0, 4.0724404482e1]),
    ("eval x", [4.6426446348e-2, 1.6760806389e-2, -1.6536329457e1, 1.1719768638e4]),
    (
        "eval _blocks.9._depthwise_conv.weight",
        [1.2283423641e-1, 1.8019950702e-2, 1.0370408516e1, 1.6676740822e3],
    ),
    ("train", [-7.1799127468e-1, 5.8667743106e-1, 3.8595677697e0, 1.1379347734e1]),
    ("train x", [5.5535976239e-2, 8.1406250071e-2, 1.0848573586e2, 3.9258868767e4]),
    (
        "train _blocks.9._depthwise_conv.weight",
        [-4.6924174292e-1, -9.2199811373e-2, -8.3025132858e0, 2.5098325616e3],
    ),
];

/// A number from the name of a variable.
fn key(name: &str) -> u64 {
    name.bytes().fold(0, |hash, byte| (hash * 31 + u64::from(byte)) % 1_000_003)
}

/// Numbers of no visible pattern on `[-1, 1)`.
fn uniform(count: usize, key: u64) -> Vec<f64> {
    let one = |i: u64| {
        let mut v = (i * 2_654_435_761 + key * 40_503) & 0xffff_ffff;
        v ^= v >> 16;
        v = (v * 2_246_822_519) & 0xffff_ffff;
        v ^= v >> 13;
        v as f64 / f64::from(1u32 << 31) - 1.0
    };
    (0..count as u64).map(one).collect()
}

/// Gives every variable of `map` the value of its name.
fn fill(map: &VarMap) {
    for (name, var) in map.data().lock().unwrap().iter() {
        let inputs: usize = var.dims().iter().skip(1).product();
        let (scale, shift) = match name.rsplit('.').next().unwrap() {
            _ if var.rank() > 1 => ((6.0 / inputs as f64).sqrt(), 0.0),
            "running_var" => (0.5, 1.0),
            "weight" => (0.2, 1.0),
            _ => (0.1, 0.0),
        };
        let numbers = uniform(var.elem_count(), key(name)).into_iter().map(|u| u * scale + shift);
        let numbers = Tensor::from_iter(numbers, &Device::Cpu).unwrap();
        var.set(&numbers.reshape(var.shape()).unwrap().to_dtype(var.dtype()).unwrap()).unwrap();
    }
}

/// The largest difference of a tensor from a row, as a part of the tensor's size.
fn difference(name: &str, tensor: &Tensor, row: [f64; 4]) -> f64 {
    let numbers = tensor.flatten_all().unwrap().to_dtype(DType::F64).unwrap().to_vec1::<f64>();
    let numbers = numbers.unwrap();
    let factors = uniform(numbers.len(), key(&format!("mark {name}")));
    let [first, last, sum, total] = row;
    let found_sum: f64 = numbers.iter().zip(factors).map(|(a, b)| a * b).sum();
    let found_total: f64 = numbers.iter().map(|a| a.abs()).sum();
    let mean = total / numbers.len() as f64;
    let ends = [(numbers[0], first), (numbers[numbers.len() - 1], last)];
    let single = ends.map(|(found, row)| (found - row).abs() / (row.abs() + mean));
    let sums = [(found_sum - sum).abs() / total, (found_total - total).abs() / total];
    single.into_iter().chain(sums).fold(0.0, f64::max)
}

/// The largest differences of logits and state, and of gradients.
fn differences(
    make: fn(usize, VarBuilder) -> Result<VisionModel>,
    dtype: DType,
    side: usize,
    reference: Reference,
) -> [f64; 2] {
    let map = VarMap::new();
    let model = make(10, nn::var_builder(&map, 1, &Device::Cpu).set_dtype(dtype)).unwrap();
    fill(&map);
    let x = Tensor::from_vec(uniform(6 * side * side, key("x1")), (2, 3, side, side), &Device::Cpu);
    let x = Var::from_tensor(&x.unwrap().to_dtype(dtype).unwrap()).unwrap();
    let factors = Tensor::from_vec(uniform(20, key("loss")), (2, 10), &Device::Cpu).unwrap();
    let factors = factors.to_dtype(dtype).unwrap();
    let mut worst = [0f64; 2];
    let mut see = |kind: usize, name: &str, tensor: &Tensor, row| {
        let found = difference(name, tensor, row);
        assert!(found.is_finite(), "{name}");
        worst[kind] = worst[kind].max(found);
    };
    for (mode, train) in [("eval", false), ("train", true)] {
        // The reference has no dropout.
        let logits = match train {
            true => model.head().forward_t(&model.features(&x, true).unwrap(), true).unwrap(),
            false => model.forward_t(&x, false).unwrap(),
        };
        let grads = (&logits * &factors).unwrap().sum_all().unwrap().backward().unwrap();
        for (name, row) in reference.iter().filter(|(name, _)| name.starts_with(mode)) {
            match name.split_once(' ') {
                None => see(0, name, &logits, *row),
                Some((_, "x")) => see(1, name, grads.get(&x).unwrap(), *row),
                Some((_, variable)) => {
                    let variable = map.data().lock().unwrap()[variable].clone();
                    see(1, name, grads.get(&variable).unwrap(), *row);
                }
            }
        }
    }
    for (name, row) in reference.iter().filter(|(name, _)| name.starts_with("state ")) {
        see(0, name, &map.data().lock().unwrap()[&name[6..]], *row);
    }
    worst
}

#[test]
fn resnet18_is_torchvisions() {
    let [forward, gradients] = differences(resnet18, DType::F64, 64, RESNET18);
    assert!(forward < 1e-9 && gradients < 1e-9, "{forward} {gradients}");
    let [forward, gradients] = differences(resnet18, DType::F32, 64, RESNET18);
    assert!(forward < 1e-4 && gradients < 2e-3, "{forward} {gradients}");
}

#[test]
fn resnet34_is_torchvisions() {
    let [forward, gradients] = differences(resnet34, DType::F64, 64, RESNET34);
    assert!(forward < 1e-9 && gradients < 1e-9, "{forward} {gradients}");
}

#[test]
fn resnet50_is_torchvisions() {
    let [forward, gradients] = differences(resnet50, DType::F64, 64, RESNET50);
    assert!(forward < 1e-9 && gradients < 1e-9, "{forward} {gradients}");
}

#[test]
fn efficientnet_lite0_is_the_packages() {
    let [forward, gradients] = differences(efficientnet_lite0, DType::F64, 64, LITE0);
    assert!(forward < 1e-9 && gradients < 1e-9, "{forward} {gradients}");
    let [forward, gradients] = differences(efficientnet_lite0, DType::F64, 75, LITE0_ODD);
    assert!(forward < 1e-9 && gradients < 1e-9, "{forward} {gradients}");
    // Of its many numbers near 0 and 6 a few fall on the other side in f32, which is seen in the gradients.
    let [forward, gradients] = differences(efficientnet_lite0, DType::F32, 64, LITE0);
    assert!(forward < 1e-4 && gradients < 1e-2, "{forward} {gradients}");
}
