/** happy-dom has none, and lays nothing out for one to see. */
globalThis.IntersectionObserver ??= class {
  observe() {}
  disconnect() {}
} as never;
