//! The data sets of the lab, read from verified local files.
//!
//! A file is hashed before it is read, so a set is either the published one or an error. Tables of houses are arrays of
//! ndarray; digits are tensors; photographs are a [`Dataset`](crate::batches::Dataset), decoded when they are asked for.
//!
//! ```
//! let homes = lab::data::california()?; // drawn by the library where the file is missing
//! println!("{}", homes.source);
//! let income = lab::from_ndarray(&homes.column("MedInc")?)?;
//! assert_eq!(income.dims(), [20_640]);
//! # Ok::<(), lab::Error>(())
//! ```
//!
//! | name | what it is | in Python |
//! |---|---|---|
//! | [`california`] | 20,640 districts, 8 features, the price of a home | `sklearn.datasets.fetch_california_housing` |
//! | [`boston`] | 506 districts, 13 features | `sklearn.datasets.load_boston`, since removed |
//! | [`mnist`] | 70,000 images of digits | `torchvision.datasets.MNIST` |
//! | [`hymenoptera`] | 397 photographs of ants and bees | the data of PyTorch's tutorial on transfer learning |
//! | [`standin_insects`] | drawn pictures in their place | - |
//! | [`Housing`], [`Digits`], [`Source`] | what the functions give; real or drawn | - |
//!
//! | file | what it holds |
//! |---|---|
//! | `file.rs` | where the files lie, and the check of their size and SHA-256 |
//! | `rows.rs`, `idx.rs` | comma-separated numbers; the format of MNIST |
//! | `housing.rs`, `california.rs`, `boston.rs` | the tables of houses |
//! | `standin.rs` | the drawn substitute for California on a machine without the file |
//! | `mnist.rs`, `hymenoptera.rs` | the images |
//!
//! Not here: downloading. This library never touches the network; `cargo lab data` brings the files. Read next:
//! [`batches`](crate::batches), which cuts a set into parts; then `housing.rs`.

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
