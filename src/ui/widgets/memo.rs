//! Parts of the page that are drawn again only when what they are drawn from has changed.

use std::any::Any;
use std::rc::Rc;

use yew::virtual_dom::{Key, VChild};
use yew::{Component, Context, Html, Properties};

/// What a part is drawn from.
pub trait Draw: PartialEq + 'static {
    fn draw(&self) -> Html;
}

/// The part `of` the page, drawn when it is new or not equal to what it was.
pub fn memo(key: impl Into<Key>, of: impl Draw) -> Html {
    VChild::<Memo>::new(MemoProps { of: Input(Rc::new(of)) }, Some(key.into())).into()
}

/// [`Draw`] of any kind, so that one component serves all parts.
trait AnyDraw {
    fn draw(&self) -> Html;
    fn as_any(&self) -> &dyn Any;
    fn is_equal(&self, other: &dyn Any) -> bool;
}

impl<D: Draw> AnyDraw for D {
    fn draw(&self) -> Html {
        Draw::draw(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn is_equal(&self, other: &dyn Any) -> bool {
        other.downcast_ref() == Some(self)
    }
}

#[derive(Clone)]
struct Input(Rc<dyn AnyDraw>);

impl PartialEq for Input {
    fn eq(&self, other: &Self) -> bool {
        self.0.is_equal(other.0.as_any())
    }
}

#[derive(Properties, PartialEq)]
struct MemoProps {
    of: Input,
}

struct Memo;

impl Component for Memo {
    type Message = ();
    type Properties = MemoProps;

    fn create(_ctx: &Context<Self>) -> Self {
        Self
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        ctx.props().of.0.draw()
    }
}
