//! `cargo lab bench class`: what a class costs this machine, beside ipykernel with torch.
//!
//! Memory and disk of kernels, the wait for the first tensor when many start at once, and whether a student sees
//! another's variables or files. python/classroom.py starts the kernels and measures; this file makes the students,
//! as `cargo lab hub` does, and prints the table.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::args::ClassArgs;
use crate::hub::{Class, Place};
use crate::step::Step;
use crate::workspace::Workspace;
use crate::{child, fetch, scripts, setup};

/// What the other side needs.
const PACKAGES: &str = "torch, numpy, ipykernel";
/// The goals for thirty kernels: bytes of all, and seconds to the last first tensor.
const GOALS: (u64, f64, f64) = (30, 6e9, 60.0);
const MIB: f64 = 1024.0 * 1024.0;

/// The command; `false` when something failed on the way or a student saw another's.
///
/// # Errors
/// When the set-up fails, the Python named has no torch or no ipykernel, or the script ends early.
pub fn class(workspace: &Workspace, args: &ClassArgs) -> Result<bool> {
    if let Some(python) = args.torch.as_deref().filter(|it| !super::has_packages(it, PACKAGES)) {
        bail!(
            "{}: нужны пакеты {PACKAGES}; поставьте недостающий, например {0} -m pip install ipykernel",
            python.display()
        );
    }
    setup::tools(workspace)?;
    if !fetch::data(workspace, &["mnist".into()])? {
        return Ok(false);
    }
    let base = workspace.lab_dir().join("bench-class");
    remove(&base)?;
    let measured = measure(workspace, args, &base);
    remove(&base)?;
    let figures = measured?;
    print!("{}", table(&figures));
    super::save(&figures, args.json.as_deref())?;
    let errors = figures["errors"].as_array().context("в измерениях нет списка ошибок")?;
    errors.iter().for_each(|error| println!("✗ {}", error.as_str().unwrap_or_default()));
    Ok(errors.is_empty())
}

fn measure(workspace: &Workspace, args: &ClassArgs, base: &Path) -> Result<Value> {
    let place = Place::open(workspace, Some(base))?;
    let most = args.kernels.iter().copied().max().unwrap_or(1);
    let names: Vec<String> = (1..=most).map(|n| format!("student{n:02}")).collect();
    let class = Class::settle(workspace, &place, &names, args.no_walls)?;
    let mut plan = class.seats(workspace, &place)?;
    plan["counts"] = json!(args.kernels);
    plan["torch"] = json!(args.torch);
    plan["kernel_home"] = json!(workspace.kernel_home());
    let (file, result) = (place.state().join("plan.json"), place.state().join("figures.json"));
    fs::write(&file, plan.to_string())?;
    let step = Step::start("Измерения");
    let mut script = scripts::command(workspace, "classroom.py")?;
    script.arg(&file).arg("--out").arg(&result);
    if let Err(error) = child::run(workspace, script, "bench-class", &step) {
        step.fail("прервались");
        return Err(error);
    }
    step.done("готово");
    let text = fs::read_to_string(&result).context("измерения не записаны")?;
    serde_json::from_str(&text).context("измерения не читаются")
}

/// Removes what an earlier class left.
fn remove(base: &Path) -> Result<()> {
    match fs::remove_dir_all(base) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("не удалось удалить {}", base.display()))
        }
        _ => Ok(()),
    }
}

/// A row for each figure; the columns are our kernel and the other.
fn table(figures: &Value) -> String {
    let sides = ["rust", "torch"].map(|name| &figures["kernels"][name]);
    let cores = figures["cores"].as_u64().unwrap_or(0);
    let mut text = format!(
        "\nПроцессорных ядер {cores}, памяти {}; память процессов считается долями (PSS)\n\n",
        bytes(figures["memory_bytes"].as_f64())
    );
    text += &row("", "у нас", "ipykernel", "цель");
    for (index, group) in sides[0]["groups"].as_array().into_iter().flatten().enumerate() {
        let groups = sides.map(|side| &side["groups"][index]);
        text += &start(group["count"].as_u64().unwrap_or(0), groups);
    }
    let both = |title: &str, key: [&str; 2]| {
        let values = sides.map(|side| bytes(side[key[0]][key[1]].as_f64()));
        row(title, &values[0], &values[1], "")
    };
    text += &both("память ядра, которое обучает (пик)", ["training", "peak_bytes"]);
    text += &both("диск сеанса, который обучал", ["training", "session_bytes"]);
    text += &both("диск сеанса со своей зависимостью", ["dependency", "session_bytes"]);
    text +=
        &row("диск домашней папки с блокнотами", &bytes(figures["home_bytes"].as_f64()), "—", "");
    text += &row(
        "общие зависимости ячеек на диске",
        &bytes(figures["template_bytes"].as_f64()),
        "—",
        "",
    );
    let apart = &sides[0]["apart"];
    text + &match (apart["sessions"].as_u64(), apart["files"].as_bool()) {
        (None, _) => "\nОдно ядро: чужого не было.\n".to_owned(),
        (Some(n), Some(true)) => {
            format!(
                "\nКаждый из {n} пробовал увидеть чужие переменные, файлы, сеансы и процессы.\n"
            )
        }
        (Some(n), _) => {
            format!(
                "\nКаждый из {n} пробовал увидеть чужие переменные; файлы НЕ отделены (--no-walls).\n"
            )
        }
    }
}

/// The rows of kernels started at once.
fn start(count: u64, groups: [&Value; 2]) -> String {
    let is_goal = count == GOALS.0;
    let numbers = |group: &Value, key: &str| -> Vec<f64> {
        group[key].as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
    };
    let values = |key: &str, of: fn(&[f64]) -> Option<f64>, show: fn(Option<f64>) -> String| {
        groups.map(|group| show(of(&numbers(group, key))))
    };
    let goal = |text: &str| if is_goal { text.to_owned() } else { String::new() };
    let first = values("first_tensor_s", |all| all.get(all.len() / 2).copied(), seconds);
    let last = values("first_tensor_s", |all| all.last().copied(), seconds);
    let each = values("idle_bytes", mean, bytes);
    let all = values("idle_bytes", |all| (!all.is_empty()).then(|| all.iter().sum()), bytes);
    let folder = values("session_bytes", mean, bytes);
    let at_once = |what: &str| format!("{count:>2} сразу: {what}");
    row(&at_once("первый тензор, медиана"), &first[0], &first[1], "")
        + &row(
            &at_once("первый тензор, последний"),
            &last[0],
            &last[1],
            &goal(&format!("{:.0} с", GOALS.2)),
        )
        + &row(
            &at_once("память простаивающих, всего"),
            &all[0],
            &all[1],
            &goal(&bytes(Some(GOALS.1))),
        )
        + &row(&at_once("память простаивающего ядра"), &each[0], &each[1], "")
        + &row(&at_once("диск сеанса"), &folder[0], &folder[1], "")
}

fn row(title: &str, ours: &str, other: &str, goal: &str) -> String {
    format!("{title:<44}{ours:>14}{other:>14}{goal:>12}\n")
}

fn mean(all: &[f64]) -> Option<f64> {
    (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
}

fn seconds(value: Option<f64>) -> String {
    value.map_or("—".into(), |value| format!("{value:.1} с"))
}

fn bytes(value: Option<f64>) -> String {
    match value.map(|bytes| bytes / MIB) {
        None => "—".into(),
        Some(mib) if mib < 10.0 => format!("{mib:.1} МиБ"),
        Some(mib) if mib < 2048.0 => format!("{mib:.0} МиБ"),
        Some(mib) => format!("{:.2} ГиБ", mib / 1024.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_means_and_goals_stand_beside_what_is_missing() {
        let group = json!({ "count": 30, "first_tensor_s": [1.0, 2.0, 40.5],
            "idle_bytes": [3u64 << 30, 1u64 << 30], "session_bytes": [1 << 20, 2 << 20] });
        let figures = json!({ "cores": 2, "memory_bytes": 8u64 << 30, "home_bytes": 1 << 20,
            "kernels": { "rust": { "groups": [group], "training": { "peak_bytes": 300 << 20 },
                "apart": { "sessions": 30, "files": true } } } });
        let table = table(&figures);
        let has = |title: &str, rest: &[&str]| {
            let line = table.lines().find(|line| line.starts_with(title)).unwrap_or_default();
            let words: Vec<&str> = line[title.len()..].split_whitespace().collect();
            assert_eq!(words, rest, "{table}");
        };
        has("30 сразу: первый тензор, последний", &["40.5", "с", "—", "60", "с"]);
        has("30 сразу: память простаивающих, всего", &["4.00", "ГиБ", "—", "5.59", "ГиБ"]);
        has("30 сразу: диск сеанса", &["1.5", "МиБ", "—"]);
        has("память ядра, которое обучает (пик)", &["300", "МиБ", "—"]);
        has("диск сеанса со своей зависимостью", &["—", "—"]);
        assert!(table.contains("Каждый из 30 пробовал увидеть чужие переменные, файлы"), "{table}");
    }
}
