//! A drawn substitute for the photos of ants and bees, for a machine that cannot reach them.
//!
//! The shape of the task is that of the real set: two kinds of insects in any pose, light and size on grounds that both
//! share, so that neither a mean colour nor the ground tells them apart. It says nothing of real insects, and a
//! network trained on photos gains less from it.
//!
//! ```
//! use lab::data::standin_insects::{Counts, Insect, draw, write};
//! let bee = draw(Insect::Bee, 0, 42); // one picture
//! assert_eq!(bee.pixels.len(), 3 * bee.width * bee.height);
//! # let folder = std::env::temp_dir().join(format!("doc-standin-{}", std::process::id()));
//! write(&folder, &Counts { train: [2, 2], val: [1, 1] }, 42)?; // a folder for each class
//! assert!(folder.join("val").join(Insect::Bee.name()).is_dir());
//! # std::fs::remove_dir_all(&folder).ok();
//! # Ok::<(), lab::Error>(())
//! ```
//!
//! Not here: the real photos ([`hymenoptera`](super::hymenoptera)); reading a folder
//! ([`ImageFolder`](crate::vision::ImageFolder)). Read next: `scene.rs`, `insects.rs`.

mod insects;
mod paint;
mod scene;
#[cfg(test)]
mod tests;

use std::f64::consts::PI;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use insects::Pose;
use paint::{Paint, Point, lit};
use scene::Ground;

use crate::ops::pool;
use crate::{Error, Result, Rng};

/// The text file that lies beside the images.
const README: &str = "\
Это не фотографии. Картинки муравьёв и пчёл в этой папке нарисованы программой: они заменяют набор
hymenoptera там, где его нельзя скачать. Папки и число картинок те же, что у настоящего набора.
Точность, полученную на них, нельзя сравнивать с точностью на настоящих фотографиях.
Настоящий набор приносит команда: cargo lab data
";

/// The two classes, in the order of their labels.
///
/// ```
/// use lab::data::standin_insects::Insect;
/// assert_eq!(Insect::ALL.map(Insect::name), ["ants", "bees"]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Insect {
    /// An ant; class 0.
    Ant,
    /// A bee; class 1.
    Bee,
}

impl Insect {
    /// Both classes in the order of their labels.
    pub const ALL: [Self; 2] = [Self::Ant, Self::Bee];

    /// The name of the class, which is that of its folder: `ants` or `bees`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ant => "ants",
            Self::Bee => "bees",
        }
    }
}

/// A drawn image.
///
/// ```
/// use lab::{data::standin_insects::{Insect, draw}, vision::Image};
/// let drawn = draw(Insect::Ant, 0, 42);
/// let image = Image::new(drawn.width, drawn.height, drawn.pixels)?;
/// assert!((96..=160).contains(&image.width()));
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// The width `W` in pixels, 96 to 160.
    pub width: usize,
    /// The height `H` in pixels, 96 to 160.
    pub height: usize,
    /// Red, green and blue of each pixel, row by row: `(H, W, 3)`.
    pub pixels: Vec<u8>,
}

/// How many images of each class a set has, ants first.
///
/// ```
/// let counts = lab::data::standin_insects::Counts::default();
/// assert_eq!(counts.train.iter().chain(&counts.val).sum::<usize>(), 397); // as in the real set
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// For training. As in the real set: 123 and 121.
    pub train: [usize; 2],
    /// For validation. As in the real set: 70 and 83.
    pub val: [usize; 2],
}

impl Default for Counts {
    fn default() -> Self {
        Self { train: [123, 121], val: [70, 83] }
    }
}

/// Draws image number `index` of a class; the same numbers give the same bytes on every machine.
///
/// ```
/// use lab::data::standin_insects::{Insect, draw};
/// let image = draw(Insect::Bee, 7, 42);
/// assert_eq!(image.pixels.len(), image.width * image.height * 3);
/// assert_eq!(image, draw(Insect::Bee, 7, 42));
/// ```
pub fn draw(insect: Insect, index: usize, seed: u64) -> Drawn {
    // A stream of its own for each image, so that sets of any size begin with the same images.
    let stream = (index as u64) << 1 | u64::from(insect == Insect::Bee);
    let mut rng = Rng::seed(seed.wrapping_add(stream.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
    let rng = &mut rng;
    let mut side = || 96 + rng.below(65);
    let mut paint = Paint::new(side(), side());
    let ground = Ground::drawn(rng, insect == Insect::Ant);
    scene::paint(&mut paint, rng, ground);
    let more = if rng.uniform() < 0.2 { 1 + rng.below(2) } else { 0 };
    let mut poses = vec![pose(&paint, rng, (0.55, 0.95))];
    for _ in 0..more {
        poses.push(pose(&paint, rng, (0.3, 0.45)));
    }
    // The largest one comes last, on top.
    for pose in poses.iter().rev() {
        match insect {
            Insect::Ant => insects::ant(&mut paint, rng, pose),
            Insect::Bee => insects::bee(&mut paint, rng, pose),
        }
    }
    if rng.uniform() < 0.25 {
        blade(&mut paint, rng);
    }
    developed(&paint, rng)
}

/// A place for an insect whose length lies between two parts of the picture's shorter side.
fn pose(paint: &Paint, rng: &mut Rng, (least, most): (f64, f64)) -> Pose {
    let part = least + (most - least) * rng.uniform();
    let (width, height) = (paint.width as f64, paint.height as f64);
    let mut place = |side: f64| side * (0.35 + 0.3 * rng.uniform());
    let middle = (place(width), place(height));
    Pose { middle, length: part * width.min(height), turn: 2.0 * PI * rng.uniform() }
}

/// A blade of grass before the insect, out of focus.
fn blade(paint: &mut Paint, rng: &mut Rng) {
    let (width, height) = (paint.width as f64, paint.height as f64);
    let place = |rng: &mut Rng| -> Point { (width * rng.uniform(), height * rng.uniform()) };
    let (from, to) = (place(rng), place(rng));
    let color = lit([0.36, 0.55, 0.20], 0.6 + 0.6 * rng.uniform());
    for step in 0..3 {
        let radius = 2.4 - 0.6 * f64::from(step);
        paint.stroke(from, to, (radius, radius * 0.5), 0.4, color);
    }
}

/// The picture under its light, with the grain of a camera, as bytes.
fn developed(paint: &Paint, rng: &mut Rng) -> Drawn {
    let light = 0.65 + 0.6 * rng.uniform();
    let warmth = 0.16 * (rng.uniform() - 0.5);
    let tint = [light * (1.0 + warmth), light, light * (1.0 - warmth)];
    let (across, down) = (0.5 * (rng.uniform() - 0.5), 0.5 * (rng.uniform() - 0.5));
    let grain = 0.01 + 0.04 * rng.uniform();
    let mut pixels = Vec::with_capacity(paint.pixels.len() * 3);
    for (i, pixel) in paint.pixels.iter().enumerate() {
        let x = (i % paint.width) as f64 / paint.width as f64 - 0.5;
        let y = (i / paint.width) as f64 / paint.height as f64 - 0.5;
        let fall = 1.0 + across * x + down * y;
        let noise = grain * (rng.uniform() + rng.uniform() - 1.0);
        pixels.extend([0, 1, 2].map(|c| {
            let part = pixel[c] * tint[c] * fall + noise;
            (part.clamp(0.0, 1.0) * 255.0 + 0.5) as u8
        }));
    }
    Drawn { width: paint.width, height: paint.height, pixels }
}

/// Draws a whole set into a new folder, laid out as the real one: `train/ants`, `train/bees`, `val/ants`, `val/bees`
/// with PNG files, and a text that says what it is.
///
/// The folder appears only when it is complete. No image of `val` is in `train`.
///
/// # Errors
/// There is something at `folder` already, or it cannot be written.
///
/// ```
/// use lab::data::standin_insects::{Counts, write};
/// let folder = std::env::temp_dir().join(format!("lab-insects-{}", std::process::id()));
/// write(&folder, &Counts { train: [2, 1], val: [1, 1] }, 42)?;
/// assert!(folder.join("train/ants/ants_0001.png").is_file());
/// # std::fs::remove_dir_all(folder).ok();
/// # Ok::<(), lab::Error>(())
/// ```
pub fn write(folder: impl AsRef<Path>, counts: &Counts, seed: u64) -> Result<()> {
    let folder = folder.as_ref();
    if folder.exists() {
        return Err(Error::Data(format!(
            "папка «{}» уже есть; нарисованный набор пишется только в новую: удалите её или назовите другую",
            folder.display()
        )));
    }
    // A name of its own for each process: two of them may draw at the same time.
    let part = folder.with_added_extension(format!("part-{}", std::process::id()));
    let written = fill(&part, counts, seed).and_then(|()| {
        std::fs::rename(&part, folder).map_err(|source| Error::File { path: folder.into(), source })
    });
    if written.is_err() {
        std::fs::remove_dir_all(&part).ok();
    }
    written
}

/// Writes the files of the set into `folder`.
///
/// # Errors
/// A folder or file cannot be written.
fn fill(folder: &Path, counts: &Counts, seed: u64) -> Result<()> {
    let mut jobs: Vec<(PathBuf, Insect, usize)> = Vec::new();
    for (part, numbers, first) in
        [("train", counts.train, [0; 2]), ("val", counts.val, counts.train)]
    {
        for (class, insect) in Insect::ALL.into_iter().enumerate() {
            let place = folder.join(part).join(insect.name());
            let done = std::fs::create_dir_all(&place);
            done.map_err(|source| Error::File { path: place.clone(), source })?;
            jobs.extend((0..numbers[class]).map(|i| {
                let name = format!("{}_{:04}.png", insect.name(), i + 1);
                (place.join(name), insect, first[class] + i)
            }));
        }
    }
    let readme = folder.join("README.txt");
    std::fs::write(&readme, README).map_err(|source| Error::File { path: readme, source })?;
    let failed = Mutex::new(None);
    pool::for_each(jobs.len(), &|i| {
        let (path, insect, index) = &jobs[i];
        if let Err(source) = save(path, &draw(*insect, *index, seed)) {
            let error = Error::File { path: path.clone(), source };
            *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        }
    });
    failed.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}

/// Writes an image as PNG.
fn save(path: &Path, image: &Drawn) -> std::io::Result<()> {
    let file = std::io::BufWriter::new(std::fs::File::create(path)?);
    let mut encoder = png::Encoder::new(file, image.width as u32, image.height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&image.pixels)?;
    Ok(writer.finish()?)
}
