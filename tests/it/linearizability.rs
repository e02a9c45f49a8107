//! The judge of clients, compared with the linearizability tester of `stateright`. That tester shares no code
//! with it, and tries every order and every subset of the calls that were never answered. On many small
//! random histories both must come to the same verdict.

use raft_in_practice::properties::linearizability::{ClientHistory, Judgement, Misled};
use raft_in_practice::raft::LogPosition;
use raft_in_practice::server::state_machine::Reply;
use raft_in_practice::server::{Answer, Proposal, Ticket};
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use stateright::semantics::{ConsistencyTester, LinearizabilityTester, SequentialSpec};

/// One key of the store.
#[derive(Clone, Default, Debug)]
struct Key(Option<u8>);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Operation {
    Set(u8),
    Delete,
    Get,
}

impl Operation {
    fn command(self) -> String {
        match self {
            Self::Set(value) => format!("SET x={value}"),
            Self::Delete => "DELETE x".to_owned(),
            Self::Get => "GET x".to_owned(),
        }
    }
}

impl SequentialSpec for Key {
    type Op = Operation;
    type Ret = Reply;

    fn invoke(&mut self, operation: &Operation) -> Reply {
        match *operation {
            Operation::Set(value) => {
                self.0 = Some(value);
                Reply::Set
            }
            Operation::Delete => Reply::Deleted(self.0.take().is_some()),
            Operation::Get => Reply::Value(self.0.map(|value| value.to_string())),
        }
    }

    /// A client that is told only that its write is done learns nothing else, so `Done` fits every write.
    fn is_valid_step(&mut self, operation: &Operation, told: &Reply) -> bool {
        let reply = self.invoke(operation);
        *told == reply || *told == Reply::Done && *operation != Operation::Get
    }
}

/// A waiting client: its ticket, its operation, and the store's reply if the operation took effect.
type Waiting = Option<(Ticket, Operation, Option<Reply>)>;

/// A history, in the form of each of the two judges.
struct Drawn {
    ours: ClientHistory,
    theirs: LinearizabilityTester<usize, Key>,
    told: Vec<String>,
}

/// Draws a history: clients ask, a machine lets their operations take effect at some time, and answers
/// come later or never. Some answers are wrong.
fn draw(rng: &mut ChaCha8Rng) -> Drawn {
    let clients = rng.random_range(2..=5);
    let wrong = *[0.0, 0.3, 0.8].choose(rng).expect("there are three");
    let mut key = Key::default();
    let mut waiting: Vec<Waiting> = vec![None; clients];
    let mut drawn = Drawn {
        ours: ClientHistory::default(),
        theirs: LinearizabilityTester::new(Key::default()),
        told: Vec::new(),
    };
    let mut tickets = (0..).map(Ticket);
    for at in 0..rng.random_range(6..30) {
        let client = rng.random_range(0..clients);
        match &mut waiting[client] {
            free @ None => {
                let operation = match rng.random_range(0..10) {
                    0..4 => Operation::Set(rng.random_range(0..4)),
                    4..6 => Operation::Delete,
                    _ => Operation::Get,
                };
                let ticket = tickets.next().expect("there is always one more");
                drawn.ours.asked(ticket, &operation.command(), at);
                drawn.theirs.on_invoke(client, operation).expect("the client is free");
                drawn.told.push(format!("{at}: client {client} asks {operation:?}"));
                *free = Some((ticket, operation, None));
            }
            Some((_, operation, took_effect @ None)) => *took_effect = Some(key.invoke(operation)),
            Some((ticket, operation, Some(reply))) => {
                let reply =
                    if rng.random_bool(wrong) { other(rng, *operation) } else { reply.clone() };
                let position = LogPosition::new(ticket.0 + 1, 1);
                let answer = Answer::Applied { position, reply: reply.clone() };
                drawn.ours.told(*ticket, &Proposal::Answered(answer), at);
                drawn.told.push(format!("{at}: client {client} is told {reply:?}"));
                drawn.theirs.on_return(client, reply).expect("the client waits");
                waiting[client] = None;
            }
        }
    }
    drawn
}

/// Any reply to this operation.
fn other(rng: &mut ChaCha8Rng, operation: Operation) -> Reply {
    match operation {
        Operation::Set(_) => Reply::Done,
        Operation::Delete => match rng.random_range(0..3) {
            0 => Reply::Done,
            n => Reply::Deleted(n == 1),
        },
        Operation::Get => {
            let value = rng.random_range(0..5_u8);
            Reply::Value((value < 4).then(|| value.to_string()))
        }
    }
}

#[test]
fn stateright_judges_as_we_do() {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let (mut legal, mut illegal, mut open) = (0, 0, 0);
    for nth in 0..40_000 {
        let Drawn { ours, theirs, told } = draw(&mut rng);
        let holds = match ours.judge(|_, _| Ok(())) {
            Judgement::Held => true,
            Judgement::Violated(Misled { unexplained: Some(_), .. }) => false,
            other => panic!("history {nth}: {other:?}\n{told:#?}"),
        };
        assert_eq!(holds, theirs.is_consistent(), "history {nth}: {told:#?}");
        *(if holds { &mut legal } else { &mut illegal }) += 1;
        open += ours.waiting().count();
    }
    assert!(legal > 10_000 && illegal > 10_000, "{legal} legal, {illegal} illegal");
    assert!(open > 40_000, "{open} never answered");
}
