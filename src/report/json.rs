//! The JSON stream: one event a line. What a line holds is published in `docs/events.schema.json`.

use std::io;

use jiff::Timestamp;
use schemars::schema_for;
use serde::Serialize;
use serde_json::{Value, ser::Formatter};

use super::{
    Reporter, bulk, clean,
    summary::Summary,
    view::{Seen, View},
    wire::{Base, Body, Executor, Line},
};
use crate::engine::{fact::VERSION, graph::NodeId, recorder::Notice};

/// Writes events as JSON, one a line.
#[derive(Debug)]
pub struct Json<W> {
    out: W,
    bulk: bulk::Bulk,
}

impl<W: io::Write> Json<W> {
    /// Writes to `out`.
    pub fn new(out: W) -> Self {
        Self {
            out,
            bulk: bulk::Bulk::default(),
        }
    }

    pub(super) fn line(
        &mut self,
        view: &View,
        seq: u64,
        at: Timestamp,
        node: Option<&NodeId>,
        body: Body,
    ) -> io::Result<()> {
        let line = Line {
            v: VERSION,
            seq,
            at,
            target: node.and_then(|node| node.target.as_deref()),
            step: node.map(|node| node.step.as_str()),
            item: node.map(|node| node.item.as_str()).filter(|item| !item.is_empty()),
            executor: node
                .and_then(|node| view.about_step(&node.step))
                .map(|about| Executor::from(about.executor)),
            body,
        };
        let mut text = Vec::with_capacity(256);
        line.serialize(&mut serde_json::Serializer::with_formatter(&mut text, Harmless))
            .map_err(io::Error::other)?;
        text.push(b'\n');
        self.out.write_all(&text)?;
        self.out.flush()
    }
}

impl<W: io::Write> Reporter for Json<W> {
    fn tell(&mut self, view: &View, notice: &Notice, seen: Seen) -> io::Result<()> {
        let (seq, at) = match notice {
            Notice::Fact(event) => {
                let body = Body::of_fact(&event.fact);
                self.line(view, event.seq, event.at, event.node.as_ref(), body)?;
                (event.seq, event.at)
            }
            Notice::Signal(event) => {
                let about = event.node.as_ref().and_then(|node| view.about_step(&node.step));
                let down = view.run().is_some_and(|run| run.intent.takes_back());
                let proof = about.filter(|_| !down).map(|about| about.proof);
                let body = Body::of_signal(&event.signal, proof);
                self.line(view, event.seq, event.at, event.node.as_ref(), body)?;
                (event.seq, event.at)
            }
        };
        match self.bulk.due(view, notice, seen.node) {
            Some((flow, figures)) => bulk::json(self, view, seq, at, flow, &figures),
            None => Ok(()),
        }
    }

    fn end(&mut self, view: &View, summary: &Summary) -> io::Result<()> {
        let at = view.now().unwrap_or(Timestamp::UNIX_EPOCH);
        self.line(view, view.seq(), at, None, Body::Summary(Box::new(summary.clone())))
    }
}

/// Writes what acts on a terminal by its code, also where JSON would allow it as it is.
struct Harmless;

impl Formatter for Harmless {
    fn write_string_fragment<W: io::Write + ?Sized>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| clean::acts(*c)) {
            writer.write_all(&rest.as_bytes()[..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &rest[at + c.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }
}

/// The schema of a line: JSON Schema 2020-12. Every kind has all its members in one closed object.
pub fn schema() -> Value {
    let base = schema_for!(Base<'_>).to_value();
    let mut schema = schema_for!(Body).to_value();
    let mut definitions = schema["$defs"].take();
    for (name, definition) in base["$defs"].as_object().into_iter().flatten() {
        definitions[name] = definition.clone();
    }
    for kind in schema["oneOf"].as_array_mut().into_iter().flatten() {
        complete(kind, &base, &mut definitions);
    }
    if let Some(definitions) = definitions.as_object_mut() {
        definitions.remove("Summary");
    }
    schema["$defs"] = definitions;
    schema["$id"] = format!("urn:fedwiz:events:v{VERSION}").into();
    schema["title"] = "fedwiz event".into();
    schema["description"] = "One line of the JSON stream.".into();
    schema
}

/// Puts the members of all kinds, and of the type the kind refers to, into the kind's own object.
fn complete(kind: &mut Value, base: &Value, definitions: &mut Value) {
    let referred = kind
        .as_object_mut()
        .and_then(|kind| kind.remove("$ref"))
        .and_then(|name| name.as_str()?.rsplit('/').next().map(str::to_owned))
        .map(|name| definitions[&name].clone())
        .unwrap_or_default();
    for part in [base, &referred] {
        for (name, member) in part["properties"].as_object().into_iter().flatten() {
            kind["properties"][name] = member.clone();
        }
    }
    kind["properties"]["v"] = serde_json::json!({
        "const": VERSION,
        "description": base["properties"]["v"]["description"],
    });
    // Every member is always there; what is not known is null.
    let names: Vec<Value> = kind["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name.clone().into())
        .collect();
    kind["required"] = names.into();
    kind["additionalProperties"] = false.into();
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use serde_json::json;

    use super::*;
    use crate::{
        engine::{
            fact::{End, Intent},
            signal::{Finding, Signal, What},
            step::{Difference, How},
        },
        report::{
            access, adopt, changes, drift, findings, health, leavers, overview, sync,
            table::{json_plan, json_status},
            testing::{self, Script, play_out},
        },
    };

    fn lines(script: &Script) -> Vec<Value> {
        let mut json = Json::new(Vec::new());
        let view = View::new(testing::table());
        access::json(&mut json, &view, &access::of_targets(&view, &[])).expect("memory takes everything");
        let mut view = play_out(script, &mut json, Some("fedwiz apply"));
        let finding = Signal::Found(Finding {
            what: What::WouldChange,
            differences: vec![Difference::new("displayName", "", "AWS")],
            note: "".into(),
        });
        for notice in Script::new("23:00:00").signal("entra.app", finding).notices.iter() {
            view.see(notice);
        }
        json_plan(&mut json, &view).expect("memory takes everything");
        json_status(&mut json, &view).expect("memory takes everything");
        let flow = &view.flows()[0];
        let figures = view.figures(flow, Timestamp::UNIX_EPOCH);
        bulk::json(&mut json, &view, view.seq(), Timestamp::UNIX_EPOCH, flow, &figures)
            .expect("memory takes everything");
        let row = findings::Row {
            rule: "missing-name",
            severity: "error",
            target: "aws".into(),
            step: "people.lint",
            side: "entra",
            object: "nikki@contoso.com".into(),
            object_id: None,
            title: "A name is missing",
            detail: "has no last name".into(),
            why: "Identity Center refuses it.",
            fix: "Fill it in.",
            source: "https://learn.microsoft.com/",
        };
        let blind = findings::Blind {
            target: "aws".into(),
            side: "aws",
            object: "users".into(),
            fault: crate::fault::Fault::internal("nothing"),
        };
        findings::json(&mut json, &view, Timestamp::UNIX_EPOCH, &[row], &[blind]).expect("memory takes everything");
        upkeep(&mut json, &view);
        taking_over(&mut json, &view);
        let text = String::from_utf8(json.out).expect("text");
        text.lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    }

    /// What taking a federation over tells.
    fn taking_over(json: &mut Json<Vec<u8>>, view: &View) {
        let node = NodeId {
            target: None,
            step: "aws.permission-set".into(),
            item: "Platform".into(),
        };
        let comes = adopt::Comes {
            taken: vec![adopt::Taken {
                node: node.clone(),
                how: How::Adopted,
                proof: "it is there".into(),
                unproven: false,
                owner: Some("Terraform".into()),
                stays: vec![Difference::new("loginUrl", "none", "https://d-1.awsapps.com/start")],
            }],
            remarks: vec![adopt::Remark {
                side: "aws",
                object: "Platform".into(),
                text: "permission set".into(),
                owner: Some("Terraform".into()),
            }],
            open: Vec::new(),
        };
        adopt::json(json, view, Timestamp::UNIX_EPOCH, &comes).expect("memory");
        let policies = vec!["contoso/Platform.json".to_owned()];
        adopt::json_profile(json, view, Timestamp::UNIX_EPOCH, "contoso.toml", "[entra]", policies).expect("memory");
    }

    /// What a check, a watch and a look at what ends tell.
    fn upkeep(json: &mut Json<Vec<u8>>, view: &View) {
        let node = NodeId {
            target: None,
            step: "entra.app".into(),
            item: String::new(),
        };
        let finding = Finding {
            what: What::Drifted,
            differences: vec![Difference::new("displayName", "", "AWS")],
            note: "".into(),
        };
        let drifts = drift::of_finding(&node, None, &finding);
        let unseen = drift::unseen(&node, None, &crate::fault::Fault::internal("nothing"));
        drift::json(
            json,
            view,
            Timestamp::UNIX_EPOCH,
            &drifts,
            std::slice::from_ref(&unseen),
        )
        .expect("memory");
        let mut look = changes::Look::default();
        look.add(&drifts, &[unseen]);
        let told = changes::Known::default().take(look);
        changes::json(json, view, Timestamp::UNIX_EPOCH, &told).expect("memory");
        health::json(json, view, &health::sample()).expect("memory");
        let (entry, person) = sync::samples();
        sync::json_entries(json, view, "aws", &[entry]).expect("memory");
        sync::json_person(json, view, Timestamp::UNIX_EPOCH, "aws", &person).expect("memory");
        let (counted, refused) = overview::samples();
        overview::json_counted(json, view, "aws", &counted).expect("memory");
        overview::json_refused(json, view, "aws", &[refused]).expect("memory");
        let rest = leavers::Rest {
            id: "u-1".into(),
            name: "nikki".into(),
            why: "is gone from Entra".into(),
            held: 1,
            removable: true,
        };
        leavers::json(json, view, Timestamp::UNIX_EPOCH, "aws", &rest, leavers::Fate::Left).expect("memory");
    }

    fn validator() -> jsonschema::Validator {
        jsonschema::validator_for(&schema()).expect("a schema")
    }

    #[test]
    fn the_published_schema_is_this_one() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/events.schema.json");
        let wanted = format!("{:#}\n", schema());
        if std::env::var_os("FEDWIZ_PUBLISH").is_some() {
            fs::write(&path, &wanted).expect("docs is writable");
        }
        let published = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            published == wanted,
            "docs/events.schema.json is out of date: run this test once with FEDWIZ_PUBLISH=1"
        );
    }

    #[test]
    fn every_kind_of_event_passes_the_schema() {
        let validator = validator();
        let mut kinds = BTreeSet::new();
        for line in lines(&testing::every_kind()) {
            let errors: Vec<String> = validator.iter_errors(&line).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{line:#}\n{errors:#?}");
            kinds.insert(line["kind"].as_str().expect("a kind").to_owned());
        }
        let schema = schema();
        let known: BTreeSet<String> = schema["oneOf"]
            .as_array()
            .expect("kinds")
            .iter()
            .map(|kind| kind["properties"]["kind"]["const"].as_str().expect("a kind").to_owned())
            .collect();
        assert_eq!(
            kinds, known,
            "each kind has a sample, and no sample is of an unknown kind"
        );
    }

    #[test]
    fn a_spoilt_event_fails_the_schema() {
        let validator = validator();
        for line in lines(&testing::every_kind()) {
            let spoil = |spoil: &dyn Fn(&mut Value)| {
                let mut spoilt = line.clone();
                spoil(&mut spoilt);
                assert!(spoilt == line || !validator.is_valid(&spoilt), "{spoilt:#}");
            };
            spoil(&|line| line["surprise"] = 1.into());
            spoil(&|line| line["kind"] = "surprise".into());
            spoil(&|line| line["v"] = 2.into());
            spoil(&|line| line["seq"] = (-1).into());
            spoil(&|line| line["at"] = 17.into());
            spoil(&|line| line["how"] = "somehow".into());
            spoil(&|line| line["executor"] = "magic".into());
            spoil(&|line| line["output"]["token"].take().clone_into(&mut line["token"]));
            for name in line.as_object().expect("an object").keys() {
                spoil(&|line| drop(line.as_object_mut().expect("an object").remove(name)));
            }
            for name in ["fault", "guide", "by"] {
                if line[name].is_object() {
                    spoil(&|line| line[name]["surprise"] = 1.into());
                }
            }
        }
    }

    #[test]
    fn a_line_says_which_when_and_who() {
        let lines = lines(&testing::set_up());
        let done = lines
            .iter()
            .find(|line| line["kind"] == "done" && line["step"] == "entra.user")
            .expect("a user is done");
        assert_eq!(
            *done,
            json!({
                "v": 1, "seq": 4, "at": "2025-11-21T22:40:31.76Z", "kind": "done", "target": null,
                "step": "entra.user", "item": "NikkiWolf", "executor": "graph", "how": "adopted", "unproven": false,
                "proof": "GET /users/NikkiWolf@contoso.onmicrosoft.com answers", "output": {"id": "7c1e0c10"},
            })
        );
    }

    #[test]
    fn signals_carry_the_number_of_the_last_fact() {
        let lines = lines(&testing::set_up());
        let numbers: Vec<u64> = lines
            .iter()
            .map(|line| line["seq"].as_u64().expect("a number"))
            .collect();
        assert!(numbers.is_sorted());
        let summary = lines.iter().find(|line| line["kind"] == "summary").expect("a summary");
        assert_eq!(summary["exit"], 0);
        assert_eq!(summary["states"]["unproven"], 1);
    }

    #[test]
    fn nothing_in_a_line_acts_on_a_terminal_and_nothing_is_lost() {
        let name = "a\u{1b}]0;x\u{7}\u{9b}31m\u{202e}b\u{e0041}漢字";
        let mut script = Script::begin("10:00:00", Intent::Up);
        script
            .done(&format!("entra.user[{}]", "N"), How::Adopted, name)
            .ends(End::Done);
        let mut json = Json::new(Vec::new());
        play_out(&script, &mut json, None);
        let text = String::from_utf8(json.out).expect("text");
        assert!(!text.contains(|c| c != '\n' && clean::acts(c)));
        let proof = text.lines().find_map(|line| {
            let line: Value = serde_json::from_str(line).expect("JSON");
            line["proof"].as_str().map(str::to_owned)
        });
        assert_eq!(proof.as_deref(), Some(name));
    }
}
