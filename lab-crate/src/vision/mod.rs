//! Images: reading them, transforming them, folders of them as data sets.
//!
//! The names and the semantics are those of torchvision on images of PIL. Not here: models and layers.
//! Read next: `image_folder.rs`, then `transforms/mod.rs`.
//!
//! | file | what it holds |
//! |---|---|
//! | `image.rs` | [`Image`]: pixels of red, green and blue in memory |
//! | `decode.rs` | from the bytes of a JPEG or PNG file to an image |
//! | `png_pixels.rs` | the pixels of a PNG file as PIL converts them |
//! | `view.rs` | a part of an image, maybe mirrored, not yet copied |
//! | `resize.rs` | Pillow's resizing |
//! | [`transforms`] | [`transforms::Compose`] and its steps |
//! | `image_folder.rs` | [`ImageFolder`]: a data set of folders of images |
//! | `finetune.rs` | [`train_model`], [`features_once`] |
//! | `listing.rs` | the files and classes of a folder |
//! | [`pictures`] | grids, galleries, maps of what a model looks at |
//! | `images.rs` | the images of a data set, decoded on demand and kept |

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
