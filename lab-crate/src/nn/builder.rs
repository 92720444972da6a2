//! Where layers get their variables: from a `VarMap`, new ones drawn from a seed.
//!
//! candle's own builder draws from a generator that has no seed on the CPU. Not here: the
//! distributions (`init/`). Read next: `linear.rs`, the first user.

use std::collections::HashMap;
use std::sync::{MutexGuard, PoisonError};

use candle_core::{DType, Device, Shape, Tensor, Var, bail};
use candle_nn::var_builder::SimpleBackend;
use candle_nn::{Init, VarBuilder, VarMap};

use super::init;
use crate::Rng;

/// A builder of layers over `map` whose new variables are f32 and repeat from `seed`.
///
/// A variable depends on `seed`, its full name and its shape only: the order in which layers are made, or a
/// layer added before it, changes nothing. A name that is in the map already gives the variable of the map. Layers
/// of `candle_nn` made with this builder repeat too. For f64 take `.set_dtype(DType::F64)`.
///
/// ```
/// use lab::candle_core::Device;
/// use lab::{candle_nn::VarMap, nn};
/// let weight = |seed| {
///     let vb = nn::var_builder(&VarMap::new(), seed, &Device::Cpu);
///     nn::linear(3, 2, vb.pp("fc"))?.weight().to_vec2::<f32>().map_err(lab::Error::from)
/// };
/// assert_eq!(weight(1)?, weight(1)?);
/// assert_ne!(weight(1)?, weight(2)?);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn var_builder(map: &VarMap, seed: u64, device: &Device) -> VarBuilder<'static> {
    let backend = Seeded { map: map.clone(), seed };
    VarBuilder::from_backend(Box::new(backend), DType::F32, device.clone())
}

struct Seeded {
    map: VarMap,
    seed: u64,
}

impl Seeded {
    fn variables(&self) -> MutexGuard<'_, HashMap<String, Var>> {
        self.map.data().lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The generator of one variable: FNV-1a over the seed and the name.
    fn rng(&self, name: &str) -> Rng {
        let mix = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        let start = self.seed.to_le_bytes().iter().fold(0xcbf2_9ce4_8422_2325, mix);
        Rng::seed(name.as_bytes().iter().fold(start, mix))
    }
}

impl SimpleBackend for Seeded {
    fn get(
        &self,
        shape: Shape,
        name: &str,
        kind: Init,
        dtype: DType,
        device: &Device,
    ) -> candle_core::Result<Tensor> {
        let mut variables = self.variables();
        if let Some(known) = variables.get(name) {
            if known.shape() != &shape || known.dtype() != dtype {
                bail!(
                    "переменная «{name}» уже есть: форма {:?}, тип {}, а слою нужна форма {:?}, тип {}; \
                     дайте слою другое имя: vb.pp(\"...\"), или возьмите новый VarMap::new()",
                    known.dims(),
                    known.dtype().as_str(),
                    shape.dims(),
                    dtype.as_str(),
                );
            }
            return Ok(known.as_tensor().clone());
        }
        let var = Var::from_tensor(&init::draw(kind, &shape, dtype, device, &mut self.rng(name))?)?;
        let tensor = var.as_tensor().clone();
        variables.insert(name.to_string(), var);
        Ok(tensor)
    }

    fn get_unchecked(
        &self,
        name: &str,
        dtype: DType,
        device: &Device,
    ) -> candle_core::Result<Tensor> {
        match self.variables().get(name) {
            Some(known) => known.as_tensor().to_dtype(dtype)?.to_device(device),
            None => bail!("переменной «{name}» ещё нет, а без формы её не создать"),
        }
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.variables().contains_key(name)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::nn;

    fn numbers(map: &VarMap, name: &str) -> Vec<f32> {
        let data = map.data().lock().unwrap();
        data.get(name).unwrap().flatten_all().unwrap().to_vec1().unwrap()
    }

    #[test]
    fn the_order_of_layers_changes_nothing() {
        let (one, two) = (VarMap::new(), VarMap::new());
        let vb = nn::var_builder(&one, 7, &Device::Cpu);
        nn::linear(4, 3, vb.pp("a")).unwrap();
        candle_nn::linear(4, 3, vb.pp("b")).unwrap();
        let vb = nn::var_builder(&two, 7, &Device::Cpu);
        nn::linear(9, 9, vb.pp("first")).unwrap();
        candle_nn::linear(4, 3, vb.pp("b")).unwrap();
        nn::linear(4, 3, vb.pp("a")).unwrap();
        for name in ["a.weight", "a.bias", "b.weight", "b.bias"] {
            assert_eq!(numbers(&one, name), numbers(&two, name), "{name}");
        }
        assert_ne!(numbers(&one, "a.bias"), numbers(&one, "b.bias"), "each name has its stream");
    }

    /// Recorded at the first run: a change of these numbers changes everybody's results.
    #[test]
    fn the_numbers_of_a_seed_stay() {
        let map = VarMap::new();
        nn::linear(4, 1, nn::var_builder(&map, 42, &Device::Cpu).pp("fc")).unwrap();
        assert_eq!(numbers(&map, "fc.weight"), RECORDED);
    }
    const RECORDED: [f32; 4] = [0.1786581, 0.32923257, 0.18197323, -0.37790895];

    #[test]
    fn every_layer_of_candle_works_and_shares_variables() {
        let map = VarMap::new();
        let vb = nn::var_builder(&map, 1, &Device::Cpu);
        candle_nn::batch_norm(3, 1e-5, vb.pp("bn")).unwrap();
        candle_nn::embedding(5, 3, vb.pp("emb")).unwrap();
        candle_nn::layer_norm(3, 1e-5, vb.pp("ln")).unwrap();
        assert_eq!(numbers(&map, "bn.running_var"), [1.0; 3]);
        assert_eq!(numbers(&map, "ln.bias"), [0.0; 3]);
        let first = nn::linear(2, 2, vb.pp("shared")).unwrap();
        let second = nn::linear(2, 2, vb.pp("shared")).unwrap();
        assert_eq!(first.weight().id(), second.weight().id());
        assert!(vb.contains_tensor("shared.bias") && !vb.contains_tensor("shared.gain"));
        let error = nn::linear(3, 2, vb.pp("shared")).unwrap_err().to_string();
        assert!(error.contains("shared.weight") && error.contains("[2, 3]"), "{error}");
        assert!(vb.get_unchecked("none").is_err());
        assert_eq!(vb.get_unchecked("shared.bias").unwrap().dims(), [2]);
        let double = vb.pp("double").set_dtype(DType::F64);
        assert_eq!(nn::linear(2, 2, double).unwrap().bias().dtype(), DType::F64);
    }
}
