//! One Russian line under an error: what it means here and what to do.
//!
//! Tables of the same form: Rust's errors (`explain/*.toml`), and those of the library, which names its table in
//! `package.metadata.lab-kernel.explain`. Of an entry, `code` is rustc's code, and every text of `contains` must stand
//! in what rustc says of the first error (message, labels, helps) or in the message of the panic, never in the
//! student's line of code. Entries without a code have the whole form of the message, so that a student's own text
//! does not fit by chance. The first entry that fits is shown; each has a case in tests/test_explain.py.
//! Not here: the error itself (`failure.rs`).

use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::template;

/// Our own tables.
const OWN: [&str; 3] = [
    include_str!("explain/ownership.toml"),
    include_str!("explain/types.toml"),
    include_str!("explain/rest.toml"),
];

/// One entry of a table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    /// rustc's code that the error must have.
    code: Option<String>,
    /// Texts that must all stand in the error.
    #[serde(default)]
    contains: Vec<String>,
    /// The line.
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    line: Vec<Line>,
}

/// The entries of all tables, the library's first.
#[derive(Debug, Default)]
pub struct Explanations(Vec<Line>);

impl Explanations {
    /// Those for the library in `lab_crate`; a table that cannot be read is told in the log and left out.
    pub fn of(lab_crate: Option<&Path>) -> Explanations {
        let brought = lab_crate.map_or_else(|| Ok(Vec::new()), brought_by);
        let mut lines = Vec::new();
        for table in std::iter::once(brought).chain(OWN.map(parse)) {
            match table {
                Ok(table) => lines.extend(table),
                Err(error) => eprintln!("explanations: {error:#}"),
            }
        }
        Explanations(lines)
    }

    /// The line for an error with that code, of which `text` is said; `None` where nothing helpful can be.
    pub fn line(&self, code: Option<&str>, text: &str) -> Option<&str> {
        let fits = |line: &&Line| {
            line.code.as_deref().is_none_or(|wanted| code == Some(wanted))
                && line.contains.iter().all(|part| text.contains(part))
        };
        self.0.iter().find(fits).map(|line| line.text.as_str())
    }
}

fn brought_by(lab_crate: &Path) -> Result<Vec<Line>> {
    let Some(name) = template::setting(lab_crate, "explain")? else { return Ok(Vec::new()) };
    let path =
        lab_crate.join(name.as_str().context("package.metadata.lab-kernel.explain is no text")?);
    parse(&std::fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?)
}

fn parse(text: &str) -> Result<Vec<Line>> {
    let lines = toml::from_str::<Table>(text)?.line;
    let empty = lines.iter().find(|line| line.code.is_none() && line.contains.is_empty());
    match empty {
        Some(line) => anyhow::bail!("the entry «{}» would fit every error", line.text),
        None => Ok(lines),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_first_entry_that_fits_is_taken() {
        let text = "[[line]]\ncode = \"E0308\"\ncontains = [\"a\", \"b\"]\ntext = \"1\"\n\
                    [[line]]\ncode = \"E0308\"\ntext = \"2\"\n[[line]]\ncontains = [\"c\"]\ntext = \"3\"";
        let table = Explanations(parse(text).unwrap());
        assert_eq!(table.line(Some("E0308"), "a b"), Some("1"));
        assert_eq!(table.line(Some("E0308"), "a"), Some("2"));
        assert_eq!(table.line(None, "a c"), Some("3"));
        assert_eq!(table.line(Some("E0001"), "a b"), None);
    }

    #[test]
    fn an_entry_for_everything_is_refused() {
        assert!(parse("[[line]]\ntext = \"x\"").unwrap_err().to_string().contains("every error"));
        OWN.iter().for_each(|table| assert!(!parse(table).unwrap().is_empty()));
    }
}
