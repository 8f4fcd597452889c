/** Not there yet. */
export const DiscoverView = () => null;
