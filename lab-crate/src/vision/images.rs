//! The images of a data set: decoded when they are asked for, and kept while there is room.
//!
//! An image once kept stays: in an epoch each image is used once, so the oldest one is no worse than the
//! newest. Not here: which files (`listing.rs`), what is done with the images (`transforms/`).

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::decode;
use super::image::Image;
use super::listing::Sample;
use crate::ops::pool;
use crate::{Error, Result};

/// A file that was left out, and why.
///
/// ```
/// use lab::data::standin_insects::{Counts, write};
/// use lab::vision::{FolderOptions, ImageFolder, transforms::{CenterCrop, Compose, ToTensor}};
/// # let root = std::env::temp_dir().join(format!("doc-skipped-{}", std::process::id()));
/// write(&root, &Counts { train: [1, 1], val: [1, 1] }, 42)?;
/// std::fs::write(root.join("val/ants/torn.png"), "not an image").map_err(lab::Error::Output)?;
/// let square = Compose::new().then(CenterCrop::new(96)).then(ToTensor);
/// let options = FolderOptions { skip_unreadable: true, ..Default::default() };
/// let val = ImageFolder::with_options(root.join("val"), square, options)?;
/// let skipped = &val.skipped()[0];
/// println!("{}: {}", skipped.path.display(), skipped.reason);
/// assert!(skipped.path.ends_with("ants/torn.png"));
/// # std::fs::remove_dir_all(&root).ok();
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The file.
    pub path: PathBuf,
    /// The reason, in Russian.
    pub reason: String,
}

/// Samples with their images.
pub(super) struct Images {
    samples: Vec<Sample>,
    kept: Vec<OnceLock<Arc<Image>>>,
    /// Bytes that may still be kept.
    room: AtomicUsize,
    max_pixels: usize,
}

impl Images {
    /// The images of `samples`; at most `room` bytes of pixels are kept.
    pub(super) fn new(samples: Vec<Sample>, room: usize, max_pixels: usize) -> Self {
        let kept = samples.iter().map(|_| OnceLock::new()).collect();
        Self { samples, kept, room: AtomicUsize::new(room), max_pixels }
    }

    pub(super) fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// Image `index`.
    ///
    /// # Errors
    /// There is none of that index, or its file cannot be decoded.
    pub(super) fn get(&self, index: usize) -> Result<Arc<Image>> {
        let (Some(sample), Some(kept)) = (self.samples.get(index), self.kept.get(index)) else {
            return Err(Error::Argument(format!(
                "нет картинки {index}: в наборе их {}, номера от 0",
                self.samples.len()
            )));
        };
        if let Some(image) = kept.get() {
            return Ok(Arc::clone(image));
        }
        let image = Arc::new(decode::file(&sample.path, self.max_pixels)?);
        let size = image.pixels().len();
        let has_room = |room: usize| room.checked_sub(size);
        let taken = self.room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, has_room).is_ok();
        if taken && kept.set(Arc::clone(&image)).is_err() {
            // Another thread has kept it meanwhile.
            self.room.fetch_add(size, Ordering::Relaxed);
        }
        Ok(image)
    }

    /// Without the samples whose files cannot be decoded, which are given back; every file is read.
    pub(super) fn readable(self) -> (Self, Vec<Skipped>) {
        let errors: Vec<Mutex<Option<Error>>> =
            self.samples.iter().map(|_| Mutex::default()).collect();
        pool::for_each(self.samples.len(), &|i| {
            if let (Err(error), Some(place)) = (self.get(i), errors.get(i)) {
                *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            }
        });
        let mut left = Self { samples: Vec::new(), kept: Vec::new(), ..self };
        let mut skipped = Vec::new();
        for ((sample, kept), error) in self.samples.into_iter().zip(self.kept).zip(errors) {
            match error.into_inner().unwrap_or_else(PoisonError::into_inner) {
                Some(error) => {
                    skipped.push(Skipped { path: sample.path, reason: error.to_string() })
                }
                None => {
                    left.samples.push(sample);
                    left.kept.push(kept);
                }
            }
        }
        (left, skipped)
    }
}
