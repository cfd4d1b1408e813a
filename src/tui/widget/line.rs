//! Lines of text on the screen. Pages draw all their text here, so that nothing is cut without a mark, and nothing is
//! written over anything else.

use ratatui::{
    Frame,
    buffer::Buffer,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

use crate::{
    report::clean::{cut, head, width, wrap},
    tui::theme::Theme,
};

/// Columns of a label in front of a text.
pub const LABEL: usize = 8;

/// Draws a line in the first row of an area. What does not fit is cut, and marked.
pub fn put<'l>(theme: &Theme, line: impl Into<Line<'l>>, frame: &mut Frame<'_>, area: Rect) {
    let area = Rect {
        height: area.height.min(1),
        ..area.intersection(frame.area())
    };
    if area.is_empty() {
        return;
    }
    let line = fit(theme, line.into(), usize::from(area.width));
    let used = Rect {
        width: u16::try_from(line.width()).unwrap_or(u16::MAX).min(area.width),
        ..area
    };
    debug_assert!(
        is_blank(frame.buffer_mut(), used),
        "something is drawn already where {:?} goes: {used:?}",
        line.to_string()
    );
    frame.render_widget(line, area);
}

/// Whether nothing is drawn there yet.
fn is_blank(buffer: &Buffer, area: Rect) -> bool {
    area.positions().all(|at| buffer[at].symbol() == " ")
}

/// The row at this height of a page, one column further in on either side; empty where the page ends above it.
pub fn row(area: Rect, y: u16) -> Rect {
    Rect {
        x: area.x + 1,
        y,
        width: area.width.saturating_sub(2),
        height: u16::from((area.y..area.bottom()).contains(&y)),
    }
}

/// The most columns of running text: the eye does not find back from the end of longer lines.
const WIDEST_TEXT: usize = 118;

/// The columns of running text where there are so many.
pub fn reading(columns: usize) -> usize {
    columns.min(WIDEST_TEXT)
}

/// The columns of such a row.
pub fn columns(area: Rect) -> usize {
    usize::from(area.width).saturating_sub(2)
}

/// The line in at most so many columns. A cut is marked; blanks at the end are not missed.
pub fn fit<'l>(theme: &Theme, line: Line<'l>, columns: usize) -> Line<'l> {
    let text = line.to_string();
    if width(text.trim_end()) <= columns {
        return line;
    }
    let mark = theme.cut();
    let mut left = columns.saturating_sub(1);
    let mut spans: Vec<Span<'l>> = Vec::new();
    let mut last = Style::new();
    for span in line.spans {
        last = span.style;
        let wide = width(&span.content);
        if wide > left {
            spans.push(Span::styled(head(&span.content, left).to_owned(), span.style));
            break;
        }
        left -= wide;
        spans.push(span);
    }
    spans.push(Span::styled(mark, last));
    Line::from(spans).style(line.style)
}

/// What is said on the left, and on the right of one line. The left part matters more: the right one is cut where both are
/// long.
pub fn ends<'l>(theme: &Theme, left: Line<'l>, right: Line<'l>, columns: usize) -> Line<'l> {
    let most = (columns * 2 / 5).max(columns.saturating_sub(left.width() + 2));
    let right = fit(theme, right, most);
    let gap = if right.width() > 0 { 2 } else { 0 };
    let mut line = fit(theme, left, columns.saturating_sub(right.width() + gap));
    let blanks = columns.saturating_sub(line.width() + right.width());
    line.push_span(Span::raw(" ".repeat(blanks)));
    line.extend(right.spans);
    line
}

/// As many lines as there are rows. Where there are more, the last one shown has the mark of a cut, and says this.
pub fn most(
    theme: &Theme,
    mut lines: Vec<Line<'static>>,
    rows: usize,
    columns: usize,
    say: &str,
) -> Vec<Line<'static>> {
    if lines.len() <= rows {
        return lines;
    }
    lines.truncate(rows);
    let Some(last) = lines.last_mut() else {
        return lines;
    };
    let more = format!(" {}{say}", theme.cut());
    let room = columns.saturating_sub(width(&more));
    let mut line = match last.width() <= room {
        true => std::mem::take(last),
        // Whole words, if there are any; the mark stands for the rest.
        false => short(last, room),
    };
    line.push_span(Span::styled(more, theme.quiet()));
    *last = fit(theme, line, columns);
    lines
}

/// The first words of a line that fit, each in its style.
fn short(line: &Line<'static>, room: usize) -> Line<'static> {
    let mut left = room;
    let mut out = Line::default();
    for span in &line.spans {
        if width(&span.content) <= left {
            left -= width(&span.content);
            out.push_span(span.clone());
            continue;
        }
        let words = wrap(&span.content, left.max(2));
        if let Some(first) = words.first().filter(|first| width(first) <= left) {
            out.push_span(Span::styled(first.clone(), span.style));
        }
        break;
    }
    out
}

/// A label, and a text beside it on as many lines as it takes; below it, where there is no room beside it.
pub fn labelled(theme: &Theme, label: &str, text: &str, style: Style, columns: usize) -> Vec<Line<'static>> {
    labelled_by(theme, LABEL, label, text, style, columns)
}

/// The same with labels of so many columns.
pub fn labelled_by(
    theme: &Theme,
    room: usize,
    label: &str,
    text: &str,
    style: Style,
    columns: usize,
) -> Vec<Line<'static>> {
    let beside = columns >= room * 3;
    let indent = if beside { room } else { 1 };
    let mut lines = wrap(&theme.words(text), columns.saturating_sub(indent));
    if !beside && !label.is_empty() {
        lines.insert(0, String::new());
    }
    let lines = lines.into_iter().enumerate().map(|(at, line)| {
        Line::from(vec![
            Span::styled(format!("{:<indent$}", if at == 0 { label } else { "" }), theme.quiet()),
            Span::styled(line, style),
        ])
    });
    lines.collect()
}

/// Something to choose: with a mark before it, where it is chosen.
pub fn choice(theme: &Theme, chosen: bool, text: &str) -> Line<'static> {
    let style = if chosen { theme.focus() } else { theme.text() };
    Line::styled(format!("{}{text}", theme.pointer(chosen)), style)
}

/// A heading on a line, where there is no room for frames. One with the keys has a mark.
pub fn heading(theme: &Theme, title: &str, focus: bool, frame: &mut Frame<'_>, area: Rect) {
    let columns = usize::from(area.width);
    let mark = if focus { theme.either("▸ ", "> ") } else { "" };
    let text = cut(title, columns.saturating_sub(6), theme.ascii).into_owned();
    let line = theme.either("─", "-");
    let rest = columns.saturating_sub(width(&text) + width(mark) + 4);
    let line = Line::from(vec![
        Span::styled(format!("{line} "), theme.line()),
        Span::styled(format!("{mark}{text}"), theme.strong()),
        Span::styled(format!(" {} ", line.repeat(rest)), theme.line()),
    ]);
    put(theme, line, frame, area);
}

/// A rule from side to side.
pub fn rule(theme: &Theme, columns: usize) -> Line<'static> {
    Line::styled(theme.either("─", "-").repeat(columns), theme.line())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui::{Terminal, backend::TestBackend};

    use super::*;

    /// What is drawn of a line in so many columns.
    fn drawn(theme: &Theme, line: Line<'_>, columns: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(columns + 1, 1)).unwrap();
        terminal
            .draw(|frame| put(theme, line, frame, Rect::new(0, 0, columns, 1)))
            .unwrap();
        let buffer = terminal.backend().buffer();
        let mut out = String::new();
        let mut skip = 0;
        for cell in &buffer.content {
            if skip == 0 {
                out.push_str(cell.symbol());
                skip = width(cell.symbol());
            }
            skip -= 1;
        }
        assert!(out.ends_with(' '), "it went beyond its area: {out:?}");
        out.trim_end().to_owned()
    }

    /// Up to nine letters of all widths.
    fn letters() -> impl Strategy<Value = String> {
        let letters = vec!["a", "b", " ", "漢", "é", "e\u{301}", "가", "👩\u{200d}💻", "ש"];
        prop::collection::vec(prop::sample::select(letters), 0..9).prop_map(|letters| letters.concat())
    }

    proptest! {
        #[test]
        fn a_line_is_whole_or_ends_with_the_mark(
            parts in prop::collection::vec(letters(), 0..5),
            columns in 1_u16..30,
            ascii in any::<bool>(),
        ) {
            let theme = Theme { ascii, ..Theme::default() };
            let line = Line::from(parts.iter().map(|part| Span::raw(part.clone())).collect::<Vec<_>>());
            let seen = drawn(&theme, line, columns);
            let whole = drawn(&theme, Line::from(parts.concat()), 200);
            match seen.strip_suffix(theme.cut()) {
                Some(begin) => prop_assert!(whole.starts_with(begin), "{seen:?} of {whole:?}"),
                None => prop_assert_eq!(seen, whole),
            }
        }
    }

    #[test]
    fn both_ends_of_a_line_have_their_part() {
        let theme = Theme::default();
        let line = |left: &'static str, right: &'static str, columns| {
            ends(&theme, Line::raw(left), Line::raw(right), columns).to_string()
        };
        assert_eq!(line("left", "right", 12), "left   right");
        assert_eq!(line("a long title", "right", 14), "a long…  right");
        assert_eq!(line("a long title", "also long", 14), "a long…  also…");
        assert_eq!(line("short", "not so short", 14), "short  not so…");
        assert_eq!(line("whole", "", 5), "whole");
    }

    #[test]
    fn lines_that_are_left_out_leave_a_mark() {
        let theme = Theme::default();
        let lines = |rows, columns| -> Vec<String> {
            let lines = vec![Line::raw("one two"), Line::raw("three four"), Line::raw("five")];
            let lines = most(&theme, lines, rows, columns, " more");
            lines.iter().map(Line::to_string).collect()
        };
        assert_eq!(lines(3, 10), ["one two", "three four", "five"]);
        assert_eq!(lines(2, 20), ["one two", "three four … more"]);
        assert_eq!(lines(2, 13), ["one two", "three … more"]);
        assert_eq!(lines(1, 20), ["one two … more"]);
        assert!(lines(0, 20).is_empty());
    }

    #[test]
    #[should_panic(expected = "something is drawn already")]
    fn text_over_text_is_found_out() {
        let theme = Theme::default();
        let mut terminal = Terminal::new(TestBackend::new(9, 1)).unwrap();
        let _ = terminal.draw(|frame| {
            put(&theme, "one", frame, frame.area());
            put(&theme, "two", frame, frame.area());
        });
    }
}
