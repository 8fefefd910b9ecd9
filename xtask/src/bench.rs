//! `cargo xtask bench`: the benchmarks, natively, or as the package runs them beside the native ones.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::args::Args;
use crate::say::{say, timed};
use crate::tools::{nats_server, node};
use crate::{Failure, Result, package, process, project};
use crate::{build, e2e, instructions, peer};

const PROCESSES: usize = 3;

/// Lets the C library keep freed memory, as the benches do that start processes themselves.
const KEEP_MEMORY: [(&str, &str); 3] = [
    ("MALLOC_TRIM_THRESHOLD_", "8000000000"),
    ("MALLOC_MMAP_THRESHOLD_", "8000000000"),
    ("MALLOC_TOP_PAD_", "67108864"),
];

/// Messages, where `N` says nothing: a tenth of the native run, since the ratios hold.
const DEFAULT_N: &str = "100000";

/// Runs all benchmarks, or those whose name contains the word given, or whose group has that name. With `--web` they run
/// as WebAssembly in Node too, built as the package is, and each line says how many times longer it takes there.
/// `server [NAME]` compares with the CPU time of a real nats-server, and `beside PROGRAM [NAME]` with another program;
/// `clients [N]` sends N messages, a million unless said, through one client and back, here and on a real nats-server;
/// `frames [N [PEER]]` measures frames of messages into the package's WebAssembly and out of it, and beside the server
/// that the JavaScript module PEER connects to;
/// `instructions [--write]` counts instructions and compares with the counts committed, or commits them;
/// `page` measures the page in headless Chromium while much happens: frames, memory, the first message.
///
/// # Errors
/// A benchmark fails, or is slower than its limit.
pub fn run(mut args: Args) -> Result {
    if args.take("server") {
        return peer::server(args);
    }
    if args.take("beside") {
        return peer::beside(args);
    }
    if args.peek() == Some("clients") {
        return clients(&args.rest()[1..]);
    }
    if args.peek() == Some("frames") {
        return process::run(package::node("clients/frames.mjs")?.args(&args.rest()[1..]));
    }
    if args.peek() == Some("instructions") {
        return instructions::run(args.flag("--write"));
    }
    if args.peek() == Some("page") {
        return process::run(&mut e2e::script("bench.mjs", &args.rest()[1..])?);
    }
    let is_web = args.flag("--web");
    let wanted = args.rest();
    if is_web { web(&wanted) } else { process::run(native().arg("--").args(wanted)) }
}

fn clients(arguments: &[String]) -> Result {
    let mut node = package::node("clients/bench.mjs")?;
    process::run(node.args(arguments).env("NATS_SERVER_BIN", nats_server::ensure()?))
}

/// Runs the benchmarks natively, after flags of cargo and `--`.
pub fn native() -> Command {
    let mut command = process::cargo();
    command.args(["bench", "--bench", "speed"]);
    command
}

fn web(wanted: &[String]) -> Result {
    let n = std::env::var("N").unwrap_or_else(|_| DEFAULT_N.to_owned());
    let wanted = wanted.first().map_or("", String::as_str);
    let module = web_program()?;
    let mut times = [Times::default(), Times::default()];
    say(format!("{PROCESSES} processes each, natively and as WebAssembly, of {n} messages"));
    times[0].read(&native_samples(wanted, &n)?)?;
    for _ in 0..PROCESSES {
        times[1].read(&process::output(&mut module.command(wanted, &n))?)?;
    }
    let [native, web] = times.map(Times::medians);
    let mut ratios = Vec::new();
    for (bench, web) in web {
        let Some(native) = native.get(&bench) else { continue };
        println!("{bench:28} native {native:12.1}  wasm {web:12.1}  ratio {:.2}", web / native);
        if !bench.starts_with("bytes") {
            ratios.push(web / native);
        }
    }
    println!(
        "WebAssembly takes {:.2} times as long as native, in the median of {} benches",
        median(&mut ratios),
        ratios.len()
    );
    Ok(())
}

/// What the native run prints. That it may be slower than its limits is not the question here.
fn native_samples(wanted: &str, n: &str) -> Result<String> {
    let output = native().args(["--", wanted]).env("N", n).stderr(Stdio::null()).output();
    let output = output.map_err(|error| Failure::new(format!("cargo bench: {error}")))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The benches, built: a program, or a module for Node.
pub enum Program {
    Native(PathBuf),
    Web(PathBuf),
}

impl Program {
    /// One process that measures the benches whose name contains `wanted` with `n` messages.
    pub fn command(&self, wanted: &str, n: &str) -> Command {
        match self {
            Self::Native(program) => {
                let mut command = Command::new(program);
                command.arg(wanted).env("JETSTREAM_SIM_BENCH_PROCESS", "1").env("N", n).envs(KEEP_MEMORY);
                command
            }
            Self::Web(module) => {
                let mut command = Command::new("node");
                command.arg(module).args([wanted, n]);
                command
            }
        }
    }
}

/// The benches as a program of this machine.
pub fn native_program() -> Result<Program> {
    let messages = timed("benches", "about 3 min", || {
        process::output(native().args(["--no-run", "--message-format", "json-render-diagnostics"]))
    })?;
    Ok(Program::Native(program(&messages)?.into()))
}

/// The benches as a module for Node, built as the package is, which is what runs there.
pub fn web_program() -> Result<Program> {
    let tools = build::toolbox()?.with(node::BROWSER.programs()?);
    let mut cargo = tools.cargo()?;
    cargo.args(["rustc", "--quiet", "--bench", "speed", "--message-format", "json-render-diagnostics"]);
    build::make_small(&mut cargo)?;
    cargo.args(package::OPTIMISED);
    let messages = timed("benches for the web", "about 3 min", || process::output(&mut cargo))?;
    let built = program(&messages)?;
    let dir = project::target_dir().join("xtask").join("bench-web");
    let bindgen = ["--target", "nodejs", "--no-typescript", "--out-name", "speed", "--out-dir"];
    process::run(tools.command("wasm-bindgen")?.args(bindgen).arg(&dir).arg(built))?;
    let module = dir.join("speed_bg.wasm");
    process::run(tools.command("wasm-opt")?.args(build::WASM_OPT).arg("-o").arg(&module).arg(&module))?;
    Ok(Program::Web(dir.join("speed.js")))
}

/// The benches that cargo built, by its messages. The page is built with them, as every program of the package is.
///
/// # Errors
/// It named none.
pub fn program(messages: &str) -> Result<&str> {
    let benches = messages.lines().filter(|line| line.contains(r#""name":"speed""#));
    benches.filter_map(executable).next_back().ok_or_else(|| Failure::new("cargo named no program of the benches"))
}

/// The path in one of cargo's messages about a finished program.
fn executable(message: &str) -> Option<&str> {
    message.split_once(r#""executable":""#)?.1.split_once('"').map(|(path, _)| path)
}

/// Nanoseconds, or bytes, by bench, without the first repetition.
#[derive(Default)]
struct Times(BTreeMap<String, Vec<f64>>);

impl Times {
    /// Takes lines of JSON, as the benches print them.
    fn read(&mut self, lines: &str) -> Result {
        for line in lines.lines() {
            let unknown = || Failure::new(format!("not a sample: {line:?}"));
            let value = field(line, "ns_op").or_else(|| field(line, "bytes_msg")).ok_or_else(unknown)?;
            let value = value.parse().map_err(|_| unknown())?;
            if field(line, "rep") != Some("0") {
                let bench = field(line, "bench").ok_or_else(unknown)?.trim_matches('"').to_owned();
                self.0.entry(bench).or_default().push(value);
            }
        }
        Ok(())
    }

    fn medians(self) -> BTreeMap<String, f64> {
        self.0.into_iter().map(|(bench, mut times)| (bench, median(&mut times))).collect()
    }
}

/// The text of a field in one line of flat JSON.
pub fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(&format!("\"{name}\":"))?;
    rest.split([',', '}']).next()
}

pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_read_without_the_first_repetition() {
        let mut times = Times::default();
        let line = |rep, ns| format!(r#"{{"impl":"wasm","bench":"get","rep":{rep},"n":5,"ns_op":{ns},"cpu_op":1.00}}"#);
        let lines = [line(0, 900.0), line(1, 30.0), line(2, 10.0), line(1, 20.0)].join("\n");
        times.read(&lines).expect("these are samples");
        assert_eq!(times.medians(), BTreeMap::from([("get".to_owned(), 20.0)]));
        assert!(Times::default().read("thread panicked").is_err());
    }

    #[test]
    fn cargo_names_the_program_it_built() {
        assert_eq!(executable(r#"{"reason":"x","executable":"/a/b.wasm","fresh":true}"#), Some("/a/b.wasm"));
        assert_eq!(executable(r#"{"reason":"x","executable":null}"#), None);
    }
}
