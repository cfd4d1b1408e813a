//! Frames with a heading, and things laid over the middle of the screen.

use ratatui::{
    Frame,
    layout::{Constraint, Flex, Layout, Rect},
    style::Style,
    symbols::border,
    text::Line,
    widgets::{Block, Clear},
};

use super::{
    line::{choice, most, put, row},
    scroll::Scroll,
};
use crate::{
    report::clean::{cut, width, wrap},
    tui::{
        page::{Hit, Shared},
        theme::Theme,
    },
};

const ASCII_BORDER: border::Set<'static> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

/// A frame with a heading. One in focus has a heavier heading, not only another colour.
pub fn block<'t>(theme: &Theme, title: &str, focus: bool) -> Block<'t> {
    let mark = if focus { theme.either("▸ ", "> ") } else { "" };
    let style = if focus { theme.strong() } else { Style::new() };
    Block::bordered()
        .border_set(if theme.ascii { ASCII_BORDER } else { border::PLAIN })
        .border_style(theme.line())
        .title(Line::styled(format!(" {mark}{} ", theme.words(title)), style))
}

/// Draws a frame and gives what is inside of it.
pub fn framed(theme: &Theme, title: &str, focus: bool, frame: &mut Frame<'_>, area: Rect) -> Rect {
    let room = usize::from(area.width).saturating_sub(6);
    let block = block(theme, &cut(&theme.words(title), room, theme.ascii), focus);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    inner
}

/// A frame laid over the middle, of this size where there is room for it.
pub fn over(theme: &Theme, title: &str, size: (u16, u16), frame: &mut Frame<'_>, area: Rect) -> Rect {
    let [row] = Layout::vertical([Constraint::Length(size.1.min(area.height))])
        .flex(Flex::Center)
        .areas(area);
    let [place] = Layout::horizontal([Constraint::Length(size.0.min(area.width))])
        .flex(Flex::Center)
        .areas(row);
    // A few columns that are left on either side say nothing any more.
    let beside = area.width.saturating_sub(place.width) <= BESIDE;
    let cleared = if beside {
        Rect {
            x: area.x,
            width: area.width,
            ..place
        }
    } else {
        place
    };
    frame.render_widget(Clear, cleared);
    // Half of a wide letter that it covers does not stay beside it.
    let buffer = frame.buffer_mut();
    for y in place.y..place.bottom() {
        if place.x > 0 && width(buffer[(place.x - 1, y)].symbol()) > 1 {
            buffer[(place.x - 1, y)].set_symbol(" ");
        }
    }
    framed(theme, title, true, frame, place)
}

/// What is left of the page below is not shown, where it is no wider than this on both sides together.
const BESIDE: u16 = 12;

/// Columns of a frame that are not for what is in it: two of its border, two of blanks.
const EDGES: u16 = 4;

/// A text that can be longer than the screen, laid over the middle.
pub fn text_over(
    theme: &Theme,
    title: &str,
    widest: u16,
    lines: impl Fn(usize) -> Vec<Line<'static>>,
    scroll: &Scroll,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let columns = area.width.saturating_sub(2).min(widest);
    let lines = lines(usize::from(columns.saturating_sub(EDGES)));
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
    let inner = over(theme, title, (columns, height), frame, area);
    for (at, row) in scroll.text_rows(theme, lines.len(), frame, inner) {
        put(theme, lines[at].clone(), frame, row);
    }
}

/// A question laid over the middle: a text, and below it so many rows for the answer. Gives those rows. Where there is no
/// room for both, the answer is worth more than the text.
pub fn question_over(
    theme: &Theme,
    title: &str,
    text: &[String],
    answer: usize,
    frame: &mut Frame<'_>,
    area: Rect,
) -> Rect {
    let columns = area.width.saturating_sub(2).min(WIDEST);
    let room = usize::from(columns.saturating_sub(EDGES));
    let lines: Vec<Line<'static>> = text
        .iter()
        .flat_map(|text| wrap(&theme.words(text), room))
        .map(Line::raw)
        .collect();
    let height = u16::try_from(lines.len() + answer + 3).unwrap_or(u16::MAX);
    let inner = over(theme, title, (columns, height), frame, area);
    let free = usize::from(inner.height).saturating_sub(answer);
    let mut y = inner.y;
    for line in most(theme, lines, free, room, "") {
        put(theme, line, frame, row(inner, y));
        y += 1;
    }
    if usize::from(inner.bottom().saturating_sub(y)) > answer {
        y += 1;
    }
    Rect {
        y,
        height: inner.bottom().saturating_sub(y),
        ..inner
    }
}

/// The most columns of a question.
const WIDEST: u16 = 76;

/// What can be chosen, one a row. Each row takes clicks.
pub fn choices(shared: &Shared, words: &[&str], scroll: &Scroll, frame: &mut Frame<'_>, area: Rect) {
    for (at, row) in scroll.rows(&shared.theme, words.len(), frame, area) {
        put(
            &shared.theme,
            choice(&shared.theme, at == scroll.at, words[at]),
            frame,
            row,
        );
        shared.mark(row, Hit::Row(at));
    }
}
