//! SVG to PNG with a bundled font, so that text is drawn on machines without fonts.

use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

/// DejaVu Sans, its Latin and Greek letters; the licence is next to it.
const FONT: &[u8] = include_bytes!("../font/DejaVuSans-subset.ttf");
const FAMILY: &str = "DejaVu Sans";

/// Pixels per pixel of the SVG: sharp on paper and on screens of high resolution.
const SCALE: f32 = 2.0;

static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(FONT.to_vec());
    fonts.set_sans_serif_family(FAMILY);
    Arc::new(fonts)
});

/// Why an SVG cannot be rendered.
#[derive(Debug)]
pub struct Unusable(String);

impl std::fmt::Display for Unusable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the drawing cannot be converted: {}", self.0)
    }
}

impl std::error::Error for Unusable {}

/// Renders an SVG as PNG, with twice its width and height in pixels.
///
/// # Errors
/// If the text is not an SVG, or the picture is too large.
pub fn png(svg: &str) -> Result<Vec<u8>, Unusable> {
    let tree = tree(svg)?;
    let size = tree.size();
    let pixels = |length: f32| (length * SCALE).ceil() as u32;
    let (width, height) = (pixels(size.width()), pixels(size.height()));
    let mut pixmap =
        Pixmap::new(width, height).ok_or_else(|| Unusable(format!("{width} x {height} pixels are too many")))?;
    resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut pixmap.as_mut());
    pixmap.encode_png().map_err(|error| Unusable(error.to_string()))
}

/// The shapes of an SVG.
pub(crate) fn tree(svg: &str) -> Result<Tree, Unusable> {
    let options = Options { fontdb: FONTS.clone(), font_family: FAMILY.into(), ..Options::default() };
    Tree::from_str(svg, &options).map_err(|error| Unusable(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Curves;

    #[test]
    fn words_are_drawn_without_any_font_of_the_machine() {
        let dark = |title: &str| {
            let bytes = png(&Curves::new(title, "x", "y").svg()).unwrap();
            let pixmap = Pixmap::decode_png(&bytes).unwrap();
            assert_eq!((pixmap.width(), pixmap.height()), (1600, 960));
            pixmap.pixels().iter().filter(|pixel| pixel.red() < 128).count()
        };
        assert!(dark("a title of several words") > dark("") + 500);
        assert!(png("no drawing").is_err());
    }
}
