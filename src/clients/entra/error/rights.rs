//! Which permission and which role a call needs, as a table: so that a refusal names what is missing.

use ::http::Method;

use crate::{
    clients::entra::auth::token::TokenFacts,
    fault::{Fault, Kind, Retry},
};

/// What an area of Graph needs for one kind of access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// Delegated scopes; any one will do, the least first.
    pub scopes: &'static [&'static str],
    /// Application permissions; any one will do, the least first.
    pub permissions: &'static [&'static str],
    /// Directory roles a person needs beside the scope; any one will do, the least first. Name and template id.
    pub roles: &'static [(&'static str, &'static str)],
}

/// An area of Graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    /// What it is about, as shown.
    pub name: &'static str,
    /// How its paths look: any of these inside, or at the start with `^`.
    paths: &'static [&'static str],
    /// To read.
    pub read: Need,
    /// To change.
    pub write: Need,
}

/// A role by name and template id.
type Role = (&'static str, &'static str);

const CLOUD_APP_ADMIN: Role = (
    "Cloud Application Administrator",
    "158c047a-c907-4556-b7ef-446551a6b5f7",
);
const APP_ADMIN: Role = ("Application Administrator", "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3");
const USER_ADMIN: Role = ("User Administrator", "fe930be7-5e62-47db-91af-98c3a49a38b1");
const GROUPS_ADMIN: Role = ("Groups Administrator", "fdd7a751-b60b-444a-984c-02652fe8fa1c");
const REPORTS_READER: Role = ("Reports Reader", "4a5d8f65-41da-4de4-8968-e035b65339cf");
const SECURITY_READER: Role = ("Security Reader", "5d6b6bb7-de71-4623-b4af-96380a352509");
/// Global Administrator may do all of it; named here only to recognise it, never to ask for it.
const GLOBAL_ADMIN: &str = "62e90394-69f5-4237-9190-012177145e10";

/// Every area, the narrower before the wider.
/// Source: <https://learn.microsoft.com/graph/permissions-reference>.
pub static AREAS: &[Area] = &[
    Area {
        name: "provisioning",
        paths: &["/synchronization"],
        read: Need {
            scopes: &["Synchronization.Read.All", "Synchronization.ReadWrite.All"],
            permissions: &[
                "Application.ReadWrite.OwnedBy",
                "Synchronization.Read.All",
                "Synchronization.ReadWrite.All",
            ],
            roles: &[CLOUD_APP_ADMIN, APP_ADMIN],
        },
        write: Need {
            scopes: &["Synchronization.ReadWrite.All"],
            permissions: &["Application.ReadWrite.OwnedBy", "Synchronization.ReadWrite.All"],
            roles: &[CLOUD_APP_ADMIN, APP_ADMIN],
        },
    },
    Area {
        name: "claims",
        paths: &["/claimsPolicy", "laimsMappingPolicies"],
        read: Need {
            scopes: &["Policy.Read.All", "Policy.ReadWrite.ApplicationConfiguration"],
            permissions: &["Policy.Read.All", "Policy.ReadWrite.ApplicationConfiguration"],
            roles: &[APP_ADMIN],
        },
        write: Need {
            scopes: &["Policy.ReadWrite.ApplicationConfiguration"],
            permissions: &["Policy.ReadWrite.ApplicationConfiguration"],
            roles: &[APP_ADMIN],
        },
    },
    Area {
        name: "assignments to the application",
        paths: &["/appRoleAssign"],
        read: Need {
            scopes: &[
                "Application.Read.All",
                "Application.ReadWrite.All",
                "AppRoleAssignment.ReadWrite.All",
            ],
            permissions: &[
                "Application.Read.All",
                "Application.ReadWrite.OwnedBy",
                "AppRoleAssignment.ReadWrite.All",
            ],
            roles: &[CLOUD_APP_ADMIN, APP_ADMIN],
        },
        write: Need {
            scopes: &["AppRoleAssignment.ReadWrite.All"],
            permissions: &["AppRoleAssignment.ReadWrite.All"],
            roles: &[CLOUD_APP_ADMIN, APP_ADMIN],
        },
    },
    Area {
        name: "logs",
        paths: &["/auditLogs"],
        read: Need {
            scopes: &["AuditLog.Read.All"],
            permissions: &["AuditLog.Read.All"],
            roles: &[REPORTS_READER, SECURITY_READER, CLOUD_APP_ADMIN, APP_ADMIN],
        },
        write: Need {
            scopes: &["AuditLog.Read.All"],
            permissions: &["AuditLog.Read.All"],
            roles: &[REPORTS_READER],
        },
    },
    Area {
        name: "applications",
        paths: &[
            "/applicationTemplates",
            "^/applications",
            "^/servicePrincipals",
            "^/directory/deletedItems",
        ],
        read: Need {
            scopes: &["Application.Read.All", "Application.ReadWrite.All"],
            permissions: &[
                "Application.Read.All",
                "Application.ReadWrite.OwnedBy",
                "Application.ReadWrite.All",
            ],
            roles: &[CLOUD_APP_ADMIN, APP_ADMIN],
        },
        write: Need {
            scopes: &["Application.ReadWrite.All"],
            permissions: &["Application.ReadWrite.OwnedBy", "Application.ReadWrite.All"],
            roles: &[CLOUD_APP_ADMIN, APP_ADMIN],
        },
    },
    Area {
        name: "groups",
        paths: &["^/groups"],
        read: Need {
            scopes: &["Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All"],
            permissions: &["Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All"],
            roles: &[GROUPS_ADMIN],
        },
        write: Need {
            scopes: &["Group.ReadWrite.All"],
            permissions: &["Group.ReadWrite.All"],
            roles: &[GROUPS_ADMIN, USER_ADMIN],
        },
    },
    Area {
        name: "users",
        paths: &["^/users"],
        read: Need {
            scopes: &["User.Read.All", "User.ReadWrite.All", "Directory.Read.All"],
            permissions: &["User.Read.All", "User.ReadWrite.All", "Directory.Read.All"],
            roles: &[USER_ADMIN],
        },
        write: Need {
            scopes: &["User.ReadWrite.All"],
            permissions: &["User.ReadWrite.All"],
            roles: &[USER_ADMIN],
        },
    },
    Area {
        name: "the tenant",
        paths: &["^/organization", "^/domains", "^/subscribedSkus", "^/me"],
        read: Need {
            scopes: &["Organization.Read.All", "User.Read", "Directory.Read.All"],
            permissions: &["Organization.Read.All", "Directory.Read.All"],
            roles: &[],
        },
        write: Need {
            scopes: &[],
            permissions: &[],
            roles: &[],
        },
    },
];

/// The area of a path.
pub fn area(path: &str) -> Option<&'static Area> {
    let path = ["/v1.0", "/beta"]
        .iter()
        .find_map(|version| path.strip_prefix(version))
        .unwrap_or(path);
    AREAS.iter().find(|area| {
        area.paths.iter().any(|pattern| match pattern.strip_prefix('^') {
            Some(start) => path.starts_with(start),
            None => path.contains(pattern),
        })
    })
}

impl Area {
    /// What reading or changing it needs.
    pub fn need(&self, method: &Method) -> &Need {
        if method.is_safe() { &self.read } else { &self.write }
    }
}

impl Need {
    /// The permission the token lacks, the least that will do; none if it holds one or cannot be read.
    pub fn missing_permission(&self, facts: &TokenFacts) -> Option<&'static str> {
        let fitting = if facts.is_application() {
            self.permissions
        } else {
            self.scopes
        };
        if !facts.readable || fitting.iter().any(|permission| facts.allows(permission)) {
            return None;
        }
        fitting.first().copied()
    }

    /// The role the person lacks, the least that will do; none if they hold one, or the token does not tell.
    pub fn missing_role(&self, facts: &TokenFacts) -> Option<&'static str> {
        let held = |id: &str| facts.directory_roles.iter().any(|role| role.eq_ignore_ascii_case(id));
        let silent = facts.is_application() || facts.directory_roles.is_empty();
        if silent || held(GLOBAL_ADMIN) || self.roles.iter().any(|(_, id)| held(id)) {
            return None;
        }
        self.roles.first().map(|(name, _)| *name)
    }
}

/// The fault of a call that is not allowed: names what is missing if the token tells, else what is needed.
///
/// The provisioning service answers like this too while a new application is not known to it yet, so there a token that
/// does not lack anything is a reason to wait.
pub(super) fn denied(method: &Method, path: &str, facts: &TokenFacts, what: String) -> Fault {
    let fault = Fault::new(Kind::Rights, what);
    let Some(area) = area(path) else {
        return fault.hint("Ask an administrator which permission this needs, and sign in again after the grant.");
    };
    let need = area.need(method);
    let doing = if method.is_safe() { "read" } else { "change" };
    let again = "A grant is in force only in a new token: sign in again after it.";
    if let Some(permission) = need.missing_permission(facts) {
        let kind = if facts.is_application() {
            "application permission"
        } else {
            "delegated permission (scope)"
        };
        return fault
            .why(format!(
                "the token lacks the {kind} {permission}, needed to {doing} {}",
                area.name
            ))
            .hint(format!(
                "Grant {permission} to the application that signs in, with admin consent. {again}"
            ));
    }
    if let Some(role) = need.missing_role(facts) {
        return fault
            .why(format!(
                "the person signed in lacks the role {role}, needed to {doing} {}",
                area.name
            ))
            .hint(format!(
                "Assign {role}, or activate it if it is eligible in PIM. {again}"
            ));
    }
    let roles: Vec<&str> = need.roles.iter().map(|(name, _)| *name).collect();
    let scope = need.scopes.first().copied().unwrap_or_default();
    let permission = need.permissions.first().copied().unwrap_or_default();
    let role = if roles.is_empty() {
        String::new()
    } else {
        format!(" and the role {}", roles.join(" or "))
    };
    let fault = fault.hint(format!(
        "To {doing} {}, a person needs the scope {scope}{role}; an application needs {permission}. {again}",
        area.name
    ));
    if path.contains("/synchronization") {
        fault.retry(Retry::Replication)
    } else {
        fault
    }
}
