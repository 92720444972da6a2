//! A notebook file (.ipynb) that a student has written: read within bounds, whatever it is.
//!
//! Not here: the sources of the notebooks (`notebook.rs`), what the Python programs read (python/notebooks.py).

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// The largest file in bytes, as in python/notebooks.py; the notebooks of this lab take some megabytes when executed.
const LARGEST: u64 = 64 << 20;

/// What is asked of a notebook here; the rest is skipped, not kept.
#[derive(Debug, Deserialize)]
pub struct NotebookFile {
    /// Its cells in order.
    pub cells: Vec<Cell>,
}

/// One cell.
#[derive(Debug, Deserialize)]
pub struct Cell {
    cell_type: String,
    source: Source,
    #[serde(default)]
    execution_count: Option<IgnoredAny>,
}

/// A notebook file keeps a text as one or as lines.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Source {
    Text(String),
    Lines(Vec<String>),
}

impl NotebookFile {
    /// Reads a file.
    ///
    /// # Errors
    /// As for [`bytes`], or when it is no notebook.
    pub fn read(path: &Path) -> Result<NotebookFile> {
        let found = serde_json::from_slice(&bytes(path)?);
        found.with_context(|| format!("{} не блокнот Jupyter, или он повреждён", path.display()))
    }

    /// Whether a cell of it was executed.
    pub fn is_executed(&self) -> bool {
        self.cells.iter().any(|cell| cell.execution_count.is_some())
    }

    /// The first initial value of randomness in its code.
    pub fn seed(&self) -> Option<String> {
        self.cells.iter().filter(|cell| cell.cell_type == "code").find_map(|cell| {
            let source = cell.source.text();
            let after = |mark: &str| source.split_once(mark).map(|(_, rest)| rest.to_owned());
            let rest = after("seed: u64 = ").or_else(|| after("Rng::seed("))?;
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            (!digits.is_empty()).then_some(digits)
        })
    }
}

impl Source {
    fn text(&self) -> String {
        match self {
            Source::Text(text) => text.clone(),
            Source::Lines(lines) => lines.concat(),
        }
    }
}

/// The content of a file that somebody else has written.
///
/// # Errors
/// When it cannot be read, is larger than a notebook, or is no plain file. A link is none: in a class's folder it
/// could lead to another's work.
pub fn bytes(path: &Path) -> Result<Vec<u8>> {
    let cannot = || format!("не удалось прочитать {}", path.display());
    let seen = fs::symlink_metadata(path).with_context(cannot)?;
    if !seen.is_file() {
        bail!(
            "{} не обычный файл, а ссылка, папка или устройство; нужен сам блокнот",
            path.display()
        );
    }
    let file = File::open(path).with_context(cannot)?;
    if !is_same(&seen, &file.metadata().with_context(cannot)?) {
        bail!("{} подменён, пока его читали; повторите команду", path.display());
    }
    let mut bytes = Vec::new();
    // One byte more is enough to see that it is too large, also where it grows meanwhile.
    file.take(LARGEST + 1).read_to_end(&mut bytes).with_context(cannot)?;
    if bytes.len() as u64 > LARGEST {
        bail!(
            "{} больше {} МиБ; очистите вывод ячеек и сохраните блокнот заново",
            path.display(),
            LARGEST >> 20
        );
    }
    Ok(bytes)
}

/// Whether both tell of one file: between the look and the opening it could have been replaced by a link.
fn is_same(a: &fs::Metadata, b: &fs::Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        (a.dev(), a.ino()) == (b.dev(), b.ino())
    }
    #[cfg(not(unix))]
    {
        a.len() == b.len()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(text: &str) -> Result<NotebookFile> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.ipynb");
        fs::write(&path, text).unwrap();
        NotebookFile::read(&path)
    }

    #[test]
    fn the_seed_is_read_from_the_code() {
        let seed = |source: &str| {
            let cell =
                format!("{{\"cells\": [{{\"cell_type\": \"code\", \"source\": {source}}}]}}");
            read(&cell).unwrap().seed()
        };
        assert_eq!(seed("\"let seed: u64 = 42;\"").as_deref(), Some("42"));
        assert_eq!(seed("[\"let x;\\n\", \"Rng::seed(7)\"]").as_deref(), Some("7"));
        assert_eq!(seed("\"Rng::seed(seed)\""), None);
    }

    #[test]
    fn what_is_no_notebook_is_told() {
        for text in ["", "[]", "{}", "{\"cells\": 1}", "{\"cells\": [{\"source\": 1}]}"] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains("a.ipynb не блокнот Jupyter"), "{text}: {error}");
        }
    }

    #[test]
    fn a_file_that_is_too_large_is_refused_without_being_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.ipynb");
        // A terabyte that takes no room: it must not be read to its end.
        File::create(&path).unwrap().set_len(1 << 40).unwrap();
        assert!(bytes(&path).unwrap_err().to_string().contains("больше 64 МиБ"));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let (path, link) = (dir.path().join("a.ipynb"), dir.path().join("b.ipynb"));
        fs::write(&path, "{}").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert_eq!(bytes(&path).unwrap(), b"{}");
        assert!(bytes(&link).unwrap_err().to_string().contains("не обычный файл"));
    }
}
