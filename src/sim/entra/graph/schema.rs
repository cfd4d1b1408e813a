//! The schema of a job: mappings, filters, expressions.

use serde_json::{Map, Value, json};

use super::{
    GraphError,
    cx::{Cx, Done, Reply},
    page::plain,
    synchronization::named_job,
};
use crate::sim::entra::{
    provisioning::{
        expression::{Expression, FUNCTIONS},
        filters::OPERATORS,
        templates::template_of,
    },
    state::Tenant,
};

/// GET …/jobs/{id}/schema
pub fn get(cx: &mut Cx<'_>) -> Done {
    let (sp, job) = named_job(cx)?;
    let schema = cx.tenant().job_mut(&sp, &job).expect("named").schema.clone();
    Reply::json(200, &schema)
}

/// PUT …/jobs/{id}/schema: replaces the whole.
pub fn put(cx: &mut Cx<'_>) -> Done {
    let (sp, id) = named_job(cx)?;
    let old = cx.tenant().job_mut(&sp, &id).expect("named").schema.clone();
    check(&cx.body, &old)?;
    let mut schema = old.clone();
    for (key, value) in cx.body.clone() {
        if !key.contains('@') && key != "id" {
            schema[key.as_str()] = value;
        }
    }
    // What is left out is gone: the service replaces the whole.
    if !cx.body.contains_key("directories") {
        schema["directories"] = json!([]);
    }
    let job = cx.tenant().job_mut(&sp, &id).expect("named");
    if job.schema != schema {
        job.schema = schema;
        // Other mappings or filters: everything is read anew.
        job.full = true;
        job.steady_first = None;
        cx.audit("Update attribute mappings or scope", "ServicePrincipal", &sp, &id);
    }
    Reply::empty()
}

/// DELETE …/jobs/{id}/schema: back to the template's default.
pub fn reset(cx: &mut Cx<'_>) -> Done {
    let (sp, id) = named_job(cx)?;
    let schema = default_of(cx.tenant(), &sp, &id).ok_or_else(|| GraphError::not_found(&id))?;
    let job = cx.tenant().job_mut(&sp, &id).expect("named");
    if job.schema != schema {
        job.schema = schema;
        job.full = true;
    }
    cx.audit("Restore default attribute mappings", "ServicePrincipal", &sp, &id);
    Reply::empty()
}

/// The schema a job of this application begins with.
pub fn default_of(tenant: &Tenant, sp: &str, job: &str) -> Option<Value> {
    let template = template_of(tenant.service_principals.get(sp)?.text("applicationTemplateId"))?;
    Some(template.schema(job, &tenant.settings.mappings))
}

fn names(schema: &Value, directory: &Value, object: &Value) -> Vec<String> {
    let directories = schema["directories"].as_array().into_iter().flatten();
    let objects = directories
        .filter(|d| d["name"] == *directory)
        .flat_map(|d| d["objects"].as_array().into_iter().flatten());
    let attributes = objects
        .filter(|o| o["name"] == *object)
        .flat_map(|o| o["attributes"].as_array().into_iter().flatten());
    attributes
        .filter_map(|a| a["name"].as_str().map(str::to_owned))
        .collect()
}

/// Every mapping must read what the source has, write what the target has, and be well formed; each object needs a
/// matching attribute.
fn check(body: &Map<String, Value>, old: &Value) -> Result<(), GraphError> {
    let bad = |message: String| GraphError::new(400, "InvalidSchema", message);
    let new = Value::Object(body.clone());
    // New attributes may be described in the same breath.
    let schema = if body.contains_key("directories") { &new } else { old };
    for rule in body["synchronizationRules"].as_array().into_iter().flatten() {
        if !old["synchronizationRules"]
            .as_array()
            .is_some_and(|rules| rules.iter().any(|r| r["id"] == rule["id"]))
        {
            return Err(bad(format!("The synchronization rule {} is not known.", rule["id"])));
        }
        for mapping in rule["objectMappings"].as_array().into_iter().flatten() {
            let sources = names(schema, &rule["sourceDirectoryName"], &mapping["sourceObjectName"]);
            let targets = names(schema, &rule["targetDirectoryName"], &mapping["targetObjectName"]);
            let list = mapping["attributeMappings"]
                .as_array()
                .map(Vec::as_slice)
                .unwrap_or_default();
            for attribute in list {
                let target = attribute["targetAttributeName"].as_str().unwrap_or_default();
                if !targets.iter().any(|t| t == target) {
                    return Err(bad(format!(
                        "The target attribute '{target}' is not part of the schema."
                    )));
                }
                let expression =
                    Expression::of_source(&attribute["source"]).map_err(|m| bad(format!("'{target}': {m}")))?;
                if let Some(unknown) = expression
                    .attributes()
                    .into_iter()
                    .find(|a| !sources.iter().any(|s| s == a))
                {
                    return Err(bad(format!(
                        "The source attribute '{unknown}' is not part of the schema."
                    )));
                }
                let same = list
                    .iter()
                    .filter(|other| other["targetAttributeName"] == attribute["targetAttributeName"])
                    .count();
                if same > 1 {
                    return Err(bad(format!(
                        "The target attribute '{target}' is mapped more than once."
                    )));
                }
            }
            if !list
                .iter()
                .any(|a| a["matchingPriority"].as_i64().unwrap_or_default() > 0)
            {
                return Err(bad(format!(
                    "The mapping of {} has no matching attribute.",
                    mapping["sourceObjectName"]
                )));
            }
            check_scope(&mapping["scope"], &sources)?;
        }
    }
    Ok(())
}

fn check_scope(scope: &Value, sources: &[String]) -> Result<(), GraphError> {
    let bad = |message: String| GraphError::new(400, "InvalidFilter", message);
    for list in ["groups", "inputFilterGroups", "categoryFilterGroups"] {
        for clause in scope[list]
            .as_array()
            .into_iter()
            .flatten()
            .flat_map(|g| g["clauses"].as_array().into_iter().flatten())
        {
            let name = clause["sourceOperandName"].as_str().unwrap_or_default();
            if !sources.iter().any(|s| s == name) || matches!(name, "manager" | "appRoleAssignments") {
                return Err(bad(format!("'{name}' cannot be used in a scoping filter.")));
            }
            let operator = clause["operatorName"].as_str().unwrap_or_default();
            if !OPERATORS.iter().any(|o| o.0.eq_ignore_ascii_case(operator)) {
                return Err(bad(format!("The operator '{operator}' is not known.")));
            }
        }
    }
    Ok(())
}

/// GET …/schema/filterOperators()
pub fn filter_operators(cx: &mut Cx<'_>) -> Done {
    named_job(cx)?;
    let operators = OPERATORS.iter().map(|(name, unary)| {
        json!({
            "id": name,
            "arity": if *unary { "Unary" } else { "Binary" },
            "multivaluedComparisonType": "All",
            "supportedAttributeTypes": ["String", "Integer", "Boolean", "DateTime"],
        })
    });
    plain("filterOperatorSchema").answer(cx, operators.collect())
}

/// GET …/schema/functions()
pub fn functions(cx: &mut Cx<'_>) -> Done {
    named_job(cx)?;
    let functions = FUNCTIONS.iter().map(|function| {
        let last = function.parameters.len() - 1;
        let parameters: Vec<Value> = function
            .parameters
            .iter()
            .enumerate()
            .map(|(n, name)| json!({ "name": name, "required": n == 0, "allowMultipleOccurrences": function.repeats && n == last, "type": "String" }))
            .collect();
        json!({ "id": function.name, "parameters": parameters })
    });
    plain("attributeMappingFunctionSchema").answer(cx, functions.collect())
}

/// POST …/schema/parseExpression
pub fn parse_expression(cx: &mut Cx<'_>) -> Done {
    named_job(cx)?;
    let text = cx.text("expression").unwrap_or_default().to_owned();
    let test = cx.body.get("testInputObject").cloned().unwrap_or_default();
    let body = match Expression::parse(&text) {
        Ok(expression) => {
            let value = expression.eval(&|name| {
                let pairs = test["properties"].as_array()?;
                let pair = pairs.iter().find(|p| p["key"] == name)?;
                pair["value"].as_str().map(str::to_owned)
            });
            json!({
                "error": null,
                "evaluationResult": value.into_iter().collect::<Vec<_>>(),
                "evaluationSucceeded": !test.is_null(),
                "parsedExpression": expression.source(),
                "parsingSucceeded": true,
            })
        }
        Err(message) => json!({
            "error": { "code": "InvalidExpression", "message": message, "details": [], "innerError": null, "target": null },
            "evaluationResult": [],
            "evaluationSucceeded": false,
            "parsedExpression": null,
            "parsingSucceeded": false,
        }),
    };
    Reply::json(200, &body)
}
