//! The lab's Python environment `.venv`: made once, made anew only when the list of tools changes.
//!
//! Not here: which Python makes it, see `python.rs`.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::child;
use crate::python::{Python, install_advice};
use crate::stamp::{self, Fingerprint};
use crate::step::Step;
use crate::workspace::Workspace;

/// The file that a complete environment has.
const STAMP: &str = "lab-stamp";

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
    step.detail("новое окружение");
    replace(&workspace.venv(), &workspace.venv_before(), || {
        let (program, first) = python.program.split_first().context("no Python program")?;
        let mut make = child::command(workspace, program);
        make.args(first).args(["-m", "venv"]).arg(workspace.venv());
        child::run(workspace, make, "venv", step)
            .context("не удалось создать окружение Python в .venv")?;
        install(workspace, step)?;
        stamp::write(&stamp_path(workspace), &fingerprint(workspace)?)
    })?;
    Ok(true)
}

/// Makes the environment anew with `make`. The old one lies `aside` meanwhile, and is back if that fails: without a
/// network one would have none at all.
fn replace(venv: &Path, aside: &Path, make: impl FnOnce() -> Result<()>) -> Result<()> {
    let gone = |folder: &Path| -> Result<()> {
        match fs::remove_dir_all(folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).with_context(|| format!("не удалось удалить папку {}", folder.display()))
            }
            _ => Ok(()),
        }
    };
    let moved = |from: &Path, to: &Path| {
        fs::rename(from, to).with_context(|| {
            format!("не удалось переименовать {} в {}", from.display(), to.display())
        })
    };
    // What lies aside is the last that was whole, unless that work was ended after all was done.
    gone(if venv.join(STAMP).exists() { aside } else { venv })?;
    if venv.exists() {
        moved(venv, aside)?;
    }
    if let Err(error) = make() {
        if aside.exists() {
            gone(venv)?;
            moved(aside, venv)?;
        }
        return Err(error);
    }
    gone(aside)
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
    workspace.venv().join(STAMP)
}

fn fingerprint(workspace: &Workspace) -> Result<String> {
    Ok(Fingerprint::default().file(&workspace.requirements())?.finish())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_old_environment_is_back_when_no_new_one_can_be_made() {
        let dir = tempfile::tempdir().unwrap();
        let (venv, aside) = (dir.path().join(".venv"), dir.path().join(".venv-before"));
        let made = |text: &str| -> Result<()> {
            fs::create_dir_all(&venv)?;
            Ok(fs::write(venv.join("made"), text)?)
        };
        let complete = || fs::write(venv.join(STAMP), "").unwrap();
        let seen = || fs::read_to_string(venv.join("made")).unwrap_or_default();
        replace(&venv, &aside, || made("first")).unwrap();
        complete();
        // No network.
        let failed = replace(&venv, &aside, || {
            made("half")?;
            bail!("no network")
        });
        assert_eq!((failed.is_err(), seen(), aside.exists()), (true, "first".into(), false));
        // Killed on the way, then no network.
        fs::rename(&venv, &aside).unwrap();
        made("half").unwrap();
        assert!(replace(&venv, &aside, || bail!("no network")).is_err());
        assert_eq!((seen(), aside.exists()), ("first".into(), false));
        // Killed when all was done but for the old one's end.
        fs::rename(&venv, &aside).unwrap();
        made("second").unwrap();
        complete();
        assert!(replace(&venv, &aside, || bail!("no network")).is_err());
        assert_eq!((seen(), aside.exists()), ("second".into(), false));
        replace(&venv, &aside, || made("third")).unwrap();
        assert_eq!((seen(), aside.exists()), ("third".into(), false));
    }

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
