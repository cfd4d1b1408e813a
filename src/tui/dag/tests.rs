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
    assert!(dag.size().0 <= 104 && dag.size().1 <= 40, "{text}");
}

#[test]
fn look() {
    let map = tutorial();
    let view = under_way(&map);
    for (size, mode) in [
        ((120, 40), None),
        ((100, 30), None),
        ((80, 24), None),
        ((200, 60), None),
        ((200, 60), Some(Mode::Boxes)),
        ((80, 24), Some(Mode::Tree)),
        ((40, 12), None),
        ((40, 5), None),
    ] {
        let mut dag = Dag::new(map.clone());
        let text = draw(
            &mut dag,
            &view,
            size,
            mode,
            &Look {
                focus: Some(22),
                ..Look::default()
            },
            false,
        );
        println!("{size:?}: {:?} {:?} \n{text}", dag.mode(), dag.size());
    }
}
