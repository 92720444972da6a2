//! Pictures of images, of a model's answers and of what it looks at.
//!
//! Every function gives a [`Figure`](crate::Figure), to show or to save, or a map `(h, w)` to draw with [`overlay`].
//! Images are as a model gets them, `(N, 3, H, W)`, and are brought back to colours with the mean and
//! standard deviation of [`GridOptions`]. Read next: `grid.rs`.
//!
//! | name | what it shows |
//! |---|---|
//! | [`grid`] | images with titles |
//! | [`gallery`], [`most_wrong`] | images with the true class and the answer of a model |
//! | [`confusion`] | which classes are taken for which |
//! | [`occlusion`] | where a covered part lowers the probability |
//! | [`grad_cam`] | which parts of the features speak for a class |
//! | [`overlay`] | such a map over its image |

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
