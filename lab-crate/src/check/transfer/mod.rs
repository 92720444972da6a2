//! Checks of notebook 06: transfer learning.
//!
//! | file | what it holds |
//! |---|---|
//! | `head.rs` | a new head, and training it alone |
//! | `gallery.rs` | pictures with a model's answers |

mod gallery;
mod head;

pub use gallery::visualize;
pub use head::{freeze_body, new_head};
