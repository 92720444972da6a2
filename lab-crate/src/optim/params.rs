//! What an optimizer changes: variables with names, in groups that can have settings of their own.
//!
//! Not here: the update (`optimizer.rs`). Read next: `optimizer.rs`.

use std::sync::PoisonError;

use candle_core::Var;
use candle_nn::VarMap;

use crate::nn::is_buffer;

/// Variables with names, in a fixed order.
///
/// Made from a `VarMap` (sorted by name), from variables (their numbers are their names), or from pairs. The buffers of a
/// `VarMap`, that is the running statistics of batch norm, are no parameters: an optimizer does not see them, a copy of the
/// weights ([`BestWeights`](crate::train::BestWeights)) holds them.
///
/// ```
/// use lab::candle_core::{DType, Device, Var};
/// use lab::optim::Params;
/// let w = Var::zeros((2, 3), DType::F32, &Device::Cpu)?;
/// let b = Var::zeros(2, DType::F32, &Device::Cpu)?;
/// let params = Params::from([&w, &b]);
/// assert_eq!((params.len(), params.count()), (2, 8));
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Params {
    vars: Vec<(String, Var)>,
    buffers: Vec<(String, Var)>,
}

impl Params {
    /// How many variables there are.
    pub fn len(&self) -> usize {
        self.vars.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.vars.is_empty()
    }

    /// How many numbers the variables hold together.
    pub fn count(&self) -> usize {
        self.iter().map(|(_, var)| var.elem_count()).sum()
    }

    /// The names and the variables, in order.
    ///
    /// ```
    /// # use lab::candle_core::{DType, Device};
    /// # use lab::{candle_nn::VarMap, nn, optim::Params};
    /// let map = VarMap::new();
    /// nn::linear(3, 2, nn::var_builder(&map, 0, &Device::Cpu).pp("fc"))?;
    /// let params = Params::from(&map);
    /// let names: Vec<&str> = params.iter().map(|(name, _)| name).collect();
    /// assert_eq!(names, ["fc.bias", "fc.weight"]);
    /// assert!(!params.is_empty());
    /// # Ok::<(), lab::Error>(())
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Var)> {
        self.vars.iter().map(|(name, var)| (name.as_str(), var))
    }

    /// The parameters, then the buffers: all that a copy of the model's state holds.
    pub(crate) fn with_buffers(&self) -> impl Iterator<Item = (&str, &Var)> {
        self.iter().chain(self.buffers.iter().map(|(name, var)| (name.as_str(), var)))
    }

    /// Adds the variables and the buffers of another list after these.
    pub(super) fn extend(&mut self, other: Self) {
        self.vars.extend(other.vars);
        self.buffers.extend(other.buffers);
    }
}

impl From<&VarMap> for Params {
    /// The map's own order changes from run to run, so the variables are sorted by name.
    fn from(map: &VarMap) -> Self {
        let vars = map.data().lock().unwrap_or_else(PoisonError::into_inner);
        let mut vars: Vec<_> = vars.iter().map(|(name, var)| (name.clone(), var.clone())).collect();
        vars.sort_by(|a, b| a.0.cmp(&b.0));
        let (buffers, vars) = vars.into_iter().partition(|(name, _)| is_buffer(name));
        Self { vars, buffers }
    }
}

impl<const N: usize> From<[&Var; N]> for Params {
    fn from(vars: [&Var; N]) -> Self {
        Self::from(vars.map(Var::clone).to_vec())
    }
}

impl From<&Var> for Params {
    fn from(var: &Var) -> Self {
        Self::from([var])
    }
}

impl From<&[Var]> for Params {
    fn from(vars: &[Var]) -> Self {
        Self::from(vars.to_vec())
    }
}

impl From<Vec<Var>> for Params {
    fn from(vars: Vec<Var>) -> Self {
        Self::from(
            vars.into_iter().enumerate().map(|(i, var)| (i.to_string(), var)).collect::<Vec<_>>(),
        )
    }
}

impl From<Vec<(String, Var)>> for Params {
    fn from(vars: Vec<(String, Var)>) -> Self {
        Self { vars, buffers: Vec::new() }
    }
}

/// Variables with settings of their own.
///
/// ```
/// use lab::candle_core::{DType, Device, Var};
/// use lab::optim::Group;
/// let b = Var::zeros(2, DType::F32, &Device::Cpu)?;
/// let group = Group { weight_decay: Some(0.0), ..Group::new(&b) };
/// assert_eq!(group.lr, None);
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Group {
    /// The variables.
    pub params: Params,
    /// The learning rate, 0 or more; `None` takes the rule's.
    pub lr: Option<f64>,
    /// The weight decay, 0 or more; `None` takes the rule's.
    pub weight_decay: Option<f64>,
}

impl Group {
    /// Variables with the settings of the rule.
    pub fn new(params: impl Into<Params>) -> Self {
        Self { params: params.into(), lr: None, weight_decay: None }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use candle_core::{DType, Device};
    use candle_nn::Init;

    #[test]
    fn a_map_is_sorted_by_name() {
        let map = VarMap::new();
        for name in ["fc2.bias", "fc10.weight", "fc1.weight", "fc1.bias", "a"] {
            map.get(3, name, Init::Const(0.0), DType::F32, &Device::Cpu).unwrap();
        }
        let params = Params::from(&map);
        let names: Vec<_> = params.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["a", "fc1.bias", "fc1.weight", "fc10.weight", "fc2.bias"]);
        assert_eq!(params.count(), 15);
    }

    #[test]
    fn the_buffers_of_a_map_are_no_parameters() {
        let map = VarMap::new();
        let vb = crate::nn::var_builder(&map, 0, &Device::Cpu);
        crate::nn::batch_norm2d(4, vb.pp("layer1.bn")).unwrap();
        let params = Params::from(&map);
        let names = |all: &mut dyn Iterator<Item = (&str, &Var)>| {
            all.map(|(name, _)| name.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(names(&mut params.iter()), ["layer1.bn.bias", "layer1.bn.weight"]);
        assert_eq!((params.len(), params.count()), (2, 8));
        let all = names(&mut params.with_buffers());
        assert_eq!(all[2..], ["layer1.bn.running_mean", "layer1.bn.running_var"]);
    }

    #[test]
    fn nameless_variables_are_numbered() {
        let vars = [1, 2].map(|n| Var::zeros(n, DType::F32, &Device::Cpu).unwrap());
        let names = |params: Params| params.iter().map(|(n, _)| n.to_string()).collect::<Vec<_>>();
        assert_eq!(names(Params::from([&vars[0], &vars[1]])), ["0", "1"]);
        assert_eq!(names(Params::from(&vars[..])), ["0", "1"]);
        assert_eq!(Params::from(&vars[1]).len(), 1);
        assert!(Params::from(&VarMap::new()).is_empty());
    }
}
