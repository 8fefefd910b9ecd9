//! What the benches do, apart from where they run: a platform brings clock and memory count, and takes the samples.

pub mod engine;
pub mod store;
pub mod travel;

use std::hint::black_box;
use std::iter;

use jetstream_sim::engine::rng::Rng;

/// Bytes of a payload where the bench does not say otherwise.
pub const PAYLOAD: usize = 128;

/// A bench by name: measures once and returns operations and result.
pub type Bench<P> = (&'static str, fn(&P, &Inputs) -> (u64, Value));

/// Benches that are run together.
pub type Group<P> = (&'static str, Vec<Bench<P>>);

/// What a workload needs of its surroundings.
pub trait Platform {
    /// Nanoseconds since some moment.
    fn wall_ns(&self) -> u64;
    /// Nanoseconds of CPU time used, or the same as the clock where that is not known.
    fn cpu_ns(&self) -> u64;
    /// Bytes allocated now.
    fn live_bytes(&self) -> u64;
    /// Takes one result.
    fn report(&mut self, sample: Sample);
}

/// One result.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    pub bench: &'static str,
    /// Repetition within the process. The first one, 0, is the cold one.
    pub rep: u32,
    /// Operations, or messages.
    pub n: u64,
    pub value: Value,
}

#[derive(Clone, Copy, Debug)]
pub enum Value {
    /// Time of one operation, and CPU time.
    Time { ns_op: f64, cpu_op: f64 },
    /// Bytes of one message.
    Bytes(f64),
}

/// Measures what happens between [`start`](Self::start) and [`stop`](Self::stop), as often as they are called.
#[derive(Default)]
pub struct Stopwatch {
    started: (u64, u64),
    wall_ns: u64,
    cpu_ns: u64,
}

impl Stopwatch {
    pub fn start(&mut self, platform: &impl Platform) {
        self.started = (platform.cpu_ns(), platform.wall_ns());
    }

    /// Reading the CPU time takes some itself, which counts where stretches are short: as much as another reading takes is
    /// left out.
    pub fn stop(&mut self, platform: &impl Platform) {
        let (cpu_ns, wall_ns) = self.started;
        self.wall_ns += platform.wall_ns() - wall_ns;
        let stopped = platform.cpu_ns();
        let of_reading = platform.cpu_ns() - stopped;
        self.cpu_ns += (stopped - cpu_ns).saturating_sub(of_reading);
    }

    /// The time of one of `n` operations.
    pub fn value(&self, n: u64) -> Value {
        let each = |total: u64| total as f64 / n.max(1) as f64;
        Value::Time { ns_op: each(self.wall_ns), cpu_op: each(self.cpu_ns) }
    }
}

/// A [`Stopwatch`] for one stretch.
pub struct Timer(Stopwatch);

impl Timer {
    pub fn start(platform: &impl Platform) -> Self {
        let mut watch = Stopwatch::default();
        watch.start(platform);
        Self(watch)
    }

    pub fn stop(mut self, platform: &impl Platform, n: u64) -> Value {
        self.0.stop(platform);
        self.0.value(n)
    }
}

/// What the operations take: made before anything is measured.
pub struct Inputs {
    /// Messages to store.
    pub n: u64,
    subjects_10k: Vec<String>,
    subjects_100k: Vec<String>,
    subjects_new: Vec<String>,
    random: Vec<u8>,
}

impl Inputs {
    pub fn new(n: u64) -> Self {
        let mut rng = Rng::new(1);
        let grid = |rows: u64| (0..rows * 100).map(|i| format!("orders.{}.{}", i / 100, i % 100)).collect();
        Self {
            n,
            subjects_10k: grid(100),
            subjects_100k: grid(1000),
            subjects_new: (0..n).map(|i| format!("orders.{i:06}")).collect(),
            random: (0..1 << 20).map(|_| rng.next_u64() as u8).collect(),
        }
    }

    /// A payload for message `i`, another for each of those near it.
    fn payload(&self, i: u64, len: usize) -> &[u8] {
        let start = (i as usize * 61) % (self.random.len() - len);
        &self.random[start..start + len]
    }
}

/// Runs the benches whose name contains `wanted`, or whose group has that name, each `reps` times. Before them comes
/// [`floor_copy`].
pub fn run<P: Platform>(groups: &[Group<P>], platform: &mut P, inputs: &Inputs, wanted: &str, reps: u32) {
    let is_wanted = |group: &str, bench: &str| group == wanted || bench.contains(wanted);
    let wanted = groups.iter().flat_map(|(group, benches)| benches.iter().filter(|(bench, _)| is_wanted(group, bench)));
    for &(bench, measure) in iter::once(&("floor_copy", floor_copy as _)).chain(wanted) {
        for rep in 0..reps {
            let (n, value) = measure(platform, inputs);
            platform.report(Sample { bench, rep, n, value });
        }
    }
}

/// What storing costs at least: the payload copied into blocks of 256 KiB, and 8 bytes of index.
fn floor_copy<P: Platform>(platform: &P, inputs: &Inputs) -> (u64, Value) {
    const BLOCK: usize = 256 << 10;
    const INDEX: usize = 1 << 15;
    let (mut blocks, mut index): (Vec<Vec<u8>>, Vec<Vec<u64>>) = (Vec::new(), Vec::new());
    let timer = Timer::start(platform);
    for i in 0..inputs.n {
        if blocks.last().is_none_or(|block| block.len() + PAYLOAD > BLOCK) {
            blocks.push(Vec::with_capacity(BLOCK));
        }
        if index.last().is_none_or(|index| index.len() == INDEX) {
            index.push(Vec::with_capacity(INDEX));
        }
        let block_number = blocks.len() as u64 - 1;
        let (Some(block), Some(index)) = (blocks.last_mut(), index.last_mut()) else { unreachable!("added above") };
        index.push(block_number << 32 | block.len() as u64);
        block.extend_from_slice(inputs.payload(i, PAYLOAD));
    }
    let value = timer.stop(platform, inputs.n);
    black_box((blocks, index));
    (inputs.n, value)
}
