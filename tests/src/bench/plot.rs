//! The plot: a bar for each subject, a panel for each load.

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use plotters::prelude::{IntoDrawingArea, RGBColor, Rectangle, SVGBackend, Text, WHITE};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, TextStyle};

use super::load::Load;
use super::report::{Report, thousands};
use super::rounds::Sample;

const WIDTH: u32 = 940;
const ROW: i32 = 26;
const TOP: i32 = 44;
/// Where bars begin, below the names.
const LEFT: i32 = 270;
/// Room behind the longest bar for its number.
const NUMBER: i32 = 60;
const FONT: &str = "sans-serif";

const TEXT: RGBColor = RGBColor(40, 44, 52);
const WARREN: RGBColor = RGBColor(31, 119, 180);
const OTHERS: RGBColor = RGBColor(160, 168, 180);

/// Draws it on white, so that it reads on a dark page as well.
pub(super) fn draw(report: &Report, file: &Path) -> Result<()> {
    let shown: Vec<_> = report.measured.iter().filter(|measured| measured.subject.key != "nothing").collect();
    let loads = [Load::Queries, Load::FollowUps];
    let panel = (WIDTH as i32 - LEFT) / loads.len() as i32;
    let height = u32::try_from(TOP + ROW * shown.len() as i32 + 12)?;
    let area = SVGBackend::new(file, (WIDTH, height)).into_drawing_area();
    let drawn = || -> Result<(), Box<dyn std::error::Error>> {
        area.fill(&WHITE)?;
        let style =
            |size: f64, h| TextStyle::from((FONT, size).into_font()).color(&TEXT).pos(Pos::new(h, VPos::Center));
        for (place, load) in loads.into_iter().enumerate() {
            let left = LEFT + panel * place as i32;
            area.draw(&Text::new(format!("{}, a second", load.title()), (left, 22), style(14.0, HPos::Left)))?;
            let rates: Vec<f64> = shown
                .iter()
                .map(|measured| measured.spread(load, Sample::rate).map_or(0.0, |spread| spread.median))
                .collect();
            let most = rates.iter().copied().fold(1.0, f64::max);
            for (row, (measured, rate)) in shown.iter().zip(&rates).enumerate() {
                let middle = TOP + ROW * row as i32 + ROW / 2;
                let end = left + (f64::from(panel - NUMBER) * rate / most).max(1.0) as i32;
                let colour = if measured.subject.name.starts_with("Warren") { WARREN } else { OTHERS };
                let corners = [(left, middle - 9), (end, middle + 9)];
                area.draw(&Rectangle::new(corners, colour.filled()))?;
                area.draw(&Text::new(thousands(*rate), (end + 6, middle), style(12.0, HPos::Left)))?;
                if place == 0 {
                    area.draw(&Text::new(measured.subject.name, (left - 8, middle), style(13.0, HPos::Right)))?;
                }
            }
        }
        area.present()?;
        Ok(())
    };
    drawn().map_err(|error| anyhow!("{error}")).with_context(|| format!("{}: cannot be drawn", file.display()))
}
