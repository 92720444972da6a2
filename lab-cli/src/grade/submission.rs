//! What was submitted: notebooks in a folder, each with its student and the lab it belongs to.
//!
//! Not here: running them (`sandbox.rs`).

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::notebook_file;
use crate::task::Lab;

/// One submitted notebook.
#[derive(Clone, Debug, PartialEq)]
pub struct Submission {
    /// Who submitted it: the folder's name, or the file's.
    pub student: String,
    /// The file.
    pub file: PathBuf,
    /// The name of the notebook that was solved; `None` where it cannot be told.
    pub notebook: Option<String>,
}

/// The submissions below `dir`: `student/notebook.ipynb` or `anything.ipynb`, in order.
///
/// # Errors
/// When the folder cannot be read, or there are none.
pub fn all(dir: &Path, labs: &[Lab]) -> Result<Vec<Submission>> {
    let mut found = Vec::new();
    for path in listed(dir)? {
        if path.is_dir() {
            let student = name(&path);
            let files = listed(&path)?.into_iter().filter(|file| is_notebook(file));
            found.extend(files.map(|file| Submission::of(student.clone(), file, labs)));
        } else if is_notebook(&path) {
            found.push(Submission::of(name(&path), path, labs));
        }
    }
    if found.is_empty() {
        bail!(
            "в {} нет блокнотов: ожидались файлы СТУДЕНТ/01-tensors.ipynb или ИМЯ.ipynb",
            dir.display()
        );
    }
    Ok(found)
}

fn listed(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries =
        fs::read_dir(dir).with_context(|| format!("не удалось прочитать {}", dir.display()))?;
    let mut paths =
        entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<PathBuf>>>()?;
    paths.retain(|path| !name(path).starts_with('.'));
    paths.sort();
    Ok(paths)
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn is_notebook(path: &Path) -> bool {
    path.is_file() && path.extension().is_some_and(|extension| extension == "ipynb")
}

impl Submission {
    fn of(student: String, file: PathBuf, labs: &[Lab]) -> Submission {
        let notebook = recognized(&file, labs);
        Submission { student, file, notebook }
    }
}

/// The lab whose number or name the file has; else the one whose tasks stand in it.
fn recognized(file: &Path, labs: &[Lab]) -> Option<String> {
    let name = name(file);
    let by_name = labs.iter().find(|lab| name.contains(&lab.notebook));
    let by_tasks = || {
        let text = notebook_file::bytes(file).ok()?;
        let text = String::from_utf8_lossy(&text);
        let count = |lab: &Lab| {
            let is_there = |mark: String| text.contains(&mark);
            lab.tasks.iter().filter(|task| is_there(format!("TODO({})", task.id))).count()
        };
        labs.iter().max_by_key(|lab| count(lab)).filter(|lab| count(lab) > 0)
    };
    by_name.or_else(by_tasks).map(|lab| lab.notebook.clone())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::stamp::write;
    use crate::task::Task;

    #[test]
    fn both_layouts_are_found_and_recognized() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let task = |id: &str| Task { id: id.into(), ..Task::default() };
        let lab = |name: &str, id: &str| Lab {
            notebook: name.into(),
            tasks: vec![task(id)],
            ..Lab::default()
        };
        let labs = [lab("01-tensors", "1.1"), lab("02-autograd", "2.1")];
        assert!(all(dir, &labs).unwrap_err().to_string().contains("нет блокнотов"));
        write(&dir.join("ivanov/01-tensors.ipynb"), "{}").unwrap();
        write(&dir.join("petrova.ipynb"), "// TODO(2.1): x").unwrap();
        write(&dir.join("unknown.ipynb"), "{").unwrap();
        write(&dir.join("readme.txt"), "").unwrap();
        let found = all(dir, &labs).unwrap();
        let told: Vec<_> =
            found.iter().map(|s| (s.student.as_str(), s.notebook.as_deref())).collect();
        assert_eq!(
            told,
            [("ivanov", Some("01-tensors")), ("petrova", Some("02-autograd")), ("unknown", None)]
        );
    }
}
