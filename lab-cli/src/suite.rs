//! `cargo lab test`: everything a contributor must run, as steps with a table at the end.
//!
//! A failed step does not stop the next ones, except where they would be meaningless without it.
//! The last line printed is always `N passed, N failed`.

use std::time::Instant;

use anyhow::Result;

use crate::workspace::Workspace;
use crate::{advice, audit, child, fetch, index, run, setup, unsolved};

/// Longest time of one cell in the tests.
const CELL_TIMEOUT: u64 = 600;

/// How a step ended.
#[derive(Clone, Copy, PartialEq)]
enum Verdict {
    Passed,
    Failed,
    /// Not run, because a step it needs has failed; counts as failed.
    Skipped,
}

/// The steps done so far.
struct Suite<'a> {
    workspace: &'a Workspace,
    steps: Vec<(&'static str, Verdict, f64)>,
}

/// The command; `false` when a step failed.
///
/// # Errors
/// Never for a failed step; the signature is that of all commands.
pub fn test(workspace: &Workspace) -> Result<bool> {
    let mut suite = Suite { workspace, steps: Vec::new() };
    suite.cargo("Форматирование (cargo fmt)", &["fmt", "--all", "--check"]);
    suite.cargo(
        "Замечания (cargo clippy)",
        &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"],
    );
    suite.step("Зависимости: источники, лицензии", || {
        audit::audit(workspace)
    });
    // Broken links are denied (Cargo.toml); that every item has an example is a test of lab-crate.
    suite.cargo("Документация (cargo doc)", &["doc", "--package", "lab-crate", "--no-deps"]);
    // Before the tests: some of them look at the real data where they are.
    let ready = suite.step("Подготовка", || {
        setup::tools(workspace)?;
        with_default_mirror(workspace);
        setup::data(workspace)?;
        Ok(true)
    });
    // Package by package, as the kernel and this program are built: tests of the whole workspace at
    // once give the dependencies other features, and rust-analyzer would be compiled twice.
    for (title, package) in [
        ("Тесты lab-cli", "lab-cli"),
        ("Тесты lab-crate", "lab-crate"),
        ("Тесты lab-kernel", "lab-kernel"),
    ] {
        suite.cargo(title, &["test", "--package", package, "--no-fail-fast"]);
    }
    suite.after(ready, "Ядро (pytest)", || pytest(workspace, "lab-kernel/tests"));
    let executed = suite.after(ready, "Блокноты", || notebooks(workspace));
    let executed = suite.after(executed, "Блокноты без решений", || {
        let dir = reports(workspace).join("unsolved");
        let outcomes = unsolved::notebooks(workspace, &dir, CELL_TIMEOUT)?;
        Ok(run::tell_failures(&outcomes))
    });
    suite.after(executed, "Отчёты, выпуск, работы, класс (pytest)", || {
        pytest(workspace, "lab-cli/tests")
    });
    Ok(suite.summary())
}

impl Suite<'_> {
    fn cargo(&mut self, title: &'static str, args: &[&str]) {
        let mut cargo = child::cargo(self.workspace);
        cargo.args(args);
        self.step(title, || child::succeeds(&mut cargo));
    }

    fn after(
        &mut self,
        needed: bool,
        title: &'static str,
        work: impl FnOnce() -> Result<bool>,
    ) -> bool {
        if needed {
            return self.step(title, work);
        }
        self.steps.push((title, Verdict::Skipped, 0.0));
        false
    }

    fn step(&mut self, title: &'static str, work: impl FnOnce() -> Result<bool>) -> bool {
        println!("\n── {title} ──");
        let started = Instant::now();
        let passed = work().unwrap_or_else(|error| {
            println!("{}", advice::with(&error));
            false
        });
        let verdict = if passed { Verdict::Passed } else { Verdict::Failed };
        self.steps.push((title, verdict, started.elapsed().as_secs_f64()));
        passed
    }

    /// Prints the table and the last line; whether all steps passed.
    fn summary(&self) -> bool {
        println!("\n── Итог ──");
        for (title, verdict, seconds) in &self.steps {
            let (mark, note) = match verdict {
                Verdict::Passed => ('✓', ""),
                Verdict::Failed => ('✗', "  не прошло"),
                Verdict::Skipped => {
                    ('✗', "  не запускалось: не прошёл шаг, который для него нужен")
                }
            };
            println!("{mark} {title:<34} {seconds:>8.1} с{note}");
        }
        let passed = self.steps.iter().filter(|step| step.1 == Verdict::Passed).count();
        let failed = self.steps.len() - passed;
        println!("{passed} passed, {failed} failed");
        failed == 0
    }
}

fn pytest(workspace: &Workspace, dir: &str) -> Result<bool> {
    let mut pytest = child::command(workspace, workspace.venv_python());
    pytest
        .args(["-m", "pytest", "-q", "-p", "no:cacheprovider", dir])
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("LAB_REPORTS", reports(workspace))
        .env("LAB_PROGRAM", std::env::current_exe()?);
    child::succeeds(&mut pytest)
}

/// Executes all notebooks anew, away from the student's report.
fn notebooks(workspace: &Workspace) -> Result<bool> {
    let dir = reports(workspace);
    let outcomes = run::notebooks(workspace, &dir, CELL_TIMEOUT, true)?;
    index::write(&dir, &outcomes)?;
    Ok(run::tell_failures(&outcomes))
}

fn reports(workspace: &Workspace) -> std::path::PathBuf {
    workspace.lab_dir().join("test")
}

/// Where tests run, the data may lie beside the repository; a mirror that was named wins.
fn with_default_mirror(workspace: &Workspace) {
    let beside = workspace.root().join("../shared/data");
    if std::env::var_os(fetch::MIRROR).is_none() && beside.is_dir() {
        fetch::set_default_mirror(beside);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_step_without_its_basis_counts_as_failed() {
        let workspace = Workspace::at(std::path::Path::new("."));
        let mut suite = Suite { workspace: &workspace, steps: Vec::new() };
        assert!(suite.step("a", || Ok(true)));
        assert!(!suite.step("b", || anyhow::bail!("сломано")));
        assert!(!suite.after(false, "c", || Ok(true)));
        let verdicts: Vec<Verdict> = suite.steps.iter().map(|step| step.1).collect();
        assert!(verdicts == [Verdict::Passed, Verdict::Failed, Verdict::Skipped]);
        assert!(!suite.summary());
    }
}
