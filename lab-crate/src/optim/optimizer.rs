//! The optimizer: a rule, groups of parameters, held gradients, and the step.
//!
//! Not here: how gradients come in (`gradients.rs`), files (`checkpoint.rs`), the arithmetic (`sgd.rs`, ...).
//! Read next: `gradients.rs`.

use std::fmt;

use candle_core::Tensor;

use super::rule::{Settings, at_least_zero};
use super::state::State;
use super::{Group, Params, Rule};
use crate::{Error, Result};

/// Changes variables along their gradients, as the optimizers of `torch.optim` do.
///
/// The variables are of f32 or f64, of any shape, on any device; on the CPU a step is one pass over the
/// memory and works in place, so every tensor that shares a variable's memory sees the new numbers.
///
/// ```
/// use lab::candle_core::{Device, Var};
/// use lab::optim::{Optimizer, Sgd};
/// let w = Var::new(&[2f32, -1.0], &Device::Cpu)?;
/// let mut opt = Optimizer::new(Sgd::lr(0.25), &w)?;
/// let loss = w.sqr()?.sum_all()?;
/// opt.backward(&loss)?;
/// opt.step()?;
/// opt.zero_grad();
/// assert_eq!(w.to_vec1::<f32>()?, [1.0, -0.5]);
/// # Ok::<(), lab::Error>(())
/// ```
pub struct Optimizer {
    pub(super) rule: Rule,
    pub(super) groups: Vec<Settings>,
    pub(super) params: Params,
    /// One for each parameter.
    pub(super) slots: Vec<Slot>,
}

/// What the optimizer keeps for one parameter.
pub(super) struct Slot {
    pub(super) group: usize,
    pub(super) grad: Option<Tensor>,
    pub(super) state: State,
}

impl Optimizer {
    /// An optimizer of `params`, all in one group.
    ///
    /// # Errors
    /// A number of the rule is out of range; there is no parameter, one is there twice, or one is neither f32 nor f64.
    pub fn new(rule: impl Into<Rule>, params: impl Into<Params>) -> Result<Self> {
        Self::with_groups(rule, [Group::new(params)])
    }

    /// An optimizer of several groups, each with its own learning rate and weight decay if it names them.
    ///
    /// # Errors
    /// As [`Optimizer::new`], for the numbers of every group too.
    ///
    /// ```
    /// use lab::candle_core::{Device, Var};
    /// use lab::optim::{Group, Optimizer, Sgd};
    /// let (w, b) = (Var::new(&[1f32, 2.0], &Device::Cpu)?, Var::new(&[0f32], &Device::Cpu)?);
    /// let slow = Group { lr: Some(0.01), ..Group::new(&w) };
    /// let mut opt = Optimizer::with_groups(Sgd::lr(0.1), [slow, Group::new(&b)])?;
    /// assert_eq!(opt.lrs(), [0.01, 0.1]);
    /// opt.set_group_lr(0, 0.001)?;
    /// assert_eq!((opt.lr(), opt.params().count()), (0.001, 3));
    /// # Ok::<(), lab::Error>(())
    /// ```
    pub fn with_groups(rule: impl Into<Rule>, groups: impl Into<Vec<Group>>) -> Result<Self> {
        let rule = rule.into();
        rule.check()?;
        let params = Params::from(Vec::<candle_core::Var>::new());
        let mut opt = Self { rule, groups: Vec::new(), params, slots: Vec::new() };
        for group in groups.into() {
            opt.add(group)?;
        }
        opt.check_params()?;
        Ok(opt)
    }

    fn add(&mut self, group: Group) -> Result<()> {
        let lr = group.lr.unwrap_or(self.rule.lr());
        let weight_decay = group.weight_decay.unwrap_or(self.rule.weight_decay());
        let number = self.groups.len();
        at_least_zero(&format!("группа {number}: lr"), lr)?;
        at_least_zero(&format!("группа {number}: weight_decay"), weight_decay)?;
        for (name, var) in group.params.iter() {
            let state = State::new(name, var.dtype())?;
            self.slots.push(Slot { group: number, grad: None, state });
        }
        self.groups.push(Settings { lr, weight_decay });
        self.params.extend(group.params);
        Ok(())
    }

    fn check_params(&self) -> Result<()> {
        if self.params.is_empty() {
            return Err(Error::Argument(
                "оптимизатор: нет ни одного параметра; создайте модель раньше оптимизатора и \
                 передайте её &VarMap или переменные [&w, &b]"
                    .to_string(),
            ));
        }
        let mut ids = std::collections::HashMap::new();
        let mut names = std::collections::HashSet::new();
        for ((name, var), slot) in self.params.iter().zip(&self.slots) {
            if let Some(first) = ids.insert(var.id(), name) {
                return Err(Error::Argument(format!(
                    "оптимизатор: параметр «{name}» уже дан под именем «{first}», \
                     а каждая переменная нужна один раз"
                )));
            }
            if !names.insert((slot.group, name)) {
                return Err(Error::Argument(format!(
                    "оптимизатор: в одной группе два параметра с именем «{name}»; дайте им разные имена"
                )));
            }
        }
        Ok(())
    }

    /// Changes every parameter that has a held gradient; the others stay, as PyTorch does with `grad = None`.
    ///
    /// # Errors
    /// No parameter has a gradient, or the device refuses a copy.
    pub fn step(&mut self) -> Result<()> {
        let mut any = false;
        for ((_, var), slot) in self.params.iter().zip(&mut self.slots) {
            if let Some(grad) = &slot.grad {
                slot.state.step(&self.rule, self.groups[slot.group], var, grad)?;
                any = true;
            }
        }
        if any {
            return Ok(());
        }
        Err(Error::Argument(
            "step: ни у одного параметра нет градиента; сначала вызовите opt.backward(&loss)?"
                .to_string(),
        ))
    }

    /// The learning rate; of the first group where there are several.
    pub fn lr(&self) -> f64 {
        self.groups.first().map_or(f64::NAN, |group| group.lr)
    }

    /// The learning rates of all groups, in order.
    pub fn lrs(&self) -> Vec<f64> {
        self.groups.iter().map(|group| group.lr).collect()
    }

    /// Sets the learning rate of every group.
    ///
    /// # Errors
    /// `lr` is not a finite number of 0 or more.
    ///
    /// ```
    /// # use lab::candle_core::{Device, Var};
    /// # use lab::optim::{Optimizer, Sgd};
    /// # let w = Var::new(&[1f32], &Device::Cpu)?;
    /// let mut opt = Optimizer::new(Sgd::lr(0.1), &w)?;
    /// opt.set_lr(0.05)?;
    /// assert_eq!(opt.lr(), 0.05);
    /// assert!(opt.set_lr(-1.0).is_err());
    /// # Ok::<(), lab::Error>(())
    /// ```
    pub fn set_lr(&mut self, lr: f64) -> Result<()> {
        at_least_zero("set_lr: lr", lr)?;
        self.groups.iter_mut().for_each(|group| group.lr = lr);
        Ok(())
    }

    /// Sets the learning rate of one group, counted from 0.
    ///
    /// # Errors
    /// There is no such group, or `lr` is not a finite number of 0 or more.
    pub fn set_group_lr(&mut self, group: usize, lr: f64) -> Result<()> {
        at_least_zero("set_group_lr: lr", lr)?;
        let count = self.groups.len();
        let Some(settings) = self.groups.get_mut(group) else {
            return Err(Error::Argument(format!(
                "set_group_lr: дана группа {group}, а групп {count}, их номера от 0 до {}",
                count.saturating_sub(1)
            )));
        };
        settings.lr = lr;
        Ok(())
    }

    /// Sets the momentum of the rule, which is the first beta for [`Adam`](super::Adam) and [`AdamW`](super::AdamW).
    ///
    /// # Errors
    /// The rule has no momentum (Adagrad), or the number is out of its range.
    ///
    /// ```
    /// # use lab::candle_core::{Device, Var};
    /// # use lab::optim::{Adagrad, Optimizer, Rule, Sgd};
    /// # let w = Var::new(&[1f32], &Device::Cpu)?;
    /// let mut opt = Optimizer::new(Sgd { momentum: 0.9, ..Sgd::lr(0.1) }, &w)?;
    /// opt.set_momentum(0.8)?;
    /// assert!(matches!(opt.rule(), Rule::Sgd(sgd) if sgd.momentum == 0.8));
    /// assert!(Optimizer::new(Adagrad::lr(0.1), &w)?.set_momentum(0.8).is_err()); // it has none
    /// # Ok::<(), lab::Error>(())
    /// ```
    pub fn set_momentum(&mut self, momentum: f64) -> Result<()> {
        if self.rule.momentum().is_none() {
            let name = self.rule.name();
            return Err(Error::Argument(format!(
                "set_momentum: у {name} нет момента; он есть у Sgd, RmsProp, Adam и AdamW"
            )));
        }
        let rule = self.rule.with_momentum(momentum);
        rule.check()?;
        self.rule = rule;
        Ok(())
    }

    /// The rule; its `lr` and `weight_decay` are those of a group that names none.
    pub fn rule(&self) -> &Rule {
        &self.rule
    }

    /// All parameters, group after group.
    pub fn params(&self) -> &Params {
        &self.params
    }
}

/// Short: no number of any tensor.
impl fmt::Debug for Optimizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (vars, numbers) = (self.params.len(), self.params.count());
        write!(f, "{:?}, lr {:?}, {vars} variables, {numbers} numbers", self.rule, self.lrs())
    }
}

#[cfg(test)]
mod tests;
