//! `cargo xtask serve`: builds the page, serves it and prints its address.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::process::parent_id;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::args::Args;
use crate::say::{duration, say};
use crate::tools::node;
use crate::{Failure, Result, build, process};

const DEFAULT_PORT: u16 = 8080;

/// The verb that only [`announce_later`] uses.
pub const ANNOUNCE: &str = "announce-page";

/// Serves the page until it is interrupted; a changed source builds it anew.
///
/// # Errors
/// A tool is missing, the port is taken, or trunk ends.
pub fn run(mut args: Args) -> Result {
    let is_dev = args.flag("--dev");
    let is_opening = args.flag("--open");
    let port = args.value("--port")?.unwrap_or(DEFAULT_PORT);
    args.done()?;
    check_free(port)?;

    let mut tools = build::toolbox()?;
    let mut arguments = Vec::new();
    if !is_dev {
        match node::BROWSER.programs() {
            Ok(programs) => {
                tools = tools.with(programs);
                arguments.extend(build::OPTIMISED);
            }
            Err(failure) => {
                say(format!("{failure}; the page is built without wasm-opt, larger but otherwise the same"));
                // Without --release trunk asks for no wasm-opt.
                arguments.extend(&build::OPTIMISED[1..]);
            }
        }
    }
    let port_word = port.to_string();
    arguments.extend(["--port", &port_word]);
    if is_opening {
        arguments.push("--open");
    }
    say(match is_dev {
        true => "building the page, unoptimised (about 1 min the first time, then seconds)",
        false => "building the page, optimised (about 3 min the first time, then 1 min; --dev takes seconds)",
    });
    announce_later(port)?;
    let mut trunk = build::trunk(&tools, "serve", &arguments)?;
    if !is_dev {
        build::make_small(&mut trunk)?;
    }
    process::hand_over(trunk)
}

/// Starts this program once more, to say the address when trunk answers there, which is after its first build.
///
/// A program of its own, since this one becomes trunk: whoever ends the one ends the other.
fn announce_later(port: u16) -> Result {
    let announcer = std::env::current_exe().and_then(|it| Command::new(it).args([ANNOUNCE, &port.to_string()]).spawn());
    announcer.map(drop).map_err(|error| Failure::new(format!("xtask cannot start itself: {error}")))
}

/// Waits until the page is served on the port, or whoever asked is gone.
///
/// # Errors
/// The arguments are not those of [`announce_later`].
pub fn announce(mut args: Args) -> Result {
    let port = args.next::<u16>()?;
    args.done()?;
    let start = Instant::now();
    let parent = parent_id();
    while parent_id() == parent {
        if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
            say(format!("the page is at http://127.0.0.1:{port}/ after {} (Ctrl+C ends)", duration(start.elapsed())));
            return Ok(());
        }
        thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

fn check_free(port: u16) -> Result {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::new(format!("port {port} cannot be used ({error}): choose one with --port"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_named() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("some port is free");
        let port = taken.local_addr().expect("it is bound").port();
        let failure = check_free(port).expect_err("it is taken").to_string();
        assert!(failure.contains(&port.to_string()) && failure.contains("--port"), "{failure}");
    }
}
