//! The types of the JSON stream, separate from the engine's: a change inside must be meant to be seen outside.
//!
//! Members are only ever added within a version; see `docs/json-events.md`.

use std::borrow::Cow;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::summary::Summary;
use crate::{
    engine::{
        fact::{self, During, End, Intent},
        graph::NodeId,
        guide, signal, step,
    },
    fault,
};

/// An enum of the engine, under the same names in JSON.
macro_rules! mirror {
    ($(#[$doc:meta])* $name:ident of $origin:path { $($variant:ident),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $(#[expect(missing_docs, reason = "named as in the engine")] $variant),* }

        impl From<$origin> for $name {
            fn from(origin: $origin) -> Self {
                use $origin as Origin;
                match origin { $(Origin::$variant => Self::$variant),* }
            }
        }
    };
}

mirror! {
    /// Who carries a step out.
    Executor of step::Executor { Graph, Aws, Scim, Human, Wait }
}

mirror! {
    /// How something came to stand.
    How of step::How { Seen, Made, Changed, Adopted }
}

mirror! {
    /// What would happen to a node, or how it is.
    What of signal::What {
        Stands, WouldAdopt, WouldMake, WouldChange, WouldAsk, WouldWait, WouldMakeLater, WouldRemove, WouldRestore,
        WouldStay, Nothing, Missing, Drifted, CannotTell, Failed,
    }
}

mirror! {
    /// The kind of trouble.
    Trouble of fault::Kind {
        Usage, NeedsPerson, Rights, SignIn, NotFound, Conflict, Throttled, Unavailable, Answer, Refused, Journal,
        Secrets, TimedOut, File, Stopped, Internal,
    }
}

mirror! {
    /// How a question to a person is answered.
    Entry of guide::Entry { Line, File, Secret }
}

/// What an undo did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Undone {
    /// It is removed.
    Removed,
    /// What was there before is there again.
    Restored,
    /// Somebody had removed it already.
    AlreadyGone,
    /// It stays.
    Kept,
}

/// What happened, why, and what to do.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Fault {
    /// The kind of trouble.
    pub trouble: Trouble,
    /// What happened.
    pub what: String,
    /// Why; empty when it is not known.
    pub why: String,
    /// What to do next; empty when nothing can be done.
    pub hint: String,
    /// The vendor's own code.
    pub code: Option<String>,
    /// The vendor's request id, to quote in a support case.
    pub request_id: Option<String>,
    /// Whether trying again can help.
    pub may_pass: bool,
}

impl From<&fault::Fault> for Fault {
    fn from(fault: &fault::Fault) -> Self {
        Self {
            trouble: fault.kind.into(),
            what: fault.what.to_string(),
            why: fault.why.to_string(),
            hint: fault.hint.to_string(),
            code: fault.code.as_ref().map(ToString::to_string),
            request_id: fault.request_id.as_ref().map(ToString::to_string),
            may_pass: fault.retry != fault::Retry::Never,
        }
    }
}

/// A node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Node {
    /// The AWS target, when there are several.
    pub target: Option<String>,
    /// The step.
    pub step: String,
    /// The item, for steps that have items.
    pub item: Option<String>,
}

impl From<&NodeId> for Node {
    fn from(id: &NodeId) -> Self {
        Self {
            target: id.target.clone(),
            step: id.step.clone(),
            item: Some(id.item.clone()).filter(|item| !item.is_empty()),
        }
    }
}

/// One field that is not as wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Difference {
    /// The field, in the vendor's name.
    pub field: String,
    /// What is there.
    pub found: String,
    /// What should be there.
    pub wanted: String,
}

impl From<&step::Difference> for Difference {
    fn from(difference: &step::Difference) -> Self {
        Self {
            field: difference.field.clone(),
            found: difference.found.clone(),
            wanted: difference.wanted.clone(),
        }
    }
}

/// What a person is asked to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Guide {
    /// What to do, as a heading.
    pub title: String,
    /// What changes for people the moment it is done; empty when nothing does.
    pub consequences: String,
    /// How to go back; empty when there is nothing to go back from.
    pub way_back: String,
    /// The page to open.
    pub link: Option<String>,
    /// The steps.
    pub say: Vec<String>,
    /// Values to copy into the console.
    pub values: Vec<Copy>,
    /// What to bring back.
    pub fields: Vec<Field>,
}

/// A value to copy into the console.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Copy {
    /// The field of the console.
    pub label: String,
    /// What goes into it.
    pub value: String,
}

/// One answer to bring back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Field {
    /// The key in an answers file.
    pub key: String,
    /// The label on screen.
    pub label: String,
    /// What it looks like, or where it is found.
    pub hint: String,
    /// How it is asked for.
    pub entry: Entry,
    /// Whether it may be left out.
    pub optional: bool,
}

impl From<&guide::Guide> for Guide {
    fn from(guide: &guide::Guide) -> Self {
        let copy = |(label, value): &(String, String)| Copy {
            label: label.clone(),
            value: value.clone(),
        };
        let field = |field: &guide::Field| Field {
            key: field.key.clone(),
            label: field.label.clone(),
            hint: field.hint.clone(),
            entry: field.entry.into(),
            optional: field.optional,
        };
        Self {
            title: guide.title.clone(),
            consequences: guide.consequences.clone(),
            way_back: guide.way_back.clone(),
            link: guide.link.clone(),
            say: guide.say.clone(),
            values: guide.values.iter().map(copy).collect(),
            fields: guide.fields.iter().map(field).collect(),
        }
    }
}

/// One line of the stream: what all kinds have, then what the kind has.
#[derive(Debug, Serialize)]
pub(super) struct Line<'a> {
    pub v: u32,
    pub seq: u64,
    pub at: Timestamp,
    pub target: Option<&'a str>,
    pub step: Option<&'a str>,
    pub item: Option<&'a str>,
    pub executor: Option<Executor>,
    #[serde(flatten)]
    pub body: Body,
}

/// What the kinds have.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
#[schemars(deny_unknown_fields)]
pub(super) enum Body {
    /// Fact: a run began.
    RunStarted {
        /// The run's own id.
        run: String,
        /// What it is for.
        intent: Intent,
        /// A digest of the profile.
        profile: String,
        /// The version of fedwiz.
        program: String,
        /// What it was limited to; empty means all.
        only: Vec<String>,
        /// What a set-up takes away after all else, by full names.
        removes: Vec<String>,
    },
    /// Fact: a run came to an end by itself.
    RunEnded {
        /// The run's own id.
        run: String,
        /// How.
        end: End,
    },
    /// Fact: the first changing call of a step is about to be made.
    Started {
        /// What was there, when something was there and not as wanted.
        before: Option<Value>,
    },
    /// Fact: a step waits for something outside.
    Waiting {
        /// What for.
        why: String,
        /// What ends the wait early.
        ends_when: String,
        /// When it gives up.
        until: Timestamp,
    },
    /// Fact: a step stays open until a person has acted.
    NeedsPerson {
        /// What for.
        fault: Fault,
    },
    /// Fact: a step stands.
    Done {
        /// How it came to stand.
        how: How,
        /// What was seen.
        proof: String,
        /// True when nobody saw it and a person gave their word.
        unproven: bool,
        /// What stands: ids and names, never a secret.
        output: Value,
    },
    /// Fact: a step failed.
    Failed {
        /// Why.
        fault: Fault,
        /// What it was about.
        during: During,
        /// True when a look after the failure found that nothing had been changed.
        untouched: bool,
    },
    /// Fact: the operator left a step out.
    Skipped {
        /// Why.
        why: String,
    },
    /// What was adopted a moment ago is held to how it was found.
    AsFound {
        /// Who looks after it, if it bears somebody's mark.
        owner: Option<String>,
        /// What is not as the profile would have it, and stays so.
        differences: Vec<Difference>,
    },
    /// The operator lets what was adopted be taken back.
    Released,
    /// Fact: the first call that takes a step back is about to be made.
    UndoStarted,
    /// Fact: a step is taken back, or stays.
    Undone {
        /// What was done.
        undone: Undone,
        /// Why it stays, if it does.
        why: Option<String>,
        /// What was seen.
        proof: String,
        /// True when nobody could look afterwards.
        unproven: bool,
    },
    /// Signal: a step is looking.
    Looking,
    /// Signal: a step is at work on its change, or on taking it back.
    Acting,
    /// Signal: what is going on, and how far it has come.
    Note {
        /// What is going on.
        text: String,
        /// How many are done.
        done: Option<u64>,
        /// How many there are.
        total: Option<u64>,
    },
    /// Signal: a request went out and its answer came back, or did not.
    Exchange {
        /// The method, or the AWS operation.
        method: String,
        /// Where to, without secrets.
        url: String,
        /// The answer's status; null when no answer came.
        status: Option<u16>,
        /// The vendor's request id.
        request_id: Option<String>,
        /// How long it took, in milliseconds.
        millis: u64,
        /// The how-manieth try of this request, from 1.
        attempt: u32,
        /// What is special about it; empty when nothing is.
        note: String,
    },
    /// Signal: a person is asked.
    Asked {
        /// What for.
        guide: Guide,
        /// What is looked at before it is called done. Null when it is taken back: then it is looked for in vain.
        proof: Option<String>,
    },
    /// Signal: the person answered. What they answered is never told.
    Answered {
        /// The person gives their word, where no proof may come.
        unproven: bool,
    },
    /// Signal: something went wrong that may pass; it is tried again.
    Retrying {
        /// What went wrong.
        fault: Fault,
        /// The how-manieth try this was, from 1.
        attempt: u32,
        /// When it is tried again.
        next: Timestamp,
    },
    /// Signal: a step waits and has looked in vain so far.
    StillWaiting {
        /// What for.
        why: String,
        /// When the next look is.
        next: Timestamp,
        /// When it gives up.
        until: Timestamp,
        /// What ends the wait early.
        ends_when: String,
    },
    /// Signal: a step stands as it did; nothing was done.
    Unchanged {
        /// How it came to stand.
        how: How,
        /// What was seen.
        proof: String,
    },
    /// Signal: a step cannot run, because another did not come to an end.
    Blocked {
        /// The node at the root of it.
        by: Node,
    },
    /// Signal: what a plan or a check found.
    Found {
        /// What would happen, or how it is.
        what: What,
        /// Field by field, where something is not as wanted.
        differences: Vec<Difference>,
        /// What was seen, or why nobody can tell.
        note: String,
    },
    /// Signal: a step goes again when its turn comes: the operator said so, or what held it up goes again or is left out.
    Reopened,
    /// Signal: an order of the operator is not followed.
    Declined {
        /// Why.
        why: String,
    },
    /// Signal: the run is paused; nothing further is begun.
    Paused,
    /// Signal: the run goes on.
    Resumed,
    /// Signal: the run is being stopped; calls at work come back, and nothing further is begun.
    Stopping,
    /// How it goes with all items of a step, told once a minute while there is work on many.
    Progress {
        /// How many are through.
        done: u32,
        /// How many there are.
        total: u32,
        /// How many are at work, or wait for the vendor.
        in_flight: u32,
        /// How many may be, if that is bounded.
        at_once: Option<u32>,
        /// How many are to come.
        queued: u32,
        /// How many failed.
        failed: u32,
        /// How many are held up by another step.
        held_up: u32,
        /// How many came to an end in a second, lately; null as long as too few did.
        per_second: Option<f64>,
        /// How many seconds the rest takes, about; null as long as nobody can tell.
        seconds_left: Option<u64>,
    },
    /// One account and permission set: how it stands with those who are assigned there.
    Access {
        /// The account's id, or `management`.
        account: String,
        /// Its name, where it was read; else its id.
        account_name: String,
        /// The permission set.
        permission_set: String,
        /// The state that asks most for a look, in one word.
        state: String,
        /// How many assignments stand.
        stand: u32,
        /// How many failed.
        failed: u32,
        /// How many there are.
        total: u32,
        /// Who failed, waits or needs a person, and what is in the way.
        trouble: Vec<String>,
    },
    /// A row of a plan's table: told at its end, in the order of the walk.
    Planned {
        /// The phase.
        phase: String,
        /// What the step does.
        title: Option<String>,
        /// What would happen.
        what: What,
        /// True when a person would be asked.
        asks: bool,
        /// What is looked at before it is called done.
        proof: Option<String>,
        /// How it is taken back.
        undo: Option<String>,
        /// Field by field, where something is not as wanted.
        differences: Vec<Difference>,
        /// What was seen, or why nobody can tell.
        note: String,
    },
    /// A row of a status table.
    Standing {
        /// The phase.
        phase: String,
        /// What the step does.
        title: Option<String>,
        /// The state, in one word.
        state: String,
        /// How it came to stand, if it stands.
        how: Option<How>,
        /// True when nobody saw it and a person gave their word.
        unproven: bool,
        /// Since when it is in that state.
        since: Option<Timestamp>,
        /// What was seen, or what is in the way.
        note: String,
        /// What a look just now found, if there was one.
        found: Option<What>,
        /// Field by field, where something is not as wanted.
        differences: Vec<Difference>,
    },
    /// Something that a check found: a field that is not as recorded, or something that is not there any more.
    Drift {
        /// `missing`, `drifted`, or `cannot-tell`.
        what: What,
        /// What the step does.
        title: Option<String>,
        /// The field, in the vendor's name; null where the whole thing is missing or cannot be told.
        field: Option<String>,
        /// What is there.
        found: Option<String>,
        /// What was recorded, or the profile wants.
        wanted: Option<String>,
        /// The same in one sentence.
        text: String,
        /// True when a repair asks a person.
        asks: bool,
    },
    /// What has changed from one look of a watch to the next.
    Change {
        /// How.
        change: super::changes::How,
        /// The field, or the rule with its object; null where the whole step is meant.
        field: Option<String>,
        /// What it is, in one sentence.
        text: String,
        /// What mends it; empty when nothing has to be mended.
        fix: String,
    },
    /// How long a SCIM token will do.
    Token {
        /// When it was made; null when nobody knows.
        made: Option<Timestamp>,
        /// When it ends; null when nobody knows.
        ends: Option<Timestamp>,
        /// Whole days until then, negative when it has ended.
        days_left: Option<i64>,
        /// Whether Entra has a token.
        in_use: bool,
    },
    /// How long a signing certificate will do, and who knows it.
    Certificate {
        /// Its SHA-1 thumbprint.
        thumbprint: String,
        /// When it ends; null when Entra does not say.
        ends: Option<Timestamp>,
        /// Whole days until then, negative when it has ended.
        days_left: Option<i64>,
        /// Whether Entra signs with it.
        signs: bool,
        /// Whether AWS was given it; null when nobody wrote that down.
        given_to_aws: Option<bool>,
    },
    /// How the provisioning job is.
    Job(super::health::Job),
    /// How many people and groups there are on both sides.
    People(super::overview::People),
    /// How long changes in Entra took to reach AWS.
    Latency {
        /// Of each change that both logs show, in seconds.
        seconds: Vec<u64>,
        /// What they add up to.
        words: String,
    },
    /// A call of provisioning that AWS refused, by AWS's own log.
    Refused(super::overview::Refused),
    /// What provisioning did to one person or group.
    Provisioned(Box<super::sync::Entry>),
    /// One person's time line across Entra, SCIM and AWS.
    Person(Box<super::sync::Person>),
    /// Something that people left behind in AWS.
    Leaver {
        /// What it is approved by.
        id: String,
        /// Its name.
        name: String,
        /// Why it is here.
        why: String,
        /// How many assignments it holds.
        assignments: u32,
        /// Whether it may be removed.
        removable: bool,
        /// What became of it.
        fate: super::leavers::Fate,
    },
    /// Something that was there before and is taken over as it is.
    Taken {
        /// Adopted, or only seen.
        how: How,
        /// What was seen.
        proof: String,
        /// True when nobody saw it and the operator's word is taken.
        unproven: bool,
        /// Who looks after it, if it bears somebody's mark.
        owner: Option<String>,
        /// What is not as the profile would have it, and stays so.
        differences: Vec<Difference>,
    },
    /// Something that a profile cannot say, or that belongs to somebody else.
    Remark {
        /// Where it is: `entra` or `aws`.
        side: String,
        /// The object's name.
        object: String,
        /// What is so.
        text: String,
        /// Who looks after it, if that is what the remark is about.
        owner: Option<String>,
    },
    /// A profile that was written, or would be.
    Profile {
        /// The file.
        file: String,
        /// Its text, without comments.
        text: String,
        /// The policy files beside it.
        policies: Vec<String>,
    },
    /// Something that `fedwiz doctor` found.
    Finding {
        /// The rule, by its stable id.
        rule: String,
        /// How much it matters: `error`, `warning` or `notice`.
        severity: String,
        /// Where the object is: `entra` or `aws`.
        side: String,
        /// The object's exact name.
        object: String,
        /// The object's id, if it has one besides its name.
        object_id: Option<String>,
        /// What the rule is about.
        title: String,
        /// What is the matter with the object.
        detail: String,
        /// Why it matters.
        why: String,
        /// What mends it.
        fix: String,
        /// Where the vendor says so.
        source: String,
    },
    /// Something that could not be looked at: nobody knows how it is.
    Unread {
        /// Where it is: `entra` or `aws`.
        side: String,
        /// What it is.
        object: String,
        /// Why it could not be read.
        fault: Fault,
    },
    /// The closing summary: the last line of a run.
    Summary(Box<Summary>),
}

impl Body {
    pub(super) fn of_fact(fact: &fact::Fact) -> Self {
        use fact::Fact;
        match fact.clone() {
            Fact::RunStarted {
                run,
                intent,
                profile,
                program,
                only,
                removes,
            } => Self::RunStarted {
                run,
                intent,
                profile,
                program,
                only,
                removes: removes.iter().map(ToString::to_string).collect(),
            },
            Fact::RunEnded { run, end } => Self::RunEnded { run, end },
            Fact::Started { before, .. } => Self::Started {
                before: before.map(|before| (*before).clone()),
            },
            Fact::Waiting { why, ends_when, until } => Self::Waiting {
                why: why.into_owned(),
                ends_when: ends_when.into_owned(),
                until,
            },
            Fact::NeedsPerson { fault } => Self::NeedsPerson { fault: (&fault).into() },
            Fact::Done {
                how,
                output,
                proof,
                unproven,
            } => Self::Done {
                how: how.into(),
                proof: proof.into_owned(),
                unproven,
                output: Value::clone(&output.value()),
            },
            Fact::Failed {
                fault,
                during,
                untouched,
            } => Self::Failed {
                fault: (&fault).into(),
                during,
                untouched,
            },
            Fact::Skipped { why } => Self::Skipped { why: why.into_owned() },
            Fact::AsFound(as_found) => Self::AsFound {
                owner: as_found.owner,
                differences: as_found.differences.iter().map(Into::into).collect(),
            },
            Fact::Released {} => Self::Released,
            Fact::UndoStarted {} => Self::UndoStarted,
            Fact::Undone { what, proof, unproven } => {
                let (undone, why) = match what {
                    step::Undone::Removed => (Undone::Removed, None),
                    step::Undone::Restored => (Undone::Restored, None),
                    step::Undone::AlreadyGone => (Undone::AlreadyGone, None),
                    step::Undone::Kept(why) => (Undone::Kept, Some(why.into_owned())),
                };
                Self::Undone {
                    undone,
                    why,
                    proof: proof.into_owned(),
                    unproven,
                }
            }
        }
    }

    /// `proof` is what the step of the node is looked at for.
    pub(super) fn of_signal(signal: &signal::Signal, proof: Option<&str>) -> Self {
        use signal::Signal;
        match signal {
            Signal::Looking => Self::Looking,
            Signal::Acting => Self::Acting,
            Signal::Note { text, done, total } => Self::Note {
                text: text.clone(),
                done: *done,
                total: *total,
            },
            Signal::Exchange(exchange) => Self::Exchange {
                method: exchange.method.clone(),
                url: exchange.url.clone(),
                status: exchange.status,
                request_id: exchange.request_id.clone(),
                millis: exchange.millis,
                attempt: exchange.attempt,
                note: exchange.note.clone(),
            },
            Signal::Asked { guide } => Self::Asked {
                guide: (&**guide).into(),
                proof: proof.map(str::to_owned),
            },
            Signal::Answered { unproven } => Self::Answered { unproven: *unproven },
            Signal::Retrying { fault, attempt, next } => Self::Retrying {
                fault: fault.into(),
                attempt: *attempt,
                next: *next,
            },
            Signal::StillWaiting {
                why,
                next,
                until,
                ends_when,
            } => Self::StillWaiting {
                why: why.to_string(),
                next: *next,
                until: *until,
                ends_when: ends_when.to_string(),
            },
            Signal::Unchanged { how, proof } => Self::Unchanged {
                how: (*how).into(),
                proof: proof.to_string(),
            },
            Signal::Blocked { by } => Self::Blocked { by: by.into() },
            Signal::Found(finding) => Self::Found {
                what: finding.what.into(),
                differences: finding.differences.iter().map(Into::into).collect(),
                note: finding.note.to_string(),
            },
            Signal::Reopened => Self::Reopened,
            Signal::Declined { why } => Self::Declined { why: why.to_string() },
            Signal::Paused => Self::Paused,
            Signal::Resumed => Self::Resumed,
            Signal::Stopping => Self::Stopping,
        }
    }
}

/// What all kinds have, for the schema.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used; `Line` is what is written")]
pub(super) struct Base<'a> {
    /// The version of this format.
    pub v: u32,
    /// For a fact: its number in the journal. For all else: the number of the last fact before it.
    pub seq: u64,
    /// When, by the clock of the run.
    #[schemars(with = "Timestamp")]
    pub at: Timestamp,
    /// The AWS target, when there are several and the step has one node for each.
    pub target: Option<Cow<'a, str>>,
    /// The step. Null for what is about the run.
    pub step: Option<Cow<'a, str>>,
    /// The item, for steps that have items.
    pub item: Option<Cow<'a, str>>,
    /// Who carries the step out. Null for what is about the run, and for steps of another version.
    pub executor: Option<Executor>,
}
