//! Both clouds on loopback. Uses nothing else of this crate.
