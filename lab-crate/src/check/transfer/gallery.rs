//! Task 6.3: pictures with a model's answers.
//!
//! The model's head is set so that its answers are neither even nor all right: else the right gallery and those of
//! wrong ideas would look alike. Not here: the other tasks of the notebook (`head.rs`).

use candle_core::{D, DType, Tensor};
use candle_nn::{ModuleT, VarMap};

use super::super::compare::same;
use super::super::fault::{Fault, Judgement};
use super::super::verdict::run;
use super::head::small_model;
use crate::batches::{Batch, Dataset};
use crate::data::standin_insects::{Counts, write};
use crate::models::VisionModel;
use crate::vision::pictures::{GridOptions, gallery};
use crate::vision::transforms::{CenterCrop, Compose, Normalize, Resize, ToTensor};
use crate::vision::{FolderOptions, ImageFolder};
use crate::{Error, Figure, Result, Rng};

/// A gallery as a student draws it: model, data set, indices.
type Visualize = fn(&VisionModel, &ImageFolder, &[usize]) -> Result<Figure>;

/// Images of both classes, and one of the set is left out.
const INDICES: [usize; 3] = [3, 1, 2];

/// Task 6.3: images of the data set with the true class, the model's answer and its probability.
///
/// # Errors
/// [`crate::Error::Check`] when the answer is wrong.
///
/// ```
/// use lab::prelude::*;
/// use lab::vision::pictures::{GridOptions, gallery};
/// check::visualize(|model, set, indices| {
///     let Batch { x, y } = set.batch(indices)?;
///     let logits = model.forward_t(&x, false)?.detach();
///     let probabilities = candle_nn::ops::softmax(&logits, D::Minus1)?; // (N, K)
///     gallery(&x, &y, &probabilities, set.classes(), &GridOptions::default())
/// })?; // prints «6.3 ✓»
/// assert!(check::visualize(|_, _, _| Ok(Figure::new())).is_err());
/// # Ok::<(), lab::Error>(())
/// ```
pub fn visualize(f: Visualize) -> Result<()> {
    run("6.3", |rng| {
        let set = insects(rng)?;
        let (model, map) = small_model(rng, 2)?;
        sharpen(&model, &map, &set.batch(&INDICES)?, rng)?;
        let before = statistics(&map)?;
        let got = f(&model, &set, &INDICES)?;
        same(&statistics(&map)?, &before, 0.0).map_err(|_| {
            Fault::new("после вызова изменились средние слоёв BatchNorm, а сеть здесь не учат")
                .asking(
                    "В каком режиме работает модель? Второй аргумент forward_t: true при обучении",
                )
        })?;
        judge(&got, &model, &set)
    })
}

/// Compares the texts and the pictures with the right ones and with those of wrong ideas.
fn judge(got: &Figure, model: &VisionModel, set: &ImageFolder) -> Judgement {
    let want = drawn(model, set, &INDICES, Idea::Right)?;
    let (texts, right) = (got.texts(), want.texts());
    let is_shown = |other: &Figure| got.pictures() == other.pictures();
    if is_shown(&want) && texts == right {
        return Ok(());
    }
    if texts.is_empty() {
        return Err(Fault::new("на рисунке нет подписей")
            .asking("Подписи добавляет pictures::gallery; что нужно ей, кроме картинок?"));
    }
    for (indices, says) in [
        ([0, 1, 2], "Показаны первые картинки набора, а просили картинки с номерами indices"),
        ([1, 2, 3], "Картинки те же, но порядок другой; а просили порядок indices"),
    ] {
        let other = drawn(model, set, &indices, Idea::Right)?;
        if is_shown(&other) && texts == other.texts() {
            return Err(Fault::new("показаны другие картинки").asking(says));
        }
    }
    if texts != right {
        let fault = first_difference(&texts, &right);
        for (idea, says) in IDEAS {
            if texts == drawn(model, set, &INDICES, idea)?.texts() {
                return Err(fault.asking(says));
            }
        }
        return Err(fault.asking(
            "Истина есть метка из set.batch(indices), ответ и вероятность берут из softmax выходов; \
             откуда взято это?",
        ));
    }
    let plain = drawn(model, set, &INDICES, Idea::Plain)?;
    Err(Fault::new("подписи верны, а картинки под ними другие").asking(if is_shown(&plain) {
        "Числа не возвращены к цветам: какие среднее и отклонение стоят в GridOptions?"
    } else {
        "Показаны ли те же x, на которые отвечала модель?"
    }))
}

/// The first text that is not the right one.
fn first_difference(got: &[String], want: &[String]) -> Fault {
    let at = got.iter().zip(want).position(|(got, want)| got != want);
    match at {
        Some(i) => {
            Fault::new(format!("подпись {}: вышло «{}», ждали «{}»", i + 1, got[i], want[i]))
        }
        None => Fault::new(format!("подписей {}, ждали {}", got.len(), want.len())),
    }
}

/// What may be wrong in a gallery.
#[derive(Clone, Copy, PartialEq)]
enum Idea {
    Right,
    Praised,
    Twice,
    Opposite,
    Plain,
}

const IDEAS: [(Idea, &str); 3] = [
    (Idea::Praised, "Что здесь истина: метки набора или ответы модели?"),
    (Idea::Twice, "Вероятности ближе друг к другу, чем надо: сколько раз взят softmax?"),
    (Idea::Opposite, "Откуда взялся минус перед выходами сети?"),
];

/// A gallery of our own, right but for one idea.
fn drawn(model: &VisionModel, set: &ImageFolder, indices: &[usize], idea: Idea) -> Result<Figure> {
    let softmax = |x: &Tensor| candle_nn::ops::softmax(x, D::Minus1);
    let Batch { x, y } = set.batch(indices)?;
    let logits = model.forward_t(&x, false)?;
    let probs = match idea {
        Idea::Twice => softmax(&softmax(&logits)?)?,
        Idea::Opposite => softmax(&logits.neg()?)?,
        _ => softmax(&logits)?,
    };
    let truth = if idea == Idea::Praised { probs.argmax(1)? } else { y };
    let options = if idea == Idea::Plain { GridOptions::plain() } else { GridOptions::default() };
    gallery(&x, &truth, &probs, set.classes(), &options)
}

/// Four drawn images in a folder of their own, read into memory before the folder is removed.
fn insects(rng: &mut Rng) -> Result<ImageFolder> {
    let name = format!("lab-check-{}-{}", std::process::id(), rng.below(1 << 30));
    let folder = std::env::temp_dir().join(name);
    let counts = Counts { train: [1, 1], val: [2, 2] };
    write(&folder, &counts, rng.below(1000) as u64)?;
    let steps = Compose::new().then(Resize::new(64)).then(CenterCrop::new(64));
    let steps = steps.then(ToTensor).then(Normalize::imagenet());
    let options = FolderOptions { cache_bytes: 1 << 24, ..Default::default() };
    let set = ImageFolder::with_options(folder.join("val"), steps, options);
    let read = set.and_then(|set| set.batch(&[0, 1, 2, 3]).map(|_| set));
    std::fs::remove_dir_all(&folder).ok();
    read
}

/// Sets the head so that the logits of the batch differ by up to 2 either way, with zero mean: both classes are
/// answered, and not all answers are right.
fn sharpen(model: &VisionModel, map: &VarMap, batch: &Batch, rng: &mut Rng) -> Result<()> {
    let features = model.features(&batch.x, false)?.detach(); // (N, C)
    let way = rng.randn((features.dim(1)?, 1), features.device())?; // (C, 1)
    let margins = features.matmul(&way)?; // (N, 1), of class 1 over class 0
    let mean = number(&margins.mean_all()?)?;
    let spread = number(&(&margins - mean)?.abs()?.max_all()?)?;
    let (way, mean) = ((way.t()? * (2.0 / spread))?, mean * 2.0 / spread);
    let none = way.zeros_like()?;
    set(map, model, "weight", &Tensor::cat(&[&none, &way], 0)?)?;
    set(map, model, "bias", &Tensor::new(&[0f32, -mean as f32], features.device())?)?;
    if crate::metrics::accuracy(&model.forward_t(&batch.x, false)?, &batch.y)? == 1.0 {
        set(map, model, "weight", &Tensor::cat(&[&way, &none], 0)?)?;
        set(map, model, "bias", &Tensor::new(&[-mean as f32, 0.0], features.device())?)?;
    }
    Ok(())
}

fn number(x: &Tensor) -> Result<f64> {
    Ok(x.to_dtype(DType::F64)?.to_scalar()?)
}

/// Writes a variable of the head.
fn set(map: &VarMap, model: &VisionModel, name: &str, value: &Tensor) -> Result<()> {
    let name = model.head_prefix() + name;
    let vars = map.data().lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let var = vars.get(&name);
    let var = var.ok_or_else(|| Error::Argument(format!("у модели нет переменной {name}")))?;
    Ok(var.set(value)?)
}

/// The running statistics of all batch norms, which move only in training, in one row.
fn statistics(map: &VarMap) -> Result<Tensor> {
    let vars = map.data().lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut named: Vec<_> = vars.iter().filter(|(name, _)| name.contains(".running_")).collect();
    named.sort_by_key(|(name, _)| name.as_str());
    let rows = named.into_iter().map(|(_, var)| Ok(var.copy()?)).collect::<Result<Vec<_>>>()?;
    Ok(Tensor::cat(&rows, 0)?)
}

#[cfg(test)]
mod tests {
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
    fn under(
        model: &VisionModel,
        set: &ImageFolder,
        indices: &[usize],
        x: &Tensor,
    ) -> Result<Figure> {
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
}
