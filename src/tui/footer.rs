//! The last line of the screen: the keys that matter here, or one line to the person.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::{
    keys::{self, Place},
    page::{Hit, Shared},
};
use crate::report::{
    clean::{cut, width},
    words::Tone,
};

/// Columns between two keys.
const GAP: &str = "   ";

/// Draws it, and marks each key for the mouse.
pub(super) fn draw(shared: &Shared, place: Place, frame: &mut Frame<'_>, area: Rect) {
    let theme = &shared.theme;
    if let Some(say) = &shared.say {
        let text = cut(say, usize::from(area.width).saturating_sub(1), theme.ascii).into_owned();
        frame.render_widget(Line::styled(format!(" {text}"), theme.tone(Tone::Call)), area);
        return;
    }
    let mut spans = vec![Span::raw(" ")];
    let mut used = 1;
    for key in keys::keys(place).filter(|key| key.footer) {
        let wide = width(key.shown) + 1 + width(key.word);
        let gap = if used > 1 { GAP.len() } else { 0 };
        if used + gap + wide > usize::from(area.width) {
            break;
        }
        if gap > 0 {
            spans.push(Span::raw(GAP));
            used += gap;
        }
        shared.mark(
            Rect {
                x: area.x + u16::try_from(used).unwrap_or(u16::MAX),
                width: u16::try_from(wide).unwrap_or(u16::MAX),
                ..area
            },
            Hit::Act(key.action),
        );
        spans.push(Span::styled(key.shown, theme.accent()));
        spans.push(Span::styled(format!(" {}", key.word), theme.quiet()));
        used += wide;
    }
    frame.render_widget(Line::from(spans), area);
}
