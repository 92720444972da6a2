//! The audit of everything the lab depends on: what it may be is in `lab-cli/deny.toml`.
//!
//! It looks at the lock files and at what cargo knows, so it needs no network. Known vulnerabilities are in a
//! database, which needs one: see `advisories.rs`. Not here: data sets, whose hashes are in `dataset.rs`.

mod advisories;
mod crates;
mod npm;
mod policy;
mod python;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::finding::{Finding, Weight};
use crate::workspace::Workspace;

/// How many complaints of one kind are shown.
const SHOWN: usize = 10;

/// Looks at all dependencies and prints what was found; `false` when something is not as it may be.
///
/// # Errors
/// When a lock file or cargo's answer cannot be read.
pub fn audit(workspace: &Workspace) -> Result<bool> {
    let mut findings = offline(workspace)?;
    findings.push(advisories::check(workspace));
    findings.iter().for_each(|finding| print!("{}", finding.text()));
    Ok(findings.iter().all(|finding| finding.good || finding.weight == Weight::Made))
}

/// What can be seen without the network.
fn offline(workspace: &Workspace) -> Result<Vec<Finding>> {
    let policy = policy::Policy::read(&workspace.deny_file())?;
    let lock = crates::Lock::parse(&read(&workspace.root().join("Cargo.lock"))?)?;
    let graph = crates::Graph::ask(workspace, &policy)?;
    let requirements = read(&workspace.requirements())?;
    let proxy = read(&workspace.root().join("lab-cli/proxy/package-lock.json"))?;
    Ok(vec![
        finding("Cargo.lock", lock.check(&policy), "cargo update, и проверьте, откуда пакет"),
        finding(
            "лицензии пакетов Rust",
            graph.licenses(&policy)?,
            "другой пакет, или лицензия в allow (lab-cli/deny.toml)",
        ),
        finding(
            "версии пакетов Rust",
            graph.duplicates(&policy, &lock),
            "cargo update -p ПАКЕТ, или строка в skip с причиной (lab-cli/deny.toml); лишнюю строку уберите",
        ),
        finding(
            "lab-cli/requirements.txt",
            python::check(&requirements),
            "выполните команду из начала этого файла",
        ),
        finding(
            "lab-cli/proxy/package-lock.json",
            npm::check(&proxy)?,
            "npm install --package-lock-only в папке lab-cli/proxy",
        ),
    ])
}

/// What a check has seen, and what was wrong there.
#[derive(Debug)]
struct Checked {
    seen: String,
    complaints: Vec<String>,
}

fn finding(what: &'static str, checked: Checked, cure: &str) -> Finding {
    let count = checked.complaints.len();
    if count == 0 {
        return Finding::new(what, Weight::Needed, Ok(checked.seen), "");
    }
    let shown: Vec<&str> = checked.complaints.iter().take(SHOWN).map(String::as_str).collect();
    let rest = if count > SHOWN { format!("; всего {count}") } else { String::new() };
    Finding::new(what, Weight::Needed, Err(shown.join("; ") + &rest), cure)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("не прочитан {}", path.display()))
}

/// Whether the text is `length` hexadecimal digits.
fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn complaints_make_a_finding_bad_and_long_lists_short() {
        let seen = || "3 пакета".to_owned();
        let good = finding("x", Checked { seen: seen(), complaints: Vec::new() }, "cure");
        assert_eq!(good.text(), "✓ x: 3 пакета\n");
        let complaints = (0..12).map(|i| format!("n{i}")).collect();
        let bad = finding("x", Checked { seen: seen(), complaints }, "cure");
        assert!(!bad.good && bad.weight == Weight::Needed);
        assert!(bad.text().contains("n9; всего 12") && bad.text().contains("cure"), "{bad:?}");
    }

    /// A lab without dependencies, whose files are those given here.
    fn lab(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            crate::stamp::write(&dir.path().join(name), text).unwrap();
        }
        dir
    }

    #[test]
    fn each_bad_file_makes_its_own_finding_bad() {
        let manifest = "[package]\nname = \"own\"\nversion = \"1.0.0\"\nedition = \"2024\"\nlicense = \"MIT\"\n";
        let lock = "version = 4\n\n[[package]]\nname = \"own\"\nversion = \"1.0.0\"\n";
        let policy = policy::tests::TEXT.replace("a@1.0.0", "own@1.0.0");
        let good = [
            ("Cargo.toml", manifest),
            ("Cargo.lock", lock),
            ("src/lib.rs", ""),
            ("lab-cli/deny.toml", &policy),
            ("lab-cli/requirements.txt", "# none\n"),
            ("lab-cli/proxy/package-lock.json", r#"{"packages": {}}"#),
        ];
        let bad = |file: &str, text: &str| {
            let files = good.map(|(name, old)| (name, if name == file { text } else { old }));
            let dir = lab(&files);
            let findings = offline(&Workspace::at(dir.path()))?;
            let bad = findings.iter().filter(|f| !f.good && f.weight == Weight::Needed);
            anyhow::Ok(bad.map(|finding| finding.what).collect::<Vec<_>>())
        };
        assert!(bad("", "").unwrap().is_empty());
        for (file, text, what) in [
            ("Cargo.toml", manifest.replace("MIT", "GPL-3.0"), "лицензии пакетов Rust"),
            ("lab-cli/deny.toml", policy.replace("own@1.0.0", "a@1.0.0"), "версии пакетов Rust"),
            ("lab-cli/requirements.txt", "a==1\n".to_owned(), "lab-cli/requirements.txt"),
            (
                "lab-cli/proxy/package-lock.json",
                r#"{"packages": {"node_modules/a": {}}}"#.to_owned(),
                "lab-cli/proxy/package-lock.json",
            ),
        ] {
            assert_eq!(bad(file, &text).unwrap(), [what]);
        }
        // A lock file that does not fit is never made anew in silence.
        let stale = lock.replace("1.0.0", "0.9.0");
        let error = bad("Cargo.lock", &stale).unwrap_err().to_string();
        assert!(error.contains("lock file"), "{error}");
    }
}
