//! Where secrets live, and how they are kept out of everything else.
