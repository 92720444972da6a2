//! The packages of npm: the lock file of the hub's proxy pins each archive.
//!
//! `npm ci` itself refuses an archive whose hash is another. Not here: the archives of data sets (`../npm.rs`).

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::Checked;

/// In the lock file, what is installed where.
#[derive(Deserialize)]
struct Lock {
    packages: BTreeMap<String, Package>,
}

#[derive(Deserialize)]
struct Package {
    integrity: Option<String>,
    /// Where it was found, when that is written down.
    resolved: Option<String>,
}

/// Each package has its SHA-512 and comes from the registry that npm is told to use.
///
/// # Errors
/// When the text is no lock file.
pub fn check(text: &str) -> Result<Checked> {
    let lock: Lock = serde_json::from_str(text).context("package-lock.json не разобран")?;
    // The one without a name is the proxy's own folder.
    let packages = lock.packages.iter().filter(|(place, _)| !place.is_empty());
    let (mut complaints, mut count) = (Vec::new(), 0);
    for (place, package) in packages {
        count += 1;
        let name = place.rsplit("node_modules/").next().unwrap_or(place);
        if !package.integrity.as_ref().is_some_and(|sum| sum.starts_with("sha512-")) {
            complaints.push(format!("{name}: нет SHA-512"));
        }
        if let Some(resolved) = &package.resolved {
            complaints.push(format!("{name} привязан к адресу {resolved}"));
        }
    }
    Ok(Checked {
        seen: format!("{count} пакетов, каждый с SHA-512, из реестра npm"), complaints
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_package_without_hash_or_from_elsewhere_is_told() {
        let lock = |package: &str| {
            let text = format!(
                r#"{{"packages": {{"": {{"name": "own"}}, "node_modules/a/node_modules/b": {package}}}}}"#
            );
            check(&text).unwrap().complaints.join("; ")
        };
        assert_eq!(lock(r#"{"integrity": "sha512-x"}"#), "");
        assert_eq!(lock(r#"{"integrity": "sha1-x"}"#), "b: нет SHA-512");
        assert_eq!(lock("{}"), "b: нет SHA-512");
        let elsewhere = r#"{"integrity": "sha512-x", "resolved": "git+ssh://example.org/b.git"}"#;
        assert_eq!(lock(elsewhere), "b привязан к адресу git+ssh://example.org/b.git");
        assert!(check("{}").is_err());
    }
}
