//! What a folder holds, for whoever chooses a file at the screen.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::{
    fault::{Fault, Kind},
    tui::host::{Folder, Item},
};

/// The endings of files that a step may ask for.
const ENDINGS: &[&str] = &["xml"];
/// No more of a folder is listed.
const MOST: usize = 5000;

/// A folder: folders first, by name, then files, the newest first. Without a path, the one where browsers put what they load
/// down.
pub(super) fn list(path: Option<&Path>) -> Result<Folder, Fault> {
    let path = path.map_or_else(first, Path::to_path_buf);
    let cannot = |error: std::io::Error| {
        Fault::new(Kind::File, format!("the folder {} cannot be read", path.display())).why(error.to_string())
    };
    let path = std::fs::canonicalize(&path).map_err(cannot)?;
    let mut items: Vec<Item> = std::fs::read_dir(&path)
        .map_err(cannot)?
        .take(MOST)
        .filter_map(|entry| item(&entry.ok()?))
        .collect();
    items.sort_by(|one, other| {
        let key = |item: &Item| {
            (
                !item.is_folder,
                item.changed.filter(|_| !item.is_folder).map(std::cmp::Reverse),
            )
        };
        key(one).cmp(&key(other)).then_with(|| one.name.cmp(&other.name))
    });
    Ok(Folder { path, items })
}

fn first() -> PathBuf {
    let downloads = || Some(directories::UserDirs::new()?.download_dir()?.to_path_buf());
    let home = || Some(directories::BaseDirs::new()?.home_dir().to_path_buf());
    let is_there = |path: &PathBuf| path.is_dir();
    let first = downloads().filter(is_there).or_else(home).filter(is_there);
    first.unwrap_or_else(|| ".".into())
}

/// What can be chosen: folders that are not hidden, and files with a known ending.
fn item(entry: &std::fs::DirEntry) -> Option<Item> {
    let name = entry.file_name().into_string().ok()?;
    let path = entry.path();
    // Of a link, what it leads to.
    let meta = std::fs::metadata(&path).ok()?;
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let wanted = meta.is_file() && ENDINGS.iter().any(|known| known.eq_ignore_ascii_case(ending));
    let shown = wanted || meta.is_dir() && !name.starts_with('.');
    shown.then(|| Item {
        name,
        is_folder: meta.is_dir(),
        bytes: meta.len(),
        changed: meta.modified().ok().and_then(|time| Timestamp::try_from(time).ok()),
    })
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, File},
        time::{Duration, SystemTime},
    };

    use super::*;

    #[test]
    fn folders_come_first_then_the_newest_file() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["later", "earlier", ".hidden"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        for (name, age) in [("old.xml", 90), ("new.XML", 5), ("other.txt", 1)] {
            let file = File::create(folder.path().join(name)).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
        }
        let listed = list(Some(folder.path())).unwrap();
        let names: Vec<&str> = listed.items.iter().map(|item| item.name.as_str()).collect();
        assert_eq!(names, ["earlier", "later", "new.XML", "old.xml"]);
    }

    #[test]
    fn a_folder_that_cannot_be_read_says_so() {
        let fault = list(Some(Path::new("/no/such/folder"))).unwrap_err();
        assert!(fault.to_string().contains("/no/such/folder"), "{fault}");
    }
}
