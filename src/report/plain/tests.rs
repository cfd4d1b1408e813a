//! Runs as they are told.

use super::*;
use crate::{
    engine::{
        fact::End,
        step::{How, Undone},
    },
    report::{
        clean::{acts, width},
        summary::Failure,
        testing::{self, Script, play_out, telling},
        wire::{self, Node},
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
    22:41:43 3 » scim.job                       graph left out
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
    09:21:44 2 ↩ saml.identity-source           human restored
                 CloudTrail shows DisableExternalIdPConfigurationForDirectory

    1 Prepare tenant
    09:21:44 1 ● entra.user[RichardRoe]         graph stays
                 the profile says that people are not removed
    09:21:44 1 − entra.app                      graph removed
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

#[test]
fn what_failed_for_the_same_reason_is_told_with_it_once() {
    let failure = |item: &str, what: &str, why: &str, request: Option<&str>| Failure {
        node: Node {
            target: None,
            step: "aws.assignment".into(),
            item: Some(item.into()),
        },
        fault: wire::Fault {
            what: what.into(),
            why: why.into(),
            request_id: request.map(Into::into),
            ..wire::Fault::from(&testing::fault())
        },
    };
    let all = [
        failure("a", "AWS cannot make it: a", "the account is suspended", Some("r-1")),
        failure(
            "b",
            "AWS cannot make it: b",
            "a role of this name is there",
            Some("r-2"),
        ),
        failure("c", "AWS cannot make it: c", "the account is suspended", None),
        failure("d", "it is refused", "the right is missing", Some("r-4")),
        failure("e", "it is refused", "the right is missing", Some("r-5")),
        failure("f", "nobody knows", "", None),
        failure("g", "nobody knows", "", None),
    ];
    let mut paper = Paper::new(Vec::new(), testing::style());
    closing::failed(&mut paper, &all).expect("memory takes everything");
    let told = String::from_utf8(paper.into_inner()).expect("text");
    insta::assert_snapshot!(told, @"

    Failed (7)
      ✘ aws.assignment[a]: request r-1
      ✘ aws.assignment[c]
        why       the account is suspended
        to do     Ask an administrator to consent to it, then run `fedwiz apply`
                  again.
      ✘ aws.assignment[b]
        what      AWS cannot make it: b [Authorization_RequestDenied]
        why       a role of this name is there
        to do     Ask an administrator to consent to it, then run `fedwiz apply`
                  again.
        request   r-2
      ✘ aws.assignment[d]: request r-4
      ✘ aws.assignment[e]: request r-5
        what      it is refused [Authorization_RequestDenied]
        why       the right is missing
        to do     Ask an administrator to consent to it, then run `fedwiz apply`
                  again.
      ✘ aws.assignment[f]
        what      nobody knows [Authorization_RequestDenied]
        to do     Ask an administrator to consent to it, then run `fedwiz apply`
                  again.
      ✘ aws.assignment[g]
        what      nobody knows [Authorization_RequestDenied]
        to do     Ask an administrator to consent to it, then run `fedwiz apply`
                  again.
    ");
}
