//! The application, its service principal, its certificate and its claims.

use super::*;

#[tokio::test]
async fn an_application_is_set_up_for_saml_and_taken_away_again() {
    let graph = Graph::start().await;
    let before = graph.sim.state_json();
    assert_eq!(
        graph.get(&format!("/v1.0/applicationTemplates/{AWS_TEMPLATE}")).await["publisher"],
        "Amazon Web Services, Inc."
    );
    let made = graph
        .good(
            "POST",
            &format!("/v1.0/applicationTemplates/{AWS_TEMPLATE}/instantiate"),
            json!({"displayName": "AWS"}),
        )
        .await;
    let (app, sp) = (
        made["application"]["id"].as_str().unwrap(),
        made["servicePrincipal"]["id"].as_str().unwrap(),
    );
    let app_id = made["application"]["appId"].as_str().unwrap();
    assert_eq!(made["servicePrincipal"]["appRoleAssignmentRequired"], true);
    // Not everywhere at once.
    assert_eq!(
        graph
            .call("GET", &format!("/v1.0/servicePrincipals/{sp}"), None)
            .await
            .0,
        404
    );
    graph.wait(2).await;
    graph.get(&format!("/v1.0/servicePrincipals/{sp}")).await;
    let found = graph
        .all(&format!(
            "/v1.0/servicePrincipals?$filter=applicationTemplateId%20eq%20'{AWS_TEMPLATE}'"
        ))
        .await;
    assert_eq!(found.len(), 1);
    let uri = json!({"identifierUris": ["https://us-east-1.signin.aws.amazon.com/platform/saml/d-1234567890"]});
    assert_eq!(
        graph
            .bad("PATCH", &format!("/v1.0/applications/{app}"), Some(uri.clone()))
            .await
            .0,
        409
    );
    graph.wait(5).await;
    assert_eq!(
        graph
            .bad("PATCH", &format!("/v1.0/applications/{app}"), Some(uri.clone()))
            .await
            .1,
        "HostNameNotOnVerifiedDomain"
    );
    graph
        .good(
            "PATCH",
            &format!("/v1.0/servicePrincipals/{sp}"),
            json!({"preferredSingleSignOnMode": "saml"}),
        )
        .await;
    graph
        .good("PATCH", &format!("/v1.0/applications/{app}"), uri.clone())
        .await;
    graph
        .good(
            "PATCH",
            &format!("/v1.0/applications/{app}"),
            json!({"web": {"redirectUris": ["https://a.example/acs/1", "https://b.example/acs/2"]}}),
        )
        .await;
    let shown = graph
        .get(&format!(
            "/v1.0/servicePrincipals/{sp}?$select=replyUrls,servicePrincipalNames"
        ))
        .await;
    assert_eq!(shown["replyUrls"].as_array().unwrap().len(), 2);
    // Three credentials of one certificate, one identifier.
    let certificate = graph
        .good(
            "POST",
            &format!("/v1.0/servicePrincipals/{sp}/addTokenSigningCertificate"),
            json!({"displayName": "CN=fedwiz"}),
        )
        .await;
    let print = certificate["thumbprint"].as_str().unwrap();
    graph
        .good(
            "PATCH",
            &format!("/v1.0/servicePrincipals/{sp}"),
            json!({"preferredTokenSigningKeyThumbprint": print}),
        )
        .await;
    let keys = graph
        .get(&format!(
            "/v1.0/servicePrincipals/{sp}?$select=keyCredentials,passwordCredentials"
        ))
        .await;
    let all = [
        keys["keyCredentials"].as_array().unwrap().clone(),
        keys["passwordCredentials"].as_array().unwrap().clone(),
    ]
    .concat();
    assert_eq!(all.len(), 3);
    assert!(
        all.iter()
            .all(|k| k["customKeyIdentifier"] == certificate["customKeyIdentifier"])
    );
    let url = format!(
        "{}/contoso.onmicrosoft.com/federationmetadata/2007-06/federationmetadata.xml?appid={app_id}",
        graph.sim.addresses().login
    );
    let key = certificate["key"].as_str().unwrap();
    assert!(!reqwest::get(&url).await.unwrap().text().await.unwrap().contains(key));
    graph.wait(10).await;
    let xml = reqwest::get(&url).await.unwrap().bytes().await.unwrap();
    assert!(xml.starts_with("\u{feff}".as_bytes()) && String::from_utf8_lossy(&xml).contains(key));
    // Assigned once, and only once.
    let user = graph.user("nikki").await;
    let role = "8774f594-1d59-4279-b9d9-59ef09a23530";
    let assignment = json!({"principalId": user, "resourceId": sp, "appRoleId": role});
    let path = format!("/v1.0/servicePrincipals/{sp}/appRoleAssignedTo");
    graph.good("POST", &path, assignment.clone()).await;
    assert!(
        graph
            .bad("POST", &path, Some(assignment.clone()))
            .await
            .2
            .contains("already exists")
    );
    // Away: the identifier stays taken until the recycle bin is emptied.
    assert_eq!(
        graph.call("DELETE", &format!("/v1.0/applications/{app}"), None).await.0,
        204
    );
    assert_eq!(
        graph
            .call("GET", &format!("/v1.0/servicePrincipals/{sp}"), None)
            .await
            .0,
        404
    );
    let (second, second_sp, _) = graph.app().await;
    graph
        .good(
            "PATCH",
            &format!("/v1.0/servicePrincipals/{second_sp}"),
            json!({"preferredSingleSignOnMode": "saml"}),
        )
        .await;
    assert!(
        graph
            .bad("PATCH", &format!("/v1.0/applications/{second}"), Some(uri.clone()))
            .await
            .2
            .contains("same value")
    );
    assert_eq!(
        graph
            .call("DELETE", &format!("/v1.0/directory/deletedItems/{app}"), None)
            .await
            .0,
        204
    );
    graph.good("PATCH", &format!("/v1.0/applications/{second}"), uri).await;
    assert_eq!(
        graph
            .call("DELETE", &format!("/v1.0/applications/{second}"), None)
            .await
            .0,
        204
    );
    assert_eq!(graph.call("DELETE", &format!("/v1.0/users/{user}"), None).await.0, 204);
    assert_eq!(graph.sim.state_json(), before);
    assert_eq!(graph.sim.verdict(), Vec::<String>::new());
}

#[tokio::test]
async fn claims_are_checked_and_kept() {
    let graph = Graph::start().await;
    let (_, sp, _) = graph.app().await;
    let path = format!("/beta/servicePrincipals/{sp}/claimsPolicy");
    let sourced = |id: &str, kind: Option<&str>| {
        json!({ "condition": kind.map(|k| json!({"@odata.type": "#microsoft.graph.customClaimCondition", "userType": k, "memberOf": []})),
            "attribute": {"@odata.type": "#microsoft.graph.sourcedAttribute", "id": id, "source": "user", "isExtensionAttribute": false}, "transformations": [] })
    };
    let policy = |name: Value, source: Value| {
        json!({ "includeBasicClaimSet": true, "includeApplicationIdInIssuer": false, "audienceOverride": null, "groupFilter": null, "claims": [
            {"@odata.type": "#microsoft.graph.samlNameIdClaim", "nameIdFormat": "emailAddress", "serviceProviderNameQualifier": null, "configurations": name},
            {"@odata.type": "#microsoft.graph.customClaim", "name": "AccessControl:Department", "namespace": "https://aws.amazon.com/SAML/Attributes",
             "tokenFormat": ["saml"], "samlAttributeNameFormat": "unspecified", "configurations": source} ]})
    };
    let names = json!([sourced("userprincipalname", None), sourced("mail", Some("allGuests"))]);
    graph
        .good(
            "PUT",
            &path,
            policy(names.clone(), json!([sourced("department", None)])),
        )
        .await;
    assert_eq!(graph.get(&path).await["claims"].as_array().unwrap().len(), 2);
    // Sources that claims cannot have.
    assert_eq!(
        graph
            .bad("PUT", &path, Some(policy(names, json!([sourced("costcenter", None)]))))
            .await
            .0,
        400
    );
    assert_eq!(
        graph
            .bad(
                "PUT",
                &path,
                Some(policy(
                    json!([sourced("department", None)]),
                    json!([sourced("department", None)])
                ))
            )
            .await
            .0,
        400
    );
    assert_eq!(graph.bad("DELETE", &path, None).await.0, 405);
    let definition = r#"{"ClaimsMappingPolicy":{"Version":1,"IncludeBasicClaimSet":"true","ClaimsSchema":[{"Source":"user","ID":"department","SamlClaimType":"https://aws.amazon.com/SAML/Attributes/AccessControl:Department"}]}}"#;
    let made = graph
        .good(
            "POST",
            "/v1.0/policies/claimsMappingPolicies",
            json!({"definition": [definition], "displayName": "x"}),
        )
        .await;
    graph.wait(5).await;
    let id = made["id"].as_str().unwrap();
    let link = json!({"@odata.id": format!("https://graph.microsoft.com/v1.0/policies/claimsMappingPolicies/{id}")});
    graph
        .good(
            "POST",
            &format!("/v1.0/servicePrincipals/{sp}/claimsMappingPolicies/$ref"),
            link.clone(),
        )
        .await;
    assert_eq!(
        graph
            .bad(
                "POST",
                &format!("/v1.0/servicePrincipals/{sp}/claimsMappingPolicies/$ref"),
                Some(link)
            )
            .await
            .0,
        400
    );
    assert_eq!(
        graph
            .get(&format!("/v1.0/servicePrincipals/{sp}/claimsMappingPolicies"))
            .await["value"][0]["id"],
        id
    );
    assert_eq!(
        graph
            .get(&format!("/v1.0/policies/claimsMappingPolicies/{id}/appliesTo"))
            .await["value"][0]["id"],
        sp.as_str()
    );
    assert_eq!(
        graph
            .call(
                "DELETE",
                &format!("/v1.0/servicePrincipals/{sp}/claimsMappingPolicies/{id}/$ref"),
                None
            )
            .await
            .0,
        204
    );
    assert_eq!(
        graph
            .call("DELETE", &format!("/v1.0/policies/claimsMappingPolicies/{id}"), None)
            .await
            .0,
        204
    );
}
