//! Where an archive is unpacked, and what must be true afterwards. Not here: what is unpacked.

use std::fs;
use std::path::{Path, PathBuf};

/// A path outside of every room, for members' names.
pub const OUTSIDE: &str = "/tmp/lab-fuzz-outside.jpg";

/// A folder of three, one in the other; only the innermost may be written.
pub struct Room {
    outer: PathBuf,
}

impl Room {
    /// The one beside the input at `path`, emptied.
    pub fn beside(path: &Path) -> Room {
        let room = Room { outer: path.with_extension("room") };
        fs::create_dir_all(room.outer.join("in/out")).unwrap();
        fs::remove_file(room.file()).ok();
        fs::remove_dir_all(room.folder()).ok();
        room
    }

    /// The place for a single file.
    pub fn file(&self) -> PathBuf {
        self.outer.join("in/out/file")
    }

    /// The place for a folder.
    pub fn folder(&self) -> PathBuf {
        self.outer.join("in/out/folder")
    }

    /// Fails where something lies outside of the innermost folder, is no plain file, or more than `limit` bytes and
    /// the one that showed that they are too many.
    pub fn check(&self, limit: u64) {
        assert_eq!(names(&self.outer), ["in"]);
        assert_eq!(names(&self.outer.join("in")), ["out"]);
        assert!(!Path::new(OUTSIDE).exists(), "{OUTSIDE} was written");
        let around = self.outer.parent().unwrap();
        for name in names(around) {
            let is_ours = fs::symlink_metadata(around.join(&name)).unwrap();
            let is_input = is_ours.is_file() && !name.contains("evil");
            assert!(is_input || name.ends_with(".room"), "{name} was written");
        }
        let mut size = 0;
        let mut folders = vec![self.outer.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let entry = entry.unwrap();
                let kind = entry.file_type().unwrap();
                assert!(
                    kind.is_dir() || kind.is_file(),
                    "{:?} is a link or a device",
                    entry.path()
                );
                if kind.is_dir() {
                    folders.push(entry.path());
                } else {
                    size += entry.metadata().unwrap().len();
                }
            }
        }
        // Two places may have been written by one test of several readers.
        assert!(size <= 2 * (limit + 1), "{size} bytes were written");
    }
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
