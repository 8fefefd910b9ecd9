//! Entry of the page: mounts the user interface, nothing else.

#[cfg(target_arch = "wasm32")]
fn main() {
    yew::Renderer::<page::Page>::new().render();
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    eprintln!("The page runs in a browser: `cargo xtask serve` builds it and prints its address.");
}

#[cfg(target_arch = "wasm32")]
mod page {
    use yew::prelude::*;

    /// The page before it has panels: its name.
    #[component]
    pub fn Page() -> Html {
        html! {
            <main>
                <h1>{ "JetStream Simulator" }</h1>
            </main>
        }
    }
}
