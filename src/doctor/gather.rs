//! Reads what the rules need: each list once, to its end, page by page. A read that fails is noted, and the others go on.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;

use super::{
    evidence::{Application, Evidence, Group, Token},
    finding::{Side, Unread},
};
use crate::{
    clients::{
        aws::{EventQuery, Instance, Look},
        entra::{
            applications::{AWS_IDENTITY_CENTER, AWS_SINGLE_ACCOUNT, ServicePrincipal},
            assignments::AppRoleAssignment,
            synchronization::Setting,
            users::User,
        },
    },
    engine::run::{Run, Standing},
    fault::{Fault, Kind},
    profile::{Arrival, Principal},
    secrets::ScimToken,
    steps::{
        Target, World, application::AppIds, identity_source::Switched, people, preflight_aws, preflight_entra,
        saml_values::IdpFile, scim_token::Token as KnownToken,
    },
};

/// Where SCIM calls appear in CloudTrail.
pub const SCIM: &str = "identitystore-scim.amazonaws.com";
/// Two cycles of provisioning: what failed longer ago was tried again since.
const CYCLES: SignedDuration = SignedDuration::from_mins(80);
/// CloudTrail keeps events for so long.
const KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);
/// What changes the identity source.
const SOURCE_CHANGES: [&str; 3] = [
    "AssociateDirectory",
    "EnableExternalIdPConfigurationForDirectory",
    "DisableExternalIdPConfigurationForDirectory",
];

/// Hears what is being read, and how much of it there was.
pub type Progress<'p> = &'p (dyn Fn(&str) + Sync);

/// Reads both sides of one federation.
pub async fn gather(world: &World, target: &Target, run: &Run, now: Timestamp, progress: Progress<'_>) -> Evidence {
    let mut reader = Reader::new(world, target, run, now, progress);
    reader.entra().await;
    reader.aws().await;
    reader.token().await;
    reader.evidence
}

/// Reads only how token, certificates and job are: a few calls, however many people there are.
pub async fn gather_care(
    world: &World,
    target: &Target,
    run: &Run,
    now: Timestamp,
    progress: Progress<'_>,
) -> Evidence {
    let mut reader = Reader::new(world, target, run, now, progress);
    reader.care().await;
    reader.evidence
}

/// The application of a federation: the one that the journal knows, else the one of its name.
pub async fn application_of(
    world: &World,
    target: &Target,
    run: &Run,
    now: Timestamp,
) -> Result<Option<ServicePrincipal>, Fault> {
    Reader::new(world, target, run, now, &|_| {}).principal().await
}

/// The instance of a target, if there is one.
pub async fn instance_of(world: &World, target: &Target, now: Timestamp) -> Result<Option<Instance>, Fault> {
    let run = Run::default();
    let mut reader = Reader::new(world, target, &run, now, &|_| {});
    reader.evidence.aws.management = target
        .aws
        .organization()
        .await?
        .map(|organization| organization.management);
    reader.find_instance().await
}

struct Reader<'r> {
    world: &'r World,
    target: &'r Target,
    run: &'r Run,
    now: Timestamp,
    progress: Progress<'r>,
    evidence: Evidence,
}

impl<'r> Reader<'r> {
    fn new(world: &'r World, target: &'r Target, run: &'r Run, now: Timestamp, progress: Progress<'r>) -> Self {
        Self {
            world,
            target,
            run,
            now,
            progress,
            evidence: Evidence {
                target: target.name.clone(),
                now,
                ..Evidence::default()
            },
        }
    }

    /// What was read; a fault is noted.
    fn seen<T>(&mut self, side: Side, what: &str, read: Result<T, Fault>) -> Option<T> {
        match read {
            Ok(read) => Some(read),
            Err(fault) => {
                self.evidence.unread.push(Unread {
                    target: self.target.name.clone(),
                    side,
                    what: what.to_owned(),
                    fault,
                });
                None
            }
        }
    }

    /// What the journal knows of a step of this target.
    fn standing(&self, step: &str) -> Option<Standing> {
        let of_this = |id: Option<&str>| id.is_none_or(|id| id == self.target.name);
        self.run
            .nodes()
            .into_iter()
            .find(|(id, _)| id.step == step && of_this(id.target.as_deref()))
            .and_then(|(_, node)| node.standing.clone())
    }

    fn output<T: DeserializeOwned>(&self, step: &str) -> Option<T> {
        self.standing(step)?.output.read()
    }

    async fn entra(&mut self) {
        (self.progress)("the application in Entra");
        let entra = &self.world.entra;
        let read = entra.service_principals_from(AWS_SINGLE_ACCOUNT).await;
        self.evidence.entra.single_account = self.seen(Side::Entra, "applications", read).unwrap_or_default();
        let (_, lacking) = preflight_entra::held(self.world);
        self.evidence.entra.lacking = lacking;
        self.evidence.entra.guests_have_own_name_id = self.world.profile.name_id.guests.is_some();
        let read = self.principal().await;
        match self.seen(Side::Entra, "the application", read).flatten() {
            Some(principal) => self.application(principal).await,
            None => self.people_of_profile().await,
        }
    }

    async fn care(&mut self) {
        let entra = &self.world.entra;
        (self.progress)("the application in Entra");
        let read = self.principal().await;
        if let Some(principal) = self.seen(Side::Entra, "the application", read).flatten() {
            let id = principal.id.clone();
            let mut app = Application {
                principal,
                given_to_aws: self.given_to_aws(),
                ..Application::default()
            };
            let read = entra.jobs(&id).await;
            app.job = self
                .seen(Side::Entra, "the provisioning job", read)
                .and_then(|jobs| jobs.into_iter().next());
            if app.job.is_some() {
                let read = entra.settings(&id).await;
                let settings = self
                    .seen(Side::Entra, "the provisioning settings", read)
                    .unwrap_or_default();
                app.has_token = setting(&settings, "SecretToken").is_some();
            }
            self.evidence.entra.application = Some(app);
        }
        (self.progress)("the instance in AWS");
        let read = self.target.aws.organization().await;
        let organization = self.seen(Side::Aws, "the organization", read).flatten();
        self.evidence.aws.management = organization.map(|organization| organization.management);
        let read = self.find_instance().await;
        if let Some(instance) = self.seen(Side::Aws, "the instance", read).flatten() {
            (self.progress)("CloudTrail");
            self.scim_errors(&instance).await;
            self.evidence.aws.instance = Some(instance);
        }
        self.token().await;
    }

    async fn principal(&self) -> Result<Option<ServicePrincipal>, Fault> {
        let entra = &self.world.entra;
        if let Some(known) = self.output::<AppIds>("entra.app")
            && let Some(found) = entra.service_principal(&known.principal).await?
        {
            return Ok(Some(found));
        }
        let name = self.world.application_name(&self.target.name);
        let mut named = entra.service_principals_named(&name).await?;
        // Of several the one from the right template.
        named.sort_by_key(|found| found.application_template_id.as_deref() != Some(AWS_IDENTITY_CENTER));
        Ok(named.into_iter().next())
    }

    /// The certificates that AWS was given: at the switch, or by what was to be uploaded then.
    fn given_to_aws(&self) -> Option<BTreeSet<String>> {
        let at_the_switch = self
            .output::<Switched>("saml.identity-source")
            .map(|switched| switched.given);
        let given = at_the_switch.filter(|given| !given.is_empty());
        let file = || self.output::<IdpFile>("saml.idp-metadata").map(|file| file.thumbprints);
        given.or_else(file).map(|given| given.into_iter().collect())
    }

    async fn application(&mut self, principal: ServicePrincipal) {
        let entra = &self.world.entra;
        let id = principal.id.clone();
        let mut app = Application {
            principal,
            given_to_aws: self.given_to_aws(),
            ..Application::default()
        };
        if self.world.profile.entra.beta {
            let read = entra.claims_policy(&id).await;
            app.claims = self.seen(Side::Entra, "the claims", read).flatten();
            let read = entra.mapping_policies_of(&id).await;
            app.overriding = self
                .seen(Side::Entra, "claims mapping policies", read)
                .unwrap_or_default();
        }
        let read = entra.jobs(&id).await;
        app.job = self
            .seen(Side::Entra, "the provisioning job", read)
            .and_then(|jobs| jobs.into_iter().next());
        let mut scope_all = false;
        if let Some(job) = &app.job {
            let read = entra.schema(&id, &job.id).await;
            app.schema = self.seen(Side::Entra, "the attribute mappings", read);
            let read = entra.settings(&id).await;
            let settings = self
                .seen(Side::Entra, "the provisioning settings", read)
                .unwrap_or_default();
            scope_all = setting(&settings, "SyncAll").is_some_and(|all| all.eq_ignore_ascii_case("true"));
            app.has_token = setting(&settings, "SecretToken").is_some();
        }
        self.evidence.entra.application = Some(app);
        if scope_all {
            (self.progress)("all users of the tenant");
            let progress = self.progress;
            let read = entra
                .all_users(&|so_far| progress(&format!("all users of the tenant, {so_far} so far")))
                .await;
            self.evidence.entra.people = self.seen(Side::Entra, "users", read).unwrap_or_default();
            return;
        }
        (self.progress)("who is assigned to the application");
        let read = entra.assigned(&id).await;
        let Some(assigned) = self.seen(Side::Entra, "assignments to the application", read) else {
            return;
        };
        self.in_scope(assigned.all()).await;
    }

    /// Reads the people and groups that are assigned: people in batches, groups with their members by page.
    async fn in_scope(&mut self, assigned: &[AppRoleAssignment]) {
        let entra = &self.world.entra;
        let of = |kind: &str| {
            let fits = |row: &&AppRoleAssignment| row.principal_type.as_deref() == Some(kind);
            let ids: BTreeSet<&str> = assigned
                .iter()
                .filter(fits)
                .filter_map(|row| row.principal_id.as_deref())
                .collect();
            ids.into_iter().collect::<Vec<_>>()
        };
        let mut people: BTreeMap<String, User> = BTreeMap::new();
        let mut complete = true;
        let users = of("User");
        if !users.is_empty() {
            (self.progress)(&format!("{} people who are assigned", users.len()));
            let read = entra.users(&users).await;
            let found = self.seen(Side::Entra, "users", read);
            complete &= found.is_some();
            people.extend(
                found
                    .into_iter()
                    .flatten()
                    .flatten()
                    .map(|user| (user.id.clone(), user)),
            );
        }
        for id in of("Group") {
            let row = assigned.iter().find(|row| row.principal_id.as_deref() == Some(id));
            let name = row.and_then(|row| row.principal_display_name.clone());
            let name = name.unwrap_or_else(|| id.to_owned());
            (self.progress)(&format!("the members of {name}"));
            let progress = self.progress;
            let read = entra
                .members_in_full(id, &|so_far| {
                    progress(&format!("the members of {name}, {so_far} so far"))
                })
                .await;
            let Some(members) = self.seen(Side::Entra, &format!("the members of {name}"), read) else {
                complete = false;
                continue;
            };
            self.evidence.entra.groups.push(Group {
                id: id.to_owned(),
                name,
                people: members.users.len(),
                groups: members.groups.into_iter().map(|(_, name)| name).collect(),
            });
            people.extend(members.users.into_iter().map(|user| (user.id.clone(), user)));
        }
        self.evidence.entra.people = people.into_values().collect();
        self.evidence.entra.scope_known = complete;
        self.evidence.entra.expected = self.missing_from_scope();
    }

    /// Who has assignments in the profile, should come by provisioning, and is not in scope.
    fn missing_from_scope(&self) -> Vec<String> {
        let profile = &self.world.profile;
        let entra = &self.evidence.entra;
        let there: HashSet<String> = entra
            .people
            .iter()
            .map(|user| user.user_principal_name.to_lowercase())
            .collect();
        let wanted: BTreeSet<&Principal> = profile
            .assignment
            .iter()
            .map(|assignment| &assignment.principal)
            .collect();
        wanted
            .into_iter()
            .filter_map(|principal| match principal {
                Principal::User(upn) => {
                    let by_hand = profile.user(upn).is_some_and(|user| user.aws == Arrival::Manual);
                    (!by_hand && !there.contains(&upn.to_lowercase())).then(|| upn.clone())
                }
                Principal::Group(name) => (!entra.groups.iter().any(|group| group.name == *name)).then(|| name.clone()),
            })
            .collect()
    }

    /// Before there is an application: the people whom the profile names.
    async fn people_of_profile(&mut self) {
        let wanted = &self.world.profile.people.user;
        if wanted.is_empty() {
            return;
        }
        (self.progress)("the people of the profile");
        let upns: Vec<&str> = wanted.iter().map(|user| user.upn.as_str()).collect();
        let read = self.world.entra.users(&upns).await;
        let Some(found) = self.seen(Side::Entra, "users", read) else {
            return;
        };
        let planned: Vec<people::Person> = wanted
            .iter()
            .zip(&found)
            .filter(|(_, found)| found.is_none())
            .map(|(wanted, _)| people::Person::of(wanted, None))
            .collect();
        let entra = &mut self.evidence.entra;
        entra.planned = people::lint(&planned, entra.guests_have_own_name_id);
        entra.people = found.into_iter().flatten().collect();
    }

    async fn aws(&mut self) {
        (self.progress)("the instance in AWS");
        let aws = &self.target.aws;
        let read = aws.caller().await;
        self.evidence.aws.caller = self.seen(Side::Aws, "who the caller is", read);
        self.evidence.aws.way_in = self
            .standing("safety.break-glass")
            .and_then(|standing| standing.output.value()["way"].as_str().map(str::to_owned));
        let read = aws.organization().await;
        let organization = self.seen(Side::Aws, "the organization", read).flatten();
        self.evidence.aws.management = organization.map(|organization| organization.management);
        let read = self.find_instance().await;
        let Some(instance) = self.seen(Side::Aws, "the instance", read).flatten() else {
            return;
        };
        self.evidence.aws.instance = Some(instance.clone());
        // Without permission sets half of the reads are refused, whatever the caller may do.
        if instance.permission_sets != Some(false) {
            let read = preflight_aws::try_reads(self.world, &self.target.name, &instance, self.now).await;
            if let Some(tried) = self.seen(Side::Aws, "rights", read) {
                self.evidence.aws.denied = tried.missing;
            }
        }
        self.directory(&instance).await;
        if instance.permission_sets != Some(false) {
            let read = aws.access_control(&instance).await;
            let found = self.seen(Side::Aws, "attributes for access control", read).flatten();
            self.evidence.aws.abac = found.map(|found| found.attributes).unwrap_or_default();
            self.assignments(&instance).await;
        }
        self.trail(&instance).await;
    }

    async fn find_instance(&self) -> Result<Option<Instance>, Fault> {
        let aws = &self.target.aws;
        let management = &self.evidence.aws.management;
        let candidates = aws.instances().await?;
        let ours = candidates
            .into_iter()
            .find(|instance| management.as_ref().is_none_or(|account| instance.owner == *account));
        match ours {
            Some(found) => aws.instance(&found).await,
            None => Ok(None),
        }
    }

    async fn directory(&mut self, instance: &Instance) {
        let aws = &self.target.aws;
        (self.progress)("all users in AWS");
        let progress = self.progress;
        let read = aws
            .people(instance, &|so_far| {
                progress(&format!("all users in AWS, {so_far} so far"))
            })
            .await;
        if let Some(users) = self.seen(Side::Aws, "users", read) {
            self.evidence.aws.users = users;
            self.evidence.aws.users_known = true;
        }
        (self.progress)("all groups in AWS");
        let read = aws.groups(instance).await;
        self.evidence.aws.groups = self.seen(Side::Aws, "groups", read);
    }

    async fn assignments(&mut self, instance: &Instance) {
        let aws = &self.target.aws;
        let read = aws.accounts().await;
        self.evidence.aws.accounts = self.seen(Side::Aws, "accounts", read).map(|accounts| {
            let by_id = |account: crate::clients::aws::Account| (account.id, (account.name, account.active));
            accounts.into_iter().map(by_id).collect()
        });
        let read = aws.permission_set_arns(instance, Look::Shared).await;
        let Some(sets) = self.seen(Side::Aws, "permission sets", read) else {
            return;
        };
        for (number, set) in sets.iter().enumerate() {
            (self.progress)(&format!("assignments, permission set {} of {}", number + 1, sets.len()));
            let read = aws.accounts_with(instance, set, false).await;
            for account in self
                .seen(Side::Aws, "where permission sets stand", read)
                .unwrap_or_default()
            {
                let read = aws.assignments_in(instance, &account, set).await;
                let found = self.seen(Side::Aws, &format!("assignments in {account}"), read);
                self.evidence.aws.assignments.extend(found.into_iter().flatten());
            }
        }
    }

    /// The errors of the SCIM endpoint. False where the caller may not ask.
    async fn scim_errors(&mut self, instance: &Instance) -> bool {
        let (aws, since) = (&self.target.aws, self.now - CYCLES);
        match aws.lookup_events(&instance.region, EventQuery::From(SCIM), since).await {
            Err(fault) if fault.kind == Kind::Rights => false,
            read => {
                let mut events = self
                    .seen(Side::Aws, "SCIM calls in CloudTrail", read)
                    .unwrap_or_default();
                events.retain(|event| event.error_code().is_some());
                self.evidence.aws.scim_errors = events;
                true
            }
        }
    }

    /// What only CloudTrail tells. A caller who may not ask it has that told as a right that is missing.
    async fn trail(&mut self, instance: &Instance) {
        (self.progress)("CloudTrail");
        if !self.scim_errors(instance).await {
            return;
        }
        let aws = &self.target.aws;
        let mut newest = None;
        for name in SOURCE_CHANGES {
            let read = aws
                .lookup_events(&instance.region, EventQuery::Named(name), self.now - KEPT)
                .await;
            let events = self
                .seen(Side::Aws, "changes of the identity source", read)
                .unwrap_or_default();
            newest = newest.into_iter().chain(events).max_by_key(|event| event.at);
        }
        self.evidence.aws.source_change = newest;
    }

    /// When the SCIM token was made: as kept with it, else as the journal says.
    async fn token(&mut self) {
        let read = self.world.secrets.get(&self.world.scim_token(&self.target.name)).await;
        let read = read.and_then(|kept| kept.as_ref().map(ScimToken::from_secret).transpose());
        let kept = self.seen(Side::Aws, "the SCIM token's record", read).flatten();
        let known = self.output::<KnownToken>("scim.token").map(|token| token.created);
        let in_use = self
            .evidence
            .entra
            .application
            .as_ref()
            .is_some_and(|app| app.has_token);
        let made = kept.as_ref().and_then(|kept| kept.created).or(known.flatten());
        self.evidence.aws.token = match made {
            Some(made) => Token::Since(made),
            None if kept.is_some() || known.is_some() || in_use => Token::UnknownAge,
            None => Token::None,
        };
    }
}

/// The value of a provisioning setting, if it has one.
pub fn setting(settings: &[Setting], key: &str) -> Option<String> {
    let fits = |name: &Option<String>| name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(key));
    settings
        .iter()
        .find(|setting| fits(&setting.key))
        .and_then(|setting| setting.value.clone())
        .filter(|value| !value.is_empty())
}
