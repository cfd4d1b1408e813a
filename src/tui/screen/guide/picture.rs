//! The picture of what a person is asked to do.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
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
        dag::goes_back,
        page::{Hit, Open, Shared},
        theme::Theme,
        widget::{
            line::{columns, ends, labelled, put, reading, row},
            scroll::Scroll,
            wait::wait_lines,
        },
    },
};

/// A line of the page, and what can be chosen in it.
struct Row {
    line: Line<'static>,
    choice: Option<usize>,
}

impl GuideScreen {
    fn rows(&self, shared: &Shared, open: &Open, columns: usize) -> Vec<Row> {
        let theme = &shared.theme;
        let node = open.view.node(self.node);
        let text = reading(columns);
        let mut rows: Vec<Row> = Vec::new();
        let mut put = |line: Line<'static>, choice: Option<usize>| rows.push(Row { line, choice });
        let Some(guide) = self.guide(open) else {
            put(Line::styled("Nothing is asked at the moment.", theme.quiet()), None);
            return rows;
        };
        if self.question.is_some() && open.federation.console().is_some() {
            let said = "A rehearsal: press F2, and the simulated console does all of this.";
            for line in wrap(said, text) {
                put(Line::styled(line, theme.tone(Tone::Note)), None);
            }
        }
        if self.question.is_none() && (node.state.is_running() || node.state == State::Waiting) {
            // It is answered: what matters now is the proof.
            put(
                Line::styled(
                    "Thank you. fedwiz looks for the proof itself; there is nothing to do but wait.",
                    theme.tone(Tone::Good),
                ),
                None,
            );
            let (label, proof) = self.proof(open);
            for line in labelled(theme, label, proof, theme.text(), text) {
                put(line, None);
            }
            let waits = wait_lines(theme, node, shared.now, text);
            if waits.is_empty() {
                for line in labelled(theme, "Now", node.state.word(), theme.text(), text) {
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
                theme.text(),
                text,
            ) {
                put(line, None);
            }
            put(Line::raw(""), None);
            put(Line::styled("What was to do", theme.strong()), None);
        }
        for (said, label, style) in [
            (&guide.consequences, "", theme.text()),
            (&guide.way_back, "Way back: ", theme.quiet()),
        ] {
            if !said.is_empty() {
                for line in wrap(&format!("{label}{}", theme.words(said)), text) {
                    put(Line::styled(line, style), None);
                }
            }
        }
        put(Line::raw(""), None);
        for (number, say) in guide.say.iter().enumerate() {
            for (at, line) in wrap(&theme.words(say), text.saturating_sub(5).max(10))
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
            put(
                Line::from(vec![
                    Span::styled("     F3 opens ", theme.quiet()),
                    Span::styled(theme.words(link).into_owned(), theme.accent()),
                ]),
                None,
            );
        }
        let labels = self.labels(theme, open, columns);
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
                for line in wrap(&theme.words(&hint), text.saturating_sub(labels + 6).max(10)) {
                    put(
                        Line::styled(format!("{}{line}", " ".repeat(labels + 6)), theme.quiet()),
                        None,
                    );
                }
            }
        }
        if self.question.is_some() {
            put(Line::raw(""), None);
            let (label, proof) = self.proof(open);
            let done = match (self.fields.is_empty(), open.federation.console().is_some()) {
                (_, true) => "Press F2 and the simulated console does it, or Enter when you have done it.",
                (true, false) => "Press Enter when you have done it. The proof is then looked for.",
                (false, false) => "Enter goes from field to field; on the last one it sends the answers.",
            };
            for line in labelled(theme, "Then", done, theme.text(), text) {
                put(line, None);
            }
            for line in labelled(theme, label, proof, theme.text(), text) {
                put(line, None);
            }
        }
        rows
    }

    /// What is seen when it is done; on the way back, what taking it back means.
    fn proof(&self, open: &Open) -> (&'static str, &'static str) {
        match open.view.about(self.node) {
            Some(about) if goes_back(&open.view) => ("Undo", about.undo),
            Some(about) => ("Proof", about.proof),
            None => ("Proof", ""),
        }
    }

    /// The columns of the labels of values and fields.
    fn labels(&self, theme: &Theme, open: &Open, columns: usize) -> usize {
        let values = self.guide(open).into_iter().flat_map(|guide| &guide.values);
        let labels = values
            .map(|(label, _)| label)
            .chain(self.fields.iter().map(|typed| &typed.label));
        let widest = labels.map(|label| width(&theme.words(label))).max();
        widest.unwrap_or(0).min(columns / 3)
    }
    pub(super) fn picture(&self, shared: &Shared, open: &Open, frame: &mut Frame<'_>, area: Rect) {
        let theme = &shared.theme;
        let columns = columns(area);
        let node = open.view.node(self.node);
        let title = self.guide(open).map_or(&*node.label, |guide| &*guide.title);
        let look = node.state.look();
        let clicking = open.question_of(self.node).is_some_and(|question| question.clicking);
        let (right, tone) = match clicking {
            true => ("the simulated console clicks", Tone::Busy),
            false => (look.word, look.tone),
        };
        let left = Line::from(vec![
            Span::styled(format!("{} ", theme.glyph(look)), theme.tone(look.tone)),
            Span::styled(theme.words(title).into_owned(), theme.strong()),
        ]);
        let head = ends(theme, left, Line::styled(right, theme.tone(tone)), columns);
        put(theme, head, frame, row(area, area.y));
        let rows = self.rows(shared, open, columns);
        let body = Rect {
            y: area.y + 1,
            height: area.height.saturating_sub(1),
            ..area
        };
        let chosen = rows.iter().position(|row| row.choice == Some(self.at)).unwrap_or(0);
        let values = self.values(open);
        self.lines.set(rows.len());
        let below = usize::from(body.height) <= chosen + 1 && self.by_hand && self.scroll.at == 0;
        self.hidden.set(below);
        let shown = match self.by_hand || self.question.is_none() {
            true if below && self.at >= values => {
                // Who reads from the top is told that there is something to be typed further down.
                let [body, last] = Layout::vertical([Constraint::Min(0), Constraint::Length(1)]).areas(body);
                let label = self.fields.get(self.at - values).map_or("", |typed| &typed.label);
                let line = Line::from(vec![
                    Span::styled(theme.either("   ↓ Tab", "   v Tab"), theme.accent()),
                    Span::styled(format!(" goes on to: {}", theme.words(label)), theme.quiet()),
                ]);
                put(theme, line, frame, row(last, last.y));
                self.scroll.text_rows(theme, rows.len(), frame, body)
            }
            true => self.scroll.text_rows(theme, rows.len(), frame, body),
            false => Scroll::at(chosen + 2).rows(theme, rows.len(), frame, body),
        };
        for (at, place) in shown {
            put(theme, rows[at].line.clone(), frame, place);
            let Some(choice) = rows[at].choice else { continue };
            shared.mark(place, Hit::Row(choice));
            let Some(typed) = choice.checked_sub(values).and_then(|at| self.fields.get(at)) else {
                continue;
            };
            let used = u16::try_from(self.labels(theme, open, columns) + 6)
                .unwrap_or(u16::MAX)
                .min(place.width);
            let place = Rect {
                x: place.x + used,
                width: place.width - used,
                ..place
            };
            match &typed.pasted {
                Some(text) => {
                    let text = format!("pasted: {} characters", text.chars().count());
                    put(theme, Line::styled(text, theme.accent()), frame, place);
                }
                None => typed.field.draw(theme, choice == self.at, frame, place),
            }
        }
    }
}
