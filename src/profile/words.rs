//! The nearest spelling.

/// The choice that was probably meant: at most a third of its letters away, the first among equals.
pub fn nearest<'a>(text: &str, choices: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = text.to_lowercase();
    choices
        .into_iter()
        .map(|choice| (distance(&wanted, &choice.to_lowercase()), choice))
        .filter(|(far, choice)| *far <= (choice.chars().count().max(3)) / 3)
        .min_by_key(|(far, _)| *far)
        .map(|(_, choice)| choice)
}

/// How many letters must be added, left out, changed, or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut two_ago: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let changed = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = changed.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(two_ago[j - 2] + 1);
            }
            row.push(best);
        }
        two_ago = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_spelling_is_found_and_nonsense_is_not() {
        let choices = ["tenant", "cloud", "client_id", "auth"];
        assert_eq!(nearest("tennant", choices), Some("tenant"));
        assert_eq!(nearest("Cluod", choices), Some("cloud"));
        assert_eq!(nearest("clientid", choices), Some("client_id"));
        assert_eq!(nearest("wombat", choices), None);
    }

    proptest::proptest! {
        #[test]
        fn distance_is_symmetric_and_zero_for_equals(a in "[a-d]{0,8}", b in "[a-d]{0,8}") {
            proptest::prop_assert_eq!(distance(&a, &b), distance(&b, &a));
            proptest::prop_assert_eq!(distance(&a, &b) == 0, a == b);
        }
    }
}
