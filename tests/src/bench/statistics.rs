//! Medians, spreads and ratios of a few rounds.

/// What a few rounds gave: the one in the middle, and how far the others lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spread {
    /// Half of the rounds gave less, half more.
    pub(super) median: f64,
    /// Least of all rounds.
    pub(super) least: f64,
    /// Most of all rounds.
    pub(super) most: f64,
}

impl Spread {
    /// Of one value a round; `None` without any.
    pub(super) fn of(rounds: &[f64]) -> Option<Self> {
        let sorted = sorted(rounds);
        Some(Self { median: percentile(rounds, 50.0)?, least: *sorted.first()?, most: *sorted.last()? })
    }

    /// Of `ours` beside `theirs` within each round, so that what slows the machine for a while slows both and cancels out.
    pub(super) fn of_rounds(ours: &[f64], theirs: &[f64], compare: impl Fn(f64, f64) -> f64) -> Option<Self> {
        let compared: Vec<f64> = ours.iter().zip(theirs).map(|(our, their)| compare(*our, *their)).collect();
        Self::of(&compared)
    }
}

/// The value that `percent` of all values do not exceed, between its two neighbours where it falls between them.
pub(super) fn percentile(values: &[f64], percent: f64) -> Option<f64> {
    let sorted = sorted(values);
    let last = sorted.len().checked_sub(1)?;
    let place = (percent / 100.0).clamp(0.0, 1.0) * last as f64;
    let (below, above) = (sorted.get(place.floor() as usize)?, sorted.get(place.ceil() as usize)?);
    Some(below + (above - below) * place.fract())
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_lies_between_its_neighbours() {
        let values = [4.0, 1.0, 3.0, 2.0];
        for (percent, want) in [(0.0, 1.0), (50.0, 2.5), (75.0, 3.25), (100.0, 4.0)] {
            assert_eq!(percentile(&values, percent), Some(want), "{percent}");
        }
        assert_eq!(percentile(&[], 50.0), None);
    }

    #[test]
    fn the_median_of_ratios_is_not_the_ratio_of_medians() {
        // The machine was slow in the second round, for both.
        let ratio = Spread::of_rounds(&[80.0, 45.0, 88.0], &[100.0, 50.0, 110.0], |our, their| our / their);
        assert_eq!(ratio, Some(Spread { median: 0.8, least: 0.8, most: 0.9 }));
        assert_eq!(Spread::of_rounds(&[], &[], |our, _| our), None);
    }
}
