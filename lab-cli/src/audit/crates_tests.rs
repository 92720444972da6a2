//! Tests of `crates.rs`: what is bad is told, each by itself.
#![allow(clippy::unwrap_used)]

use super::super::policy::tests::TEXT;
use super::*;

fn policy() -> Policy {
    Policy::parse(TEXT).unwrap()
}

fn lock(text: &str) -> Lock {
    Lock::parse(text).unwrap()
}

/// A package of the lock file, from the policy's registry.
fn locked(name: &str, version: &str) -> String {
    let sum = "0".repeat(64);
    format!(
        "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n\
         source = \"registry+https://example.org/index\"\nchecksum = \"{sum}\"\n"
    )
}

/// What cargo would say of these packages; one more is for another platform.
fn graph(packages: &[(&str, &str, Option<&str>)]) -> Graph {
    let package = |(name, version, license): &(&str, &str, Option<&str>)| {
        serde_json::json!({
            "id": format!("{name}@{version}"), "name": name, "version": version, "license": license,
        })
    };
    let nodes: Vec<_> = packages.iter().map(package).collect();
    let mut all = nodes.clone();
    all.push(package(&("elsewhere", "1.0.0", None)));
    let json = serde_json::json!({ "packages": all, "resolve": { "nodes": nodes } });
    Graph::parse(json.to_string().as_bytes()).unwrap()
}

#[test]
fn a_locked_package_has_its_sum_and_a_known_source() {
    let good = locked("a", "1.0.0");
    let own = "[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n";
    assert!(lock(&format!("{good}{own}")).check(&policy()).complaints.is_empty());
    for (bad, complaint) in [
        (good.replace("0000", "00"), "a 1.0.0: нет контрольной суммы"),
        (good.replace("checksum", "sum"), "a 1.0.0: нет контрольной суммы"),
        (
            good.replace("example.org", "example.com"),
            "a 1.0.0 не из разрешённого места: registry+https://example.com/index",
        ),
        (
            good.replace("registry+https://example.org/index", "git+https://example.org/index"),
            "a 1.0.0 не из разрешённого места: git+https://example.org/index",
        ),
    ] {
        assert_eq!(lock(&bad).check(&policy()).complaints, [complaint]);
    }
}

#[test]
fn a_licence_fits_when_one_of_those_offered_does() {
    let complaints = |license| {
        graph(&[("a", "1.0.0", license)]).licenses(&policy()).unwrap().complaints.join("; ")
    };
    for fits in ["MIT", "GPL-3.0 OR MIT", "MIT/GPL-3.0", "Apache-2.0 WITH LLVM-exception AND MIT"] {
        assert_eq!(complaints(Some(fits)), "", "{fits}");
    }
    for bad in ["GPL-3.0-only", "MIT AND GPL-3.0", "Apache-2.0"] {
        assert_eq!(complaints(Some(bad)), format!("a 1.0.0: {bad}"));
    }
    assert_eq!(complaints(None), "a 1.0.0: лицензия не названа");
    assert_eq!(complaints(Some("Proprietary")), "a 1.0.0: не разобрана лицензия «Proprietary»");
}

#[test]
fn a_second_version_needs_its_reason_and_a_reason_its_version() {
    let old = locked("a", "1.0.0");
    let complaints = |packages: &[(&str, &str, Option<&str>)], lock_text: &str| {
        graph(packages).duplicates(&policy(), &lock(lock_text)).complaints.join("; ")
    };
    let (one, two, three) = (("a", "1.0.0", None), ("a", "2.0.0", None), ("a", "3.0.0", None));
    assert_eq!(complaints(&[one, two, ("b", "1.0.0", None)], &old), "", "the policy has a reason");
    let several = "a собирается в версиях 2.0.0 и 3.0.0";
    assert_eq!(complaints(&[one, two, three], &old), several);
    let stale = "строка skip для a@1.0.0 больше не нужна";
    assert_eq!(complaints(&[two], &locked("a", "2.0.0")), stale);
}
