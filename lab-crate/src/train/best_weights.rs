//! Keeps the weights of the best epoch. Read next: `weights.rs`, the copy.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::weights::Weights;
use super::{EpochRecord, Observer, Watch};
use crate::optim::Params;
use crate::replace::replace;
use crate::{Error, Result};

/// A copy of the weights after the epoch whose number was best, in memory and, if asked, in a file.
///
/// ```
/// use lab::prelude::*;
/// use lab::train::{BestWeights, Watch};
/// let map = VarMap::new();
/// nn::linear(3, 2, nn::var_builder(&map, 0, &Device::Cpu).pp("fc"))?;
/// let mut best = BestWeights::new(&map, Watch::ValAccuracy)?;
/// // train::fit(..., &mut best)?;
/// assert_eq!(best.epoch(), None);
/// assert!(best.restore().is_err()); // no epoch was kept yet
/// # Ok::<(), lab::Error>(())
/// ```
pub struct BestWeights {
    params: Params,
    watch: Watch,
    path: Option<PathBuf>,
    best: Option<Best>,
}

struct Best {
    value: f64,
    epoch: usize,
    weights: Weights,
}

impl BestWeights {
    /// Keeps the weights of `params` (a `&VarMap` or variables) when `watch` is better than ever before. Give the
    /// whole map, so that running means of batch norm are kept too.
    ///
    /// # Errors
    /// There is no variable.
    pub fn new(params: impl Into<Params>, watch: Watch) -> Result<Self> {
        let params = params.into();
        if params.is_empty() {
            return Err(Error::Argument(
                "BestWeights: нет ни одной переменной; создайте модель раньше и передайте её &VarMap".into(),
            ));
        }
        Ok(Self { params, watch, path: None, best: None })
    }

    /// Also writes them to a file (safetensors) that `VarMap::load` reads; the file is replaced whole.
    pub fn file(mut self, path: impl AsRef<Path>) -> Self {
        self.path = Some(path.as_ref().to_path_buf());
        self
    }

    /// The epoch whose weights are kept, as its training numbered it.
    pub fn epoch(&self) -> Option<usize> {
        self.best.as_ref().map(|best| best.epoch)
    }

    /// The best value.
    pub fn value(&self) -> Option<f64> {
        self.best.as_ref().map(|best| best.value)
    }

    /// Puts the kept weights back into the variables, in place. The optimizer's own state stays as it is.
    ///
    /// # Errors
    /// No epoch has been kept yet.
    ///
    /// ```
    /// use lab::prelude::*;
    /// use lab::train::{self, BestWeights, Fit, Watch};
    /// let x = Tensor::new(&[[0f32], [1.0], [2.0], [3.0]], &Device::Cpu)?;
    /// let train = DataLoader::new(TensorDataset::new(x.clone(), (x * 2.0)?)?, Default::default())?;
    /// let map = VarMap::new();
    /// let model = nn::linear(1, 1, nn::var_builder(&map, 0, &Device::Cpu))?;
    /// let mut opt = Optimizer::new(Sgd::lr(0.1), &map)?;
    /// let path = std::env::temp_dir().join(format!("doc-best-{}.safetensors", std::process::id()));
    /// let mut best = BestWeights::new(&map, Watch::TrainLoss)?.file(&path);
    /// let options = Fit { num_epochs: 3, ..Default::default() };
    /// train::fit(&model, &mut opt, loss::mse, &train, None, options, &mut best)?;
    /// assert!(best.epoch().is_some() && best.value().is_some());
    /// best.restore()?; // the weights of that epoch
    /// weights::read(&path)?.load_into(&map)?; // the same from the file
    /// # std::fs::remove_file(&path).ok();
    /// # Ok::<(), lab::Error>(())
    /// ```
    pub fn restore(&self) -> Result<()> {
        match &self.best {
            Some(best) => best.weights.restore(&self.params),
            None => Err(Error::Argument(
                "BestWeights: лучших весов ещё нет: передайте &mut best наблюдателем в fit и обучите хотя бы одну эпоху"
                    .into(),
            )),
        }
    }
}

impl Observer for BestWeights {
    fn on_epoch(&mut self, epoch: &EpochRecord) -> Result<()> {
        let value = self.watch.of(epoch)?;
        if !self.watch.is_better(value, self.value(), 0.0) {
            return Ok(());
        }
        let weights = Weights::of(&self.params)?;
        if let Some(path) = &self.path {
            save(&weights, path)?;
        }
        self.best = Some(Best { value, epoch: epoch.epoch, weights });
        Ok(())
    }
}

fn save(weights: &Weights, path: &Path) -> Result<()> {
    let tensors: HashMap<String, _> = weights.tensors().collect();
    replace(path, |part| {
        candle_core::safetensors::save(&tensors, part).map_err(std::io::Error::other)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::Scores;
    use super::*;
    use candle_core::{DType, Device, Var};
    use candle_nn::VarMap;

    fn epoch(epoch: usize, loss: f64) -> EpochRecord {
        let train = Scores { loss, accuracy: None, examples: 1 };
        EpochRecord { epoch, step: epoch, train, val: Some(train), lr: 0.1, seconds: 0.0 }
    }

    #[test]
    fn a_later_step_does_not_change_the_copy() {
        use crate::optim::{Optimizer, Sgd};
        let w = Var::new(&[1f32, 2.0], &Device::Cpu).unwrap();
        let mut opt = Optimizer::new(Sgd::lr(1.0), &w).unwrap();
        let mut best = BestWeights::new(&w, Watch::ValLoss).unwrap();
        let mut after = Vec::new();
        for (i, loss) in [0.5, 0.2, 0.9, f64::NAN].into_iter().enumerate() {
            opt.zero_grad();
            opt.backward(&w.sum_all().unwrap()).unwrap();
            opt.step().unwrap();
            after.push(w.to_vec1::<f32>().unwrap());
            best.on_epoch(&epoch(i + 1, loss)).unwrap();
        }
        assert_eq!(after, [[0.0, 1.0], [-1.0, 0.0], [-2.0, -1.0], [-3.0, -2.0]]);
        assert_eq!((best.epoch(), best.value()), (Some(2), Some(0.2)));
        best.restore().unwrap();
        assert_eq!(w.to_vec1::<f32>().unwrap(), [-1.0, 0.0]);
        opt.step().unwrap();
        best.restore().unwrap();
        assert_eq!(w.to_vec1::<f32>().unwrap(), [-1.0, 0.0], "restored twice");
    }

    #[test]
    fn the_file_is_read_by_the_map() {
        let path =
            std::env::temp_dir().join(format!("lab-best-{}.safetensors", std::process::id()));
        let map = |value: f64| {
            let map = VarMap::new();
            let var = Var::from_tensor(
                &Var::ones(3, DType::F64, &Device::Cpu).unwrap().affine(value, 0.0).unwrap(),
            );
            map.data().lock().unwrap().insert("w".into(), var.unwrap());
            map
        };
        let one = map(2.5);
        let mut best = BestWeights::new(&one, Watch::TrainLoss).unwrap().file(&path);
        best.on_epoch(&epoch(1, 0.5)).unwrap();
        let mut other = map(0.0);
        other.load(&path).unwrap();
        let read = other.data().lock().unwrap()["w"].to_vec1::<f64>().unwrap();
        assert_eq!(read, [2.5; 3]);
        assert!(!path.with_added_extension("part").exists());
        std::fs::remove_file(path).unwrap();
        let mut nowhere =
            BestWeights::new(&one, Watch::TrainLoss).unwrap().file("/нет/такой/w.safetensors");
        let error = nowhere.on_epoch(&epoch(1, 0.5)).unwrap_err().to_string();
        assert!(error.contains("/нет/такой/w.safetensors"), "{error}");
    }

    #[test]
    fn nothing_kept_and_nothing_to_keep_are_told() {
        let error = BestWeights::new(&VarMap::new(), Watch::ValLoss).err().unwrap().to_string();
        assert!(error.contains("нет ни одной переменной"), "{error}");
        let w = Var::new(&[1f32], &Device::Cpu).unwrap();
        let mut best = BestWeights::new(&w, Watch::ValAccuracy).unwrap();
        assert!(best.restore().unwrap_err().to_string().contains("лучших весов ещё нет"));
        assert!(
            best.on_epoch(&epoch(1, 0.5))
                .unwrap_err()
                .to_string()
                .contains("точность не считается")
        );
    }
}
