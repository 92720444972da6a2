//! The state of an optimizer in a file, so that training can go on where it stopped.
//!
//! Not here: the weights, which `VarMap::save` writes. The file is in the format safetensors, with these tensors:
//! `rule` (the name as bytes), `lr` (of each group), `momentum`, and for each parameter
//! `steps/GROUP/NAME` and `BUFFER/GROUP/NAME`, where BUFFER is PyTorch's name. Read next: `records.rs`.

use std::path::Path;

use candle_core::{Device, Tensor};

use super::records::{Tensors, read_state, take, write_state};
use super::{Optimizer, Rule};
use crate::replace::replace;
use crate::{Error, Result};

impl Optimizer {
    /// Writes steps, buffers, learning rates and momentum to a file (safetensors); held gradients are not written.
    ///
    /// A file of that name is replaced only when the new one is complete.
    ///
    /// # Errors
    /// The file cannot be written.
    ///
    /// ```
    /// # use lab::candle_core::{Device, Var};
    /// # use lab::optim::{Adam, Optimizer};
    /// # let path = std::env::temp_dir().join(format!("doc-{}.safetensors", std::process::id()));
    /// # let w = Var::new(&[2f32, -1.0], &Device::Cpu)?;
    /// let mut opt = Optimizer::new(Adam::lr(0.1), &w)?;
    /// opt.save(&path)?;
    /// opt.load(&path)?;
    /// # std::fs::remove_file(&path).ok();
    /// # Ok::<(), lab::Error>(())
    /// ```
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let tensors = self.tensors()?;
        replace(path.as_ref(), |part| {
            candle_core::safetensors::save(&tensors, part).map_err(std::io::Error::other)
        })
    }

    /// Reads what [`Optimizer::save`] wrote, into an optimizer of the same rule and parameters.
    ///
    /// Steps, buffers, learning rates and momentum come from the file; the other numbers of the rule stay as given
    /// to [`Optimizer::new`]. Load the weights with `VarMap::load`.
    ///
    /// # Errors
    /// The file cannot be read, or does not fit: another rule, other names, shapes or dtypes. Then nothing is changed.
    pub fn load(&mut self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let bytes = std::fs::read(path)
            .map_err(|source| Error::File { path: path.to_path_buf(), source })?;
        let misfit = |text: String| {
            Error::Data(format!("состояние оптимизатора, файл «{}»: {text}", path.display()))
        };
        let mut tensors =
            candle_core::safetensors::load_buffer(&bytes, &Device::Cpu).map_err(|error| {
                misfit(format!("это не файл safetensors или он повреждён ({error})"))
            })?;
        let (rule, lrs) = self.read_settings(&mut tensors).map_err(misfit)?;
        let mut states = Vec::new();
        for ((name, var), slot) in self.params.iter().zip(&self.slots) {
            let key = format!("{}/{name}", slot.group);
            states.push(read_state(&mut tensors, &rule, &key, var).map_err(misfit)?);
        }
        if let Some(name) = tensors.keys().min() {
            return Err(misfit(format!("лишняя запись «{name}»: файл от другой модели")));
        }
        self.rule = rule;
        self.groups.iter_mut().zip(lrs).for_each(|(group, lr)| group.lr = lr);
        self.slots.iter_mut().zip(states).for_each(|(slot, state)| slot.state = state);
        Ok(())
    }

    fn tensors(&self) -> Result<Tensors> {
        let cpu = &Device::Cpu;
        let mut tensors = Tensors::new();
        tensors.insert("rule".to_string(), Tensor::new(self.rule.name().as_bytes(), cpu)?);
        tensors.insert("lr".to_string(), Tensor::new(self.lrs(), cpu)?);
        if let Some(momentum) = self.rule.momentum() {
            tensors.insert("momentum".to_string(), Tensor::new(&[momentum], cpu)?);
        }
        for ((name, var), slot) in self.params.iter().zip(&self.slots) {
            let key = format!("{}/{name}", slot.group);
            write_state(&mut tensors, &self.rule, &key, var, &slot.state)?;
        }
        Ok(tensors)
    }

    /// The rule with the momentum of the file, and the learning rates.
    fn read_settings(
        &self,
        tensors: &mut Tensors,
    ) -> std::result::Result<(Rule, Vec<f64>), String> {
        let name: Vec<u8> = take(tensors, "rule")?;
        let (name, own) = (String::from_utf8_lossy(&name).into_owned(), self.rule.name());
        if name != own {
            return Err(format!("записано правило {name}, а у оптимизатора {own}"));
        }
        let lrs: Vec<f64> = take(tensors, "lr")?;
        if lrs.len() != self.groups.len() {
            let (got, expected) = (lrs.len(), self.groups.len());
            return Err(format!("групп параметров {got}, а у оптимизатора {expected}"));
        }
        let mut rule = self.rule;
        if rule.momentum().is_some() {
            let momentum: Vec<f64> = take(tensors, "momentum")?;
            let Some(&momentum) = momentum.first() else {
                return Err("запись «momentum» пуста".to_string());
            };
            rule = rule.with_momentum(momentum);
        }
        rule.check().map_err(|error| error.to_string())?;
        match lrs.iter().find(|lr| !(lr.is_finite() && **lr >= 0.0)) {
            Some(lr) => Err(format!("lr = {lr}, а нужно конечное число не меньше 0")),
            None => Ok((rule, lrs)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::path::PathBuf;

    use candle_core::{DType, Var};

    use super::super::trajectory::{start, walk};
    use super::super::{Adagrad, Adam, AdamW, OneCycleLr, Params, RmsProp, Scheduler, Sgd};
    use super::*;
    use crate::Rng;

    fn file(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("lab-optim-{name}-{}", std::process::id()))
    }

    fn bits(vars: &[Var; 2]) -> Vec<u64> {
        let number = |var: &Var| var.flatten_all().unwrap().to_dtype(DType::F64).unwrap();
        let numbers = vars.iter().flat_map(|var| number(var).to_vec1::<f64>().unwrap());
        numbers.map(f64::to_bits).collect()
    }

    #[test]
    fn a_resumed_run_equals_an_uninterrupted_one_bit_for_bit() {
        let (centered, amsgrad) = (true, true);
        let rules: [Rule; 6] = [
            Sgd::lr(0.1).into(),
            Sgd { momentum: 0.9, dampening: 0.5, ..Sgd::lr(0.1) }.into(),
            RmsProp { centered, momentum: 0.5, ..RmsProp::lr(0.01) }.into(),
            Adagrad { lr_decay: 0.1, initial_accumulator_value: 0.5, ..Adagrad::lr(0.1) }.into(),
            Adam { amsgrad, ..Adam::lr(0.01) }.into(),
            AdamW::lr(0.01).into(),
        ];
        let path = file("resume");
        for (rule, dtype) in
            rules.into_iter().flat_map(|rule| [(rule, DType::F32), (rule, DType::F64)])
        {
            let whole = start(dtype);
            let mut opt = Optimizer::new(rule, &whole[..]).unwrap();
            walk(&mut opt, &whole, 1..=20);
            opt.set_lr(0.03).unwrap();
            opt.save(&path).unwrap();
            let half = whole.clone().map(|var| Var::from_tensor(&var.copy().unwrap()).unwrap());
            walk(&mut opt, &whole, 21..=40);

            let mut opt = Optimizer::new(rule, &half[..]).unwrap();
            opt.load(&path).unwrap();
            assert_eq!(opt.lr(), 0.03);
            walk(&mut opt, &half, 21..=40);
            assert_eq!(bits(&whole), bits(&half), "{rule:?} {dtype:?}");
        }
        assert!(!path.with_added_extension("part").exists());
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_schedule_goes_on_from_its_step() {
        let (path, [w, _]) = (file("schedule"), start(DType::F32));
        let mut opt = Optimizer::new(Adam::lr(0.1), &w).unwrap();
        let mut sched = Scheduler::new(OneCycleLr::new(1.0, 10), &mut opt).unwrap();
        sched.resume_at(4, &mut opt).unwrap();
        opt.save(&path).unwrap();

        let mut other = Optimizer::new(Adam::lr(0.1), &w).unwrap();
        let mut later = Scheduler::new(OneCycleLr::new(1.0, 10), &mut other).unwrap();
        other.load(&path).unwrap();
        assert_eq!(
            (other.lr(), other.rule()),
            (opt.lr(), opt.rule()),
            "rate and momentum come from the file"
        );
        later.resume_at(4, &mut other).unwrap();
        assert_eq!((other.lr(), other.rule()), (opt.lr(), opt.rule()));
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_file_that_does_not_fit_is_told_and_changes_nothing() {
        let (path, vars) = (file("misfit"), start(DType::F32));
        let mut opt = Optimizer::new(Adam::lr(0.5), &vars[..]).unwrap();
        walk(&mut opt, &vars, 1..=2);
        opt.save(&path).unwrap();
        let [w, b] = &vars;
        let named = Params::from(vec![("w".to_string(), w.clone())]);
        let long = Var::zeros(3, DType::F32, &Device::Cpu).unwrap();
        let [w64, b64] = start(DType::F64);
        let adam = Rule::from(Adam::lr(0.1));
        let wrong: [(Rule, Params, &str); 7] = [
            (AdamW::lr(0.1).into(), Params::from([w, b]), "а у оптимизатора AdamW"),
            (adam, named, "нет записи «steps/0/w»"),
            (adam, Params::from([w]), "лишняя запись «exp_avg/0/1»"),
            (adam, Params::from([w, b, &long]), "нет записи «steps/0/2»"),
            (adam, Params::from([w, &long]), "«exp_avg/0/1» формы [2], а у параметра [3]"),
            (adam, Params::from([&w64, &b64]), "«exp_avg/0/0» типа F32, а нужен F64"),
            (
                Adam { amsgrad: true, ..Adam::lr(0.1) }.into(),
                Params::from([w, b]),
                "«max_exp_avg_sq/0/0»",
            ),
        ];
        for (rule, params, expected) in wrong {
            let mut other = Optimizer::new(rule, params).unwrap();
            let error = other.load(&path).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("lab-optim-misfit"), "{error}");
            assert_eq!(other.lr(), 0.1);
            assert!(other.slots.iter().all(|slot| slot.state.steps == 0));
        }
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_path_that_cannot_be_used_is_told() {
        let (path, vars) = (file("absent"), start(DType::F32));
        let mut opt = Optimizer::new(Adam::lr(0.5), &vars[..]).unwrap();
        let error = opt.load(&path).unwrap_err();
        assert!(matches!(error, Error::File { .. }), "{error}");
        let error = opt.save(path.join("no/such/folder")).unwrap_err();
        assert!(matches!(error, Error::File { .. }), "{error}");
    }

    #[test]
    fn a_damaged_file_never_panics() {
        let (path, vars) = (file("damaged"), start(DType::F32));
        let mut opt = Optimizer::new(RmsProp::lr(0.1), &vars[..]).unwrap();
        walk(&mut opt, &vars, 1..=1);
        opt.save(&path).unwrap();
        let (right, mut rng) = (std::fs::read(&path).unwrap(), Rng::seed(1));
        let mut refused = 0;
        for round in 0..400 {
            let mut bytes = right.clone();
            if round % 2 == 0 {
                bytes.truncate(rng.below(right.len()));
            } else {
                let place = rng.below(right.len());
                bytes[place] ^= 1 << rng.below(8);
            }
            std::fs::write(&path, &bytes).unwrap();
            match opt.load(&path) {
                Ok(()) => assert!(round % 2 == 1, "half a file was taken for a whole one"),
                Err(error) => {
                    assert!(matches!(error, Error::Data(_)), "{error}");
                    refused += 1;
                }
            }
        }
        assert!(refused > 200, "{refused}");
        std::fs::remove_file(path).unwrap();
    }
}
