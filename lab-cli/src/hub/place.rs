//! The folders of a hub. Not here: what lies in a student's home (`person.rs`).
//!
//! ```text
//! <base>/homes/NAME      a student's home, 0700
//! <base>/rooms/NAME/     sessions of the kernels and temporary files of one student, 0700
//! <base>/notebooks/      what every home gets a copy of
//! <base>/exchange/       nbgrader's exchange
//! <base>/config/         nbgrader's configuration, read by all
//! <base>/passwd          names of the users behind the walls
//! <base>/state/          the hub's own, 0700: database, keys, passwords, settings
//! ```

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::person::Person;
use crate::stamp;
use crate::workspace::Workspace;

/// The folders of one hub.
#[derive(Clone, Debug)]
pub struct Place {
    base: PathBuf,
}

impl Place {
    /// Opens the hub in `base` (`target/lab/hub` if not given), making the folders that are missing.
    ///
    /// # Errors
    /// When a folder cannot be made.
    pub fn open(workspace: &Workspace, base: Option<&Path>) -> Result<Place> {
        let base = base.map_or_else(|| workspace.lab_dir().join("hub"), Path::to_path_buf);
        folder(&base, 0o755)?;
        let place = Place { base: base.canonicalize()? };
        for dir in [place.homes(), place.rooms(), place.notebooks(), place.config()] {
            folder(&dir, 0o755)?;
        }
        folder(&place.state(), 0o700)?;
        // nbgrader wants to write into its exchange; nobody may move what is not theirs.
        folder(&place.exchange(), 0o1777)?;
        place.write_config()?;
        Ok(place)
    }

    /// The hub's folder.
    pub fn base(&self) -> &Path {
        &self.base
    }

    /// The students' homes.
    pub fn homes(&self) -> PathBuf {
        self.base.join("homes")
    }

    /// What the students' programs need beside their homes.
    pub fn rooms(&self) -> PathBuf {
        self.base.join("rooms")
    }

    /// The student's versions of the notebooks.
    pub fn notebooks(&self) -> PathBuf {
        self.base.join("notebooks")
    }

    /// nbgrader's exchange.
    pub fn exchange(&self) -> PathBuf {
        self.base.join("exchange")
    }

    /// The folder with nbgrader's configuration.
    pub fn config(&self) -> PathBuf {
        self.base.join("config")
    }

    /// What only the hub may read.
    pub fn state(&self) -> PathBuf {
        self.base.join("state")
    }

    /// The names and first passwords, for the teacher.
    pub fn passwords(&self) -> PathBuf {
        self.state().join("passwords.csv")
    }

    /// What the configuration of JupyterHub is told.
    pub fn settings(&self) -> PathBuf {
        self.state().join("hub.json")
    }

    /// The system's list of users with the students in it.
    pub fn passwd(&self) -> PathBuf {
        self.base.join("passwd")
    }

    /// What the programs of all users read.
    fn write_config(&self) -> Result<()> {
        let nbgrader = format!(
            "c = get_config()\nc.Exchange.root = {:?}\nc.CourseDirectory.course_id = \"deep-learning-lab\"\n",
            self.exchange()
        );
        stamp::write_if_changed(&self.config().join("nbgrader_config.py"), &nbgrader)
    }

    /// Writes [`Place::passwd`].
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_names(&self, people: &[Person]) -> Result<()> {
        let mut text = fs::read_to_string("/etc/passwd").unwrap_or_default();
        for person in people {
            let (name, id, home) = (&person.name, person.id, person.home.display());
            text.push_str(&format!("{name}:x:{id}:{id}::{home}:/bin/sh\n"));
        }
        stamp::write_if_changed(&self.passwd(), &text)
    }
}

/// Makes a folder with just these rights.
///
/// # Errors
/// When it cannot be made, or is somebody else's.
pub fn folder(path: &Path, mode: u32) -> Result<()> {
    fs::create_dir_all(path)
        .with_context(|| format!("не удалось создать папку {}", path.display()))?;
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode))
        .with_context(|| format!("не удалось задать права папки {}", path.display()))?;
    #[cfg(not(unix))]
    let _ = mode;
    Ok(())
}
