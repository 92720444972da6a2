//! `cargo lab hint`: the hints of a task in the terminal, as `hint(2.1)?` shows them in a cell.
//!
//! Not here: the texts, which stand in `lab-crate/labs.toml`.

use anyhow::{Result, bail};

use crate::args::HintArgs;
use crate::task::{self, Task};
use crate::workspace::Workspace;

/// The command.
///
/// # Errors
/// When there is no such task, or no such hint.
pub fn hint(workspace: &Workspace, args: &HintArgs) -> Result<bool> {
    let labs = task::labs(workspace)?;
    print!("{}", text(task::find(&labs, &args.task)?, args.stage)?);
    Ok(true)
}

/// The first `stage` hints of a task.
fn text(task: &Task, stage: usize) -> Result<String> {
    let all = task.hints.len();
    if !(1..=all).contains(&stage) {
        bail!("у задания {} подсказки от 1 до {all}, а запрошена {stage}", task.id);
    }
    let mut text = format!("{} {}\n", task.id, task.title);
    for (number, hint) in task.hints.iter().take(stage).enumerate() {
        text += &format!("  подсказка {} из {all}: {hint}\n", number + 1);
    }
    if stage < all {
        text += &format!("Ещё одна: cargo lab hint {} {}\n", task.id, stage + 1);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn hints_come_one_by_one() {
        let hints = ["вопрос", "место", "половина"].map(str::to_owned).to_vec();
        let task = Task { id: "2.1".into(), title: "Шаг".into(), hints, ..Task::default() };
        let first = text(&task, 1).unwrap();
        assert_eq!(first, "2.1 Шаг\n  подсказка 1 из 3: вопрос\nЕщё одна: cargo lab hint 2.1 2\n");
        let last = text(&task, 3).unwrap();
        assert!(last.contains("3 из 3: половина") && !last.contains("Ещё одна"), "{last}");
        assert!(text(&task, 4).unwrap_err().to_string().contains("от 1 до 3"));
        assert!(text(&task, 0).is_err());
    }
}
