//! The report: who did what, when, and what proves it. Each fact is an entry; a hash chain runs through all of them, so that
//! [`super::chain::verify`] finds one changed byte.

use std::sync::Arc;

use serde_json::json;

use super::{
    Format,
    chain::{Chain, JSON},
    document::{Document, Line},
    entry::{Entry, Teller},
    html, markdown,
};
use crate::{
    engine::{Phase, fact::Event, step::World},
    profile::Profile,
    report::words,
    secrets::redact,
};

/// The version of the report's formats.
pub const VERSION: u32 = 1;

/// A report of what a journal says.
pub struct Report {
    federation: String,
    tenant: String,
    targets: Vec<String>,
    entries: Vec<Entry>,
    standing: Vec<Stands>,
}

/// A node that stands at the end.
struct Stands {
    node: String,
    title: &'static str,
    how: &'static str,
    human: bool,
    /// What was seen; none when a person gave their word.
    proof: Option<String>,
}

impl Report {
    /// What these facts say, in the words of these steps.
    pub fn of<W: World>(profile: &Profile, phases: &[&'static Phase<W>], events: &[Arc<Event>]) -> Self {
        let mut teller = Teller::new(phases);
        let entries = events.iter().map(|event| teller.tell(event)).collect();
        let standing = teller
            .run()
            .nodes()
            .into_iter()
            .filter_map(|(id, node)| {
                let standing = node.standing.as_ref()?;
                let (title, human) = teller.about(id);
                Some(Stands {
                    node: redact(&id.to_string()),
                    title: title.unwrap_or(""),
                    how: words::how(standing.how),
                    human,
                    proof: (!standing.unproven).then(|| redact(&standing.proof)),
                })
            })
            .collect();
        Self {
            federation: profile.federation.clone(),
            tenant: profile.entra.tenant.clone(),
            targets: profile.aws.iter().map(|target| target.name.clone()).collect(),
            entries,
            standing,
        }
    }

    /// The report for people.
    pub fn write(&self, format: Format) -> String {
        let document = self.document();
        match format {
            Format::Markdown => markdown::write(&document, true),
            Format::Html => html::write(&document, true),
        }
    }

    /// The report for programs: one object, with one entry a line.
    pub fn json(&self) -> String {
        let mut chain = Chain::new(&JSON);
        chain.push(&format!(
            "{{\"format\":\"fedwiz-report\",\"v\":{VERSION},\"federation\":{},\"tenant\":{},\"targets\":{},\"entries\":[\n",
            json!(self.federation),
            json!(self.tenant),
            json!(self.targets),
        ));
        for (at, entry) in self.entries.iter().enumerate() {
            let text = serde_json::to_string(entry).expect("an entry is text, numbers and lists");
            chain.push(text.strip_suffix('}').expect("an entry is an object"));
            chain.link(at + 1 == self.entries.len());
        }
        let standing: Vec<_> = self
            .standing
            .iter()
            .map(|stands| {
                json!({
                    "node": stands.node, "how": stands.how, "human": stands.human, "proof": stands.proof,
                    "unproven": stands.proof.is_none(),
                })
            })
            .collect();
        chain.push(&format!("],\"standing\":{}", json!(standing)));
        chain.seal()
    }

    fn document(&self) -> Document {
        let mut document = Document::new(format!("Report on the federation {}", self.federation));
        document.say(
            Line::new()
                .text("Microsoft Entra tenant ")
                .code(&self.tenant)
                .text(if self.targets.len() == 1 {
                    ", AWS target "
                } else {
                    ", AWS targets "
                })
                .code(self.targets.join(", "))
                .text("."),
        );
        match (self.entries.first(), self.entries.last()) {
            (Some(first), Some(last)) => document.say(format!(
                "{}, from {:.0} to {:.0}, in the order they were written to the journal. Times are in UTC. Calls are told that \
                 changed something, or may have; the request id of an AWS call is the requestID of its CloudTrail event.",
                words::count(self.entries.len() as u64, "fact", "facts"),
                first.at,
                last.at
            )),
            _ => document.say("The journal holds no facts yet."),
        }
        document.say(Line::new().ours(
            "Under each entry stands the SHA-256 of the link before it and of everything between. \
             `fedwiz export report --verify FILE` follows the chain and finds one changed byte. Who may write the whole file can \
             also write a new chain: keep the seal, its last line, where they cannot.",
        ));
        self.human_steps(&mut document);
        document.heading(2, "What was done");
        document.chain_link();
        let mut run = 0;
        for entry in &self.entries {
            if entry.run != run {
                run = entry.run;
                document.heading(3, format!("Run {run}"));
            }
            tell(entry, &mut document);
        }
        document.heading(2, "What stands");
        if self.standing.is_empty() {
            document.say("Nothing.");
        }
        document.table(
            vec!["What", "Step", "How", "Proof"],
            self.standing.iter().map(|stands| row(stands, true)).collect(),
        );
        document
    }

    fn human_steps(&self, document: &mut Document) {
        let rows: Vec<Vec<Line>> = self
            .standing
            .iter()
            .filter(|stands| stands.human)
            .map(|stands| row(stands, false))
            .collect();
        if !rows.is_empty() {
            document.heading(2, "What people did");
            document.table(vec!["What", "Step", "Proof"], rows);
        }
    }
}

fn row(stands: &Stands, how: bool) -> Vec<Line> {
    let proof = match &stands.proof {
        Some(proof) => Line::from(proof.clone()),
        None => Line::new().strong("unproven").text(": a person gave their word"),
    };
    let mut row = vec![stands.title.into(), Line::new().code(&stands.node)];
    if how {
        row.push(stands.how.into());
    }
    row.push(proof);
    row
}

fn tell(entry: &Entry, document: &mut Document) {
    let heading = Line::new().text(format!("{}. {:.0} ", entry.seq, entry.at));
    document.heading(
        4,
        match &entry.node {
            Some(node) => heading.code(node),
            None => heading.text("The run"),
        },
    );
    let title = entry.title.map(|title| format!("{title}. ")).unwrap_or_default();
    let mut said = Line::new().text(format!("{title}{}", entry.what));
    if entry.unproven {
        said = said
            .text(" ")
            .strong("Unproven")
            .text(": nobody saw it, a person gave their word.");
    }
    document.say(said);
    let mut points = Vec::new();
    if let Some(who) = &entry.who {
        points.push(Line::new().text("By ").text(who));
    }
    if let Some(proof) = &entry.proof {
        points.push(Line::new().text("Proof: ").text(proof));
    }
    for id in &entry.cloudtrail {
        points.push(Line::new().text("CloudTrail event ").code(id));
    }
    for call in &entry.calls {
        let answer = call
            .status
            .map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        let line = Line::new()
            .text(format!("{}: ", call.service))
            .code(&call.what)
            .text(format!(", {answer}"));
        points.push(match &call.request {
            Some(id) => line.text(", request ").code(id),
            None => line,
        });
    }
    document.points(points);
    let cell = |value: &Option<String>| match value {
        Some(value) => Line::new().code(value),
        None => Line::new().text("–"),
    };
    document.table(
        vec!["Member", "Before", "After"],
        entry
            .changes
            .iter()
            .map(|change| {
                vec![
                    Line::new().code(&change.field),
                    cell(&change.before),
                    cell(&change.after),
                ]
            })
            .collect(),
    );
    document.chain_link();
}
