//! Lines in a frame, as SVG.

use std::collections::BTreeMap;
use std::fmt::Write as _;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 360.0;
const LEFT: f64 = 76.0;
const RIGHT: f64 = 150.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 46.0;
const COLOURS: [&str; 4] = ["#0b6e4f", "#c8553d", "#3d5a80", "#8d6a9f"];

/// A plot: what lies along its lower edge, and of whom each line is.
pub(crate) fn svg(title: &str, along: &str, lines: &BTreeMap<String, Vec<(f64, f64)>>) -> String {
    let points = || lines.values().flatten();
    let right = points().map(|(x, _)| *x).fold(1.0, f64::max);
    let top = step(points().map(|(_, y)| *y).fold(1.0, f64::max));
    let x = |value: f64| LEFT + value / right * (WIDTH - LEFT - RIGHT);
    let y = |value: f64| HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n<text x=\"{LEFT}\" y=\"20\" font-size=\"14\">{title}</text>\n"
    );
    for part in 0..=4 {
        let (across, up) = (right * f64::from(part) / 4.0, top * f64::from(part) / 4.0);
        let _ = writeln!(
            svg,
            "<path d=\"M{LEFT} {0:.1}H{1:.1}\" stroke=\"#ddd\"/><text x=\"{2}\" y=\"{3:.1}\" text-anchor=\"end\">{4}</text>\
             <text x=\"{5:.1}\" y=\"{6}\" text-anchor=\"middle\">{7:.0}</text>",
            y(up),
            WIDTH - RIGHT,
            LEFT - 6.0,
            y(up) + 4.0,
            short(up),
            x(across),
            HEIGHT - BOTTOM + 16.0,
            across,
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{along}</text>",
        f64::midpoint(LEFT, WIDTH - RIGHT),
        HEIGHT - 10.0
    );
    // Labels keep their distance where lines end close together.
    let mut ends: Vec<_> = lines.iter().zip(COLOURS.iter().cycle()).collect();
    ends.sort_by(|((_, one), _), ((_, other), _)| {
        let last = |line: &[(f64, f64)]| line.last().map_or(0.0, |(_, y)| *y);
        last(other).total_cmp(&last(one))
    });
    let mut above = f64::MIN;
    for ((name, line), colour) in ends {
        let path: Vec<_> = line.iter().map(|(at, value)| format!("{:.1} {:.1}", x(*at), y(*value))).collect();
        let label = (line.last().map_or(0.0, |(_, value)| y(*value)) + 4.0).max(above + 15.0);
        above = label;
        let _ = writeln!(
            svg,
            "<path d=\"M{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\
             <text x=\"{}\" y=\"{label:.1}\" fill=\"{colour}\">{name}</text>",
            path.join("L"),
            WIDTH - RIGHT + 8.0,
        );
    }
    svg + "</svg>\n"
}

/// The next round number.
fn step(value: f64) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    [1.0, 2.0, 4.0, 6.0, 8.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|round| *round >= value)
        .unwrap_or(value)
}

fn short(value: f64) -> String {
    match value {
        v if v >= 1e6 => format!("{:.1} M", v / 1e6),
        v if v >= 1e3 => format!("{:.0} k", v / 1e3),
        v => format!("{v:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{step, svg};

    #[test]
    fn an_axis_ends_at_a_round_number() {
        assert_eq!([step(1.0), step(181_000.0), step(21.6e6)], [1.0, 200_000.0, 40e6]);
    }

    #[test]
    fn a_line_goes_from_corner_to_corner_where_its_values_do() {
        let lines = BTreeMap::from([("anyfn".to_owned(), vec![(0.0, 0.0), (100.0, 1000.0)])]);
        let text = svg("Title", "KB", &lines);
        assert!(text.contains("M76.0 314.0L490.0 34.0") && text.contains(">anyfn</text>"), "{text}");
    }
}
