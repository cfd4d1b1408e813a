//! The picture as a whole.

use super::{
    sample::{draw, tutorial, under_way},
    *,
};

#[test]
fn the_tutorial_fits_into_120_by_40() {
    let map = tutorial();
    let mut dag = Dag::new(map.clone());
    let text = draw(&mut dag, &under_way(&map), (120, 40), None, &Look::default(), false);
    let routes = &dag.picture.as_ref().unwrap().routes;
    assert!(routes.height <= 40 && routes.width <= 103, "{text}");
}
