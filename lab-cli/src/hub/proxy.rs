//! configurable-http-proxy, which stands in front of JupyterHub: brought by npm, with all it needs pinned.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::child;
use crate::stamp::{self, Fingerprint};
use crate::step::Step;
use crate::workspace::Workspace;

/// The packages, and their versions and hashes; the registry is the one npm is told to use.
const PACKAGE: &str = include_str!("../../proxy/package.json");
const LOCK: &str = include_str!("../../proxy/package-lock.json");

/// Brings the proxy where it is missing or of another version; returns whether there was something to do.
///
/// # Errors
/// When npm is missing or cannot bring it.
pub fn ensure(workspace: &Workspace, step: &Step) -> Result<bool> {
    let dir = dir(workspace);
    let wanted = Fingerprint::default().text("package", PACKAGE).text("lock", LOCK).finish();
    if program(workspace).exists() && stamp::is_fresh(&dir.join("stamp"), &wanted) {
        return Ok(false);
    }
    fs::create_dir_all(&dir)?;
    stamp::write(&dir.join("package.json"), PACKAGE)?;
    stamp::write(&dir.join("package-lock.json"), LOCK)?;
    let mut npm = child::command(workspace, if cfg!(windows) { "npm.cmd" } else { "npm" });
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix"]).arg(&dir);
    child::run(workspace, npm, "npm-proxy", step).context(
        "не удалось поставить configurable-http-proxy. Нужны Node.js 18 или новее с npm \
         (Debian, Ubuntu: sudo apt install nodejs npm) и доступ к реестру npm",
    )?;
    stamp::write(&dir.join("stamp"), &wanted)?;
    Ok(true)
}

/// The proxy's program, run by node.
pub fn program(workspace: &Workspace) -> PathBuf {
    dir(workspace).join("node_modules/configurable-http-proxy/bin/configurable-http-proxy")
}

fn dir(workspace: &Workspace) -> PathBuf {
    workspace.lab_dir().join("npm/configurable-http-proxy")
}
