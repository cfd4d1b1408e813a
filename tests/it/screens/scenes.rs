//! Every screen in each of its states.

use crossterm::event::KeyCode;
use fedwiz::{
    engine::{fact::Intent, signal::Signal},
    fault::{Fault, Kind},
    report::words::State,
    tui::{
        host::{Choice, Folder, Item, Known, LookUp, SignIn},
        keys::{Action, Place},
        page::Open,
        screen::{
            access::AccessPage, ask::Ask, finder, form::Form, guide::GuideScreen, health::HealthPage, help::Help,
            sign_in::SignInPage, start::Start, step::StepScreen,
        },
        upkeep::Heard,
    },
};
use jiff::Timestamp;

use super::{
    film::{Film, Films},
    stage::{Stage, asks, only_waits},
};

/// A screen at a moment.
pub type Scene = fn(&'static Films) -> Stage;

/// All of them, by name.
pub const SCENES: &[(&str, Scene)] = &[
    ("home-empty", |films| Stage::empty(Vec::new(), films.say)),
    ("home", |films| {
        let known = |name: &str, state: &str| Known {
            name: (films.say)(name),
            state: (films.say)(state),
        };
        Stage::empty(
            vec![
                known("contoso", "17 steps stand; last run: stopped, 2025-11-21 22:40 UTC"),
                known("fabrikam", "not begun"),
            ],
            films.say,
        )
    }),
    ("form", |films| form(films)),
    ("form-wrong", |films| {
        let mut stage = form(films);
        stage.typed("contoso");
        stage
    }),
    ("form-ready", |films| {
        let mut stage = form(films);
        stage.typed("contoso.onmicrosoft.com").key(KeyCode::Enter);
        stage
    }),
    ("start", |films| {
        let mut stage = Stage::of(&films.tutorial, &[]);
        stage.app.show(Box::new(Start::default()));
        stage
    }),
    ("start-demo", |films| {
        let mut stage = Stage::of(&films.demo, &[]);
        stage.app.show(Box::new(Start::default()));
        stage
    }),
    ("resume", |films| {
        let mut stage = Stage::of(&films.refused, &[Intent::Up]);
        stage.app.show(Box::new(Start::default()));
        stage
    }),
    ("whole", |films| {
        let mut stage = Stage::of(&films.tutorial, &[Intent::Up]);
        stage.app.show(Box::new(Start::default()));
        stage
    }),
    ("plan-looking", |films| {
        let mut stage = Stage::of(&films.tutorial, &[]);
        stage.app.show(Box::new(Start::default()));
        stage
            .key(KeyCode::Enter)
            .play(Intent::Plan, |open| open.view.progress().done == 12);
        stage
    }),
    ("plan", |films| planned(films)),
    ("plan-changes", |films| {
        let mut stage = planned(films);
        stage.key(KeyCode::Char('v')).key(KeyCode::Down);
        stage
    }),
    ("plan-foreign", |films| {
        let mut stage = Stage::of(&films.foreign, &[]);
        stage.app.show(Box::new(Start::default()));
        stage.key(KeyCode::Enter).play(Intent::Plan, |_| false);
        stage
    }),
    ("walk-fresh", |films| Stage::of(&films.tutorial, &[])),
    ("walk-begin", |films| begun(films)),
    ("walk-needs-you", |films| {
        let mut stage = Stage::of(&films.tutorial, &[]);
        stage.play(Intent::Up, asks("saml.identity-source"));
        stage
    }),
    ("walk-waits", |films| {
        let mut stage = Stage::of(&films.tutorial, &[]);
        stage.play(Intent::Up, |open| open.view.progress().done > 30 && only_waits(open));
        stage
    }),
    ("walk-paused", |films| {
        let mut stage = begun(films);
        stage.told(None, Signal::Paused);
        stage
    }),
    ("walk-stopping", |films| {
        let mut stage = begun(films);
        stage.told(None, Signal::Stopping);
        stage
    }),
    ("walk-failing", |films| {
        let mut stage = Stage::of(&films.refused, &[]);
        stage.play(Intent::Up, |open| {
            open.view.failures().next().is_some() && open.view.active().next().is_some()
        });
        stage
    }),
    ("walk-failed", |films| {
        let mut stage = Stage::of(&films.refused, &[]);
        stage.play(Intent::Up, |_| false).key(KeyCode::Esc);
        stage
    }),
    ("walk-stopped", |films| {
        let mut stage = Stage::of(&films.stopped, &[]);
        stage.play(Intent::Up, |_| false).key(KeyCode::Esc);
        stage
    }),
    ("walk-ended", |films| {
        let mut stage = Stage::of(&films.tutorial, &[]);
        stage.play(Intent::Up, |_| false).key(KeyCode::Esc);
        stage
    }),
    ("walk-down", |films| {
        let mut stage = Stage::of(&films.tutorial, &[Intent::Up]);
        stage.play(Intent::Down, |open| open.view.progress().done == 8);
        stage
    }),
    ("walk-gone", |films| {
        let mut stage = Stage::of(&films.tutorial, &[Intent::Up]);
        stage.play(Intent::Down, |_| false).key(KeyCode::Esc);
        stage
    }),
    ("walk-activity", |films| {
        let mut stage = Stage::of(&films.tutorial, &[]);
        stage.play(Intent::Up, |_| false).key(KeyCode::Esc);
        stage.key(KeyCode::Tab).key(KeyCode::Up).key(KeyCode::Up);
        stage
    }),
    ("over", |films| {
        let mut stage = Stage::of(&films.tutorial, &[]);
        stage.play(Intent::Up, |_| false);
        stage
    }),
    ("over-failed", |films| {
        let mut stage = Stage::of(&films.refused, &[]);
        stage.play(Intent::Up, |_| false);
        stage
    }),
    ("over-stopped", |films| {
        let mut stage = Stage::of(&films.stopped, &[]);
        stage.play(Intent::Up, |_| false);
        stage
    }),
    ("over-down", |films| {
        let mut stage = Stage::of(&films.tutorial, &[Intent::Up]);
        stage.play(Intent::Down, |_| false);
        stage
    }),
    ("over-broken", |films| {
        let mut stage = begun(films);
        let fault = Fault::new(Kind::Internal, (films.say)("the journal cannot be written"))
            .why((films.say)("No space left on device (os error 28)"))
            .hint((films.say)(
                "Make room on the disk, then go on: what was done is known.",
            ));
        let effects = stage.app.ended(Err(fault));
        stage.perform(effects);
        stage
    }),
    ("step", |films| {
        let mut stage = Stage::of(&films.tutorial, &[Intent::Up]);
        open_step(&mut stage, "entra.app");
        stage
    }),
    ("step-commands", |films| {
        let mut stage = Stage::of(&films.tutorial, &[Intent::Up]);
        open_step(&mut stage, "entra.app");
        stage.key(KeyCode::Char('x')).key(KeyCode::End);
        stage
    }),
    ("step-to-go", |films| {
        let mut stage = Stage::of(&films.tutorial, &[]);
        open_step(&mut stage, "scim.token");
        stage
    }),
    ("step-running", |films| {
        let mut stage = Stage::of(&films.tutorial, &[]);
        let at_work = |open: &Open| {
            let mut nodes = open.view.nodes().iter();
            nodes.any(|node| &*node.label == "entra.app" && node.state == State::Acting && node.requests > 0)
        };
        stage.play(Intent::Up, at_work);
        open_step(&mut stage, "entra.app");
        stage
    }),
    ("step-waits", |films| {
        let mut stage = Stage::of(&films.tutorial, &[]);
        stage.play(Intent::Up, |open| open.view.progress().done > 30 && only_waits(open));
        let open = stage.app.shared.open.as_mut().unwrap();
        let node = open.view.active().next().unwrap();
        open.focus = node;
        stage.app.show(Box::new(StepScreen::of(node)));
        stage
    }),
    ("step-failed", |films| {
        let mut stage = Stage::of(&films.refused, &[Intent::Up]);
        let open = stage.app.shared.open.as_mut().unwrap();
        let node = open.view.failures().next().unwrap();
        open.focus = node;
        stage.app.show(Box::new(StepScreen::of(node)));
        stage
    }),
    ("step-unproven", |films| {
        let mut stage = Stage::of(&films.word, &[Intent::Up]);
        open_step(&mut stage, "saml.sign-in");
        stage
    }),
    ("guide", |films| {
        let mut stage = Stage::of(&films.tutorial, &[]);
        stage.play(Intent::Up, asks("saml.identity-source"));
        stage.key(KeyCode::Char('g'));
        stage.tick();
        stage
    }),
    ("guide-demo", |films| {
        let mut stage = Stage::of(&films.demo, &[]);
        stage.play(Intent::Up, asks("saml.sp-values"));
        stage.key(KeyCode::Char('g'));
        stage.tick();
        stage
    }),
    ("guide-field", |films| {
        let mut stage = Stage::of(&films.tutorial, &[]);
        stage.play(Intent::Up, asks("saml.sp-values"));
        stage.key(KeyCode::Char('g'));
        stage.tick();
        // The size at which it was drawn last decides what is in view.
        stage.buffer(80, 24);
        stage.key(KeyCode::Tab);
        stage
    }),
    ("guide-secret", |films| {
        let mut stage = Stage::of(&films.tutorial, &[]);
        stage.play(Intent::Up, asks("scim.token"));
        let node = stage.node("scim.token");
        stage.app.show(Box::new(GuideScreen::of(node)));
        stage.tick();
        stage
            .typed("https://scim.us-east-1.amazonaws.com/abc/scim/v2")
            .key(KeyCode::Enter)
            .typed("s3cr3t-of-the-token");
        stage
    }),
    ("guide-clicks", |films| {
        let mut stage = Stage::of(&films.tutorial, &[]);
        stage.play(Intent::Up, asks("saml.sp-values"));
        for question in &mut stage.app.shared.open.as_mut().unwrap().questions {
            question.clicking = true;
        }
        stage.key(KeyCode::Char('g'));
        stage.tick();
        stage
    }),
    ("guide-awaits", |films| {
        let mut stage = awaits(films);
        let node = stage.node("saml.identity-source");
        stage.app.show(Box::new(GuideScreen::of(node)));
        stage
    }),
    ("my-word", |films| {
        let mut stage = awaits(films);
        let open = stage.app.shared.open.as_ref().unwrap();
        let node = open.view.node(stage.node("saml.identity-source")).id.clone();
        stage.app.show(Box::new(Ask::for_my_word(node, None)));
        stage
    }),
    ("teardown-looking", |films| {
        let mut stage = Stage::of(&films.tutorial, &[Intent::Up]);
        stage
            .key(KeyCode::Char('u'))
            .play(Intent::PlanDown, |open| open.view.progress().done == 12);
        stage
    }),
    ("teardown", |films| down_planned(films)),
    ("teardown-refused", |films| {
        let mut stage = down_planned(films);
        stage.typed("fabrikam").key(KeyCode::Enter);
        stage
    }),
    ("health-first", |films| {
        let mut stage = Stage::of(&films.tutorial, &[Intent::Up]);
        stage.looked(&[], None);
        stage.heard(Heard::Looking);
        stage.app.show(Box::new(HealthPage::default()));
        stage
    }),
    ("health-well", |films| looked(films, &["well"])),
    ("health-cycle", |films| looked(films, &["cycle"])),
    ("health-paused", |films| looked(films, &["paused"])),
    ("health-never-ran", |films| looked(films, &["never-ran"])),
    ("health-late", |films| looked(films, &["late"])),
    ("health-quarantine", |films| looked(films, &["quarantine"])),
    ("health-throttled", |films| looked(films, &["throttled"])),
    ("health-no-job", |films| looked(films, &["no-job"])),
    ("health-outage", |films| looked(films, &["outage"])),
    ("health-failed", |films| looked(films, &["failed"])),
    ("health-recovered", |films| looked(films, &["failed", "recovered"])),
    ("health-log", |films| {
        let mut stage = looked(films, &["failed", "recovered"]);
        stage.key(KeyCode::Char('v')).key(KeyCode::Up);
        stage
    }),
    ("health-entry", |films| {
        let mut stage = looked(films, &["failed"]);
        stage.key(KeyCode::Tab).key(KeyCode::Enter);
        stage
    }),
    ("health-restart", |films| {
        let mut stage = looked(films, &["quarantine"]);
        stage.key(KeyCode::Char('r'));
        stage
    }),
    ("health-agree", |films| {
        let mut stage = looked(films, &["quarantine"]);
        stage.key(KeyCode::Char('r')).key(KeyCode::Enter);
        stage
    }),
    ("health-pause", |films| {
        let mut stage = looked(films, &["well"]);
        stage.key(KeyCode::Char('p'));
        stage
    }),
    ("health-whom", |films| {
        let mut stage = looked(films, &["well"]);
        stage.key(KeyCode::Char('o')).typed("Richard");
        stage
    }),
    ("health-answers", |films| {
        let mut stage = looked(films, &["failed"]);
        stage.key(KeyCode::Char('o')).key(KeyCode::Enter);
        stage.heard(Heard::Answered(films.care.failed.clone()));
        stage.heard(Heard::Answered(films.care.good.clone()));
        stage
    }),
    ("health-person", |films| {
        let mut stage = looked(films, &["failed"]);
        stage.key(KeyCode::Char('i')).key(KeyCode::Enter);
        stage.heard(Heard::Person(Box::new(Ok(films.care.person.clone()))));
        stage
    }),
    ("walk-many", |films| {
        let mut stage = access(films);
        stage.key(KeyCode::Esc);
        stage
    }),
    ("access", |films| access(films)),
    ("access-failed", |films| {
        let mut stage = access(films);
        stage.key(KeyCode::Char('v'));
        stage
    }),
    ("access-find", |films| {
        let mut stage = access(films);
        stage.key(KeyCode::Char('/')).typed("database");
        stage
    }),
    ("access-alone", |films| {
        let mut stage = access(films);
        stage.key(KeyCode::Char('/')).typed("team 03").key(KeyCode::Enter);
        stage
    }),
    ("access-again", |films| {
        let mut stage = access(films);
        let open = stage.app.shared.open.as_mut().unwrap();
        open.view.begin(Intent::Up, open.view.now().unwrap());
        stage.key(KeyCode::Char('n'));
        stage
    }),
    ("access-targets", |films| {
        let mut stage = access_of(&films.partitions);
        stage.key(KeyCode::Tab);
        stage
    }),
    ("access-cell", |films| {
        let mut stage = access(films);
        stage.key(KeyCode::Char('n')).key(KeyCode::Enter).key(KeyCode::Down);
        stage
    }),
    ("step-many", |films| {
        let mut stage = access(films);
        let open = stage.app.shared.open.as_mut().unwrap();
        let node = open.view.failures().next().unwrap();
        stage.app.show(Box::new(StepScreen::of(node)));
        stage
    }),
    ("help", |films| {
        let mut stage = Stage::of(&films.tutorial, &[]);
        stage.app.show(Box::new(Help::of(Place::Walk)));
        stage
    }),
    ("pick", |films| {
        let mut stage = Stage::empty(Vec::new(), films.say);
        let mut draft = stage.app.shared.draft.clone();
        draft.fields[1].look_up = LookUp::AsTyped;
        stage.app.show(Box::new(Form::new(draft)));
        stage.key(KeyCode::Enter).key(KeyCode::F(5)).tick();
        let choice = |value: &str, about: &str| Choice {
            value: (films.say)(value),
            about: (films.say)(about),
        };
        let found = vec![
            choice("contoso.com", "new users get it"),
            choice("contoso.onmicrosoft.com", "the one Microsoft gave"),
        ];
        stage.app.shared.found = Some(("entra.tenant".into(), Ok(found)));
        stage.tick();
        stage
    }),
    ("files", |films| {
        let mut stage = Stage::of(&films.tutorial, &[]);
        stage.play(Intent::Up, asks("saml.sp-values"));
        let node = stage.node("saml.sp-values");
        stage.app.show(Box::new(GuideScreen::of(node)));
        stage.tick();
        stage.key(KeyCode::F(5));
        let item = |name: &str, is_folder: bool, bytes: u64| Item {
            name: (films.say)(name),
            is_folder,
            bytes,
            changed: Some(Timestamp::UNIX_EPOCH),
        };
        stage.app.shared.folder = Some(Ok(Folder {
            path: (films.say)("/home/nikki/Downloads").into(),
            items: vec![
                item("pictures", true, 4096),
                item("AWS IAM Identity Center.xml", false, 6021),
                item("東京 metadata.xml", false, 16021),
            ],
        }));
        stage.tick();
        stage
    }),
    ("finder", |films| {
        let mut stage = Stage::of(&films.tutorial, &[]);
        stage.app.show(Box::new(finder::steps()));
        stage.typed("token");
        stage
    }),
    ("finder-nothing", |films| {
        let mut stage = Stage::of(&films.tutorial, &[]);
        stage.app.show(Box::new(finder::steps()));
        stage.typed("no such step");
        stage
    }),
    ("finder-all", |films| {
        let mut stage = Stage::of(&films.tutorial, &[Intent::Up]);
        stage.app.show(Box::new(finder::steps()));
        stage
    }),
    ("commands", |films| {
        let mut stage = Stage::of(&films.tutorial, &[]);
        stage.app.show(Box::new(finder::commands(Place::Walk)));
        stage
    }),
    ("ask", |films| {
        let mut stage = begun(films);
        stage.app.show(Box::new(Ask::to_stop(Action::Quit)));
        stage
    }),
    ("sign-in", |films| sign_in(films, 0)),
    ("sign-in-late", |films| sign_in(films, 900)),
    ("message", |films| {
        let mut stage = Stage::of(&films.tutorial, &[]);
        stage.key(KeyCode::Char('p'));
        stage
    }),
];

/// The scene of this name.
pub fn scene(name: &str) -> Scene {
    SCENES.iter().find(|(known, _)| *known == name).unwrap().1
}

fn form(films: &'static Films) -> Stage {
    let mut stage = Stage::empty(Vec::new(), films.say);
    let draft = stage.app.shared.draft.clone();
    stage.app.show(Box::new(Form::new(draft)));
    stage.key(KeyCode::Enter);
    stage
}

/// Who may use what, while it is being assigned; two columns and three rows from the corner.
fn access(films: &'static Films) -> Stage {
    access_of(&films.fleet)
}

pub fn access_of(film: &'static Film) -> Stage {
    let mut stage = Stage::of(film, &[]);
    let all = film.takes[0].notices.len();
    let told = std::cell::Cell::new(0);
    stage.play(Intent::Up, |_| told.replace(told.get() + 1) + 1 == all);
    stage.app.show(Box::new(AccessPage::default()));
    stage.key(KeyCode::Down).key(KeyCode::Down).key(KeyCode::Down);
    stage.key(KeyCode::Right).key(KeyCode::Right);
    stage
}

/// The page on how the federation is looked after, after these looks.
fn looked(films: &'static Films, looks: &[&str]) -> Stage {
    let mut stage = Stage::of(&films.tutorial, &[Intent::Up]);
    let looks: Vec<_> = looks.iter().map(|name| &films.care.looks[name]).collect();
    stage.looked(&looks, Some(&films.care.counted));
    stage.app.show(Box::new(HealthPage::default()));
    stage
}

fn planned(films: &'static Films) -> Stage {
    let mut stage = Stage::of(&films.tutorial, &[]);
    stage.app.show(Box::new(Start::default()));
    stage.key(KeyCode::Enter).play(Intent::Plan, |_| false);
    stage
}

fn down_planned(films: &'static Films) -> Stage {
    let mut stage = Stage::of(&films.tutorial, &[Intent::Up]);
    stage.key(KeyCode::Char('u')).play(Intent::PlanDown, |_| false);
    stage
}

fn begun(films: &'static Films) -> Stage {
    let mut stage = Stage::of(&films.tutorial, &[]);
    stage.play(Intent::Up, |open| open.view.progress().done == 10);
    stage
}

fn open_step(stage: &mut Stage, name: &str) {
    let node = stage.node(name);
    stage.app.shared.open.as_mut().unwrap().focus = node;
    stage.app.show(Box::new(StepScreen::of(node)));
}

fn awaits(films: &'static Films) -> Stage {
    let mut stage = Stage::of(&films.tutorial, &[]);
    stage.play(Intent::Up, |open| {
        open.questions.is_empty()
            && open.view.nodes().iter().any(|node| {
                &*node.label == "saml.identity-source" && node.state == State::Waiting && node.guide().is_some()
            })
    });
    stage
}

fn sign_in(films: &'static Films, after: i64) -> Stage {
    let seconds = jiff::SignedDuration::from_secs;
    let mut stage = Stage::of(&films.tutorial, &[]);
    stage.app.shared.wall = Some(Timestamp::UNIX_EPOCH + seconds(after));
    stage.app.show(Box::new(SignInPage::new(SignIn {
        url: (films.say)("https://microsoft.com/devicelogin"),
        code: Some((films.say)("F7QX9KLM2")),
        until: Timestamp::UNIX_EPOCH + seconds(852),
    })));
    stage
}
