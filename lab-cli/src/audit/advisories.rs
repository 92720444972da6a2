//! Known vulnerabilities of the Rust packages: cargo-deny finds them, where it and its database are.
//!
//! Neither is part of the lab: building cargo-deny takes as long as building the kernel, and the database is a
//! git repository on the network. Where one is missing the audit says so and goes on.

use std::process::{Command, Stdio};

use crate::child;
use crate::finding::{Finding, Weight};
use crate::workspace::Workspace;

/// What is looked at.
const WHAT: &str = "известные уязвимости и отозванные версии";

/// Asks cargo-deny; the finding is bad in earnest only when there is a vulnerability.
pub fn check(workspace: &Workspace) -> Finding {
    let deny = |args: &[&str]| {
        let mut cargo = child::cargo(workspace);
        cargo.arg("deny").args(["--locked", "--config"]).arg(workspace.deny_file()).args(args);
        cargo
    };
    let succeeds = |command: &mut Command| child::succeeds(command).unwrap_or(false);
    let mut version = child::cargo(workspace);
    version.args(["deny", "--version"]);
    outcome(
        succeeds(version.stdout(Stdio::null()).stderr(Stdio::null())),
        || succeeds(&mut deny(&["fetch", "db"])),
        // The database is there now: what fails from here on is a finding.
        || succeeds(&mut deny(&["--offline", "check", "advisories"])),
    )
}

fn outcome(installed: bool, fetch: impl FnOnce() -> bool, check: impl FnOnce() -> bool) -> Finding {
    let not_checked = |why: &str, cure| Finding::new(WHAT, Weight::Made, Err(why.to_owned()), cure);
    if !installed {
        return not_checked(
            "НЕ ПРОВЕРЕНЫ: нет программы cargo-deny",
            "cargo install cargo-deny --locked",
        );
    }
    if !fetch() {
        return not_checked(
            "НЕ ПРОВЕРЕНЫ: база RustSec недоступна",
            "повторите там, где есть сеть",
        );
    }
    let found = match check() {
        true => Ok("cargo-deny ничего не нашёл".to_owned()),
        false => Err("cargo-deny нашёл, см. выше".to_owned()),
    };
    Finding::new(WHAT, Weight::Needed, found, "cargo update -p ПАКЕТ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_vulnerability_is_bad_and_what_was_not_checked_is_told() {
        let finding = outcome(false, || true, || true);
        assert!(finding.text().starts_with("• ") && finding.text().contains("НЕ ПРОВЕРЕНЫ"));
        let finding = outcome(true, || false, || true);
        assert!(finding.text().starts_with("• ") && finding.text().contains("НЕ ПРОВЕРЕНЫ"));
        assert!(outcome(true, || true, || true).text().starts_with("✓ "));
        assert!(outcome(true, || true, || false).text().starts_with("✗ "));
    }
}
