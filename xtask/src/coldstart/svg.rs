//! The report as a picture: for each subject a bar to its first answer, and one for a warm answer.

use std::fmt::Write as _;

use super::figures::ms;
use super::{Measured, Spread};

const WIDTH: f64 = 720.0;
const LEFT: f64 = 130.0;
const RIGHT: f64 = 70.0;
const TOP: f64 = 64.0;
/// The height of a subject's part, and of one bar in it.
const PART: f64 = 52.0;
const BAR: f64 = 16.0;
const STARTS: &str = "#3d5a80";
const ANSWERS: &str = "#98b4d4";
const WARM: &str = "#c8553d";

/// Bars of medians, each with a line from the least to the most value, on one scale in milliseconds.
#[must_use]
pub fn svg(title: &str, measured: &[Measured]) -> String {
    let most = measured.iter().flat_map(|of| of.first.iter().chain(&of.warm)).copied().fold(1.0, f64::max);
    let right = round(most);
    let x = |value: f64| LEFT + value / right * (WIDTH - LEFT - RIGHT);
    let height = TOP + PART * measured.len() as f64 + 34.0;
    let bottom = height - 30.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\n\
         <text x=\"12\" y=\"22\" font-size=\"14\">{}</text>\n",
        escaped(title)
    );
    for (index, (colour, says)) in
        [(STARTS, "start, until it takes events"), (ANSWERS, "its first answer"), (WARM, "a warm answer")]
            .iter()
            .enumerate()
    {
        let at = LEFT + 190.0 * index as f64;
        let _ = writeln!(
            svg,
            "<rect x=\"{at}\" y=\"36\" width=\"12\" height=\"12\" fill=\"{colour}\"/><text x=\"{}\" y=\"46\">{says}</text>",
            at + 18.0
        );
    }
    for part in 0..=4 {
        let value = right * f64::from(part) / 4.0;
        let _ = writeln!(
            svg,
            "<path d=\"M{0:.1} {TOP}V{bottom}\" stroke=\"#ddd\"/><text x=\"{0:.1}\" y=\"{1}\" text-anchor=\"middle\">{2} ms</text>",
            x(value),
            bottom + 18.0,
            short(value)
        );
    }
    for (index, of) in measured.iter().enumerate() {
        let top = TOP + PART * index as f64 + 8.0;
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
            LEFT - 8.0,
            top + BAR + 4.0,
            escaped(&of.name)
        );
        let [ready, first, warm] = [&of.ready, &of.first, &of.warm].map(|values| Spread::of(values));
        if let (Some(ready), Some(first)) = (ready, first) {
            bar(&mut svg, x(0.0), x(ready.median), top, STARTS);
            bar(&mut svg, x(ready.median), x(first.median), top, ANSWERS);
            whisker(&mut svg, first, top, &x);
        }
        if let Some(warm) = warm {
            bar(&mut svg, x(0.0), x(warm.median), top + BAR + 2.0, WARM);
            whisker(&mut svg, warm, top + BAR + 2.0, &x);
        }
    }
    svg + "</svg>\n"
}

fn bar(svg: &mut String, from: f64, to: f64, top: f64, colour: &str) {
    let width = (to - from).max(0.0);
    let _ =
        writeln!(svg, "<rect x=\"{from:.1}\" y=\"{top}\" width=\"{width:.1}\" height=\"{BAR}\" fill=\"{colour}\"/>");
}

/// From the least to the most, and the median in words behind it.
fn whisker(svg: &mut String, spread: Spread, top: f64, x: &impl Fn(f64) -> f64) {
    let (least, most, middle) = (x(spread.least), x(spread.most), top + BAR / 2.0);
    let _ = writeln!(
        svg,
        "<path d=\"M{least:.1} {middle}H{most:.1}M{least:.1} {0}V{1}M{most:.1} {0}V{1}\" stroke=\"#222\"/>\
         <text x=\"{2:.1}\" y=\"{3}\">{4}</text>",
        middle - 4.0,
        middle + 4.0,
        most + 6.0,
        middle + 4.0,
        ms(spread.median)
    );
}

/// The next round number.
fn round(value: f64) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    let rounds = [1.0, 2.0, 4.0, 6.0, 8.0, 10.0].map(|factor| factor * power);
    rounds.into_iter().find(|round| *round >= value).unwrap_or(value)
}

fn short(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.1}") }
}

/// A package may be described by anything, but a name in XML is text.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::{Measured, round, svg};

    #[test]
    fn an_axis_ends_at_a_round_number() {
        assert_eq!([1.0, 1.1, 38.0, 401.0, 1000.0].map(round), [1.0, 2.0, 40.0, 600.0, 1000.0]);
    }

    #[test]
    fn a_bar_is_as_long_as_its_median_and_its_line_goes_from_least_to_most() {
        let of =
            Measured { name: "a<b".to_owned(), ready: vec![20.0], first: vec![30.0, 40.0, 100.0], warm: vec![5.0] };
        let text = svg("R&D", &[of]);
        // 100 ms are 520 wide: 20 ms of start, then 20 ms more to the median of the first answer.
        assert!(text.contains("x=\"130.0\" y=\"72\" width=\"104.0\""), "{text}");
        assert!(text.contains("x=\"234.0\" y=\"72\" width=\"104.0\""), "{text}");
        assert!(text.contains("M286.0 80H650.0"), "{text}");
        assert!(text.contains("y=\"90\" width=\"26.0\""), "{text}");
        assert!(text.contains("a&lt;b") && text.contains("R&amp;D") && text.ends_with("</svg>\n"), "{text}");
    }
}
