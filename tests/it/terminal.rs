//! A real terminal for the screen's tests and pictures: the binary runs in a pseudo-terminal, and what it writes is kept as
//! the picture that a person would see.

#[path = "terminal/person.rs"]
pub mod person;
#[path = "terminal/seen.rs"]
mod seen;

use std::{
    io::{Read, Write},
    path::Path,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use tempfile::TempDir;

pub use self::seen::{Picture, Seen};

/// How long anything may take before the test fails. It bounds a hang and measures nothing.
const BOUND: Duration = Duration::from_secs(90);
type Both = Arc<(Mutex<Seen>, Condvar)>;

/// A process in a terminal of its own.
pub struct Terminal {
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Option<Box<dyn Write + Send>>,
    child: Box<dyn Child + Send + Sync>,
    seen: Both,
    reader: Option<JoinHandle<()>>,
    termios_before: String,
    home: TempDir,
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
        // No browser is found.
        command.env("PATH", home.path());
        command.env("FEDWIZ_STATE_DIR", home.path().join("state"));
        command.env("FEDWIZ_CONFIG_DIR", home.path().join("config"));
        for (name, value) in &self.env {
            command.env(name, value);
        }
        let termios_before = termios(pair.master.as_ref());
        let child = pair.slave.spawn_command(command).expect("the binary starts");
        drop(pair.slave);
        let seen: Both = Arc::new((Mutex::new(Seen::new(rows, columns)), Condvar::new()));
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
            home,
        }
    }
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
    let mut buffer = vec![0; 65536];
    loop {
        let count = from.read(&mut buffer).unwrap_or(0);
        let mut now = seen.0.lock().unwrap_or_else(PoisonError::into_inner);
        if count == 0 {
            now.end();
        } else {
            now.take(&buffer[..count]);
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

    /// The person's folder.
    pub fn home(&self) -> &Path {
        self.home.path()
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

    /// Types one key that brings this, and waits until it can be read. It must not be there before: else nothing is known
    /// about the key.
    #[track_caller]
    pub fn press(&mut self, key: &str, next: &str) {
        self.expect(next, false);
        self.send(key);
        self.wait_text(next);
    }

    /// Types one key that takes this away, and waits until it is gone.
    #[track_caller]
    pub fn press_away(&mut self, key: &str, gone: &str) {
        self.expect(gone, true);
        self.send(key);
        self.wait_for(&format!("the end of `{gone}`"), |seen| !seen.text().contains(gone));
    }

    /// Fails if this can be read.
    #[track_caller]
    pub fn expect_gone(&self, text: &str) {
        self.expect(text, false);
    }

    #[track_caller]
    fn expect(&self, text: &str, there: bool) {
        let seen = self.seen();
        assert_eq!(
            seen.text().contains(text),
            there,
            "whether `{text}` is on the screen:\n{}",
            seen.text()
        );
    }

    /// Waits until all keys were taken, and gives the picture. Keys are taken one after the other, and this one draws
    /// everything anew on each page, whatever it shows. Not after Esc alone: a key right behind it would make it another.
    #[track_caller]
    pub fn settle(&mut self) -> Picture {
        let count = self.seen().pictures.len();
        self.send(keys::REDRAW);
        self.find("the picture, drawn anew", |seen| {
            seen.pictures[count..].iter().find(|picture| picture.anew).cloned()
        })
    }

    /// Makes the window another size, and waits for a picture of that size: it is drawn anew.
    #[track_caller]
    pub fn resize(&mut self, columns: u16, rows: u16) {
        let count = {
            let mut seen = self.seen();
            seen.resize(rows, columns);
            seen.pictures.len()
        };
        let master = self.master.as_ref().expect("the terminal is open");
        master.resize(size(columns, rows)).expect("another size");
        self.wait_for(&format!("a picture of {columns}×{rows}"), |seen| {
            seen.pictures[count..].iter().any(|picture| picture.anew)
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
        self.send(keys::REDRAW);
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
    pub const F4: &str = "\x1bOS";
    pub const CTRL_C: &str = "\x03";
    pub const CTRL_Z: &str = "\x1a";
    pub const REDRAW: &str = "\x0c";
    pub const UP: &str = "\x1b[A";
    pub const DOWN: &str = "\x1b[B";
}
