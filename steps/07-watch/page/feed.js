// The feed brings the server's events into the model. While the picture is
// paused it is closed: the engine and the readers continue, and afterwards
// the state comes anew.

export class Feed {
  #source;

  // `changed` is called after each event, and `connected` with whether the
  // server can be heard.
  constructor(model, {changed, greeted, connected}) {
    Object.assign(this, {model, changed, greeted, connected});
  }

  open() {
    if (this.#source) return;
    const source = this.#source = new EventSource('/watch/events');
    source.addEventListener('hello', (event) => {
      this.model.greet(JSON.parse(event.data));
      this.connected(true);
      this.greeted();
    });
    source.addEventListener('delta', (event) => {
      this.model.apply(JSON.parse(event.data));
      this.changed();
    });
    source.addEventListener('error', () => this.connected(false));
  }

  close() {
    this.#source?.close();
    this.#source = undefined;
  }
}
