//! The operator's answers.
