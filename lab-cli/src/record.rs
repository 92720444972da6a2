//! The record of set-ups, `target/lab/setup.json`: how long each step took, the first time and the last.
//!
//! Only steps that had something to do are recorded. Read by `bench/kernel.rs`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::stamp;
use crate::workspace::Workspace;

/// All that is recorded.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Record {
    /// The steps in the order in which they were first done.
    pub steps: Vec<Entry>,
}

/// One step.
#[derive(Debug, Serialize, Deserialize)]
pub struct Entry {
    /// What was done.
    pub name: String,
    /// Seconds the first time.
    pub first_seconds: f64,
    /// Seconds the last time.
    pub last_seconds: f64,
}

impl Record {
    /// Reads the record; an empty one where there is none or it is unreadable.
    pub fn read(workspace: &Workspace) -> Record {
        std::fs::read(path(workspace))
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default()
    }

    /// Adds the duration of a step that was done.
    pub fn add(&mut self, name: &str, seconds: f64) {
        match self.steps.iter_mut().find(|entry| entry.name == name) {
            Some(entry) => entry.last_seconds = seconds,
            None => self.steps.push(Entry {
                name: name.to_owned(),
                first_seconds: seconds,
                last_seconds: seconds,
            }),
        }
    }

    /// Seconds of the first set-up, all steps together.
    pub fn first_seconds(&self) -> f64 {
        self.steps.iter().map(|entry| entry.first_seconds).sum()
    }

    /// Writes the record.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, workspace: &Workspace) -> Result<()> {
        let text = serde_json::to_string_pretty(self).context("setup.json")?;
        stamp::write(&path(workspace), &text)
    }
}

fn path(workspace: &Workspace) -> PathBuf {
    workspace.lab_dir().join("setup.json")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_first_time_stays() {
        let dir = tempfile::tempdir().unwrap();
        let workspace = Workspace::at(dir.path());
        let mut record = Record::read(&workspace);
        record.add("ядро", 300.0);
        record.add("шаблон", 120.0);
        record.add("ядро", 5.0);
        record.write(&workspace).unwrap();
        let record = Record::read(&workspace);
        assert_eq!(record.first_seconds(), 420.0);
        assert_eq!(record.steps[0].last_seconds, 5.0);
    }
}
