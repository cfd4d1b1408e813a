//! Frames with a heading, and things laid over the middle of the screen.

use ratatui::{
    Frame,
    layout::{Constraint, Flex, Layout, Rect},
    style::Style,
    symbols::border,
    text::Line,
    widgets::{Block, Clear},
};

use crate::{report::clean::cut, tui::theme::Theme};

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
    frame.render_widget(Clear, place);
    framed(theme, title, true, frame, place)
}
