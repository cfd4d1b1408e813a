//! The national clouds, as data.

use url::Url;

use crate::fault::{Fault, Kind};

/// One of Microsoft's clouds: tokens, applications and addresses of one mean nothing in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cloud {
    /// Its name in the profile.
    pub id: &'static str,
    /// Its name as shown.
    pub name: &'static str,
    /// The sign-in service.
    pub login: &'static str,
    /// Microsoft Graph.
    pub graph: &'static str,
    /// The admin centre that people click in.
    pub portal: &'static str,
    /// My Apps, where people start their applications.
    pub my_apps: &'static str,
    /// The template of an application that is not from the gallery.
    pub custom_template: &'static str,
    /// Whether Graph has `addTokenSigningCertificate` there.
    pub add_token_signing_certificate: bool,
    /// Whether the beta claims policy (members by UPN, guests by mail) can be used there.
    pub claims_policy: bool,
    /// All provisioning secrets of an application together may be no longer than this many bytes.
    pub secrets_limit: Option<usize>,
}

/// All clouds. Sources: <https://learn.microsoft.com/graph/deployments>,
/// <https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud>,
/// <https://learn.microsoft.com/graph/api/applicationtemplate-instantiate>.
pub static CLOUDS: [Cloud; 4] = [
    Cloud {
        id: "global",
        name: "Microsoft global cloud",
        login: "https://login.microsoftonline.com",
        graph: "https://graph.microsoft.com",
        portal: "https://entra.microsoft.com",
        my_apps: "https://myapps.microsoft.com",
        custom_template: "8adf8e6e-67b2-4cf2-a259-e3dc5476c621",
        add_token_signing_certificate: true,
        claims_policy: true,
        secrets_limit: None,
    },
    Cloud {
        id: "us-gov-l4",
        name: "Microsoft US Government L4",
        login: "https://login.microsoftonline.us",
        graph: "https://graph.microsoft.us",
        portal: "https://entra.microsoft.us",
        my_apps: "https://myapps.microsoft.us",
        custom_template: "4602d0b4-76bb-404b-bca9-2652e1a39c6d",
        add_token_signing_certificate: false,
        claims_policy: false,
        secrets_limit: Some(1024),
    },
    Cloud {
        id: "us-gov-l5",
        name: "Microsoft US Government L5 (DoD)",
        login: "https://login.microsoftonline.us",
        graph: "https://dod-graph.microsoft.us",
        portal: "https://entra.microsoft.us",
        my_apps: "https://myapps.microsoft.us",
        custom_template: "4602d0b4-76bb-404b-bca9-2652e1a39c6d",
        add_token_signing_certificate: false,
        claims_policy: false,
        secrets_limit: Some(1024),
    },
    Cloud {
        id: "china",
        name: "Microsoft China (21Vianet)",
        login: "https://login.partner.microsoftonline.cn",
        graph: "https://microsoftgraph.chinacloudapi.cn",
        portal: "https://entra.microsoftonline.cn",
        my_apps: "https://myapps.microsoft.cn",
        custom_template: "5a532e38-1581-4918-9658-008dc27c1d68",
        add_token_signing_certificate: false,
        claims_policy: false,
        secrets_limit: None,
    },
];

impl Cloud {
    /// The cloud of this name.
    pub fn find(id: &str) -> Result<&'static Self, Fault> {
        CLOUDS.iter().find(|cloud| cloud.id == id).ok_or_else(|| {
            let known: Vec<&str> = CLOUDS.iter().map(|cloud| cloud.id).collect();
            Fault::new(Kind::Usage, format!("There is no Microsoft cloud named `{id}`"))
                .hint(format!("Use one of: {}.", known.join(", ")))
        })
    }

    /// The scope that asks for everything the application has been granted.
    pub fn default_scope(&self) -> String {
        format!("{}/.default", self.graph)
    }

    /// The sign-in service's address.
    pub fn login_url(&self) -> Url {
        Url::parse(self.login).expect("the table holds addresses")
    }

    /// Microsoft Graph's address.
    pub fn graph_url(&self) -> Url {
        Url::parse(self.graph).expect("the table holds addresses")
    }

    /// The admin centre's address.
    pub fn portal_url(&self) -> Url {
        Url::parse(self.portal).expect("the table holds addresses")
    }
}
