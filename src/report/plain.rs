//! The plain-text reporter: a heading when a phase is first reached, a line when a step ends, waits or asks, and a closing
//! summary. Times are UTC, by the clock of the run.
//!
//! Phases go on side by side, so every line carries the number of its phase.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{
    Reporter,
    clean::clean,
    paper::{Paper, Span, Style},
    summary::Summary,
    view::{Seen, View, millis},
    wire::{Fault, Node},
    words::{self, State, Tone},
};
use crate::engine::{
    fact::{Event, Fact, Intent},
    recorder::Notice,
    signal::{Signal, SignalEvent},
};

/// Where the text of a line goes on: below the name of the step.
const INDENT: usize = 13;
/// A wait that goes on is told again after this time, in milliseconds, where no bar shows it.
const REMIND: u64 = 5 * 60 * 1000;
/// A try again is told when the pause before it is at least this long, in milliseconds.
const LONG_PAUSE: u64 = 10_000;
/// How many names of held-up steps are told.
const NAMES: usize = 20;

/// What is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Telling {
    /// How it looks.
    pub style: Style,
    /// Requests, notes and every try, too.
    pub verbose: bool,
    /// A progress bar shows what goes on: long waits need no reminders.
    pub bar: bool,
}

/// The plain-text reporter.
#[derive(Debug)]
pub struct Plain<W> {
    paper: Paper<W>,
    telling: Telling,
    date: Option<Date>,
    last: Option<Timestamp>,
    /// The phases whose heading is told.
    told: BTreeSet<usize>,
}

impl<W: io::Write> Plain<W> {
    /// Writes to `out`.
    pub fn new(out: W, telling: Telling) -> Self {
        Self {
            paper: Paper::new(out, telling.style),
            telling,
            date: None,
            last: None,
            told: BTreeSet::new(),
        }
    }

    fn fact(&mut self, view: &View, event: &Event, seen: Seen) -> io::Result<()> {
        let Some(number) = seen.node else {
            return match &event.fact {
                Fact::RunStarted { intent, only, .. } => self.begin(*intent, event.at, only),
                _ => Ok(()),
            };
        };
        match &event.fact {
            Fact::Done { .. } | Fact::Undone { .. } => self.ended(view, number, event.at),
            Fact::Failed { fault, during, .. } => {
                let text = format!("{}, {}", sentence(fault), words::during(*during));
                self.line(view, number, event.at, State::Failed.word(), &text)
            }
            Fact::Skipped { why } => self.line(view, number, event.at, State::Skipped.word(), why),
            Fact::Waiting { why, ends_when, until } => {
                let text = wait(view, number, event.at, why, *until, ends_when);
                self.line(view, number, event.at, State::Waiting.word(), &text)
            }
            Fact::NeedsPerson { fault } if seen.before != State::NeedsPerson => {
                self.line(view, number, event.at, State::NeedsPerson.word(), &sentence(fault))
            }
            _ => Ok(()),
        }
    }

    fn signal(&mut self, view: &View, event: &SignalEvent, seen: Seen) -> io::Result<()> {
        let Some(number) = seen.node else {
            return Ok(());
        };
        let at = event.at;
        match &event.signal {
            Signal::Asked { guide } => {
                let down = view.run().is_some_and(|run| run.intent == Intent::Down);
                let text = match view.about(number) {
                    _ if down => format!("{}. Goes on when a look finds it gone, or as it was", guide.title),
                    Some(about) if !about.proof.is_empty() => {
                        format!("{}. Goes on when this is seen: {}", guide.title, about.proof)
                    }
                    _ => guide.title.clone(),
                };
                self.line(view, number, at, State::NeedsPerson.word(), &text)
            }
            Signal::Unchanged { .. } => self.ended(view, number, at),
            Signal::StillWaiting {
                why, until, ends_when, ..
            } if !seen.waiting => {
                let text = wait(view, number, at, why, *until, ends_when);
                self.line(view, number, at, State::Waiting.word(), &text)
            }
            Signal::StillWaiting { why, .. } if self.telling.verbose || self.is_time(at) => {
                let since = view.node(number).since.unwrap_or(at);
                let text = format!("for {why}; {} so far", words::span(millis(since, at)));
                self.line(view, number, at, "still waits", &text)
            }
            Signal::Retrying { fault, attempt, next } => {
                let pause = millis(at, *next);
                if !self.telling.verbose && pause < LONG_PAUSE {
                    return Ok(());
                }
                let text = format!("in {}, after try {attempt}: {}", words::span(pause), sentence(fault));
                self.line(view, number, at, State::Retrying.word(), &text)
            }
            Signal::Note { text, done, total } => {
                let often = self.telling.verbose || (done.is_some() && self.is_time(at));
                if !often {
                    return Ok(());
                }
                let text = match (done, total) {
                    (Some(done), Some(total)) => format!("{text} ({done} of {total})"),
                    (Some(done), None) => format!("{text} ({done})"),
                    _ => text.clone(),
                };
                self.line(view, number, at, "note", &text)
            }
            Signal::Exchange(exchange) if self.telling.verbose => {
                let status = exchange
                    .status
                    .map_or_else(|| "no answer".to_owned(), |status| status.to_string());
                let mut text = format!(
                    "{} {} {status} {}",
                    exchange.method,
                    exchange.url,
                    words::span(exchange.millis)
                );
                if !exchange.note.is_empty() {
                    text = format!("{text}, {}", exchange.note);
                }
                if let Some(id) = &exchange.request_id {
                    text = format!("{text}, request id {id}");
                }
                self.line(view, number, at, "request", &text)
            }
            _ => Ok(()),
        }
    }

    fn is_time(&self, at: Timestamp) -> bool {
        !self.telling.bar && self.last.is_none_or(|last| millis(last, at) >= REMIND)
    }

    fn begin(&mut self, intent: Intent, at: Timestamp, only: &[String]) -> io::Result<()> {
        let mut title = capital(words::intent(intent));
        if !only.is_empty() {
            title = format!("{title}, only {}", only.join(", "));
        }
        let when = at.to_zoned(TimeZone::UTC);
        self.date = Some(when.date());
        self.last = Some(at);
        self.told.clear();
        let text = format!("{title} · {} UTC", when.strftime("%Y-%m-%d %H:%M:%S"));
        self.paper.say(0, &text, Some(Tone::Note))
    }

    /// A step came to its end.
    fn ended(&mut self, view: &View, number: usize, at: Timestamp) -> io::Result<()> {
        let node = view.node(number);
        let word = match node.state {
            state if node.unchanged => format!("{}, as before", state.word()),
            state => state.word().to_owned(),
        };
        let text = view.line(number);
        self.line(view, number, at, &word, &text)
    }

    fn line(&mut self, view: &View, number: usize, at: Timestamp, word: &str, text: &str) -> io::Result<()> {
        let node = view.node(number);
        self.heading(view, node.chapter, at)?;
        let style = self.paper.style;
        let look = node.state.look();
        let executor = view.about(number).map_or("", |about| words::executor(about.executor));
        self.last = Some(at);
        self.paper.row(
            &[
                Span(clock(at), 8, Some(Tone::Quiet)),
                Span::plain(node.chapter.to_string()),
                Span(style.glyph(look).to_owned(), 1, Some(look.tone)),
                Span(node.label.to_string(), 30, None),
                Span(executor.to_owned(), 5, None),
                Span(word.to_owned(), 9, Some(look.tone)),
            ],
            text,
            INDENT,
        )
    }

    /// A heading when the phase is reached for the first time, and a line when the day changes.
    fn heading(&mut self, view: &View, chapter: usize, at: Timestamp) -> io::Result<()> {
        let date = at.to_zoned(TimeZone::UTC).date();
        if self.date.replace(date).is_some_and(|last| last != date) {
            self.paper.blank()?;
            self.paper.say(0, &format!("It is {date}, UTC."), Some(Tone::Quiet))?;
        }
        if self.told.insert(chapter) {
            let heading = &view.chapters()[chapter].heading;
            self.paper.blank()?;
            self.paper
                .say(0, &format!("{chapter} {}", heading.title), Some(Tone::Note))?;
            if view.run().is_none_or(|run| !run.intent.takes_back()) {
                self.paper.say(2, heading.aim, Some(Tone::Quiet))?;
            }
        }
        Ok(())
    }
}

impl<W: io::Write> Reporter for Plain<W> {
    fn tell(&mut self, view: &View, notice: &Notice, seen: Seen) -> io::Result<()> {
        match notice {
            Notice::Fact(event) => self.fact(view, event, seen),
            Notice::Signal(event) => self.signal(view, event, seen),
        }
    }

    fn end(&mut self, _: &View, summary: &Summary) -> io::Result<()> {
        self.paper.blank()?;
        closing(&mut self.paper, summary)
    }
}

/// Prints a closing summary.
pub fn write_summary(out: impl io::Write, style: Style, summary: &Summary) -> io::Result<()> {
    closing(&mut Paper::new(out, style), summary)
}

fn closing<W: io::Write>(paper: &mut Paper<W>, summary: &Summary) -> io::Result<()> {
    let tone = if summary.exit == 0 { Tone::Good } else { Tone::Doubt };
    let head = format!(
        "{}: {}, after {}",
        capital(words::intent(summary.intent)),
        words::end(summary.end),
        words::span(summary.elapsed_millis)
    );
    paper.say(0, &head, Some(tone))?;
    for (label, text) in figures(summary) {
        paper.hang(2, &format!("{label:<10}"), &text, None)?;
    }
    list(paper, "Failed", &summary.failures, |failure| {
        (State::Failed, &failure.node, fault_lines(&failure.fault))
    })?;
    list(paper, "Needs a person", &summary.needs, |need| {
        let mut lines = vec![(String::new(), need.title.clone())];
        if !need.proof.is_empty() {
            lines.push(("done when ".into(), format!("this is seen: {}", need.proof)));
        }
        if !need.hint.is_empty() {
            lines.push(("to do     ".into(), need.hint.clone()));
        }
        (State::NeedsPerson, &need.node, lines)
    })?;
    held_up(paper, summary)?;
    list(
        paper,
        "Unproven: nobody saw it, a person gave their word",
        &summary.unproven,
        |node| (State::Unproven, node, Vec::new()),
    )?;
    list(paper, "Stays", &summary.stays, |stays| {
        (State::Kept, &stays.node, vec![(String::new(), stays.why.clone())])
    })?;
    if summary.exit != 0 {
        paper.blank()?;
        paper.say(0, &format!("Exit code {}: {}.", summary.exit, summary.meaning), None)?;
    }
    if let Some(command) = &summary.continue_with {
        paper.unbroken(&format!("Continue with: `{command}`"))?;
    }
    Ok(())
}

/// The figures of a summary, by label.
fn figures(summary: &Summary) -> Vec<(&'static str, String)> {
    let mut figures = Vec::new();
    let down = summary.intent == Intent::Down;
    let states: Vec<String> = State::all()
        .filter(|state| !(down && matches!(state, State::Open | State::Seen)))
        .filter_map(|state| {
            summary
                .states
                .get(state.word())
                .map(|number| format!("{number} {}", state.word()))
        })
        .collect();
    let mut steps = format!("{} in all: {}", summary.nodes, states.join(", "));
    if summary.unchanged > 0 && !down {
        steps = format!("{steps}; {} as before, nothing done", summary.unchanged);
    }
    figures.push(("steps", steps));
    if summary.asked > 0 {
        figures.push((
            "people",
            format!(
                "asked {}, answered {}",
                words::count(summary.asked.into(), "time", "times"),
                summary.answered
            ),
        ));
    }
    if let Some(longest) = summary.longest_waits.first() {
        figures.push((
            "waits",
            format!(
                "{}, {} in all; the longest {}: {} for {}",
                summary.waits,
                words::span(summary.waited_millis),
                words::span(longest.millis),
                name(&longest.node),
                longest.why
            ),
        ));
    }
    let mut requests = summary.requests.to_string();
    for (number, what) in [
        (summary.requests_again, "sent again"),
        (summary.throttled, "throttled"),
        (summary.unanswered, "without an answer"),
    ] {
        if number > 0 {
            requests = format!("{requests}, {number} {what}");
        }
    }
    figures.push(("requests", requests));
    figures
}

fn held_up<W: io::Write>(paper: &mut Paper<W>, summary: &Summary) -> io::Result<()> {
    let mut roots: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for held in &summary.held_up {
        roots.entry(&held.by).or_default().push(name(&held.node));
    }
    if roots.is_empty() {
        return Ok(());
    }
    paper.blank()?;
    paper.say(0, &format!("Held up ({})", summary.held_up.len()), None)?;
    let mark = format!("{} ", paper.style.glyph(State::Blocked.look()));
    for (root, nodes) in roots {
        let more = match nodes.len().saturating_sub(NAMES) {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        let nodes = nodes[..nodes.len().min(NAMES)].join(", ");
        paper.hang(2, &mark, &format!("by {root}: {nodes}{more}"), None)?;
    }
    Ok(())
}

type Lines = Vec<(String, String)>;

fn list<W: io::Write, T>(
    paper: &mut Paper<W>,
    title: &str,
    all: &[T],
    tell: impl Fn(&T) -> (State, &Node, Lines),
) -> io::Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    paper.blank()?;
    paper.say(0, &format!("{title} ({})", all.len()), None)?;
    for one in all {
        let (state, node, lines) = tell(one);
        let mark = format!("{} ", paper.style.glyph(state.look()));
        match lines.as_slice() {
            [(label, text)] if label.is_empty() => paper.hang(2, &mark, &format!("{}: {text}", name(node)), None)?,
            lines => {
                paper.hang(2, &mark, &name(node), None)?;
                for (label, text) in lines {
                    paper.hang(4, label, text, None)?;
                }
            }
        }
    }
    Ok(())
}

fn fault_lines(fault: &Fault) -> Lines {
    let what = match &fault.code {
        Some(code) => format!("{} [{code}]", fault.what),
        None => fault.what.clone(),
    };
    let mut lines = vec![("what      ".to_owned(), what)];
    let more = [
        ("why       ", Some(&fault.why)),
        ("to do     ", Some(&fault.hint)),
        ("request   ", fault.request_id.as_ref()),
    ];
    for (label, text) in more {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            lines.push((label.to_owned(), text.clone()));
        }
    }
    lines
}

/// What happened, with the code and the reason, without a full stop.
fn sentence(fault: &crate::fault::Fault) -> String {
    fault.to_string().trim_end_matches('.').to_owned()
}

fn wait(view: &View, number: usize, at: Timestamp, why: &str, until: Timestamp, ends_when: &str) -> String {
    let since = view.node(number).wait().map_or(at, |wait| wait.since);
    let mut text = format!("for {why}; since {}, until {} at most", clock(since), clock(until));
    if !ends_when.is_empty() {
        text = format!("{text}; ends when {ends_when}");
    }
    text
}

/// The name of a node as in its `Display`.
fn name(node: &Node) -> String {
    let target = node
        .target
        .as_ref()
        .map(|target| format!("{target}/"))
        .unwrap_or_default();
    let item = node.item.as_ref().map(|item| format!("[{item}]")).unwrap_or_default();
    clean(&format!("{target}{}{item}", node.step)).into_owned()
}

fn clock(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%H:%M:%S").to_string()
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        engine::{
            fact::End,
            step::{How, Undone},
        },
        report::{
            clean::{acts, width},
            testing::{self, Script, play_out, telling},
        },
    };

    fn told(script: &Script, telling: Telling, continue_with: Option<&str>) -> String {
        let mut plain = Plain::new(Vec::new(), telling);
        play_out(script, &mut plain, continue_with);
        String::from_utf8(plain.paper.into_inner()).expect("text")
    }

    #[test]
    fn a_set_up_tells_every_way_to_come_to_stand() {
        insta::assert_snapshot!(told(&testing::set_up(), telling(), None), @r#"
        Set-up · 2025-11-21 22:40:31 UTC

        0 Preflight
          Nothing is in the way.
        22:40:31 0 ✔ entra.session                  graph seen
                     tenant contoso, default domain contoso.onmicrosoft.com

        1 Prepare tenant
          An application in your tenant that knows AWS.
        22:40:31 1 ✔ entra.user[NikkiWolf]          graph adopted
                     GET /users/NikkiWolf@contoso.onmicrosoft.com answers
        22:40:31 1 ✔ entra.app                      graph made
                     GET /applications/7c1e0c10-1111-4222-8333-944455556666 answers,
                     identifier set
        22:40:31 1 ✔ entra.user[RichardRoe]         graph changed
                     department is Engineering

        2 SAML
          People sign in to AWS through Entra.
        22:40:31 2 ◆ saml.identity-source           human needs you
                     Make Entra ID the identity source. Goes on when this is seen:
                     CloudTrail shows EnableExternalIdPConfigurationForDirectory
        22:41:43 2 ≈ saml.identity-source           human unproven
                     a person gave their word

        3 SCIM
          People arrive in AWS by themselves.
        22:41:43 3 – scim.job                       graph left out
                     the operator left it out
        22:41:43 3 ◔ scim.arrived[RichardRoe]       wait  waits
                     for the next provisioning cycle; since 22:41:43, until 23:41:43 at
                     most; ends when it is listed in Identity Store
        22:46:43 3 ◔ scim.arrived[RichardRoe]       wait  still waits
                     for the next provisioning cycle; 5 min so far
        22:51:43 3 ◔ scim.arrived[RichardRoe]       wait  still waits
                     for the next provisioning cycle; 10 min so far
        22:56:43 3 ◔ scim.arrived[RichardRoe]       wait  still waits
                     for the next provisioning cycle; 15 min so far
        23:01:43 3 ◔ scim.arrived[RichardRoe]       wait  still waits
                     for the next provisioning cycle; 20 min so far
        23:06:43 3 ◔ scim.arrived[RichardRoe]       wait  still waits
                     for the next provisioning cycle; 25 min so far
        23:11:43 3 ◔ scim.arrived[RichardRoe]       wait  still waits
                     for the next provisioning cycle; 30 min so far
        23:16:43 3 ◔ scim.arrived[RichardRoe]       wait  still waits
                     for the next provisioning cycle; 35 min so far
        23:21:43 3 ✔ scim.arrived[RichardRoe]       wait  seen
                     Identity Store lists RichardRoe with 6 attributes

        Set-up: done, after 41 min 12 s
          steps     7 in all: 2 seen, 1 made, 1 changed, 1 adopted, 1 unproven, 1 left
                    out
          people    asked 1 time, answered 1
          waits     1, 40 min in all; the longest 40 min: scim.arrived[RichardRoe] for
                    the next provisioning cycle
          requests  3, 1 sent again, 1 throttled

        Unproven: nobody saw it, a person gave their word (1)
          ≈ saml.identity-source
        "#);
    }

    #[test]
    fn trouble_says_what_why_and_what_to_do() {
        insta::assert_snapshot!(told(&testing::trouble(), telling(), Some("fedwiz apply --federation contoso")), @r#"
        Set-up · 2025-11-21 22:40:31 UTC

        0 Preflight
          Nothing is in the way.
        22:40:31 0 ✔ entra.session                  graph seen      tenant contoso

        1 Prepare tenant
          An application in your tenant that knows AWS.
        22:40:31 1 ↻ entra.app                      graph tries again
                     in 20 s, after try 1: Microsoft Graph asks to slow down
        22:40:51 1 ✘ entra.app                      graph failed
                     the tenant refuses to create the application
                     [Authorization_RequestDenied]: the sign-in lacks the scope
                     Application.ReadWrite.All, while making it

        2 SAML
          People sign in to AWS through Entra.
        22:40:51 2 ◆ saml.identity-source           human needs you
                     Make Entra ID the identity source. Goes on when this is seen:
                     CloudTrail shows EnableExternalIdPConfigurationForDirectory

        Set-up: failed, after 20 s
          steps     7 in all: 2 to go, 1 needs you, 1 seen, 1 failed, 2 held up
          people    asked 1 time, answered 0
          requests  0

        Failed (1)
          ✘ entra.app
            what      the tenant refuses to create the application
                      [Authorization_RequestDenied]
            why       the sign-in lacks the scope Application.ReadWrite.All
            to do     Ask an administrator to consent to it, then run `fedwiz apply`
                      again.
            request   5f0c2b1e-77aa-4f3e-9a55-0d2f5ad1c0de

        Needs a person (1)
          ◆ saml.identity-source
            Make Entra ID the identity source
            done when this is seen: CloudTrail shows
                      EnableExternalIdPConfigurationForDirectory
            to do     Run `fedwiz apply` at a terminal, or give the answers with
                      `--answers FILE`.

        Held up (2)
          ⊘ by entra.app: scim.job, scim.arrived[RichardRoe]

        Exit code 1: a step failed.
        Continue with: `fedwiz apply --federation contoso`
        "#);
    }

    #[test]
    fn a_teardown_says_what_stays_and_why() {
        let text = told(&testing::up_and_down(), telling(), None);
        let down = text.find("Teardown").expect("a second heading");
        insta::assert_snapshot!(&text[down..], @r#"
        Teardown · 2025-11-22 09:21:43 UTC

        0 Preflight
        09:21:43 0 ✔ entra.session                  graph seen, as before tenant contoso

        2 SAML
        09:21:44 2 ✔ saml.identity-source           human restored
                     CloudTrail shows DisableExternalIdPConfigurationForDirectory

        1 Prepare tenant
        09:21:44 1 ● entra.user[RichardRoe]         graph stays
                     the profile says that people are not removed
        09:21:44 1 ✔ entra.app                      graph removed
                     GET /applications/7c1e0c10 says 404, three times

        Teardown: done, after 770 ms
          steps     7 in all: 1 adopted, 1 removed, 1 restored, 1 stays
          requests  0

        Stays (2)
          ● entra.user[NikkiWolf]: it was there before
          ● entra.user[RichardRoe]: the profile says that people are not removed
        "#);
    }

    #[test]
    fn ascii_mode_is_ascii_and_says_the_same() {
        let ascii = Telling {
            style: Style {
                ascii: true,
                ..testing::style()
            },
            ..telling()
        };
        let text = told(&testing::set_up(), ascii, None);
        assert!(text.is_ascii(), "{text}");
        insta::assert_snapshot!(text.lines().take(9).collect::<Vec<_>>().join("\n"), @r#"
        Set-up - 2025-11-21 22:40:31 UTC

        0 Preflight
          Nothing is in the way.
        22:40:31 0 = entra.session                  graph seen
                     tenant contoso, default domain contoso.onmicrosoft.com

        1 Prepare tenant
          An application in your tenant that knows AWS.
        "#);
    }

    #[test]
    fn colour_only_adds_to_what_is_said() {
        let coloured = Telling {
            style: Style {
                colour: true,
                ..testing::style()
            },
            ..telling()
        };
        for script in [testing::set_up(), testing::trouble(), testing::up_and_down()] {
            let plain = told(&script, telling(), None);
            let coloured = told(&script, coloured, None);
            assert!(!plain.contains('\x1b') && coloured.contains('\x1b'));
            let mut bare = String::new();
            for (number, part) in coloured.split('\x1b').enumerate() {
                bare.push_str(if number == 0 {
                    part
                } else {
                    part.split_once('m').expect("a code").1
                });
            }
            assert_eq!(bare, plain);
        }
    }

    #[test]
    fn eighty_columns_are_enough() {
        for script in [testing::set_up(), testing::trouble(), testing::up_and_down()] {
            for line in told(&script, telling(), None).lines() {
                assert!(width(line) <= 80, "{line}");
            }
        }
    }

    #[test]
    fn without_a_width_every_step_is_one_line() {
        let endless = Telling {
            style: Style::default(),
            ..telling()
        };
        let text = told(&testing::set_up(), endless, None);
        assert!(text.lines().any(|line| {
            line.contains("entra.app")
                && line.ends_with("GET /applications/7c1e0c10-1111-4222-8333-944455556666 answers, identifier set")
        }));
    }

    #[test]
    fn names_from_a_directory_cannot_act() {
        let mut script = Script::begin("10:00:00", Intent::Up);
        script
            .made(
                "entra.user[a\u{1b}]52;c;aGk=\u{7}b]",
                "GET \u{9b}31m\u{202e}answers\r\nfaked line",
            )
            .made("entra.user[漢字 山田]", "漢字")
            .made("entra.user[Zoe\u{308}]", "here")
            .ends(End::Done);
        let text = told(&script, telling(), None);
        assert!(!text.contains(|c| c != '\n' && acts(c)));
        let columns: Vec<usize> = text
            .lines()
            .filter_map(|line| line.find("graph").map(|at| width(&line[..at])))
            .collect();
        assert_eq!(columns[1..], [44, 44], "{text}");
        insta::assert_snapshot!(text.lines().skip(4).take(4).collect::<Vec<_>>().join("\n"), @r#"
        10:00:00 1 ✔ entra.user[a‹1B›]52;c;aGk=‹07›b] graph made
                     GET ‹9B›31m‹202E›answers faked line
        10:00:00 1 ✔ entra.user[漢字 山田]          graph made      漢字
        10:00:00 1 ✔ entra.user[Zoë]                graph made      here
        "#);
    }

    #[test]
    fn a_long_wait_is_told_again_now_and_then_unless_a_bar_shows_it() {
        let still = |telling| told(&testing::set_up(), telling, None).matches("still waits").count();
        assert_eq!(still(telling()), 7);
        assert_eq!(still(Telling { bar: true, ..telling() }), 0);
        assert_eq!(
            still(Telling {
                verbose: true,
                ..telling()
            }),
            80
        );
    }

    #[test]
    fn requests_are_told_when_asked_for() {
        let verbose = Telling {
            verbose: true,
            style: Style::default(),
            ..telling()
        };
        let text = told(&testing::set_up(), verbose, None);
        assert!(
            text.contains("request   POST https://graph.microsoft.com/v1.0/applications 429 212 ms")
                && text.contains(", request id 5f0c\n"),
            "{text}"
        );
        assert!(!told(&testing::set_up(), telling(), None).contains("https://graph"));
    }

    #[test]
    fn what_stood_before_is_told_as_before() {
        let mut script = Script::begin("10:00:00", Intent::Up);
        script.made("entra.app", "GET answers").ends(End::Done);
        script.run(Intent::Up).signal(
            "entra.app",
            Signal::Unchanged {
                how: How::Made,
                proof: "GET answers".into(),
            },
        );
        script.ends(End::Done);
        let text = told(&script, telling(), None);
        assert!(text.contains("made, as before"), "{text}");
        assert!(text.contains("1 as before, nothing done"), "{text}");
    }

    #[test]
    fn taking_back_on_a_persons_word_is_unproven() {
        let mut script = Script::begin("10:00:00", Intent::Up);
        script
            .made("entra.app", "GET answers")
            .ends(End::Done)
            .run(Intent::Down);
        script
            .fact("entra.app", Fact::UndoStarted {})
            .fact(
                "entra.app",
                Fact::Undone {
                    what: Undone::Removed,
                    proof: "a person gave their word".into(),
                    unproven: true,
                },
            )
            .ends(End::Done);
        let text = told(&script, telling(), None);
        assert!(text.contains("taken back, unproven"), "{text}");
        assert!(
            text.contains("Unproven: nobody saw it, a person gave their word (1)"),
            "{text}"
        );
    }
}
