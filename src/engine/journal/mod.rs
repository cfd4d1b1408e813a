//! The journal: facts as JSON Lines, one file for each federation.
//!
//! The first line names the format and its version. Each further line is one fact and ends with a checksum of what comes
//! before it. A line is on disk before anyone hears of its fact. What a crash tears off at the end was never heard of, so
//! it is cut; anything else that is not as it was written is a fault, and the file is left alone. `docs/journal.md` tells
//! how to read one.

mod line;
mod writer;

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use super::fact::Event;
use crate::fault::{Fault, Kind};
use line::Header;
pub(super) use writer::Writer;

/// A journal that is open for writing. No other process can open it until this is dropped.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
    lock: File,
}

/// What a journal holds.
#[derive(Debug, Default)]
pub struct Recorded {
    /// The facts, in order.
    pub events: Vec<Event>,
    /// How many bytes at the end are torn: the last write before a crash, of which nobody ever heard.
    pub torn: u64,
    /// Where the good part ends.
    good: u64,
}

impl Recorded {
    /// A sentence for the reader when something was cut off.
    pub fn warning(&self) -> Option<String> {
        (self.torn > 0).then(|| {
            format!(
                "the last {} bytes of the journal were torn by a crash and are cut off; what they would have said is looked up",
                self.torn
            )
        })
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
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|why| cannot(path, "read", &why))?;
        let recorded = parse(path, &bytes)?;
        let mend = || -> io::Result<()> {
            make_private(&file)?;
            if recorded.torn > 0 {
                file.set_len(recorded.good)?;
            }
            if recorded.good == 0 {
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
        match fs::read(path) {
            Ok(bytes) => parse(path, &bytes),
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(Recorded::default()),
            Err(why) => Err(cannot(path, "read", &why)),
        }
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Above so many bytes, lines are read on several threads.
const LONG: usize = 256 * 1024;
/// And no more threads than this: by then reading the file takes longer.
const THREADS: usize = 8;

/// Reads all lines. Stops at a torn tail; anything else that is not as it was written is a fault.
fn parse(path: &Path, bytes: &[u8]) -> Result<Recorded, Fault> {
    match side_by_side(path, bytes) {
        Some(events) => Ok(Recorded {
            events,
            torn: 0,
            good: bytes.len() as u64,
        }),
        None => one_by_one(path, bytes),
    }
}

/// Reads the lines of a long journal on several threads. None where it is short, or anything is not as it should be: then the
/// lines are looked at in turn.
fn side_by_side(path: &Path, bytes: &[u8]) -> Option<Vec<Event>> {
    if bytes.len() < LONG {
        return None;
    }
    let (header, facts) = bytes.split_at(bytes.iter().position(|&byte| byte == b'\n')? + 1);
    let header = str::from_utf8(header).ok()?;
    Header::check(path, header.strip_suffix('\n')?).ok()?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS);
    let parts: Vec<Vec<Event>> = std::thread::scope(|scope| {
        let parts: Vec<_> = cut(facts, threads)
            .into_iter()
            .map(|part| scope.spawn(move || lines(part)))
            .collect();
        parts
            .into_iter()
            .map(|part| part.join().ok().flatten())
            .collect::<Option<_>>()
    })?;
    let events: Vec<Event> = parts.into_iter().flatten().collect();
    let in_order = events.iter().zip(1..).all(|(event, seq)| event.seq == seq);
    in_order.then_some(events)
}

/// Cuts lines into about so many parts of the same length.
fn cut(mut rest: &[u8], parts: usize) -> Vec<&[u8]> {
    let length = rest.len().div_ceil(parts);
    let mut found = Vec::new();
    while let Some(end) = rest
        .get(length..)
        .and_then(|after| after.iter().position(|&byte| byte == b'\n'))
    {
        let (part, after) = rest.split_at(length + end + 1);
        found.push(part);
        rest = after;
    }
    found.push(rest);
    found
}

/// The facts of whole lines; none if any of them is not as it was written.
fn lines(part: &[u8]) -> Option<Vec<Event>> {
    let text = str::from_utf8(part).ok()?;
    if text.is_empty() {
        return Some(Vec::new());
    }
    text.strip_suffix('\n')?.split('\n').map(line::parse).collect()
}

fn one_by_one(path: &Path, bytes: &[u8]) -> Result<Recorded, Fault> {
    let mut recorded = Recorded::default();
    let mut rest = bytes;
    let mut number = 0_u64;
    while !rest.is_empty() {
        number += 1;
        let end = rest.iter().position(|&byte| byte == b'\n');
        let whole = end.and_then(|end| std::str::from_utf8(&rest[..end]).ok());
        let event = match whole {
            Some(text) if number == 1 => Header::check(path, text).map(|()| None),
            Some(text) => line::read(path, number, recorded.events.len() as u64 + 1, text).map(Some),
            None => Err(line::spoilt(path, number, "it is not a whole line of text")),
        };
        match event {
            Ok(event) => recorded.events.extend(event),
            Err(_) if is_torn(number, rest) => {
                recorded.torn = rest.len() as u64;
                break;
            }
            Err(fault) => return Err(fault),
        }
        let end = end.expect("a line that could be read has an end") + 1;
        recorded.good += end as u64;
        rest = &rest[end..];
    }
    Ok(recorded)
}

/// Whether these last bytes are what a crash leaves behind: a line without its end, or a stretch of the file that was
/// made longer and never filled. In the first line only the beginning of our own header counts.
fn is_torn(number: u64, rest: &[u8]) -> bool {
    let unfilled = rest
        .iter()
        .position(|&byte| byte == 0)
        .is_some_and(|at| rest[at..].iter().all(|&byte| byte == 0));
    let unended = !rest.contains(&b'\n');
    if number == 1 {
        let written = &rest[..rest.iter().position(|&byte| byte == 0).unwrap_or(rest.len())];
        return (unended || unfilled) && Header::begins(written);
    }
    unended || unfilled
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
