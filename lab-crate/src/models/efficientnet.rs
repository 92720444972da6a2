//! EfficientNet-Lite0: inverted bottlenecks (Tan and Le, 2019, arXiv:1905.11946; Sandler et al., 2018,
//! arXiv:1801.04381), without squeeze-and-excitation, with ReLU6.
//!
//! Names, shapes and numbers are those of the Python package `efficientnet-lite-pytorch` 0.1.0, whose weights come
//! from TensorFlow: convolutions of stride 2 are padded as for images of even size, batch norm has `eps` 1e-3 and
//! momentum 0.01. Left out: its stochastic depth, a regularization for training from the start. Not here: weights
//! (`weights/`). Read next: `block.rs`.

use candle_nn::VarBuilder;

use super::block::{Block, Shortcut};
use super::unit::{Activation, Sizes, Style, Unit};
use super::{Trainable, VisionModel};
use crate::Result;
use crate::nn::{self, BatchNormOptions, Dropout};

/// The stages: blocks, kernel, stride of the first block, expansion, outputs.
const STAGES: [[usize; 5]; 7] = [
    [1, 3, 1, 1, 16],
    [2, 3, 2, 6, 24],
    [2, 5, 2, 6, 40],
    [3, 3, 2, 6, 80],
    [3, 5, 1, 6, 112],
    [4, 5, 2, 6, 192],
    [1, 3, 1, 6, 320],
];
/// Channels after the first convolution and after the last one.
const STEM: usize = 32;
const HEAD: usize = 1280;
/// The probability of a zero before the head while training.
const DROPOUT: f64 = 0.2;

/// EfficientNet-Lite0: 4.65 million parameters for 1,000 classes (as the Python package `efficientnet-lite-pytorch`).
///
/// Published weights: `weights::pretrained("efficientnet-lite0")`. New ones are PyTorch's usual ones. The masks of the
/// dropout before the head repeat from run to run.
///
/// # Errors
/// `num_classes` is 0, or `vb` holds variables of another shape.
///
/// ```
/// use lab::candle_core::{DType, Device, ModuleT, Tensor};
/// use lab::{candle_nn::VarMap, models, nn};
/// let model = models::efficientnet_lite0(10, nn::var_builder(&VarMap::new(), 42, &Device::Cpu))?;
/// let images = Tensor::zeros((2, 3, 64, 64), DType::F32, &Device::Cpu)?;
/// assert_eq!(model.forward_t(&images, false)?.dims(), [2, 10]);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn efficientnet_lite0(num_classes: usize, vb: VarBuilder) -> Result<VisionModel> {
    let stem = Sizes { stride: 2, ..Sizes::new(3, STEM, 3) };
    let mut blocks = vec![Block::alone(unit("_conv_stem", "_bn0", stem, true, &vb)?)];
    let mut inputs = STEM;
    for [depth, kernel, stride, expansion, outputs] in STAGES {
        for i in 0..depth {
            let stride = if i == 0 { stride } else { 1 };
            let middle = inputs * expansion;
            let sizes = Sizes { inputs: middle, outputs: middle, kernel, stride, groups: middle };
            // The first block is the stem.
            let name = format!("_blocks.{}", blocks.len() - 1);
            blocks.push(inverted(name, inputs, sizes, outputs, &vb)?);
            inputs = outputs;
        }
    }
    let last_stage = blocks.len() - 1;
    let last = Sizes::new(inputs, HEAD, 1);
    blocks.push(Block::alone(unit("_conv_head", "_bn1", last, true, &vb)?));
    Ok(VisionModel {
        name: "efficientnet-lite0",
        prefix: vb.prefix(),
        blocks,
        max_pool: None,
        last_stage,
        dropout: Some(Dropout::new(DROPOUT, 0)?),
        head_name: "_fc",
        head: nn::linear(HEAD, num_classes, vb.pp("_fc"))?,
        trainable: Trainable::All,
    })
}

/// A 1x1 convolution to more channels, one of each channel by itself (`middle`), and a 1x1 one to `outputs`.
fn inverted(
    name: String,
    inputs: usize,
    middle: Sizes,
    outputs: usize,
    vb: &VarBuilder,
) -> Result<Block> {
    let path = |part: &str| format!("{name}.{part}");
    let mut first = Vec::new();
    if middle.inputs != inputs {
        let wide = Sizes::new(inputs, middle.inputs, 1);
        first.push(unit(&path("_expand_conv"), &path("_bn0"), wide, true, vb)?);
    }
    first.push(unit(&path("_depthwise_conv"), &path("_bn1"), middle, true, vb)?);
    let narrow = Sizes::new(middle.outputs, outputs, 1);
    let last = unit(&path("_project_conv"), &path("_bn2"), narrow, false, vb)?;
    let keeps = middle.stride == 1 && inputs == outputs;
    let (kind, shortcut) = match keeps {
        true => ("MBConv: f(x) + x", Shortcut::Identity),
        false => ("MBConv: f(x)", Shortcut::None),
    };
    Ok(Block { name, kind, first, last, shortcut })
}

/// The unit with these names, followed by ReLU6 or by nothing, in the package's style.
fn unit(conv: &str, bn: &str, sizes: Sizes, relu6: bool, vb: &VarBuilder) -> Result<Unit> {
    let style = Style {
        norm: BatchNormOptions { eps: 1e-3, momentum: 0.01 },
        init: None,
        pads_end_first: true,
    };
    let activation = if relu6 { Activation::Relu6 } else { Activation::None };
    Unit::new([conv.to_string(), bn.to_string()], sizes, activation, style, vb)
}
