//! Names, initial values, what is trained, and the head; the numbers are in `tests/reference.rs`.
#![allow(clippy::unwrap_used)]

mod reference;

use std::collections::HashSet;
use std::sync::PoisonError;

use candle_core::{DType, Device, Module, ModuleT, Tensor};
use candle_nn::VarMap;

use super::*;
use crate::optim::{Optimizer, Params, Sgd};
use crate::{Rng, loss, nn, set_num_threads, threads};

fn model(name: &str, classes: usize) -> (VisionModel, VarMap) {
    let map = VarMap::new();
    (create(name, classes, nn::var_builder(&map, 1, &Device::Cpu)).unwrap(), map)
}

fn images(count: usize) -> Tensor {
    Rng::seed(3).randn((count, 3, 64, 64), &Device::Cpu).unwrap()
}

// for m in (resnet18(), resnet34(), resnet50(), EfficientNet.from_name("efficientnet-lite0")):
//     print(sum(p.numel() for p in m.parameters()), len(list(m.parameters())))
#[test]
fn numbers_of_parameters_are_the_published_ones() {
    for (name, numbers, tensors) in [
        ("resnet18", 11_689_512, 62),
        ("resnet34", 21_797_672, 110),
        ("resnet50", 25_557_032, 161),
        ("efficientnet-lite0", 4_652_008, 149),
    ] {
        let (model, map) = model(name, 1000);
        assert_eq!((model.name(), model.num_classes()), (name, 1000));
        let params = model.params();
        assert_eq!((params.count(), params.len()), (numbers, tensors), "{name}");
        let named = |params: &Params| params.iter().map(|(name, _)| name.to_string()).collect();
        let (own, all): (HashSet<String>, HashSet<String>) =
            (named(&params), named(&Params::from(&map)));
        assert_eq!(own, all, "{name}");
        let listed: usize = model.named_modules().iter().map(|module| module.params).sum();
        assert_eq!(listed, numbers);
    }
    assert_eq!(list(), ["efficientnet-lite0", "resnet18", "resnet34", "resnet50"]);
    let error = create("vgg16", 10, nn::var_builder(&VarMap::new(), 1, &Device::Cpu)).unwrap_err();
    assert!(error.to_string().contains("нет модели «vgg16»; есть: efficientnet-lite0"), "{error}");
}

#[test]
fn initial_values_are_torchvisions() {
    let (_, map) = model("resnet18", 10);
    let spread = |name: &str| {
        let var = map.data().lock().unwrap()[name].clone();
        let square = var.sqr().unwrap().mean_all().unwrap().to_scalar::<f32>().unwrap();
        square.sqrt()
    };
    // kaiming_normal_(mode="fan_out", nonlinearity="relu"): sqrt(2 / (out k k)).
    assert!((spread("conv1.weight") / (2f32 / (64.0 * 49.0)).sqrt() - 1.0).abs() < 0.03);
    let down = spread("layer4.0.downsample.0.weight");
    assert!((down / (2f32 / 512.0).sqrt() - 1.0).abs() < 0.01, "{down}");
    assert_eq!((spread("bn1.weight"), spread("bn1.bias")), (1.0, 0.0));
    // nn.Linear: uniform on 1 / sqrt(512), so its spread is that divided by sqrt(3).
    assert!((spread("fc.weight") / (1f32 / 1536.0).sqrt() - 1.0).abs() < 0.03);
}

#[test]
fn only_the_chosen_part_gets_gradients() {
    for (name, last) in [("resnet18", "layer4."), ("efficientnet-lite0", "_blocks.15.")] {
        let (mut model, map) = model(name, 3);
        let labels = Tensor::new(&[0u32, 2], &Device::Cpu).unwrap();
        let trained = |model: &VisionModel| {
            let logits = model.forward_t(&images(2), true).unwrap();
            let grads = loss::cross_entropy(&logits, &labels).unwrap().backward().unwrap();
            let vars = map.data().lock().unwrap();
            let mut names: Vec<String> = vars
                .iter()
                .filter(|(_, v)| grads.get(v).is_some())
                .map(|(n, _)| n.clone())
                .collect();
            names.sort();
            let mut params: Vec<_> =
                model.params().iter().map(|(name, _)| name.to_string()).collect();
            params.sort();
            assert_eq!(names, params, "the list says what gets gradients");
            names
        };
        let all = trained(&model).len();
        model.set_trainable(Trainable::Head);
        let head = model.head_prefix();
        assert_eq!(trained(&model), [format!("{head}bias"), format!("{head}weight")]);
        model.set_trainable(Trainable::LastBlock);
        let some = trained(&model);
        assert!(some.len() < all && some.iter().any(|name| name.starts_with(last)), "{some:?}");
        let rest = some.iter().filter(|n| !n.starts_with(last) && !n.starts_with(&head));
        let allowed = ["_conv_head.weight", "_bn1.weight", "_bn1.bias"];
        assert!(rest.clone().all(|name| allowed.contains(&name.as_str())), "{some:?}");
        model.set_trainable(Trainable::All);
        assert_eq!(trained(&model).len(), all);
    }
}

#[test]
fn a_frozen_body_gives_features_without_a_graph() {
    let (mut model, _map) = model("resnet18", 3);
    model.set_trainable(Trainable::Head);
    let features = model.features(&images(2), false).unwrap();
    assert_eq!(features.dims(), [2, 512]);
    assert!(!features.track_op());
    let map = model.feature_map(&images(2), false).unwrap();
    assert_eq!(map.dims(), [2, 512, 2, 2]);
    let whole = model.forward_t(&images(2), false).unwrap().to_vec2::<f32>().unwrap();
    assert_eq!(model.forward_map(&map, false).unwrap().to_vec2::<f32>().unwrap(), whole);
    assert_eq!(model.head().forward(&features).unwrap().to_vec2::<f32>().unwrap(), whole);
}

#[test]
fn statistics_move_with_train_only() {
    let (mut model, map) = model("resnet18", 3);
    model.set_trainable(Trainable::Head);
    let mean = || {
        let map = map.data().lock().unwrap();
        map["layer4.1.bn2.running_mean"].to_vec1::<f32>().unwrap()
    };
    model.forward_t(&images(2), false).unwrap();
    assert_eq!(mean(), [0.0; 512]);
    model.forward_t(&images(2), true).unwrap();
    assert_ne!(mean(), [0.0; 512], "as in PyTorch, also where nothing is trained");
}

#[test]
fn a_step_is_the_same_to_the_last_bit_with_any_number_of_threads() {
    let _alone = threads::TESTS.lock().unwrap_or_else(PoisonError::into_inner);
    let before = crate::num_threads();
    let step = |name: &str, count: usize| {
        set_num_threads(count).unwrap();
        let (model, _map) = model(name, 3);
        let logits = model.forward_t(&images(2), true).unwrap();
        let grads = logits.sqr().unwrap().sum_all().unwrap().backward().unwrap();
        let bits = |tensor: &Tensor| -> Vec<u32> {
            let numbers = tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            numbers.into_iter().map(f32::to_bits).collect()
        };
        let params = model.params();
        let gradients: Vec<_> =
            params.iter().map(|(_, var)| bits(grads.get(var).unwrap())).collect();
        (bits(&logits), gradients)
    };
    for name in ["resnet18", "efficientnet-lite0"] {
        let one = step(name, 1);
        assert!(one == step(name, 2) && one == step(name, 3), "{name}");
    }
    set_num_threads(before).unwrap();
}

#[test]
fn the_head_is_replaced_in_the_map_too() {
    let (mut model, map) = model("efficientnet-lite0", 10);
    let tensors = map.all_vars().len();
    model.replace_head(2, &map, 7).unwrap();
    assert_eq!((model.num_classes(), map.all_vars().len()), (2, tensors));
    let weight = map.data().lock().unwrap()["_fc.weight"].clone();
    assert_eq!(
        (weight.dims(), weight.as_tensor().id()),
        (&[2, 1280][..], model.head().weight().id())
    );
    assert_eq!(model.forward_t(&images(1), false).unwrap().dims(), [1, 2]);
    // The optimizer changes the head that is used.
    let mut opt = Optimizer::new(Sgd::lr(0.1), model.params()).unwrap();
    let before = model.head().bias().to_vec1::<f32>().unwrap();
    let labels = Tensor::new(&[1u32, 1], &Device::Cpu).unwrap();
    let logits = model.forward_t(&images(2), true).unwrap();
    opt.backward(&loss::cross_entropy(&logits, &labels).unwrap()).unwrap();
    opt.step().unwrap();
    assert_ne!(model.head().bias().to_vec1::<f32>().unwrap(), before);
    let error = model.replace_head(2, &VarMap::new(), 7).unwrap_err().to_string();
    assert!(error.contains("_fc.weight"), "{error}");
    assert!(model.replace_head(0, &map, 7).is_err());
    assert_eq!(model.num_classes(), 2, "nothing is changed by a failure");
}

#[test]
fn a_model_may_have_a_path() {
    let map = VarMap::new();
    let vb = nn::var_builder(&map, 1, &Device::Cpu).pp("net");
    let mut model = resnet18(5, vb).unwrap();
    model.replace_head(2, &map, 1).unwrap();
    model.set_trainable(Trainable::Head);
    let params = model.params();
    let names: Vec<_> = params.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["net.fc.weight", "net.fc.bias"]);
    assert_eq!(model.head_prefix(), "net.fc.");
}

#[test]
fn the_list_of_modules_reads_like_the_paper() {
    let (model, _map) = model("resnet18", 1000);
    let text = model.to_string();
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    assert_eq!(lines[0], "resnet18");
    assert_eq!(lines[1], "  conv1                  Conv2d 3 -> 64, 7x7, шаг 2");
    assert_eq!(lines[2], "  bn1                    BatchNorm2d 64, затем ReLU");
    assert_eq!(lines[3], "  maxpool                MaxPool2d 3x3, шаг 2");
    assert_eq!(lines[4], "  layer1.0               BasicBlock: relu(f(x) + x)");
    assert!(lines.contains(&"  layer2.0.downsample.0  Conv2d 64 -> 128, 1x1, шаг 2"), "{text}");
    assert_eq!(lines.last(), Some(&"  fc                     Linear 512 -> 1000"));
}

#[test]
fn wrong_images_are_told() {
    let (model, _map) = model("resnet18", 2);
    for shape in [vec![3, 64, 64], vec![1, 1, 64, 64], vec![2, 12288]] {
        let x = Tensor::zeros(shape, DType::F32, &Device::Cpu).unwrap();
        let error = model.forward_t(&x, false).unwrap_err().to_string();
        assert!(error.contains("(N, 3, H, W)") && error.contains("unsqueeze(0)"), "{error}");
    }
    let bytes = Tensor::zeros((1, 3, 64, 64), DType::U8, &Device::Cpu).unwrap();
    assert!(model.forward_t(&bytes, false).is_err());
    assert!(resnet18(0, nn::var_builder(&VarMap::new(), 1, &Device::Cpu)).is_err());
}
