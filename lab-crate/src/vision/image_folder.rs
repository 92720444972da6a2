//! A folder of images as a data set. Not here: finding the files (`listing.rs`), keeping their
//! images (`images.rs`), transforms (`transforms/`).

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use candle_core::{Device, Tensor};

use super::image::Image;
use super::images::{Images, Skipped};
use super::listing::{self, Sample};
use super::transforms::Compose;
use super::{decode, transforms};
use crate::batches::{Batch, Dataset, in_worker};
use crate::ops::pool;
use crate::{Error, Result, Rng};

/// How an [`ImageFolder`] reads.
///
/// ```
/// use lab::vision::FolderOptions;
/// let options = FolderOptions { seed: 42, cache_bytes: 64 << 20, ..Default::default() };
/// assert!(!options.skip_unreadable); // a damaged file is an error unless told otherwise
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FolderOptions {
    /// Decides the random transforms, together with the epoch and the index of the image.
    pub seed: u64,
    /// How many bytes of decoded images are kept in memory, so that later epochs need not decode.
    pub cache_bytes: usize,
    /// The largest image, in pixels; a larger one is an error.
    pub max_pixels: usize,
    /// Whether files that cannot be decoded are left out; then all are decoded at once at the start.
    pub skip_unreadable: bool,
}

impl Default for FolderOptions {
    fn default() -> Self {
        // Memory is taken only when asked for; a damaged file is told rather than lost silently.
        let max_pixels = decode::MAX_PIXELS;
        Self { seed: 0, cache_bytes: 0, max_pixels, skip_unreadable: false }
    }
}

/// Images in one folder for each class (as `torchvision.datasets.ImageFolder`).
///
/// Item `i` is `(x, y)`: x is f32 `(3, H, W)`, y the number of the class, u32. Random transforms draw from
/// the seed, the epoch and `i` alone, so neither workers nor the order change an image.
/// A clone shares the images that are kept.
///
/// ```
/// use lab::batches::{DataLoader, LoaderOptions};
/// use lab::data::standin_insects::{Counts, write};
/// use lab::vision::{FolderOptions, ImageFolder};
/// use lab::vision::transforms::{CenterCrop, Compose, Normalize, Resize, ToTensor};
/// # let root = std::env::temp_dir().join(format!("doc-folder-{}", std::process::id()));
/// write(&root, &Counts { train: [1, 1], val: [2, 2] }, 42)?; // root/val/ants/..., root/val/bees/...
/// let transform = Compose::new()
///     .then(Resize::new(72))
///     .then(CenterCrop::new(64))
///     .then(ToTensor)
///     .then(Normalize::imagenet());
/// let val = ImageFolder::new(root.join("val"), transform)?;
/// assert_eq!((val.classes().len(), val.class_to_idx("bees")), (2, Some(1)));
/// let labels: Vec<u32> = val.samples().iter().map(|sample| sample.label).collect();
/// assert_eq!((labels, val.skipped().len()), (vec![0, 0, 1, 1], 0));
/// assert!(val.image(0)?.width() >= 96); // before the transforms
/// let loader = DataLoader::new(val.clone(), LoaderOptions { batch_size: 4, ..Default::default() })?;
/// assert_eq!(loader.len(), 1);
/// # drop(loader);
/// // The same files seen through another transform, and with other options.
/// let small = Compose::new().then(CenterCrop::new(32)).then(ToTensor);
/// assert_eq!(val.with_transform(small.clone())?.samples().len(), 4);
/// let strict = FolderOptions { max_pixels: 100, skip_unreadable: true, ..Default::default() };
/// assert!(ImageFolder::with_options(root.join("val"), small, strict).is_err()); // all too large
/// # std::fs::remove_dir_all(&root).ok();
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone)]
pub struct ImageFolder {
    classes: Arc<[String]>,
    images: Arc<Images>,
    skipped: Arc<[Skipped]>,
    transform: Compose,
    seed: u64,
}

impl ImageFolder {
    /// The images below `root`, with the default options.
    ///
    /// # Errors
    /// As for [`ImageFolder::with_options`].
    pub fn new(root: impl AsRef<Path>, transform: Compose) -> Result<Self> {
        Self::with_options(root, transform, FolderOptions::default())
    }

    /// The images below `root`: classes sorted by name, in each the files sorted by name.
    ///
    /// # Errors
    /// The transform has a wrong step; there is no such folder, no class in it or a class without
    /// images; or, when unreadable files are skipped, none is left.
    pub fn with_options(
        root: impl AsRef<Path>,
        transform: Compose,
        options: FolderOptions,
    ) -> Result<Self> {
        transform.check()?;
        let listing = listing::list(root.as_ref())?;
        let images = Images::new(listing.samples, options.cache_bytes, options.max_pixels);
        let (images, skipped) = match options.skip_unreadable {
            true => images.readable(),
            false => (images, Vec::new()),
        };
        if let (true, Some(first)) = (images.samples().is_empty(), skipped.first()) {
            return Err(Error::Data(format!(
                "ImageFolder: в папке «{}» не читается ни одна картинка; первая: {}",
                root.as_ref().display(),
                first.reason
            )));
        }
        let (classes, skipped) = (listing.classes.into(), skipped.into());
        Ok(Self { classes, images: Arc::new(images), skipped, transform, seed: options.seed })
    }

    /// The same images with another transform; kept images are shared.
    ///
    /// # Errors
    /// As for [`Compose::check`].
    pub fn with_transform(&self, transform: Compose) -> Result<Self> {
        transform.check()?;
        Ok(Self { transform, ..self.clone() })
    }

    /// The names of the classes, sorted; class `k` has the number `k`.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The number of the class `name`; `None` when there is no such class.
    pub fn class_to_idx(&self, name: &str) -> Option<u32> {
        self.classes.iter().zip(0..).find(|(class, _)| *class == name).map(|(_, label)| label)
    }

    /// The files with the numbers of their classes, in the order of the items.
    pub fn samples(&self) -> &[Sample] {
        self.images.samples()
    }

    /// The files that were left out, and why.
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// Image `index` before the transforms.
    ///
    /// # Errors
    /// There is none of that index, or its file cannot be decoded.
    pub fn image(&self, index: usize) -> Result<Arc<Image>> {
        self.images.get(index)
    }

    /// Image `index` after the transforms of epoch `epoch`; `use_it` gets its shape and its numbers.
    fn ready<T>(
        &self,
        epoch: u64,
        index: usize,
        use_it: impl FnOnce(transforms::Ready<'_>) -> Result<T>,
    ) -> Result<T> {
        let image = self.images.get(index)?;
        use_it(self.transform.ready(&image, &mut rng(self.seed, epoch, index))?)
    }

    /// The numbers of the images `indices`, `(N, 3, H, W)`.
    fn stacked(&self, epoch: u64, indices: &[usize]) -> Result<Tensor> {
        let Some(&first) = indices.first() else {
            return Err(Error::Argument("batch: список номеров пуст, собирать нечего".into()));
        };
        let room = |dims: [usize; 3]| vec![0.0; dims.iter().product::<usize>() * indices.len()];
        let (dims, mut numbers, done) = match self.transform.size() {
            Some([height, width]) => ([3, height, width], room([3, height, width]), 0),
            // The first image decides the shape.
            None => self.ready(epoch, first, |ready| {
                let (dims, mut numbers) = (ready.dims(), room(ready.dims()));
                ready.write(&mut numbers[..dims.iter().product()]);
                Ok((dims, numbers, 1))
            })?,
        };
        let [channels, height, width] = dims;
        let rest = &mut numbers[done * channels * height * width..];
        self.fill(epoch, &indices[done..], (first, dims), rest)?;
        Ok(Tensor::from_vec(numbers, (indices.len(), channels, height, width), &Device::Cpu)?)
    }

    /// Writes the numbers of the images `indices`, which must have the shape of the image `first`.
    fn fill(
        &self,
        epoch: u64,
        indices: &[usize],
        (first, dims): (usize, [usize; 3]),
        numbers: &mut [f32],
    ) -> Result<()> {
        let size = dims.iter().product();
        let places: Vec<_> = numbers.chunks_exact_mut(size).map(Mutex::new).collect();
        let failed = Mutex::new(None);
        each(indices.len(), &|i| {
            let made = self.ready(epoch, indices[i], |ready| {
                if ready.dims() != dims {
                    return Err(different(first, dims, indices[i], ready.dims()));
                }
                ready.write(&mut places[i].lock().unwrap_or_else(PoisonError::into_inner));
                Ok(())
            });
            if let Err(error) = made {
                let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                // The first bad image is told, whatever thread finds it.
                if failed.as_ref().is_none_or(|(place, _)| i < *place) {
                    *failed = Some((i, error));
                }
            }
        });
        match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some((_, error)) => Err(error),
            None => Ok(()),
        }
    }
}

/// Runs `piece` for `0..count`: on all threads, but in a worker of a loader on its own one alone.
fn each(count: usize, piece: &(dyn Fn(usize) + Sync)) {
    if in_worker() { (0..count).for_each(piece) } else { pool::for_each(count, piece) }
}

/// The generator for item `index` in epoch `epoch`.
fn rng(seed: u64, epoch: u64, index: usize) -> Rng {
    // Each number is mixed in by the finalizer of SplitMix64 (Steele, Lea, Flood, 2014).
    let mixed = [epoch, index as u64].iter().fold(seed, |state, number| {
        let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15) ^ number;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    });
    Rng::seed(mixed)
}

fn different(first: usize, dims: [usize; 3], other: usize, found: [usize; 3]) -> Error {
    Error::Argument(format!(
        "картинки {first} и {other} после преобразований разного размера: {dims:?} и {found:?}; в один \
         пакет они не соберутся, добавьте CenterCrop, RandomResizedCrop или Resize::exact"
    ))
}

impl Dataset for ImageFolder {
    fn len(&self) -> usize {
        self.samples().len()
    }

    fn get(&self, index: usize) -> Result<(Tensor, Tensor)> {
        let batch = self.batch(&[index])?;
        Ok((batch.x.squeeze(0)?, batch.y.squeeze(0)?))
    }

    fn batch(&self, indices: &[usize]) -> Result<Batch> {
        self.batch_at(0, indices)
    }

    fn batch_at(&self, epoch: u64, indices: &[usize]) -> Result<Batch> {
        let x = self.stacked(epoch, indices)?;
        let labels: Vec<u32> = indices.iter().map(|&i| self.samples()[i].label).collect();
        Ok(Batch { x, y: Tensor::from_vec(labels, indices.len(), &Device::Cpu)? })
    }
}

#[cfg(test)]
#[path = "image_folder_tests.rs"]
pub(super) mod tests;
