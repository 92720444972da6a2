//! Task 5.4: the figure of a training.

use super::super::fault::{Fault, Judgement, ensure};
use super::super::verdict::run;
use crate::{Figure, Result};

type Plot = fn(&[f64], &[f64], &str) -> Result<Figure>;
type Points = Vec<(f64, f64)>;

/// Task 5.4: a line through the losses of the steps 1, 2, …, and the losses of the epochs as points over
/// the steps after which they were measured; with a title.
///
/// # Errors
/// [`crate::Error::Check`] when the answer is wrong.
///
/// ```
/// use lab::prelude::*;
/// check::plot_history(|train, val, title| {
///     let steps: Vec<f64> = (1..=train.len()).map(|i| i as f64).collect();
///     let epoch = (train.len() / val.len()) as f64;
///     let ends: Vec<f64> = (1..=val.len()).map(|k| k as f64 * epoch).collect();
///     Figure::new().title(title).line(&steps, train)?.scatter(&ends, val)
/// })?; // prints «5.4 ✓»
/// assert!(check::plot_history(|train, _, title| Figure::new().title(title).line(train, train)).is_err());
/// # Ok::<(), lab::Error>(())
/// ```
pub fn plot_history(f: Plot) -> Result<()> {
    run("5.4", |rng| {
        let (epochs, steps) = (2 + rng.below(3), 2 + rng.below(4));
        let mut draw = |n: usize| -> Vec<f64> { (0..n).map(|_| rng.uniform()).collect() };
        let (train, val) = (draw(epochs * steps), draw(epochs));
        let figure = f(&train, &val, "точность 7")?;
        let title = figure.title_text().unwrap_or_default();
        ensure(title == "точность 7", format!("заголовок рисунка «{title}», ждали «точность 7»"))?;
        let [lines, points] = [figure.lines(), figure.scatters()];
        line(&lines, &train)?;
        marks(&points, &lines, &val, steps)
    })
}

fn line(lines: &[Points], train: &[f64]) -> Judgement {
    let from = |first: usize| -> Points {
        train.iter().enumerate().map(|(i, &loss)| ((first + i) as f64, loss)).collect()
    };
    if lines.contains(&from(1)) {
        return Ok(());
    }
    let fault = match lines {
        [] => return Err(Fault::new("на рисунке нет линии обучения").asking("Её рисует .line(…)")),
        [line, ..] => Fault::new(format!(
            "линия из {} точек начинается в {:?}, ждали {} точек от {:?}",
            line.len(),
            line.first(),
            train.len(),
            from(1).first()
        )),
    };
    Err(if lines.contains(&from(0)) {
        fault.asking("На каком шаге записано train_history[0]: на нулевом или на первом?")
    } else {
        fault.asking("Что откладывают по x, а что по y?")
    })
}

fn marks(points: &[Points], lines: &[Points], val: &[f64], steps: usize) -> Judgement {
    let at = |place: &dyn Fn(usize) -> f64| -> Points {
        val.iter().enumerate().map(|(k, &loss)| (place(k), loss)).collect()
    };
    let want = at(&|k| ((k + 1) * steps) as f64);
    let is_same = |points: &Points, want: &Points| {
        points.len() == want.len()
            && points.iter().zip(want).all(|(a, b)| (a.0 - b.0).abs() < 1e-9 && a.1 == b.1)
    };
    let is_there = |want: &Points| points.iter().any(|points| is_same(points, want));
    if is_there(&want) {
        return Ok(());
    }
    let Some(first) = points.first() else {
        let drawn = lines.iter().any(|line| is_same(line, &want));
        let question = if drawn {
            "Они соединены линией; а просили точки"
        } else {
            "Их рисует .scatter(…)"
        };
        return Err(Fault::new("на рисунке нет точек проверки").asking(question));
    };
    let fault = Fault::new(format!(
        "точки проверки стоят над шагами {:?}, ждали {:?}",
        first.iter().map(|point| point.0).collect::<Vec<_>>(),
        want.iter().map(|point| point.0).collect::<Vec<_>>()
    ));
    Err(if is_there(&at(&|k| k as f64)) || is_there(&at(&|k| (k + 1) as f64)) {
        fault.asking("Это номера эпох; а сколько шагов сделано к концу каждой?")
    } else if is_there(&at(&|k| (k * steps) as f64)) {
        fault.asking("Проверка идёт в конце эпохи или в начале?")
    } else {
        fault.asking("Сколько шагов в одной эпохе?")
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::verdict::testing::{UNSOLVED, fails, passes, unsolved};
    use super::*;

    /// A figure whose line starts at step `first` and whose point `k` stands at `place(k, steps)`.
    fn draw(
        train: &[f64],
        val: &[f64],
        title: &str,
        first: usize,
        place: fn(usize, usize) -> usize,
    ) -> Result<Figure> {
        let steps: Vec<f64> = (0..train.len()).map(|i| (first + i) as f64).collect();
        let one = train.len() / val.len();
        let marks: Vec<f64> = (0..val.len()).map(|k| place(k, one) as f64).collect();
        Figure::new().title(title).line(&steps, train)?.scatter(&marks, val)
    }

    #[test]
    fn task_5_4() {
        passes(|| plot_history(|t, v, title| draw(t, v, title, 1, |k, one| (k + 1) * one)));
        fails(|| plot_history(|_, _, _| unsolved()), UNSOLVED);
        fails(
            || plot_history(|t, v, title| draw(t, v, title, 0, |k, one| (k + 1) * one)),
            "на нулевом или",
        );
        fails(|| plot_history(|t, v, title| draw(t, v, title, 1, |k, _| k + 1)), "номера эпох");
        fails(|| plot_history(|t, v, title| draw(t, v, title, 1, |k, one| k * one)), "в начале?");
        fails(
            || plot_history(|t, v, _| draw(t, v, "loss", 1, |k, one| (k + 1) * one)),
            "заголовок",
        );
        fails(
            || plot_history(|t, v, title| Figure::new().title(title).scatter(t, v)),
            "вместо ответа",
        );
        fails(|| plot_history(|_, _, title| Ok(Figure::new().title(title))), "нет линии обучения");
        let no_points: Plot = |t, _, title| {
            let steps: Vec<f64> = (1..=t.len()).map(|i| i as f64).collect();
            Figure::new().title(title).line(&steps, t)
        };
        fails(|| plot_history(no_points), "нет точек проверки");
    }
}
