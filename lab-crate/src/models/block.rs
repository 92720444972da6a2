//! Several convolutions, one after another, with a shortcut around them (He et al., 2015, arXiv:1512.03385).
//!
//! One struct for all blocks here: they differ in sizes and activations only. Not here: those sizes (`resnet.rs`,
//! `efficientnet.rs`). Read next: `unit.rs`.

use candle_core::Tensor;

use super::unit::Unit;
use crate::Result;

/// What is added to the result of the convolutions before the last activation.
#[derive(Debug)]
pub(super) enum Shortcut {
    /// Nothing.
    None,
    /// The block's input.
    Identity,
    /// The block's input, brought to the shape of the result.
    Projection(Box<Unit>),
}

/// Convolutions and a shortcut.
#[derive(Debug)]
pub(super) struct Block {
    /// The block's name below the model's; empty for a layer that stands alone.
    pub(super) name: String,
    /// The kind of the block in the list of modules.
    pub(super) kind: &'static str,
    /// The convolutions but the last one.
    pub(super) first: Vec<Unit>,
    pub(super) last: Unit,
    pub(super) shortcut: Shortcut,
}

impl Block {
    /// One convolution that stands alone.
    pub(super) fn alone(unit: Unit) -> Self {
        let (name, kind) = (String::new(), "");
        Self { name, kind, first: Vec::new(), last: unit, shortcut: Shortcut::None }
    }

    /// x `(N, C, H, W)`, result `(N, C', H', W')`.
    pub(super) fn forward(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        let mut y = x.clone();
        for unit in &self.first {
            y = unit.forward(&y, None, train)?;
        }
        match &self.shortcut {
            Shortcut::None => self.last.forward(&y, None, train),
            Shortcut::Identity => self.last.forward(&y, Some(x), train),
            Shortcut::Projection(unit) => {
                self.last.forward(&y, Some(&unit.forward(x, None, train)?), train)
            }
        }
    }

    /// The units in the order in which PyTorch lists them.
    pub(super) fn units(&self) -> impl Iterator<Item = &Unit> {
        let projection = match &self.shortcut {
            Shortcut::Projection(unit) => Some(unit.as_ref()),
            Shortcut::None | Shortcut::Identity => None,
        };
        self.first.iter().chain([&self.last]).chain(projection)
    }

    /// Whether the weights of all units get gradients.
    pub(super) fn set_trainable(&mut self, trainable: bool) {
        if let Shortcut::Projection(unit) = &mut self.shortcut {
            unit.conv_bn.set_trainable(trainable);
        }
        for unit in self.first.iter_mut().chain([&mut self.last]) {
            unit.conv_bn.set_trainable(trainable);
        }
    }
}
