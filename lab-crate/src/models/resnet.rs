//! ResNet: networks with shortcuts (He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", 2015,
//! arXiv:1512.03385).
//!
//! Names, shapes, numbers and initial values are those of `torchvision.models.resnet` (its ResNet50 has the stride in
//! the 3x3 convolution). Not here: weights (`weights/`). Read next: `block.rs`.

use candle_nn::VarBuilder;

use super::block::{Block, Shortcut};
use super::unit::{Activation, KAIMING_FAN_OUT, Sizes, Style, Unit};
use super::{Trainable, VisionModel};
use crate::Result;
use crate::nn::{self, BatchNormOptions, MaxPool2d};

/// Channels inside the blocks of the four stages.
const WIDTHS: [usize; 4] = [64, 128, 256, 512];

/// ResNet18: 11.69 million parameters for 1,000 classes (as `torchvision.models.resnet18`).
///
/// Published weights: `weights::pretrained("resnet18")`. New ones: `kaiming_normal` with `fan_out` for convolutions, 1
/// and 0 for batch norm, PyTorch's usual ones for the head.
///
/// # Errors
/// `num_classes` is 0, or `vb` holds variables of another shape.
///
/// ```
/// use lab::candle_core::{DType, Device, ModuleT, Tensor};
/// use lab::{candle_nn::VarMap, models, nn};
/// let model = models::resnet18(10, nn::var_builder(&VarMap::new(), 42, &Device::Cpu))?;
/// let images = Tensor::zeros((2, 3, 64, 64), DType::F32, &Device::Cpu)?;
/// assert_eq!(model.forward_t(&images, false)?.dims(), [2, 10]);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn resnet18(num_classes: usize, vb: VarBuilder) -> Result<VisionModel> {
    resnet("resnet18", basic, 1, [2, 2, 2, 2], num_classes, vb)
}

/// ResNet34: 21.80 million parameters for 1,000 classes (as `torchvision.models.resnet34`).
///
/// # Errors
/// As for [`resnet18`].
///
/// ```
/// use lab::{candle_core::Device, candle_nn::VarMap, models, nn};
/// let model = models::resnet34(1000, nn::var_builder(&VarMap::new(), 42, &Device::Cpu))?;
/// assert_eq!(model.params().count(), 21_797_672);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn resnet34(num_classes: usize, vb: VarBuilder) -> Result<VisionModel> {
    resnet("resnet34", basic, 1, [3, 4, 6, 3], num_classes, vb)
}

/// ResNet50: 25.56 million parameters for 1,000 classes (as `torchvision.models.resnet50`).
///
/// # Errors
/// As for [`resnet18`].
///
/// ```
/// use lab::{candle_core::Device, candle_nn::VarMap, models, nn};
/// let model = models::resnet50(1000, nn::var_builder(&VarMap::new(), 42, &Device::Cpu))?;
/// assert_eq!(model.params().count(), 25_557_032);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn resnet50(num_classes: usize, vb: VarBuilder) -> Result<VisionModel> {
    resnet("resnet50", bottleneck, 4, [3, 4, 6, 3], num_classes, vb)
}

/// Makes a block with this name, number of inputs, width and stride.
type MakeBlock = fn(&str, [usize; 2], usize, &VarBuilder) -> Result<Block>;

/// Four stages of `depths` blocks, whose results have `expansion` times the stage's width.
fn resnet(
    name: &'static str,
    make: MakeBlock,
    expansion: usize,
    depths: [usize; 4],
    num_classes: usize,
    vb: VarBuilder,
) -> Result<VisionModel> {
    let first = Sizes { stride: 2, ..Sizes::new(3, 64, 7) };
    let mut blocks = vec![Block::alone(unit("", ["conv1", "bn1"], first, Activation::Relu, &vb)?)];
    let (mut inputs, mut last_stage) = (64, 0);
    for (stage, (width, depth)) in WIDTHS.into_iter().zip(depths).enumerate() {
        last_stage = blocks.len();
        for i in 0..depth {
            // Every stage but the first one halves the image.
            let stride = if stage > 0 && i == 0 { 2 } else { 1 };
            let block = format!("layer{}.{i}", stage + 1);
            blocks.push(make(&block, [inputs, width], stride, &vb)?);
            inputs = width * expansion;
        }
    }
    Ok(VisionModel {
        name,
        prefix: vb.prefix(),
        blocks,
        max_pool: Some(MaxPool2d::new(3, 2, 1)?),
        last_stage,
        dropout: None,
        head_name: "fc",
        head: nn::linear(inputs, num_classes, vb.pp("fc"))?,
        trainable: Trainable::All,
    })
}

/// Two 3x3 convolutions.
fn basic(name: &str, [inputs, width]: [usize; 2], stride: usize, vb: &VarBuilder) -> Result<Block> {
    let first = Sizes { stride, ..Sizes::new(inputs, width, 3) };
    let last = Sizes::new(width, width, 3);
    Ok(Block {
        name: name.to_string(),
        kind: "BasicBlock: relu(f(x) + x)",
        first: vec![unit(name, ["conv1", "bn1"], first, Activation::Relu, vb)?],
        last: unit(name, ["conv2", "bn2"], last, Activation::Relu, vb)?,
        shortcut: shortcut(name, inputs, width, stride, vb)?,
    })
}

/// A 1x1 convolution to `width` channels, a 3x3 one, and a 1x1 one to four times as many.
fn bottleneck(
    name: &str,
    [inputs, width]: [usize; 2],
    stride: usize,
    vb: &VarBuilder,
) -> Result<Block> {
    let middle = Sizes { stride, ..Sizes::new(width, width, 3) };
    let outputs = 4 * width;
    Ok(Block {
        name: name.to_string(),
        kind: "Bottleneck: relu(f(x) + x)",
        first: vec![
            unit(name, ["conv1", "bn1"], Sizes::new(inputs, width, 1), Activation::Relu, vb)?,
            unit(name, ["conv2", "bn2"], middle, Activation::Relu, vb)?,
        ],
        last: unit(name, ["conv3", "bn3"], Sizes::new(width, outputs, 1), Activation::Relu, vb)?,
        shortcut: shortcut(name, inputs, outputs, stride, vb)?,
    })
}

/// The input itself, or a 1x1 convolution where the shape changes.
fn shortcut(
    name: &str,
    inputs: usize,
    outputs: usize,
    stride: usize,
    vb: &VarBuilder,
) -> Result<Shortcut> {
    if stride == 1 && inputs == outputs {
        return Ok(Shortcut::Identity);
    }
    let sizes = Sizes { stride, ..Sizes::new(inputs, outputs, 1) };
    let names = ["downsample.0", "downsample.1"];
    let projection = unit(name, names, sizes, Activation::None, vb)?;
    Ok(Shortcut::Projection(Box::new(projection)))
}

/// The unit with these names below `block`, in torchvision's style.
fn unit(
    block: &str,
    names: [&str; 2],
    sizes: Sizes,
    activation: Activation,
    vb: &VarBuilder,
) -> Result<Unit> {
    let names = names.map(|name| match block {
        "" => name.to_string(),
        _ => format!("{block}.{name}"),
    });
    let style = Style {
        norm: BatchNormOptions::default(),
        init: Some(KAIMING_FAN_OUT),
        pads_end_first: false,
    };
    Unit::new(names, sizes, activation, style, vb)
}
