//! The files and the classes of a folder, as torchvision's `DatasetFolder` finds them.
//!
//! Not here: what is in the files (`decode.rs`). Read next: `image_folder.rs`.

use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// The extensions of images, in lower case.
const EXTENSIONS: [&str; 3] = ["jpg", "jpeg", "png"];
/// How deep folders may lie; deeper is a link that leads to itself.
const MAX_DEPTH: usize = 32;

/// One image of a data set.
///
/// ```
/// use lab::vision::Sample;
/// let sample = Sample { path: "val/bees/1.jpg".into(), label: 1 };
/// assert!(sample.path.ends_with("bees/1.jpg"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The file.
    pub path: PathBuf,
    /// The number of its class.
    pub label: u32,
}

/// The classes of a folder and its images, both sorted by name.
pub(super) struct Listing {
    pub(super) classes: Vec<String>,
    pub(super) samples: Vec<Sample>,
}

/// What lies below `root`: one folder for each class, images in it and in its folders.
///
/// # Errors
/// There is no such folder, no class in it, a class without images, or a folder cannot be read.
pub(super) fn list(root: &Path) -> Result<Listing> {
    if !root.is_dir() {
        let what =
            if root.exists() { "это не папка" } else { "такой папки нет" };
        return Err(layout_error(root, what));
    }
    let mut folders = Vec::new();
    for entry in entries(root)? {
        if entry.is_dir() {
            folders.push(entry);
        }
    }
    if folders.is_empty() {
        return Err(layout_error(root, "в ней нет ни одной папки класса"));
    }
    let (mut classes, mut samples, mut empty) = (Vec::new(), Vec::new(), Vec::new());
    for (folder, label) in folders.iter().zip(0u32..) {
        let files = images(folder)?;
        if files.is_empty() {
            empty.push(name(folder));
        }
        classes.push(name(folder));
        samples.extend(files.into_iter().map(|path| Sample { path, label }));
    }
    if !empty.is_empty() {
        let reason = format!("нет картинок в папках классов: {}", empty.join(", "));
        return Err(layout_error(root, &reason));
    }
    Ok(Listing { classes, samples })
}

/// The images in `folder` and below it: folder after folder, each sorted by name.
fn images(folder: &Path) -> Result<Vec<PathBuf>> {
    let (mut folders, mut waiting) = (Vec::new(), vec![(folder.to_path_buf(), 0)]);
    while let Some((path, depth)) = waiting.pop() {
        if depth > MAX_DEPTH {
            let reason = "папки вложены слишком глубоко; нет ли ссылки на саму себя?";
            return Err(Error::Data(format!("ImageFolder: «{}»: {reason}", path.display())));
        }
        let (below, files): (Vec<_>, Vec<_>) =
            entries(&path)?.into_iter().partition(|entry| entry.is_dir());
        waiting.extend(below.into_iter().map(|below| (below, depth + 1)));
        folders.push((path, files));
    }
    // Python sorts the paths as texts, so that `a-b` comes before `a/b`.
    folders.sort_by(|(a, _), (b, _)| bytes(a).cmp(bytes(b)));
    Ok(folders.into_iter().flat_map(|(_, files)| files).filter(|file| is_image(file)).collect())
}

/// What lies in a folder, sorted by name.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let failed = |source| Error::File { path: folder.into(), source };
    let found = std::fs::read_dir(folder).map_err(failed)?;
    let mut paths: Vec<PathBuf> = found
        .map(|entry| entry.map(|entry| entry.path()).map_err(failed))
        .collect::<Result<_>>()?;
    paths.sort_by(|a, b| bytes(a).cmp(bytes(b)));
    Ok(paths)
}

fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

/// Whether the extension is that of an image.
pub(crate) fn is_image(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    EXTENSIONS.contains(&extension.as_str())
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// What is wrong with `root`, and what it should look like.
fn layout_error(root: &Path, reason: &str) -> Error {
    Error::Data(format!(
        "ImageFolder: папка «{}»: {reason}. Нужна папка на каждый класс, в ней картинки (.jpg, .jpeg, \
         .png), например:\n  \
         {}/\n  \
         ├── ants/\n  \
         │   ├── 1.jpg\n  \
         │   └── 2.png\n  \
         └── bees/\n      \
             └── 3.jpeg",
        root.display(),
        name(root)
    ))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::image_folder::tests::Folder;
    use super::*;

    #[test]
    fn classes_and_files_are_sorted_as_in_torchvision() {
        // import os; from torchvision.datasets import ImageFolder
        // for p in paths: os.makedirs(os.path.dirname(p), exist_ok=True); Image.new("RGB", (1, 1)).save(p)
        // [(s.path, s.label) for s in ImageFolder(root).samples]
        let folder = Folder::new("sorted");
        for path in [
            "b/2.PNG",
            "b/10.jpg",
            "b/z-z/0.jpg",
            "b/z/1.jpeg",
            "b/z/0/5.jpg",
            "b/A.jpg",
            "b/note.txt",
            "b/jpg",
            "Я/я.jpg",
            "a/x.png",
            "readme.md",
        ] {
            folder.write(path, b"");
        }
        let found = list(folder.path()).unwrap();
        assert_eq!(found.classes, ["a", "b", "Я"]);
        let below = |sample: &Sample| {
            let path = sample.path.strip_prefix(folder.path()).unwrap();
            (path.to_string_lossy().replace('\\', "/"), sample.label)
        };
        let found: Vec<_> = found.samples.iter().map(below).collect();
        let expected = [
            ("a/x.png", 0),
            ("b/10.jpg", 1),
            ("b/2.PNG", 1),
            ("b/A.jpg", 1),
            ("b/z/1.jpeg", 1),
            ("b/z-z/0.jpg", 1),
            ("b/z/0/5.jpg", 1),
            ("Я/я.jpg", 2),
        ];
        assert_eq!(found, expected.map(|(path, label)| (path.to_owned(), label)));
    }

    #[test]
    fn what_is_missing_is_told_with_the_layout() {
        let folder = Folder::new("missing");
        let error = |path: &Path| list(path).err().unwrap().to_string();
        assert!(error(&folder.path().join("none")).contains("такой папки нет. Нужна папка"));
        folder.write("1.jpg", b"");
        assert!(error(&folder.path().join("1.jpg")).contains("это не папка"));
        let text = error(folder.path());
        assert!(text.contains("нет ни одной папки класса") && text.contains("├── ants/"), "{text}");
        folder.write("bees/1.jpg", b"");
        folder.write("ants/1.gif", b"");
        folder.write("flies/x", b"");
        assert!(error(folder.path()).contains("нет картинок в папках классов: ants, flies"));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_itself_is_told() {
        let folder = Folder::new("loop");
        folder.write("a/1.jpg", b"");
        std::os::unix::fs::symlink(folder.path().join("a"), folder.path().join("a/b")).unwrap();
        let error = list(folder.path()).err().unwrap().to_string();
        assert!(error.contains("слишком глубоко"), "{error}");
    }
}
