//! Points in a plane, such as a map of embeddings, coloured by group: as a picture, or as a page to look around in.
//!
//! Both axes have the same scale, as distances on a map are the same in all directions.

mod groups;
mod page;
mod picture;

use groups::Groups;

/// A point.
#[derive(Debug, Clone, PartialEq)]
pub struct Dot {
    /// What it is.
    pub id: String,
    /// Where it is; dots that are not at a finite place are left out.
    pub at: [f64; 2],
    /// The name of its group, if it has one.
    pub group: Option<String>,
}

/// Points in a plane.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scatter {
    /// Text above the drawing.
    pub title: String,
    /// Text below the drawing, such as how far to trust it.
    pub note: String,
    /// The names of the axes, x and y.
    pub axes: [String; 2],
    /// What groups are, such as `family`.
    pub legend: String,
    /// The points.
    pub dots: Vec<Dot>,
}

impl Scatter {
    /// Draws the points as SVG text.
    pub fn svg(&self) -> String {
        picture::svg(&self.finite())
    }

    /// A page for a browser, complete in one file: points can be moved, enlarged, searched and selected, and the ids of
    /// selected ones saved.
    pub fn html(&self) -> String {
        page::html(&self.finite())
    }

    fn finite(&self) -> Finite<'_> {
        let dots: Vec<&Dot> = self.dots.iter().filter(|dot| dot.at.iter().all(|value| value.is_finite())).collect();
        let groups = Groups::of(dots.iter().map(|dot| dot.group.as_deref()));
        Finite { scatter: self, dots, groups }
    }
}

/// The points that are drawn, and their groups.
struct Finite<'s> {
    scatter: &'s Scatter,
    dots: Vec<&'s Dot>,
    groups: Groups,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Group number `n` has `n + 1` dots.
    fn scatter(groups: usize) -> Scatter {
        let dot = |group: usize, n: usize| Dot {
            id: format!("{group}<{n}"),
            at: [group as f64, n as f64 / 3.0],
            group: Some(format!("family {group}")),
        };
        let dots = (0..groups).flat_map(|group| (0..=group).map(move |n| dot(group, n))).collect();
        let texts = ["a <map>", "note", "family"].map(str::to_owned);
        let [title, note, legend] = texts;
        Scatter { title, note, legend, axes: ["UMAP 1".into(), "UMAP 2".into()], dots }
    }

    #[test]
    fn every_dot_is_drawn_and_every_group_is_named_with_its_size() {
        let svg = scatter(4).svg();
        assert_eq!(svg.matches("<circle").count(), 10 + 4, "dots and the legend");
        for text in ["a &lt;map&gt;", "note", "UMAP 1", "UMAP 2", "family 3 (4)", "family 0 (1)"] {
            assert!(svg.contains(text), "{text}: {svg}");
        }
        let place = |text: &str| svg.find(text).unwrap();
        assert!(place("family 3 (4)") < place("family 0 (1)"), "the largest group comes first");
    }

    #[test]
    fn groups_beyond_the_marks_are_one_and_dots_without_a_group_too() {
        let mut many = scatter(40);
        many.dots.push(Dot { id: "x".into(), at: [0.0, 0.0], group: None });
        let svg = many.svg();
        assert!(svg.contains("family 39 (40)") && !svg.contains("family 0 (1)"), "{svg}");
        assert!(svg.contains("16 other groups (136)") && svg.contains("without a group (1)"), "{svg}");
    }

    #[test]
    fn nothing_one_point_and_places_that_are_not_finite_are_drawn_without_a_panic() {
        assert!(Scatter::default().svg().ends_with("</svg>\n") && Scatter::default().html().contains("</html>"));
        let dot = |at: [f64; 2]| Dot { id: String::new(), at, group: None };
        let dots = vec![dot([f64::NAN, 0.0]), dot([1e300, -1e300]), dot([0.0, f64::INFINITY])];
        let svg = Scatter { dots, ..Scatter::default() }.svg();
        assert_eq!(svg.matches("<circle").count(), 1, "no groups, no legend: {svg}");
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }

    #[test]
    fn the_page_has_all_points_and_loads_nothing() {
        let page = scatter(3).html();
        let start = page.find("<script type=\"application/json\" id=\"data\">").unwrap();
        let json = page[start..].split_once('>').unwrap().1.split("</script>").next().unwrap();
        let data: serde_json::Value = serde_json::from_str(json).unwrap();
        assert_eq!(data["ids"].as_array().unwrap().len(), 6);
        assert_eq!(data["ids"][0], "0<0");
        assert_eq!(data["groups"][0]["name"], "family 2");
        assert!(!json.contains('<'), "an id cannot end the script");
        assert!(!page.contains("src=") && !page.contains("href=") && !page.contains("http"), "nothing is loaded");
        assert!(!page.contains("@@"), "every part is filled in");
    }
}
