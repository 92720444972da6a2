//! Transforms of images, those of `torchvision.transforms` on images of PIL.
//!
//! A transform is a struct with public fields; [`Compose`] runs a chain of them and checks it. Randomness
//! comes from a [`crate::Rng`], so an image of a seed is always the same.
//!
//! ```
//! use lab::{Rng, vision::{Image, transforms::*}};
//! let image = Image::new(300, 200, vec![128; 180_000])?;
//! let train = Compose::new()
//!     .then(RandomResizedCrop::new(32))
//!     .then(RandomHorizontalFlip::default())
//!     .then(ToTensor)
//!     .then(Normalize::imagenet());
//! let x = train.tensor(&image, &mut Rng::seed(42))?;
//! assert_eq!(x.dims(), [3, 32, 32]);
//! # Ok::<(), lab::Error>(())
//! ```
//!
//! | name | what it does | in `torchvision.transforms` |
//! |---|---|---|
//! | [`Compose`] | a chain that ends in a tensor | `Compose` |
//! | [`Transform`] | one step of a chain | - |
//! | [`Resize`], [`Size`] | another size | `Resize` |
//! | [`CenterCrop`], [`RandomResizedCrop`] | the middle; a random part | the same |
//! | [`RandomHorizontalFlip`], [`ColorJitter`] | mirrored; other colours | the same |
//! | [`ToTensor`], [`Normalize`] | numbers in `[0, 1]`; less a mean, by a deviation | the same |
//!
//! Each has a file of its own; `color.rs` holds the arithmetic of PIL's `ImageEnhance` and of torchvision's hue.
//! Not here: reading images ([`Image`](crate::vision::Image)), the resizing itself (`vision/resize.rs`). Read next:
//! `compose.rs`.

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
