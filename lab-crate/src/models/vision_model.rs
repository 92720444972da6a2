//! A network that classifies images: blocks, the mean over the image, a linear head.
//!
//! Shapes: `N` images `(N, 3, H, W)`, `C` channels of the last map, `K` classes. Not here: which blocks (`resnet.rs`,
//! `efficientnet.rs`), the list of layers (`module_list.rs`). Read next: `block.rs`.

use std::sync::PoisonError;

use candle_core::{Module, ModuleT, Tensor};
use candle_nn::VarMap;

use super::block::Block;
use crate::nn::{self, Dropout, Linear, MaxPool2d};
use crate::optim::Params;
use crate::{Error, Result, ops};

/// Which part of a model is trained; the rest is frozen: it gets no gradients and costs no backward pass.
///
/// ```
/// use lab::{candle_core::Device, candle_nn::VarMap, models::{self, Trainable}, nn};
/// let mut model = models::resnet18(2, nn::var_builder(&VarMap::new(), 42, &Device::Cpu))?;
/// let mut count = |part| {
///     model.set_trainable(part);
///     model.params().count()
/// };
/// assert_eq!(count(Trainable::Head), 1026); // 512 * 2 + 2
/// assert!(count(Trainable::Head) < count(Trainable::LastBlock));
/// assert_eq!(count(Trainable::All), 11_177_538);
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trainable {
    /// The head only (as `requires_grad = False` on all else).
    Head,
    /// The last stage and the head: `layer4` of ResNet; the last block and the 1x1 convolution of EfficientNet.
    LastBlock,
    /// Everything.
    All,
}

/// A network that classifies images `(N, 3, H, W)`, made by [`resnet18`](super::resnet18) and its like.
///
/// It is a `ModuleT`: `model.forward_t(&images, train)?` gives logits `(N, K)`. Images are f32, of any size from 32,
/// normalized with the mean and standard deviation of ImageNet when the weights are published ones. With `train`, batch
/// norm takes the statistics of the batch and moves the running ones, also in a frozen part (as in PyTorch);
/// `train = false` keeps them.
///
/// ```
/// use lab::prelude::*;
/// use lab::models::{self, Trainable};
/// let map = VarMap::new();
/// let mut model = models::resnet18(1000, nn::var_builder(&map, 42, &Device::Cpu))?;
/// // weights::pretrained("resnet18")?.load_into(&map)?;
/// model.replace_head(2, &map, 42)?; // model.fc = nn.Linear(512, 2)
/// model.set_trainable(Trainable::Head);
/// let mut opt = Optimizer::new(Sgd { momentum: 0.9, ..Sgd::lr(0.001) }, model.params())?;
/// let images = Tensor::zeros((4, 3, 64, 64), DType::F32, &Device::Cpu)?;
/// let features = model.features(&images, false)?; // (4, 512), computed once for a frozen body
/// assert_eq!(model.head().forward(&features)?.dims(), [4, 2]);
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Debug)]
pub struct VisionModel {
    pub(super) name: &'static str,
    /// The path of the model's variables in the map; usually empty.
    pub(super) prefix: String,
    pub(super) blocks: Vec<Block>,
    /// The pooling after the first block.
    pub(super) max_pool: Option<MaxPool2d>,
    /// Where the last stage begins in `blocks`.
    pub(super) last_stage: usize,
    pub(super) dropout: Option<Dropout>,
    pub(super) head_name: &'static str,
    pub(super) head: Linear,
    pub(super) trainable: Trainable,
}

impl VisionModel {
    /// The model's name in [`list`](super::list).
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The last map of the blocks: images `(N, 3, H, W)`, result `(N, C, h, w)`; for 224 pixels h and w are 7.
    ///
    /// # Errors
    /// The images have another shape or dtype, or are too small.
    pub fn feature_map(&self, images: &Tensor, train: bool) -> Result<Tensor> {
        if images.rank() != 4 || images.dim(1)? != 3 {
            return Err(Error::Argument(format!(
                "{}: вход имеет форму {:?}, а нужны изображения (N, 3, H, W); одно изображение (3, H, W): \
                 image.unsqueeze(0)?",
                self.name,
                images.dims()
            )));
        }
        let mut map = images.clone();
        for (i, block) in self.blocks.iter().enumerate() {
            map = block.forward(&map, train)?;
            if let Some(pool) = self.max_pool.filter(|_| i == 0) {
                map = pool.forward(&map)?;
            }
        }
        Ok(map)
    }

    /// What goes into the head: images `(N, 3, H, W)`, result `(N, C)`, the means of the last map.
    ///
    /// With a frozen body and `train = false` they can be computed once and trained on in every epoch.
    ///
    /// # Errors
    /// As for [`VisionModel::feature_map`].
    pub fn features(&self, images: &Tensor, train: bool) -> Result<Tensor> {
        pooled(&self.feature_map(images, train)?)
    }

    /// Logits from the last map: `(N, C, h, w)` to `(N, K)`; the second half of the forward pass, for Grad-CAM.
    ///
    /// # Errors
    /// The map has another shape or dtype.
    ///
    /// ```
    /// use lab::{Rng, candle_core::Device, candle_nn::VarMap, models, nn};
    /// let model = models::resnet18(10, nn::var_builder(&VarMap::new(), 42, &Device::Cpu))?;
    /// let map = model.feature_map(&Rng::seed(1).randn((1, 3, 64, 64), &Device::Cpu)?, false)?;
    /// assert_eq!(map.dims(), [1, 512, 2, 2]);
    /// assert_eq!(model.forward_map(&map, false)?.dims(), [1, 10]);
    /// # Ok::<(), lab::Error>(())
    /// ```
    pub fn forward_map(&self, map: &Tensor, train: bool) -> Result<Tensor> {
        let features = pooled(map)?; // (N, C)
        let features = match &self.dropout {
            Some(dropout) => dropout.forward_t(&features, train)?,
            None => features,
        };
        Ok(self.head.forward(&features)?)
    }

    /// The linear layer at the end: features `(N, C)` to logits `(N, K)`.
    pub fn head(&self) -> &Linear {
        &self.head
    }

    /// The number of classes `K`.
    pub fn num_classes(&self) -> usize {
        self.head.bias().elem_count()
    }

    /// The start of the names of the head's variables, `fc.` or `_fc.`: what `Weights::load_except` leaves out.
    ///
    /// ```
    /// use lab::{candle_core::Device, candle_nn::VarMap, models, nn};
    /// let model = models::resnet18(10, nn::var_builder(&VarMap::new(), 42, &Device::Cpu))?;
    /// assert_eq!((model.name(), model.num_classes()), ("resnet18", 10));
    /// assert_eq!(model.head_prefix(), "fc.");
    /// # Ok::<(), lab::Error>(())
    /// ```
    pub fn head_prefix(&self) -> String {
        self.path(self.head_name) + "."
    }

    /// Puts a new head for `num_classes` classes in the place of the old one, also in `map`, which holds the model's
    /// variables (as `model.fc = nn.Linear(512, 2)`); initial values come from `seed`.
    ///
    /// An optimizer made before keeps the old variables: make it after this.
    ///
    /// # Errors
    /// `num_classes` is 0, or `map` is not the one of this model; then nothing is changed.
    pub fn replace_head(&mut self, num_classes: usize, map: &VarMap, seed: u64) -> Result<()> {
        let (old, path) = (self.head.weight(), self.path(self.head_name));
        let names = ["weight", "bias"].map(|name| format!("{path}.{name}"));
        let own = map.data().lock().unwrap_or_else(PoisonError::into_inner).get(&names[0]).cloned();
        if own.is_none_or(|var| var.as_tensor().id() != old.id()) {
            return Err(Error::Argument(format!(
                "replace_head: в map нет переменной {} этой модели; передайте тот VarMap, из которого сделан vb модели",
                names[0]
            )));
        }
        let fresh = VarMap::new();
        let vb = nn::var_builder(&fresh, seed, old.device()).set_dtype(old.dtype());
        self.head = nn::linear(old.dim(1)?, num_classes, vb.pp(&path))?;
        let mut made = fresh.data().lock().unwrap_or_else(PoisonError::into_inner);
        map.data().lock().unwrap_or_else(PoisonError::into_inner).extend(made.drain());
        Ok(())
    }

    /// Chooses what is trained; at first it is everything. The head always is.
    pub fn set_trainable(&mut self, part: Trainable) {
        self.trainable = part;
        let start = self.first_trained();
        for (i, block) in self.blocks.iter_mut().enumerate() {
            block.set_trainable(i >= start);
        }
    }

    /// The parameters that are trained, with their names, in order of the layers: what the optimizer needs.
    pub fn params(&self) -> Params {
        let modules = self.modules().into_iter().filter(|module| module.info.trainable);
        let named = modules.flat_map(|module| {
            let path = self.path(&module.info.path);
            module.tensors.into_iter().map(move |(name, var)| (format!("{path}.{name}"), var))
        });
        Params::from(named.collect::<Vec<_>>())
    }

    /// The number of the first block that is trained.
    pub(super) fn first_trained(&self) -> usize {
        match self.trainable {
            Trainable::Head => self.blocks.len(),
            Trainable::LastBlock => self.last_stage,
            Trainable::All => 0,
        }
    }

    /// A name of the model with the path of the model before it.
    fn path(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_string() } else { format!("{}.{name}", self.prefix) }
    }
}

/// The mean of each channel: `(N, C, h, w)` to `(N, C)`.
fn pooled(map: &Tensor) -> Result<Tensor> {
    Ok(ops::adaptive_avg_pool2d(map, [1, 1])?.flatten_from(1)?)
}

impl ModuleT for VisionModel {
    fn forward_t(&self, images: &Tensor, train: bool) -> candle_core::Result<Tensor> {
        Ok(self.forward_map(&self.feature_map(images, train)?, train)?)
    }
}
