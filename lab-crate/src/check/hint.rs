//! Hints: one more on each call, from a question to half of the line.
//!
//! Not here: their texts (`labs.toml`), the record of how many were read (`score.rs`).

use std::fmt;

use super::{score, table};
use crate::Result;

/// The hints of a task that have been read so far.
///
/// As the last expression of a cell it shows itself; `Display` writes it as text.
///
/// ```
/// let hint = lab::hint(2.1)?;
/// println!("{hint}"); // a terminal shows the text
/// hint.evcxr_display(); // what a cell does with its last expression
/// assert!(hint.to_string().starts_with("2.1"));
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    title: String,
    shown: Vec<String>,
    total: usize,
}

/// The next hint of task `id`, as in `hint(2.1)`, with those that were read before; after the last one all.
///
/// # Errors
/// There is no such task; the error names all.
///
/// ```
/// let hint = lab::hint(1.2)?;
/// assert!(hint.to_string().starts_with("1.2 Центрирование столбцов"));
/// assert!(lab::hint(9.9).is_err());
/// # Ok::<(), lab::Error>(())
/// ```
pub fn hint(id: f64) -> Result<Hint> {
    let id = format!("{id:.1}");
    let task = table::task(&id)?;
    let stage = score::next_hint(&id, task.hints.len())?;
    Ok(Hint {
        title: format!("{id} {}", task.title),
        shown: task.hints[..stage].to_vec(),
        total: task.hints.len(),
    })
}

impl Hint {
    /// Shows the hint as the last expression of a cell.
    pub fn evcxr_display(&self) {
        // There is no one to tell: the output is what failed.
        crate::output::write_text(&self.to_string()).ok();
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title)?;
        for (number, hint) in self.shown.iter().enumerate() {
            writeln!(f, "  подсказка {} из {}: {hint}", number + 1, self.total)?;
        }
        Ok(())
    }
}
