//! Networks for images: ResNet and EfficientNet-Lite0, with the names and numbers of the published ones.
//!
//! Not here: layers (`nn/`), published weights (`weights/`), training (`train/`). Read next: `vision_model.rs`, then
//! `resnet.rs`.
//!
//! | file | what it holds |
//! |---|---|
//! | `vision_model.rs` | [`VisionModel`]: blocks, pooling, head; what of it is trained |
//! | `module_list.rs` | [`NamedModule`]: the list of its layers |
//! | `resnet.rs` | [`resnet18`], [`resnet34`], [`resnet50`] |
//! | `efficientnet.rs` | [`efficientnet_lite0`] |
//! | `block.rs` | several convolutions with a shortcut around them |
//! | `unit.rs` | one convolution with batch norm and an activation |

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
