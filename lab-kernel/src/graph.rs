//! Makes the crate graph that rust-analyzer gets as small as the types of variables allow.
//!
//! evcxr uses rust-analyzer to learn the types of variables (and for completion). Loading a hundred and
//! fifty crates for that takes many seconds of every session. A library names the crates whose types its
//! users meet in `package.metadata.lab-kernel.types`; of its other dependencies rust-analyzer hears
//! nothing. rustc, which compiles the cells, always sees them all.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

/// Drops from the output of `cargo metadata` what nobody needs; `None` where there is nothing to drop.
pub fn prune(metadata: &str) -> Option<String> {
    let mut metadata: Value = serde_json::from_str(metadata).ok()?;
    let wanted = wanted_names(&metadata);
    if wanted.is_empty() || metadata["resolve"].is_null() {
        return None;
    }
    let kept = reachable(&metadata, &wanted)?;
    let keep = |id: &Value| id.as_str().is_some_and(|id| kept.contains(id));
    metadata["packages"].as_array_mut()?.retain(|package| keep(&package["id"]));
    let nodes = metadata["resolve"]["nodes"].as_array_mut()?;
    nodes.retain(|node| keep(&node["id"]));
    for node in nodes {
        node["deps"].as_array_mut()?.retain(|dep| keep(&dep["pkg"]));
        node["dependencies"].as_array_mut()?.retain(keep);
    }
    serde_json::to_string(&metadata).ok()
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
        let package =
            |id: &str, metadata: Value| json!({ "id": id, "name": id, "metadata": metadata });
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
        let pruned: Value = serde_json::from_str(&prune(&text).unwrap()).unwrap();
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
    fn without_such_a_library_nothing_changes() {
        assert!(prune(&metadata(Value::Null).to_string()).is_none());
        assert!(prune("no json").is_none());
    }
}
