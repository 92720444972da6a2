//! The paths of several optimizers over one [`Surface`]. Not here: the contour lines (`contours.rs`).

use candle_core::{Device, Var};

use super::Surface;
use super::contours::contours;
use crate::optim::{Optimizer, Rule};
use crate::{Error, Figure, Result};

/// The colours of the paths, in turn.
const COLORS: [&str; 8] = ["blue", "orange", "green", "red", "purple", "brown", "pink", "cyan"];

/// Paths over a surface, made by [`race`].
///
/// ```
/// use lab::optim::Sgd;
/// use lab::train::{Surface, race};
/// let surface = Surface::Quadratic(10.0);
/// let race = race(surface, [1.0, 1.0], &[("SGD", Sgd::lr(0.1).into())], 20)?;
/// let (name, values) = &race.values()[0];
/// assert_eq!((name.as_str(), values[0]), ("SGD", 5.5)); // (1 + 10) / 2
/// assert!(values[20] < 0.1);
/// race.evcxr_display(); // the figure, as a cell shows its last expression
/// assert!(race.figure()?.to_svg()?.contains("SGD"));
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Race {
    /// The surface.
    pub surface: Surface,
    /// The name of each optimizer and its points, the start first. A path that left the finite numbers is shorter.
    pub paths: Vec<(String, Vec<[f64; 2]>)>,
}

/// Lets each rule make `num_steps` steps (at least 1) over `surface` from `start`, in f64.
///
/// # Errors
/// There is no rule, a number of a rule or of the surface is out of range, `start` is not finite, or `num_steps` is 0.
///
/// ```
/// use lab::optim::{Adam, Sgd};
/// use lab::train::{Surface, race};
/// let surface = Surface::Quadratic(25.0);
/// let rules = [("SGD", Sgd::lr(0.03).into()), ("Adam", Adam::lr(0.3).into())];
/// let race = race(surface, surface.start(), &rules, 60)?;
/// assert_eq!(race.paths[0].1.len(), 61);
/// let figure = race.figure()?;
/// # drop(figure);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn race(
    surface: Surface,
    start: [f64; 2],
    rules: &[(&str, Rule)],
    num_steps: usize,
) -> Result<Race> {
    surface.check()?;
    if rules.is_empty() || num_steps == 0 || start.iter().any(|x| !x.is_finite()) {
        return Err(Error::Argument(format!(
            "race: правил {}, num_steps = {num_steps}, start = {start:?}, а нужны хотя бы одно правило, хотя бы один шаг \
             и конечные координаты",
            rules.len()
        )));
    }
    let path = |(name, rule): &(&str, Rule)| {
        Ok((name.to_string(), walk(surface, start, *rule, num_steps)?))
    };
    Ok(Race { surface, paths: rules.iter().map(path).collect::<Result<_>>()? })
}

/// The points of one optimizer.
fn walk(surface: Surface, start: [f64; 2], rule: Rule, num_steps: usize) -> Result<Vec<[f64; 2]>> {
    let var = Var::new(&start, &Device::Cpu)?;
    let mut opt = Optimizer::new(rule, &var)?;
    let mut points = vec![start];
    for _ in 0..num_steps {
        opt.zero_grad();
        opt.backward(&surface.of(&var)?)?;
        opt.step()?;
        let now = var.to_vec1::<f64>()?;
        let now = [now[0], now[1]];
        if !surface.value(now).is_finite() {
            break;
        }
        points.push(now);
    }
    Ok(points)
}

impl Race {
    /// The value of the surface along each path, for a figure of its own.
    pub fn values(&self) -> Vec<(String, Vec<f64>)> {
        let one = |(name, path): &(String, Vec<[f64; 2]>)| {
            (name.clone(), path.iter().map(|&point| self.surface.value(point)).collect())
        };
        self.paths.iter().map(one).collect()
    }

    /// The paths over contour lines of the surface, with the start and the minimum; what leaves the view is cut off.
    ///
    /// # Errors
    /// The figure cannot be drawn.
    pub fn figure(&self) -> Result<Figure> {
        let [x, y] = self.surface.view();
        let (lines_x, lines_y) = contours(self.surface);
        let mut figure = Figure::new()
            .title(self.surface.name())
            .x_label("x")
            .y_label("y")
            .size(720, 560)
            .x_range(x.0, x.1)
            .y_range(y.0, y.1)
            .line(&lines_x, &lines_y)?
            .color("gray")
            .width(0.8)
            .alpha(0.55);
        // In a valley the paths lie upon each other: each is narrower than those below it.
        let widths = (0..self.paths.len()).rev().map(|above| 1.5 + 2.0 * above as f64);
        for (((name, path), color), width) in
            self.paths.iter().zip(COLORS.iter().cycle()).zip(widths)
        {
            let (x, y): (Vec<f64>, Vec<f64>) = path.iter().map(|&[x, y]| (x, y)).unzip();
            figure = figure.line(&x, &y)?.color(color).width(width).label(name);
            if let (Some(x), Some(y)) = (x.last(), y.last()) {
                figure = figure.scatter(&[*x], &[*y])?.color(color).marker_size(width + 5.0);
            }
        }
        let [x, y] = self.surface.minimum();
        figure = figure.scatter(&[x], &[y])?.color("black").marker_size(10.0).label("минимум");
        if let Some(&[x, y]) = self.paths.first().and_then(|(_, path)| path.first()) {
            figure = figure.scatter(&[x], &[y])?.color("gray").marker_size(10.0).label("начало");
        }
        Ok(figure)
    }

    /// Shows the figure as the last expression of a cell.
    pub fn evcxr_display(&self) {
        if let Ok(figure) = self.figure() {
            figure.evcxr_display();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::optim::{Adam, Sgd};

    #[test]
    fn plain_descent_on_a_bowl_is_the_formula() {
        // x and y shrink by (1 - lr) and (1 - 25 lr) a step; at lr = 0.03 that is 0.97 and 0.25.
        let bowl = Surface::Quadratic(25.0);
        let race = race(bowl, [-4.0, 1.5], &[("SGD", Sgd::lr(0.03).into())], 10).unwrap();
        for (step, &[x, y]) in race.paths[0].1.iter().enumerate() {
            assert!((x + 4.0 * 0.97f64.powi(step as i32)).abs() < 1e-12, "{step} {x}");
            assert!((y - 1.5 * 0.25f64.powi(step as i32)).abs() < 1e-12, "{step} {y}");
        }
        assert_eq!(race.values()[0].1[0], bowl.value([-4.0, 1.5]));
    }

    #[test]
    fn adam_finds_the_minima_and_a_wild_path_is_cut() {
        for surface in [Surface::Rosenbrock, Surface::Beale, Surface::Quadratic(25.0)] {
            let rules = [("Adam", Adam::lr(0.05).into()), ("SGD", Sgd::lr(10.0).into())];
            let race = race(surface, surface.start(), &rules, 3000).unwrap();
            let end = *race.paths[0].1.last().unwrap();
            assert!(surface.value(end) < 1e-3, "{surface:?} {end:?}");
            assert!(race.paths[1].1.len() < 3001, "{surface:?} diverges");
            assert!(race.paths[1].1.iter().flatten().all(|x| x.is_finite()));
            race.figure().unwrap().to_svg().unwrap();
        }
    }

    #[test]
    fn wrong_arguments_are_told() {
        let rule = [("SGD", Sgd::lr(0.1).into())];
        let error = |start, rules: &[(&str, Rule)], steps| {
            race(Surface::Beale, start, rules, steps).unwrap_err().to_string()
        };
        assert!(error([0.0, 0.0], &[], 5).contains("правил 0"));
        assert!(error([0.0, 0.0], &rule, 0).contains("num_steps = 0"));
        assert!(error([f64::NAN, 0.0], &rule, 5).contains("NaN"));
        assert!(error([0.0, 0.0], &[("SGD", Sgd::lr(-1.0).into())], 5).contains("lr = -1"));
    }
}
