//! Tasks 6.1, 6.2: a new head, and training it alone.

use candle_core::{Device, Tensor};
use candle_nn::VarMap;

use super::super::compare::same;
use super::super::fault::{Fault, Judgement, ensure};
use super::super::verdict::run;
use crate::models::{self, VisionModel};
use crate::optim::Params;
use crate::{Result, Rng, nn};

/// A head as a student puts it on: model, its variables, classes, seed.
type NewHead = fn(&mut VisionModel, &VarMap, usize, u64) -> Result<()>;

/// Task 6.1: a new head for `num_classes` classes with initial values from `seed`; all other weights stay.
///
/// # Errors
/// [`crate::Error::Check`] when the answer is wrong.
///
/// ```
/// use lab::prelude::*;
/// check::new_head(|model, map, num_classes, seed| model.replace_head(num_classes, map, seed))?; // «6.1 ✓»
/// assert!(check::new_head(|_, _, _, _| Ok(())).is_err()); // the old head is still there
/// # Ok::<(), lab::Error>(())
/// ```
pub fn new_head(f: NewHead) -> Result<()> {
    run("6.1", |rng| {
        let (mut model, map) = small_model(rng, 5)?;
        let (n, seed) = (3 + rng.below(2), rng.below(1000) as u64);
        let body = body(&model)?;
        f(&mut model, &map, n, seed)?;
        let got = model.num_classes();
        ensure(got == n, format!("просили классов {n}, стало {got}")).map_err(|fault| {
            fault.asking("Откуда берётся число классов: из аргумента или из кода?")
        })?;
        same(&self::body(&model)?, &body, 0.0).map_err(|_| {
            Fault::new("изменились и другие веса")
                .asking("Что нужно заменить: модель или её голову?")
        })?;
        let first = head(&model)?;
        f(&mut model, &map, n, seed)?;
        same(&head(&model)?, &first, 0.0).map_err(|_| {
            Fault::new("с тем же начальным числом голова вышла другой")
                .asking("Какое seed передано в replace_head?")
        })?;
        f(&mut model, &map, n, seed + 1)?;
        let is_same = same(&head(&model)?, &first, 0.0).is_ok();
        ensure(!is_same, "с другим начальным числом голова вышла той же")
            .map_err(|fault| fault.asking("Какое seed передано в replace_head?"))
    })
}

/// EfficientNet-Lite0 without pretrained weights, which is the smallest of the list.
pub(super) fn small_model(rng: &mut Rng, num_classes: usize) -> Result<(VisionModel, VarMap)> {
    let map = VarMap::new();
    let vb = nn::var_builder(&map, rng.below(1000) as u64, &Device::Cpu);
    Ok((models::create("efficientnet-lite0", num_classes, vb)?, map))
}

/// All weights but the head's, in one row.
fn body(model: &VisionModel) -> Result<Tensor> {
    let (params, head) = (model.params(), model.head_prefix());
    let of_body = params.iter().filter(|(name, _)| !name.starts_with(&head));
    let rows = of_body.map(|(_, var)| Ok(var.flatten_all()?.copy()?));
    Ok(Tensor::cat(&rows.collect::<Result<Vec<Tensor>>>()?, 0)?)
}

fn head(model: &VisionModel) -> Result<Tensor> {
    Ok(model.head().weight().copy()?)
}

/// Task 6.2: only the head is trained; the parameters that are.
///
/// # Errors
/// [`crate::Error::Check`] when the answer is wrong.
///
/// ```
/// use lab::{models::Trainable, prelude::*};
/// check::freeze_body(|model| {
///     model.set_trainable(Trainable::Head);
///     Ok(model.params())
/// })?; // prints «6.2 ✓»
/// assert!(check::freeze_body(|model| Ok(model.params())).is_err()); // everything is trained
/// # Ok::<(), lab::Error>(())
/// ```
pub fn freeze_body(f: fn(&mut VisionModel) -> Result<Params>) -> Result<()> {
    run("6.2", |rng| {
        let (mut model, _map) = small_model(rng, 2)?;
        let all = model.params().len();
        let params = f(&mut model)?;
        let frozen = model.params().len();
        if params.len() == 2 && frozen > 2 {
            return Err(Fault::new("список верен, но тело не заморожено")
                .asking("Кто скажет модели, что градиенты тела считать не нужно?"));
        }
        let fault = Fault::new(format!("в списке параметров {}, ждали 2", params.len()));
        match params.len() {
            2 => only_head(&params, &model),
            n if n == all && frozen == 2 => {
                Err(fault.asking("Список взят до заморозки; что изменится после неё?"))
            }
            n if n == all => Err(fault.asking("Обучается всё; что выбирает set_trainable?")),
            0 => Err(fault.asking("А голова? Её-то и надо учить")),
            _ => Err(fault.asking("Обучается больше, чем голова; какой вариант Trainable нужен?")),
        }
    })
}

fn only_head(params: &Params, model: &VisionModel) -> Judgement {
    let head = [model.head().weight().id(), model.head().bias().id()];
    let is_heads = params.iter().all(|(_, var)| head.contains(&var.as_tensor().id()));
    ensure(is_heads, "в списке не параметры головы этой модели")
        .map_err(|fault| fault.asking("Какой слой последний: тот, что отвечает классами?"))
}

#[cfg(test)]
mod tests {
    use super::super::super::verdict::testing::{UNSOLVED, fails_on, passes_on, unsolved};
    use super::*;
    use crate::models::Trainable;

    #[test]
    fn task_6_1() {
        passes_on(3, || new_head(|model, map, n, seed| model.replace_head(n, map, seed)));
        fails_on(1, || new_head(|_, _, _, _| unsolved()), UNSOLVED);
        fails_on(
            2,
            || new_head(|model, map, _, seed| model.replace_head(2, map, seed)),
            "из аргумента",
        );
        fails_on(2, || new_head(|_, _, _, _| Ok(())), "стало 5");
        fails_on(
            2,
            || new_head(|model, map, n, _| model.replace_head(n, map, 7)),
            "с другим начальным",
        );
        let whole: NewHead = |model, map, n, seed| {
            *model = models::create(
                model.name(),
                n,
                nn::var_builder(&VarMap::new(), seed, &Device::Cpu),
            )?;
            model.replace_head(n, map, seed).or(Ok(()))
        };
        fails_on(2, || new_head(whole), "изменились и другие веса");
        let spoilt: NewHead = |model, map, n, seed| {
            model.replace_head(n, map, seed)?;
            match model.params().iter().nth(7) {
                Some((_, var)) => Ok(var.set(&var.zeros_like()?)?),
                None => Ok(()),
            }
        };
        fails_on(1, || new_head(spoilt), "изменились и другие веса");
    }

    #[test]
    fn task_6_2() {
        let set = |model: &mut VisionModel, part| {
            model.set_trainable(part);
            model.params()
        };
        let (mut model, _map) = small_model(&mut Rng::seed(1), 2).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(set(&mut model, Trainable::Head).len(), 2);
        passes_on(2, || {
            freeze_body(|model| {
                model.set_trainable(Trainable::Head);
                Ok(model.params())
            })
        });
        fails_on(1, || freeze_body(|_| unsolved()), UNSOLVED);
        fails_on(1, || freeze_body(|model| Ok(model.params())), "Обучается всё");
        let early: fn(&mut VisionModel) -> Result<Params> = |model| {
            let params = model.params();
            model.set_trainable(Trainable::Head);
            Ok(params)
        };
        fails_on(1, || freeze_body(early), "до заморозки");
        let block: fn(&mut VisionModel) -> Result<Params> = |model| {
            model.set_trainable(Trainable::LastBlock);
            Ok(model.params())
        };
        fails_on(1, || freeze_body(block), "больше, чем голова");
        let list_only: fn(&mut VisionModel) -> Result<Params> = |model| {
            let prefix = model.head_prefix();
            let all = model.params();
            let of_head = all.iter().filter(|(name, _)| name.starts_with(&prefix));
            Ok(Params::from(of_head.map(|(n, v)| (n.to_owned(), v.clone())).collect::<Vec<_>>()))
        };
        fails_on(1, || freeze_body(list_only), "тело не заморожено");
        let copies: fn(&mut VisionModel) -> Result<Params> = |model| {
            model.set_trainable(Trainable::Head);
            let copy = |(name, var): (&str, &candle_core::Var)| {
                Ok((name.to_owned(), candle_core::Var::from_tensor(&var.copy()?)?))
            };
            Ok(Params::from(model.params().iter().map(copy).collect::<Result<Vec<_>>>()?))
        };
        fails_on(1, || freeze_body(copies), "не параметры головы этой модели");
    }
}
