//! Optimizers and schedulers of the learning rate, with the arithmetic of `torch.optim`.
//!
//! | file | what it holds |
//! |---|---|
//! | `optimizer.rs` | [`Optimizer`]: groups of parameters, the step |
//! | `gradients.rs` | [`Optimizer::backward`], held gradients, clipping |
//! | `checkpoint.rs`, `records.rs` | [`Optimizer::save`], [`Optimizer::load`] |
//! | `params.rs` | [`Params`], [`Group`] |
//! | `rule.rs` | [`Rule`]: one of the rules below |
//! | `sgd.rs`, `rmsprop.rs`, `adagrad.rs`, `adam.rs`, `adamw.rs` | a rule each |
//! | `state.rs`, `slices.rs` | the buffers of a rule; one pass over the numbers of a parameter |
//! | `scheduler.rs` | [`Scheduler`], [`Schedule`] |
//! | `step_lr.rs`, `multi_step_lr.rs`, ... | a schedule each |
//!
//! Not here: the gradients themselves (candle's `Tensor::backward`) and the training loop.

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
