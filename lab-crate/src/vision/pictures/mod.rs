//! Pictures of images, of a model's answers and of what it looks at.
//!
//! Every function gives a [`Figure`](crate::Figure), to show or to save, or a map `(h, w)` to draw with [`overlay`].
//! Images are as a model gets them, `(N, 3, H, W)`, and are brought back to colours with the mean and
//! standard deviation of [`GridOptions`].
//!
//! ```
//! use lab::{prelude::*, vision::pictures::{GridOptions, grid}};
//! let images = Rng::seed(1).rand((2, 3, 16, 16), 0.0, 1.0, &Device::Cpu)?;
//! let figure = grid(&images, &["шум", "тоже шум"], &GridOptions::plain())?;
//! assert!(figure.to_svg()?.contains("тоже шум"));
//! # Ok::<(), lab::Error>(())
//! ```
//!
//! | name | what it shows | in Python |
//! |---|---|---|
//! | [`grid`] | images with titles | `imshow(make_grid(images))` |
//! | [`gallery`], [`most_wrong`] | images with the true class and the answer of a model | `plot_top_losses` of fastai |
//! | [`confusion`] | which classes are taken for which | `ConfusionMatrixDisplay` of scikit-learn |
//! | [`occlusion`] | where a covered part lowers the probability | `Occlusion` of Captum |
//! | [`grad_cam`] | which parts of the features speak for a class | `LayerGradCam` of Captum |
//! | [`overlay`] | such a map over its image | `visualize_image_attr` of Captum |
//!
//! Not here: figures with axes ([`Figure`](crate::Figure)). Read next: `grid.rs`.

mod confusion;
mod gallery;
mod grad_cam;
mod grid;
mod occlusion;
mod overlay;
mod scale;

pub use confusion::confusion;
pub use gallery::{gallery, most_wrong};
pub use grad_cam::grad_cam;
pub use grid::{GridOptions, grid};
pub use occlusion::{Occlusion, occlusion};
pub use overlay::overlay;
