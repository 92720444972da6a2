#![allow(clippy::unwrap_used)]
use super::*;
use std::path::{Component, Path};

#[test]
fn sets_are_chosen_by_name() {
    assert_eq!(select(&[]).unwrap().len(), FILES.len());
    assert_eq!(select(&["boston".into()]).unwrap()[0].file, "boston_house_prices.csv");
    let error = select(&["tulips".into()]).unwrap_err().to_string();
    assert_eq!(
        error,
        "нет набора «tulips»; есть: california, boston, mnist, hymenoptera, efficientnet-lite0, resnet18, reveal"
    );
}

#[test]
fn resnet_may_be_missing_where_efficientnet_is() {
    let of = |set: &str| select(&[set.into()]).unwrap()[0];
    assert_eq!(of("resnet18").substitute().unwrap().set, "efficientnet-lite0");
    assert!(of("efficientnet-lite0").substitute().is_none());
    assert_eq!(
        of("resnet18").describe(State::Missing),
        "ResNet18 (веса): нет, вместо них EfficientNet-Lite0 (веса)"
    );
    assert_eq!(of("resnet18").describe(State::Wrong), "ResNet18 (веса): повреждены");
}

#[test]
fn code_asks_for_data_by_call_and_for_weights_by_name() {
    let asked = |code: &str| -> Vec<&str> {
        FILES.iter().filter(|file| file.is_asked_for(code)).map(|file| file.set).collect()
    };
    assert_eq!(asked("lab::data::boston()?"), ["boston"]);
    assert_eq!(asked("weights::find(\"resnet18\")?"), ["resnet18"]);
    assert!(asked("\"boston\", models::resnet18(2, vb)").is_empty());
}

#[test]
fn the_table_is_well_formed() {
    let is_sum = |sum: &str| {
        sum.len() == 64 && sum.bytes().all(|c| c.is_ascii_hexdigit() && !c.is_ascii_uppercase())
    };
    for file in &FILES {
        assert!(is_sum(file.sha256), "{}", file.set);
        assert!(!file.origins.is_empty(), "{}", file.set);
        // Both become a path below the cache, and only there.
        for name in [file.set, file.file] {
            assert!(Path::new(name).components().all(|part| matches!(part, Component::Normal(_))));
            assert_eq!(Path::new(name).components().count(), 1, "{name}");
        }
        for sum in file.origins.iter().filter_map(packed_sum) {
            assert!(is_sum(sum), "{}", file.set);
        }
    }
}

/// The sum of what a place of origin gives where the file must be taken out of it.
fn packed_sum(origin: &Origin) -> Option<&'static str> {
    match origin {
        Origin::Archive { sha256, .. }
        | Origin::Package { sha256, .. }
        | Origin::Gzip { sha256, .. }
        | Origin::NodePackage { sha256, .. } => Some(sha256),
        // The file itself; and the archive of images, which is packed in more than one way.
        Origin::File { .. } | Origin::Images { .. } => None,
    }
}

#[test]
fn the_readme_and_the_library_know_every_sum() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    let readme = read(&root.join("data/README.md"));
    let mut library = read(&root.join("lab-crate/src/weights/find.rs"));
    for entry in std::fs::read_dir(root.join("lab-crate/src/data")).unwrap() {
        let path = entry.unwrap().path();
        library += &if path.is_file() { read(&path) } else { String::new() };
    }
    for file in &FILES {
        let name = if file.images().is_some() { "" } else { file.file };
        let row = format!("| `{}`: ", file.set);
        assert!(readme.contains(&row), "data/README.md: no row {row}");
        let line = format!("{}  {}/{name}", file.sha256, file.set);
        assert!(readme.contains(&line), "data/README.md: no line {line}");
        for sum in file.origins.iter().filter_map(packed_sum) {
            assert!(readme.contains(sum), "data/README.md: no {sum}, of {}", file.set);
        }
        // The library reads neither the files of the slides nor an archive of images.
        if file.set != REVEAL.set && file.images().is_none() {
            assert!(library.contains(file.sha256), "lab-crate/src/data: no {line}");
        }
    }
}
