//! Typed calls to Microsoft Graph, AWS and SCIM.
