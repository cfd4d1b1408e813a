//! How to get out of this network: proxies and the certificates to trust.

use std::path::{Path, PathBuf};

use crate::fault::{Fault, Kind};

/// Proxies and trust, as the environment or the profile says. Who runs the process reads the environment and passes
/// it in; see [`Network::from_vars`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Network {
    /// Proxy for `https` addresses.
    pub https_proxy: Option<String>,
    /// Proxy for `http` addresses.
    pub http_proxy: Option<String>,
    /// Proxy for what has none of its own; `socks5://` too.
    pub all_proxy: Option<String>,
    /// Hosts that are reached without a proxy. This machine always is.
    pub no_proxy: Option<String>,
    /// Certificate files to trust beside the operating system's, each with the setting that named it.
    pub extra_roots: Vec<(String, PathBuf)>,
    /// Nothing leaves this machine, and plain HTTP is enough: no certificate is trusted, and so none is read.
    pub only_here: bool,
}

/// This machine and its metadata service are never reached through a proxy.
const LOCAL: &str = "localhost,127.0.0.0/8,::1,169.254.0.0/16";

/// Settings of other tools that name a company's CA. `SSL_CERT_FILE` is in the list for the systems whose own trust
/// store does not read it; where it does, merging its certificates again changes nothing.
const ROOTS: [&str; 4] = [
    "SSL_CERT_FILE",
    "AWS_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
];

impl Network {
    /// Reads the usual variables through `var`, in capitals or not: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`,
    /// and the CA settings of the tools people have.
    pub fn from_vars(var: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| var(name).filter(|value| !value.trim().is_empty());
        let either = |name: &str| set(name).or_else(|| set(&name.to_ascii_lowercase()));
        Self {
            https_proxy: either("HTTPS_PROXY"),
            http_proxy: either("HTTP_PROXY"),
            all_proxy: either("ALL_PROXY"),
            no_proxy: either("NO_PROXY"),
            extra_roots: ROOTS
                .iter()
                .filter_map(|name| Some(((*name).to_owned(), set(name)?.into())))
                .collect(),
            only_here: false,
        }
    }

    /// This machine alone, over plain HTTP. Reading the operating system's certificates is most of the work of making a
    /// client, and a rehearsal needs none of them.
    pub fn only_here() -> Self {
        Self {
            only_here: true,
            ..Self::default()
        }
    }

    pub(super) fn apply(&self, mut builder: reqwest::ClientBuilder) -> Result<reqwest::ClientBuilder, Fault> {
        let direct = match &self.no_proxy {
            Some(hosts) => format!("{hosts},{LOCAL}"),
            None => LOCAL.to_owned(),
        };
        let proxies = [
            self.https_proxy.as_ref().map(reqwest::Proxy::https),
            self.http_proxy.as_ref().map(reqwest::Proxy::http),
            self.all_proxy.as_ref().map(reqwest::Proxy::all),
        ];
        for proxy in proxies.into_iter().flatten() {
            let proxy = proxy.map_err(|error| {
                Fault::new(Kind::Usage, "The proxy setting cannot be used")
                    .why(error.to_string())
                    .hint("Write it like `http://proxy.example.com:8080`, in HTTPS_PROXY or ALL_PROXY.")
            })?;
            builder = builder.proxy(proxy.no_proxy(reqwest::NoProxy::from_string(&direct)));
        }
        for (setting, path) in &self.extra_roots {
            builder = builder.tls_certs_merge(read_roots(setting, path)?);
        }
        if self.only_here {
            builder = builder.tls_certs_only([]);
        }
        Ok(builder)
    }
}

fn read_roots(setting: &str, path: &Path) -> Result<Vec<reqwest::Certificate>, Fault> {
    let cannot = |why: String| {
        Fault::new(
            Kind::File,
            format!("The certificates in {} cannot be used", path.display()),
        )
        .why(why)
        .hint(format!(
            "{setting} names that file: it must hold certificates in PEM form. Correct or unset it."
        ))
    };
    let pem = std::fs::read(path).map_err(|error| cannot(error.to_string()))?;
    let roots = reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| cannot(error.to_string()))?;
    if roots.is_empty() {
        return Err(cannot("it holds no certificate".to_owned()));
    }
    Ok(roots)
}
