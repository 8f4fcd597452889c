/** Not there yet. */
export const SettingsView = () => null;
