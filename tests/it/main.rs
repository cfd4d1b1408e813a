//! Whole journeys over loopback, and the checks that keep the house in order.
//! Whole journeys over loopback.

mod architecture;
mod contracts;
mod profile;
