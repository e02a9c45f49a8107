//! Reads probabilities, durations, latencies and node numbers, for scripts, questions and command lines.

use std::time::Duration;

/// The longest time that a line can name.
pub(super) const LONGEST_TIME: Duration = Duration::from_hours(1);
/// How many events one line may let happen. It is bounded because a running cluster never runs out of them.
pub(crate) const MOST_EVENTS: u64 = 100_000;

/// What is wrong with a probability, a duration or a range of latencies: a sentence.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadConditions(String);

/// Reads a probability: `0.2` or `20%`.
///
/// # Errors
/// If it is not a number between 0 and 1, or between 0% and 100%.
pub fn parse_probability(text: &str) -> Result<f64, BadConditions> {
    let (number, scale) = text.strip_suffix('%').map_or((text, 1.0), |number| (number, 100.0));
    match number.parse::<f64>() {
        Ok(value) if (0.0..=scale).contains(&value) => Ok(value / scale),
        _ => Err(BadConditions(format!(
            "'{text}' is not a probability; write a number from 0 to 1, or a percentage, as in 0.2 or 20%"
        ))),
    }
}

/// Reads a duration: `5ms`, `1.5s`, `200us`, and `0`.
///
/// # Errors
/// If it is not a number with one of these units, or longer than an hour.
pub fn parse_duration(text: &str) -> Result<Duration, BadConditions> {
    parse_up_to(text, LONGEST_TIME, "an hour")
}

/// Reads how long to hunt: `30s`, `10min`, `8h`.
///
/// # Errors
/// If it is not a number with a unit, or longer than a week.
pub fn parse_hunting_time(text: &str) -> Result<Duration, BadConditions> {
    parse_up_to(text, Duration::from_hours(7 * 24), "a week")
}

fn parse_up_to(text: &str, longest: Duration, name: &str) -> Result<Duration, BadConditions> {
    let bad = || {
        BadConditions(format!(
            "'{text}' is not a duration; write a number with its unit, as in 5ms, 1.5s or 200us"
        ))
    };
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let split = text.find(|c: char| c.is_ascii_alphabetic() || c == 'µ').ok_or_else(bad)?;
    let (number, unit) = text.split_at(split);
    let seconds = match unit {
        "us" | "µs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return Err(bad()),
    };
    let value = number.parse::<f64>().map_err(|_| bad())? * seconds;
    // Durations are written in whole microseconds, and must read back unchanged.
    let value = (value * 1e6).round() / 1e6;
    if value > longest.as_secs_f64() {
        return Err(BadConditions(format!(
            "'{text}' is more than {name}, and that is the longest"
        )));
    }
    if value >= 0.0 { Ok(Duration::from_secs_f64(value)) } else { Err(bad()) }
}

/// Reads a range of latencies: `1ms..20ms`, or one duration for a constant.
///
/// # Errors
/// If an end is not a duration, or the range runs backwards.
pub fn parse_latency(text: &str) -> Result<(Duration, Duration), BadConditions> {
    let (min, max) = text.split_once("..").unwrap_or((text, text));
    let (from, to) = (parse_duration(min)?, parse_duration(max)?);
    if from > to {
        return Err(BadConditions(format!(
            "the latency range '{text}' runs backwards; write the shorter time first, as in {max}..{min}"
        )));
    }
    Ok((from, to))
}

/// Reads the number of a node, written `2` or `n2`, whether the cluster has such a node or not.
pub fn node_number(word: &str) -> Option<usize> {
    word.strip_prefix('n').unwrap_or(word).parse().ok()
}
