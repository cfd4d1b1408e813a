//! Account assignments, which take their time.

use super::*;

#[tokio::test]
async fn an_assignment_takes_its_time_and_holds_the_set() {
    let bench = Bench::start("fresh").await;
    let (set, user) = (bench.set("RegionalAdmin").await, bench.user("nikki@contoso.com").await);
    let id = bench.assign(&set, &user).await.unwrap();
    assert_eq!(bench.assign(&set, &user).await.unwrap_err(), "ConflictException");
    let status = || async {
        let asked = bench
            .sso
            .describe_account_assignment_creation_status()
            .instance_arn(&bench.instance);
        let asked = asked.account_assignment_creation_request_id(&id).send().await.unwrap();
        asked.account_assignment_creation_status.unwrap().status.unwrap()
    };
    assert_eq!(status().await, StatusValues::InProgress);
    let listed = bench
        .sso
        .list_account_assignment_creation_status()
        .instance_arn(&bench.instance);
    let filter = OperationStatusFilter::builder()
        .status(StatusValues::InProgress)
        .build();
    assert_eq!(
        listed
            .filter(filter)
            .send()
            .await
            .unwrap()
            .account_assignments_creation_status()
            .len(),
        1
    );
    bench.pass(3).await;
    assert_eq!(status().await, StatusValues::Succeeded);

    let theirs = bench
        .sso
        .list_account_assignments_for_principal()
        .instance_arn(&bench.instance);
    let theirs = theirs
        .principal_id(&user)
        .principal_type(PrincipalType::User)
        .send()
        .await
        .unwrap();
    assert_eq!(
        theirs.account_assignments()[0].account_id(),
        Some(bench.management.as_str())
    );
    let there = bench
        .sso
        .list_account_assignments()
        .instance_arn(&bench.instance)
        .permission_set_arn(&set);
    assert_eq!(
        there
            .account_id(&bench.management)
            .send()
            .await
            .unwrap()
            .account_assignments()
            .len(),
        1
    );
    let places = bench
        .sso
        .list_accounts_for_provisioned_permission_set()
        .instance_arn(&bench.instance);
    assert_eq!(
        places.permission_set_arn(&set).send().await.unwrap().account_ids(),
        std::slice::from_ref(&bench.management)
    );
    let sets = bench
        .sso
        .list_permission_sets_provisioned_to_account()
        .instance_arn(&bench.instance);
    assert_eq!(
        sets.account_id(&bench.management)
            .send()
            .await
            .unwrap()
            .permission_sets(),
        std::slice::from_ref(&set)
    );

    // Changed, then told.
    let put = bench
        .sso
        .put_inline_policy_to_permission_set()
        .instance_arn(&bench.instance)
        .permission_set_arn(&set);
    put.inline_policy(r#"{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#)
        .send()
        .await
        .unwrap();
    let told = bench
        .sso
        .provision_permission_set()
        .instance_arn(&bench.instance)
        .permission_set_arn(&set);
    let told = told
        .target_type(ProvisionTargetType::AllProvisionedAccounts)
        .send()
        .await
        .unwrap();
    let told = told.permission_set_provisioning_status.unwrap().request_id.unwrap();
    bench.pass(3).await;
    let asked = bench
        .sso
        .describe_permission_set_provisioning_status()
        .instance_arn(&bench.instance);
    let asked = asked.provision_permission_set_request_id(told).send().await.unwrap();
    assert_eq!(
        asked.permission_set_provisioning_status.unwrap().status,
        Some(StatusValues::Succeeded)
    );

    let delete = bench
        .sso
        .delete_permission_set()
        .instance_arn(&bench.instance)
        .permission_set_arn(&set);
    assert_eq!(
        delete.clone().send().await.map_err(code).unwrap_err(),
        "ConflictException"
    );
    assert_eq!(bench.sim.verdict().len(), 1, "{:?}", bench.sim.verdict());
    let undo = bench
        .sso
        .delete_account_assignment()
        .instance_arn(&bench.instance)
        .permission_set_arn(&set);
    let undo = undo.target_id(&bench.management).target_type(TargetType::AwsAccount);
    let undo = undo
        .principal_type(PrincipalType::User)
        .principal_id(&user)
        .send()
        .await
        .unwrap();
    let undo = undo.account_assignment_deletion_status.unwrap().request_id.unwrap();
    bench.pass(3).await;
    let asked = bench
        .sso
        .describe_account_assignment_deletion_status()
        .instance_arn(&bench.instance);
    let asked = asked.account_assignment_deletion_request_id(undo).send().await.unwrap();
    assert_eq!(
        asked.account_assignment_deletion_status.unwrap().status,
        Some(StatusValues::Succeeded)
    );
    delete.send().await.unwrap();
    bench.check();
}

#[tokio::test]
async fn an_assignment_fails_late_where_a_policy_is_missing() {
    let bench = Bench::start("fresh").await;
    let (set, user) = (bench.set("Logs").await, bench.user("nikki@contoso.com").await);
    let policy = CustomerManagedPolicyReference::builder()
        .name("ReadLogs")
        .path("/team/")
        .build()
        .unwrap();
    let attach = bench
        .sso
        .attach_customer_managed_policy_reference_to_permission_set()
        .instance_arn(&bench.instance);
    attach
        .permission_set_arn(&set)
        .customer_managed_policy_reference(policy)
        .send()
        .await
        .unwrap();
    let id = bench.assign(&set, &user).await.unwrap();
    bench.pass(5).await;
    let asked = bench
        .sso
        .describe_account_assignment_creation_status()
        .instance_arn(&bench.instance);
    let asked = asked.account_assignment_creation_request_id(&id).send().await.unwrap();
    let status = asked.account_assignment_creation_status.unwrap();
    assert_eq!(status.status, Some(StatusValues::Failed));
    assert!(status.failure_reason.unwrap().contains("policy/team/ReadLogs"));
    bench.check();
}

#[tokio::test]
async fn the_sixteenth_assignment_under_way_is_throttled() {
    let bench = Bench::start("fresh").await;
    let user = bench.user("nikki@contoso.com").await;
    let mut sets = Vec::new();
    for n in 0..16 {
        sets.push(bench.set(&format!("Set{n}")).await);
        bench.pass(1).await;
    }
    for (n, set) in sets.iter().enumerate() {
        let began = bench.assign(set, &user).await;
        assert_eq!(began.is_ok(), n < 15, "{n} {began:?}");
    }
    assert!(
        bench.sim.verdict()[0].contains("15 account assignments"),
        "{:?}",
        bench.sim.verdict()
    );
    bench.check();
}
