//! Links and files: what goes out of the page, and what comes in. `www/shell/share.js` does what browsers do with them.

use yew::{Callback, MouseEvent};

use crate::ui::action::{Action, PageAction};
use crate::ui::widgets::element::{Element, button, element};
use crate::ui::widgets::{does, value_of};
use crate::view::transfer::ExportRow;

pub fn share(rows: &[ExportRow], problem: Option<&str>, on: &Callback<Action>) -> Element {
    // Options are put in from the last to the first, and the browser takes what comes first.
    let option = |(place, row): (usize, &ExportRow)| {
        element("option", "").attr("value", row.what.clone()).flag("selected", place == 0).text(row.label.clone())
    };
    let copy = on.reform(|event: MouseEvent| PageAction::CopyExport(value_of(&event, "select")).into());
    let import = on.reform(|event: MouseEvent| PageAction::Import(value_of(&event, "textarea")).into());
    let link = part("Link")
        .with(help("Opens what is shown now. All of it stands in the link: nothing is stored anywhere."))
        .with(line().with(shared("link", "Copy a link")));
    let export = part("Export")
        .with(help("Configurations are what “nats stream add --config” and “nats consumer add --config” read."))
        .with(
            line()
                .with(element("select", "input").label("What to export").each(rows.iter().enumerate().map(option)))
                .with(shared("download", "Download"))
                .with(button("button", "Copy").on_click(copy)),
        );
    let file = element("input", "input")
        .attr("type", "file")
        .attr("accept", ".json,application/json")
        .attr("data-share", "file")
        .label("A file to import");
    let paste = element("textarea", "input share__paste")
        .attr("rows", "3")
        .attr("placeholder", "or paste it here")
        .attr("spellcheck", "false")
        .label("JSON to import");
    let import = part("Import")
        .with(help(
            "A session or scenario takes the place of this one; configurations of streams and consumers are added.",
        ))
        .with(line().with(file))
        .with(line().with(paste).with(button("button", "Import").on_click(import)));
    let foot = element("div", "dialog__foot")
        .with(element("div", "dialog__error").attr("role", "alert").text(problem.unwrap_or_default().to_owned()))
        .with(button("button button--main", "Close").on_click(does(on, PageAction::CloseDialog)));
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
