//! The packages of Rust: the lock file, and what cargo says of what is built.
//!
//! Not here: what they may be, see `policy.rs`.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use spdx::{Expression, ParseMode};

use super::policy::Policy;
use super::{Checked, is_hex};
use crate::child;
use crate::workspace::Workspace;

/// `Cargo.lock`: the packages for all platforms.
#[derive(Debug, Deserialize)]
pub struct Lock {
    package: Vec<Locked>,
}

#[derive(Debug, Deserialize)]
struct Locked {
    name: String,
    version: String,
    /// Absent for a package of this repository.
    source: Option<String>,
    checksum: Option<String>,
}

impl Lock {
    /// Reads the file's text.
    ///
    /// # Errors
    /// When it is no lock file.
    pub fn parse(text: &str) -> Result<Lock> {
        toml::from_str(text).context("Cargo.lock не разобран")
    }

    /// Each package that is not our own comes from a known registry and has its SHA-256.
    pub fn check(&self, policy: &Policy) -> Checked {
        let (mut complaints, mut count) = (Vec::new(), 0);
        for Locked { name, version, source, checksum } in &self.package {
            let Some(source) = source else { continue };
            count += 1;
            if !policy.allows_source(source) {
                complaints.push(format!("{name} {version} не из разрешённого места: {source}"));
            }
            if !checksum.as_ref().is_some_and(|sum| is_hex(sum, 64)) {
                complaints.push(format!("{name} {version}: нет контрольной суммы"));
            }
        }
        Checked {
            seen: format!("{count} пакетов, все из разрешённого реестра, с SHA-256"),
            complaints,
        }
    }

    fn has(&self, package: &str) -> bool {
        self.package.iter().any(|locked| format!("{}@{}", locked.name, locked.version) == package)
    }
}

/// What cargo says of the packages that are built for the policy's platforms.
#[derive(Debug, Deserialize)]
pub struct Graph {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Debug, Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
}

impl Graph {
    /// Asks cargo.
    ///
    /// # Errors
    /// When the lock file does not fit the manifests, or a package has still to be fetched and cannot be.
    pub fn ask(workspace: &Workspace, policy: &Policy) -> Result<Graph> {
        let mut cargo = child::cargo(workspace);
        cargo.args(["metadata", "--locked", "--format-version", "1"]);
        for target in policy.targets() {
            cargo.args(["--filter-platform", target]);
        }
        let output = cargo.output().context("не запустилась cargo metadata")?;
        if !output.status.success() {
            bail!("cargo metadata --locked: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Graph::parse(&output.stdout)
    }

    fn parse(json: &[u8]) -> Result<Graph> {
        let mut graph: Graph =
            serde_json::from_slice(json).context("не разобран ответ cargo metadata")?;
        let built: HashSet<&str> = graph.resolve.nodes.iter().map(|node| &*node.id).collect();
        graph.packages.retain(|package| built.contains(&*package.id));
        Ok(graph)
    }

    /// Each package may be used under one of the licences that may be.
    ///
    /// # Errors
    /// When the policy names a licence that there is not.
    pub fn licenses(&self, policy: &Policy) -> Result<Checked> {
        let allowed = policy.licenses()?;
        let complaint = |package: &Package| {
            let Package { name, version, license, .. } = package;
            let Some(license) = license else {
                return Some(format!("{name} {version}: лицензия не названа"));
            };
            match Expression::parse_mode(license, ParseMode::LAX) {
                Err(_) => Some(format!("{name} {version}: не разобрана лицензия «{license}»")),
                Ok(terms) => {
                    let fits = terms.evaluate(|asked| allowed.iter().any(|l| l.satisfies(asked)));
                    (!fits).then(|| format!("{name} {version}: {license}"))
                }
            }
        };
        Ok(Checked {
            seen: format!(
                "{} пакетов, все под разрешёнными ({})",
                self.packages.len(),
                policy.targets().join(", ")
            ),
            complaints: self.packages.iter().filter_map(complaint).collect(),
        })
    }

    /// A package is built in one version, or the policy says why the older one is still there.
    pub fn duplicates(&self, policy: &Policy, lock: &Lock) -> Checked {
        let skipped: HashSet<&str> = policy.skipped().collect();
        let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for package in &self.packages {
            let (name, version) = (package.name.as_str(), package.version.as_str());
            if !skipped.contains(format!("{name}@{version}").as_str()) {
                versions.entry(name).or_default().insert(version);
            }
        }
        let several = versions.iter().filter(|(_, versions)| versions.len() > 1);
        let mut complaints: Vec<String> = several
            .map(|(name, versions)| {
                let versions: Vec<&str> = versions.iter().copied().collect();
                format!("{name} собирается в версиях {}", versions.join(" и "))
            })
            .collect();
        let gone = policy.skipped().filter(|package| !lock.has(package));
        complaints.extend(gone.map(|package| format!("строка skip для {package} больше не нужна")));
        Checked {
            seen: format!(
                "{} пакетов, старых версий с причиной: {}",
                versions.len(),
                skipped.len()
            ),
            complaints,
        }
    }
}

#[cfg(test)]
#[path = "crates_tests.rs"]
mod tests;
