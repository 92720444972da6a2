//! The kernel's folders: where the template, the sessions and the tools' front doors live.
//!
//! ```text
//! <home>/.cargo/config.toml    optimized dependencies for every cell build below
//! <home>/evcxr/evcxr.toml      evcxr's defaults (cells at opt-level 0)
//! <home>/bin/{cargo,rustup,…}  links to this program, see front.rs
//! <home>/template-<hash>/      the built dependencies, see template.rs
//! <home>/sessions/<pid>-<n>/   one per running kernel, see session.rs
//! ```

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Environment variable with the kernel's home folder.
pub const HOME: &str = "LAB_KERNEL_HOME";
/// Environment variable with the folder of the crate that every session gets as a dependency.
pub const LAB_CRATE: &str = "LAB_CRATE";
/// The folder of the running sessions in the kernel's home.
pub const SESSIONS: &str = "sessions";

const CARGO_CONFIG: &str = "\
# Written by lab-kernel. Cells compile fast, their dependencies run fast.
[profile.dev.package.\"*\"]
opt-level = 3
debug = false
debug-assertions = false
overflow-checks = false
";
const EVCXR_CONFIG: &str = "[evcxr]\nopt_level = \"0\"\n";

/// The folders of one kernel installation.
#[derive(Clone, Debug)]
pub struct Home {
    root: PathBuf,
    /// The crate that sessions start with, if any.
    pub lab_crate: Option<PathBuf>,
}

impl Home {
    /// Opens (and fills, where needed) the home folder `root`.
    ///
    /// # Errors
    /// When a folder or file cannot be written, or `lab_crate` does not exist.
    pub fn open(root: &Path, lab_crate: Option<&Path>) -> Result<Home> {
        let lab_crate = lab_crate
            .map(|path| {
                path.canonicalize().with_context(|| {
                    format!(
                        "нет папки библиотеки {}; укажите --lab-crate или LAB_CRATE",
                        path.display()
                    )
                })
            })
            .transpose()?;
        fs::create_dir_all(root)
            .with_context(|| format!("не удалось создать папку {}", root.display()))?;
        let home = Home { root: root.canonicalize()?, lab_crate };
        write_if_changed(&home.root.join(".cargo/config.toml"), CARGO_CONFIG)?;
        write_if_changed(&home.evcxr_config().join("evcxr.toml"), EVCXR_CONFIG)?;
        fs::create_dir_all(home.sessions())?;
        let exe = std::env::current_exe()?;
        for tool in ["cargo", "rustup", "lab-rustc"] {
            link(&exe, &home.bin().join(tool))?;
        }
        Ok(home)
    }

    /// Opens the home named by the environment, or `<dir of the program>/../lab/kernel`.
    ///
    /// # Errors
    /// As [`Home::open`].
    pub fn from_env() -> Result<Home> {
        let lab_crate = std::env::var_os(LAB_CRATE).map(PathBuf::from);
        Home::open(&default_root()?, lab_crate.as_deref())
    }

    /// The home folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Folder of evcxr's own configuration.
    pub fn evcxr_config(&self) -> PathBuf {
        self.root.join("evcxr")
    }

    /// Folder to put first on `PATH`.
    pub fn bin(&self) -> PathBuf {
        self.root.join("bin")
    }

    /// Folder of the running sessions.
    pub fn sessions(&self) -> PathBuf {
        self.root.join(SESSIONS)
    }
}

/// `LAB_KERNEL_HOME`, or `lab/kernel` beside the folder of this program (`target/lab/kernel`).
///
/// # Errors
/// When the program's own path is unknown.
pub fn default_root() -> Result<PathBuf> {
    if let Some(root) = std::env::var_os(HOME) {
        return Ok(PathBuf::from(root));
    }
    let exe = std::env::current_exe()?;
    let target = exe.parent().and_then(Path::parent).context("the program has no parent folder")?;
    Ok(target.join("lab/kernel"))
}

/// Writes a file only when its content differs, so that time stamps stay.
pub fn write_if_changed(path: &Path, content: &str) -> Result<()> {
    if fs::read_to_string(path).is_ok_and(|old| old == content) {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, content).with_context(|| format!("не удалось записать {}", path.display()))
}

fn link(target: &Path, at: &Path) -> Result<()> {
    if fs::read_link(at).is_ok_and(|old| old == target) {
        return Ok(());
    }
    if let Some(parent) = at.parent() {
        fs::create_dir_all(parent)?;
    }
    // Another kernel may do the same right now: make a new link aside and move it over.
    let aside = at.with_extension(format!("{}", std::process::id()));
    match fs::remove_file(&aside) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    std::os::unix::fs::symlink(target, &aside)?;
    fs::rename(&aside, at).with_context(|| format!("не удалось создать ссылку {}", at.display()))
}
