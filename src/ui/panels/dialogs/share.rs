//! Links and files: what goes out of the page, and what comes in. `www/shell/work.js` does what browsers do with them.

use yew::MouseEvent;

use crate::texts::page::dialogs as texts;
use crate::ui::action::{OnAction, PageAction};
use crate::ui::widgets::element::{Element, button, element};
use crate::ui::widgets::{does, value_of};
use crate::view::transfer::ExportRow;

pub fn share(rows: &[ExportRow], problem: Option<&str>, on: &OnAction) -> Element {
    // Options are put in from the last to the first, and the browser takes what comes first.
    let option = |(place, row): (usize, &ExportRow)| {
        element("option", "").attr("value", row.what.clone()).flag("selected", place == 0).text(row.label.clone())
    };
    let copy = on.reform(|event: MouseEvent| PageAction::CopyExport(value_of(&event, "select")).into());
    let import = on.reform(|event: MouseEvent| PageAction::Import(value_of(&event, "textarea")).into());
    let links = line().with(shared("link", texts::COPY_LINK)).with(shared("embed", texts::COPY_EMBED));
    let link = part(texts::LINK).with(help(texts::OPENS_WHAT_SHOWN_NOW)).with(help(texts::OPENS_IN_FRAME)).with(links);
    let export = part(texts::EXPORT).with(help(texts::EXPORT_HELP)).with(
        line()
            .with(element("select", "input").label(texts::WHAT_EXPORT).each(rows.iter().enumerate().map(option)))
            .with(shared("download", texts::DOWNLOAD))
            .with(button("button", texts::COPY).on_click(copy)),
    );
    let file = element("input", "input")
        .attr("type", "file")
        .attr("accept", ".json,application/json")
        .attr("data-share", "file")
        .label(texts::FILE_IMPORT);
    let paste = element("textarea", "input share__paste")
        .attr("rows", "3")
        .attr("placeholder", texts::PASTE_HERE)
        .attr("spellcheck", "false")
        .label(texts::JSON_IMPORT);
    let import = part(texts::IMPORT)
        .with(help(texts::SESSION_SCENARIO_TAKES_PLACE))
        .with(line().with(file))
        .with(line().with(paste).with(button("button", texts::IMPORT).on_click(import)));
    let foot = element("div", "dialog__foot")
        .with(element("div", "dialog__error").attr("role", "alert").text(problem.unwrap_or_default().to_owned()))
        .with(button("button button--main", texts::CLOSE).on_click(does(on, PageAction::CloseDialog)));
    let body = element("div", "dialog__body").with(link).with(export).with(import);
    element("form", "dialog__form").with(body).with(foot)
}

fn part(title: &'static str) -> Element {
    element("section", "share").with(element("h3", "dialog__group").text(title))
}

fn line() -> Element {
    element("div", "share__line")
}

fn help(says: &'static str) -> Element {
    element("p", "field__help").text(says)
}

fn shared(what: &'static str, label: &'static str) -> Element {
    button("button", label).attr("data-share", what)
}
