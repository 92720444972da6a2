//! Transforms of images, those of `torchvision.transforms` on images of PIL.
//!
//! A transform is a struct with public fields; [`Compose`] runs a chain of them and checks it. Randomness
//! comes from a [`crate::Rng`], so an image of a seed is always the same. Read next: `compose.rs`.
//!
//! | file | what it holds |
//! |---|---|
//! | `compose.rs` | [`Compose`]: a chain that ends in a tensor |
//! | `transform.rs` | [`Transform`]: one step of a chain |
//! | `resize.rs` | [`Resize`], [`Size`] |
//! | `center_crop.rs` | [`CenterCrop`] |
//! | `random_resized_crop.rs` | [`RandomResizedCrop`] |
//! | `flip.rs` | [`RandomHorizontalFlip`] |
//! | `color_jitter.rs` | [`ColorJitter`] |
//! | `color.rs` | the arithmetic of PIL's `ImageEnhance` and of torchvision's hue |
//! | `normalize.rs` | [`ToTensor`], [`Normalize`] |

mod center_crop;
mod color;
mod color_jitter;
mod compose;
mod flip;
mod normalize;
mod random_resized_crop;
mod resize;
mod transform;

pub use center_crop::CenterCrop;
pub use color_jitter::ColorJitter;
pub use compose::Compose;
pub(super) use compose::Ready;
pub use flip::RandomHorizontalFlip;
pub use normalize::{Normalize, ToTensor};
pub use random_resized_crop::RandomResizedCrop;
pub use resize::{Resize, Size};
pub use transform::Transform;

use crate::{Error, Result};

/// The largest side that a transform may make.
const MAX_SIDE: usize = 1 << 15;

/// Tells a side of an image that is not in `1..=MAX_SIDE`.
fn check_side(name: &str, side: usize) -> Result<()> {
    if (1..=MAX_SIDE).contains(&side) {
        return Ok(());
    }
    Err(Error::Argument(format!("{name}: дана сторона {side}, а нужно число от 1 до {MAX_SIDE}")))
}

/// Tells bounds that are not finite numbers `least <= low <= high`.
fn check_range(name: &str, (low, high): (f64, f64), least: f64) -> Result<()> {
    if low.is_finite() && high.is_finite() && least <= low && low <= high {
        return Ok(());
    }
    Err(Error::Argument(format!(
        "{name} = ({low}, {high}), а нужны числа от {least}, первое не больше второго"
    )))
}

/// A number from the uniform distribution on `[low, high)`.
fn uniform(rng: &mut crate::Rng, (low, high): (f64, f64)) -> f64 {
    low + (high - low) * rng.uniform()
}
