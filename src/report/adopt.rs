//! What taking a federation over comes to: what is adopted, what belongs to others, what the profile cannot say, and what a
//! set-up would still do; as text and as JSON.

use std::io;

use jiff::Timestamp;

use super::{
    json::Json,
    paper::{Paper, Span, Style},
    view::View,
    wire::Body,
    words::{self, Tone},
};
use crate::engine::{
    graph::NodeId,
    signal::{Finding, What},
    step::{Difference, How},
};

/// One node that is taken over.
#[derive(Debug, Clone, PartialEq)]
pub struct Taken {
    /// The node.
    pub node: NodeId,
    /// Adopted, or only seen.
    pub how: How,
    /// What was seen.
    pub proof: String,
    /// Whether nobody saw it.
    pub unproven: bool,
    /// Who looks after it.
    pub owner: Option<String>,
    /// What is not as the profile would have it, and stays so.
    pub stays: Vec<Difference>,
}

/// Something that the profile cannot say, or that belongs to somebody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// `entra` or `aws`.
    pub side: &'static str,
    /// The object's name.
    pub object: String,
    /// What is so.
    pub text: String,
    /// Who looks after it, if that is what the remark is about.
    pub owner: Option<String>,
}

/// What taking over comes to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comes {
    /// What is taken over.
    pub taken: Vec<Taken>,
    /// What belongs to somebody else, and what the profile cannot say.
    pub remarks: Vec<Remark>,
    /// What a set-up would do afterwards.
    pub open: Vec<(NodeId, Finding)>,
}

/// It as text. Where all is plainly adopted, a count is enough; what differs, is unproven or owned has its line.
pub fn write(out: impl io::Write, style: Style, comes: &Comes) -> io::Result<()> {
    let mut paper = Paper::new(out, style);
    let adopted = comes.taken.iter().filter(|taken| taken.how == How::Adopted).count();
    paper.say(
        0,
        &format!("{adopted} things are there and would be taken over as they are:"),
        None,
    )?;
    for (step, many) in counted(&comes.taken) {
        paper.row(&[Span::plain(" "), Span(many.to_string(), 5, None)], &step, 7)?;
    }
    let odd = comes
        .taken
        .iter()
        .filter(|taken| taken.unproven || !taken.stays.is_empty());
    for taken in odd {
        let mark = if taken.unproven { "unproven  " } else { "as it is  " };
        paper.hang(2, mark, &format!("{}: {}", taken.node, taken.proof), Some(Tone::Doubt))?;
    }
    part(
        &mut paper,
        "Looked after by others, and never changed without being named:",
        &comes.remarks,
        true,
    )?;
    part(&mut paper, "Not in the profile:", &comes.remarks, false)?;
    if !comes.open.is_empty() {
        paper.blank()?;
        paper.say(0, "A set-up would still have something to do:", None)?;
    }
    for (node, finding) in &comes.open {
        let look = words::what(finding.what);
        let each = finding
            .differences
            .iter()
            .map(|it| format!("{}: {} → {}", it.field, it.found, it.wanted));
        let mut text: Vec<String> = each.collect();
        if text.is_empty() {
            text.push(finding.note.to_string());
        }
        let spans = [
            Span(paper.style.glyph(look).to_owned(), 1, Some(look.tone)),
            Span::plain(node.to_string()),
            Span(look.word.to_owned(), 0, Some(look.tone)),
        ];
        paper.row(&spans, &text.join("; "), 4)?;
    }
    Ok(())
}

/// How many of each step, in the order of the walk.
fn counted(taken: &[Taken]) -> Vec<(String, usize)> {
    let mut counts: Vec<(String, usize)> = Vec::new();
    for one in taken.iter().filter(|taken| taken.how == How::Adopted) {
        match counts.iter_mut().find(|(step, _)| *step == one.node.step) {
            Some((_, many)) => *many += 1,
            None => counts.push((one.node.step.clone(), 1)),
        }
    }
    counts
}

fn part<W: io::Write>(paper: &mut Paper<W>, title: &str, remarks: &[Remark], owned: bool) -> io::Result<()> {
    let mut of_part = remarks
        .iter()
        .filter(|remark| remark.owner.is_some() == owned)
        .peekable();
    if of_part.peek().is_none() {
        return Ok(());
    }
    paper.blank()?;
    paper.say(0, title, None)?;
    for remark in of_part {
        let text = match &remark.owner {
            Some(owner) => format!("{} {}: {owner}", remark.text, remark.object)
                .trim_start()
                .to_owned(),
            None => format!("{} {}", remark.object, remark.text),
        };
        paper.hang(2, &format!("{:<7}", remark.side), &text, None)?;
    }
    Ok(())
}

/// The profile as text, without its comments, and the files beside it.
pub fn write_profile(out: impl io::Write, style: Style, file: &str, text: &str, policies: &[String]) -> io::Result<()> {
    let mut paper = Paper::new(out, style);
    paper.blank()?;
    paper.say(0, &format!("The profile, {file}:"), None)?;
    for line in text.lines() {
        paper.unbroken(&format!("  {line}"))?;
    }
    if !policies.is_empty() {
        paper.say(0, &format!("Policies beside it: {}", policies.join(", ")), None)?;
    }
    Ok(())
}

/// It as JSON: one line for each.
pub fn json<W: io::Write>(json: &mut Json<W>, view: &View, at: Timestamp, comes: &Comes) -> io::Result<()> {
    for taken in &comes.taken {
        let body = Body::Taken {
            how: taken.how.into(),
            proof: taken.proof.clone(),
            unproven: taken.unproven,
            owner: taken.owner.clone(),
            differences: taken.stays.iter().map(Into::into).collect(),
        };
        json.line(view, view.seq(), at, Some(&taken.node), body)?;
    }
    for remark in &comes.remarks {
        let body = Body::Remark {
            side: remark.side.to_owned(),
            object: remark.object.clone(),
            text: remark.text.clone(),
            owner: remark.owner.clone(),
        };
        json.line(view, view.seq(), at, None, body)?;
    }
    for (node, finding) in &comes.open {
        let body = Body::Found {
            what: finding.what.into(),
            differences: finding.differences.iter().map(Into::into).collect(),
            note: finding.note.to_string(),
        };
        json.line(view, view.seq(), at, Some(node), body)?;
    }
    Ok(())
}

/// The profile as one JSON line.
pub fn json_profile<W: io::Write>(
    json: &mut Json<W>,
    view: &View,
    at: Timestamp,
    file: &str,
    text: &str,
    policies: Vec<String>,
) -> io::Result<()> {
    let body = Body::Profile {
        file: file.to_owned(),
        text: text.to_owned(),
        policies,
    };
    json.line(view, view.seq(), at, None, body)
}

/// What a set-up would do to a node, if it would do anything.
pub fn is_open(finding: &Finding) -> bool {
    !matches!(finding.what, What::Stands | What::WouldStay | What::Nothing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(step: &str, item: &str) -> NodeId {
        NodeId {
            target: None,
            step: step.into(),
            item: item.into(),
        }
    }

    fn taken(step: &str, item: &str) -> Taken {
        Taken {
            node: node(step, item),
            how: How::Adopted,
            proof: "GET answers".into(),
            unproven: false,
            owner: None,
            stays: Vec::new(),
        }
    }

    #[test]
    fn what_is_plain_is_counted_and_what_is_not_has_its_line() {
        let comes = Comes {
            taken: vec![
                taken("entra.app", ""),
                taken("aws.permission-set", "Platform"),
                taken("aws.permission-set", "Ops"),
                Taken {
                    unproven: true,
                    proof: "nobody saw it".into(),
                    ..taken("saml.identity-source", "")
                },
            ],
            remarks: vec![
                Remark {
                    side: "aws",
                    object: "Platform".into(),
                    text: "permission set".into(),
                    owner: Some("Terraform".into()),
                },
                Remark {
                    side: "aws",
                    object: "AWSControlTowerAdmins".into(),
                    text: "is a group of AWS Control Tower".into(),
                    owner: None,
                },
            ],
            open: vec![(
                node("scim.start", ""),
                Finding {
                    what: What::WouldChange,
                    differences: vec![Difference::new("status", "Paused", "Active")],
                    note: "".into(),
                },
            )],
        };
        let mut out = Vec::new();
        write(&mut out, Style::default(), &comes).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap());
    }
}
