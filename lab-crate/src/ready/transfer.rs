//! Ready answers to the tasks of notebook 06. Not here: what a ready answer is (`../ready.rs`). Read next: `../check/transfer/`.

use candle_core::D;
use candle_nn::{ModuleT, VarMap};

use super::USED;
use crate::batches::{Batch, Dataset};
use crate::models::{Trainable, VisionModel};
use crate::optim::Params;
use crate::vision::ImageFolder;
use crate::vision::pictures::{GridOptions, gallery};
use crate::{Figure, Result};

/// Task 6.1.
///
/// # Errors
/// As for [`VisionModel::replace_head`].
///
/// ```
/// use lab::{candle_core::Device, candle_nn::VarMap, models, nn, ready};
/// let map = VarMap::new();
/// let mut model = models::resnet18(1000, nn::var_builder(&map, 42, &Device::Cpu))?;
/// ready::new_head(&mut model, &map, 2, 42)?;
/// assert_eq!(model.num_classes(), 2);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn new_head(
    model: &mut VisionModel,
    map: &VarMap,
    num_classes: usize,
    seed: u64,
) -> Result<()> {
    USED.set(true);
    model.replace_head(num_classes, map, seed)
}

/// Task 6.2.
///
/// # Errors
/// None.
///
/// ```
/// use lab::{candle_core::Device, candle_nn::VarMap, models, nn, ready};
/// let mut model = models::resnet18(2, nn::var_builder(&VarMap::new(), 42, &Device::Cpu))?;
/// assert_eq!(ready::freeze_body(&mut model)?.count(), 1026); // the head: 512 * 2 + 2
/// # Ok::<(), lab::Error>(())
/// ```
pub fn freeze_body(model: &mut VisionModel) -> Result<Params> {
    USED.set(true);
    model.set_trainable(Trainable::Head);
    Ok(model.params())
}

/// Task 6.3.
///
/// # Errors
/// An image cannot be read, or an index is out of range.
///
/// ```
/// use lab::data::standin_insects::{Counts, write};
/// use lab::vision::{ImageFolder, transforms::{Compose, Normalize, Resize, ToTensor}};
/// use lab::{candle_core::Device, candle_nn::VarMap, models, nn, ready};
/// # let root = std::env::temp_dir().join(format!("doc-visualize-{}", std::process::id()));
/// write(&root, &Counts { train: [1, 1], val: [1, 1] }, 42)?;
/// let small = Compose::new().then(Resize::exact(64, 64)).then(ToTensor).then(Normalize::imagenet());
/// let set = ImageFolder::new(root.join("val"), small)?;
/// let model = models::resnet18(2, nn::var_builder(&VarMap::new(), 42, &Device::Cpu))?;
/// assert!(ready::visualize(&model, &set, &[0, 1])?.to_svg()?.contains("ants"));
/// # std::fs::remove_dir_all(&root).ok();
/// # Ok::<(), lab::Error>(())
/// ```
pub fn visualize(model: &VisionModel, set: &ImageFolder, indices: &[usize]) -> Result<Figure> {
    USED.set(true);
    let Batch { x, y } = set.batch(indices)?;
    let outputs = model.forward_t(&x, false)?.detach();
    let probs = candle_nn::ops::softmax(&outputs, D::Minus1)?; // (N, K)
    gallery(&x, &y, &probs, set.classes(), &GridOptions::default())
}
