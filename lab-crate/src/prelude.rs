//! Everything a cell of the lab uses, in one line: `use lab::prelude::*;`.
//!
//! Names of candle and ndarray stand beside ours. Read next: `lib.rs`, the map of the crate.

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
