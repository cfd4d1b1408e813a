//! What screens do with what they are told and asked, from keys to pictures.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use fedwiz::{
    engine::{fact::Intent, signal::Signal},
    fault::{Fault, Kind},
    report::job::{self, Change},
    tui::{
        host::{Choice, LookUp},
        keys::{self, Place},
        page::Effect,
        screen::{form::Form, guide::GuideScreen},
        upkeep::Deed,
    },
};

use super::{
    film::films,
    scenes::scene,
    stage::{Stage, asks, text},
};

#[test]
fn a_question_that_nobody_waits_for_any_more_goes_away() {
    let mut stage = Stage::of(&films().tutorial, &[]);
    stage.play(Intent::Up, asks("saml.identity-source"));
    stage.key(KeyCode::Char('g'));
    stage.tick();
    let asks = |stage: &Stage| text(&stage.buffer(120, 60)).contains("Enter goes from field to field");
    assert!(asks(&stage));
    // As when the step is left out, or vouched for.
    stage.replies.clear();
    stage.tick();
    assert!(stage.app.shared.open.as_ref().unwrap().questions.is_empty());
    assert!(!asks(&stage));
}

#[test]
fn an_order_that_is_not_followed_says_why() {
    let mut stage = Stage::of(&films().tutorial, &[]);
    stage.play(Intent::Up, |open| open.view.progress().done == 10);
    let node = stage.node("entra.app");
    let id = stage.app.shared.open.as_ref().unwrap().view.node(node).id.clone();
    stage.told(
        Some(id),
        Signal::Declined {
            why: "it is not at work".into(),
        },
    );
    let said = stage.app.shared.say.clone().unwrap_or_default();
    assert!(said.ends_with(": it is not at work."), "{said}");
    assert!(text(&stage.buffer(80, 24)).contains("it is not at work"));
}

#[test]
fn a_word_in_place_of_a_proof_is_typed_whatever_else_was_typed() {
    let mut stage = Stage::of(&films().tutorial, &[]);
    stage.play(Intent::Up, asks("scim.token"));
    let node = stage.node("scim.token");
    stage.app.show(Box::new(GuideScreen::of(node)));
    stage.tick();
    stage.key(KeyCode::F(6));
    assert_eq!(stage.app.place(), Place::Guide, "values are missing");
    stage.typed("https://scim.us-east-1.amazonaws.com/abc/scim/v2");
    stage
        .key(KeyCode::Enter)
        .typed("s3cr3t-of-the-token")
        .key(KeyCode::F(6));
    assert_eq!(stage.app.place(), Place::Ask);
    let enter = KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE);
    assert!(stage.app.key(&enter).is_empty(), "nothing was typed");
    stage.typed("unproven");
    let effects = stage.app.key(&enter);
    let answered = effects.iter().find_map(|effect| match effect {
        Effect::Answer(_, answer, brought) => Some((answer.unproven, brought.len())),
        _ => None,
    });
    assert_eq!(answered, Some((true, 2)));
}

#[test]
fn with_reduced_motion_the_walk_follows_only_when_asked_to() {
    let focus = |stage: &Stage| stage.app.shared.open.as_ref().unwrap().focus;
    let played = |still: bool| {
        let mut stage = Stage::of(&films().tutorial, &[]);
        stage.app.shared.still = still;
        stage.play(Intent::Up, asks("saml.identity-source"));
        stage
    };
    let asking = played(false);
    assert_eq!(focus(&asking), asking.node("saml.identity-source"));
    let mut still = played(true);
    assert_eq!(focus(&still), 0);
    still.key(KeyCode::Char('f')).tick();
    assert_eq!(focus(&still), still.node("saml.identity-source"));
}

#[test]
fn a_file_is_chosen_with_few_keys_and_its_path_is_typed() {
    let scene = || scene("files")(films());
    let press = |stage: &mut Stage, code: KeyCode| stage.app.key(&KeyEvent::new(code, KeyModifiers::NONE));
    let listed = |effects: &[Effect]| match effects {
        [Effect::List(Some(folder))] => folder.display().to_string(),
        _ => panic!("no folder is to be read"),
    };
    let mut stage = scene();
    // The first file is chosen from the start; what is typed leaves only what has these letters.
    stage.typed("META");
    let effects = press(&mut stage, KeyCode::Enter);
    let [Effect::Back, Effect::Chosen(path)] = &effects[..] else {
        panic!("no file is chosen");
    };
    assert_eq!(path, "/home/nikki/Downloads/東京 metadata.xml");
    let path = path.clone();
    stage.app.back();
    stage.app.chosen(path);
    assert!(text(&stage.buffer(120, 60)).contains("/home/nikki/Downloads/東京 metadata.xml"));

    // Folders: into one, and to the one above by two keys.
    let mut stage = scene();
    press(&mut stage, KeyCode::Up);
    assert_eq!(
        listed(&press(&mut stage, KeyCode::Enter)),
        "/home/nikki/Downloads/pictures"
    );
    assert_eq!(listed(&press(&mut stage, KeyCode::Left)), "/home/nikki");
    assert_eq!(listed(&press(&mut stage, KeyCode::Backspace)), "/home/nikki");
}

#[test]
fn what_may_be_chosen_is_looked_up_beside_the_typing() {
    let mut stage = Stage::empty(Vec::new(), str::to_owned);
    let mut draft = stage.app.shared.draft.clone();
    draft.fields[1].look_up = LookUp::AsTyped;
    stage.app.show(Box::new(Form::new(draft)));
    stage.key(KeyCode::Enter).key(KeyCode::F(5));
    let wanted = |stage: &mut Stage| match &stage.app.tick()[..] {
        [] => None,
        [Effect::LookUp(_, key, typed)] => Some(format!("{key} {typed}")),
        _ => panic!("something else is wanted"),
    };
    let found = |stage: &mut Stage, found: Result<Vec<Choice>, Fault>| {
        stage.app.shared.found = Some(("entra.tenant".into(), found));
    };
    assert_eq!(wanted(&mut stage).as_deref(), Some("entra.tenant "));
    // While it is looked up one types on; what was typed last is looked up next, and nothing twice.
    stage.typed("con");
    assert_eq!(wanted(&mut stage), None);
    assert!(text(&stage.buffer(80, 24)).contains("looking"));
    found(&mut stage, Ok(Vec::new()));
    assert_eq!(wanted(&mut stage).as_deref(), Some("entra.tenant con"));
    let choice = Choice {
        value: "contoso.com".into(),
        about: "new users get it".into(),
    };
    found(&mut stage, Ok(vec![choice]));
    assert_eq!(wanted(&mut stage), None);
    let chosen = stage.app.key(&KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE));
    assert!(matches!(&chosen[..], [Effect::Back, Effect::Chosen(value)] if value == "contoso.com"));
    stage.perform(chosen);
    stage.app.chosen("contoso.com".into());
    assert!(text(&stage.buffer(120, 40)).contains("tenant = \"contoso.com\""));

    // What cannot be looked up is said, and typing goes on.
    stage.key(KeyCode::F(5));
    wanted(&mut stage);
    let fault = Fault::new(Kind::Rights, "the token lacks Domain.Read.All");
    found(&mut stage, Err(fault));
    assert_eq!(wanted(&mut stage), None);
    assert!(text(&stage.buffer(80, 24)).contains("lacks Domain.Read.All"));
    stage.typed("con");
    assert_eq!(wanted(&mut stage), None);
}

/// What moves something where there is room to move, so that a key that had nothing to do has something.
const MOVES: [Option<KeyCode>; 5] = [
    None,
    Some(KeyCode::Tab),
    Some(KeyCode::Down),
    Some(KeyCode::PageDown),
    Some(KeyCode::Char('v')),
];

#[test]
fn no_key_of_the_pages_on_upkeep_and_access_is_dead() {
    let mut dead = Vec::new();
    let pages = [
        (Place::Health, "health-failed"),
        (Place::Detail, "health-entry"),
        (Place::Access, "access"),
        (Place::Cell, "access-cell"),
    ];
    for (place, name) in pages {
        for key in keys::keys(place) {
            for (modifiers, code) in key.codes {
                let alive = MOVES.iter().any(|first| {
                    let mut stage = scene(name)(films());
                    stage.buffer(80, 16);
                    if let Some(first) = first {
                        stage.key(*first);
                    }
                    let before = (text(&stage.buffer(80, 16)), stage.app.place());
                    let effects = stage.app.key(&KeyEvent::new(*code, *modifiers));
                    let outside = !effects.is_empty();
                    stage.perform(effects);
                    outside || (text(&stage.buffer(80, 16)), stage.app.place()) != before
                });
                if !alive {
                    dead.push(format!("{place:?}: {} ({})", key.shown, key.word));
                }
            }
        }
    }
    assert!(dead.is_empty(), "nothing comes of:\n{}", dead.join("\n"));
}

#[test]
fn nothing_is_done_to_provisioning_before_somebody_agreed() {
    let deeds = |effects: &[Effect]| -> Vec<Deed> {
        let deeds = effects.iter().filter_map(|effect| match effect {
            Effect::Upkeep(target, deed) => {
                assert_eq!(target, "aws");
                Some(deed.clone())
            }
            _ => None,
        });
        deeds.collect()
    };
    let press = |stage: &mut Stage, code: KeyCode| {
        let effects = stage.app.key(&KeyEvent::new(code, KeyModifiers::NONE));
        let found = deeds(&effects);
        stage.perform(effects);
        found
    };
    for (scene_name, key, wanted) in [
        ("health-well", 'p', Change::Pause),
        ("health-paused", 'p', Change::Start),
        (
            "health-quarantine",
            'r',
            Change::Restart(vec![job::scope("escrows").unwrap(), job::scope("quarantine").unwrap()]),
        ),
    ] {
        let mut stage = scene(scene_name)(films());
        assert_eq!(press(&mut stage, KeyCode::Char(key)), []);
        if key == 'r' {
            assert_eq!(press(&mut stage, KeyCode::Enter), []);
        }
        // The first answer leaves it as it is.
        assert_eq!(press(&mut stage, KeyCode::Enter), []);
        assert_eq!(stage.app.place(), Place::Health);
        press(&mut stage, KeyCode::Char(key));
        if key == 'r' {
            press(&mut stage, KeyCode::Enter);
        }
        press(&mut stage, KeyCode::Down);
        assert_eq!(press(&mut stage, KeyCode::Enter), [Deed::Change(wanted)]);
        assert_eq!(stage.app.place(), Place::Health);
    }
    // Whom to provision is typed, and Esc does nothing.
    let mut stage = scene("health-well")(films());
    press(&mut stage, KeyCode::Char('o'));
    stage.typed("nikki@contoso.com");
    assert_eq!(press(&mut stage, KeyCode::Esc), []);
    press(&mut stage, KeyCode::Char('o'));
    assert_eq!(press(&mut stage, KeyCode::Enter), [], "nobody was named");
    stage.typed("nikki@contoso.com");
    assert_eq!(
        press(&mut stage, KeyCode::Enter),
        [Deed::Provision("nikki@contoso.com".into())]
    );
    assert_eq!(stage.app.place(), Place::Detail);
}

#[test]
fn the_log_is_narrowed_by_words_and_written_as_it_is_shown() {
    let mut stage = scene("health-recovered")(films());
    stage
        .key(KeyCode::Char('/'))
        .typed("result=success nikki")
        .key(KeyCode::Enter);
    let drawn = text(&stage.buffer(120, 40));
    assert!(
        drawn.contains("with \"result=success nikki\"") && drawn.contains("NikkiWolf@"),
        "{drawn}"
    );
    assert!(!drawn.contains("RichardRoe@"), "{drawn}");
    let effects = stage.app.key(&KeyEvent::new(KeyCode::Char('e'), KeyModifiers::NONE));
    let [Effect::Upkeep(_, Deed::Export(entries))] = &effects[..] else {
        panic!("nothing is written")
    };
    assert!(!entries.is_empty() && entries.iter().all(|entry| entry.name.starts_with("Nikki")));
}
