//! The lab's folder and the fixed places in it.
//!
//! Not here: what is in those places. Read next: `setup.rs`.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

/// The lab's folder, and the paths other files ask for.
#[derive(Clone, Debug)]
pub struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// Finds the lab's folder: the first one with `lab-crate` and `notebooks` from the current folder upwards,
    /// else the one from which cargo built this program.
    ///
    /// # Errors
    /// When there is none.
    pub fn find() -> Result<Workspace> {
        let here = std::env::current_dir()?;
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let found = here
            .ancestors()
            .chain(manifest.iter().flat_map(|dir| dir.ancestors()))
            .find(|dir| is_root(dir));
        match found {
            Some(root) => Ok(Workspace::at(root)),
            None => bail!(
                "в {} и выше нет папки лабораторной (в ней лежат lab-crate и notebooks); \
                 перейдите в неё и повторите команду",
                here.display()
            ),
        }
    }

    /// The workspace whose folder is `root`.
    pub fn at(root: &Path) -> Workspace {
        Workspace { root: root.to_path_buf() }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Reports, records, logs: all that `cargo lab` makes, except the venv, the data and the builds.
    pub fn lab_dir(&self) -> PathBuf {
        self.root.join("target/lab")
    }

    /// The Python environment.
    pub fn venv(&self) -> PathBuf {
        self.root.join(".venv")
    }

    /// Where the Python environment lies while a new one is made.
    pub fn venv_before(&self) -> PathBuf {
        self.root.join(".venv-before")
    }

    /// The folder of the environment's programs.
    pub fn venv_bin(&self) -> PathBuf {
        self.venv().join(if cfg!(windows) { "Scripts" } else { "bin" })
    }

    /// The environment's Python.
    pub fn venv_python(&self) -> PathBuf {
        self.venv_bin().join(if cfg!(windows) { "python.exe" } else { "python" })
    }

    /// The kernelspec of the notebooks.
    pub fn kernelspec(&self) -> PathBuf {
        self.venv().join("share/jupyter/kernels/rust")
    }

    /// The notebooks' folder.
    pub fn notebooks(&self) -> PathBuf {
        self.root.join("notebooks")
    }

    /// The library's folder.
    pub fn lab_crate(&self) -> PathBuf {
        self.root.join("lab-crate")
    }

    /// The list of Python tools.
    pub fn requirements(&self) -> PathBuf {
        self.root.join("lab-cli/requirements.txt")
    }

    /// What the Rust dependencies may be.
    pub fn deny_file(&self) -> PathBuf {
        self.root.join("lab-cli/deny.toml")
    }

    /// The data files: `LAB_DATA`, as the library reads it, or `data/cache`.
    pub fn data_cache(&self) -> PathBuf {
        match std::env::var_os("LAB_DATA").filter(|path| !path.is_empty()) {
            Some(path) => PathBuf::from(path),
            None => self.root.join("data/cache"),
        }
    }

    /// The kernel's own folder (template, sessions).
    pub fn kernel_home(&self) -> PathBuf {
        self.lab_dir().join("kernel")
    }

    /// The kernel program, where cargo puts it.
    pub fn kernel_program(&self) -> PathBuf {
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(dir) => self.root.join(dir),
            None => self.root.join("target"),
        };
        target.join("debug").join(format!("lab-kernel{}", std::env::consts::EXE_SUFFIX))
    }

    /// A path as the student should read it: relative to the lab's folder where possible.
    pub fn short(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }
}

fn is_root(dir: &Path) -> bool {
    ["lab-crate", "notebooks", "lab-cli"].iter().all(|part| dir.join(part).is_dir())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_root_is_recognized_by_its_parts() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!is_root(dir.path()));
        for part in ["lab-crate", "notebooks", "lab-cli"] {
            std::fs::create_dir(dir.path().join(part)).unwrap();
        }
        assert!(is_root(dir.path()));
        let workspace = Workspace::at(dir.path());
        assert_eq!(workspace.short(&workspace.lab_dir()), "target/lab");
        assert_eq!(workspace.short(Path::new("elsewhere")), "elsewhere");
    }
}
