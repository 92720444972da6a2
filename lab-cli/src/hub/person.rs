//! Who may come in: names, numbers and homes. Not here: passwords (python/jupyterhub_config.py).

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::place::{Place, folder};
use crate::args::HubArgs;

/// Where root runs the hub, students get numbers from here on; no system gives these to people or containers
/// by default.
#[cfg(unix)]
const FIRST_ID: u32 = 1_879_048_192;

/// The longest name.
const LONGEST: usize = 32;

/// One who may come in.
#[derive(Clone, Debug)]
pub struct Person {
    /// The name.
    pub name: String,
    /// The number of the user and the group.
    pub id: u32,
    /// The home.
    pub home: PathBuf,
    /// The folder of the sessions of the kernels.
    pub sessions: PathBuf,
    /// The folder of temporary files.
    pub temporary: PathBuf,
}

/// The names that the command line asks for, the teacher's last.
///
/// # Errors
/// When a name cannot be one, or comes twice.
pub fn names(args: &HubArgs) -> Result<Vec<String>> {
    let numbered = || (1..=args.users).map(|n| format!("student{n:02}")).collect();
    let mut names = if args.user.is_empty() { numbered() } else { args.user.clone() };
    names.push(args.admin.clone());
    for (at, name) in names.iter().enumerate() {
        if !is_name(name) {
            bail!(
                "имя {name:?} не годится: нужны строчные латинские буквы, цифры, - и _, первой буква, \
                 до {LONGEST} знаков"
            );
        }
        if names[..at].contains(name) {
            bail!("имя {name} названо дважды; у каждого должно быть своё");
        }
    }
    Ok(names)
}

fn is_name(name: &str) -> bool {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    name.len() <= LONGEST
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(good)
}

/// Gives a person a home with the notebooks; what is there stays.
///
/// # Errors
/// When the home cannot be made or written.
pub fn settle(place: &Place, name: &str) -> Result<Person> {
    let home = place.homes().join(name);
    let room = place.rooms().join(name);
    let id = number(place, &home)?;
    let (sessions, temporary) = (room.join("sessions"), room.join("tmp"));
    for dir in [&home, &room, &sessions, &temporary] {
        folder(dir, 0o700)?;
        give(dir, id)?;
    }
    for entry in fs::read_dir(place.notebooks())? {
        let source = entry?.path();
        let Some(file) = source.file_name() else { continue };
        let copy = home.join(file);
        // Also a link is somebody's: it is not followed.
        if copy.symlink_metadata().is_err() {
            // Whole or not at all, as what is there is never made anew; and first where no student can put a link.
            let part = place.rooms().join(format!("{name}.part"));
            let copied =
                fs::copy(&source, &part).map(|_| ()).and_then(|()| fs::rename(&part, &copy));
            if copied.is_err() {
                let _ = fs::remove_file(&part);
            }
            copied.with_context(|| format!("не удалось записать {}", copy.display()))?;
            give(&copy, id)?;
        }
    }
    Ok(Person { name: name.to_owned(), id, home, sessions, temporary })
}

/// The number of the home's owner; for a new home the next free one, or our own where we are not root.
#[cfg(unix)]
fn number(place: &Place, home: &Path) -> Result<u32> {
    use std::os::unix::fs::MetadataExt;
    let own = fs::metadata(place.base())?.uid();
    if own != 0 {
        return Ok(own);
    }
    let owner = |path: &Path| fs::symlink_metadata(path).ok().map(|meta| meta.uid());
    if let Some(id) = owner(home).filter(|id| *id >= FIRST_ID) {
        return Ok(id);
    }
    let taken = fs::read_dir(place.homes())?.flatten().filter_map(|entry| owner(&entry.path()));
    Ok(taken.max().map_or(FIRST_ID, |id| FIRST_ID.max(id + 1)))
}

#[cfg(not(unix))]
fn number(_: &Place, _: &Path) -> Result<u32> {
    Ok(0)
}

fn give(path: &Path, id: u32) -> Result<()> {
    #[cfg(unix)]
    std::os::unix::fs::lchown(path, Some(id), Some(id))
        .with_context(|| format!("не удалось отдать {} студенту", path.display()))?;
    #[cfg(not(unix))]
    let _ = (path, id);
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        hub: HubArgs,
    }

    fn asked(line: &str) -> Result<Vec<String>> {
        names(&Line::parse_from(line.split(' ')).hub)
    }

    #[test]
    fn names_are_numbered_or_given_and_each_is_one() {
        assert_eq!(asked("hub --users 2").unwrap(), ["student01", "student02", "teacher"]);
        assert_eq!(asked("hub --user ivanov --admin a").unwrap(), ["ivanov", "a"]);
        for (line, told) in [
            ("hub --user ../x", "не годится"),
            ("hub --user Иван", "не годится"),
            ("hub --user a --user a", "дважды"),
            ("hub --user teacher", "дважды"),
        ] {
            assert!(asked(line).unwrap_err().to_string().contains(told), "{line}");
        }
    }

    #[test]
    fn a_home_is_its_owners_and_what_is_in_it_stays() {
        let dir = tempfile::tempdir().unwrap();
        let workspace = crate::workspace::Workspace::at(dir.path());
        let place = Place::open(&workspace, None).unwrap();
        fs::write(place.notebooks().join("01-a.ipynb"), "new").unwrap();
        let first = settle(&place, "ivanov").unwrap();
        fs::write(first.home.join("01-a.ipynb"), "mine").unwrap();
        let again = settle(&place, "ivanov").unwrap();
        assert_eq!(fs::read_to_string(again.home.join("01-a.ipynb")).unwrap(), "mine");
        let other = settle(&place, "petrova").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let meta = fs::metadata(&other.home).unwrap();
            assert_eq!((meta.mode() & 0o777, meta.uid()), (0o700, other.id));
            let root = fs::metadata(dir.path()).unwrap().uid() == 0;
            assert_eq!(first.id == other.id, !root, "root gives each a number of their own");
        }
        assert_eq!(first.id, again.id);
    }
}
