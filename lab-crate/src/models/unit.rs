//! One convolution with its batch norm and activation. Not here: several of them with a shortcut (`block.rs`).

use candle_core::Tensor;
use candle_nn::init::{FanInOut, NonLinearity, NormalOrUniform};
use candle_nn::{Conv2dConfig, Init, ModuleT, VarBuilder};

use crate::nn::{BatchNormOptions, ConvBn, batch_norm2d_with, conv2d_no_bias};
use crate::{Result, ops};

/// What follows the batch norm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Activation {
    None,
    Relu,
    /// ReLU that stops at 6.
    Relu6,
}

/// How a family of models makes its units.
#[derive(Clone, Copy)]
pub(super) struct Style {
    /// The settings of batch norm.
    pub(super) norm: BatchNormOptions,
    /// The initial weights of convolutions; `None` takes PyTorch's usual ones.
    pub(super) init: Option<Init>,
    /// Whether a unit of stride 2 is padded on the right and at the bottom first, as in TensorFlow ("SAME", for
    /// images of even size); otherwise by the half of the kernel on each side.
    pub(super) pads_end_first: bool,
}

/// `normal(0, sqrt(2 / (out k k)))`: variances are kept backward (He et al., 2015, arXiv:1502.01852).
pub(super) const KAIMING_FAN_OUT: Init = Init::Kaiming {
    dist: NormalOrUniform::Normal,
    fan: FanInOut::FanOut,
    non_linearity: NonLinearity::ReLU,
};

/// The sizes of a convolution.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) kernel: usize,
    pub(super) stride: usize,
    pub(super) groups: usize,
}

impl Sizes {
    /// `inputs` to `outputs` channels, `kernel * kernel`, stride 1, one group.
    pub(super) fn new(inputs: usize, outputs: usize, kernel: usize) -> Self {
        Self { inputs, outputs, kernel, stride: 1, groups: 1 }
    }
}

/// A convolution without bias, batch norm, activation.
#[derive(Debug)]
pub(super) struct Unit {
    /// The names of the convolution and of the batch norm below the model's.
    pub(super) names: [String; 2],
    pub(super) sizes: Sizes,
    pub(super) activation: Activation,
    pub(super) conv_bn: ConvBn,
    /// Zeros before and after the image in both directions, where they differ; else the convolution has them.
    pub(super) uneven: Option<[usize; 2]>,
}

impl Unit {
    /// The unit with the variables of `vb.pp(names[0])` and `vb.pp(names[1])`.
    pub(super) fn new(
        names: [String; 2],
        sizes: Sizes,
        activation: Activation,
        style: Style,
        vb: &VarBuilder,
    ) -> Result<Self> {
        let Sizes { inputs, outputs, kernel, stride, groups } = sizes;
        let all = kernel.saturating_sub(stride);
        let uneven = (style.pads_end_first && stride > 1).then_some([all / 2, all - all / 2]);
        let padding = if uneven.is_some() { 0 } else { kernel / 2 };
        let config = Conv2dConfig { padding, stride, groups, ..Default::default() };
        let [conv, bn] = names.each_ref().map(|name| vb.pp(name));
        if let Some(init) = style.init {
            // A variable is made once: the layer finds this one.
            conv.get_with_hints((outputs, inputs / groups, kernel, kernel), "weight", init)?;
        }
        let conv = conv2d_no_bias(inputs, outputs, kernel, config, conv)?;
        let bn = batch_norm2d_with(outputs, style.norm, bn)?;
        let conv_bn = ConvBn::new(conv, bn, activation == Activation::Relu)?;
        Ok(Self { names, sizes, activation, conv_bn, uneven })
    }

    /// `activation(batch_norm(conv(x)) + residual)`: x `(N, inputs, H, W)`, result `(N, outputs, H', W')`.
    pub(super) fn forward(
        &self,
        x: &Tensor,
        residual: Option<&Tensor>,
        train: bool,
    ) -> Result<Tensor> {
        let padded = match self.uneven {
            Some([before, after]) => {
                let wide = x.pad_with_zeros(3, before, after)?;
                &wide.pad_with_zeros(2, before, after)?
            }
            None => x,
        };
        let y = match residual {
            Some(residual) => self.conv_bn.forward_residual(padded, residual, train)?,
            None => self.conv_bn.forward_t(padded, train)?,
        };
        if self.activation == Activation::Relu6 { ops::relu6(&y) } else { Ok(y) }
    }
}
