//! Each rule on evidence that holds its fault alone, and on evidence without it.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    evidence::{Application, Evidence, Group, Token},
    examine::examine,
    finding::{Side, Unread},
    rules::RULES,
};
use crate::{
    clients::{
        aws::{Assignment, Caller, Event, Instance, Principal, User as AwsUser, identity_store::Group as AwsGroup},
        entra::{
            applications::{KeyCredential, ServicePrincipal},
            policies::MappingPolicy,
            synchronization::Job,
            users::User,
        },
    },
    fault::{Fault, Kind},
    steps::preflight_entra::Lacking,
};

const NOW: &str = "2026-06-01T00:00:00Z";
const THUMBPRINT: &str = "A7D3C462B21E84FDA868CCC67D274D402FFD0A10";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn person(upn: &str) -> User {
    read(json!({
        "id": format!("id-of-{upn}"), "userPrincipalName": upn, "givenName": "Nikki", "surname": "Wolf",
        "displayName": "Nikki Wolf", "accountEnabled": true,
    }))
}

fn user(id: &str, name: &str) -> AwsUser {
    read(json!({ "id": id, "user_name": name, "enabled": true, "external_ids": [["scim", format!("id-of-{name}")]] }))
}

fn assignment(account: &str, principal: Principal) -> Assignment {
    Assignment {
        account: account.into(),
        permission_set: "ps-1".into(),
        principal,
    }
}

fn schema(mappings: &[(&str, &str)]) -> Value {
    let mapping = |(source, target): &(&str, &str)| {
        json!({
            "targetAttributeName": target,
            "source": { "type": "Attribute", "name": source, "expression": format!("[{source}]") },
        })
    };
    let mappings: Vec<Value> = mappings.iter().map(mapping).collect();
    json!({ "synchronizationRules": [{
        "id": "rule", "objectMappings": [{ "sourceObjectName": "User", "attributeMappings": mappings }],
    }] })
}

fn job(code: &str, state: &str) -> Job {
    read(json!({
        "id": "job", "schedule": { "state": state },
        "status": { "code": code, "steadyStateFirstAchievedTime": "2026-05-01T00:00:00Z" },
    }))
}

/// A federation with nothing the matter.
fn well() -> Evidence {
    let mut evidence = Evidence {
        target: "aws".into(),
        now: now(),
        ..Evidence::default()
    };
    let key: KeyCredential = read(json!({
        "customKeyIdentifier": "p9PEYrIehP2oaMzGfSdNQC/9ChA=", "usage": "Verify", "endDateTime": "2028-01-01T00:00:00Z",
    }));
    let signs = key.thumbprint();
    evidence.entra.application = Some(Application {
        principal: ServicePrincipal {
            id: "sp".into(),
            display_name: Some("AWS".into()),
            preferred_token_signing_key_thumbprint: signs.clone(),
            key_credentials: vec![key],
            ..ServicePrincipal::default()
        },
        job: Some(job("Active", "Active")),
        schema: Some(schema(&[
            ("objectId", "externalId"),
            ("telephoneNumber", "phoneNumbers[type eq \"work\"].value"),
        ])),
        has_token: true,
        given_to_aws: signs.map(|thumbprint| BTreeSet::from([thumbprint])),
        ..Application::default()
    });
    evidence.entra.people = vec![person("nikki@contoso.com")];
    evidence.entra.groups = vec![group("Admins", 3)];
    evidence.entra.scope_known = true;
    evidence.aws.instance = Some(instance());
    evidence.aws.management = Some("111122223333".into());
    evidence.aws.caller = Some(caller("111122223333", "arn:aws:iam::111122223333:user/operator"));
    evidence.aws.users = vec![user("u-1", "nikki@contoso.com")];
    evidence.aws.users_known = true;
    evidence.aws.groups = Some(vec![AwsGroup {
        id: "g-1".into(),
        display_name: "Admins".into(),
        provisioned: true,
    }]);
    evidence.aws.accounts = Some([("111122223333".to_owned(), ("Management".to_owned(), true))].into());
    evidence.aws.assignments = vec![assignment("111122223333", Principal::User("u-1".into()))];
    evidence.aws.abac = [("Department".to_owned(), "${path:enterprise.department}".to_owned())].into();
    evidence.aws.token = Token::Since(now() - SignedDuration::from_hours(24));
    evidence
}

fn group(name: &str, people: usize) -> Group {
    Group {
        id: format!("id-of-{name}"),
        name: name.into(),
        people,
        groups: Vec::new(),
    }
}

fn instance() -> Instance {
    read(json!({
        "arn": "arn:aws:sso:::instance/ssoins-1", "store": "d-1", "owner": "111122223333", "region": "eu-west-1",
        "regions": ["eu-west-1"], "status": "ACTIVE", "permission_sets": true, "kms_key": null,
    }))
}

fn caller(account: &str, arn: &str) -> Caller {
    Caller {
        account: account.into(),
        arn: arn.into(),
        partition: "aws".into(),
    }
}

fn event(name: &str, record: Value) -> Event {
    Event {
        id: "event".into(),
        name: name.into(),
        source: "source".into(),
        at: now(),
        record,
    }
}

/// The rules and objects found once the evidence was spoilt like this.
fn spoilt(spoil: impl FnOnce(&mut Evidence)) -> Vec<(&'static str, String)> {
    let mut evidence = well();
    spoil(&mut evidence);
    let found = examine(vec![evidence], &[]).findings;
    found
        .into_iter()
        .map(|finding| (finding.rule.id, finding.name))
        .collect()
}

fn app(evidence: &mut Evidence) -> &mut Application {
    evidence.entra.application.as_mut().unwrap()
}

/// How one rule's fault is planted, and the object that must be named.
type Plant = (&'static str, &'static str, fn(&mut Evidence));

const PLANTS: &[Plant] = &[
    ("missing-name", "nikki@contoso.com", |e| {
        e.entra.people[0].surname = None
    }),
    ("control-character", "nikki@contoso.com", |e| {
        e.entra.people[0].given_name = Some("Nik\u{2}ki".into())
    }),
    ("refused-character", "nikki@contoso.com", |e| {
        e.entra.people[0].department = Some("R<D>".into())
    }),
    ("blank-in-user-name", "a b@contoso.com", |e| {
        e.entra.people.push(person("a b@contoso.com"));
    }),
    ("several-phones", "nikki@contoso.com", |e| {
        e.entra.people[0].business_phones = vec!["1".into()];
        e.entra.people[0].mobile_phone = Some("2".into());
        let both = [
            ("objectId", "externalId"),
            ("telephoneNumber", "phoneNumbers[1]"),
            ("mobile", "phoneNumbers[2]"),
        ];
        app(e).schema = Some(schema(&both));
    }),
    ("several-mails", "AWS", |e| {
        app(e).schema = Some(schema(&[
            ("objectId", "externalId"),
            ("mail", "emails[1]"),
            ("otherMails", "emails[2]"),
        ]));
    }),
    ("external-id", "AWS", |e| {
        app(e).schema = Some(schema(&[("mailNickname", "externalId")]))
    }),
    ("guest-name", "g_x.com#EXT#@contoso.com", |e| {
        let mut guest = person("g_x.com#EXT#@contoso.com");
        guest.mail = Some("g@x.com".into());
        e.entra.people.push(guest);
    }),
    ("guest-without-mail", "g_x.com#EXT#@contoso.com", |e| {
        e.entra.guests_have_own_name_id = true;
        e.entra.people.push(person("g_x.com#EXT#@contoso.com"));
    }),
    ("disabled", "nikki@contoso.com", |e| {
        e.entra.people[0].account_enabled = Some(false)
    }),
    ("duplicate-mail", "nikki@contoso.com, other@contoso.com", |e| {
        e.entra.people.push(person("other@contoso.com"));
        e.entra
            .people
            .iter_mut()
            .for_each(|one| one.mail = Some("one@contoso.com".into()));
    }),
    ("name-id", "Nikki@contoso.com", |e| {
        e.aws.users[0].user_name = "Nikki@contoso.com".into()
    }),
    ("mail-taken", "other@contoso.com", |e| {
        e.entra.people[0].mail = Some("nikki@contoso.com".into());
        let mut other = user("u-2", "other@contoso.com");
        other.emails = vec!["Nikki@contoso.com".into()];
        e.aws.users.push(other);
    }),
    ("duplicate-user-name", "A@contoso.com, a@contoso.com", |e| {
        e.aws
            .users
            .extend([user("u-2", "a@contoso.com"), user("u-3", "A@contoso.com")]);
    }),
    ("duplicate-aws-mail", "a@contoso.com, b@contoso.com", |e| {
        e.aws
            .users
            .extend([user("u-2", "a@contoso.com"), user("u-3", "b@contoso.com")]);
        e.aws.users[1..]
            .iter_mut()
            .for_each(|one| one.emails = vec!["x@contoso.com".into()]);
    }),
    ("duplicate-external-id", "a@contoso.com, b@contoso.com", |e| {
        e.aws
            .users
            .extend([user("u-2", "a@contoso.com"), user("u-3", "b@contoso.com")]);
        e.aws.users[1..]
            .iter_mut()
            .for_each(|one| one.external_ids = vec![("scim".into(), "1".into())]);
    }),
    ("duplicate-group", "Admins", |e| {
        e.aws.groups.as_mut().unwrap()[0].provisioned = false
    }),
    ("duplicate-group", "admins", |e| {
        let twin = Group {
            id: "twin".into(),
            ..group("Admins", 1)
        };
        e.entra.groups.push(twin);
    }),
    ("nested-group", "Admins", |e| {
        e.entra.groups[0].groups = vec!["Inner".into()]
    }),
    ("large-group", "Everybody", |e| {
        e.entra.groups.push(group("Everybody", 101))
    }),
    ("unassigned", "richard@contoso.com", |e| {
        e.entra.expected = vec!["richard@contoso.com".into()]
    }),
    ("wrong-app", "Single", |e| {
        e.entra.single_account = vec![ServicePrincipal {
            display_name: Some("Single".into()),
            ..ServicePrincipal::default()
        }];
    }),
    ("iam-claims", "AWS", |e| {
        app(e).claims = Some(claim("Role", "assignedroles"))
    }),
    ("claim-not-carried", "AWS", |e| {
        app(e).claims = Some(claim("AccessControl:Mails", "otherMails"))
    }),
    ("shadowed-tag", "Department", |e| {
        app(e).claims = Some(claim("AccessControl:Department", "department"))
    }),
    ("overriding-policy", "AWS", |e| {
        app(e).overriding = vec![MappingPolicy::default()]
    }),
    ("stale-attribute", "nikki@contoso.com", |e| {
        e.aws.users[0].enterprise.insert("department".into(), "Sales".into());
    }),
    ("entra-rights", "User.Read.All", |e| {
        e.entra.lacking = vec![Lacking {
            right: "User.Read.All".into(),
            role: false,
            to: "read users".into(),
            steps: vec!["entra.user"],
        }];
    }),
    ("aws-rights", "sso:ListPermissionSets", |e| {
        e.aws.denied = vec![("sso:ListPermissionSets".into(), "aws.permission-set")];
    }),
    ("token-ended", "SCIM token of aws", |e| {
        e.aws.token = Token::Since(now() - SignedDuration::from_hours(366 * 24))
    }),
    ("token-ending", "SCIM token of aws", |e| {
        e.aws.token = Token::Since(now() - SignedDuration::from_hours(340 * 24))
    }),
    ("token-unknown-age", "SCIM token of aws", |e| {
        e.aws.token = Token::UnknownAge
    }),
    ("certificate-ended", "AWS", |e| {
        app(e).principal.key_credentials[0].end_date_time = Some(now())
    }),
    ("certificate-ending", "AWS", |e| {
        app(e).principal.key_credentials[0].end_date_time = Some(now() + SignedDuration::from_hours(24));
    }),
    ("certificate-not-preferred", "AWS", |e| {
        app(e).principal.preferred_token_signing_key_thumbprint = None
    }),
    ("certificate-unknown-to-aws", "AWS", |e| {
        app(e).given_to_aws = Some(BTreeSet::from(["00".into()]))
    }),
    ("quarantine", "job", |e| app(e).job = Some(job("Quarantine", "Active"))),
    ("job-paused", "job", |e| app(e).job = Some(job("Paused", "Active"))),
    ("job-never-ran", "job", |e| {
        let status = app(e).job.as_mut().unwrap().status.as_mut().unwrap();
        status.steady_state_first_achieved_time = Some("0001-01-01T00:00:00Z".into());
    }),
    ("job-late", "job", |e| {
        let job = app(e).job.as_mut().unwrap();
        job.schedule.as_mut().unwrap().interval = Some("PT40M".into());
        job.status.as_mut().unwrap().last_execution = Some(read(json!({ "timeEnded": "2026-05-31T10:00:00Z" })));
    }),
    ("job-escrows", "job", |e| {
        let status = app(e).job.as_mut().unwrap().status.as_mut().unwrap();
        status.last_execution = Some(read(json!({ "timeEnded": "2026-05-31T23:50:00Z", "countEscrowed": 2 })));
    }),
    ("scim-throttled", "CreateUser", |e| {
        e.aws.scim_errors = vec![event("CreateUser", json!({ "errorCode": "ThrottlingException" }))];
    }),
    ("scim-refused", "CreateUser", |e| {
        e.aws.scim_errors = vec![event("CreateUser", json!({ "errorCode": "AccessDeniedException" }))];
    }),
    ("permission-sets-off", "arn:aws:sso:::instance/ssoins-1", |e| {
        e.aws.instance.as_mut().unwrap().permission_sets = Some(false);
    }),
    ("active-directory", "arn:aws:sso:::instance/ssoins-1", |e| {
        e.aws.source_change = Some(event("AssociateDirectory", json!({})));
    }),
    ("delegated-administrator", "arn:aws:iam::444455556666:user/x", |e| {
        e.aws.caller = Some(caller("444455556666", "arn:aws:iam::444455556666:user/x"));
    }),
    ("kms-key", "the key of the instance", |e| {
        e.unread.push(Unread {
            target: "aws".into(),
            side: Side::Aws,
            what: "users".into(),
            fault: Fault::new(
                Kind::Rights,
                "The caller may not use the customer managed key of the instance",
            )
            .code("KMS_AccessDeniedException"),
        });
    }),
    (
        "no-break-glass",
        "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_A_1/me",
        |e| {
            let arn = "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_A_1/me";
            e.aws.caller = Some(caller("111122223333", arn));
        },
    ),
    ("leaver", "nikki@contoso.com", |e| e.aws.users[0].enabled = Some(false)),
    ("dangling-assignment", "gone", |e| {
        e.aws
            .assignments
            .push(assignment("111122223333", Principal::User("gone".into())));
    }),
    ("dangling-assignment", "999999999999", |e| {
        e.aws.assignments[0].account = "999999999999".into()
    }),
];

fn claim(name: &str, source: &str) -> Value {
    json!({ "claims": [{
        "name": name, "namespace": "https://aws.amazon.com/SAML/Attributes",
        "configurations": [{ "attribute": { "id": source, "source": "user" } }],
    }] })
}

#[test]
fn a_federation_that_is_well_gives_no_finding() {
    assert_eq!(spoilt(|_| {}), []);
}

#[test]
fn each_fault_gives_its_finding_alone_and_names_its_object() {
    for (rule, object, plant) in PLANTS {
        assert_eq!(spoilt(*plant), [(*rule, (*object).to_owned())], "{rule}");
    }
}

#[test]
fn every_rule_has_a_planted_fault() {
    // These two are about people of the profile who are not in the tenant, and have their tests beside the rules.
    let elsewhere = ["no-such-user", "long-user-name"];
    let planted: BTreeSet<&str> = PLANTS.iter().map(|(rule, ..)| *rule).chain(elsewhere).collect();
    let known: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(planted, known);
    assert_eq!(known.len(), RULES.len(), "each id stands once");
}

#[test]
fn every_rule_has_all_its_words() {
    for rule in RULES {
        assert!(rule.source.starts_with("https://"), "{}", rule.id);
        for words in [rule.title, rule.why, rule.fix, rule.step] {
            assert!(!words.is_empty(), "{}", rule.id);
        }
        assert!(rule.why.ends_with('.') || rule.why.ends_with("\"."), "{}", rule.id);
    }
}

#[test]
fn what_was_not_read_is_taken_neither_for_empty_nor_for_well() {
    let found = spoilt(|evidence| {
        evidence.aws.users.clear();
        evidence.aws.users_known = false;
        evidence.aws.groups = None;
        evidence.aws.accounts = None;
        evidence.entra.scope_known = false;
        evidence.entra.expected = vec!["richard@contoso.com".into()];
    });
    assert_eq!(found, []);
    let mut evidence = well();
    evidence.unread.push(Unread {
        target: "aws".into(),
        side: Side::Aws,
        what: "users".into(),
        fault: Fault::new(Kind::Unavailable, "AWS does not answer"),
    });
    assert_eq!(examine(vec![evidence], &[]).unread.len(), 1);
}

#[test]
fn what_two_targets_share_is_told_once() {
    let mut one = well();
    one.entra.people[0].surname = None;
    let mut other = well();
    other.target = "other".into();
    other.entra.people[0].surname = None;
    assert_eq!(examine(vec![one, other], &[]).findings.len(), 1);
}

#[test]
fn the_thumbprint_of_the_sample_is_the_one_expected() {
    let app = well().entra.application.unwrap();
    assert_eq!(
        app.principal.key_credentials[0].thumbprint().as_deref(),
        Some(THUMBPRINT)
    );
}

#[test]
fn fifty_thousand_people_are_held_against_all_rules_in_one_pass() {
    const MANY: usize = 50_000;
    let mut evidence = well();
    for number in 0..MANY {
        let upn = format!("person{number}@contoso.com");
        evidence.aws.users.push(user(&format!("u-{number:08}"), &upn));
        evidence.entra.people.push(person(&upn));
    }
    evidence.entra.people[MANY / 2].surname = None;
    let found = examine(vec![evidence], &[]).findings;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].rule.id, "missing-name");
}
