//! Runs made by hand, for tests.

use std::{io, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{Reporter, outline::Outline, paper::Style, plain::Telling, summary::Summary, view::View};
use crate::{
    engine::{
        fact::{During, End, Event, Fact, Intent},
        graph::NodeId,
        grid::{Grid, Spot},
        guide::{Entry, Guide},
        recorder::Notice,
        signal::{Exchange, Finding, Signal, SignalEvent, What},
        step::{About, AsFound, Difference, Effect, Executor, How, Scope, StepId, Undone},
    },
    fault::{Fault, Kind, Retry},
};

pub(super) fn style() -> Style {
    Style {
        width: Some(80),
        ..Style::default()
    }
}

pub(super) fn telling() -> Telling {
    Telling {
        style: style(),
        ..Telling::default()
    }
}

pub(super) fn at(time: &str) -> Timestamp {
    format!("2025-11-21T{time}Z").parse().expect("a time")
}

fn about(id: &'static str, title: &'static str, executor: Executor, proof: &'static str) -> About {
    About {
        id: StepId::new(id),
        title,
        why: "Because.",
        executor,
        scope: Scope::Tenant,
        effect: Effect::Changes,
        proof,
        undo: "Take it away again.",
        read_more: "https://example.com/",
    }
}

pub(super) fn outline() -> Outline {
    Outline::toy(
        &[
            ("Preflight", "Nothing is in the way."),
            ("Prepare tenant", "An application in your tenant that knows AWS."),
            ("SAML", "People sign in to AWS through Entra."),
            ("SCIM", "People arrive in AWS by themselves."),
        ],
        &[
            (
                0,
                about(
                    "entra.session",
                    "Sign in to the tenant",
                    Executor::Graph,
                    "GET /organization answers",
                ),
            ),
            (
                1,
                about(
                    "entra.app",
                    "Create the enterprise application",
                    Executor::Graph,
                    "GET the application by its object id",
                ),
            ),
            (1, about("entra.user", "Create a user", Executor::Graph, "GET the user")),
            (
                2,
                about(
                    "saml.identity-source",
                    "Make Entra ID the identity source",
                    Executor::Human,
                    "CloudTrail shows EnableExternalIdPConfigurationForDirectory",
                ),
            ),
            (
                3,
                about(
                    "scim.job",
                    "Create the provisioning job",
                    Executor::Graph,
                    "GET the job",
                ),
            ),
            (
                3,
                about(
                    "scim.arrived",
                    "See the user arrive",
                    Executor::Wait,
                    "the user is listed in Identity Store",
                ),
            ),
        ],
        &[
            "entra.session",
            "entra.app",
            "entra.user[NikkiWolf]",
            "entra.user[RichardRoe]",
            "saml.identity-source",
            "scim.job",
            "scim.arrived[RichardRoe]",
        ],
    )
}

/// Reads `who·account·set`.
fn spot(key: &str) -> Option<Spot<'_>> {
    let mut parts = key.rsplitn(3, '·');
    let (column, row, entry) = (parts.next()?, parts.next()?, parts.next()?);
    Some(Spot { row, column, entry })
}

/// Two groups in two accounts with two sets, but for three of these; and one that has no place in the table.
pub(super) fn table() -> Outline {
    let grid = Grid {
        title: "Access",
        row: "account",
        column: "permission set",
        entry: "user or group",
        read: spot,
    };
    let about = about("aws.assignment", "Assign", Executor::Aws, "it is listed");
    let items = [
        "a·1111·Read",
        "b·1111·Read",
        "a·1111·Admin",
        "a·2222·Read",
        "b·2222·Read",
        "not a key",
    ];
    let nodes = items.map(|item| (node(&format!("aws.assignment[{item}]")), 0));
    let rows = [("1111", "Log\u{1b}[31m archive\u{202e}")];
    Outline::bare(&["Assignments"], nodes).with_grid(about, 15, grid, &rows)
}

pub(super) fn node(name: &str) -> NodeId {
    let (target, name) = match name.split_once('/') {
        Some((target, name)) => (Some(target.to_owned()), name),
        None => (None, name),
    };
    let (step, item) = name.split_once('[').unwrap_or((name, ""));
    NodeId {
        target,
        step: step.to_owned(),
        item: item.trim_end_matches(']').to_owned(),
    }
}

/// Notices, one after the other.
pub(super) struct Script {
    pub notices: Vec<Notice>,
    now: Timestamp,
    seq: u64,
}

impl Script {
    pub(super) fn new(time: &str) -> Self {
        Self {
            notices: Vec::new(),
            now: at(time),
            seq: 0,
        }
    }

    pub(super) fn begin(time: &str, intent: Intent) -> Self {
        let mut script = Self::new(time);
        script.run(intent);
        script
    }

    pub(super) fn run(&mut self, intent: Intent) -> &mut Self {
        self.push(
            None,
            Fact::RunStarted {
                run: "01JD0000".into(),
                intent,
                profile: "c0ffee".into(),
                program: "0.1.0".into(),
                only: Vec::new(),
                removes: Vec::new(),
            },
        )
    }

    pub(super) fn ends(&mut self, end: End) -> &mut Self {
        self.push(
            None,
            Fact::RunEnded {
                run: "01JD0000".into(),
                end,
            },
        )
    }

    pub(super) fn after(&mut self, millis: i64) -> &mut Self {
        self.now += SignedDuration::from_millis(millis);
        self
    }

    pub(super) fn at(&self) -> Timestamp {
        self.now
    }

    fn push(&mut self, node: Option<NodeId>, fact: Fact) -> &mut Self {
        self.seq += 1;
        self.notices.push(Notice::Fact(Arc::new(Event {
            seq: self.seq,
            at: self.now,
            node,
            fact,
            calls: Vec::new(),
        })));
        self
    }

    pub(super) fn fact(&mut self, name: &str, fact: Fact) -> &mut Self {
        self.push(Some(node(name)), fact)
    }

    pub(super) fn signal(&mut self, name: &str, signal: Signal) -> &mut Self {
        self.notices.push(Notice::Signal(Arc::new(SignalEvent {
            seq: self.seq,
            at: self.now,
            node: Some(node(name)),
            signal,
        })));
        self
    }

    pub(super) fn signal_of_run(&mut self, signal: Signal) -> &mut Self {
        self.notices.push(Notice::Signal(Arc::new(SignalEvent {
            seq: self.seq,
            at: self.now,
            node: None,
            signal,
        })));
        self
    }

    pub(super) fn starts(&mut self, name: &str) -> &mut Self {
        self.fact(
            name,
            Fact::Started {
                before: None,
                refs: Vec::new(),
            },
        )
    }

    pub(super) fn done(&mut self, name: &str, how: How, proof: &str) -> &mut Self {
        self.fact(
            name,
            Fact::Done {
                how,
                output: json!({"id": "7c1e0c10"}).into(),
                proof: proof.to_owned().into(),
                unproven: false,
            },
        )
    }

    pub(super) fn made(&mut self, name: &str, proof: &str) -> &mut Self {
        self.starts(name).after(210).done(name, How::Made, proof)
    }

    pub(super) fn waits(&mut self, name: &str, why: &str) -> &mut Self {
        let until = self.now + SignedDuration::from_mins(60);
        self.fact(
            name,
            Fact::Waiting {
                why: why.to_owned().into(),
                ends_when: "it is listed in Identity Store".into(),
                until,
            },
        )
    }

    pub(super) fn still_waits(&mut self, name: &str, why: &str) -> &mut Self {
        let (next, until) = (
            self.now + SignedDuration::from_secs(30),
            self.now + SignedDuration::from_mins(60),
        );
        self.signal(
            name,
            Signal::StillWaiting {
                why: why.to_owned().into(),
                next,
                until,
                ends_when: "it is listed in Identity Store".into(),
            },
        )
    }

    pub(super) fn undone(&mut self, name: &str, what: Undone, proof: &str) -> &mut Self {
        if !matches!(what, Undone::AlreadyGone) {
            self.fact(name, Fact::UndoStarted {}).after(90);
        }
        self.fact(
            name,
            Fact::Undone {
                what,
                proof: proof.to_owned().into(),
                unproven: false,
            },
        )
    }

    pub(super) fn exchange(&mut self, name: &str, status: Option<u16>, attempt: u32) -> &mut Self {
        self.signal(
            name,
            Signal::Exchange(Exchange {
                method: "POST".into(),
                url: "https://graph.microsoft.com/v1.0/applications".into(),
                status,
                request_id: Some("5f0c".into()),
                millis: 212,
                attempt,
                note: String::new(),
            }),
        )
    }
}

pub(super) fn guide() -> Guide {
    Guide::new("Make Entra ID the identity source")
        .consequences("Signing in through Entra starts the moment you confirm.")
        .way_back("Actions › Change identity source › Identity Center directory")
        .open("https://console.aws.amazon.com/singlesignon/home")
        .say("Settings › Identity source › Actions › Change identity source")
        .say("Next, type ACCEPT, Change identity source")
        .value("IdP metadata", "https://login.microsoftonline.com/0f3c0a57-0000-4000-8000-000000000000/federationmetadata/2007-06/federationmetadata.xml?appid=1")
        .field("endpoint", "SCIM endpoint", "https://scim.REGION.amazonaws.com/ID/scim/v2", Entry::Line)
        .optional("token", "Access token", "shown once", Entry::Secret)
}

pub(super) fn fault() -> Fault {
    Fault::new(Kind::Rights, "the tenant refuses to create the application")
        .why("the sign-in lacks the scope Application.ReadWrite.All")
        .hint("Ask an administrator to consent to it, then run `fedwiz apply` again.")
        .code("Authorization_RequestDenied")
        .request_id("5f0c2b1e-77aa-4f3e-9a55-0d2f5ad1c0de")
}

/// A set-up in which everything ends well, each in its own way.
pub(super) fn set_up() -> Script {
    let mut script = Script::begin("22:40:31", Intent::Up);
    script
        .after(150)
        .signal("entra.session", Signal::Looking)
        .exchange("entra.session", Some(200), 1)
        .done(
            "entra.session",
            How::Seen,
            "tenant contoso, default domain contoso.onmicrosoft.com",
        )
        .after(400)
        .starts("entra.app")
        .signal("entra.app", Signal::Acting)
        .exchange("entra.app", Some(429), 1)
        .exchange("entra.app", Some(201), 2)
        .after(210)
        .done(
            "entra.user[NikkiWolf]",
            How::Adopted,
            "GET /users/NikkiWolf@contoso.onmicrosoft.com answers",
        )
        .done(
            "entra.app",
            How::Made,
            "GET /applications/7c1e0c10-1111-4222-8333-944455556666 answers, identifier set",
        )
        .fact(
            "entra.user[RichardRoe]",
            Fact::Started {
                before: Some(Arc::new(json!({"department": null}))),
                refs: Vec::new(),
            },
        )
        .after(90)
        .done("entra.user[RichardRoe]", How::Changed, "department is Engineering")
        .starts("saml.identity-source")
        .signal(
            "saml.identity-source",
            Signal::Asked {
                guide: Box::new(guide()),
            },
        )
        .after(72_000)
        .signal("saml.identity-source", Signal::Answered { unproven: true })
        .fact(
            "saml.identity-source",
            Fact::Done {
                how: How::Made,
                output: json!({}).into(),
                proof: "a person gave their word".into(),
                unproven: true,
            },
        )
        .fact(
            "scim.job",
            Fact::Skipped {
                why: "the operator left it out".into(),
            },
        )
        .waits("scim.arrived[RichardRoe]", "the next provisioning cycle");
    for _ in 0..80 {
        script
            .still_waits("scim.arrived[RichardRoe]", "the next provisioning cycle")
            .after(30_000)
            .signal("scim.arrived[RichardRoe]", Signal::Looking);
    }
    script
        .done(
            "scim.arrived[RichardRoe]",
            How::Seen,
            "Identity Store lists RichardRoe with 6 attributes",
        )
        .ends(End::Done);
    script
}

/// A set-up that stops half way: one failure, one question that nobody answers, and what they hold up.
pub(super) fn trouble() -> Script {
    let mut script = Script::begin("22:40:31", Intent::Up);
    let next = script.at() + SignedDuration::from_secs(20);
    script
        .done("entra.session", How::Seen, "tenant contoso")
        .starts("entra.app")
        .signal(
            "entra.app",
            Signal::Retrying {
                fault: Fault::new(Kind::Throttled, "Microsoft Graph asks to slow down").retry(Retry::Backoff),
                attempt: 1,
                next,
            },
        )
        .after(20_000)
        .fact(
            "entra.app",
            Fact::Failed {
                fault: fault(),
                during: During::Apply,
                untouched: true,
            },
        )
        .signal("scim.job", Signal::Blocked { by: node("entra.app") })
        .signal("scim.arrived[RichardRoe]", Signal::Blocked { by: node("entra.app") })
        .starts("saml.identity-source")
        .signal(
            "saml.identity-source",
            Signal::Asked {
                guide: Box::new(guide()),
            },
        )
        .fact(
            "saml.identity-source",
            Fact::NeedsPerson {
                fault: Fault::new(Kind::NeedsPerson, "saml.identity-source needs a person")
                    .hint("Run `fedwiz apply` at a terminal, or give the answers with `--answers FILE`."),
            },
        )
        .ends(End::Failed);
    script
}

/// A set-up, and the teardown of it on the next day.
pub(super) fn up_and_down() -> Script {
    let mut script = set_up();
    script
        .after(10 * 3_600_000)
        .run(Intent::Down)
        .signal(
            "entra.session",
            Signal::Unchanged {
                how: How::Seen,
                proof: "tenant contoso".into(),
            },
        )
        .after(500)
        .undone(
            "saml.identity-source",
            Undone::Restored,
            "CloudTrail shows DisableExternalIdPConfigurationForDirectory",
        )
        .undone(
            "entra.user[RichardRoe]",
            Undone::Kept("the profile says that people are not removed".into()),
            "",
        )
        .undone(
            "entra.app",
            Undone::Removed,
            "GET /applications/7c1e0c10 says 404, three times",
        )
        .ends(End::Done);
    script
}

/// One notice of every kind there is.
pub(super) fn every_kind() -> Script {
    let mut script = up_and_down();
    script.notices.extend(trouble().notices);
    script
        .signal(
            "entra.app",
            Signal::Note {
                text: "assigning".into(),
                done: Some(3),
                total: Some(10),
            },
        )
        .signal(
            "entra.app",
            Signal::Found(Finding {
                what: What::Drifted,
                differences: vec![Difference::new("displayName", "AWS", "AWS IAM Identity Center")],
                note: "GET answers".into(),
            }),
        )
        .undone("entra.user[NikkiWolf]", Undone::AlreadyGone, "404")
        .fact(
            "entra.app",
            Fact::AsFound(AsFound {
                owner: Some("Terraform".into()),
                differences: Vec::new(),
            }),
        )
        .fact("entra.app", Fact::Released {})
        .exchange("entra.app", None, 1)
        .signal("entra.app", Signal::Reopened)
        .signal(
            "entra.app",
            Signal::Declined {
                why: "it has not failed".into(),
            },
        )
        .signal_of_run(Signal::Paused)
        .signal_of_run(Signal::Resumed)
        .signal_of_run(Signal::Stopping);
    script
}

/// Plays a script through a view and a reporter.
pub(super) fn play(script: &Script, reporter: &mut dyn Reporter) -> io::Result<View> {
    let mut view = View::new(outline());
    for notice in &script.notices {
        let seen = view.see(notice);
        reporter.tell(&view, notice, seen)?;
    }
    Ok(view)
}

/// Plays a script to its end, with the closing summary.
pub(super) fn play_out(script: &Script, reporter: &mut dyn Reporter, continue_with: Option<&str>) -> View {
    let view = play(script, reporter).expect("memory takes everything");
    let end = view.run().and_then(|run| run.end).unwrap_or(End::Stopped);
    let summary = Summary::of(&view, end, continue_with.map(str::to_owned));
    reporter.end(&view, &summary).expect("memory takes everything");
    view
}
