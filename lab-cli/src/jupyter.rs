//! Jupyter's settings in the lab's Python environment: whatever starts Jupyter there obeys them, be it
//! `cargo lab up`, a hub, Binder or Kubernetes.
//!
//! Not here: the kernelspec, see `kernel.rs`.

use anyhow::Result;
use serde_json::json;

use crate::stamp;
use crate::workspace::Workspace;

/// Writes the settings into the environment.
///
/// # Errors
/// When they cannot be written.
pub fn configure(workspace: &Workspace) -> Result<()> {
    let folder = workspace.venv().join("etc/jupyter");
    // Live figures and long outputs are what the lab is about; Jupyter's limits would cut them.
    let server = json!({ "ZMQChannelsWebsocketConnection": {
        "iopub_data_rate_limit": 1e10, "iopub_msg_rate_limit": 1e6
    } });
    // Nobody asks the students whether news may be fetched from afar.
    let quiet = json!({ "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false", "checkForUpdates": false
    } });
    for (name, settings) in [
        ("jupyter_server_config.json", server),
        ("labconfig/default_setting_overrides.json", quiet),
    ] {
        stamp::write_if_changed(&folder.join(name), &format!("{settings:#}\n"))?;
    }
    Ok(())
}
