//! A notebook's source: which there are, what they ask for, and the key that tells whether one changed.
//!
//! Not here: executing (`execution.rs`), the student's copy (`student.rs`).

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::dataset::{DataFile, FILES};
use crate::stamp::Fingerprint;
use crate::workspace::Workspace;

/// One notebook.
#[derive(Clone, Debug)]
pub struct Notebook {
    /// The file's name without extension, as `01-tensors`.
    pub name: String,
    /// The Markdown source.
    pub source: PathBuf,
    /// The source's text.
    pub text: String,
}

/// All notebooks in order: the files `NN-name.md` in `notebooks/`.
///
/// # Errors
/// When the folder cannot be read, or there are none.
pub fn all(workspace: &Workspace) -> Result<Vec<Notebook>> {
    let dir = workspace.notebooks();
    let entries =
        fs::read_dir(&dir).with_context(|| format!("не удалось прочитать {}", dir.display()))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let is_source = path.extension().is_some_and(|extension| extension == "md");
        if is_source && name.starts_with(|first: char| first.is_ascii_digit()) {
            let text = fs::read_to_string(&path)
                .with_context(|| format!("не удалось прочитать {}", path.display()))?;
            found.push(Notebook { name, source: path, text });
        }
    }
    if found.is_empty() {
        bail!("в {} нет блокнотов (ожидались файлы вида 01-tensors.md)", dir.display());
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

impl Notebook {
    /// The data files that the notebook's code asks for.
    pub fn data(&self) -> Vec<&'static DataFile> {
        FILES.iter().filter(|file| file.is_asked_for(&self.text)).collect()
    }

    /// What the notebook gets where it asks for data, in words.
    ///
    /// # Errors
    /// When a data file cannot be read.
    pub fn data_in_words(&self, workspace: &Workspace) -> Result<Vec<String>> {
        let files = self.data();
        let words = files.iter().map(|file| Ok(file.describe(file.state(workspace)?)));
        let mut words: Vec<String> = words.collect::<Result<_>>()?;
        // The files of one set are neighbours, and most often in one state.
        words.dedup();
        Ok(words)
    }

    /// Hash of all that an execution depends on: the source, the data it asks for, and `base`.
    ///
    /// # Errors
    /// When a data file cannot be read.
    pub fn key(&self, workspace: &Workspace, base: &str) -> Result<String> {
        let mut key = Fingerprint::default().text("base", base).text("source", &self.text);
        for file in self.data() {
            let hash = file.hash(workspace)?.unwrap_or_else(|| "missing".into());
            key = key.text(file.file, &hash);
        }
        Ok(key.finish())
    }
}

/// Hash of what all notebooks depend on: the library, the kernel, the pinned versions, the Python tools.
///
/// # Errors
/// When a source cannot be read.
pub fn base(workspace: &Workspace) -> Result<String> {
    let root = workspace.root();
    let device = std::env::var("LAB_DEVICE").unwrap_or_default();
    Ok(Fingerprint::default()
        .tree(&workspace.lab_crate())?
        .tree(&root.join("lab-kernel"))?
        .file(&root.join("Cargo.lock"))?
        .file(&root.join("Cargo.toml"))?
        .file(&workspace.requirements())?
        .text("device", &device)
        .finish())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::stamp::write;

    fn lab() -> (tempfile::TempDir, Workspace) {
        let dir = tempfile::tempdir().unwrap();
        let workspace = Workspace::at(dir.path());
        for (path, text) in [
            ("notebooks/02-b.md", "let homes = lab::data::california()?;"),
            ("notebooks/01-a.md", "ничего"),
            ("notebooks/README.md", "не блокнот"),
            ("lab-crate/src/lib.rs", "//! lib"),
            ("lab-kernel/src/main.rs", "//! main"),
        ] {
            write(&dir.path().join(path), text).unwrap();
        }
        (dir, workspace)
    }

    #[test]
    fn notebooks_come_in_order_and_without_the_readme() {
        let (_dir, workspace) = lab();
        let names: Vec<String> = all(&workspace).unwrap().into_iter().map(|n| n.name).collect();
        assert_eq!(names, ["01-a", "02-b"]);
    }

    #[test]
    fn a_set_of_several_files_is_told_once() {
        let (dir, workspace) = lab();
        write(&dir.path().join("notebooks/01-a.md"), "data::mnist()?; data::boston()?").unwrap();
        let words = all(&workspace).unwrap()[0].data_in_words(&workspace).unwrap();
        assert_eq!(words, ["Boston housing: нет данных", "MNIST: нет данных"]);
    }

    #[test]
    fn a_change_of_source_library_or_data_is_seen() {
        let (dir, workspace) = lab();
        let keys = || {
            let base = base(&workspace).unwrap();
            let key = |notebook: &Notebook| notebook.key(&workspace, &base).unwrap();
            all(&workspace).unwrap().iter().map(key).collect::<Vec<_>>()
        };
        let first = keys();
        assert_eq!(keys(), first);
        write(&dir.path().join("data/cache/california/cal_housing.data"), "1,2").unwrap();
        let with_data = keys();
        assert_eq!(with_data[0], first[0], "01-a asks for no data");
        assert_ne!(with_data[1], first[1]);
        write(&dir.path().join("notebooks/01-a.md"), "другое").unwrap();
        let with_text = keys();
        assert_ne!(with_text[0], with_data[0]);
        assert_eq!(with_text[1], with_data[1]);
        write(&dir.path().join("lab-crate/src/lib.rs"), "//! lib 2").unwrap();
        assert!(keys().iter().zip(&with_text).all(|(new, old)| new != old));
    }
}
