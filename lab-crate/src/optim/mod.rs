//! Optimizers and schedulers of the learning rate, with the arithmetic of `torch.optim`.
//!
//! An [`Optimizer`] holds variables, their gradients and a rule; a [`Scheduler`] sets its learning rates.
//!
//! ```
//! use lab::prelude::*;
//! let w = Var::new(&[3f32, -2.0], &Device::Cpu)?;
//! let mut opt = Optimizer::new(Adam::lr(0.1), &w)?;
//! for _ in 0..200 {
//!     opt.zero_grad();
//!     let loss = w.sqr()?.sum_all()?;
//!     opt.backward(&loss)?; // loss.backward() in PyTorch; gradients add up until zero_grad
//!     opt.step()?;
//! }
//! assert!(w.sqr()?.sum_all()?.to_scalar::<f32>()? < 1e-3);
//! # Ok::<(), lab::Error>(())
//! ```
//!
//! | name | what it is | in PyTorch |
//! |---|---|---|
//! | [`Optimizer`] | variables, gradients, the step | `torch.optim.Optimizer` |
//! | [`Params`], [`Group`] | what is changed; with settings of its own | `model.parameters()`, `param_groups` |
//! | [`Sgd`], [`RmsProp`], [`Adagrad`], [`Adam`], [`AdamW`] | the rules; one of them is a [`Rule`] | the optimizers of these names |
//! | [`Optimizer::clip_grad_norm`] | shorter gradients | `torch.nn.utils.clip_grad_norm_` |
//! | [`Scheduler`], [`Schedule`] | sets the rate by the number of the step | `torch.optim.lr_scheduler` |
//! | [`StepLr`], [`MultiStepLr`], [`ExponentialLr`] | falls | the same with `LR` |
//! | [`CosineAnnealingLr`], [`OneCycleLr`], [`LinearLr`] | waves and warm-up | the same with `LR` |
//! | [`Optimizer::save`], [`Optimizer::load`] | the state in a file | `state_dict`, `load_state_dict` |
//!
//! | file | what it holds |
//! |---|---|
//! | `optimizer.rs`, `gradients.rs`, `checkpoint.rs`, `records.rs` | [`Optimizer`]: the step; held gradients; its file |
//! | `params.rs`, `rule.rs`, `scheduler.rs` | [`Params`], [`Rule`], [`Scheduler`] |
//! | `sgd.rs`, `step_lr.rs`, ... | a rule or a schedule each |
//! | `state.rs`, `slices.rs` | the buffers of a rule; one pass over the numbers of a parameter |
//!
//! Not here: the gradients themselves (candle's `Tensor::backward`) and the training loop. Read next: `optimizer.rs`;
//! after this module [`train`](crate::train).

mod adagrad;
mod adam;
mod adamw;
mod checkpoint;
mod cosine_annealing_lr;
mod exponential_lr;
mod gradients;
mod linear_lr;
mod multi_step_lr;
mod one_cycle_lr;
mod optimizer;
mod params;
mod records;
mod rmsprop;
mod rule;
mod scheduler;
mod sgd;
mod slices;
mod state;
mod step_lr;
#[cfg(test)]
mod trajectory;

pub use adagrad::Adagrad;
pub use adam::Adam;
pub use adamw::AdamW;
pub use cosine_annealing_lr::CosineAnnealingLr;
pub use exponential_lr::ExponentialLr;
pub use linear_lr::LinearLr;
pub use multi_step_lr::MultiStepLr;
pub use one_cycle_lr::OneCycleLr;
pub use optimizer::Optimizer;
pub use params::{Group, Params};
pub use rmsprop::RmsProp;
pub use rule::Rule;
pub use scheduler::{Schedule, Scheduler};
pub use sgd::Sgd;
pub use step_lr::StepLr;
