//! A real terminal for the screen's tests and pictures: the binary runs in a pseudo-terminal, and what it writes is kept as
//! the picture that a person would see.

use std::{
    io::{Read, Write},
    num::NonZeroU16,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use tempfile::TempDir;

/// How long anything may take before the test fails. It bounds a hang and measures nothing.
const BOUND: Duration = Duration::from_secs(90);
/// What ends each picture.
const PICTURE_ENDS: &[u8] = b"\x1b[?2026l";

/// What was written, and what it looks like.
pub struct Seen {
    parser: vt100::Parser,
    fed: usize,
    /// Everything that was written.
    pub bytes: Vec<u8>,
    /// When it was written: seconds since the start, and up to which byte.
    pub written: Vec<(f64, usize)>,
    /// Each whole picture.
    pub pictures: Vec<String>,
    /// The process has ended, and everything it wrote was read.
    pub ended: bool,
    /// Nobody reads any more, as when a terminal is closed.
    closed: bool,
}

impl Seen {
    /// The picture.
    pub fn screen(&self) -> &vt100::Screen {
        self.parser.screen()
    }

    /// The picture's text.
    pub fn text(&self) -> String {
        self.screen().contents()
    }

    /// Whether the page on how a run ended is shown.
    pub fn is_over(&self) -> bool {
        self.text().contains("Next: Esc goes back")
    }

    /// The window's title.
    pub fn title(&self) -> String {
        let written = String::from_utf8_lossy(&self.bytes);
        let title = written.rsplit_once("\x1b]0;").map_or("", |(_, after)| after);
        title.split('\x07').next().unwrap_or_default().to_owned()
    }

    /// Takes in what was written, picture by picture.
    fn take(&mut self, chunk: &[u8], at: f64) {
        self.bytes.extend_from_slice(chunk);
        self.written.push((at, self.bytes.len()));
        while let Some(end) = find(
            &self.bytes[self.fed.saturating_sub(PICTURE_ENDS.len() - 1)..],
            PICTURE_ENDS,
        ) {
            let end = self.fed.saturating_sub(PICTURE_ENDS.len() - 1) + end + PICTURE_ENDS.len();
            if end <= self.fed {
                break;
            }
            self.parser.process(&self.bytes[self.fed..end]);
            self.fed = end;
            self.pictures.push(self.parser.screen().contents_formatted());
        }
        self.parser.process(&self.bytes[self.fed..]);
        self.fed = self.bytes.len();
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

type Both = Arc<(Mutex<Seen>, Condvar)>;

/// A process in a terminal of its own.
pub struct Terminal {
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Option<Box<dyn Write + Send>>,
    child: Box<dyn Child + Send + Sync>,
    seen: Both,
    reader: Option<JoinHandle<()>>,
    termios_before: String,
    _home: TempDir,
}

/// How a process is started in a terminal.
pub struct Start {
    args: Vec<String>,
    env: Vec<(String, String)>,
    size: (u16, u16),
}

impl Start {
    /// `fedwiz` with these arguments, with an environment that holds nothing but a kind of terminal.
    pub fn fedwiz(args: &[&str]) -> Self {
        Self {
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
            env: Vec::new(),
            size: (120, 40),
        }
    }

    /// With this in the environment.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With the environment of this command.
    pub fn env_of(mut self, command: &std::process::Command) -> Self {
        for (name, value) in command.get_envs() {
            if let (Some(name), Some(value)) = (name.to_str(), value.and_then(|value| value.to_str())) {
                self.env.push((name.to_owned(), value.to_owned()));
            }
        }
        self
    }

    /// In a window of so many columns and rows.
    pub fn size(mut self, columns: u16, rows: u16) -> Self {
        self.size = (columns, rows);
        self
    }

    /// Starts it.
    pub fn open(self) -> Terminal {
        let (columns, rows) = self.size;
        let home = tempfile::tempdir().expect("a temporary folder");
        let pair = native_pty_system()
            .openpty(size(columns, rows))
            .expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_fedwiz"));
        command.env_clear();
        command.args(&self.args);
        command.cwd(home.path());
        command.env("TERM", "xterm-256color");
        command.env("HOME", home.path());
        command.env("FEDWIZ_STATE_DIR", home.path().join("state"));
        command.env("FEDWIZ_CONFIG_DIR", home.path().join("config"));
        for (name, value) in &self.env {
            command.env(name, value);
        }
        let termios_before = termios(pair.master.as_ref());
        let child = pair.slave.spawn_command(command).expect("the binary starts");
        drop(pair.slave);
        let seen: Both = Arc::new((
            Mutex::new(Seen {
                parser: vt100::Parser::new(cells(rows), cells(columns), 0),
                fed: 0,
                bytes: Vec::new(),
                written: Vec::new(),
                pictures: Vec::new(),
                ended: false,
                closed: false,
            }),
            Condvar::new(),
        ));
        let from = pair.master.try_clone_reader().expect("a reader");
        let reader = std::thread::spawn({
            let seen = Arc::clone(&seen);
            move || read(from, &seen)
        });
        Terminal {
            writer: Some(pair.master.take_writer().expect("a writer")),
            master: Some(pair.master),
            child,
            seen,
            reader: Some(reader),
            termios_before,
            _home: home,
        }
    }
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).expect("a terminal has rows and columns")
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols: columns,
        pixel_width: 0,
        pixel_height: 0,
    }
}

/// Echo, canonical mode and all the rest, as text.
fn termios(master: &(dyn MasterPty + Send)) -> String {
    format!("{:?}", master.get_termios())
}

fn read(mut from: Box<dyn Read + Send>, seen: &Both) {
    let began = Instant::now();
    let mut buffer = vec![0; 65536];
    loop {
        let count = from.read(&mut buffer).unwrap_or(0);
        let mut now = seen.0.lock().unwrap_or_else(PoisonError::into_inner);
        if count == 0 {
            now.ended = true;
        } else {
            now.take(&buffer[..count], began.elapsed().as_secs_f64());
        }
        seen.1.notify_all();
        if now.ended || now.closed {
            return;
        }
    }
}

impl Terminal {
    /// What was written so far.
    pub fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of the process.
    pub fn pid(&self) -> u32 {
        self.child.process_id().expect("a process has a number")
    }

    /// Waits until something can be found in what was written, and gives it.
    #[track_caller]
    pub fn find<T>(&self, what: &str, look: impl Fn(&Seen) -> Option<T>) -> T {
        let until = Instant::now() + BOUND;
        let mut seen = self.seen();
        loop {
            if let Some(found) = look(&seen) {
                return found;
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero() && !seen.ended,
                "{what} does not come; {}, title {:?}:\n{}",
                if seen.ended { "the process ended" } else { "it goes on" },
                seen.title(),
                seen.text()
            );
            seen = self
                .seen
                .1
                .wait_timeout(seen, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Waits until this is so.
    #[track_caller]
    pub fn wait_for(&self, what: &str, so: impl Fn(&Seen) -> bool) {
        self.find(what, |seen| so(seen).then_some(()));
    }

    /// Waits until this can be read on the screen.
    #[track_caller]
    pub fn wait_text(&self, text: &str) {
        self.wait_for(&format!("`{text}`"), |seen| seen.text().contains(text));
    }

    /// Types.
    pub fn send(&mut self, keys: &str) {
        let writer = self.writer.as_mut().expect("the terminal is open");
        writer
            .write_all(keys.as_bytes())
            .and_then(|()| writer.flush())
            .expect("keys are taken");
    }

    /// Types one key, and gives the pictures before and after it. Each key is drawn at once, also where nothing changes.
    #[track_caller]
    pub fn press(&mut self, keys: &str) -> (String, String) {
        let (count, before) = {
            let seen = self.seen();
            (seen.pictures.len(), seen.pictures.last().cloned().unwrap_or_default())
        };
        self.send(keys);
        let after = self.find(&format!("a picture after {keys:?}"), |seen| {
            seen.pictures.get(count).cloned()
        });
        (before, after)
    }

    /// Makes the window another size, and waits for a picture of that size.
    #[track_caller]
    pub fn resize(&mut self, columns: u16, rows: u16) {
        let count = {
            let mut seen = self.seen();
            seen.parser.set_size(cells(rows), cells(columns));
            seen.pictures.len()
        };
        let master = self.master.as_ref().expect("the terminal is open");
        master.resize(size(columns, rows)).expect("another size");
        self.wait_for(&format!("a picture of {columns}×{rows}"), |seen| {
            seen.pictures.len() > count
        });
    }

    /// Sends a signal.
    pub fn signal(&self, name: &str) {
        let sent = std::process::Command::new("kill")
            .arg(format!("-{name}"))
            .arg(self.pid().to_string())
            .status();
        assert!(sent.expect("`kill` is there").success());
    }

    /// Closes the window: nobody reads, nobody types, and the process hears a hang-up.
    pub fn close(&mut self) {
        self.seen().closed = true;
        // Whatever comes next wakes the reader, which then lets go of its side.
        self.send("?");
        if let Some(reader) = self.reader.take() {
            reader.join().expect("the reader ends");
        }
        self.writer = None;
        self.master = None;
    }

    /// Waits for the end of the process, and gives its exit code.
    pub fn end(&mut self) -> u32 {
        if let Some(reader) = self.reader.take() {
            self.wait_end();
            reader.join().expect("the reader ends");
        }
        self.child.wait().expect("a process that was started ends").exit_code()
    }

    #[track_caller]
    fn wait_end(&self) {
        let until = Instant::now() + BOUND;
        let mut seen = self.seen();
        while !seen.ended {
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "it does not end:\n{}", seen.text());
            seen = self
                .seen
                .1
                .wait_timeout(seen, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Fails unless the terminal is as it was before the process came.
    #[track_caller]
    pub fn expect_given_back(&self) {
        let seen = self.seen();
        let screen = seen.screen();
        assert!(!screen.alternate_screen(), "the alternate screen is still there");
        assert!(!screen.hide_cursor(), "the cursor is hidden");
        assert!(!screen.bracketed_paste(), "pasted text is still bracketed");
        assert_eq!(
            screen.mouse_protocol_mode(),
            vt100::MouseProtocolMode::None,
            "the mouse"
        );
        assert_eq!(seen.title(), "", "the window's title");
        let now = termios(self.master.as_ref().expect("the terminal is open").as_ref());
        assert_eq!(now, self.termios_before, "echo, lines, signals");
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The keys as a terminal sends them.
pub mod keys {
    pub const ENTER: &str = "\r";
    pub const ESC: &str = "\x1b";
    pub const F2: &str = "\x1bOQ";
    pub const CTRL_C: &str = "\x03";
    pub const CTRL_Z: &str = "\x1a";
    pub const REDRAW: &str = "\x0c";
    pub const DOWN: &str = "\x1b[B";
}

/// What a person does in the screen, as far as more than one test needs it.
impl Terminal {
    /// From the start page of a federation to a run: shows the plan, and agrees.
    #[track_caller]
    pub fn begin(&mut self) {
        self.wait_for("the start page", |seen| seen.text().contains("▸ Show"));
        self.send(keys::ENTER);
        self.wait_plan();
        self.send(keys::ENTER);
        self.wait_for("the walk", |seen| !seen.text().contains("nothing has changed yet"));
    }

    /// Waits until the plan is whole.
    #[track_caller]
    pub fn wait_plan(&self) {
        self.wait_for("the whole plan", |seen| {
            let text = seen.text();
            text.contains("nothing has changed yet") && text.contains("Preflight") && !text.contains("looking")
        });
    }

    /// Waits until a person is asked, or the run has ended; says whether somebody is asked.
    #[track_caller]
    pub fn wait_question(&self) -> bool {
        self.find("a question, or the end", |seen| {
            let over = seen.is_over();
            let asked = seen.title().contains("needs you");
            (over || asked).then_some(!over)
        })
    }

    /// Lets the simulated console do one human step.
    #[track_caller]
    pub fn click(&mut self) {
        let title = self.seen().title();
        self.send("g");
        self.wait_text("F2");
        self.send(keys::F2);
        self.wait_for("an answer of the simulated console", |seen| {
            seen.title() != title || seen.is_over()
        });
    }

    /// Lets the simulated console do all human steps, up to the end of the run.
    #[track_caller]
    pub fn click_to_the_end(&mut self) {
        while self.wait_question() {
            self.click();
        }
    }

    /// Closes what lies over the walk.
    #[track_caller]
    pub fn close_the_end(&mut self) {
        self.send(keys::ESC);
        self.wait_for("the walk", |seen| !seen.is_over() && seen.text().contains("q quit"));
    }
}
