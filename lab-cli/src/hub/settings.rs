//! What python/jupyterhub_config.py is told, as one JSON file that only the hub may read.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};
use serde_json::json;

use super::class::Class;
use super::place::Place;
use super::proxy;
use super::walls::{self, Walls};
use crate::args::HubArgs;
use crate::toolchain;
use crate::workspace::Workspace;

/// Writes the settings.
///
/// # Errors
/// When the toolchain does not answer, or a file cannot be read or written.
pub fn write(workspace: &Workspace, place: &Place, args: &HubArgs, class: &Class) -> Result<()> {
    let mut commands = BTreeMap::new();
    for person in &class.people {
        commands.insert(&person.name, walls::command(workspace, place, person, class.walls)?);
    }
    let mut environment = environment(workspace, place)?;
    if class.walls != Walls::None {
        // Behind the walls /tmp is the server's own; the names of sockets are at most 107 bytes long.
        environment.insert("JUPYTER_RUNTIME_DIR", "/tmp/jupyter".to_owned());
    }
    let settings = json!({
        "admin": args.admin,
        "commands": commands,
        "environment": environment,
        "homes": place.homes(),
        "idle": args.idle * 60,
        "ip": args.ip,
        "passwords": place.passwords(),
        "port": args.port,
        "proxy": ["node", &proxy::program(workspace).to_string_lossy()],
        "python": workspace.venv_python(),
        "ssl_cert": path(args.ssl_cert.as_deref())?,
        "ssl_key": path(args.ssl_key.as_deref())?,
        "state": place.state(),
    });
    // The folder is closed to all others.
    fs::write(place.settings(), format!("{settings:#}\n")).context("не удалось записать hub.json")
}

fn path(given: Option<&std::path::Path>) -> Result<Option<std::path::PathBuf>> {
    given
        .map(|path| path.canonicalize().with_context(|| format!("нет файла {}", path.display())))
        .transpose()
}

/// The environment of the students' servers: the tools themselves, since rustup's own folders are closed to them.
pub fn environment(workspace: &Workspace, place: &Place) -> Result<BTreeMap<&'static str, String>> {
    let tools = toolchain::sysroot(workspace)?.join("bin");
    let text = |path: &std::path::Path| path.to_string_lossy().into_owned();
    let path =
        [text(&workspace.venv_bin()), text(&tools), "/usr/local/bin:/usr/bin:/bin".to_owned()];
    let data = workspace.data_cache();
    Ok(BTreeMap::from([
        ("PATH", path.join(":")),
        ("RUSTC", text(&tools.join("rustc"))),
        ("LAB_KERNEL_CARGO", text(&tools.join("cargo"))),
        ("CARGO_HOME", text(&walls::cargo_home()?)),
        ("LAB_DATA", text(&data.canonicalize().unwrap_or(data))),
        ("JUPYTER_PATH", text(&workspace.venv().join("share/jupyter"))),
        ("JUPYTER_PREFER_ENV_PATH", "1".to_owned()),
        ("JUPYTER_CONFIG_PATH", text(&place.config())),
        ("PYTHONNOUSERSITE", "1".to_owned()),
        ("PYTHONUTF8", "1".to_owned()),
    ]))
}
