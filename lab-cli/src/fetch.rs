//! `cargo lab data`: brings data files into the cache, from the first place that has the right file.
//!
//! Order: the verified cache, `LAB_DATA_MIRROR`, then the table's places. A file is hashed before it gets
//! its name, so what lies in the cache under that name is whole. Not here: the places, see `source.rs`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};

use crate::advice;
use crate::dataset::{self, DataFile, State};
use crate::folder;
use crate::source::{self, Source};
use crate::step::Step;
use crate::workspace::Workspace;

/// The variable with a folder or a base URL to try first.
pub const MIRROR: &str = "LAB_DATA_MIRROR";

static DEFAULT_MIRROR: OnceLock<PathBuf> = OnceLock::new();

/// The command: brings the named sets, all where none is named. `false` when one could not be had; where
/// all were asked for, a set whose substitute is there may be missing.
///
/// # Errors
/// When there is no such set.
pub fn data(workspace: &Workspace, sets: &[String]) -> Result<bool> {
    let mut all_there = true;
    for file in dataset::select(sets)? {
        let may_miss = sets.is_empty() && substitute(workspace, file).is_some();
        all_there &= bring(workspace, file) || may_miss;
    }
    Ok(all_there)
}

/// Brings one file and says how it went; whether it is there now.
pub fn bring(workspace: &Workspace, file: &DataFile) -> bool {
    let step = Step::start(format!("Данные {}", file.title));
    match ensure(workspace, file, mirror(workspace).as_deref(), &step) {
        Ok(None) => {
            step.done("уже есть, SHA-256 верна");
            true
        }
        Ok(Some(from)) => {
            step.done(&format!("SHA-256 верна; источник: {from}"));
            true
        }
        Err(error) => {
            step.fail("не получены");
            println!("{}", advice::with(&error));
            if file.stand_in {
                println!("{}", stand_in_notice(file));
            }
            if let Some(other) = substitute(workspace, file) {
                println!("Вместо {} блокноты возьмут то, что есть: {}.", file.title, other.title);
            }
            false
        }
    }
}

/// The file that notebooks take instead of a missing one, when it is in the cache.
fn substitute(workspace: &Workspace, file: &DataFile) -> Option<&'static DataFile> {
    file.substitute().filter(|other| other.state(workspace).is_ok_and(|state| state == State::Good))
}

/// Makes sure that the file is in the cache; `None` when it was, else the name of the place it came from.
///
/// # Errors
/// When no place has it: one line for each, with the reason.
pub fn ensure(
    workspace: &Workspace,
    file: &DataFile,
    mirror: Option<&str>,
    step: &Step,
) -> Result<Option<String>> {
    let path = file.path(workspace);
    match file.state(workspace)? {
        State::Good => return Ok(None),
        State::Wrong => {
            step.say(&format!("{}: файл повреждён, беру заново", workspace.short(&path)))
        }
        State::Missing => {}
    }
    let dir = path.parent().context("a data file has a folder")?;
    fs::create_dir_all(dir)
        .with_context(|| format!("не удалось создать папку {}", dir.display()))?;
    let part = path.with_added_extension("part");
    let mut reasons = Vec::new();
    for place in Source::all(file, mirror) {
        step.detail(&place.name());
        match take(workspace, file, &place, &part, &path, step) {
            Ok(()) => return Ok(Some(place.name())),
            // A disk that is full or cannot be written is not the place's fault, and no other place would help.
            Err(error) if advice::is_of_the_disk(&error) => {
                return Err(
                    error.context(format!("не удалось сохранить {}", workspace.short(&path)))
                );
            }
            Err(error) => reasons.push(format!("  - {}: {error:#}", place.name())),
        }
    }
    bail!(
        "не удалось получить {}, файл {}. Что пробовали:\n{}\n\
         Что сделать: проверьте сеть и повторите «cargo lab data {}»; или положите файл {} в любую папку и \
         укажите её: {MIRROR}=ПАПКА cargo lab data",
        file.title,
        workspace.short(&path),
        reasons.join("\n"),
        file.set,
        file.file
    )
}

/// Brings a file from one place under its temporary name, checks it and gives it its name.
fn take(
    workspace: &Workspace,
    file: &DataFile,
    place: &Source,
    part: &Path,
    path: &Path,
    step: &Step,
) -> Result<()> {
    // What an interrupted run has left is never continued: the server may have another version now.
    discard(part);
    let check = || match file.images() {
        Some(_) => folder::check(part, file.size, file.sha256),
        None => source::check(part, file.size, file.sha256),
    };
    let result = place.bring(workspace, file, part, step).and_then(|()| check()).and_then(|()| {
        // A folder does not replace another one by itself.
        discard(path);
        fs::rename(part, path).context("не удалось переименовать .part")
    });
    if result.is_err() {
        discard(part);
    }
    result
}

/// Removes a file or a folder, if there is one.
fn discard(path: &Path) {
    let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
}

/// Makes a folder the mirror of this run where `LAB_DATA_MIRROR` names none.
pub fn set_default_mirror(dir: PathBuf) {
    // A second call would name the same folder.
    let _ = DEFAULT_MIRROR.set(dir);
}

/// `LAB_DATA_MIRROR`; a relative folder is looked for in the current folder, then in the lab's.
fn mirror(workspace: &Workspace) -> Option<String> {
    let named = std::env::var(MIRROR).ok().filter(|value| !value.is_empty());
    let Some(mirror) = named else {
        return DEFAULT_MIRROR.get().map(|dir| dir.display().to_string());
    };
    let in_lab: PathBuf = workspace.root().join(&mirror);
    if !Path::new(&mirror).exists() && in_lab.exists() {
        return Some(in_lab.display().to_string());
    }
    Some(mirror)
}

fn stand_in_notice(file: &DataFile) -> String {
    format!(
        "┌─ ВНИМАНИЕ ─────────────────────────────────────────────\n\
         │ Вместо {} блокноты возьмут ЗАМЕНИТЕЛЬ: придуманные\n\
         │ данные с похожими свойствами. Выводы о настоящих данных по ним\n\
         │ делать нельзя. Настоящие данные: cargo lab data {}\n\
         └────────────────────────────────────────────────────────",
        file.title, file.set
    )
}

#[cfg(test)]
#[path = "fetch_tests.rs"]
mod tests;
