//! How long one picture takes: what came in since the last one, and all that is written to the terminal.

use std::{
    io::{self, Write},
    path::Path,
    sync::Arc,
};

use async_trait::async_trait;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use fedwiz::{
    engine::{
        fact::Intent,
        guide::{Entry, Operator},
    },
    fault::Fault,
    report::view::View,
    tui::{
        app::App,
        dag::map::Map,
        host::{Choice, Draft, Federation, Folder, Host, Known, Running, SignIn, Wrong},
        page::{Effect, Open, Shared},
        screen::{access::AccessPage, walk::Walk},
        theme::Theme,
    },
};
use jiff::Timestamp;
use ratatui::{Terminal, TerminalOptions, Viewport, backend::CrosstermBackend, buffer::Buffer, layout::Rect};
use secrecy::SecretString;
use tokio::sync::mpsc;

use crate::{
    Wish,
    fleet::{Fleet, Story},
    machine::{median, millis, percentile, time},
    table::{Table, Unit},
};

const SCREEN: Rect = Rect::new(0, 0, 200, 60);
/// How many notices come between two pictures: at the limits that AWS sets there are fewer.
const NOTICES: usize = 8;
/// How many pictures one round takes.
const PICTURES: usize = 500;
const TARGET: f64 = 4.0;
/// From a key to the picture, in milliseconds.
const KEY: f64 = 16.0;
/// In the order of the key that goes from one to the next.
const MODES: [&str; 4] = ["boxes", "chips", "tree", "counts"];

pub fn measure(wish: &Wish, table: &mut Table) {
    let nodes = if wish.quick { 1_000 } else { 5_000 };
    let fleet = Fleet::of(nodes);
    let empty = median(wish.rounds(), || {
        let mut show = Show::of_nothing();
        p99(wish, || show.draw())
    });
    table.note("frame: an empty page", Unit::Millis, empty, "");
    for folded in [true, false] {
        let mut show = Show::of(&fleet);
        if !folded {
            show.focus(fleet.one_of_many());
            show.key(KeyCode::Char(' '));
        }
        show.zoom_to_counts();
        for mode in MODES {
            show.key(KeyCode::Char('z'));
            // What is laid out anew is measured by itself.
            show.draw();
            let p99 = median(wish.rounds(), || p99(wish, || show.frame()));
            let how = if folded { "folded" } else { "open" };
            table.row(
                format!("frame p99: {nodes} nodes {how}, {mode}, {NOTICES} notices, the focus moves"),
                Unit::Millis,
                p99,
                TARGET,
                format!("{:.1} × an empty page", p99 / empty),
            );
        }
    }
    measure_table(wish, table, empty);
}

/// The table of access, with as many assignments as a large company has: one picture as the loop draws it, and from a key to the
/// picture that it changes.
fn measure_table(wish: &Wish, table: &mut Table, empty: f64) {
    let nodes = if wish.quick { 2_000 } else { 20_000 };
    let fleet = Fleet::of(nodes);
    let mut show = Show::of(&fleet);
    let walk = median(wish.rounds(), || p99(wish, || show.frame()));
    table.row(
        format!("frame p99: {nodes} assignments, the walk, {NOTICES} notices, the focus moves"),
        Unit::Millis,
        walk,
        TARGET,
        format!("{:.1} × an empty page", walk / empty),
    );
    show.app.show(Box::new(AccessPage::default()));
    let drawn = median(wish.rounds(), || p99(wish, || show.frame()));
    table.row(
        format!("frame p99: {nodes} assignments, the table, {NOTICES} notices, the focus moves"),
        Unit::Millis,
        drawn,
        TARGET,
        format!("{:.1} × an empty page", drawn / empty),
    );
    let keys = [
        KeyCode::Right,
        KeyCode::PageDown,
        KeyCode::Char('v'),
        KeyCode::End,
        KeyCode::Char('n'),
    ];
    let mut next = keys.iter().cycle();
    let keyed = median(wish.rounds(), || {
        p99(wish, || {
            show.key(*next.next().unwrap());
            show.draw();
        })
    });
    table.row(
        format!("frame p99: {nodes} assignments, the table, from a key to the picture"),
        Unit::Millis,
        keyed,
        KEY,
        String::new(),
    );
}

fn p99(wish: &Wish, mut picture: impl FnMut()) -> f64 {
    let pictures = if wish.quick { 20 } else { PICTURES };
    let mut times: Vec<f64> = (0..pictures).map(|_| millis(time(&mut picture).0)).collect();
    percentile(&mut times, 99)
}

/// Where the bytes for the terminal go.
#[derive(Default)]
struct Sink(usize);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The screen with a walk on it.
struct Show {
    app: App,
    terminal: Terminal<CrosstermBackend<Sink>>,
    story: Option<Story>,
    pictures: usize,
}

impl Show {
    fn of_nothing() -> Self {
        let viewport = Viewport::Fixed(SCREEN);
        let backend = CrosstermBackend::new(Sink::default());
        Self {
            app: App::new(Shared::new(Arc::new(Machine), Theme::default())),
            terminal: Terminal::with_options(backend, TerminalOptions { viewport }).unwrap(),
            story: None,
            pictures: 0,
        }
    }

    /// A run that has just begun.
    fn of(fleet: &Fleet) -> Self {
        let mut show = Self::of_nothing();
        let on_screen = OnScreen {
            view: fleet.empty.clone(),
            map: fleet.map.clone(),
        };
        show.app.opened(Open::new(Arc::new(on_screen)));
        show.app.show(Box::new(Walk::default()));
        show.app.begins(Intent::Up);
        let mut story = Story::of(&fleet.ids);
        show.app.notice(&story.begins());
        show.story = Some(story);
        show.draw();
        show
    }

    fn focus(&mut self, node: usize) {
        self.app.shared.open.as_mut().unwrap().focus = node;
    }

    fn key(&mut self, code: KeyCode) {
        for effect in self.app.key(&KeyEvent::new(code, KeyModifiers::NONE)) {
            assert!(matches!(effect, Effect::Act(_)), "the key leads away from the walk");
        }
    }

    /// Zooms until there is neither a picture nor a tree.
    fn zoom_to_counts(&mut self) {
        for _ in MODES {
            self.key(KeyCode::Char('z'));
            let text = self.text();
            if !["▶", "├─", "╰─"].iter().any(|mark| text.contains(mark)) {
                return;
            }
        }
        panic!("none of the zooms shows counts only:\n{}", self.text());
    }

    fn text(&mut self) -> String {
        let app = &self.app;
        let mut seen = Buffer::empty(SCREEN);
        self.terminal
            .draw(|frame| {
                app.draw(frame);
                seen = frame.buffer_mut().clone();
            })
            .unwrap();
        seen.content().iter().map(|cell| cell.symbol()).collect()
    }

    fn draw(&mut self) {
        let app = &self.app;
        self.terminal.draw(|frame| app.draw(frame)).unwrap();
    }

    /// What the loop does for one picture.
    fn frame(&mut self) {
        self.pictures += 1;
        for _ in 0..NOTICES {
            let notice = self.story.as_mut().map(Story::next).unwrap();
            self.app.notice(&notice);
        }
        if self.pictures.is_multiple_of(4) {
            self.key(KeyCode::Down);
        }
        self.app.tick();
        self.draw();
    }
}

/// A federation that is only shown.
struct OnScreen {
    view: View,
    map: Map,
}

impl Federation for OnScreen {
    fn name(&self) -> String {
        "contoso".into()
    }

    fn leads(&self) -> String {
        "contoso.onmicrosoft.com ⇄ aws (us-east-1)".into()
    }

    fn view(&self) -> View {
        self.view.clone()
    }

    fn map(&self) -> Map {
        self.map.clone()
    }

    fn needs(&self, _: usize) -> Vec<usize> {
        Vec::new()
    }

    fn needed_by(&self, _: usize) -> Vec<usize> {
        Vec::new()
    }

    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn warning(&self) -> Option<String> {
        None
    }

    fn upkeep(self: Arc<Self>) -> Arc<dyn fedwiz::tui::upkeep::Upkeep> {
        unreachable!("it is not looked after here")
    }

    fn start(&self, _: Intent, _: bool, _: Arc<dyn Operator>) -> Running {
        unreachable!("nothing runs here")
    }

    fn console(&self) -> Option<Arc<dyn Operator>> {
        None
    }

    fn command(&self, _: Intent) -> String {
        "fedwiz apply".into()
    }
}

/// A machine with no federation.
struct Machine;

#[async_trait]
impl Host for Machine {
    fn known(&self) -> Vec<Known> {
        Vec::new()
    }

    async fn open(&self, _: &str) -> Result<Arc<dyn Federation>, Fault> {
        unreachable!("nothing is opened here")
    }

    fn draft(&self) -> Draft {
        Draft::default()
    }

    fn preview(&self, _: &Draft) -> Result<String, Vec<Wrong>> {
        Err(Vec::new())
    }

    async fn look_up(&self, _: &Draft, _: &str, _: &str) -> Result<Vec<Choice>, Fault> {
        unreachable!("nothing is looked up here")
    }

    fn save(&self, _: &Draft) -> Result<String, Fault> {
        unreachable!("nothing is saved here")
    }

    fn bring(&self, _: Entry, _: SecretString) -> Result<SecretString, Fault> {
        unreachable!("nothing is brought here")
    }

    fn folder(&self, _: Option<&Path>) -> Result<Folder, Fault> {
        unreachable!("no folder is read here")
    }

    fn prompts(&self) -> Option<mpsc::UnboundedReceiver<Option<SignIn>>> {
        None
    }
}
