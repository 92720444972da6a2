//! Functions of two variables on which optimizers are compared. Read next: `race.rs`.

use candle_core::Tensor;

use crate::{Error, Result};

/// A smooth function of `x` and `y` with a known minimum of 0.
///
/// ```
/// use lab::train::Surface;
/// for surface in [Surface::Rosenbrock, Surface::Beale, Surface::Quadratic(25.0)] {
///     assert_eq!(surface.value(surface.minimum()), 0.0);
///     assert!(surface.value(surface.start()) > 0.0, "{}", surface.name());
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Surface {
    /// `(1 - x)^2 + 100 (y - x^2)^2` (Rosenbrock, 1960): a bent narrow valley, minimum at (1, 1).
    Rosenbrock,
    /// `(1.5 - x + xy)^2 + (2.25 - x + xy^2)^2 + (2.625 - x + xy^3)^2` (Beale, 1958): a flat valley, minimum at (3, 0.5).
    Beale,
    /// `(x^2 + k y^2) / 2` with the condition number `k`, 1 or more: a long bowl, minimum at (0, 0).
    Quadratic(f64),
}

impl Surface {
    /// The name with the formula.
    pub fn name(self) -> String {
        match self {
            Self::Rosenbrock => "Функция Розенброка".into(),
            Self::Beale => "Функция Била".into(),
            Self::Quadratic(k) => format!("Вытянутая чаша (x² + {k}·y²) / 2"),
        }
    }

    /// Where the function is least.
    pub fn minimum(self) -> [f64; 2] {
        match self {
            Self::Rosenbrock => [1.0, 1.0],
            Self::Beale => [3.0, 0.5],
            Self::Quadratic(_) => [0.0, 0.0],
        }
    }

    /// A usual place to start from.
    pub fn start(self) -> [f64; 2] {
        match self {
            Self::Rosenbrock => [-1.5, 2.0],
            Self::Beale => [1.0, 1.5],
            Self::Quadratic(_) => [-4.0, 1.5],
        }
    }

    /// The ranges of `x` and `y` that are drawn.
    pub(super) fn view(self) -> [(f64, f64); 2] {
        match self {
            Self::Rosenbrock => [(-2.0, 2.0), (-1.0, 3.0)],
            Self::Beale => [(-0.5, 4.5), (-1.5, 2.0)],
            Self::Quadratic(_) => [(-5.0, 2.0), (-2.0, 2.0)],
        }
    }

    /// The value at a point.
    pub fn value(self, [x, y]: [f64; 2]) -> f64 {
        match self {
            Self::Rosenbrock => (1.0 - x).powi(2) + 100.0 * (y - x * x).powi(2),
            Self::Beale => {
                let part = |c: f64, power: i32| (c - x + x * y.powi(power)).powi(2);
                part(1.5, 1) + part(2.25, 2) + part(2.625, 3)
            }
            Self::Quadratic(k) => (x * x + k * y * y) / 2.0,
        }
    }

    /// The value as a tensor with a gradient: `point` is (2), f64; the result is a scalar.
    pub(super) fn of(self, point: &Tensor) -> Result<Tensor> {
        let (x, y) = (point.get(0)?, point.get(1)?);
        Ok(match self {
            Self::Rosenbrock => {
                let valley = ((y - x.sqr()?)?.sqr()? * 100.0)?;
                ((1.0 - x)?.sqr()? + valley)?
            }
            Self::Beale => {
                let part = |c: f64, power: &Tensor| -> Result<Tensor> {
                    Ok(((c - &x)? + (&x * power)?)?.sqr()?)
                };
                let (square, cube) = (y.sqr()?, (y.sqr()? * &y)?);
                ((part(1.5, &y)? + part(2.25, &square)?)? + part(2.625, &cube)?)?
            }
            Self::Quadratic(k) => ((x.sqr()? + (y.sqr()? * k)?)? * 0.5)?,
        })
    }

    pub(super) fn check(self) -> Result<()> {
        match self {
            Self::Quadratic(k) if !(k.is_finite() && k >= 1.0) => Err(Error::Argument(format!(
                "Surface::Quadratic({k}): нужно конечное число обусловленности не меньше 1, например 25"
            ))),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::nn::{GradCheck, grad_check};
    use candle_core::{Device, Var};

    const ALL: [Surface; 3] = [Surface::Rosenbrock, Surface::Beale, Surface::Quadratic(25.0)];

    #[test]
    fn both_forms_agree_and_the_minimum_is_0() {
        for surface in ALL {
            assert_eq!(surface.value(surface.minimum()), 0.0, "{surface:?}");
            for point in [surface.start(), [0.3, -0.7], [-1.0, 2.0]] {
                let var = Var::new(&point, &Device::Cpu).unwrap();
                let tensor = surface.of(&var).unwrap().to_scalar::<f64>().unwrap();
                let value = surface.value(point);
                assert!((tensor / value - 1.0).abs() < 1e-12, "{surface:?} {tensor} {value}");
                grad_check(|| surface.of(&var), &[("p", &var)], GradCheck::default()).unwrap();
            }
        }
        // By hand: 25 + 100 (2 - 16)^2 ... at (-4, 2): (1 + 4)^2 + 100 (2 - 16)^2 = 25 + 19600.
        assert_eq!(Surface::Rosenbrock.value([-4.0, 2.0]), 19625.0);
        // At (1, 1.5): 2^2 + 3.5^2 + 5^2.
        assert_eq!(Surface::Beale.value([1.0, 1.5]), 41.25);
        assert_eq!(Surface::Quadratic(25.0).value([2.0, 1.0]), 14.5);
    }

    #[test]
    fn a_wrong_condition_number_is_told() {
        for bad in [0.5, f64::NAN, f64::INFINITY] {
            let error = Surface::Quadratic(bad).check().unwrap_err().to_string();
            assert!(error.contains(&format!("Quadratic({bad})")), "{error}");
        }
    }
}
