//! The tensors that a pickle describes: names, types, shapes and places in storages.
//!
//! Not here: the numbers (`storage.rs`), the commands (`pickle.rs`). Read next: `storage.rs`.

use std::collections::HashMap;

use candle_core::DType;

use super::Told;
use super::pickle::Pickle;
use super::value::{Global, Id, Value};

/// More dimensions than any weight has.
const MAX_RANK: usize = 8;

/// One tensor of the file.
#[derive(Debug)]
pub(super) struct Record<'a> {
    pub(super) name: &'a str,
    pub(super) dtype: DType,
    /// The name of the storage.
    pub(super) key: &'a str,
    /// The place of the first number in the storage, in numbers.
    pub(super) offset: usize,
    pub(super) size: Vec<usize>,
    /// How many numbers apart neighbours along each dimension lie.
    pub(super) stride: Vec<usize>,
}

/// The tensors of a `state_dict`, or of the `state_dict` inside a dictionary (a checkpoint).
pub(super) fn records<'a>(pickle: &Pickle<'a>) -> Told<Vec<Record<'a>>> {
    let Value::Dict(dict) = pickle.root() else {
        return Err(format!(
            "в нём {}, а нужен словарь имён и тензоров (state_dict)",
            pickle.root().kind()
        ));
    };
    let inner = dict.iter().find_map(|(key, value)| match (pickle.get(*key), pickle.get(*value)) {
        (Value::Str("state_dict"), Value::Dict(inner)) => Some(inner),
        _ => None,
    });
    let one = |(key, value): &(Id, Id)| {
        let Value::Str(name) = pickle.get(*key) else {
            return Err(format!("имя тензора - {}, а нужна строка", pickle.get(*key).kind()));
        };
        record(pickle, name, *value).map_err(|text| format!("запись «{name}»: {text}"))
    };
    inner.unwrap_or(dict).iter().map(one).collect()
}

/// The type of each storage by its name, of all storages that the pickle mentions.
pub(super) fn storages<'a>(pickle: &Pickle<'a>) -> Told<HashMap<&'a str, DType>> {
    let mut types = HashMap::new();
    for value in pickle.values() {
        if let Value::Storage(id) = value {
            let (key, dtype) = storage(pickle, *id)?;
            if types.insert(key, dtype).is_some_and(|known| known != dtype) {
                return Err(format!("хранилище «{key}» названо с двумя разными типами чисел"));
            }
        }
    }
    Ok(types)
}

fn record<'a>(pickle: &Pickle<'a>, name: &'a str, mut id: Id) -> Told<Record<'a>> {
    if let Value::Call(Global::RebuildParameter, arguments) = pickle.get(id) {
        id = tuple(pickle, *arguments).and_then(|items| items.first().copied()).ok_or_else(odd)?;
    }
    let Value::Call(Global::RebuildTensor, arguments) = pickle.get(id) else {
        return Err(format!("{}, а нужен тензор", pickle.get(id).kind()));
    };
    let Some([place, offset, size, stride, ..]) = tuple(pickle, *arguments) else {
        return Err(odd());
    };
    let Value::Storage(place) = pickle.get(*place) else { return Err(odd()) };
    let (key, dtype) = storage(pickle, *place)?;
    let (size, stride) = (sizes(pickle, *size)?, sizes(pickle, *stride)?);
    if size.len() != stride.len() || size.len() > MAX_RANK {
        return Err(format!("размеры {size:?} и шаги {stride:?} не подходят друг к другу"));
    }
    Ok(Record { name, dtype, key, offset: whole(pickle, *offset)?, size, stride })
}

/// The name and the type of the storage `("storage", type, name, device, length[, None])`.
fn storage<'a>(pickle: &Pickle<'a>, id: Id) -> Told<(&'a str, DType)> {
    let Some([word, dtype, key, _, _, rest @ ..]) = tuple(pickle, id) else { return Err(odd()) };
    let is_part = rest.first().is_some_and(|view| !matches!(pickle.get(*view), Value::None));
    match (pickle.get(*word), pickle.get(*dtype), pickle.get(*key)) {
        (Value::Str("storage"), Value::Global(Global::StorageType(dtype)), Value::Str(key))
            if !is_part =>
        {
            Ok((key, *dtype))
        }
        _ => Err(odd()),
    }
}

fn odd() -> String {
    "тензор описан не так, как это делает torch.save".to_string()
}

fn tuple<'p>(pickle: &'p Pickle<'_>, id: Id) -> Option<&'p [Id]> {
    match pickle.get(id) {
        Value::Tuple(items) => Some(items),
        _ => None,
    }
}

fn sizes(pickle: &Pickle<'_>, id: Id) -> Told<Vec<usize>> {
    tuple(pickle, id).ok_or_else(odd)?.iter().map(|id| whole(pickle, *id)).collect()
}

fn whole(pickle: &Pickle<'_>, id: Id) -> Told<usize> {
    match pickle.get(id) {
        Value::Int(number) => {
            usize::try_from(*number).map_err(|_| format!("размер, шаг или место {number} меньше 0"))
        }
        _ => Err(odd()),
    }
}
