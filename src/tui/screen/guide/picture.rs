//! The picture of what a person is asked to do.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::GuideScreen;
use crate::{
    engine::guide::Entry,
    report::{
        clean::{cut, pad, width, wrap},
        words::{State, Tone},
    },
    tui::{
        page::{Hit, Open, Shared},
        theme::Theme,
        widget::wait::wait_lines,
    },
};

/// A line of the page, and what can be chosen in it.
struct Row {
    line: Line<'static>,
    choice: Option<usize>,
}

/// A label, and a text beside it.
fn labelled(theme: &Theme, label: &str, text: &str, columns: usize) -> Vec<Line<'static>> {
    let lines = wrap(&theme.words(text), columns.saturating_sub(8).max(10));
    let lines = lines.into_iter().enumerate().map(|(at, line)| {
        Line::from(vec![
            Span::styled(format!("{:<8}", if at == 0 { label } else { "" }), theme.quiet()),
            Span::raw(line),
        ])
    });
    lines.collect()
}

impl GuideScreen {
    fn rows(&self, shared: &Shared, open: &Open, columns: usize) -> Vec<Row> {
        let theme = &shared.theme;
        let node = open.view.node(self.node);
        let mut rows: Vec<Row> = Vec::new();
        let mut put = |line: Line<'static>, choice: Option<usize>| rows.push(Row { line, choice });
        let Some(guide) = self.guide(open) else {
            put(Line::styled("Nothing is asked at the moment.", theme.quiet()), None);
            return rows;
        };
        if self.question.is_none() && (node.state.is_running() || node.state == State::Waiting) {
            // It is answered: what matters now is the proof.
            put(
                Line::styled(
                    "Thank you. fedwiz looks for the proof itself; there is nothing to do but wait.",
                    theme.tone(Tone::Good),
                ),
                None,
            );
            let proof = open.view.about(self.node).map_or("", |about| about.proof);
            for line in labelled(theme, "Proof", proof, columns) {
                put(line, None);
            }
            let waits = wait_lines(theme, node, shared.now, columns);
            if waits.is_empty() {
                for line in labelled(theme, "Now", node.state.word(), columns) {
                    put(line, None);
                }
            }
            for line in waits {
                put(line, None);
            }
            for line in labelled(
                theme,
                "Keys",
                "Esc leaves this page, the search goes on. F6: your word instead.",
                columns,
            ) {
                put(line, None);
            }
            put(Line::raw(""), None);
            put(Line::styled("What was to do", theme.strong()), None);
        }
        for (text, label, style) in [
            (&guide.consequences, "", theme.text()),
            (&guide.way_back, "Way back: ", theme.quiet()),
        ] {
            if !text.is_empty() {
                for line in wrap(&format!("{label}{}", theme.words(text)), columns) {
                    put(Line::styled(line, style), None);
                }
            }
        }
        put(Line::raw(""), None);
        for (number, say) in guide.say.iter().enumerate() {
            for (at, line) in wrap(&theme.words(say), columns.saturating_sub(5).max(10))
                .into_iter()
                .enumerate()
            {
                let mark = if at == 0 {
                    format!("{:>3}  ", number + 1)
                } else {
                    "     ".into()
                };
                put(
                    Line::from(vec![Span::styled(mark, theme.accent()), Span::raw(line)]),
                    None,
                );
            }
        }
        if let Some(link) = &guide.link {
            put(Line::raw(""), None);
            let text = cut(&theme.words(link), columns.saturating_sub(14), theme.ascii).into_owned();
            put(
                Line::from(vec![
                    Span::styled("     F3 opens ", theme.quiet()),
                    Span::styled(text, theme.accent()),
                ]),
                None,
            );
        }
        let labels = guide
            .values
            .iter()
            .map(|(label, _)| width(label))
            .chain(self.fields.iter().map(|typed| width(&typed.label)))
            .max()
            .unwrap_or(0)
            .min(columns / 3);
        if !guide.values.is_empty() {
            put(Line::raw(""), None);
        }
        for (at, (label, value)) in guide.values.iter().enumerate() {
            let chosen = at == self.at;
            let label = pad(&cut(&theme.words(label), labels, theme.ascii), labels);
            let room = columns.saturating_sub(labels + 18);
            put(
                Line::from(vec![
                    Span::raw(if chosen { theme.either("  ▸ ", "  > ") } else { "    " }),
                    Span::styled(format!("{label}  "), theme.quiet()),
                    Span::styled(
                        cut(&theme.words(value), room, theme.ascii).into_owned(),
                        if chosen { theme.focus() } else { theme.accent() },
                    ),
                    Span::styled(if chosen { "  F4 copies" } else { "" }, theme.quiet()),
                ]),
                Some(at),
            );
        }
        if !self.fields.is_empty() {
            put(Line::raw(""), None);
        }
        for (at, typed) in self.fields.iter().enumerate() {
            let at = guide.values.len() + at;
            let chosen = at == self.at;
            let label = pad(&cut(&theme.words(&typed.label), labels, theme.ascii), labels);
            let mark = if chosen { theme.either("  ▸ ", "  > ") } else { "    " };
            // The field itself is drawn over the blanks.
            put(
                Line::from(vec![Span::raw(mark), Span::styled(label, theme.strong())]),
                Some(at),
            );
            if chosen {
                let mut hint = typed.hint.clone();
                if typed.entry == Entry::File {
                    hint.push_str(if hint.is_empty() { "" } else { "; " });
                    hint.push_str("F5 chooses it; or type its path, or paste its text");
                }
                if typed.optional {
                    hint.push_str(" (may be left out)");
                }
                for line in wrap(&theme.words(&hint), columns.saturating_sub(labels + 6).max(10)) {
                    put(
                        Line::styled(format!("{}{line}", " ".repeat(labels + 6)), theme.quiet()),
                        None,
                    );
                }
            }
        }
        if self.question.is_some() {
            put(Line::raw(""), None);
            let proof = open.view.about(self.node).map_or("", |about| about.proof);
            let done = match (self.fields.is_empty(), open.federation.console().is_some()) {
                (_, true) => "Press F2 and the simulated console does it, or Enter when you have done it.",
                (true, false) => "Press Enter when you have done it. The proof is then looked for.",
                (false, false) => "Enter goes from field to field; on the last one it sends the answers.",
            };
            for line in labelled(theme, "Then", done, columns) {
                put(line, None);
            }
            for line in labelled(theme, "Proof", proof, columns) {
                put(line, None);
            }
        }
        rows
    }

    /// Where the fields are drawn: behind their labels.
    fn field_area(&self, open: &Open, columns: usize, row: Rect) -> Rect {
        let labels = self
            .guide(open)
            .into_iter()
            .flat_map(|guide| guide.values.iter().map(|(label, _)| width(label)))
            .chain(self.fields.iter().map(|typed| width(&typed.label)))
            .max()
            .unwrap_or(0)
            .min(columns / 3);
        let used = u16::try_from(labels + 6).unwrap_or(0);
        Rect {
            x: row.x + used,
            width: row.width.saturating_sub(used),
            ..row
        }
    }

    pub(super) fn picture(&self, shared: &Shared, open: &Open, frame: &mut Frame<'_>, area: Rect) {
        let theme: &Theme = &shared.theme;
        let columns = usize::from(area.width).saturating_sub(2);
        let row = |y: u16| Rect {
            x: area.x + 1,
            y,
            width: area.width.saturating_sub(2),
            height: 1,
        };
        let node = open.view.node(self.node);
        let title = self.guide(open).map_or_else(
            || node.label.to_string(),
            |guide| theme.words(&guide.title).into_owned(),
        );
        let look = node.state.look();
        let clicking = open.question_of(self.node).is_some_and(|question| question.clicking);
        let right = if clicking {
            "the simulated console clicks"
        } else {
            look.word
        };
        let room = columns.saturating_sub(width(right) + 4);
        let title = cut(&title, room, theme.ascii).into_owned();
        let gap = columns.saturating_sub(width(&title) + width(right) + 2);
        frame.render_widget(
            Line::from(vec![
                Span::styled(format!("{} ", theme.glyph(look)), theme.tone(look.tone)),
                Span::styled(title, theme.strong()),
                Span::raw(" ".repeat(gap)),
                Span::styled(right, theme.tone(if clicking { Tone::Busy } else { look.tone })),
            ]),
            row(area.y),
        );
        let rows = self.rows(shared, open, columns);
        let height = usize::from(area.height).saturating_sub(1);
        let chosen = rows.iter().position(|row| row.choice == Some(self.at));
        let mut scroll = self.scroll.clone();
        if !self.by_hand {
            // What is above the chosen line is read first, if all of it fits.
            scroll.at = if rows.len() <= height || self.question.is_none() {
                0
            } else {
                chosen.map_or(0, |at| at + 2)
            };
        }
        for (at, y) in scroll.window(height, rows.len()).zip(area.y + 1..) {
            let place = row(y);
            frame.render_widget(&rows[at].line, place);
            if let Some(choice) = rows[at].choice {
                shared.mark(place, Hit::Row(choice));
                let values = self.guide(open).map_or(0, |guide| guide.values.len());
                if let Some(typed) = choice.checked_sub(values).and_then(|at| self.fields.get(at)) {
                    let place = self.field_area(open, columns, place);
                    match &typed.pasted {
                        Some(text) => {
                            let text = format!("pasted: {} characters", text.chars().count());
                            frame.render_widget(Line::styled(text, theme.accent()), place);
                        }
                        None => typed.field.draw(theme, choice == self.at, frame, place),
                    }
                }
            }
        }
    }
}
