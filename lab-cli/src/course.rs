//! nbgrader's course: its configuration and the notebooks with its marks, `cargo lab release --nbgrader DIR`.
//!
//! From there on nbgrader does everything. Not here: the marks themselves (python/versions.py).

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::release::{self, Kind};
use crate::step::Step;
use crate::workspace::Workspace;
use crate::{stamp, task};

const CONFIG: &str = include_str!("../python/nbgrader_config.py");

/// Makes the course in `dir`; files that are there and different stay, and are named.
///
/// # Errors
/// When a source is not what it should be, or a file that would be replaced differs.
pub fn make(workspace: &Workspace, dir: &Path) -> Result<()> {
    let config = dir.join("nbgrader_config.py");
    match fs::read_to_string(&config) {
        Ok(text) if text != CONFIG => {
            println!("{}: вы его изменили, оставляю как есть", config.display());
        }
        _ => stamp::write(&config, CONFIG)?,
    }
    for (notebook, lab) in task::notebooks(workspace)? {
        let name = &notebook.name;
        let step = Step::start(format!("Задание {name}"));
        let path = dir.join("source").join(name).join(format!("{name}.ipynb"));
        let part = path.with_extension("part.ipynb");
        release::make(workspace, &notebook, &lab, Kind::Marked, &part)?;
        let fresh = fs::read(&part)?;
        if fs::read(&path).is_ok_and(|old| old != fresh) {
            let _ = fs::remove_file(&part);
            bail!(
                "{} уже есть и отличается; переименуйте его или укажите другую папку",
                path.display()
            );
        }
        fs::rename(&part, &path)
            .with_context(|| format!("не удалось записать {}", path.display()))?;
        step.done("");
    }
    println!(
        "\nКурс для nbgrader: {}\nДальше в этой папке:\n  export PATH=\"{}:$PATH\"\n  \
         nbgrader generate_assignment 01-tensors\n  nbgrader release_assignment 01-tensors\n  \
         nbgrader collect 01-tensors\n  nbgrader autograde 01-tensors\n  \
         nbgrader generate_feedback 01-tensors",
        dir.display(),
        workspace.venv_bin().display()
    );
    Ok(())
}
