//! The part of the walk that shows the graph, and how keys and the mouse move through it.

use std::cell::{Cell, RefCell};

use crossterm::event::{MouseButton, MouseEventKind};
use ratatui::{
    Frame,
    layout::{Position, Rect},
};

use super::{
    dag::{Dag, Look, Mode, Way},
    keys::Action,
    page::{Event, Open, Shared},
};

/// How far a page or the wheel moves, in rows.
const WHEEL: usize = 3;

/// The graph on the screen.
#[derive(Debug, Default)]
pub struct GraphPane {
    dag: RefCell<Option<Dag>>,
    offset: Cell<(usize, usize)>,
    /// The node that was brought into view last: what was panned away stays away.
    shown: Cell<Option<usize>>,
    area: Cell<Rect>,
    wish: Option<Mode>,
    /// Where the mouse went down, while it drags.
    drag: Option<(u16, u16)>,
}

impl GraphPane {
    fn dag<T>(&self, open: &Open, with: impl FnOnce(&mut Dag) -> T) -> T {
        let mut dag = self.dag.borrow_mut();
        with(dag.get_or_insert_with(|| Dag::new(open.federation.map())))
    }

    /// Opens or closes the fold in focus. Says whether there is one.
    pub fn turn(&mut self, open: &Open) -> bool {
        self.shown.set(None);
        self.dag(open, |dag| dag.turn(open.focus))
    }

    /// Whether what is in focus stands for many.
    pub fn is_folded(&self, open: &Open) -> bool {
        self.dag(open, |dag| dag.is_folded(open.focus))
    }

    /// Moves through the graph. Says whether the event was for it.
    pub fn on(&mut self, event: &Event, open: &mut Open) -> bool {
        let ways = |way| self.dag(open, |dag| dag.go(open.focus, way));
        let next = match event {
            Event::Act(Action::Left) => ways(Way::Left),
            Event::Act(Action::Right) => ways(Way::Right),
            Event::Act(Action::Up) => ways(Way::Up),
            Event::Act(Action::Down) => ways(Way::Down),
            Event::Act(Action::First) => self.dag(open, |dag| dag.next(None)),
            Event::Act(Action::Last) => self.dag(open, |dag| dag.previous(None)),
            Event::Act(Action::NextInNeed) => self.dag(open, |dag| dag.next_in_need(Some(open.focus), &open.view)),
            Event::Act(Action::PageUp) => return self.pan(open, (0, -(i32::from(self.area.get().height) - 1).max(1))),
            Event::Act(Action::PageDown) => return self.pan(open, (0, (i32::from(self.area.get().height) - 1).max(1))),
            Event::Act(Action::Zoom) => {
                let now = self.wish.or_else(|| self.dag(open, |dag| dag.mode()));
                let at = Mode::ALL.iter().position(|mode| Some(*mode) == now);
                self.wish = match at {
                    Some(at) if at + 1 < Mode::ALL.len() => Some(Mode::ALL[at + 1]),
                    _ => Some(Mode::ALL[0]),
                };
                self.shown.set(None);
                return true;
            }
            Event::Act(Action::Fold) => return self.turn(open),
            Event::Mouse(mouse) => {
                let inside = self.area.get().contains(Position::new(mouse.column, mouse.row));
                match mouse.kind {
                    MouseEventKind::ScrollUp if inside => return self.pan(open, (0, -(WHEEL as i32))),
                    MouseEventKind::ScrollDown if inside => return self.pan(open, (0, WHEEL as i32)),
                    MouseEventKind::ScrollLeft if inside => return self.pan(open, (-(WHEEL as i32), 0)),
                    MouseEventKind::ScrollRight if inside => return self.pan(open, (WHEEL as i32, 0)),
                    MouseEventKind::Down(MouseButton::Left) if inside => {
                        self.drag = Some((mouse.column, mouse.row));
                        let look = Look {
                            focus: Some(open.focus),
                            offset: self.offset.get(),
                        };
                        let area = self.area.get();
                        let at = Position::new(mouse.column, mouse.row);
                        match self.dag(open, |dag| dag.node_at(area, at, &look)) {
                            Some(node) => Some(node),
                            None => return true,
                        }
                    }
                    MouseEventKind::Drag(MouseButton::Left) => {
                        let Some((x, y)) = self.drag.replace((mouse.column, mouse.row)) else {
                            return false;
                        };
                        let by = (
                            i32::from(x) - i32::from(mouse.column),
                            i32::from(y) - i32::from(mouse.row),
                        );
                        return self.pan(open, by);
                    }
                    MouseEventKind::Up(_) => {
                        self.drag = None;
                        return false;
                    }
                    _ => return false,
                }
            }
            _ => return false,
        };
        if let Some(node) = next {
            open.focus = node;
        }
        true
    }

    fn pan(&self, open: &Open, (x, y): (i32, i32)) -> bool {
        let (left, top) = self.offset.get();
        let moved = |from: usize, by: i32| from.saturating_add_signed(by as isize);
        let area = self.area.get();
        let offset = self.dag(open, |dag| dag.clamp(area, (moved(left, x), moved(top, y))));
        self.offset.set(offset);
        // The node in focus may be out of view until it is another one.
        self.shown.set(Some(open.focus));
        true
    }

    /// Draws it.
    pub fn draw(&self, shared: &Shared, open: &Open, frame: &mut Frame<'_>, area: Rect) {
        let resized = self.area.replace(area) != area;
        self.dag(open, |dag| {
            dag.arrange(area, self.wish);
            let mut offset = dag.clamp(area, self.offset.get());
            if resized || self.shown.get() != Some(open.focus) {
                offset = dag.reveal(area, open.focus, offset);
                self.shown.set(Some(open.focus));
            }
            self.offset.set(offset);
            let look = Look {
                focus: Some(open.focus),
                offset,
            };
            dag.draw(area, frame.buffer_mut(), &open.view, &look, &shared.theme);
        });
    }
}
