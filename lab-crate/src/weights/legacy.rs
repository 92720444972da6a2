//! The format of `torch.save` before PyTorch 1.6: five pickles, then the storages one after another.
//!
//! The pickles: a magic number, a protocol number, the machine, the object, the names of the storages.
//! Each storage is its length in 8 bytes and its numbers. Not here: the pickles' commands (`pickle.rs`).

use std::collections::HashMap;

use candle_core::{DType, Tensor};

use super::Told;
use super::pickle::Pickle;
use super::record::{records, storages};
use super::storage::{Budget, tensor};
use super::value::Value;

/// The first bytes of the format: the pickle of the number 0x1950a86a20f9469cfc6c.
pub(super) const MAGIC: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
/// The only version of the format there has been.
const PROTOCOL: i64 = 1001;

/// Names and tensors of the file `bytes`, which starts with [`MAGIC`].
pub(super) fn read(bytes: &[u8]) -> Told<Vec<(String, Tensor)>> {
    let protocol = Pickle::read(bytes, MAGIC.len())?;
    match protocol.root() {
        Value::Int(PROTOCOL) => {}
        _ => return Err(format!("неизвестная версия старого формата .pth, а нужна {PROTOCOL}")),
    }
    // Big endian machines wrote little endian numbers too: `little_endian` there tells nothing more.
    let machine = Pickle::read(bytes, protocol.end)?;
    let object = Pickle::read(bytes, machine.end)?;
    let keys = Pickle::read(bytes, object.end)?;
    let storages = places(bytes, &keys, &storages(&object)?)?;
    let mut budget = Budget::of(bytes.len());
    let one = |record: super::record::Record<'_>| {
        let storage = storages.get(record.key);
        let storage = storage.ok_or_else(|| format!("в файле нет хранилища «{}»", record.key))?;
        Ok((record.name.to_string(), tensor(&record, storage, &mut budget)?))
    };
    records(&object)?.into_iter().map(one).collect()
}

/// The bytes of each storage by its name, in the order of the list `keys`.
fn places<'a>(
    bytes: &'a [u8],
    keys: &Pickle<'a>,
    types: &HashMap<&'a str, DType>,
) -> Told<HashMap<&'a str, &'a [u8]>> {
    let Value::List(list) = keys.root() else {
        return Err("в файле нет списка хранилищ".into());
    };
    let (mut at, mut places) = (keys.end, HashMap::new());
    for id in list {
        let Value::Str(key) = keys.get(*id) else {
            return Err("имя хранилища не строка".into());
        };
        let dtype = types.get(key).ok_or_else(|| format!("хранилище «{key}» ничьё"))?;
        let cut = || format!("файл обрывается: хранилище «{key}» неполное");
        let (head, rest) = bytes.get(at..).and_then(<[u8]>::split_first_chunk).ok_or_else(cut)?;
        let length = usize::try_from(u64::from_le_bytes(*head)).ok();
        let length = length.and_then(|count| count.checked_mul(dtype.size_in_bytes()));
        let storage = length.and_then(|length| rest.get(..length)).ok_or_else(cut)?;
        at += head.len() + storage.len();
        places.insert(*key, storage);
    }
    Ok(places)
}
