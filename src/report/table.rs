//! Tables of a plan and of what stands, as text and as JSON.

use std::io;

use jiff::Timestamp;

use super::{
    clean::width,
    json::Json,
    paper::{Paper, Span, Style},
    view::View,
    wire::Body,
    words::{self, Look, State, Tone},
};
use crate::engine::{
    signal::What,
    step::{Difference, Executor},
};

/// The widest a name may be before it takes a line of its own.
const NAME: usize = 38;

/// Whether a person would be asked.
fn asks(view: &View, number: usize, what: What) -> bool {
    let human = view
        .about(number)
        .is_some_and(|about| about.executor == Executor::Human);
    what == What::WouldAsk
        || human
            && matches!(
                what,
                What::WouldMake | What::WouldMakeLater | What::WouldChange | What::WouldRemove | What::WouldRestore
            )
}

/// How many steps of a plan would ask a person.
pub fn human_steps(view: &View) -> usize {
    found(view).filter(|(number, what)| asks(view, *number, *what)).count()
}

fn found(view: &View) -> impl Iterator<Item = (usize, What)> {
    let nodes = view.nodes().iter().enumerate();
    nodes.filter_map(|(number, node)| node.finding.as_ref().map(|finding| (number, finding.what)))
}

/// The order in which a run takes the nodes: against the arrows when it takes back.
fn in_order(view: &View) -> Vec<usize> {
    let mut numbers: Vec<usize> = (0..view.nodes().len()).collect();
    numbers.sort_by_key(|&number| view.node(number).chapter);
    if view.run().is_some_and(|run| run.intent.takes_back()) {
        numbers.reverse();
    }
    numbers
}

/// The plan that a view has come to know, as text: step by step under the phases, then what it adds up to.
pub fn write_plan(out: impl io::Write, style: Style, view: &View) -> io::Result<()> {
    let mut table = Table::new(out, style, view);
    let back = view.run().is_some_and(|run| run.intent.takes_back());
    for number in in_order(view) {
        let Some(finding) = &view.node(number).finding else {
            continue;
        };
        let mut look = words::what(finding.what);
        if asks(view, number, finding.what) {
            let ask = words::what(What::WouldAsk);
            (look.glyph, look.ascii, look.tone) = (ask.glyph, ask.ascii, ask.tone);
        }
        let (label, promise) = match view.about(number) {
            Some(about) if back => ("undo   ", about.undo),
            Some(about) => ("proof  ", about.proof),
            None => ("", ""),
        };
        let title = view.about(number).map_or("", |about| about.title);
        table.row(number, look, look.word, title)?;
        table.under(label, promise)?;
        table.differences(&finding.differences)?;
        table.under("note   ", &finding.note)?;
    }
    let counts: Vec<String> = words::FINDINGS
        .into_iter()
        .filter_map(|what| {
            let number = found(view).filter(|(_, other)| *other == what).count();
            (number > 0).then(|| format!("{number} {}", words::what(what).word))
        })
        .collect();
    let human = human_steps(view);
    let people = match human {
        0 => "No step needs a person.".to_owned(),
        1 => "1 step needs a person.".to_owned(),
        number => format!("{number} steps need a person."),
    };
    table.paper.blank()?;
    let counts = if counts.is_empty() {
        "nothing to do".to_owned()
    } else {
        counts.join(", ")
    };
    let text = format!("{} steps: {counts}. {people} Nothing was changed.", found(view).count());
    table.paper.say(0, &text, None)
}

/// The plan as JSON: one line of kind `planned` a step, in the same order.
pub fn json_plan<W: io::Write>(json: &mut Json<W>, view: &View) -> io::Result<()> {
    let at = view.now().unwrap_or(Timestamp::UNIX_EPOCH);
    for number in in_order(view) {
        let node = view.node(number);
        let Some(finding) = &node.finding else { continue };
        let about = view.about(number);
        let body = Body::Planned {
            phase: view.chapters()[node.chapter].heading.title.to_owned(),
            title: about.map(|about| about.title.to_owned()),
            what: finding.what.into(),
            asks: asks(view, number, finding.what),
            proof: about.map(|about| about.proof.to_owned()),
            undo: about.map(|about| about.undo.to_owned()),
            differences: finding.differences.iter().map(Into::into).collect(),
            note: finding.note.to_string(),
        };
        json.line(view, view.seq(), at, Some(&node.id), body)?;
    }
    Ok(())
}

/// What stands, as text: what the journal says, and what a look just now found, if there was one.
pub fn write_status(out: impl io::Write, style: Style, view: &View) -> io::Result<()> {
    let mut table = Table::new(out, style, view);
    for number in in_order(view) {
        let node = view.node(number);
        let (look, word) = match &node.finding {
            Some(finding) if finding.what != What::Stands => {
                let look = words::what(finding.what);
                (look, look.word.to_owned())
            }
            _ => (node.state.look(), node.state.word().to_owned()),
        };
        let text = match node.state {
            State::Open => String::new(),
            _ => view.line(number),
        };
        table.row(number, look, &word, &text)?;
        if let Some(finding) = &node.finding {
            table.differences(&finding.differences)?;
            if finding.what != What::Stands {
                table.under("note   ", &finding.note)?;
            }
        }
    }
    let states: Vec<String> = view
        .tally()
        .present()
        .map(|(state, number)| format!("{number} {}", state.word()))
        .collect();
    table.paper.blank()?;
    let text = format!("{} steps: {}.", view.nodes().len(), states.join(", "));
    table.paper.say(0, &text, None)
}

/// What stands as JSON: one line of kind `standing` a step, in the same order.
pub fn json_status<W: io::Write>(json: &mut Json<W>, view: &View) -> io::Result<()> {
    let at = view.now().unwrap_or(Timestamp::UNIX_EPOCH);
    for number in in_order(view) {
        let node = view.node(number);
        let finding = node.finding.as_ref();
        let body = Body::Standing {
            phase: view.chapters()[node.chapter].heading.title.to_owned(),
            title: view.about(number).map(|about| about.title.to_owned()),
            state: node.state.word().to_owned(),
            how: node.standing.map(Into::into),
            unproven: node.unproven,
            since: node.since,
            note: view.line(number),
            found: finding.map(|finding| finding.what.into()),
            differences: finding
                .iter()
                .flat_map(|finding| &finding.differences)
                .map(Into::into)
                .collect(),
        };
        json.line(view, view.seq(), at, Some(&node.id), body)?;
    }
    Ok(())
}

/// A table under the headings of the phases.
struct Table<'a, W> {
    paper: Paper<W>,
    view: &'a View,
    chapter: Option<usize>,
    names: usize,
    words: usize,
}

impl<'a, W: io::Write> Table<'a, W> {
    fn new(out: W, style: Style, view: &'a View) -> Self {
        let names = view
            .nodes()
            .iter()
            .map(|node| width(&node.label))
            .filter(|width| *width <= NAME);
        let states = view.nodes().iter().map(|node| match &node.finding {
            Some(finding) => width(words::what(finding.what).word),
            None => width(node.state.word()),
        });
        Self {
            names: names.max().unwrap_or(0),
            words: states.max().unwrap_or(0),
            paper: Paper::new(out, style),
            view,
            chapter: None,
        }
    }

    fn row(&mut self, number: usize, look: Look, word: &str, text: &str) -> io::Result<()> {
        let node = self.view.node(number);
        if self.chapter.replace(node.chapter) != Some(node.chapter) {
            let title = self.view.chapters()[node.chapter].heading.title;
            if self.paper.used {
                self.paper.blank()?;
            }
            self.paper
                .say(0, &format!("{} {title}", node.chapter), Some(Tone::Note))?;
        }
        let executor = self
            .view
            .about(number)
            .map_or("", |about| words::executor(about.executor));
        let glyph = self.paper.style.glyph(look).to_owned();
        self.paper.row(
            &[
                Span::plain(" "),
                Span(glyph, 1, Some(look.tone)),
                Span(node.label.to_string(), self.names, None),
                Span(executor.to_owned(), 5, None),
                Span(word.to_owned(), self.words, Some(look.tone)),
            ],
            text,
            6,
        )
    }

    fn under(&mut self, label: &str, text: &str) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        self.paper.hang(6, label, text, Some(Tone::Quiet))
    }

    fn differences(&mut self, differences: &[Difference]) -> io::Result<()> {
        for difference in differences {
            let text = format!(
                "{}: {} → {}",
                difference.field,
                shown(&difference.found),
                shown(&difference.wanted)
            );
            self.under("change ", &text)?;
        }
        Ok(())
    }
}

fn shown(value: &str) -> &str {
    if value.is_empty() { "(nothing)" } else { value }
}
