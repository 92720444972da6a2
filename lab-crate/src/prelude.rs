//! Everything a cell of the lab uses, in one line: `use lab::prelude::*;`.
//!
//! Names of candle and ndarray stand beside ours, so that a cell reads like one of PyTorch:
//!
//! ```
//! use lab::prelude::*;
//! let x = Tensor::new(&[[1f32, 2.0], [3.0, 4.0]], &device()?)?;
//! let y = x.matmul(&x.t()?)?;
//! assert_eq!(y.to_vec2::<f32>()?, [[5.0, 11.0], [11.0, 25.0]]);
//! # Ok::<(), lab::Error>(())
//! ```
//!
//! | in Python | here |
//! |---|---|
//! | `import torch`, `import numpy as np` | [`Tensor`], [`Var`], [`Device`], [`DType`]; [`Array1`], [`Array2`] |
//! | `torch.nn`, `torch.optim`, `torch.utils.data` | [`nn`], [`Optimizer`], [`DataLoader`] |
//! | `matplotlib.pyplot`, `tqdm` | [`Figure`], [`Live`]; [`progress`] |
//! | `torch.from_numpy`, `.numpy()` | [`from_ndarray`], [`to_ndarray`] |
//!
//! Not here: names that a cell needs rarely, as those of [`train`](crate::train). Read next: `lib.rs`, the map of the crate.

pub use candle_core::{self, D, DType, Device, IndexOp, Module, Tensor, Var};
pub use candle_nn::{self, ModuleT, VarBuilder, VarMap};
// evcxr writes the type of `let vb = nn::var_builder(…)` out with this name of candle's.
pub use candle_nn::var_builder::SimpleBackend;
pub use ndarray::{self, Array, Array1, Array2, Axis};

pub use crate::batches::{Batch, DataLoader, Dataset, LoaderOptions, TensorDataset};
pub use crate::optim::{Adagrad, Adam, AdamW, Optimizer, RmsProp, Scheduler, Sgd};
pub use crate::{
    Figure, Live, Rng, Series, Show, Table, check, check_interrupted, data, device, from_ndarray,
    hint, interrupted, loss, metrics, models, nn, optim, progress, score, to_ndarray, vision,
    weights,
};
