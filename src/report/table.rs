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
            Some(_) if matches!(finding.what, What::WouldStay | What::Nothing) => ("", ""),
            Some(about) if back || goes(finding.what) => ("undo   ", about.undo),
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
    table.paper.say(0, &text, None)?;
    match as_a_set(view) {
        Some(text) if !back => table.paper.say(0, &text, None),
        _ => Ok(()),
    }
}

fn goes(what: What) -> bool {
    matches!(what, What::WouldRemove | What::WouldRestore)
}

/// What a set-up adds and what it takes away. None where it takes nothing away.
pub fn as_a_set(view: &View) -> Option<String> {
    let count = |which: fn(What) -> bool| found(view).filter(|(_, what)| which(*what)).count();
    let added = count(|what| matches!(what, What::WouldMake | What::WouldMakeLater));
    match count(goes) {
        0 => None,
        gone => Some(format!(
            "+ {added}, − {gone}: what the profile does not name goes after all else is made."
        )),
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        engine::{
            fact::Intent,
            signal::{Finding, Signal},
        },
        report::testing::{self, Script, outline, style},
    };

    fn plan(intent: Intent, findings: &[(&str, What)]) -> View {
        let mut view = View::new(outline());
        view.begin(intent, testing::at("10:00:00"));
        let mut script = Script::new("10:00:01");
        for (name, what) in findings {
            let differences = match what {
                What::WouldChange | What::Drifted => vec![Difference::new("department", "", "Engineering")],
                _ => Vec::new(),
            };
            let note = match what {
                What::CannotTell => "the sign-in lacks AuditLog.Read.All",
                _ => "",
            };
            script.signal(
                name,
                Signal::Found(Finding {
                    what: *what,
                    differences,
                    note: note.into(),
                }),
            );
        }
        for notice in &script.notices {
            view.see(notice);
        }
        view
    }

    fn text(write: impl Fn(&mut Vec<u8>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut out).expect("memory takes everything");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn a_plan_names_executor_proof_and_differences() {
        let view = plan(
            Intent::Plan,
            &[
                ("scim.arrived[RichardRoe]", What::WouldWait),
                ("entra.session", What::Stands),
                ("entra.app", What::WouldMake),
                ("entra.user[NikkiWolf]", What::WouldAdopt),
                ("entra.user[RichardRoe]", What::WouldChange),
                ("saml.identity-source", What::WouldMakeLater),
                ("scim.job", What::CannotTell),
            ],
        );
        assert_eq!(human_steps(&view), 1);
        insta::assert_snapshot!(text(|out| write_plan(out, style(), &view)), @r#"
        0 Preflight
          ✔ entra.session            graph stands      Sign in to the tenant
              proof  GET /organization answers

        1 Prepare tenant
          ✚ entra.app                graph make        Create the enterprise application
              proof  GET the application by its object id
          ✔ entra.user[NikkiWolf]    graph adopt       Create a user
              proof  GET the user
          ✎ entra.user[RichardRoe]   graph change      Create a user
              proof  GET the user
              change department: (nothing) → Engineering

        2 SAML
          ◆ saml.identity-source     human make later  Make Entra ID the identity source
              proof  CloudTrail shows EnableExternalIdPConfigurationForDirectory

        3 SCIM
          ? scim.job                 graph cannot tell Create the provisioning job
              proof  GET the job
              note   the sign-in lacks AuditLog.Read.All
          ◔ scim.arrived[RichardRoe] wait  wait        See the user arrive
              proof  the user is listed in Identity Store

        7 steps: 1 make, 1 make later, 1 change, 1 wait, 1 adopt, 1 stands, 1 cannot
        tell. 1 step needs a person. Nothing was changed.
        "#);
    }

    #[test]
    fn a_plan_of_a_teardown_goes_the_other_way_and_names_the_undo() {
        let view = plan(
            Intent::PlanDown,
            &[
                ("entra.app", What::WouldRemove),
                ("entra.user[NikkiWolf]", What::WouldStay),
                ("saml.identity-source", What::WouldRestore),
            ],
        );
        insta::assert_snapshot!(text(|out| write_plan(out, style(), &view)), @r#"
        2 SAML
          ◆ saml.identity-source     human restore Make Entra ID the identity source
              undo   Take it away again.

        1 Prepare tenant
          ● entra.user[NikkiWolf]    graph stays   Create a user
          − entra.app                graph remove  Create the enterprise application
              undo   Take it away again.

        3 steps: 1 remove, 1 restore, 1 stays. 1 step needs a person. Nothing was
        changed.
        "#);
    }

    #[test]
    fn status_says_what_stands_and_what_a_look_found() {
        let mut view = View::new(outline());
        for notice in &testing::trouble().notices {
            view.see(notice);
        }
        let finding = Signal::Found(Finding {
            what: What::Drifted,
            differences: vec![Difference::new("department", "Sales", "Engineering")],
            note: "".into(),
        });
        for notice in &Script::new("23:00:00")
            .signal("entra.user[RichardRoe]", finding)
            .notices
        {
            view.see(notice);
        }
        insta::assert_snapshot!(text(|out| write_status(out, style(), &view)), @r#"
        0 Preflight
          ✔ entra.session            graph seen      tenant contoso

        1 Prepare tenant
          ✘ entra.app                graph failed
              the tenant refuses to create the application
              [Authorization_RequestDenied]: the sign-in lacks the scope
              Application.ReadWrite.All
          ○ entra.user[NikkiWolf]    graph to go
          ≠ entra.user[RichardRoe]   graph drifted
              change department: Sales → Engineering

        2 SAML
          ◆ saml.identity-source     human needs you Make Entra ID the identity source

        3 SCIM
          ⊘ scim.job                 graph held up   entra.app
          ⊘ scim.arrived[RichardRoe] wait  held up   entra.app

        7 steps: 2 to go, 1 needs you, 1 seen, 1 failed, 2 held up.
        "#);
    }

    #[test]
    fn tables_fit_and_ascii_is_ascii() {
        let view = plan(
            Intent::Plan,
            &[
                ("entra.app", What::WouldMake),
                ("entra.user[漢字 \u{1b}[2J]", What::Failed),
            ],
        );
        let ascii = Style { ascii: true, ..style() };
        let text = text(|out| write_plan(out, ascii, &view));
        assert!(text.is_ascii() && !text.contains('\u{1b}'), "{text}");
        assert!(text.lines().all(|line| line.len() <= 80), "{text}");
    }
}
