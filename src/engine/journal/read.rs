//! Reading: every line is checked, and its fact is told, in order. A long journal is read a stretch at a time, and several
//! stretches side by side: never are all facts in memory at once.

use std::{
    collections::VecDeque,
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    path::Path,
    sync::mpsc,
    thread::{self, Scope, available_parallelism},
};

use super::{
    cannot,
    line::{self, Header},
};
use crate::{engine::fact::Event, fault::Fault};

/// How a journal ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tail {
    /// How many bytes at the end are torn: the last write before a crash, of which nobody ever heard.
    pub torn: u64,
    /// Where the good part ends.
    pub(super) good: u64,
}

impl Tail {
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

/// Above so many bytes, lines are read on several threads.
const LONG: u64 = 512 * 1024;
/// About so many bytes are read by one thread at a time.
pub(super) const STRETCH: usize = 256 * 1024;
/// And no more threads than this: by then reading the file takes longer, and each keeps memory of its own.
const THREADS: usize = 4;

/// Few lines are shorter than this, in bytes.
const SHORT_LINE: usize = 192;

/// How far a file was read.
#[derive(Default)]
struct Read {
    /// Whole lines, in bytes.
    good: u64,
    /// The facts in them.
    facts: u64,
}

impl Read {
    /// The number of the next line.
    fn line(&self) -> u64 {
        if self.good == 0 { 1 } else { self.facts + 2 }
    }
}

/// Tells each fact. Stops at a torn tail; anything else that is not as it was written is a fault.
pub(super) fn each(path: &Path, file: &mut File, hear: &mut dyn FnMut(&Event)) -> Result<Tail, Fault> {
    let mut read = Read::default();
    let rest = (|| -> io::Result<Vec<u8>> {
        if file.metadata()?.len() >= LONG {
            side_by_side(path, file, &mut read, hear)?;
        }
        // What is left is short, or not as it should be: that is found out line by line.
        let mut rest = Vec::new();
        file.seek(SeekFrom::Start(read.good))?;
        file.read_to_end(&mut rest)?;
        Ok(rest)
    })();
    let rest = rest.map_err(|why| cannot(path, "read", &why))?;
    let torn = one_by_one(path, &rest, &mut read, hear)?;
    Ok(Tail { torn, good: read.good })
}

/// Reads whole lines on several threads, as far as all is as it should be.
fn side_by_side(path: &Path, file: &mut File, read: &mut Read, hear: &mut dyn FnMut(&Event)) -> io::Result<()> {
    let threads = available_parallelism().map_or(1, usize::from).min(THREADS);
    let mut stretches = Stretches { file, rest: Vec::new() };
    thread::scope(|scope| {
        let readers: Vec<Reader> = (0..threads).map(|_| Reader::start(scope)).collect();
        // They take turns, and so what they have read comes in order.
        let mut turns = readers.iter().cycle();
        let mut ahead = VecDeque::new();
        loop {
            while ahead.len() <= threads
                && let Some(mut stretch) = stretches.next()?
            {
                let length = stretch.len() as u64;
                if read.good == 0 && ahead.is_empty() {
                    let end = stretch.iter().position(|&byte| byte == b'\n').map_or(0, |end| end + 1);
                    let header: Vec<u8> = stretch.drain(..end).collect();
                    if !is_header(path, &header) {
                        return Ok(());
                    }
                }
                let Some(reader) = turns.next() else { return Ok(()) };
                reader.order(Order::Read(stretch));
                ahead.push_back((length, reader));
            }
            let Some((length, reader)) = ahead.pop_front() else {
                return Ok(());
            };
            let Some(events) = reader.found() else {
                return Ok(());
            };
            if !events.iter().zip(read.facts + 1..).all(|(event, seq)| event.seq == seq) {
                return Ok(());
            }
            read.good += length;
            read.facts += events.len() as u64;
            events.iter().for_each(&mut *hear);
            reader.order(Order::Forget(events));
        }
    })
}

/// A thread that reads lines.
struct Reader {
    orders: mpsc::Sender<Order>,
    found: mpsc::Receiver<Option<Vec<Event>>>,
}

enum Order {
    Read(Vec<u8>),
    /// Whoever made them gives their memory back: another thread would have to wait for this one each time.
    Forget(Vec<Event>),
}

impl Reader {
    /// Ends when it is dropped.
    fn start<'scope>(scope: &'scope Scope<'scope, '_>) -> Self {
        let (orders, inbox) = mpsc::channel();
        let (tell, found) = mpsc::channel();
        scope.spawn(move || {
            for order in inbox {
                match order {
                    // Nobody hears it where something before it was not as it should be.
                    Order::Read(stretch) => drop(tell.send(lines(&stretch))),
                    Order::Forget(events) => drop(events),
                }
            }
        });
        Self { orders, found }
    }

    fn order(&self, order: Order) {
        // A thread that is gone has found nothing, which is noticed.
        let _ = self.orders.send(order);
    }

    /// The facts of the next stretch; none where a line of it is not as it was written.
    fn found(&self) -> Option<Vec<Event>> {
        self.found.recv().ok().flatten()
    }
}

fn is_header(path: &Path, line: &[u8]) -> bool {
    let text = str::from_utf8(line).ok().and_then(|text| text.strip_suffix('\n'));
    text.is_some_and(|text| Header::check(path, text).is_ok())
}

/// Cuts a file into stretches of whole lines.
struct Stretches<'f> {
    file: &'f mut File,
    /// The beginning of a line whose end was not read yet.
    rest: Vec<u8>,
}

impl Stretches<'_> {
    /// The next stretch; none when no whole line is left.
    fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut stretch = std::mem::take(&mut self.rest);
        stretch.reserve_exact(STRETCH);
        loop {
            let before = stretch.len();
            self.file.by_ref().take(STRETCH as u64).read_to_end(&mut stretch)?;
            if let Some(end) = stretch[before..].iter().rposition(|&byte| byte == b'\n') {
                self.rest = stretch.split_off(before + end + 1);
                return Ok(Some(stretch));
            }
            if stretch.len() == before {
                return Ok(None);
            }
        }
    }
}

/// The facts of whole lines; none if any of them is not as it was written.
fn lines(stretch: &[u8]) -> Option<Vec<Event>> {
    let text = str::from_utf8(stretch).ok()?;
    let mut events = Vec::with_capacity(text.len() / SHORT_LINE);
    for line in text.split_terminator('\n') {
        events.push(line::parse(line)?);
    }
    Some(events)
}

/// Reads lines in turn, and says what is wrong with the first that is not as it was written. How many bytes are torn.
fn one_by_one(path: &Path, bytes: &[u8], read: &mut Read, hear: &mut dyn FnMut(&Event)) -> Result<u64, Fault> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let number = read.line();
        let end = rest.iter().position(|&byte| byte == b'\n');
        let whole = end.and_then(|end| str::from_utf8(&rest[..end]).ok());
        let event = match whole {
            Some(text) if number == 1 => Header::check(path, text).map(|()| None),
            Some(text) => line::read(path, number, read.facts + 1, text).map(Some),
            None => Err(line::spoilt(path, number, "it is not a whole line of text")),
        };
        match event {
            Ok(event) => {
                read.facts += u64::from(event.is_some());
                event.iter().for_each(&mut *hear);
            }
            Err(_) if is_torn(number, rest) => return Ok(rest.len() as u64),
            Err(fault) => return Err(fault),
        }
        let end = end.expect("a line that could be read has an end") + 1;
        read.good += end as u64;
        rest = &rest[end..];
    }
    Ok(0)
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
