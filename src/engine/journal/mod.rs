//! The journal: facts as JSON Lines, one file for each federation.
//!
//! The first line names the format and its version. Each further line is one fact and ends with a checksum of what comes
//! before it. A line is on disk before anyone hears of its fact. What a crash tears off at the end was never heard of, so
//! it is cut; anything else that is not as it was written is a fault, and the file is left alone. `docs/journal.md` tells
//! how to read one.

mod line;
mod read;
mod writer;

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{fact::Event, run::Run};
use crate::fault::{Fault, Kind};
use line::Header;
pub use read::Tail;
pub(super) use writer::Writer;

/// A journal that is open for writing. No other process can open it until this is dropped.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
    lock: File,
}

/// What a journal says, all its facts folded.
#[derive(Debug, Default)]
pub struct Recorded {
    /// What stands, and what follows.
    pub run: Run,
    /// How the file ends.
    pub tail: Tail,
}

impl Recorded {
    /// Whether there is no fact in it.
    pub fn is_empty(&self) -> bool {
        self.run.seq() == 0
    }

    fn in_file(path: &Path, file: &mut File) -> Result<Self, Fault> {
        let mut run = Run::default();
        let tail = read::each(path, file, &mut |event| run.take(event))?;
        Ok(Self { run, tail })
    }
}

impl Journal {
    /// Opens the journal at this path, or begins one, and keeps all others out. The directory is made where it is missing.
    pub fn open(path: &Path, program: &str) -> Result<(Self, Recorded), Fault> {
        if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
            make_directory(directory).map_err(|why| cannot(path, "make the directory of", &why))?;
        }
        let lock = take_lock(path)?;
        let mut file = private(OpenOptions::new().read(true).append(true).create(true))
            .open(path)
            .map_err(|why| cannot(path, "open", &why))?;
        let recorded = Recorded::in_file(path, &mut file)?;
        let mend = || -> io::Result<()> {
            make_private(&file)?;
            if recorded.tail.torn > 0 {
                file.set_len(recorded.tail.good)?;
            }
            if recorded.tail.good == 0 {
                file.write_all(Header::new(program).line().as_bytes())?;
            }
            file.sync_all()?;
            sync_directory(path)?;
            file.seek(SeekFrom::End(0)).map(drop)
        };
        let mut mend = mend;
        mend().map_err(|why| cannot(path, "write to", &why))?;
        Ok((
            Self {
                file,
                path: path.to_owned(),
                lock,
            },
            recorded,
        ))
    }

    /// Reads a journal that another process may be writing to. Changes nothing. A journal that does not exist is empty.
    pub fn read(path: &Path) -> Result<Recorded, Fault> {
        match there(path)? {
            Some(mut file) => Recorded::in_file(path, &mut file),
            None => Ok(Recorded::default()),
        }
    }

    /// The same, fact by fact, in their order: all of them together would take much more memory than what they say.
    /// After an error, what was heard is not the whole.
    pub fn tell(path: &Path, hear: &mut dyn FnMut(&Event)) -> Result<Tail, Fault> {
        match there(path)? {
            Some(mut file) => read::each(path, &mut file, hear),
            None => Ok(Tail::default()),
        }
    }

    /// The same, all at once: for documents, and whoever counts them one by one.
    pub fn facts(path: &Path) -> Result<(Vec<Arc<Event>>, Tail), Fault> {
        let mut facts = Vec::new();
        let tail = Self::tell(path, &mut |event| facts.push(Arc::new(event.clone())))?;
        Ok((facts, tail))
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Takes the lock, in a file beside the journal: some systems let nobody read a locked file, and the journal is for
/// reading.
fn take_lock(path: &Path) -> Result<File, Fault> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let beside = PathBuf::from(name);
    let lock = private(OpenOptions::new().read(true).write(true).create(true).truncate(false))
        .open(&beside)
        .map_err(|why| cannot(&beside, "open", &why))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(Fault::new(
            Kind::Journal,
            format!("another fedwiz is at work on `{}`", path.display()),
        )
        .why("the journal is locked, and two at once would make everything twice")
        .hint("Wait until it is done, or stop it. The lock goes when that process ends.")),
        Err(TryLockError::Error(why)) => Err(cannot(&beside, "lock", &why)),
    }
}

fn there(path: &Path) -> Result<Option<File>, Fault> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(why) => Err(cannot(path, "read", &why)),
    }
}

fn cannot(path: &Path, what: &str, why: &io::Error) -> Fault {
    Fault::new(Kind::Journal, format!("cannot {what} `{}`", path.display()))
        .why(why.to_string())
        .hint("Check the disk and the permissions. `--journal FILE` puts it somewhere else.")
}

#[cfg(unix)]
fn make_directory(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

#[cfg(not(unix))]
fn make_directory(directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600)
}

#[cfg(not(unix))]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(unix)]
fn make_private(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut permissions = file.metadata()?.permissions();
    if permissions.mode() & 0o077 != 0 {
        permissions.set_mode(0o600);
        file.set_permissions(permissions)?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn make_private(_: &File) -> io::Result<()> {
    Ok(())
}

/// A new file is only there for good once its directory is on disk too.
#[cfg(unix)]
fn sync_directory(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests;
