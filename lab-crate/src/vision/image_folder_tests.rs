//! Tests of `image_folder.rs` on small folders of generated images.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::transforms::*;
use super::*;
use crate::batches::{DataLoader, LoaderOptions, Subset};

/// A folder of files that is removed at the end of the test.
pub(in crate::vision) struct Folder(PathBuf);

impl Folder {
    pub(in crate::vision) fn new(name: &str) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("lab-images-{name}-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(in crate::vision) fn path(&self) -> &Path {
        &self.0
    }

    pub(in crate::vision) fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.0.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

/// A PNG file of the given size whose bytes follow from `seed`.
fn png(width: usize, height: usize, seed: u64) -> Vec<u8> {
    let mut rng = Rng::seed(seed);
    let samples: Vec<u8> = (0..width * height * 3).map(|_| rng.below(256) as u8).collect();
    let size = (width as u32, height as u32);
    decode::tests::a_png(size, (png::ColorType::Rgb, png::BitDepth::Eight), &samples)
}

/// Nine images of two classes; one is a JPEG that is called PNG.
fn insects() -> Folder {
    let folder = Folder::new("insects");
    for i in 0..8 {
        let class = if i < 5 { "ants" } else { "bees" };
        folder.write(&format!("{class}/{i}.png"), &png(20 + i, 15 + 2 * i, i as u64));
    }
    folder.write("bees/9.png", &decode::tests::a_jpeg());
    folder
}

fn training() -> Compose {
    Compose::new()
        .then(RandomResizedCrop::new(8))
        .then(RandomHorizontalFlip::default())
        .then(ColorJitter { brightness: 0.2, hue: 0.1, ..Default::default() })
        .then(ToTensor)
        .then(Normalize::imagenet())
}

fn numbers(x: &Tensor) -> Vec<f32> {
    x.flatten_all().unwrap().to_vec1().unwrap()
}

#[test]
fn items_have_the_shape_and_the_label_of_their_folder() {
    let folder = insects();
    let set = ImageFolder::new(folder.path(), training()).unwrap();
    assert_eq!((set.len(), set.classes()), (9, &["ants".to_owned(), "bees".to_owned()][..]));
    assert_eq!((set.class_to_idx("bees"), set.class_to_idx("wasps")), (Some(1), None));
    assert_eq!(set.samples()[8].path, folder.path().join("bees").join("9.png"));
    let (x, y) = set.get(6).unwrap();
    assert_eq!((x.dims(), y.dims(), y.to_scalar::<u32>().unwrap()), (&[3, 8, 8][..], &[][..], 1));
    let batch = set.batch(&[8, 0, 6]).unwrap();
    assert_eq!(
        (batch.x.dims(), batch.y.to_vec1::<u32>().unwrap()),
        (&[3, 3, 8, 8][..], vec![1, 0, 1])
    );
    assert_eq!(numbers(&batch.x.get(2).unwrap()), numbers(&x));
    let whole = set.image(8).unwrap();
    assert_eq!((whole.width(), whole.height()), (9, 6));
}

#[test]
fn an_image_depends_on_seed_epoch_and_index_alone() {
    let folder = insects();
    let set = |seed, cache_bytes| {
        let options = FolderOptions { seed, cache_bytes, ..Default::default() };
        ImageFolder::with_options(folder.path(), training(), options).unwrap()
    };
    // All images of an epoch, in the order of the data set.
    let epoch = |set: &ImageFolder, epoch, num_workers| {
        let options =
            LoaderOptions { batch_size: 4, shuffle: true, num_workers, ..Default::default() };
        let loader = DataLoader::new(set.clone(), options).unwrap();
        let batches: Vec<Batch> = loader.epoch(epoch).map(|batch| batch.unwrap()).collect();
        batches.iter().flat_map(|batch| numbers(&batch.x)).collect::<Vec<f32>>()
    };
    let _alone = crate::threads::TESTS.lock().unwrap_or_else(PoisonError::into_inner);
    let before = crate::num_threads();
    let right = [epoch(&set(1, 0), 0, 0), epoch(&set(1, 0), 1, 0)];
    for threads in [1, 2, 3] {
        crate::set_num_threads(threads).unwrap();
        // Room for everything, for some images and for none.
        for cache_bytes in [1 << 20, 3000, 0] {
            let set = set(1, cache_bytes);
            for workers in [0, 1, 2] {
                assert_eq!(epoch(&set, 0, workers), right[0], "{threads} {cache_bytes} {workers}");
                assert_eq!(epoch(&set, 1, workers), right[1], "{threads} {cache_bytes} {workers}");
            }
        }
    }
    crate::set_num_threads(before).unwrap();
    let one = |seed, epoch, index| numbers(&set(seed, 0).batch_at(epoch, &[index]).unwrap().x);
    assert_ne!(one(1, 0, 3), one(2, 0, 3));
    assert_ne!(one(1, 0, 3), one(1, 1, 3));
    let part = Subset::new(Arc::new(set(1, 0)), vec![5, 3]).unwrap();
    assert_eq!(numbers(&part.batch_at(1, &[1]).unwrap().x), one(1, 1, 3));
}

#[test]
fn kept_images_are_not_read_again_and_the_bound_holds() {
    let folder = Folder::new("kept");
    for i in 0..3 {
        folder.write(&format!("a/{i}.png"), &png(10, 10, i));
    }
    // Two images of 300 bytes fit, the third does not.
    let options = FolderOptions { cache_bytes: 700, ..Default::default() };
    let set = ImageFolder::with_options(folder.path(), training(), options).unwrap();
    let before = set.batch(&[0, 1, 2]).is_ok();
    let other = set.with_transform(Compose::new().then(ToTensor)).unwrap();
    std::fs::remove_dir_all(folder.path().join("a")).unwrap();
    let kept = (0..3).filter(|&i| other.get(i).is_ok()).count();
    assert_eq!((before, kept), (true, 2));
}

#[test]
fn a_file_that_cannot_be_read_is_named_or_left_out() {
    let folder = insects();
    folder.write("ants/2a.jpg", b"<html>");
    folder.write("ants/2b.png", b"");
    let set = ImageFolder::new(folder.path(), training()).unwrap();
    let error = set.batch(&[0, 4, 3]).unwrap_err().to_string();
    assert!(error.contains("2b.png") && error.contains("файл пуст"), "{error}");
    let options = FolderOptions { skip_unreadable: true, ..Default::default() };
    let set = ImageFolder::with_options(folder.path(), training(), options).unwrap();
    let skipped: Vec<_> = set.skipped().iter().map(|file| file.path.file_name().unwrap()).collect();
    assert_eq!((set.len(), skipped), (9, vec!["2a.jpg".as_ref(), "2b.png".as_ref()]));
    assert!(set.skipped()[0].reason.contains("это не JPEG и не PNG"));
    assert!((0..9).all(|i| set.get(i).is_ok()));
    let only_bad = Folder::new("bad");
    only_bad.write("a/1.jpg", b"x");
    let error = ImageFolder::with_options(only_bad.path(), training(), options).err().unwrap();
    assert!(error.to_string().contains("не читается ни одна картинка"), "{error}");
}

#[test]
fn wrong_calls_are_told() {
    let folder = insects();
    let plain = ImageFolder::new(folder.path(), Compose::new().then(ToTensor)).unwrap();
    let error = plain.batch(&[0, 1]).unwrap_err().to_string();
    assert!(
        error.contains("картинки 0 и 1") && error.contains("[3, 15, 20] и [3, 17, 21]"),
        "{error}"
    );
    assert!(plain.batch(&[]).unwrap_err().to_string().contains("список номеров пуст"));
    assert!(plain.get(9).unwrap_err().to_string().contains("нет картинки 9: в наборе их 9"));
    assert!(plain.batch(&[0, 99]).is_err());
    assert!(ImageFolder::new(folder.path(), Compose::new()).is_err());
    let options = FolderOptions { max_pixels: 100, ..Default::default() };
    let small = ImageFolder::with_options(folder.path(), training(), options).unwrap();
    let error = small.get(0).unwrap_err().to_string();
    assert!(error.contains("0.png") && error.contains("не больше 100 пикселей"), "{error}");
}
