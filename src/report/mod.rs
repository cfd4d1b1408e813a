//! How a run is told: one view, in plain text and JSON.
