//! Provisioning one object at once.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    log::{self, Result as Ended, Trace},
    object::Line,
    scim::Scim,
    source,
};
use crate::sim::{http::Response, hub::Hub};

/// Provisions a user, or a group with some of its members, and answers as Graph does.
pub async fn run(hub: &Hub, sp: &str, job: &str, object: &str, group: bool, members: &[String]) -> Response {
    let asked = hub.with(|world| {
        let seconds = world.entra.settings.on_demand_s;
        let tenant = &world.entra;
        let entry = tenant.jobs.get(sp)?.iter().find(|j| j.id == job)?;
        let (users, groups) = source::in_scope(tenant, sp, entry);
        let scoped = if group { groups.get(object) } else { users.get(object) }.copied();
        let secret = |key: &str| tenant.secret(sp, key).unwrap_or_default().to_owned();
        let typed = tenant.settings.on_demand_form == "typed-array";
        let entity = tenant.users.get(object).or_else(|| tenant.groups.get(object));
        let name = entity.map(|e| e.text("displayName").to_owned()).unwrap_or_default();
        Some((
            seconds,
            scoped,
            secret("BaseAddress"),
            secret("SecretToken"),
            typed,
            name,
        ))
    });
    let Some((seconds, scoped, address, token, typed, name)) = asked else {
        return Response::empty(404);
    };
    hub.clock()
        .sleep(Duration::try_from_secs_f64(seconds).unwrap_or_default())
        .await;
    let scim = Scim::new(hub, &address, &token, false);
    let line = Line {
        hub,
        scim: &scim,
        sp,
        job,
    };
    let trace = match scoped {
        Some(true) => {
            let mut trace = line.bring(object, group).await;
            if group && trace.result != Ended::Failure {
                for member in members {
                    line.bring(member, false).await;
                }
                if let Some(more) = line.bring_members(object, Some(members)).await {
                    trace.steps.extend(more.steps);
                    trace.exported |= more.exported;
                }
            }
            trace
        }
        other => {
            let mut trace = Trace::new(object, &name, group);
            let why = match other {
                None => "The object is not assigned to the application.",
                Some(_) => "The object does not satisfy the scoping filters.",
            };
            trace.step(
                "import",
                Ended::Success,
                format!("Received {name} from Microsoft Entra ID"),
            );
            trace.step("scoping", Ended::Skipped, why);
            trace.end(Ended::Skipped, "NotEffectivelyEntitled", why);
            trace
        }
    };
    hub.with(|world| {
        let cycle = world.entra.ids.guid("cycle", job);
        log::write(&mut world.entra, world.now, sp, job, &cycle, &trace);
    });
    Response::json(200, &answer(&trace, typed))
}

fn answer(trace: &Trace, typed: bool) -> Value {
    let result = match trace.result {
        Ended::Success => "Success",
        Ended::Failure => "Failure",
        Ended::Skipped => "Skipped",
    };
    let details = match &trace.reason {
        Some((code, text)) => json!({ "errorCode": code, "errorMessage": text }),
        None => json!({}),
    };
    let value = json!({
        "provisioningSteps": trace.steps_value(),
        "modifiedProperties": trace.modified_value(),
        "statusInfo": trace.status_value(),
        "provisioningAction": trace.action,
        "sourceIdentity": trace.identity(false),
        "targetIdentity": trace.identity(true),
    });
    let (key, value) = match typed {
        false => (
            json!({ "result": result, "details": details }).to_string(),
            value.to_string(),
        ),
        true => (
            "Microsoft.Identity.Health.CPP.Common.DataContracts.SyncFabric.StatusInfo".to_owned(),
            json!([value]).to_string(),
        ),
    };
    json!({ "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#microsoft.graph.stringKeyStringValuePair", "key": key, "value": value })
}
