//! The template: the dependencies of the cells, built once and then only read.
//!
//! A template is a folder `template-<fingerprint>` in the kernel's home. Sessions compile their cells
//! against it directly (see `front.rs`), so it is never copied and never changed; another state of the
//! library, the lock file or the toolchain has another fingerprint and gets a folder of its own.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use rustix::fs::{FlockOperation, flock};
use sha2::{Digest, Sha256};

use crate::hold::{Hold, MARKER};
use crate::home::Home;
use crate::tree::{self, Large};
use crate::{hold, opening, outlines, role, session, std_source, tools};

/// Raise when the layout of a template changes.
const FORMAT: &str = "lab-kernel template 9";

/// A finished template; nobody removes it while this lives.
#[derive(Debug)]
pub struct Template {
    /// Its folder.
    pub dir: PathBuf,
    _hold: Hold,
}

/// Returns the fresh template, building it first where it is missing or stale.
///
/// `progress` gets (done, total, crate name) while dependencies compile.
///
/// # Errors
/// When the library does not compile (with cargo's message), or the folder cannot be written.
pub fn ensure(home: &Home, progress: &mut dyn FnMut(u32, u32, &str)) -> Result<Template> {
    let dir = folder(home)?;
    if let Some(hold) = Hold::take(&dir)? {
        return Ok(Template { dir, _hold: hold });
    }
    let lock = File::create(home.root().join("template.lock")).with_context(|| {
        format!(
            "зависимости ячеек не собраны для нынешней библиотеки, а писать в {} нельзя; их соберёт команда \
             cargo lab run",
            home.root().display()
        )
    })?;
    if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
        progress(0, 0, "зависимости уже собирает другой процесс");
        flock(&lock, FlockOperation::LockExclusive)?;
    }
    if !dir.join(MARKER).exists() {
        build(home, &dir, progress)?;
    }
    // Whoever removes needs the lock that we have.
    let hold = Hold::take(&dir)?.context("готовые зависимости ячеек пропали")?;
    others(home, &dir).iter().for_each(|old| hold::remove_unless_held(old));
    Ok(Template { dir, _hold: hold })
}

/// Whether [`ensure`] would return without building.
///
/// # Errors
/// When the library's folder cannot be read.
pub fn is_fresh(home: &Home) -> Result<bool> {
    Ok(folder(home)?.join(MARKER).exists())
}

/// Where the template for the present state of library and toolchain is, or would be.
fn folder(home: &Home) -> Result<PathBuf> {
    Ok(home.root().join(format!("template-{}", &fingerprint(home)?[..16])))
}

fn build(home: &Home, dir: &Path, progress: &mut dyn FnMut(u32, u32, &str)) -> Result<()> {
    if !dir.exists()
        && let Some(old) = newest(home, dir)
    {
        // Most dependencies are the same as last time; cargo rebuilds what is not.
        tree::link(&old.join("target"), &dir.join("target"), &["ctx", "lab"], Large::Linked)?;
    }
    fs::create_dir_all(dir)?;
    std_source::copy(&tools::rustc(home)?, &dir.join(outlines::FOLDER))
        .map_err(|error| anyhow::anyhow!("{error:#}{}", room(dir)))?;
    if let Some(lock) = home.lab_crate.as_deref().and_then(lock_file) {
        fs::copy(&lock, dir.join("Cargo.lock"))
            .with_context(|| format!("не удалось скопировать {}", lock.display()))?;
    }
    // What did compile stays: the next attempt goes on from here.
    role::play(home, "builder", dir, progress).map_err(|error| {
        anyhow::anyhow!("зависимости ячеек не собрались:\n{error:#}{}", room(dir))
    })?;
    let stage = session::new_dir(home);
    fs::create_dir_all(&stage)?;
    session::use_template(&stage, dir)?;
    if let Err(error) = role::play(home, "rehearsal", &stage, progress) {
        // Sessions compile their first cells themselves then.
        eprintln!("rehearsal: {error:#}");
        opening::forget(dir)?;
    }
    session::remove(&stage);
    fs::write(dir.join(MARKER), "")?;
    Ok(())
}

/// What a failed build may have lacked: rustc and the linker die of a full disk with texts that say nothing of it.
fn room(dir: &Path) -> String {
    const LITTLE_MIB: u64 = 64;
    match rustix::fs::statvfs(dir) {
        Ok(disk) if disk.f_bavail * disk.f_frsize < LITTLE_MIB << 20 => format!(
            "\nна диске с папкой {} нет места: зависимостям ячеек нужно около 1,5 ГиБ. Освободите его и повторите \
             команду, собранное не пропадёт",
            dir.display()
        ),
        _ => String::new(),
    }
}

/// The builder role: lets evcxr compile once without and once with the library.
///
/// # Errors
/// With cargo's text when something does not compile.
pub fn build_role() -> Result<()> {
    let home = Home::from_env()?;
    let mut context = crate::engine::open_context()?;
    if let Some(lab_crate) = &home.lab_crate {
        context.execute(&dependency_line(lab_crate)?).map_err(|error| match error {
            evcxr::Error::CompilationErrors(errors) => {
                let texts: Vec<String> = errors.iter().map(|e| e.rendered()).collect();
                anyhow::anyhow!(texts.join("\n"))
            }
            other => other.into(),
        })?;
        // What rust-analyzer asks cargo is remembered too.
        context.execute("{ let _ = 1; }")?;
    }
    Ok(())
}

/// `:dep name = { path = "…" }` for a crate's folder.
///
/// # Errors
/// When its Cargo.toml has no package name.
pub fn dependency_line(lab_crate: &Path) -> Result<String> {
    let manifest = manifest(lab_crate)?;
    let name = manifest
        .get("package")
        .and_then(|package| package.get("name")?.as_str())
        .with_context(|| format!("в {}/Cargo.toml нет имени пакета", lab_crate.display()))?;
    Ok(format!(":dep {name} = {{ path = \"{}\" }}", lab_crate.display()))
}

/// The cells to run before the first one of a student: the library may name its own in
/// `package.metadata.lab-kernel.warm-up` (a list), so that what is common is loaded already.
///
/// # Errors
/// When its Cargo.toml cannot be read.
pub fn warm_up_cells(lab_crate: &Path) -> Result<Vec<String>> {
    let listed = setting(lab_crate, "warm-up")?;
    let cells = listed.and_then(|cells| cells.as_array().cloned()).unwrap_or_default();
    Ok(cells.iter().filter_map(|cell| cell.as_str().map(str::to_owned)).collect())
}

/// The variables that the library wants in the environment of the cells, from
/// `package.metadata.lab-kernel.env` (a table of strings).
///
/// # Errors
/// When its Cargo.toml cannot be read.
pub fn cell_environment(lab_crate: &Path) -> Result<Vec<(String, String)>> {
    let table = setting(lab_crate, "env")?;
    let table = table.and_then(|table| table.as_table().cloned()).unwrap_or_default();
    let text = |(name, value): (String, toml::Value)| Some((name, value.as_str()?.to_owned()));
    Ok(table.into_iter().filter_map(text).collect())
}

/// An entry of `package.metadata.lab-kernel`.
pub fn setting(lab_crate: &Path, key: &str) -> Result<Option<toml::Value>> {
    Ok(manifest(lab_crate)?
        .get("package")
        .and_then(|package| package.get("metadata")?.get("lab-kernel")?.get(key).cloned()))
}

fn manifest(lab_crate: &Path) -> Result<toml::Table> {
    let path = lab_crate.join("Cargo.toml");
    let text = fs::read_to_string(&path)
        .with_context(|| format!("не удалось прочитать {}", path.display()))?;
    text.parse().with_context(|| format!("{} не разобран", path.display()))
}

fn fingerprint(home: &Home) -> Result<String> {
    let mut hash = Sha256::new();
    hash.update(FORMAT);
    let rustc =
        Command::new(tools::rustc(home)?).arg("-vV").output().context("rustc не запустился")?;
    hash.update(&rustc.stdout);
    if let Some(lab_crate) = &home.lab_crate {
        hash.update(lab_crate.to_string_lossy().as_bytes());
        for file in tree::files(lab_crate)? {
            if file.starts_with(lab_crate.join("tests"))
                || file.starts_with(lab_crate.join("examples"))
            {
                continue;
            }
            hash.update(file.to_string_lossy().as_bytes());
            hash.update(fs::read(&file)?);
        }
        if let Some(lock) = lock_file(lab_crate) {
            hash.update(fs::read(&lock)?);
            hash.update(fs::read(lock.with_file_name("Cargo.toml"))?);
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn lock_file(lab_crate: &Path) -> Option<PathBuf> {
    lab_crate.ancestors().map(|dir| dir.join("Cargo.lock")).find(|path| path.exists())
}

fn others(home: &Home, current: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(home.root()) else { return Vec::new() };
    entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path != current && path.is_dir())
        .filter(|path| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("template-"))
        })
        .collect()
}

fn newest(home: &Home, current: &Path) -> Option<PathBuf> {
    others(home, current)
        .into_iter()
        .filter(|path| path.join("target").exists())
        .max_by_key(|path| path.metadata().and_then(|meta| meta.modified()).ok())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_library_may_name_variables_and_cells_or_nothing() {
        let dir = std::env::temp_dir().join(format!("lab-kernel-setting-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let write = |text: &str| fs::write(dir.join("Cargo.toml"), text).unwrap();
        write("[package]\nname = \"a\"\n");
        assert!(
            cell_environment(&dir).unwrap().is_empty() && warm_up_cells(&dir).unwrap().is_empty()
        );
        write(
            "[package]\nname = \"a\"\n[package.metadata.lab-kernel]\nwarm-up = [\"1;\"]\n\
             env = { THREADS = \"1\", NUMBER = 2 }\n",
        );
        assert_eq!(cell_environment(&dir).unwrap(), [("THREADS".to_owned(), "1".to_owned())]);
        assert_eq!(warm_up_cells(&dir).unwrap(), ["1;"]);
        fs::remove_dir_all(dir).unwrap();
    }
}
