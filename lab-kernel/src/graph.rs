//! Makes the crate graph that rust-analyzer gets as small as the types of variables allow.
//!
//! evcxr uses rust-analyzer to learn the types of variables (and for completion). Loading a hundred and
//! fifty crates for that takes many seconds of every session. A library names the crates whose types its
//! users meet in `package.metadata.lab-kernel.types`; of its other dependencies rust-analyzer hears
//! nothing, and of those it reads the outlines (outlines.rs) where they come from a registry. rustc, which compiles the cells,
//! always sees them all.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Where the outline of a crate is, given its name, version and folder.
pub type OutlineOf<'a> = &'a dyn Fn(&str, &str, &Path) -> Option<PathBuf>;

/// Drops from the output of `cargo metadata` what nobody needs, and names outlines; `None` where there is nothing to drop.
pub fn prune(metadata: &str, outline_of: OutlineOf) -> Option<String> {
    let mut metadata: Value = serde_json::from_str(metadata).ok()?;
    let wanted = wanted_names(&metadata);
    if wanted.is_empty() || metadata["resolve"].is_null() {
        return None;
    }
    let kept = reachable(&metadata, &wanted)?;
    let keep = |id: &Value| id.as_str().is_some_and(|id| kept.contains(id));
    metadata["packages"].as_array_mut()?.retain(|package| keep(&package["id"]));
    for package in metadata["packages"].as_array_mut()? {
        let name = package["name"].as_str().unwrap_or_default();
        if wanted.values().any(|names| names.contains(name)) && package["source"].is_string() {
            let _ = move_to_outline(package, outline_of);
        }
    }
    let nodes = metadata["resolve"]["nodes"].as_array_mut()?;
    nodes.retain(|node| keep(&node["id"]));
    for node in nodes {
        node["deps"].as_array_mut()?.retain(|dep| keep(&dep["pkg"]));
        node["dependencies"].as_array_mut()?.retain(keep);
    }
    serde_json::to_string(&metadata).ok()
}

/// Says that a package lies where its outline is.
fn move_to_outline(package: &mut Value, outline_of: OutlineOf) -> Option<()> {
    let manifest = PathBuf::from(package["manifest_path"].as_str()?);
    let root = manifest.parent()?;
    let outline = outline_of(package["name"].as_str()?, package["version"].as_str()?, root)?;
    let moved = |path: &Value| -> Option<Value> {
        let path = Path::new(path.as_str()?).strip_prefix(root).ok()?;
        Some(outline.join(path).to_string_lossy().into_owned().into())
    };
    for target in package["targets"].as_array_mut()? {
        if let Some(path) = moved(&target["src_path"]) {
            target["src_path"] = path;
        }
    }
    package["manifest_path"] = moved(&package["manifest_path"])?;
    Some(())
}

/// The crates that libraries name, each library first among its own.
fn wanted_names(metadata: &Value) -> HashMap<String, HashSet<String>> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    packages
        .filter_map(|package| {
            let types = package["metadata"]["lab-kernel"]["types"].as_array()?;
            let names = types.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect();
            Some((package["id"].as_str()?.to_owned(), names))
        })
        .collect()
}

/// Ids of all packages from the root on; below a library only those that it names.
fn reachable(
    metadata: &Value,
    wanted: &HashMap<String, HashSet<String>>,
) -> Option<HashSet<String>> {
    let packages = metadata["packages"].as_array()?;
    let name: HashMap<&str, &str> =
        packages.iter().filter_map(|p| Some((p["id"].as_str()?, p["name"].as_str()?))).collect();
    let nodes = metadata["resolve"]["nodes"].as_array()?;
    let deps: HashMap<&str, &Value> =
        nodes.iter().filter_map(|node| Some((node["id"].as_str()?, &node["deps"]))).collect();
    let root = metadata["workspace_members"][0].as_str()?;
    let mut kept = HashSet::new();
    let mut open: Vec<(&str, Option<&HashSet<String>>)> = vec![(root, None)];
    let mut seen = HashSet::new();
    while let Some((id, limit)) = open.pop() {
        if !seen.insert((id, limit.is_some())) {
            continue;
        }
        kept.insert(id.to_owned());
        let limit = wanted.get(id).or(limit);
        for dep in deps.get(id).and_then(|deps| deps.as_array()).into_iter().flatten() {
            let Some(dep) = dep["pkg"].as_str() else { continue };
            let named =
                |limit: &HashSet<String>| name.get(dep).is_some_and(|name| limit.contains(*name));
            if limit.is_none_or(named) {
                open.push((dep, limit));
            }
        }
    }
    Some(kept)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn metadata(lab: Value) -> Value {
        let package = |id: &str, metadata: Value| {
            json!({
                "id": id, "name": id, "version": "1.0.0", "metadata": metadata,
                "source": if id == "lab" { Value::Null } else { json!("registry") },
                "manifest_path": format!("/sources/{id}/Cargo.toml"),
                "targets": [{ "src_path": format!("/sources/{id}/src/lib.rs") }],
            })
        };
        let node = |id: &str, deps: &[&str]| {
            let links: Vec<Value> = deps.iter().map(|dep| json!({ "pkg": dep })).collect();
            json!({ "id": id, "deps": links, "dependencies": deps })
        };
        json!({
            "workspace_members": ["ctx"],
            "packages": [
                package("ctx", Value::Null), package("lab", lab), package("candle", Value::Null),
                package("half", Value::Null), package("png", Value::Null), package("own", Value::Null),
                package("below", Value::Null),
            ],
            "resolve": { "nodes": [
                node("ctx", &["lab", "own"]), node("lab", &["candle", "png"]),
                node("candle", &["half", "png"]), node("half", &[]), node("png", &[]),
                node("own", &["below"]), node("below", &[]),
            ] },
        })
    }

    #[test]
    fn below_a_library_only_what_it_names_is_kept() {
        let text = metadata(json!({ "lab-kernel": { "types": ["candle", "half"] } })).to_string();
        let pruned: Value = serde_json::from_str(&prune(&text, &|_, _, _| None).unwrap()).unwrap();
        let names: Vec<&str> = pruned["packages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| p["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["ctx", "lab", "candle", "half", "own", "below"]);
        let candle = &pruned["resolve"]["nodes"][2];
        assert_eq!(candle["dependencies"], json!(["half"]));
        assert_eq!(candle["deps"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn crates_that_a_library_names_lie_where_their_outlines_are() {
        let types = json!({ "lab-kernel": { "types": ["candle", "half", "lab"] } });
        let outline_of = |name: &str, version: &str, root: &Path| {
            assert_eq!(root, Path::new("/sources").join(name));
            (name == "candle").then(|| PathBuf::from(format!("/outlines/{name}-{version}")))
        };
        let text = prune(&metadata(types).to_string(), &outline_of).unwrap();
        let pruned: Value = serde_json::from_str(&text).unwrap();
        let packages = pruned["packages"].as_array().unwrap();
        let places = |key: fn(&Value) -> &Value| -> Vec<&str> {
            packages.iter().map(|package| key(package).as_str().unwrap()).collect()
        };
        let manifests = places(|package| &package["manifest_path"]);
        assert_eq!(
            manifests[1..4],
            [
                "/sources/lab/Cargo.toml",
                "/outlines/candle-1.0.0/Cargo.toml",
                "/sources/half/Cargo.toml"
            ]
        );
        let sources = places(|package| &package["targets"][0]["src_path"]);
        assert_eq!(
            sources[1..4],
            [
                "/sources/lab/src/lib.rs",
                "/outlines/candle-1.0.0/src/lib.rs",
                "/sources/half/src/lib.rs"
            ]
        );
    }

    #[test]
    fn without_such_a_library_nothing_changes() {
        let nowhere: OutlineOf = &|_, _, _| None;
        assert!(prune(&metadata(Value::Null).to_string(), nowhere).is_none());
        assert!(prune("no json", nowhere).is_none());
    }
}
