//! What the Rust dependencies may be: the part of `lab-cli/deny.toml` that this program reads.
//!
//! The file is cargo-deny's own; what it has beside this is for cargo-deny. Read next: `crates.rs`.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use spdx::Licensee;

/// The policy.
#[derive(Debug, Deserialize)]
pub struct Policy {
    graph: Graph,
    licenses: Licenses,
    sources: Sources,
    bans: Bans,
}

#[derive(Debug, Deserialize)]
struct Graph {
    targets: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Licenses {
    allow: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Sources {
    allow_registry: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Bans {
    skip: Vec<Skip>,
}

#[derive(Debug, Deserialize)]
struct Skip {
    #[serde(rename = "crate")]
    package: String,
    reason: String,
}

impl Policy {
    /// Reads the file.
    ///
    /// # Errors
    /// When it cannot be read, or a version is let through without a reason.
    pub fn read(path: &Path) -> Result<Policy> {
        Policy::parse(&super::read(path)?).with_context(|| format!("{} не принят", path.display()))
    }

    /// Reads its text.
    ///
    /// # Errors
    /// As for [`Policy::read`].
    pub fn parse(text: &str) -> Result<Policy> {
        let policy: Policy = toml::from_str(text)?;
        if let Some(skip) = policy.bans.skip.iter().find(|skip| skip.reason.trim().is_empty()) {
            bail!("строка skip для {}: напишите причину в reason", skip.package);
        }
        Ok(policy)
    }

    /// The platforms whose packages are looked at.
    pub fn targets(&self) -> &[String] {
        &self.graph.targets
    }

    /// The licences that may be.
    ///
    /// # Errors
    /// When one is no name of the SPDX list.
    pub fn licenses(&self) -> Result<Vec<Licensee>> {
        let parse = |name: &String| {
            Licensee::parse(name).with_context(|| format!("allow: нет лицензии «{name}»"))
        };
        self.licenses.allow.iter().map(parse).collect()
    }

    /// Whether packages may come from this `source` of the lock file.
    pub fn allows_source(&self, source: &str) -> bool {
        let registry = source.strip_prefix("registry+");
        registry.is_some_and(|url| self.sources.allow_registry.iter().any(|known| known == url))
    }

    /// The versions, as `name@version`, that may be there beside a newer one.
    pub fn skipped(&self) -> impl Iterator<Item = &str> {
        self.bans.skip.iter().map(|skip| skip.package.as_str())
    }
}

#[cfg(test)]
pub mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// A policy of one licence, one registry and one old version.
    pub const TEXT: &str = r#"
        [graph]
        targets = ["x86_64-unknown-linux-gnu"]
        [licenses]
        allow = ["MIT", "Apache-2.0 WITH LLVM-exception"]
        [sources]
        unknown-git = "deny"
        allow-registry = ["https://example.org/index"]
        [bans]
        skip = [{ crate = "a@1.0.0", reason = "b needs it" }]
    "#;

    #[test]
    fn a_version_is_let_through_for_a_reason_only() {
        assert_eq!(Policy::parse(TEXT).unwrap().skipped().collect::<Vec<_>>(), ["a@1.0.0"]);
        let silent = TEXT.replace("b needs it", " ");
        let error = Policy::parse(&silent).unwrap_err().to_string();
        assert!(error.contains("a@1.0.0") && error.contains("reason"), "{error}");
        assert!(Policy::parse(&TEXT.replace(", reason = \"b needs it\"", "")).is_err());
    }

    #[test]
    fn a_misspelt_licence_is_told() {
        let misspelt = TEXT.replace("\"MIT\"", "\"MTI\"");
        let error = Policy::parse(&misspelt).unwrap().licenses().unwrap_err().to_string();
        assert_eq!(error, "allow: нет лицензии «MTI»");
    }
}
