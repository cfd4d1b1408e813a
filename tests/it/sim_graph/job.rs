//! The provisioning job.

use super::*;

#[tokio::test]
async fn a_job_has_a_schema_secrets_and_a_life() {
    let graph = Graph::start().await;
    let (_, sp, app_id) = graph.app().await;
    let base = format!("/v1.0/servicePrincipals/{sp}/synchronization");
    assert_eq!(
        graph.get(&format!("{base}/templates")).await["value"][0]["id"],
        "aWSSingleSignon"
    );
    graph.get(&format!("{base}/templates/aWSSingleSignon/schema")).await;
    let job = graph
        .good(
            "POST",
            &format!("{base}/jobs"),
            json!({"templateId": "aWSSingleSignon"}),
        )
        .await;
    let id = job["id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("aWSSingleSignon.") && id.ends_with(&app_id));
    assert_eq!(
        graph
            .bad(
                "POST",
                &format!("{base}/jobs"),
                Some(json!({"templateId": "aWSSingleSignon"}))
            )
            .await
            .0,
        409
    );
    let secrets = json!({"value": [
        {"key": "BaseAddress", "value": "http://127.0.0.1:9/x/scim/v2"}, {"key": "SecretToken", "value": "a-long-secret-token"},
        {"key": "SyncAll", "value": "false"}, {"key": "SyncNotificationSettings", "value": "{\"Enabled\":true}"}]});
    graph.good("PUT", &format!("{base}/secrets"), secrets).await;
    let shown = graph.get(&format!("{base}/secrets")).await;
    assert_eq!(shown["value"][1], json!({"key": "SecretToken", "value": "*"}));
    assert_eq!(
        graph
            .bad(
                "PUT",
                &format!("{base}/secrets"),
                Some(json!({"value": [{"key": "Nothing", "value": "x"}]}))
            )
            .await
            .0,
        400
    );
    // Nobody listens there.
    let (status, code, _) = graph
        .bad(
            "POST",
            &format!("{base}/jobs/{id}/validateCredentials"),
            Some(json!({"useSavedCredentials": true})),
        )
        .await;
    assert_eq!(
        (status, code.as_str()),
        (
            400,
            "SystemForCrossDomainIdentityManagementCredentialValidationUnavailable"
        )
    );
    let path = format!("{base}/jobs/{id}/schema");
    let mut schema = graph.get(&path).await;
    let list = schema["synchronizationRules"][0]["objectMappings"][1]["attributeMappings"]
        .as_array_mut()
        .unwrap();
    let external = list
        .iter_mut()
        .find(|m| m["targetAttributeName"] == "externalId")
        .unwrap();
    assert_eq!(external["source"]["name"], "mailNickname");
    external["source"] = json!({"expression": "[objectId]", "name": "objectId", "type": "Attribute", "parameters": []});
    graph.good("PUT", &path, schema.clone()).await;
    assert_eq!(graph.get(&path).await, schema);
    let mut broken = schema.clone();
    broken["synchronizationRules"][0]["objectMappings"][1]["attributeMappings"][0]["targetAttributeName"] =
        "nothing".into();
    assert_eq!(graph.bad("PUT", &path, Some(broken)).await.0, 400);
    let expression = json!({"expression": "Append([mail], \"x\")"});
    assert_eq!(
        graph
            .good("POST", &format!("{path}/parseExpression"), expression.clone())
            .await["parsingSucceeded"],
        true
    );
    // The contract leaves out the value of a test input, because its type is open.
    let mut tested = expression;
    tested["testInputObject"] = json!({"properties": [{"key": "mail", "value": "m"}]});
    let (_, parsed) = graph
        .raw("POST", &format!("{path}/parseExpression"), Some(tested))
        .await;
    assert_eq!(
        (&parsed["parsingSucceeded"], &parsed["evaluationResult"]),
        (&json!(true), &json!(["mx"]))
    );
    assert!(
        !graph.get(&format!("{path}/filterOperators()")).await["value"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    assert!(
        !graph.get(&format!("{path}/functions()")).await["value"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    assert_eq!(graph.call("DELETE", &path, None).await.0, 204);
    // With nobody listening the first cycle ends in quarantine.
    assert_eq!(
        graph.call("POST", &format!("{base}/jobs/{id}/start"), None).await.0,
        204
    );
    assert_eq!(
        graph.get(&format!("{base}/jobs/{id}")).await["status"]["code"],
        "NotRun"
    );
    graph.wait(300).await;
    let job = graph.get(&format!("{base}/jobs/{id}")).await;
    assert_eq!(
        job["status"]["quarantine"]["reason"], "EncounteredQuarantineException",
        "{job}"
    );
    assert_eq!(
        graph.call("POST", &format!("{base}/jobs/{id}/pause"), None).await.0,
        204
    );
    graph
        .good(
            "POST",
            &format!("{base}/jobs/{id}/restart"),
            json!({"criteria": {"resetScope": "Escrows, QuarantineState"}}),
        )
        .await;
    assert_eq!(
        graph.get(&format!("{base}/jobs/{id}")).await["status"]["code"],
        "Paused"
    );
    assert_eq!(graph.call("DELETE", &format!("{base}/jobs/{id}"), None).await.0, 204);
    graph.get("/v1.0/auditLogs/directoryAudits").await;
}
