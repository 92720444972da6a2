//! Networks for images: ResNet and EfficientNet-Lite0, with the names and numbers of the published ones.
//!
//! ```
//! use lab::{models::{self, Trainable}, prelude::*};
//! let map = VarMap::new();
//! let mut model = models::resnet18(1000, nn::var_builder(&map, 42, &Device::Cpu))?;
//! // lab::weights::pretrained("resnet18")?.load_into(&map)?; where the file is here
//! model.replace_head(2, &map, 42)?; // model.fc = nn.Linear(512, 2)
//! model.set_trainable(Trainable::Head);
//! assert_eq!(model.params().count(), 1026);
//! let images = Rng::seed(1).randn((1, 3, 64, 64), &Device::Cpu)?;
//! assert_eq!(model.forward_t(&images, false)?.dims(), [1, 2]);
//! # Ok::<(), lab::Error>(())
//! ```
//!
//! | name | what it is | in Python |
//! |---|---|---|
//! | [`resnet18`], [`resnet34`], [`resnet50`] | networks with shortcuts | `torchvision.models` |
//! | [`efficientnet_lite0`] | inverted bottlenecks, small and fast | package `efficientnet-lite-pytorch` |
//! | [`list`], [`create`] | the names of all; the one of a name | `list_models`, `get_model` of torchvision |
//! | [`VisionModel`] | blocks, pooling, head | `nn.Module` |
//! | [`Trainable`] | what of it is trained | `requires_grad` |
//! | [`VisionModel::named_modules`], [`NamedModule`] | the list of its layers | `named_modules()`, `print(model)` |
//!
//! | file | what it holds |
//! |---|---|
//! | `vision_model.rs`, `module_list.rs` | [`VisionModel`]; the list of its layers |
//! | `resnet.rs`, `efficientnet.rs` | the networks |
//! | `block.rs`, `unit.rs` | convolutions with a shortcut around them; one with batch norm and an activation |
//!
//! Not here: layers ([`nn`](crate::nn)), published weights ([`weights`](crate::weights)), training
//! ([`train`](crate::train), [`train_model`](crate::vision::train_model)). Read next: `vision_model.rs`, then `resnet.rs`.

mod block;
mod efficientnet;
mod module_list;
mod resnet;
#[cfg(test)]
mod tests;
mod unit;
mod vision_model;

pub use efficientnet::efficientnet_lite0;
pub use module_list::NamedModule;
pub use resnet::{resnet18, resnet34, resnet50};
pub use vision_model::{Trainable, VisionModel};

use candle_nn::VarBuilder;

use crate::{Error, Result};

/// Makes a model with a number of classes.
type Make = fn(usize, VarBuilder) -> Result<VisionModel>;

/// All models by name.
const MODELS: [(&str, Make); 4] = [
    ("efficientnet-lite0", efficientnet_lite0),
    ("resnet18", resnet18),
    ("resnet34", resnet34),
    ("resnet50", resnet50),
];

/// The names of all models (as `torchvision.models.list_models`).
///
/// ```
/// assert!(lab::models::list().contains(&"resnet18"));
/// ```
pub fn list() -> Vec<&'static str> {
    MODELS.iter().map(|(name, _)| *name).collect()
}

/// The model with this name (as `torchvision.models.get_model`), for `num_classes` classes, with the variables of `vb`.
///
/// # Errors
/// There is no such model, `num_classes` is 0, or `vb` holds variables of another shape.
///
/// ```
/// use lab::{candle_core::Device, candle_nn::VarMap, models, nn};
/// let vb = nn::var_builder(&VarMap::new(), 42, &Device::Cpu);
/// let model = models::create("efficientnet-lite0", 2, vb)?;
/// assert_eq!(model.name(), "efficientnet-lite0");
/// # Ok::<(), lab::Error>(())
/// ```
pub fn create(name: &str, num_classes: usize, vb: VarBuilder) -> Result<VisionModel> {
    match MODELS.iter().find(|(known, _)| *known == name) {
        Some((_, make)) => make(num_classes, vb),
        None => Err(Error::Argument(format!(
            "models::create: нет модели «{name}»; есть: {}",
            list().join(", ")
        ))),
    }
}
