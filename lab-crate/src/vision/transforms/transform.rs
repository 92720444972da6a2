//! One step of a chain. Not here: the chain (`compose.rs`), the steps themselves (their files).

use super::{
    CenterCrop, ColorJitter, Normalize, RandomHorizontalFlip, RandomResizedCrop, Resize, ToTensor,
};
use crate::vision::view::View;
use crate::{Result, Rng};

/// Any of the transforms; each is turned into it by `into()`, which [`super::Compose::then`] does.
///
/// ```
/// use lab::vision::transforms::{ToTensor, Transform};
/// assert!(matches!(Transform::from(ToTensor), Transform::ToTensor(_)));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Transform {
    /// See [`Resize`].
    Resize(Resize),
    /// See [`CenterCrop`].
    CenterCrop(CenterCrop),
    /// See [`RandomResizedCrop`].
    RandomResizedCrop(RandomResizedCrop),
    /// See [`RandomHorizontalFlip`].
    RandomHorizontalFlip(RandomHorizontalFlip),
    /// See [`ColorJitter`].
    ColorJitter(ColorJitter),
    /// See [`ToTensor`].
    ToTensor(ToTensor),
    /// See [`Normalize`].
    Normalize(Normalize),
}

impl Transform {
    /// Tells a field outside of its range.
    pub(super) fn check(&self) -> Result<()> {
        match self {
            Self::Resize(step) => step.check(),
            Self::CenterCrop(step) => step.check(),
            Self::RandomResizedCrop(step) => step.check(),
            Self::RandomHorizontalFlip(step) => step.check(),
            Self::ColorJitter(step) => step.check(),
            Self::ToTensor(_) => Ok(()),
            Self::Normalize(step) => step.check(),
        }
    }

    /// The image after this step; the steps that make numbers leave it as it is.
    pub(super) fn apply<'a>(&self, view: View<'a>, rng: &mut Rng) -> Result<View<'a>> {
        match self {
            Self::Resize(step) => step.apply(view),
            Self::CenterCrop(step) => step.apply(view),
            Self::RandomResizedCrop(step) => step.apply(view, rng),
            Self::RandomHorizontalFlip(step) => Ok(step.apply(view, rng)),
            Self::ColorJitter(step) => step.apply(view, rng),
            Self::ToTensor(_) | Self::Normalize(_) => Ok(view),
        }
    }

    /// The name for messages.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Resize(_) => "Resize",
            Self::CenterCrop(_) => "CenterCrop",
            Self::RandomResizedCrop(_) => "RandomResizedCrop",
            Self::RandomHorizontalFlip(_) => "RandomHorizontalFlip",
            Self::ColorJitter(_) => "ColorJitter",
            Self::ToTensor(_) => "ToTensor",
            Self::Normalize(_) => "Normalize",
        }
    }
}

impl From<Resize> for Transform {
    fn from(step: Resize) -> Self {
        Self::Resize(step)
    }
}

impl From<CenterCrop> for Transform {
    fn from(step: CenterCrop) -> Self {
        Self::CenterCrop(step)
    }
}

impl From<RandomResizedCrop> for Transform {
    fn from(step: RandomResizedCrop) -> Self {
        Self::RandomResizedCrop(step)
    }
}

impl From<RandomHorizontalFlip> for Transform {
    fn from(step: RandomHorizontalFlip) -> Self {
        Self::RandomHorizontalFlip(step)
    }
}

impl From<ColorJitter> for Transform {
    fn from(step: ColorJitter) -> Self {
        Self::ColorJitter(step)
    }
}

impl From<ToTensor> for Transform {
    fn from(step: ToTensor) -> Self {
        Self::ToTensor(step)
    }
}

impl From<Normalize> for Transform {
    fn from(step: Normalize) -> Self {
        Self::Normalize(step)
    }
}
