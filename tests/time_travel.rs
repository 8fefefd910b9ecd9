//! Every moment of a run can be gone back to, and is then what it was when it was seen live; also after forks.

use std::time::Duration;

use jetstream_sim::engine::ServerConfig;
use jetstream_sim::engine::rng::Rng;
use jetstream_sim::engine::time::Timestamp;
use jetstream_sim::sim::Simulation;
use jetstream_sim::sim::actor::{ActorId, Draft, FetchRequest, PublisherScript, Role, WorkerScript};
use jetstream_sim::sim::command::{Command, Settlement};
use jetstream_sim::sim::trace::Traced;
use jetstream_sim::sim::world::World;

/// Runs; more with `JETSTREAM_SIM_RUNS`.
const RUNS: u64 = 10_000;
/// What is done in one run.
const STEPS: usize = 24;

/// A small world with everything that moves of itself.
fn small_world(rng: &mut Rng) -> Simulation {
    let config = ServerConfig { seed: rng.below(1 << 32), ..ServerConfig::default() };
    let mut simulation = Simulation::new(config, Timestamp::SIMULATION_START);
    let retention = ["limits", "interest", "workqueue"][rng.below(3) as usize];
    let stream = format!(
        r#"{{"name":"S","subjects":["s.>"],"storage":"memory","retention":"{retention}","max_age":{},"max_msgs":{}}}"#,
        [0, 4_000_000_000_u64][rng.below(2) as usize],
        [-1, 5][rng.below(2) as usize]
    );
    simulation.request("$JS.API.STREAM.CREATE.S", stream.as_bytes());
    let consumer = format!(
        r#"{{"stream_name":"S","config":{{"durable_name":"c","ack_policy":"explicit","ack_wait":{},"max_deliver":3,"max_ack_pending":4}}}}"#,
        500_000_000 + rng.below(2_000_000_000)
    );
    simulation.request("$JS.API.CONSUMER.CREATE.S.c", consumer.as_bytes());
    let every = (rng.below(2) == 0).then(|| Duration::from_millis(300 + rng.below(900)));
    let draft = Draft { subject: "s.{a|b}".to_owned(), payload: "{n}".to_owned(), ..Draft::default() };
    let script = PublisherScript { draft, every, count: None };
    simulation.act(Command::AddPublisher { name: "p".to_owned(), script });
    for name in ["w1", "w2"] {
        let script = WorkerScript {
            is_running: rng.below(2) == 0,
            work_time: Duration::from_millis(rng.below(1_500)),
            fail_percent: 30,
            ..WorkerScript::default()
        };
        let (stream, consumer) = ("S".to_owned(), "c".to_owned());
        simulation.act(Command::AddWorker { name: name.to_owned(), stream, consumer, script });
    }
    simulation
}

fn clients(simulation: &Simulation) -> (ActorId, Vec<ActorId>) {
    let mut publisher = None;
    let mut workers = Vec::new();
    for (id, actor) in simulation.world().actors().iter() {
        match actor.role {
            Role::Publisher(_) => publisher = Some(id),
            Role::Worker(_) => workers.push(id),
            Role::Console(_) => {}
        }
    }
    (publisher.expect("each world has one"), workers)
}

/// Something that a person may do.
fn act(simulation: &mut Simulation, rng: &mut Rng) {
    let (publisher, workers) = clients(simulation);
    let worker = workers[rng.below(workers.len() as u64) as usize];
    let command = match rng.below(7) {
        0 | 1 => {
            let draft = Draft { subject: "s.c".to_owned(), payload: "x".to_owned(), ..Draft::default() };
            Command::Publish { publisher, draft, times: 1 + rng.below(3) as u32 }
        }
        2 | 3 => Command::Fetch { worker, request: FetchRequest { batch: 2, ..FetchRequest::ONE } },
        4 => {
            let actor = simulation.world().actors().get(worker).expect("it is there");
            let held = actor.worker().and_then(|worker| worker.held().next()).map(|held| held.consumer_seq);
            let how = [
                Settlement::Ack,
                Settlement::Nak(None),
                Settlement::Nak(Some(Duration::from_secs(1))),
                Settlement::Term,
            ];
            Command::Settle { worker, consumer_seq: held.unwrap_or(1), how: how[rng.below(4) as usize] }
        }
        5 => Command::Kill { client: worker },
        _ => Command::Restart { client: worker },
    };
    simulation.act(command);
}

/// All that one moment shows.
#[derive(Clone, Debug, PartialEq)]
struct Seen {
    moment: u64,
    world: World,
    events: u64,
    last: Option<Traced>,
}

fn seen(simulation: &Simulation) -> Seen {
    let last = simulation.trace().events().next_back().cloned();
    Seen { moment: simulation.moment(), world: simulation.world().clone(), events: simulation.trace().total(), last }
}

/// Goes on in a random way, and notes each moment when it has just happened.
fn live(simulation: &mut Simulation, rng: &mut Rng, steps: usize, notes: &mut Vec<Seen>) {
    for _ in 0..steps {
        match rng.below(3) {
            0 => {
                act(simulation, rng);
                notes.push(seen(simulation));
            }
            1 => {
                if simulation.step() {
                    notes.push(seen(simulation));
                }
            }
            _ => {
                let target = simulation.now() + Duration::from_millis(rng.below(700));
                while simulation.world().next_event().is_some_and(|next| next.at() <= target) {
                    simulation.step();
                    notes.push(seen(simulation));
                }
                simulation.advance(target.since(simulation.now()));
            }
        }
    }
    // The end is gone back to with the idle time that passed there.
    notes.retain(|note| note.moment < simulation.moment());
    notes.push(seen(simulation));
}

fn assert_same(simulation: &Simulation, note: &Seen, seed: u64) {
    let now = seen(simulation);
    assert_eq!((now.moment, now.events, &now.last), (note.moment, note.events, &note.last), "seed {seed}");
    assert!(now.world == note.world, "seed {seed}: the world of moment {} is another", note.moment);
}

#[test]
fn every_past_moment_is_what_was_seen_live_also_in_forks() {
    let runs = std::env::var("JETSTREAM_SIM_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(RUNS);
    let (mut sought, mut forks) = (0, 0);
    for seed in 0..runs {
        let rng = &mut Rng::new(seed);
        let mut simulation = small_world(rng);
        let mut notes = vec![seen(&simulation)];
        live(&mut simulation, rng, STEPS, &mut notes);
        for _ in 0..8 {
            let note = &notes[rng.below(notes.len() as u64) as usize];
            simulation.seek(note.moment);
            assert_same(&simulation, note, seed);
            sought += 1;
            // From there on it goes the way that it went.
            if rng.below(4) == 0 {
                let next = notes.iter().find(|next| next.moment == note.moment + 1);
                if let Some(next) = next.filter(|next| next.moment < notes[notes.len() - 1].moment) {
                    simulation.step();
                    assert_same(&simulation, next, seed);
                }
            }
            let until = Timestamp::from_nanos(note.world.now().as_nanos() + 1);
            simulation.seek_time(until);
            assert!(simulation.now() <= until.max(notes[notes.len() - 1].world.now()), "seed {seed}");
            assert!(simulation.moment() >= note.moment, "seed {seed}");
        }
        // What is done in the past begins a branch, and the old line stays as it was.
        let at = rng.below(notes.len() as u64) as usize;
        let (fork, end) = (notes[at].clone(), notes.last().expect("there is one").clone());
        simulation.seek(fork.moment);
        assert_same(&simulation, &fork, seed);
        if simulation.is_in_past() {
            let mut own = Vec::new();
            act(&mut simulation, rng);
            own.push(seen(&simulation));
            live(&mut simulation, rng, STEPS / 3, &mut own);
            let branch = simulation.branches().last().expect("one was left").number;
            let own_end = seen(&simulation);
            simulation.pick_up(branch);
            assert_same(&simulation, &end, seed);
            simulation.pick_up(branch);
            assert_same(&simulation, &own_end, seed);
            forks += 1;
        }
    }
    println!("{runs} runs: {sought} moments sought, {forks} forks");
    assert!(sought == 8 * runs && forks > runs / 2);
}

#[test]
fn a_long_run_is_gone_back_to_as_well() {
    let rng = &mut Rng::new(7);
    let mut simulation = small_world(rng);
    let (publisher, workers) = clients(&simulation);
    for worker in workers {
        simulation.act(Command::RunWorker { worker, is_running: true });
    }
    let draft = Draft { subject: "s.{a|b}".to_owned(), payload: "{n}".to_owned(), ..Draft::default() };
    let script = PublisherScript { draft, every: Some(Duration::from_millis(5)), count: None };
    simulation.act(Command::SetPublisherScript { publisher, name: "p".to_owned(), script });
    let mut notes = Vec::new();
    // More than there are checkpoints for, so that every second one went.
    while simulation.trace().total() < 150_000 {
        assert!(simulation.step(), "its publisher goes on");
        if rng.below(3_000) == 0 {
            notes.push(seen(&simulation));
        }
    }
    assert!(notes.len() > 20, "{}", notes.len());
    for _ in 0..40 {
        let note = &notes[rng.below(notes.len() as u64) as usize];
        simulation.seek(note.moment);
        assert_same(&simulation, note, 7);
    }
    simulation.seek_last_loss();
    let before = simulation.moment();
    assert!(simulation.skip_to_next_loss() && simulation.moment() > before);
    simulation.seek_end();
    assert!(!simulation.is_in_past() && simulation.trace().total() >= 150_000);
}

#[test]
fn undo_goes_before_the_last_command_and_redo_after_it() {
    let rng = &mut Rng::new(3);
    let mut simulation = small_world(rng);
    simulation.advance(Duration::from_millis(123));
    let before = seen(&simulation);
    act(&mut simulation, rng);
    let after = seen(&simulation);
    simulation.undo();
    assert_same(&simulation, &before, 3);
    simulation.redo();
    assert_same(&simulation, &after, 3);
    assert!(!simulation.is_in_past() && simulation.branches().is_empty());
    simulation.undo();
    act(&mut simulation, rng);
    let [branch] = simulation.branches() else { panic!("one line was left") };
    assert_eq!((branch.parted_at, branch.own_commands(), branch.number), (before.moment, 1, 1));
    assert_eq!(branch.end().moment(), after.moment);
    simulation.drop_branch(1);
    assert!(simulation.branches().is_empty());
}
