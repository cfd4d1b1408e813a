//! Small parts that several pages draw.

pub mod bar;
pub mod field;
pub mod flow;
pub mod frame;
pub mod line;
pub mod name;
pub mod scroll;
pub mod search;
pub mod wait;
