//! The data sets of the lab, read from verified local files.
//!
//! Not here: downloading. This library never touches the network; `cargo lab data` brings the files.
//!
//! | file | what it holds |
//! |---|---|
//! | `file.rs` | where the files lie, and the check of their size and SHA-256 |
//! | `rows.rs` | comma-separated numbers, and the place of what is wrong in them |
//! | `housing.rs` | [`Housing`]: a table of features and a target; [`Source`]: real or drawn |
//! | `california.rs` | [`california`]: 20,640 districts, 8 features |
//! | `standin.rs` | the drawn substitute for California on a machine without the file |
//! | `boston.rs` | [`boston`]: 506 districts, 13 features |
//! | `mnist.rs` | [`mnist`]: 70,000 images of digits |
//! | [`standin_insects`] | the drawn substitute for photos of ants and bees |
//! | `idx.rs` | the format of its files |
//! | `hymenoptera.rs` | [`hymenoptera`]: 397 photographs of ants and bees |

mod boston;
mod california;
pub(crate) mod file;
mod housing;
mod hymenoptera;
pub(crate) mod idx;
pub(crate) mod mnist;
pub(crate) mod rows;
mod standin;
pub mod standin_insects;

pub use boston::{boston, boston_in};
pub use california::{california, california_in};
pub use housing::{Housing, Source};
pub use hymenoptera::{Hymenoptera, hymenoptera, hymenoptera_in};
pub use mnist::{Digits, Mnist, mnist, mnist_in};
