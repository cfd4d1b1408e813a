//! What a check found, one line for each difference, as text and as JSON.

use std::io;

use jiff::Timestamp;

use super::{
    json::Json,
    paper::{Paper, Span, Style},
    view::View,
    wire::Body,
    words,
};
use crate::{
    engine::{
        graph::NodeId,
        signal::{Finding, What},
        step::{About, Difference, Executor},
    },
    fault::Fault,
};

/// A value longer than this is cut down to where it differs.
const LONG: usize = 100;
/// So many characters of what is alike are shown around that.
const AROUND: usize = 24;

/// One difference between what stands and what was recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Drift {
    /// The node.
    pub node: NodeId,
    /// What the step does.
    pub title: Option<&'static str>,
    /// `Missing`, `Drifted` or `CannotTell`.
    pub what: What,
    /// The field with what is there and what should be; none where the whole thing is missing or cannot be told.
    pub difference: Option<Difference>,
    /// Why nobody can tell.
    pub note: String,
    /// Whether a repair asks a person.
    pub asks: bool,
}

/// A node that could not be looked at: nobody knows how it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Unseen {
    /// The node.
    pub node: NodeId,
    /// `entra` or `aws`.
    pub side: &'static str,
    /// What the step does.
    pub title: Option<&'static str>,
    /// Why.
    pub fault: Fault,
}

impl Drift {
    /// The difference in one sentence, long values cut down to where they differ.
    pub fn text(&self) -> String {
        match (&self.difference, self.what) {
            (Some(difference), _) => {
                let (found, wanted) = cut_down(&difference.found, &difference.wanted);
                format!("{}: {} → {}", difference.field, shown(&found), shown(&wanted))
            }
            (None, What::Missing) => "is not there any more".to_owned(),
            (None, _) => self.note.clone(),
        }
    }
}

/// The differences of one node that a check found. None where it stands.
pub fn of_finding(node: &NodeId, about: Option<&About>, finding: &Finding) -> Vec<Drift> {
    let one = |difference: Option<Difference>| Drift {
        node: node.clone(),
        title: about.map(|about| about.title),
        what: finding.what,
        difference,
        note: finding.note.to_string(),
        asks: about.is_some_and(|about| about.executor == Executor::Human),
    };
    match finding.what {
        What::Drifted if !finding.differences.is_empty() => {
            finding.differences.iter().cloned().map(Some).map(one).collect()
        }
        What::Missing | What::CannotTell | What::Drifted => vec![one(None)],
        _ => Vec::new(),
    }
}

/// A node that a check could not look at.
pub fn unseen(node: &NodeId, about: Option<&About>, fault: &Fault) -> Unseen {
    let entra = about.is_some_and(|about| about.executor == Executor::Graph);
    Unseen {
        node: node.clone(),
        side: if entra { "entra" } else { "aws" },
        title: about.map(|about| about.title),
        fault: fault.clone(),
    }
}

/// One line for each difference, then one for each node that could not be looked at.
pub fn write(out: impl io::Write, style: Style, drifts: &[Drift], unseen: &[Unseen]) -> io::Result<()> {
    let mut paper = Paper::new(out, style);
    let mut row = |what: What, node: &NodeId, text: &str| {
        let look = words::what(what);
        let spans = [
            Span(style.glyph(look).to_owned(), 1, Some(look.tone)),
            Span::plain(node.to_string()),
        ];
        paper.row(&spans, text, 4)
    };
    for drift in drifts {
        row(drift.what, &drift.node, &drift.text())?;
    }
    for one in unseen {
        let text = format!("could not be looked at: {}", one.fault);
        row(What::Failed, &one.node, &text)?;
    }
    Ok(())
}

/// One JSON line for each difference, then one for each node that could not be looked at.
pub fn json<W: io::Write>(
    json: &mut Json<W>,
    view: &View,
    at: Timestamp,
    drifts: &[Drift],
    unseen: &[Unseen],
) -> io::Result<()> {
    for drift in drifts {
        let difference = drift.difference.as_ref();
        let body = Body::Drift {
            what: drift.what.into(),
            title: drift.title.map(str::to_owned),
            field: difference.map(|difference| difference.field.clone()),
            found: difference.map(|difference| difference.found.clone()),
            wanted: difference.map(|difference| difference.wanted.clone()),
            text: drift.text(),
            asks: drift.asks,
        };
        json.line(view, view.seq(), at, Some(&drift.node), body)?;
    }
    for one in unseen {
        let body = Body::Unread {
            side: one.side.to_owned(),
            object: one.title.unwrap_or_default().to_owned(),
            fault: (&one.fault).into(),
        };
        json.line(view, view.seq(), at, Some(&one.node), body)?;
    }
    Ok(())
}

fn shown(value: &str) -> &str {
    if value.is_empty() { "(nothing)" } else { value }
}

/// Two values, each cut down to where they differ when one of them is long.
fn cut_down(one: &str, other: &str) -> (String, String) {
    let (a, b): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    if a.len().max(b.len()) <= LONG {
        return (one.to_owned(), other.to_owned());
    }
    let begin = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let room = a.len().min(b.len()) - begin;
    let pairs = a.iter().rev().zip(b.iter().rev()).take(room);
    let end = pairs.take_while(|(a, b)| a == b).count();
    let part = |text: &[char]| {
        let from = begin.saturating_sub(AROUND);
        let to = (text.len() - end + AROUND).min(text.len()).min(from + 2 * LONG);
        let dots = |cut: bool| if cut { "…" } else { "" };
        let middle: String = text[from..to].iter().collect();
        format!("{}{middle}{}", dots(from > 0), dots(to < text.len()))
    };
    (part(&a), part(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(what: What, differences: Vec<Difference>) -> Vec<Drift> {
        let node = NodeId {
            target: None,
            step: "entra.app".into(),
            item: String::new(),
        };
        let finding = Finding {
            what,
            differences,
            note: "".into(),
        };
        of_finding(&node, None, &finding)
    }

    #[test]
    fn each_difference_is_one_line_and_what_stands_is_none() {
        let two = vec![Difference::new("a", "1", "2"), Difference::new("b", "", "x")];
        let drifts = finding(What::Drifted, two);
        let mut out = Vec::new();
        write(&mut out, Style::default(), &drifts, &[]).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap(), @r"
        ≠ entra.app a: 1 → 2
        ≠ entra.app b: (nothing) → x
        ");
        assert_eq!(finding(What::Missing, Vec::new())[0].text(), "is not there any more");
        for what in [What::Stands, What::WouldWait, What::Nothing] {
            assert!(finding(what, Vec::new()).is_empty());
        }
    }

    #[test]
    fn a_long_value_is_cut_down_to_where_it_differs() {
        let policy = |action: &str| {
            let name = "x".repeat(100);
            format!("{{\"Statement\":[{{\"Sid\":\"{name}\",\"Action\":\"{action}\",\"Resource\":\"*\"}}]}}")
        };
        let (one, other) = cut_down(&policy("account:*"), &policy("account:ListRegions"));
        assert!(one.contains("account:*") && one.chars().count() < 80, "{one}");
        assert!(other.contains("account:ListRegions"), "{other}");
        assert_eq!(cut_down("a", "b"), ("a".into(), "b".into()));
        let longer = "y".repeat(300);
        assert!(cut_down("", &longer).1.chars().count() <= 2 * LONG + 2);
    }
}
