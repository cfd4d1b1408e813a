//! Every operation: method, path, who may, what the body looks like, and the function that does it.

use http::Method;

use super::{
    applications, assignments, claims,
    cx::{Cx, Done},
    deleted, delta, directory, groups, logs, schema, service_principals, synchronization, users,
};

/// An operation.
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path without the version; `{}` is a variable part.
    pub path: &'static str,
    /// Of each list one permission is needed.
    pub needs: &'static [&'static [&'static str]],
    /// A person needs one of these roles as well.
    pub roles: &'static [&'static str],
    /// What the body must be.
    pub body: Option<Body>,
    /// The query options it knows, without the `$`.
    pub query: &'static [&'static str],
    /// Only under `/beta`.
    pub beta: bool,
    /// Missing permission shows as 401.
    pub sync: bool,
    /// Does it.
    pub run: fn(&mut Cx<'_>) -> Done,
}

/// What a body must be.
#[derive(Debug, Clone, Copy)]
pub struct Body {
    /// A type of the metadata.
    pub of: Option<&'static str>,
    /// The parameters of an action.
    pub only: Option<&'static [&'static str]>,
    /// What must be there.
    pub must: &'static [&'static str],
    /// It must not be left out.
    pub required: bool,
}

const APP_READ: &[&str] = &[
    "Application.Read.All",
    "Application.ReadWrite.All",
    "Application.ReadWrite.OwnedBy",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
const APP_WRITE: &[&str] = &["Application.ReadWrite.All", "Application.ReadWrite.OwnedBy"];
const ASSIGN_WRITE: &[&str] = &["AppRoleAssignment.ReadWrite.All"];
const POLICY_READ: &[&str] = &["Policy.Read.All"];
const POLICY_WRITE: &[&str] = &["Policy.ReadWrite.ApplicationConfiguration"];
const SYNC_READ: &[&str] = &[
    "Synchronization.Read.All",
    "Synchronization.ReadWrite.All",
    "Application.ReadWrite.OwnedBy",
];
const SYNC_WRITE: &[&str] = &["Synchronization.ReadWrite.All", "Application.ReadWrite.OwnedBy"];
const AUDIT: &[&str] = &["AuditLog.Read.All"];
const ORG_READ: &[&str] = &[
    "User.Read",
    "Organization.Read.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
const DOMAIN_READ: &[&str] = &["Domain.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"];
const SKU_READ: &[&str] = &[
    "LicenseAssignment.Read.All",
    "Organization.Read.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
const ME: &[&str] = &[
    "User.Read",
    "User.ReadBasic.All",
    "User.Read.All",
    "User.ReadWrite.All",
    "Directory.Read.All",
];
const USER_READ: &[&str] = &[
    "User.ReadBasic.All",
    "User.Read.All",
    "User.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
const USER_WRITE: &[&str] = &["User.ReadWrite.All", "Directory.ReadWrite.All"];
const USER_DELETE: &[&str] = &["User.DeleteRestore.All", "User.ReadWrite.All"];
const GROUP_READ: &[&str] = &[
    "Group.Read.All",
    "Group.ReadWrite.All",
    "GroupMember.Read.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
const GROUP_WRITE: &[&str] = &["Group.ReadWrite.All", "Directory.ReadWrite.All"];

const APP_ADMINS: &[&str] = &[
    "Cloud Application Administrator",
    "Application Administrator",
    "Global Administrator",
];
const CLAIMS_ADMINS: &[&str] = &["Application Administrator", "Global Administrator"];
const USER_ADMINS: &[&str] = &["User Administrator", "Global Administrator"];
const GROUP_ADMINS: &[&str] = &["Groups Administrator", "User Administrator", "Global Administrator"];
const LOG_READERS: &[&str] = &[
    "Reports Reader",
    "Security Reader",
    "Security Administrator",
    "Global Reader",
    "Application Administrator",
    "Cloud Application Administrator",
    "Global Administrator",
];

const LIST: &[&str] = &[
    "filter",
    "select",
    "top",
    "orderby",
    "expand",
    "count",
    "search",
    "skiptoken",
];
const SOME: &[&str] = &["filter", "select", "top"];
const SELECT: &[&str] = &["select"];
const LOG: &[&str] = &["filter", "orderby", "top", "skiptoken"];

const fn route(method: Method, path: &'static str, run: fn(&mut Cx<'_>) -> Done) -> Route {
    Route {
        method,
        path,
        needs: &[],
        roles: &[],
        body: None,
        query: &[],
        beta: false,
        sync: false,
        run,
    }
}

const fn get(path: &'static str, run: fn(&mut Cx<'_>) -> Done) -> Route {
    route(Method::GET, path, run)
}

const fn post(path: &'static str, run: fn(&mut Cx<'_>) -> Done) -> Route {
    route(Method::POST, path, run)
}

const fn put(path: &'static str, run: fn(&mut Cx<'_>) -> Done) -> Route {
    route(Method::PUT, path, run)
}

const fn patch(path: &'static str, run: fn(&mut Cx<'_>) -> Done) -> Route {
    route(Method::PATCH, path, run)
}

const fn delete(path: &'static str, run: fn(&mut Cx<'_>) -> Done) -> Route {
    route(Method::DELETE, path, run)
}

impl Route {
    const fn needs(mut self, needs: &'static [&'static [&'static str]]) -> Self {
        self.needs = needs;
        self
    }

    const fn roles(mut self, roles: &'static [&'static str]) -> Self {
        self.roles = roles;
        self
    }

    const fn query(mut self, query: &'static [&'static str]) -> Self {
        self.query = query;
        self
    }

    /// The body is of this type and holds these properties.
    const fn body(mut self, of: &'static str, must: &'static [&'static str]) -> Self {
        self.body = Some(Body {
            of: Some(of),
            only: None,
            must,
            required: true,
        });
        self
    }

    /// The body holds these parameters.
    const fn parameters(mut self, only: &'static [&'static str], must: &'static [&'static str]) -> Self {
        self.body = Some(Body {
            of: None,
            only: Some(only),
            must,
            required: !must.is_empty(),
        });
        self
    }

    const fn beta(mut self) -> Self {
        self.beta = true;
        self
    }

    const fn sync(mut self) -> Self {
        self.sync = true;
        self.roles = APP_ADMINS;
        self
    }
}

const REF: &[&str] = &["@odata.id"];
const VALIDATE: &[&str] = &[
    "applicationIdentifier",
    "templateId",
    "useSavedCredentials",
    "credentials",
];

/// Every operation.
pub static ROUTES: &[Route] = &[
    get("organization", directory::organization)
        .needs(&[ORG_READ])
        .query(SELECT),
    get("domains", directory::domains).needs(&[DOMAIN_READ]).query(SELECT),
    get("me", directory::me).needs(&[ME]).query(SELECT),
    get(
        "me/transitiveMemberOf/microsoft.graph.directoryRole",
        directory::my_roles,
    )
    .needs(&[ME])
    .query(&["select", "count"]),
    get("subscribedSkus", directory::skus).needs(&[SKU_READ]).query(SELECT),
    get("policies/defaultAppManagementPolicy", directory::app_management_policy).needs(&[POLICY_READ]),
    get("applicationTemplates", applications::templates).query(&["filter", "select", "top", "skip", "orderby"]),
    get("applicationTemplates/{}", applications::template),
    post("applicationTemplates/{}/instantiate", applications::instantiate)
        .needs(&[APP_WRITE])
        .roles(APP_ADMINS)
        .parameters(&["displayName", "serviceManagementReference"], &["displayName"]),
    get("applications", applications::list).needs(&[APP_READ]).query(LIST),
    get("applications/{}", applications::get)
        .needs(&[APP_READ])
        .query(SELECT),
    patch("applications/{}", applications::update)
        .needs(&[APP_WRITE])
        .roles(APP_ADMINS)
        .body("application", &[]),
    delete("applications/{}", applications::delete)
        .needs(&[APP_WRITE])
        .roles(APP_ADMINS),
    get("servicePrincipals", service_principals::list)
        .needs(&[APP_READ])
        .query(LIST),
    get("servicePrincipals/{}", service_principals::get)
        .needs(&[APP_READ])
        .query(SELECT),
    patch("servicePrincipals/{}", service_principals::update)
        .needs(&[APP_WRITE])
        .roles(APP_ADMINS)
        .body("servicePrincipal", &[]),
    delete("servicePrincipals/{}", service_principals::delete)
        .needs(&[APP_WRITE])
        .roles(APP_ADMINS),
    post(
        "servicePrincipals/{}/addTokenSigningCertificate",
        service_principals::add_certificate,
    )
    .needs(&[APP_WRITE])
    .roles(APP_ADMINS)
    .parameters(&["displayName", "endDateTime"], &["displayName"]),
    get("servicePrincipals/{}/appRoleAssignedTo", assignments::list)
        .needs(&[APP_READ])
        .query(LIST),
    post("servicePrincipals/{}/appRoleAssignedTo", assignments::create)
        .needs(&[ASSIGN_WRITE, APP_READ])
        .roles(APP_ADMINS)
        .body("appRoleAssignment", &["principalId", "resourceId", "appRoleId"]),
    delete("servicePrincipals/{}/appRoleAssignedTo/{}", assignments::delete)
        .needs(&[ASSIGN_WRITE, APP_READ])
        .roles(APP_ADMINS),
    get("policies/claimsMappingPolicies", claims::policies)
        .needs(&[POLICY_READ])
        .query(SOME),
    post("policies/claimsMappingPolicies", claims::create_policy)
        .needs(&[POLICY_WRITE])
        .roles(APP_ADMINS)
        .body("claimsMappingPolicy", &["definition", "displayName"]),
    get("policies/claimsMappingPolicies/{}", claims::policy).needs(&[POLICY_READ]),
    patch("policies/claimsMappingPolicies/{}", claims::update_policy)
        .needs(&[POLICY_WRITE])
        .roles(APP_ADMINS)
        .body("claimsMappingPolicy", &[]),
    delete("policies/claimsMappingPolicies/{}", claims::delete_policy)
        .needs(&[POLICY_WRITE])
        .roles(APP_ADMINS),
    get("policies/claimsMappingPolicies/{}/appliesTo", claims::applies_to).needs(&[POLICY_READ, APP_READ]),
    get("servicePrincipals/{}/claimsMappingPolicies", claims::assigned).needs(&[POLICY_READ, APP_READ]),
    post("servicePrincipals/{}/claimsMappingPolicies/$ref", claims::assign)
        .needs(&[POLICY_READ, APP_WRITE])
        .roles(APP_ADMINS)
        .parameters(REF, REF),
    delete("servicePrincipals/{}/claimsMappingPolicies/{}/$ref", claims::unassign)
        .needs(&[POLICY_READ, APP_WRITE])
        .roles(APP_ADMINS),
    get("servicePrincipals/{}/claimsPolicy", claims::get)
        .needs(&[POLICY_WRITE])
        .roles(CLAIMS_ADMINS)
        .beta(),
    put("servicePrincipals/{}/claimsPolicy", claims::put)
        .needs(&[POLICY_WRITE])
        .roles(CLAIMS_ADMINS)
        .parameters(claims::PROPERTIES, &[])
        .beta(),
    patch("servicePrincipals/{}/claimsPolicy", claims::patch)
        .needs(&[POLICY_WRITE])
        .roles(CLAIMS_ADMINS)
        .parameters(claims::PROPERTIES, &[])
        .beta(),
    get("users", users::list).needs(&[USER_READ]).query(LIST),
    get("users/delta", delta::users)
        .needs(&[USER_READ])
        .query(&["select", "deltatoken", "skiptoken"]),
    post("users", users::create)
        .needs(&[USER_WRITE])
        .roles(USER_ADMINS)
        .body(
            "user",
            &[
                "accountEnabled",
                "displayName",
                "mailNickname",
                "userPrincipalName",
                "passwordProfile",
            ],
        ),
    get("users/{}", users::get)
        .needs(&[USER_READ])
        .query(&["select", "expand"]),
    patch("users/{}", users::update)
        .needs(&[USER_WRITE])
        .roles(USER_ADMINS)
        .body("user", &[]),
    delete("users/{}", users::delete)
        .needs(&[USER_DELETE])
        .roles(USER_ADMINS),
    get("users/{}/manager", users::manager)
        .needs(&[USER_READ])
        .query(SELECT),
    get("users/{}/memberOf", users::member_of)
        .needs(&[USER_READ])
        .query(LIST),
    get("groups", groups::list).needs(&[GROUP_READ]).query(LIST),
    post("groups", groups::create)
        .needs(&[&["Group.Create", "Group.ReadWrite.All", "Directory.ReadWrite.All"]])
        .roles(GROUP_ADMINS)
        .body(
            "group",
            &["displayName", "mailEnabled", "mailNickname", "securityEnabled"],
        ),
    get("groups/{}", groups::get).needs(&[GROUP_READ]).query(SELECT),
    patch("groups/{}", groups::update)
        .needs(&[GROUP_WRITE])
        .roles(GROUP_ADMINS)
        .body("group", &[]),
    delete("groups/{}", groups::delete)
        .needs(&[GROUP_WRITE])
        .roles(GROUP_ADMINS),
    get("groups/{}/members", groups::members)
        .needs(&[GROUP_READ])
        .query(LIST),
    get("groups/{}/transitiveMembers", groups::transitive_members)
        .needs(&[GROUP_READ])
        .query(LIST),
    post("groups/{}/members/$ref", groups::add_member)
        .needs(&[&[
            "GroupMember.ReadWrite.All",
            "Group.ReadWrite.All",
            "Directory.ReadWrite.All",
        ]])
        .roles(GROUP_ADMINS)
        .parameters(REF, REF),
    delete("groups/{}/members/{}/$ref", groups::remove_member)
        .needs(&[&[
            "GroupMember.ReadWrite.All",
            "Group.ReadWrite.All",
            "Directory.ReadWrite.All",
        ]])
        .roles(GROUP_ADMINS),
    get(
        "directory/deletedItems/microsoft.graph.application",
        deleted::applications,
    )
    .needs(&[APP_READ])
    .query(LIST),
    get(
        "directory/deletedItems/microsoft.graph.servicePrincipal",
        deleted::service_principals,
    )
    .needs(&[APP_READ])
    .query(LIST),
    get("directory/deletedItems/microsoft.graph.user", deleted::users)
        .needs(&[USER_READ])
        .query(LIST),
    get("directory/deletedItems/microsoft.graph.group", deleted::groups)
        .needs(&[GROUP_READ])
        .query(LIST),
    // Which permission these need depends on what lies there.
    get("directory/deletedItems/{}", deleted::get),
    delete("directory/deletedItems/{}", deleted::purge),
    post("directory/deletedItems/{}/restore", deleted::restore)
        .parameters(&["autoReconcileProxyConflict", "newUserPrincipalName"], &[]),
    get(
        "servicePrincipals/{}/synchronization/templates",
        synchronization::templates,
    )
    .needs(&[SYNC_READ])
    .sync(),
    get(
        "servicePrincipals/{}/synchronization/templates/{}",
        synchronization::template,
    )
    .needs(&[SYNC_READ])
    .sync(),
    get(
        "servicePrincipals/{}/synchronization/templates/{}/schema",
        synchronization::template_schema,
    )
    .needs(&[SYNC_READ])
    .sync(),
    get("servicePrincipals/{}/synchronization/secrets", synchronization::secrets)
        .needs(&[SYNC_READ])
        .sync(),
    put(
        "servicePrincipals/{}/synchronization/secrets",
        synchronization::put_secrets,
    )
    .needs(&[SYNC_WRITE])
    .sync()
    .parameters(&["value"], &["value"]),
    get("servicePrincipals/{}/synchronization/jobs", synchronization::jobs)
        .needs(&[SYNC_READ])
        .sync(),
    post("servicePrincipals/{}/synchronization/jobs", synchronization::create_job)
        .needs(&[SYNC_WRITE])
        .sync()
        .body("synchronizationJob", &["templateId"]),
    post(
        "servicePrincipals/{}/synchronization/jobs/validateCredentials",
        synchronization::validate_without_job,
    )
    .needs(&[SYNC_WRITE])
    .sync()
    .parameters(VALIDATE, &[]),
    get("servicePrincipals/{}/synchronization/jobs/{}", synchronization::job)
        .needs(&[SYNC_READ])
        .sync(),
    delete(
        "servicePrincipals/{}/synchronization/jobs/{}",
        synchronization::delete_job,
    )
    .needs(&[SYNC_WRITE])
    .sync(),
    post(
        "servicePrincipals/{}/synchronization/jobs/{}/validateCredentials",
        synchronization::validate,
    )
    .needs(&[SYNC_WRITE])
    .sync()
    .parameters(VALIDATE, &[]),
    post(
        "servicePrincipals/{}/synchronization/jobs/{}/start",
        synchronization::start,
    )
    .needs(&[SYNC_WRITE])
    .sync(),
    post(
        "servicePrincipals/{}/synchronization/jobs/{}/pause",
        synchronization::pause,
    )
    .needs(&[SYNC_WRITE])
    .sync(),
    post(
        "servicePrincipals/{}/synchronization/jobs/{}/restart",
        synchronization::restart,
    )
    .needs(&[SYNC_WRITE])
    .sync()
    .parameters(&["criteria"], &[]),
    post(
        "servicePrincipals/{}/synchronization/jobs/{}/provisionOnDemand",
        synchronization::on_demand,
    )
    .needs(&[SYNC_WRITE])
    .sync()
    .parameters(&["parameters"], &["parameters"]),
    get("servicePrincipals/{}/synchronization/jobs/{}/schema", schema::get)
        .needs(&[SYNC_READ])
        .sync(),
    put("servicePrincipals/{}/synchronization/jobs/{}/schema", schema::put)
        .needs(&[SYNC_WRITE])
        .sync()
        .body("synchronizationSchema", &["synchronizationRules"]),
    delete("servicePrincipals/{}/synchronization/jobs/{}/schema", schema::reset)
        .needs(&[SYNC_WRITE])
        .sync(),
    get(
        "servicePrincipals/{}/synchronization/jobs/{}/schema/filterOperators()",
        schema::filter_operators,
    )
    .needs(&[SYNC_READ])
    .sync(),
    get(
        "servicePrincipals/{}/synchronization/jobs/{}/schema/functions()",
        schema::functions,
    )
    .needs(&[SYNC_READ])
    .sync(),
    post(
        "servicePrincipals/{}/synchronization/jobs/{}/schema/parseExpression",
        schema::parse_expression,
    )
    .needs(&[SYNC_READ])
    .sync()
    .parameters(
        &["expression", "testInputObject", "targetAttributeDefinition"],
        &["expression"],
    ),
    get("auditLogs/provisioning", logs::provisioning)
        .needs(&[AUDIT])
        .roles(LOG_READERS)
        .query(LOG),
    get("auditLogs/directoryAudits", logs::directory_audits)
        .needs(&[AUDIT])
        .roles(LOG_READERS)
        .query(LOG),
];

/// What was found for a path.
pub(super) enum Find {
    /// The operation and the variable parts.
    Hit(&'static Route, Vec<String>),
    /// The path is known, with other methods.
    OtherMethod,
    /// The path is not known.
    Nothing,
}

/// The operation for a path; literal parts win over variable ones.
pub(super) fn find(method: &Method, segments: &[String], beta: bool) -> Find {
    let mut known = false;
    let mut best: Option<(&'static Route, Vec<String>)> = None;
    for route in ROUTES {
        let Some(params) = matches(route, segments) else {
            continue;
        };
        if route.beta && !beta {
            continue;
        }
        known = true;
        if route.method == *method && best.as_ref().is_none_or(|(_, other)| params.len() < other.len()) {
            best = Some((route, params));
        }
    }
    match best {
        Some((route, params)) => Find::Hit(route, params),
        None if known => Find::OtherMethod,
        None => Find::Nothing,
    }
}

fn matches(route: &Route, segments: &[String]) -> Option<Vec<String>> {
    let mut params = Vec::new();
    let mut segments = segments.iter();
    for piece in route.path.split('/') {
        let segment = segments.next()?;
        match piece {
            "{}" => params.push(segment.clone()),
            // Functions may be called with or without their brackets.
            _ if piece.trim_end_matches("()") == segment.trim_end_matches("()") => {}
            _ => return None,
        }
    }
    segments.next().is_none().then_some(params)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(path: &str) -> Vec<String> {
        path.split('/').map(str::to_owned).collect()
    }

    #[test]
    fn literal_parts_win_over_variable_ones() {
        let Find::Hit(route, params) = find(
            &Method::GET,
            &path("directory/deletedItems/microsoft.graph.user"),
            false,
        ) else {
            panic!("not found")
        };
        assert_eq!(
            (route.path, params.len()),
            ("directory/deletedItems/microsoft.graph.user", 0)
        );
        let found = find(
            &Method::POST,
            &path("servicePrincipals/a/synchronization/jobs/validateCredentials"),
            false,
        );
        assert!(matches!(found, Find::Hit(_, params) if params == ["a"]));
    }

    #[test]
    fn wrong_methods_and_unknown_paths_are_told_apart() {
        assert!(matches!(
            find(&Method::DELETE, &path("organization"), false),
            Find::OtherMethod
        ));
        assert!(matches!(
            find(&Method::GET, &path("organisation"), false),
            Find::Nothing
        ));
        assert!(matches!(
            find(&Method::GET, &path("servicePrincipals/a/claimsPolicy"), false),
            Find::Nothing
        ));
        assert!(matches!(
            find(&Method::GET, &path("servicePrincipals/a/claimsPolicy"), true),
            Find::Hit(..)
        ));
        assert!(matches!(
            find(&Method::DELETE, &path("servicePrincipals/a/claimsPolicy"), true),
            Find::OtherMethod
        ));
    }
}
