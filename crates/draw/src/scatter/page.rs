//! The page: one file with its data, style and script, which loads nothing from anywhere.

use serde_json::json;

use super::Finite;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

pub(super) fn html(finite: &Finite<'_>) -> String {
    let (scatter, groups) = (finite.scatter, &finite.groups);
    let group = |group: &super::groups::Group| json!({ "name": group.name, "count": group.count, "colour": group.colour, "shape": group.shape.name() });
    let dots = || finite.dots.iter();
    let data = json!({
        "title": scatter.title,
        "note": scatter.note,
        "axes": scatter.axes,
        "legend": scatter.legend,
        "named": groups.are_named,
        "groups": groups.all.iter().map(group).collect::<Vec<_>>(),
        "ids": dots().map(|dot| &dot.id).collect::<Vec<_>>(),
        "labels": dots().map(|dot| &dot.group).collect::<Vec<_>>(),
        "group": groups.of,
        "x": dots().map(|dot| short(dot.at[0])).collect::<Vec<_>>(),
        "y": dots().map(|dot| short(dot.at[1])).collect::<Vec<_>>(),
    });
    // In a script, `<` could begin its end or a comment.
    let data = data.to_string().replace('<', "\\u003c");
    let title = scatter.title.replace('&', "&amp;").replace('<', "&lt;");
    let parts = [("@@TITLE@@", title.as_str()), ("@@STYLE@@", STYLE), ("@@DATA@@", &data), ("@@SCRIPT@@", SCRIPT)];
    fill(PAGE, &parts)
}

/// A template with each part in its place. Parts are not searched, so that data may have any text.
fn fill(template: &str, parts: &[(&str, &str)]) -> String {
    let mut page = String::new();
    let mut rest = template;
    for (place, part) in parts {
        let (before, after) = rest.split_once(place).expect("the template has every place, in this order");
        page += before;
        page += part;
        rest = after;
    }
    page + rest
}

/// As exact as a screen can show, in few digits.
fn short(value: f64) -> f32 {
    value as f32
}
