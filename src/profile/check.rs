//! What no single value can show: names that must exist elsewhere in the profile, choices that exclude each other, and
//! files that are named.

use std::{
    collections::BTreeSet,
    ops::Range,
    path::{Path, PathBuf},
};

use super::{
    AbacVia, Arrival, Auth, Boundary, Cloud, PermissionSet, Principal, Profile,
    read::{Spans, quoted, resolve},
    shape::{self, nearest_or},
    sources,
    trouble::Trouble,
};

/// The largest inline policy, in bytes. docs.aws.amazon.com/singlesignon/latest/userguide/limits.html
const POLICY_BYTES: usize = 32_768;

/// The largest inline policy, in bytes that are no blanks. Same source.
const POLICY_BYTES_WITHOUT_BLANKS: usize = 10_240;

/// The most attributes for access control. Same source.
const ABAC_ATTRIBUTES: usize = 50;

/// The most tags of a permission set: the model allows 75, the guide 50, and fedwiz needs one for its mark.
const TAGS: usize = 49;

/// Checks a profile and settles what depends on several values: its name, and the files it names.
pub(super) fn check(profile: &mut Profile, spans: &Spans, base: &Path) -> Vec<Trouble> {
    let mut found = Found {
        spans,
        troubles: Vec::new(),
    };
    found.sign_in(profile, base);
    found.targets(profile);
    found.people(profile);
    found.name_ids(profile);
    found.policy_folder(profile, base);
    found.permission_sets(profile, base);
    found.assignments(profile);
    found.abac(profile);
    found.troubles
}

struct Found<'s> {
    spans: &'s Spans,
    troubles: Vec<Trouble>,
}

impl Found<'_> {
    /// Notes a trouble at a path, or, where the key was left out, at its table.
    fn at(&mut self, path: &str, message: impl Into<String>, label: impl Into<String>, help: impl Into<String>) {
        self.troubles.push(Trouble::at(self.span(path), message, label, help));
    }

    fn span(&self, path: &str) -> Option<Range<usize>> {
        let mut path = path;
        loop {
            match self.spans.get(path) {
                Some(span) if !span.is_empty() => return Some(span.clone()),
                _ => path = path.rfind(['.', '[']).map(|end| &path[..end])?,
            }
        }
    }

    fn unique<'n>(&mut self, list: &str, key: &str, what: &str, names: impl Iterator<Item = &'n str>) {
        let mut seen = BTreeSet::new();
        for (at, name) in names.enumerate() {
            if !seen.insert(name.to_lowercase()) {
                let message = format!("there are two {what} called {}", quoted(name));
                self.at(
                    &format!("{list}[{at}].{key}"),
                    message,
                    "a second time",
                    "Names are compared without regard to case. Rename or remove one of the two.",
                );
            }
        }
    }

    fn sign_in(&mut self, profile: &mut Profile, base: &Path) {
        let entra = &mut profile.entra;
        let needs_client = matches!(entra.auth, Auth::ClientSecret | Auth::ClientCertificate);
        if needs_client && entra.client_id.is_none() {
            self.at(
                "entra.auth",
                "this way to sign in needs `client_id`",
                "needs `client_id`",
                "Add the id of the application registration: `client_id = \"…\"` under `[entra]`.",
            );
        }
        match (&mut entra.client_certificate, entra.auth) {
            (None, Auth::ClientCertificate) => self.at(
                "entra.auth",
                "this way to sign in needs `client_certificate`",
                "needs `client_certificate`",
                "Add a PEM file with certificate and private key: `client_certificate = \"fedwiz.pem\"` under `[entra]`.",
            ),
            (Some(_), auth) if auth != Auth::ClientCertificate => self.at(
                "entra.client_certificate",
                "`client_certificate` is not used",
                "never read",
                "Set `auth = \"client-certificate\"`, or remove the line.",
            ),
            (Some(path), _) => *path = resolve(base, path),
            (None, _) => {}
        }
        if let Some(path) = &mut entra.federated_token_file {
            *path = resolve(base, path);
        }
        if profile.federation.is_empty() {
            profile.federation = name_of(&entra.tenant);
        }
    }

    fn targets(&mut self, profile: &Profile) {
        self.unique(
            "aws",
            "name",
            "AWS targets",
            profile.aws.iter().map(|target| target.name.as_str()),
        );
        for (at, target) in profile.aws.iter().enumerate() {
            let in_china = target.region.as_deref().is_some_and(|region| region.starts_with("cn-"));
            if in_china && target.fips == Some(true) {
                self.at(
                    &format!("aws[{at}].fips"),
                    "AWS in China has no FIPS endpoints",
                    "not in this Region",
                    "Remove the line.",
                );
            }
        }
    }

    fn people(&mut self, profile: &Profile) {
        let people = &profile.people;
        self.unique(
            "people.user",
            "upn",
            "users",
            people.user.iter().map(|user| user.upn.as_str()),
        );
        self.unique(
            "people.group",
            "name",
            "groups",
            people.group.iter().map(|group| group.name.as_str()),
        );
        for (at, user) in people.user.iter().enumerate() {
            let guest = user.upn.to_uppercase().contains("#EXT#");
            if user.create && guest {
                self.at(
                    &format!("people.user[{at}].create"),
                    "a guest cannot be created here",
                    "this is a guest",
                    "Invite the guest in Entra, and set `create = false`.",
                );
            }
            for (key, value) in [("given_name", &user.given_name), ("family_name", &user.family_name)] {
                if value.is_none() && (user.create || user.aws == Arrival::Manual) {
                    let message = format!("the user {} has no `{key}`", quoted(&user.upn));
                    self.at(
                        &format!("people.user[{at}].upn"),
                        message,
                        format!("lacks `{key}`"),
                        "Identity Center takes nobody without a first and a last name.",
                    );
                }
            }
        }
        for (at, group) in people.group.iter().enumerate() {
            if !group.create && !group.members.is_empty() {
                self.at(
                    &format!("people.group[{at}].members"),
                    format!("fedwiz does not manage the members of {}", quoted(&group.name)),
                    "only for groups that fedwiz makes",
                    "Set `create = true`, or remove the members.",
                );
            }
            for (member, upn) in group.members.iter().enumerate() {
                self.known_user(profile, &format!("people.group[{at}].members[{member}]"), upn);
            }
        }
        for (at, upn) in profile.provisioning.on_demand.iter().enumerate() {
            self.known_user(profile, &format!("provisioning.on_demand[{at}]"), upn);
        }
    }

    fn known_user(&mut self, profile: &Profile, path: &str, upn: &str) {
        if profile.user(upn).is_none() {
            let users = profile.people.user.iter().map(|user| user.upn.as_str());
            let help = nearest_or(upn, users, "Add a `[[people.user]]` section for this user.");
            self.at(
                path,
                format!("no user {} is in this profile", quoted(upn)),
                "unknown user",
                help,
            );
        }
    }

    fn name_ids(&mut self, profile: &Profile) {
        let Some(guests) = &profile.name_id.guests else { return };
        if guests.eq_ignore_ascii_case(&profile.name_id.members) {
            self.at(
                "name_id.guests",
                "guests have the same NameID as members",
                "the same as `members`",
                "Remove the line: it changes nothing.",
            );
        } else if profile.entra.cloud != Cloud::Global {
            self.at(
                "name_id.guests",
                "this cloud cannot tell guests from members in a NameID",
                "global cloud only",
                "Only Microsoft's beta `claimsPolicy` can, and it exists in the global cloud only. Remove the line.",
            );
        } else if !profile.entra.beta {
            self.at("name_id.guests", "a NameID of its own for guests needs a beta call", "needs `entra.beta`", "Only Microsoft's beta `claimsPolicy` can tell guests from members. Set `beta = true` under `[entra]`, or remove the line.");
        }
    }

    /// The permission sets of the folder: those without a section of their own get one, the others their policy.
    fn policy_folder(&mut self, profile: &mut Profile, base: &Path) {
        let Some(written) = profile.policy_folder.clone() else {
            return;
        };
        let folder = resolve(base, &written);
        let files = std::fs::read_dir(&folder).and_then(|entries| {
            let paths: Result<Vec<PathBuf>, _> = entries.map(|entry| Ok(entry?.path())).collect();
            paths
        });
        let mut files = match files {
            Ok(files) => files,
            Err(error) => {
                let what = format!("the folder {} cannot be read", quoted(&written.display().to_string()));
                self.at(
                    "policy_folder",
                    what,
                    error.to_string(),
                    "Its path is relative to the profile.",
                );
                return;
            }
        };
        files.retain(|file| file.extension().is_some_and(|ext| ext.eq_ignore_ascii_case("json")));
        files.sort();
        for file in files {
            let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let path = file.to_string_lossy().into_owned();
            if let Err(wrong) = shape::set_name(&name) {
                let what = format!("no permission set can be named after {}", quoted(&path));
                self.at("policy_folder", what, wrong.what, wrong.help);
                continue;
            }
            match profile.permission_set.iter().position(|set| set.name == name) {
                None => profile.permission_set.push(PermissionSet {
                    inline_policy: Some(path),
                    ..PermissionSet::named(name)
                }),
                Some(at) if profile.permission_set[at].inline_policy.is_none() => {
                    profile.permission_set[at].inline_policy = Some(path);
                }
                Some(at) => self.at(
                    &format!("permission_set[{at}].inline_policy"),
                    format!("{} has a policy of its own and a file in the folder", quoted(&name)),
                    "a second policy",
                    "Keep one of the two.",
                ),
            }
        }
    }

    fn permission_sets(&mut self, profile: &mut Profile, base: &Path) {
        let names: Vec<String> = profile.permission_set.iter().map(|set| set.name.clone()).collect();
        self.unique(
            "permission_set",
            "name",
            "permission sets",
            names.iter().map(String::as_str),
        );
        for (at, set) in profile.permission_set.iter_mut().enumerate() {
            let place = format!("permission_set[{at}]");
            if let Some(policy) = set.inline_policy.take() {
                set.inline_policy = self.policy(&format!("{place}.inline_policy"), &policy, base);
            }
            if set.tags.len() > TAGS {
                self.at(
                    &format!("{place}.tags"),
                    format!("{} tags are too many", set.tags.len()),
                    "too many",
                    format!("At most {TAGS} besides fedwiz's own are allowed."),
                );
            }
            let both = self.spans.contains_key(&format!("{place}.boundary.managed_policy"))
                && self.spans.contains_key(&format!("{place}.boundary.customer_managed"));
            if both {
                self.at(
                    &format!("{place}.boundary"),
                    "a permission set has one boundary",
                    "two of them",
                    "Keep either `managed_policy` or `customer_managed`.",
                );
            }
            let names_none =
                |boundary: &Boundary| boundary.managed_policy.is_none() && boundary.customer_managed.is_none();
            if set.boundary.as_ref().is_some_and(names_none) {
                self.at(
                    &format!("{place}.boundary"),
                    "the boundary names no policy",
                    "empty",
                    "Give it `managed_policy` or `customer_managed`.",
                );
            }
        }
    }

    /// The text of an inline policy that stands in the profile, or in a file that the profile names.
    fn policy(&mut self, path: &str, written: &str, base: &Path) -> Option<String> {
        let (text, name) = if written.trim_start().starts_with('{') {
            (written.to_owned(), "the policy".to_owned())
        } else {
            let file = resolve(base, Path::new(written));
            match std::fs::read_to_string(&file) {
                Ok(text) => (text, format!("the policy file {}", quoted(written))),
                Err(error) => {
                    let help = "The file's path is relative to the profile. The JSON itself may stand here too, between `'''`.";
                    self.at(
                        path,
                        format!("the policy file {} cannot be read", quoted(written)),
                        error.to_string(),
                        help,
                    );
                    return None;
                }
            }
        };
        match policy_trouble(&text) {
            None => Some(text),
            Some((what, help)) => {
                self.at(path, format!("{name} {what}"), "not a policy AWS accepts", help);
                None
            }
        }
    }

    fn assignments(&mut self, profile: &Profile) {
        let mut seen = BTreeSet::new();
        for (at, assignment) in profile.assignment.iter().enumerate() {
            let place = format!("assignment[{at}]");
            match &assignment.principal {
                Principal::User(upn) => self.known_user(profile, &format!("{place}.principal"), upn),
                Principal::Group(name) if profile.group(name).is_none() => {
                    let groups = profile.people.group.iter().map(|group| group.name.as_str());
                    let help = nearest_or(name, groups, "Add a `[[people.group]]` section for this group.");
                    self.at(
                        &format!("{place}.principal"),
                        format!("no group {} is in this profile", quoted(name)),
                        "unknown group",
                        help,
                    );
                }
                Principal::Group(_) => {}
            }
            for (list, what) in [
                ("accounts", &assignment.accounts),
                ("permission_sets", &assignment.permission_sets),
            ] {
                if what.is_empty() {
                    self.at(
                        &format!("{place}.{list}"),
                        format!("the assignment has no {}", list.replace('_', " ")),
                        "empty",
                        "Name at least one, or remove the assignment.",
                    );
                }
            }
            if !assignment.accounts.is_empty() && assignment.accounts.iter().all(|word| word.starts_with('!')) {
                self.at(
                    &format!("{place}.accounts"),
                    "the assignment only leaves accounts out",
                    "none to begin with",
                    "Name those that it is for, too: `[\"all\", \"!Sandbox\"]`.",
                );
            }
            for (which, set) in assignment.permission_sets.iter().enumerate() {
                if profile.permission_set(set).is_none() {
                    let sets = profile.permission_set.iter().map(|set| set.name.as_str());
                    let help = nearest_or(set, sets, "Add a `[[permission_set]]` section for it.");
                    self.at(
                        &format!("{place}.permission_sets[{which}]"),
                        format!("no permission set {} is in this profile", quoted(set)),
                        "unknown permission set",
                        help,
                    );
                }
                for account in &assignment.accounts {
                    if !seen.insert((
                        assignment.principal.to_string().to_lowercase(),
                        account.clone(),
                        set.clone(),
                    )) {
                        let message = format!(
                            "{} gets {} in {} twice",
                            assignment.principal,
                            quoted(set),
                            quoted(account)
                        );
                        self.at(
                            &format!("{place}.principal"),
                            message,
                            "a second time",
                            "Remove one of the two.",
                        );
                    }
                }
            }
        }
    }

    fn abac(&mut self, profile: &Profile) {
        let Some(abac) = &profile.abac else { return };
        if abac.attributes.is_empty() || abac.attributes.len() > ABAC_ATTRIBUTES {
            self.at(
                "abac.attributes",
                format!("{} attributes", abac.attributes.len()),
                "out of range",
                format!("Name 1 to {ABAC_ATTRIBUTES}, or remove the section."),
            );
        }
        for (key, written) in &abac.attributes {
            let path = format!("abac.attributes.{key}");
            let Some(source) = sources::find(written) else {
                let choices: Vec<String> = sources::SOURCES
                    .iter()
                    .map(|source| format!("user.{}", source.id))
                    .collect();
                let otherwise = "An attribute looks like `user.department`.";
                let help = nearest_or(written, choices.iter().map(String::as_str), otherwise);
                self.at(
                    &path,
                    format!("{} is no known attribute", quoted(written)),
                    "unknown attribute",
                    help,
                );
                continue;
            };
            if abac.via != AbacVia::IdentityCenter && !source.claim {
                self.at(
                    &path,
                    format!("{} cannot travel in a SAML claim", quoted(written)),
                    "not a claim source",
                    "Set `via = \"identity-center\"`, or copy the value to an extension attribute.",
                );
            }
            if abac.via != AbacVia::Saml && source.identity_center.is_none() {
                self.at(
                    &path,
                    format!("{} does not arrive in Identity Center", quoted(written)),
                    "not provisioned",
                    "Set `via = \"saml\"`, or choose an attribute that provisioning brings.",
                );
            }
        }
    }
}

/// What AWS would refuse about an inline policy, and what to do.
fn policy_trouble(text: &str) -> Option<(String, String)> {
    let value: serde_json::Value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => {
            return Some((
                format!("is not JSON: {error}"),
                "Check it with `aws accessanalyzer validate-policy` or any JSON editor.".into(),
            ));
        }
    };
    let statements = match value.get("Statement") {
        Some(serde_json::Value::Array(list)) => list.len(),
        Some(serde_json::Value::Object(_)) => 1,
        _ => 0,
    };
    if statements == 0 {
        return Some((
            "has no `Statement`".into(),
            "A policy is an object with at least one statement: `{\"Statement\": [{\"Effect\": \"Allow\", …}]}`."
                .into(),
        ));
    }
    if let Some(c) = text.chars().find(|&c| c as u32 > 0xff) {
        return Some((
            format!("holds `{c}` (U+{:04X})", c as u32),
            "AWS takes no characters above U+00FF in a policy.".into(),
        ));
    }
    let dense = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).count();
    if text.len() > POLICY_BYTES || dense > POLICY_BYTES_WITHOUT_BLANKS {
        return Some((
            format!("has {} bytes, {dense} without blanks", text.len()),
            format!("AWS takes at most {POLICY_BYTES} bytes, and {POLICY_BYTES_WITHOUT_BLANKS} without blanks."),
        ));
    }
    None
}

/// The name of a federation whose profile gives none: the first part of the tenant's domain, or of its id.
fn name_of(tenant: &str) -> String {
    let first: String = tenant.split(['.', '-']).next().unwrap_or(tenant).to_ascii_lowercase();
    if tenant.contains('.') {
        tenant.split('.').next().unwrap_or("contoso").to_ascii_lowercase()
    } else {
        format!("tenant-{first}")
    }
}
