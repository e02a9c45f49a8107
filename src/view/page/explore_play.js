// Playing: events happen one after the other, and timers and messages move between them.

/** Story speed as a share of real time: slow while a message is in flight, faster while only timers run. */
const STORY = { messages: 0.005, waiting: 1 };
/** The page asks at once for the events of this many milliseconds of real time. */
const AHEAD_MS = 60;
/** Each line of a scenario stays for at least this many milliseconds of real time, so that one can read it. */
const LINE_MS = 500;

Object.assign(Explore.prototype, {
  play() {
    if (this.playing) return this.stop();
    if (this.still) return undefined;
    this.playing = true;
    byId("play").textContent = "❚❚ pause";
    byId("play").setAttribute("aria-pressed", "true");
    this.time = this.atEnd ? this.head.now : this.run.moments[this.viewer.at].time;
    this.moving = this.run.messages.filter((message) => (this.endsAt(message) ?? Infinity) >= this.time);
    this.byLines = this.left > 0;
    this.drawn = this.nextLine = performance.now();
    this.frames = [];
    requestAnimationFrame((now) => this.frame(now));
    return undefined;
  },

  stop() {
    if (!this.playing) return undefined;
    this.playing = false;
    byId("play").textContent = "▶ play";
    byId("play").setAttribute("aria-pressed", "false");
    this.viewer.goto(this.viewer.at);
    // While playing, the program leaves out checks that take longer for longer logs. This makes up for them.
    return this.act({ act: "look" }, { follow: false });
  },

  /** Stops before a moment that decides something, and asks what comes. */
  async stopToAsk(at) {
    this.viewer.goto(at - 1);
    const { moment } = this;
    // Whatever the program is asked withdraws the question, so the question comes after that.
    await this.stop();
    if (moment === this.moment) this.askBefore(at);
  },

  /** Microseconds of the run that pass in one microsecond of real time. */
  speed() {
    const chosen = byId("speed").value;
    if (chosen !== "story") return Number(chosen);
    return this.flying(this.viewer.at).some((message) => this.endsAt(message) !== null) ? STORY.messages : STORY.waiting;
  },

  frame(now) {
    if (!this.playing) return;
    this.frames.push(now - this.drawn);
    const passed = Math.min(now - this.drawn, 100) * 1000 * this.speed();
    this.drawn = now;
    this.time = Math.min(this.time + passed, this.head.now);
    const { run, viewer } = this;
    const predicts = byId("predict").checked;
    let at = viewer.at;
    while (at < viewer.end && run.moments[at + 1].time <= this.time) {
      // Playing on goes past a question that was asked already.
      if (predicts && this.asked !== at + 1 && this.questionOf(at + 1)) {
        this.stopToAsk(at + 1);
        return;
      }
      at += 1;
    }
    if (at !== viewer.at) viewer.goto(at, false);
    else this.move();
    if (this.time >= this.head.now && this.atEnd && !this.asking && now >= this.nextLine) this.more();
    requestAnimationFrame((next) => this.frame(next));
  },

  /** Asks for the next line of the scenario, or for as many events as will be shown soon. Stops after the last line. */
  async more() {
    if (this.still || (this.byLines && this.left === 0)) {
      this.stop();
      return;
    }
    this.asking = true;
    if (this.byLines) this.nextLine = performance.now() + LINE_MS;
    const until = this.head.now + AHEAD_MS * 1000 * this.speed();
    const due = this.head.flights.filter((flight) => flight.due !== null && flight.due <= until).length;
    const told = await this.act({ act: "pass", events: Math.max(due, 1) }, { follow: false });
    const begin = this.time;
    this.moving = this.run.messages.filter((message) => (this.endsAt(message) ?? Infinity) >= begin);
    this.asking = false;
    if (told && !told.complaint) return;
    this.stop();
    this.viewer.goto(this.viewer.end);
  },
});
