//! The block against PyTorch's parts one after the other; folding; what is frozen; bad parts.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::nn::{batch_norm2d, conv2d, conv2d_no_bias, var_builder};
use crate::ops::recorded::{assert_near, cases, loss, numbers, var, wave};
use candle_core::{DType, Device, Var};
use candle_nn::{Conv2dConfig, VarMap};

/// A block in f64 whose weights are those of `recorded.txt`.
fn block(sizes: &[usize], relu: bool) -> (ConvBn, VarMap) {
    let &[inputs, outputs, kernel, stride, padding, groups] = sizes else { unreachable!() };
    let map = VarMap::new();
    let vb = var_builder(&map, 1, &Device::Cpu).set_dtype(DType::F64);
    let config = Conv2dConfig { stride, padding, groups, ..Default::default() };
    let conv = conv2d_no_bias(inputs, outputs, kernel, config, vb.pp("conv")).unwrap();
    let bn = batch_norm2d(outputs, vb.pp("bn")).unwrap();
    let weight = (wave(conv.weight().dims(), 0.7, 0.0) * 0.3).unwrap();
    let set = |name: &str, value: Tensor| {
        map.data().lock().unwrap().get(name).unwrap().set(&value).unwrap();
    };
    set("conv.weight", weight);
    set("bn.weight", wave(&[outputs], 0.9, 1.2));
    set("bn.bias", wave(&[outputs], 1.3, 0.1));
    (ConvBn::new(conv, bn, relu).unwrap(), map)
}

// recorded.txt: shape, out, kernel, stride, padding, groups, residual, relu; then y, x', conv', weight', bias' and residual' of
// three steps, then the running mean and variance:
// m, v = torch.zeros(out), torch.ones(out)
// conv, w, b = wave((out, in // groups, kernel, kernel), 0.7) * 0.3, wave((out,), 0.9, 1.2), wave((out,), 1.3, 0.1)
// for step in range(3):  # the last one evaluates
//     x = wave(shape, 0.37 + 0.11 * step)
//     y = F.batch_norm(F.conv2d(x, conv, None, stride, padding, 1, groups), m, v, w, b, step < 2, 0.1, 1e-5)
//     if residual: y = y + wave(tuple(y.shape), 0.53, 0.2)
//     if relu: y = F.relu(y)
//     (y * wave(tuple(y.shape), 0.91)).sum().backward()
#[test]
fn two_steps_and_an_evaluation_equal_pytorch() {
    for (sizes, digests) in cases(include_str!("recorded.txt")) {
        let shape = &sizes[..4];
        let (block, map) = block(&[1, 4, 5, 6, 7, 8].map(|i| sizes[i]), sizes[10] == 1);
        let mut ours = Vec::new();
        for step in 0..3 {
            let x = var(&wave(shape, 0.37 + 0.11 * step as f64, 0.0), DType::F64);
            let plain = block.conv().forward(&x).unwrap();
            let residual = var(&wave(plain.dims(), 0.53, 0.2), DType::F64);
            let y = match sizes[9] {
                1 => block.forward_residual(&x, &residual, step < 2).unwrap(),
                _ => block.forward_t(&x, step < 2).unwrap(),
            };
            let grads = loss(&y).backward().unwrap();
            ours.push(y);
            let all =
                [x.as_tensor(), block.conv().weight(), block.bn().weight(), block.bn().bias()];
            ours.extend(all.map(|v| grads.get(v).unwrap().clone()));
            ours.extend((sizes[9] == 1).then(|| grads.get(&residual).unwrap().clone()));
        }
        ours.extend([block.bn().running_mean().clone(), block.bn().running_var().clone()]);
        assert_eq!(ours.len(), digests.len());
        for (i, (ours, right)) in ours.iter().zip(digests).enumerate() {
            assert_near(ours, right, 1e-9, &format!("{sizes:?} {i}"));
        }
        assert_eq!(map.all_vars().len(), 5);
    }
}

/// Large images make folding worth its while, small ones do not; both give the same.
#[test]
fn folded_weights_are_never_old() {
    let (block, map) = block(&[3, 4, 3, 1, 1, 1], true);
    for turn in 0..3 {
        let shift = f64::from(turn);
        let x = var(&wave(&[2, 3, 9, 8], 0.37 + 0.1 * shift, 0.3 * shift), DType::F64);
        assert!(block.conv().weight().elem_count() < x.elem_count());
        block.forward_t(&x, true).unwrap();
        let data = map.data().lock().unwrap();
        let weight = data.get("conv.weight").unwrap();
        weight.set(&(weight.as_tensor() * 1.3).unwrap()).unwrap();
        drop(data);
        let folded = block.forward_t(&x, false).unwrap();
        let plain = block.bn().forward_relu(&block.conv().forward(&x).unwrap(), false).unwrap();
        let gap =
            numbers(&(&folded - &plain).unwrap()).into_iter().fold(0.0, |a, b| b.abs().max(a));
        assert!(gap < 1e-12, "{gap}");
        let (ours, right) = (loss(&folded).backward().unwrap(), loss(&plain).backward().unwrap());
        for v in [x.as_tensor(), block.conv().weight(), block.bn().weight(), block.bn().bias()] {
            let (a, b) = (numbers(ours.get(v).unwrap()), numbers(right.get(v).unwrap()));
            assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-10));
        }
    }
}

#[test]
fn a_frozen_block_keeps_no_graph() {
    let (mut block, map) = block(&[3, 4, 3, 1, 1, 1], true);
    block.set_trainable(false);
    let x = wave(&[2, 3, 9, 8], 0.37, 0.0);
    let small = wave(&[2, 3, 2, 2], 0.37, 0.0);
    for (x, train) in [(&x, true), (&x, false), (&small, false)] {
        assert!(!block.forward_t(x, train).unwrap().track_op());
        let variable = Var::from_tensor(x).unwrap();
        let grads = loss(&block.forward_t(&variable, train).unwrap()).backward().unwrap();
        assert!(grads.get(&variable).is_some());
        assert!(map.all_vars().iter().all(|v| grads.get(v).is_none()));
    }
    block.set_trainable(true);
    assert!(block.forward_t(&x, false).unwrap().track_op());
}

#[test]
fn parts_that_do_not_fit_are_told() {
    let vb = var_builder(&VarMap::new(), 1, &Device::Cpu);
    let config = Conv2dConfig::default();
    let biased = conv2d(3, 4, 3, config, vb.pp("a")).unwrap();
    let bn = batch_norm2d(4, vb.pp("bn")).unwrap();
    let text = ConvBn::new(biased, bn.clone(), true).unwrap_err().to_string();
    assert!(text.contains("conv2d_no_bias"), "{text}");
    let conv = conv2d_no_bias(3, 8, 3, config, vb.pp("b")).unwrap();
    let text = ConvBn::new(conv, bn, true).unwrap_err().to_string();
    assert!(text.contains("каналов 8") && text.contains("на 4"), "{text}");
}
