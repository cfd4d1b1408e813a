//! Who calls, where, with what keys, and what is written down of it.

use super::*;

#[tokio::test]
async fn who_i_am_and_what_there_is() {
    let bench = Bench::start("fresh").await;
    let me = bench.sts.get_caller_identity().send().await.unwrap();
    assert_eq!(me.account(), Some(bench.management.as_str()));
    assert!(me.arn().unwrap().ends_with(":user/operator"));
    let role = format!("arn:aws:iam::{}:role/Admin", bench.management);
    let became = bench
        .sts
        .assume_role()
        .role_arn(role)
        .role_session_name("test")
        .send()
        .await
        .unwrap();
    assert!(became.credentials.unwrap().access_key_id.starts_with("ASIA"));

    let instances = bench
        .sso
        .list_instances()
        .region_scope(RegionScope::AllRegions)
        .send()
        .await
        .unwrap();
    assert_eq!(instances.instances()[0].instance_arn(), Some(bench.instance.as_str()));
    let described = bench
        .sso
        .describe_instance()
        .instance_arn(&bench.instance)
        .send()
        .await
        .unwrap();
    assert_eq!(described.permission_sets_enabled, Some(true));
    assert_eq!(
        bench
            .sso
            .list_regions()
            .instance_arn(&bench.instance)
            .send()
            .await
            .unwrap()
            .regions()
            .len(),
        1
    );

    let org = bench
        .org
        .describe_organization()
        .send()
        .await
        .unwrap()
        .organization
        .unwrap();
    assert_eq!(org.master_account_id(), Some(bench.management.as_str()));
    assert_eq!(bench.org.list_accounts().send().await.unwrap().accounts().len(), 3);
    bench
        .org
        .describe_account()
        .account_id(&bench.management)
        .send()
        .await
        .unwrap();
    let root = bench.org.list_roots().send().await.unwrap().roots()[0]
        .id()
        .unwrap()
        .to_owned();
    assert_eq!(
        bench
            .org
            .list_accounts_for_parent()
            .parent_id(&root)
            .send()
            .await
            .unwrap()
            .accounts()
            .len(),
        3
    );
    bench
        .org
        .list_organizational_units_for_parent()
        .parent_id(&root)
        .send()
        .await
        .unwrap();
    bench
        .org
        .list_parents()
        .child_id(&bench.management)
        .send()
        .await
        .unwrap();
    bench
        .org
        .list_delegated_administrators()
        .service_principal("sso.amazonaws.com")
        .send()
        .await
        .unwrap();
    let services = bench
        .org
        .list_aws_service_access_for_organization()
        .send()
        .await
        .unwrap();
    assert_eq!(
        services.enabled_service_principals()[0].service_principal(),
        Some("sso.amazonaws.com")
    );
    bench
        .store
        .describe_identity_store()
        .identity_store_id(&bench.store_id)
        .send()
        .await
        .unwrap();
    bench.store.list_identity_stores().send().await.unwrap();
    bench.check();
    assert_eq!(bench.sim.verdict(), Vec::<String>::new());
}

#[tokio::test]
async fn an_unknown_key_and_another_region_are_told_apart() {
    let bench = Bench::start("fresh").await;
    let stranger = config(&bench.sim, &bench.recorder, "AKIAIOSFODNN7EXAMPLE", "us-east-1");
    let refused = aws_sdk_sts::Client::new(&stranger)
        .get_caller_identity()
        .send()
        .await
        .map_err(code);
    assert_eq!(refused.unwrap_err(), "InvalidClientTokenId");
    let refused = aws_sdk_ssoadmin::Client::new(&stranger)
        .list_instances()
        .send()
        .await
        .map_err(code);
    assert_eq!(refused.unwrap_err(), "UnrecognizedClientException");

    let key = bench.sim.aws_access().remove(0).access_key;
    let elsewhere = aws_sdk_ssoadmin::Client::new(&config(&bench.sim, &bench.recorder, &key, "eu-west-1"));
    assert!(elsewhere.list_instances().send().await.unwrap().instances().is_empty());
    let everywhere = elsewhere
        .list_instances()
        .region_scope(RegionScope::AllRegions)
        .send()
        .await
        .unwrap();
    assert_eq!(everywhere.instances()[0].primary_region(), Some("us-east-1"));
    let refused = elsewhere
        .describe_instance()
        .instance_arn(&bench.instance)
        .send()
        .await
        .map_err(code);
    assert_eq!(refused.unwrap_err(), "AccessDeniedException");
    bench.check();
}

#[tokio::test]
async fn events_are_found_some_time_later() {
    let bench = Bench::start("fresh").await;
    bench.set("RegionalAdmin").await;
    let look = || {
        let named = LookupAttribute::builder().attribute_key(LookupAttributeKey::EventName);
        let named = named.attribute_value("CreatePermissionSet").build().unwrap();
        bench.trail.lookup_events().lookup_attributes(named).send()
    };
    assert!(look().await.unwrap().events().is_empty());
    bench.pass(60).await;
    let found = look().await.unwrap();
    let record: Value = serde_json::from_str(found.events()[0].cloud_trail_event().unwrap()).unwrap();
    assert_eq!(
        (&record["eventName"], &record["eventSource"]),
        (&json!("CreatePermissionSet"), &json!("sso.amazonaws.com"))
    );
    bench.check();
}

#[tokio::test]
async fn the_console_hands_out_two_tokens_and_takes_them_back_in_order() {
    let bench = Bench::start("fresh").await;
    let click = |action: &str, args: Value| bench.sim.click(action, args.as_object().unwrap_or(&Map::new()));
    assert_eq!(click("aws.enable-provisioning", json!({})).unwrap_err().status, 409);
    let shown = click("aws.show-sp-metadata", json!({})).unwrap();
    assert!(
        shown["metadata"]
            .as_str()
            .unwrap()
            .contains(shown["issuer_url"].as_str().unwrap())
    );
    assert!(click("aws.change-identity-source", json!({"idp_metadata": "<x/>"})).is_err());
    let before = bench.sim.state_json();
    click(
        "aws.change-identity-source",
        json!({"idp_metadata": provider_metadata()}),
    )
    .unwrap();
    let first = click("aws.enable-provisioning", json!({})).unwrap();
    let second = click("aws.enable-provisioning", json!({})).unwrap();
    assert_eq!(first["endpoint"], second["endpoint"]);
    assert_eq!(click("aws.enable-provisioning", json!({})).unwrap_err().status, 409);

    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let ask = |endpoint: &Value, token: &Value| {
        let url = format!("{}/ServiceProviderConfig", endpoint.as_str().unwrap());
        let request = http.get(url).bearer_auth(token.as_str().unwrap());
        async move { request.send().await.unwrap().status().as_u16() }
    };
    assert_eq!(ask(&first["endpoint"], &first["token"]).await, 200);
    let wrong = json!(first["endpoint"].as_str().unwrap().replace("/scim/v2", "x/scim/v2"));
    assert_eq!(ask(&wrong, &first["token"]).await, 401);
    click("aws.delete-token", json!({"which": "oldest"})).unwrap();
    assert_eq!(ask(&first["endpoint"], &first["token"]).await, 401);
    assert_eq!(ask(&first["endpoint"], &second["token"]).await, 200);
    bench.pass(366 * 24 * 3600).await;
    assert_eq!(ask(&first["endpoint"], &second["token"]).await, 401);
    assert_eq!(click("aws.disable-provisioning", json!({})).unwrap_err().status, 409);
    click("aws.delete-token", json!({"which": "all"})).unwrap();
    click("aws.disable-provisioning", json!({})).unwrap();
    click("aws.revert-identity-source", json!({})).unwrap();
    assert_eq!(bench.sim.state_json(), before);
    let token = second["token"].as_str().unwrap();
    assert!(
        !bench.sim.state_json().to_string().contains(token) && !bench.sim.ledger_json().to_string().contains(token)
    );
}
