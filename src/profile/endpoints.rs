//! Other addresses than the vendors' own: for the simulator, for proxies, and for the one cloud whose documentation
//! disagrees with itself about its login host.

use serde::Deserialize;
use url::{Host, Url};

/// Base addresses that replace the vendors' own. None is set in a normal profile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Endpoints {
    /// Entra's login service.
    pub login: Option<Url>,
    /// Microsoft Graph.
    pub graph: Option<Url>,
    /// All AWS services.
    pub aws: Option<Url>,
    /// The one SCIM host to which a token may be sent besides AWS's own.
    pub scim: Option<Url>,
    /// The AWS access portal.
    pub portal: Option<Url>,
    /// The simulator's admin address.
    pub admin: Option<Url>,
}

impl Endpoints {
    /// The addresses that are set, by key.
    pub fn set(&self) -> impl Iterator<Item = (&'static str, &Url)> {
        [
            ("login", &self.login),
            ("graph", &self.graph),
            ("aws", &self.aws),
            ("scim", &self.scim),
            ("portal", &self.portal),
            ("admin", &self.admin),
        ]
        .into_iter()
        .filter_map(|(key, url)| url.as_ref().map(|url| (key, url)))
    }

    /// True when both clouds are on this machine: login, Graph, AWS and SCIM are set, and nothing set points elsewhere.
    pub fn is_loopback(&self) -> bool {
        [&self.login, &self.graph, &self.aws, &self.scim]
            .into_iter()
            .all(Option::is_some)
            && self.set().all(|(_, url)| is_loopback(url))
    }
}

/// True when an address is on this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(url: &str) -> Option<Url> {
        Some(Url::parse(url).unwrap())
    }

    #[test]
    fn all_on_this_machine_is_loopback_and_one_elsewhere_is_not() {
        let mut endpoints = Endpoints {
            login: at("http://127.0.0.1:1/"),
            graph: at("http://127.0.0.1:2/"),
            aws: at("http://[::1]:3/"),
            scim: at("http://localhost:4/"),
            ..Endpoints::default()
        };
        assert!(endpoints.is_loopback());
        endpoints.portal = at("https://d-1234567890.awsapps.com/start");
        assert!(!endpoints.is_loopback());
        assert!(!Endpoints::default().is_loopback());
        assert!(!is_loopback(&Url::parse("http://127.0.0.1.example.com/").unwrap()));
    }
}
