//! Pages, limits and bad weather.

use super::*;

#[tokio::test]
async fn pages_are_bound_to_their_list_and_must_be_fetched() {
    let bench = Bench::start("large").await;
    let first = bench.org.list_accounts().send().await.unwrap();
    assert_eq!(first.accounts().len(), 20);
    let token = first.next_token.unwrap();
    let stolen = bench.org.list_roots().next_token(&token).send().await.map_err(code);
    assert_eq!(stolen.unwrap_err(), "InvalidInputException");
    let mut seen = 20;
    let mut next = Some(token);
    while let Some(token) = next {
        let page = bench.org.list_accounts().next_token(token).send().await.unwrap();
        seen += page.accounts().len();
        next = page.next_token;
    }
    assert!(seen > 100);
    assert_eq!(bench.sim.verdict(), Vec::<String>::new());
    bench.org.list_accounts().send().await.unwrap();
    assert!(bench.sim.verdict()[0].contains("page-ignored"));
    bench.check();
}

#[tokio::test]
async fn twenty_calls_a_second_and_no_more() {
    let bench = Bench::start("fresh").await;
    let ask = || {
        let busy = bench.sim.clock().busy();
        let call = bench.sso.list_instances().send();
        async move {
            let answer = call.await;
            drop(busy);
            answer
        }
    };
    let together: Vec<_> = (0..25).map(|_| ask()).collect();
    let answers = futures_util::future::join_all(together).await;
    let refused: Vec<String> = answers
        .into_iter()
        .filter_map(|answer| answer.map_err(code).err())
        .collect();
    assert!(
        !refused.is_empty() && refused.iter().all(|code| code == "ThrottlingException"),
        "{refused:?}"
    );
    assert!(bench.sim.verdict()[0].contains("sso-admin aws: more than 20 a second"));
    bench.check();
}

#[tokio::test]
async fn bad_weather_speaks_the_services_words() {
    let bench = Bench::start("fresh").await;
    let every = |n| Odds {
        every: n,
        ..Odds::default()
    };
    bench.sim.set_weather(Weather {
        throttle: every(1),
        ..Weather::default()
    });
    assert_eq!(
        bench.sso.list_instances().send().await.map_err(code).unwrap_err(),
        "ThrottlingException"
    );
    assert_eq!(
        bench.org.list_accounts().send().await.map_err(code).unwrap_err(),
        "TooManyRequestsException"
    );
    assert_eq!(
        bench
            .store
            .list_identity_stores()
            .send()
            .await
            .map_err(code)
            .unwrap_err(),
        "ThrottlingException"
    );
    assert_eq!(
        bench.sts.get_caller_identity().send().await.map_err(code).unwrap_err(),
        "Throttling"
    );
    bench.sim.set_weather(Weather {
        missing_rights: vec!["sso:CreatePermissionSet".into()],
        ..Weather::default()
    });
    let denied = bench
        .sso
        .create_permission_set()
        .instance_arn(&bench.instance)
        .name("X")
        .send()
        .await
        .map_err(code);
    assert_eq!(denied.unwrap_err(), "AccessDeniedException");
    bench.sim.set_weather(Weather {
        drop_answers: every(1),
        ..Weather::default()
    });
    let lost = bench
        .sso
        .create_permission_set()
        .instance_arn(&bench.instance)
        .name("Lost")
        .send()
        .await
        .map_err(code);
    assert_eq!(lost.unwrap_err(), "no answer");
    bench.sim.set_weather(Weather::default());
    let sets = bench
        .sso
        .list_permission_sets()
        .instance_arn(&bench.instance)
        .send()
        .await
        .unwrap();
    assert_eq!(sets.permission_sets().len(), 1);
    bench.check();
}
