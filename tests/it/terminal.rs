//! A real terminal for the screen's tests and pictures: the binary runs in a pseudo-terminal, and what it writes is kept as
//! the picture that a person would see.

use std::{
    io::{Read, Write},
    num::NonZeroU16,
    path::Path,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use fedwiz::{
    report::words::State,
    tui::keys::{self as table, Action, Place},
};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use tempfile::TempDir;

/// How long anything may take before the test fails. It bounds a hang and measures nothing.
const BOUND: Duration = Duration::from_secs(90);
/// What begins each picture. What comes up to its end is shown at once, as in a terminal that knows this mark.
const PICTURE_BEGINS: &[u8] = b"\x1b[?2026h";
/// What ends each picture.
const PICTURE_ENDS: &[u8] = b"\x1b[?2026l";
/// What is written before a picture that is drawn anew.
const ALL_GONE: &[u8] = b"\x1b[2J";

/// One whole picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// What can be read.
    pub text: String,
    /// The same with colours, marks and cursor.
    pub look: String,
    /// Whether all of it was drawn, and not only what had changed.
    pub anew: bool,
}

/// What was written, and what it looks like.
pub struct Seen {
    parser: vt100::Parser,
    /// Up to where the parser knows what was written.
    fed: usize,
    /// Where the next picture's bytes begin.
    from: usize,
    /// Everything that was written.
    pub bytes: Vec<u8>,
    /// When it was written: seconds since the start, and up to which byte.
    pub written: Vec<(f64, usize)>,
    /// Each whole picture.
    pub pictures: Vec<Picture>,
    /// The process has ended, and everything it wrote was read.
    pub ended: bool,
    /// Nobody reads any more, as when a terminal is closed.
    closed: bool,
}

impl Seen {
    /// The cells as they are.
    pub fn screen(&self) -> &vt100::Screen {
        self.parser.screen()
    }

    /// What can be read: of the last whole picture, or of the shell's screen.
    pub fn text(&self) -> String {
        match self.pictures.last() {
            Some(picture) if self.screen().alternate_screen() => picture.text.clone(),
            _ => self.screen().contents(),
        }
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
        loop {
            let rest = &self.bytes[self.fed..];
            let begins = rest.starts_with(PICTURE_BEGINS);
            let end = if begins {
                find(rest, PICTURE_ENDS).map(|at| at + PICTURE_ENDS.len())
            } else {
                // What may be the first half of the mark waits for the other half.
                let half = (1..PICTURE_BEGINS.len())
                    .rev()
                    .find(|at| rest.ends_with(&PICTURE_BEGINS[..*at]));
                let all = rest.len() - half.unwrap_or(0);
                Some(find(rest, PICTURE_BEGINS).unwrap_or(all)).filter(|end| *end > 0)
            };
            let Some(end) = end.map(|end| self.fed + end) else {
                return;
            };
            self.parser.process(&self.bytes[self.fed..end]);
            self.fed = end;
            if begins {
                let screen = self.parser.screen();
                self.pictures.push(Picture {
                    text: screen.contents(),
                    look: screen.contents_formatted(),
                    anew: find(&self.bytes[self.from..end], ALL_GONE).is_some(),
                });
                self.from = end;
            }
        }
    }

    /// Nothing more comes: shows what waited for more.
    fn end(&mut self) {
        self.parser.process(&self.bytes[self.fed..]);
        self.fed = self.bytes.len();
        self.ended = true;
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
        let seen: Both = Arc::new((
            Mutex::new(Seen {
                parser: vt100::Parser::new(cells(rows), cells(columns), 0),
                fed: 0,
                from: 0,
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
            home,
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
            now.end();
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

    #[track_caller]
    fn expect(&self, text: &str, there: bool) {
        let seen = self.seen();
        assert_eq!(
            seen.text().contains(text),
            there,
            "whether `{text}` is on the screen before the key:\n{}",
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
            seen.parser.set_size(cells(rows), cells(columns));
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

/// What tells the pages apart, whatever they show.
pub mod marks {
    /// The page on what can be done with a federation; its first line is chosen.
    pub const START: &str = "Look around first";
    /// The plan; a teardown's lists say it too.
    pub const PLAN: &str = "nothing has changed yet";
    /// What a federation's teardown asks for.
    pub const TEARDOWN: &str = "to begin:";
    /// The question how to stop.
    pub const STOP: &str = "Stop, and stay here";
    /// The list of federations.
    pub const HOME: &str = "fedwiz connects";
    /// The keys of a page.
    pub const HELP: &str = "Marks of a step";
}

/// How the footer of a place shows a key.
pub fn label(place: Place, action: Action) -> String {
    let key = table::keys(place).find(|key| key.action == action);
    let key = key.unwrap_or_else(|| panic!("{place:?} has no key for {action:?}"));
    format!("{} {}", key.shown, key.word)
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default().trim_end()
}

/// Who is asked, and where that can be seen.
enum Asked {
    /// The walk says that a step asks.
    InTheWalk,
    /// The guide with this heading is open.
    InTheGuide(String),
}

/// What the person is asked by now. Nothing, too, while an answer is looked at.
fn asked(seen: &Seen) -> Option<Asked> {
    let text = seen.text();
    let needs = State::NeedsPerson.word();
    if text.contains(&label(Place::Guide, Action::Click)) {
        let heading = first_line(&text);
        return heading.ends_with(needs).then(|| Asked::InTheGuide(heading.to_owned()));
    }
    let walk = text.contains(&label(Place::Walk, Action::Quit)) && text.contains(&label(Place::Walk, Action::NeedsYou));
    (walk && seen.title().ends_with(needs)).then_some(Asked::InTheWalk)
}

/// What a person does in the screen, as far as more than one test needs it. The window is wide enough for the footers.
impl Terminal {
    /// From the page on what can be done to the whole plan.
    #[track_caller]
    pub fn show_the_plan(&mut self) {
        self.wait_text(marks::START);
        self.send(keys::ENTER);
        self.wait_plan();
    }

    /// Waits until the plan is whole.
    #[track_caller]
    pub fn wait_plan(&self) {
        self.wait_for("the whole plan", |seen| {
            let text = seen.text();
            text.contains(marks::PLAN) && !text.contains(" looking: ")
        });
    }

    /// From the page on what can be done to a run: shows the plan, and agrees.
    #[track_caller]
    pub fn begin(&mut self) {
        self.show_the_plan();
        self.press_away(keys::ENTER, marks::PLAN);
    }

    /// From the walk to the lists of a teardown.
    #[track_caller]
    pub fn show_the_teardown(&mut self) {
        self.send("u");
        self.wait_for("what goes and what stays", |seen| {
            let text = seen.text();
            text.contains(marks::TEARDOWN) && !text.contains(" looking: ")
        });
    }

    /// Waits until a person is asked.
    #[track_caller]
    pub fn wait_question(&self) {
        self.find("a question", asked);
    }

    /// Goes to the guide of a step that asks, if no guide is open.
    #[track_caller]
    pub fn open_the_guide(&mut self) {
        if let Asked::InTheWalk = self.find("a question", asked) {
            self.press("g", &label(Place::Guide, Action::Click));
        }
    }

    /// Lets the simulated console do one human step.
    #[track_caller]
    pub fn click(&mut self) {
        self.open_the_guide();
        let Asked::InTheGuide(heading) = self.find("a guide that asks", asked) else {
            panic!("no guide is open:\n{}", self.seen().text());
        };
        let count = self.seen().pictures.len();
        self.send(keys::F2);
        self.wait_for("an answer of the simulated console", |seen| {
            // While the console clicks, the guide says so.
            let answered = |text: &str| !text.starts_with(&heading) && !first_line(text).ends_with(" clicks");
            seen.pictures[count..].iter().any(|picture| answered(&picture.text))
        });
    }

    /// Waits until a person is asked or the run has ended, and says whether somebody is asked.
    #[track_caller]
    pub fn wait_question_or_end(&self) -> bool {
        self.find("a question, or the end", |seen| {
            let over = seen.is_over();
            (over || asked(seen).is_some()).then_some(!over)
        })
    }

    /// Lets the simulated console do all human steps, up to the end of the run.
    #[track_caller]
    pub fn click_to_the_end(&mut self) {
        while self.wait_question_or_end() {
            self.click();
        }
    }

    /// Closes what lies over the walk when a run has ended.
    #[track_caller]
    pub fn close_the_end(&mut self) {
        self.wait_for("how the run ended", Seen::is_over);
        self.send(keys::ESC);
        self.wait_for("the walk", |seen| {
            !seen.is_over() && seen.text().contains(&label(Place::Walk, Action::Quit))
        });
    }

    /// Leaves with the key for that, from a page that has it and where nothing runs.
    #[track_caller]
    pub fn leave(&mut self) {
        self.send("q");
        let code = self.end();
        assert_eq!(code, 0, "{}", self.seen().text());
        self.expect_given_back();
    }
}
