//! The published weights of EfficientNet-Lite0 through the public API, where `cargo lab data` has brought them.
#![allow(clippy::unwrap_used)]

use lab::candle_core::{D, DType, Device, ModuleT, Tensor};
use lab::candle_nn::VarMap;
use lab::models::{self, Trainable};
use lab::{nn, weights};

// import torch                                              # PyTorch 2.15
// from efficientnet_lite_pytorch.model import EfficientNet  # 0.1.0
// m = EfficientNet.from_name("efficientnet-lite0"); m.load_state_dict(torch.load("efficientnet-lite0-57934424.pth"))
// i = torch.arange(3 * 96 * 96); x = ((i * 7919 % 1000).float() / 500 - 1).reshape(1, 3, 96, 96)
// y = m.eval()(x)[0]; y[[0, 309, 310, 999]], y.argmax(), y.max(), m.extract_features(x).mean((2, 3))[0][:3]
#[test]
fn the_real_weights_give_the_packages_logits() {
    let Some(path) = weights::find("efficientnet-lite0").unwrap() else {
        println!("skipped: cargo lab data efficientnet-lite0");
        return;
    };
    let map = VarMap::new();
    let vb = nn::var_builder(&map, 1, &Device::Cpu);
    let mut model = models::efficientnet_lite0(1000, vb).unwrap();
    let loaded = weights::read(path).unwrap().load_into(&map).unwrap();
    assert_eq!((loaded.tensors, loaded.kept.len()), (247, 0));
    model.set_trainable(Trainable::Head);
    let x: Vec<f32> = (0..27_648).map(|i| (i * 7919 % 1000) as f32 / 500.0 - 1.0).collect();
    let x = Tensor::from_vec(x, (1, 3, 96, 96), &Device::Cpu).unwrap();
    let near = |found: &[f32], expected: &[f32]| {
        let close = found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-3);
        assert!(close && found.len() == expected.len(), "{found:?} {expected:?}");
    };
    let y = model.forward_t(&x, false).unwrap();
    assert_eq!(y.argmax(D::Minus1).unwrap().to_vec1::<u32>().unwrap(), [904]);
    let y = y.squeeze(0).unwrap().to_vec1::<f32>().unwrap();
    near(
        &[y[0], y[309], y[310], y[999], y[904]],
        &[-0.546873, -1.180549, 0.454849, 1.386964, 9.746569],
    );
    let features = model.features(&x, false).unwrap();
    assert_eq!((features.dims(), features.dtype()), (&[1, 1280][..], DType::F32));
    near(&features.squeeze(0).unwrap().to_vec1::<f32>().unwrap()[..3], &[0.410645, 0.0, 1.70004]);
}
