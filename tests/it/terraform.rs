//! The Terraform that is written, held against the providers' documentation, `terraform fmt`, and a parser of HCL that is not ours.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::{Command, Stdio},
    sync::Arc,
};

use fedwiz::{
    clients::entra::auth::{Prompt, Prompter},
    engine::{
        fact::{Event, Intent},
        run::Run,
        step::Scope,
    },
    export::terraform::{self, File},
    profile::{AwsTarget, Profile},
    secrets::MemoryStore,
    session::{Session, rehearsal},
    steps::PHASES,
};

use crate::loopback::Loopback;

/// What the documentation of a block says.
struct Documented {
    /// `resource` or `data`, and the type.
    block: (&'static str, &'static str),
    required: &'static [&'static str],
    optional: &'static [&'static str],
    /// What can be read of it, among what is used.
    exports: &'static [&'static str],
    /// What an import id looks like, as a regular expression; empty where there is no import.
    import: &'static str,
}

/// A GUID, as both vendors write ids.
macro_rules! guid {
    () => {
        "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    };
}

/// The part of an import id that names a permission set and its instance.
macro_rules! set {
    () => {
        "arn:aws[a-z-]*:sso:::permissionSet/ssoins-[0-9a-f]{16}/ps-[0-9a-f]{16},arn:aws[a-z-]*:sso:::instance/ssoins-[0-9a-f]{16}$"
    };
}

/// The documented names, of what fedwiz may write. Blocks in blocks are written `outer.inner`. Sources: `docs/resources` and
/// `docs/data-sources` of hashicorp/terraform-provider-azuread at f0169e0e, `website/docs/r` and `website/docs/d` of
/// hashicorp/terraform-provider-aws, each under the type's name.
const DOCUMENTED: &[Documented] = &[
    Documented {
        block: ("resource", "azuread_application_from_template"),
        required: &["display_name", "template_id"],
        optional: &[],
        exports: &[
            "application_id",
            "application_object_id",
            "service_principal_id",
            "service_principal_object_id",
        ],
        import: concat!(
            "^/applicationTemplates/",
            guid!(),
            "/instantiate/",
            guid!(),
            "/",
            guid!(),
            "$"
        ),
    },
    Documented {
        block: ("data", "azuread_application"),
        required: &[],
        optional: &["client_id", "display_name", "object_id", "identifier_uri"],
        exports: &["client_id", "object_id", "id"],
        import: "",
    },
    Documented {
        block: ("resource", "azuread_service_principal"),
        required: &["client_id"],
        optional: &[
            "account_enabled",
            "alternative_names",
            "app_role_assignment_required",
            "description",
            "feature_tags",
            "login_url",
            "notes",
            "notification_email_addresses",
            "owners",
            "preferred_single_sign_on_mode",
            "saml_single_sign_on",
            "tags",
            "use_existing",
        ],
        exports: &["id", "object_id"],
        import: concat!("^/servicePrincipals/", guid!(), "$"),
    },
    Documented {
        block: ("data", "azuread_service_principal"),
        required: &[],
        optional: &["client_id", "display_name", "object_id"],
        exports: &["id", "object_id"],
        import: "",
    },
    Documented {
        block: ("resource", "azuread_service_principal_token_signing_certificate"),
        required: &["service_principal_id"],
        optional: &["display_name", "end_date"],
        exports: &["key_id", "thumbprint"],
        import: concat!("^", guid!(), r"/tokenSigningCertificate/\$\{var\.[a-z0-9_]+\}$"),
    },
    Documented {
        block: ("resource", "azuread_application_identifier_uri"),
        required: &["application_id", "identifier_uri"],
        optional: &[],
        exports: &[],
        import: concat!(
            "^/applications/",
            guid!(),
            r#"/identifierUris/\$\{base64encode\("[^"]+"\)\}$"#
        ),
    },
    Documented {
        block: ("resource", "azuread_application_redirect_uris"),
        required: &["application_id", "redirect_uris", "type"],
        optional: &[],
        exports: &[],
        import: concat!("^/applications/", guid!(), "/redirectUris/Web$"),
    },
    Documented {
        block: ("resource", "azuread_user"),
        required: &["display_name", "user_principal_name"],
        optional: &[
            "account_enabled",
            "department",
            "force_password_change",
            "given_name",
            "mail",
            "mail_nickname",
            "password",
            "surname",
        ],
        exports: &["object_id"],
        import: concat!("^/users/", guid!(), "$"),
    },
    Documented {
        block: ("data", "azuread_user"),
        required: &[],
        optional: &[
            "employee_id",
            "mail",
            "mail_nickname",
            "object_id",
            "user_principal_name",
        ],
        exports: &["object_id"],
        import: "",
    },
    Documented {
        block: ("resource", "azuread_group"),
        required: &["display_name"],
        optional: &["description", "mail_nickname", "members", "owners", "security_enabled"],
        exports: &["object_id"],
        import: concat!("^/groups/", guid!(), "$"),
    },
    Documented {
        block: ("data", "azuread_group"),
        required: &[],
        optional: &[
            "display_name",
            "mail_nickname",
            "mail_enabled",
            "object_id",
            "security_enabled",
        ],
        exports: &["object_id"],
        import: "",
    },
    Documented {
        block: ("resource", "azuread_group_member"),
        required: &["group_object_id", "member_object_id"],
        optional: &[],
        exports: &[],
        import: concat!("^", guid!(), "/member/", guid!(), "$"),
    },
    Documented {
        block: ("resource", "azuread_app_role_assignment"),
        required: &["app_role_id", "principal_object_id", "resource_object_id"],
        optional: &[],
        exports: &[],
        import: concat!("^/servicePrincipals/", guid!(), "/appRoleAssignedTo/[A-Za-z0-9_-]+$"),
    },
    Documented {
        block: ("resource", "azuread_claims_mapping_policy"),
        required: &["definition", "display_name"],
        optional: &[],
        exports: &["id"],
        import: r"^/policies/claimsMappingPolicies/\$\{var\.[a-z0-9_]+\}$",
    },
    Documented {
        block: ("resource", "azuread_service_principal_claims_mapping_policy_assignment"),
        required: &["claims_mapping_policy_id", "service_principal_id"],
        optional: &[],
        exports: &[],
        import: concat!(
            "^/servicePrincipals/",
            guid!(),
            r"/claimsMappingPolicies/\$\{var\.[a-z0-9_]+\}$"
        ),
    },
    Documented {
        block: ("resource", "azuread_synchronization_job"),
        required: &["service_principal_id", "template_id"],
        optional: &["enabled"],
        exports: &["id"],
        import: concat!(
            "^/servicePrincipals/",
            guid!(),
            r"/synchronization/jobs/[A-Za-z0-9.-]+$"
        ),
    },
    Documented {
        block: ("resource", "azuread_synchronization_secret"),
        required: &["service_principal_id"],
        optional: &["credential", "credential.key", "credential.value"],
        exports: &[],
        import: "",
    },
    Documented {
        block: ("data", "aws_ssoadmin_instances"),
        required: &[],
        optional: &["region"],
        exports: &["arns", "identity_store_ids"],
        import: "",
    },
    Documented {
        block: ("resource", "aws_ssoadmin_permission_set"),
        required: &["instance_arn", "name"],
        optional: &["description", "relay_state", "session_duration", "tags"],
        exports: &["arn"],
        import: concat!("^", set!()),
    },
    Documented {
        block: ("data", "aws_ssoadmin_permission_set"),
        required: &["instance_arn"],
        optional: &["arn", "name"],
        exports: &["arn"],
        import: "",
    },
    Documented {
        block: ("resource", "aws_ssoadmin_permission_set_inline_policy"),
        required: &["inline_policy", "instance_arn", "permission_set_arn"],
        optional: &[],
        exports: &[],
        import: concat!("^", set!()),
    },
    Documented {
        block: ("resource", "aws_ssoadmin_managed_policy_attachment"),
        required: &["instance_arn", "managed_policy_arn", "permission_set_arn"],
        optional: &[],
        exports: &[],
        import: concat!("^arn:aws[a-z-]*:iam::aws:policy/[^,]+,", set!()),
    },
    Documented {
        block: ("resource", "aws_ssoadmin_customer_managed_policy_attachment"),
        required: &[
            "instance_arn",
            "permission_set_arn",
            "customer_managed_policy_reference",
            "customer_managed_policy_reference.name",
        ],
        optional: &["customer_managed_policy_reference.path"],
        exports: &[],
        import: concat!("^[^,]+,/[^,]*,", set!()),
    },
    Documented {
        block: ("resource", "aws_ssoadmin_permissions_boundary_attachment"),
        required: &["instance_arn", "permission_set_arn", "permissions_boundary"],
        optional: &[
            "permissions_boundary.managed_policy_arn",
            "permissions_boundary.customer_managed_policy_reference",
            "permissions_boundary.customer_managed_policy_reference.name",
            "permissions_boundary.customer_managed_policy_reference.path",
        ],
        exports: &[],
        import: concat!("^", set!()),
    },
    Documented {
        block: ("resource", "aws_identitystore_user"),
        required: &[
            "display_name",
            "identity_store_id",
            "name",
            "user_name",
            "name.family_name",
            "name.given_name",
        ],
        optional: &["emails", "emails.value", "title"],
        exports: &["user_id"],
        import: concat!("^d-[0-9a-f]{10}/([0-9a-f]{10}-)?", guid!(), "$"),
    },
    Documented {
        block: ("data", "aws_identitystore_user"),
        required: &["identity_store_id"],
        optional: &["alternate_identifier", "user_id"],
        exports: &["user_id"],
        import: "",
    },
    Documented {
        block: ("data", "aws_identitystore_group"),
        required: &["identity_store_id"],
        optional: &["alternate_identifier", "group_id"],
        exports: &["group_id"],
        import: "",
    },
    Documented {
        block: ("resource", "aws_ssoadmin_account_assignment"),
        required: &[
            "instance_arn",
            "permission_set_arn",
            "principal_id",
            "principal_type",
            "target_id",
        ],
        optional: &["target_type"],
        exports: &[],
        import: concat!(
            "^([0-9a-f]{10}-)?",
            guid!(),
            r",(USER|GROUP),\d{12},AWS_ACCOUNT,",
            set!()
        ),
    },
    Documented {
        block: ("resource", "aws_ssoadmin_instance_access_control_attributes"),
        required: &[
            "instance_arn",
            "attribute",
            "attribute.key",
            "attribute.value",
            "attribute.value.source",
        ],
        optional: &[],
        exports: &[],
        import: "^arn:aws[a-z-]*:sso:::instance/ssoins-[0-9a-f]{16}$",
    },
];

/// What Terraform itself knows in every block.
const META: &[&str] = &["provider", "lifecycle", "lifecycle.ignore_changes"];

/// A block as it was written: its head, and its arguments by path with their text.
#[derive(Debug, Default)]
struct Written {
    head: Vec<String>,
    arguments: Vec<(String, String)>,
}

impl Written {
    fn argument(&self, path: &str) -> Option<&str> {
        let mut found = self.arguments.iter().filter(|(name, _)| name == path);
        found.next().map(|(_, value)| value.as_str())
    }
}

/// How far brackets outside of texts are open after a line.
fn depth(line: &str) -> i32 {
    let (mut depth, mut inside, mut letters) = (0, false, line.chars());
    while let Some(c) = letters.next() {
        match c {
            '\\' if inside => drop(letters.next()),
            '"' => inside = !inside,
            '{' | '[' | '(' if !inside => depth += 1,
            '}' | ']' | ')' if !inside => depth -= 1,
            _ => {}
        }
    }
    assert!(!inside, "a text ends on its line: {line}");
    depth
}

/// The blocks of a file in the form that `terraform fmt` gives it.
fn blocks(text: &str) -> Vec<Written> {
    let mut found: Vec<Written> = Vec::new();
    let mut path: Vec<String> = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line == "}" {
            path.pop().expect("an open block");
            continue;
        }
        match line.split_once(" = ") {
            Some((name, value)) if !name.contains('"') => {
                let mut value = value.to_owned();
                let mut open = depth(&value);
                while open > 0 {
                    let next = lines.next().expect("the value ends");
                    open += depth(next);
                    value.push('\n');
                    value.push_str(next.trim());
                }
                let mut whole: Vec<&str> = path.iter().skip(1).map(String::as_str).collect();
                whole.push(name.trim());
                let block = found.last_mut().expect("a block");
                block.arguments.push((whole.join("."), value));
            }
            _ => {
                let head = line
                    .strip_suffix('{')
                    .or(line.strip_suffix("{}"))
                    .unwrap_or_else(|| panic!("what is {line}?"));
                let words: Vec<String> = head
                    .split_whitespace()
                    .map(|word| word.trim_matches('"').to_owned())
                    .collect();
                if path.is_empty() {
                    found.push(Written {
                        head: words.clone(),
                        arguments: Vec::new(),
                    });
                } else {
                    let mut whole: Vec<&str> = path.iter().skip(1).map(String::as_str).collect();
                    whole.push(&words[0]);
                    let block = found.last_mut().expect("a block");
                    block.arguments.push((whole.join("."), String::new()));
                }
                if !line.ends_with("{}") {
                    path.push(words[0].clone());
                }
            }
        }
    }
    assert!(path.is_empty(), "a block is not closed: {path:?}");
    found
}

/// Holds a configuration against the documentation: names, required arguments, import ids, and what is referred to.
fn must_be_documented(files: &[File]) {
    let all: Vec<Written> = files.iter().flat_map(|file| blocks(&file.text)).collect();
    let of = |kind: &str, of: &str| {
        let found = DOCUMENTED.iter().find(|known| known.block == (kind, of));
        // The table is static, and the text it is asked with is not.
        found.unwrap_or_else(|| panic!("{kind} {of} is not documented"))
    };
    let mut addresses = BTreeSet::new();
    let mut variables = BTreeSet::new();
    for block in &all {
        match &block.head.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            [kind @ ("resource" | "data"), of_type, name] => {
                assert!(
                    addresses.insert((*kind, *of_type, *name)),
                    "{kind} {of_type} {name} is written twice"
                );
            }
            ["variable", name] => assert!(variables.insert(*name), "{name} is written twice"),
            ["provider", _] | ["terraform"] | ["import"] => {}
            other => panic!("what is {other:?}?"),
        }
    }
    for block in &all {
        let head: Vec<&str> = block.head.iter().map(String::as_str).collect();
        match head[..] {
            [kind @ ("resource" | "data"), of_type, name] => {
                let known = of(kind, of_type);
                for (path, _) in &block.arguments {
                    let path = path.as_str();
                    let is_known =
                        known.required.contains(&path) || known.optional.contains(&path) || META.contains(&path);
                    assert!(is_known, "{of_type} has no argument {path}");
                }
                for required in known.required {
                    assert!(block.argument(required).is_some(), "{of_type}.{name} lacks {required}");
                }
                if let Some(ignored) = block.argument("lifecycle.ignore_changes") {
                    for name in ignored.trim_matches(['[', ']', '\n']).split([',', '\n']) {
                        let name = name.trim();
                        assert!(
                            name.is_empty() || known.optional.contains(&name),
                            "{of_type} has no argument {name} to ignore"
                        );
                    }
                }
            }
            ["import"] => {
                let to = block.argument("to").expect("where it goes");
                let (of_type, name) = to.split_once('.').expect("a resource");
                assert!(
                    addresses.contains(&("resource", of_type, name)),
                    "{to} is imported and not there"
                );
                let id = block.argument("id").expect("an id");
                let form = of("resource", of_type).import;
                assert!(!form.is_empty(), "{of_type} cannot be imported");
                let form = fancy_regex::Regex::new(form).expect("a regular expression");
                assert!(form.is_match(id.trim_matches('"')).expect("a short text"), "{to}: {id}");
            }
            _ => {}
        }
    }
    // What is referred to is there, and can be read.
    let reference =
        fancy_regex::Regex::new(r"(?<![\w.])(data\.)?((?:aws|azuread)_\w+)\.(\w+)\.(\w+)|(?<![\w.])var\.(\w+)")
            .unwrap();
    for block in all.iter().filter(|block| block.head[0] != "import") {
        for (path, value) in &block.arguments {
            let plain = fancy_regex::Regex::new(r#""(?:[^"\\]|\\.)*""#)
                .unwrap()
                .replace_all(value, "")
                .into_owned();
            for found in reference.captures_iter(&plain) {
                let found = found.unwrap();
                let text = |at: usize| found.get(at).map(|part| part.as_str());
                if let Some(variable) = text(5) {
                    assert!(variables.contains(variable), "{path}: no variable {variable}");
                    continue;
                }
                let kind = if text(1).is_some() { "data" } else { "resource" };
                let (of_type, name, attribute) = (text(2).unwrap(), text(3).unwrap(), text(4).unwrap());
                assert!(
                    addresses.contains(&(kind, of_type, name)),
                    "{path}: no {kind} {of_type} {name}"
                );
                assert!(
                    of(kind, of_type).exports.contains(&attribute),
                    "{of_type} exports no {attribute}"
                );
            }
        }
    }
}

/// Holds a configuration against `terraform fmt -check`, or OpenTofu's, where either is on the path.
fn must_be_formatted(files: &[File]) {
    let folder = tempfile::tempdir().expect("a folder");
    for file in files {
        std::fs::write(folder.path().join(&file.name), &file.text).expect("written");
    }
    for program in ["terraform", "tofu"] {
        let ran = Command::new(program)
            .args(["fmt", "-check", "-diff", "-no-color"])
            .env("CHECKPOINT_DISABLE", "1")
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .output();
        match ran {
            Ok(output) => {
                let said =
                    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
                assert!(
                    output.status.success(),
                    "{program} fmt would write it otherwise:\n{said}"
                );
            }
            Err(_) => eprintln!("{program} is not here: its fmt is left out"),
        }
    }
}

/// Lets python-hcl2 read a configuration, where the peers are installed.
fn must_be_read_by_others(files: &[File]) {
    let Some(python) = std::env::var_os("FEDWIZ_MOTO_PYTHON") else {
        assert!(
            std::env::var_os("FEDWIZ_REQUIRE_PEERS").is_none(),
            "FEDWIZ_MOTO_PYTHON is not set"
        );
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(python);
    command
        .arg("-c")
        .arg("import sys, hcl2\nfor name in sys.argv[1:]:\n    hcl2.loads(open(name, encoding='utf-8').read())");
    for file in files {
        let path = folder.path().join(&file.name);
        std::fs::write(&path, &file.text).expect("written");
        command.arg(path);
    }
    let output = command.output().expect("python starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if said.contains("No module named 'hcl2'") && std::env::var_os("FEDWIZ_REQUIRE_PEERS").is_none() {
        return;
    }
    assert!(output.status.success(), "python-hcl2 cannot read it:\n{said}");
}

struct NobodyReads;

impl Prompter for NobodyReads {
    fn show(&self, _: &Prompt) {}
}

/// The configuration of what these facts say, for the loopback's profile after this change.
fn configuration(loopback: &Loopback, events: &[Arc<Event>], change: fn(&mut Profile)) -> Vec<File> {
    let nowhere = tempfile::tempdir().expect("a folder");
    let secrets = Arc::new(MemoryStore::new());
    let mut setup =
        rehearsal::setup(&loopback.sim, nowhere.path(), secrets, Arc::new(NobodyReads), 1).expect("a setup");
    change(&mut setup.profile);
    let session = Session::on_paper(setup).expect("a session on paper");
    let run = Run::of(events.iter().map(|event| &**event));
    let files = terraform::files(&session.profile, PHASES, &session.world, &run);
    must_be_documented(&files);
    must_be_formatted(&files);
    must_be_read_by_others(&files);
    let secrets = loopback.sim.secrets();
    for file in &files {
        assert!(
            secrets.iter().all(|secret| !file.text.contains(secret.as_str())),
            "{} holds a secret",
            file.name
        );
    }
    files
}

fn whole(files: &[File]) -> String {
    files
        .iter()
        .map(|file| format!("# ---- {}\n{}\n", file.name, file.text))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tutorial_is_written_as_documented_and_formatted() {
    let loopback = Loopback::start("fresh").await;
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    let events = loopback.facts();
    let files = configuration(&loopback, &events, |_| {});
    // Each change of the walk is a block, a part of one, or a comment that says how fedwiz does it, both ways.
    let text = whole(&files);
    for label in [
        "saml.identity-source",
        "scim.token",
        "scim.mappings",
        "scim.scope",
        "entra.certificate-active",
        "entra.claims",
    ] {
        let comment = text
            .split("# Not in Terraform: ")
            .find(|part| part.contains(&format!("({label})")));
        let comment = comment.unwrap_or_else(|| panic!("nothing is said of {label}"));
        assert!(comment.contains(&format!("fedwiz apply --only {label}")), "{comment}");
        assert!(comment.contains("take back: "), "{comment}");
    }
    Loopback::must_end_well(&loopback.run(Intent::Down).await);
    let gone = whole(&configuration(&loopback, &loopback.facts(), |_| {}));
    assert!(
        !gone.contains("resource \"") && !gone.contains("Not in Terraform: "),
        "{gone}"
    );
}

/// Everything that a profile can say of permission sets and people, with names that mean something to HCL.
fn much(profile: &mut Profile) {
    const HOSTILE: &str = r#"AWS ${file("/etc/passwd")} %{ if true } "q" \ $${x}"#;
    profile.entra.application.name = HOSTILE.into();
    for user in &mut profile.people.user {
        user.department = Some(HOSTILE.into());
    }
    let set = profile.permission_set.first_mut().expect("a permission set");
    set.description = Some("For ${nobody}".into());
    set.tags.insert("Team x".into(), "a=b".into());
    if let Some(abac) = &mut profile.abac {
        abac.via = fedwiz::profile::AbacVia::Both;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_names_stay_text() {
    let loopback = Loopback::start_with("fresh", much).await;
    loopback.run(Intent::Up).await;
    let files = configuration(&loopback, &loopback.facts(), much);
    let text = whole(&files);
    assert!(text.contains("$${file(\\\"/etc/passwd\\\")}"), "{text}");
    for template in ["${", "%{"] {
        for (at, _) in text.match_indices(template) {
            let escaped = text[..at].ends_with(&template[..1]);
            let ours = ["${var.", "${base64encode("]
                .iter()
                .any(|begins| text[at..].starts_with(begins));
            assert!(
                escaped || ours || in_comment(&text, at),
                "{}",
                &text[at.saturating_sub(80)..at + 20]
            );
        }
    }
    assert!(
        text.contains("aws_ssoadmin_instance_access_control_attributes"),
        "{text}"
    );
}

fn in_comment(text: &str, at: usize) -> bool {
    let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
    text[line..].starts_with('#')
}

/// The same walk in two targets.
fn two(profile: &mut Profile) {
    let first = profile.aws.first().expect("a target").clone();
    profile.aws = ["commercial", "govcloud"]
        .map(|name| AwsTarget {
            name: name.into(),
            ..first.clone()
        })
        .to_vec();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_targets_have_their_own_files_and_providers() {
    let loopback = Loopback::start("fresh").await;
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    let scopes: BTreeMap<&str, Scope> = PHASES
        .iter()
        .flat_map(|phase| phase.steps)
        .map(|step| (step.about().id.as_str(), step.about().scope))
        .collect();
    let mut doubled: Vec<Arc<Event>> = Vec::new();
    for event in loopback.facts() {
        let of_target = event
            .node
            .as_ref()
            .is_some_and(|node| scopes.get(node.step.as_str()) == Some(&Scope::Target));
        if !of_target {
            doubled.push(event);
            continue;
        }
        for target in ["commercial", "govcloud"] {
            let mut event = Event::clone(&event);
            event.node.as_mut().expect("a node").target = Some(target.into());
            doubled.push(Arc::new(event));
        }
    }
    let files = configuration(&loopback, &doubled, two);
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "providers.tf",
            "variables.tf",
            "entra.tf",
            "federation_commercial.tf",
            "federation_govcloud.tf"
        ]
    );
    assert!(files[0].text.contains("alias  = \"govcloud\""), "{}", files[0].text);
    let gov = &files[4].text;
    assert!(
        gov.contains("provider           = aws.govcloud") && !gov.contains("aws.commercial"),
        "{gov}"
    );
    assert!(
        gov.contains("fedwiz teardown --target govcloud --only scim.mappings"),
        "{gov}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stood_before_is_never_taken_over() {
    let loopback = Loopback::start("half-done").await;
    loopback.run(Intent::Up).await;
    let events = loopback.facts();
    let files = configuration(&loopback, &events, |_| {});
    let text = whole(&files);
    let run = Run::of(events.iter().map(|event| &**event));
    let adopted = run.nodes().into_iter().filter(|(_, node)| {
        node.standing
            .as_ref()
            .is_some_and(|standing| standing.how == fedwiz::engine::step::How::Adopted)
    });
    let mut seen = 0;
    for (id, node) in adopted.filter(|(id, _)| id.step != "aws.instance") {
        let output = &node.standing.as_ref().expect("it stands").output.value();
        seen += 1;
        for key in ["object", "principal", "id", "arn"] {
            let Some(value) = output[key].as_str().filter(|value| !value.is_empty()) else {
                continue;
            };
            // An assignment to it may be ours; the thing itself is not imported.
            let imported = blocks(&text).iter().any(|block| {
                block.head == ["import"]
                    && block
                        .argument("id")
                        .is_some_and(|at| at.trim_matches('"').ends_with(value))
            });
            assert!(
                !imported || id.step.ends_with("assign"),
                "{id} was there before and is taken over"
            );
        }
    }
    assert!(seen > 0, "nothing was adopted");
}
