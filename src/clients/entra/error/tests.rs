use serde_json::json;

use super::*;

const CLOUD_APP_ADMIN: &str = "158c047a-c907-4556-b7ef-446551a6b5f7";

fn fault(method: Method, path: &str, status: u16, body: &Value, facts: &TokenFacts) -> Fault {
    inner_fault(&method, path, status, body, Retry::Never, facts)
}

fn plain(code: &str, message: &str) -> Value {
    json!({ "error": { "code": code, "message": message } })
}

fn person(scopes: &[&str], roles: &[&str]) -> TokenFacts {
    TokenFacts {
        scopes: scopes.iter().map(|it| (*it).to_owned()).collect(),
        directory_roles: roles.iter().map(|it| (*it).to_owned()).collect(),
        readable: true,
        ..TokenFacts::default()
    }
}

fn application(permissions: &[&str]) -> TokenFacts {
    TokenFacts {
        roles: permissions.iter().map(|it| (*it).to_owned()).collect(),
        readable: true,
        ..TokenFacts::default()
    }
}

#[test]
fn errors_are_unwrapped_as_far_as_they_go() {
    let nested = json!({ "error": { "code": "UnknownError", "message": "",
        "innerError": { "request-id": "r", "innerError": { "code": "Deep", "message": "because" } } } });
    let read = GraphError::read(&nested);
    assert_eq!(
        (read.code.as_str(), read.message.as_str(), read.request_id.as_deref()),
        ("Deep", "because", Some("r"))
    );
    let wrapped = plain(
        "UnknownError",
        "{\"errorCode\":\"PermissionScopeNotGranted\",\"message\":\"no scope\"}",
    );
    assert_eq!(GraphError::read(&wrapped).code, "PermissionScopeNotGranted");
    let detailed = json!({ "error": { "code": "BadRequest", "message": "Bad",
        "details": [{ "code": "InvalidUri", "message": "uri is wrong" }] } });
    assert_eq!(GraphError::read(&detailed).code, "InvalidUri");
    let old = json!({ "error": { "code": "X", "message": { "lang": "en", "value": "old" } } });
    assert_eq!(GraphError::read(&old).message, "old");
    let page = GraphError::read(&Value::String("<html>".into()));
    assert_eq!((page.code.as_str(), page.message.as_str()), ("", "<html>"));
}

#[test]
fn texts_of_vendors_cannot_reach_the_terminal_raw() {
    let read = GraphError::read(&plain("X", &format!("a\u{1b}[2Jb\r\nc {}", "long ".repeat(500))));
    assert!(!read.message.contains(|c: char| c.is_control()));
    assert!(read.message.len() < LONGEST + 10 && read.message.ends_with('…'));
}

#[test]
fn a_missing_scope_is_named() {
    let facts = person(&["User.Read", "Application.ReadWrite.All"], &[CLOUD_APP_ADMIN]);
    let path = "/servicePrincipals/1/synchronization/jobs";
    // The provisioning service says 401 where others say 403.
    for status in [401, 403] {
        let fault = fault(
            Method::POST,
            path,
            status,
            &plain("Authorization_RequestDenied", "Insufficient"),
            &facts,
        );
        assert_eq!((fault.kind, fault.retry), (Kind::Rights, Retry::Never));
        assert!(fault.why.contains("Synchronization.ReadWrite.All"), "{fault:?}");
    }
}

#[test]
fn a_missing_role_is_named_and_never_global_administrator() {
    let facts = person(
        &["Application.ReadWrite.All"],
        &["fe930be7-5e62-47db-91af-98c3a49a38b1"],
    );
    let denied = plain("Authorization_RequestDenied", "Insufficient privileges");
    let told = fault(Method::PATCH, "/applications/1", 403, &denied, &facts);
    assert!(told.why.contains("Cloud Application Administrator"), "{told:?}");
    for area in AREAS_OF_THE_WALK {
        let told = fault(Method::POST, area, 403, &denied, &TokenFacts::default());
        assert!(!format!("{told:?}").contains("Global Administrator"), "{told:?}");
        assert!(!told.hint.is_empty(), "{told:?}");
    }
}

const AREAS_OF_THE_WALK: [&str; 7] = [
    "/applicationTemplates/1/instantiate",
    "/servicePrincipals/1/appRoleAssignedTo",
    "/servicePrincipals/1/claimsPolicy",
    "/policies/claimsMappingPolicies",
    "/users",
    "/groups/1/members/$ref",
    "/auditLogs/provisioning",
];

#[test]
fn an_applications_missing_permission_is_named_as_such() {
    let facts = application(&["User.Read.All"]);
    let told = fault(
        Method::POST,
        "/applicationTemplates/1/instantiate",
        403,
        &plain("Authorization_RequestDenied", "x"),
        &facts,
    );
    assert!(
        told.why
            .contains("application permission Application.ReadWrite.OwnedBy"),
        "{told:?}"
    );
}

#[test]
fn provisioning_that_lacks_nothing_is_waited_for() {
    let facts = person(&["Synchronization.ReadWrite.All"], &[CLOUD_APP_ADMIN]);
    let path = "/servicePrincipals/1/synchronization/secrets";
    for status in [401, 403, 404, 409] {
        let fault = fault(Method::PUT, path, status, &plain("X", "x"), &facts);
        assert_eq!(fault.retry, Retry::Replication, "{status}");
    }
}

#[test]
fn the_symptoms_of_replication_are_known() {
    let none = TokenFacts::default();
    for (method, path, status, message) in [
        (Method::PATCH, "/applications/1", 404, "Resource '1' does not exist"),
        (Method::PATCH, "/applications/1", 409, "Conflict"),
        (
            Method::POST,
            "/servicePrincipals/1/appRoleAssignedTo",
            400,
            "Not a valid reference update.",
        ),
        (
            Method::POST,
            "/servicePrincipals",
            403,
            "When using this permission, the backing application of the service principal being created must in the local tenant",
        ),
    ] {
        let told = fault(method, path, status, &plain("X", message), &none);
        assert_eq!(told.retry, Retry::Replication, "{message}");
    }
    let taken = plain(
        "Request_BadRequest",
        "Another object with the same value for property identifierUris already exists.",
    );
    let told = fault(Method::PATCH, "/applications/1", 400, &taken, &none);
    assert_eq!((told.kind, told.retry), (Kind::Conflict, Retry::Never));
    assert!(told.hint.contains("purge"));
}

#[test]
fn conditional_access_and_licences_are_no_question_of_rights() {
    let none = TokenFacts::default();
    let challenge = plain("Forbidden", "insufficient_claims");
    assert_eq!(fault(Method::GET, "/users", 403, &challenge, &none).kind, Kind::SignIn);
    let free = plain(
        "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
        "Neither tenant is B2C or has premium license",
    );
    assert!(
        fault(Method::GET, "/auditLogs/provisioning", 403, &free, &none)
            .why
            .contains("licence")
    );
}

#[test]
fn sign_in_errors_are_explained_by_their_code() {
    let text = "AADSTS7000222: The provided client secret keys for app 'x' are expired. Trace ID: 1 Correlation ID: 2";
    let told = login_fault("invalid_client", text);
    assert_eq!((told.kind, told.code.as_deref()), (Kind::SignIn, Some("AADSTS7000222")));
    assert!(told.why.contains("expired") && !told.why.contains("Trace"), "{told:?}");
    assert!(told.hint.contains("new secret"));
    let unknown = login_fault("invalid_grant", "AADSTS99999: Something new.");
    assert!(unknown.why.contains("Something new") && unknown.code.as_deref() == Some("AADSTS99999"));
    assert_eq!(login_fault("temporarily_unavailable", "").retry, Retry::Backoff);
}
