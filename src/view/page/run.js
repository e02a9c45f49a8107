"use strict";
// The run as it was recorded: moments, messages, and the state of every node after each moment. The
// program has computed the states; the page only looks them up.

/**
 * Appends entries to a log. A log is a chain: each entry refers to the one before it. So the logs of all
 * moments share their beginnings, and a run of a hundred thousand steps fits into memory.
 */
function appended(last, entries) {
  for (const [term, text] of entries) {
    last = { term, text, index: (last ? last.index : 0) + 1, before: last };
  }
  return last;
}

/** The chain up to an index. */
function upTo(last, index) {
  while (last && last.index > index) last = last.before;
  return last;
}

/** The entries of a log from an index on, in order. */
function entriesFrom(last, index) {
  const entries = [];
  for (let entry = last; entry && entry.index >= index; entry = entry.before) entries.push(entry);
  return entries.reverse();
}

class Run {
  constructor(record) {
    Object.assign(this, record);
    /** The states of the nodes after each moment: an array, shared between moments if nothing changed. */
    this.states = [];
    /** The links that are cut after each moment, each from one node to another. */
    this.cuts = [];
    this.byId = new Map();
    this.ofStep = new Map();
    this.steps = 0;
    this.moments = [];
    this.messages = [];
    this.grow(record.moments, record.messages);
  }

  /** Takes in later moments, and messages that are new or have changed. */
  grow(moments, messages) {
    const empty = { up: true, paused: false, role: "follower", term: 0, vote: null, leader: null, commit: 0, applied: 0, peers: null, last: null };
    let nodes = this.states.at(-1) ?? Array.from({ length: this.nodes }, () => empty);
    for (const moment of moments) {
      if (moment.after.length > 0) {
        nodes = nodes.slice();
        for (const after of moment.after) {
          const { node, keep, add, ...fields } = after;
          const last = appended(upTo(nodes[node].last, keep), add);
          nodes[node] = { ...nodes[node], ...fields, last };
        }
      }
      this.states.push(nodes);
      this.cuts.push(moment.cut ?? this.cuts.at(-1) ?? []);
      if (moment.step) {
        this.ofStep.set(moment.step, this.moments.length);
        this.steps = Math.max(this.steps, moment.step);
      }
      this.moments.push(moment);
    }
    for (const message of messages) {
      const known = this.byId.get(message.id);
      if (known) Object.assign(known, message);
      else {
        this.messages.push(message);
        this.byId.set(message.id, message);
      }
    }
  }

  get length() { return this.moments.length; }

  /** The messages in flight at a moment: sent by then, and not yet arrived or lost. */
  inFlight(at) {
    return this.messages.filter((message) => message.sent <= at && endOf(message) > at);
  }

  /** The next moment after `at`, or before it, that has a mark. */
  marked(at, mark, direction) {
    for (let k = at + direction; k >= 0 && k < this.length; k += direction) {
      if (this.moments[k].marks.includes(mark)) return k;
    }
    return null;
  }

  /** The program's answer to "why" for an entry of a node at a moment. */
  answer(at, node, index) {
    const answers = this.answers?.of[`${node},${index}`] ?? [];
    let found = null;
    for (const [moment, text] of answers) {
      if (moment > at) break;
      found = this.answers.texts[text];
    }
    return found;
  }
}

/** The moment at which a message last arrived, or else was lost; Infinity if it stays in flight. */
function endOf(message) {
  if (message.got.length > 0) return message.got[message.got.length - 1];
  return message.lost ? message.lost[0] : Infinity;
}

/** Seconds, cut to milliseconds as in the terminal. */
function time(us) {
  return (Math.floor(us / 1000) / 1000).toFixed(3);
}

function seconds(us) {
  return `${time(us)} s`;
}

/** What a node is at a moment: down, or else its role, which it keeps while it is paused. */
function standing(state) {
  if (!state.up) return "down";
  return state.paused ? `${state.role}, paused` : state.role;
}

/** The same as the classes of an element. */
function looks(state) {
  return standing(state).replace(",", "");
}
