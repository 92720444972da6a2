//! Ants and bees: 397 photographs of the order Hymenoptera, the data of PyTorch's tutorial on transfer learning
//! (S. Chilamkurthy, "Transfer Learning for Computer Vision Tutorial"), a small part of ImageNet.
//!
//! Not here: reading the images (`vision/`), bringing them (`cargo lab data hymenoptera`, which hashes every
//! file). Here the list of names and sizes is compared, which takes milliseconds.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::file::{self, hex};
use super::housing::Source;
use super::standin_insects::{self, Counts};
use crate::vision::transforms::Compose;
use crate::vision::{FolderOptions, ImageFolder};
use crate::{Error, Result};

const TITLE: &str = "Hymenoptera";
/// The folder below the data directory.
const FOLDER: &str = "hymenoptera";
/// The folder of the stand-in, beside it.
const STAND_IN: &str = "hymenoptera-standin";
const STAND_IN_SEED: u64 = 42;
/// The folders of the set, in the order of the list.
const FOLDERS: [&str; 4] = ["train/ants", "train/bees", "val/ants", "val/bees"];
/// SHA-256 of the lines `path size` of all images, sorted by path.
const LIST: &str = "db3c633255cc1958498fd1413b42bd806c0d703cc030b4fee6c6e5157cc0fa1c";
/// The number of images.
const IMAGES: usize = 397;

/// Ants and bees: 244 images to train on (123 ants, 121 bees), 153 to validate (70 and 83).
///
/// Classes: 0 `ants`, 1 `bees`. The images are of many sizes, around 500 x 375.
///
/// ```
/// use lab::data::hymenoptera_in;
/// use lab::vision::{FolderOptions, transforms::{CenterCrop, Compose, ToTensor}};
/// # let folder = std::env::temp_dir().join(format!("doc-insects-{}", std::process::id()));
/// // No photos in this folder: drawn ones come in their place, as many as there are photos.
/// let insects = hymenoptera_in(&folder)?;
/// let square = Compose::new().then(CenterCrop::new(96)).then(ToTensor);
/// let train = insects.train(square.clone(), FolderOptions::default())?;
/// let val = insects.val(square, FolderOptions::default())?;
/// assert_eq!(train.classes(), ["ants", "bees"]);
/// assert_eq!((train.samples().len(), val.samples().len()), (244, 153));
/// # std::fs::remove_dir_all(&folder).ok();
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Hymenoptera {
    /// Where the images come from.
    pub source: Source,
    folder: PathBuf,
}

impl Hymenoptera {
    /// The images to train on, through `transform`.
    ///
    /// # Errors
    /// As for [`ImageFolder::with_options`].
    pub fn train(&self, transform: Compose, options: FolderOptions) -> Result<ImageFolder> {
        ImageFolder::with_options(self.folder.join("train"), transform, options)
    }

    /// The images to validate on, through `transform`.
    ///
    /// # Errors
    /// As for [`ImageFolder::with_options`].
    pub fn val(&self, transform: Compose, options: FolderOptions) -> Result<ImageFolder> {
        ImageFolder::with_options(self.folder.join("val"), transform, options)
    }
}

/// Ants and bees from the data directory.
///
/// Where the set is missing, a stand-in of as many images is drawn beside it and used
/// ([`standin_insects`](super::standin_insects)); then [`Hymenoptera::source`] is [`Source::StandIn`]. Print the source,
/// so that a reader of the report knows.
///
/// # Errors
/// The folder holds other files (the error names the command that brings them), or the stand-in cannot be written.
///
/// ```
/// use lab::vision::FolderOptions;
/// use lab::vision::transforms::{Compose, Normalize, RandomHorizontalFlip, RandomResizedCrop, ToTensor};
/// let insects = lab::data::hymenoptera()?;
/// println!("{}", insects.source); // real, or drawn by the library
/// let transform = Compose::new()
///     .then(RandomResizedCrop::new(224))
///     .then(RandomHorizontalFlip::default())
///     .then(ToTensor)
///     .then(Normalize::imagenet());
/// // All decoded images take 230 MB; from the second epoch on nothing is decoded.
/// let options = FolderOptions { seed: 42, cache_bytes: 256 << 20, ..Default::default() };
/// let train = insects.train(transform, options)?; // 244 items of (3, 224, 224)
/// assert_eq!(train.class_to_idx("bees"), Some(1));
/// # Ok::<(), lab::Error>(())
/// ```
pub fn hymenoptera() -> Result<Hymenoptera> {
    hymenoptera_in(&file::directory())
}

/// [`hymenoptera`] from the data directory `directory`, which holds `hymenoptera/train` and `hymenoptera/val`; the
/// stand-in is `hymenoptera-standin`.
///
/// # Errors
/// As for [`hymenoptera`].
///
/// ```
/// # let folder = std::env::temp_dir().join(format!("doc-others-{}", std::process::id()));
/// std::fs::create_dir_all(folder.join("hymenoptera")).map_err(lab::Error::Output)?; // it is empty
/// let told = lab::data::hymenoptera_in(&folder).map(|_| ()).map_err(|error| error.to_string());
/// assert!(told.is_err_and(|text| text.contains("cargo lab data hymenoptera")));
/// # std::fs::remove_dir_all(&folder).ok();
/// # Ok::<(), lab::Error>(())
/// ```
pub fn hymenoptera_in(directory: &Path) -> Result<Hymenoptera> {
    let folder = directory.join(FOLDER);
    if !folder.exists() {
        let folder = directory.join(STAND_IN);
        drawn(&folder, &Counts::default())?;
        return Ok(Hymenoptera { source: Source::StandIn, folder });
    }
    let (count, found) = list(&folder)?;
    if found == LIST {
        return Ok(Hymenoptera { source: Source::Real(folder.clone()), folder });
    }
    Err(Error::Data(format!(
        "{TITLE}: в папке «{}» не те файлы: картинок {count} из {IMAGES}, или у них другие имена и размеры. \
         Удалите её и выполните в терминале: cargo lab data {FOLDER}",
        folder.display()
    )))
}

/// Has the stand-in drawn into `folder`, if it is not there yet; some seconds.
fn drawn(folder: &Path, counts: &Counts) -> Result<()> {
    if folder.exists() {
        return Ok(());
    }
    match standin_insects::write(folder, counts, STAND_IN_SEED) {
        // Another process has drawn it meanwhile.
        Err(_) if folder.exists() => Ok(()),
        done => done,
    }
}

/// The number of the images below `folder`, and the hash of their names and sizes.
fn list(folder: &Path) -> Result<(usize, String)> {
    let mut lines = Vec::new();
    for below in FOLDERS {
        let path = folder.join(below);
        let failed = |source| Error::File { path: path.clone(), source };
        let entries = match std::fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(failed(error)),
        };
        for entry in entries {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if crate::vision::is_image(&entry.path()) {
                let size = entry.metadata().map_err(failed)?.len();
                lines.push(format!("{below}/{name} {size}\n"));
            }
        }
    }
    lines.sort();
    Ok((lines.len(), hex(&Sha256::digest(lines.concat().as_bytes()))))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::batches::Dataset;
    use crate::vision::transforms::{CenterCrop, Normalize, Resize, ToTensor};

    #[test]
    fn a_different_folder_names_the_command() {
        let name = format!("lab-hymenoptera-{}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        let ants = directory.join("hymenoptera/train/ants");
        std::fs::create_dir_all(&ants).unwrap();
        std::fs::write(ants.join("1.jpg"), "abc").unwrap();
        std::fs::write(ants.join("1.gif"), "abc").unwrap();
        let (count, hash) = list(&directory.join("hymenoptera")).unwrap();
        // printf 'train/ants/1.jpg 3\n' | sha256sum
        assert_eq!(
            (count, hash.as_str()),
            (1, "721e4e3ff2cd2d9fb425980c6e012d3487ad112f8b15dc88f359d423bc4b1728")
        );
        let error = hymenoptera_in(&directory).unwrap_err().to_string();
        assert!(error.contains("картинок 1 из 397"), "{error}");
        assert!(error.ends_with("cargo lab data hymenoptera"), "{error}");
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn a_missing_set_is_drawn_once() {
        let name = format!("lab-hymenoptera-drawn-{}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        let folder = directory.join(STAND_IN);
        drawn(&folder, &Counts { train: [2, 2], val: [1, 1] }).unwrap();
        let image = folder.join("train/bees/bees_0002.png");
        let made = image.metadata().unwrap().modified().unwrap();
        let insects = hymenoptera_in(&directory).unwrap();
        assert_eq!(insects.source, Source::StandIn);
        assert_eq!(image.metadata().unwrap().modified().unwrap(), made, "it stays");
        let transform =
            Compose::new().then(Resize::new(64)).then(CenterCrop::new(64)).then(ToTensor);
        let train = insects.train(transform, FolderOptions::default()).unwrap();
        assert_eq!(
            (train.len(), train.classes()),
            (4, &["ants".to_string(), "bees".to_string()][..])
        );
        assert_eq!(train.get(3).unwrap().0.dims(), [3, 64, 64]);
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn the_published_images_are_read_as_torchvision_reads_them() {
        let directory = file::directory();
        if !directory.join(FOLDER).exists() {
            println!("skipped: no {} (cargo lab data hymenoptera)", directory.display());
            return;
        }
        let insects = hymenoptera_in(&directory).unwrap();
        let transform = Compose::new()
            .then(Resize::new(256))
            .then(CenterCrop::new(224))
            .then(ToTensor)
            .then(Normalize::imagenet());
        let train = insects.train(transform.clone(), FolderOptions::default()).unwrap();
        let val = insects.val(transform, FolderOptions::default()).unwrap();
        assert_eq!(train.classes(), ["ants", "bees"]);
        let count = |set: &ImageFolder, label| {
            set.samples().iter().filter(|sample| sample.label == label).count()
        };
        assert_eq!((count(&train, 0), count(&train, 1)), (123, 121));
        assert_eq!((count(&val, 0), count(&val, 1)), (70, 83));
        // from torchvision import datasets, transforms as T
        // t = T.Compose([T.Resize(256), T.CenterCrop(224), T.ToTensor(),
        //                T.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])])
        // d = datasets.ImageFolder("hymenoptera/val", t)
        // [(d[i][0].mean().item(), d[i][0].std().item(), d[i][0][1, 100, 50].item()) for i in (0, 100, 152)]
        let expected: [(usize, [f32; 3]); 3] = [
            (0, [0.919614, 1.322573, -0.775210]),
            (100, [-0.664956, 1.222297, -1.65056]),
            (152, [0.563411, 1.534883, 0.467787]),
        ];
        for (i, [mean, std, pixel]) in expected {
            let x = val.get(i).unwrap().0;
            let numbers = x.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            let ours = numbers.iter().sum::<f32>() / numbers.len() as f32;
            let spread = numbers.iter().map(|v| (v - ours).powi(2)).sum::<f32>();
            let spread = (spread / (numbers.len() - 1) as f32).sqrt();
            assert!(
                (ours - mean).abs() < 2e-3 && (spread - std).abs() < 2e-3,
                "{i} {ours} {spread}"
            );
            let here = numbers[(224 + 100) * 224 + 50];
            // 3 steps of a byte.
            assert!((here - pixel).abs() < 3.0 / 255.0 / 0.224 + 1e-4, "{i} {here} {pixel}");
        }
    }
}
