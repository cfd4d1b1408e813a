//! A bar: how far something has come, in eighths of a column, with its numbers beside it.

use ratatui::text::{Line, Span};

use crate::{report::view::Progress, tui::theme::Theme};

const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// A bar of this many columns.
pub fn bar(theme: &Theme, progress: Progress, columns: usize) -> Line<'static> {
    let (done, total) = (u64::from(progress.done), u64::from(progress.total.max(1)));
    let columns = columns as u64;
    if theme.ascii {
        let full = usize::try_from(done * columns / total).unwrap_or(0);
        let rest = usize::try_from(columns).unwrap_or(0) - full;
        return Line::from(vec![
            Span::styled("#".repeat(full), theme.strong()),
            Span::styled("-".repeat(rest), theme.line()),
        ]);
    }
    let eighths = done * columns * 8 / total;
    let full = usize::try_from(eighths / 8).unwrap_or(0);
    let part = EIGHTHS[usize::try_from(eighths % 8).unwrap_or(0)];
    let rest = usize::try_from(columns).unwrap_or(0) - full - usize::from(!part.is_empty());
    Line::from(vec![
        Span::styled(
            format!("{}{part}", "█".repeat(full)),
            theme.tone(crate::report::words::Tone::Good),
        ),
        Span::styled("░".repeat(rest), theme.line()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_it_is_told_to_be() {
        for ascii in [false, true] {
            let theme = Theme {
                ascii,
                ..Theme::default()
            };
            for done in 0..=31 {
                let line = bar(&theme, Progress { done, total: 31 }, 17);
                assert_eq!(line.width(), 17, "{done} of 31");
            }
        }
    }
}
