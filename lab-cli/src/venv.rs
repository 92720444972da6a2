//! The lab's Python environment `.venv`: made once, made anew only when the list of tools changes.
//!
//! Not here: which Python makes it, see `python.rs`.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::child;
use crate::python::{Python, install_advice};
use crate::stamp::{self, Fingerprint};
use crate::step::Step;
use crate::workspace::Workspace;

/// Whether the environment is there, complete, and of the present list of tools.
///
/// # Errors
/// When the list cannot be read.
pub fn is_fresh(workspace: &Workspace) -> Result<bool> {
    let python = workspace.venv_python();
    Ok(python.exists() && stamp::is_fresh(&stamp_path(workspace), &fingerprint(workspace)?))
}

/// Makes the environment where it is missing or stale; returns whether there was something to do.
///
/// # Errors
/// Without a suitable Python, or when pip fails (no network, no disk space).
pub fn ensure(workspace: &Workspace, step: &Step) -> Result<bool> {
    if is_fresh(workspace)? {
        return Ok(false);
    }
    let python = Python::find()?;
    if !python.venv {
        bail!("у Python {} нет модуля venv. {}", python.version(), install_advice());
    }
    let venv = workspace.venv();
    if venv.exists() {
        std::fs::remove_dir_all(&venv)
            .with_context(|| format!("не удалось удалить прежнюю папку {}", venv.display()))?;
    }
    step.detail("новое окружение");
    let (program, first) = python.program.split_first().context("no Python program")?;
    let mut make = child::command(workspace, program);
    make.args(first).args(["-m", "venv"]).arg(&venv);
    child::run(workspace, make, "venv", step)
        .context("не удалось создать окружение Python в .venv")?;
    install(workspace, step)?;
    stamp::write(&stamp_path(workspace), &fingerprint(workspace)?)?;
    Ok(true)
}

fn install(workspace: &Workspace, step: &Step) -> Result<()> {
    let mut pip = child::command(workspace, workspace.venv_python());
    pip.args([
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-input",
        "--progress-bar=off",
        "--require-hashes",
    ])
    .arg("--requirement")
    .arg(workspace.requirements());
    child::run(workspace, pip, "pip", step).context(
        "не удалось поставить программы Python из lab-cli/requirements.txt. \
         Нужен доступ к индексу пакетов pip (или его зеркалу, PIP_INDEX_URL); \
         проверьте сеть и повторите команду",
    )?;
    Ok(())
}

fn stamp_path(workspace: &Workspace) -> PathBuf {
    workspace.venv().join("lab-stamp")
}

fn fingerprint(workspace: &Workspace) -> Result<String> {
    Ok(Fingerprint::default().file(&workspace.requirements())?.finish())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_a_changed_list_makes_it_stale() {
        let dir = tempfile::tempdir().unwrap();
        let workspace = Workspace::at(dir.path());
        stamp::write(&workspace.requirements(), "pytest==8.0.0\n").unwrap();
        assert!(!is_fresh(&workspace).unwrap(), "nothing there yet");
        stamp::write(&workspace.venv_python(), "").unwrap();
        assert!(!is_fresh(&workspace).unwrap(), "made, but not complete");
        stamp::write(&stamp_path(&workspace), &fingerprint(&workspace).unwrap()).unwrap();
        assert!(is_fresh(&workspace).unwrap());
        stamp::write(&workspace.requirements(), "pytest==8.4.2\n").unwrap();
        assert!(!is_fresh(&workspace).unwrap());
    }
}
