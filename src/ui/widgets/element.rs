//! Elements, one call a part.
//!
//! The page is written with these rather than with `html!`: the macro writes several hundred bytes of code for every
//! element, a call here a few dozen, and the whole app has a small budget. Texts go in as text nodes and attributes as
//! attributes, so nothing that comes from outside can become markup.

use std::cell::RefCell;
use std::rc::Rc;

use crate::texts::{Piece, Pieces, Template};

use wasm_bindgen::JsCast;
use yew::html::{onchange, onclick, onfocusin, onfocusout, oninput, onkeydown, onmouseout, onmouseover, onsubmit};
use yew::virtual_dom::{AttributeOrProperty, Attributes, Key, Listener, VList, VNode, VTag, VText};
use yew::{AttrValue, Callback, Event, FocusEvent, Html, InputEvent, KeyboardEvent, MouseEvent, NodeRef, SubmitEvent};

/// An element in the making: one owner, so that it can be written to, and small, so that handing it on costs nothing.
pub struct Element(Rc<VTag>);

/// What can stand in an element.
pub trait Node {
    fn into_html(self) -> Html;
}

impl Node for Html {
    fn into_html(self) -> Html {
        self
    }
}

impl Node for Element {
    fn into_html(self) -> Html {
        VNode::VTag(self.0)
    }
}

/// Nothing keeps its place, so that what follows is not taken for what stood there.
impl<N: Node> Node for Option<N> {
    fn into_html(self) -> Html {
        self.map_or_else(Html::default, N::into_html)
    }
}

/// An element called `name` with the classes `class`; none if that is empty.
#[inline(never)]
pub fn element(name: &'static str, class: impl Into<AttrValue>) -> Element {
    start(name, class.into())
}

#[inline(never)]
fn start(name: &'static str, class: AttrValue) -> Element {
    let element = Element(Rc::new(VTag::new(name)));
    if class.is_empty() { element } else { element.set("class", class) }
}

/// A button with the text `label`, which does nothing yet.
pub fn button(class: &'static str, label: impl Into<AttrValue>) -> Element {
    element("button", class).attr("type", "button").text(label)
}

/// Text alone.
pub fn text(text: impl Into<AttrValue>) -> Html {
    VText::new(text.into()).into()
}

/// Several nodes in a row.
pub fn list<N: Node>(nodes: impl IntoIterator<Item = N>) -> Html {
    gather(&mut nodes.into_iter().map(N::into_html))
}

#[inline(never)]
fn gather(nodes: &mut dyn Iterator<Item = Html>) -> Html {
    VList::with_children(nodes.collect(), None).into()
}

impl Element {
    fn tag(&mut self) -> &mut VTag {
        Rc::get_mut(&mut self.0).expect("an element in the making has one owner")
    }

    #[inline(never)]
    pub fn attr(self, name: &'static str, value: impl Into<AttrValue>) -> Self {
        self.set(name, value.into())
    }

    /// Sets an attribute that is either there or not.
    pub fn flag(self, name: &'static str, is_set: bool) -> Self {
        self.set_if(name, is_set.then_some(AttrValue::Static(name)))
    }

    /// Sets an attribute that says `true` or `false`.
    pub fn state(self, name: &'static str, is_on: bool) -> Self {
        self.set(name, AttrValue::Static(if is_on { "true" } else { "false" }))
    }

    /// The name for those who do not see.
    #[inline(never)]
    pub fn label(self, name: impl Into<AttrValue>) -> Self {
        self.set("aria-label", name.into())
    }

    #[inline(never)]
    pub fn title(self, title: impl Into<AttrValue>) -> Self {
        self.set("title", title.into())
    }

    /// Tells it from its neighbours in a list that changes.
    #[inline(never)]
    pub fn key(self, key: impl Into<Key>) -> Self {
        self.set_key(key.into())
    }

    pub fn node_ref(mut self, node_ref: &NodeRef) -> Self {
        self.tag().node_ref = node_ref.clone();
        self
    }

    /// What stands in an input or text area.
    #[inline(never)]
    pub fn value(mut self, value: &str) -> Self {
        self.tag().set_value(AttrValue::from(value.to_owned()));
        self
    }

    pub fn checked(mut self, is_checked: bool) -> Self {
        self.tag().set_checked(is_checked);
        self
    }

    #[inline(never)]
    pub fn text(self, text: impl Into<AttrValue>) -> Self {
        self.add_text(text.into())
    }

    #[inline(never)]
    pub fn with(self, node: impl Node) -> Self {
        self.add(node.into_html())
    }

    /// Adds the words of `template` with `parts` in its places.
    #[inline(always)]
    pub fn woven<const PLACES: usize>(self, template: Template<PLACES>, parts: [Element; PLACES]) -> Self {
        self.weave(template.pieces(), &parts)
    }

    #[inline(never)]
    fn weave(mut self, pieces: Pieces, parts: &[Element]) -> Self {
        for piece in pieces {
            self = match piece {
                Piece::Words(words) => self.add_text(AttrValue::Static(words)),
                Piece::Place(place) => self.with(parts.get(place).map(|part| Element(Rc::clone(&part.0)))),
            };
        }
        self
    }

    /// Adds a list, as one part.
    pub fn each<N: Node>(self, nodes: impl IntoIterator<Item = N>) -> Self {
        self.add(list(nodes))
    }

    #[inline(never)]
    fn set_key(mut self, key: Key) -> Self {
        self.tag().key = Some(key);
        self
    }

    fn set(self, name: &'static str, value: AttrValue) -> Self {
        self.set_if(name, Some(value))
    }

    #[inline(never)]
    fn set_if(mut self, name: &'static str, value: Option<AttrValue>) -> Self {
        let attributes = &mut self.tag().attributes;
        let (mut names, mut values): (Names, _) = match std::mem::take(attributes) {
            Attributes::Dynamic { keys, values } => (keys, values.into_vec()),
            // An element in the making has no others.
            Attributes::Static(_) | Attributes::IndexMap(_) => (&[], Vec::new()),
        };
        let value = value.map(AttributeOrProperty::Attribute);
        if let Some(place) = names.iter().position(|set| *set == name) {
            values[place] = value;
        } else {
            names = extended(names, name);
            values.push(value);
        }
        *attributes = Attributes::Dynamic { keys: names, values: values.into() };
        self
    }

    #[inline(never)]
    fn add(mut self, node: Html) -> Self {
        self.tag().add_child(node);
        self
    }

    #[inline(never)]
    fn add_text(self, text: AttrValue) -> Self {
        self.add(VText::new(text).into())
    }

    #[inline(never)]
    fn on(mut self, listener: Rc<dyn Listener>) -> Self {
        self.tag().add_listener(listener);
        self
    }

    pub fn on_click(self, callback: Callback<MouseEvent>) -> Self {
        self.on(Rc::new(onclick::Wrapper::new(callback)))
    }

    pub fn on_change(self, callback: Callback<Event>) -> Self {
        self.on(Rc::new(onchange::Wrapper::new(callback)))
    }

    pub fn on_input(self, callback: Callback<InputEvent>) -> Self {
        self.on(Rc::new(oninput::Wrapper::new(callback)))
    }

    pub fn on_submit(self, callback: Callback<SubmitEvent>) -> Self {
        self.on(Rc::new(onsubmit::Wrapper::new(callback)))
    }

    pub fn on_key(self, callback: Callback<KeyboardEvent>) -> Self {
        self.on(Rc::new(onkeydown::Wrapper::new(callback)))
    }

    /// Tells what is pointed at or focused in it: the `data-lit` of the nearest element that has one; `None` when it is
    /// left.
    pub fn on_lit(self, callback: &Callback<Option<String>>) -> Self {
        let left = callback.reform(|_: Event| None);
        let over = callback.reform(|event: Event| lit(&event));
        self.on(Rc::new(onmouseover::Wrapper::new(over.reform(|event: MouseEvent| event.into()))))
            .on(Rc::new(onfocusin::Wrapper::new(over.reform(|event: FocusEvent| event.into()))))
            .on(Rc::new(onmouseout::Wrapper::new(left.reform(|event: MouseEvent| event.into()))))
            .on(Rc::new(onfocusout::Wrapper::new(left.reform(|event: FocusEvent| event.into()))))
    }

    /// The escape key in a dialog.
    pub fn on_cancel(self, callback: Callback<Event>) -> Self {
        self.on(Rc::new(yew::html::oncancel::Wrapper::new(callback)))
    }
}

/// The names of an element's attributes, in the order in which they were set.
type Names = &'static [&'static str];

thread_local! {
    /// Every list of names that there is, by where the list that it goes on from and its last name lie.
    static LISTS: RefCell<Vec<(*const &'static str, *const u8, Names)>> = const { RefCell::new(Vec::new()) };
}

/// `names` and one more. Each list is made once: yew compares the values of two elements one by one where their names
/// are the same list, and else looks up every name.
#[inline(never)]
fn extended(names: Names, name: &'static str) -> Names {
    let from = if names.is_empty() { std::ptr::null() } else { names.as_ptr() };
    LISTS.with_borrow_mut(|lists| {
        let place = lists.binary_search_by_key(&(from, name.as_ptr()), |(from, name, _)| (*from, *name));
        let place = place.unwrap_or_else(|place| {
            let list = [names, &[name]].concat().leak();
            lists.insert(place, (from, name.as_ptr(), list));
            place
        });
        lists[place].2
    })
}

/// What is lit where `event` comes from.
fn lit(event: &Event) -> Option<String> {
    let from: web_sys::Element = event.target()?.dyn_into().ok()?;
    from.closest("[data-lit]").ok()??.get_attribute("data-lit")
}
