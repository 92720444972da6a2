//! The way of weights into a model: names, shapes, then the numbers. Not here: reading files (`set.rs`).

use std::collections::HashMap;
use std::fmt;
use std::sync::PoisonError;

use candle_core::{Tensor, Var};
use candle_nn::VarMap;

use super::Weights;
use crate::{Error, Result};

/// The counter of batch norm that nothing here reads.
const COUNTER: &str = "num_batches_tracked";
/// How many names a message lists.
const LISTED: usize = 4;

/// What [`Weights::load_into`] did; its text says it in a line.
///
/// ```
/// # use lab::{candle_core::Device, candle_nn::VarMap, nn, weights};
/// # let path = std::env::temp_dir().join(format!("doc-loaded-{}.safetensors", std::process::id()));
/// let map = VarMap::new();
/// nn::linear(3, 2, nn::var_builder(&map, 1, &Device::Cpu).pp("fc"))?;
/// weights::save(&map, &path)?;
/// let loaded = weights::read(&path)?.load_into(&map)?;
/// assert_eq!((loaded.tensors, loaded.numbers, loaded.kept.len()), (2, 8, 0));
/// # std::fs::remove_file(&path).ok();
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// How many variables got their values.
    pub tensors: usize,
    /// How many numbers that is.
    pub numbers: usize,
    /// Variables that kept their values, because they are in the part that was left out; sorted.
    pub kept: Vec<String>,
}

impl fmt::Display for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "загружено тензоров: {}, чисел: {}", self.tensors, self.numbers)?;
        match list(&self.kept) {
            None => Ok(()),
            Some(names) => write!(f, "; оставлено как есть: {names}"),
        }
    }
}

impl Weights {
    /// Gives every variable of `map` the value of its name (as `load_state_dict` with `strict=True`).
    ///
    /// Names and shapes must be the same on both sides, but for the counters `num_batches_tracked`; numbers
    /// are converted to the variable's type and moved to its device.
    ///
    /// # Errors
    /// A name is missing or not expected, or a shape differs; the text lists them, and nothing is changed.
    ///
    /// ```
    /// # use lab::{candle_core::Device, candle_nn::VarMap, nn, weights};
    /// # let path = std::env::temp_dir().join(format!("doc-load-{}.safetensors", std::process::id()));
    /// let (map, other) = (VarMap::new(), VarMap::new());
    /// let trained = nn::linear(3, 2, nn::var_builder(&map, 1, &Device::Cpu).pp("fc"))?;
    /// let layer = nn::linear(3, 2, nn::var_builder(&other, 2, &Device::Cpu).pp("fc"))?;
    /// weights::save(&map, &path)?;
    /// let loaded = weights::read(&path)?.load_into(&other)?;
    /// assert_eq!(loaded.tensors, 2);
    /// assert_eq!(layer.weight().to_vec2::<f32>()?, trained.weight().to_vec2::<f32>()?);
    /// # std::fs::remove_file(&path).ok();
    /// # Ok::<(), lab::Error>(())
    /// ```
    pub fn load_into(&self, map: &VarMap) -> Result<Loaded> {
        self.load(map, None)
    }

    /// [`Weights::load_into`] without the names that start with `prefix`, on both sides: `"fc."` leaves out a head made
    /// for another number of classes, whose variables keep their values.
    ///
    /// # Errors
    /// As for [`Weights::load_into`], or `prefix` is no start of any name.
    ///
    /// ```
    /// # use lab::{candle_core::Device, candle_nn::VarMap, nn, weights};
    /// # let path = std::env::temp_dir().join(format!("doc-except-{}.safetensors", std::process::id()));
    /// let (trained, new) = (VarMap::new(), VarMap::new());
    /// for (map, classes) in [(&trained, 1000), (&new, 2)] {
    ///     let vb = nn::var_builder(map, 1, &Device::Cpu);
    ///     nn::linear(3, 4, vb.pp("body"))?;
    ///     nn::linear(4, classes, vb.pp("fc"))?;
    /// }
    /// weights::save(&trained, &path)?;
    /// let loaded = weights::read(&path)?.load_except(&new, "fc.")?;
    /// assert_eq!(loaded.kept, ["fc.bias", "fc.weight"]);
    /// # std::fs::remove_file(&path).ok();
    /// # Ok::<(), lab::Error>(())
    /// ```
    pub fn load_except(&self, map: &VarMap, prefix: &str) -> Result<Loaded> {
        self.load(map, Some(prefix))
    }

    fn load(&self, map: &VarMap, except: Option<&str>) -> Result<Loaded> {
        let variables = map.data().lock().unwrap_or_else(PoisonError::into_inner);
        let is_out = |name: &str| except.is_some_and(|prefix| name.starts_with(prefix));
        if let Some(prefix) = except
            && !self.names().chain(variables.keys().map(String::as_str)).any(is_out)
        {
            return Err(Error::Argument(format!(
                "load_except: нет ни одного имени, которое начинается с «{prefix}»; есть, например: {}",
                list(&sorted(variables.keys())).unwrap_or_default()
            )));
        }
        let matched = self.matched(&variables, &is_out)?;
        let mut loaded = Loaded { tensors: matched.len(), numbers: 0, kept: Vec::new() };
        // All conversions come before the first change.
        let converted = matched
            .into_iter()
            .map(|(var, tensor)| Ok((var, tensor.to_device(var.device())?.to_dtype(var.dtype())?)));
        for (var, value) in converted.collect::<Result<Vec<_>>>()? {
            var.set(&value)?;
            loaded.numbers += value.elem_count();
        }
        loaded.kept = sorted(variables.keys().filter(|name| is_out(name)));
        Ok(loaded)
    }

    /// Each variable beside its value.
    fn matched<'a>(
        &'a self,
        variables: &'a HashMap<String, Var>,
        is_out: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<(&'a Var, &'a Tensor)>> {
        let (mut matched, mut missing, mut shapes) = (Vec::new(), Vec::new(), Vec::new());
        for (name, var) in variables.iter().filter(|(name, _)| !is_out(name)) {
            match self.get(name) {
                None => missing.push(name.clone()),
                Some(tensor) if tensor.dims() != var.dims() => {
                    shapes.push(format!("{name}: {:?}, а нужно {:?}", tensor.dims(), var.dims()));
                }
                Some(tensor) => matched.push((var, tensor)),
            }
        }
        let is_extra = |name: &&str| {
            !is_out(name) && !variables.contains_key(*name) && !name.ends_with(COUNTER)
        };
        let extra = self.names().filter(is_extra).map(String::from).collect();
        let problems = [("нет весов для", missing), ("лишние", extra), ("другая форма", shapes)];
        let lines: Vec<String> = problems
            .map(|(title, mut names)| {
                names.sort_unstable();
                list(&names).map(|names| format!("\n  {title}: {names}"))
            })
            .into_iter()
            .flatten()
            .collect();
        if lines.is_empty() {
            return Ok(matched);
        }
        Err(Error::Data(format!(
            "{} не подходят этой модели, ничего не изменено:{}\nНужен файл от такой же модели; если отличается \
             только последний слой, возьмите load_except(&map, \"fc.\") с его именем",
            self.origin,
            lines.concat()
        )))
    }
}

fn sorted<'a>(names: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut names: Vec<String> = names.cloned().collect();
    names.sort_unstable();
    names
}

/// The first names and how many more there are; `None` for no names.
fn list(names: &[String]) -> Option<String> {
    let first = names.iter().take(LISTED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => None,
        n if n <= LISTED => Some(first),
        n => Some(format!("{first} и ещё {}", n - LISTED)),
    }
}
