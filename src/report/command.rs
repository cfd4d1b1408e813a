//! The same call as a command that a person can run: `az rest`, `aws`, or `curl`. Never with a token in it.

use crate::engine::signal::Exchange;

/// The scopes of Microsoft's clouds begin at these hosts.
const GRAPH: [&str; 4] = [
    "graph.microsoft.com",
    "graph.microsoft.us",
    "dod-graph.microsoft.us",
    "microsoftgraph.chinacloudapi.cn",
];

/// The call as a command. Bodies are not kept, so a call that sends one says where it goes.
pub fn as_command(call: &Exchange) -> String {
    let url = call.url.as_str();
    let host = url
        .split_once("://")
        .map_or("", |(_, rest)| rest.split('/').next().unwrap_or(""));
    let method = call.method.as_str();
    // AWS operations are named `service:Operation`.
    if let Some((service, operation)) = method.split_once(':') {
        return format!(
            "aws {} {} --cli-input-json file://request.json",
            aws_service(service),
            kebab(operation)
        );
    }
    let sends = matches!(method, "POST" | "PUT" | "PATCH");
    if GRAPH.contains(&host) || url.contains("/v1.0/") || url.contains("/beta/") {
        let body = if sends { " --body @request.json" } else { "" };
        return format!(
            "az rest --method {} --url {}{body}",
            method.to_ascii_lowercase(),
            quoted(url)
        );
    }
    let body = if sends {
        " -H 'Content-Type: application/scim+json' --data @request.json"
    } else {
        ""
    };
    let token = if url.contains("/scim/") {
        " -H \"Authorization: Bearer $SCIM_TOKEN\""
    } else {
        ""
    };
    format!("curl -X {method}{token}{body} {}", quoted(url))
}

/// The name of a service for the `aws` command.
fn aws_service(service: &str) -> &str {
    match service {
        "sso" => "sso-admin",
        other => other,
    }
}

/// `CreatePermissionSet` as `create-permission-set`.
fn kebab(operation: &str) -> String {
    let mut words = String::new();
    for (at, c) in operation.char_indices() {
        if c.is_ascii_uppercase() && at > 0 {
            words.push('-');
        }
        words.push(c.to_ascii_lowercase());
    }
    words
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(method: &str, url: &str) -> Exchange {
        Exchange {
            method: method.into(),
            url: url.into(),
            status: Some(200),
            request_id: None,
            millis: 1,
            attempt: 1,
            note: String::new(),
        }
    }

    #[test]
    fn each_cloud_has_its_own_command() {
        let graph = as_command(&call("GET", "https://graph.microsoft.com/v1.0/users?$filter=x eq 'y'"));
        assert_eq!(
            graph,
            "az rest --method get --url 'https://graph.microsoft.com/v1.0/users?$filter=x eq '\\''y'\\'''"
        );
        let aws = as_command(&call("sso:CreatePermissionSet", "https://sso.us-east-1.amazonaws.com/"));
        assert_eq!(
            aws,
            "aws sso-admin create-permission-set --cli-input-json file://request.json"
        );
        let scim = as_command(&call("GET", "https://scim.us-east-1.amazonaws.com/t/scim/v2/Users"));
        assert!(
            scim.starts_with("curl -X GET -H \"Authorization: Bearer $SCIM_TOKEN\""),
            "{scim}"
        );
    }
}
