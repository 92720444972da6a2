//! `cargo lab reset`: the stub of one task again, in the student's notebook; the old answer is kept beside it.
//!
//! Not here: the notebook's cells (python/reset.py).

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};

use crate::release::Kind;
use crate::workspace::Workspace;
use crate::{child, scripts, setup, student, task};

/// Where old answers are kept, beside the notebooks.
const KEPT: &str = ".lab-answers";

/// The command.
///
/// # Errors
/// When there is no such task, no notebook of the student's, or it is not a notebook; then nothing is changed.
pub fn reset(workspace: &Workspace, id: &str) -> Result<bool> {
    let task = task::find(&task::labs(workspace)?, id)?.clone();
    let notebooks = task::notebooks(workspace)?;
    let (notebook, lab) = notebooks
        .iter()
        .find(|(_, lab)| lab.tasks.contains(&task))
        .with_context(|| format!("задание {id} ни в одном блокноте"))?;
    let copy = student::path(notebook, Kind::Student);
    if !copy.exists() {
        bail!("нет файла {}: его делает cargo lab up", workspace.short(&copy));
    }
    setup::python(workspace)?;
    let kept = kept(&copy, id, SystemTime::now())?;
    let mut script = scripts::command(workspace, "reset.py")?;
    script.arg(&copy).arg("--source").arg(&notebook.source).arg("--keep").arg(&kept);
    script.arg("--lab").arg(serde_json::to_string(lab)?).args(["--task", id]);
    let output = child::output(&mut script)?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    println!("Задание {id} в {} начато заново", workspace.short(&copy));
    if kept.exists() {
        println!("Прежний ответ: {}", workspace.short(&kept));
    }
    println!("Если блокнот открыт, перечитайте его: File → Reload Notebook from Disk");
    Ok(true)
}

/// A file for the old answer that is not there yet.
fn kept(copy: &Path, id: &str, now: SystemTime) -> Result<PathBuf> {
    // A clock that stands before 1970 is no reason to refuse: the name only has to be free.
    let seconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let dir = copy.with_file_name(KEPT);
    let names = (0..).map(|n| match n {
        0 => format!("{id}-{seconds}.rs"),
        n => format!("{id}-{seconds}-{n}.rs"),
    });
    let mut paths = names.map(|name| dir.join(name)).filter(|path| !path.exists());
    paths.next().context("no name is free")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_old_answer_never_replaces_another() {
        let dir = tempfile::tempdir().unwrap();
        let copy = dir.path().join("01-a.ipynb");
        // The clock stands still, goes back, and stands before all others.
        let (now, hour) = (SystemTime::now(), std::time::Duration::from_secs(3600));
        let first = kept(&copy, "1.1", now).unwrap();
        crate::stamp::write(&first, "x").unwrap();
        let second = kept(&copy, "1.1", now).unwrap();
        assert_ne!(first, second);
        assert_ne!(kept(&copy, "1.1", now - hour).unwrap(), first);
        let before = kept(&copy, "1.1", UNIX_EPOCH - hour).unwrap();
        assert!(before.ends_with(".lab-answers/1.1-0.rs"), "{}", before.display());
        assert_eq!(second.parent().unwrap(), dir.path().join(KEPT));
    }
}
