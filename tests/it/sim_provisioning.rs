//! The simulated provisioning service against the simulated AWS, and sign-ins across both.

use serde_json::{Map, Value, json};

use crate::sim_graph::Graph;

const ROLE: &str = "8774f594-1d59-4279-b9d9-59ef09a23530";

fn args(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

/// Everything a federation needs, by API and by clicks.
async fn connected(graph: &Graph) -> (String, String) {
    let (app, sp, app_id) = graph.app().await;
    let shown = graph.sim.click("aws.show-sp-metadata", &Map::new()).unwrap();
    graph
        .good(
            "PATCH",
            &format!("/v1.0/servicePrincipals/{sp}"),
            json!({"preferredSingleSignOnMode": "saml"}),
        )
        .await;
    let replies: Vec<&str> = shown["acs_urls"].as_str().unwrap().lines().collect();
    let body = json!({"identifierUris": [shown["issuer_url"]], "web": {"redirectUris": replies}});
    graph.good("PATCH", &format!("/v1.0/applications/{app}"), body).await;
    let path = format!("/v1.0/servicePrincipals/{sp}/addTokenSigningCertificate");
    let certificate = graph.good("POST", &path, json!({"displayName": "CN=fedwiz"})).await;
    let print = json!({"preferredTokenSigningKeyThumbprint": certificate["thumbprint"]});
    graph
        .good("PATCH", &format!("/v1.0/servicePrincipals/{sp}"), print)
        .await;
    graph.wait(10).await;
    let url = format!(
        "{}/contoso.onmicrosoft.com/federationmetadata/2007-06/federationmetadata.xml?appid={app_id}",
        graph.sim.addresses().login
    );
    let xml = reqwest::get(&url).await.unwrap().text().await.unwrap();
    graph
        .sim
        .click("aws.change-identity-source", &args(json!({ "idp_metadata": xml })))
        .unwrap();
    let token = graph.sim.click("aws.enable-provisioning", &Map::new()).unwrap();
    let base = format!("/v1.0/servicePrincipals/{sp}/synchronization");
    let job = graph
        .good(
            "POST",
            &format!("{base}/jobs"),
            json!({"templateId": "aWSSingleSignon"}),
        )
        .await;
    let secrets = json!({"value": [{"key": "BaseAddress", "value": token["endpoint"]}, {"key": "SecretToken", "value": token["token"]}, {"key": "SyncAll", "value": "false"}]});
    let path = format!("{base}/jobs/{}", job["id"].as_str().unwrap());
    assert_eq!(
        graph
            .call(
                "POST",
                &format!("{path}/validateCredentials"),
                Some(json!({"credentials": secrets["value"]}))
            )
            .await
            .0,
        204
    );
    graph.good("PUT", &format!("{base}/secrets"), secrets).await;
    (sp, path)
}

async fn assign(graph: &Graph, sp: &str, principal: &str) -> String {
    let body = json!({"principalId": principal, "resourceId": sp, "appRoleId": ROLE});
    let made = graph
        .good("POST", &format!("/v1.0/servicePrincipals/{sp}/appRoleAssignedTo"), body)
        .await;
    made["id"].as_str().unwrap().to_owned()
}

/// What AWS has: user name and whether it is enabled.
fn in_aws(graph: &Graph) -> Vec<(String, bool)> {
    graph.sim.with(|world| {
        let directory = &world.aws[0].instance.as_ref().unwrap().directory;
        let mut users: Vec<_> = directory
            .users
            .values()
            .map(|u| (u.user_name().to_owned(), u.active))
            .collect();
        users.sort();
        users
    })
}

#[tokio::test]
async fn people_arrive_change_and_leave() {
    let graph = Graph::start().await;
    let (sp, job) = connected(&graph).await;
    let (ann, bob) = (graph.user("ann").await, graph.user("bob").await);
    let group = graph
        .good(
            "POST",
            "/v1.0/groups",
            json!({"displayName": "AWS people", "mailEnabled": false, "mailNickname": "aws", "securityEnabled": true}),
        )
        .await;
    let group = group["id"].as_str().unwrap().to_owned();
    graph.wait(5).await;
    let link = json!({"@odata.id": format!("https://graph.microsoft.com/v1.0/directoryObjects/{bob}")});
    graph
        .good("POST", &format!("/v1.0/groups/{group}/members/$ref"), link)
        .await;
    let assignment = assign(&graph, &sp, &ann).await;
    assign(&graph, &sp, &group).await;
    assert_eq!(graph.call("POST", &format!("{job}/start"), None).await.0, 204);
    graph.wait_for_a_cycle().await;
    let status = graph.get(&job).await["status"].clone();
    assert_eq!(
        (&status["code"], &status["lastExecution"]["state"]),
        (&json!("Active"), &json!("Succeeded")),
        "{status}"
    );
    assert!(
        !status["steadyStateFirstAchievedTime"]
            .as_str()
            .unwrap()
            .starts_with("0001")
    );
    let on = |name: &str, active: bool| (format!("{name}@contoso.onmicrosoft.com"), active);
    assert_eq!(in_aws(&graph), [on("ann", true), on("bob", true)]);
    let members = graph
        .sim
        .with(|w| w.aws[0].instance.as_ref().unwrap().directory.memberships.len());
    assert_eq!(members, 1);
    // Nothing to do is nothing done.
    let exported = |status: &Value| status["lastExecution"]["countExported"].as_u64().unwrap();
    graph.wait_for_a_cycle().await;
    assert_eq!(exported(&graph.get(&job).await["status"]), 0);
    // Unassigned: disabled, not deleted. Changed: changed. Cleared: stays.
    graph
        .call(
            "DELETE",
            &format!("/v1.0/servicePrincipals/{sp}/appRoleAssignedTo/{assignment}"),
            None,
        )
        .await;
    graph
        .good("PATCH", &format!("/v1.0/users/{bob}"), json!({"department": "Sales"}))
        .await;
    graph.wait_for_a_cycle().await;
    assert_eq!(in_aws(&graph), [on("ann", false), on("bob", true)]);
    graph
        .good("PATCH", &format!("/v1.0/users/{bob}"), json!({"department": null}))
        .await;
    graph.wait_for_a_cycle().await;
    let department = graph.sim.with(|w| {
        let directory = &w.aws[0].instance.as_ref().unwrap().directory;
        directory
            .users
            .values()
            .find_map(|u| u.enterprise.get("department").cloned())
    });
    assert_eq!(department, Some(json!("Sales")));
    // Deleted: disabled. Purged: deleted.
    graph.call("DELETE", &format!("/v1.0/users/{bob}"), None).await;
    graph.wait_for_a_cycle().await;
    assert_eq!(in_aws(&graph), [on("ann", false), on("bob", false)]);
    graph
        .call("DELETE", &format!("/v1.0/directory/deletedItems/{bob}"), None)
        .await;
    graph.wait_for_a_cycle().await;
    assert_eq!(in_aws(&graph), [on("ann", false)]);
    let log = graph
        .all("/v1.0/auditLogs/provisioning?$filter=provisioningStatusInfo/status%20eq%20'success'&$top=100")
        .await;
    let actions: Vec<&str> = log.iter().map(|e| e["provisioningAction"].as_str().unwrap()).collect();
    for action in ["create", "update", "disable", "delete"] {
        assert!(actions.contains(&action), "{action} in {actions:?}");
    }
    graph.call("POST", &format!("{job}/pause"), None).await;
    assert_eq!(graph.sim.verdict(), Vec::<String>::new());
}

#[tokio::test]
async fn on_demand_takes_seconds_and_says_what_was_done() {
    let graph = Graph::start().await;
    let (sp, job) = connected(&graph).await;
    let ann = graph.user("ann").await;
    let rule = graph.get(&format!("{job}/schema")).await["synchronizationRules"][0]["id"].clone();
    let ask = json!({"parameters": [{"ruleId": rule, "subjects": [{"objectId": ann, "objectTypeName": "User"}]}]});
    let result = |answer: &Value| -> Value {
        let key: Value = serde_json::from_str(answer["key"].as_str().unwrap()).unwrap();
        key["result"].clone()
    };
    let path = format!("{job}/provisionOnDemand");
    assert_eq!(result(&graph.good("POST", &path, ask.clone()).await), "Skipped");
    assign(&graph, &sp, &ann).await;
    let answer = graph.good("POST", &path, ask.clone()).await;
    assert_eq!(result(&answer), "Success", "{answer}");
    assert_eq!(in_aws(&graph).len(), 1);
    let again = graph.good("POST", &path, ask.clone()).await;
    assert!(again["key"].as_str().unwrap().contains("RedundantExport"));
}

#[tokio::test]
async fn a_deleted_token_puts_the_job_into_quarantine_at_once() {
    let graph = Graph::start().await;
    let (sp, job) = connected(&graph).await;
    let ann = graph.user("ann").await;
    assign(&graph, &sp, &ann).await;
    assert_eq!(graph.call("POST", &format!("{job}/start"), None).await.0, 204);
    graph.wait_for_a_cycle().await;
    assert_eq!(graph.get(&job).await["status"]["code"], "Active");
    graph
        .sim
        .click("aws.delete-token", &args(json!({"which": "all"})))
        .unwrap();
    graph.wait_for_a_cycle().await;
    let status = graph.get(&job).await["status"].clone();
    assert_eq!(
        (&status["code"], &status["quarantine"]["reason"]),
        (&json!("Quarantine"), &json!("EncounteredQuarantineException"))
    );
    let saved = json!({"useSavedCredentials": true});
    assert_eq!(
        graph
            .call("POST", &format!("{job}/validateCredentials"), Some(saved))
            .await
            .0,
        400
    );
    assert_eq!(graph.call("POST", &format!("{job}/pause"), None).await.0, 204);
}

#[tokio::test]
async fn people_sign_in_when_everything_fits() {
    let graph = Graph::start().await;
    let (sp, _) = connected(&graph).await;
    let ann = graph.user("ann").await;
    let upn = "ann@contoso.onmicrosoft.com";
    let click = |from: &str| {
        graph
            .sim
            .click("entra.sign-in", &args(json!({ "upn": upn, "from": from })))
    };
    assert_eq!(click("account").unwrap()["applications"], json!([]));
    assert!(click("my-apps").unwrap_err().reason.contains("AADSTS50105"));
    assign(&graph, &sp, &ann).await;
    // Entra lets her through; AWS does not know her.
    assert!(click("portal").unwrap_err().reason.contains("No enabled user"));
    let rule = graph
        .get(&format!("/v1.0/servicePrincipals/{sp}/synchronization/jobs"))
        .await["value"][0]["id"]
        .clone();
    let job = format!(
        "/v1.0/servicePrincipals/{sp}/synchronization/jobs/{}",
        rule.as_str().unwrap()
    );
    let rule = graph.get(&format!("{job}/schema")).await["synchronizationRules"][0]["id"].clone();
    let ask = json!({"parameters": [{"ruleId": rule, "subjects": [{"objectId": ann, "objectTypeName": "User"}]}]});
    graph.good("POST", &format!("{job}/provisionOnDemand"), ask).await;
    assert_eq!(click("portal").unwrap()["accounts"], json!({}));
    assert_eq!(click("my-apps").unwrap()["target"], "aws");
}
