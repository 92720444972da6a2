//! Contour lines of a [`Surface`] by marching squares (Lorensen and Cline, 1987, in two dimensions).
//!
//! Read next: `race.rs`, which draws them.

use std::collections::BTreeMap;

use super::Surface;

/// Points of the grid each way.
const SIDE: usize = 401;
/// The number of levels.
const LEVELS: usize = 14;

/// All contour lines as one line in which NaN stands between two pieces.
pub(super) fn contours(surface: Surface) -> (Vec<f64>, Vec<f64>) {
    let grid = Grid::of(surface);
    let mut line = (Vec::new(), Vec::new());
    for level in grid.levels() {
        for piece in grid.pieces(level) {
            for (x, y) in piece {
                line.0.push(x);
                line.1.push(y);
            }
            line.0.push(f64::NAN);
            line.1.push(f64::NAN);
        }
    }
    line
}

/// The values of a function at `SIDE * SIDE` points.
struct Grid {
    x: (f64, f64),
    y: (f64, f64),
    values: Vec<f64>,
}

/// A side of a square of the grid: the lower left point, and whether it goes up.
type Edge = (usize, bool);

impl Grid {
    fn of(surface: Surface) -> Self {
        let [x, y] = surface.view();
        let mut grid = Self { x, y, values: Vec::new() };
        let value = |index| surface.value(grid.place(index));
        grid.values = (0..SIDE * SIDE).map(value).collect();
        grid
    }

    /// The coordinates of a point.
    fn place(&self, index: usize) -> [f64; 2] {
        let at =
            |(from, to): (f64, f64), i: usize| from + (to - from) * i as f64 / (SIDE - 1) as f64;
        [at(self.x, index % SIDE), at(self.y, index / SIDE)]
    }

    /// Levels that part the view in areas which shrink towards the minimum.
    fn levels(&self) -> Vec<f64> {
        let mut sorted = self.values.clone();
        sorted.sort_by(f64::total_cmp);
        let level = |k: usize| {
            let part = (k as f64 / (LEVELS + 1) as f64).powf(1.5);
            sorted[(part * (sorted.len() - 1) as f64) as usize]
        };
        (1..=LEVELS).map(level).collect()
    }

    /// The lines of one level, each as its points in order.
    fn pieces(&self, level: f64) -> Vec<Vec<(f64, f64)>> {
        let mut next: BTreeMap<Edge, Vec<Edge>> = BTreeMap::new();
        for corner in (0..SIDE * (SIDE - 1)).filter(|index| index % SIDE != SIDE - 1) {
            for [a, b] in self.crossings(corner, level) {
                next.entry(a).or_default().push(b);
                next.entry(b).or_default().push(a);
            }
        }
        // Lines that end at the border first, from their ends; what is left are rings.
        let ends = next.iter().filter(|(_, to)| to.len() == 1).map(|(edge, _)| *edge);
        let starts: Vec<Edge> = ends.chain(next.keys().copied()).collect();
        let mut pieces = Vec::new();
        for start in starts {
            let mut piece = Vec::new();
            let mut at = Some(start);
            while let Some(edge) = at {
                piece.push(self.crossing(edge, level));
                at = next.get_mut(&edge).and_then(Vec::pop);
                if let Some(back) = at.and_then(|to| next.get_mut(&to)) {
                    back.retain(|&from| from != edge);
                }
            }
            if piece.len() > 1 {
                pieces.push(piece);
            }
        }
        pieces
    }

    /// The pairs of sides that the level joins inside the square above and right of `corner`.
    fn crossings(&self, corner: usize, level: f64) -> Vec<[Edge; 2]> {
        let corners = [corner, corner + 1, corner + SIDE + 1, corner + SIDE];
        let high = corners.map(|index| self.values[index] >= level);
        // The sides, each after the corner it begins at: bottom, right, top, left.
        let sides = [(corner, false), (corner + 1, true), (corner + SIDE, false), (corner, true)];
        let cut: Vec<Edge> =
            (0..4).filter(|&i| high[i] != high[(i + 1) % 4]).map(|i| sides[i]).collect();
        match cut[..] {
            [a, b] => vec![[a, b]],
            [bottom, right, top, left] => {
                // A saddle: the mean of the corners says which two of them are joined.
                let mean = corners.iter().map(|&index| self.values[index]).sum::<f64>() / 4.0;
                if (mean >= level) == high[0] {
                    vec![[bottom, right], [top, left]]
                } else {
                    vec![[left, bottom], [right, top]]
                }
            }
            _ => Vec::new(),
        }
    }

    /// The point of a side where the function has the value of the level, by a straight line.
    fn crossing(&self, (index, up): Edge, level: f64) -> (f64, f64) {
        let other = if up { index + SIDE } else { index + 1 };
        let (a, b) = (self.values[index], self.values[other]);
        let part = (level - a) / (b - a);
        let ([ax, ay], [bx, by]) = (self.place(index), self.place(other));
        (ax + part * (bx - ax), ay + part * (by - ay))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_a_bowl_are_ellipses() {
        let bowl = Surface::Quadratic(4.0);
        let grid = Grid::of(bowl);
        let pieces = grid.pieces(1.0);
        assert_eq!(pieces.len(), 1, "x^2 + 4 y^2 = 2 lies inside the view");
        let ring = &pieces[0];
        assert_eq!(ring.first(), ring.last(), "it is closed");
        assert!(ring.len() > 50);
        for &(x, y) in ring {
            assert!((bowl.value([x, y]) - 1.0).abs() < 2e-3, "{x} {y}");
        }
        // The area of the ellipse is pi * sqrt(2) * sqrt(1/2) = pi; by the shoelace formula.
        let area: f64 =
            ring.windows(2).map(|w| w[0].0 * w[1].1 - w[1].0 * w[0].1).sum::<f64>() / 2.0;
        assert!((area.abs() - std::f64::consts::PI).abs() < 5e-3, "{area}");
    }

    #[test]
    fn a_level_outside_has_no_line_and_open_lines_end_at_the_border() {
        let grid = Grid::of(Surface::Quadratic(1.0));
        assert!(grid.pieces(-1.0).is_empty() && grid.pieces(1e9).is_empty());
        // x^2 + y^2 = 9: the circle of radius 3 is cut by y = -2, 2; on the right x = 2 cuts it off.
        let pieces = grid.pieces(4.5);
        assert_eq!(pieces.len(), 1, "{}", pieces.len());
        let on_border = |&(_, y): &(f64, f64)| (y.abs() - 2.0).abs() < 1e-9;
        assert!(
            pieces[0].first().is_some_and(on_border) && pieces[0].last().is_some_and(on_border)
        );
    }

    #[test]
    fn levels_grow_and_gaps_part_the_pieces() {
        for surface in [Surface::Rosenbrock, Surface::Beale] {
            let grid = Grid::of(surface);
            let levels = grid.levels();
            assert!(levels.windows(2).all(|pair| pair[0] < pair[1]), "{levels:?}");
            let (x, y) = contours(surface);
            assert!(x.len() > 1000 && x.len() == y.len());
            let gaps = x.iter().zip(&y).filter(|(x, y)| x.is_nan() && y.is_nan()).count();
            assert!(gaps >= LEVELS, "{gaps}");
        }
    }

    #[test]
    fn a_saddle_joins_what_its_middle_joins() {
        // Corners 0 and 2 are high. With a high middle they are joined, so each low corner is cut off alone:
        // corner 1 between bottom and right, corner 3 between top and left; with a low middle it is the high ones.
        let (bottom, right, top, left) = ((0, false), (1, true), (SIDE, false), (0, true));
        for (low, pairs) in
            [(-0.5, [[bottom, right], [top, left]]), (-3.0, [[left, bottom], [right, top]])]
        {
            let mut values = vec![-9.0; SIDE * SIDE];
            (values[0], values[SIDE + 1]) = (1.0, 1.0);
            (values[1], values[SIDE]) = (low, low);
            let grid = Grid { x: (0.0, 1.0), y: (0.0, 1.0), values };
            assert_eq!(grid.crossings(0, 0.0), pairs, "{low}");
        }
    }
}
