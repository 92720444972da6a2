//! Tests of `../gallery.rs`.
use super::super::super::verdict::testing::{UNSOLVED, fails_on, passes_on, unsolved};
use super::*;

/// Sets of numbers on which each answer is tried.
const COUNT: u64 = 5;

fn probs(model: &VisionModel, x: &Tensor, train: bool) -> Result<Tensor> {
    Ok(candle_nn::ops::softmax(&model.forward_t(x, train)?, 1)?)
}

/// A gallery of the images in `indices`, with the probabilities that `answer` makes of the logits.
fn with(
    model: &VisionModel,
    set: &ImageFolder,
    indices: &[usize],
    answer: fn(Tensor) -> candle_core::Result<Tensor>,
) -> Result<Figure> {
    let Batch { x, y } = set.batch(indices)?;
    let probs = answer(model.forward_t(&x, false)?)?;
    gallery(&x, &y, &probs, set.classes(), &GridOptions::default())
}

fn softmax(x: Tensor) -> candle_core::Result<Tensor> {
    candle_nn::ops::softmax(&x, 1)
}

/// The right texts under the images `x`.
fn under(model: &VisionModel, set: &ImageFolder, indices: &[usize], x: &Tensor) -> Result<Figure> {
    let batch = set.batch(indices)?;
    let probs = probs(model, &batch.x, false)?;
    gallery(x, &batch.y, &probs, set.classes(), &GridOptions::default())
}

fn wrong(f: Visualize, text: &str) {
    fails_on(COUNT, || visualize(f), text);
}

#[test]
fn right_answers_pass() {
    passes_on(COUNT, || visualize(|model, set, indices| with(model, set, indices, softmax)));
    // Softmax of log-softmax is softmax; the layout is the student's choice.
    let logs: Visualize = |model, set, indices| {
        with(model, set, indices, |x| softmax(candle_nn::ops::log_softmax(&x, 1)?))
    };
    passes_on(COUNT, || visualize(logs));
    let wide: Visualize = |model, set, indices| {
        let Batch { x, y } = set.batch(indices)?;
        let options = GridOptions { columns: 2, side: 200, ..GridOptions::default() };
        let figure = gallery(&x, &y, &probs(model, &x, false)?, set.classes(), &options)?;
        Ok(figure.title("Ответы"))
    };
    passes_on(COUNT, || visualize(wide));
}

#[test]
fn wrong_probabilities_are_told() {
    wrong(|_, _, _| unsolved(), UNSOLVED);
    wrong(|m, s, i| with(m, s, i, |x| softmax(softmax(x)?)), "сколько раз взят softmax");
    wrong(|m, s, i| with(m, s, i, |x| softmax(x.neg()?)), "Откуда взялся минус");
    wrong(|m, s, i| with(m, s, i, |x| softmax((x * 2.0)?)), "откуда взято это");
    wrong(|m, s, i| with(m, s, i, Ok), "не вероятности");
    wrong(|m, s, i| with(m, s, i, |x| candle_nn::ops::log_softmax(&x, 1)), "не вероятности");
    wrong(|m, s, i| with(m, s, i, |x| candle_nn::ops::softmax(&x, 0)), "не вероятности");
}

#[test]
fn wrong_modes_and_truths_are_told() {
    let training: Visualize = |model, set, indices| {
        let Batch { x, y } = set.batch(indices)?;
        let probs = probs(model, &x, true)?;
        gallery(&x, &y, &probs, set.classes(), &GridOptions::default())
    };
    wrong(training, "В каком режиме");
    let praised: Visualize = |model, set, indices| {
        let x = set.batch(indices)?.x;
        let probs = probs(model, &x, false)?;
        gallery(&x, &probs.argmax(1)?, &probs, set.classes(), &GridOptions::default())
    };
    wrong(praised, "метки набора или");
    let exchanged: Visualize = |model, set, indices| {
        let Batch { x, y } = set.batch(indices)?;
        let names: Vec<&String> = set.classes().iter().rev().collect();
        gallery(&x, &y, &probs(model, &x, false)?, &names, &GridOptions::default())
    };
    wrong(exchanged, "откуда взято это");
}

#[test]
fn other_pictures_are_told() {
    wrong(|m, s, _| with(m, s, &[0, 1, 2], softmax), "с номерами indices");
    wrong(|m, s, _| with(m, s, &[1, 2, 3], softmax), "порядок другой");
    wrong(|m, s, i| under(m, s, i, &s.batch(&[0, 1, 2])?.x), "те же x");
    wrong(|m, s, i| under(m, s, i, &s.batch(i)?.x.flip(&[3])?), "те же x");
    let plain: Visualize = |model, set, indices| {
        let Batch { x, y } = set.batch(indices)?;
        gallery(&x, &y, &probs(model, &x, false)?, set.classes(), &GridOptions::plain())
    };
    wrong(plain, "не возвращены к цветам");
    let bare: Visualize = |_, set, indices| {
        let none: [&str; 0] = [];
        crate::vision::pictures::grid(&set.batch(indices)?.x, &none, &GridOptions::default())
    };
    wrong(bare, "нет подписей");
}
