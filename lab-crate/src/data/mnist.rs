//! MNIST: handwritten digits, 28 x 28 (LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to
//! document recognition", Proceedings of the IEEE 86, 1998).
//!
//! Not here: the format of the files (`idx.rs`), batches (`batches/`). There is no stand-in.

use std::path::Path;

use candle_core::{Device, Tensor};

use super::file::{self, DataFile};
use super::idx;
use crate::batches::TensorDataset;
use crate::{Error, Result};

/// Height and width of an image, in pixels.
const SIDE: usize = 28;
/// The images of the training file that are used for training; the rest is for validation, as in the
/// lab's `load_mnist`.
const TRAINING: usize = 50_000;
const CLASSES: u8 = 10;

const TRAIN_IMAGES: DataFile = DataFile {
    title: "MNIST",
    path: "mnist/train-images-idx3-ubyte",
    size: 47_040_016,
    sha256: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
};
const TRAIN_LABELS: DataFile = DataFile {
    title: "MNIST",
    path: "mnist/train-labels-idx1-ubyte",
    size: 60_008,
    sha256: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
};
const TEST_IMAGES: DataFile = DataFile {
    title: "MNIST",
    path: "mnist/t10k-images-idx3-ubyte",
    size: 7_840_016,
    sha256: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
};
const TEST_LABELS: DataFile = DataFile {
    title: "MNIST",
    path: "mnist/t10k-labels-idx1-ubyte",
    size: 10_008,
    sha256: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
};

/// The three parts of MNIST; together they take 220 MB of memory.
///
/// ```
/// use lab::{candle_core::{DType, Device, Tensor}, data::{Digits, Mnist}};
/// /// `n` black images, all of them zeros: a set to try code on.
/// fn black(n: usize) -> lab::Result<Digits> {
///     let x = Tensor::zeros((n, 784), DType::F32, &Device::Cpu)?;
///     Ok(Digits { x, y: Tensor::zeros(n, DType::U32, &Device::Cpu)? })
/// }
/// let tiny = Mnist { train: black(5)?, val: black(1)?, test: black(1)? };
/// assert_eq!(tiny.train.len(), 5);
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Mnist {
    /// 50,000 images to train on.
    pub train: Digits,
    /// 10,000 images, the end of the training file, to choose by.
    pub val: Digits,
    /// 10,000 images for the one final check.
    pub test: Digits,
}

/// Images of digits with their labels, on the CPU.
///
/// ```
/// use lab::{candle_core::{DType, Device, Tensor}, batches::Dataset, data::Digits};
/// let x = Tensor::zeros((2, 784), DType::F32, &Device::Cpu)?;
/// let digits = Digits { x, y: Tensor::new(&[7u32, 2], &Device::Cpu)? };
/// assert_eq!((digits.len(), digits.is_empty()), (2, false));
/// assert_eq!(digits.images()?.dims(), [2, 1, 28, 28]);
/// assert_eq!(digits.dataset()?.batch(&[1])?.y.to_vec1::<u32>()?, [2]);
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Digits {
    /// Pixels, one image a row: f32 `(N, 784)` in `[0, 1]`, 0 is the background.
    pub x: Tensor,
    /// The digits: u32 `(N)`, 0 to 9.
    pub y: Tensor,
}

impl Digits {
    /// The number of images.
    pub fn len(&self) -> usize {
        self.y.elem_count()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The pixels as images with one channel: f32 `(N, 1, 28, 28)`; a view, nothing is copied.
    ///
    /// # Errors
    /// `x` was replaced by a tensor of another width.
    pub fn images(&self) -> Result<Tensor> {
        Ok(self.x.reshape((self.len(), 1, SIDE, SIDE))?)
    }

    /// The rows as a data set for a `DataLoader`.
    ///
    /// # Errors
    /// There are no images.
    pub fn dataset(&self) -> Result<TensorDataset> {
        TensorDataset::new(self.x.clone(), self.y.clone())
    }
}

/// MNIST, cut as in the lab: 50,000 for training, 10,000 for validation, 10,000 for the test.
///
/// # Errors
/// A file is missing (the error names the command that brings it), damaged, or another one.
///
/// ```
/// match lab::data::mnist() {
///     Ok(mnist) => assert_eq!((mnist.train.len(), mnist.val.len(), mnist.test.len()), (50_000, 10_000, 10_000)),
///     Err(error) => assert!(error.to_string().contains("cargo lab data mnist")), // how to get it
/// }
/// ```
pub fn mnist() -> Result<Mnist> {
    mnist_in(&file::directory())
}

/// [`mnist`] from the data directory `directory`, which holds `mnist/train-images-idx3-ubyte` and so on.
///
/// # Errors
/// As for [`mnist`].
///
/// ```
/// let nowhere = std::path::Path::new("no/such/folder");
/// let told = lab::data::mnist_in(nowhere).map(|_| ()).map_err(|error| error.to_string());
/// assert!(told.is_err_and(|text| text.contains("cargo lab data mnist")));
/// ```
pub fn mnist_in(directory: &Path) -> Result<Mnist> {
    let pair = |images: DataFile, labels: DataFile| {
        digits(&bytes(directory, &images)?, &bytes(directory, &labels)?)
    };
    let all = pair(TRAIN_IMAGES, TRAIN_LABELS)?;
    let part = |from: usize, len: usize| -> Result<Digits> {
        Ok(Digits { x: all.x.narrow(0, from, len)?, y: all.y.narrow(0, from, len)? })
    };
    let (train, val) = (part(0, TRAINING)?, part(TRAINING, all.len() - TRAINING)?);
    Ok(Mnist { train, val, test: pair(TEST_IMAGES, TEST_LABELS)? })
}

fn bytes(directory: &Path, file: &DataFile) -> Result<Vec<u8>> {
    let path = directory.join(file.path);
    file.read_bytes(directory)?.ok_or_else(|| {
        Error::Data(format!(
            "{}: нет файла «{}». Чтобы его получить, выполните в терминале: cargo lab data mnist",
            file.title,
            path.display()
        ))
    })
}

/// Images and labels of two idx files.
pub(crate) fn digits(images: &[u8], labels: &[u8]) -> Result<Digits> {
    let (sizes, pixels) = idx::parse("MNIST, картинки", images, 3)?;
    let (count, labels) = idx::parse("MNIST, ответы", labels, 1)?;
    if sizes[1..] != [SIDE, SIDE] || sizes[0] != count[0] {
        return Err(Error::Data(format!(
            "MNIST: картинки {sizes:?}, ответы {count:?}, а нужны N картинок {SIDE} x {SIDE} и N ответов"
        )));
    }
    if let Some(i) = labels.iter().position(|&label| label >= CLASSES) {
        return Err(Error::Data(format!(
            "MNIST: ответ {i} равен {}, а цифры от 0 до 9",
            labels[i]
        )));
    }
    let x: Vec<f32> = pixels.iter().map(|&pixel| f32::from(pixel) / 255.0).collect();
    let y: Vec<u32> = labels.iter().map(|&label| u32::from(label)).collect();
    Ok(Digits {
        x: Tensor::from_vec(x, (sizes[0], SIDE * SIDE), &Device::Cpu)?,
        y: Tensor::from_vec(y, count[0], &Device::Cpu)?,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn files(count: u8, label: u8) -> (Vec<u8>, Vec<u8>) {
        let mut images = vec![0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 28, 0, 0, 0, 28];
        images.extend((0..usize::from(count) * SIDE * SIDE).map(|i| (i % 256) as u8));
        let mut labels = vec![0, 0, 8, 1, 0, 0, 0, count];
        labels.extend(vec![label; usize::from(count)]);
        (images, labels)
    }

    #[test]
    fn pixels_are_between_zero_and_one_row_by_row() {
        let (images, labels) = files(2, 9);
        let digits = digits(&images, &labels).unwrap();
        assert_eq!(digits.images().unwrap().dims(), [2, 1, 28, 28]);
        let x = digits.x.to_vec2::<f32>().unwrap();
        assert_eq!((x[0][0], x[0][51], x[0][255], x[1][0]), (0.0, 0.2, 1.0, 16.0 / 255.0));
        assert_eq!(digits.y.to_vec1::<u32>().unwrap(), [9, 9]);
    }

    #[test]
    fn files_that_do_not_fit_are_told() {
        let (images, labels) = files(2, 10);
        let error = |images: &[u8], labels: &[u8]| digits(images, labels).unwrap_err().to_string();
        assert_eq!(error(&images, &labels), "MNIST: ответ 0 равен 10, а цифры от 0 до 9");
        assert!(error(&images, &files(3, 1).1).contains("картинки [2, 28, 28], ответы [3]"));
        let missing = mnist_in(Path::new("no-such-folder")).unwrap_err().to_string();
        assert!(missing.ends_with("cargo lab data mnist"), "{missing}");
    }

    #[test]
    fn the_published_files_are_read_right() {
        let directory = file::directory();
        if !directory.join(TRAIN_IMAGES.path).exists() {
            println!("skipped: no {} (cargo lab data mnist)", directory.display());
            return;
        }
        let mnist = mnist_in(&directory).unwrap();
        assert_eq!(
            (mnist.train.len(), mnist.val.len(), mnist.test.len()),
            (50_000, 10_000, 10_000)
        );
        let labels = |digits: &Digits| digits.y.narrow(0, 0, 5).unwrap().to_vec1::<u32>().unwrap();
        assert_eq!(labels(&mnist.train), [5, 0, 4, 1, 9]);
        assert_eq!(labels(&mnist.test), [7, 2, 1, 0, 4]);
        // The first image is a five: row 5 begins to be dark at column 12, with a pixel of 3.
        let five = mnist.train.images().unwrap().get(0).unwrap().get(0).unwrap();
        let row = five.get(5).unwrap().to_vec1::<f32>().unwrap();
        assert_eq!((row[11], row[12]), (0.0, 3.0 / 255.0));
        // Sums of the bytes of row 14, read with Python from the files: sum(d[16 + 784 * i + 392:][:28]).
        let sum = |digits: &Digits, image: usize| {
            let row = digits.x.get(image).unwrap().narrow(0, 14 * SIDE, SIDE).unwrap();
            (row.to_vec1::<f32>().unwrap().iter().sum::<f32>() * 255.0).round()
        };
        let train = (sum(&mnist.train, 0), sum(&mnist.train, 49_999));
        assert_eq!(train, (971.0, 1072.0));
        assert_eq!((sum(&mnist.val, 0), sum(&mnist.val, 9_999)), (780.0, 1203.0));
        assert_eq!(sum(&mnist.test, 0), 624.0);
    }
}
