//! Whole journeys over loopback.
