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
mod tests;
