//! One object, from directory to target.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    job::{Escrow, Link},
    log::{Result as Ended, Trace},
    resource,
    scim::{Failure, Scim},
    source::{self, Source},
};
use crate::sim::{entra::state::Tenant, hub::Hub};

/// Members that one PATCH may change.
const MEMBERS_MOST: usize = 100;

/// The job an object belongs to, and the way to the target.
pub struct Line<'a> {
    /// The simulation.
    pub hub: &'a Hub,
    /// The target.
    pub scim: &'a Scim,
    /// Service principal.
    pub sp: &'a str,
    /// Job.
    pub job: &'a str,
}

/// What the service wants of a user.
struct Wanted {
    name: String,
    attributes: Vec<(String, String)>,
    matching: Option<String>,
    link: Option<Link>,
}

impl Line<'_> {
    fn wanted(&self, id: &str, group: bool) -> Option<Wanted> {
        self.hub.with(|world| {
            let tenant = &world.entra;
            let job = tenant.jobs.get(self.sp)?.iter().find(|j| j.id == self.job)?;
            let mapping = source::mapping(job, if group { "Group" } else { "User" })?;
            let source = if group {
                Source::group(tenant, id)
            } else {
                Source::user(tenant, id, false)
            }?;
            let mut attributes = source::desired(&mapping, &source);
            // A reference is sent once the service knows the other object.
            attributes.retain_mut(|(target, value)| {
                if !target.ends_with(":manager") {
                    return true;
                }
                match job.links.get(value.as_str()) {
                    Some(link) => {
                        *value = link.target.clone();
                        true
                    }
                    None => false,
                }
            });
            let matching = source::matching_attribute(&mapping);
            Some(Wanted {
                name: source.name(),
                attributes,
                matching,
                link: job.links.get(id).cloned(),
            })
        })
    }

    /// Brings a user or a group (without its members) to where the directory wants it.
    pub async fn bring(&self, id: &str, group: bool) -> Trace {
        let Some(wanted) = self.wanted(id, group) else {
            let mut trace = Trace::new(id, id, group);
            trace.end(
                Ended::Skipped,
                "EntrySynchronizationSkipped",
                "The object or its mapping is gone.",
            );
            return trace;
        };
        let mut trace = Trace::new(id, &wanted.name, group);
        trace.step(
            "import",
            Ended::Success,
            format!("Received {} from Microsoft Entra ID", wanted.name),
        );
        trace.step("scoping", Ended::Success, "The object is in scope");
        let result = self.export(id, group, &wanted, &mut trace).await;
        self.settle(id, &mut trace, result);
        trace
    }

    async fn export(&self, id: &str, group: bool, wanted: &Wanted, trace: &mut Trace) -> Result<(), Failure> {
        let kind = if group { "Groups" } else { "Users" };
        let values = resource::values(&wanted.attributes);
        let mut link = wanted.link.clone();
        if link.is_none() {
            let name = wanted.matching.as_deref().unwrap_or("userName");
            let Some(value) = values.get(name).and_then(Value::as_str) else {
                trace.step(
                    "matching",
                    Ended::Skipped,
                    format!("The matching attribute {name} has no value"),
                );
                trace.end(
                    Ended::Skipped,
                    "ImportSkipped",
                    format!("The matching property {name} is missing."),
                );
                return Ok(());
            };
            let found = self.scim.find(kind, name, value).await?;
            let text = if found.is_some() { "found" } else { "not found" };
            trace.step(
                "matching",
                Ended::Success,
                format!("{value} was {text} in the target by {name}"),
            );
            link = found.map(|target| Link {
                group,
                target,
                name: wanted.name.clone(),
                sent: BTreeMap::new(),
                active: true,
                members: BTreeSet::new(),
            });
        }
        match link {
            None => {
                let body = if group {
                    resource::group(&wanted.attributes)
                } else {
                    resource::user(&wanted.attributes)
                };
                trace.action = "create";
                trace.written = wanted.attributes.clone();
                let target = self.scim.create(kind, &body).await?;
                trace.exported = true;
                trace.target = Some(target.clone());
                let active = values.get("active") != Some(&Value::Bool(false));
                let link = Link {
                    group,
                    target,
                    name: wanted.name.clone(),
                    sent: values,
                    active,
                    members: BTreeSet::new(),
                };
                self.link(id, Some(link));
                trace.step("export", Ended::Success, format!("{} was created", wanted.name));
            }
            Some(mut link) => {
                trace.target = Some(link.target.clone());
                match resource::changes(&link.sent, &wanted.attributes) {
                    None => trace.end(
                        Ended::Skipped,
                        "RedundantExport",
                        "The target already has these values.",
                    ),
                    Some(body) => {
                        trace.action = "update";
                        trace.written = wanted
                            .attributes
                            .iter()
                            .filter(|(t, _)| values.get(t) != link.sent.get(t))
                            .cloned()
                            .collect();
                        self.scim.patch(kind, &link.target, &body).await?;
                        trace.exported = true;
                        trace.step("export", Ended::Success, format!("{} was updated", wanted.name));
                        link.sent.extend(values.clone());
                    }
                }
                link.active = link.sent.get("active") != Some(&Value::Bool(false));
                if !link.active && trace.exported && wanted.attributes.iter().any(|(t, _)| t == "active") {
                    trace.action = "disable";
                }
                self.link(id, Some(link));
            }
        }
        Ok(())
    }

    /// Takes a user out: disabled, or deleted if it is gone for good. Groups are deleted.
    pub async fn take_out(&self, id: &str, link: &Link, for_good: bool) -> Trace {
        let mut trace = Trace::new(id, &link.name, link.group);
        trace.target = Some(link.target.clone());
        trace.step("scoping", Ended::Success, "The object is no longer in scope");
        let result = if link.group || for_good {
            trace.action = "delete";
            let result = self
                .scim
                .delete(if link.group { "Groups" } else { "Users" }, &link.target)
                .await;
            if result.is_ok() {
                self.link(id, None);
            }
            result
        } else {
            trace.action = "disable";
            let result = self.scim.patch("Users", &link.target, &resource::active(false)).await;
            if result.is_ok() {
                let mut link = link.clone();
                link.active = false;
                link.sent.insert("active".into(), Value::Bool(false));
                self.link(id, Some(link));
            }
            result
        };
        if result.is_ok() {
            trace.exported = true;
            trace.step(
                "export",
                Ended::Success,
                format!("{} was taken out of the target", link.name),
            );
        }
        self.settle(id, &mut trace, result);
        trace
    }

    /// Brings the members of a group to where the directory has them: direct members that the target knows. `only` limits
    /// it to these.
    pub async fn bring_members(&self, group: &str, only: Option<&[String]>) -> Option<Trace> {
        let (link, wanted) = self.hub.with(|world| {
            let tenant = &world.entra;
            let job = tenant.jobs.get(self.sp)?.iter().find(|j| j.id == self.job)?;
            let link = job.links.get(group)?.clone();
            let known = |m: &&String| {
                job.links.get(*m).is_some_and(|l| !l.group && l.active) && only.is_none_or(|o| o.contains(m))
            };
            let wanted: BTreeMap<String, String> = tenant
                .members_of(group)
                .iter()
                .filter(known)
                .map(|m| (m.clone(), job.links[m].target.clone()))
                .collect();
            Some((link, wanted))
        })?;
        let gone: Vec<String> = match only {
            Some(_) => Vec::new(),
            None => link
                .members
                .iter()
                .filter(|m| !wanted.contains_key(*m))
                .cloned()
                .collect(),
        };
        let new: Vec<String> = wanted.keys().filter(|m| !link.members.contains(*m)).cloned().collect();
        if new.is_empty() && gone.is_empty() {
            return None;
        }
        let mut trace = Trace::new(group, &link.name, true);
        trace.target = Some(link.target.clone());
        trace.action = "update";
        let result = self.change_members(group, &link, &wanted, &new, &gone).await;
        if result.is_ok() {
            trace.exported = true;
            trace.step(
                "export",
                Ended::Success,
                format!("{} members in, {} out", new.len(), gone.len()),
            );
        }
        self.settle(group, &mut trace, result);
        Some(trace)
    }

    async fn change_members(
        &self,
        group: &str,
        link: &Link,
        wanted: &BTreeMap<String, String>,
        new: &[String],
        gone: &[String],
    ) -> Result<(), Failure> {
        let targets = self.hub.with(|world| {
            let job = world.entra.job_mut(self.sp, self.job);
            job.map(|j| {
                j.links
                    .iter()
                    .map(|(id, l)| (id.clone(), l.target.clone()))
                    .collect::<BTreeMap<_, _>>()
            })
        });
        let targets = targets.unwrap_or_default();
        for (op, list) in [("add", new), ("remove", gone)] {
            for chunk in list.chunks(MEMBERS_MOST) {
                let ids: Vec<&str> = chunk
                    .iter()
                    .filter_map(|m| wanted.get(m).or_else(|| targets.get(m)))
                    .map(String::as_str)
                    .collect();
                if !ids.is_empty() {
                    self.scim
                        .patch("Groups", &link.target, &resource::members(op, &ids))
                        .await?;
                }
                self.hub.with(|world| {
                    let job = world.entra.job_mut(self.sp, self.job);
                    if let Some(link) = job.and_then(|j| j.links.get_mut(group)) {
                        match op {
                            "add" => link.members.extend(chunk.iter().cloned()),
                            _ => link.members.retain(|m| !chunk.contains(m)),
                        }
                    }
                });
            }
        }
        Ok(())
    }

    fn link(&self, id: &str, link: Option<Link>) {
        self.hub.with(|world| {
            let Some(job) = world.entra.job_mut(self.sp, self.job) else {
                return;
            };
            match link {
                Some(link) => drop(job.links.insert(id.to_owned(), link)),
                None => drop(job.links.remove(id)),
            }
        });
    }

    /// Books success or failure.
    fn settle(&self, id: &str, trace: &mut Trace, result: Result<(), Failure>) {
        if let Err(failure) = &result {
            trace.credential = failure.is_credential();
            trace.step("export", Ended::Failure, failure.message());
            trace.end(Ended::Failure, failure.code(), failure.message());
        }
        self.hub.with(|world| {
            let Some(job) = world.entra.job_mut(self.sp, self.job) else {
                return;
            };
            match result {
                Ok(()) => drop(job.escrows.remove(id)),
                Err(failure) => {
                    let tries = job.escrows.get(id).map_or(0, |e| e.tries) + 1;
                    let escrow = Escrow {
                        name: trace.name.clone(),
                        code: failure.code().into(),
                        message: failure.message(),
                        tries,
                    };
                    job.escrows.insert(id.to_owned(), escrow);
                }
            }
        });
    }
}

/// Users purged from the recycle bin, or never there: their counterpart is deleted.
pub fn is_gone_for_good(tenant: &Tenant, id: &str) -> bool {
    !tenant.users.contains_key(id) && !tenant.deleted.contains_key(id)
}
