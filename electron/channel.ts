/** Channel on which a page asks for its port and gets it; the nonce tells it which answer is its own. */
export const portChannel = 'atelier:port';
