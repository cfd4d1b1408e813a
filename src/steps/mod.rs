//! The catalogue of steps, one file per phase.
