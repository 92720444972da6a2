//! The sizes of one convolution, checked. Not here: arithmetic. Read next: `mod.rs`.

use candle_core::Tensor;
use candle_nn::Conv2dConfig;

use crate::{Error, Result};

/// The sizes of a convolution: `N` images, `G` groups, per group `C` inputs and `K` outputs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Geometry {
    /// N.
    pub(super) images: usize,
    /// G.
    pub(super) groups: usize,
    /// C, of one group.
    pub(super) inputs: usize,
    /// K, of one group.
    pub(super) outputs: usize,
    /// H and W of the images.
    pub(super) size: [usize; 2],
    /// H and W of the kernel.
    pub(super) kernel: [usize; 2],
    /// H and W of the result.
    pub(super) out: [usize; 2],
    /// From one place of the kernel to the next.
    pub(super) stride: usize,
    /// Zeros around the images.
    pub(super) padding: usize,
    /// From one number of the kernel to the next.
    pub(super) dilation: usize,
}

impl Geometry {
    /// The sizes for an image tensor `(N, G C, H, W)` and weights `(G K, C, kh, kw)`.
    ///
    /// # Errors
    /// They do not fit each other or `config`.
    pub(super) fn new(x: &Tensor, weight: &Tensor, config: Conv2dConfig) -> Result<Self> {
        let Conv2dConfig { padding, stride, dilation, groups, .. } = config;
        let (images, channels, height, width) = x.dims4().map_err(|_| images_wanted(x))?;
        let (filters, inputs, kh, kw) = weight.dims4().map_err(|_| {
            Error::Argument(format!(
                "conv2d: веса имеют форму {:?}, а нужна (выходы, входы / groups, высота, ширина)",
                weight.dims()
            ))
        })?;
        for (name, value) in [("stride", stride), ("dilation", dilation), ("groups", groups)] {
            if value == 0 {
                return Err(Error::Argument(format!("conv2d: {name} = 0, а нужно число от 1")));
            }
        }
        if Some(channels) != inputs.checked_mul(groups) || !filters.is_multiple_of(groups) {
            return Err(Error::Argument(format!(
                "conv2d: вход x формы {:?} имеет {channels} каналов, а веса формы {:?} при groups = {groups} \
                 принимают {}; число выходов ({filters}) должно делиться на groups",
                x.dims(),
                weight.dims(),
                inputs.saturating_mul(groups),
            )));
        }
        if kh == 0 || kw == 0 || inputs == 0 {
            return Err(Error::Argument(format!(
                "conv2d: веса имеют форму {:?}, а все размеры, кроме первого, должны быть от 1",
                weight.dims()
            )));
        }
        let side = |name: &str, size: usize, kernel: usize| {
            let padded = padding.checked_mul(2).and_then(|p| p.checked_add(size));
            let reach = (kernel - 1).checked_mul(dilation).and_then(|r| r.checked_add(1));
            match (padded, reach) {
                (Some(padded), Some(reach)) if reach <= padded => Ok((padded - reach) / stride + 1),
                _ => Err(Error::Argument(format!(
                    "conv2d: {name} входа {size} с padding = {padding} меньше, чем охватывает ядро: размер {kernel} \
                     при dilation = {dilation}; нужен больший вход, больший padding или меньшее ядро"
                ))),
            }
        };
        let out = [side("высота", height, kh)?, side("ширина", width, kw)?];
        Ok(Self {
            images,
            groups,
            inputs,
            outputs: filters / groups,
            size: [height, width],
            kernel: [kh, kw],
            out,
            stride,
            padding,
            dilation,
        })
    }

    /// The number of places of the kernel.
    pub(super) fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// H W of an image.
    pub(super) fn pixels(&self) -> usize {
        self.size[0] * self.size[1]
    }

    /// H W of the result.
    pub(super) fn out_pixels(&self) -> usize {
        self.out[0] * self.out[1]
    }

    /// The shape of the result, `(N, G K, H, W)`.
    pub(super) fn out_shape(&self) -> [usize; 4] {
        [self.images, self.groups * self.outputs, self.out[0], self.out[1]]
    }
}

fn images_wanted(x: &Tensor) -> Error {
    Error::Argument(format!(
        "conv2d: вход x имеет форму {:?}, а нужна (N, каналы, высота, ширина); \
         одно изображение: x.unsqueeze(0)?, чёрно-белые (N, H, W): x.unsqueeze(1)?",
        x.dims()
    ))
}
