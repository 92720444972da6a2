//! The records of one parameter in the file of an optimizer: its steps and buffers.
//!
//! Not here: the file itself and the settings (`checkpoint.rs`). Read next: `state.rs`.

use std::collections::HashMap;

use candle_core::{DType, Device, Tensor, Var, WithDType};

use super::Rule;
use super::state::{Numbers, State};
use crate::Result;

/// The records of a file by name.
pub(super) type Tensors = HashMap<String, Tensor>;

/// Adds the steps and the buffers of a parameter; `key` is `GROUP/NAME`.
pub(super) fn write_state(
    tensors: &mut Tensors,
    rule: &Rule,
    key: &str,
    var: &Var,
    state: &State,
) -> Result<()> {
    let steps = Tensor::new(&[state.steps as i64], &Device::Cpu)?;
    tensors.insert(format!("steps/{key}"), steps);
    match &state.numbers {
        Numbers::F32(buffers) => write(tensors, rule, key, var, buffers),
        Numbers::F64(buffers) => write(tensors, rule, key, var, buffers),
    }
}

/// Adds the buffers that are in use.
fn write<T: WithDType>(
    tensors: &mut Tensors,
    rule: &Rule,
    key: &str,
    var: &Var,
    buffers: &[Vec<T>; 3],
) -> Result<()> {
    for (buffer, name) in buffers.iter().zip(rule.buffers()) {
        if let (Some(name), true) = (name, buffer.len() == var.elem_count()) {
            let tensor = Tensor::from_slice(buffer, var.dims(), &Device::Cpu)?;
            tensors.insert(format!("{name}/{key}"), tensor);
        }
    }
    Ok(())
}

/// The state of one parameter, taken out of `tensors`.
pub(super) fn read_state(
    tensors: &mut Tensors,
    rule: &Rule,
    key: &str,
    var: &Var,
) -> std::result::Result<State, String> {
    let steps: Vec<i64> = take(tensors, &format!("steps/{key}"))?;
    let steps = match steps[..] {
        [steps] if steps >= 0 => steps as u64,
        _ => return Err(format!("в записи «steps/{key}» {steps:?}, а нужно одно число шагов")),
    };
    let mut state = State::new(key, var.dtype()).map_err(|error| error.to_string())?;
    state.steps = steps;
    for (place, name) in rule.buffers().into_iter().enumerate() {
        let Some(name) = name else { continue };
        let name = format!("{name}/{key}");
        if steps == 0 && !tensors.contains_key(&name) {
            continue;
        }
        match &mut state.numbers {
            Numbers::F32(s) => s[place] = take_as(tensors, &name, var)?,
            Numbers::F64(s) => s[place] = take_as(tensors, &name, var)?,
        }
    }
    Ok(state)
}

/// A list of numbers by its name.
pub(super) fn take<T: WithDType>(
    tensors: &mut Tensors,
    name: &str,
) -> std::result::Result<Vec<T>, String> {
    let Some(tensor) = tensors.remove(name) else {
        return Err(format!("нет записи «{name}»: файл от другой модели или правила"));
    };
    let numbers = tensor.flatten_all().and_then(|list| list.to_vec1::<T>());
    numbers.map_err(|_| {
        let (got, expected): (DType, DType) = (tensor.dtype(), T::DTYPE);
        format!("запись «{name}» типа {got:?}, а нужен {expected:?}")
    })
}

/// A buffer by its name; its shape is the parameter's.
fn take_as<T: WithDType>(
    tensors: &mut Tensors,
    name: &str,
    var: &Var,
) -> std::result::Result<Vec<T>, String> {
    if let Some(tensor) = tensors.get(name)
        && tensor.dims() != var.dims()
    {
        let (got, expected) = (tensor.dims(), var.dims());
        return Err(format!("запись «{name}» формы {got:?}, а у параметра {expected:?}"));
    }
    take(tensors, name)
}
