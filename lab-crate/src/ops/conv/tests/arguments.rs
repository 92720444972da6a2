//! What is learnt, how arguments may lie in memory, which are refused.

use super::*;

#[test]
fn only_what_learns_gets_a_gradient() {
    let mut rng = Rng::seed(8);
    let x = var(&mut rng, &[1, 2, 5, 5], DType::F32);
    let (weight, bias) =
        (var(&mut rng, &[3, 2, 3, 3], DType::F32), var(&mut rng, &[3], DType::F32));
    let config = Conv2dConfig::default();
    let y = conv2d(&x.detach(), &weight.detach(), Some(&bias), config, false).unwrap();
    let grads = y.sum_all().unwrap().backward().unwrap();
    assert!(grads.get(&x).is_none() && grads.get(&weight).is_none());
    assert_eq!(numbers(grads.get(&bias).unwrap()), [9.0; 3]);
}

#[test]
fn turned_and_cut_inputs_are_read_right() {
    let mut rng = Rng::seed(9);
    let x = var(&mut rng, &[7, 6, 2, 3], DType::F64).permute((2, 3, 0, 1)).unwrap();
    let x = x.narrow(2, 1, 5).unwrap();
    let weight = var(&mut rng, &[2, 3, 3, 4], DType::F64).t().unwrap();
    let weight = weight.permute((0, 1, 3, 2)).unwrap().contiguous().unwrap().t().unwrap();
    let config = Conv2dConfig { padding: 1, ..Default::default() };
    let ours = conv2d(&x, &weight, None, config, false).unwrap();
    let whole = (x.contiguous().unwrap(), weight.contiguous().unwrap());
    let expected = conv2d(&whole.0, &whole.1, None, config, false).unwrap();
    assert_eq!(numbers(&ours), numbers(&expected));
}

#[test]
fn no_images_are_fine() {
    for (channels, groups, stride) in [(16, 1, 1), (16, 16, 1), (3, 1, 2)] {
        let config = Conv2dConfig { padding: 1, groups, stride, ..Default::default() };
        let x = Var::zeros((0, channels, 32, 32), DType::F32, &Device::Cpu).unwrap();
        let weight = Var::ones((16, channels / groups, 3, 3), DType::F32, &Device::Cpu).unwrap();
        let y = conv2d(&x, &weight, None, config, false).unwrap();
        assert_eq!(y.dims(), [0, 16, 32 / stride, 32 / stride]);
        let grads = y.sum_all().unwrap().backward().unwrap();
        assert!(numbers(grads.get(&weight).unwrap()).iter().all(|g| *g == 0.0));
    }
}

#[test]
fn wrong_arguments_are_told() {
    let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F32, &Device::Cpu).unwrap();
    let error = |x: &[usize], weight: &[usize], bias: usize, config| {
        conv2d(&zeros(x), &zeros(weight), Some(&zeros(&[bias])), config, false)
            .unwrap_err()
            .to_string()
    };
    let plain = Conv2dConfig::default();
    let with = |stride, dilation, groups| Conv2dConfig { stride, dilation, groups, ..plain };
    for (text, parts) in [
        (error(&[3, 8, 8], &[4, 3, 3, 3], 4, plain), ["[3, 8, 8]", "unsqueeze(0)"]),
        (error(&[2, 3, 8, 8], &[4, 27], 4, plain), ["[4, 27]", "веса"]),
        (error(&[2, 1, 8, 8], &[4, 3, 3, 3], 4, plain), ["1 каналов", "принимают 3"]),
        (error(&[2, 6, 8, 8], &[5, 3, 3, 3], 5, with(1, 1, 2)), ["(5)", "groups = 2"]),
        (error(&[2, 3, 2, 8], &[4, 3, 3, 3], 4, plain), ["высота входа 2", "padding = 0"]),
        (error(&[2, 3, 8, 4], &[4, 3, 3, 3], 4, with(1, 2, 1)), ["ширина входа 4", "dilation = 2"]),
        (error(&[2, 3, 8, 8], &[4, 3, 3, 3], 4, with(0, 1, 1)), ["stride = 0", "от 1"]),
        (error(&[2, 3, 8, 8], &[4, 3, 3, 3], 4, with(1, 0, 1)), ["dilation = 0", "от 1"]),
        (error(&[2, 3, 8, 8], &[4, 3, 3, 3], 4, with(1, 1, 0)), ["groups = 0", "от 1"]),
        (error(&[2, 3, 8, 8], &[4, 3, 3, 3], 3, plain), ["[3]", "нужна [4]"]),
        (error(&[2, 3, 8, 8], &[4, 3, 0, 3], 4, plain), ["[4, 3, 0, 3]", "от 1"]),
    ] {
        assert!(parts.iter().all(|part| text.contains(part)), "{text}");
    }
    let (x, weight) = (zeros(&[1, 3, 8, 8]), zeros(&[4, 3, 3, 3]));
    let double = weight.to_dtype(DType::F64).unwrap();
    let text = conv2d(&x, &double, None, plain, false).unwrap_err().to_string();
    assert!(text.contains("f64") && text.contains("f32"), "{text}");
    let whole = x.to_dtype(DType::U8).unwrap();
    let text = conv2d(&whole, &weight, None, plain, false).unwrap_err().to_string();
    assert!(text.contains("u8"), "{text}");
}
