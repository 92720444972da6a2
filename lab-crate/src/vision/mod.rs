//! Images: reading them, transforming them, folders of them as data sets.
//!
//! The names and the semantics are those of torchvision on images of PIL.
//!
//! ```
//! use lab::prelude::*;
//! use lab::vision::transforms::{CenterCrop, Compose, Normalize, Resize, ToTensor};
//! let drawn = data::standin_insects::draw(data::standin_insects::Insect::Bee, 7, 42);
//! let image = vision::Image::new(drawn.width, drawn.height, drawn.pixels)?; // or Image::open("bee.jpg")
//! let transform = Compose::new()
//!     .then(Resize::new(72))
//!     .then(CenterCrop::new(64))
//!     .then(ToTensor)
//!     .then(Normalize::imagenet());
//! let x = transform.tensor(&image, &mut Rng::seed(0))?;
//! assert_eq!(x.dims(), [3, 64, 64]);
//! # Ok::<(), lab::Error>(())
//! ```
//!
//! | name | what it is | in Python |
//! |---|---|---|
//! | [`Image`] | pixels of red, green and blue in memory | `PIL.Image` |
//! | [`transforms`] | [`transforms::Compose`] and its steps | `torchvision.transforms` |
//! | [`ImageFolder`], [`FolderOptions`] | a data set of folders of images | `torchvision.datasets.ImageFolder` |
//! | [`train_model`], [`features_once`] | transfer learning | `train_model` of PyTorch's tutorial |
//! | [`pictures`] | grids, galleries, maps of what a model looks at | `imshow`, `pytorch-grad-cam` |
//!
//! | file | what it holds |
//! |---|---|
//! | `image.rs`, `decode.rs`, `png_pixels.rs` | an image, and the files it comes from |
//! | `view.rs`, `resize.rs` | a part of an image, not yet copied; Pillow's resizing |
//! | `image_folder.rs`, `listing.rs`, `images.rs` | the data set; its files and classes; its images, kept while there is room |
//! | `finetune.rs` | transfer learning |
//!
//! Not here: networks ([`models`](crate::models)) and layers ([`nn`](crate::nn)). Read next: `image_folder.rs`, then
//! [`transforms`]; after this module [`Figure`](crate::Figure).

pub(crate) mod decode;
mod finetune;
mod image;
mod image_folder;
mod images;
mod listing;
pub mod pictures;
mod png_pixels;
mod resize;
pub mod transforms;
mod view;

pub use finetune::{Trained, features_once, train_model};
pub use image::Image;
pub use image_folder::{FolderOptions, ImageFolder};
pub use images::Skipped;
pub use listing::Sample;
pub(crate) use listing::is_image;
