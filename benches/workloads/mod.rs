//! What the benches do, apart from where they run: a platform brings clock and memory count, and takes the samples.

pub mod store;

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

/// Measures what happens between [`start`](Self::start) and [`stop`](Self::stop).
pub struct Timer {
    wall_ns: u64,
    cpu_ns: u64,
}

impl Timer {
    pub fn start(platform: &impl Platform) -> Self {
        Self { cpu_ns: platform.cpu_ns(), wall_ns: platform.wall_ns() }
    }

    pub fn stop(self, platform: &impl Platform, n: u64) -> Value {
        let wall = platform.wall_ns() - self.wall_ns;
        let cpu = platform.cpu_ns() - self.cpu_ns;
        let each = |total: u64| total as f64 / n.max(1) as f64;
        Value::Time { ns_op: each(wall), cpu_op: each(cpu) }
    }
}
