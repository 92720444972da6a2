//! The students' versions, executed as a student does who has solved nothing: every error is tolerated.
//!
//! Not here: what must have come of it, see `tests/test_unsolved.py`. Read next: `execution.rs`.

use std::path::Path;

use anyhow::Result;

use crate::execution::{self, Limits, Outcome};
use crate::notebook::Notebook;
use crate::release;
use crate::workspace::Workspace;

/// Executes all of them, with at most `timeout` seconds a cell; `dir` receives the executed notebooks,
/// `dir/source` those that were executed.
///
/// # Errors
/// When a version cannot be made, or not be executed at all.
pub fn notebooks(workspace: &Workspace, dir: &Path, timeout: u64) -> Result<Vec<Outcome>> {
    let limits = Limits { timeout, numbers: &[], keep_going: true };
    let mut outcomes = Vec::new();
    for (notebook, source) in release::students(workspace, &dir.join("source"))? {
        let unsolved = Notebook { source, ..notebook };
        outcomes.push(execution::execute(workspace, &unsolved, dir, &limits, String::new())?);
    }
    Ok(outcomes)
}
