//! Seeded randomness: the same seed gives the same numbers on every machine.
//!
//! Not here: candle's own generator, which cannot be seeded on the CPU (so `Tensor::randn`
//! differs from run to run). Read next: `array.rs`.

use candle_core::{Device, Shape, Tensor};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use crate::{Error, Result};

/// A generator of pseudo-random numbers with a seed.
///
/// The stream is ChaCha with 8 rounds (Bernstein, 2008); normal numbers are made by the transform of
/// Box and Muller (1958), shuffles by Fisher and Yates. All of it is portable arithmetic,
/// so results repeat across machines and versions.
///
/// ```
/// use lab::Rng;
/// assert_eq!(Rng::seed(42).permutation(5), Rng::seed(42).permutation(5));
/// ```
#[derive(Clone, Debug)]
pub struct Rng {
    stream: ChaCha8Rng,
    /// The second number of the last pair of Box and Muller.
    spare: Option<f64>,
}

impl Rng {
    /// A generator that starts from `seed`.
    pub fn seed(seed: u64) -> Self {
        Self { stream: ChaCha8Rng::seed_from_u64(seed), spare: None }
    }

    /// A number from the uniform distribution on `[0, 1)`, with 53 random bits.
    ///
    /// ```
    /// let mut rng = lab::Rng::seed(42);
    /// let mean = (0..1000).map(|_| rng.uniform()).sum::<f64>() / 1000.0;
    /// assert!((mean - 0.5).abs() < 0.05);
    /// ```
    pub fn uniform(&mut self) -> f64 {
        (self.stream.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// A number from the standard normal distribution (mean 0, standard deviation 1).
    ///
    /// ```
    /// let mut rng = lab::Rng::seed(42);
    /// let mean = (0..1000).map(|_| rng.normal()).sum::<f64>() / 1000.0;
    /// assert!(mean.abs() < 0.15);
    /// ```
    pub fn normal(&mut self) -> f64 {
        if let Some(number) = self.spare.take() {
            return number;
        }
        // 1 - u lies in (0, 1], so that the logarithm is finite.
        let radius = (-2.0 * libm::log(1.0 - self.uniform())).sqrt();
        let angle = 2.0 * std::f64::consts::PI * self.uniform();
        self.spare = Some(radius * libm::sin(angle));
        radius * libm::cos(angle)
    }

    /// A whole number from `0..bound`, all equally likely; 0 when `bound` is 0.
    ///
    /// ```
    /// let mut rng = lab::Rng::seed(42);
    /// assert!((0..100).all(|_| rng.below(6) < 6));
    /// assert_eq!(rng.below(0), 0);
    /// ```
    pub fn below(&mut self, bound: usize) -> usize {
        // The high half of a 128-bit product (Lemire, 2019, arXiv:1805.10941); its bias is below
        // bound / 2^64, which no sample can show.
        ((u128::from(self.stream.next_u64()) * bound as u128) >> 64) as usize
    }

    /// A tensor of standard normal numbers: f32, of the given shape.
    ///
    /// # Errors
    /// The device refuses the tensor.
    ///
    /// ```
    /// use lab::candle_core::Device;
    /// let x = lab::Rng::seed(0).randn((2, 3), &Device::Cpu)?;
    /// assert_eq!(x.dims(), [2, 3]);
    /// # Ok::<(), lab::Error>(())
    /// ```
    pub fn randn(&mut self, shape: impl Into<Shape>, device: &Device) -> Result<Tensor> {
        let shape = shape.into();
        let numbers: Vec<f32> = (0..shape.elem_count()).map(|_| self.normal() as f32).collect();
        Ok(Tensor::from_vec(numbers, shape, device)?)
    }

    /// A tensor of numbers uniform on `[lo, hi)`: f32, of the given shape.
    ///
    /// # Errors
    /// `lo` or `hi` is not finite, `lo > hi`, or the device refuses the tensor.
    ///
    /// ```
    /// use lab::candle_core::Device;
    /// let x = lab::Rng::seed(0).rand((2, 3), -1.0, 1.0, &Device::Cpu)?;
    /// assert!(x.abs()?.max_all()?.to_scalar::<f32>()? <= 1.0);
    /// assert!(lab::Rng::seed(0).rand(3, 1.0, -1.0, &Device::Cpu).is_err()); // lo > hi
    /// # Ok::<(), lab::Error>(())
    /// ```
    pub fn rand(
        &mut self,
        shape: impl Into<Shape>,
        lo: f64,
        hi: f64,
        device: &Device,
    ) -> Result<Tensor> {
        if !(lo.is_finite() && hi.is_finite() && lo <= hi) {
            return Err(Error::Argument(format!(
                "rand: даны границы от {lo} до {hi}, а нужны конечные числа lo <= hi"
            )));
        }
        let shape = shape.into();
        let one = |rng: &mut Self| (lo + (hi - lo) * rng.uniform()) as f32;
        let numbers: Vec<f32> = (0..shape.elem_count()).map(|_| one(self)).collect();
        Ok(Tensor::from_vec(numbers, shape, device)?)
    }

    /// The numbers `0..n` in random order.
    ///
    /// ```
    /// let mut order = lab::Rng::seed(1).permutation(5);
    /// order.sort();
    /// assert_eq!(order, [0, 1, 2, 3, 4]);
    /// ```
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        self.shuffle(&mut order);
        order
    }

    /// Puts `items` into random order, all orders equally likely.
    ///
    /// ```
    /// let (mut a, mut b) = (["а", "б", "в", "г"], ["а", "б", "в", "г"]);
    /// lab::Rng::seed(7).shuffle(&mut a);
    /// lab::Rng::seed(7).shuffle(&mut b);
    /// assert_eq!(a, b);
    /// ```
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn normal_numbers_have_the_moments_of_their_distribution() {
        let mut rng = Rng::seed(1);
        let numbers: Vec<f64> = (0..100_000).map(|_| rng.normal()).collect();
        let n = numbers.len() as f64;
        let mean = numbers.iter().sum::<f64>() / n;
        let variance = numbers.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
        let beyond_two = numbers.iter().filter(|x| x.abs() > 2.0).count() as f64 / n;
        assert!(mean.abs() < 0.015, "{mean}");
        assert!((variance - 1.0).abs() < 0.02, "{variance}");
        assert!((beyond_two - 0.0455).abs() < 0.003, "{beyond_two}");
    }

    #[test]
    fn a_permutation_holds_every_number_once_and_is_mixed() {
        let order = Rng::seed(7).permutation(1000);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..1000).collect::<Vec<_>>());
        assert_ne!(order, sorted);
    }

    #[test]
    fn every_place_is_equally_likely() {
        let mut rng = Rng::seed(3);
        let mut counts = [0usize; 4];
        for _ in 0..40_000 {
            counts[rng.permutation(4)[0]] += 1;
        }
        assert!(counts.iter().all(|&c| (9_500..10_500).contains(&c)), "{counts:?}");
    }

    #[test]
    fn wrong_bounds_are_told() {
        let error = Rng::seed(0).rand(3, 2.0, 1.0, &Device::Cpu).unwrap_err().to_string();
        assert!(error.contains("от 2 до 1"), "{error}");
    }

    #[test]
    fn uniform_numbers_keep_their_bounds() {
        let x = Rng::seed(5).rand(1000, -2.0, 3.0, &Device::Cpu).unwrap();
        let x = x.to_vec1::<f32>().unwrap();
        assert!(x.iter().all(|&v| (-2.0..=3.0).contains(&v)));
        let mean = x.iter().sum::<f32>() / 1000.0;
        assert!((mean - 0.5).abs() < 0.15, "{mean}");
    }
}
