//! `Terminal`: takes the terminal over and always gives it back: at the end, on an error, in a panic, and while suspended.

use std::{
    io::{self, Stdout, Write},
    mem::ManuallyDrop,
    sync::{
        Once,
        atomic::{AtomicBool, Ordering},
    },
};

use crossterm::{
    cursor::Show,
    event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture},
    execute, queue,
    terminal::{
        BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, SetTitle,
        disable_raw_mode, enable_raw_mode,
    },
};
use ratatui::{Frame, backend::CrosstermBackend};

use crate::fault::{Fault, Kind};

/// True while the terminal is ours.
static OURS: AtomicBool = AtomicBool::new(false);
/// The panic hook is set once, however often the screen is opened.
static HOOK: Once = Once::new();

/// The terminal, while it is ours.
pub struct Terminal {
    /// Never dropped: it would say on stderr that the cursor cannot be shown, and stderr may be gone with the terminal.
    inner: ManuallyDrop<ratatui::Terminal<CrosstermBackend<Stdout>>>,
    mouse: bool,
    title: String,
}

impl Terminal {
    /// Takes the terminal over.
    pub fn take(mouse: bool) -> Result<Self, Fault> {
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                give_back();
                before(info);
            }));
        });
        enter(mouse).map_err(|error| no_terminal(&error))?;
        let inner = ratatui::Terminal::new(CrosstermBackend::new(io::stdout())).map_err(|error| {
            give_back();
            no_terminal(&error)
        })?;
        Ok(Self {
            inner: ManuallyDrop::new(inner),
            mouse,
            title: String::new(),
        })
    }

    /// Draws. Nothing is written where nothing changed.
    pub fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        queue!(self.inner.backend_mut(), BeginSynchronizedUpdate)?;
        self.inner.draw(draw)?;
        execute!(self.inner.backend_mut(), EndSynchronizedUpdate)
    }

    /// Draws everything anew with the next frame. Nothing is asked of the terminal: one that does not answer would hold
    /// everything up.
    pub fn forget(&mut self) -> io::Result<()> {
        let size = self.inner.size()?;
        self.inner.resize(size.into())
    }

    /// Writes the title of the window, if it is another one.
    pub fn title(&mut self, title: &str) -> io::Result<()> {
        if self.title == title {
            return Ok(());
        }
        title.clone_into(&mut self.title);
        execute!(self.inner.backend_mut(), SetTitle(title))
    }

    /// Rings the bell.
    pub fn bell(&mut self) -> io::Result<()> {
        self.inner.backend_mut().write_all(b"\x07")?;
        io::Write::flush(self.inner.backend_mut())
    }

    /// Shows a notice of the desktop, where the terminal hands such things on. The text has nothing that acts on a terminal.
    pub fn notify(&mut self, text: &str) -> io::Result<()> {
        let notice = notice(text, |name| std::env::var(name).ok());
        self.inner.backend_mut().write_all(notice.as_bytes())?;
        io::Write::flush(self.inner.backend_mut())
    }

    /// Puts text on the clipboard of whoever sits at the terminal, also over SSH (OSC 52). Not every terminal takes it.
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        execute!(
            self.inner.backend_mut(),
            crossterm::clipboard::CopyToClipboard::to_clipboard_from(text)
        )
    }

    /// Gives the terminal back, stops this process until somebody continues it, and takes the terminal again.
    pub fn suspend(&mut self) -> Result<(), Fault> {
        give_back();
        #[cfg(unix)]
        let _ = signal_hook::low_level::raise(signal_hook::consts::SIGSTOP);
        enter(self.mouse).map_err(|error| no_terminal(&error))?;
        self.title.clear();
        self.forget().map_err(|error| no_terminal(&error))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        give_back();
    }
}

fn enter(mouse: bool) -> io::Result<()> {
    enable_raw_mode()?;
    OURS.store(true, Ordering::SeqCst);
    let mut out = io::stdout();
    execute!(out, EnterAlternateScreen, EnableBracketedPaste)?;
    if mouse {
        execute!(out, EnableMouseCapture)?;
    }
    Ok(())
}

/// Gives the terminal back as it was. Does nothing when it is not ours; never fails, for there is nobody to tell.
pub fn give_back() {
    if !OURS.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = io::stdout();
    let _ = execute!(
        out,
        EndSynchronizedUpdate,
        DisableMouseCapture,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        Show,
        SetTitle("")
    );
    let _ = out.flush();
    let _ = disable_raw_mode();
}

/// What makes a terminal show a notice: OSC 9 in most, OSC 777 in rxvt and those made with VTE.
fn notice(text: &str, var: impl Fn(&str) -> Option<String>) -> String {
    let term = var("TERM").unwrap_or_default();
    if term.starts_with("rxvt") || var("VTE_VERSION").is_some() {
        return format!("\x1b]777;notify;fedwiz;{text}\x1b\\");
    }
    format!("\x1b]9;fedwiz: {text}\x1b\\")
}

fn no_terminal(error: &io::Error) -> Fault {
    Fault::new(Kind::Usage, "the screen cannot be opened on this terminal")
        .why(error.to_string())
        .hint("Run it at a terminal, or use the commands without a screen: `fedwiz plan`, `fedwiz apply`.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_written_as_the_terminal_understands_it() {
        let as_in = |name: &'static str, value: &'static str| {
            notice("your turn", move |asked| (asked == name).then(|| value.to_owned()))
        };
        assert_eq!(as_in("TERM", "xterm-256color"), "\x1b]9;fedwiz: your turn\x1b\\");
        assert_eq!(as_in("TERM", "rxvt-unicode"), "\x1b]777;notify;fedwiz;your turn\x1b\\");
        assert_eq!(as_in("VTE_VERSION", "7600"), "\x1b]777;notify;fedwiz;your turn\x1b\\");
    }
}
