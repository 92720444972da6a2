//! `cargo lab doctor`: what is there, what is missing, and the cure for each.
//!
//! It only looks; making things is `setup.rs`'s work.

use std::process::Command;

use anyhow::Result;

use crate::dataset::{FILES, State};
use crate::finding::{Finding, Weight};
use crate::python::Python;
use crate::workspace::Workspace;
use crate::{child, toolchain, venv};

/// Room for the builds (kernel, template), the Python tools and the data.
const ROOM_GIB: u64 = 6;
/// Room for what is made anew once everything is built.
const SPARE_GIB: u64 = 1;

/// The command; `false` when something needed is missing.
///
/// # Errors
/// When a file cannot be read.
pub fn doctor(workspace: &Workspace) -> Result<bool> {
    let mut findings = vec![rustc(workspace), sources(workspace), linker()];
    findings.extend(python());
    findings.push(room(workspace));
    findings.extend(made(workspace)?);
    findings.extend(data(workspace)?);
    for finding in &findings {
        print!("{}", finding.text());
    }
    let healthy = findings.iter().all(|finding| finding.good || finding.weight == Weight::Made);
    println!(
        "\n{}",
        if healthy {
            "Всё нужное есть: cargo lab run"
        } else {
            "Чего-то нужного не хватает, см. строки с ✗"
        }
    );
    Ok(healthy)
}

fn rustc(workspace: &Workspace) -> Finding {
    let wanted = env!("CARGO_PKG_RUST_VERSION");
    let mut rustc = child::command(workspace, "rustc");
    let found = match first_line(rustc.arg("--version")) {
        Some(line) if version(&line) >= version(&format!("rustc {wanted}")) => Ok(line),
        Some(line) => Err(format!("{line}, а нужен {wanted} или новее")),
        None => Err("не найден".to_owned()),
    };
    Finding::new(
        "Rust",
        Weight::Needed,
        found,
        "rustup update stable (или поставьте Rust программой rustup)",
    )
}

fn sources(workspace: &Workspace) -> Finding {
    let found = match toolchain::sources(workspace) {
        Ok(path) if path.exists() => Ok("есть".to_owned()),
        Ok(_) => Err("нет; cargo lab run поставит их сам".to_owned()),
        Err(error) => Err(format!("{error:#}")),
    };
    Finding::new("Исходники std (rust-src)", Weight::Made, found, toolchain::CURE)
}

fn linker() -> Finding {
    let names = ["cc", "gcc", "clang", "link"];
    let line = names.iter().find_map(|name| first_line(Command::new(name).arg("--version")));
    let cure = if cfg!(target_os = "macos") {
        "xcode-select --install"
    } else if cfg!(windows) {
        "поставьте Build Tools for Visual Studio (C++)"
    } else {
        "Debian, Ubuntu: sudo apt install build-essential; Fedora: sudo dnf install gcc"
    };
    Finding::new("Компоновщик", Weight::Needed, line.ok_or_else(|| "не найден cc".to_owned()), cure)
}

fn python() -> Vec<Finding> {
    let advice = crate::python::install_advice();
    let found = Python::find();
    let (venv, pip) = match &found {
        Ok(python) => (python.venv, python.pip),
        Err(_) => (false, false),
    };
    let there = |good: bool, name: &str| {
        if good { Ok("есть".to_owned()) } else { Err(format!("нет {name}")) }
    };
    vec![
        Finding::new(
            "Python",
            Weight::Needed,
            found.map(|python| python.version()).map_err(|error| error.to_string()),
            advice,
        ),
        Finding::new(
            "Python: модуль venv",
            Weight::Needed,
            there(venv, "venv или ensurepip"),
            advice,
        ),
        Finding::new(
            "Python: pip",
            Weight::Made,
            there(pip, "pip"),
            "не обязательно: у .venv будет свой",
        ),
    ]
}

fn made(workspace: &Workspace) -> Result<Vec<Finding>> {
    let cure = "сделает cargo lab run";
    let there = |good: bool, path: std::path::PathBuf| {
        let place = workspace.short(&path);
        if good { Ok(place) } else { Err(format!("ещё нет ({place})")) }
    };
    let program = workspace.kernel_program();
    let template = workspace.kernel_home();
    let is_built = std::fs::read_dir(&template)
        .is_ok_and(|entries| entries.flatten().any(|entry| entry.path().join("complete").exists()));
    let spec = workspace.kernelspec().join("kernel.json");
    Ok(vec![
        Finding::new(
            "Программы Python",
            Weight::Made,
            there(venv::is_fresh(workspace)?, workspace.venv()),
            cure,
        ),
        Finding::new("Ядро", Weight::Made, there(program.exists(), program.clone()), cure),
        Finding::new("Зависимости ячеек", Weight::Made, there(is_built, template), cure),
        Finding::new("Описание ядра", Weight::Made, there(spec.exists(), spec.clone()), cure),
    ])
}

fn data(workspace: &Workspace) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for file in &FILES {
        let place = workspace.short(&file.path(workspace));
        let found = match file.state(workspace)? {
            State::Good => Ok(format!("{place}, SHA-256 верна")),
            State::Missing if file.stand_in => {
                Err(format!("нет файла {place}; будет взят ЗАМЕНИТЕЛЬ"))
            }
            State::Missing => match file.substitute() {
                Some(other) => Err(format!("нет файла {place}; вместо него {}", other.title)),
                None => Err(format!("нет файла {place}")),
            },
            State::Wrong => Err(format!("{place} повреждён или это другой файл")),
        };
        let cure = format!("cargo lab data {}", file.set);
        findings.push(Finding::new(file.title, Weight::Made, found, &cure));
    }
    Ok(findings)
}

/// Free space by `df`, which is everywhere but on Windows; unknown counts as enough.
fn room(workspace: &Workspace) -> Finding {
    let output = Command::new("df").arg("-Pk").arg(workspace.root()).output();
    let text = output
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    let needed = if workspace.kernel_program().exists() { SPARE_GIB } else { ROOM_GIB };
    let found = match free_kib(&text).map(|kib| kib >> 20) {
        None => Ok("неизвестно сколько".to_owned()),
        Some(gib) if gib < needed => Err(format!("свободно {gib} ГиБ, а нужно {needed}")),
        Some(gib) => Ok(format!("свободно {gib} ГиБ")),
    };
    Finding::new(
        "Место на диске",
        Weight::Needed,
        found,
        "освободите место или перенесите папку лабораторной",
    )
}

fn free_kib(df: &str) -> Option<u64> {
    df.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()
}

fn first_line(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    String::from_utf8_lossy(&output.stdout).lines().next().map(str::to_owned)
}

/// Major and minor of `rustc 1.95.0 (…)`.
fn version(line: &str) -> (u32, u32) {
    let number = line.split_whitespace().nth(1).unwrap_or_default();
    let mut parts = number.split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn versions_and_room_are_read() {
        assert_eq!(version("rustc 1.95.0 (f2d3ce0bd 2026-03-21)"), (1, 95));
        assert!(version("rustc 1.100.0") > version("rustc 1.95"));
        let df =
            "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda 100 40 60 40% /\n";
        assert_eq!(free_kib(df), Some(60));
        assert_eq!(free_kib(""), None);
    }

    #[test]
    fn a_fresh_clone_lacks_only_what_is_made() {
        let dir = tempfile::tempdir().unwrap();
        let workspace = Workspace::at(dir.path());
        crate::stamp::write(&workspace.requirements(), "x==1\n").unwrap();
        let findings = made(&workspace).unwrap();
        assert!(findings.iter().all(|f| f.weight == Weight::Made), "{findings:?}");
        let data = data(&workspace).unwrap();
        assert!(data[0].detail.ends_with("будет взят ЗАМЕНИТЕЛЬ"), "{data:?}");
        assert_eq!(data[1].cure, "cargo lab data boston");
    }
}
