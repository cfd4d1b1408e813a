//! The walk: phases, the graph with the live state of every step, the step in focus, and what goes on.
//!
//! ```text
//!  contoso  contoso.onmicrosoft.com ⇄ aws (us-east-1)        set-up 25/38 · 4:12 · 1 needs you
//!  ◆ Your turn: Copy the service provider values from AWS · g shows what to do
//!  ✔ 0 Preflight 7/7   ✔ 1 Prepare the tenant 8/8   ◆ 3 SAML sign-in 2/6   ○ 4 SCIM 0/8
//!      ✔ app ━━━━━━━▶ ✔ saml-mode ━━━━━┓
//!  ┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┛
//! ─ ◆ Copy AWS's values · needs you ─────────┬─ Activity, UTC ─────────────────────
//!  You     Press g: it shows what to do.     │ 09:04:23 ◆ Copy AWS's values  needs you
//! ```

mod activity;
mod focus;
mod head;

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::Line,
};

use self::{
    activity::Log,
    head::{draw_banner, draw_head, draw_phase_line, draw_phases},
};
use super::{
    access::AccessPage, ask::Ask, finder, guide::GuideScreen, health::HealthPage, start::Start, step, step::StepScreen,
    teardown::Teardown,
};
use crate::{
    engine::{driver::Order, fact::Intent},
    tui::{
        graph::GraphPane,
        keys::{Action, Place},
        page::{Effect, Event, Open, Page, Shared},
        widget::{
            bar::bar,
            line::{heading, put},
        },
    },
};

/// From this width on, the step in focus and what goes on stand side by side.
const BESIDE: u16 = 100;
/// From this size on, phases and the step in focus stand beside the graph.
const WIDE: (u16, u16) = (160, 34);
/// Columns of what stands beside the graph.
const SIDE: u16 = 44;
/// Below this size only what matters most is shown.
const SMALL: (u16, u16) = (50, 14);

/// The parts of the screen that keys can go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Part {
    #[default]
    Graph,
    Activity,
}

/// The walk.
#[derive(Debug, Default)]
pub struct Walk {
    part: Part,
    graph: GraphPane,
    log: Log,
    /// Keep what is at work in view.
    follow: bool,
    /// What was at work when it was last followed.
    followed: Option<usize>,
}

impl Walk {
    fn follow_what_goes_on(&mut self, open: &mut Open) {
        let view = &open.view;
        let at_work = open
            .questions
            .first()
            .map(|question| question.node)
            .or_else(|| view.active().next());
        if let Some(node) = at_work
            && self.followed != Some(node)
        {
            self.followed = Some(node);
            open.focus = node;
        }
    }
}

impl Page for Walk {
    fn place(&self) -> Place {
        Place::Walk
    }

    fn on(&mut self, shared: &mut Shared, event: &Event) -> Vec<Effect> {
        let Some(open) = &mut shared.open else {
            return vec![Effect::Back];
        };
        match event {
            Event::Tick => {
                let begins = open.running.is_some() && self.followed.is_none();
                if self.follow || begins && !shared.still {
                    self.follow = true;
                    self.follow_what_goes_on(open);
                }
                if open.running.is_none() {
                    self.followed = None;
                    self.follow = false;
                }
            }
            Event::Act(Action::Choose) => {
                if self.graph.is_folded(open) {
                    self.graph.turn(open);
                    return Vec::new();
                }
                return vec![Effect::Show(Box::new(StepScreen::of(open.focus)))];
            }
            Event::Act(Action::Begin) => {
                if open.running.is_none() {
                    return vec![Effect::Show(Box::new(Start::default()))];
                }
                shared.say = Some("It is running already.".into());
            }
            Event::Act(Action::TakeBack) => {
                if open.running.is_none() {
                    return vec![
                        Effect::Show(Box::new(Teardown::default())),
                        Effect::Start(Intent::PlanDown),
                    ];
                }
                shared.say = Some("Let it come to its end first, or stop it (q).".into());
            }
            Event::Act(Action::Access) => match AccessPage::of(open) {
                Some(page) => return vec![Effect::Show(Box::new(page))],
                None => shared.say = Some("This federation assigns nobody to an account.".into()),
            },
            Event::Act(Action::Health) => return vec![Effect::Show(Box::new(HealthPage::default()))],
            Event::Act(Action::NeedsYou) => match GuideScreen::of_first(open) {
                Some(guide) => return vec![Effect::Show(Box::new(guide))],
                None => {
                    let next = open.view.needs_person().next().or_else(|| open.view.failures().next());
                    match next {
                        Some(node) => open.focus = node,
                        None => shared.say = Some("Nothing needs you at the moment.".into()),
                    }
                }
            },
            Event::Act(Action::NextInNeed)
                if open.view.failures().next().is_none() && open.view.needs_person().next().is_none() =>
            {
                shared.say = Some("Nothing failed, and nothing needs you.".into());
            }
            Event::Act(Action::Search) => return vec![Effect::Show(Box::new(finder::steps()))],
            Event::Act(Action::Pause) => match open.running {
                Some(_) if open.view.is_paused() => return vec![Effect::Tell(Order::Resume)],
                Some(_) => return vec![Effect::Tell(Order::Pause)],
                None => shared.say = Some("Nothing is running.".into()),
            },
            Event::Act(Action::Follow) => {
                self.follow = !self.follow;
                self.followed = None;
                let how = if self.follow {
                    "following what goes on"
                } else {
                    "not following"
                };
                shared.say = Some(how.into());
            }
            Event::Act(Action::Filter) => self.log.filter = !self.log.filter,
            Event::Act(Action::NextPart | Action::PartBefore) => {
                self.part = match self.part {
                    Part::Graph => Part::Activity,
                    Part::Activity => Part::Graph,
                };
                self.log.release();
            }
            Event::Act(action @ (Action::Retry | Action::Skip | Action::LookNow | Action::MyWord)) => {
                match step::order(open, open.focus, *action) {
                    Ok(Order::TakeMyWord(id)) => return vec![Effect::Show(Box::new(Ask::for_my_word(id, None)))],
                    Ok(order) => return vec![Effect::Tell(order)],
                    Err(why) => shared.say = Some(why.into()),
                }
            }
            Event::Act(Action::Back) => {
                if open.running.is_some() {
                    shared.say = Some("It is running: q stops it.".into());
                } else {
                    return vec![Effect::Home];
                }
            }
            Event::Row(node) => {
                if open.focus == *node {
                    return vec![Effect::Show(Box::new(StepScreen::of(*node)))];
                }
                open.focus = *node;
                self.follow = false;
            }
            _ if self.part == Part::Activity => {
                if let Some(node) = self.log.on(event, open) {
                    open.focus = node;
                    self.follow = false;
                }
            }
            _ => {
                if self.graph.on(event, open) {
                    self.follow = false;
                }
            }
        }
        Vec::new()
    }

    fn draw(&self, shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
        let Some(open) = &shared.open else { return };
        let [head, banner, body] =
            Layout::vertical([Constraint::Length(1), Constraint::Length(1), Constraint::Min(0)]).areas(area);
        draw_head(shared, open, frame, head);
        draw_banner(shared, open, frame, banner);
        if area.width < SMALL.0 || area.height < SMALL.1 {
            self.draw_small(shared, open, frame, body);
        } else if area.width >= WIDE.0 && area.height >= WIDE.1 {
            self.draw_wide(shared, open, frame, body);
        } else if area.width >= BESIDE {
            self.draw_beside(shared, open, frame, body);
        } else {
            self.draw_stacked(shared, open, frame, body);
        }
    }
}

impl Walk {
    /// Only what matters most: the step in focus, and the phases where there is room.
    fn draw_small(&self, shared: &Shared, open: &Open, frame: &mut Frame<'_>, area: Rect) {
        let phases = u16::try_from(open.view.chapters().len()).unwrap_or(0);
        let phases = if area.height >= phases + 3 { phases } else { 0 };
        let [top, heading, rest] =
            Layout::vertical([Constraint::Length(phases), Constraint::Length(1), Constraint::Min(0)]).areas(area);
        draw_phases(shared, open, frame, inset(top));
        self.draw_focus_title(shared, open, frame, heading);
        focus::draw(shared, open, frame, inset(rest));
    }

    /// One below the other.
    fn draw_stacked(&self, shared: &Shared, open: &Open, frame: &mut Frame<'_>, area: Rect) {
        let [phases, main, first, focus, second, activity] = Layout::vertical([
            Constraint::Length(1),
            Constraint::Min(4),
            Constraint::Length(1),
            Constraint::Length((area.height / 6).clamp(2, 6)),
            Constraint::Length(1),
            Constraint::Length((area.height / 6).clamp(2, 8)),
        ])
        .areas(area);
        draw_phase_line(shared, open, frame, phases);
        self.graph.draw(shared, open, frame, main);
        self.draw_focus_title(shared, open, frame, first);
        focus::draw(shared, open, frame, inset(focus));
        self.draw_activity_title(shared, frame, second);
        self.draw_activity(shared, open, frame, activity);
    }

    /// The graph over all columns, the step in focus and what goes on side by side below.
    fn draw_beside(&self, shared: &Shared, open: &Open, frame: &mut Frame<'_>, area: Rect) {
        let [phases, main, below] = Layout::vertical([
            Constraint::Length(1),
            Constraint::Min(4),
            Constraint::Length((area.height * 3 / 10).clamp(5, 14)),
        ])
        .areas(area);
        draw_phase_line(shared, open, frame, phases);
        self.graph.draw(shared, open, frame, main);
        let [left, right] = Layout::horizontal([Constraint::Percentage(46), Constraint::Min(20)]).areas(below);
        let [title, focus] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(left);
        self.draw_focus_title(shared, open, frame, title);
        focus::draw(shared, open, frame, inset(focus));
        let [title, activity] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(right);
        self.draw_activity_title(shared, frame, title);
        self.draw_activity(shared, open, frame, activity);
        border(shared, frame, right.x, left, right);
    }

    /// Phases and the step in focus beside the graph, what goes on below.
    fn draw_wide(&self, shared: &Shared, open: &Open, frame: &mut Frame<'_>, area: Rect) {
        let [top, below] =
            Layout::vertical([Constraint::Min(10), Constraint::Length((area.height / 4).clamp(6, 16))]).areas(area);
        let [side, main] = Layout::horizontal([Constraint::Length(SIDE), Constraint::Min(40)]).areas(top);
        let phases = u16::try_from(open.view.chapters().len()).unwrap_or(0);
        let [phases, progress, heading, focus] = Layout::vertical([
            Constraint::Length(phases),
            Constraint::Length(2),
            Constraint::Length(1),
            Constraint::Min(3),
        ])
        .areas(side);
        draw_phases(shared, open, frame, inset(phases));
        let line = Rect {
            height: 1,
            ..inset(progress)
        };
        let progress = bar(&shared.theme, open.view.progress(), usize::from(line.width));
        put(&shared.theme, progress, frame, line);
        self.draw_focus_title(shared, open, frame, heading);
        focus::draw(shared, open, frame, inset(focus));
        self.graph.draw(shared, open, frame, main);
        let [title, activity] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(below);
        self.draw_activity_title(shared, frame, title);
        self.draw_activity(shared, open, frame, activity);
    }

    fn draw_focus_title(&self, shared: &Shared, open: &Open, frame: &mut Frame<'_>, area: Rect) {
        let title = focus::title(&shared.theme, open, usize::from(area.width));
        heading(&shared.theme, &title, false, frame, area);
    }

    fn draw_activity_title(&self, shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
        heading(
            &shared.theme,
            self.log.title(),
            self.part == Part::Activity,
            frame,
            area,
        );
    }

    fn draw_activity(&self, shared: &Shared, open: &Open, frame: &mut Frame<'_>, area: Rect) {
        self.log.draw(shared, open, self.part == Part::Activity, frame, area);
    }
}

/// One column further in on either side.
fn inset(area: Rect) -> Rect {
    Rect {
        x: area.x + 1,
        width: area.width.saturating_sub(2),
        ..area
    }
}

/// The line between two parts that stand side by side, below their headings.
fn border(shared: &Shared, frame: &mut Frame<'_>, x: u16, left: Rect, right: Rect) {
    let theme = &shared.theme;
    for y in left.y + 1..right.bottom() {
        let cell = Rect {
            x: x.saturating_sub(1),
            y,
            width: 1,
            height: 1,
        };
        put(theme, Line::styled(theme.either("│", "|"), theme.line()), frame, cell);
    }
}
