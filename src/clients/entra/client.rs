//! `Entra`: one tenant of Microsoft Entra ID: its Graph, its cloud, and its sign-in service.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Deserializer};
use url::Url;

use super::{clouds::Cloud, followed::Followed, graph::Graph, metadata::fetch_metadata};
use crate::fault::Fault;

/// One tenant of Microsoft Entra ID. Cheap to clone.
#[derive(Clone)]
pub struct Entra {
    pub(super) graph: Graph,
    pub(super) followed: Arc<Followed>,
    pub(super) base: Url,
    cloud: &'static Cloud,
    login: Url,
}

impl Entra {
    /// The tenant that `graph`'s tokens are for. `graph_base` and `login` are the addresses without paths.
    pub fn new(graph: Graph, cloud: &'static Cloud, graph_base: Url, login: Url) -> Self {
        Self {
            graph,
            followed: Arc::default(),
            base: graph_base,
            cloud,
            login,
        }
    }

    /// Its Graph.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The cloud it lives in.
    pub fn cloud(&self) -> &'static Cloud {
        self.cloud
    }

    /// The SAML metadata that Entra publishes for an application, as it is served. Needs no token.
    pub async fn federation_metadata(&self, tenant: &str, app_id: &str) -> Result<String, Fault> {
        let body = fetch_metadata(self.graph.http(), &self.login, tenant, app_id).await?;
        Ok(String::from_utf8_lossy(&body).into_owned())
    }

    /// The address of a directory object, for references to it.
    pub(super) fn object_link(&self, id: &str) -> String {
        format!(
            "{}/v1.0/directoryObjects/{id}",
            self.base.as_str().trim_end_matches('/')
        )
    }
}

impl fmt::Debug for Entra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entra")
            .field("cloud", &self.cloud.id)
            .field("login", &self.login.as_str())
            .finish_non_exhaustive()
    }
}

/// Reads `null` as nothing: Graph writes an empty list either way.
pub(super) fn null_as_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    from: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(from)?.unwrap_or_default())
}
