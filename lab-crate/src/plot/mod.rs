//! Plots: figures of points and lines, shown in a notebook or saved to a file.
//!
//! Drawn on the backends of plotters; the layout is our own, because the margins must fit Russian
//! labels and the points of a large data set must become a bitmap between the grid and the lines.
//!
//! | file | what it holds |
//! |---|---|
//! | `figure.rs` | [`Figure`]: the chain of calls a student writes |
//! | `look.rs` | the look of the series added last |
//! | `show.rs` | ways to get it out |
//! | `live.rs` | [`Live`]: a figure that is updated in place |
//! | `series.rs` | [`Series`]: what can be an axis |
//! | `layer.rs`, `color.rs` | one series of a figure and its look |
//! | `image.rs`, `picture.rs` | pictures, texts and boxes in a figure without axes; the pixels of a picture |
//! | `ticks.rs`, `view.rs` | round numbers on the axes; where everything stands |
//! | `draw.rs`, `legend.rs` | the strokes of a figure, for any backend of plotters |
//! | `svg.rs`, `raster.rs` | the two outputs |
//! | `mask.rs`, `path.rs` | coverage of pixels; lines with fewer points that look the same |
//! | `font.rs` | the bundled font |

mod color;
mod draw;
mod figure;
mod font;
mod image;
mod layer;
mod legend;
mod live;
mod look;
mod mask;
mod path;
mod picture;
mod raster;
mod series;
mod show;
mod svg;
mod ticks;
mod view;

pub(crate) use color::{BLACK, Color};
pub use figure::Figure;
pub(crate) use font::width as text_width;
pub(crate) use image::{Anchor, fitted};
pub use live::Live;
pub(crate) use picture::Picture;
pub use series::Series;
