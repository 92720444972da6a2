#![allow(clippy::unwrap_used)]
use super::*;

/// Logits `(0, a, -a)`, where `a` is the sum of the upper left 2 x 2 numbers of the first channel.
struct Corner;

impl ModuleT for Corner {
    fn forward_t(&self, x: &Tensor, train: bool) -> candle_core::Result<Tensor> {
        assert!(!train, "the model must be run as in evaluation");
        let a =
            x.narrow(1, 0, 1)?.narrow(2, 0, 2)?.narrow(3, 0, 2)?.sum((1, 2, 3))?.unsqueeze(1)?;
        Tensor::cat(&[&a.zeros_like()?, &a, &a.neg()?], 1)
    }
}

fn ones(height: usize, width: usize) -> Tensor {
    Tensor::ones((3, height, width), DType::F32, &Device::Cpu).unwrap()
}

fn map(image: &Tensor, class: usize, window: usize, stride: usize) -> Vec<Vec<f32>> {
    let options = Occlusion { window, stride, batch_size: 4 };
    occlusion(&Corner, image, class, &options).unwrap().to_vec2().unwrap()
}

#[test]
fn the_drop_by_hand() {
    // exp(4) / (1 + exp(4) + exp(-4)) = 0.981690, with the corner covered 1/3; the difference 0.648357.
    let drops = map(&ones(4, 6), 1, 2, 2);
    assert_eq!((drops.len(), drops[0].len()), (2, 3));
    assert!((drops[0][0] - 0.648_357).abs() < 1e-5, "{drops:?}");
    let others = drops.iter().flatten().skip(1);
    assert!(others.into_iter().all(|drop| drop.abs() < 1e-6), "{drops:?}");
    // For the opposite class the corner is in the way: 0.000329 - 1/3.
    let drops = map(&ones(4, 6), 2, 2, 2);
    assert!((drops[0][0] + 0.333_004).abs() < 1e-5, "{drops:?}");
}

#[test]
fn squares_are_cut_at_the_edge() {
    let options = |window, stride| Occlusion { window, stride, batch_size: 1 };
    let spans = |side: usize, window, stride| -> Vec<(usize, usize)> {
        let options = options(window, stride);
        let one = |i| span(i, side, &options);
        (0..side.div_ceil(stride)).map(one).map(|span| (span.start, span.end)).collect()
    };
    assert_eq!(spans(6, 2, 2), [(0, 2), (2, 4), (4, 6)]);
    assert_eq!(spans(6, 4, 2), [(0, 3), (1, 5), (3, 6)]);
    assert_eq!(spans(5, 2, 2), [(0, 2), (2, 4), (4, 5)]);
    assert_eq!(spans(3, 100, 1), [(0, 3); 3]);
    // A last place whose middle lies past the edge, and a small square there.
    assert_eq!(spans(5, 1, 4), [(1, 2), (5, 5)]);
}

#[test]
fn the_size_of_batches_and_the_dtype_change_nothing() {
    let mut rng = crate::Rng::seed(1);
    for _ in 0..20 {
        let (height, width) = (2 + rng.below(9), 2 + rng.below(9));
        let image = rng.randn((3, height, width), &Device::Cpu).unwrap();
        let (window, stride) = (1 + rng.below(5), 1 + rng.below(4));
        let one = |image: &Tensor, batch_size| {
            let options = Occlusion { window, stride, batch_size };
            occlusion(&Corner, image, 1, &options).unwrap().to_vec2::<f32>().unwrap()
        };
        let first = one(&image, 1);
        assert_eq!(first, one(&image, 7));
        let double = one(&image.to_dtype(DType::F64).unwrap(), 100);
        let near = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-5;
        assert!(first.iter().flatten().zip(double.iter().flatten()).all(near));
    }
}

#[test]
fn wrong_arguments_are_told() {
    let error = |image: &Tensor, class, options: Occlusion| {
        occlusion(&Corner, image, class, &options).unwrap_err().to_string()
    };
    let fine = Occlusion::default();
    let text = error(&ones(4, 4), 3, fine);
    assert!(text.contains("class = 3, а у модели классов 3"), "{text}");
    assert!(error(&ones(4, 4), 0, Occlusion { stride: 0, ..fine }).contains("stride = 0"));
    assert!(error(&ones(4, 4).unsqueeze(0).unwrap(), 0, fine).contains("[1, 3, 4, 4]"));
    assert!(error(&ones(4, 0), 0, fine).contains("[3, 4, 0]"));
}
