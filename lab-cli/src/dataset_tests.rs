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
        for origin in file.origins {
            match origin {
                Origin::Archive { sha256, .. }
                | Origin::Package { sha256, .. }
                | Origin::Gzip { sha256, .. }
                | Origin::NodePackage { sha256, .. } => assert!(is_sum(sha256), "{}", file.set),
                // The file itself; and the archive of images, which is packed in more than one way.
                Origin::File { .. } | Origin::Images { .. } => {}
            }
        }
    }
}
