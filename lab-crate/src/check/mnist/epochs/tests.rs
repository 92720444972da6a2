//! Right and wrong answers to tasks 5.3, 5.6, 5.7.

use super::super::super::verdict::testing::{UNSOLVED, fails, passes, unsolved};
use super::*;

fn per_batch(
    model: &dyn Module,
    digits: &Digits,
    batch_size: usize,
) -> Result<(Vec<f64>, Vec<f64>)> {
    Ok(by_batches(model, digits, batch_size)?.into_iter().unzip())
}

#[test]
fn task_5_3() {
    passes(|| test(|m, d, _| Ok(scores(m, d)?.0)));
    fails(|| test(|_, _, _| unsolved()), UNSOLVED);
    let mean_of_means: Test = |m, d, b| {
        let losses = per_batch(m, d, b)?.0;
        Ok(losses.iter().sum::<f64>() / losses.len() as f64)
    };
    fails(|| test(mean_of_means), "среднее средних");
    fails(|| test(|m, d, _| Ok(scores(m, d)?.0 * d.len() as f64)), "на что её делят");
    fails(
        || test(|m, d, b| Ok(per_batch(m, d, b)?.0.iter().sum::<f64>() / d.len() as f64)),
        "уже средняя",
    );
    fails(|| test(|m, d, b| Ok(per_batch(m, d, b)?.0[0])), "где остальные");
    let lost: Test = |m, d, b| {
        let n = d.len() / b * b;
        Ok(scores(m, &part(d, &(0..n).collect::<Vec<_>>())?)?.0 * n as f64 / d.len() as f64)
    };
    fails(|| test(lost), "короткий пакет потерян");
}

#[test]
fn task_5_7() {
    passes(|| test_with_accuracy(|m, d, _| scores(m, d)));
    fails(|| test_with_accuracy(|_, _, _| unsolved()), UNSOLVED);
    let mean_of_means: TestWithAccuracy = |m, d, b| {
        let (losses, accs) = per_batch(m, d, b)?;
        let n = losses.len() as f64;
        Ok((losses.iter().sum::<f64>() / n, accs.iter().sum::<f64>() / n))
    };
    fails(|| test_with_accuracy(mean_of_means), "среднее средних");
    fails(|| test_with_accuracy(|m, d, _| Ok((scores(m, d)?.0, 0.0))), "Вышел ноль");
    fails(|| test_with_accuracy(|m, d, _| scores(m, d).map(|(l, a)| (a, l))), "ошибка: вышло");
    fails(
        || test_with_accuracy(|m, d, _| Ok((scores(m, d)?.0, scores(m, d)?.1 * 13.0))),
        "на что её делят",
    );
}

/// An epoch as a student would write it, with switches for what may be wrong.
struct Student {
    zero: bool,
    step: bool,
    shuffle: bool,
    late_accuracy: bool,
    late: bool,
    last: bool,
}

const RIGHT: Student = Student {
    zero: true,
    step: true,
    shuffle: true,
    late_accuracy: false,
    late: false,
    last: true,
};

fn epoch(
    how: &Student,
    model: &dyn Module,
    opt: &mut Optimizer,
    digits: &Digits,
    batch_size: usize,
    rng: &mut Rng,
) -> Result<(Vec<f64>, Vec<f64>)> {
    let order = rng.permutation(digits.len());
    let order = if how.shuffle { order } else { (0..digits.len()).collect() };
    let (mut losses, mut accs) = (Vec::new(), Vec::new());
    for chunk in order.chunks(batch_size).filter(|chunk| how.last || chunk.len() == batch_size) {
        let batch = part(digits, chunk)?;
        if how.zero {
            opt.zero_grad();
        }
        let before = scores(model, &batch)?;
        if how.step {
            opt.backward(&loss::nll(&model.forward(&batch.x)?, &batch.y)?)?;
            opt.step()?;
        }
        let after = scores(model, &batch)?;
        losses.push(if how.late { after.0 } else { before.0 });
        accs.push(if how.late || how.late_accuracy { after.1 } else { before.1 });
    }
    Ok((losses, accs))
}

#[test]
fn task_5_6() {
    passes(|| train_with_accuracy(|m, o, d, b, r| epoch(&RIGHT, m, o, d, b, r)));
    fails(|| train_with_accuracy(|_, _, _, _, _| unsolved()), UNSOLVED);
    fails(
        || {
            train_with_accuracy(|m, o, d, b, r| {
                epoch(&Student { zero: false, ..RIGHT }, m, o, d, b, r)
            })
        },
        "где zero_grad",
    );
    fails(
        || {
            train_with_accuracy(|m, o, d, b, r| {
                epoch(&Student { step: false, ..RIGHT }, m, o, d, b, r)
            })
        },
        "вызваны ли backward",
    );
    fails(
        || {
            train_with_accuracy(|m, o, d, b, r| {
                epoch(&Student { shuffle: false, ..RIGHT }, m, o, d, b, r)
            })
        },
        "по порядку",
    );
    fails(
        || {
            train_with_accuracy(|m, o, d, b, r| {
                epoch(&Student { late: true, ..RIGHT }, m, o, d, b, r)
            })
        },
        "после шага",
    );
    fails(
        || {
            train_with_accuracy(|m, o, d, b, r| {
                epoch(&Student { last: false, ..RIGHT }, m, o, d, b, r)
            })
        },
        "последний тоже",
    );
    let swapped: Train = |m, o, d, b, r| epoch(&RIGHT, m, o, d, b, r).map(|(l, a)| (a, l));
    fails(|| train_with_accuracy(swapped), "перепутаны местами");
    fails(
        || {
            train_with_accuracy(|m, o, d, b, r| {
                epoch(&Student { late_accuracy: true, ..RIGHT }, m, o, d, b, r)
            })
        },
        "возьмите тот же output",
    );
}
