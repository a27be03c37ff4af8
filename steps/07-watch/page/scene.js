// The scene: what the learner is to do, step by step, and the list of all
// scenes. Each has an address.
import {make, find, say, put} from './dom.js';
import {makeButton} from './button.js';

const idOf = () => location.pathname.match(/^\/scene\/([\w-]+)$/)?.[1];

export class Scene {
  constructor(model) {
    this.model = model;
    addEventListener('popstate', () => this.show());
  }

  greet() {
    find('#scenes').replaceChildren(
      this.#link(undefined, 'Everything, without a scene', '/'),
      ...this.model.hello.scenes.map((scene, i) => this.#link(scene, `${i + 1}. ${scene.title}`, `/scene/${scene.id}`)));
    this.show();
  }

  #link(scene, text, href) {
    const link = make('a', {href, 'data-scene': scene?.id ?? ''}, text,
      scene ? make('small', {}, `${scene.section} of the tutorial`) : '');
    link.addEventListener('click', (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      history.pushState(null, '', href);
      find('#menu').open = false;
      this.show();
      find('#scene h1')?.focus();
    });
    return link;
  }

  show() {
    const {scenes} = this.model.hello;
    const i = scenes.findIndex((s) => s.id === idOf());
    const scene = scenes[i];
    for (const link of find('#scenes').children) put(link, 'aria-current', link.dataset.scene === (scene?.id ?? '') ? 'page' : undefined);
    say(find('#here'), scene ? `Scene ${i + 1} of ${scenes.length}` : 'Scenes');
    document.title = scene ? `${scene.title} – Watch a stream` : 'Watch a stream';
    find('#scene').replaceChildren(...(scene ? this.#scene(scene, i) : this.#home()));
  }

  #scene(scene, i) {
    const {scenes} = this.model.hello;
    const near = (k, text, label) => {
      if (!scenes[k]) return '';
      const link = this.#link(undefined, text, `/scene/${scenes[k].id}`);
      link.setAttribute('aria-label', `${label}: ${scenes[k].title}`);
      return link;
    };
    return [
      make('div', {class: 'about'},
        make('p', {class: 'crumb'}, `Scene ${i + 1} · ${scene.section} of the tutorial`),
        make('h1', {tabindex: '-1'}, scene.title),
        make('p', {}, scene.about),
        make('p', {class: 'near'}, near(i - 1, '← before', 'The scene before'), near(i + 1, 'next →', 'The next scene'))),
      make('ol', {class: 'steps'}, ...scene.steps.map((step) => {
        const button = makeButton(step);
        button.addEventListener('click', () => button.classList.add('pressed'));
        return make('li', {}, button);
      })),
      scene.shows ? make('p', {class: 'shows'}, scene.shows) : '',
    ];
  }

  #home() {
    return [
      make('div', {class: 'about'},
        make('h1', {tabindex: '-1'}, 'A table, its stream, and two readers'),
        make('p', {}, 'Each change of a row becomes a record in a shard of the stream. Two readers follow it: one that is right and one that makes a mistake of your choice. Press a button, or take a scene.')),
      make('ol', {class: 'all'}, ...this.model.hello.scenes.map((scene) => make('li', {}, this.#link(scene, scene.title, `/scene/${scene.id}`)))),
    ];
  }
}
