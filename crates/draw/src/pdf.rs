//! SVG to PDF: the shapes as they are, texts as the outlines of their letters, so that no font is needed.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::types::{LineCapStyle, LineJoinStyle};
use pdf_writer::{Content, Filter, Finish as _, Pdf, Rect, Ref};
use resvg::tiny_skia::{PathSegment, Point, Transform};
use resvg::usvg::{Color, FillRule, Group, LineCap, LineJoin, Node, Paint, Path, Stroke};

use crate::raster::{Unusable, tree};

/// Points of a PDF, 72 an inch, per pixel of an SVG, 96 an inch.
const POINTS: f32 = 0.75;
const CATALOG: Ref = Ref::new(1);
const PAGES: Ref = Ref::new(2);
const PAGE: Ref = Ref::new(3);
const CONTENT: Ref = Ref::new(4);

/// Writes an SVG as a PDF of one page of its size. Colours are opaque, as in all drawings of this crate.
///
/// # Errors
/// If the text is not an SVG.
pub fn pdf(svg: &str) -> Result<Vec<u8>, Unusable> {
    let tree = tree(svg)?;
    let [width, height] = [tree.size().width(), tree.size().height()].map(|length| length * POINTS);
    let mut content = Content::new();
    // The y axis of a PDF points up.
    draw(tree.root(), Transform::from_row(POINTS, 0.0, 0.0, -POINTS, 0.0, height), &mut content);
    let mut compressed = ZlibEncoder::new(Vec::new(), Compression::default());
    let written = compressed.write_all(&content.finish()).and_then(|()| compressed.finish());
    let bytes = written.expect("writing to a vector does not fail");
    let mut pdf = Pdf::new();
    pdf.catalog(CATALOG).pages(PAGES);
    pdf.pages(PAGES).kids([PAGE]).count(1);
    let mut page = pdf.page(PAGE);
    page.parent(PAGES).media_box(Rect::new(0.0, 0.0, width, height)).contents(CONTENT);
    page.resources().finish();
    page.finish();
    pdf.stream(CONTENT, &bytes).filter(Filter::FlateDecode);
    Ok(pdf.finish())
}

/// Draws everything in a group.
fn draw(group: &Group, transform: Transform, content: &mut Content) {
    let transform = transform.pre_concat(group.transform());
    for node in group.children() {
        match node {
            Node::Group(inner) => draw(inner, transform, content),
            Node::Path(path) if path.is_visible() => draw_path(path, transform, content),
            Node::Text(text) => draw(text.flattened(), transform, content),
            Node::Path(_) | Node::Image(_) => {}
        }
    }
}

fn draw_path(path: &Path, transform: Transform, content: &mut Content) {
    if let Some(fill) = path.fill()
        && let Paint::Color(colour) = fill.paint()
    {
        let [red, green, blue] = parts(*colour);
        content.set_fill_rgb(red, green, blue);
        trace(path, transform, content);
        match fill.rule() {
            FillRule::NonZero => content.fill_nonzero(),
            FillRule::EvenOdd => content.fill_even_odd(),
        };
    }
    if let Some(stroke) = path.stroke()
        && let Paint::Color(colour) = stroke.paint()
    {
        let [red, green, blue] = parts(*colour);
        content.set_stroke_rgb(red, green, blue);
        set_stroke(stroke, transform, content);
        trace(path, transform, content);
        content.stroke();
    }
}

fn parts(colour: Color) -> [f32; 3] {
    [colour.red, colour.green, colour.blue].map(|part| f32::from(part) / 255.0)
}

fn set_stroke(stroke: &Stroke, transform: Transform, content: &mut Content) {
    let scale = transform.sx.hypot(transform.ky);
    content.set_line_width(stroke.width().get() * scale);
    content.set_line_cap(match stroke.linecap() {
        LineCap::Butt => LineCapStyle::ButtCap,
        LineCap::Round => LineCapStyle::RoundCap,
        LineCap::Square => LineCapStyle::ProjectingSquareCap,
    });
    content.set_line_join(match stroke.linejoin() {
        LineJoin::Round => LineJoinStyle::RoundJoin,
        LineJoin::Bevel => LineJoinStyle::BevelJoin,
        LineJoin::Miter | LineJoin::MiterClip => LineJoinStyle::MiterJoin,
    });
    let dashes = stroke.dasharray().unwrap_or_default().iter().map(|dash| dash * scale);
    content.set_dash_pattern(dashes, stroke.dashoffset() * scale);
}

/// Writes the lines and curves of a path; a PDF has no quadratic curves.
fn trace(path: &Path, transform: Transform, content: &mut Content) {
    let place = |mut point: Point| {
        transform.map_point(&mut point);
        point
    };
    let mut last = Point::default();
    for segment in path.data().segments() {
        match segment {
            PathSegment::MoveTo(to) => {
                last = place(to);
                content.move_to(last.x, last.y);
            }
            PathSegment::LineTo(to) => {
                last = place(to);
                content.line_to(last.x, last.y);
            }
            PathSegment::QuadTo(towards, to) => {
                let (towards, to) = (place(towards), place(to));
                let third = |end: Point| {
                    Point::from_xy(end.x + (towards.x - end.x) * 2.0 / 3.0, end.y + (towards.y - end.y) * 2.0 / 3.0)
                };
                let [one, two] = [third(last), third(to)];
                content.cubic_to(one.x, one.y, two.x, two.y, to.x, to.y);
                last = to;
            }
            PathSegment::CubicTo(one, two, to) => {
                let (one, two) = (place(one), place(two));
                last = place(to);
                content.cubic_to(one.x, one.y, two.x, two.y, last.x, last.y);
            }
            PathSegment::Close => {
                content.close_path();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    /// The operators of the only page.
    fn operators(pdf: &[u8]) -> String {
        let find = |bytes: &[u8]| pdf.windows(bytes.len()).position(|window| window == bytes).unwrap();
        let (start, end) = (find(b"stream\n") + 7, find(b"\nendstream"));
        let mut text = String::new();
        flate2::read::ZlibDecoder::new(&pdf[start..end]).read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn shapes_colours_and_letters_are_on_the_page() {
        let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"80\" height=\"40\">\
                   <g transform=\"translate(10 0)\"><line x1=\"0\" y1=\"0\" x2=\"8\" y2=\"4\" stroke=\"#ff0000\" \
                   stroke-width=\"2\" stroke-dasharray=\"4 2\"/></g><text x=\"4\" y=\"20\">A</text></svg>";
        let bytes = pdf(svg).unwrap();
        assert!(bytes.starts_with(b"%PDF-") && String::from_utf8_lossy(&bytes).contains("[0 0 60 30]"));
        let page = operators(&bytes);
        assert!(page.contains("1 0 0 RG") && page.contains("1.5 w") && page.contains("[3 1.5] 0 d"), "{page}");
        assert!(page.contains("7.5 30 m\n13.5 27 l\nS"), "{page}");
        assert!(page.contains("0 0 0 rg") && page.contains("\nf"), "the outline of a letter: {page}");
        assert!(pdf("no drawing").is_err());
    }
}
