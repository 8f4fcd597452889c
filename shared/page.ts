/** How our page is served, by the app:// protocol and by the headless shell alike. */

/** What the page may load: its own files, nothing else. */
export const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; font-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const types: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  json: 'application/json',
  svg: 'image/svg+xml',
  png: 'image/png',
  woff2: 'font/woff2',
  woff: 'font/woff',
  ttf: 'font/ttf',
};

/** The file of the built page that a URL's path names, relative and within its folder, with its media type; undefined for anything else. */
export function pageFile(pathname: string): { file: string; type: string } | undefined {
  let file: string;
  try {
    file = pathname === '/' ? 'index.html' : decodeURIComponent(pathname.slice(1));
  } catch {
    return undefined;
  }
  const type = types[file.slice(file.lastIndexOf('.') + 1)];
  return type && /^[\w@~-][\w.@~-]*(\/[\w@~-][\w.@~-]*)*$/.test(file) ? { file, type } : undefined;
}
