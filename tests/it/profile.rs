//! Spoilt profiles, each with its own error; and the page of all keys.

use std::path::Path;

use fedwiz::profile::{Profile, docs, tutorial::tutorial, write};

/// A small good profile that the cases below spoil by replacing one piece.
const GOOD: &str = r#"federation = "contoso"

[entra]
tenant = "contoso.onmicrosoft.com"
cloud = "global"
auth = "device-code"

[[aws]]
name = "commercial"
region = "eu-west-1"

[provisioning]
scope = "assigned"
notify = "idm@contoso.com"

[[people.user]]
upn = "NikkiWolf@contoso.onmicrosoft.com"
given_name = "Nikki"
family_name = "Wolf"
create = true

[[people.group]]
name = "Admins"

[[permission_set]]
name = "RegionalAdmin"
session_duration = "PT1H"
inline_policy = '{"Statement": [{"Effect": "Allow", "Action": "account:ListRegions", "Resource": "*"}]}'

[[assignment]]
principal = "user:NikkiWolf@contoso.onmicrosoft.com"
accounts = ["management"]
permission_sets = ["RegionalAdmin"]

[abac]
attributes = { Department = "user.department" }
"#;

/// What to call the case, what to replace, and by what.
const SPOILT: &[(&str, &str, &str)] = &[
    ("an unknown key", "tenant =", "tennant ="),
    ("an unknown section", "[abac]", "[abacus]"),
    (
        "a key in the wrong section",
        "cloud = \"global\"",
        "notify = \"idm@contoso.com\"",
    ),
    (
        "a duplicate key",
        "cloud = \"global\"",
        "cloud = \"global\"\ncloud = \"china\"",
    ),
    (
        "a text that never ends",
        "tenant = \"contoso.onmicrosoft.com\"",
        "tenant = \"contoso.onmicrosoft.com",
    ),
    ("a wrong type", "create = true", "create = \"yes\""),
    ("one bracket instead of two", "[[permission_set]]", "[permission_set]"),
    ("a cloud that does not exist", "\"global\"", "\"us-gov-4\""),
    (
        "a way to sign in that needs more",
        "\"device-code\"",
        "\"client-certificate\"",
    ),
    (
        "a tenant that is any tenant",
        "tenant = \"contoso.onmicrosoft.com\"",
        "tenant = \"common\"",
    ),
    ("a region that is none", "eu-west-1", "europe"),
    ("a missing key", "upn = \"NikkiWolf@contoso.onmicrosoft.com\"\n", ""),
    (
        "a sign-in name without a domain",
        "upn = \"NikkiWolf@contoso.onmicrosoft.com\"",
        "upn = \"NikkiWolf\"",
    ),
    ("a missing last name", "family_name = \"Wolf\"\n", ""),
    (
        "two users of one name",
        "[[people.group]]",
        "[[people.user]]\nupn = \"nikkiwolf@contoso.onmicrosoft.com\"\n\n[[people.group]]",
    ),
    (
        "a guest to be created",
        "NikkiWolf@contoso",
        "nikki_fabrikam.com#EXT#@contoso",
    ),
    (
        "members of a group that is only used",
        "name = \"Admins\"",
        "name = \"Admins\"\nmembers = [\"NikkiWolf@contoso.onmicrosoft.com\"]",
    ),
    (
        "two permission sets of one name",
        "[[assignment]]",
        "[[permission_set]]\nname = \"regionaladmin\"\n\n[[assignment]]",
    ),
    ("a session that is too long", "PT1H", "PT13H"),
    ("a policy that is no JSON", "\"Effect\": \"Allow\"", "\"Effect\": Allow"),
    (
        "a policy file that is not there",
        "'{\"Statement\": [{\"Effect\": \"Allow\", \"Action\": \"account:ListRegions\", \"Resource\": \"*\"}]}'",
        "\"regional-admin.json\"",
    ),
    ("a policy without a statement", "\"Statement\"", "\"Statements\""),
    (
        "a description that is not Latin-1",
        "name = \"RegionalAdmin\"\n",
        "name = \"RegionalAdmin\"\ndescription = \"Regions – all\"\n",
    ),
    (
        "a policy of one's own among AWS's",
        "session_duration = \"PT1H\"",
        "managed_policies = [\"arn:aws:iam::123456789012:policy/Team\"]",
    ),
    (
        "a boundary without a policy",
        "session_duration = \"PT1H\"",
        "boundary = {}",
    ),
    ("a principal of no kind", "principal = \"user:", "principal = \"person:"),
    ("an unknown user", "user:NikkiWolf@", "user:NikiWolf@"),
    (
        "an unknown group",
        "user:NikkiWolf@contoso.onmicrosoft.com",
        "group:Admin",
    ),
    (
        "an unknown permission set",
        "permission_sets = [\"RegionalAdmin\"]",
        "permission_sets = [\"RegionAdmin\"]",
    ),
    ("an account id with dashes", "\"management\"", "\"1234-5678-9012\""),
    (
        "an account named twice",
        "[\"management\"]",
        "[\"management\", \"management\"]",
    ),
    ("an attribute nobody knows", "user.department", "user.departement"),
    (
        "an attribute that no claim carries",
        "user.department",
        "user.costCenter",
    ),
    (
        "a NameID that the cloud cannot send",
        "cloud = \"global\"\nauth = \"device-code\"\n",
        "cloud = \"us-gov-l4\"\n\n[name_id]\nguests = \"user.mail\"\n",
    ),
    (
        "an endpoint in the clear",
        "[abac]",
        "[endpoints]\nscim = \"http://scim.example.com\"\n\n[abac]",
    ),
    (
        "an endpoint that is no address",
        "[abac]",
        "[endpoints]\naws = \"127.0.0.1:4000\"\n\n[abac]",
    ),
    (
        "a secret in the file",
        "auth = \"device-code\"",
        "client_secret = \"hunter2hunter2\"\nauth = \"magic\"",
    ),
    (
        "two errors at once",
        "cloud = \"global\"\nauth = \"device-code\"",
        "cloud = \"mars\"\nauth = \"magic\"",
    ),
];

fn read(text: &str) -> Result<Profile, String> {
    Profile::parse(text, "fedwiz.toml", Path::new("/nowhere")).map_err(|error| error.render(false, 100))
}

#[test]
fn the_good_profile_is_good() {
    let profile = read(GOOD).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(profile.permission_set[0].session_duration, "PT1H");
}

#[test]
fn each_spoilt_profile_has_its_own_error() {
    let mut told = String::new();
    for (case, good, spoilt) in SPOILT {
        assert!(GOOD.contains(good), "{case}: nothing to replace");
        let Err(error) = read(&GOOD.replacen(good, spoilt, 1)) else {
            panic!("{case}: it was accepted")
        };
        assert!(!error.contains("hunter2"), "{error}");
        told.push_str(&format!("--- {case}\n\n{error}\n\n"));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn a_profile_that_is_not_there_says_how_to_make_one() {
    let error = Profile::load(Path::new("/nowhere/fedwiz.toml")).unwrap_err();
    insta::assert_snapshot!(error.render(false, 100));
}

#[test]
fn the_written_tutorial_explains_every_key() {
    insta::assert_snapshot!(write::render(&tutorial(
        "contoso.onmicrosoft.com",
        "contoso.onmicrosoft.com"
    )));
}

#[test]
fn the_page_of_all_keys_is_up_to_date() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/profile.md");
    let wanted = docs::markdown();
    if std::env::var_os("FEDWIZ_WRITE_DOCS").is_some() {
        std::fs::write(&page, &wanted).unwrap();
    }
    let found = std::fs::read_to_string(&page).unwrap_or_default();
    assert!(
        found == wanted,
        "docs/profile.md is out of date: run `FEDWIZ_WRITE_DOCS=1 cargo test --test it profile`"
    );
}
