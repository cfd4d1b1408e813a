//! Permission sets and attributes for access control.

use super::*;

#[tokio::test]
async fn a_permission_set_from_birth_to_death() {
    let bench = Bench::start("fresh").await;
    let (sso, instance) = (&bench.sso, &bench.instance);
    let tag = Tag::builder().key("fedwiz:managed-by").value("test").build().unwrap();
    let made = sso
        .create_permission_set()
        .instance_arn(instance)
        .name("RegionalAdmin")
        .description("Regions");
    let made = made
        .relay_state("https://console.aws.amazon.com/")
        .tags(tag.clone())
        .send()
        .await
        .unwrap();
    let arn = made.permission_set.unwrap().permission_set_arn.unwrap();

    sso.update_permission_set()
        .instance_arn(instance)
        .permission_set_arn(&arn)
        .description("All Regions")
        .send()
        .await
        .unwrap();
    let now = sso
        .describe_permission_set()
        .instance_arn(instance)
        .permission_set_arn(&arn)
        .send()
        .await
        .unwrap();
    let now = now.permission_set.unwrap();
    assert_eq!(
        (now.description(), now.relay_state(), now.session_duration()),
        (Some("All Regions"), None, Some("PT1H"))
    );

    let policy =
        json!({"Statement": [{"Effect": "Allow", "Action": ["account:ListRegions"], "Resource": ["*"]}]}).to_string();
    let none = sso
        .get_inline_policy_for_permission_set()
        .instance_arn(instance)
        .permission_set_arn(&arn)
        .send()
        .await;
    assert_eq!(none.unwrap().inline_policy(), None);
    let put = sso
        .put_inline_policy_to_permission_set()
        .instance_arn(instance)
        .permission_set_arn(&arn);
    put.clone().inline_policy(&policy).send().await.unwrap();
    assert_eq!(
        put.inline_policy("[]").send().await.map_err(code).unwrap_err(),
        "ValidationException"
    );
    let read = sso
        .get_inline_policy_for_permission_set()
        .instance_arn(instance)
        .permission_set_arn(&arn)
        .send()
        .await;
    assert_eq!(read.unwrap().inline_policy(), Some(policy.as_str()));

    let attach = sso
        .attach_managed_policy_to_permission_set()
        .instance_arn(instance)
        .permission_set_arn(&arn);
    attach
        .clone()
        .managed_policy_arn("arn:aws:iam::aws:policy/AdministratorAccess")
        .send()
        .await
        .unwrap();
    let again = attach
        .clone()
        .managed_policy_arn("arn:aws:iam::aws:policy/AdministratorAccess")
        .send()
        .await;
    assert_eq!(again.map_err(code).unwrap_err(), "ConflictException");
    let foreign = attach
        .managed_policy_arn("arn:aws-us-gov:iam::aws:policy/AdministratorAccess")
        .send()
        .await;
    assert_eq!(foreign.map_err(code).unwrap_err(), "ValidationException");
    let listed = sso
        .list_managed_policies_in_permission_set()
        .instance_arn(instance)
        .permission_set_arn(&arn)
        .send()
        .await;
    assert_eq!(listed.unwrap().attached_managed_policies().len(), 1);

    let policy = CustomerManagedPolicyReference::builder()
        .name("ReadLogs")
        .build()
        .unwrap();
    let attach = sso
        .attach_customer_managed_policy_reference_to_permission_set()
        .instance_arn(instance);
    attach
        .permission_set_arn(&arn)
        .customer_managed_policy_reference(policy.clone())
        .send()
        .await
        .unwrap();
    let boundary = PermissionsBoundary::builder()
        .managed_policy_arn("arn:aws:iam::aws:policy/PowerUserAccess")
        .build();
    let get = sso
        .get_permissions_boundary_for_permission_set()
        .instance_arn(instance)
        .permission_set_arn(&arn);
    assert_eq!(
        get.clone().send().await.map_err(code).unwrap_err(),
        "ResourceNotFoundException"
    );
    let put = sso
        .put_permissions_boundary_to_permission_set()
        .instance_arn(instance)
        .permission_set_arn(&arn);
    put.permissions_boundary(boundary).send().await.unwrap();
    get.send().await.unwrap();
    let listed = sso
        .list_customer_managed_policy_references_in_permission_set()
        .instance_arn(instance);
    let listed = listed.permission_set_arn(&arn).send().await.unwrap();
    assert_eq!(listed.customer_managed_policy_references()[0].path(), Some("/"));

    sso.tag_resource()
        .resource_arn(&arn)
        .instance_arn(instance)
        .tags(tag)
        .send()
        .await
        .unwrap();
    sso.untag_resource()
        .resource_arn(&arn)
        .instance_arn(instance)
        .tag_keys("nothing")
        .send()
        .await
        .unwrap();
    let tags = sso
        .list_tags_for_resource()
        .resource_arn(&arn)
        .instance_arn(instance)
        .send()
        .await
        .unwrap();
    assert_eq!(tags.tags().len(), 1);

    // With policies still attached.
    sso.delete_permission_set()
        .instance_arn(instance)
        .permission_set_arn(&arn)
        .send()
        .await
        .unwrap();
    let gone = sso
        .describe_permission_set()
        .instance_arn(instance)
        .permission_set_arn(&arn)
        .send()
        .await;
    assert_eq!(gone.map_err(code).unwrap_err(), "ResourceNotFoundException");
    bench.check();
    assert_eq!(bench.sim.verdict(), Vec::<String>::new());
}

#[tokio::test]
async fn a_second_set_of_one_name_is_refused_and_noted() {
    let bench = Bench::start("fresh").await;
    bench.set("Twice").await;
    let again = bench
        .sso
        .create_permission_set()
        .instance_arn(&bench.instance)
        .name("Twice")
        .send()
        .await;
    assert_eq!(again.map_err(code).unwrap_err(), "ConflictException");
    assert!(
        bench.sim.verdict()[0].contains("duplicate"),
        "{:?}",
        bench.sim.verdict()
    );
    bench.check();
}

#[tokio::test]
async fn permission_sets_switched_off_are_refused_until_switched_on() {
    let bench = Bench::start("permission-sets-off").await;
    let create = || {
        bench
            .sso
            .create_permission_set()
            .instance_arn(&bench.instance)
            .name("X")
            .send()
    };
    assert_eq!(create().await.map_err(code).unwrap_err(), "ValidationException");
    bench
        .sso
        .update_instance()
        .instance_arn(&bench.instance)
        .permission_sets_enabled(true)
        .send()
        .await
        .unwrap();
    create().await.unwrap();
    bench.check();
}

#[tokio::test]
async fn attributes_for_access_control() {
    let bench = Bench::start("fresh").await;
    let (sso, instance) = (&bench.sso, &bench.instance);
    let describe = || {
        sso.describe_instance_access_control_attribute_configuration()
            .instance_arn(instance)
            .send()
    };
    assert_eq!(describe().await.map_err(code).unwrap_err(), "ResourceNotFoundException");
    let value = AccessControlAttributeValue::builder()
        .source("${path:enterprise.department}")
        .build()
        .unwrap();
    let attribute = AccessControlAttribute::builder()
        .key("Department")
        .value(value)
        .build()
        .unwrap();
    let with = InstanceAccessControlAttributeConfiguration::builder()
        .access_control_attributes(attribute)
        .build()
        .unwrap();
    let without = InstanceAccessControlAttributeConfiguration::builder().set_access_control_attributes(Some(vec![]));
    let create = sso
        .create_instance_access_control_attribute_configuration()
        .instance_arn(instance);
    let create = create.instance_access_control_attribute_configuration(without.build().unwrap());
    create.send().await.unwrap();
    let update = sso
        .update_instance_access_control_attribute_configuration()
        .instance_arn(instance);
    update
        .instance_access_control_attribute_configuration(with)
        .send()
        .await
        .unwrap();
    let stands = describe()
        .await
        .unwrap()
        .instance_access_control_attribute_configuration
        .unwrap();
    assert_eq!(stands.access_control_attributes()[0].key(), "Department");
    sso.delete_instance_access_control_attribute_configuration()
        .instance_arn(instance)
        .send()
        .await
        .unwrap();
    assert_eq!(describe().await.map_err(code).unwrap_err(), "ResourceNotFoundException");
    bench.check();
    assert_eq!(bench.sim.verdict(), Vec::<String>::new());
}
