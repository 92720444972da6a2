//! `cargo lab report`: the report that the lab demands, from the student's executed notebooks, as HTML and PDF.
//!
//! Not here: how it is written (python/student_report.py, answers.py, report_pdf.py).

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use sysinfo::{CpuRefreshKind, RefreshKind, System};

use crate::args::ReportArgs;
use crate::notebook::Notebook;
use crate::notebook_file::NotebookFile;
use crate::release::Kind;
use crate::step::Step;
use crate::task::{self, Lab};
use crate::workspace::Workspace;
use crate::{child, scripts, setup, student, toolchain};

/// What is said where the run is not of today's source.
const STALE: &str = "исходный блокнот изменился после cargo lab run, прежний вывод к нему не подходит: \
                     повторите cargo lab run или выполните свой блокнот в cargo lab up";

/// An executed notebook.
struct Executed {
    file: PathBuf,
    /// Whether it is the student's own.
    is_own: bool,
    seed: Option<String>,
}

/// What is missing in a report.
#[derive(Debug, Deserialize)]
struct Lacks {
    /// Whether the notebook was executed from another source than today's; then no report was written.
    is_stale: bool,
    /// Questions and conclusions without an answer.
    missing: Vec<String>,
    /// Tasks whose check did not pass or was not run.
    unsolved: Vec<String>,
}

/// The command; `false` when an answer is missing, a task unsolved, or the run of a notebook outdated.
///
/// # Errors
/// When a notebook that was asked for does not exist or was never executed, or a report cannot be written.
pub fn report(workspace: &Workspace, args: &ReportArgs) -> Result<bool> {
    let labs = wanted(task::notebooks(workspace)?, &args.notebooks)?;
    setup::python(workspace)?;
    let out = workspace.lab_dir().join("report");
    std::fs::create_dir_all(&out)
        .with_context(|| format!("не удалось создать папку {}", out.display()))?;
    let (mut done, mut complete) = (0, true);
    for (notebook, lab) in labs {
        let Some(executed) = executed(workspace, &notebook)? else {
            if !args.notebooks.is_empty() {
                bail!(
                    "блокнот {} ещё не выполнен: выполните его в cargo lab up или командой cargo lab run",
                    notebook.name
                );
            }
            println!("{}: не выполнен, пропускаю", notebook.name);
            continue;
        };
        complete &= one(workspace, args, (&notebook, &lab), &executed, &out)?;
        done += 1;
    }
    if done == 0 {
        bail!("ни один блокнот ещё не выполнен: cargo lab up, затем «Выполнить все»");
    }
    println!("\nОтчёты: {}", workspace.short(&out));
    Ok(complete)
}

/// The named notebooks, by name or by number; all where none is named.
fn wanted(all: Vec<(Notebook, Lab)>, names: &[String]) -> Result<Vec<(Notebook, Lab)>> {
    let is_known = |name: &String| all.iter().any(|(notebook, _)| is_named(notebook, name));
    if let Some(unknown) = names.iter().find(|name| !is_known(name)) {
        let known: Vec<&str> = all.iter().map(|(notebook, _)| notebook.name.as_str()).collect();
        bail!("нет блокнота «{unknown}»; есть {}", known.join(", "));
    }
    let is_wanted = |(notebook, _): &(Notebook, Lab)| {
        names.is_empty() || names.iter().any(|name| is_named(notebook, name))
    };
    Ok(all.into_iter().filter(is_wanted).collect())
}

fn is_named(notebook: &Notebook, name: &str) -> bool {
    notebook.name == name || notebook.name.split('-').next() == Some(name)
}

/// The student's own notebook where it was executed, else the one that `cargo lab run` executed.
///
/// # Errors
/// When one of them is there and is no notebook: the other would be taken for it in silence.
fn executed(workspace: &Workspace, notebook: &Notebook) -> Result<Option<Executed>> {
    let own = student::path(notebook, Kind::Student);
    let run = workspace.lab_dir().join(format!("{}.ipynb", notebook.name));
    for (file, is_own) in [(own, true), (run, false)] {
        if file.exists() {
            let read = NotebookFile::read(&file)?;
            if read.is_executed() {
                return Ok(Some(Executed { file, is_own, seed: read.seed() }));
            }
        }
    }
    Ok(None)
}

/// Writes one report; whether nothing is missing in it.
fn one(
    workspace: &Workspace,
    args: &ReportArgs,
    (notebook, lab): (&Notebook, &Lab),
    executed: &Executed,
    out: &std::path::Path,
) -> Result<bool> {
    let step = Step::start(format!("Отчёт {}", notebook.name));
    let mut script = scripts::command(workspace, "student_report.py")?;
    script.arg(&executed.file).arg(out).arg("--source").arg(&notebook.source);
    script.arg("--lab").arg(serde_json::to_string(lab)?);
    script.arg("--fonts").arg(workspace.lab_crate().join("assets"));
    for (name, value) in [("--author", &args.author), ("--group", &args.group)] {
        if let Some(value) = value {
            script.arg(name).arg(value);
        }
    }
    if !executed.is_own {
        script.arg("--unchanged");
    }
    for line in conditions(workspace, executed)? {
        script.arg("--condition").arg(line);
    }
    let output = child::output(&mut script)?;
    if !output.status.success() {
        step.fail("не написан");
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let lacks: Lacks =
        serde_json::from_slice(&output.stdout).context("student_report.py ответил непонятно")?;
    if lacks.is_stale {
        step.fail("не написан");
        println!("  {STALE}");
        return Ok(false);
    }
    step.done(&format!("{0}.html, {0}.pdf", notebook.name));
    if !executed.is_own {
        let own = student::path(notebook, Kind::Student);
        println!("  взят блокнот с решениями: свой, {}, ещё не выполнен", workspace.short(&own));
    }
    for (what, names) in [("не заполнено", &lacks.missing), ("не решено", &lacks.unsolved)]
    {
        if !names.is_empty() {
            println!("  {what}: {}", names.join(", "));
        }
    }
    Ok(lacks.missing.is_empty() && lacks.unsolved.is_empty())
}

/// Under which conditions the notebook was computed, line by line.
fn conditions(workspace: &Workspace, executed: &Executed) -> Result<Vec<String>> {
    let mut lines = vec![match executed.is_own {
        true => "блокнот студента".to_owned(),
        false => "блокнот с решениями, выполненный командой cargo lab run".to_owned(),
    }];
    lines.push(match &executed.seed {
        Some(seed) => format!("начальное число {seed}"),
        None => "начальное число в коде не задано".to_owned(),
    });
    lines.push(toolchain::version(workspace)?);
    lines.push(format!("библиотека lab и ядро Jupyter «Rust» {}", env!("CARGO_PKG_VERSION")));
    lines.push(machine());
    Ok(lines)
}

/// The system, the processor and its threads: of the machine on which the report is written.
fn machine() -> String {
    let os = System::long_os_version().unwrap_or_else(|_| std::env::consts::OS.into());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut line = format!("{os}, {}, потоков {threads}", std::env::consts::ARCH);
    let what = RefreshKind::nothing().with_cpu(CpuRefreshKind::nothing());
    if let Ok(system) = System::new_with_specifics(what)
        && let Some(cpu) = system.cpus().first()
    {
        line += &format!(", процессор {}", cpu.brand().trim());
    }
    line
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn notebooks_are_named_by_name_or_number() {
        let notebook = |name: &str| {
            let source = PathBuf::from(format!("{name}.md"));
            (Notebook { name: name.into(), source, text: String::new() }, Lab::default())
        };
        let all = || vec![notebook("01-tensors"), notebook("02-autograd")];
        assert_eq!(wanted(all(), &[]).unwrap().len(), 2);
        assert_eq!(wanted(all(), &["02".into()]).unwrap()[0].0.name, "02-autograd");
        assert_eq!(wanted(all(), &["01-tensors".into()]).unwrap().len(), 1);
        let error = wanted(all(), &["7".into()]).err().unwrap().to_string();
        assert_eq!(error, "нет блокнота «7»; есть 01-tensors, 02-autograd");
    }
}
