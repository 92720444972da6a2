//! The Python of this machine: finding one that can make the lab's environment.
//!
//! Not here: the environment itself, see `venv.rs`.

use std::process::Command;

use anyhow::{Result, bail};
use serde::Deserialize;

/// The oldest Python for which `requirements.txt` has been resolved.
const OLDEST: (u32, u32) = (3, 9);

/// Asks a Python for all that must be known of it.
const PROBE: &str = "import sys, json, importlib.util as u; print(json.dumps({\
    'version': list(sys.version_info[:3]), \
    'venv': all(u.find_spec(m) for m in ('venv', 'ensurepip')), \
    'pip': bool(u.find_spec('pip'))}))";

/// A Python program and what it can do.
#[derive(Debug, Deserialize)]
pub struct Python {
    /// Program and first arguments (`py -3` on Windows).
    #[serde(skip)]
    pub program: Vec<&'static str>,
    /// Major, minor, micro.
    pub version: [u32; 3],
    /// Whether it can make a complete environment.
    pub venv: bool,
    /// Whether it has pip itself.
    pub pip: bool,
}

impl Python {
    /// The first suitable Python; where none can make an environment, the first that is new enough.
    ///
    /// # Errors
    /// When there is no Python, or it is too old.
    pub fn find() -> Result<Python> {
        choose(candidates().iter().filter_map(|program| probe(program)).collect())
    }

    /// The version as people write it.
    pub fn version(&self) -> String {
        self.version.map(|part| part.to_string()).join(".")
    }

    fn is_new_enough(&self) -> bool {
        (self.version[0], self.version[1]) >= OLDEST
    }
}

fn candidates() -> [Vec<&'static str>; 4] {
    [vec!["python3"], vec!["python"], vec!["py", "-3"], vec!["/usr/bin/python3"]]
}

fn probe(program: &[&'static str]) -> Option<Python> {
    let (name, rest) = program.split_first()?;
    let output = Command::new(name).args(rest).args(["-c", PROBE]).output().ok()?;
    let mut python: Python = serde_json::from_slice(&output.stdout).ok()?;
    python.program = program.to_vec();
    Some(python)
}

fn choose(mut found: Vec<Python>) -> Result<Python> {
    let (major, minor) = OLDEST;
    if found.is_empty() {
        bail!(
            "не найден Python (искали python3, python, py). Нужен Python {major}.{minor} или новее. {}",
            install_advice()
        );
    }
    let versions: Vec<String> = found.iter().map(Python::version).collect();
    found.retain(Python::is_new_enough);
    let best = found.iter().position(|python| python.venv).unwrap_or(0);
    if found.is_empty() {
        bail!(
            "найден Python {}, а нужен {major}.{minor} или новее. {}",
            versions.join(", "),
            install_advice()
        );
    }
    Ok(found.swap_remove(best))
}

/// How to get Python with all the lab needs, on this system.
pub fn install_advice() -> &'static str {
    if cfg!(windows) {
        "Установите его: winget install Python.Python.3.12"
    } else if cfg!(target_os = "macos") {
        "Установите его: brew install python"
    } else {
        "Debian, Ubuntu: sudo apt install python3 python3-venv; Fedora: sudo dnf install python3"
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn python(version: [u32; 3], venv: bool) -> Python {
        Python { program: vec!["python3"], version, venv, pip: venv }
    }

    #[test]
    fn one_that_makes_environments_is_preferred() {
        let chosen = choose(vec![python([3, 13, 0], false), python([3, 11, 2], true)]).unwrap();
        assert_eq!(chosen.version(), "3.11.2");
        let chosen = choose(vec![python([3, 8, 0], true), python([3, 13, 0], false)]).unwrap();
        assert_eq!(chosen.version(), "3.13.0");
    }

    #[test]
    fn none_and_too_old_are_told_apart() {
        let none = choose(Vec::new()).unwrap_err().to_string();
        assert!(none.starts_with("не найден Python"), "{none}");
        let old = choose(vec![python([3, 7, 3], true)]).unwrap_err().to_string();
        assert!(old.starts_with("найден Python 3.7.3, а нужен 3.9"), "{old}");
    }
}
