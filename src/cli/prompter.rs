//! Codes and addresses for whoever signs in, on stderr.

use jiff::tz::TimeZone;

use super::out;
use crate::clients::entra::auth::{Prompt, Prompter};

/// Shows them as lines on stderr.
#[derive(Debug, Clone, Copy)]
pub(super) struct OnStderr;

impl Prompter for OnStderr {
    fn show(&self, prompt: &Prompt) {
        let time = |until: &jiff::Timestamp| until.to_zoned(TimeZone::system()).strftime("%H:%M").to_string();
        match prompt {
            Prompt::DeviceCode { url, code, until } => {
                out::note(&format!(
                    "To sign in to Entra, open {url} and type the code {code} (until {}).",
                    time(until)
                ));
            }
            Prompt::Browser { url, opened, until } => {
                let how = if *opened {
                    "The browser opens to sign in to Entra. If it does not, open"
                } else {
                    "To sign in to Entra, open"
                };
                out::note(&format!("{how} {url} (until {}).", time(until)));
            }
        }
    }
}
