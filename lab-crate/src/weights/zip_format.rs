//! The format of `torch.save` since PyTorch 1.6: a zip file with `NAME/data.pkl` and a file for each storage.
//!
//! Members are stored uncompressed; their check sums are compared. Not here: the pickle (`pickle.rs`).

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use candle_core::Tensor;
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::Told;
use super::pickle::Pickle;
use super::record::{Record, records};
use super::storage::{Budget, tensor};

/// The first bytes of the format.
pub(super) const MAGIC: &[u8] = b"PK\x03\x04";

/// Names and tensors of the zip file `bytes`.
pub(super) fn read(bytes: &[u8]) -> Told<Vec<(String, Tensor)>> {
    let mut archive = ZipArchive::new(Cursor::new(bytes))
        .map_err(|error| broken("оглавление", &error.to_string()))?;
    let pickle = archive.file_names().flatten().find(|name| is_pickle(name)).map(String::from);
    let pickle = pickle.ok_or("в архиве zip нет файла data.pkl: это не файл torch.save")?;
    let folder = pickle.trim_end_matches("data.pkl").to_string();
    // Written since PyTorch 2.1; before, it was always little endian.
    if let Some(order) = member(&mut archive, &format!("{folder}byteorder"), bytes.len())?
        && order != b"little"
    {
        return Err("числа записаны на машине с другим порядком байтов (big endian)".into());
    }
    let text = member(&mut archive, &pickle, bytes.len())?.unwrap_or_default();
    let pickle = Pickle::read(&text, 0)?;
    let mut by_storage: BTreeMap<&str, Vec<Record<'_>>> = BTreeMap::new();
    for record in records(&pickle)? {
        by_storage.entry(record.key).or_default().push(record);
    }
    let mut budget = Budget::of(bytes.len());
    let mut tensors = Vec::new();
    for (key, records) in by_storage {
        let storage = member(&mut archive, &format!("{folder}data/{key}"), bytes.len())?;
        let storage = storage.ok_or_else(|| format!("в архиве zip нет хранилища data/{key}"))?;
        for record in records {
            tensors.push((record.name.to_string(), tensor(&record, &storage, &mut budget)?));
        }
    }
    Ok(tensors)
}

/// Whether a member is `data.pkl`, or the same in a folder.
fn is_pickle(name: &str) -> bool {
    name == "data.pkl" || name.split_once('/').is_some_and(|(_, rest)| rest == "data.pkl")
}

/// The bytes of the member `name`, at most `limit` of them; `None` when there is none.
fn member(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    name: &str,
    limit: usize,
) -> Told<Option<Vec<u8>>> {
    let mut file = match archive.by_name(name) {
        Ok(file) => file,
        Err(ZipError::FileNotFound) => return Ok(None),
        Err(error) => return Err(broken(name, &error.to_string())),
    };
    if file.compression() != CompressionMethod::Stored {
        return Err(format!("файл {name} в архиве сжат, а torch.save не сжимает"));
    }
    let size = usize::try_from(file.size()).ok().filter(|size| *size <= limit);
    let size = size.ok_or_else(|| broken(name, "размер больше всего архива"))?;
    let mut bytes = Vec::with_capacity(size);
    let read = (&mut file).take(size as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| broken(name, &error.to_string()))?;
    if bytes.len() != size {
        return Err(broken(name, &format!("байт {}, а записано, что {size}", bytes.len())));
    }
    Ok(Some(bytes))
}

fn broken(name: &str, reason: &str) -> String {
    format!("архив zip повреждён: {name}: {reason}")
}
