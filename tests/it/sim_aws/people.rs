//! Users, groups and memberships.

use super::*;

#[tokio::test]
async fn people_groups_and_memberships() {
    let bench = Bench::start("fresh").await;
    let (store, id) = (&bench.store, &bench.store_id);
    let user = bench.user("nikki@contoso.com").await;
    let again = store
        .create_user()
        .identity_store_id(id)
        .user_name("nikki@contoso.com")
        .display_name("x");
    let again = again
        .name(Name::builder().given_name("N").family_name("W").build())
        .send()
        .await;
    let again = again.unwrap_err().into_service_error();
    assert_eq!(again.meta().code(), Some("ConflictException"));
    let unique = |path: &str, value: &str| {
        let unique = UniqueAttribute::builder()
            .attribute_path(path)
            .attribute_value(Document::from(value));
        AlternateIdentifier::UniqueAttribute(unique.build().unwrap())
    };
    let get = |path: &str, value: &str| {
        store
            .get_user_id()
            .identity_store_id(id)
            .alternate_identifier(unique(path, value))
            .send()
    };
    assert_eq!(get("userName", "nikki@contoso.com").await.unwrap().user_id, user);
    assert_eq!(
        get("userName", "Nikki@contoso.com").await.map_err(code).unwrap_err(),
        "ResourceNotFoundException"
    );

    let described = store
        .describe_user()
        .identity_store_id(id)
        .user_id(&user)
        .send()
        .await
        .unwrap();
    assert_eq!(
        (described.user_name(), described.revision.as_str()),
        (Some("nikki@contoso.com"), "1")
    );
    let title = AttributeOperation::builder()
        .attribute_path("title")
        .attribute_value(Document::from("Boss"))
        .build()
        .unwrap();
    let update = store
        .update_user()
        .identity_store_id(id)
        .user_id(&user)
        .operations(title);
    assert_eq!(update.clone().revision("1").send().await.unwrap().revision, "2");
    assert_eq!(
        update.revision("1").send().await.map_err(code).unwrap_err(),
        "ConflictException"
    );
    let listed = store
        .list_users()
        .identity_store_id(id)
        .extensions("aws:identitystore:enterprise")
        .send()
        .await
        .unwrap();
    assert_eq!(listed.users()[0].title(), Some("Boss"));
    let email = Email::builder().value("n@contoso.com").primary(true).build();
    let other = store
        .create_user()
        .identity_store_id(id)
        .user_name("other")
        .display_name("Other")
        .emails(email.clone());
    let who = Name::builder().given_name("O").family_name("T").build();
    let other = other.name(who.clone()).send().await.unwrap().user_id;
    assert_eq!(get("emails.value", "n@contoso.com").await.unwrap().user_id, other);

    let group = store
        .create_group()
        .identity_store_id(id)
        .display_name("Admins")
        .send()
        .await
        .unwrap()
        .group_id;
    let found = store
        .get_group_id()
        .identity_store_id(id)
        .alternate_identifier(unique("displayName", "Admins"));
    assert_eq!(found.send().await.unwrap().group_id, group);
    store
        .describe_group()
        .identity_store_id(id)
        .group_id(&group)
        .send()
        .await
        .unwrap();
    store.list_groups().identity_store_id(id).send().await.unwrap();
    let name = AttributeOperation::builder()
        .attribute_path("displayName")
        .attribute_value(Document::from("Chiefs"));
    store
        .update_group()
        .identity_store_id(id)
        .group_id(&group)
        .operations(name.build().unwrap())
        .send()
        .await
        .unwrap();
    let member = MemberId::UserId(user.clone());
    let joined = store
        .create_group_membership()
        .identity_store_id(id)
        .group_id(&group)
        .member_id(member.clone());
    let membership = joined.send().await.unwrap().membership_id;
    let asked = store
        .get_group_membership_id()
        .identity_store_id(id)
        .group_id(&group)
        .member_id(member.clone());
    assert_eq!(asked.send().await.unwrap().membership_id, membership);
    store
        .describe_group_membership()
        .identity_store_id(id)
        .membership_id(&membership)
        .send()
        .await
        .unwrap();
    store
        .list_group_memberships()
        .identity_store_id(id)
        .group_id(&group)
        .send()
        .await
        .unwrap();
    store
        .list_group_memberships_for_member()
        .identity_store_id(id)
        .member_id(member.clone())
        .send()
        .await
        .unwrap();
    let within = store
        .is_member_in_groups()
        .identity_store_id(id)
        .member_id(member)
        .group_ids(&group)
        .send()
        .await
        .unwrap();
    assert!(within.results()[0].membership_exists);
    store
        .delete_group_membership()
        .identity_store_id(id)
        .membership_id(&membership)
        .send()
        .await
        .unwrap();
    store
        .delete_group()
        .identity_store_id(id)
        .group_id(&group)
        .send()
        .await
        .unwrap();
    store
        .delete_user()
        .identity_store_id(id)
        .user_id(&user)
        .send()
        .await
        .unwrap();
    assert_eq!(
        get("userName", "nikki@contoso.com").await.map_err(code).unwrap_err(),
        "ResourceNotFoundException"
    );
    bench.check();
    assert_eq!(bench.sim.verdict().len(), 1, "{:?}", bench.sim.verdict());
}

#[tokio::test]
async fn a_lagging_store_shows_a_new_user_later() {
    let bench = Bench::start("fresh").await;
    bench.sim.set_weather(Weather {
        lag_s: 8.0,
        ..Weather::default()
    });
    let user = bench.user("nikki@contoso.com").await;
    let look = || {
        bench
            .store
            .describe_user()
            .identity_store_id(&bench.store_id)
            .user_id(&user)
            .send()
    };
    assert_eq!(look().await.map_err(code).unwrap_err(), "ResourceNotFoundException");
    bench.pass(9).await;
    look().await.unwrap();
    bench.check();
}
