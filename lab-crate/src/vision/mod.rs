//! Images: pictures of them. Read next: `pictures/mod.rs`.

pub mod pictures;
