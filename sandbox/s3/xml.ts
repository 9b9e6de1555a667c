const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';
const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
};

export function element(name: string, text: string | number | boolean): string {
  return `<${name}>${String(text).replace(/[&<>"\r]/g, (letter) => ESCAPES[letter]!)}</${name}>`;
}

/** A document; answers other than errors carry Amazon's name space. */
export function xml(root: string, elements: readonly string[]): string {
  const space = root === 'Error' ? '' : ` xmlns="${NAMESPACE}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${space}>${elements.join('')}</${root}>`;
}
