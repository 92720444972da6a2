//! Lines with fewer points that look the same, and lines cut at the edge of the plot.
//!
//! A notebook draws 20,640 predictions of a straight line in the order of the data: back and forth
//! over the same stroke. Here that becomes two points. Read next: `draw.rs`.

/// A place in pixels.
type Point = (f64, f64);

/// How far a dropped point may lie from the line that stands for it, in pixels.
const TOLERANCE: f64 = 0.2;

/// The polylines to draw for `points`, where `None` breaks the line, inside the rectangle `lo..hi`.
pub(super) fn visible(
    points: impl Iterator<Item = Option<Point>>,
    lo: Point,
    hi: Point,
) -> Vec<Vec<Point>> {
    let mut pieces: Vec<Vec<Point>> = Vec::new();
    let mut current: Vec<Point> = Vec::new();
    let mut last: Option<Point> = None;
    let mut close = |current: &mut Vec<Point>| {
        if current.len() > 1 {
            pieces.push(simplify(&by_column(std::mem::take(current))));
        }
        current.clear();
    };
    for point in points {
        if let (Some(a), Some(b)) = (last, point)
            && let Some((from, to)) = clip(a, b, lo, hi)
        {
            if current.last() != Some(&from) {
                close(&mut current);
                current.push(from);
            }
            current.push(to);
        } else {
            close(&mut current);
        }
        last = point;
    }
    close(&mut current);
    pieces
}

/// The part of the segment inside the rectangle (Liang and Barsky, 1984); `None` when it is all outside.
fn clip(a: Point, b: Point, lo: Point, hi: Point) -> Option<(Point, Point)> {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let (mut enter, mut leave) = (0.0f64, 1.0f64);
    for (step, room) in [(-dx, a.0 - lo.0), (dx, hi.0 - a.0), (-dy, a.1 - lo.1), (dy, hi.1 - a.1)] {
        if step == 0.0 && room < 0.0 {
            return None;
        }
        if step < 0.0 {
            enter = enter.max(room / step);
        } else if step > 0.0 {
            leave = leave.min(room / step);
        }
    }
    let at = |t: f64| (a.0 + t * dx, a.1 + t * dy);
    let start = if enter == 0.0 { a } else { at(enter) };
    let end = if leave == 1.0 { b } else { at(leave) };
    (enter <= leave).then_some((start, end))
}

/// Of a line that only goes right, keeps the first, lowest, highest and last point of each half pixel
/// (Jugel et al., "M4", PVLDB 7, 2014). Other lines come back as they are.
fn by_column(points: Vec<Point>) -> Vec<Point> {
    if points.len() < 1000 || points.windows(2).any(|pair| pair[1].0 < pair[0].0) {
        return points;
    }
    let column = |point: &Point| (point.0 * 2.0).floor();
    let mut kept = Vec::new();
    for group in points.chunk_by(|a, b| column(a) == column(b)) {
        let by_y = |a: &&Point, b: &&Point| a.1.total_cmp(&b.1);
        let ends =
            [group.first(), group.iter().min_by(by_y), group.iter().max_by(by_y), group.last()];
        kept.extend(ends.into_iter().flatten().copied());
    }
    kept
}

/// Replaces runs of points on one straight stroke by the ends of the stroke.
fn simplify(points: &[Point]) -> Vec<Point> {
    let mut kept = Vec::new();
    let mut rest = points;
    while let Some(&anchor) = rest.first() {
        let (stroke, used) = stroke(anchor, &rest[1..]);
        for point in std::iter::once(anchor).chain(stroke) {
            if kept.last() != Some(&point) {
                kept.push(point);
            }
        }
        rest = &rest[1 + used..];
    }
    kept
}

/// The longest run of points on one straight line through `anchor`: the lowest, the highest and the
/// last point along it, and how many points they stand for.
fn stroke(anchor: Point, points: &[Point]) -> (Vec<Point>, usize) {
    let offset = |p: &Point| (p.0 - anchor.0, p.1 - anchor.1);
    // The direction comes from the first point far enough to give one.
    let far = points.iter().map(offset).find(|d| d.0.hypot(d.1) > 1.0).unwrap_or((1.0, 0.0));
    let length = far.0.hypot(far.1);
    let (ux, uy) = (far.0 / length, far.1 / length);
    let (mut low, mut high) = ((0.0, anchor), (0.0, anchor));
    let mut used = 0;
    for point in points {
        let d = offset(point);
        if (d.0 * uy - d.1 * ux).abs() > TOLERANCE {
            break;
        }
        let along = d.0 * ux + d.1 * uy;
        low = if along < low.0 { (along, *point) } else { low };
        high = if along > high.0 { (along, *point) } else { high };
        used += 1;
    }
    match points[..used].last() {
        Some(&last) => (vec![low.1, high.1, last], used),
        None => (Vec::new(), 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LO: Point = (0.0, 0.0);
    const HI: Point = (600.0, 400.0);

    fn all(points: &[Point]) -> Vec<Vec<Point>> {
        visible(points.iter().copied().map(Some), LO, HI)
    }

    #[test]
    fn a_straight_line_drawn_back_and_forth_becomes_its_ends() {
        let place = |i: usize| {
            let x = (i * 7919 % 20_640) as f64 / 20_640.0 * 500.0 + 50.0;
            (x, 300.0 - 0.4 * x)
        };
        let points: Vec<Point> = (0..20_640).map(place).collect();
        let pieces = all(&points);
        assert_eq!(pieces.len(), 1);
        assert!(pieces[0].len() <= 8, "{}", pieces[0].len());
        let xs = pieces[0].iter().map(|p| p.0);
        assert!(xs.clone().fold(f64::MAX, f64::min) < 50.5 && xs.fold(0.0, f64::max) > 549.5);
    }

    #[test]
    fn a_curve_keeps_its_shape() {
        let points: Vec<Point> =
            (0..=600).map(|x| (x as f64, 200.0 + 150.0 * (x as f64 / 60.0).sin())).collect();
        let pieces = all(&points);
        let line = &pieces[0];
        assert!(line.len() > 50 && line.len() < 500, "{}", line.len());
        for p in &points {
            let near = line.windows(2).any(|w| distance(*p, w[0], w[1]) < 0.5);
            assert!(near, "{p:?}");
        }
    }

    fn distance(p: Point, a: Point, b: Point) -> f64 {
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let t = (((p.0 - a.0) * dx + (p.1 - a.1) * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
        (p.0 - a.0 - t * dx).hypot(p.1 - a.1 - t * dy)
    }

    #[test]
    fn a_long_noisy_curve_keeps_its_extremes() {
        let height = |i: usize| {
            if i == 7777 { 5.0 } else { 200.0 + (i * 7919 % 101) as f64 }
        };
        let points: Vec<Point> = (0..30_000).map(|i| (i as f64 / 50.0, height(i))).collect();
        let pieces = all(&points);
        assert!(pieces[0].len() <= 4 * 1200, "{}", pieces[0].len());
        assert!(pieces[0].iter().any(|p| p.1 == 5.0), "the spike is lost");
    }

    #[test]
    fn a_gap_breaks_the_line_and_the_edge_cuts_it() {
        let points = [
            Some((10.0, 10.0)),
            Some((20.0, 20.0)),
            None,
            Some((30.0, 390.0)),
            Some((30.0, 500.0)),
        ];
        let pieces = visible(points.into_iter(), LO, HI);
        assert_eq!(pieces, [vec![(10.0, 10.0), (20.0, 20.0)], vec![(30.0, 390.0), (30.0, 400.0)]]);
        assert!(all(&[(700.0, 10.0), (800.0, 20.0)]).is_empty());
    }
}
